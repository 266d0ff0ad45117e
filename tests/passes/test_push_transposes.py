"""Transposes meet and vanish: equality in onnxruntime, and how many are left."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir
import pytest

from paddlify.ir.builder import Builder
from paddlify.passes.push_transposes import PushTransposes
from tests.passes.graphs import build, improved

RNG = np.random.default_rng(7)
TO_NCHW, TO_NHWC = [0, 3, 1, 2], [0, 2, 3, 1]


def weights(*shape: int) -> np.ndarray:
    return (RNG.standard_normal(shape) * 0.3).astype(np.float32)


def conv(op: Builder, x: ir.Value, channels: int, filters: int) -> ir.Value:
    """A convolution of a tensor in NHWC."""
    kernel = op.constant(weights(filters, channels, 3, 3))
    return op.Transpose(op.Conv(op.Transpose(x, perm=TO_NCHW), kernel, pads=[1, 1, 1, 1]), perm=TO_NHWC)


def test_a_network_in_nhwc_keeps_transposes_at_its_edges_only():
    def record(op, x):
        x = op.Mul(x, op.constant(weights(3)))
        x = op.Pad(x, op.constant([0, 1, 2, 0, 0, 1, 0, 0]), op.constant(0.0))
        a = op.Relu(op.Add(conv(op, x, 3, 8), op.constant(weights(8))))
        b = op.Relu(op.Add(conv(op, a, 8, 8), op.constant(weights(8))))
        joined = op.Concat(op.Add(a, b), b, axis=3)
        squeezed = op.ReduceMean(joined, op.constant([1, 2]), keepdims=1)
        gated = op.Mul(joined, op.Sigmoid(conv(op, squeezed, 16, 16)))
        logits = op.MatMul(op.ReduceMean(gated, op.constant([1, 2]), keepdims=0), op.constant(weights(16, 5)))
        return logits, op.Slice(gated, op.constant([1]), op.constant([9]), op.constant([3]))

    model = build(record, ["N", 9, 8, 3])
    assert improved(model, PushTransposes())["Transpose"] == 2
    first, last = (node for node in model.graph if node.op_type == "Transpose")
    assert first.inputs[0].is_graph_input()
    assert last.outputs[0].is_graph_output()


@pytest.mark.parametrize(
    "middle",
    [
        lambda op, x: op.Softmax(x, axis=-1),
        lambda op, x: op.ArgMax(x, axis=3, keepdims=0),
        lambda op, x: op.ArgMax(x, axis=-1, keepdims=1),
        lambda op, x: op.ReduceMax(x, op.constant([-1]), keepdims=0),
        lambda op, x: op.Split(x, op.constant([2, 6]), axis=3, outputs=2),
        lambda op, x: op.Squeeze(op.ReduceSum(x, op.constant([1]), keepdims=1), op.constant([1])),
        lambda op, x: op.Tile(x, op.constant([1, 2, 1, 3])),
        lambda op, x: op.Pad(x, op.constant([0, 1, 2, 3, 4, 5, 6, 7]), op.constant(1.5)),
        lambda op, x: op.Pad(x, op.constant([0, 0, 1, 0, 0, 1, 0, 0]), mode="reflect"),
        lambda op, x: op.PRelu(x, op.constant(weights(1, 1, 8))),
        lambda op, x: op.Where(op.Greater(x, op.constant(0.0)), x, op.constant(weights(5, 1))),
        lambda op, x: op.Reshape(op.ReduceMean(x, op.constant([1, 2]), keepdims=1), op.constant([-1, 8])),
    ],
)
def test_a_transpose_passes(middle):
    def record(op, x):
        return middle(op, op.Transpose(op.Relu(op.Transpose(x, perm=TO_NCHW)), perm=TO_NHWC))

    counts = improved(build(record, ["N", 4, 5, 8]), PushTransposes())
    assert counts["Transpose"] == 0


def test_a_transpose_of_units_joins_the_reshape_before_it():
    """Squeeze and excitation: from [batch, channels] to [batch, 1, 1, channels], and that to NCHW."""

    def record(op, x):
        pooled = op.ReduceMean(x, op.constant([1, 2]), keepdims=0)
        wide = op.Reshape(pooled, op.Concat(op.Shape(pooled, start=0, end=1), op.constant([1, 1, 8]), axis=0))
        squeezed = op.Conv(op.Transpose(wide, perm=TO_NCHW), op.constant(weights(8, 8, 1, 1)))
        return op.Mul(x, op.Transpose(op.Sigmoid(squeezed), perm=TO_NHWC)), op.Identity(wide)

    model = build(record, ["N", 4, 5, 8])
    assert improved(model, PushTransposes())["Transpose"] == 1
    assert [node.inputs[0].producer().op_type for node in model.graph if node.op_type == "Conv"] == ["Reshape"]


@pytest.mark.parametrize("sizes", [["N", 1, "M", 8], ["N", 2, 1, 8]])
def test_a_transpose_stays_behind_a_reshape_that_it_cannot_join(sizes):
    def record(op, x):
        return op.Transpose(op.Reshape(op.Relu(x), op.Shape(x)), perm=TO_NCHW)

    assert improved(build(record, sizes), PushTransposes())["Transpose"] == 1


def test_a_transpose_stays_where_it_means_something():
    def record(op, x):
        return op.Reshape(op.Transpose(x, perm=TO_NHWC), op.constant([0, -1]))

    assert improved(build(record, ["N", 3, 4, 5]), PushTransposes(), exact=True)["Transpose"] == 1


def test_no_transpose_is_gained_for_one_that_is_lost():
    def record(op, x, y):
        return op.Relu(op.Add(op.Transpose(x, perm=TO_NHWC), y))

    assert improved(build(record, ["N", 3, 4, 5], ["N", 4, 5, 3]), PushTransposes())["Transpose"] == 1
