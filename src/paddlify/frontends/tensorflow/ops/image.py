# mypy: disable-error-code="no-any-return"

"""Crops, windows and colours of images, and the selection of boxes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx_ir as ir

from paddlify.errors import Refusal
from paddlify.frontends.tensorflow.lowering import lowers
from paddlify.frontends.tensorflow.ops.common import (
    Op,
    Result,
    Value,
    cast,
    int32,
    int64,
    reshape,
    size_of,
    sizes,
    slice_axis,
    squeeze,
    unsqueeze,
    vector,
)
from paddlify.frontends.tensorflow.ops.layout import channels_first, channels_last
from paddlify.frontends.tensorflow.ops.padding import Window, same_padded
from paddlify.ir.builder import constant_of, dtype_of, rank_of
from paddlify.ir.inference import known_array


@lowers("CropAndResize")
def crop_and_resize(
    op: Op, image: Value, boxes: Value, box_ind: Value, crop_size: Value, *, method: str, extrapolation_value: float
) -> Result:
    """Each box of an image is sampled at crop_size places, the corners included; places outside get a fixed value.

    The image is read as a list of pixels, of which each sample needs one (nearest) or four (bilinear).
    """
    if method not in ("bilinear", "nearest"):
        raise Refusal(f"attribute method={method} is not supported")
    pixels = reshape(op, cast(op, image, ir.DataType.FLOAT), [-1], size_of(op, image, 3))
    height, width = size_of(op, image, 1), size_of(op, image, 2)
    wanted = vector(op, crop_size)
    y, x = (
        _sample_places(op, boxes, axis, size, slice_axis(op, wanted, 0, axis, axis + 1))
        for axis, size in enumerate((height, width))
    )
    first = unsqueeze(op, op.Mul(int64(op, box_ind), op.Mul(height, width)), 1)

    def pixel(row: Value, column: Value) -> Value:
        """Pixels of rows [boxes, h] and columns [boxes, w] as [boxes, h, w, channels]."""
        begin = op.Add(first, op.Mul(_inside(op, row, height), width))
        return op.Gather(pixels, op.Add(unsqueeze(op, begin, 2), unsqueeze(op, _inside(op, column, width), 1)), axis=0)

    if method == "nearest":
        half = op.constant(0.5)
        sampled = pixel(op.Floor(op.Add(y, half)), op.Floor(op.Add(x, half)))
    else:
        top, left = op.Floor(y), op.Floor(x)
        bottom, right = op.Ceil(y), op.Ceil(x)
        down, across = unsqueeze(op, op.Sub(y, top), 2, 3), unsqueeze(op, op.Sub(x, left), 1, 3)
        upper = _between(op, pixel(top, left), pixel(top, right), across)
        sampled = _between(op, upper, _between(op, pixel(bottom, left), pixel(bottom, right), across), down)
    outside = op.Or(unsqueeze(op, _is_outside(op, y, height), 2, 3), unsqueeze(op, _is_outside(op, x, width), 1, 3))
    return op.Where(outside, op.constant(float(extrapolation_value)), sampled)


def _sample_places(op: Op, boxes: Value, axis: int, size: Value, count: Value) -> Value:
    """Where each box is sampled along an axis, in pixels: a matrix of boxes and places."""
    start, end = slice_axis(op, boxes, 1, axis, axis + 1), slice_axis(op, boxes, 1, axis + 2, axis + 3)
    last = op.Cast(op.Sub(size, op.constant([1])), to=ir.DataType.FLOAT)
    steps = op.Sub(count, op.constant([1]))
    step = op.Div(op.Mul(op.Sub(end, start), last), op.Cast(op.Max(steps, op.constant([1])), to=ir.DataType.FLOAT))
    order = op.Cast(op.Range(op.constant(0), squeeze(op, count, 0), op.constant(1)), to=ir.DataType.FLOAT)
    several = op.Add(op.Mul(start, last), op.Mul(order, step))
    middle = op.Mul(op.Mul(op.Add(start, end), op.constant(0.5)), last)
    return op.Where(op.Equal(count, op.constant([1])), middle, several)


def _inside(op: Op, place: Value, size: Value) -> Value:
    """The nearest pixel that exists, as an integer."""
    return op.Min(op.Max(op.Cast(place, to=ir.DataType.INT64), op.constant([0])), op.Sub(size, op.constant([1])))


def _is_outside(op: Op, place: Value, size: Value) -> Value:
    last = op.Cast(op.Sub(size, op.constant([1])), to=ir.DataType.FLOAT)
    return op.Or(op.Less(place, op.constant(0.0)), op.Greater(place, last))


def _between(op: Op, a: Value, b: Value, share: Value) -> Value:
    return op.Add(a, op.Mul(op.Sub(b, a), share))


@lowers("NonMaxSuppression")
def non_max_suppression(op: Op, boxes: Value, scores: Value, count: Value, *, iou_threshold: float) -> Result:
    return int32(op, _suppressed(op, boxes, scores, count, op.constant(float(iou_threshold)), None))


@lowers("NonMaxSuppressionV2")
def non_max_suppression_v2(op: Op, boxes: Value, scores: Value, count: Value, iou_threshold: Value) -> Result:
    return int32(op, _suppressed(op, boxes, scores, count, iou_threshold, None))


@lowers("NonMaxSuppressionV3")
def non_max_suppression_v3(
    op: Op, boxes: Value, scores: Value, count: Value, iou_threshold: Value, score_threshold: Value
) -> Result:
    return int32(op, _suppressed(op, boxes, scores, count, iou_threshold, score_threshold))


@lowers("NonMaxSuppressionV4")
def non_max_suppression_v4(
    op: Op, boxes: Value, scores: Value, count: Value, iou_threshold: Value, score_threshold: Value, *,
    pad_to_max_output_size: bool,
) -> Result:
    """The chosen boxes, and how many there are; the former filled up with 0 if wanted."""
    chosen = _suppressed(op, boxes, scores, count, iou_threshold, score_threshold)
    found = op.Shape(chosen)
    if pad_to_max_output_size:
        chosen = _filled_up(op, chosen, found, count)
    return int32(op, chosen), int32(op, squeeze(op, found, 0))


@lowers("NonMaxSuppressionV5")
def non_max_suppression_v5(
    op: Op, boxes: Value, scores: Value, count: Value, iou_threshold: Value, score_threshold: Value, sigma: Value, *,
    pad_to_max_output_size: bool,
) -> Result:
    """The chosen boxes, their scores, and how many there are."""
    if constant_of(sigma, "soft_nms_sigma") != 0:
        raise Refusal("ONNX has no soft suppression: soft_nms_sigma must be 0")
    chosen = _suppressed(op, boxes, scores, count, iou_threshold, score_threshold)
    found = op.Shape(chosen)
    taken = op.Gather(scores, chosen, axis=0)
    if pad_to_max_output_size:
        chosen, taken = _filled_up(op, chosen, found, count), _filled_up(op, taken, found, count)
    return int32(op, chosen), taken, int32(op, squeeze(op, found, 0))


def _suppressed(
    op: Op, boxes: Value, scores: Value, count: Value, iou_threshold: Value, score_threshold: Value | None
) -> Value:
    """Indices of the boxes kept, best first. Boxes are two opposite corners (y, x, y, x), as in ONNX."""
    single = ir.DataType.FLOAT
    found = op.NonMaxSuppression(
        unsqueeze(op, cast(op, boxes, single), 0), unsqueeze(op, cast(op, scores, single), 0, 1), vector(op, count),
        _one(op, iou_threshold), _one(op, score_threshold) if score_threshold is not None else None,
    )
    return squeeze(op, slice_axis(op, found, 1, 2, 3), 1)


def _one(op: Op, x: Value) -> Value:
    known = known_array(x)
    if known is not None:
        return op.constant(known.reshape(1), ir.DataType.FLOAT)
    return op.Reshape(cast(op, x, ir.DataType.FLOAT), op.constant([1]))


def _filled_up(op: Op, x: Value, found: Value, count: Value) -> Value:
    missing = op.Max(op.Sub(vector(op, count), found), op.constant([0]))
    return op.Pad(x, op.Concat(op.constant([0]), missing, axis=0), mode="constant")


@lowers("ExtractImagePatches")
def extract_image_patches(
    op: Op, images: Value, *, ksizes: Sequence[int], strides: Sequence[int], rates: Sequence[int], padding: str
) -> Result:
    """Each window, flattened to (row, column, channel), becomes the channels of one pixel: slices, not a product."""
    kernel = list(ksizes[1:3])
    window = Window(kernel, list(strides[1:3]), list(rates[1:3]))
    image = channels_first(op, images, "NHWC")
    if padding not in ("SAME", "VALID"):
        raise Refusal(f"padding {padding} is not supported")
    image = same_padded(op, image, window, 0) if padding == "SAME" else image
    counts = [
        op.Div(op.Sub(size_of(op, image, axis + 2), op.constant([extent - step])), op.constant([step]))
        for axis, (extent, step) in enumerate(zip(window.extents, window.strides, strict=True))
    ]
    parts = []
    for row in range(kernel[0]):
        for column in range(kernel[1]):
            starts = [row * window.dilations[0], column * window.dilations[1]]
            ends = [
                op.Add(op.Mul(op.Sub(count, op.constant([1])), op.constant([step])), op.constant([start + 1]))
                for count, step, start in zip(counts, window.strides, starts, strict=True)
            ]
            parts.append(
                op.Slice(
                    image, op.constant(starts), op.Concat(*ends, axis=0), op.constant([2, 3]),
                    op.constant(list(window.strides)),
                )
            )
    return channels_last(op, op.Concat(*parts, axis=1), "NHWC")


@lowers("AdjustContrastv2")
def adjust_contrast(op: Op, images: Value, factor: Value) -> Result:
    """Distances from each channel's mean over the image are multiplied."""
    rank = rank_of(images)
    mean = op.ReduceMean(images, op.constant([rank - 3, rank - 2]), keepdims=1)
    return op.Add(op.Mul(op.Sub(images, mean), cast(op, factor, dtype_of(images))), mean)


