# mypy: disable-error-code="no-any-return"

"""Element-wise arithmetic, comparison, logic and bits."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from paddlify.errors import Refusal
from paddlify.frontends.tensorflow.dtypes import DType
from paddlify.frontends.tensorflow.lowering import Complex, lowers
from paddlify.frontends.tensorflow.ops.common import (
    Op,
    Result,
    Value,
    cast,
    is_float,
    is_natural,
    is_unsigned,
    lowers_binary,
    lowers_unary,
)
from paddlify.ir.builder import dtype_of

lowers_unary({
    "Abs": "Abs", "Acos": "Acos", "Acosh": "Acosh", "Asin": "Asin", "Asinh": "Asinh", "Atan": "Atan",
    "Atanh": "Atanh", "Ceil": "Ceil", "Cos": "Cos", "Cosh": "Cosh", "Erf": "Erf", "Exp": "Exp", "Floor": "Floor",
    "Inv": "Reciprocal", "Invert": "BitwiseNot", "IsInf": "IsInf", "IsNan": "IsNaN", "Log": "Log",
    "LogicalNot": "Not", "Neg": "Neg", "Reciprocal": "Reciprocal", "Rint": "Round", "Sigmoid": "Sigmoid",
    "Sign": "Sign", "Sin": "Sin", "Sinh": "Sinh", "Sqrt": "Sqrt", "Tan": "Tan", "Tanh": "Tanh",
})  # fmt: skip

lowers_binary({
    "Add": "Add", "AddV2": "Add", "BitwiseAnd": "BitwiseAnd", "BitwiseOr": "BitwiseOr", "BitwiseXor": "BitwiseXor",
    "Div": "Div", "Greater": "Greater", "GreaterEqual": "GreaterOrEqual", "Less": "Less",
    "LessEqual": "LessOrEqual", "LogicalAnd": "And", "LogicalOr": "Or", "Maximum": "Max", "Minimum": "Min",
    "Mul": "Mul", "Pow": "Pow", "RealDiv": "Div", "Sub": "Sub", "TruncateDiv": "Div",
})  # fmt: skip


@lowers("AddN")
def add_n(op: Op, *inputs: Value) -> Result:
    if is_float(inputs[0]):
        return op.Sum(*inputs)
    total = inputs[0]
    for value in inputs[1:]:
        total = op.Add(total, value)
    return total


@lowers("AccumulateNV2")
def accumulate_n(op: Op, *inputs: Value, shape: object) -> Result:
    """A sum of tensors whose shape is known beforehand."""
    return op.lower("AddN", *inputs)


@lowers("Square")
def square(op: Op, x: Value) -> Result:
    return op.Mul(x, x)


@lowers("SquaredDifference")
def squared_difference(op: Op, x: Value, y: Value) -> Result:
    difference = op.Sub(x, y)
    return op.Mul(difference, difference)


@lowers("Rsqrt")
def rsqrt(op: Op, x: Value) -> Result:
    return op.Reciprocal(op.Sqrt(x))


@lowers("Round")
def round_(op: Op, x: Value) -> Result:
    """Half to even, as in ONNX. `tf.round` leaves integers as they are, but this operator makes them 0."""
    if not is_float(x):
        raise Refusal("TensorFlow's result for integers is not defined")
    return op.Round(x)


@lowers("IsFinite")
def is_finite(op: Op, x: Value) -> Result:
    return op.Less(op.Abs(x), op.constant_like(x, np.inf))


@lowers("Erfc")
def erfc(op: Op, x: Value) -> Result:
    return op.Sub(op.constant_like(x, 1), op.Erf(x))


@lowers("Expm1")
def expm1(op: Op, x: Value) -> Result:
    """Near 0 exp(x) - 1 cancels; there (u - 1) x / log(u) with u = exp(x) does not (W. Kahan)."""
    one = op.constant_like(x, 1)
    u = op.Exp(x)
    difference = op.Sub(u, one)
    is_one = op.Equal(u, one)
    corrected = op.Div(op.Mul(difference, x), op.Log(op.Where(is_one, op.constant_like(x, 2), u)))
    near_zero = op.Less(op.Abs(x), op.constant_like(x, 0.5))
    return op.Where(near_zero, op.Where(is_one, x, corrected), difference)


@lowers("Log1p")
def log1p(op: Op, x: Value) -> Result:
    """Near 0 log(1 + x) loses the digits of x; log(u) x / (u - 1) with u = 1 + x keeps them (W. Kahan)."""
    one = op.constant_like(x, 1)
    u = op.Add(x, one)
    is_one = op.Equal(u, one)
    logarithm = op.Log(u)
    corrected = op.Div(op.Mul(logarithm, x), op.Where(is_one, one, op.Sub(u, one)))
    near_zero = op.Less(op.Abs(x), op.constant_like(x, 0.5))
    return op.Where(near_zero, op.Where(is_one, x, corrected), logarithm)


@lowers("Atan2")
def atan2(op: Op, y: Value, x: Value) -> Result:
    """The angle of the point (x, y): that of y / x, half a turn further where x is negative."""
    ratio = op.Where(op.Equal(op.Abs(x), op.Abs(y)), op.Mul(op.Sign(x), op.Sign(y)), op.Div(y, x))
    angle = op.Atan(ratio)
    half_turn = op.Where(_is_negative(op, y), op.constant_like(x, -np.pi), op.constant_like(x, np.pi))
    return op.Where(_is_negative(op, x), op.Add(angle, half_turn), angle)


def _is_negative(op: Op, x: Value) -> Value:
    """The sign bit of a float: true for -0.0 also, of which the reciprocal is -inf."""
    zero = op.constant_like(x, 0)
    return op.Or(op.Less(x, zero), op.Less(op.Reciprocal(x), zero))


@lowers("DivNoNan")
def div_no_nan(op: Op, x: Value, y: Value) -> Result:
    """0 where y is 0."""
    zero = op.constant_like(y, 0)
    y_is_zero = op.Equal(y, zero)
    return op.Where(y_is_zero, zero, op.Div(x, op.Where(y_is_zero, op.constant_like(y, 1), y)))


@lowers("MulNoNan")
def mul_no_nan(op: Op, x: Value, y: Value) -> Result:
    """0 where y is 0, even if x is infinite or NaN."""
    zero = op.constant_like(y, 0)
    return op.Where(op.Equal(y, zero), zero, op.Mul(x, y))


@lowers("Xdivy")
def xdivy(op: Op, x: Value, y: Value) -> Result:
    """x / y, and 0 where x is 0."""
    return _zero_where_x_is(op, x, op.Div(x, y))


@lowers("Xlogy")
def xlogy(op: Op, x: Value, y: Value) -> Result:
    """x log(y), and 0 where x is 0."""
    return _zero_where_x_is(op, x, op.Mul(x, op.Log(y)))


@lowers("Xlog1py")
def xlog1py(op: Op, x: Value, y: Value) -> Result:
    """x log(1 + y), and 0 where x is 0."""
    return _zero_where_x_is(op, x, op.Mul(x, op.lower("Log1p", y)))


def _zero_where_x_is(op: Op, x: Value, result: Value) -> Value:
    zero = op.constant_like(x, 0)
    return op.Where(op.Equal(x, zero), zero, result)


@lowers("FloorDiv")
def floor_div(op: Op, x: Value, y: Value) -> Result:
    """Rounds towards -inf; ONNX's integer Div rounds towards 0."""
    quotient = op.Div(x, y)
    if is_float(x):
        return op.Floor(quotient)
    if is_unsigned(x) or (is_natural(x) and is_natural(y)):
        return quotient
    zero = op.constant_like(x, 0)
    inexact = op.Not(op.Equal(op.Mul(quotient, y), x))
    signs_differ = op.Xor(op.Less(x, zero), op.Less(y, zero))
    return op.Sub(quotient, op.Cast(op.And(inexact, signs_differ), to=dtype_of(x)))


