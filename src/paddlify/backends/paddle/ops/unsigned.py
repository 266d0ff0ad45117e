"""Unsigned integers for which Paddle has no kernels: uint16, uint32 and uint64, held in int32, int64 and int64.

A uint64 from 2**63 on is a negative number there: addition, multiplication and bits come out right by themselves,
order and division by what is here.
"""

from __future__ import annotations

from typing import Any

import onnx_ir as ir

from paddlify.backends.paddle.expression import Tensor
from paddlify.backends.paddle.module import Recorder
from paddlify.backends.paddle.ops.common import NUMBERS, computed

_D = ir.DataType

UNSIGNED_BITS = {_D.UINT8: 8, _D.UINT16: 16, _D.UINT32: 32, _D.UINT64: 64}
UNSIGNED = frozenset(UNSIGNED_BITS)

_LOWEST = -(2**63)


def wrapped(x: Any, dtype: ir.DataType) -> Any:
    """An integer result held in a wider type, brought back into the range of `dtype` (modulo a power of two)."""
    return x % 2 ** UNSIGNED_BITS[dtype] if dtype in (_D.UINT16, _D.UINT32) else x


def sign_flipped(paddle: Recorder, x: Any) -> Any:
    """A held uint64 with its highest bit flipped: the order of such numbers as signed is that of the unsigned."""
    return paddle.bitwise_xor(x, paddle.constant(_LOWEST, "int64"))


def divided(paddle: Recorder, a: Tensor, b: Tensor) -> Any:
    """The quotient of unsigned integers, rounded down."""
    if a.dtype != _D.UINT64:
        return computed(paddle, NUMBERS, lambda a, b: a // b, a, b)
    # A divisor from 2**63 on goes into a once or not at all; otherwise half of a is not negative, and its
    # quotient, doubled, is one too small at most.
    one = paddle.constant(1, "int64")
    small = paddle.maximum(b, one)
    half = paddle.bitwise_right_shift(a, one, is_arithmetic=False) // small * 2
    rest = a - half * b
    more = paddle.greater_equal(sign_flipped(paddle, rest), sign_flipped(paddle, b)).astype("int64")
    once = paddle.greater_equal(sign_flipped(paddle, a), sign_flipped(paddle, b)).astype("int64")
    return paddle.where(b < 0, once, half + more)


def as_floats(paddle: Recorder, x: Any, dtype: str) -> Any:
    """A held uint64 as floating-point numbers: from 2**63 on, twice its half (rounded to odd, so that it is exact)."""
    one = paddle.constant(1, "int64")
    half = paddle.bitwise_or(paddle.bitwise_right_shift(x, one, is_arithmetic=False), paddle.bitwise_and(x, one))
    return paddle.where(x < 0, half.astype(dtype) * 2, x.astype(dtype))


def from_floats(paddle: Recorder, x: Any) -> Any:
    """Floating-point numbers as held uint64: from 2**63 on, what is above it and the highest bit."""
    above = sign_flipped(paddle, (x - 2.0**63).astype("int64"))
    return paddle.where(x >= 2.0**63, above, x.astype("int64"))
