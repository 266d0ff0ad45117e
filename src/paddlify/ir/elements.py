"""The elements of shape arithmetic: small integer tensors, followed even where some elements are symbolic dimensions.

The shape `[N, 3, H, W]` gives `Shape` the elements (N, 3, H, W), and Reshape to (N, 3, H*W) keeps a known rank and
channel count. The elements are kept in `value.meta`. Factors by which sizes are scaled are followed, too, if they are
known: small floating-point tensors without symbols, as arrays.
"""

from __future__ import annotations

import functools
import itertools
import math
import operator
import re
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
import onnx_ir as ir

Element: TypeAlias = "int | ir.SymbolicDim"
ELEMENTS = "paddlify.elements"
NUMBERS = "paddlify.numbers"
MAX_ELEMENTS = 1024
"""Constants with more elements than this are not looked into while inferring shapes."""
_MAX_NUMBERS = 16

INTEGERS = {ir.DataType.INT64, ir.DataType.INT32}
_FOLLOWED = INTEGERS | {ir.DataType.BOOL}
_FLOATS = {ir.DataType.FLOAT, ir.DataType.DOUBLE}
_OF_SHAPE = {"Shape", "Size", "ConstantOfShape"}


def elements_of(value: ir.Value | None) -> tuple[Element, ...] | None:
    """The elements of an integer (or bool) tensor of rank 0 or 1, each an int or a symbolic dimension, else None."""
    if value is None:
        return None
    if ELEMENTS in value.meta:
        return value.meta[ELEMENTS]  # type: ignore[no-any-return]
    if value.const_value is None or value.dtype not in _FOLLOWED or value.const_value.size > MAX_ELEMENTS:
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
    if NUMBERS in value.meta:
        return value.meta[NUMBERS]  # type: ignore[no-any-return]
    elements = elements_of(value)
    if elements is None or value.dtype is None or value.shape is None or not all(isinstance(e, int) for e in elements):
        return None
    array = np.array(elements, dtype=value.dtype.numpy())
    return array.reshape(()) if value.shape.rank() == 0 else array


def is_size(element: Any) -> bool:
    """Whether an element is dynamic, and surely not negative: a dimension, or what is made of some without a minus."""
    return isinstance(element, ir.SymbolicDim) and element.value is not None and "-" not in str(element.value)


def least(number: Any, size: Any) -> Element:
    """The lesser of a number and a size; dynamic without a name where both are dynamic, unless they are the same."""
    if isinstance(number, int):
        return ir.SymbolicDim(f"Min({number}, {size})") if number else 0
    return size if number == size else ir.SymbolicDim(None)


def is_least_of(element: Element, size: Element) -> bool:
    """Whether an element is the lesser of a size and a number above 1."""
    found = _LEAST.fullmatch(str(element))
    return found is not None and int(found[1]) > 1 and found[2] == str(size)


_LEAST = re.compile(r"Min\((\d+), (.*)\)")
_FRESH = "_s"
_COUNT = itertools.count()


def fresh() -> ir.SymbolicDim:
    """A dimension unlike any other: dynamic for an unknown reason."""
    return ir.SymbolicDim(f"{_FRESH}{next(_COUNT)}")


def is_fresh(dim: Any) -> bool:
    """Whether a dimension was made by `fresh`."""
    return isinstance(dim, ir.SymbolicDim) and (dim.value or "").startswith(_FRESH)


def follow(node: ir.Node) -> None:
    """Note the elements of a node's first output, as far as they are known."""
    _follow_numbers(node)
    rule = _FOLLOW.get(node.op_type) if node.domain == "" else None
    if rule is None or (node.op_type not in _OF_SHAPE and not _is_followed(node)):
        return
    found = rule(node)
    if found is not None and len(found) <= MAX_ELEMENTS and rank(node.outputs[0]) <= 1:
        node.outputs[0].meta[ELEMENTS] = tuple(found)
    else:
        node.outputs[0].meta.pop(ELEMENTS, None)


