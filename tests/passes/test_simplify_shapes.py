"""Shape arithmetic in its shortest form: equality in onnxruntime, and what is left."""

from __future__ import annotations

from collections import Counter

import onnx_ir as ir
import pytest
from onnx_ir.passes.common import CommonSubexpressionEliminationPass

from paddlify.passes.simplify_shapes import SimplifyShapes
from tests.passes.graphs import build, improved


def size(op, x, axis):
    return op.Gather(op.Shape(x), op.constant(axis), axis=0)


def as_vector(op, x):
    return op.Unsqueeze(x, op.constant([0]))


def expanded_as_torch_does(op, x, token):
    """-1 stands for a size that is kept."""
    minus_one = op.constant([-1])
    shape = op.Concat(as_vector(op, size(op, x, 0)), minus_one, minus_one, axis=0)
    kept = op.Equal(shape, op.constant([-1, -1, -1]))
    return op.Expand(token, op.Where(kept, op.constant([1, 1, 1]), shape))


def asked_for_twice(op, x, token):
    first = op.Expand(token, op.Concat(op.Shape(x, start=0, end=1), op.constant([1, 4]), axis=0))
    y = op.Relu(x)
    cast = op.Cast(op.Cast(op.Shape(y), to=ir.DataType.INT32.value), to=ir.DataType.INT64.value)
    number = op.Squeeze(op.Slice(cast, op.constant([0]), op.constant([1]), op.constant([0])), op.constant([0]))
    return op.Add(first, op.Expand(token, op.Concat(as_vector(op, number), op.constant([1, 4]), axis=0)))


def halved(op, x, token):
    half = op.Div(size(op, x, 1), op.constant(2))
    again = op.Squeeze(op.Reshape(half, op.constant([-1])), op.constant([0]))
    shape = op.Concat(op.constant([1]), op.Reshape(half, op.constant([-1])), as_vector(op, again), axis=0)
    return op.Add(token, op.ReduceSum(op.ConstantOfShape(shape)))


def resized_as_another(op, x, other):
    sizes = op.Concat(op.Shape(x, start=0, end=2), op.Shape(other, start=2, end=4), axis=0)
    return op.Resize(x, None, None, sizes, mode="nearest", nearest_mode="floor")


def in_a_branch(op, x, token):
    outer = op.Expand(token, op.Concat(as_vector(op, size(op, x, 0)), op.constant([1, 4]), axis=0))

    def taken(inner):
        return [inner.Expand(token, inner.Concat(inner.Shape(x, start=0, end=1), inner.constant([1, 4]), axis=0))]

    condition = op.Less(op.ReduceSum(x, keepdims=0), op.constant(1e9))
    other = op.subgraph("other", [], lambda inner: [inner.Neg(outer)])
    return op.Add(outer, op.If(condition, then_branch=op.subgraph("taken", [], taken), else_branch=other))


ONE_SIZE = {"Shape": 1, "Gather": 1, "Unsqueeze": 1, "Concat": 1}


@pytest.mark.parametrize(
    ("record", "left"),
    [
        (expanded_as_torch_does, {**ONE_SIZE, "Expand": 1}),
        (asked_for_twice, {**ONE_SIZE, "Expand": 1, "Add": 1}),
        (
            halved,
            {
                "Shape": 1, "Gather": 1, "Div": 1, "Unsqueeze": 1, "Concat": 1, "ConstantOfShape": 1, "ReduceSum": 1,
                "Add": 1,
            },
        ),
    ],
)
def test_sizes_are_asked_for_once(record, left) -> None:
    model = build(record, ["N", "M", 4], [1, 1, 4])
    assert improved(model, SimplifyShapes(), CommonSubexpressionEliminationPass(), exact=True) == left


def test_resize_is_told_what_it_changes() -> None:
    model = build(resized_as_another, ["N", 3, "H", "W"], [1, 1, "P", 5])
    left = improved(model, SimplifyShapes(), exact=True)
    assert left == {"Shape": 1, "Gather": 1, "Unsqueeze": 1, "Concat": 1, "Resize": 1}
    assert list(model.graph.node(-1).attributes["axes"].as_ints()) == [2, 3]


def test_what_is_not_known_stays() -> None:
    model = build(lambda op, x: op.Expand(x, op.Cast(op.ReduceMax(op.Abs(x)), to=7)), ["N", 1])
    before = Counter(node.op_type for node in model.graph)
    SimplifyShapes()(model)
    assert Counter(node.op_type for node in model.graph) == before


def test_branches_take_what_is_known_around_them() -> None:
    model = build(in_a_branch, ["N", "M", 4], [1, 1, 4])
    improved(model, SimplifyShapes(), exact=True)
    assert Counter(node.op_type for node in model.graph.all_nodes())["Shape"] == 1


def test_sizes_are_called_what_the_source_calls_them() -> None:
    def record(op, x, y):
        rows = op.Expand(y, op.Concat(as_vector(op, size(op, x, 0)), op.constant([4]), axis=0))
        return op.Expand(rows, op.Concat(as_vector(op, size(op, x, 1)), op.constant([1, 1]), axis=0))

    model = build(record, ["batch", "x0"], [1, 4])
    improved(model, SimplifyShapes(), exact=True)
    names = [node.outputs[0].name for node in model.graph if node.op_type == "Gather"]
    assert names == ["batch", "x0_1"]


def test_outputs_keep_their_names_and_nodes() -> None:
    model = build(lambda op, x: (size(op, x, 0), op.Relu(x)), ["N", 4])
    assert improved(model, SimplifyShapes(), exact=True) == {"Shape": 1, "Gather": 1, "Relu": 1}
