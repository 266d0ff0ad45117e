"""Pooling: over sliding windows and over everything."""

from __future__ import annotations

import functools
import itertools
import math
import operator
from typing import Any

import numpy as np

from paddlify.backends.paddle.expression import Expr, Tensor
from paddlify.backends.paddle.module import Recorder, emits
from paddlify.backends.paddle.ops.common import FLOATS, NUMBERS, cast, size_of, wide
from paddlify.backends.paddle.ops.sizes import compact
from paddlify.backends.paddle.ops.windows import Windows, windows
from paddlify.errors import Refusal

_MAX = {1: "max_pool1d", 2: "max_pool2d", 3: "max_pool3d"}
_AVERAGE = {1: "avg_pool1d", 2: "avg_pool2d", 3: "avg_pool3d"}


@emits("MaxPool")
def max_pool(
    paddle: Recorder, x: Tensor, *, auto_pad: str, ceil_mode: int, dilations: list[int] | None,
    kernel_shape: list[int], pads: list[int] | None, storage_order: int, strides: list[int] | None,
) -> Any:
    """Paddle's kernel without dilation and indices; else strided slices, combined axis by axis."""
    found = windows(paddle, x, kernel_shape, auto_pad, pads, strides, dilations, ceil=bool(ceil_mode))
    sliced = found.is_dilated or paddle.wants(1)
    dtype = wide(x.dtype, NUMBERS if sliced else FLOATS)
    source = cast(paddle, x, dtype)
    if paddle.wants(1):
        pooled, indices = _max_and_indices(paddle, x, source, found, _lowest(dtype), column_major=bool(storage_order))
        return [cast(paddle, pooled, x.dtype, of=dtype), indices]
    if found.is_dilated:
        pooled = found.reduced(source, _lowest(dtype), paddle.maximum)
    else:
        pooled = _pooled(paddle, _MAX[found.rank], source, found, _lowest(dtype))
    return [cast(paddle, pooled, x.dtype, of=dtype), None]


def _lowest(dtype: str) -> float | int:
    return float("-inf") if dtype in FLOATS else int(np.iinfo(dtype).min)


def _pooled(paddle: Recorder, function: str, source: Expr, found: Windows, outside: float) -> Any:
    """Call one of Paddle's pooling functions.

    Its ceil mode keeps a last window that starts in the padding at the end; ONNX drops it.
    """
    if not found.is_sayable:
        source = found.padded(source, outside)
    options: dict[str, Any] = {"padding": found.padding} if found.is_padded else {}
    options |= {"ceil_mode": True} if found.ceil else {}
    pool = getattr(paddle.nn.functional, function)
    result = pool(source, compact(found.kernel), compact(found.strides), **options)
    if not found.drops:
        return result
    axes = [axis + 2 for axis in found.drops]
    return paddle.slice(result, axes, [0] * len(axes), [found.counts[axis] for axis in found.drops])


def _max_and_indices(
    paddle: Recorder, x: Tensor, source: Expr, found: Windows, lowest: float, *, column_major: bool
) -> tuple[Expr, Expr]:
    """The indices count through the whole tensor, batch and channels included, and know no padding."""
    if not x.is_static:
        raise Refusal("the indices of MaxPool need static dimensions")
    batch, channels, *spatial = (int(size or 0) for size in x.shape)
    order = list(range(found.rank)) if column_major else list(reversed(range(found.rank)))
    steps = dict.fromkeys(order, 1)
    for before, axis in itertools.pairwise(order):
        steps[axis] = steps[before] * spatial[before]
    elements = itertools.product(*(range(size) for size in found.kernel))
    within = [sum(e * found.dilations[a] * steps[a] for a, e in enumerate(element)) for element in elements]
    start = np.arange(batch * channels).reshape(batch, channels, *[1] * found.rank) * math.prod(spatial)
    for axis, count in enumerate(found.counts):
        offsets = (np.arange(count) * found.strides[axis] - found.begin[axis]) * steps[axis]
        start = start + offsets.reshape([-1 if other == axis else 1 for other in range(-2, found.rank)])
    stacked = paddle.stack(found.slices(source, lowest))
    winner = paddle.argmax(stacked, axis=0)
    indices = paddle.gather(paddle.constant(within, "int64"), paddle.flatten(winner))
    indices = paddle.reshape(indices, list(start.shape)) + paddle.constant(start, "int64")
    return paddle.max(stacked, axis=0), indices


