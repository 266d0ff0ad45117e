from __future__ import annotations

import numpy as np
import onnx_ir as ir

from paddlify.passes.eliminate_identities import EliminateIdentities
from tests.passes.graphs import build, run


def identities(model: ir.Model) -> int:
    return sum(node.op_type == "Identity" for node in ir.traversal.RecursiveGraphIterator(model.graph))


def check(model: ir.Model, left: int) -> None:
    before = run(model)
    names = [value.name for value in model.graph.outputs]
    EliminateIdentities()(model)
    assert identities(model) == left
    assert [value.name for value in model.graph.outputs] == names
    for old, new in zip(before, run(model), strict=True):
        np.testing.assert_array_equal(old, new, strict=True)


def test_inner_identity() -> None:
    check(build(lambda op, x: op.Relu(op.Identity(op.Neg(x))), [2, 3]), left=0)


def test_identity_that_is_an_output() -> None:
    check(build(lambda op, x: op.Identity(op.Neg(x)), [2, 3]), left=0)


def test_outputs_that_are_inputs_or_constants() -> None:
    check(build(lambda op, x: (op.Identity(x), op.Identity(op.constant([1.0]))), [2, 3]), left=2)


def test_two_outputs_of_one_value() -> None:
    def record(op, x):
        value = op.Neg(x)
        return value, op.Identity(value)

    check(build(record, [2, 3]), left=1)


def test_a_branch_that_gives_what_is_outside() -> None:
    def record(op, x):
        value = op.Neg(x)
        condition = op.Greater(op.ReduceSum(x, keepdims=0), op.constant(0.0))
        graphs = [
            op.subgraph("then", [], lambda inner: [inner.Identity(value)]),
            op.subgraph("else", [], lambda inner: [inner.Identity(inner.Abs(value))]),
        ]
        return value, op.If(condition, then_branch=graphs[0], else_branch=graphs[1])

    check(build(record, [2, 3]), left=1)
