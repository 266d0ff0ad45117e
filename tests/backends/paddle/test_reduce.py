"""Reductions, cumulative sums and sorting against onnxruntime."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.backends.paddle.single_node import check

X = np.random.default_rng(1).uniform(0.1, 3, (3, 4, 5)).astype(np.float32)
REDUCTIONS = ["ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceL1", "ReduceL2", "ReduceLogSum",
              "ReduceLogSumExp", "ReduceSumSquare"]


@pytest.mark.parametrize("axes", [[1], [-1, 0], None, []], ids=str)
@pytest.mark.parametrize("keepdims", [0, 1])
@pytest.mark.parametrize("op_type", REDUCTIONS)
def test_axes(op_type: str, axes: list[int] | None, keepdims: int) -> None:
    inputs = [X] if axes is None else [X, np.array(axes, np.int64)]
    constants = (1,) if axes is not None else ()
    check(op_type, inputs, {"keepdims": keepdims}, constants=constants, dynamic={0: (0, 2)}, rtol=1e-4)


@pytest.mark.parametrize("keepdims", [0, 1])
@pytest.mark.parametrize("op_type", REDUCTIONS)
def test_axes_that_are_fed(op_type: str, keepdims: int) -> None:
    check(op_type, [X, np.array([2, 0], np.int64)], {"keepdims": keepdims}, rtol=1e-4)


@pytest.mark.parametrize("op_type", ["ReduceSum", "ReduceSumSquare", "ReduceLogSum", "ReduceMax"])
def test_no_axes_reduce_nothing(op_type: str) -> None:
    expected = {"ReduceSum": X, "ReduceSumSquare": X * X, "ReduceLogSum": np.log(X), "ReduceMax": X}[op_type]
    check(op_type, [X], {"noop_with_empty_axes": 1}, expected=[expected])


@pytest.mark.parametrize("dtype", [np.int32, np.int64])
@pytest.mark.parametrize("op_type", ["ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceL1"])
def test_integers(op_type: str, dtype: type) -> None:
    x = np.array([[-7, 2, 3], [4, 5, -60]], dtype)
    check(op_type, [x, np.array([1])], {"keepdims": 0}, constants=(1,))


@pytest.mark.parametrize("op_type", ["ReduceMax", "ReduceMin", "ReduceLogSumExp"])
def test_infinities(op_type: str) -> None:
    x = np.array([[-np.inf, -np.inf], [np.inf, np.inf], [-np.inf, 1], [1, np.inf]], np.float32)
    axis = np.array([1])
    expected = {"ReduceMax": x.max(1), "ReduceMin": x.min(1), "ReduceLogSumExp": np.logaddexp(x[:, 0], x[:, 1])}[
        op_type
    ]
    check(op_type, [x, axis], {"keepdims": 0}, constants=(1,), expected=[expected])


@pytest.mark.parametrize("op_type", ["ArgMax", "ArgMin"])
@pytest.mark.parametrize("last", [0, 1])
@pytest.mark.parametrize("keepdims", [0, 1])
@pytest.mark.parametrize("dtype", [np.float32, np.int8, np.uint8, np.int32, np.float64])
def test_arguments(op_type: str, last: int, keepdims: int, dtype: type) -> None:
    x = np.array([[1, 3, 3, 1], [2, 2, 2, 2], [0, 9, 0, 9]], dtype)
    check(op_type, [x], {"axis": 1, "keepdims": keepdims, "select_last_index": last}, dynamic={0: (0, 1)})


@pytest.mark.parametrize("exclusive", [0, 1])
@pytest.mark.parametrize("reverse", [0, 1])
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int32, np.int64])
@pytest.mark.parametrize("constant", [(1,), ()], ids=["constant", "fed"])
def test_cum_sum(exclusive: int, reverse: int, dtype: type, constant: tuple[int, ...]) -> None:
    x = np.arange(1, 13).reshape(3, 4).astype(dtype)
    attributes: dict[str, Any] = {"exclusive": exclusive, "reverse": reverse}
    check("CumSum", [x, np.array(-1, np.int32)], attributes, constants=constant)


@pytest.mark.parametrize("largest", [0, 1])
@pytest.mark.parametrize("axis", [0, -1])
@pytest.mark.parametrize("constant", [(1,), ()], ids=["constant", "fed"])
def test_top_k_keeps_the_order_of_equal_elements(largest: int, axis: int, constant: tuple[int, ...]) -> None:
    x = np.random.default_rng(2).integers(0, 4, (6, 40)).astype(np.float32)
    k = np.array([3], np.int64)
    check("TopK", [x, k], {"axis": axis, "largest": largest}, constants=constant, outputs=2)
