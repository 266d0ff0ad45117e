# mypy: disable-error-code="no-any-return"

"""The logarithm of the gamma function and its derivative, computed in double precision.

Both come from Lanczos' approximation Γ(z + 1) = √2π · t^(z + ½) · e^(-t) · A(z) with t = z + g + ½ and
A(z) = c₀ + Σ cᵢ / (z + i), here with g = 7 and nine coefficients (P. Godfrey), right of ½; left of it they follow
from Γ(x) · Γ(1 - x) = π / sin πx.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import onnx_ir as ir

from paddlify.frontends.tensorflow.lowering import lowers
from paddlify.frontends.tensorflow.ops.common import Op, Result, Value, cast
from paddlify.ir.builder import dtype_of

_G = 7
_COEFFICIENTS = (
    0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
    12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
)  # fmt: skip


@dataclass(frozen=True)
class _Lanczos:
    """What both functions need at z = x - 1, or at z = -x left of ½, all in double precision."""

    x: Value
    is_left: Value
    z: Value
    t: Value
    series: Value
    slope: Value


def _number(op: Op, number: float) -> Value:
    return op.constant(number, ir.DataType.DOUBLE)


def _lanczos(op: Op, x: Value) -> _Lanczos:
    wide = cast(op, x, ir.DataType.DOUBLE)
    is_left = op.Less(wide, _number(op, 0.5))
    z = op.Where(is_left, op.Neg(wide), op.Sub(wide, _number(op, 1)))
    series, slope = _number(op, _COEFFICIENTS[0]), _number(op, 0)
    for index, coefficient in enumerate(_COEFFICIENTS[1:], 1):
        place = op.Add(z, _number(op, index))
        term = op.Div(_number(op, coefficient), place)
        series, slope = op.Add(series, term), op.Sub(slope, op.Div(term, place))
    return _Lanczos(wide, is_left, z, op.Add(z, _number(op, _G + 0.5)), series, slope)


@lowers("Lgamma")
def lgamma(op: Op, x: Value) -> Result:
    """Log |Γ(x)|."""
    parts = _lanczos(op, x)
    half_more = op.Add(parts.z, _number(op, 0.5))
    power = op.Sub(op.Mul(half_more, op.Log(parts.t)), parts.t)
    right = op.Add(op.Add(power, _number(op, 0.5 * np.log(2 * np.pi))), op.Log(parts.series))
    sine = op.Abs(op.Sin(op.Mul(_fraction(op, parts.x), _number(op, np.pi))))
    left = op.Sub(op.Sub(_number(op, np.log(np.pi)), op.Log(sine)), right)
    infinite = op.Equal(op.Abs(parts.x), _number(op, np.inf))
    result = op.Where(infinite, _number(op, np.inf), op.Where(parts.is_left, left, right))
    return cast(op, result, dtype_of(x))


def _fraction(op: Op, x: Value) -> Value:
    """How far x is above the next lower integer."""
    return op.Sub(x, op.Floor(x))


@lowers("Digamma")
def digamma(op: Op, x: Value) -> Result:
    """The derivative of log Γ(x)."""
    parts = _lanczos(op, x)
    tail = op.Sub(op.Div(parts.slope, parts.series), op.Div(_number(op, _G), parts.t))
    right = op.Add(op.Log(parts.t), tail)
    angle = op.Mul(_fraction(op, parts.x), _number(op, np.pi))
    left = op.Sub(right, op.Div(op.Mul(op.Cos(angle), _number(op, np.pi)), op.Sin(angle)))
    return cast(op, op.Where(parts.is_left, left, right), dtype_of(x))
