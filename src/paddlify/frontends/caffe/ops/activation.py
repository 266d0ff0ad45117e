"""Layers that work on each element by itself."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx_ir as ir

from paddlify.errors import LoadError
from paddlify.frontends.caffe.lowering import Recorder, dims_of, lowers, static_dims


@lowers("ReLU", param="relu_param")
def relu(op: Recorder, x: ir.Value, *, negative_slope: float) -> Any:
    return op.LeakyRelu(x, alpha=negative_slope) if negative_slope else op.Relu(x)


@lowers("ReLU6", param="relu6_param")
def relu6(op: Recorder, x: ir.Value, *, negative_slope: float) -> Any:
    """min(max(x, 0), 6), with a slope below 0 in some forks."""
    if negative_slope:
        return op.Min(op.LeakyRelu(x, alpha=negative_slope), op.constant_like(x, 6))
    return op.Clip(x, op.constant_like(x, 0), op.constant_like(x, 6))


@lowers("CReLU")
def crelu(op: Recorder, x: ir.Value) -> Any:
    """relu(x) beside relu(-x), joined over channels."""
    return op.Relu(op.Concat(x, op.Neg(x), axis=1))


@lowers("PReLU", param="prelu_param")
def prelu(op: Recorder, x: ir.Value, *, channel_shared: bool) -> Any:
    slope = op.blob(0, [] if channel_shared else static_dims(x, 1, 2), "slope")
    if channel_shared:
        return op.PRelu(x, slope)
    return op.PRelu(x, per_channel(op, slope, len(dims_of(x))))


def per_channel(op: Recorder, vector: ir.Value, rank: int) -> Any:
    """A vector of channels, shaped so that it broadcasts against axis 1 of a value of `rank`."""
    if rank <= 2:
        return vector
    return op.Reshape(vector, op.constant([-1] + [1] * (rank - 2)))


@lowers("ELU", param="elu_param")
def elu(op: Recorder, x: ir.Value, *, alpha: float) -> Any:
    return op.Elu(x, alpha=alpha)


@lowers("Sigmoid", param="sigmoid_param")
def sigmoid(op: Recorder, x: ir.Value) -> Any:
    return op.Sigmoid(x)


@lowers("TanH", param="tanh_param")
def tanh(op: Recorder, x: ir.Value) -> Any:
    return op.Tanh(x)


@lowers("AbsVal")
def abs_val(op: Recorder, x: ir.Value) -> Any:
    return op.Abs(x)


@lowers("BNLL")
def bnll(op: Recorder, x: ir.Value) -> Any:
    """log(1 + exp(x))."""
    return op.Softplus(x)


@lowers("Swish", param="swish_param")
def swish(op: Recorder, x: ir.Value, *, beta: float) -> Any:
    """x sigmoid(beta x)."""
    return op.Mul(x, op.Sigmoid(scaled(op, x, beta, 0)))


@lowers("Clip", param="clip_param")
def clip(op: Recorder, x: ir.Value, *, min: float, max: float) -> Any:  # noqa: A002 - Caffe's names
    return op.Clip(x, op.constant_like(x, min), op.constant_like(x, max))


@lowers("Threshold", param="threshold_param")
def threshold(op: Recorder, x: ir.Value, *, threshold: float) -> Any:
    """1 where x > threshold, else 0."""
    return op.Cast(op.Greater(x, op.constant_like(x, threshold)), to=ir.DataType.FLOAT)


@lowers("Power", param="power_param")
def power(op: Recorder, x: ir.Value, *, power: float, scale: float, shift: float) -> Any:
    """(shift + scale x) ^ power; Caffe does not look at x where scale or power is 0."""
    if scale == 0 or power == 0:
        with np.errstate(all="ignore"):
            value = np.float32(shift) ** np.float32(power)
        return op.Expand(op.constant_like(x, value), op.Shape(x))
    base = scaled(op, x, scale, shift)
    if power == 1:
        return op.Identity(base) if base is x else base
    if power == 2:
        return op.Mul(base, base)
    return op.Pow(base, op.constant_like(x, power))


@lowers("Exp", param="exp_param")
def exp(op: Recorder, x: ir.Value, *, base: float, scale: float, shift: float) -> Any:
    """base ^ (shift + scale x); a base of -1 means e."""
    if base == -1:
        return op.Exp(scaled(op, x, scale, shift))
    _check_base(base)
    return op.Pow(op.constant_like(x, base), scaled(op, x, scale, shift))


@lowers("Log", param="log_param")
def log(op: Recorder, x: ir.Value, *, base: float, scale: float, shift: float) -> Any:
    """Logarithm of (shift + scale x) to a base; a base of -1 means e."""
    natural = op.Log(scaled(op, x, scale, shift))
    if base == -1:
        return natural
    _check_base(base)
    return op.Div(natural, op.Log(op.constant_like(x, base)))


def _check_base(base: float) -> None:
    if base <= 0:
        raise LoadError(f"base={base:g} must be positive, or -1 for e")


def scaled(op: Recorder, x: ir.Value, scale: float, shift: float) -> Any:
    """Shift + scale x, without what does nothing."""
    if scale != 1:
        x = op.Mul(x, op.constant_like(x, scale))
    if shift != 0:
        x = op.Add(x, op.constant_like(x, shift))
    return x


@lowers("Dropout", param="dropout_param")
def dropout(op: Recorder, x: ir.Value, *, dropout_ratio: float, scale_train: bool) -> Any:
    """Nothing at inference, unless a fork's scale_train=false leaves the scaling to it."""
    return x if scale_train else scaled(op, x, 1 - dropout_ratio, 0)
