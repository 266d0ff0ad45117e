"""Types, shapes and the elements of shape arithmetic, inferred node by node.

Types and shapes come from onnx's own inference functions. Beside them the *elements* of small integer tensors
are followed through shape arithmetic (Shape, Gather, Concat, …), even when some of them are symbolic dimensions:
the shape `[N, 3, H, W]` gives `Shape` the elements (N, 3, H, W), and Reshape to (N, 3, H*W) keeps a known rank and
channel count. They are kept in `value.meta`.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
import onnx
import onnx.checker
import onnx.shape_inference
import onnx_ir as ir
from onnx_ir import serde

from paddlify.ir import opset

Element: TypeAlias = "int | ir.SymbolicDim"
ELEMENTS = "paddlify.elements"
MAX_ELEMENTS = 1024
"""Constants with more elements than this are not looked into while inferring shapes."""
_MAX_FLOATS = 16


_NOT_INFERRED = (
    onnx.shape_inference.InferenceError, onnx.checker.ValidationError, serde.SerdeError, ValueError, RuntimeError,
)
_LIKE_FIRST_INPUT = {"GroupNormalization", "MeanVarianceNormalization"}  # onnx has no inference function for them


def infer_node(node: ir.Node, version: int) -> None:
    """Set dtype, shape and elements of the outputs of `node`, as far as they follow from its inputs.

    What cannot be inferred is left as it is; a shape that is already set is kept where inference knows less.
    """
    subgraphs = _CONTROL_FLOW.get(node.op_type) if node.domain == "" else None
    if subgraphs is not None:
        subgraphs(node, version)
    elif node.domain == "" and node.op_type in _LIKE_FIRST_INPUT and node.inputs[0] is not None:
        node.outputs[0].type, node.outputs[0].shape = node.inputs[0].type, node.inputs[0].shape
    else:
        schema = opset.schema(node.domain, node.op_type, None if node.domain else version)
        if schema is not None:
            _infer_types(node, schema, version)
    if node.op_type == "Constant" and node.domain == "":
        node.outputs[0].const_value = _content(node)
    follow = _FOLLOW.get(node.op_type) if node.domain == "" else None
    if follow is not None and (node.op_type in _OF_SHAPE or _is_integer(node.inputs[0])):
        found = follow(node)
        if found is not None and len(found) <= MAX_ELEMENTS and _rank(node.outputs[0]) <= 1:
            node.outputs[0].meta[ELEMENTS] = tuple(found)
        else:
            node.outputs[0].meta.pop(ELEMENTS, None)
    _refine_shape(node)
    for value in node.outputs:
        _name_dims(value)


_FRESH = itertools.count()


def _name_dims(value: ir.Value) -> None:
    """Give dimensions that are dynamic for an unknown reason names of their own.

    So the sizes that a model asks of a tensor and puts into a Reshape of the same tensor are known to be its own.
    """
    if value.shape is not None and any(_is_unnamed(dim) for dim in value.shape):
        dims = [ir.SymbolicDim(f"_s{next(_FRESH)}") if _is_unnamed(dim) else dim for dim in value.shape]
        value.shape = ir.Shape(dims)


def _content(node: ir.Node) -> ir.TensorProtocol | None:
    """The tensor of a Constant; None for strings."""
    (name, attribute), *_ = [*node.attributes.items(), ("", None)]
    if attribute is None or "string" in name:
        return None
    if attribute.type == ir.AttributeType.TENSOR:
        return attribute.value  # type: ignore[no-any-return]
    return ir.tensor(np.asarray(attribute.value, dtype=np.float32 if "float" in name else np.int64))


def _is_integer(value: ir.Value | None) -> bool:
    return value is None or value.dtype in _INTEGERS


def infer_graph(graph: ir.Graph, version: int) -> None:
    """`infer_node` for all nodes of a graph, in order."""
    for node in graph:
        infer_node(node, version)


def elements_of(value: ir.Value | None) -> tuple[Element, ...] | None:
    """The elements of an integer tensor of rank 0 or 1, each an int or a symbolic dimension; None if unknown."""
    if value is None:
        return None
    if ELEMENTS in value.meta:
        return value.meta[ELEMENTS]  # type: ignore[no-any-return]
    if value.const_value is None or value.dtype not in _INTEGERS or value.const_value.size > MAX_ELEMENTS:
        return None
    array = value.const_value.numpy()
    if array.ndim > 1:
        return None
    elements = tuple(int(item) for item in array.reshape(-1))
    value.meta[ELEMENTS] = elements
    return elements


def known_array(value: ir.Value | None) -> np.ndarray | None:
    """The content of a value if it is a constant or shape arithmetic without symbols, else None."""
    if value is None:
        return None
    if value.const_value is not None:
        return value.const_value.numpy()
    elements = elements_of(value)
    if elements is None or value.dtype is None or value.shape is None or not all(isinstance(e, int) for e in elements):
        return None
    array = np.array(elements, dtype=value.dtype.numpy())
    return array.reshape(()) if value.shape.rank() == 0 else array


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
        return tensor.size <= (MAX_ELEMENTS if value.dtype in _INTEGERS else _MAX_FLOATS)
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
    found to be dynamic, without a name, stays what it was.
    """
    if known is None or known.rank() != found.rank():
        return ir.Shape(list(found))
    return ir.Shape([old if _is_unnamed(new) else new for old, new in zip(known, found, strict=True)])


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

    It is begun with the shape at first; where a round changes it, that dimension (or the rank) is unknown.
    """
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
        _forget_shapes(body)
    for value in entering:
        value.shape = None
    _forget_shapes(body)
    infer_graph(body, version)


def _forget_shapes(graph: ir.Graph) -> None:
    for node in graph.all_nodes():
        for value in node.outputs:
            value.shape = None
            value.meta.pop(ELEMENTS, None)


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


# Elements of shape arithmetic: each function gives the elements of a node's first output, or None.

_INTEGERS = {ir.DataType.INT64, ir.DataType.INT32}
_OF_SHAPE = {"Shape", "Size", "ConstantOfShape"}


def _shape(node: ir.Node) -> Sequence[Element] | None:
    shape = node.inputs[0].shape if node.inputs[0] is not None else None
    if shape is None:
        return None
    start, end = _int(node, "start", 0), _int(node, "end", shape.rank())
    return list(shape)[start:end]


def _size(node: ir.Node) -> Sequence[Element] | None:
    shape = node.inputs[0].shape if node.inputs[0] is not None else None
    return [math.prod(shape.numpy())] if shape is not None and shape.is_static() else None


def _same(node: ir.Node) -> Sequence[Element] | None:
    return elements_of(node.inputs[0])


def _flat(node: ir.Node) -> Sequence[Element] | None:
    """A Reshape to rank 0 or 1 keeps the elements."""
    return elements_of(node.inputs[0]) if _rank(node.outputs[0]) in (0, 1) else None


def _cast(node: ir.Node) -> Sequence[Element] | None:
    return elements_of(node.inputs[0]) if node.outputs[0].dtype in _INTEGERS else None


def _gather(node: ir.Node) -> Sequence[Element] | None:
    data, indices = elements_of(node.inputs[0]), elements_of(node.inputs[1])
    if data is None or indices is None or _rank(node.inputs[0]) != 1:
        return None
    if not all(isinstance(index, int) and -len(data) <= index < len(data) for index in indices):
        return None
    return [data[index] for index in indices if isinstance(index, int)]


def _slice(node: ir.Node) -> Sequence[Element] | None:
    data = elements_of(node.inputs[0])
    starts, ends, _, steps = (*(elements_of(value) for value in node.inputs[1:]), None, None, None, None)[:4]
    if data is None or starts is None or ends is None or _rank(node.inputs[0]) != 1:
        return None
    if len(node.inputs) > 4 and node.inputs[4] is not None and steps is None:
        return None
    numbers = (starts[0], ends[0], steps[0] if steps else 1)
    if len(starts) != 1 or not all(isinstance(number, int) for number in numbers):
        return None
    start, end, step = (int(number) for number in numbers)  # type: ignore[arg-type]
    if step < 0:
        start = start if start >= 0 else max(start + len(data), 0)
        end = None if end < -len(data) else end  # type: ignore[assignment]
    return data[slice(start, end, step)]


def _concat(node: ir.Node) -> Sequence[Element] | None:
    parts = [elements_of(value) for value in node.inputs]
    if any(part is None for part in parts) or any(_rank(value) != 1 for value in node.inputs):
        return None
    return [element for part in parts if part is not None for element in part]


def _constant_of_shape(node: ir.Node) -> Sequence[Element] | None:
    sizes = elements_of(node.inputs[0])
    fill = node.attributes.get("value")
    if sizes is None or len(sizes) > 1 or not all(isinstance(size, int) for size in sizes):
        return None
    if fill is None or fill.value.dtype not in _INTEGERS:
        return None
    count = int(sizes[0]) if sizes else 1  # type: ignore[arg-type]
    return [int(fill.value.numpy().reshape(-1)[0])] * count if 0 <= count <= MAX_ELEMENTS else None


def _range(node: ir.Node) -> Sequence[Element] | None:
    parts = [elements_of(value) for value in node.inputs]
    if any(part is None or len(part) != 1 or not isinstance(part[0], int) for part in parts):
        return None
    start, limit, delta = (int(part[0]) for part in parts if part)  # type: ignore[arg-type]
    if delta == 0 or abs((limit - start) // delta) > MAX_ELEMENTS:
        return None
    return list(range(start, limit, delta))


def _reduce_prod(node: ir.Node) -> Sequence[Element] | None:
    data = elements_of(node.inputs[0])
    if data is None or _rank(node.inputs[0]) != 1:
        return None
    if len(node.inputs) > 1 and elements_of(node.inputs[1]) not in ((0,), (-1,)):
        return None
    product: Element = 1
    for element in data:
        product = product * element
    return [product]


def _binary(function: Callable[[Any, Any], Any]) -> Callable[[ir.Node], Sequence[Element] | None]:
    def follow(node: ir.Node) -> Sequence[Element] | None:
        left, right = elements_of(node.inputs[0]), elements_of(node.inputs[1])
        if left is None or right is None or max(_rank(node.inputs[0]), _rank(node.inputs[1])) > 1:
            return None
        if len(left) != len(right):
            if len(left) == 1:
                left = left * len(right)
            elif len(right) == 1:
                right = right * len(left)
            else:
                return None
        results = [_combine(function, a, b) for a, b in zip(left, right, strict=True)]
        return None if any(result is None for result in results) else results  # type: ignore[return-value]

    return follow


def _combine(function: Callable[[Any, Any], Any], a: Element, b: Element) -> Element | None:
    if any(isinstance(item, ir.SymbolicDim) and item.value is None for item in (a, b)):
        return ir.SymbolicDim(None)
    try:
        result = function(a, b)
    except (ZeroDivisionError, TypeError, ValueError):
        return None
    if isinstance(result, ir.SymbolicDim):
        text = str(result.simplify().value)
        return int(text) if text.lstrip("-").isdigit() else result.simplify()
    return int(result) if result is not None else None


def _divide(a: Any, b: Any) -> Any:
    """ONNX's integer Div truncates towards zero, `//` does not: a difference of symbols may be negative."""
    if isinstance(a, int) and isinstance(b, int):
        return abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)
    if any("-" in str(item) for item in (a, b)):
        raise ValueError("the sign is not known")
    return a // b


