"""Activations, bias, normalisation, softmax and losses."""

from __future__ import annotations

import numpy as np

from paddlify.errors import Refusal
from paddlify.frontends.tensorflow.lowering import lowers
from paddlify.frontends.tensorflow.ops.common import Op, Result, Value, cast, int64, lowers_unary, squeeze, unsqueeze
from paddlify.frontends.tensorflow.ops.layout import channels_first, channels_last, is_channels_first
from paddlify.ir.builder import dtype_of, rank_of

lowers_unary({"Elu": "Elu", "Relu": "Relu", "Selu": "Selu", "Softplus": "Softplus", "Softsign": "Softsign"})


@lowers("Relu6")
def relu6(op: Op, x: Value) -> Result:
    return op.Clip(x, op.constant_like(x, 0), op.constant_like(x, 6))


@lowers("LeakyRelu")
def leaky_relu(op: Op, x: Value, *, alpha: float) -> Result:
    return op.LeakyRelu(x, alpha=alpha)


@lowers("BiasAdd")
def bias_add(op: Op, x: Value, bias: Value, *, data_format: str) -> Result:
    if data_format == "NCHW" and rank_of(x) > 2:
        bias = unsqueeze(op, bias, *range(1, rank_of(x) - 1))
    elif data_format not in ("NCHW", "NHWC"):
        raise Refusal(f"data_format {data_format} is not supported")
    return op.Add(x, bias)


@lowers("BiasAddV1")
def bias_add_v1(op: Op, x: Value, bias: Value) -> Result:
    return op.Add(x, bias)


@lowers("Softmax")
def softmax(op: Op, x: Value) -> Result:
    return op.Softmax(x, axis=-1)


@lowers("LogSoftmax")
def log_softmax(op: Op, x: Value) -> Result:
    return op.LogSoftmax(x, axis=-1)


@lowers("SoftmaxCrossEntropyWithLogits")
def softmax_cross_entropy(op: Op, features: Value, labels: Value) -> Result:
    """The loss of each row, and its gradient."""
    logarithms = op.LogSoftmax(features, axis=-1)
    loss = op.Neg(op.ReduceSum(op.Mul(labels, logarithms), op.constant([-1]), keepdims=0))
    return loss, op.Sub(op.Softmax(features, axis=-1), labels)


@lowers("SparseSoftmaxCrossEntropyWithLogits")
def sparse_softmax_cross_entropy(op: Op, features: Value, labels: Value) -> Result:
    """The loss of each row, and its gradient."""
    last = rank_of(features) - 1
    places = unsqueeze(op, int64(op, labels), last)
    picked = op.GatherElements(op.LogSoftmax(features, axis=-1), places, axis=last)
    probabilities = op.Softmax(features, axis=-1)
    classes = op.Range(op.constant(0), squeeze(op, op.Shape(features, start=last), 0), op.constant(1))
    hit = op.Cast(op.Equal(places, classes), to=dtype_of(features))
    return op.Neg(squeeze(op, picked, last)), op.Sub(probabilities, hit)


@lowers("L2Loss")
def l2_loss(op: Op, x: Value) -> Result:
    return op.Mul(op.ReduceSumSquare(x, keepdims=0), op.constant_like(x, 0.5))


@lowers("LRN")
def lrn(op: Op, x: Value, *, depth_radius: int, bias: float, alpha: float, beta: float) -> Result:
    """TensorFlow does not divide alpha by the size of the window, ONNX does."""
    size = 2 * depth_radius + 1
    result = op.LRN(channels_first(op, x, "NHWC"), size=size, bias=bias, alpha=alpha * size, beta=beta)
    return channels_last(op, result, "NHWC")


@lowers("FusedBatchNorm")
def fused_batch_norm(
    op: Op, x: Value, scale: Value, offset: Value, mean: Value, variance: Value, *, epsilon: float,
    exponential_avg_factor: float, data_format: str, is_training: bool,
) -> Result:
    return _batch_norm(
        op, x, scale, offset, mean, variance, epsilon, exponential_avg_factor, data_format, is_training=is_training
    )


@lowers("FusedBatchNormV2")
def fused_batch_norm_v2(
    op: Op, x: Value, scale: Value, offset: Value, mean: Value, variance: Value, *, epsilon: float,
    exponential_avg_factor: float, data_format: str, is_training: bool,
) -> Result:
    return _batch_norm(
        op, x, scale, offset, mean, variance, epsilon, exponential_avg_factor, data_format, is_training=is_training
    )


@lowers("FusedBatchNormV3")
def fused_batch_norm_v3(
    op: Op, x: Value, scale: Value, offset: Value, mean: Value, variance: Value, *, epsilon: float,
    exponential_avg_factor: float, data_format: str, is_training: bool,
) -> Result:
    """On a CPU the third reserved space, which only training reads, is empty."""
    outputs = _batch_norm(
        op, x, scale, offset, mean, variance, epsilon, exponential_avg_factor, data_format, is_training=is_training
    )
    return (*outputs, op.constant(np.zeros(0, np.float32), dtype_of(scale)))


def _batch_norm(
    op: Op, x: Value, scale: Value, offset: Value, mean: Value, variance: Value, epsilon: float, factor: float,
    data_format: str, *, is_training: bool,
) -> tuple[Value, Value, Value, Value, Value]:
    """Result, mean, variance, and what is reserved for the gradient: mean and variance again."""
    if is_training:
        if factor != 1:
            raise Refusal(f"attribute exponential_avg_factor={factor} in training is not supported")
        return _normalised_by_its_own_statistics(op, x, scale, offset, epsilon, data_format)
    image = channels_first(op, x, data_format)
    result = op.BatchNormalization(image, scale, offset, mean, variance, epsilon=epsilon)
    return channels_last(op, result, data_format), mean, variance, mean, variance


def _normalised_by_its_own_statistics(
    op: Op, x: Value, scale: Value, offset: Value, epsilon: float, data_format: str
) -> tuple[Value, Value, Value, Value, Value]:
    """The biased variance normalises; the unbiased one is given out."""
    rank = rank_of(x)
    dtype = dtype_of(scale)
    first = is_channels_first(data_format)
    others = [0, *range(2, rank)] if first else list(range(rank - 1))
    axes = op.constant(others)
    wide = cast(op, x, dtype)
    mean = op.ReduceMean(wide, axes, keepdims=1)
    centred = op.Sub(wide, mean)
    variance = op.ReduceMean(op.Mul(centred, centred), axes, keepdims=1)
    deviation = op.Sqrt(op.Add(variance, op.constant_like(scale, epsilon)))
    gain, bias = (unsqueeze(op, v, *range(1, rank - 1)) if first else v for v in (scale, offset))
    result = op.Add(op.Mul(op.Div(centred, deviation), gain), bias)
    flat_mean, flat_variance = squeeze(op, mean, *others), squeeze(op, variance, *others)
    count = op.Cast(op.Div(op.Size(x), op.Size(flat_mean)), to=dtype)
    one = op.constant_like(count, 1)
    correction = op.Div(count, op.Max(op.Sub(count, one), one))
    return cast(op, result, dtype_of(x)), flat_mean, op.Mul(flat_variance, correction), flat_mean, flat_variance
