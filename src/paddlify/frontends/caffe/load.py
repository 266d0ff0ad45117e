"""A prototxt and a caffemodel, as a graph of ONNX operators."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Final

import onnx_ir as ir
from onnx_ir.passes.common import RemoveUnusedNodesPass

from paddlify.errors import LoadError, Refusal, UnsupportedModel, UnsupportedNode, UsageError
from paddlify.frontends.base import Loaded, LoadOptions
from paddlify.frontends.caffe import fields, messages, network, ops, upgrade, weights
from paddlify.frontends.caffe.lowering import MAX_RANK, Recorder, is_known
from paddlify.ir import opset, wire

MAX_PROTOTXT: Final = 8 << 20
"""Largest prototxt that is read, in bytes; real ones have some hundred kilobytes."""

EXTRAS: Final = frozenset({"level", "proto", "prototxt", "random_weights", "seed", "stages", "weights"})
"""Options beside those that all formats have."""

_ROI_POOLING_OPSET: Final = 21
"""For nets with ROIPooling: onnxruntime has MaxRoiPool up to this opset, in which all that is recorded is the same."""

_LONGEST_MESSAGE: Final = 2000
"""Longer ones repeat what is in a damaged file: their middle is left out."""

_MOST_TOLD: Final = 50
"""How many unknown fields a note lists."""

_REMEDY: Final = "A layer of your own can be registered with paddlify.frontends.caffe.lowers; see docs/caffe.md."


def load(source: str | Path, options: LoadOptions) -> Loaded:
    """Read a Caffe net.

    `source` is the prototxt or the caffemodel; the other one is named in `options.extra`: "weights" or "prototxt".
    Further extras: "random_weights" (bool) with "seed" (int) instead of a caffemodel, "proto" (a fork's `.proto`
    file), "stages" (names of stages that are on), "level" (int).

    Raises LoadError for files that are damaged or do not fit, UsageError for options and names that there are not, and
    UnsupportedModel for all layers that cannot be said in ONNX operators.
    """
    try:
        return _load(source, options)
    except LoadError as error:
        words = str(error)
        if len(words) > _LONGEST_MESSAGE:
            raise LoadError(f"{words[: _LONGEST_MESSAGE // 2]} … {words[-_LONGEST_MESSAGE // 2 :]}") from error
        raise


def _load(source: str | Path, options: LoadOptions) -> Loaded:
    unknown = sorted(set(options.extra) - EXTRAS)
    if unknown:
        raise UsageError(f"{', '.join(unknown)}: no option for a Caffe net; there are {', '.join(sorted(EXTRAS))}")
    prototxt, caffemodel = _files(Path(source), options.extra)
    known = messages.standard()
    if options.extra.get("proto"):
        known = messages.MessageSet(fields.NET, _text(Path(options.extra["proto"])))
    text = _text(prototxt)
    net = known.parse_text(text, "NetParameter", str(prototxt))
    notes = _skipped(text, net, prototxt)
    ops.register_all()
    stops = [name for name in options.inputs or () if name in options.input_shapes]
    chosen = network.build(
        upgrade.upgrade(net, str(prototxt)), _state(net, options.extra), outputs=options.outputs, stops=stops
    )
    _check_types(chosen.layers)
    graph = _Lowering(chosen, _weights(caffemodel, options.extra), known, options).graph(net.name or prototxt.stem)
    model = ir.Model(graph, ir_version=10, producer_name="paddlify")
    RemoveUnusedNodesPass()(model)
    if options.inputs is not None:
        _order_inputs(graph, options.inputs)
    if any(node.op_type == "MaxRoiPool" for node in graph):
        graph.opset_imports[""] = _ROI_POOLING_OPSET
    return Loaded(model, "caffe", tuple(notes + chosen.notes))


def recognises(path: str | Path) -> bool:
    """Whether a file is a prototxt or a caffemodel, by a look at its beginning."""
    try:
        with Path(path).open("rb") as file:
            head = file.read(1 << 16)
    except OSError:
        return False
    return bool(_TEXT.search(head)) if _is_text(head) else _is_caffemodel(Path(path))


_TEXT: Final = re.compile(rb"^\s*(layers?\s*:?\s*\{|input\s*:\s*[\"'])", re.MULTILINE)


def _is_text(head: bytes) -> bool:
    return b"\0" not in head and not any(byte < 9 or 13 < byte < 32 for byte in head[:1024])


def _is_caffemodel(path: Path) -> bool:
    """Whether the first fields are those of a NetParameter: one name, then layers (100, or 2 in older files)."""
    try:
        with path.open("rb") as file:
            for position, field in enumerate(wire.fields(path)):
                if field.number not in _NET_FIELDS or field.wire_type != _NET_FIELDS[field.number]:
                    return False
                file.seek(field.payload)
                if field.number == 100 or (field.number == 2 and position):
                    return _begins_with_text(file.read(min(field.end - field.payload, 4096)))
                if field.number == 1 and (position or not _is_text(file.read(min(field.end - field.payload, 256)))):
                    return False
    except LoadError:
        return False
    return False


_NET_FIELDS: Final = {
    1: wire.LENGTH_DELIMITED,  # name
    2: wire.LENGTH_DELIMITED,  # layers
    3: wire.LENGTH_DELIMITED,  # input
    4: wire.VARINT,  # input_dim
    5: wire.VARINT,  # force_backward
    6: wire.LENGTH_DELIMITED,  # state
    7: wire.VARINT,  # debug_info
    8: wire.LENGTH_DELIMITED,  # input_shape
    100: wire.LENGTH_DELIMITED,  # layer
}


def _begins_with_text(layer: bytes) -> bool:
    """Whether a message begins with a string: a layer's name, bottom or top (in V0, inside its first field)."""
    for field in wire.fields(layer):
        if field.wire_type != wire.LENGTH_DELIMITED:
            return False
        payload = layer[field.payload : min(field.end, len(layer))]
        return _is_text(payload[:256]) or (field.number == 1 and payload[:1] == b"\x0a")
    return False