_FOLLOW: dict[str, Callable[[ir.Node], Sequence[Element] | None]] = {
    "Shape": _shape,
    "Size": _size,
    "ConstantOfShape": _constant_of_shape,
    "Identity": _same,
    "Unsqueeze": _same,
    "Squeeze": _same,
    "Reshape": _flat,
    "Cast": _cast,
    "Gather": _gather,
    "Slice": _slice,
    "Concat": _concat,
    "Range": _range,
    "ReduceProd": _reduce_prod,
    "Add": _binary(lambda a, b: a + b),
    "Sub": _binary(lambda a, b: a - b),
    "Mul": _binary(lambda a, b: a * b),
    "Div": _binary(_divide),
    "Mod": _binary(lambda a, b: a % b if isinstance(a, int) and isinstance(b, int) else None),
    "Max": _binary(lambda a, b: max(a, b) if isinstance(a, int) and isinstance(b, int) else None),
    "Min": _binary(lambda a, b: min(a, b) if isinstance(a, int) and isinstance(b, int) else None),
}


def _rank(value: ir.Value | None) -> int:
    return value.shape.rank() if value is not None and value.shape is not None else -1


def _int(node: ir.Node, name: str, default: int) -> int:
    attribute = node.attributes.get(name)
    return default if attribute is None else attribute.as_int()


