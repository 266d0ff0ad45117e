"""Patterns become the one operator that they are: equality in onnxruntime, and what is left."""

from __future__ import annotations

import math

import numpy as np
import pytest

from paddlify.passes.fold_affine import FoldAffine
from paddlify.passes.raise_activations import RaiseActivations
from paddlify.passes.raise_attention import RaiseAttention
from paddlify.passes.raise_layer_norm import RaiseLayerNorm
from paddlify.passes.raise_linear import RaiseLinear
from paddlify.passes.unflatten_matmul import UnflattenMatMul
from tests.passes.graphs import build, improved

RNG = np.random.default_rng(3)


def weights(*shape: int) -> np.ndarray:
    return RNG.random(shape).astype(np.float32)


def gelu_of_a_product(op, x):
    x = op.Mul(x, op.Sin(x))
    return op.Mul(op.Mul(op.constant(0.5), x), op.Add(op.constant(1.0), op.Erf(op.Mul(x, op.constant(math.sqrt(0.5))))))


def gelu_tanh(op, x):
    cubic = op.Add(x, op.Mul(op.constant(0.044715), op.Pow(x, op.constant(3.0))))
    tanh = op.Tanh(op.Mul(op.constant(math.sqrt(2 / math.pi)), cubic))
    return op.Mul(op.Mul(op.constant(0.5), x), op.Add(op.constant(1.0), tanh))


@pytest.mark.parametrize(
    ("record", "left"),
    [
        (lambda op, x: op.Mul(x, op.Sigmoid(x)), {"Swish": 1}),
        (lambda op, x: op.Mul(op.Sigmoid(op.Mul(x, op.constant(1.702))), x), {"Swish": 1}),
        (lambda op, x: op.Mul(x, op.HardSigmoid(x, alpha=1 / 6, beta=0.5)), {"HardSwish": 1}),
        (
            lambda op, x: op.Mul(
                x, op.Div(op.Clip(op.Add(x, op.constant(3.0)), op.constant(0.0), op.constant(6.0)), op.constant(6.0))
            ),
            {"HardSwish": 1},
        ),
        (lambda op, x: op.Mul(x, op.Tanh(op.Softplus(x))), {"Mish": 1}),
        (
            lambda op, x: op.Mul(
                op.Mul(x, op.Add(op.Erf(op.Div(x, op.constant(math.sqrt(2)))), op.constant(1.0))), op.constant(0.5)
            ),
            {"Gelu": 1},
        ),
        (
            lambda op, x: op.Mul(
                op.Mul(op.constant(0.5), x),
                op.Sub(op.constant(1.0), op.Erf(op.Mul(op.Neg(x), op.constant(math.sqrt(0.5))))),
            ),
            {"Gelu": 1},
        ),
        (gelu_of_a_product, {"Gelu": 1, "Mul": 1, "Sin": 1}),
        (gelu_tanh, {"Gelu": 1}),
        (lambda op, x: op.Mul(x, op.Sigmoid(op.Relu(x))), {"Mul": 1, "Sigmoid": 1, "Relu": 1}),
        (lambda op, x: op.Mul(x, op.HardSigmoid(x, alpha=0.2, beta=0.5)), {"Mul": 1, "HardSigmoid": 1}),
    ],
)
def test_activations(record, left):
    assert improved(build(record, ["N", 3, 8]), RaiseActivations()) == left


def normalised(op, x, axes=(-1,), epsilon=1e-5):
    mean = op.ReduceMean(x, op.constant(list(axes)))
    centred = op.Sub(x, mean)
    variance = op.ReduceMean(op.Pow(centred, op.constant(2.0)), op.constant(list(axes)))
    return op.Div(centred, op.Sqrt(op.Add(variance, op.constant(epsilon))))


def written_with_the_inverse(op, x, negated=False):
    mean = op.ReduceMean(x, op.constant([2]))
    centred = op.Sub(x, mean)
    variance = op.ReduceMean(op.Mul(centred, centred), op.constant([2]))
    inverse = op.Mul(op.Reciprocal(op.Sqrt(op.Add(variance, op.constant(1e-3)))), op.constant(weights(8)))
    bias = op.constant(weights(8))
    shift = op.Add(op.Mul(op.Neg(mean), inverse), bias) if negated else op.Sub(bias, op.Mul(mean, inverse))
    return op.Add(op.Mul(x, inverse), shift)


@pytest.mark.parametrize(
    ("record", "left"),
    [
        (normalised, {"LayerNormalization": 1}),
        (lambda op, x: op.Mul(op.constant(weights(8)), normalised(op, x)), {"LayerNormalization": 1}),
        (
            lambda op, x: op.Add(op.Mul(normalised(op, x), op.constant(weights(8))), op.constant(weights(1, 1, 8))),
            {"LayerNormalization": 1},
        ),
        (lambda op, x: op.Add(normalised(op, x, (-2, -1)), op.constant(weights(3, 8))), {"LayerNormalization": 1}),
        (written_with_the_inverse, {"LayerNormalization": 1}),
        (lambda op, x: written_with_the_inverse(op, x, negated=True), {"LayerNormalization": 1}),
        (
            lambda op, x: op.Mul(normalised(op, x), op.constant(weights(3, 8))),
            {"LayerNormalization": 1, "Mul": 1},
        ),
    ],
)
def test_layer_normalisation(record, left):
    assert improved(build(record, ["N", 3, 8]), RaiseLayerNorm()) == left


