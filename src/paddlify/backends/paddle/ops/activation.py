"""Activation functions."""

from __future__ import annotations

import math
from typing import Any

import onnx_ir as ir

from paddlify.backends.paddle.expression import Expr, Tensor
from paddlify.backends.paddle.module import Recorder, emits
from paddlify.backends.paddle.ops.common import (
    FLOATING,
    FLOATS,
    NUMBERS,
    cast,
    computed,
    may_own,
    normal_axis,
    number,
    size_of,
    wide,
)
from paddlify.errors import Refusal
from paddlify.ir.tensors import Reshaped

_RENAMES = {
    "Sigmoid": "sigmoid",
    "HardSwish": "hardswish",
    "Mish": "mish",
    "Softsign": "softsign",
}
"""The same function under another name in paddle.nn.functional."""


def _rename(op_type: str, name: str) -> None:
    @emits(op_type)
    def emit(paddle: Recorder, x: Tensor) -> Any:
        return computed(paddle, FLOATS, getattr(paddle.nn.functional, name), x)


for _op_type, _name in _RENAMES.items():
    _rename(_op_type, _name)


@emits("Relu")
def relu(paddle: Recorder, x: Tensor) -> Any:
    if x.dtype in FLOATING:
        return computed(paddle, FLOATS, paddle.nn.functional.relu, x)
    return computed(paddle, NUMBERS, lambda x: paddle.clip(x, min=0), x)


@emits("LeakyRelu")
def leaky_relu(paddle: Recorder, x: Tensor, *, alpha: float) -> Any:
    return computed(paddle, FLOATS, lambda x: paddle.nn.functional.leaky_relu(x, negative_slope=alpha), x)


@emits("PRelu")
def prelu(paddle: Recorder, x: Tensor, slope: Tensor) -> Any:
    """The slope is broadcast to x; Paddle's own PReLU takes one slope, or one for each channel."""
    channels = _slopes_per_channel(x, slope)
    if channels is not None and may_own(x, slope):
        layer = paddle.layer(paddle.nn.PReLU(channels), _weight=Reshaped(slope.tensor, [channels]))
        return layer(x)
    return computed(paddle, NUMBERS, lambda x, slope: paddle.where(x < 0, slope * x, x), x, slope)


def _slopes_per_channel(x: Tensor, slope: Tensor) -> int | None:
    """How many slopes a PReLU layer has that means the same, or None."""
    if not slope.is_static or not x.has_rank:
        return None
    if math.prod(dim or 1 for dim in slope.shape) == 1:
        return 1
    aligned = (1,) * (x.rank - slope.rank) + slope.shape
    return aligned[1] if x.rank > 1 and aligned == (1, aligned[1]) + (1,) * (x.rank - 2) else None


@emits("Elu")
def elu(paddle: Recorder, x: Tensor, *, alpha: float) -> Any:
    return computed(paddle, FLOATS, lambda x: paddle.nn.functional.elu(x, alpha=alpha), x)


@emits("Selu")
def selu(paddle: Recorder, x: Tensor, *, alpha: float, gamma: float) -> Any:
    """Paddle's selu wants gamma above 1 and alpha not negative; otherwise it is said by its definition."""
    if gamma > 1 and alpha >= 0:
        return computed(paddle, FLOATS, lambda x: paddle.nn.functional.selu(x, scale=gamma, alpha=alpha), x)
    return computed(paddle, FLOATS, lambda x: paddle.where(x > 0, x, paddle.expm1(x) * alpha) * gamma, x)


@emits("Celu")
def celu(paddle: Recorder, x: Tensor, *, alpha: float) -> Any:
    if alpha == 0:
        raise Refusal("alpha=0 divides by zero")
    return computed(paddle, FLOATS, lambda x: paddle.nn.functional.celu(x, alpha=alpha), x)


@emits("ThresholdedRelu")
def thresholded_relu(paddle: Recorder, x: Tensor, *, alpha: float) -> Any:
    return computed(paddle, FLOATS, lambda x: paddle.nn.functional.thresholded_relu(x, threshold=alpha), x)


@emits("HardSigmoid")
def hard_sigmoid(paddle: Recorder, x: Tensor, *, alpha: float, beta: float) -> Any:
    return computed(paddle, FLOATS, lambda x: paddle.nn.functional.hardsigmoid(x, slope=alpha, offset=beta), x)


@emits("Softplus")
def softplus(paddle: Recorder, x: Tensor) -> Any:
    """Paddle gives x itself above its threshold of 20, which float64 can tell from the function."""
    if x.dtype == ir.DataType.DOUBLE:
        return paddle.nn.functional.softplus(x, threshold=40)
    return computed(paddle, FLOATS, paddle.nn.functional.softplus, x)


@emits("Gelu")
def gelu(paddle: Recorder, x: Tensor, *, approximate: str) -> Any:
    if approximate not in ("none", "tanh"):
        raise Refusal(f"attribute approximate='{approximate}' is not supported")
    keywords = {"approximate": True} if approximate == "tanh" else {}
    return computed(paddle, FLOATS, lambda x: paddle.nn.functional.gelu(x, **keywords), x)


