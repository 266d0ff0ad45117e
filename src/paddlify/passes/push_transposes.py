"""Moves transposes through the graph until they meet and cancel, or stand at its edges."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np
import onnx_ir as ir

from paddlify.ir import inference, provenance
from paddlify.ir.opset import IR_OPSET
from paddlify.ir.tensors import Reshaped, Transposed, static_dims
from paddlify.passes.matching import constant, replace

Perm: TypeAlias = "tuple[int, ...]"
Rule: TypeAlias = "Callable[[ir.Node, Perm], list[Perm] | None]"
"""Rewrites a node whose data inputs had `perm` taken away, and gives the perm of each output; None: cannot."""


class PushTransposes(ir.passes.InPlacePass):
    """Makes `Transpose · f` into `f · Transpose` where f does not mind, so that pairs of transposes vanish.

    1. Two transposes in a row are one; one that permutes nothing is none. One that moves dimensions of size 1
       only is a Reshape: it vanishes in front of one and, where the new sizes are known, behind one.
    2. Down: a transpose moves behind a node of `_RULES` when more of the node's data inputs lose a transpose
       than have to gain one. Constants are transposed while converting.
    3. Up: what is left moves in front of a node with one data input, towards the graph's input, when it ends at
       the graph's own input or at a transpose that it cancels.

    Rules 1 and 2 run in topological order until nothing changes; then 3, then 1 once more.
    """

    def call(self, model: ir.Model) -> ir.passes.PassResult:
        changed = False
        for graph in [model.graph, *_subgraphs(model.graph)]:
            changed |= _run(graph)
        return ir.passes.PassResult(model, changed)


def _subgraphs(graph: ir.Graph) -> list[ir.Graph]:
    found: list[ir.Graph] = []
    for node in ir.traversal.RecursiveGraphIterator(graph):
        found += [a.as_graph() for a in node.attributes.values() if a.type == ir.AttributeType.GRAPH]
    return found


def _run(graph: ir.Graph) -> bool:
    changed = False
    for node in list(graph):
        changed |= _simplify(node) or _push_down(node)
    for node in reversed(list(graph)):
        if node.graph is graph and _perm(node.outputs[0]) is not None:
            changed |= _pull_up(node)
    for node in list(graph):
        if node.graph is graph:
            changed |= _simplify(node)
    return changed


# Rule 1


def _simplify(node: ir.Node) -> bool:
    if node.domain or node.op_type not in ("Transpose", "Reshape") or node.inputs[0] is None:
        return False
    inner = node.inputs[0]
    perm = _perm(inner)
    if node.op_type == "Reshape":
        if perm is None or not _moves_units(inner, perm) or inference.known_array(node.inputs[1]) is None:
            return False
        if 0 in inference.known_array(node.inputs[1]):  # type: ignore[operator]
            return False
        node.replace_input_with(0, _source(inner))
        return True
    changed = False
    if perm is not None:
        own = _perm(node.outputs[0]) or ()
        node.replace_input_with(0, _source(inner))
        node.attributes["perm"] = ir.AttrInt64s("perm", [perm[axis] for axis in own])
        changed = True
    own = _perm(node.outputs[0]) or ()
    source, output = node.inputs[0], node.outputs[0]
    if own == tuple(range(len(own))) and source is not None and not output.is_graph_output():
        output.replace_all_uses_with(source)
        changed = True
    return changed or _joins_reshape(node)


def _joins_reshape(node: ir.Node) -> bool:
    """Make a Reshape of a transpose that moves units only and stands behind a Reshape."""
    output, reshaped = node.outputs[0], node.inputs[0]
    before, perm = reshaped.producer() if reshaped is not None else None, _perm(output)
    if perm is None or before is None or reshaped is None or reshaped.shape is None:
        return False
    if before.op_type != "Reshape" or before.domain:
        return False
    sizes = [dim if isinstance(dim, int) else -1 for dim in (reshaped.shape[axis] for axis in perm)]
    if node.graph is None or 0 in sizes or sizes.count(-1) > 1 or not _moves_units(output, perm):
        return False
    replace(node, "Reshape", [before.inputs[0], constant(node.graph, f"{output.name}/shape", np.array(sizes))])
    return True


def _moves_units(value: ir.Value, perm: Perm) -> bool:
    """Whether a transpose leaves the order of all dimensions larger than 1 as it is."""
    source = _source(value)
    if source.shape is None:
        return False
    moved = [axis for axis in perm if source.shape[axis] != 1]
    return moved == sorted(moved)


# Rule 2


def _push_down(node: ir.Node) -> bool:
    rule = _RULES.get(node.op_type) if not node.domain else None
    if rule is None:
        return False
    data = [(index, node.inputs[index]) for index in _data_inputs(node)]
    perms = [perm for _, value in data if value is not None and (perm := _perm(value)) is not None]
    if not perms:
        return False
    perm = max(set(perms), key=perms.count)
    if any(value is None or not _can_lose(value, perm) for _, value in data):
        return False
    losing = sum(_perm(value) == perm for _, value in data if value is not None)
    gaining = sum(_must_gain(value, perm) for _, value in data if value is not None)
    if gaining >= losing:
        return False
    return _apply(node, rule, perm)


def _apply(node: ir.Node, rule: Rule, perm: Perm) -> bool:
    """Take `perm` from the node's data inputs and put what the rule says behind its outputs."""
    data = _data_inputs(node)
    before = list(node.inputs)
    rank = len(perm)
    for index in data:
        value = node.inputs[index]
        if value is not None:
            node.replace_input_with(index, _without(value, perm, rank, node))
    behind = rule(node, perm)
    if behind is None:
        for index, old in enumerate(before):
            node.replace_input_with(index, old)
        return False
    for value, out_perm in zip(node.outputs, behind, strict=True):
        _put_behind(node, value, out_perm)
    return True


