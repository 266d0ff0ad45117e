"""Convolutions."""

from __future__ import annotations

import functools
import operator
from typing import Any

from paddlify.backends.paddle.expression import Expr, Tensor
from paddlify.backends.paddle.module import Recorder, emits
from paddlify.backends.paddle.ops.common import FLOATS, cast, may_own, size_of, wide
from paddlify.backends.paddle.ops.sizes import compact, floor_divided, sizes_of
from paddlify.backends.paddle.ops.windows import Windows, pad_spatial, windows
from paddlify.errors import Refusal

_CONV = {1: ("Conv1D", "conv1d"), 2: ("Conv2D", "conv2d"), 3: ("Conv3D", "conv3d")}
_TRANSPOSED = {1: "conv1d_transpose", 2: "conv2d_transpose", 3: "conv3d_transpose"}


@emits("Conv")
def conv(
    paddle: Recorder, x: Tensor, w: Tensor, b: Tensor | None = None, *, auto_pad: str, dilations: list[int] | None,
    group: int, kernel_shape: list[int] | None, pads: list[int] | None, strides: list[int] | None,
) -> Any:
    """A layer that owns its weights where it can, else the function."""
    kernel = kernel_shape or _known(w.shape[2:])
    found = windows(paddle, x, kernel, auto_pad, pads, strides, dilations)
    source: Expr = x if found.is_sayable else found.padded(x, 0.0)
    options = found.options | ({"groups": group} if group != 1 else {})
    layer, function = _CONV[found.rank]
    if may_own(x, w, b):
        options |= {} if b is not None else {"bias_attr": False}
        channels = [w.shape[1] * group, w.shape[0]]  # type: ignore[operator]
        call = getattr(paddle.nn, layer)(*channels, compact(kernel), **options)
        return paddle.layer(call, weight=w, bias=b)(source)
    return _in_float(paddle, getattr(paddle.nn.functional, function), x, source, w, b, options)


def _in_float(
    paddle: Recorder, function: Expr, x: Tensor, source: Expr, w: Tensor, b: Tensor | None, options: dict[str, Any]
) -> Any:
    """Call a convolution in a dtype that it has a kernel for."""
    dtype = wide(x.dtype, FLOATS)
    weights = [cast(paddle, weight, dtype) for weight in (w, b) if weight is not None]
    result = function(cast(paddle, source, dtype, of=paddle.dtype(x.dtype)), *weights, **options)
    return cast(paddle, result, x.dtype, of=dtype)


def _known(dims: tuple[int | None, ...]) -> list[int]:
    known = [dim for dim in dims if dim is not None]
    if len(known) != len(dims):
        raise Refusal("the kernel's size is not known while converting")
    return known


@emits("ConvTranspose")
def conv_transpose(
    paddle: Recorder, x: Tensor, w: Tensor, b: Tensor | None = None, *, auto_pad: str, dilations: list[int] | None,
    group: int, kernel_shape: list[int] | None, output_padding: list[int] | None, output_shape: list[int] | None,
    pads: list[int] | None, strides: list[int] | None,
) -> Any:
    """Paddle's own output padding stays below the stride; what goes beyond is padded afterwards.

    It wants to know the number of channels, which the filters say where the input does not.
    """
    kernel = kernel_shape or _known(w.shape[2:])
    found = windows(paddle, x, kernel, "NOTSET", pads, strides, dilations)
    extra = list(output_padding or [0] * found.rank)
    _set_output_size(x, found, extra, auto_pad, output_shape)
    options = found.options | ({"groups": group} if group != 1 else {})
    function = getattr(paddle.nn.functional, _TRANSPOSED[found.rank])
    source: Expr = x
    if x.shape[1] is None and w.shape[0] is not None:
        source = paddle.reshape(x, [0, w.shape[0], *[0] * found.rank])
    limits = [max(stride, dilation) for stride, dilation in zip(found.strides, found.dilations, strict=True)]
    if all(amount < limit for amount, limit in zip(extra, limits, strict=True)):
        options |= {"output_padding": compact(extra)} if any(extra) else {}
        return _in_float(paddle, function, x, source, w, b, options)
    result = _in_float(paddle, function, x, source, w, None, options)
    result = pad_spatial(paddle, result, [0] * found.rank, extra)
    return result if b is None else result + paddle.reshape(b, [1, -1, *[1] * found.rank])


def _set_output_size(
    x: Tensor, found: Windows, extra: list[int], auto_pad: str, output_shape: list[int] | None
) -> None:
    """Set padding (and `extra`, the padding of the output's end) for auto_pad and output_shape."""
    if output_shape is None and auto_pad == "NOTSET":
        return
    found.begin, found.end = [0] * found.rank, [0] * found.rank
    if auto_pad == "VALID" and output_shape is None:
        return
    for axis, (stride, extent) in enumerate(zip(found.strides, found.extents, strict=True)):
        if output_shape is None:
            total = extra[axis] + extent - stride
        else:
            size = _known(x.shape[2:])[axis]
            total = stride * (size - 1) + extra[axis] + extent - output_shape[-found.rank :][axis]
        if total < 0:
            extra[axis] -= total
            total = 0
        half = total // 2
        found.begin[axis], found.end[axis] = (half, total - half) if auto_pad == "SAME_UPPER" else (total - half, half)


