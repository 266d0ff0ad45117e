"""Pooling against onnxruntime."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from tests.backends.paddle.single_node import check

from paddlify.errors import UnsupportedModel


def rand(*shape: int) -> np.ndarray:
    return np.random.default_rng(sum(shape)).standard_normal(shape).astype(np.float32)


SHAPES = {1: (2, 3, 11), 2: (1, 2, 9, 10), 3: (1, 2, 6, 7, 5)}
WINDOWS = [
    pytest.param(1, {"kernel_shape": [3], "strides": [2]}, id="1d"),
    pytest.param(2, {"kernel_shape": [3, 2], "strides": [2, 2], "pads": [1, 0, 0, 1]}, id="asymmetric"),
    pytest.param(2, {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [1, 1, 1, 1]}, id="symmetric"),
    pytest.param(2, {"kernel_shape": [4, 3], "strides": [3, 2], "auto_pad": "SAME_UPPER"}, id="same upper"),
    pytest.param(2, {"kernel_shape": [4, 3], "strides": [3, 2], "auto_pad": "SAME_LOWER"}, id="same lower"),
    pytest.param(2, {"kernel_shape": [2, 2], "dilations": [2, 3], "pads": [1, 0, 1, 0]}, id="dilated"),
    pytest.param(3, {"kernel_shape": [2, 2, 3], "strides": [2, 1, 2], "pads": [1, 0, 1, 0, 1, 1]}, id="3d"),
]


@pytest.mark.parametrize("ceil_mode", [0, 1])
@pytest.mark.parametrize("dynamic", [False, True], ids=["static", "dynamic"])
@pytest.mark.parametrize(("rank", "attributes"), WINDOWS)
def test_max_pool(rank: int, attributes: dict, dynamic: bool, ceil_mode: int) -> None:
    x = rand(*SHAPES[rank])
    axes = {0: range(2, x.ndim)} if dynamic else {}
    check("MaxPool", [x], {**attributes, "ceil_mode": ceil_mode}, dynamic=axes)


@pytest.mark.parametrize("ceil_mode", [0, 1])
@pytest.mark.parametrize("dynamic", [False, True], ids=["static", "dynamic"])
@pytest.mark.parametrize("include", [0, 1], ids=["exclude", "include"])
@pytest.mark.parametrize(("rank", "attributes"), WINDOWS)
def test_average_pool(rank: int, attributes: dict, include: int, dynamic: bool, ceil_mode: int) -> None:
    x = rand(*SHAPES[rank])
    axes = {0: range(2, x.ndim)} if dynamic else {}
    check("AveragePool", [x], {**attributes, "ceil_mode": ceil_mode, "count_include_pad": include}, dynamic=axes)


def test_a_last_window_that_starts_in_the_padding_does_not_count() -> None:
    """Caffe's rule: input 7, kernel 2, stride 2, padding 1 gives 4 windows, not 5."""
    attributes = {"kernel_shape": [2, 2], "strides": [2, 2], "pads": [1, 1, 1, 1], "ceil_mode": 1}
    x = rand(1, 1, 7, 7)
    for dynamic in ({}, {0: (2, 3)}):
        padded = np.pad(x, [(0, 0), (0, 0), (1, 1), (1, 1)], constant_values=-np.inf)[:, :, :8, :8]
        expected = padded.reshape(1, 1, 4, 2, 4, 2).max(axis=(3, 5))
        check("MaxPool", [x], attributes, dynamic=dynamic, expected=[expected], opset=22)


@pytest.mark.parametrize("dtype", [np.int8, np.uint8])
def test_max_pool_of_integers(dtype: type) -> None:
    x = np.random.default_rng(0).integers(-128 if dtype is np.int8 else 0, 127, (1, 2, 6, 6)).astype(dtype)
    check("MaxPool", [x], {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1]})


@pytest.mark.parametrize(
    ("rank", "storage_order"), [*itertools.product([2, 3], [0, 1]), (1, 0)], ids=str
)
def test_indices(rank: int, storage_order: int) -> None:
    attributes = {
        "kernel_shape": [3] * rank, "strides": [2] * rank, "pads": [1] * 2 * rank, "storage_order": storage_order,
    }
    check("MaxPool", [rand(*(2, 3, 7, 6, 5)[: rank + 2])], attributes, outputs=2)


def test_indices_with_dilation() -> None:
    check("MaxPool", [rand(2, 3, 8, 9)], {"kernel_shape": [2, 2], "dilations": [2, 3], "strides": [1, 2]}, outputs=2)


def test_indices_of_dynamic_sizes_are_refused() -> None:
    with pytest.raises(UnsupportedModel, match="static dimensions"):
        check("MaxPool", [rand(1, 2, 6, 6)], {"kernel_shape": [2, 2]}, outputs=2, dynamic={0: (2,)})


@pytest.mark.parametrize("p", [1, 2, 3])
@pytest.mark.parametrize(("rank", "attributes"), [window for window in WINDOWS if window.id != "same lower"])
def test_lp_pool(rank: int, attributes: dict, p: int) -> None:
    check("LpPool", [rand(*SHAPES[rank])], {**attributes, "p": p}, rtol=1e-4)


@pytest.mark.parametrize("op_type", ["GlobalAveragePool", "GlobalMaxPool"])
@pytest.mark.parametrize("rank", [1, 2, 3])
def test_global_pool(op_type: str, rank: int) -> None:
    check(op_type, [rand(*SHAPES[rank])], dynamic={0: range(rank + 2)})


def test_global_lp_pool() -> None:
    check("GlobalLpPool", [rand(2, 3, 4, 5)], {"p": 3})


@pytest.mark.parametrize("dynamic", [{0: range(4)}, {1: range(4)}], ids=["values", "indices"])
def test_max_unpool_where_one_size_is_not_known(dynamic: dict) -> None:
    indices = np.array([5, 7, 13, 15]).reshape(1, 1, 2, 2)
    check("MaxUnpool", [rand(1, 1, 2, 2), indices], {"kernel_shape": [2, 2], "strides": [2, 2]}, dynamic=dynamic)
