"""What the emissions of several families share: casts, kernels' dtypes, scalars, sizes."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection
from typing import Any

import numpy as np
import onnx_ir as ir

from paddlify.backends.paddle.dtypes import paddle_dtype
from paddlify.backends.paddle.expression import Tensor
from paddlify.backends.paddle.module import INLINE_ELEMENTS, Recorder
from paddlify.errors import Refusal

FLOATS = frozenset({"float32", "float64"})
"""What nearly every floating-point kernel of Paddle has on the CPU; float16 and bfloat16 are rare."""

NUMBERS = FLOATS | {"int32", "int64"}
"""What most arithmetic kernels have on the CPU."""

FLOATING = frozenset({ir.DataType.FLOAT16, ir.DataType.BFLOAT16, ir.DataType.FLOAT, ir.DataType.DOUBLE})

def may_own(x: Tensor, *weights: Tensor | None) -> bool:
    """Whether a layer on `x` may own weights: constants that nothing else uses, in Paddle's default dtype.

    A layer creates its parameters in that dtype, whatever it is given.
    """
    return x.dtype == ir.DataType.FLOAT and all(
        weight is None or (weight.is_initializer and weight.only_use and weight.dtype == ir.DataType.FLOAT)
        for weight in weights
    )


_WIDER: dict[str, tuple[str, ...]] = {
    "bool": ("uint8", "int32", "int64", "float32"),
    "uint8": ("int16", "int32", "int64", "float32", "float64"),
    "int8": ("int16", "int32", "int64", "float32", "float64"),
    "int16": ("int32", "int64", "float32", "float64"),
    "int32": ("int64", "float64"),
    "int64": (),
    "float8_e4m3fn": ("float32", "float64"),
    "float16": ("float32", "float64"),
    "bfloat16": ("float32", "float64"),
    "float32": ("float64",),
    "float64": (),
    "complex64": ("complex128",),
    "complex128": (),
}
"""Types that hold every value of a type exactly, nearest first."""


def wide(dtype: ir.DataType, kernels: Collection[str] = NUMBERS) -> str:
    """The nearest type of `kernels` that holds every value of `dtype`; raises Refusal if there is none."""
    own = paddle_dtype(dtype)
    for candidate in (own, *_WIDER[own]):
        if candidate in kernels:
            return candidate
    raise Refusal(f"Paddle has no kernel of it for {dtype.name.lower()}, nor for a wider type")


def cast(paddle: Recorder, x: Any, dtype: ir.DataType | str, *, of: str = "") -> Any:
    """`x` in the type that holds `dtype`, value by value as Paddle casts.

    `x` is a graph value, or an expression (whose dtype, if known, is `of`). What has that type already is left
    alone, and a small constant is cast at conversion time.
    """
    target = dtype if isinstance(dtype, str) else paddle_dtype(dtype)
    source = paddle_dtype(x.dtype) if isinstance(x, Tensor) else of
    if source == target:
        return x
    if isinstance(x, Tensor) and target in _WIDER[source] and x.is_constant and element_count(x) <= INLINE_ELEMENTS:
        return paddle.constant(x.numpy().astype(target), target)
    return x.astype(target)


def computed(
    paddle: Recorder, kernels: Collection[str], function: Callable[..., Any], *inputs: Tensor | None, result: str = ""
) -> Any:
    """`function(*inputs)` in a dtype that the kernel has; the result is cast back to the first input's dtype.

    All inputs have one dtype (None, an omitted one, is passed on). `result` is the dtype that `function` gives when
    that is not its inputs' ("bool", say): then nothing is cast back. Integers that overflow wrap around.
    """
    first = inputs[0]
    assert first is not None
    work = wide(first.dtype, kernels)
    found = function(*(None if value is None else cast(paddle, value, work) for value in inputs))
    return found if result else cast(paddle, found, first.dtype, of=work)


def scalar(x: Tensor, *, beside: Tensor) -> int | float | None:
    """The number that a constant of one element is, if Python's number means the same beside `beside`; else None.

    float32 and int64 only: with other types Paddle may choose another dtype for the result.
    """
    if x.dtype != beside.dtype or x.dtype not in (ir.DataType.FLOAT, ir.DataType.INT64):
        return None
    if not x.is_constant or beside.is_constant or element_count(x) != 1 or not beside.has_rank or x.rank > beside.rank:
        return None
    value = number(x.numpy().reshape(-1)[0])
    if isinstance(value, int):
        return value if abs(value) < 2**31 else None
    is_negative_zero = value == 0 and math.copysign(1, value) < 0  # which Paddle makes 0
    return value if math.isfinite(value) and not is_negative_zero else None


def number(value: Any) -> Any:
    """A NumPy number as Python's, a float32 in its shortest form."""
    if isinstance(value, np.float32):
        return float(str(value))
    return value.item() if isinstance(value, np.generic) else value


def element_count(x: Tensor) -> int:
    """The number of elements of a constant."""
    return int(x.tensor.size) if x.is_initializer else int(x.numpy().size)


def normal_axis(axis: int, rank: int) -> int:
    """A non-negative axis; raises Refusal when it is out of range."""
    if not -rank <= axis < rank:
        raise Refusal(f"axis {axis} is out of range for rank {rank}")
    return axis + rank if axis < 0 else axis


def along(axis: int, part: Any) -> tuple[Any, ...]:
    """The index that takes `part` of one axis and all of the axes before it."""
    return (slice(None),) * axis + (part,)


def size_of(paddle: Recorder, x: Tensor, axis: int) -> Any:
    """The size of one dimension: a number, or Paddle's expression if it is dynamic."""
    size = x.shape[axis]
    return paddle.shape(x)[axis] if size is None else size
