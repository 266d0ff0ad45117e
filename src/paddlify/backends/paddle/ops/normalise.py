"""Normalisations, and Dropout."""

from __future__ import annotations

import functools
import math
import operator
from typing import Any

import numpy as np
import onnx_ir as ir

from paddlify.backends.paddle.expression import Tensor
from paddlify.backends.paddle.module import Recorder, emits
from paddlify.backends.paddle.ops.common import FLOATS, cast, computed, may_own, normal_axis, size_of, wide
from paddlify.errors import Refusal
from paddlify.ir.tensors import Reshaped

_D = ir.DataType


def _per_channel(paddle: Recorder, weight: Any, rank: int) -> Any:
    """A vector over channels, to be broadcast over (N, C, …)."""
    return paddle.reshape(weight, [-1] + [1] * (rank - 2)) if rank > 2 else weight


# Over batch and space


@emits("BatchNormalization")
def batch_normalization(
    paddle: Recorder, x: Tensor, scale: Tensor, bias: Tensor, mean: Tensor, variance: Tensor, *,
    epsilon: float, momentum: float, training_mode: int,
) -> Any:
    if training_mode:
        return _batch_normalization_in_training(paddle, x, scale, bias, mean, variance, epsilon, momentum)
    if paddle.wants(1) or paddle.wants(2):
        raise Refusal("BatchNormalization has running statistics as outputs in training mode only")
    return [batch_normalised(paddle, x, scale, bias, mean, variance, epsilon), None, None]


def batch_normalised(
    paddle: Recorder, x: Tensor, scale: Tensor, bias: Tensor, mean: Tensor, variance: Tensor, epsilon: float
) -> Any:
    """x with given statistics of its channels; a layer where the weights are the model's own."""
    layers = {2: "BatchNorm1D", 3: "BatchNorm1D", 4: "BatchNorm2D", 5: "BatchNorm3D"}
    if x.rank in layers and may_own(x, scale, bias, mean, variance):
        create = getattr(paddle.nn, layers[x.rank])(scale.shape[0], epsilon=epsilon)
        return paddle.layer(create, weight=scale, bias=bias, _mean=mean, _variance=variance)(x)
    work = wide(x.dtype, FLOATS)
    weights = (_per_channel(paddle, cast(paddle, item, work), x.rank) for item in (mean, variance, scale, bias))
    centre, spread, factor, offset = weights
    normal = (cast(paddle, x, work) - centre) / paddle.sqrt(spread + epsilon) * factor + offset
    return cast(paddle, normal, x.dtype, of=work)


def _batch_normalization_in_training(
    paddle: Recorder, x: Tensor, scale: Tensor, bias: Tensor, mean: Tensor, variance: Tensor,
    epsilon: float, momentum: float,
) -> list[Any]:
    """Statistics of this batch (population variance); the running ones follow with what `momentum` leaves."""
    work = wide(x.dtype, FLOATS)
    axes = [axis for axis in range(x.rank) if axis != 1]
    source = cast(paddle, x, work)
    batch_mean = paddle.mean(source, axis=axes)
    centred = source - _per_channel(paddle, batch_mean, x.rank)
    batch_variance = paddle.mean(paddle.square(centred), axis=axes)
    factor, offset = (_per_channel(paddle, cast(paddle, item, work), x.rank) for item in (scale, bias))
    normal = centred / paddle.sqrt(_per_channel(paddle, batch_variance, x.rank) + epsilon) * factor + offset
    running = [
        cast(paddle, cast(paddle, old, work) * momentum + new * (1 - momentum), old.dtype, of=work)
        for old, new in ((mean, batch_mean), (variance, batch_variance))
    ]
    return [cast(paddle, normal, x.dtype, of=work), *running]


