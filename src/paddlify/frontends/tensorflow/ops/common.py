# mypy: disable-error-code="no-any-return"

"""What lowerings share: integers as ONNX wants them, sizes that may be dynamic, and small steps of one node."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import onnx_ir as ir

from paddlify.errors import Refusal
from paddlify.frontends.tensorflow.lowering import TensorFlowBuilder, lowers
from paddlify.ir.builder import constant_of, dtype_of, rank_of
from paddlify.ir.inference import elements_of, known_array

Op: TypeAlias = TensorFlowBuilder
Value: TypeAlias = ir.Value
Result: TypeAlias = Any
"""What a lowering returns: one `ir.Value`, or a tuple of them, one for each output of the operator."""


def lowers_unary(table: Mapping[str, str]) -> None:
    """Register operators of one input that ONNX has under another name or the same one."""
    for tensorflow, onnx in table.items():
        lowers.add("", tensorflow, _rename_unary(onnx))


def lowers_binary(table: Mapping[str, str]) -> None:
    """Register operators of two broadcast inputs that ONNX has under another name or the same one."""
    for tensorflow, onnx in table.items():
        lowers.add("", tensorflow, _rename_binary(onnx))


def _rename_unary(onnx: str) -> Callable[[Op, Value], Result]:
    return lambda op, x: getattr(op, onnx)(x)


def _rename_binary(onnx: str) -> Callable[[Op, Value, Value], Result]:
    return lambda op, x, y: getattr(op, onnx)(x, y)


def is_float(x: Value) -> bool:
    """True for a real floating-point type."""
    return dtype_of(x).is_floating_point()


def is_unsigned(x: Value) -> bool:
    """True for an unsigned integer type."""
    return dtype_of(x).numpy().kind == "u"


def is_natural(x: Value) -> bool:
    """True where every element is known not to be negative: numbers, and sizes of the model's inputs."""
    elements = elements_of(x)
    return elements is not None and all(
        element >= 0 if isinstance(element, int) else element.value is not None and "-" not in str(element)
        for element in elements
    )


def cast(op: Op, x: Value, dtype: ir.DataType) -> Value:
    """`x` as `dtype`: nothing is recorded when it is so already, and a constant is converted now."""
    if dtype_of(x) == dtype:
        return x
    known = known_array(x) if elements_of(x) is not None else None
    return op.constant(known, dtype) if known is not None else op.Cast(x, to=dtype)


def int64(op: Op, x: Value) -> Value:
    """`x` as int64, the type of ONNX's axes, sizes and indices."""
    return cast(op, x, ir.DataType.INT64)


def int32(op: Op, x: Value) -> Value:
    """`x` as int32, TensorFlow's usual type of indices and counts."""
    return cast(op, x, ir.DataType.INT32)


def vector(op: Op, x: Value) -> Value:
    """A scalar or vector of integers as an int64 vector."""
    known = known_array(x)
    if known is not None:
        return op.constant(known.reshape(-1), ir.DataType.INT64)
    return int64(op, x) if rank_of(x) == 1 else op.Reshape(int64(op, x), op.constant([-1]))


def ints(x: Value, name: str) -> list[int]:
    """The integers in a constant of rank 0 or 1; raises DynamicValue when they are computed."""
    return [int(item) for item in constant_of(x, name).reshape(-1)]


def sizes(x: Value) -> list[int | None]:
    """The dimensions of `x`, None where unknown; raises Refusal when the rank is not known."""
    rank_of(x)
    return [dim if isinstance(dim, int) else None for dim in x.shape or ()]


def shape_of(op: Op, x: Value) -> Value:
    """The shape of `x` as an int64 vector, a constant where it is known."""
    known = sizes(x)
    return op.Shape(x) if None in known else op.constant(known)


def size_of(op: Op, x: Value, axis: int) -> Value:
    """The size of one axis (not negative) as an int64 vector of one element, a constant where it is known."""
    known = sizes(x)[axis]
    return op.constant([known]) if known is not None else op.Shape(x, start=axis, end=axis + 1)


def joined(op: Op, *parts: Value | Sequence[int]) -> Value:
    """Int64 vectors and lists of integers, one behind the other."""
    known = [_known_part(part) for part in parts]
    if all(part is not None for part in known):
        return op.constant(np.concatenate([part for part in known if part is not None]), ir.DataType.INT64)
    values = [part if isinstance(part, ir.Value) else op.constant(list(part)) for part in parts if _is_something(part)]
    return values[0] if len(values) == 1 else op.Concat(*values, axis=0)


