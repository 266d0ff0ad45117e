"""An ONNX model, from a file or from memory, made ready for upgrading and the passes.

What is left is one graph with subgraphs: functions of the model's own are inlined, initializers are no inputs, sparse
tensors are lazy dense ones, nodes are sorted, every value that is read exists.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import onnx
import onnx_ir as ir
from onnx_ir import serde
from onnx_ir.passes.common import InlinePass

from paddlify.errors import LoadError, UnsupportedError, UsageError
from paddlify.frontends import edges
from paddlify.frontends.base import Loaded, LoadOptions
from paddlify.frontends.onnx import file, sparse, torch_scopes
from paddlify.ir import opset
from paddlify.ir.tensors import static_dims

_NAMELESS = {None, "", "main_graph", "torch_jit", "torch-jit-export"}
"""What exporters call every graph."""

Source = str | os.PathLike[str] | onnx.ModelProto | ir.Model


def load(source: Source, options: LoadOptions | None = None) -> Loaded:
    """Read an ONNX model; a model in memory is left as it was.

    Raises LoadError when it is missing, damaged, unsafe or incomplete, UnsupportedError for an opset that is newer
    than ours, UsageError when the options do not fit it.
    """
    options = options or LoadOptions()
    if options.extra:
        raise UsageError(f"{', '.join(sorted(options.extra))}: no option for an ONNX model")
    where = str(source) if isinstance(source, (str, os.PathLike)) else "the model"
    model = _model(source, where)
    if model.graph.name in _NAMELESS and isinstance(source, (str, os.PathLike)):
        model.graph.name = Path(source).stem
    _check_versions(model, where)
    _inline_functions(model, where)
    _check_values(model, where)
    _drop_defaulted_inputs(model.graph)
    _type_initializers(model)
    _forget_names_of_sizes(model)
    torch_scopes.note(model)
    edges.apply(model, options, layout_of)
    return Loaded(model, "onnx", _notes(model, options))


def layout_of(value: ir.Value) -> str:
    """How the model holds a rank-4 input: "nhwc" if all it does is transpose it to NCHW, else ONNX's own "nchw"."""
    nodes = value.consumers()
    to_nchw = [
        node.op_type == "Transpose" and list(node.attributes["perm"].as_ints()) == list(edges.NHWC_TO_NCHW)
        for node in nodes
        if node.op_type != "Transpose" or "perm" in node.attributes
    ]
    return "nhwc" if to_nchw and len(to_nchw) == len(nodes) and all(to_nchw) else "nchw"


def _notes(model: ir.Model, options: LoadOptions) -> list[str]:
    if options.input_layout == "source":
        return []
    names = [str(value.name) for value in model.graph.inputs if value.shape is not None and value.shape.rank() == 4]
    return [f"Input '{name}' is fed as {options.input_layout.upper()}." for name in names]


def _model(source: Source, where: str) -> ir.Model:
    if isinstance(source, ir.Model):
        for value in (value for graph in source.graphs() for value in graph.initializers.values()):
            if isinstance(value.const_value, ir.ExternalTensor):
                file.check_external(value.const_value)
        return source.clone()
    if isinstance(source, onnx.ModelProto):
        file.check_in_memory(source)
        proto = source
    else:
        proto = file.read(source)
    if not proto.HasField("graph"):
        raise LoadError(f"{where}: holds no graph; it is not a complete ONNX model")
    taken = []
    if sparse.is_in(proto):
        if proto is source:
            proto = onnx.ModelProto()
            proto.CopyFrom(source)
        taken = sparse.take_out(proto, where)
    try:
        with _silent(serde.__name__):
            model = serde.deserialize_model(proto)
    except (serde.SerdeError, ValueError, TypeError, NotImplementedError) as error:
        raise LoadError(f"{where}: not a valid ONNX model ({_innermost(error)})") from error
    sparse.put_back(model, taken)
    return model


def _innermost(error: BaseException) -> str:
    while error.__cause__ is not None:
        error = error.__cause__
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__


@contextmanager
def _silent(logger: str) -> Iterator[None]:
    """Keep a logger quiet about what is checked, and refused in words, afterwards."""
    log = logging.getLogger(logger)
    previous, log.disabled = log.disabled, True
    try:
        yield
    finally:
        log.disabled = previous


