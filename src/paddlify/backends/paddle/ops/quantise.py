"""Quantised tensors and what is computed with them: integer arithmetic, exact."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import onnx_ir as ir

from paddlify.backends.paddle.dtypes import paddle_dtype
from paddlify.backends.paddle.expression import Tensor
from paddlify.backends.paddle.module import Recorder, emits
from paddlify.backends.paddle.ops.cast import to_float8
from paddlify.backends.paddle.ops.common import FLOATS, along, cast, normal_axis, wide
from paddlify.backends.paddle.ops.windows import windows
from paddlify.errors import Refusal

_D = ir.DataType
_RANGES = {_D.INT8: (-128, 127), _D.UINT8: (0, 255), _D.INT16: (-32768, 32767), _D.UINT16: (0, 65535)}
_FLOAT32_INTEGERS = 2**24
"""Up to here float32 holds every integer, so that sums of products are exact whatever their order."""


# Granularity


def _spread(paddle: Recorder, parameter: Tensor, x: Tensor, axis: int, block_size: int) -> Any:
    """A scale or zero point shaped so that it broadcasts over `x`: of the tensor, of an axis, or of blocks."""
    if block_size:
        return _spread_blocks(paddle, parameter, x, normal_axis(axis, x.rank), block_size)
    if parameter.rank == 0 or parameter.shape == (1,) or x.rank == 1:
        return parameter
    after = x.rank - 1 - normal_axis(axis, x.rank)
    return paddle.reshape(parameter, [-1] + [1] * after) if after else parameter


def _spread_blocks(paddle: Recorder, parameter: Tensor, x: Tensor, axis: int, block_size: int) -> Any:
    size = x.shape[axis]
    if size is None:
        raise Refusal(f"the size of axis {axis}, which is quantised in blocks, is not known")
    if parameter.is_constant:
        repeated = np.repeat(parameter.numpy(), block_size, axis=axis).take(range(size), axis=axis)
        return paddle.constant(repeated, parameter.dtype)
    work = wide(parameter.dtype, FLOATS | {"int32", "int64"})
    blocks = paddle.repeat_interleave(cast(paddle, parameter, work), block_size, axis=axis)
    return cast(paddle, blocks[along(axis, slice(0, size))], parameter.dtype, of=work)


# Quantisation


@emits("QuantizeLinear")
def quantize_linear(
    paddle: Recorder, x: Tensor, scale: Tensor, zero_point: Tensor | None = None, *, axis: int, block_size: int,
    output_dtype: int, precision: int, saturate: int,
) -> Any:
    target = ir.DataType(output_dtype) if output_dtype else _D.UINT8
    target = target if zero_point is None else zero_point.dtype
    division = ir.DataType(precision) if precision else scale.dtype
    if division not in (_D.FLOAT, _D.FLOAT16, _D.BFLOAT16, _D.DOUBLE):
        raise Refusal(f"division in {division.name.lower()} is not supported")
    factor = cast(paddle, _spread(paddle, scale, x, axis, block_size), "float32", of=paddle_dtype(scale.dtype))
    quotient = cast(paddle, x, "float32") / factor
    if division != _D.FLOAT:
        quotient = quotient.astype(paddle_dtype(division)).astype("float32")
    offset = None if zero_point is None or _is_zero(zero_point) else _spread(paddle, zero_point, x, axis, block_size)
    if target == _D.FLOAT8E4M3FN:
        return to_float8(paddle, quotient if offset is None else quotient + offset.astype("float32"), bool(saturate))
    return _quantised(paddle, quotient, offset, target)


def _quantised(paddle: Recorder, quotient: Any, zero_point: Any, target: ir.DataType) -> Any:
    """float32 rounded to the nearest (even) integer, moved by the zero point and saturated."""
    if target not in _RANGES:
        paddle.dtype(target)  # says why, where Paddle does not hold it
        raise Refusal(f"quantising to {target.name.lower()} is not supported")
    rounded = paddle.round(quotient)
    if zero_point is not None:
        rounded = rounded + zero_point.astype("float32")
    return paddle.clip(rounded, *_RANGES[target]).astype(paddle_dtype(target))


def _is_zero(x: Tensor | None) -> bool:
    return x is None or (x.is_constant and not x.numpy().astype(np.float32).any())


@emits("DequantizeLinear")
def dequantize_linear(
    paddle: Recorder, x: Tensor, scale: Tensor, zero_point: Tensor | None = None, *, axis: int, block_size: int,
    output_dtype: int,
) -> Any:
    target = ir.DataType(output_dtype) if output_dtype else scale.dtype
    work = wide(target, FLOATS)
    factor = cast(paddle, _spread(paddle, scale, x, axis, block_size), work, of=paddle_dtype(scale.dtype))
    if zero_point is None or _is_zero(zero_point):
        return cast(paddle, cast(paddle, x, work) * factor, target, of=work)
    middle = "float32" if x.dtype in (_D.FLOAT8E4M3FN, _D.FLOAT16) else "int32"
    offset = _spread(paddle, zero_point, x, axis, block_size)
    shifted = cast(paddle, x, middle) - cast(paddle, offset, middle, of=paddle_dtype(zero_point.dtype))
    return cast(paddle, cast(paddle, shifted, work, of=middle) * factor, target, of=work)


@emits("DynamicQuantizeLinear")
def dynamic_quantize_linear(paddle: Recorder, x: Tensor) -> list[Any]:
    """Scale and zero point so that 0 and all of x fit into uint8; a scale of 1 when x is 0 throughout."""
    highest = paddle.clip(paddle.max(x), min=0.0, max=math.inf)
    lowest = paddle.clip(paddle.min(x), min=-math.inf, max=0.0)
    span = paddle.let((highest - lowest) / paddle.constant(255.0, "float32"), "span")
    scale = paddle.let(paddle.where(span > 0, span, paddle.ones_like(span)), "scale")
    zero_point = paddle.let(paddle.clip(paddle.round(0.0 - lowest / scale), 0, 255).astype("uint8"), "zero_point")
    return [_quantised(paddle, x / scale, zero_point, _D.UINT8), scale, zero_point]


# Sums of products of integers


def _integers(paddle: Recorder, x: Tensor, zero_point: Any, dtype: str) -> Any:
    """`x` less its zero point, in a floating-point type that holds the integers exactly."""
    numbers = cast(paddle, x, dtype)
    return numbers if zero_point is None else numbers - zero_point.astype(dtype)


def _exact_float(a: Tensor, b: Tensor, b_zero_point: Tensor | None, terms: Any, axes: tuple[int, ...]) -> str:
    """float32 if no sum of products can leave its integers, else float64.

    `terms` is how many products a sum has (None if it is not known), `axes` those of `b` that one sum runs over.
    """
    largest = {_D.INT8: 255, _D.UINT8: 255}[a.dtype]
    if b.is_constant and (b_zero_point is None or b_zero_point.is_constant):
        weights = b.numpy().astype(np.int64)
        centre = 0 if b_zero_point is None else b_zero_point.numpy().astype(np.int64)
        if np.size(centre) == 1:
            bound = int(np.abs(weights - np.reshape(centre, ())).sum(axis=axes).max(initial=0)) * largest
            return "float32" if bound < _FLOAT32_INTEGERS else "float64"
    return "float32" if terms is not None and terms * largest * 255 < _FLOAT32_INTEGERS else "float64"


def _row(paddle: Recorder, parameter: Tensor | None, rank: int) -> Any:
    """A parameter of the rows of a left matrix: a vector becomes a column; a zero that changes nothing is left out."""
    if parameter is None or parameter.rank != 1 or parameter.shape == (1,) or rank == 1:
        return parameter
    return paddle.unsqueeze(parameter, -1)


@emits("MatMulInteger")
def matmul_integer(
    paddle: Recorder, a: Tensor, b: Tensor, a_zero_point: Tensor | None = None, b_zero_point: Tensor | None = None
) -> Any:
    product, dtype = _product(paddle, a, b, a_zero_point, b_zero_point)
    return _as_int32(paddle, product, dtype, a.shape[-1])


def _as_int32(paddle: Recorder, sums: Any, dtype: str, terms: int | None) -> Any:
    """Exact sums of `terms` products as int32; they wrap around where they may leave it."""
    if terms is None or terms * 255 * 255 >= 2**31:
        sums, dtype = cast(paddle, sums, "int64", of=dtype), "int64"
    return cast(paddle, sums, "int32", of=dtype)


def _product(
    paddle: Recorder, a: Tensor, b: Tensor, a_zero_point: Tensor | None, b_zero_point: Tensor | None
) -> tuple[Any, str]:
    dtype = _exact_float(a, b, b_zero_point, a.shape[-1], (-2,) if b.rank > 1 else (0,))
    left = _integers(paddle, a, None if _is_zero(a_zero_point) else _row(paddle, a_zero_point, a.rank), dtype)
    right = _integers(paddle, b, None if _is_zero(b_zero_point) else b_zero_point, dtype)
    return paddle.matmul(left, right), dtype


@emits("QLinearMatMul")
def qlinear_matmul(
    paddle: Recorder, a: Tensor, a_scale: Tensor, a_zero_point: Tensor, b: Tensor, b_scale: Tensor,
    b_zero_point: Tensor, y_scale: Tensor, y_zero_point: Tensor,
) -> Any:
    if y_scale.rank and y_scale.shape != (1,):
        raise Refusal("a scale of the result for each row is not supported")
    if a.dtype not in _RANGES or b.dtype not in _RANGES:
        raise Refusal(f"QLinearMatMul of {a.dtype.name.lower()} is not supported")
    product, dtype = _product(paddle, a, b, a_zero_point, b_zero_point)
    left = cast(paddle, _row(paddle, a_scale, a.rank), "float32", of=paddle_dtype(a_scale.dtype))
    factor = left * cast(paddle, b_scale, "float32") / cast(paddle, y_scale, "float32")
    return _quantised(paddle, cast(paddle, product, "float32", of=dtype) * factor, y_zero_point, y_zero_point.dtype)


_CONVOLUTIONS = {1: "conv1d", 2: "conv2d", 3: "conv3d"}


@emits("ConvInteger")
def conv_integer(
    paddle: Recorder, x: Tensor, w: Tensor, x_zero_point: Tensor | None = None, w_zero_point: Tensor | None = None, *,
    auto_pad: str, dilations: list[int] | None, group: int, kernel_shape: list[int] | None, pads: list[int] | None,
    strides: list[int] | None,
) -> Any:
    convolved, dtype = _convolved(
        paddle, x, w, x_zero_point, w_zero_point,
        {"auto_pad": auto_pad, "dilations": dilations, "pads": pads, "strides": strides}, group,
    )
    terms = None if None in w.shape else math.prod(size or 0 for size in w.shape[1:])
    return _as_int32(paddle, convolved, dtype, terms)


def _convolved(
    paddle: Recorder, x: Tensor, w: Tensor, x_zero_point: Tensor | None, w_zero_point: Tensor | None,
    where: dict[str, Any], group: int,
) -> tuple[Any, str]:
    """Padding is of zero points, so of zeros once they are taken off."""
    kernel = [size for size in w.shape[2:] if size is not None]
    if len(kernel) != w.rank - 2:
        raise Refusal("the kernel's size is not known while converting")
    terms = None if w.shape[1] is None else w.shape[1] * math.prod(kernel)
    dtype = _exact_float(x, w, w_zero_point, terms, tuple(range(1, w.rank)))
    found = windows(paddle, x, kernel, where["auto_pad"], where["pads"], where["strides"], where["dilations"])
    source = _integers(paddle, x, None if _is_zero(x_zero_point) else x_zero_point, dtype)
    source = source if found.is_sayable else found.padded(source, 0.0)
    centre: Any = w_zero_point
    if w_zero_point is not None and w_zero_point.rank and w_zero_point.shape != (1,):
        centre = paddle.reshape(w_zero_point, [-1] + [1] * (w.rank - 1))
    weight = _integers(paddle, w, None if _is_zero(w_zero_point) else centre, dtype)
    options = found.options | ({"groups": group} if group != 1 else {})
    return getattr(paddle.nn.functional, _CONVOLUTIONS[len(kernel)])(source, weight, **options), dtype


@emits("QLinearConv")
def qlinear_conv(
    paddle: Recorder, x: Tensor, x_scale: Tensor, x_zero_point: Tensor, w: Tensor, w_scale: Tensor,
    w_zero_point: Tensor, y_scale: Tensor, y_zero_point: Tensor, bias: Tensor | None = None, *,
    auto_pad: str, dilations: list[int] | None, group: int, kernel_shape: list[int] | None, pads: list[int] | None,
    strides: list[int] | None,
) -> Any:
    total, dtype = _convolved(
        paddle, x, w, x_zero_point, w_zero_point,
        {"auto_pad": auto_pad, "dilations": dilations, "pads": pads, "strides": strides}, group,
    )
    channels = [-1] + [1] * (x.rank - 2)
    if bias is not None:
        total = cast(paddle, total, "float64", of=dtype) + paddle.reshape(cast(paddle, bias, "float64"), channels)
        dtype = "float64"
    factor = x_scale * w_scale / y_scale
    factor = paddle.reshape(factor, channels) if w_scale.rank and w_scale.shape != (1,) else factor
    return _quantised(paddle, cast(paddle, total, "float32", of=dtype) * factor, y_zero_point, y_zero_point.dtype)
