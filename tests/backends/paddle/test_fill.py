"""Constants, ranges and triangles against onnxruntime."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import TensorProto, helper
from tests.backends.paddle.single_node import check, check_model


def ints(*values: int) -> np.ndarray:
    return np.array(values, np.int64)


@pytest.mark.parametrize("value", [0, 7, -3, 2**53 + 1, 2**62 + 1])
@pytest.mark.parametrize("constant", [True, False])
def test_constant_of_shape(value: int, constant: bool) -> None:
    """Paddle's attribute is a float64."""
    attributes = {"value": helper.make_tensor("value", TensorProto.INT64, [1], [value])}
    check("ConstantOfShape", [ints(2, 3)], attributes, constants=(0,) if constant else ())


@pytest.mark.parametrize(
    ("dtype", "value"),
    [("FLOAT", 0.1), ("DOUBLE", 1 / 3), ("FLOAT", float("nan")), ("FLOAT", float("-inf")), ("BOOL", 1), ("UINT8", 200)],
)
def test_constant_of_shape_in_other_dtypes(dtype: str, value: float) -> None:
    attributes = {"value": helper.make_tensor("value", TensorProto.DataType.Value(dtype), [1], [value])}
    check("ConstantOfShape", [ints(2)], attributes, rtol=0, atol=0)


@pytest.mark.parametrize("shape", [(), (1,), (3,), (20,)])
@pytest.mark.parametrize("value", [0.1, 1 / 3])
def test_float64_constants_are_exact(shape: tuple[int, ...], value: float) -> None:
    """Paddle's static mode takes a float64 literal through float32."""
    x = np.ones(shape or (2,), np.float64)
    check("Add", [x, np.full(shape, value)], constants=(1,), rtol=0, atol=0)


@pytest.mark.parametrize("value", [2**53 + 1, -(2**62) - 1])
def test_large_int64_constants_are_exact(value: int) -> None:
    """Paddle's static mode takes an int64 literal through float64."""
    check("Add", [ints(1, 2), ints(value)], constants=(1,))


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int16, np.int32, np.int64])
@pytest.mark.parametrize("bounds", [(0, 5, 1), (1, 8, 3), (9, 2, -2), (3, 3, 1), (5, 1, 1)])
@pytest.mark.parametrize("constants", [(), (0, 2)])
def test_range(bounds: tuple[int, ...], dtype: type, constants: tuple[int, ...]) -> None:
    check("Range", [np.array(bound, dtype) for bound in bounds], constants=constants)


def test_range_of_fractions() -> None:
    check("Range", [np.array(value, np.float32) for value in (0.5, 3.2, 0.3)])


@pytest.mark.parametrize("k", [0, 1, -2, 9])
@pytest.mark.parametrize("dynamic", [True, False])
def test_eye_like(k: int, dynamic: bool) -> None:
    check("EyeLike", [np.ones((3, 4), np.float32)], {"k": k}, dynamic={0: (0, 1)} if dynamic else {})
    check("EyeLike", [np.ones((3, 4), np.int32)], {"k": k, "dtype": TensorProto.DOUBLE})


@pytest.mark.parametrize("upper", [0, 1])
@pytest.mark.parametrize("k", [None, 0, 1, -2, 9, -9])
@pytest.mark.parametrize("constants", [(), (1,)])
def test_trilu(upper: int, k: int | None, constants: tuple[int, ...]) -> None:
    x = np.arange(1, 25, dtype=np.float32).reshape(2, 3, 4)
    check("Trilu", [x, None if k is None else np.array(k, np.int64)], {"upper": upper}, constants=constants)


@pytest.mark.parametrize("attributes", [{"value_float": 0.1}, {"value_ints": [1, 2]}, {"value_floats": [1.5, 2.0]}])
def test_constant(attributes: dict) -> None:
    nodes = [helper.make_node("Constant", [], ["c"], **attributes), helper.make_node("Cast", ["c"], ["d"], to=1)]
    nodes.append(helper.make_node("Add", ["x", "d"], ["y"]))
    x, y = (helper.make_tensor_value_info(name, 1, [2]) for name in "xy")
    model = helper.make_model(
        helper.make_graph(nodes, "constant", [x], [y]), opset_imports=[helper.make_opsetid("", 21)], ir_version=10
    )
    check_model(model, {"x": np.ones(2, np.float32)})
