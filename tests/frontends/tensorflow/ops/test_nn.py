from __future__ import annotations

import numpy as np
import pytest

from frontends.tensorflow.ops.expressions import call, const, f32, f64, i32
from frontends.tensorflow.ops.harness import Compare, each

X = f32(2, 5, 4, 6, low=-9, high=9)
SCALE, OFFSET, MEAN, VARIANCE = f32(6), f32(6, seed=1), f32(6, seed=2), f32(6, low=0.1)


@each(
    *(
        call(name, X)
        for name in ("Elu", "Relu", "Relu6", "Selu", "Softplus", "Softsign", "Softmax", "LogSoftmax", "L2Loss")
    ),
    call("LeakyRelu", X),
    call("LeakyRelu", X, alpha=0.5),
    call("Relu", i32(3, 4)),
    call("Relu6", i32(3, 4)),
    call("Softmax", f64(3, 4)),
    call("BiasAdd", X, const(f32(6))),
    call("BiasAdd", X, const(f32(5)), data_format="NCHW"),
    call("BiasAdd", f32(3, 4), const(f32(4))),
    call("BiasAddV1", X, const(f32(6))),
)
def test_activation(compare: Compare, case, dynamic):
    compare(case, dynamic=dynamic)


LABELS = np.array([[0, 1, 0], [0.2, 0.3, 0.5]], np.float32)


@each(
    call("SoftmaxCrossEntropyWithLogits", f32(2, 3), LABELS),
    call("SoftmaxCrossEntropyWithLogits", f32(2, 3), const(LABELS[:1])),
    call("SparseSoftmaxCrossEntropyWithLogits", f32(4, 3, low=-50, high=50), const([0, 2, 1, 1])),
    call("SparseSoftmaxCrossEntropyWithLogits", f32(2, 3), np.array([2, 0], np.int64)),
)
def test_cross_entropy(compare: Compare, case, dynamic):
    compare(case, dynamic=dynamic)


@each(
    *(
        call(name, X, const(SCALE), const(OFFSET), const(MEAN), const(VARIANCE), is_training=False, epsilon=epsilon)
        for name in ("FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3")
        for epsilon in (1e-4, 0.01)
    ),
    *(
        call(name, X, const(SCALE), const(OFFSET), const(f32(0)), const(f32(0)), is_training=True)
        for name in ("FusedBatchNorm", "FusedBatchNormV3")
    ),
    call("FusedBatchNormV3", X.astype(np.float16), *map(const, (SCALE, OFFSET, MEAN, VARIANCE)), is_training=True)[1],
    call("LRN", X),
    call("LRN", X, depth_radius=1, bias=2.0, alpha=0.3, beta=0.75),
    call("LRN", X, depth_radius=7, bias=0.5, alpha=1e-4, beta=0.75),
)
def test_normalisation(compare: Compare, case, dynamic):
    compare(case, dynamic=dynamic, atol=2e-6)


@pytest.mark.parametrize("is_training", [False, True])
@pytest.mark.parametrize("dynamic", [False, True])
def test_batch_norm_channels_first(compare: Compare, is_training, dynamic):
    x = f32(2, 6, 5, 4)
    nhwc = call("Transpose", x, const([0, 2, 3, 1]))
    parameters = [const(p) for p in (SCALE, OFFSET, *((f32(0), f32(0)) if is_training else (MEAN, VARIANCE)))]
    last = call("FusedBatchNormV3", nhwc, *parameters, is_training=is_training)
    case = call("FusedBatchNormV3", x, *parameters, is_training=is_training, data_format="NCHW")
    compare(case[0], expected=call("Transpose", last[0], const([0, 3, 1, 2])), dynamic=dynamic, atol=2e-6)