@lowers("RGBToHSV")
def rgb_to_hsv(op: Op, images: Value) -> Result:
    return op.Concat(*_hsv(op, images), axis=rank_of(images) - 1)


@lowers("HSVToRGB")
def hsv_to_rgb(op: Op, images: Value) -> Result:
    last = rank_of(images) - 1
    return _rgb(op, last, *(slice_axis(op, images, last, index, index + 1) for index in range(3)))


@lowers("AdjustHue")
def adjust_hue(op: Op, images: Value, delta: Value) -> Result:
    """The hue is turned by `delta` of the circle."""
    hue, saturation, value = _hsv(op, images)
    turned = op.Add(hue, cast(op, delta, dtype_of(images)))
    return _rgb(op, rank_of(images) - 1, op.Sub(turned, op.Floor(turned)), saturation, value)


@lowers("AdjustSaturation")
def adjust_saturation(op: Op, images: Value, scale: Value) -> Result:
    hue, saturation, value = _hsv(op, images)
    scaled = op.Mul(saturation, cast(op, scale, dtype_of(images)))
    clipped = op.Clip(scaled, op.constant_like(images, 0), op.constant_like(images, 1))
    return _rgb(op, rank_of(images) - 1, hue, clipped, value)


def _hsv(op: Op, images: Value) -> tuple[Value, Value, Value]:
    """Hue (in 0 … 1), saturation and value of colours along the last axis, each with that axis of size 1."""
    last = rank_of(images) - 1
    red, green, blue = (slice_axis(op, images, last, index, index + 1) for index in range(3))
    zero, one = op.constant_like(images, 0), op.constant_like(images, 1)
    value = op.ReduceMax(images, op.constant([last]), keepdims=1)
    spread = op.Sub(value, op.ReduceMin(images, op.constant([last]), keepdims=1))
    saturation = op.Where(op.Greater(value, zero), op.Div(spread, op.Where(op.Greater(value, zero), value, one)), zero)
    sixth = op.Div(op.constant_like(images, 1 / 6), op.Where(op.Greater(spread, zero), spread, one))

    def sector(a: Value, b: Value, start: float) -> Value:
        return op.Add(op.Mul(sixth, op.Sub(a, b)), op.constant_like(images, start))

    hue = op.Where(
        op.Equal(red, value), op.Mul(sixth, op.Sub(green, blue)),
        op.Where(op.Equal(green, value), sector(blue, red, 2 / 6), sector(red, green, 4 / 6)),
    )
    hue = op.Where(op.Greater(spread, zero), hue, zero)
    return op.Where(op.Less(hue, zero), op.Add(hue, one), hue), saturation, value


