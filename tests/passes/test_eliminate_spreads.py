"""What is spread for an operator that spreads by itself: equality in onnxruntime, and what is left."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir
import pytest

from paddlify.passes.eliminate_spreads import EliminateSpreads
from tests.passes.graphs import build, improved

TABLE = np.random.default_rng(2).random((3, 4)).astype(np.float32)


def filled(op, x, number, axes=2):
    fill = ir.tensor(np.array([number]))
    return op.ConstantOfShape(op.Shape(x, end=axes), value=fill)


def spread_index(op, x):
    return op.Expand(op.constant([1]), op.Shape(x, end=2))


@pytest.mark.parametrize(
    ("record", "left"),
    [
        (lambda op, x, y: op.Add(x, op.Expand(y, op.Shape(x))), {"Add": 1}),
        (lambda op, x, y: op.Sub(op.Expand(y, op.Shape(x)), x), {"Sub": 1}),
        (lambda op, x, y: op.Where(op.Less(x, y), op.Expand(y, op.Shape(x)), x), {"Less": 1, "Where": 1}),
        (lambda op, x, y: op.Add(y, op.Expand(op.Neg(y), op.Shape(x))), {"Add": 1, "Neg": 1, "Expand": 1, "Shape": 1}),
        (
            lambda op, x, y: op.Mul(op.Cast(filled(op, x, 3, 3), to=1), x),
            {"Mul": 1, "Cast": 1, "ConstantOfShape": 1, "Shape": 1},
        ),
        (lambda op, x, y: op.Add(x, op.ConstantOfShape(op.Shape(x))), {"Add": 1}),
        (lambda op, x, y: op.Add(x, op.ConstantOfShape(op.Shape(x), value=ir.tensor(np.float32([2.5])))), {"Add": 1}),
        (lambda op, x, y: op.Add(x, op.Gather(op.constant(TABLE), filled(op, x, 2))), {"Add": 1, "Gather": 1}),
        (lambda op, x, y: op.Add(op.Gather(op.constant(TABLE), spread_index(op, x)), x), {"Add": 1, "Gather": 1}),
        (
            lambda op, x, y: op.Add(y, op.Gather(op.constant(TABLE), filled(op, x, 2))),
            {"Add": 1, "Gather": 1, "ConstantOfShape": 1, "Shape": 1},
        ),
    ],
)
def test_what_is_left(record, left) -> None:
    assert improved(build(record, ["N", "M", 4], [1, 1, 4]), EliminateSpreads(), exact=True) == left