# Shapes that follow from elements which are only partly known.


def _refine_shape(node: ir.Node) -> None:
    if node.domain == "" and node.op_type == "Attention":
        _refine_present(node)
    if node.domain or node.op_type not in ("Reshape", "Expand", "Tile", "ConstantOfShape"):
        return
    target = elements_of(node.inputs[0 if node.op_type == "ConstantOfShape" else 1])
    if target is None:
        return
    output = node.outputs[0]
    if node.op_type == "Reshape":
        dims = _reshaped(node, target)
    elif node.op_type == "Expand":
        dims = _expanded(node, target)
    elif node.op_type == "Tile":
        dims = _tiled(node, target)
    else:
        dims = list(target)
    if dims is not None:
        output.shape = merged(output.shape, ir.Shape(dims))


def _tiled(node: ir.Node, repeats: Sequence[Element]) -> list[Any] | None:
    source = node.inputs[0].shape if node.inputs[0] is not None else None
    if source is None or source.rank() != len(repeats):
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


def _refine_resized(node: ir.Node) -> None:
    """Sizes that are asked for are those of the result, unless they are bounds of it."""
    if len(node.inputs) < 4 or any(name in node.attributes for name in ("axes", "keep_aspect_ratio_policy")):
        return
    sizes = elements_of(node.inputs[3])
    if sizes is not None and len(sizes) == _rank(node.inputs[0]):
        node.outputs[0].shape = merged(node.outputs[0].shape, ir.Shape(list(sizes)))


