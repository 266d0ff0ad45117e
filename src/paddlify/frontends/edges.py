"""Where a graph begins and ends: cutting at named values, shapes and layouts of inputs.

The functions change a model in place and are used by every frontend.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

import onnx_ir as ir

from paddlify.errors import UsageError
from paddlify.frontends.base import LoadOptions
from paddlify.ir import inference
from paddlify.ir.builder import Builder

NCHW_TO_NHWC: Final = (0, 2, 3, 1)
NHWC_TO_NCHW: Final = (0, 3, 1, 2)


def apply(model: ir.Model, options: LoadOptions, layout_of: Callable[[ir.Value], str]) -> None:
    """Do what the options say about inputs and outputs, then give every dynamic dimension of an input a name.

    `layout_of` says whether the source holds a rank-4 input as "nchw" or "nhwc".
    Raises UsageError for a name, shape or layout that does not fit the model.
    """
    cut(model, options.inputs, options.outputs)
    set_input_shapes(model, options.input_shapes)
    set_input_layout(model, options.input_layout, layout_of)
    name_dimensions(model.graph)


def cut(model: ir.Model, inputs: Sequence[str] | None, outputs: Sequence[str] | None) -> None:
    """Let the graph begin at the values `inputs` and end at the values `outputs`, in that order.

    Nodes that the outputs do not need are removed; of the model's own inputs those that are needed no more.
    Raises UsageError for an unknown name, one that is given twice, or an input that is missing from `inputs`.
    """
    if inputs is None and outputs is None:
        return
    graph = model.graph
    values = {value.name: value for value in _values(graph) if value.name}
    begin = None if inputs is None else _found(inputs, values, "input")
    end = list(graph.outputs) if outputs is None else _found(outputs, values, "output")
    if begin is not None:
        _infer_missing_types(model, begin)
        begin = [_as_input(value, end) for value in begin]
    idle = {value for value in graph.inputs if not value.uses()}
    graph.outputs[:] = end
    _remove_unneeded(graph)
    needed = [value for value in graph.inputs if value.uses() or value in end]
    if begin is None:
        graph.inputs[:] = [value for value in graph.inputs if value in needed or value in idle]
        return
    for value in needed:
        if value not in begin:
            raise UsageError(
                f"the outputs also depend on input '{value.name}'; add it to --inputs, or name a value behind it"
            )
    graph.inputs[:] = begin


def set_input_shapes(model: ir.Model, shapes: Mapping[str, Sequence[int]]) -> None:
    """Give inputs another shape; -1 is a dynamic dimension, which keeps its name if it has one.

    Shapes of other values are forgotten, since they may follow from the old ones.
    Raises UsageError for an unknown input or a shape of another rank.
    """
    if not shapes:
        return
    inputs = {value.name: value for value in model.graph.inputs if value.name}
    for value, (name, dims) in zip(_found(list(shapes), inputs, "input"), shapes.items(), strict=True):
        declared = value.shape
        if declared is not None and declared.rank() != len(dims):
            raise UsageError(f"input '{name}' has {declared.rank()} dimensions {declared}, not {len(dims)}")
        if any(dim < -1 for dim in dims):
            raise UsageError(f"input '{name}': {list(dims)} is not a shape (-1 is a dynamic dimension)")
        names = [None] * len(dims) if declared is None else [None if isinstance(dim, int) else dim for dim in declared]
        value.shape = ir.Shape([known if dim == -1 else dim for dim, known in zip(dims, names, strict=True)])
    for graph in model.graphs():
        for node in graph:
            for value in node.outputs:
                value.shape = None


def set_input_layout(model: ir.Model, layout: str, layout_of: Callable[[ir.Value], str]) -> None:
    """Transpose inputs of rank 4, so that the model is fed in `layout`: "nchw", "nhwc" or "source" (as it is)."""
    if layout == "source":
        return
    if layout not in ("nchw", "nhwc"):
        raise UsageError(f"--input-layout is nchw, nhwc or source, not '{layout}'")
    graph = model.graph
    for index, value in enumerate(graph.inputs):
        if value.shape is None or value.shape.rank() != 4 or layout_of(value) == layout:
            continue
        to_source = NHWC_TO_NCHW if layout == "nhwc" else NCHW_TO_NHWC
        from_source = NCHW_TO_NHWC if layout == "nhwc" else NHWC_TO_NCHW
        shape = value.shape
        fed = ir.Value(name=value.name, type=value.type, shape=ir.Shape([shape[axis] for axis in from_source]))
        graph.inputs[index] = fed
        op = Builder(graph, version=model.opset_imports[""], before=next(iter(graph), None))
        with op.source("Transpose", f"{value.name}/input_layout"):
            value.replace_all_uses_with(op.Transpose(fed, perm=list(to_source)), replace_graph_outputs=True)


def name_dimensions(graph: ir.Graph) -> None:
    """Give every dynamic dimension of an input a name of its own, and an identifier for a name that is none.

    Shape arithmetic follows dimensions by name. Dimensions of the same name stay the same.
    """
    used = {str(dim) for value in graph.inputs if value.shape is not None for dim in value.shape}
    renamed: dict[str, str] = {}
    for value in graph.inputs:
        if value.shape is None:
            continue
        dims: list[int | str] = []
        for axis, dim in enumerate(value.shape):
            if isinstance(dim, int) and dim >= 0:
                dims.append(dim)
                continue
            name = None if isinstance(dim, int) else dim.value
            if name is None or not name.strip():
                dims.append(_fresh(f"{value.name}_{axis}", used))
                continue
            if name not in renamed:
                renamed[name] = name if _IDENTIFIER.fullmatch(name) else _fresh(name, used)
            dims.append(renamed[name])
        value.shape = ir.Shape(dims)


_IDENTIFIER: Final = re.compile(r"[A-Za-z_][A-Za-z_0-9]*")
_FUNCTIONS: Final = {"max", "min", "floor", "sqrt", "mod"}  # of symbolic expressions


def _fresh(text: str, used: set[str]) -> str:
    base = re.sub(r"[^A-Za-z_0-9]", "_", text)
    if not _IDENTIFIER.fullmatch(base) or base.lower() in _FUNCTIONS:
        base = f"d_{base}"
    name, count = base, 1
    while name in used:
        name, count = f"{base}_{count}", count + 1
    used.add(name)
    return name


def _values(graph: ir.Graph) -> Iterable[ir.Value]:
    yield from graph.inputs
    yield from graph.initializers.values()
    for node in graph:
        yield from node.outputs


def _found(names: Sequence[str], values: Mapping[str, ir.Value], role: str) -> list[ir.Value]:
    """The values of the names; raises UsageError that suggests the nearest names."""
    found = []
    for name in names:
        if name not in values:
            near = difflib.get_close_matches(name, values, n=3, cutoff=0.5) or list(values)[:5]
            raise UsageError(f"--{role}s: the model has no {role} or value '{name}'; the nearest are {', '.join(near)}")
        if values[name] in found:
            raise UsageError(f"--{role}s: '{name}' is given twice")
        found.append(values[name])
    return found


def _as_input(value: ir.Value, end: list[ir.Value]) -> ir.Value:
    """A graph input in the place of a computed value or an initializer, under its name."""
    if value.is_graph_input():
        return value
    graph = value.graph
    if graph is None:
        raise UsageError(f"--inputs: '{value.name}' is no value of the main graph")
    fed = ir.Value(name=value.name, type=value.type, shape=value.shape)
    value.replace_all_uses_with(fed, replace_graph_outputs=True)
    end[:] = [fed if output is value else output for output in end]
    if value.is_initializer():
        del graph.initializers[str(value.name)]
    else:
        value.name = f"{value.name}/cut"
    graph.inputs.append(fed)
    return fed


def _infer_missing_types(model: ir.Model, values: Sequence[ir.Value]) -> None:
    if any(value.type is None or value.shape is None for value in values):
        inference.infer_graph(model.graph, model.opset_imports[""])


def _remove_unneeded(graph: ir.Graph) -> None:
    """Remove nodes and initializers from which no output is computed."""
    needed: set[ir.Node] = set()
    pending = [value.producer() for value in graph.outputs]
    while pending:
        node = pending.pop()
        if node is None or node in needed or node.graph is not graph:
            continue
        needed.add(node)
        pending += [value.producer() for value in _read_by(node)]
    unneeded = [node for node in graph if node not in needed]
    for node in unneeded:
        for inner in (node, *_nodes_inside(node)):
            for index in range(len(inner.inputs)):
                inner.replace_input_with(index, None)
    graph.remove(unneeded)
    for name, value in list(graph.initializers.items()):
        if not value.uses() and not value.is_graph_output():
            del graph.initializers[name]


def _read_by(node: ir.Node) -> Iterable[ir.Value]:
    """What a node reads, in its subgraphs also."""
    for reader in (node, *_nodes_inside(node)):
        yield from (value for value in reader.inputs if value is not None)
    for graph in _subgraphs(node):
        yield from graph.outputs


def _nodes_inside(node: ir.Node) -> Iterable[ir.Node]:
    for graph in _subgraphs(node):
        for inner in graph:
            yield inner
            yield from _nodes_inside(inner)


def _subgraphs(node: ir.Node) -> Iterable[ir.Graph]:
    for attribute in node.attributes.values():
        if attribute.type == ir.AttributeType.GRAPH:
            yield attribute.as_graph()
        elif attribute.type == ir.AttributeType.GRAPHS:
            yield from attribute.as_graphs()
