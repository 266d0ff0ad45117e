"""Arithmetic, comparisons and logic: operators that treat each element by itself, with broadcasting."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import onnx_ir as ir

from paddlify.backends.paddle.dtypes import paddle_dtype
from paddlify.backends.paddle.expression import Tensor
from paddlify.backends.paddle.module import Recorder, emits
from paddlify.backends.paddle.ops.cast import converted
from paddlify.backends.paddle.ops.common import FLOATING, FLOATS, NUMBERS, cast, computed, number, scalar, wide
from paddlify.backends.paddle.ops.unsigned import UNSIGNED, divided, sign_flipped, wrapped
from paddlify.errors import Refusal
from paddlify.ir import inference
from paddlify.ir.elements import lower_bound

_D = ir.DataType
_INTEGERS = frozenset({"int32", "int64"})

_FLOAT_FUNCTIONS = {
    "Exp": "exp",
    "Log": "log",
    "Sqrt": "sqrt",
    "Reciprocal": "reciprocal",
    "Erf": "erf",
    "Sin": "sin",
    "Cos": "cos",
    "Tan": "tan",
    "Asin": "asin",
    "Acos": "acos",
    "Atan": "atan",
    "Sinh": "sinh",
    "Cosh": "cosh",
    "Tanh": "tanh",
    "Asinh": "asinh",
    "Acosh": "acosh",
    "Atanh": "atanh",
    "Floor": "floor",
    "Ceil": "ceil",
    "Round": "round",
}
"""Functions of floating-point numbers that Paddle has, most under the same name."""


def _float_function(op_type: str, name: str) -> None:
    @emits(op_type)
    def emit(paddle: Recorder, x: Tensor) -> Any:
        return computed(paddle, FLOATS, getattr(paddle, name), x)


for _op_type, _name in _FLOAT_FUNCTIONS.items():
    _float_function(_op_type, _name)


@emits("Abs")
def absolute(paddle: Recorder, x: Tensor) -> Any:
    return x if x.dtype in UNSIGNED else computed(paddle, NUMBERS, paddle.abs, x)


@emits("Neg")
def negative(paddle: Recorder, x: Tensor) -> Any:
    return computed(paddle, NUMBERS, lambda x: -x, x)


@emits("Sign")
def sign(paddle: Recorder, x: Tensor) -> Any:
    if x.dtype in UNSIGNED:
        return cast(paddle, paddle.not_equal(x, paddle.zeros_like(x)), x.dtype)
    return computed(paddle, NUMBERS, paddle.sign, x)


# Arithmetic


@emits("Add")
def add(paddle: Recorder, a: Tensor, b: Tensor) -> Any:
    return _arithmetic(paddle, lambda a, b: a + b, a, b)


@emits("Sub")
def subtract(paddle: Recorder, a: Tensor, b: Tensor) -> Any:
    return _arithmetic(paddle, lambda a, b: a - b, a, b)


@emits("Mul")
def multiply(paddle: Recorder, a: Tensor, b: Tensor) -> Any:
    return _arithmetic(paddle, lambda a, b: a * b, a, b)


def _arithmetic(paddle: Recorder, function: Callable[[Any, Any], Any], a: Tensor, b: Tensor) -> Any:
    """What overflows wraps around."""
    left, right = scalar(a, beside=b), scalar(b, beside=a)
    if left is not None or right is not None:
        return function(a if left is None else left, b if right is None else right)
    return wrapped(computed(paddle, NUMBERS, function, a, b), a.dtype)


@emits("Div")
def divide(paddle: Recorder, a: Tensor, b: Tensor) -> Any:
    """Integers are rounded towards zero."""
    if a.dtype in UNSIGNED:
        return divided(paddle, a, b)
    if a.dtype not in FLOATING:
        low, divisor = _at_least(a), _at_least(b)
        if low is not None and divisor is not None and divisor > 0 and low > -divisor:  # sizes, say
            dividend = a if low >= 0 else paddle.clip(a, min=0)
            return dividend // b
        return _on_integers(paddle, lambda a, b, dtype: truncated_quotient(paddle, a, b, dtype), a, b)
    left, right = scalar(a, beside=b), scalar(b, beside=a)
    if left is not None:
        return left / b
    if isinstance(right, float) and abs(math.frexp(right)[0]) == 0.5:  # then multiplying by the inverse is exact
        return a / right
    return computed(paddle, FLOATS, lambda a, b: a / b, a, b)


def _at_least(x: Tensor) -> int | None:
    """What no element of shape arithmetic is less than, as far as that is known."""
    bounds = [lower_bound(element) for element in inference.elements_of(x.value) or ()]
    known = [bound for bound in bounds if bound is not None]
    return min(known) if known and len(known) == len(bounds) and x.dtype == ir.DataType.INT64 else None


def _on_integers(paddle: Recorder, function: Callable[[Any, Any, str], Any], a: Tensor, b: Tensor) -> Any:
    dtype = wide(a.dtype, _INTEGERS)
    return computed(paddle, _INTEGERS, lambda a, b: function(a, b, dtype), a, b)


def truncated_quotient(paddle: Recorder, a: Any, b: Any, dtype: str) -> Any:
    """The quotient of integers of `dtype`, rounded towards zero.

    Paddle's integer division rounds down: one more where the signs differ and something is left.
    """
    is_inexact = (a % b).astype("bool")
    is_negative = paddle.logical_xor(a < 0, b < 0)
    return a // b + paddle.logical_and(is_inexact, is_negative).astype(dtype)


@emits("Mod")
def modulo(paddle: Recorder, a: Tensor, b: Tensor, *, fmod: int) -> Any:
    """The result has the divisor's sign, as Paddle's; with fmod=1 the dividend's."""
    if a.dtype == _D.UINT64:
        return a - divided(paddle, a, b) * b
    if not fmod and a.dtype in FLOATING:
        return computed(paddle, FLOATS, lambda a, b: _with_zeros_signed(paddle, a % b, b), a, b)
    if not fmod or a.dtype in UNSIGNED:
        return computed(paddle, NUMBERS, lambda a, b: a % b, a, b)
    if a.dtype in FLOATING:
        return computed(paddle, FLOATS, lambda a, b: paddle.copysign(paddle.abs(a) % paddle.abs(b), a), a, b)
    return _on_integers(paddle, lambda a, b, dtype: a - truncated_quotient(paddle, a, b, dtype) * b, a, b)