def _put_behind(node: ir.Node, value: ir.Value, perm: Perm) -> None:
    value.shape = None
    inference.infer_node(node, IR_OPSET)
    if perm == tuple(range(len(perm))):
        return
    transpose = _transpose_node(node, perm)
    name = value.name
    uses = list(value.uses())
    output = transpose.outputs[0]
    graph = node.graph
    if graph is None:
        raise ValueError("the node has been removed")
    graph.insert_after(node, transpose)
    for use in uses:
        use.node.replace_input_with(use.idx, output)
    transpose.replace_input_with(0, value)
    if value.is_graph_output():
        value.name, output.name = f"{name}/{_LAYOUT}", name
        for index, item in enumerate(graph.outputs):
            if item is value:
                graph.outputs[index] = output
    else:
        output.name = f"{name}/{_LAYOUT}"
        provenance.note_layout(value, perm)
    inference.infer_node(transpose, IR_OPSET)


_LAYOUT = "transposed"


def _transpose_node(origin: ir.Node, perm: Perm, source: ir.Value | None = None) -> ir.Node:
    node = ir.node("Transpose", [source], attributes={"perm": list(perm)})
    provenance.copy_source(origin, node)
    return node


def _without(value: ir.Value, perm: Perm, rank: int, node: ir.Node) -> ir.Value:
    """The value before a transpose by `perm`: found, computed (for constants) or transposed back."""
    if _perm(value) == perm:
        return _source(value)
    back = inverse(perm)
    if value.const_value is not None:
        return _constant_without(value, back, rank, node)
    if value.shape is not None and all(dim == 1 for dim in value.shape):
        return value
    transpose = _transpose_node(node, back, value)
    transpose.outputs[0].name = f"{value.name}/{node.outputs[0].name}/{_LAYOUT}"
    if node.graph is None:
        raise ValueError("the node has been removed")
    node.graph.insert_before(node, transpose)
    inference.infer_node(transpose, IR_OPSET)
    return transpose.outputs[0]


def _constant_without(value: ir.Value, back: Perm, rank: int, node: ir.Node) -> ir.Value:
    tensor = value.const_value
    if tensor is None or tensor.size == 1:
        return value
    full = [1] * (rank - tensor.shape.rank()) + static_dims(tensor)
    made = Transposed(Reshaped(tensor, full), back)
    small = tensor.size <= inference.MAX_ELEMENTS
    constant = ir.Value(
        name=f"{value.name}/{''.join(map(str, back))}", type=ir.TensorType(tensor.dtype),
        shape=ir.Shape(list(made.shape)), const_value=ir.tensor(made.numpy()) if small else made,
    )
    graph = node.graph
    if graph is None:
        raise ValueError("the node has been removed")
    known = graph.initializers.get(constant.name or "")
    if known is not None:
        return known
    graph.register_initializer(constant)
    return constant


