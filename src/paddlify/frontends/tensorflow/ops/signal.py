"""Fourier transforms."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import onnx_ir as ir

from paddlify.errors import Refusal
from paddlify.frontends.tensorflow.dtypes import DType
from paddlify.frontends.tensorflow.lowering import COMPLEX, Complex, lowers
from paddlify.frontends.tensorflow.ops.common import Op, Result, Value, cast, ints, sizes, slice_axis
from paddlify.frontends.tensorflow.ops.complex_numbers import joined_pair, part_type, parts, taken_apart
from paddlify.ir.builder import rank_of


def _transformed(op: Op, z: Complex, axis: int, *, inverse: bool) -> Complex:
    """The discrete Fourier transform along one axis; the inverse one divides by the length."""
    pair = op.DFT(joined_pair(op, z), None, op.constant(axis), inverse=int(inverse), onesided=0)
    return taken_apart(op, pair)


def _complex_transform(count: int, *, inverse: bool) -> Callable[..., Result]:
    def transform(op: Op, x: Any) -> Result:
        """Over the last axes."""
        z = parts(op, x)
        rank = rank_of(z.real)
        for axis in range(rank - count, rank):
            z = _transformed(op, z, axis, inverse=inverse)
        return z

    return transform


def _real_transform(count: int) -> Callable[..., Result]:
    def transform(op: Op, x: Value, fft_length: Value, *, Tcomplex: DType) -> Result:
        """The last axis gives its first n / 2 + 1 coefficients: the others are their conjugates."""
        rank = rank_of(x)
        lengths = ints(fft_length, "fft_length")
        signal = cast(op, x, part_type(Tcomplex))
        for axis, length in zip(range(rank - count, rank), lengths, strict=True):
            signal = _first(op, signal, axis, length)
        pair = op.DFT(op.Unsqueeze(signal, op.constant([-1])), None, op.constant(rank - 1), onesided=1)
        z = taken_apart(op, pair)
        for axis in range(rank - count, rank - 1):
            z = _transformed(op, z, axis, inverse=False)
        return z

    return transform


def _inverse_real_transform(count: int) -> Callable[..., Result]:
    def transform(op: Op, x: Any, fft_length: Value, *, Treal: ir.DataType) -> Result:
        """The last axis holds the first n / 2 + 1 coefficients of a real signal of length n."""
        z = parts(op, x)
        rank = rank_of(z.real)
        lengths = ints(fft_length, "fft_length")
        for axis, length in zip(range(rank - count, rank), lengths, strict=True):
            kept = length if axis < rank - 1 else length // 2 + 1
            z = Complex(_first(op, z.real, axis, kept), _first(op, z.imaginary, axis, kept))
        for axis in range(rank - count, rank - 1):
            z = _transformed(op, z, axis, inverse=True)
        whole = _mirrored(op, z, rank - 1, lengths[-1])
        return cast(op, _transformed(op, whole, rank - 1, inverse=True).real, Treal)

    return transform


def _mirrored(op: Op, half: Complex, axis: int, length: int) -> Complex:
    """All coefficients of a real signal: c[n - k] is the conjugate of c[k]. What a real signal has not is dropped."""
    missing = length - (length // 2 + 1)
    real, imaginary = half.real, half.imaginary
    zero = op.Mul(slice_axis(op, imaginary, axis, 0, 1), op.constant_like(imaginary, 0))
    ends = [zero, slice_axis(op, imaginary, axis, 1, missing + 1)]
    if length % 2 == 0 and length > 1:
        ends.append(zero)
    imaginary = op.Concat(*ends, axis=axis) if length > 1 else zero
    if missing < 1:
        return Complex(real, imaginary)
    backwards = (op.constant([missing]), op.constant([0]), op.constant([axis]), op.constant([-1]))
    tails = [op.Slice(part, *backwards) for part in (real, imaginary)]
    return Complex(
        op.Concat(real, tails[0], axis=axis), op.Concat(imaginary, op.Neg(tails[1]), axis=axis)
    )


def _first(op: Op, x: Value, axis: int, length: int) -> Value:
    """The first elements along an axis; TensorFlow does not run where there are fewer."""
    known = sizes(x)[axis]
    if known is not None and known < length:
        raise Refusal(f"axis {axis} has {known} elements, but {length} are needed")
    return x if known == length else slice_axis(op, x, axis, 0, length)


for _count, _suffix in ((1, ""), (2, "2D"), (3, "3D")):
    lowers.add(COMPLEX, f"FFT{_suffix}", _complex_transform(_count, inverse=False))
    lowers.add(COMPLEX, f"IFFT{_suffix}", _complex_transform(_count, inverse=True))
    lowers.add("", f"RFFT{_suffix}", _real_transform(_count))
    lowers.add(COMPLEX, f"IRFFT{_suffix}", _inverse_real_transform(_count))