@emits("MaxUnpool")
def max_unpool(
    paddle: Recorder, x: Tensor, indices: Tensor, output_shape: Tensor | None = None, *, kernel_shape: list[int],
    pads: list[int] | None, strides: list[int] | None,
) -> Any:
    """The indices count through the whole result, as MaxPool's do through its input."""
    rank = len(kernel_shape)
    if output_shape is not None and not output_shape.is_constant:
        raise Refusal("a computed output_shape is not supported: onnx and onnxruntime disagree on its indices")
    if output_shape is not None:
        sizes: list[Any] = output_shape.ints()
    else:
        pads, strides = pads or [0] * 2 * rank, strides or [1] * rank
        sizes = [size_of(paddle, x, axis) for axis in range(2)]
        for axis, (kernel, stride) in enumerate(zip(kernel_shape, strides, strict=True)):
            sizes.append((size_of(paddle, x, axis + 2) - 1) * stride + kernel - pads[axis] - pads[axis + rank])
    dtype = wide(x.dtype, FLOATS)
    empty = paddle.zeros([functools.reduce(operator.mul, sizes)], dtype=dtype)
    values = paddle.flatten(cast(paddle, x, dtype))
    # Paddle wants to see that there are as many indices as values.
    places = paddle.reshape(indices, paddle.shape(x)) if indices.shape != x.shape else indices
    filled = paddle.put_along_axis(empty, paddle.flatten(places), values, 0, broadcast=False)
    return cast(paddle, paddle.reshape(filled, sizes), x.dtype, of=dtype)


@emits("AveragePool")
def average_pool(
    paddle: Recorder, x: Tensor, *, auto_pad: str, ceil_mode: int, count_include_pad: int,
    dilations: list[int] | None, kernel_shape: list[int], pads: list[int] | None, strides: list[int] | None,
) -> Any:
    """Paddle's kernel divides by what a window has inside; padding that counts is put there beforehand."""
    found = windows(paddle, x, kernel_shape, auto_pad, pads, strides, dilations, ceil=bool(ceil_mode))
    dtype = wide(x.dtype, FLOATS)
    source = cast(paddle, x, dtype)
    if count_include_pad:
        source = found.padded(source, 0.0)
    if found.is_dilated or not found.is_sayable:
        total = found.reduced(source, 0.0, operator.add)
        pooled = total / found.reduced(paddle.ones_like(source), 0.0, operator.add)
    else:
        pooled = _pooled(paddle, _AVERAGE[found.rank], source, found, 0.0)
    return cast(paddle, pooled, x.dtype, of=dtype)


@emits("LpPool")
def lp_pool(
    paddle: Recorder, x: Tensor, *, auto_pad: str, ceil_mode: int, dilations: list[int] | None,
    kernel_shape: list[int], p: int, pads: list[int] | None, strides: list[int] | None,
) -> Any:
    """The p-th root of the sum of the p-th powers of the magnitudes in a window."""
    found = windows(paddle, x, kernel_shape, auto_pad, pads, strides, dilations, ceil=bool(ceil_mode))
    dtype = wide(x.dtype, FLOATS)
    powers = _power(paddle, cast(paddle, x, dtype), p)
    if found.is_dilated or ceil_mode:
        total = functools.reduce(operator.add, found.slices(powers, 0.0))
    else:
        powers = found.padded(powers, 0.0)
        total = _pooled(paddle, _AVERAGE[found.rank], powers, found, 0.0) * math.prod(found.kernel)
    return cast(paddle, _root(paddle, total, p), x.dtype, of=dtype)


def _power(paddle: Recorder, x: Expr, p: int) -> Expr:
    return paddle.abs(x) if p == 1 else paddle.square(x) if p == 2 else paddle.pow(paddle.abs(x), p)


def _root(paddle: Recorder, x: Expr, p: int) -> Expr:
    return x if p == 1 else paddle.sqrt(x) if p == 2 else paddle.pow(x, 1.0 / p)


@emits("GlobalAveragePool")
def global_average_pool(paddle: Recorder, x: Tensor) -> Any:
    dtype = wide(x.dtype, FLOATS)
    source = cast(paddle, x, dtype)
    if x.rank == 4:
        pooled = paddle.nn.functional.adaptive_avg_pool2d(source, 1)
    else:
        pooled = paddle.mean(source, axis=_spatial(x), keepdim=True)
    return cast(paddle, pooled, x.dtype, of=dtype)


@emits("GlobalMaxPool")
def global_max_pool(paddle: Recorder, x: Tensor) -> Any:
    dtype = wide(x.dtype, FLOATS)
    return cast(paddle, paddle.max(cast(paddle, x, dtype), axis=_spatial(x), keepdim=True), x.dtype, of=dtype)


@emits("GlobalLpPool")
def global_lp_pool(paddle: Recorder, x: Tensor, *, p: int) -> Any:
    dtype = wide(x.dtype, FLOATS)
    total = paddle.sum(_power(paddle, cast(paddle, x, dtype), p), axis=_spatial(x), keepdim=True)
    return cast(paddle, _root(paddle, total, p), x.dtype, of=dtype)


def _spatial(x: Tensor) -> list[int]:
    if x.rank < 3:
        raise Refusal(f"a tensor of rank {x.rank} has no spatial axes")
    return list(range(2, x.rank))
