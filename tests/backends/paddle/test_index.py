"""Operators that pick or replace elements by index, against onnxruntime."""

from __future__ import annotations

import numpy as np
import pytest
from tests.backends.paddle.single_node import check

DTYPES = [np.float16, np.float64, np.int8, np.int16, np.int32, np.int64, np.uint8, np.uint16, np.uint32, bool]


def numbers(*shape: int, dtype: type = np.float32) -> np.ndarray:
    return np.arange(1, 1 + int(np.prod(shape))).reshape(shape).astype(dtype)


def index(values: object, dtype: type = np.int64) -> np.ndarray:
    return np.array(values, dtype)


@pytest.mark.parametrize("axis", [0, 1, -1])
@pytest.mark.parametrize("indices", [1, -1, [2, 0, -1], [[0, -2], [1, 2]], [[[0], [2]]], []], ids=str)
@pytest.mark.parametrize("constant", [True, False])
def test_gather(axis: int, indices: object, constant: bool) -> None:
    inputs = [numbers(3, 4, 5), index(indices)]
    check("Gather", inputs, {"axis": axis}, constants=(1,) if constant else (), dynamic={0: (0, 2)})


@pytest.mark.parametrize("dtype", DTYPES)
def test_dtypes(dtype: type) -> None:
    x = numbers(3, 4, dtype=dtype)
    check("Gather", [x, index([[0, 2]])], {"axis": 1})
    check("Gather", [x, index([0, 2], np.int32)])
    check("GatherElements", [x, index([[0, 2, 1, -1]])])
    check("GatherND", [x, index([[0, 2], [1, -1]])])
    check("ScatterElements", [x, index([[0, 2, 1, -1]]), numbers(1, 4, dtype=dtype)])
    check("ScatterND", [x, index([[0], [-1]]), numbers(2, 4, dtype=dtype)])
    check("Compress", [x, np.array([True, False, True])], {"axis": 1}, expected=[x[:, [0, 2]]])
    check("ReverseSequence", [x, index([1, 2, 3, 1])], expected=None if dtype is not np.float16 else [reverse(x)])


def reverse(x: np.ndarray) -> np.ndarray:
    result = x.copy()
    for column, length in enumerate([1, 2, 3, 1]):
        result[:length, column] = x[:length, column][::-1]
    return result


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_gather_elements(axis: int) -> None:
    check("GatherElements", [numbers(3, 3, 4), index([[[0, -1], [1, 2]]])], {"axis": axis}, dynamic={0: (0, 1, 2)})


@pytest.mark.parametrize(
    ("shape", "indices", "batch_dims"),
    [
        ((3, 4), [[0, 1], [-1, -2]], 0),
        ((3, 4, 5), [[[2], [1]], [[0], [-1]]], 0),
        ((2, 3, 4), [[1], [-1]], 1),
        ((2, 2, 3, 4), [[[[0, 1]], [[2, -1]]], [[[1, 1]], [[0, 0]]]], 2),
    ],
)
@pytest.mark.parametrize("dynamic", [True, False])
def test_gather_nd(shape: tuple[int, ...], indices: object, batch_dims: int, dynamic: bool) -> None:
    axes = {0: (0,), 1: (0,)} if dynamic else {}
    check("GatherND", [numbers(*shape), index(indices)], {"batch_dims": batch_dims}, dynamic=axes)


@pytest.mark.parametrize("reduction", ["none", "add", "mul", "max", "min"])
@pytest.mark.parametrize("axis", [0, 1, -1])
@pytest.mark.parametrize("dynamic", [True, False])
def test_scatter_elements(reduction: str, axis: int, dynamic: bool) -> None:
    indices = index([[[0, 1], [-1, 2]], [[1, 0], [2, -1]]])
    if reduction != "none":
        indices[0, 1] = indices[0, 0]
    inputs = [numbers(3, 3, 4), indices, numbers(2, 2, 2)]
    axes = {0: (0, 1, 2)} if dynamic else {}
    check("ScatterElements", inputs, {"axis": axis, "reduction": reduction}, dynamic=axes)
    if dynamic:
        axes[2] = (0, 1, 2)
        vector = [numbers(5), index([1, 3]), numbers(2)]
        check("ScatterElements", vector, {"reduction": reduction}, constants=(1,), dynamic={0: (0,), 2: (0,)})
        check("ScatterElements", inputs, {"axis": axis, "reduction": reduction}, constants=(1,), dynamic=axes)