def _rgb(op: Op, axis: int, hue: Value, saturation: Value, value: Value) -> Value:
    """Colours along an axis from hue, saturation and value: v · (1 - s · (1 - clip(f(6h), 0, 1))) for each."""
    zero, one = op.constant_like(hue, 0), op.constant_like(hue, 1)
    sixths = op.Mul(hue, op.constant_like(hue, 6))

    def distance(centre: float) -> Value:
        return op.Abs(op.Sub(sixths, op.constant_like(hue, centre)))

    def minus(x: Value, number: float) -> Value:
        return op.Sub(x, op.constant_like(hue, number))

    shares = [minus(distance(3), 1), op.Neg(minus(distance(2), 2)), op.Neg(minus(distance(4), 2))]
    colours = [
        op.Mul(value, op.Add(op.Sub(one, saturation), op.Mul(saturation, op.Clip(share, zero, one))))
        for share in shares
    ]
    return op.Concat(*colours, axis=axis)


@lowers("CombinedNonMaxSuppression")
def combined_non_max_suppression(
    op: Op, boxes: Value, scores: Value, per_class: Value, total: Value, iou_threshold: Value,
    score_threshold: Value, *, pad_per_class: bool, clip_boxes: bool,
) -> Result:
    """For each image the best boxes of all classes: boxes, scores, classes, and how many there are.

    Boxes [batch, count, q, 4] are shared by the classes (q = 1); scores are [batch, count, classes].
    """
    if sizes(boxes)[2] != 1:
        raise Refusal("boxes that differ from class to class are not supported")
    shared = squeeze(op, boxes, 2)
    by_class = op.Transpose(scores, perm=[0, 2, 1])
    found = op.NonMaxSuppression(
        shared, by_class, vector(op, per_class), _one(op, iou_threshold), _one(op, score_threshold)
    )
    lowest = op.constant_like(scores, np.finfo(np.float32).min)
    kept = op.ScatterND(
        op.Expand(lowest, op.Shape(by_class)), found, op.GatherND(by_class, found)
    )
    count = size_of(op, scores, 1)
    flat = op.Reshape(kept, op.constant([0, -1]))
    limit = vector(op, total)
    if pad_per_class:
        limit = op.Min(limit, op.Mul(size_of(op, scores, 2), vector(op, per_class)))
    available = op.Min(limit, op.Shape(flat, start=1))
    best, place = op.TopK(flat, available, axis=1, outputs=2)
    is_box = op.Greater(best, lowest)
    zero = op.constant_like(scores, 0)
    box = op.GatherND(shared, unsqueeze(op, op.Mod(place, count), 2), batch_dims=1)
    box = op.Clip(box, zero, op.constant_like(scores, 1)) if clip_boxes else box
    cleaned = (
        op.Where(unsqueeze(op, is_box, 2), box, zero),
        op.Where(is_box, best, zero),
        op.Where(is_box, op.Cast(op.Div(place, count), to=dtype_of(scores)), zero),
    )
    missing = op.Sub(limit, available)
    of_rows = op.Concat(op.constant([0, 0, 0]), missing, axis=0)
    of_boxes = op.Concat(op.constant([0, 0, 0, 0]), missing, op.constant([0]), axis=0)
    pads = (of_boxes, of_rows, of_rows)
    outputs = [op.Pad(x, pad, mode="constant") for x, pad in zip(cleaned, pads, strict=True)]
    valid = op.ReduceSum(op.Cast(is_box, to=ir.DataType.INT32), op.constant([1]), keepdims=0)
    return (*outputs, valid)
