"""Pooling over regions of interest. A region is a row (image, x1, y1, x2, y2) in pixels of the net's input."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx_ir as ir

from paddlify.errors import LoadError
from paddlify.frontends.caffe.lowering import MAX_TABLE, Recorder, dims_of, lowers, static_dims
from paddlify.frontends.caffe.ops.activation import scaled


@lowers("ROIPooling", param="roi_pooling_param")
def roi_pooling(
    op: Recorder, x: ir.Value, rois: ir.Value, *, pooled_h: int, pooled_w: int, spatial_scale: float
) -> Any:
    """Fast R-CNN's: the maximum of each bin, whose edges are rounded outwards."""
    if min(pooled_h, pooled_w) < 1:
        raise LoadError("pooled_h and pooled_w must be positive")
    return op.MaxRoiPool(x, _rows(op, rois), pooled_shape=[pooled_h, pooled_w], spatial_scale=spatial_scale)


def _rows(op: Recorder, rois: ir.Value) -> Any:
    """Regions as [R, 5]; nets also give them as [R, 5, 1, 1]."""
    return rois if len(dims_of(rois)) == 2 else op.Reshape(rois, op.constant([-1, 5]))


@lowers("PSROIPooling", param="psroi_pooling_param")
def psroi_pooling(
    op: Recorder, x: ir.Value, rois: ir.Value, *, spatial_scale: float, output_dim: int, group_size: int
) -> Any:
    """R-FCN's: the mean of bin (i, j), taken from channel (c, i, j); 0 for an empty bin.

    Means over rectangles come from sums over everything above and left of a corner, in double precision.
    """
    channels, height, width = static_dims(x, 1)
    if output_dim < 1 or group_size < 1 or channels != output_dim * group_size**2:
        raise LoadError(f"output_dim={output_dim} and group_size={group_size} do not fit {channels} channels")
    if channels > MAX_TABLE:
        raise LoadError(f"{channels} channels are more than {MAX_TABLE}")
    rois = _rows(op, rois)
    columns = [op.Slice(rois, *(op.constant([edge]) for edge in (index, index + 1, 1))) for index in range(5)]
    top, bottom = _bin_edges(op, columns[2], columns[4], spatial_scale, group_size, height)
    left, right = _bin_edges(op, columns[1], columns[3], spatial_scale, group_size, width)
    image = op.Unsqueeze(op.Cast(columns[0], to=ir.DataType.INT64), op.constant([2, 3]))
    plane = op.constant(np.arange(channels, dtype=np.int64).reshape(1, output_dim, group_size, group_size))
    rows = {"top": top, "bottom": bottom}
    lines = {"left": left, "right": right}
    sums = _corner_sums(op, x)

    def corner(row: str, line: str) -> Any:
        vertical = op.Unsqueeze(rows[row], op.constant([1, 3]))
        place = (image, plane, vertical, op.Unsqueeze(lines[line], op.constant([1, 2])))
        shape = op.Concat(
            op.Shape(rois, start=0, end=1), op.constant([output_dim, group_size, group_size]), axis=0
        )
        stacked = [op.Unsqueeze(op.Expand(index, shape), op.constant([4])) for index in place]
        return op.GatherND(sums, op.Concat(*stacked, axis=4))

    total = op.Add(
        op.Sub(corner("bottom", "right"), corner("bottom", "left")),
        op.Sub(corner("top", "left"), corner("top", "right")),
    )
    area = op.Mul(
        op.Unsqueeze(op.Sub(bottom, top), op.constant([1, 3])), op.Unsqueeze(op.Sub(right, left), op.constant([1, 2]))
    )
    is_empty = op.LessOrEqual(area, op.constant(0))
    divisor = op.Cast(op.Where(is_empty, op.constant(1), area), to=ir.DataType.DOUBLE)
    mean = op.Cast(op.Div(total, divisor), to=ir.DataType.FLOAT)
    return op.Where(is_empty, op.constant_like(x, 0), mean)


def _bin_edges(
    op: Recorder, first: ir.Value, last: ir.Value, scale: float, bins: int, size: int
) -> tuple[ir.Value, ir.Value]:
    """Where bins begin and end along one axis, [R, bins], clipped to the picture; a region is 0.1 long at least."""
    start = scaled(op, _rounded(op, first), scale, 0)
    end = scaled(op, scaled(op, _rounded(op, last), 1, 1), scale, 0)
    length = op.Div(op.Max(op.Sub(end, start), op.constant(0.1)), op.constant(float(bins)))
    numbers = op.constant(np.arange(bins + 1, dtype=np.float32))
    edges = op.Add(op.Mul(numbers, length), start)

    def clipped(value: ir.Value, begin: int) -> Any:
        part = op.Slice(value, *(op.constant([edge]) for edge in (begin, begin + bins, 1)))
        limited = op.Clip(part, op.constant(0.0), op.constant(float(size)))
        return op.Cast(limited, to=ir.DataType.INT64)

    begins, ends = clipped(op.Floor(edges), 0), clipped(op.Ceil(edges), 1)
    return begins, op.Max(begins, ends)


def _rounded(op: Recorder, x: ir.Value) -> Any:
    """C's round: halves away from zero."""
    return op.Mul(op.Sign(x), op.Floor(scaled(op, op.Abs(x), 1, 0.5)))


def _corner_sums(op: Recorder, x: ir.Value) -> Any:
    """[N, C, H + 1, W + 1]: the sum of everything above and left of each corner."""
    padded = op.Pad(op.Cast(x, to=ir.DataType.DOUBLE), op.constant([0, 0, 1, 1, 0, 0, 0, 0]))
    down = op.CumSum(padded, op.constant(np.int64(2)))
    return op.CumSum(down, op.constant(np.int64(3)))