@lowers("FloorMod")
def floor_mod(op: Op, x: Value, y: Value) -> Result:
    """The remainder has the divisor's sign; for floats ONNX has only the dividend's."""
    if not is_float(x):
        return op.Mod(x, y, fmod=0)
    zero = op.constant_like(x, 0)
    remainder = op.Mod(x, y, fmod=1)
    signs_differ = op.Xor(op.Less(remainder, zero), op.Less(y, zero))
    wrong = op.And(op.Not(op.Equal(remainder, zero)), signs_differ)
    return op.Where(wrong, op.Add(remainder, y), remainder)


@lowers("Mod", "TruncateMod")
def truncate_mod(op: Op, x: Value, y: Value) -> Result:
    """The remainder has the dividend's sign, as in C."""
    return op.Mod(x, y, fmod=1)


@lowers("Equal")
def equal(op: Op, x: Value, y: Value, *, incompatible_shape_error: bool) -> Result:
    _check_broadcast(x, y, incompatible_shape_error=incompatible_shape_error)
    return op.Equal(x, y)


@lowers("NotEqual")
def not_equal(op: Op, x: Value, y: Value, *, incompatible_shape_error: bool) -> Result:
    _check_broadcast(x, y, incompatible_shape_error=incompatible_shape_error)
    return op.Not(op.Equal(x, y))


