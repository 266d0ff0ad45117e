"""Equal constants become one: equality in onnxruntime, and what common subexpression elimination then leaves."""

from __future__ import annotations

import numpy as np
import pytest
from onnx_ir.passes.common import CommonSubexpressionEliminationPass

from paddlify.passes.merge_constants import MergeConstants
from tests.passes.graphs import build, improved


def twice(compute):
    """The same computed twice, of constants of its own each."""
    return lambda op, x: op.Mul(compute(op, x), op.Neg(compute(op, x)))


def mask(op, x):
    ones = op.Expand(op.constant(1.0), op.Concat(op.constant([4]), op.constant([4]), axis=0))
    return op.Add(x, op.Where(op.Equal(op.Trilu(ones, upper=0), op.constant(0.0)), op.constant(-1e9), op.constant(0.0)))


@pytest.mark.parametrize(
    ("record", "left"),
    [
        (twice(lambda op, x: op.Reshape(x, op.constant([-1, 4]))), {"Reshape": 1, "Neg": 1, "Mul": 1}),
        (
            twice(lambda op, x: op.Clip(op.Add(x, op.constant(2.0)), op.constant(0.0))),
            {"Add": 1, "Clip": 1, "Neg": 1, "Mul": 1},
        ),
        (
            twice(mask),
            {"Concat": 1, "Expand": 1, "Trilu": 1, "Equal": 1, "Where": 1, "Add": 1, "Neg": 1, "Mul": 1},
        ),
        (
            twice(lambda op, x: op.Add(x, op.constant(np.arange(4, dtype=np.float32)))),
            {"Add": 2, "Neg": 1, "Mul": 1},
        ),
        (
            lambda op, x: op.Mul(op.Add(x, op.constant(1.0)), op.Add(x, op.Cast(op.constant([1]), to=1))),
            {"Add": 2, "Cast": 1, "Mul": 1},
        ),
    ],
)
def test_what_is_left(record, left) -> None:
    steps = MergeConstants(), CommonSubexpressionEliminationPass()
    assert improved(build(record, ["N", 4, 4]), *steps, exact=True) == left


def test_weights_of_layers_stay_their_own() -> None:
    def record(op, x):
        first = op.Conv(x, op.constant(np.ones((1, 1, 1, 1), np.float32)))
        return op.Conv(first, op.constant(np.ones((1, 1, 1, 1), np.float32)))

    model = build(record, ["N", 1, 4, 4])
    improved(model, MergeConstants())
    assert len({node.inputs[1] for node in model.graph if node.op_type == "Conv"}) == 2


def test_what_only_looks_equal_is_told_apart() -> None:
    """-0.0 and 0.0, 1 as a number and as a vector."""

    def record(op, x):
        below, above = (op.Div(op.constant(1.0), op.Mul(op.constant(zero), x)) for zero in (-0.0, 0.0))
        return op.Add(op.Where(op.Less(below, above), op.constant(1.0), op.constant([1.0])), x)

    model = build(record, ["N", 4])
    MergeConstants()(model)
    used = {value.name for node in model.graph for value in node.inputs if value is not None and value.const_value}
    assert len(used) == 4
