from __future__ import annotations

import numpy as np
import pytest

from frontends.tensorflow.ops.expressions import call, const, f32, f64, i32
from frontends.tensorflow.ops.harness import Compare
from paddlify.errors import UnsupportedModel

X = f32(2, 4, 4, 6)
BATCH_NORM = [const(f32(6, low=0.1, seed=seed)) for seed in range(4)]


@pytest.mark.parametrize(
    ("case", "reason"),
    [
        (call("Betainc", f32(2, low=0.1), f32(2, low=0.1), f32(2, low=0.1, high=0.9)), "the operator is not supported"),
        (call("MatrixSquareRoot", f32(3, 3)), "the operator is not supported"),
        (call("Round", i32(3)), "for integers is not defined"),
        (call("Cast", f64(3), DstT="float32", Truncate=True), "Truncate=True"),
        (call("MaxPool", X, ksize=[1, 1, 1, 2], strides=[1, 1, 1, 2], padding="VALID"), "over batch or channels"),
        (
            call("Conv2D", i32(1, 4, 4, 2), i32(2, 2, 2, 3), strides=[1, 1, 1, 1], padding="VALID"),
            "no convolution of int32",
        ),
        (
            call("FusedBatchNormV3", X, *BATCH_NORM, is_training=True, exponential_avg_factor=0.5)[0],
            "exponential_avg_factor=0.5",
        ),
        (call("GatherNd", X, const(np.zeros((3, 0), np.int32))), "no elements along the last axis"),
        (call("Transpose", f32(2, 3), np.array([1, 0], np.int32)), "must be known at conversion time"),
        (call("ReverseV2", f32(2, 3), np.array([1], np.int32)), "must be known at conversion time"),
        (call("Tanh", call("Complex", f32(2), f32(2))), "complex numbers are not supported"),
        (call("Neg", call("Complex", f32(2), f32(2))), "complex numbers"),
    ],
    ids=lambda value: None if isinstance(value, str) else repr(value),
)
def test_what_onnx_cannot_say_is_refused(compare: Compare, case, reason):
    with pytest.raises(UnsupportedModel, match=reason):
        compare(case, dynamic=False)
