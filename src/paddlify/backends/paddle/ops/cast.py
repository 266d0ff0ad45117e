"""Conversions between element types."""

from __future__ import annotations

from typing import Any

import onnx_ir as ir

from paddlify.backends.paddle.dtypes import paddle_dtype
from paddlify.backends.paddle.expression import Tensor
from paddlify.backends.paddle.module import Recorder, emits
from paddlify.backends.paddle.ops import common
from paddlify.backends.paddle.ops.common import FLOATING
from paddlify.backends.paddle.ops.unsigned import as_floats, from_floats, wrapped
from paddlify.errors import Refusal

_D = ir.DataType

FLOAT8_MAX = 448.0
"""The largest float8e4m3fn, the one 8-bit float that Paddle's programs take."""

_NAN = 472.0
"""A number that Paddle casts to float8e4m3fn's NaN: it casts NaN itself to the largest number."""

_ROUNDED_DOWN = 464.0
"""The largest number that is rounded to float8e4m3fn's largest."""


@emits("Cast")
def cast(paddle: Recorder, x: Tensor, *, to: int, saturate: int, round_mode: str) -> Any:
    """`round_mode` matters to float8e8m0 alone, which Paddle does not have."""
    return converted(paddle, x, ir.DataType(to), saturate=bool(saturate))


@emits("CastLike")
def cast_like(paddle: Recorder, x: Tensor, like: Tensor, *, saturate: int, round_mode: str) -> Any:
    return converted(paddle, x, like.dtype, saturate=bool(saturate))


@emits("BitCast")
def bit_cast(paddle: Recorder, x: Tensor, *, to: int) -> Any:
    """Between integers (and bool) of one width, a conversion that wraps around keeps the bits."""
    target = ir.DataType(to)
    if x.dtype != target and not {x.dtype, target} <= _BIT_CASTS:
        raise Refusal("Paddle's predictor has no kernel that reinterprets the bits of floating-point numbers")
    return converted(paddle, x, target)


_BIT_CASTS = frozenset(
    {_D.BOOL, _D.INT8, _D.INT16, _D.INT32, _D.INT64, _D.UINT8, _D.UINT16, _D.UINT32, _D.UINT64}
)


def converted(paddle: Recorder, x: Tensor, target: ir.DataType, *, saturate: bool = True) -> Any:
    """`x` as `target`: floats are truncated to integers, integers wrap around, float8 saturates if it is asked to."""
    source = x.dtype
    paddle_dtype(source), paddle_dtype(target)
    if source == target:
        return x
    if target == _D.FLOAT8E4M3FN:
        return to_float8(paddle, common.cast(paddle, x, "float32"), saturate)
    if source == _D.UINT64 and target in FLOATING:
        work = "float64" if target == _D.DOUBLE else "float32"
        return common.cast(paddle, as_floats(paddle, x, work), target, of=work)
    if target == _D.UINT64 and source in (_D.FLOAT, _D.DOUBLE):
        return from_floats(paddle, x)
    if target in (_D.UINT16, _D.UINT32):
        return wrapped(common.cast(paddle, x, "int64"), target).astype(paddle_dtype(target))
    return common.cast(paddle, x, target)


def to_float8(paddle: Recorder, x: Any, saturate: bool) -> Any:
    """float32 as float8e4m3fn. Paddle itself gives NaN just above the largest number, and the largest for NaN."""
    not_a_number = paddle.full_like(x, _NAN)
    if saturate:
        rounded = paddle.where(paddle.isnan(x), not_a_number, paddle.clip(x, -FLOAT8_MAX, FLOAT8_MAX))
    else:
        rounded = paddle.where(paddle.abs(x) <= _ROUNDED_DOWN, x, not_a_number)
    return rounded.astype("float8_e4m3fn")
