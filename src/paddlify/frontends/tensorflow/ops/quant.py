# mypy: disable-error-code="no-any-return"

"""Quantisation that is played through in floating point."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from paddlify.errors import Refusal
from paddlify.frontends.tensorflow.lowering import lowers
from paddlify.frontends.tensorflow.ops.common import Op, Result, Value
from paddlify.ir.builder import constant_of, dtype_of, rank_of
from paddlify.ir.inference import known_array

F = np.float32


@lowers("FakeQuantWithMinMaxArgs")
def fake_quant_args(
    op: Op, x: Value, *, min: float, max: float, num_bits: int, narrow_range: bool  # noqa: A002
) -> Result:
    return _fake_quant(op, x, op.constant(F(min)), op.constant(F(max)), num_bits, narrow_range=narrow_range)


@lowers("FakeQuantWithMinMaxVars", "FakeQuantWithMinMaxVarsPerChannel")
def fake_quant_vars(op: Op, x: Value, low: Value, high: Value, *, num_bits: int, narrow_range: bool) -> Result:
    """One range for all, or one for each element of the last axis. A range of nothing but 0 gives 0."""
    result = _fake_quant(op, x, low, high, num_bits, narrow_range=narrow_range)
    known = known_array(low), known_array(high)
    if known[0] is not None and known[1] is not None and np.all((known[0] != 0) | (known[1] != 0)):
        return result
    zero = op.constant_like(x, 0)
    return op.Where(op.And(op.Equal(low, zero), op.Equal(high, zero)), zero, result)


def _fake_quant(op: Op, x: Value, low: Value, high: Value, num_bits: int, *, narrow_range: bool) -> Value:
    """The range is moved a little so that 0 is one of its 2**num_bits steps; x is rounded to the nearest step."""
    first, last = F(narrow_range), F(2**num_bits - 1)
    bounds = known_array(low), known_array(high)
    if bounds[0] is not None and bounds[1] is not None:
        begin, end, step, inverse, zero = map(op.constant, _nudged(bounds[0], bounds[1], first, last))
    else:
        begin, end, step, inverse, zero = _nudged_in_graph(op, low, high, first, last)
    shifted = op.Mul(op.Sub(op.Max(op.Min(x, end), begin), begin), inverse)
    return op.Mul(op.Floor(op.Add(op.Sub(shifted, zero), op.constant(F(0.5)))), step)


def _nudged(low: np.ndarray, high: np.ndarray, first: np.float32, last: np.float32) -> list[np.ndarray]:
    """Begin, end, step, its inverse, and the number of the step that is 0; `first` and `last` number the steps."""
    step = np.asarray((high - low) / (last - first), F)
    inverse = np.divide(F(1), step, out=np.zeros_like(step), where=step != 0)
    quotient = np.divide(low, step, out=np.zeros_like(step), where=step != 0)
    number = np.clip(np.floor(first - quotient + F(0.5)), first, last)
    begin, end = (first - number) * step, (last - number) * step
    return [np.asarray(part, F) for part in (begin, end, step, inverse, np.floor(-begin * inverse + F(0.5)))]


def _nudged_in_graph(op: Op, low: Value, high: Value, first: np.float32, last: np.float32) -> list[Value]:
    start, end, half = op.constant(first), op.constant(last), op.constant(F(0.5))
    step = op.Div(op.Sub(high, low), op.constant(last - first))
    inverse = op.Reciprocal(step)
    number = op.Min(op.Max(op.Floor(op.Add(op.Sub(start, op.Div(low, step)), half)), start), end)
    begin = op.Mul(op.Sub(start, number), step)
    zero = op.Floor(op.Add(op.Mul(op.Neg(begin), inverse), half))
    return [begin, op.Mul(op.Sub(end, number), step), step, inverse, zero]


@lowers("QuantizeAndDequantizeV2", "QuantizeAndDequantizeV4")
def quantize_and_dequantize(
    op: Op, x: Value, low: Value, high: Value, *, signed_input: bool, num_bits: int, range_given: bool, round_mode: str,
    narrow_range: bool, axis: int,
) -> Result:
    return _quantised(
        op, x, (low, high) if range_given else None, num_bits, axis, signed=signed_input, narrow=narrow_range,
        half_up=round_mode == "HALF_UP",
    )


@lowers("QuantizeAndDequantizeV3")
def quantize_and_dequantize_v3(
    op: Op, x: Value, low: Value, high: Value, num_bits: Value, *, signed_input: bool, range_given: bool,
    narrow_range: bool, axis: int,
) -> Result:
    bits = int(constant_of(num_bits, "num_bits"))
    return _quantised(
        op, x, (low, high) if range_given else None, bits, axis, signed=signed_input, narrow=narrow_range
    )


def _quantised(
    op: Op, x: Value, given: tuple[Value, Value] | None, num_bits: int, axis: int, *, signed: bool, narrow: bool,
    half_up: bool = False,
) -> Value:
    """x rounded to steps around 0, as many as the bits number; one range for all, or for each element of an axis.

    The wider side of the range says how large a step is. A range that is not given is that of x, all of which is in it.
    """
    if dtype_of(x) != ir.DataType.FLOAT:
        raise Refusal(f"it is of {dtype_of(x).name.lower()}")
    first = op.constant(F(-(2 ** (num_bits - 1)) + narrow if signed else 0))
    last = op.constant(F(2 ** (num_bits - signed) - 1))
    others = [other for other in range(rank_of(x)) if other != axis]
    if given is None:
        axes = op.constant(others)
        low, high = (reduce(x, axes, keepdims=1) if others else x for reduce in (op.ReduceMin, op.ReduceMax))
    else:
        shape = op.constant([1 if other != axis else -1 for other in range(rank_of(x))])
        low, high = given if axis < 0 else (op.Reshape(side, shape) for side in given)
    zero, most = op.constant(F(0)), op.constant(np.finfo(F).max)
    from_low, from_high = (
        op.Where(op.Greater(op.Mul(end, side), zero), op.Div(end, side), most)
        for end, side in ((first, low), (last, high))
    )
    is_lower = op.Less(from_low, from_high)
    scale = op.Where(is_lower, from_low, from_high)
    step = op.Where(is_lower, op.Div(low, first), op.Div(high, last))
    if given is not None:
        high, low = op.Where(is_lower, op.Mul(last, step), high), op.Where(is_lower, low, op.Mul(first, step))
        x = op.Max(op.Min(x, high), low)
    scaled = op.Mul(x, scale)
    return op.Mul(op.Floor(op.Add(scaled, op.constant(F(0.5)))) if half_up else op.Round(scaled), step)
