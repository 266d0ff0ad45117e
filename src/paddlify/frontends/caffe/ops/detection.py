"""SSD's prior boxes and its detection output.

Definitions: W. Liu et al., "SSD: Single Shot MultiBox Detector", and the layers of its Caffe fork.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import onnx_ir as ir

from paddlify.errors import LoadError, Refusal
from paddlify.frontends.caffe.lowering import Recorder, dims_of, lowers, static_dims

MAX_BOXES: Final = 1 << 20
MAX_SCORES: Final = 1 << 23
"""Boxes times classes: SSD512 for 200 classes has five million."""
LOWEST: Final = float(np.finfo(np.float32).min)


@lowers("PriorBox", param="prior_box_param")
def prior_box(
    op: Recorder, x: ir.Value, picture: ir.Value, *, min_size: Sequence[float], max_size: Sequence[float],
    aspect_ratio: Sequence[float], flip: bool, clip: bool, variance: Sequence[float], img_size: int | None,
    img_h: int | None, img_w: int | None, step: float | None, step_h: float | None, step_w: float | None,
    offset: float,
) -> Any:
    """Boxes around each place of x, and their variances, as [1, 2, boxes * 4]. They depend on sizes alone."""
    height, width = static_dims(x, 2)
    if img_size or img_h or img_w:
        picture_size = [img_h or img_size or 0, img_w or img_size or 0]
    else:
        picture_size = static_dims(picture, 2)
    if len(max_size) not in (0, len(min_size)) or not min_size or min(min_size) <= 0 or min(picture_size) < 1:
        raise LoadError(f"min_size {list(min_size)}, max_size {list(max_size)} are impossible")
    steps = (step_h or step or 0.0, step_w or step or 0.0)
    if 0 in steps:
        steps = (picture_size[0] / height, picture_size[1] / width)
    sizes = box_sizes(min_size, max_size, aspect_ratio, flip=flip)
    if height * width * len(sizes) > MAX_BOXES:
        raise LoadError(f"{height * width * len(sizes)} boxes are more than {MAX_BOXES}")
    boxes = _boxes((height, width), steps, sizes, offset) / np.tile(picture_size[::-1], 2).astype(np.float32)
    if clip:
        boxes = np.clip(boxes, 0, 1)
    if len(variance) not in (0, 1, 4) or min(variance, default=1) <= 0:
        raise LoadError(f"variance {list(variance)} must be one or four positive numbers")
    variances = np.resize(np.array(variance or [0.1], np.float32), boxes.shape)
    flat = np.stack([boxes.reshape(-1), variances.reshape(-1)]).astype(np.float32)[None]
    return op.constant(flat, name=f"{op.layer.name}/boxes")


def box_sizes(
    min_size: Sequence[float], max_size: Sequence[float], aspect_ratio: Sequence[float], *, flip: bool
) -> list[tuple[float, float]]:
    """Width and height of the boxes at one place: for each min_size a square, one between the sizes, the ratios."""
    ratios = [1.0]
    for ratio in aspect_ratio:
        if all(abs(ratio - other) >= 1e-6 for other in ratios):
            ratios += [ratio, 1 / ratio] if flip else [ratio]
    sizes = []
    for index, small in enumerate(min_size):
        sizes.append((small, small))
        if max_size:
            sizes.append((math.sqrt(small * max_size[index]),) * 2)
        sizes += [
            (small * math.sqrt(ratio), small / math.sqrt(ratio)) for ratio in ratios if abs(ratio - 1) >= 1e-6
        ]
    return sizes


def _boxes(
    size: tuple[int, int], steps: tuple[float, float], sizes: Sequence[tuple[float, float]], offset: float
) -> np.ndarray:
    """Corners (x1, y1, x2, y2) in pixels, [height, width, sizes, 4]."""
    centre_y = ((np.arange(size[0], dtype=np.float32) + np.float32(offset)) * np.float32(steps[0]))[:, None, None]
    centre_x = ((np.arange(size[1], dtype=np.float32) + np.float32(offset)) * np.float32(steps[1]))[None, :, None]
    halves = np.array(sizes, np.float32) / 2
    corners = (centre_x - halves[:, 0], centre_y - halves[:, 1], centre_x + halves[:, 0], centre_y + halves[:, 1])
    return np.stack(np.broadcast_arrays(*corners), axis=-1)


@lowers("DetectionOutput", param="detection_output_param")
def detection_output(
    op: Recorder, location: ir.Value, confidence: ir.Value, prior: ir.Value, *, num_classes: int,
    share_location: bool, background_label_id: int, nms_param: Any, code_type: str, keep_top_k: int,
    confidence_threshold: float | None, variance_encoded_in_target: bool, clip: bool,
) -> Any:
    """Rows (image, label, score, x1, y1, x2, y2) as [1, 1, rows, 7], by image, label and falling score.

    Each class of each image is searched by itself: its `nms_param.top_k` best boxes, of which suppression keeps those
    that no better one covers; the `keep_top_k` best of an image are given. A row (image, -1, …) stands for each image
    when nothing at all is found.
    """
    nms = op.layer.detection_output_param.nms_param if nms_param is None else nms_param
    if nms.eta != 1:
        raise Refusal(f"nms_param.eta={nms.eta:g} is not supported")
    count = static_dims(prior, 2)[0] // 4
    if num_classes <= (0 <= background_label_id < num_classes) or not count:
        raise LoadError(f"num_classes={num_classes} leaves nothing to detect")
    if count * num_classes > MAX_SCORES:
        raise LoadError(f"{num_classes} scores for each of {count} boxes are more than {MAX_SCORES}")
    classes = [index for index in range(num_classes) if index != background_label_id]
    groups = 1 if share_location else num_classes
    if static_dims(location, 1) != [count * groups * 4] or static_dims(confidence, 1) != [count * num_classes]:
        raise LoadError(f"{count} prior boxes do not fit bottoms {dims_of(location)} and {dims_of(confidence)}")
    (images,) = static_dims(location, 0, 1)
    sizes = (images, count, groups)
    boxes = _decoded(op, location, prior, sizes, code_type, with_variance=not variance_encoded_in_target)
    if clip:
        boxes = op.Clip(boxes, op.constant(0.0), op.constant(1.0))
    scores = op.Transpose(op.Reshape(confidence, op.constant([images, count, num_classes])), perm=[0, 2, 1])
    if len(classes) < num_classes:
        wanted = op.constant(classes)
        scores = op.Gather(scores, wanted, axis=1)
        boxes = boxes if share_location else op.Gather(boxes, wanted, axis=1)
    top_k = min(nms.top_k, count) if nms.HasField("top_k") and nms.top_k > -1 else count
    best, places = op.TopK(scores, op.constant([top_k]), outputs=2, axis=2)
    corners = _gathered(op, boxes, places, [images, len(classes), top_k])
    kept = _suppressed(op, corners, best, nms.nms_threshold, confidence_threshold)
    if keep_top_k > -1:
        kept = _best_of_image(op, kept, best, images, min(keep_top_k, len(classes) * top_k))
    return _rows(op, kept, best, corners, classes, images)


def _decoded(
    op: Recorder, location: ir.Value, prior: ir.Value, sizes: tuple[int, int, int], code_type: str, *,
    with_variance: bool,
) -> Any:
    """Corner boxes [images, groups, boxes, 4] from the net's offsets to the prior boxes."""
    images, count, groups = sizes
    offsets = op.Transpose(op.Reshape(location, op.constant([images, count, groups, 4])), perm=[0, 2, 1, 3])
    halves = op.Split(op.Reshape(prior, op.constant([2, count, 4])), outputs=2, axis=0, num_outputs=2)
    corners, variance = halves
    if with_variance:
        offsets = op.Mul(offsets, variance)
    two = op.constant(2.0)
    offset_a, offset_b = op.Split(offsets, outputs=2, axis=3, num_outputs=2)
    low, high = op.Split(corners, outputs=2, axis=2, num_outputs=2)
    size = op.Sub(high, low)
    if code_type == "CORNER":
        return op.Add(offsets, corners)
    if code_type == "CORNER_SIZE":
        parts = (op.Add(low, op.Mul(offset_a, size)), op.Add(high, op.Mul(offset_b, size)))
        return op.Concat(*parts, axis=3)
    centre = op.Add(op.Mul(offset_a, size), op.Div(op.Add(low, high), two))
    half = op.Div(op.Mul(op.Exp(offset_b), size), two)
    return op.Concat(op.Sub(centre, half), op.Add(centre, half), axis=3)