def _follow_numbers(node: ir.Node) -> None:
    """Note the content of a node's output, where floating-point numbers are computed from few known numbers."""
    output = node.outputs[0]
    output.meta.pop(NUMBERS, None)
    function = _NUMERIC.get(node.op_type) if node.domain == "" else None
    if function is None or output.dtype not in _FLOATS or not all(map(_is_small, node.inputs)):
        return
    arrays = [known_array(value) for value in node.inputs]
    if any(array is None or array.dtype.kind not in "biuf" for array in arrays):
        return
    with np.errstate(all="ignore"):
        output.meta[NUMBERS] = np.asarray(function(*arrays), output.dtype.numpy())


def _is_small(value: ir.Value | None) -> bool:
    return value is not None and (value.const_value is None or value.const_value.size <= _MAX_NUMBERS)


def _is_followed(node: ir.Node) -> bool:
    """Whether the data of a node is of a dtype that is followed; of others, what they are cast to."""
    value = node.inputs[1 if node.op_type == "Where" else 0]
    return value is None or node.op_type == "Cast" or value.dtype in INTEGERS


def _shape(node: ir.Node) -> Sequence[Element] | None:
    shape = node.inputs[0].shape if node.inputs[0] is not None else None
    if shape is None:
        return None
    start, end = int_attribute(node, "start", 0), int_attribute(node, "end", shape.rank())
    return list(shape)[start:end]


def _size(node: ir.Node) -> Sequence[Element] | None:
    shape = node.inputs[0].shape if node.inputs[0] is not None else None
    return [math.prod(shape.numpy())] if shape is not None and shape.is_static() else None


def _same(node: ir.Node) -> Sequence[Element] | None:
    return elements_of(node.inputs[0])


def _flat(node: ir.Node) -> Sequence[Element] | None:
    """A Reshape to rank 0 or 1 keeps the elements."""
    return elements_of(node.inputs[0]) if rank(node.outputs[0]) in (0, 1) else None


def _cast(node: ir.Node) -> Sequence[Element] | None:
    """Numbers are cut off towards 0; those beyond the type have no defined integer."""
    value, dtype = node.inputs[0], node.outputs[0].dtype
    if dtype not in INTEGERS or value is None:
        return None
    if value.dtype not in _FLOATS:
        return elements_of(value)
    array = known_array(value) if _is_small(value) else None
    if array is None or array.ndim > 1 or not (np.abs(array) < 2.0**31).all():
        return None
    return [int(number) for number in array.reshape(-1)]


def _gather(node: ir.Node) -> Sequence[Element] | None:
    data, indices = elements_of(node.inputs[0]), elements_of(node.inputs[1])
    if data is None or indices is None or rank(node.inputs[0]) != 1:
        return None
    if not all(isinstance(index, int) and -len(data) <= index < len(data) for index in indices):
        return None
    return [data[index] for index in indices if isinstance(index, int)]


def _slice(node: ir.Node) -> Sequence[Element] | None:
    data = elements_of(node.inputs[0])
    starts, ends, _, steps = (*(elements_of(value) for value in node.inputs[1:]), None, None, None, None)[:4]
    if data is None or starts is None or ends is None or rank(node.inputs[0]) != 1:
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
    if any(part is None for part in parts) or any(rank(value) != 1 for value in node.inputs):
        return None
    return [element for part in parts if part is not None for element in part]


def _constant_of_shape(node: ir.Node) -> Sequence[Element] | None:
    sizes = elements_of(node.inputs[0])
    fill = node.attributes.get("value")
    if sizes is None or len(sizes) > 1 or not all(isinstance(size, int) for size in sizes):
        return None
    if fill is None or fill.value.dtype not in INTEGERS:
        return None
    count = int(sizes[0]) if sizes else 1  # type: ignore[arg-type]
    return [int(fill.value.numpy().reshape(-1)[0])] * count if 0 <= count <= MAX_ELEMENTS else None


def _equal(a: Any, b: Any) -> Any:
    """A dynamic size is no negative number."""
    if a == b or (isinstance(a, int) and isinstance(b, int)):
        return int(a == b)
    negative = any(isinstance(item, int) and item < 0 for item in (a, b))
    return 0 if negative and any(is_size(item) for item in (a, b)) else ir.SymbolicDim(None)