def _check_broadcast(x: Value, y: Value, *, incompatible_shape_error: bool) -> None:
    """With incompatible_shape_error=False, shapes that cannot be broadcast compare as one False."""
    if incompatible_shape_error or x.shape is None or y.shape is None:
        return
    for a, b in zip(reversed(x.shape), reversed(y.shape), strict=False):
        if isinstance(a, int) and isinstance(b, int) and a != b and 1 not in (a, b):
            raise Refusal(f"shapes {x.shape} and {y.shape} cannot be compared element by element")


@lowers("ApproximateEqual")
def approximate_equal(op: Op, x: Value, y: Value, *, tolerance: float) -> Result:
    return op.Less(op.Abs(op.Sub(x, y)), op.constant_like(x, tolerance))


@lowers("ClipByValue")
def clip_by_value(op: Op, x: Value, low: Value, high: Value) -> Result:
    if all(bound.shape is not None and bound.shape.rank() == 0 for bound in (low, high)):
        return op.Clip(x, low, high)
    return op.Max(op.Min(x, high), low)


@lowers("Cast")
def cast_(op: Op, x: Value, *, DstT: DType, Truncate: bool) -> Result:
    """Towards 0 from float to integer. Truncate speaks of the mantissa where a float type is narrowed."""
    if not isinstance(DstT, ir.DataType):
        raise Refusal(f"the dtype {DstT} does not exist in ONNX")
    if DstT in (ir.DataType.COMPLEX64, ir.DataType.COMPLEX128):
        part = cast(op, x, ir.DataType.FLOAT if DstT == ir.DataType.COMPLEX64 else ir.DataType.DOUBLE)
        return Complex(part, op.lower("ZerosLike", part))
    if Truncate and is_float(x) and DstT.is_floating_point():
        raise Refusal("attribute Truncate=True is not supported")
    return op.Cast(x, to=DstT) if dtype_of(x) != DstT else op.Identity(x)


_LARGEST_STEP = 32


@lowers("LeftShift")
def left_shift(op: Op, x: Value, y: Value) -> Result:
    """Shifts by at least 0 and at most the width less 1; ONNX's BitShift takes unsigned numbers only."""
    wide, first, second = _shift_steps(op, x, y)
    return op.Cast(op.Mul(op.Mul(wide, first), second), to=dtype_of(x))


@lowers("RightShift")
def right_shift(op: Op, x: Value, y: Value) -> Result:
    """Keeps the sign: x / 2**y rounded towards -inf."""
    wide, first, second = _shift_steps(op, x, y)
    shifted = op.lower("FloorDiv", op.lower("FloorDiv", wide, first), second)
    return op.Cast(shifted, to=dtype_of(x))


def _shift_steps(op: Op, x: Value, y: Value) -> tuple[Value, Value, Value]:
    """`x` with 64 bits, and two powers of 2, neither of which overflows, whose product is 2**y."""
    wide = ir.DataType.UINT64 if is_unsigned(x) else ir.DataType.INT64
    bits = dtype_of(x).numpy().itemsize * 8
    shift = cast(op, y, ir.DataType.INT64)
    shift = op.Clip(shift, op.constant_like(shift, 0), op.constant_like(shift, bits - 1))
    first = op.Min(shift, op.constant_like(shift, _LARGEST_STEP))
    powers = op.constant(2 ** np.arange(_LARGEST_STEP + 1, dtype=np.int64), wide)
    return cast(op, x, wide), op.Gather(powers, first), op.Gather(powers, op.Sub(shift, first))