def _gathered(op: Recorder, boxes: ir.Value, places: ir.Value, sizes: list[int]) -> Any:
    """Boxes at `places` for each image and class, [images, classes, top_k, 4]."""
    spread = op.Expand(op.Unsqueeze(places, op.constant([3])), op.constant([*sizes, 4]))
    count = static_dims(boxes, 2, 3)[0]
    everywhere = op.Expand(boxes, op.constant([*sizes[:2], count, 4]))
    return op.GatherElements(everywhere, spread, axis=2)


def _suppressed(
    op: Recorder, corners: ir.Value, scores: ir.Value, iou_threshold: float, score_threshold: float | None
) -> Any:
    """1 where non-maximum suppression keeps a box, [images, classes, top_k]; each pair is a batch of its own.

    One more batch, in which the first box alone is kept and which is cut off again, keeps the result from being empty.
    Caffe gives no area to a box whose corners are the wrong way round, ONNX swaps them: here they become points.
    """
    images, classes, top_k = static_dims(scores)
    pairs = images * classes
    low, high = op.Split(corners, outputs=2, axis=3, num_outputs=2)
    ordered = op.Reshape(op.Concat(low, op.Max(low, high), axis=3), op.constant([pairs, top_k, 4]))
    more_boxes = op.constant(np.zeros((1, top_k, 4), np.float32))
    more_scores = np.full((1, 1, top_k), LOWEST, np.float32)
    more_scores[0, 0, 0] = -LOWEST
    chosen = op.NonMaxSuppression(
        op.Concat(ordered, more_boxes, axis=0),
        op.Concat(op.Reshape(scores, op.constant([pairs, 1, top_k])), op.constant(more_scores), axis=0),
        op.constant([top_k]),
        op.constant([iou_threshold]),
        op.constant([LOWEST if score_threshold is None else score_threshold]),
    )
    places = op.Gather(chosen, op.constant([0, 2]), axis=1)
    ones = op.Expand(op.constant(1.0), op.Shape(places, start=0, end=1))
    marks = op.ScatterND(op.constant(np.zeros((pairs + 1, top_k), np.float32)), places, ones)
    kept = op.Slice(marks, *(op.constant([item]) for item in (0, pairs, 0)))
    return op.Reshape(kept, op.constant([images, classes, top_k]))