def _known_part(part: Value | Sequence[int]) -> np.ndarray | None:
    return known_array(part) if isinstance(part, ir.Value) else np.asarray(part, np.int64)


def _is_something(part: Value | Sequence[int]) -> bool:
    known = _known_part(part)
    return known is None or known.size > 0


def reshape(op: Op, x: Value, *parts: Value | Sequence[int]) -> Value:
    """`x` in the shape that the parts make, one behind the other; sizes of 0 mean 0."""
    target = joined(op, *parts)
    elements = elements_of(target)
    plain = elements is not None and all(isinstance(element, int) and element != 0 for element in elements)
    return op.Reshape(x, target, allowzero=None if plain else 1)


def transpose(op: Op, x: Value, perm: Sequence[int]) -> Value:
    """`x` with its axes in another order; nothing is recorded when it is the same order."""
    return x if list(perm) == list(range(len(perm))) else op.Transpose(x, perm=list(perm))


def unsqueeze(op: Op, x: Value, *axes: int) -> Value:
    """`x` with new axes of size 1 at these places of the result; known integers are rearranged now."""
    known = known_array(x) if elements_of(x) is not None else None
    if axes and known is not None:
        return op.constant(np.expand_dims(known, axes), dtype_of(x))
    return op.Unsqueeze(x, op.constant(list(axes))) if axes else x


def squeeze(op: Op, x: Value, *axes: int) -> Value:
    """`x` without these axes, which have size 1."""
    return op.Squeeze(x, op.constant(list(axes))) if axes else x


def slice_axis(op: Op, x: Value, axis: int, start: int, end: int | None = None) -> Value:
    """`x[start:end]` along one axis."""
    last = end if end is not None else np.iinfo(np.int64).max
    return op.Slice(x, op.constant([start]), op.constant([last]), op.constant([axis]))


def positive_axis(axis: int, rank: int) -> int:
    """The axis counted from the front; raises Refusal when there is no such axis."""
    if not -rank <= axis < max(rank, 1):
        raise Refusal(f"axis {axis} does not exist in a tensor of rank {rank}")
    return axis % max(rank, 1)


def constant_axis(x: Value, axis: Value, name: str = "axis") -> int:
    """The axis of `x` that a constant input names, counted from the front."""
    return positive_axis(ints(axis, name)[0], rank_of(x))


def filled(op: Op, shape: Value, dtype: ir.DataType, fill: Any) -> Value:
    """A tensor of one number in a shape given as an int64 vector."""
    return op.ConstantOfShape(shape, value=ir.tensor(np.full([1], fill, dtype.numpy())))


def select(op: Op, condition: Value, x: Value, y: Value) -> Value:
    """Where, also for truth values, for which onnxruntime has no kernel of Where."""
    if dtype_of(x) != ir.DataType.BOOL:
        return op.Where(condition, x, y)
    return op.Or(op.And(condition, x), op.And(op.Not(condition), y))


def reshape_to(op: Op, x: Value, dims: Sequence[int | Value]) -> Value:
    """`x` in a shape of which each size is a number or an int64 vector of one element."""
    unknown = [index for index, dim in enumerate(dims) if isinstance(dim, ir.Value) and known_array(dim) is None]
    if len(unknown) == 1 and 0 not in [_number(dim) for dim in dims]:
        known = [-1 if index == unknown[0] else _number(dim) for index, dim in enumerate(dims)]
        return op.Reshape(x, op.constant(known))
    return reshape(op, x, *([dim] if isinstance(dim, int) else dim for dim in dims))


def _number(dim: int | Value) -> int | None:
    if isinstance(dim, int):
        return dim
    known = known_array(dim)
    return int(known[0]) if known is not None else None


def dims_of(op: Op, x: Value) -> list[int | Value]:
    """Each size of `x`: a number, or an int64 vector of one element where it is dynamic."""
    return [dim if dim is not None else size_of(op, x, axis) for axis, dim in enumerate(sizes(x))]


def multiplied(op: Op, dim: int | Value, factor: int) -> int | Value:
    """A size as `dims_of` gives it, times a number."""
    return dim * factor if isinstance(dim, int) else op.Mul(dim, op.constant([factor]))


def divided(op: Op, dim: int | Value, divisor: int) -> int | Value:
    """A size as `dims_of` gives it, divided by a number (rounded down)."""
    return dim // divisor if isinstance(dim, int) else op.Div(dim, op.constant([divisor]))
