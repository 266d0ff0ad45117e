"""A TensorFlow model, from what the user points at to an `onnx_ir` model."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import onnx_ir as ir
from onnx_ir.passes.common import RemoveUnusedNodesPass

from paddlify.errors import Refusal, UnsupportedModel, UnsupportedNode, UsageError
from paddlify.frontends import edges
from paddlify.frontends.base import Loaded, LoadOptions
from paddlify.frontends.tensorflow import endpoints, lower, sources
from paddlify.frontends.tensorflow import ops as _ops  # noqa: F401 - registers the lowerings
from paddlify.frontends.tensorflow.control_flow import branches as _branches  # noqa: F401
from paddlify.frontends.tensorflow.control_flow import loops as _loops  # noqa: F401
from paddlify.frontends.tensorflow.graph import Node
from paddlify.frontends.tensorflow.layout import source_layout
from paddlify.frontends.tensorflow.lowering import TensorFlowBuilder
from paddlify.frontends.tensorflow.variables import Variables
from paddlify.ir import opset

_IR_VERSION = 11
"""The first version of the model format in which opset 23 is in force."""


def recognises(path: str | os.PathLike[str]) -> bool:
    """Whether a path leads to a TensorFlow model, judged by content."""
    return sources.recognises(Path(path))


def load(source: str | os.PathLike[str], options: LoadOptions) -> Loaded:
    """Read a frozen graph (.pb, .pbtxt), a checkpoint with its graph, a SavedModel or a Keras file.

    Raises LoadError when it cannot be read, UsageError when the options do not fit it, UnsupportedModel with every
    node that cannot be lowered.
    """
    found = sources.read(Path(source), options.extra)
    ends = endpoints.choose(found.graph, found.signature, options)
    variables = Variables(found.graph, found.saver, found.checkpoint)
    state = lower.Lowering(found.graph.functions, variables)
    body = state.ready(found.graph, list(ends.outputs.values()), inputs=ends.inputs)
    inputs = _inputs(body.nodes, ends)

    graph = ir.Graph([], [], nodes=[], name=Path(source).name, opset_imports={"": opset.LOWERING_OPSET})
    op = TensorFlowBuilder(graph)
    op.context = state
    arguments = {node.name: _input(graph, node) for node in inputs}
    edges.name_dimensions(graph)
    try:
        results = lower.values_of(state.run(op, body, arguments))
    except Refusal as refusal:
        name = ", ".join(ends.outputs)
        refused = state.refused.values() or [UnsupportedNode("output", name, refusal.reason)]
        raise UnsupportedModel(refused, _REMEDY) from None
    _name_outputs(op, dict(zip(ends.outputs, results, strict=True)))
    model = ir.Model(graph, ir_version=_IR_VERSION, producer_name="paddlify")
    RemoveUnusedNodesPass()(model)
    _set_layout(model, body.nodes, options.input_layout)
    model.meta["paddlify.temporary"] = found.temporary
    notes = list(ends.notes)
    if state.dropouts:
        notes.append(f"{len(state.dropouts)} dropout(s) were removed, as for inference")
    if state.changed:
        names = ", ".join(state.changed)
        notes.append(f"the source keeps what it computes in {names}; the converted model begins as saved at each run")
    return Loaded(model, found.kind, notes)


_REMEDY = (
    "Cut the graph with --inputs and --outputs so that they are not needed (any node may be named; strings and tables "
    "stay outside); `paddlify ops --from tensorflow` lists what is supported."
)


def _inputs(nodes: Sequence[Node], ends: endpoints.Ends) -> list[Node]:
    """The placeholders that are inputs of the converted model; raises UsageError where one is missing."""
    inputs = list(ends.inputs.values())
    names = {node.name for node in inputs}
    needed = [node.name for node in nodes if node.op in endpoints.PLACEHOLDERS]
    missing = [name for name in needed if name not in names]
    if missing:
        raise UsageError(f"the outputs need inputs that were not given: {', '.join(missing)} (see --inputs)")
    return [node for node in inputs if node.name in needed] if ends.found else inputs


def _input(graph: ir.Graph, node: Node) -> ir.Value:
    """Make a placeholder an input of the graph."""
    shape = node.attribute("shape")
    value = ir.Value(
        name=node.name, type=ir.TensorType(node.attribute("dtype")), shape=None if shape is None else ir.Shape(shape)
    )
    graph.inputs.append(value)
    return value


def _set_layout(model: ir.Model, nodes: Sequence[Node], layout: str) -> None:
    """Let the inputs of rank 4 be fed in a layout; raises UsageError where there are none."""
    if layout == "source":
        return
    if not any(value.shape is not None and value.shape.rank() == 4 for value in model.graph.inputs):
        raise UsageError(f"--input-layout is {layout}, but no input has rank 4")
    found = source_layout(nodes)
    edges.set_input_layout(model, layout, lambda value: found)


def _name_outputs(op: TensorFlowBuilder, outputs: Mapping[str, ir.Value]) -> None:
    """Make values the outputs of the graph, under the names that the user knows."""
    graph = op.graph
    used = {id(value) for value in graph.inputs} | {id(value) for value in graph.initializers.values()}
    for name, result in outputs.items():
        value = result
        if id(result) in used:
            with op.source("Identity", name):
                value = op.Identity(result)
        used.add(id(value))
        graph.outputs.append(value)
    _make_unique(graph, outputs)


def _make_unique(graph: ir.Graph, outputs: Mapping[str, ir.Value]) -> None:
    """Give inputs and outputs their names, and another name to any other value that has one of these."""
    taken = {value.name for value in graph.inputs} | set(outputs)
    for node in ir.traversal.RecursiveGraphIterator(graph):
        for value in node.outputs:
            base, suffix = value.name or "value", 0
            while value.name in taken or not value.name:
                suffix += 1
                value.name = f"{base}_{suffix}"
            taken.add(value.name)
    for initializer in list(graph.initializers.values()):
        base, suffix = initializer.name or "constant", 0
        while initializer.name in taken:
            suffix += 1
            initializer.name = f"{base}_{suffix}"
        taken.add(initializer.name)
    for name, value in zip(outputs, graph.outputs, strict=True):
        value.name = name
