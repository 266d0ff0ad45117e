"""Drawn inputs respect dtypes, symbols and what the graph does with them."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir
import pytest

from paddlify.conversion import tensor_spec
from paddlify.errors import UsageError
from paddlify.verification.inputs import SIZES, draw


def drawn(text, seed=0, sizes=SIZES[0], opset=20):
    model = ir.from_onnx_text(f'<ir_version: 10, opset_import: ["": {opset}]> {text}')
    specs = [tensor_spec(value) for value in model.graph.inputs]
    return {item.spec.name: item for item in draw(model.graph, specs, seed=seed, sizes=sizes)}


def test_the_same_seed_draws_the_same_and_another_does_not():
    text = "g (float[N, 4] x, float[N, 4] y) => (float[N, 4] z) { z = Add(x, y) }"
    first, again, other = drawn(text), drawn(text), drawn(text, seed=1)
    for name in ("x", "y"):
        np.testing.assert_array_equal(first[name].array, again[name].array)
        assert (first[name].array != other[name].array).any()
    assert (first["x"].array != first["y"].array).all()
    assert first["x"].how == "standard normal"


def test_one_symbol_has_one_size_and_different_ones_differ():
    found = drawn(
        "g (float[N, 3, H, W] image, float[N, T] left, float[T, S] right) => (float[N, T] y) { y = Identity(left) }"
    )
    batch, channels, height, width = found["image"].array.shape
    assert (batch, channels) == (2, 3)
    assert height != width
    assert found["left"].array.shape[0] == batch
    assert found["right"].array.shape[0] == found["left"].array.shape[1]
    assert len({batch, height, width, *found["right"].array.shape}) == 5


def test_a_weight_decides_the_size_it_needs():
    found = drawn(
        """g (float[N, C, 8, 8] x, float[N, K] m, float[N, D] f)
           => (float[N, 4, 8, 8] y, float[N, 5] z, float[N, 3] v)
           <float[4, 3, 1, 1] w = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, float[2, 5] t = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
            float[3, 2] b = {0, 0, 0, 0, 0, 0}>
           { y = Conv(x, w) z = MatMul(m, t) v = Gemm <transB = 1> (f, b) }"""
    )
    assert found["x"].array.shape == (2, 3, 8, 8)
    assert found["m"].array.shape == (2, 2)
    assert found["f"].array.shape == (2, 2)


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("(int64[N, 50] x, float[7, 4] table) => (float[N, 50, 4] y) { y = Gather(table, x) }", 0, 7),
        ("(int64[N, 50] x, float[7, 4] t) => (float[7, N, 50] y) { y = Gather <axis = 1> (t, x) }", 0, 4),
        (
            "(int32[N, 50] x, float[7, 4] t) => (float[50, N, 4] y) "
            "{ a = Cast <to = 7> (x) b = Transpose <perm = [1, 0]> (a) y = Gather(t, b) }", 0, 7,
        ),
        ("(int64[3, 40] x, float[3, 5] t) => (float[3, 40] y) { y = GatherElements <axis = 1> (t, x) }", 0, 5),
        ("(int64[40, 2] x, float[6, 3] t) => (float[40] y) { y = GatherND(t, x) }", 0, 3),
        ("(uint8[N, 400] x) => (float[N, 400] y) { y = Cast <to = 1> (x) }", 0, 256),
        ("(int32[N, 40] x) => (bool[N, 40] y) { y = Cast <to = 9> (x) }", 0, 2),
        (
            "(int64[N, 40] x) => (float[N, 40] y) <float one = {1}> { a = Cast <to = 1> (x) y = Sub(one, a) }", 0, 2,
        ),
        ("(bool[N, 40] x) => (bool[N, 40] y) { y = Not(x) }", 0, 2),
        ("(int64[N, 90] x) => (int64[N, 90] y) { y = Identity(x) }", 0, 10),
    ],
)
def test_integers_stay_in_the_range_of_their_use_and_fill_it(text, low, high):
    x = drawn(f"g {text}")["x"].array
    assert x.min() == low
    assert x.max() == high - 1


def test_several_uses_take_the_narrowest_range():
    x = drawn(
        """g (int64[N, 50] x, float[7, 4] a, float[3, 4] b) => (float[N, 50, 4] y)
           { c = Gather(a, x) d = Gather(b, x) y = Add(c, d) }"""
    )["x"]
    assert x.array.max() == 2
    assert x.how == "integers from 0 to 2"


def test_functions_get_what_they_are_defined_on():
    found = drawn(
        "g (float[N, 99] x, float[N, 99] y) => (float[N, 99] a, float[N, 99] b) { a = Log(x) b = Acosh(y) }"
    )
    assert found["x"].array.min() > 0
    assert found["y"].array.min() >= 1
    assert found["x"].how == "uniform from 0.1 to 2"


def test_dtypes_and_ranks_are_those_declared():
    found = drawn(
        """g (float16[2] a, bfloat16[2] b, double c, complex64[2] d, float[0, 3] e, int8[9999] f)
           => (float16[2] y) { y = Identity(a) }"""
    )
    assert {name: (item.array.dtype.name, item.array.shape) for name, item in found.items()} == {
        "a": ("float16", (2,)), "b": ("bfloat16", (2,)), "c": ("float64", ()), "d": ("complex64", (2,)),
        "e": ("float32", (0, 3)), "f": ("int8", (9999,)),
    }
    assert (found["f"].array.min(), found["f"].array.max()) == (-128, 127)
    assert found["d"].array.imag.any()


def test_what_cannot_be_drawn_is_said():
    with pytest.raises(UsageError, match="input 'x' takes strings"):
        drawn("g (string[2] x) => (string[2] y) { y = Identity(x) }")
    with pytest.raises(UsageError, match="rank of input 'x' is not known"):
        drawn("g (float x, float[] z) => (float y) { y = Add(x, z) }".replace("float x", "float[] x"))