def _reshaped(node: ir.Node, target: Sequence[Element]) -> list[Any] | None:
    source = node.inputs[0].shape if node.inputs[0] is not None else None
    allow_zero = _int(node, "allowzero", 0)
    dims: list[Any] = []
    for axis, element in enumerate(target):
        if element == 0 and not allow_zero:
            dims.append(source[axis] if source is not None and axis < source.rank() else None)
        else:
            dims.append(None if element == -1 else element)
    known = all(isinstance(dim, int) for dim in dims if dim is not None)
    if source is not None and source.is_static() and dims.count(None) == 1 and known:
        rest = math.prod(d for d in dims if d is not None)
        dims[dims.index(None)] = math.prod(source.numpy()) // rest if rest else None
    return dims


def _expanded(node: ir.Node, target: Sequence[Element]) -> list[Any] | None:
    source = node.inputs[0].shape if node.inputs[0] is not None else None
    if source is None:
        return None
    rank = max(source.rank(), len(target))
    left = [1] * (rank - source.rank()) + list(source)
    right = [1] * (rank - len(target)) + list(target)
    return [_broadcast(a, b) for a, b in zip(left, right, strict=True)]


def _broadcast(a: Element, b: Element) -> Element:
    """The size that two dimensions take together: a number above 1 is what a symbol must be, if it is not 1."""
    if a == 1:
        return b
    if b == 1 or isinstance(a, int):
        return a
    if isinstance(b, int) or a == b:
        return b
    return ir.SymbolicDim(None)
