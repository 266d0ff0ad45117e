"""A comparison must fail whenever something is wrong."""

from __future__ import annotations

import re

import ml_dtypes
import numpy as np
import pytest

from paddlify.verification import compare

RNG = np.random.default_rng(0)
X = RNG.standard_normal((4, 5)).astype(np.float32)
Y = RNG.standard_normal((4, 5)).astype(np.float32)


def one(expected, actual, **tolerance):
    (result,) = compare(["y"], [np.asarray(expected)], [np.asarray(actual)], **tolerance)
    return result


def changed(array, index, value):
    copy = array.copy()
    copy[index] = value
    return copy


def test_equal_outputs_pass_with_exact_figures():
    result = one(X, X.copy())
    assert result.passed
    assert (result.max_abs, result.mean_abs, result.max_rel) == (0, 0, 0)
    assert result.cosine == pytest.approx(1)
    assert result.scale == pytest.approx(np.abs(X).max())
    assert result.tolerance == pytest.approx(1e-4 * np.abs(X).max())


def test_figures_are_what_they_say():
    result = one(np.array([1.0, -2, 0], np.float32), np.array([1.5, -2, 1], np.float32))
    assert not result.passed
    assert result.max_abs == 1
    assert result.mean_abs == pytest.approx(0.5)
    assert result.max_rel == pytest.approx(0.5)
    assert result.cosine == pytest.approx((1.5 + 4) / np.sqrt(5 * 7.25))
    assert result.reason == "66.67% of its elements are further off than allowed (at most 1)"


@pytest.mark.parametrize(
    ("actual", "reason"),
    [
        (X.astype(np.float64), "its dtype is float64, not float32"),
        (X[:, :4], r"its shape is \[4, 4\], not \[4, 5\]"),
        (X.reshape(5, 4), r"its shape is \[5, 4\]"),
        (X[None], r"its shape is \[1, 4, 5\]"),
        (changed(X, (0, 0), np.nan), "NaN stands in other places"),
        (changed(X, (0, 0), np.inf), "infinities differ"),
        (changed(X, (0, 0), X[0, 0] + 0.01), "further off"),
        (X * 1.001, "further off"),
        (np.zeros_like(X), "further off"),
        (-X, "further off"),
    ],
)
def test_fails_on_one_wrong_thing(actual, reason):
    result = one(X, actual)
    assert not result.passed
    assert re.search(reason, result.reason)


def test_nan_and_infinities_in_the_same_places_pass_where_the_rest_agrees():
    special = changed(changed(changed(X, (0, 0), np.nan), (1, 1), np.inf), (2, 2), -np.inf)
    assert one(special, special.copy()).passed
    assert not one(special, changed(special, (1, 1), -np.inf)).passed
    assert not one(special, changed(special, (3, 3), 9)).passed


def test_nothing_finite_is_no_proof():
    result = one(np.full(3, np.nan, np.float32), np.full(3, np.nan, np.float32))
    assert not result.passed
    assert "nothing was compared" in result.reason


def test_an_empty_output_passes_by_dtype_and_shape():
    assert one(np.zeros((0, 3), np.float32), np.zeros((0, 3), np.float32)).passed
    assert not one(np.zeros((0, 3), np.float32), np.zeros((3, 0), np.float32)).passed


def test_missing_surplus_and_swapped_outputs_fail():
    names = ["x", "y"]
    assert all(result.passed for result in compare(names, [X, Y], [X, Y]))
    assert [result.passed for result in compare(names, [X, Y], [Y, X])] == [False, False]
    first, second = compare(names, [X, Y], [X])
    assert first.passed
    assert second.reason == "the converted model does not compute it"
    surplus = compare(names, [X, Y], [X, Y, Y])[2]
    assert (surplus.name, surplus.reason) == ("#2", "the source does not have it")
    with pytest.raises(ValueError, match="zip"):
        compare(["x"], [X, Y], [X, Y])


def test_tolerance_follows_the_scale_and_the_dtype():
    big = X * 1e6
    assert one(big, big + 1).passed
    assert not one(X, X + 1).passed
    half = X.astype(np.float16)
    assert one(half, half * np.float16(1.002)).passed
    assert not one(X, X * np.float32(1.002)).passed
    low = X.astype(ml_dtypes.bfloat16)
    assert one(low, (X * 1.01).astype(ml_dtypes.bfloat16)).passed
    assert not one(low, (X * 1.2).astype(ml_dtypes.bfloat16)).passed


def test_tolerance_is_that_of_the_coarsest_type_that_the_model_computes_in():
    near = X + np.float32(5e-3) * np.abs(X).max()
    assert not one(X, near).passed
    assert not one(X, near, computes_in=["float32"]).passed
    result = one(X, near, computes_in=["float16", "float32"])
    assert result.passed
    assert result.tolerance == pytest.approx(1e-2 * np.abs(X).max())
    assert not one(X, X + np.float32(2e-2) * np.abs(X).max(), computes_in=["float16"]).passed
    assert one(X.astype(np.float16), near.astype(np.float16), computes_in=["float32"]).passed
    assert not one(np.arange(4), np.arange(4) + 1, computes_in=["float16"]).passed
    assert not one(X, near, computes_in=["float16"], rtol=1e-4).passed
    assert one(X, near, computes_in=["float32", "uint8"]).passed
    assert not one(X, X + np.float32(4e-2) * np.abs(X).max(), computes_in=["float32", "uint8"]).passed
    codes = np.arange(4, dtype=np.uint8)
    assert not one(codes, codes + np.uint8(1), computes_in=["float32", "uint8"]).passed


def test_given_tolerances_are_numpys():
    assert not one(X, X + np.float32(1e-3)).passed
    assert one(X, X + np.float32(1e-3), atol=2e-3).passed
    assert one(X, X * np.float32(1.001), rtol=2e-3).passed
    assert not one(X, X + np.float32(1e-3), rtol=1e-6).passed
    assert one(X, X + np.float32(1e-3), atol=2e-3).tolerance is None


@pytest.mark.parametrize("dtype", [np.int64, np.uint8, np.bool_])
def test_integers_and_booleans_are_exact_unless_told(dtype):
    x = np.array([0, 1, 1], dtype)
    assert one(x, x.copy()).passed
    assert not one(x, np.array([0, 1, 0], dtype)).passed
    assert one(x, np.array([0, 1, 0], dtype), atol=1).passed


def test_large_integers_differ_by_one():
    x = np.array([2**62, -(2**62)], np.int64)
    assert one(x, x.copy()).passed
    assert not one(x, x + 1).passed
    assert one(x, x + 1).max_abs == 1


def test_strings_and_complex_numbers():
    assert one(np.array(["a", "b"], object), np.array(["a", "b"], object)).passed
    assert not one(np.array(["a", "b"], object), np.array(["a", "c"], object)).passed
    z = (X + 1j * Y).astype(np.complex64)
    assert one(z, z.copy()).passed
    assert not one(z, z.conj()).passed