def _with_zeros_signed(paddle: Recorder, rest: Any, divisor: Any) -> Any:
    """A remainder of 0 has the divisor's sign, too, which Paddle leaves out."""
    return paddle.where(paddle.equal(rest, paddle.zeros_like(rest)), paddle.copysign(rest, divisor), rest)


@emits("Pow")
def power(paddle: Recorder, x: Tensor, y: Tensor) -> Any:
    """The result has the base's dtype; an integer base with a floating-point exponent is raised in float64."""
    base, exponent = x.dtype, y.dtype
    if base in UNSIGNED:
        raise Refusal(f"Pow of {base.name.lower()} is not supported")
    if base not in FLOATING:
        work = "float64" if exponent in FLOATING else "int64"
        result = paddle.pow(cast(paddle, x, work), cast(paddle, y, work))
        return cast(paddle, result, base, of=work)
    work = wide(base, FLOATS)
    if y.is_constant and y.numpy().size == 1 and (y.rank == 0 or (x.has_rank and y.rank <= x.rank)):
        raised = _power_of_number(paddle, cast(paddle, x, work), float(number(y.numpy().reshape(-1)[0])))
    else:
        raised = paddle.pow(cast(paddle, x, work), converted(paddle, y, ir.DataType.from_numpy(np.dtype(work))))
    return cast(paddle, raised, base, of=work)