def test_normalisation_over_other_axes_is_left_alone():
    counts = improved(build(lambda op, x: normalised(op, x, (1,)), ["N", 3, 8]), RaiseLayerNorm())
    assert "LayerNormalization" not in counts


@pytest.mark.parametrize(
    ("bias", "scale", "left"), [
        (None, (1, 4, 1), {"Conv": 1}),
        ((4,), (4, 1), {"Conv": 1}),
        (None, (1,), {"Conv": 1}),
        (None, (1, 4, 7), {"Conv": 1, "Mul": 1, "Add": 1}),
    ],
)
def test_affine_after_a_convolution(bias, scale, left):
    def record(op, x):
        more = () if bias is None else (op.constant(weights(*bias)),)
        y = op.Conv(x, op.constant(weights(4, 3, 2)), *more)
        return op.Add(op.constant(weights(1, 4, 1)), op.Mul(y, op.constant(weights(*scale))))

    assert improved(build(record, ["N", 3, 8]), FoldAffine()) == left


@pytest.mark.parametrize("shape", [("N", 4), (2, "T", 4), (2, 1, 3, 4)])
@pytest.mark.parametrize("bias", [(5,), (1, 5)])
@pytest.mark.parametrize("order", [1, -1])
def test_linear(shape, bias, order):
    def record(op, x):
        return op.Add(*[op.MatMul(x, op.constant(weights(4, 5))), op.constant(weights(*bias))][::order])

    assert improved(build(record, shape), RaiseLinear()) == {"Linear": 1}


def with_a_shared_weight(op, x):
    weight = op.constant(weights(4, 4))
    return op.Add(op.MatMul(op.MatMul(x, weight), weight), op.constant(weights(4)))


def with_a_second_use_of_the_product(op, x):
    product = op.MatMul(x, op.constant(weights(4, 4)))
    return op.Add(product, op.constant(weights(4))), product


@pytest.mark.parametrize(
    "record",
    [
        with_a_shared_weight,
        with_a_second_use_of_the_product,
        lambda op, x: op.Add(op.MatMul(x, op.constant(weights(4, 4))), op.constant(weights(1))),
        lambda op, x: op.Add(op.MatMul(x, op.constant(weights(4, 4))), op.constant(weights(1, 1, 4))),
        lambda op, x: op.Add(op.MatMul(x, op.constant(weights(3, 4, 4))), op.constant(weights(4))),
        lambda op, x: op.Add(op.MatMul(x, x), op.constant(weights(4))),
        lambda op, x: op.Add(op.MatMul(op.constant(weights(3, 4)), x), op.constant(weights(4))),
    ],
)
def test_what_is_no_linear_layer(record):
    assert "Linear" not in improved(build(record, (4, 4)), RaiseLinear())


@pytest.mark.parametrize("bias", [(2, 3), (1, 2, 3), (1, 1, 2, 3)])
def test_linear_whose_outputs_are_split_before_the_bias(bias):
    def record(op, x):
        product = op.MatMul(x, op.constant(weights(4, 6)))
        return op.Add(op.Reshape(product, op.constant([-1, 5, 2, 3])), op.constant(weights(*bias)))

    assert improved(build(record, ("N", 5, 4)), RaiseLinear()) == {"Linear": 1, "Reshape": 1}


@pytest.mark.parametrize("bias", [(3,), (1, 3), (5, 2, 3)])
def test_a_bias_that_does_not_span_the_split_axes(bias):
    def record(op, x):
        product = op.MatMul(x, op.constant(weights(4, 6)))
        return op.Add(op.Reshape(product, op.constant([-1, 5, 2, 3])), op.constant(weights(*bias)))

    assert "Linear" not in improved(build(record, ("N", 5, 4)), RaiseLinear())


def flattened(op, x, rows=(-1, 4), shape=(-1, 3, 5)):
    flat = op.Reshape(x, op.constant(list(rows)))
    return op.Reshape(op.MatMul(flat, op.constant(weights(rows[1], 5))), op.constant(list(shape)))


@pytest.mark.parametrize(
    ("record", "left"),
    [
        (flattened, {"MatMul": 1}),
        (lambda op, x: op.Add(flattened(op, x), op.constant(weights(5))), {"Linear": 1}),
        (lambda op, x: flattened(op, x, shape=(3, -1, 5)), {"Reshape": 2, "MatMul": 1}),
        (lambda op, x: flattened(op, x, rows=(-1, 2), shape=(-1, 6, 5)), {"Reshape": 2, "MatMul": 1}),
        (lambda op, x: flattened(op, x, rows=(-1, 12), shape=(-1, 1, 5)), {"Reshape": 2, "MatMul": 1}),
    ],
)
def test_products_take_any_rank(record, left):
    assert improved(build(record, ("N", 3, 4)), UnflattenMatMul(), RaiseLinear()) == left