def _can_lose(value: ir.Value, perm: Perm) -> bool:
    rank = len(perm)
    if value.shape is None or value.shape.rank() > rank:
        return False
    if value.const_value is not None:
        return value.const_value.dtype.bitwidth >= 8
    return value.shape.rank() == rank or all(dim == 1 for dim in value.shape)


def _must_gain(value: ir.Value, perm: Perm) -> bool:
    if value.const_value is not None or _perm(value) == perm:
        return False
    return not (value.shape is not None and all(dim == 1 for dim in value.shape))


# Rule 3


def _pull_up(transpose: ir.Node) -> bool:
    perm = _perm(transpose.outputs[0])
    chain = _chain_up(transpose)
    if perm is None or not chain:
        return False
    for node in chain:
        rule = _RULES[node.op_type]
        if not _apply(node, rule, inverse(perm)):
            return False
        after = next(iter(node.outputs[0].uses())).node
        _simplify(after)
        following = [use.node for use in after.outputs[0].uses()]
        for other in following:
            _simplify(other)
    return True


def _chain_up(transpose: ir.Node) -> list[ir.Node]:
    """Nodes that a transpose can climb, nearest first, if it ends at a graph input or at a transpose."""
    chain: list[ir.Node] = []
    value = transpose.inputs[0]
    while value is not None and (node := value.producer()) is not None:
        if _perm(value) is not None:
            return chain
        if node.domain or node.op_type not in _RULES or len(node.outputs) != 1 or len(value.uses()) != 1:
            return []
        if value.is_graph_output() or value.shape is None:
            return []
        data = [node.inputs[index] for index in _data_inputs(node)]
        moving = [v for v in data if v is not None and v.const_value is None]
        if len(moving) != 1 or moving[0].shape is None or moving[0].shape.rank() != value.shape.rank():
            return []
        chain.append(node)
        value = moving[0]
    return chain if value is not None and value.is_graph_input() else []


# What a transpose can pass


def _elementwise(node: ir.Node, perm: Perm) -> list[Perm]:
    return [perm] * len(node.outputs)


def _axis(name: str) -> Rule:
    def rule(node: ir.Node, perm: Perm) -> list[Perm] | None:
        attribute = node.attributes.get(name)
        default = -1 if node.op_type in ("Softmax", "LogSoftmax", "Hardmax") else 0
        axis = attribute.as_int() if attribute is not None else default
        node.attributes[name] = ir.AttrInt64(name, perm[axis])
        return [perm] * len(node.outputs)

    return rule


def _pad(node: ir.Node, perm: Perm) -> list[Perm] | None:
    pads = inference.known_array(node.inputs[1])
    if pads is None or (len(node.inputs) > 3 and node.inputs[3] is not None) or len(pads) != 2 * len(perm):
        return None
    rank, back = len(perm), inverse(perm)
    moved = [pads[back[axis]] for axis in range(rank)] + [pads[rank + back[axis]] for axis in range(rank)]
    _set_constant(node, 1, moved)
    return [perm]


def _reduce(node: ir.Node, perm: Perm) -> list[Perm] | None:
    axes = _known_axes(node, 1, len(perm))
    if axes is None:
        return None
    _set_constant(node, 1, sorted(perm[axis] for axis in axes))
    keepdims = node.attributes.get("keepdims")
    if keepdims is None or keepdims.as_int():
        return [perm]
    return [_remaining(perm, axes)]


def _arg(node: ir.Node, perm: Perm) -> list[Perm] | None:
    attribute = node.attributes.get("axis")
    axis = (attribute.as_int() if attribute is not None else 0) % len(perm)
    node.attributes["axis"] = ir.AttrInt64("axis", perm[axis])
    keepdims = node.attributes.get("keepdims")
    return [perm if keepdims is None or keepdims.as_int() else _remaining(perm, [axis])]


def _squeeze(node: ir.Node, perm: Perm) -> list[Perm] | None:
    axes = _known_axes(node, 1, len(perm))
    if axes is None:
        return None
    _set_constant(node, 1, sorted(perm[axis] for axis in axes))
    return [_remaining(perm, axes)]


def _slice(node: ir.Node, perm: Perm) -> list[Perm] | None:
    axes = _known_axes(node, 3, len(perm))
    if axes is None:
        return None
    _set_constant(node, 3, [perm[axis] for axis in axes])
    return [perm]