@emits("InstanceNormalization")
def instance_normalization(paddle: Recorder, x: Tensor, scale: Tensor, bias: Tensor, *, epsilon: float) -> Any:
    """Paddle's own wants to see that there are as many channels as weights; where it cannot, what it computes."""
    layers = {3: "InstanceNorm1D", 4: "InstanceNorm2D", 5: "InstanceNorm3D"}
    if x.rank > 2 and len({x.shape[1], scale.shape[0], bias.shape[0]}) > 1:
        work, axes = wide(x.dtype, FLOATS), list(range(2, x.rank))
        source = cast(paddle, x, work)
        centred = source - paddle.mean(source, axis=axes, keepdim=True)
        spread = paddle.sqrt(paddle.mean(paddle.square(centred), axis=axes, keepdim=True) + epsilon)
        factor, offset = (_per_channel(paddle, cast(paddle, item, work), x.rank) for item in (scale, bias))
        return cast(paddle, centred / spread * factor + offset, x.dtype, of=work)
    if x.rank in layers and may_own(x, scale, bias):
        create = getattr(paddle.nn, layers[x.rank])(scale.shape[0], epsilon=epsilon)
        return paddle.layer(create, scale=scale, bias=bias)(x)

    def normalised(x: Any, scale: Any, bias: Any) -> Any:
        return paddle.nn.functional.instance_norm(x, weight=scale, bias=bias, eps=epsilon)

    return computed(paddle, FLOATS, normalised, x, scale, bias)


@emits("GroupNormalization")
def group_normalization(
    paddle: Recorder, x: Tensor, scale: Tensor, bias: Tensor, *, epsilon: float, num_groups: int, stash_type: int
) -> Any:
    """Computed in float32 or wider, which is what every `stash_type` asks for at least."""
    if may_own(x, scale, bias):
        create = paddle.nn.GroupNorm(num_groups, scale.shape[0], epsilon=epsilon)
        return paddle.layer(create, weight=scale, bias=bias)(x)

    def normalised(x: Any, scale: Any, bias: Any) -> Any:
        return paddle.nn.functional.group_norm(x, num_groups, epsilon=epsilon, weight=scale, bias=bias)

    return computed(paddle, FLOATS, normalised, x, scale, bias)


# Over the last axes

_LARGEST_EPSILON = 1e-3
"""Of Paddle's layer_norm."""


@emits("LayerNormalization")
def layer_normalization(
    paddle: Recorder, x: Tensor, scale: Tensor, bias: Tensor | None = None, *, axis: int, epsilon: float,
    stash_type: int,
) -> Any:
    axis = normal_axis(axis, x.rank)
    sizes = list(x.shape[axis:])
    is_plain = None not in sizes and all(weight is None or list(weight.shape) == sizes for weight in (scale, bias))
    is_plain = is_plain and axis > 0 and epsilon <= _LARGEST_EPSILON
    if is_plain and not paddle.wants(1) and not paddle.wants(2):
        return [_plain_layer_normalization(paddle, x, scale, bias, sizes, epsilon), None, None]
    work = wide(x.dtype, FLOATS)
    axes = list(range(axis, x.rank))
    source = cast(paddle, x, work)
    mean = paddle.mean(source, axis=axes, keepdim=True)
    centred = source - mean
    inverse = paddle.rsqrt(paddle.mean(paddle.square(centred), axis=axes, keepdim=True) + epsilon)
    normal = centred * inverse * cast(paddle, scale, work)
    normal = normal if bias is None else normal + cast(paddle, bias, work)
    statistics = [
        cast(paddle, value, paddle.outputs[index].dtype, of=work) if paddle.wants(index) else None
        for index, value in ((1, mean), (2, inverse))
    ]
    return [cast(paddle, normal, x.dtype, of=work), *statistics]


def _plain_layer_normalization(
    paddle: Recorder, x: Tensor, scale: Tensor, bias: Tensor | None, sizes: list[Any], epsilon: float
) -> Any:
    """Paddle's scale and bias are vectors whatever the rank; without a bias oneDNN would ignore the scale."""
    shape, count = sizes[0] if len(sizes) == 1 else sizes, math.prod(sizes)
    if may_own(x, scale, bias):
        weights = {"weight": scale.tensor, "bias": _zeros(count, x.dtype) if bias is None else bias.tensor}
        layer = paddle.nn.LayerNorm(shape, epsilon=epsilon)
        return paddle.layer(layer, **{name: _vector(weight) for name, weight in weights.items()})(x)

    def normalised(x: Any, scale: Any, bias: Any) -> Any:
        scale = paddle.flatten(scale) if len(sizes) > 1 else scale
        bias = paddle.zeros_like(scale) if bias is None else paddle.flatten(bias) if len(sizes) > 1 else bias
        return paddle.nn.functional.layer_norm(x, shape, weight=scale, bias=bias, epsilon=epsilon)

    return computed(paddle, FLOATS, normalised, x, scale, bias)