HEADS, KEYS = (0, 2, 1, 3), (0, 2, 3, 1)


def attention(op, q, k, v, *mask, once=True, scale=0.5):
    query = op.Div(op.Transpose(q, perm=HEADS), op.constant(1 / scale))
    key = op.Transpose(k, perm=KEYS) if once else op.Transpose(op.Transpose(k, perm=HEADS), perm=(0, 1, 3, 2))
    scores = op.MatMul(query, key)
    for added in mask:
        scores = op.Add(added, scores)
    return op.Transpose(op.MatMul(op.Softmax(scores, axis=-1), op.Transpose(v, perm=HEADS)), perm=HEADS)


def attention_with_both_scaled(op, q, k, v):
    """As PyTorch exports it."""
    query = op.Mul(op.Transpose(q, perm=HEADS), op.constant(0.75))
    key = op.Transpose(op.Mul(op.Transpose(k, perm=HEADS), op.constant(0.5)), perm=(0, 1, 3, 2))
    weights = op.Softmax(op.MatMul(query, key), axis=3)
    return op.Transpose(op.MatMul(weights, op.Transpose(v, perm=HEADS)), perm=HEADS)


def attention_scaled_before_it_is_split(op, q, k, v):
    """As it is once PushTransposes has run."""
    query = op.Transpose(op.Mul(q, op.constant(0.75)), perm=HEADS)
    weights = op.Softmax(op.MatMul(query, op.Transpose(op.Mul(op.constant(0.5), k), perm=KEYS)), axis=-1)
    return op.Transpose(op.MatMul(weights, op.Transpose(v, perm=HEADS)), perm=HEADS)


def attention_by_einsum(op, q, k, v, *mask, swapped=False, result="BTNH"):
    """As Keras exports it, in two versions."""
    if swapped:
        scores, equation = op.Einsum(k, q, equation="aecd,abcd->acbe"), "acbe,aecd->abcd"
    else:
        scores, equation = op.Einsum(q, k, equation="BTNH, BSNH -> BNTS"), f"BNTS,BSNH->{result}"
    scores = op.Mul(op.constant(0.3), scores)
    for added in mask:
        scores = op.Add(scores, added)
    return op.Einsum(op.Softmax(scores, axis=-1), v, equation=equation)


@pytest.mark.parametrize(
    "record",
    [
        attention,
        lambda op, *operands: attention(op, *operands, once=False),
        attention_with_both_scaled,
        attention_scaled_before_it_is_split,
        attention_by_einsum,
        lambda op, *operands: attention_by_einsum(op, *operands, swapped=True),
    ],
)
def test_attention(record):
    shapes = ("N", "T", 3, 4), ("N", 5, 3, 4), ("N", 5, 3, 6)
    assert improved(build(record, *shapes), RaiseAttention()) == {"ScaledDotProductAttention": 1}


@pytest.mark.parametrize("record", [attention, attention_by_einsum])
@pytest.mark.parametrize("mask", [("N", 1, 1, 5), ("T", 5)])
def test_attention_with_a_mask(record, mask):
    shapes = ("N", "T", 3, 4), ("N", 5, 3, 4), ("N", 5, 3, 4), mask
    assert improved(build(record, *shapes), RaiseAttention()) == {"MaskedScaledDotProductAttention": 1}


def attention_whose_weights_are_asked_for(op, q, k, v):
    weights = op.Softmax(op.MatMul(op.Transpose(q, perm=HEADS), op.Transpose(k, perm=KEYS)), axis=-1)
    return op.Transpose(op.MatMul(weights, op.Transpose(v, perm=HEADS)), perm=HEADS), weights


def attention_over_the_queries(op, q, k, v):
    weights = op.Softmax(op.MatMul(op.Transpose(q, perm=HEADS), op.Transpose(k, perm=KEYS)), axis=2)
    return op.Transpose(op.MatMul(weights, op.Transpose(v, perm=HEADS)), perm=HEADS)


@pytest.mark.parametrize(
    ("record", "shapes"),
    [
        (attention_whose_weights_are_asked_for, [("N", 5, 3, 4)] * 3),
        (attention_over_the_queries, [("N", 5, 3, 4)] * 3),
        (attention, [("N", 5, 3, 1)] * 3),
        (attention, [("N", 5, 3, 4), ("N", 1, 3, 4), ("N", 1, 3, 4)]),
        (attention, [("N", 5, 3, 4), ("N", 5, 1, 4), ("N", 5, 3, 4)]),
        (attention, [("N", 5, "H", 4)] * 3),
        (lambda op, *operands: attention_by_einsum(op, *operands, result="BNTH"), [("N", 5, 3, 4)] * 3),
    ],
)
def test_what_is_no_attention_that_can_be_raised(record, shapes):
    assert not [name for name in improved(build(record, *shapes), RaiseAttention()) if "Attention" in name]