def _files(source: Path, extra: Mapping[str, Any]) -> tuple[Path, Path | None]:
    prototxt, caffemodel = extra.get("prototxt"), extra.get("weights")
    if prototxt and caffemodel:
        raise UsageError("give either --prototxt or --weights, for the file that is not the first argument")
    if prototxt:
        return Path(prototxt), source
    try:
        with source.open("rb") as file:
            is_text = _is_text(file.read(4096))
    except OSError as error:
        raise LoadError(f"{source}: cannot be read ({error.strerror})") from error
    if is_text:
        return source, Path(caffemodel) if caffemodel else None
    if caffemodel:
        raise LoadError(f"{source}: is binary where a prototxt is expected")
    raise UsageError(f"{source} holds weights; give the net's deploy.prototxt with --prototxt")


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > MAX_PROTOTXT:
            raise LoadError(f"{path}: larger than {MAX_PROTOTXT >> 20} MiB; is it a prototxt?")
        content = path.read_bytes()
    except OSError as error:
        raise LoadError(f"{path}: cannot be read ({error.strerror})") from error
    if not _is_text(content):
        raise LoadError(f"{path}: is binary where a prototxt is expected")
    return content.decode("utf-8-sig", errors="replace")  # comments may be in any encoding


def _weights(caffemodel: Path | None, extra: Mapping[str, Any]) -> weights.Weights:
    if extra.get("random_weights"):
        if caffemodel is not None:
            raise UsageError("--random-weights and --weights exclude each other")
        return weights.RandomWeights(int(extra.get("seed") or 0))
    return weights.NoWeights() if caffemodel is None else weights.read(caffemodel)


def _state(net: Any, extra: Mapping[str, Any]) -> network.State:
    stages = extra.get("stages") or ()
    if isinstance(stages, str):
        raise UsageError(f"stages='{stages}': a list of names is expected")
    return network.State(int(extra.get("level") or 0), [*net.state.stage, *stages])