def _power_of_number(paddle: Recorder, x: Any, exponent: float) -> Any:
    special = {2.0: "square", 0.5: "sqrt", -1.0: "reciprocal"}
    if exponent in special:
        return getattr(paddle, special[exponent])(x)
    return paddle.pow(x, exponent)


# Several inputs


@emits("Sum")
def sum_of_inputs(paddle: Recorder, *inputs: Tensor) -> Any:
    return _folded(paddle, lambda a, b: a + b, inputs)


@emits("Mean")
def mean_of_inputs(paddle: Recorder, *inputs: Tensor) -> Any:
    if len(inputs) == 1:
        return inputs[0]
    return computed(paddle, FLOATS, lambda *parts: functools.reduce(lambda a, b: a + b, parts) / len(parts), *inputs)


@emits("Max")
def maximum(paddle: Recorder, *inputs: Tensor) -> Any:
    return _ordered(paddle, paddle.maximum, inputs)


@emits("Min")
def minimum(paddle: Recorder, *inputs: Tensor) -> Any:
    return _ordered(paddle, paddle.minimum, inputs)


def _ordered(paddle: Recorder, function: Callable[[Any, Any], Any], inputs: tuple[Tensor, ...]) -> Any:
    if inputs[0].dtype != _D.UINT64 or len(inputs) == 1:
        return _folded(paddle, function, inputs)
    flipped = [sign_flipped(paddle, value) for value in inputs]
    return sign_flipped(paddle, functools.reduce(function, flipped))


def _folded(paddle: Recorder, function: Callable[[Any, Any], Any], inputs: tuple[Tensor, ...]) -> Any:
    if len(inputs) == 1:
        return inputs[0]
    return computed(paddle, NUMBERS, lambda *parts: functools.reduce(function, parts), *inputs)


# Comparisons and logic


def _comparison(op_type: str, function: Callable[[Any, Any], Any]) -> None:
    @emits(op_type)
    def emit(paddle: Recorder, a: Tensor, b: Tensor) -> Any:
        if a.dtype == _D.UINT64:
            return function(sign_flipped(paddle, a), sign_flipped(paddle, b))
        paddle_dtype(a.dtype)
        left, right = scalar(a, beside=b), scalar(b, beside=a)
        return function(a if left is None else left, b if right is None else right)


_COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "Less": lambda a, b: a < b,
    "LessOrEqual": lambda a, b: a <= b,
    "Greater": lambda a, b: a > b,
    "GreaterOrEqual": lambda a, b: a >= b,
}

for _op_type, _function in _COMPARISONS.items():
    _comparison(_op_type, _function)


@emits("Equal")
def equal(paddle: Recorder, a: Tensor, b: Tensor) -> Any:
    paddle_dtype(a.dtype)
    return paddle.equal(a, b)


@emits("And")
def logical_and(paddle: Recorder, a: Tensor, b: Tensor) -> Any:
    return paddle.logical_and(a, b)


@emits("Or")
def logical_or(paddle: Recorder, a: Tensor, b: Tensor) -> Any:
    return paddle.logical_or(a, b)


@emits("Xor")
def logical_xor(paddle: Recorder, a: Tensor, b: Tensor) -> Any:
    return paddle.logical_xor(a, b)


@emits("Not")
def logical_not(paddle: Recorder, x: Tensor) -> Any:
    return paddle.logical_not(x)


@emits("Where")
def where(paddle: Recorder, condition: Tensor, x: Tensor, y: Tensor) -> Any:
    """Paddle broadcasts sizes that it sees to differ; of those that are not known its kernel wants equal ones."""
    kernels = NUMBERS | {"bool", "complex64", "complex128"}
    if _may_differ_unseen(condition, x, y):
        none = [paddle.zeros_like(item, dtype="bool") for item in (condition, x, y)]
        common = paddle.let(paddle.shape(none[0] | none[1] | none[2]), "common")
        shape = [common[axis] for axis in range(condition.rank)]
        chosen = paddle.expand(condition, shape)
        return computed(
            paddle, kernels, lambda x, y: paddle.where(chosen, paddle.expand(x, shape), paddle.expand(y, shape)), x, y
        )
    return computed(paddle, kernels, lambda x, y: paddle.where(condition, x, y), x, y)