@pytest.mark.parametrize("reduction", ["none", "add", "mul", "max", "min"])
@pytest.mark.parametrize(
    ("indices", "updates"), [([[0], [-1]], (2, 3, 4)), ([[[0, 1], [2, -1]]], (1, 2, 4)), ([[0, 1, 2]], (1,))], ids=str
)
@pytest.mark.parametrize("dynamic", [True, False])
def test_scatter_nd(reduction: str, indices: object, updates: tuple[int, ...], dynamic: bool) -> None:
    inputs = [numbers(3, 3, 4), index(indices), numbers(*updates)]
    check("ScatterND", inputs, {"reduction": reduction}, dynamic={0: (0, 1), 2: (0,)} if dynamic else {})


def test_scatter_nd_adds_what_falls_together() -> None:
    check("ScatterND", [numbers(3, 2), index([[1], [1], [-2]]), numbers(3, 2)], {"reduction": "add"})


@pytest.mark.parametrize("axis", [-1, 0, 1, -3])
@pytest.mark.parametrize("values", [np.float32([0, 1]), np.int64([5, -2]), np.float32([2, 7])], ids=str)
@pytest.mark.parametrize("constants", [(), (1, 2)])
def test_one_hot(axis: int, values: np.ndarray, constants: tuple[int, ...]) -> None:
    """Negative indices count from the end; those out of range give `off`."""
    indices = index([[0, 2, -1], [-4, 4, -5]])
    check("OneHot", [indices, index(4), values], {"axis": axis}, constants=constants, dynamic={0: (0,)})


def test_one_hot_of_floats() -> None:
    check("OneHot", [np.float32([0, 2]), np.array(3, np.float32), np.float32([1, 4])])
    check("OneHot", [index([0, 2]), index(3), np.float32([0.5, 1])], constants=(1, 2))


@pytest.mark.parametrize("dtype", [np.float32, np.int64, np.int32, np.uint8, bool])
def test_non_zero(dtype: type) -> None:
    check("NonZero", [index([[0, 1, 2], [0, 0, 3]], dtype)], dynamic={0: (0,)})
    check("NonZero", [np.zeros((2, 2), dtype)])


@pytest.mark.parametrize("axis", [None, 0, 1, -1])
def test_compress(axis: int | None) -> None:
    attributes = {} if axis is None else {"axis": axis}
    check("Compress", [numbers(3, 4), np.array([False, True, True])], attributes, dynamic={0: (0,)})
    for dtype in (np.float32, np.uint8):
        check("Compress", [numbers(3, 4, dtype=dtype), np.array([False])], attributes, dynamic={0: (0, 1)})


@pytest.mark.parametrize("dtype", [np.float32, np.int64, np.int8])
@pytest.mark.parametrize("ordered", [0, 1])
@pytest.mark.parametrize("axis", [None, 0, 1])
def test_unique(dtype: type, ordered: int, axis: int | None) -> None:
    x = index([[2, 1, 1], [3, 0, 0], [2, 1, 1]], dtype)
    check("Unique", [x], {"sorted": ordered} | ({} if axis is None else {"axis": axis}), outputs=4)
    check("Unique", [x], {"sorted": ordered} | ({} if axis is None else {"axis": axis}), dynamic={0: (0,)})


@pytest.mark.parametrize("batch_axis", [0, 1])
def test_reverse_sequence(batch_axis: int) -> None:
    attributes = {"batch_axis": batch_axis, "time_axis": 1 - batch_axis}
    lengths = index([3, 1, 2, 4] if batch_axis else [3, 1, 4, 2])
    check("ReverseSequence", [numbers(4, 4, 2), lengths], attributes, dynamic={0: (0, 1)})


@pytest.mark.parametrize("index", [0, 2, -1])
@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "int64"])
def test_one_element_of_a_vector_has_rank_0(index: int, dtype: str) -> None:
    check("Gather", [np.arange(3).astype(dtype), np.array(index)], {"axis": 0}, constants=[1])


@pytest.mark.parametrize("mode", ["TF", "IDF", "TFIDF"])
@pytest.mark.parametrize(("shape", "skips", "lengths"), [((7,), 0, (1, 2)), ((3, 7), 2, (2, 2)), ((2, 2), 5, (1, 3))])
def test_counts_of_n_grams(shape: tuple[int, ...], skips: int, lengths: tuple[int, int], mode: str) -> None:
    x = np.random.default_rng(0).integers(0, 4, shape)
    attributes = {
        "mode": mode, "max_skip_count": skips, "min_gram_length": lengths[0], "max_gram_length": lengths[1],
        "pool_int64s": [2, 3, 0, 1, 1, 2, 0, 0, 1, 2, 3], "ngram_counts": [0, 2, 8],
        "ngram_indexes": [0, 1, 3, 4, 6, 7],
        "weights": [1.0, 2.0, 0.5, 3.0, 4.0, 5.0],
    }
    if mode == "TF":
        attributes["ngram_indexes"] = [5, 1, 3, 0, 6, 2]
    kept = {name: value for name, value in attributes.items() if name != "weights" or mode != "TF"}
    check("TfIdfVectorizer", [x], kept)
