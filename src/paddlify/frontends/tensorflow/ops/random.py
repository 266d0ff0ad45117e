# mypy: disable-error-code="no-any-return"

"""Random numbers: those of ONNX have TensorFlow's distributions, but never its very numbers.

What asks for particular numbers (the Stateless operators, which are functions of their seed) has no lowering.
"""

from __future__ import annotations

import onnx_ir as ir

from paddlify.errors import Refusal
from paddlify.frontends.tensorflow.lowering import lowers
from paddlify.frontends.tensorflow.ops.common import Op, Result, Value, cast, filled, int64, size_of, vector
from paddlify.ir.builder import dtype_of, rank_of
from paddlify.ir.inference import known_array


@lowers("RandomUniform")
def random_uniform(op: Op, shape: Value, *, seed: int, seed2: int, dtype: ir.DataType) -> Result:
    return _drawn(op, "RandomUniform", shape, dtype, seed or seed2)


@lowers("RandomStandardNormal")
def random_standard_normal(op: Op, shape: Value, *, seed: int, seed2: int, dtype: ir.DataType) -> Result:
    return _drawn(op, "RandomNormal", shape, dtype, seed or seed2)


def _drawn(op: Op, onnx: str, shape: Value, dtype: ir.DataType, seed: int) -> Value:
    """A seed makes every run give the same numbers; without one they differ from run to run."""
    start = float(seed) if seed else None
    known = known_array(shape)
    if known is not None:
        return getattr(op, onnx)(shape=[int(size) for size in known], dtype=dtype, seed=start)
    return getattr(op, f"{onnx}Like")(filled(op, vector(op, shape), dtype, 0), dtype=dtype, seed=start)


@lowers("RandomUniformInt")
def random_uniform_int(op: Op, shape: Value, low: Value, high: Value, *, seed: int, seed2: int) -> Result:
    """Whole numbers of low … high - 1."""
    drawn = _drawn(op, "RandomUniform", shape, ir.DataType.DOUBLE, seed or seed2)
    begin, end = int64(op, low), int64(op, high)
    span = op.Cast(op.Sub(end, begin), to=ir.DataType.DOUBLE)
    steps = op.Cast(op.Floor(op.Mul(drawn, span)), to=ir.DataType.INT64)
    last = op.Sub(end, op.constant(1))
    return cast(op, op.Min(op.Add(begin, steps), last), dtype_of(low))


@lowers("RandomShuffle")
def random_shuffle(op: Op, x: Value, *, seed: int, seed2: int) -> Result:
    """The rows in the order of random keys."""
    if rank_of(x) == 0:
        return op.Identity(x)
    count = size_of(op, x, 0)
    keys = _drawn(op, "RandomUniform", count, ir.DataType.FLOAT, seed or seed2)
    _, order = op.TopK(keys, count, outputs=2)
    return op.Gather(x, order, axis=0)


@lowers("Multinomial")
def multinomial(
    op: Op, logits: Value, num_samples: Value, *, seed: int, seed2: int, output_dtype: ir.DataType
) -> Result:
    """Classes drawn by their unnormalised log-probabilities."""
    known = known_array(num_samples)
    if known is None:
        raise Refusal("the number of samples must be known at conversion time")
    start = float(seed or seed2) or None
    drawn = op.Multinomial(logits, sample_size=int(known), dtype=ir.DataType.INT64, seed=start)
    return cast(op, drawn, output_dtype)
