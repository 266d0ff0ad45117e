"""Fourier transforms and windows."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx_ir as ir

from paddlify.backends.paddle.expression import Expr, Tensor
from paddlify.backends.paddle.module import Recorder, emits
from paddlify.backends.paddle.ops.common import FLOATS, cast, size_of, wide
from paddlify.errors import Refusal


@emits("DFT")
def dft(
    paddle: Recorder,
    x: Tensor,
    dft_length: Tensor | None = None,
    axis: Tensor | None = None,
    *,
    inverse: int,
    onesided: int,
) -> Any:
    """Complex numbers are pairs in ONNX; an axis that is computed is looked up among all that there are."""
    dtype = wide(x.dtype, FLOATS) if inverse else _precise(x.dtype)
    channels = x.shape[-1]
    if channels is None:
        raise Refusal("whether the signal is real or complex (its last dimension) is not known while converting")
    source = paddle.let(_complex(paddle, cast(paddle, x, dtype), channels), "signal")
    length = None if dft_length is None else _length(paddle, dft_length)

    def transformed(inner: Recorder, at: int) -> Any:
        return _transformed(inner, source, x, length, at, bool(inverse), bool(onesided))

    def branch(at: int, inner: Recorder, _: list[Expr]) -> Sequence[Any]:
        return [transformed(inner, at)]

    if axis is None or axis.is_constant:
        at = (-2 if axis is None else axis.item()) % x.rank
        return cast(paddle, transformed(paddle, at), x.dtype, of=dtype)
    branches = [
        (at, paddle.define(f"along_{at}", [], functools.partial(branch, at)))
        for at in range(x.rank - 1)
        if not (inverse and onesided and length is None and x.shape[at] == 1)  # a transform of length 0
    ]
    if not branches:
        raise Refusal("a real inverse transform of one number has no length")
    rank = x.rank
    chosen = paddle.cast(paddle.remainder(axis.reshape([1]), paddle.constant([rank])), "int32")
    return cast(paddle, paddle.static.nn.switch_case(chosen, branches), x.dtype, of=dtype)


def _precise(dtype: ir.DataType) -> str:
    """float64: what is zero in a spectrum is not lost beside what is large."""
    return wide(dtype, {"float64"})


def _tensor(paddle: Recorder, value: Any) -> Any:
    return paddle.constant(value) if isinstance(value, int) else value


def _complex(paddle: Recorder, x: Any, channels: int) -> Any:
    if channels == 2:
        return paddle.as_complex(x)
    if channels != 1:
        raise Refusal(f"a signal has 1 or 2 as its last dimension, not {channels}")
    return paddle.complex(paddle.squeeze(x, -1), paddle.zeros_like(paddle.squeeze(x, -1)))


def _length(paddle: Recorder, length: Tensor) -> Any:
    return length.item() if length.is_constant else paddle.let(length.reshape([1]), "length")


def _transformed(
    paddle: Recorder, source: Any, x: Tensor, length: Any, axis: int, inverse: bool, onesided: bool
) -> Expr:
    size = size_of(paddle, x, axis)
    if inverse and onesided:
        return _inverse_real(paddle, source, size, length, axis)
    signal = source if length is None else _fitted(paddle, source, size, length, axis, x.rank)
    transform = paddle.fft.ifft if inverse else paddle.fft.fft
    result = transform(signal, axis=axis)
    if onesided:
        whole = size if length is None else length
        kept = whole // 2 + 1
        result = paddle.slice(result, [axis], [0], [kept])
    return paddle.as_real(result)


def _inverse_real(paddle: Recorder, source: Any, size: Any, length: Any, axis: int) -> Expr:
    if not isinstance(size, int) or (length is not None and not isinstance(length, int)):
        raise Refusal("the length of a real inverse transform must be known at conversion time")
    count = length if length is not None else 2 * (size - 1)
    if count < 1:
        raise Refusal("a real inverse transform of one number has no length")
    return paddle.unsqueeze(paddle.fft.irfft(source, n=count, axis=axis), -1)


def _fitted(paddle: Recorder, source: Any, size: Any, length: Any, axis: int, rank: int) -> Any:
    """The first `length` elements along an axis, zeros behind them where there are fewer."""
    if isinstance(size, int) and isinstance(length, int) and length <= size:
        return paddle.slice(source, [axis], [0], [length])
    index = paddle.let(paddle.arange(0, length, 1, dtype="int64"), "index")
    end = paddle.constant(size) if isinstance(size, int) else size
    taken = paddle.index_select(source, paddle.minimum(index, end - 1), axis=axis)
    inside = (index < end).reshape([-1 if other == axis else 1 for other in range(rank - 1)])
    return paddle.where(inside, taken, paddle.zeros_like(taken))


@emits("STFT")
def stft(
    paddle: Recorder,
    signal: Tensor,
    frame_step: Tensor,
    window: Tensor | None = None,
    frame_length: Tensor | None = None,
    *,
    onesided: int,
) -> Any:
    """Frames gathered by their indices, times the window, transformed."""
    dtype = _precise(signal.dtype)
    total, channels = signal.shape[1], signal.shape[2]
    if total is None or channels is None:
        raise Refusal("the length of the signal must be known at conversion time")
    step = _first(frame_step)
    if frame_length is not None:
        length: Any = _first(frame_length)
    elif window is not None:
        length = window.shape[0] if window.shape[0] is not None else paddle.shape(window)[0]
    else:
        length = total
    if isinstance(length, int) and isinstance(step, int):
        frames: Any = (total - length) // step + 1
    else:
        frames = paddle.let(paddle.floor_divide(paddle.constant(total) - length, _tensor(paddle, step)) + 1, "frames")
    starts = paddle.arange(0, frames, 1, dtype="int64") * step
    index = paddle.unsqueeze(starts, 1) + paddle.unsqueeze(paddle.arange(0, length, 1, dtype="int64"), 0)
    source = _complex(paddle, cast(paddle, signal, dtype), channels)
    shape = [signal.shape[0] if signal.shape[0] is not None else -1, frames, length]
    framed = paddle.reshape(paddle.index_select(source, index.reshape([-1]), axis=1), shape)
    if window is not None:
        framed = framed * paddle.cast(cast(paddle, window, dtype), "complex128")
    spectrum = paddle.fft.fft(framed, axis=2)
    if onesided:
        spectrum = paddle.slice(spectrum, [2], [0], [length // 2 + 1])
    return cast(paddle, paddle.as_real(spectrum), signal.dtype, of=dtype)


def _first(value: Tensor) -> Any:
    return int(value.item()) if value.is_constant else value.reshape([])


def _window(paddle: Recorder, size: Tensor, coefficients: list[float], periodic: int, output_datatype: int) -> Any:
    """A sum of cosines; ONNX's symmetric window has size - 1 in the denominator."""
    dtype = ir.DataType(output_datatype)
    if size.is_constant:
        count: Any = int(size.item())
        span: Any = float(count if periodic else count - 1)
    else:
        count = paddle.let(size.reshape([]), "count")
        span = count.astype("float64") - (0.0 if periodic else 1.0)
    phase = paddle.let(paddle.arange(0, count, 1, dtype="int64").astype("float64") * (2 * math.pi) / span, "phase")
    total: Any = None
    for index, coefficient in enumerate(coefficients):
        part = paddle.full_like(phase, coefficient) if index == 0 else paddle.cos(phase * float(index)) * coefficient
        total = part if total is None else total + part
    return cast(paddle, total, dtype, of="float64")


