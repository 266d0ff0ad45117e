# mypy: disable-error-code="no-any-return"

"""Complex numbers as pairs of real tensors."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import onnx_ir as ir

from paddlify.errors import Refusal
from paddlify.frontends.tensorflow.dtypes import DType
from paddlify.frontends.tensorflow.lowering import COMPLEX, Complex, lowers
from paddlify.frontends.tensorflow.ops import array, gather_scatter, math, reduce, slicing  # noqa: F401 - wrapped below
from paddlify.frontends.tensorflow.ops.common import Op, Result, Value, cast, sizes

_PART_TYPES = {ir.DataType.COMPLEX64: ir.DataType.FLOAT, ir.DataType.COMPLEX128: ir.DataType.DOUBLE}


def parts(op: Op, x: Any) -> Complex:
    """Real and imaginary part of a complex operand, which may be a constant; raises Refusal for a model's input."""
    if isinstance(x, Complex):
        return x
    if x.const_value is None:
        raise Refusal("complex inputs of a model are not supported")
    array_ = x.const_value.numpy()
    return Complex(op.constant(np.real(array_)), op.constant(np.imag(array_)))


def part_type(dtype: DType) -> ir.DataType:
    """The type of the parts of a complex type."""
    found = _PART_TYPES.get(dtype) if isinstance(dtype, ir.DataType) else None
    if found is None:
        raise Refusal(f"{dtype} is not a complex type")
    return found


def _part_by_part(function: Callable[..., Result]) -> Callable[..., Result]:
    """A lowering that does the same with both parts; its signature, which the registry reads, is the function's."""

    @functools.wraps(function)
    def lower(op: Op, *inputs: Any, **attributes: Any) -> Result:
        numbers = [parts(op, x) if _is_complex(x) else x for x in inputs]
        results = [
            function(op, *(getattr(x, part) if isinstance(x, Complex) else x for x in numbers), **attributes)
            for part in ("real", "imaginary")
        ]
        if not isinstance(results[0], tuple):
            return Complex(*results)
        return tuple(Complex(real, imaginary) for real, imaginary in zip(*results, strict=True))

    return lower


def _is_complex(x: Any) -> bool:
    return isinstance(x, Complex) or x.dtype in _PART_TYPES


def _of_real_part(function: Callable[..., Result]) -> Callable[..., Result]:
    @functools.wraps(function)
    def lower(op: Op, *inputs: Any, **attributes: Any) -> Result:
        return function(op, *(parts(op, x).real for x in inputs), **attributes)

    return lower


_LINEAR = (
    "Add", "AddN", "AddV2", "BroadcastTo", "Concat", "ConcatV2", "Cumsum", "ExpandDims", "Fill", "Gather", "GatherNd",
    "GatherV2", "Mean", "MirrorPad", "Neg", "Pack", "Pad", "PadV2", "Reshape", "Reverse", "ReverseV2", "Roll", "Select",
    "SelectV2", "Slice", "Split", "SplitV", "Squeeze", "StridedSlice", "Sub", "Sum", "Tile", "Transpose", "Unpack",
    "ZerosLike",
)  # fmt: skip
"""Operators that do the same with the real and with the imaginary part."""


def _register() -> None:
    for op_type in _LINEAR:
        rule = lowers.find("", op_type)
        if rule is None:
            raise ValueError(f"{op_type} has no lowering for real numbers")
        lowers.add(COMPLEX, op_type, _part_by_part(rule.function))
    for op_type in ("Rank", "Shape", "ShapeN", "Size"):
        rule = lowers.find("", op_type)
        if rule is None:
            raise ValueError(f"{op_type} has no lowering for real numbers")
        lowers.add(COMPLEX, op_type, _of_real_part(rule.function))


_register()


@lowers("Complex")
def complex_(op: Op, real: Value, imaginary: Value, *, Tout: DType) -> Result:
    known = sizes(real)
    if None not in known and known == sizes(imaginary):
        return Complex(real, imaginary)
    return Complex(op.Expand(real, op.Shape(imaginary)), op.Expand(imaginary, op.Shape(real)))


@lowers("Real", domain=COMPLEX)
def real(op: Op, x: Any, *, Tout: ir.DataType) -> Result:
    return cast(op, parts(op, x).real, Tout)


@lowers("Imag", domain=COMPLEX)
def imag(op: Op, x: Any, *, Tout: ir.DataType) -> Result:
    return cast(op, parts(op, x).imaginary, Tout)


@lowers("ComplexAbs", domain=COMPLEX)
def complex_abs(op: Op, x: Any, *, Tout: ir.DataType) -> Result:
    z = parts(op, x)
    return cast(op, op.Sqrt(_squared(op, z)), Tout)


def _squared(op: Op, z: Complex) -> Value:
    return op.Add(op.Mul(z.real, z.real), op.Mul(z.imaginary, z.imaginary))


@lowers("Angle", domain=COMPLEX)
def angle(op: Op, x: Any, *, Tout: ir.DataType) -> Result:
    z = parts(op, x)
    return cast(op, op.lower("Atan2", z.imaginary, z.real), Tout)


@lowers("Conj", domain=COMPLEX)
def conj(op: Op, x: Any) -> Result:
    z = parts(op, x)
    return Complex(z.real, op.Neg(z.imaginary))


@lowers("Mul", domain=COMPLEX)
def mul(op: Op, x: Any, y: Any) -> Result:
    a, b = parts(op, x), parts(op, y)
    return Complex(
        op.Sub(op.Mul(a.real, b.real), op.Mul(a.imaginary, b.imaginary)),
        op.Add(op.Mul(a.real, b.imaginary), op.Mul(a.imaginary, b.real)),
    )


@lowers("Square", domain=COMPLEX)
def square(op: Op, x: Any) -> Result:
    return mul(op, x, x)


@lowers("Div", "RealDiv", domain=COMPLEX)
def div(op: Op, x: Any, y: Any) -> Result:
    divisor = parts(op, y)
    size = _squared(op, divisor)
    product = mul(op, x, conj(op, divisor))
    return Complex(op.Div(product.real, size), op.Div(product.imaginary, size))


@lowers("Exp", domain=COMPLEX)
def exp(op: Op, x: Any) -> Result:
    z = parts(op, x)
    length = op.Exp(z.real)
    return Complex(op.Mul(length, op.Cos(z.imaginary)), op.Mul(length, op.Sin(z.imaginary)))


@lowers("Cast", domain=COMPLEX)
def cast_complex(op: Op, x: Any, *, DstT: DType, Truncate: bool) -> Result:
    """To a real type the imaginary part is dropped."""
    z = parts(op, x)
    if DstT in _PART_TYPES:
        return Complex(cast(op, z.real, part_type(DstT)), cast(op, z.imaginary, part_type(DstT)))
    return op.lower("Cast", z.real, DstT=DstT)


def joined_pair(op: Op, z: Complex) -> Value:
    """Both parts along a new last axis, as ONNX's DFT has them."""
    return op.Concat(*(op.Unsqueeze(part, op.constant([-1])) for part in (z.real, z.imaginary)), axis=-1)


def taken_apart(op: Op, pair: Value) -> Complex:
    """The parts that lie along the last axis."""
    parts_: Sequence[Value] = op.Split(pair, axis=-1, num_outputs=2, outputs=2)
    return Complex(*(op.Squeeze(part, op.constant([-1])) for part in parts_))
