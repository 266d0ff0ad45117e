"""Normalisation, and the scales and shifts that follow it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import onnx_ir as ir

from paddlify.errors import LoadError, Refusal
from paddlify.frontends.caffe.lowering import Recorder, canonical, dims_of, lowers, static_dims
from paddlify.frontends.caffe.ops.activation import per_channel, scaled
from paddlify.frontends.caffe.ops.pool import windows

_UNSCALED: Final = "paddlify.caffe.unscaled"
"""Marks a BatchNormalization whose scale is 1 and shift 0: a Scale layer can put its own there."""


@lowers("BatchNorm", param="batch_norm_param")
def batch_norm(op: Recorder, x: ir.Value, *, use_global_stats: bool | None, eps: float) -> Any:
    """(x - mean) / sqrt(variance + eps), both divided by the third blob. No scale or shift: see `scale`."""
    if len(dims_of(x)) < 2:
        raise Refusal("a bottom of one axis is not supported")
    (channels,) = static_dims(x, 1, 2)
    if use_global_stats is False:
        return _by_batch(op, x, eps)
    mean = op.blob(0, [channels], "mean")
    variance = op.blob(1, [channels], "variance")
    factor = _numbers(op.blob(2, [1], "factor"))[0]
    if factor != 1:
        mean = op.constant(_divided(mean, factor), name=f"{op.layer.name}/mean")
        variance = op.constant(_divided(variance, factor), name=f"{op.layer.name}/variance")
    ones = op.constant(np.ones(channels, np.float32), name=f"{op.layer.name}/scale")
    zeros = op.constant(np.zeros(channels, np.float32), name=f"{op.layer.name}/bias")
    result = op.BatchNormalization(x, ones, zeros, mean, variance, epsilon=eps)
    result.meta[_UNSCALED] = True
    return result


def _numbers(value: ir.Value) -> Any:
    if value.const_value is None:
        raise Refusal(f"'{value.name}' must be known at conversion time")
    return value.const_value.numpy()


def _divided(value: ir.Value, factor: float) -> Any:
    """Caffe multiplies by 1 / factor, rounded to float32; by 0 where the factor is 0."""
    reciprocal = np.float32(0) if factor == 0 else np.float32(1) / np.float32(factor)
    return _numbers(value) * reciprocal


def _by_batch(op: Recorder, x: ir.Value, eps: float) -> Any:
    """use_global_stats: false takes mean and variance from the batch, also at inference."""
    axes = op.constant([axis for axis in range(len(dims_of(x))) if axis != 1])
    centred = op.Sub(x, op.ReduceMean(x, axes))
    variance = op.ReduceMean(op.Mul(centred, centred), axes)
    return op.Div(centred, op.Sqrt(op.Add(variance, op.constant_like(x, eps))))


@lowers("Scale", param="scale_param")
def scale(op: Recorder, x: ir.Value, by: ir.Value | None = None, *, axis: int, num_axes: int, bias_term: bool) -> Any:
    """x times a learned or given factor along `axis`…, plus a learned shift."""
    first, shape = _factor_shape(x, by, axis, num_axes)
    factor = op.blob(0, shape, "scale") if by is None else by
    bias = op.blob(int(by is None), shape, "bias") if bias_term else None
    if _UNSCALED in x.meta and first == 1 and len(shape) == 1 and by is None:
        return _scaled_batch_norm(op, x, factor, bias, shape)
    scaled_x = op.Mul(x, _aligned(op, factor, first, x))
    return scaled_x if bias is None else op.Add(scaled_x, _aligned(op, bias, first, x))


def _scaled_batch_norm(op: Recorder, x: ir.Value, factor: ir.Value, bias: ir.Value | None, shape: list[int]) -> Any:
    node = x.producer()
    if node is None:
        raise ValueError(f"{x.name} is marked but computed by nothing")
    source, _, zeros, mean, variance = node.inputs
    return op.BatchNormalization(
        source, factor, zeros if bias is None else bias, mean, variance,
        epsilon=node.attributes["epsilon"].as_float(),
    )


@lowers("Bias", param="bias_param")
def bias(op: Recorder, x: ir.Value, by: ir.Value | None = None, *, axis: int, num_axes: int) -> Any:
    first, shape = _factor_shape(x, by, axis, num_axes)
    return op.Add(x, _aligned(op, op.blob(0, shape, "bias") if by is None else by, first, x))


def _factor_shape(x: ir.Value, by: ir.Value | None, axis: int, num_axes: int) -> tuple[int, list[int]]:
    """The first axis of x that a factor covers, and the factor's shape."""
    rank = len(dims_of(x))
    if by is not None:
        covered = len(dims_of(by))
        first = canonical(axis, rank) if covered else 0
        if first + covered > rank or any(
            a is not None and b is not None and a != b
            for a, b in zip(dims_of(x)[first : first + covered], dims_of(by), strict=True)
        ):
            raise LoadError(f"its second bottom {dims_of(by)} does not fit axes {first}… of {dims_of(x)}")
        return first, static_dims(by)
    if num_axes == 0:
        return 0, []
    first = canonical(axis, rank)
    last = rank if num_axes == -1 else first + num_axes
    if num_axes < -1 or last > rank:
        raise LoadError(f"num_axes={num_axes} from axis {first} is out of range for {rank} axes")
    return first, static_dims(x, first, last)


