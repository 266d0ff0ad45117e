"""What is in a model, and whether it can be converted, before anything is written."""

from __future__ import annotations

import math
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import onnx_ir as ir

import paddlify.backends.paddle.ops  # noqa: F401 - registers the emissions
from paddlify import frontends, passes
from paddlify.backends.paddle.module import build_module
from paddlify.conversion import tensor_spec
from paddlify.errors import UnsupportedModel, UnsupportedNode
from paddlify.frontends.base import load_options
from paddlify.frontends.onnx.upgrade import upgrade
from paddlify.ir import provenance
from paddlify.report import TensorSpec

if TYPE_CHECKING:
    import onnx


@dataclass(frozen=True)
class OperatorCount:
    """One kind of operator: its name in the source, how often it stands there, how many of them are refused and why."""

    op_type: str
    count: int
    refused: int = 0
    reasons: tuple[str, ...] = ()

    @property
    def is_supported(self) -> bool:
        """True when every node of this kind can be converted."""
        return self.refused == 0


@dataclass(frozen=True)
class Inspection:
    """The content of a model.

    Attributes:
        source_format: what it was recognised as.
        opsets: opset version by domain; those of the graph as it was read.
        inputs, outputs: with the source's own names.
        parameters, parameter_bytes: how many numbers its weights are, and their size in the source.
        operators: by name; refused ones say why.
        refused: the nodes that cannot be converted.
        notes: on how the source was read.
    """

    source_format: str
    opsets: Mapping[str, int]
    inputs: Sequence[TensorSpec]
    outputs: Sequence[TensorSpec]
    parameters: int
    parameter_bytes: int
    operators: Sequence[OperatorCount]
    refused: Sequence[UnsupportedNode]
    notes: Sequence[str]

    @property
    def is_supported(self) -> bool:
        """True when the whole model can be converted."""
        return not self.refused

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return {"supported": self.is_supported, **asdict(self)}


def inspect(
    model: str | os.PathLike[str] | onnx.ModelProto | ir.Model, *, inputs: Sequence[str] | None = None,
    outputs: Sequence[str] | None = None, input_shapes: Mapping[str, Sequence[int]] | None = None,
    input_layout: str = "source", source_format: str | None = None, **frontend_options: Any,
) -> Inspection:
    """Read a model and try each of its operators; nothing is written, and Paddle is not needed.

    Takes what `convert` takes. Raises LoadError and UsageError; what is unsupported is in the result instead.
    """
    options = load_options(
        inputs=inputs, outputs=outputs, input_shapes=input_shapes, input_layout=input_layout, seed=0,
        extra=frontend_options,
    )
    try:
        loaded = frontends.load(model, source_format, options)
    except UnsupportedModel as error:
        return _unread(source_format or frontends.detect(str(model)), error.nodes)
    graph = loaded.model.graph
    weights = list(_weights(loaded.model))
    counts = Counter(provenance.source_op(node) for node in ir.traversal.RecursiveGraphIterator(graph))
    found = Inspection(
        source_format=loaded.source_format, opsets=dict(graph.opset_imports),
        inputs=[tensor_spec(value) for value in graph.inputs], outputs=[tensor_spec(value) for value in graph.outputs],
        parameters=sum(math.prod(tensor.shape.numpy()) for tensor in weights),
        parameter_bytes=sum(tensor.nbytes for tensor in weights),
        operators=(), refused=(), notes=tuple(loaded.notes),
    )
    refused = _refused(loaded.model)  # changes the graph, so it comes last
    return replace(found, operators=_operators(counts, refused), refused=refused)


def _unread(source_format: str, refused: Sequence[UnsupportedNode]) -> Inspection:
    """What is known of a model that its frontend could not read to the end: the nodes in the way."""
    counts = Counter(node.op_type for node in refused)
    notes = ("Only what cannot be converted is listed: the graph could not be read to its end.",)
    return Inspection(source_format, {}, (), (), 0, 0, _operators(counts, refused), tuple(refused), notes)


def _weights(model: ir.Model) -> Iterator[ir.TensorProtocol]:
    """The constants of a model: initializers, and the tensors of Constant nodes."""
    for graph in model.graphs():
        for value in graph.initializers.values():
            if value.const_value is not None:
                yield value.const_value
        for node in graph:
            if node.op_type == "Constant" and "value" in node.attributes:
                yield node.attributes["value"].as_tensor()


def _refused(model: ir.Model) -> tuple[UnsupportedNode, ...]:
    """The nodes that a conversion would refuse: the same road, without its end."""
    try:
        upgrade(model)
        passes.run(model)
    except UnsupportedModel as error:
        return tuple(error.nodes)
    return tuple(build_module(model.graph, "Model").refused)


def _operators(counts: Mapping[str, int], refused: Sequence[UnsupportedNode]) -> tuple[OperatorCount, ...]:
    by_type = Counter(node.op_type for node in refused)
    reasons: dict[str, dict[str, None]] = {}
    for node in refused:
        reasons.setdefault(node.op_type, {})[node.reason] = None
    return tuple(
        OperatorCount(name, counts.get(name, 0), by_type[name], tuple(reasons.get(name, ())))
        for name in sorted({*counts, *by_type})
    )