@emits("DeformConv")
def deform_conv(
    paddle: Recorder, x: Tensor, w: Tensor, offset: Tensor, b: Tensor | None = None, mask: Tensor | None = None, *,
    dilations: list[int] | None, group: int, kernel_shape: list[int] | None, offset_group: int,
    pads: list[int] | None, strides: list[int] | None,
) -> Any:
    """Paddle pads both ends alike; zeros stand for what lies outside, so padding beforehand is the same.

    It wants the number of filters to be a multiple of `offset_group`: where it is not, each filter is repeated.
    """
    kernel = kernel_shape or _known(w.shape[2:])
    found = windows(paddle, x, kernel, "NOTSET", pads, strides, dilations)
    if found.rank != 2:
        raise Refusal("Paddle's deformable convolution has two spatial axes")
    source: Expr = x if found.begin == found.end else found.padded(x, 0.0)
    options = found.options
    options |= {"deformable_groups": offset_group} if offset_group != 1 else {}
    options |= {"groups": group} if group != 1 else {}
    dtype = wide(x.dtype, FLOATS)
    source, offsets, weight = (cast(paddle, item, dtype, of=paddle.dtype(x.dtype)) for item in (source, offset, w))
    options |= {} if mask is None else {"mask": cast(paddle, mask, dtype)}
    if _known(w.shape[:1])[0] % offset_group:
        weight = paddle.repeat_interleave(weight, offset_group, axis=0)
    result = paddle.vision.ops.deform_conv2d(source, offsets, weight, **options)
    if _known(w.shape[:1])[0] % offset_group:
        result = result[:, ::offset_group]
    if b is not None:
        result = result + paddle.reshape(cast(paddle, b, dtype), [1, -1, 1, 1])
    return cast(paddle, result, x.dtype, of=dtype)


@emits("Col2Im")
def col2im(
    paddle: Recorder, x: Tensor, image_shape: Tensor, block_shape: Tensor, *, dilations: list[int] | None,
    pads: list[int] | None, strides: list[int] | None,
) -> Any:
    """An image of known size, padded alike, is Paddle's fold; otherwise each column is added to where it came from."""
    rank = block_shape.shape[0]
    if rank is None:
        raise Refusal("the number of spatial axes is not known while converting")
    pads, strides, dilations = pads or [0] * 2 * rank, strides or [1] * rank, dilations or [1] * rank
    dtype = wide(x.dtype, FLOATS)
    source = cast(paddle, x, dtype)
    is_known = image_shape.is_constant and block_shape.is_constant and x.is_static
    if rank == 2 and is_known and pads[:2] == pads[2:]:
        given = {"strides": compact(strides), "paddings": compact(pads), "dilations": compact(dilations)}
        options = {name: value for name, value in given.items() if value != (name != "paddings")}
        folded = paddle.nn.functional.fold(source, image_shape.ints(), block_shape.ints(), **options)
        return cast(paddle, folded, x.dtype, of=dtype)
    image, block = sizes_of(image_shape), sizes_of(block_shape)
    windows = size_of(paddle, x, 2)
    cells = _column_cells(paddle, image, block, windows, pads, strides, dilations)
    count = functools.reduce(operator.mul, image)
    columns = paddle.transpose(paddle.reshape(source, [-1, functools.reduce(operator.mul, block) * windows]), [1, 0])
    empty = paddle.zeros_like(columns[:1])
    empty = paddle.concat([paddle.expand(empty, [count, -1]), empty])
    summed = paddle.transpose(paddle.scatter_nd_add(empty, paddle.reshape(cells, [-1, 1]), columns)[:count], [1, 0])
    return cast(paddle, paddle.reshape(summed, [size_of(paddle, x, 0), -1, *image]), x.dtype, of=dtype)


def _column_cells(
    paddle: Recorder, image: list[Any], block: list[Any], windows: Any, pads: list[int], strides: list[int],
    dilations: list[int],
) -> Expr:
    """For each block element and window the flat position in the image; the number of its cells if outside."""
    rank = len(image)
    element = paddle.unsqueeze(paddle.arange(functools.reduce(operator.mul, block)), 1)
    window = paddle.arange(windows)
    total: Any = 0
    step: Any = 1
    outside: Any = None
    for axis in reversed(range(rank)):
        extent = (block[axis] - 1) * dilations[axis] + 1
        count = floor_divided(paddle, image[axis] + pads[axis] + pads[axis + rank] - extent, strides[axis]) + 1
        place = element % block[axis] * dilations[axis] + window % count * strides[axis] - pads[axis]
        element, window = element // block[axis], window // count
        beyond = (place < 0) | (place >= image[axis])
        outside = beyond if outside is None else outside | beyond
        total = total + place * step
        step = step * image[axis]
    return paddle.where(outside, step * paddle.ones_like(total), total)
