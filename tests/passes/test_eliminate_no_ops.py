"""Nodes that change nothing, and two that are one: equality in onnxruntime, and what is left."""

from __future__ import annotations

import numpy as np
import pytest

from paddlify.passes.eliminate_no_ops import EliminateNoOps
from tests.passes.graphs import build, improved

RNG = np.random.default_rng(5)


def recurrent(op, x, *states, op_type="LSTM", gates=4, **attributes):
    weights = [op.constant(RNG.random((1, gates * 5, size)).astype(np.float32)) for size in (3, 5)]
    outputs = getattr(op, op_type)(
        x, *weights, None, None, *states, hidden_size=5, outputs=3 if op_type == "LSTM" else 2, **attributes
    )
    return outputs[0]


def zeros(op, x, fill=0.0):
    batch = op.Unsqueeze(op.Gather(op.Shape(x), op.constant(1), axis=0), op.constant([0]))
    return op.Expand(op.constant(fill), op.Concat(op.constant([1]), batch, op.constant([5]), axis=0))


def filled(op, x):
    batch = op.Unsqueeze(op.Gather(op.Shape(x), op.constant(1), axis=0), op.constant([0]))
    return op.ConstantOfShape(op.Concat(op.constant([1]), batch, op.constant([5]), axis=0))


@pytest.mark.parametrize(
    ("record", "left"),
    [
        (lambda op, x: op.Relu(op.Squeeze(op.Unsqueeze(x, op.constant([1, -1])), op.constant([-1, 1]))), {"Relu": 1}),
        (
            lambda op, x: op.Squeeze(op.Unsqueeze(x, op.constant([0, 1])), op.constant([0])),
            {"Squeeze": 1, "Unsqueeze": 1},
        ),
        (lambda op, x: op.Unsqueeze(op.Unsqueeze(x, op.constant([1])), op.constant([0, 3])), {"Unsqueeze": 1}),
        (lambda op, x: op.Unsqueeze(op.Unsqueeze(x, op.constant([-1])), op.constant([-1, 0])), {"Unsqueeze": 1}),
        (lambda op, x: op.Reshape(op.Reshape(x, op.constant([-1, 2])), op.constant([3, -1])), {"Reshape": 1}),
        (
            lambda op, x: op.Relu(op.Reshape(op.Reshape(x, op.constant([-1, 2, 6])), op.constant([-1, 3, 4]))),
            {"Relu": 1},
        ),
        (lambda op, x: op.Reshape(op.Reshape(x, op.constant([3, -1])), op.constant([0, 2, -1])), {"Reshape": 2}),
        (lambda op, x: op.Relu(op.Pad(x, op.constant([0] * 6))), {"Relu": 1}),
    ],
)
def test_what_is_left(record, left) -> None:
    assert improved(build(record, ["N", 3, 4]), EliminateNoOps(), exact=True) == left


@pytest.mark.parametrize(
    ("record", "is_told"),
    [
        (lambda op, x: recurrent(op, x, zeros(op, x), zeros(op, x)), False),
        (lambda op, x: recurrent(op, x, filled(op, x), zeros(op, x)), False),
        (lambda op, x: recurrent(op, x, zeros(op, x), op_type="GRU", gates=3), False),
        (lambda op, x: recurrent(op, x, op.constant(np.zeros((1, 2, 5), np.float32)), op_type="RNN", gates=1), False),
        (lambda op, x: recurrent(op, x, zeros(op, x), zeros(op, x, 0.5)), True),
        (lambda op, x: recurrent(op, x, zeros(op, x), op.Neg(zeros(op, x))), True),
    ],
)
def test_initial_states_of_zeros(record, is_told) -> None:
    model = build(record, [4, "N", 3])
    left = improved(model, EliminateNoOps(), exact=True)
    assert ("Expand" in left) == is_told
    (node,) = (node for node in model.graph if node.op_type in ("LSTM", "GRU", "RNN"))
    assert any(value is not None for value in node.inputs[5:7]) == is_told