def _zeros(count: int, dtype: ir.DataType) -> ir.TensorProtocol:
    return ir.tensor(np.zeros(count, dtype.numpy()))


def _vector(tensor: ir.TensorProtocol) -> ir.TensorProtocol:
    return tensor if tensor.shape.rank() == 1 else Reshaped(tensor, [tensor.size])


@emits("RMSNormalization")
def rms_normalization(
    paddle: Recorder, x: Tensor, scale: Tensor, *, axis: int, epsilon: float, stash_type: int
) -> Any:
    axes = list(range(normal_axis(axis, x.rank), x.rank))
    work = max(wide(x.dtype, FLOATS), wide(scale.dtype, FLOATS))
    source = cast(paddle, x, work)
    normal = source * paddle.rsqrt(paddle.mean(paddle.square(source), axis=axes, keepdim=True) + epsilon)
    return cast(paddle, normal * cast(paddle, scale, work), scale.dtype, of=work)


# Others


@emits("LRN")
def lrn(paddle: Recorder, x: Tensor, *, size: int, alpha: float, beta: float, bias: float) -> Any:
    """x / (bias + alpha / size * (sum of the squares of `size` channels around)) ** beta."""
    before, after = (size - 1) // 2, size // 2
    channels = size_of(paddle, x, 1)

    def normalised(x: Any) -> Any:
        squares = paddle.square(x)
        none = paddle.zeros_like(squares[:, 0:1])
        padded = paddle.let(paddle.concat([none] * before + [squares] + [none] * after, axis=1), "squares")
        total = functools.reduce(operator.add, [padded[:, start : start + channels] for start in range(size)])
        return x / paddle.pow(total * (alpha / size) + bias, beta)

    return computed(paddle, FLOATS, normalised, x)


@emits("LpNormalization")
def lp_normalization(paddle: Recorder, x: Tensor, *, axis: int, p: int) -> Any:
    """Where the norm is 0, the result is 0."""
    if p not in (1, 2):
        raise Refusal(f"attribute p={p} is not supported")

    def normalised(x: Any) -> Any:
        if p == 1:
            norm = paddle.sum(paddle.abs(x), axis=axis, keepdim=True)
        else:
            norm = paddle.sqrt(paddle.sum(paddle.square(x), axis=axis, keepdim=True))
        return x / paddle.where(norm > 0, norm, paddle.ones_like(norm))

    return computed(paddle, FLOATS, normalised, x)


@emits("MeanVarianceNormalization")
def mean_variance_normalization(paddle: Recorder, x: Tensor, *, axes: list[int]) -> Any:
    """(x - mean) / (standard deviation + 1e-9), as the operator's function in the standard."""

    def normalised(x: Any) -> Any:
        centred = x - paddle.mean(x, axis=list(axes), keepdim=True)
        deviation = paddle.sqrt(paddle.mean(paddle.square(centred), axis=list(axes), keepdim=True))
        return centred / (deviation + 1e-9)

    return computed(paddle, FLOATS, normalised, x)


@emits("Dropout")
def dropout(
    paddle: Recorder, x: Tensor, ratio: Tensor | None = None, training_mode: Tensor | None = None, *, seed: int | None
) -> list[Any]:
    """Elements are dropped in training mode only, with Paddle's own random numbers (`seed` seeds another generator)."""
    mode = None if training_mode is None or (training_mode.is_constant and not training_mode.item()) else training_mode
    if mode is None:
        return [x, paddle.ones_like(x, dtype="bool")]
    if not x.has_rank:
        raise Refusal(f"the rank of '{x.name}' is not known")
    work = wide(x.dtype, FLOATS)
    source = cast(paddle, x, work)
    share = paddle.constant(0.5, work) if ratio is None else cast(paddle, ratio, work)
    keep = paddle.let(paddle.rand(paddle.shape(x), dtype=work) >= share, "keep")
    if not mode.is_constant:
        keep = paddle.logical_or(keep, paddle.logical_not(mode))
        share = paddle.where(mode, share, paddle.zeros_like(share))
    scaled = paddle.where(keep, source / (1 - share), paddle.zeros_like(source))
    return [cast(paddle, scaled, x.dtype, of=work), keep]
