"""Pooling."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx_ir as ir

from paddlify.frontends.tensorflow.lowering import lowers
from paddlify.frontends.tensorflow.ops.common import (
    Op,
    Result,
    Value,
    cast,
    dims_of,
    filled,
    ints,
    is_float,
    joined,
)
from paddlify.frontends.tensorflow.ops.layout import channels_first, channels_last
from paddlify.frontends.tensorflow.ops.padding import padded, pool_window
from paddlify.ir.builder import dtype_of


@lowers("MaxPool")
def max_pool(
    op: Op, x: Value, *, ksize: Sequence[int], strides: Sequence[int], padding: str,
    explicit_paddings: Sequence[int], data_format: str,
) -> Result:
    return _max_pool(op, x, ksize, strides, padding, explicit_paddings, data_format)


@lowers("MaxPoolV2")
def max_pool_v2(op: Op, x: Value, ksize: Value, strides: Value, *, padding: str, data_format: str) -> Result:
    return _max_pool(op, x, ints(ksize, "ksize"), ints(strides, "strides"), padding, (), data_format)


@lowers("MaxPool3D")
def max_pool_3d(
    op: Op, x: Value, *, ksize: Sequence[int], strides: Sequence[int], padding: str, data_format: str
) -> Result:
    return _max_pool(op, x, ksize, strides, padding, (), data_format)


def _max_pool(
    op: Op, x: Value, ksize: Sequence[int], strides: Sequence[int], padding: str, explicit: Sequence[int],
    data_format: str,
) -> Value:
    image = channels_first(op, x, data_format)
    window = pool_window(ksize, strides, data_format)
    image, pads = padded(op, image, window, padding, explicit, data_format, _lowest(x))
    result = op.MaxPool(image, kernel_shape=list(window.kernel), strides=list(window.strides), **pads)
    return channels_last(op, result, data_format)


def _lowest(x: Value) -> float:
    return -np.inf if is_float(x) else int(np.iinfo(dtype_of(x).numpy()).min)


@lowers("AvgPool", "AvgPool3D")
def avg_pool(
    op: Op, x: Value, *, ksize: Sequence[int], strides: Sequence[int], padding: str, data_format: str
) -> Result:
    """The padding does not count, as in ONNX; where it is made in the graph, the mean of ones takes it out again."""
    image = channels_first(op, x, data_format)
    window = pool_window(ksize, strides, data_format)
    settings = {"kernel_shape": list(window.kernel), "strides": list(window.strides)}
    larger, pads = padded(op, image, window, padding, (), data_format, 0)
    result = op.AveragePool(larger, **settings, **pads)
    if larger is not image:
        ones = filled(op, joined(op, [1, 1], op.Shape(image, start=2)), dtype_of(x), 1)
        result = op.Div(result, op.AveragePool(padded(op, ones, window, padding, (), data_format, 0)[0], **settings))
    return channels_last(op, result, data_format)


@lowers("MaxPoolWithArgmax")
def max_pool_with_argmax(
    op: Op, x: Value, *, ksize: Sequence[int], strides: Sequence[int], Targmax: ir.DataType, padding: str,
    include_batch_in_index: bool,
) -> Result:
    """The place is counted over [height, width, channel], with or without the batch; ONNX counts over NCHW."""
    window = pool_window(ksize, strides, "NHWC")
    image, pads = padded(op, channels_first(op, x, "NHWC"), window, padding, (), "NHWC", _lowest(x))
    found, place = op.MaxPool(
        image, kernel_shape=list(window.kernel), strides=list(window.strides), outputs=2, **pads
    )
    _, channels, height, width = (
        op.constant([dim]) if isinstance(dim, int) else dim for dim in dims_of(op, image)
    )
    area = op.Mul(height, width)
    pixel, plane = op.Mod(place, area), op.Div(place, area)
    index = op.Add(op.Mul(pixel, channels), op.Mod(plane, channels))
    if include_batch_in_index:
        index = op.Add(index, op.Mul(op.Div(plane, channels), op.Mul(area, channels)))
    return channels_last(op, found, "NHWC"), cast(op, channels_last(op, index, "NHWC"), Targmax)
