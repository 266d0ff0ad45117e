"""Layers that enlarge: interpolation, nearest upsampling and unpooling by a mask."""

from __future__ import annotations

import math
from typing import Any

import onnx_ir as ir

from paddlify.errors import LoadError, Refusal
from paddlify.frontends.caffe.lowering import Recorder, dims_of, lowers, static_dims
from paddlify.frontends.caffe.ops.merge import check_same_shape


@lowers("Interp", param="interp_param")
def interp(
    op: Recorder, x: ir.Value, *, height: int | None, width: int | None, zoom_factor: int | None,
    shrink_factor: int | None, pad_beg: int, pad_end: int,
) -> Any:
    """DeepLab's bilinear interpolation, whose corners are aligned; negative padding crops first."""
    if pad_beg > 0 or pad_end > 0:
        raise LoadError("pad_beg and pad_end must not be positive")
    size = [dim + pad_beg + pad_end for dim in static_dims(x, 2)]
    if len(size) != 2 or min(size) < 1:
        raise LoadError(f"nothing is left of its bottom {dims_of(x)}")
    if pad_beg or pad_end:
        ends = [dim - pad_beg for dim in size]
        x = op.Slice(x, op.constant([-pad_beg] * 2), op.constant(ends), op.constant([2, 3]))
    if height is not None and width is not None and (zoom_factor is None) == (shrink_factor is None):
        target = [height, width]
    elif zoom_factor is None and shrink_factor is None:
        raise LoadError("it has neither a size nor a factor")
    else:
        shrunk = [(dim - 1) // (shrink_factor or 1) + 1 for dim in size]
        target = [dim + (dim - 1) * ((zoom_factor or 1) - 1) for dim in shrunk]
    if min(target) < 1:
        raise LoadError(f"a size of {target} is impossible")
    scales = [new / old for new, old in zip(target, size, strict=True)]
    if scales == [1, 1]:
        return op.Identity(x)
    sizes = op.Concat(op.Shape(x, start=0, end=2), op.constant(target), axis=0)
    return op.Resize(x, None, None, sizes, mode="linear", coordinate_transformation_mode="align_corners")


@lowers("Upsample", param="upsample_param")
def upsample(
    op: Recorder, x: ir.Value, mask: ir.Value | None = None, *, scale: int, scale_h: int | None,
    scale_w: int | None, pad_out_h: bool, pad_out_w: bool, upsample_h: int | None, upsample_w: int | None,
) -> Any:
    """With a mask SegNet's unpooling; without one, nearest neighbours (YOLO's forks)."""
    factors = [scale_h or scale, scale_w or scale]
    if mask is None:
        if pad_out_h or pad_out_w or upsample_h or upsample_w:
            raise Refusal("an output size is supported with a mask only")
        scales = op.constant([1.0, 1.0, *map(float, factors)])
        return op.Resize(
            x, None, scales, mode="nearest", coordinate_transformation_mode="asymmetric", nearest_mode="floor"
        )
    if upsample_h and upsample_w:
        return _unpooled(op, x, mask, upsample_h, upsample_w)
    if min(factors) < 2 or (pad_out_h and factors[0] != 2) or (pad_out_w and factors[1] != 2):
        raise LoadError("scale must be above 1, and pad_out_h and pad_out_w want a scale of 2")
    height, width = static_dims(x, 2)
    return _unpooled(op, x, mask, height * factors[0] - pad_out_h, width * factors[1] - pad_out_w)


@lowers("Unpooling", param="unpooling_param")
def unpooling(
    op: Recorder, x: ir.Value, mask: ir.Value, *, unpool: str, kernel_size: int | None, kernel_h: int | None,
    kernel_w: int | None, stride: int, stride_h: int | None, stride_w: int | None, unpool_size: int | None,
    unpool_h: int | None, unpool_w: int | None,
) -> Any:
    """DeconvNet's unpooling by a mask."""
    if unpool != "MAX":
        raise Refusal(f"unpool={unpool} is not supported")
    height, width = unpool_size or unpool_h, unpool_size or unpool_w
    if not height or not width:
        kernels = (kernel_size or kernel_h or 0, kernel_size or kernel_w or 0)
        strides = (stride_h or stride, stride_w or stride)
        height, width = (
            max((dim - 1) * step + length, dim * step + 1)
            for dim, length, step in zip(static_dims(x, 2), kernels, strides, strict=True)
        )
    return _unpooled(op, x, mask, height, width)


def _unpooled(op: Recorder, x: ir.Value, mask: ir.Value, height: int, width: int) -> Any:
    """Each element at the place that the mask gives inside its channel, zeros elsewhere."""
    check_same_shape(x, mask)
    channels, *space = static_dims(x, 1)
    count = math.prod(space)
    elements = op.Reshape(x, op.constant([0, 0, count]))
    places = op.Reshape(op.Cast(mask, to=ir.DataType.INT64), op.constant([0, 0, count]))
    batch = dims_of(x)[0]
    if batch is not None:
        empty_shape = op.constant([batch, channels, height * width])
    else:
        empty_shape = op.Concat(op.Shape(x, start=0, end=2), op.constant([height * width]), axis=0)
    empty = op.Expand(op.constant_like(x, 0), empty_shape)
    filled = op.ScatterElements(empty, places, elements, axis=2)
    return op.Reshape(filled, op.constant([0, 0, height, width]))