def _tile(node: ir.Node, perm: Perm) -> list[Perm] | None:
    repeats = inference.known_array(node.inputs[1])
    if repeats is None:
        return None
    back = inverse(perm)
    _set_constant(node, 1, [repeats[back[axis]] for axis in range(len(perm))])
    return [perm]


def _known_axes(node: ir.Node, index: int, rank: int) -> list[int] | None:
    value = node.inputs[index] if index < len(node.inputs) else None
    axes = inference.known_array(value)
    return None if axes is None or not len(axes) else [int(axis) % rank for axis in axes]


def _remaining(perm: Perm, removed: Sequence[int]) -> Perm:
    """The perm of what is left when the axes `removed` (of the transposed tensor) are gone."""
    kept = [axis for index, axis in enumerate(perm) if index not in removed]
    order = sorted(kept)
    return tuple(order.index(axis) for axis in kept)


def _set_constant(node: ir.Node, index: int, data: Sequence[int]) -> None:
    array = np.array(data, dtype=np.int64)
    name = f"{node.outputs[0].name}/{node.op_type}_{index}_{_LAYOUT}"
    graph = node.graph
    if graph is None:
        raise ValueError("the node has been removed")
    while name in graph.initializers:
        name += "_"
    constant = ir.Value(
        name=name,
        type=ir.TensorType(ir.DataType.INT64),
        shape=ir.Shape(list(array.shape)),
        const_value=ir.tensor(array),
    )
    graph.register_initializer(constant)
    node.replace_input_with(index, constant)


_UNARY = [
    "Abs", "Acos", "Acosh", "Asin", "Asinh", "Atan", "Atanh", "BitwiseNot", "Cast", "Ceil", "Celu", "Clip",
    "Cos", "Cosh", "Elu", "Erf", "Exp", "Floor", "Gelu", "HardSigmoid", "HardSwish", "Identity", "IsInf",
    "IsNaN", "LeakyRelu", "Log", "Mish", "Neg", "Not", "Reciprocal", "Relu", "Round", "Selu", "Shrink",
    "Sigmoid", "Sign", "Sin", "Sinh", "Softplus", "Softsign", "Sqrt", "Swish", "Tan", "Tanh",
    "ThresholdedRelu", "Dropout",
]
_BROADCAST = [
    "Add", "And", "BitwiseAnd", "BitwiseOr", "BitwiseXor", "Div", "Equal", "Greater", "GreaterOrEqual",
    "Less", "LessOrEqual", "Max", "Mean", "Min", "Mod", "Mul", "Or", "Pow", "PRelu", "Sub", "Sum", "Where",
    "Xor",
]
_RULES: dict[str, Rule] = {
    **dict.fromkeys((*_UNARY, *_BROADCAST), _elementwise),
    **dict.fromkeys(("Concat", "Split", "Softmax", "LogSoftmax", "Hardmax"), _axis("axis")),
    **dict.fromkeys(
        ("ReduceMean", "ReduceSum", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceL1", "ReduceL2", "ReduceLogSum",
         "ReduceLogSumExp", "ReduceSumSquare"),
        _reduce,
    ),
    **dict.fromkeys(("ArgMax", "ArgMin"), _arg),
    "Pad": _pad,
    "Slice": _slice,
    "Squeeze": _squeeze,
    "Tile": _tile,
}
_ALL_DATA = {*_BROADCAST, "Concat"}


def _data_inputs(node: ir.Node) -> list[int]:
    return list(range(len(node.inputs))) if node.op_type in _ALL_DATA else [0]


# Perms


def _perm(value: ir.Value | None) -> Perm | None:
    """The perm of the Transpose that makes a value; None if none does."""
    node = value.producer() if value is not None else None
    if node is None or node.op_type != "Transpose" or node.domain:
        return None
    perm = node.attributes.get("perm")
    if perm is not None:
        return tuple(perm.as_ints())
    source = node.inputs[0]
    return None if source is None or source.shape is None else tuple(range(source.shape.rank()))[::-1]


def _source(value: ir.Value) -> ir.Value:
    node = value.producer()
    source = node.inputs[0] if node is not None else None
    if source is None:
        raise ValueError(f"'{value.name}' is not made by a Transpose")
    return source


def inverse(perm: Sequence[int]) -> Perm:
    """The perm that undoes `perm`."""
    return tuple(int(index) for index in np.argsort(perm))