def _best_of_image(op: Recorder, kept: ir.Value, scores: ir.Value, images: int, count: int) -> Any:
    """Those of the kept boxes that are among the `count` best of their image."""
    lowest = op.constant(LOWEST)
    flat = op.constant([images, -1])
    ranked = op.Reshape(op.Where(op.Cast(kept, to=ir.DataType.BOOL), scores, lowest), flat)
    _, places = op.TopK(ranked, op.constant([count]), outputs=2, axis=1)
    flat_kept = op.Reshape(kept, flat)
    nothing = op.Sub(flat_kept, flat_kept)
    best = op.ScatterElements(nothing, places, op.constant(np.ones((images, count), np.float32)), axis=1)
    return op.Mul(kept, op.Reshape(best, op.Shape(kept)))


def _rows(
    op: Recorder, kept: ir.Value, scores: ir.Value, corners: ir.Value, classes: Sequence[int], images: int
) -> Any:
    """Rows of all boxes and then of the stand-ins, of which those are taken that are kept: at least one."""
    top_k = static_dims(scores, 2)[0]
    numbers = np.array([(image, label) for image in range(images) for label in classes], np.float32)
    columns = (
        op.constant(np.repeat(numbers, top_k, axis=0)),
        op.Reshape(scores, op.constant([-1, 1])),
        op.Reshape(corners, op.constant([-1, 4])),
    )
    stand_ins = np.full((images, 7), -1, np.float32)
    stand_ins[:, 0] = np.arange(images)
    rows = op.Concat(op.Concat(*columns, axis=1), op.constant(stand_ins), axis=0)
    marks = op.Reshape(kept, op.constant([-1]))
    is_nothing = op.Sub(op.constant(1.0), op.ReduceMax(marks, op.constant([0]), keepdims=1))
    marks = op.Concat(marks, op.Expand(is_nothing, op.constant([images])), axis=0)
    places = op.Squeeze(op.NonZero(marks), op.constant([0]))
    return op.Reshape(op.Gather(rows, places, axis=0), op.constant([1, 1, -1, 7]))