@emits("HannWindow")
def hann_window(paddle: Recorder, size: Tensor, *, output_datatype: int, periodic: int) -> Any:
    return _window(paddle, size, [0.5, -0.5], periodic, output_datatype)


@emits("HammingWindow")
def hamming_window(paddle: Recorder, size: Tensor, *, output_datatype: int, periodic: int) -> Any:
    return _window(paddle, size, [25 / 46, -21 / 46], periodic, output_datatype)


@emits("BlackmanWindow")
def blackman_window(paddle: Recorder, size: Tensor, *, output_datatype: int, periodic: int) -> Any:
    return _window(paddle, size, [0.42, -0.5, 0.08], periodic, output_datatype)


@emits("MelWeightMatrix")
def mel_weight_matrix(
    paddle: Recorder, num_mel_bins: Tensor, dft_length: Tensor, sample_rate: Tensor, lower_edge_hertz: Tensor,
    upper_edge_hertz: Tensor, *, output_datatype: int,
) -> Any:
    """Triangles whose corners are spectrogram bins: mel(f) = 2595 log10(1 + f / 700)."""
    bands, length, rate = (
        paddle.reshape(paddle.cast(value, "int64"), []) for value in (num_mel_bins, dft_length, sample_rate)
    )
    low, high = (
        2595.0 * paddle.log10(1.0 + paddle.reshape(paddle.cast(edge, "float64"), []) / 700.0)
        for edge in (lower_edge_hertz, upper_edge_hertz)
    )
    count = paddle.let(bands + 2, "count")
    step = (high - low) / paddle.cast(count, "float64")
    mel = (low + paddle.cast(paddle.arange(count), "float64") * step) / 2595.0
    hertz = 700.0 * (paddle.exp(mel * paddle.constant(np.array(math.log(10.0)))) - 1.0)
    corner = paddle.floor(paddle.cast(length + 1, "float64") * hertz / paddle.cast(rate, "float64"))
    corner = paddle.let(corner, "corners")
    parts = {"left": corner[:-2], "centre": corner[1:-1], "right": corner[2:]}
    left, centre, right = (paddle.let(part, name) for name, part in parts.items())
    bins = paddle.arange(paddle.floor_divide(length, paddle.constant(2, "int64")) + 1)
    place = paddle.let(paddle.unsqueeze(paddle.cast(bins, "float64"), 1), "place")
    one = paddle.ones_like(centre)
    rising = paddle.where(centre > left, (place - left) / paddle.maximum(centre - left, one), one)
    falling = (right - place) / paddle.maximum(right - centre, one)
    nothing = paddle.zeros_like(rising)
    weights = paddle.where((place > centre) & (place < right), falling, nothing)
    weights = paddle.where((place >= left) & (place <= centre), rising, weights)
    return paddle.cast(weights, paddle.dtype(ir.DataType(output_datatype)))
