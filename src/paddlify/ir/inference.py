"""Types, shapes and the elements of shape arithmetic, inferred node by node.

Types and shapes come from onnx's own inference functions. Beside them the elements of small integer tensors are
followed through shape arithmetic (`elements.py`), and shapes that follow from them are refined.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import onnx
import onnx.checker
import onnx.shape_inference
import onnx_ir as ir
from onnx_ir import serde

from paddlify.ir import elements, opset
from paddlify.ir.elements import ELEMENTS, MAX_ELEMENTS, Element, elements_of, known_array

__all__ = [
    "BROADCASTING", "ELEMENTS", "MAX_ELEMENTS", "Element", "common", "elements_of", "infer_graph", "infer_node",
    "known_array", "merged", "type_proto",
]

_MAX_FLOATS = 16


_NOT_INFERRED = (
    onnx.shape_inference.InferenceError, onnx.checker.ValidationError, serde.SerdeError, ValueError, RuntimeError,
)
_LIKE_FIRST_INPUT = {("", "GroupNormalization"), ("", "MeanVarianceNormalization"), (opset.CONTRIB_DOMAIN, "Inverse")}
"""Operators, with their domains, for which onnx has no inference function."""


def infer_node(node: ir.Node, version: int) -> None:
    """Set dtype, shape and elements of the outputs of `node`, as far as they follow from its inputs.

    What cannot be inferred is left as it is; a shape that is already set is kept where inference knows less.
    """
    subgraphs = _CONTROL_FLOW.get(node.op_type) if node.domain == "" else None
    if subgraphs is not None:
        subgraphs(node, version)
    elif (node.domain, node.op_type) in _LIKE_FIRST_INPUT and node.inputs[0] is not None:
        node.outputs[0].type, node.outputs[0].shape = node.inputs[0].type, node.inputs[0].shape
    else:
        schema = opset.schema(node.domain, node.op_type, None if node.domain else version)
        if schema is not None:
            _infer_types(node, schema, version)
    if node.op_type == "Constant" and node.domain == "":
        node.outputs[0].const_value = _content(node)
    elements.follow(node)
    _refine_shape(node)
    for value in node.outputs:
        _name_dims(value)


def _name_dims(value: ir.Value) -> None:
    """Give dimensions that are dynamic for an unknown reason names of their own.

    So the sizes that a model asks of a tensor and puts into a Reshape of the same tensor are known to be its own.
    """
    if value.shape is not None and any(_is_unnamed(dim) for dim in value.shape):
        dims = [elements.fresh() if _is_unnamed(dim) else dim for dim in value.shape]
        value.shape = ir.Shape(dims)


def _content(node: ir.Node) -> ir.TensorProtocol | None:
    """The tensor of a Constant; None for strings."""
    (name, attribute), *_ = [*node.attributes.items(), ("", None)]
    if attribute is None or "string" in name:
        return None
    if attribute.type == ir.AttributeType.TENSOR:
        return attribute.value  # type: ignore[no-any-return]
    return ir.tensor(np.asarray(attribute.value, dtype=np.float32 if "float" in name else np.int64))


def infer_graph(graph: ir.Graph, version: int) -> None:
    """`infer_node` for all nodes of a graph, in order."""
    for node in graph:
        infer_node(node, version)


def type_proto(value: ir.Value) -> onnx.TypeProto:
    """Type and shape of a value as a protocol message."""
    return serde.serialize_value(value).type


def _infer_types(node: ir.Node, schema: onnx.defs.OpSchema, version: int) -> None:
    known = [value for value in node.inputs if value is not None]
    if any(value.type is None for value in known):
        return
    names = {f"i{index}": value for index, value in enumerate(node.inputs) if value is not None}
    try:
        proto = serde.serialize_node(node)
        del proto.input[:]
        proto.input.extend(f"i{index}" if value is not None else "" for index, value in enumerate(node.inputs))
        del proto.output[:]
        proto.output.extend(f"o{index}" if value.name else "" for index, value in enumerate(node.outputs))
        data = {name: serde.serialize_tensor(_tensor(value)) for name, value in names.items() if _is_small(value)}
        types = {name: type_proto(value) for name, value in names.items()}
        imports = [onnx.helper.make_opsetid("", version)]
        inferred = onnx.shape_inference.infer_node_outputs(schema, proto, types, data, None, imports, onnx.IR_VERSION)
    except _NOT_INFERRED:
        return
    for index, value in enumerate(node.outputs):
        found = inferred.get(f"o{index}")
        if found is not None:
            _merge(value, found)


def _is_small(value: ir.Value) -> bool:
    """Whether inference may look at the content: integers say shapes and axes, a few floats say scales."""
    tensor = value.const_value
    if tensor is not None:
        return tensor.size <= (MAX_ELEMENTS if value.dtype in elements.INTEGERS else _MAX_FLOATS)
    return value.dtype is not None and known_array(value) is not None


def _tensor(value: ir.Value) -> ir.TensorProtocol:
    return value.const_value if value.const_value is not None else ir.tensor(known_array(value))  # type: ignore[arg-type]


def _merge(value: ir.Value, proto: onnx.TypeProto) -> None:
    if proto.WhichOneof("value") is None:
        return
    found = serde.deserialize_type_proto_for_type(proto)
    if found is not None and (value.type is None or found.dtype != ir.DataType.UNDEFINED):
        value.type = found
    _set_shape(value, serde.deserialize_type_proto_for_shape(proto))


def merged(known: ir.Shape | None, found: ir.Shape) -> ir.Shape:
    """What two shapes of one value say together.

    What was found wins over what was known (a model may declare sizes that are out of date); a dimension that was
    found to be dynamic, without a name of the model's, stays what it was.
    """
    if known is None or known.rank() != found.rank():
        return ir.Shape(list(found))
    return ir.Shape([
        old if _is_unnamed(new) or (isinstance(old, int) and elements.is_fresh(new)) else new
        for old, new in zip(known, found, strict=True)
    ])


def common(first: ir.Shape | None, second: ir.Shape | None) -> ir.Shape | None:
    """What is true of a value that has either of two shapes; None when not even the rank is."""
    if first is None or second is None or first.rank() != second.rank():
        return None
    return ir.Shape([a if a == b else None for a, b in zip(first, second, strict=True)])


def _is_unnamed(dim: Any) -> bool:
    return isinstance(dim, ir.SymbolicDim) and dim.value is None


# Control flow: subgraphs are inferred from what enters them.


def _if(node: ir.Node, version: int) -> None:
    branches = [node.attributes[name].as_graph() for name in ("then_branch", "else_branch")]
    for branch in branches:
        infer_graph(branch, version)
    condition = known_array(node.inputs[0])
    if condition is not None and condition.size == 1:
        branches = [branches[0 if condition.item() else 1]] * 2
    for value, first, second in zip(node.outputs, *(branch.outputs for branch in branches), strict=False):
        value.type = first.type if first.type is not None else second.type
        _set_shape(value, common(first.shape, second.shape))


def _loop(node: ir.Node, version: int) -> None:
    """Inputs: trip count, condition, loop-carried values; the body gives a condition, carried values, scan outputs."""
    body, carried = node.attributes["body"].as_graph(), node.inputs[2:]
    for value, dtype in zip(body.inputs[:2], (ir.DataType.INT64, ir.DataType.BOOL), strict=False):
        value.type = value.type or ir.TensorType(dtype)
        value.shape = ir.Shape([])
    _infer_carried(body, carried, body.inputs[2:], body.outputs[1:], version)
    states = len(carried)
    _set_states(node.outputs[:states], carried, body.outputs[1 : 1 + states])
    for value, element in zip(node.outputs[states:], body.outputs[1 + states :], strict=False):
        value.type = element.type
        _set_shape(value, None if element.shape is None else ir.Shape([None, *element.shape]))


def _scan(node: ir.Node, version: int) -> None:
    """Inputs: states, then tensors that are cut along an axis; the body gives the new states, then slices."""
    body, count = node.attributes["body"].as_graph(), node.attributes["num_scan_inputs"].as_int()
    states = len(node.inputs) - count
    length: int | ir.SymbolicDim = ir.SymbolicDim(None)
    axes = _ints(node, "scan_input_axes", count)
    for value, sequence, axis in zip(body.inputs[states:], node.inputs[states:], axes, strict=False):
        if sequence is None:
            continue
        value.type = sequence.type or value.type
        if sequence.shape is not None:
            dims = list(sequence.shape)
            length = dims.pop(axis)
            value.shape = ir.Shape(dims)
    initial = node.inputs[:states]
    _infer_carried(body, initial, body.inputs[:states], body.outputs[:states], version)
    _set_states(node.outputs[:states], initial, body.outputs[:states])
    slices = body.outputs[states:]
    for value, element, axis in zip(
        node.outputs[states:], slices, _ints(node, "scan_output_axes", len(slices)), strict=False
    ):
        value.type = element.type
        if element.shape is not None:
            dims = list(element.shape)
            dims.insert(axis if axis >= 0 else len(dims) + 1 + axis, length)
            _set_shape(value, ir.Shape(dims))


def _infer_carried(
    body: ir.Graph, initial: Sequence[ir.Value | None], entering: Sequence[ir.Value], leaving: Sequence[ir.Value],
    version: int,
) -> None:
    """Infer a loop's body: a carried value has the shape that it has at first and after every round.

    It is begun with the shape at first; where a round changes it, that dimension (or the rank) is unknown. What the
    model says of the shapes of scan outputs is kept.
    """
    declared = [(value, value.shape) for value in body.outputs if value not in leaving[: len(entering)]]
    for value, first in zip(entering, initial, strict=False):
        if first is not None:
            value.type = first.type or value.type
            value.shape = None if first.shape is None else first.shape.copy()
    for _ in range(3):
        infer_graph(body, version)
        changed = False
        for value, result in zip(entering, leaving, strict=False):
            kept = common(value.shape, result.shape)
            if value.shape is not None and kept != value.shape:
                value.shape, changed = kept, True
        if not changed:
            return
        _forget_shapes(body, declared)
    for value in entering:
        value.shape = None
    _forget_shapes(body, declared)
    infer_graph(body, version)


def _forget_shapes(graph: ir.Graph, but_for: Sequence[tuple[ir.Value, ir.Shape | None]]) -> None:
    for node in graph.all_nodes():
        for value in node.outputs:
            value.shape = None
            value.meta.pop(ELEMENTS, None)
    for value, shape in but_for:
        value.shape = None if shape is None else shape.copy()


def _set_states(values: Sequence[ir.Value], initial: Sequence[ir.Value | None], final: Sequence[ir.Value]) -> None:
    for value, first, last in zip(values, initial, final, strict=False):
        value.type = last.type or (first.type if first is not None else None)
        _set_shape(value, common(first.shape if first is not None else None, last.shape))


def _set_shape(value: ir.Value, found: ir.Shape | None) -> None:
    """What was found, over what the model says; all of the latter where nothing was found."""
    if found is not None:
        value.shape = merged(value.shape, found)


def _ints(node: ir.Node, name: str, count: int) -> Sequence[int]:
    return node.attributes[name].as_ints() if name in node.attributes else [0] * count


_CONTROL_FLOW: dict[str, Callable[[ir.Node, int], None]] = {"If": _if, "Loop": _loop, "Scan": _scan}


# Shapes that follow from elements which are only partly known.


def _refine_shape(node: ir.Node) -> None:
    if node.domain == "" and node.op_type == "Attention":
        _refine_present(node)
    rule = _REFINED.get(node.op_type) if not node.domain else None
    dims = rule(node) if rule is not None else None
    if dims is not None:
        node.outputs[0].shape = merged(node.outputs[0].shape, ir.Shape(dims))


def _filled(node: ir.Node) -> list[Any] | None:
    sizes = elements_of(node.inputs[0])
    return None if sizes is None else list(sizes)


def _tiled(node: ir.Node) -> list[Any] | None:
    source, repeats = _dims(node), elements_of(node.inputs[1])
    if source is None or repeats is None or len(source) != len(repeats):
        return None
    return [
        dim if repeat == 1 else dim * repeat if isinstance(dim, int) and isinstance(repeat, int) else None
        for dim, repeat in zip(source, repeats, strict=True)
    ]


def _refine_present(node: ir.Node) -> None:
    """Present keys and values are the past ones, longer; onnx infers them only where all sizes are known."""
    for past, present in zip(node.inputs[4:6], node.outputs[1:3], strict=False):
        if past is not None and past.shape is not None and past.shape.rank() == 4 and present.shape is None:
            dims = list(past.shape)
            present.shape = ir.Shape([dims[0], dims[1], None, dims[3]])


def _resized(node: ir.Node) -> list[Any] | None:
    """Sizes that are asked for are those of the result, unless they are bounds of it."""
    if len(node.inputs) < 4 or any(name in node.attributes for name in ("axes", "keep_aspect_ratio_policy")):
        return None
    sizes = elements_of(node.inputs[3])
    return list(sizes) if sizes is not None and len(sizes) == elements.rank(node.inputs[0]) else None


def _ranged(node: ir.Node) -> list[Any] | None:
    """A range from 0 in steps of 1 has as many elements as its limit says, unless that may be negative."""
    start, limit, delta = (elements_of(value) for value in node.inputs)
    return list(limit) if start == (0,) and delta == (1,) and limit and elements.is_size(limit[0]) else None


def _sliced(node: ir.Node) -> list[Any] | None:
    """An axis that is not cut, or taken as a whole, in either direction, keeps its size; `x[:size]` has `size`."""
    source = _dims(node)
    numbers = [elements_of(value) or () for value in node.inputs[1:]]
    if source is None or len(numbers) < 3:
        return None
    starts, ends, axes, steps = [*numbers, (1,) * len(numbers[2])][:4]
    dims: list[Any] = list(source)
    for axis, start, end, step in itertools.zip_longest(axes, starts, ends, steps):
        if not isinstance(axis, int) or not -len(dims) <= axis < len(dims):
            return None
        backward = (start, step) == (-1, -1) and _is_beyond(end, -1)
        if (start, step) == (0, 1) and not _is_beyond(end, 1):
            dims[axis] = elements.least(dims[axis], end) if elements.is_size(end) else None
        elif not backward and (start, step) != (0, 1):
            dims[axis] = None
    return dims if axes else None


def _is_beyond(end: Element | None, sign: int) -> bool:
    """Whether the end of a slice is the customary number for its being behind the last or before the first element."""
    return isinstance(end, int) and end * sign >= np.iinfo(np.int32).max


def _reshaped(node: ir.Node) -> list[Any] | None:
    """A size that is left to be inferred follows where the dynamic sizes are the same before and after."""
    source, target = _dims(node), elements_of(node.inputs[1])
    if target is None:
        return None
    allow_zero = elements.int_attribute(node, "allowzero", 0)
    dims: list[Any] = []
    for axis, element in enumerate(target):
        if element == 0 and not allow_zero:
            dims.append(source[axis] if source is not None and axis < len(source) else None)
        else:
            dims.append(None if element == -1 else element)
    if source is not None and dims.count(None) == 1:
        before, after = list(source), [dim for dim in dims if dim is not None]
        for dim in [dim for dim in after if elements.is_size(dim) and dim in before]:
            before.remove(dim)
            after.remove(dim)
        dims[dims.index(None)] = _quotient(before, after)
    return dims


def _quotient(before: Sequence[Element], after: Sequence[Element]) -> Element | None:
    """The product of some dimensions, divided by that of others; None where that is not known to be whole."""
    divisor = math.prod(dim for dim in after if isinstance(dim, int))
    number = math.prod(dim for dim in before if isinstance(dim, int))
    sizes = [dim for dim in before if not isinstance(dim, int)]
    if not divisor or number % divisor or not all(isinstance(dim, int) for dim in after):
        return None
    if not all(elements.is_size(dim) for dim in sizes):
        return None
    return elements.plain(math.prod(sizes, start=number // divisor)) if sizes else number // divisor


def _expanded(node: ir.Node) -> list[Any] | None:
    source, target = _dims(node), elements_of(node.inputs[1])
    if source is None or target is None:
        return None
    rank = max(len(source), len(target))
    left = [1] * (rank - len(source)) + source
    right = [1] * (rank - len(target)) + list(target)
    return [_broadcast(a, b) for a, b in zip(left, right, strict=True)]


def _broadcasted(node: ir.Node) -> list[Any] | None:
    """Sizes of inputs of which one is spread over the other."""
    shapes = [value.shape for value in node.inputs if value is not None]
    rank = max((shape.rank() for shape in shapes if shape is not None), default=0)
    dims: list[Any] = [1] * rank
    for shape in shapes:
        if shape is None:
            return None
        dims = [_broadcast(a, b) for a, b in zip(dims, [1] * (rank - shape.rank()) + list(shape), strict=True)]
    return dims


def _dims(node: ir.Node) -> list[Any] | None:
    """The dimensions of the first input."""
    shape = node.inputs[0].shape if node.inputs[0] is not None else None
    return None if shape is None else list(shape)


def _broadcast(a: Element, b: Element) -> Element:
    """The size that two dimensions take together: a number above 1 is what a symbol must be, if it is not 1.

    A size and the lesser of it and a number above 1 are equal: where either is 1, so is the other.
    """
    if a == 1:
        return b
    if b == 1 or isinstance(a, int):
        return a
    if isinstance(b, int) or a == b or elements.is_least_of(a, b):
        return b
    return a if elements.is_least_of(b, a) else ir.SymbolicDim(None)


BROADCASTING = (
    "Add", "And", "BitwiseAnd", "BitwiseOr", "BitwiseXor", "Div", "Equal", "Greater", "GreaterOrEqual", "Less",
    "LessOrEqual", "Max", "Mean", "Min", "Mod", "Mul", "Or", "Pow", "Sub", "Sum", "Where", "Xor",
)
"""Elementwise operators whose operands are spread over each other."""
_REFINED: dict[str, Callable[[ir.Node], list[Any] | None]] = {
    **dict.fromkeys(BROADCASTING, _broadcasted),
    "ConstantOfShape": _filled,
    "Expand": _expanded,
    "Range": _ranged,
    "Reshape": _reshaped,
    "Resize": _resized,
    "Slice": _sliced,
    "Tile": _tiled,
}