def _may_differ_unseen(*tensors: Tensor) -> bool:
    """Whether shapes look the same because sizes are not known, though the model does not say that they are."""
    shapes = [item.value.shape for item in tensors if item.has_rank]
    if len({item.shape for item in tensors if item.has_rank}) != 1 or tensors[0].is_static:
        return False
    return any(
        not isinstance(dim, int) and (dim.value is None or dim != first)
        for shape in shapes
        if shape is not None and shapes[0] is not None
        for dim, first in zip(shape, shapes[0], strict=True)
    )


@emits("IsNaN")
def is_nan(paddle: Recorder, x: Tensor) -> Any:
    return computed(paddle, FLOATS | {"float16", "bfloat16"}, paddle.isnan, x, result="bool")


@emits("IsInf")
def is_inf(paddle: Recorder, x: Tensor, *, detect_negative: int, detect_positive: int) -> Any:
    if detect_negative and detect_positive:
        return computed(paddle, FLOATS | {"float16", "bfloat16"}, paddle.isinf, x, result="bool")
    if not detect_negative and not detect_positive:
        return paddle.zeros_like(x, dtype="bool")
    infinity = math.inf if detect_positive else -math.inf
    return computed(paddle, FLOATS, lambda x: paddle.equal(x, paddle.full_like(x, infinity)), x, result="bool")


# Bits


@emits("BitwiseAnd")
def bitwise_and(paddle: Recorder, a: Tensor, b: Tensor) -> Any:
    return paddle.bitwise_and(a, b)


@emits("BitwiseOr")
def bitwise_or(paddle: Recorder, a: Tensor, b: Tensor) -> Any:
    return paddle.bitwise_or(a, b)


@emits("BitwiseXor")
def bitwise_xor(paddle: Recorder, a: Tensor, b: Tensor) -> Any:
    return paddle.bitwise_xor(a, b)


@emits("BitwiseNot")
def bitwise_not(paddle: Recorder, x: Tensor) -> Any:
    return wrapped(paddle.bitwise_not(x), x.dtype)


@emits("BitShift")
def bit_shift(paddle: Recorder, x: Tensor, y: Tensor, *, direction: str) -> Any:
    """Shifts by a negative amount, or by all bits and more, leave 0, or -1 of a negative number shifted right."""
    if direction not in ("LEFT", "RIGHT"):
        raise Refusal(f"attribute direction='{direction}' is not supported")
    bits = x.dtype.bitwidth
    if direction == "RIGHT" and x.dtype not in UNSIGNED:
        return computed(paddle, _INTEGERS, lambda x, y: paddle.bitwise_right_shift(x, _clamped(paddle, y, bits)), x, y)
    keywords = {"is_arithmetic": False} if x.dtype == _D.UINT64 else {}
    shift = paddle.bitwise_left_shift if direction == "LEFT" else paddle.bitwise_right_shift

    def shifted(x: Any, y: Any) -> Any:
        result = shift(x, _clamped(paddle, y, bits), **keywords)
        return paddle.where(paddle.logical_and(y >= 0, y < bits), result, paddle.zeros_like(result))

    return wrapped(computed(paddle, _INTEGERS, shifted, x, y), x.dtype)


def _clamped(paddle: Recorder, amount: Any, bits: int) -> Any:
    """An amount of bits that can be shifted; the largest for one that cannot."""
    inside = paddle.logical_and(amount >= 0, amount < bits)
    return paddle.where(inside, amount, paddle.full_like(amount, bits - 1))
