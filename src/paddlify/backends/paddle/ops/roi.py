"""Pooling of regions of interest."""

from __future__ import annotations

import functools
import itertools
from typing import Any

from paddlify.backends.paddle.expression import Expr, Tensor
from paddlify.backends.paddle.module import Recorder, emits
from paddlify.backends.paddle.ops.common import FLOATS, cast, size_of, wide
from paddlify.errors import Refusal


@emits("RoiAlign")
def roi_align(
    paddle: Recorder, x: Tensor, rois: Tensor, batch_indices: Tensor, *, coordinate_transformation_mode: str,
    mode: str, output_height: int, output_width: int, sampling_ratio: int, spatial_scale: float,
) -> Any:
    """The average is Paddle's; the maximum is over the weighted corners of each sample, as onnxruntime takes it."""
    dtype = wide(x.dtype, FLOATS)
    source, boxes = cast(paddle, x, dtype), cast(paddle, rois, dtype)
    aligned = coordinate_transformation_mode == "half_pixel"
    if mode == "max":
        if sampling_ratio == 0:
            raise Refusal("mode=max with sampling_ratio=0 is not supported")
        size = (output_height, output_width)
        result = _max_of_samples(
            paddle, x, source, boxes, batch_indices, size, sampling_ratio, spatial_scale, aligned=aligned
        )
        return cast(paddle, result, x.dtype, of=dtype)
    options = {"spatial_scale": spatial_scale, "sampling_ratio": sampling_ratio or -1, "aligned": aligned}
    result = _by_image(
        paddle, x, source, boxes, batch_indices, paddle.vision.ops.roi_align, (output_height, output_width), options
    )
    return cast(paddle, result, x.dtype, of=dtype)


@emits("MaxRoiPool")
def max_roi_pool(
    paddle: Recorder, x: Tensor, rois: Tensor, *, pooled_shape: list[int], spatial_scale: float
) -> Any:
    """The first column of `rois` says which image of the batch they are of."""
    dtype = wide(x.dtype, FLOATS)
    source, boxes = cast(paddle, x, dtype), cast(paddle, rois, dtype)
    options = {"spatial_scale": spatial_scale}
    images = paddle.cast(boxes[:, 0], "int64")
    corners = boxes[:, 1:] if rois.shape[1] is not None else paddle.reshape(boxes[:, 1:], [-1, 4])
    result = _by_image(
        paddle, x, source, corners, images, paddle.vision.ops.roi_pool, tuple(pooled_shape), options
    )
    return cast(paddle, result, x.dtype, of=dtype)


def _by_image(
    paddle: Recorder, x: Tensor, source: Expr, boxes: Expr, images: Expr, function: Expr, size: tuple[int, ...],
    options: dict[str, Any],
) -> Expr:
    """Paddle wants the boxes in the order of their images, and how many each image has."""
    if x.shape[0] == 1:
        return function(source, boxes, paddle.cast(paddle.shape(boxes)[0:1], "int32"), size, **options)
    order = paddle.let(paddle.argsort(images, stable=True), "order")
    numbers = paddle.unsqueeze(paddle.arange(size_of(paddle, x, 0)), 1)
    counts = paddle.sum(paddle.cast(paddle.equal(paddle.unsqueeze(images, 0), numbers), "int32"), axis=1)
    pooled = function(source, paddle.gather(boxes, order), paddle.cast(counts, "int32"), size, **options)
    return paddle.gather(pooled, paddle.argsort(order))


def _max_of_samples(
    paddle: Recorder, x: Tensor, source: Expr, boxes: Expr, images: Tensor, size: tuple[int, int], samples: int,
    scale: float, *, aligned: bool,
) -> Expr:
    """`samples` by `samples` points in each bin, each with four neighbours weighted by their nearness."""
    offset = 0.5 if aligned else 0.0
    along = []
    for axis, count in enumerate(size):
        start, end = (boxes[:, column] * scale - offset for column in (1 - axis, 3 - axis))
        length = end - start if aligned else paddle.clip(end - start, min=1.0)
        steps = (paddle.arange(count * samples, dtype="float32") + 0.5) / samples
        steps = paddle.cast(steps, wide(x.dtype, FLOATS))
        points = paddle.unsqueeze(start, 1) + paddle.unsqueeze(length / count, 1) * steps
        along.append(_neighbours(paddle, points, size_of(paddle, x, axis + 2)))
    maps = paddle.transpose(source, [0, 2, 3, 1])
    corners = []
    for (rows, row_weights), (columns, column_weights) in itertools.product(*along):
        row, column = paddle.unsqueeze(rows, 2), paddle.unsqueeze(columns, 1)
        image = paddle.reshape(images, [-1, 1, 1])
        index = paddle.stack(paddle.broadcast_tensors([image, row, column]), axis=-1)
        weight = paddle.unsqueeze(row_weights, 2) * paddle.unsqueeze(column_weights, 1)
        corners.append(paddle.gather_nd(maps, index) * paddle.unsqueeze(weight, 3))
    best = functools.reduce(paddle.maximum, corners)
    bins = paddle.reshape(best, [0, size[0], samples, size[1], samples, -1])
    return paddle.transpose(paddle.max(bins, axis=[2, 4]), [0, 3, 1, 2])


def _neighbours(paddle: Recorder, points: Expr, size: Any) -> list[tuple[Expr, Expr]]:
    """The pixels below and above each point with their weights; 0 for points more than a pixel outside."""
    inside = paddle.let((points >= -1.0) & (points <= size), "inside")
    places = paddle.let(paddle.clip(points, 0, size - 1), "places")
    low = paddle.let(paddle.floor(places), "low")
    high = paddle.clip(low + 1, max=size - 1)
    weight = paddle.let(places - low, "weight")
    nothing = paddle.zeros_like(weight)
    return [
        (paddle.cast(low, "int64"), paddle.where(inside, 1 - weight, nothing)),
        (paddle.cast(high, "int64"), paddle.where(inside, weight, nothing)),
    ]