def _check_versions(model: ir.Model, where: str) -> None:
    """Give a model of IR version 1 or 2, which has no opset imports, its opset; refuse opsets from the future."""
    imports = model.graph.opset_imports
    if "ai.onnx" in imports:
        imports.setdefault("", imports.pop("ai.onnx"))
    if not imports and model.ir_version is not None and model.ir_version >= 3:
        raise LoadError(f"{where}: says nothing about its opset; the model is damaged")
    if "" not in imports and not any("" in function.opset_imports for function in model.functions.values()):
        imports[""] = 1 if not imports else opset.IR_OPSET
    version = imports.get("", 1)
    if not 1 <= version <= opset.IR_OPSET:
        raise UnsupportedError(
            f"{where}: opset {version} of ai.onnx is not known; export the model with opset {opset.IR_OPSET} or lower"
        )


def _inline_functions(model: ir.Model, where: str) -> None:
    """Put the bodies of the model's own functions in the place of their calls.

    A function may be written in another opset than the model: its nodes keep the version (`node.version`).
    """
    if not model.functions:
        return
    imports = model.graph.opset_imports
    for function in model.functions.values():
        if "ai.onnx" in function.opset_imports:
            function.opset_imports.setdefault("", function.opset_imports.pop("ai.onnx"))
        for domain, version in function.opset_imports.items():
            if imports.setdefault(domain, version) != version:
                for node in function.all_nodes():
                    if node.domain == domain:
                        node.version = version
        function.opset_imports.update({domain: imports[domain] for domain in function.opset_imports})
    try:
        InlinePass()(model)
    except (ValueError, ir.passes.PassError, ir.passes.PreconditionError) as error:
        raise UnsupportedError(f"{where}: its own functions cannot be inlined ({_innermost(error)})") from error
    model.functions.clear()


def _check_values(model: ir.Model, where: str) -> None:
    """Every value that is read is produced, before it is read: nodes are sorted if they were not."""
    sorted_already = True
    for graph in model.graphs():
        known = _Known(graph)
        for node in graph:
            _check_text(node, where)
            for value in node.inputs:
                if value is not None and not known.has(value):
                    if value.producer() is None:
                        reader = node.name or next((output.name for output in node.outputs if output.name), "")
                        raise LoadError(
                            f"{where}: {node.op_type} '{reader}' reads '{value.name}', which nothing produces; "
                            "the model is damaged"
                        )
                    sorted_already = False
            known.produced.update(node.outputs)
        for value in graph.outputs:
            if value.producer() is None and not value.is_graph_input() and not value.is_initializer():
                raise LoadError(f"{where}: nothing produces output '{value.name}'; the model is damaged")
    if sorted_already:
        return
    try:
        model.graph.sort()
    except ValueError as error:
        raise LoadError(f"{where}: its nodes depend on each other in a circle; the model is damaged") from error


def _check_text(node: ir.Node, where: str) -> None:
    """Names that are no text in UTF-8 arrive as bytes."""
    for text in (node.op_type, node.domain, node.name, *(value.name for value in node.outputs)):
        if isinstance(text, bytes):
            raise LoadError(f"{where}: a name {text!r} is no text in UTF-8; the model is damaged")


class _Known:
    """The values that a node of a graph may read."""

    def __init__(self, graph: ir.Graph) -> None:
        self.graph = graph
        self.produced: set[ir.Value] = set()

    def has(self, value: ir.Value) -> bool:
        producer = value.producer()
        if producer is None:
            return value.is_graph_input() or value.is_initializer()
        return value in self.produced or producer.graph is not self.graph


def _forget_names_of_sizes(model: ir.Model) -> None:
    """What a model calls the sizes of computed values is not checked by anybody: only inputs may name theirs."""
    for node in ir.traversal.RecursiveGraphIterator(model.graph):
        for value in node.outputs:
            if value.shape is not None and not value.shape.is_static():
                value.shape = ir.Shape([dim if isinstance(dim, int) else None for dim in value.shape])


def _type_initializers(model: ir.Model) -> None:
    """An initializer is what its tensor is, whatever the model has noted of its value: converters leave old notes."""
    for graph in model.graphs():
        for value in graph.initializers.values():
            if value.const_value is not None:
                value.type = ir.TensorType(value.const_value.dtype)
                value.shape = ir.Shape(static_dims(value.const_value))


def _drop_defaulted_inputs(graph: ir.Graph) -> None:
    """An input that has an initializer is a weight: before IR version 4 each initializer had to be an input too."""
    graph.inputs[:] = [value for value in graph.inputs if not value.is_initializer()]
