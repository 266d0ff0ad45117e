"""Matrix products against onnxruntime (NumPy for integers)."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import TensorProto, helper
from tests.backends.paddle.single_node import check, check_model

RNG = np.random.default_rng(4)


def rand(*shape: int) -> np.ndarray:
    return RNG.standard_normal(shape).astype(np.float32)


@pytest.mark.parametrize(
    ("a", "b"),
    [((3, 4), (4, 5)), ((2, 3, 4), (4, 5)), ((2, 3, 4), (2, 4, 5)), ((6, 1, 3, 4), (2, 4, 5)), ((4,), (4, 5)),
     ((3, 4), (4,)), ((4,), (4,)), ((2, 3, 1), (2, 1, 5)), ((2, 2, 3, 1), (1, 5)), ((3, 1), (1, 5))],
    ids=str,
)
@pytest.mark.parametrize("constant", [True, False], ids=["weights", "computed"])
def test_matmul(a: tuple[int, ...], b: tuple[int, ...], constant: bool) -> None:
    check("MatMul", [rand(*a), rand(*b)], constants=(1,) if constant else (), atol=1e-5)


@pytest.mark.parametrize("dtype", [np.int32, np.int64, np.uint32, np.uint64])
@pytest.mark.parametrize(("a", "b"), [((3, 4), (4, 5)), ((2, 3, 4), (4,)), ((4,), (2, 4, 5)), ((4,), (4,))], ids=str)
def test_products_of_integers_are_exact(dtype: type, a: tuple[int, ...], b: tuple[int, ...]) -> None:
    left = RNG.integers(0, 2**31 - 1, a).astype(dtype)
    right = RNG.integers(0, 2**31 - 1, b).astype(dtype)
    check("MatMul", [left, right], expected=[np.asarray(np.matmul(left, right))])


@pytest.mark.parametrize("bias", [(6,), (1, 6), (5, 6), (5, 1), (1,)], ids=str)
@pytest.mark.parametrize("rank", [2, 3])
def test_an_addition_behind_a_product_of_two_inputs(bias: tuple[int, ...], rank: int) -> None:
    """oneDNN's passes would take it for a layer whose weights never change: two runs, other weights."""
    shape = (5, 4) if rank == 2 else (2, 5, 4)
    nodes = [helper.make_node("MatMul", ["x", "w"], ["p"]), helper.make_node("Add", ["p", "b"], ["y"])]
    shapes = {"x": shape, "w": (4, 6), "b": bias}
    inputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in shapes.items()]
    output = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    graph = helper.make_graph(nodes, "product", inputs, [output])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    for _ in range(3):
        check_model(model, {name: rand(*shape) for name, shape in shapes.items()}, atol=1e-5)


@pytest.mark.parametrize("trans_a", [0, 1])
@pytest.mark.parametrize("trans_b", [0, 1])
@pytest.mark.parametrize("bias", [None, (6,), (1, 6), (5, 6), (5, 1), ()], ids=str)
@pytest.mark.parametrize("constant", [True, False], ids=["weights", "computed"])
def test_gemm(trans_a: int, trans_b: int, bias: tuple[int, ...] | None, constant: bool) -> None:
    a, b = rand(5, 4), rand(4, 6)
    inputs = [a.T.copy() if trans_a else a, b.T.copy() if trans_b else b, *([] if bias is None else [rand(*bias)])]
    constants = tuple(range(1, len(inputs))) if constant else ()
    text = check("Gemm", inputs, {"transA": trans_a, "transB": trans_b}, constants=constants, atol=1e-5)
    assert ("nn.Linear" in text) == (constant and not trans_a and bias in (None, (6,), (1, 6)))


@pytest.mark.parametrize(("alpha", "beta"), [(0.5, 1.0), (1.0, 0.25), (2.0, 0.0)])
def test_gemm_is_scaled(alpha: float, beta: float) -> None:
    check("Gemm", [rand(3, 4), rand(4, 5), rand(5)], {"alpha": alpha, "beta": beta}, constants=(1, 2), atol=1e-5)


@pytest.mark.parametrize(
    ("equation", "shapes"),
    [("ij,jk->ik", [(2, 3), (3, 4)]), ("bij, bjk -> bik", [(2, 3, 4), (2, 4, 5)]), ("ij->ji", [(2, 3)]),
     ("...ii->...i", [(2, 3, 3)]), ("bhqd,bhkd->bhqk", [(2, 2, 3, 4), (2, 2, 5, 4)]), ("i,i", [(4,), (4,)]),
     ("iij->ij", [(3, 3, 2)]), ("i...ji", [(3, 2, 4, 3)]), ("lljl,il,ikl->", [(3, 3, 1, 3), (2, 3), (2, 4, 3)])],
)
def test_einsum(equation: str, shapes: list[tuple[int, ...]]) -> None:
    check("Einsum", [rand(*shape) for shape in shapes], {"equation": equation}, atol=1e-5)


def test_det() -> None:
    check("Det", [rand(2, 4, 4)], rtol=1e-4)




def test_a_product_over_no_elements_is_zero() -> None:
    check("MatMul", [np.zeros((2, 0), np.float32), np.zeros((0, 3), np.float32)])
