from __future__ import annotations

import numpy as np
import pytest

from frontends.tensorflow.ops.expressions import call, const, f32, i32
from frontends.tensorflow.ops.harness import Compare, each
from paddlify.errors import UnsupportedModel

IMAGES = f32(2, 7, 9, 3)
BOXES = np.array([[0, 0, 1, 1], [0.2, 0.6, 1.3, 0.1], [-0.5, 0.1, 0.5, 0.9], [0.3, 0.3, 0.3, 0.3]], np.float32)
BOX_IND = np.array([0, 1, 1, 0], np.int32)


@each(
    *(
        call("CropAndResize", IMAGES, BOXES, BOX_IND, const(size), method=method, extrapolation_value=value)
        for method in ("bilinear", "nearest")
        for size in ([4, 5], [1, 1], [14, 1], [7, 9])
        for value in (0.0, -3.5)
    ),
    call("CropAndResize", IMAGES, BOXES, BOX_IND, np.array([3, 6], np.int32)),
    call("CropAndResize", i32(2, 5, 5, 2, low=0, high=255, dtype=np.uint8), BOXES, BOX_IND, const([3, 3])),
)
def test_crop_and_resize(compare: Compare, case, dynamic):
    compare(case, dynamic=dynamic, atol=2e-6)


RANDOM_BOXES = np.concatenate([f32(40, 2, low=0, high=10), f32(40, 2, low=0, high=10, seed=1)], axis=1)
SCORES = np.round(f32(40, low=0, high=1), 1)
HALF, THIRD = const(0.5), const(0.3)


@each(
    call("NonMaxSuppression", RANDOM_BOXES, SCORES, const(10), iou_threshold=0.3),
    call("NonMaxSuppressionV2", RANDOM_BOXES, SCORES, const(100), HALF),
    call("NonMaxSuppressionV2", RANDOM_BOXES, -SCORES, const(5), np.float32(0.1)),
    *(
        call("NonMaxSuppressionV3", RANDOM_BOXES, SCORES, const(count), const(iou), THIRD)
        for count in (5, 100)
        for iou in (0.0, 0.2, 1.0)
    ),
    call("NonMaxSuppressionV3", RANDOM_BOXES, SCORES, np.int32(7), np.float32(0.2), np.float32(0.5)),
    call("NonMaxSuppressionV4", RANDOM_BOXES, SCORES, const(30), THIRD, HALF),
    call("NonMaxSuppressionV4", RANDOM_BOXES, SCORES, const(30), THIRD, HALF, pad_to_max_output_size=True),
    call("NonMaxSuppressionV5", RANDOM_BOXES, SCORES, const(30), THIRD, HALF, const(0.0)),
    call("NonMaxSuppressionV5", RANDOM_BOXES, SCORES, const(30), THIRD, HALF, const(0.0), pad_to_max_output_size=True),
)
def test_non_max_suppression(compare: Compare, case, dynamic):
    compare(case, dynamic=dynamic)


def test_soft_suppression_is_refused(compare: Compare):
    with pytest.raises(UnsupportedModel, match="soft_nms_sigma"):
        compare(call("NonMaxSuppressionV5", RANDOM_BOXES, SCORES, const(5), HALF, THIRD, const(0.5)), dynamic=False)


MANY_BOXES = (np.sort(f32(2, 12, 1, 2, 2, low=-0.1, high=1.1), axis=3)).reshape(2, 12, 1, 4)
MANY_SCORES = f32(2, 12, 3, low=0, high=1)


@pytest.mark.parametrize("dynamic", [False])
@pytest.mark.parametrize(("per_class", "total"), [(2, 4), (5, 30), (20, 8), (20, 60)])
@pytest.mark.parametrize("pad_per_class", [False, True])
@pytest.mark.parametrize("clip_boxes", [False, True])
def test_combined_non_max_suppression(compare: Compare, per_class, total, pad_per_class, clip_boxes, dynamic):
    case = call(
        "CombinedNonMaxSuppression", MANY_BOXES, MANY_SCORES, const(per_class), const(total), const(0.2), const(0.4),
        pad_per_class=pad_per_class, clip_boxes=clip_boxes,
    )  # fmt: skip
    compare(case, dynamic=dynamic)


@each(
    *(
        call(
            "ExtractImagePatches",
            IMAGES,
            ksizes=[1, 3, 2, 1],
            strides=[1, 2, 3, 1],
            rates=[1, *rates, 1],
            padding=padding,
        )
        for rates in ([1, 1], [2, 3])
        for padding in ("VALID", "SAME")
    ),
)
def test_patches(compare: Compare, case, dynamic):
    compare(case, dynamic=dynamic)


COLOURS = np.concatenate(
    [
        f32(4, 5, 3, low=0, high=1).reshape(-1, 3),
        np.array([[0, 0, 0], [1, 1, 1], [1, 0, 0], [0, 1, 0], [0, 0, 1], [0.5, 0.5, 0.2]]),
    ]
).astype(np.float32)


@each(
    call("RGBToHSV", COLOURS),
    call("HSVToRGB", COLOURS),
    call("AdjustHue", COLOURS[None], const(0.3)),
    call("AdjustHue", COLOURS[None], np.float32(-0.7)),
    call("AdjustSaturation", COLOURS[None], const(1.7)),
    call("AdjustSaturation", COLOURS[None], const(0.3)),
    call("AdjustContrastv2", f32(2, 4, 5, 3), const(1.6)),
    call("AdjustContrastv2", f32(4, 5, 1), np.float32(0.4)),
)
def test_colour(compare: Compare, case, dynamic):
    compare(case, dynamic=dynamic, atol=2e-6)
