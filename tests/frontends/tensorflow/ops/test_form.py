"""What one operator becomes: as little as ONNX can say it with, so that Paddle runs one kernel for it."""

from __future__ import annotations

import numpy as np
import pytest

from frontends.tensorflow.ops.expressions import call, const, f32, i32
from frontends.tensorflow.ops.harness import Compare

X = f32(2, 9, 10, 4)
KERNEL = const(f32(3, 3, 4, 5))
STATISTICS = [const(f32(4, low=0.1, seed=seed)) for seed in range(4)]
UNIT = {"strides": [1, 1, 1, 1]}
TWO = {"ksize": [1, 2, 2, 1], "strides": [1, 2, 2, 1]}


@pytest.mark.parametrize("dynamic", [False, True], ids=["static", "dynamic"])
@pytest.mark.parametrize(
    ("case", "operators"),
    [
        (call("Relu6", X), "Clip"),
        (call("ClipByValue", X, const(-1.0), const(1.0)), "Clip"),
        (call("LeakyRelu", X), "LeakyRelu"),
        (call("Conv2D", X, KERNEL, padding="SAME", **UNIT), "Transpose Conv"),
        (call("Conv2D", X, KERNEL, padding="SAME", strides=[1, 2, 2, 1]), "Transpose Conv"),
        (call("Conv2D", X, KERNEL, padding="SAME", dilations=[1, 2, 3, 1], **UNIT), "Transpose Conv"),
        (call("DepthwiseConv2dNative", X, const(f32(3, 3, 4, 2)), padding="SAME", **UNIT), "Transpose Reshape Conv"),
        (call("MaxPool", X, padding="SAME", **TWO), "Transpose MaxPool"),
        (call("AvgPool", X, padding="SAME", **TWO), "Transpose AveragePool"),
        (call("FusedBatchNormV3", X, *STATISTICS, is_training=False)[0], "Transpose BatchNormalization"),
        (call("LRN", X), "Transpose LRN"),
        (call("BiasAdd", X, const(f32(4))), "Add"),
        (call("MatMul", f32(2, 3), f32(3, 4)), "MatMul"),
        (call("Mean", X, const([1, 2])), "ReduceMean"),
        (call("GatherV2", f32(9, 4), i32(2, 3, low=0, high=8), const(0)), "Gather"),
        (call("StridedSlice", X, const([0, 1]), const([0, 5]), const([1, 2]), begin_mask=1, end_mask=1), "Slice"),
        (
            call(
                "StridedSlice",
                X,
                const([0, 1]),
                const([0, 2]),
                const([1, 1]),
                begin_mask=1,
                end_mask=1,
                shrink_axis_mask=2,
            ),
            "Gather",
        ),
        (call("Pad", X, const([[0, 0], [1, 1], [1, 1], [0, 0]])), "Pad"),
        (call("ConcatV2", [X, X], const(-1)), "Concat"),
        (call("Split", const(-1), X, num_split=2), "Split"),
        (call("DepthToSpace", X, block_size=2), "Transpose DepthToSpace"),
        (call("TopKV2", f32(3, 5), const(2))[0], "TopK"),
        (call("Cumsum", X, const(1)), "CumSum"),
        (call("SelectV2", const(np.array(True)), X, const(0.0)), "Where"),
    ],
    ids=lambda value: value if isinstance(value, str) else repr(value),
)
def test_one_operator_of_onnx(compare: Compare, case, operators, dynamic):
    compare(case, dynamic=dynamic, atol=2e-6, operators=operators.split())


@pytest.mark.parametrize(
    ("case", "operators"),
    [
        (call("ResizeNearestNeighbor", X, const([18, 20]), half_pixel_centers=True), "Transpose Resize"),
        (call("ResizeBilinear", X, const([18, 20]), half_pixel_centers=True), "Transpose Resize"),
        (call("ResizeBicubic", X, const([18, 20]), half_pixel_centers=True), "Transpose Resize"),
        (call("ResizeNearestNeighbor", X, const([6, 4])), "Transpose Gather"),
        (call("SpaceToBatchND", f32(2, 4, 6, 3), const([2, 2]), const([[0, 0], [0, 0]])), "Reshape Transpose"),
    ],
    ids=lambda value: value if isinstance(value, str) else repr(value),
)
def test_form_for_known_sizes(compare: Compare, case, operators):
    compare(case, dynamic=False, atol=4e-6, operators=operators.split())


def test_halves_of_sizes_are_plain_divisions(compare: Compare):
    """FloorDiv of what cannot be negative needs no correction, so shape arithmetic stays legible."""
    halves = call("FloorDiv", call("Shape", X), const([1, 2, 2, 1]))
    compare(call("Fill", halves, const(1.0)), dynamic=True, operators={"Shape", "Cast", "Div", "ConstantOfShape"})