def _aligned(op: Recorder, factor: ir.Value, first: int, x: ir.Value) -> Any:
    """A factor with axes of size 1 behind it, so that it broadcasts from axis `first` of x."""
    behind = len(dims_of(x)) - first - len(dims_of(factor))
    if not dims_of(factor) or behind == 0:
        return factor
    rank = len(dims_of(factor))
    return op.Unsqueeze(factor, op.constant(list(range(rank, rank + behind))))


@lowers("BN", param="bn_param")
def bn(op: Recorder, x: ir.Value, *, bn_mode: str, eps: float, frozen: bool) -> Any:
    """Batch normalisation of two forks, told apart by their blobs.

    With two (SegNet) a scale and a shift, into which INFERENCE has folded the statistics, while LEARN takes them
    from the batch. With four (PSPNet) slope, bias, mean and variance; `frozen` is about training.
    """
    channels = static_dims(x, 1, 2)[0]
    if op.blob_count == 4:
        names = ("scale", "bias", "mean", "variance")
        slope, shift, mean, variance = (
            op.blob(index, [1, channels, 1, 1], name) for index, name in enumerate(names)
        )
        vectors = [op.Reshape(value, op.constant([-1])) for value in (slope, shift, mean, variance)]
        return op.BatchNormalization(x, *vectors, epsilon=eps)
    slope, shift = (op.blob(index, [1, channels, 1, 1], name) for index, name in enumerate(("scale", "bias")))
    normal = x if bn_mode == "INFERENCE" else _by_batch(op, x, _SEGNET_EPS)
    return op.Add(op.Mul(normal, slope), shift)


_SEGNET_EPS: Final = 1e-9


MAX_LOCAL_SIZE: Final = 1 << 16
"""Paddle pads the channels by this."""


@lowers("LRN", param="lrn_param")
def lrn(op: Recorder, x: ir.Value, *, local_size: int, alpha: float, beta: float, norm_region: str, k: float) -> Any:
    """Across channels as ONNX has it; within a channel x (1 + alpha mean(x²))^-beta, the mean over a padded window."""
    if local_size % 2 == 0:
        raise LoadError(f"local_size={local_size} must be odd")
    if local_size > MAX_LOCAL_SIZE:
        raise Refusal(f"local_size={local_size} is not supported: {MAX_LOCAL_SIZE} at most")
    if norm_region == "ACROSS_CHANNELS":
        return op.LRN(x, size=local_size, alpha=alpha, beta=beta, bias=k)
    pad = (local_size - 1) // 2
    mean = windows(op, op.Mul(x, x), "AVE", [local_size] * 2, [1, 1], [pad, pad])
    return op.Mul(x, op.Pow(scaled(op, mean, alpha, 1), op.constant_like(x, -beta)))


@lowers("MVN", param="mvn_param")
def mvn(op: Recorder, x: ir.Value, *, normalize_variance: bool, across_channels: bool, eps: float) -> Any:
    """(x - mean) / (sqrt(variance) + eps), for each channel or each image."""
    rank = len(dims_of(x))
    axes = op.constant(list(range(1 if across_channels else 2, rank)) or [rank])
    if rank < 3 and not across_channels:
        raise Refusal(f"a bottom of {rank} axes is not supported")
    centred = op.Sub(x, op.ReduceMean(x, axes))
    if not normalize_variance:
        return centred
    deviation = op.Sqrt(op.ReduceMean(op.Mul(centred, centred), axes))
    return op.Div(centred, op.Add(deviation, op.constant_like(x, eps)))


@lowers("Softmax", param="softmax_param")
def softmax(op: Recorder, x: ir.Value, *, axis: int) -> Any:
    return op.Softmax(x, axis=canonical(axis, len(dims_of(x))))


@lowers("Normalize", param="norm_param")
def normalize(op: Recorder, x: ir.Value, *, across_spatial: bool, channel_shared: bool, eps: float) -> Any:
    """SSD's: x / sqrt(sum(x²) + eps) over channels (and space), times a learned scale."""
    rank = len(dims_of(x))
    channels = static_dims(x, 1, 2)[0]
    factor = op.blob(0, [] if channel_shared else [channels], "scale")
    unit = _unit(op, x, list(range(1, rank)) if across_spatial else [1], eps)
    return op.Mul(unit, factor if channel_shared else per_channel(op, factor, rank))


def _unit(op: Recorder, x: ir.Value, axes: Sequence[int], eps: float) -> Any:
    total = op.ReduceSumSquare(x, op.constant(list(axes)))
    return op.Div(x, op.Sqrt(scaled(op, total, 1, eps)))


@lowers("L2Normalization", "L2Norm")
def l2_normalization(op: Recorder, x: ir.Value) -> Any:
    """x / sqrt(sum(x²)) of each item. Forks differ on which axes they sum, which a vector does not show."""
    if any(dim != 1 for dim in dims_of(x)[2:]):
        raise Refusal("forks disagree about its axes when the bottom is more than a vector; use Normalize")
    return _unit(op, x, [1], 0)