@emits("Swish")
def swish(paddle: Recorder, x: Tensor, *, alpha: float) -> Any:
    return computed(paddle, FLOATS, lambda x: _swish(paddle, x, alpha), x)


@emits("SwiGLU")
def swiglu(paddle: Recorder, a: Tensor, b: Tensor, *, alpha: float) -> Any:
    return computed(paddle, FLOATS, lambda a, b: _swish(paddle, a, alpha) * b, a, b)


def _swish(paddle: Recorder, x: Expr, alpha: float) -> Any:
    return paddle.nn.functional.silu(x) if alpha == 1 else x * paddle.nn.functional.sigmoid(x * alpha)


@emits("Shrink")
def shrink(paddle: Recorder, x: Tensor, *, bias: float, lambd: float) -> Any:
    """Inside [-lambd, lambd] 0; outside, towards zero by bias."""
    if x.dtype in FLOATING:
        return computed(paddle, FLOATS, lambda x: _shrink(paddle, x, bias, lambd), x)
    if bias != int(bias):
        raise Refusal(f"attribute bias={bias} is not an integer, though the input is of integers")
    threshold = math.floor(lambd) if lambd >= 0 else math.ceil(lambd)
    return computed(paddle, NUMBERS, lambda x: _shrink(paddle, x, int(bias), threshold), x)


def _shrink(paddle: Recorder, x: Expr, bias: float, lambd: float) -> Any:
    zero = paddle.zeros_like(x)
    upper = paddle.where(x > lambd, x - bias, zero)
    return paddle.where(x < -lambd, x + bias, upper)


@emits("Clip")
def clip(paddle: Recorder, x: Tensor, minimum: Tensor | None = None, maximum: Tensor | None = None) -> Any:
    """Paddle's clip needs min <= max; where min > max, ONNX gives max. One bound left out means none at all."""
    if minimum is None and maximum is None:
        return x
    if all(bound is None or bound.is_constant for bound in (minimum, maximum)):
        low, high = (None if bound is None else number(bound.numpy().reshape(-1)[0]) for bound in (minimum, maximum))
        if (low, high) == (0, 6) and x.dtype in FLOATING:
            return computed(paddle, FLOATS, paddle.nn.functional.relu6, x)
        if (low is None or high is None or low <= high) and _is_exact(low) and _is_exact(high):
            return _clip_numbers(paddle, x, low, high)
    return computed(paddle, NUMBERS, lambda x, low, high: _clip_tensors(paddle, x, low, high), x, minimum, maximum)


def _is_exact(bound: Any) -> bool:
    return not isinstance(bound, int) or abs(bound) < 2**31


def _clip_numbers(paddle: Recorder, x: Tensor, low: Any, high: Any) -> Any:
    """Paddle takes the largest float32 for a missing bound, whatever the dtype."""
    if x.dtype == ir.DataType.DOUBLE:
        low, high = -math.inf if low is None else low, math.inf if high is None else high
    bounds = {name: bound for name, bound in (("min", low), ("max", high)) if bound is not None}
    return computed(paddle, NUMBERS, lambda x: paddle.clip(x, **bounds), x)


def _clip_tensors(paddle: Recorder, x: Expr, low: Expr | None, high: Expr | None) -> Any:
    raised = x if low is None else paddle.maximum(x, low)
    return raised if high is None else paddle.minimum(raised, high)


@emits("Softmax")
def softmax(paddle: Recorder, x: Tensor, *, axis: int) -> Any:
    return computed(paddle, FLOATS, lambda x: paddle.nn.functional.softmax(x, axis=axis), x)


@emits("LogSoftmax")
def log_softmax(paddle: Recorder, x: Tensor, *, axis: int) -> Any:
    """By its definition: Paddle's own gives nothing below about -64."""
    return computed(paddle, FLOATS, lambda x: exact_log_softmax(paddle, x, axis), x)


def exact_log_softmax(paddle: Recorder, x: Expr, axis: int) -> Any:
    """x - max - log(sum(exp(x - max))) along an axis."""
    shifted = x - paddle.max(x, axis=axis, keepdim=True)
    return shifted - paddle.log(paddle.sum(paddle.exp(shifted), axis=axis, keepdim=True))


@emits("Hardmax")
def hardmax(paddle: Recorder, x: Tensor, *, axis: int) -> Any:
    """1 at the first maximum along an axis, 0 elsewhere."""
    axis = normal_axis(axis, x.rank)
    size = size_of(paddle, x, axis)
    positions = paddle.arange(size)
    if axis != x.rank - 1:
        positions = paddle.reshape(positions, [-1] + [1] * (x.rank - 1 - axis))
    first = paddle.argmax(cast(paddle, x, wide(x.dtype, FLOATS)), axis=axis, keepdim=True)
    return paddle.equal(positions, first).astype(paddle.dtype(x.dtype))