def _where(node: ir.Node) -> Sequence[Element] | None:
    chosen, first, second = (elements_of(value) for value in node.inputs)
    if chosen is None or first is None or second is None or any(rank(value) > 1 for value in node.inputs):
        return None
    length = max(len(chosen), len(first), len(second))
    parts = [part * length if len(part) == 1 else part for part in (chosen, first, second)]
    if any(len(part) != length for part in parts):
        return None
    return [(a if c else b) if isinstance(c, int) else ir.SymbolicDim(None) for c, a, b in zip(*parts, strict=True)]


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
    if data is None or rank(node.inputs[0]) != 1:
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
        if left is None or right is None or max(rank(node.inputs[0]), rank(node.inputs[1])) > 1:
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


def _of_numbers(function: Callable[[int, int], int]) -> Callable[[Any, Any], int | None]:
    """A function of two elements that is only known of numbers."""
    return lambda a, b: int(function(a, b)) if isinstance(a, int) and isinstance(b, int) else None


def _combine(function: Callable[[Any, Any], Any], a: Element, b: Element) -> Element | None:
    if any(isinstance(item, ir.SymbolicDim) and item.value is None for item in (a, b)):
        return ir.SymbolicDim(None)
    try:
        result = function(a, b)
    except (ZeroDivisionError, TypeError, ValueError):
        return None
    return None if result is None else plain(result)


def plain(element: Any) -> Element:
    """The simplest form of an element, so that equal ones are the same."""
    if not isinstance(element, ir.SymbolicDim) or element.value is None:
        return element if isinstance(element, ir.SymbolicDim) else int(element)
    simple = element.simplify()
    text = str(simple.value)
    return int(text) if text.lstrip("-").isdigit() else simple


def _divide(a: Any, b: Any) -> Any:
    """ONNX's integer Div truncates towards zero, `//` does not: they differ where a difference of sizes is negative.

    Of what is greater than -b, the quotient is 0 or more: it gets a name of its own.
    """
    if isinstance(a, int) and isinstance(b, int):
        return abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)
    low, divisor = lower_bound(a), lower_bound(b)
    if low is not None and low >= 0 and divisor is not None and divisor >= 0:
        return a // b
    if low is None or not isinstance(b, int) or low <= -b:
        raise ValueError("the sign is not known")
    return _QUOTIENTS.setdefault((str(a.value), b), fresh())


_QUOTIENTS: dict[tuple[str, int], ir.SymbolicDim] = {}


def lower_bound(element: Element) -> int | None:
    """What an element is not less than, as far as that is known."""
    if isinstance(element, int):
        return element
    if is_size(element):
        return 0
    if element.value is None:
        return None
    least = element.evaluate(dict.fromkeys(element.free_symbols(), 0))
    if not isinstance(least, int) or "-" in str((element - least).simplify().value):
        return None
    return least


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
    "Equal": _binary(_equal),
    "Where": _where,
    "Range": _range,
    "ReduceProd": _reduce_prod,
    "Add": _binary(lambda a, b: a + b),
    "Sub": _binary(lambda a, b: a - b),
    "Mul": _binary(lambda a, b: a * b),
    "Div": _binary(_divide),
    "Mod": lambda node: None if int_attribute(node, "fmod", 0) else _binary(_of_numbers(operator.mod))(node),
    "Max": _binary(_of_numbers(max)),
    "Min": _binary(_of_numbers(min)),
    "Less": _binary(_of_numbers(operator.lt)),
    "LessOrEqual": _binary(_of_numbers(operator.le)),
    "Greater": _binary(_of_numbers(operator.gt)),
    "GreaterOrEqual": _binary(_of_numbers(operator.ge)),
}


_NUMERIC: dict[str, Callable[..., Any]] = {
    "Cast": np.asarray,
    "Identity": np.asarray,
    "Add": np.add,
    "Sub": np.subtract,
    "Mul": np.multiply,
    "Div": np.divide,
    "Max": lambda *arrays: functools.reduce(np.maximum, arrays),
    "Min": lambda *arrays: functools.reduce(np.minimum, arrays),
    "Round": np.rint,
    "Floor": np.floor,
    "Ceil": np.ceil,
}


def rank(value: ir.Value | None) -> int:
    return value.shape.rank() if value is not None and value.shape is not None else -1


def int_attribute(node: ir.Node, name: str, default: int) -> int:
    attribute = node.attributes.get(name)
    return default if attribute is None else attribute.as_int()