def _skipped(text: str, net: Any, path: Path) -> list[str]:
    found = Counter(messages.unknown_fields(text, net.DESCRIPTOR))
    if not found:
        return []
    listed = ", ".join(f"{name} (x{count})" if count > 1 else name for name, count in islice(found.items(), _MOST_TOLD))
    if len(found) > _MOST_TOLD:
        listed += f" and {len(found) - _MOST_TOLD} more"
    return [f"{path.name} has fields that are not known and were skipped: {listed}."]


def _check_types(layers: Sequence[Any]) -> None:
    unknown = [
        UnsupportedNode(layer.type, layer.name, _unknown(layer)) for layer in layers if not is_known(layer.type)
    ]
    if unknown:
        raise UnsupportedModel(unknown, _REMEDY)


def _unknown(layer: Any) -> str:
    if network.is_measure(layer):
        return "this measure has no counterpart; ask for other outputs"
    return "the layer type is not known"


class _Lowering:
    """Lowers the layers of one net, in order, into a graph."""

    def __init__(
        self, chosen: network.Network, stored: weights.Weights, known: messages.MessageSet, options: LoadOptions
    ) -> None:
        self.network = chosen
        self.options = options
        self._graph = ir.Graph([], [], nodes=[], opset_imports={"": opset.LOWERING_OPSET})
        self._op = Recorder(self._graph, stored, known)
        self._values: dict[str, ir.Value] = {}
        self._failed: set[str] = set()
        self._refused: list[UnsupportedNode] = []

    def graph(self, name: str) -> ir.Graph:
        self._graph.name = name
        self._check_options()
        for blob in self.network.inputs.values():
            self._add_input(blob.name, self._input_shape(blob))
        for name_ in self.options.inputs or ():
            if name_ not in self._values and name_ in self.options.input_shapes:
                self._add_input(name_, self._given_shape(name_))
        last_writer = {top: index for index, layer in enumerate(self.network.layers) for top in layer.top}
        for index, layer in enumerate(self.network.layers):
            self._lower(layer, {top for top in layer.top if last_writer[top] == index})
        if self._refused:
            raise UnsupportedModel(self._refused, _REMEDY)
        self._name_values()
        self._add_outputs()
        return self._graph

    def _check_options(self) -> None:
        known = set(self.network.inputs) | {top for layer in self.network.layers for top in layer.top}
        known |= set(self.options.inputs or ()) & set(self.options.input_shapes)
        for name in [*(self.options.inputs or ()), *self.options.input_shapes]:
            if name not in known:
                raise UsageError(
                    f"the net has no blob '{name}' on which its outputs depend; its inputs are "
                    + ", ".join(self.network.inputs)
                )

    def _given_shape(self, name: str) -> tuple[int, ...]:
        return tuple(int(dim) for dim in self.options.input_shapes[name])

    def _input_shape(self, blob: network.InputBlob) -> tuple[int, ...]:
        shape = self._given_shape(blob.name) if blob.name in self.options.input_shapes else blob.shape
        if shape is None:
            raise UsageError(
                f"the shape of input '{blob.name}' is not known ({blob.reason}); give it, such as "
                f"--input-shape {blob.name}:1,3,224,224"
            )
        if len(shape) > MAX_RANK:
            raise LoadError(f"input '{blob.name}': {len(shape)} axes, where Caffe has {MAX_RANK} at most")
        if any(dim < 1 and dim != -1 for dim in shape) or math.prod(abs(dim) for dim in shape) > weights.MAX_ELEMENTS:
            raise LoadError(f"input '{blob.name}': impossible shape {list(shape)}")
        return shape

    def _add_input(self, name: str, shape: Sequence[int]) -> ir.Value:
        """A graph input that is fed in the layout that the user asked for; the blob is NCHW."""
        is_nhwc = self.options.input_layout == "nhwc" and len(shape) == 4
        dims: list[int | str] = [dim if dim != -1 else f"{name}_{axis}" for axis, dim in enumerate(shape)]
        fed = [dims[axis] for axis in (0, 2, 3, 1)] if is_nhwc else dims
        value = ir.Value(name=name, type=ir.TensorType(ir.DataType.FLOAT), shape=ir.Shape(fed))
        self._graph.inputs.append(value)
        if is_nhwc:
            with self._op.source("Input", name):
                self._values[name] = self._op.Transpose(value, perm=[0, 3, 1, 2])
        else:
            self._values[name] = value
        return value

    def _lower(self, layer: Any, final_tops: set[str]) -> None:
        if self._failed.intersection(layer.bottom):
            self._failed.update(layer.top)
            return
        try:
            values = self._op.call(layer, [self._values[bottom] for bottom in layer.bottom])
            self._check_sizes(values)
        except Refusal as error:
            self._refused.append(UnsupportedNode(layer.type, layer.name, error.reason))
            self._failed.update(layer.top)
            return
        except LoadError as error:
            raise LoadError(f"layer '{layer.name}' ({layer.type}): {error}") from error
        self._failed.difference_update(layer.top)
        self._values.update(zip(layer.top, values, strict=False))
        for name in final_tops.intersection(self.options.inputs or ()):
            self._begin_at(name)

    def _check_sizes(self, values: Sequence[ir.Value]) -> None:
        for value in values:
            dims = [dim for dim in value.shape or () if isinstance(dim, int)]
            is_possible = len(value.shape or ()) <= MAX_RANK and all(dim >= 0 for dim in dims)
            if not is_possible or math.prod(dims) > weights.MAX_ELEMENTS:
                raise LoadError(f"its top would have the impossible shape {value.shape}")

    def _begin_at(self, name: str) -> None:
        """Feed a blob that a layer computes; what computed it is then removed as unused."""
        if name in self.network.inputs:
            return
        computed = self._values[name]
        if computed.shape is None or not computed.shape.is_static():
            raise UsageError(f"the shape of '{name}' is not known; give it with --input-shape")
        self._add_input(name, computed.shape.numpy())

    def _name_values(self) -> None:
        """Each blob's last value bears the blob's name; earlier ones keep a name made of the layer's."""
        fixed = {id(value) for value in self._graph.inputs}
        wanted: dict[str, ir.Value] = {}
        for name, value in self._values.items():
            if id(value) not in fixed and value.const_value is None and value.producer() is not None:
                fixed.add(id(value))
                wanted[name] = value
        names = {value.name for value in self._graph.inputs} | set(wanted) | set(self.network.outputs)
        for node in self._graph:
            for value in node.outputs:
                if id(value) not in fixed and value.name in names:
                    value.name = f"{value.name}/value"
        for weight in [item for name, item in self._graph.initializers.items() if name in names]:
            weight.name = f"{weight.name}/constant"
        inputs = {value.name for value in self._graph.inputs}
        for name, value in wanted.items():
            value.name = f"{name}/out" if name in inputs else name

    def _add_outputs(self) -> None:
        taken: set[int] = {id(value) for value in self._graph.inputs}
        inputs = {value.name for value in self._graph.inputs}
        for name in self.network.outputs:
            value = self._values[name]
            if id(value) in taken or value.producer() is None:
                with self._op.source("Split", name):
                    value = self._op.Identity(value)
                value.name = f"{name}/out" if name in inputs else name
            elif value.name != name and name not in inputs:
                value.name = name
            taken.add(id(value))
            self._graph.outputs.append(value)


def _order_inputs(graph: ir.Graph, names: Sequence[str]) -> None:
    """The inputs that the user named come first and in that order; others stay where they are needed."""
    by_name = {value.name: value for value in graph.inputs}
    ordered = [by_name.pop(name) for name in names]
    ordered += [value for value in by_name.values() if value.uses()]
    graph.inputs.clear()
    graph.inputs.extend(ordered)
