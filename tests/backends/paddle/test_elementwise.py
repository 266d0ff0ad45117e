"""Arithmetic, comparisons, logic and casts against onnxruntime (or NumPy where it has no kernel)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import helper, numpy_helper
from tests.backends.paddle.single_node import check

import paddlify

RNG = np.random.default_rng(0)
FLOATS = np.array([0.5, -0.5, 1.5, 2.5, -2.5, 3.25, -7.75, 1e-3, 40.0], np.float32)
INTEGERS = {
    dtype: np.array([np.iinfo(dtype).min, np.iinfo(dtype).max, 0, 1, 7, 100, 3, 5], dtype)
    for dtype in (np.int8, np.uint8, np.int16, np.uint16, np.int32, np.uint32, np.int64, np.uint64)
}


@pytest.mark.parametrize(
    "op_type",
    ["Abs", "Neg", "Sign", "Floor", "Ceil", "Round", "Exp", "Sin", "Cos", "Tan", "Atan", "Sinh", "Tanh", "Asinh", "Erf",
     "Reciprocal", "IsNaN", "IsInf"],
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_functions(op_type: str, dtype: type) -> None:
    x = FLOATS[:8] if op_type in ("Exp", "Sinh") else FLOATS
    if op_type.startswith("Is"):
        x = np.append(x, [np.nan, np.inf, -np.inf])
    if dtype is np.float64 and op_type in ("Atan", "Sinh", "Asinh", "Tan", "Erf"):
        functions = {"Atan": np.arctan, "Sinh": np.sinh, "Asinh": np.arcsinh, "Tan": np.tan}
        if op_type not in functions:
            pytest.skip("NumPy has no erf, and onnxruntime none of float64")
        check(op_type, [x.astype(dtype)], expected=[functions[op_type](x.astype(dtype))], rtol=1e-12)
        return
    check(op_type, [x.astype(dtype)])


@pytest.mark.parametrize(
    ("op_type", "function"),
    [
        ("Sqrt", np.sqrt), ("Log", np.log), ("Asin", np.arcsin), ("Acos", np.arccos), ("Atanh", np.arctanh),
    ],
)
def test_functions_of_part_of_the_line(op_type: str, function: Callable[[np.ndarray], np.ndarray]) -> None:
    x = np.array([0.1, 0.25, 0.5, 0.75, 0.99], np.float32)
    check(op_type, [x], expected=[function(x)])


@pytest.mark.parametrize("op_type", ["Add", "Sub", "Mul"])
@pytest.mark.parametrize("dtype", list(INTEGERS))
def test_integers_wrap_around(op_type: str, dtype: type) -> None:
    a, b = INTEGERS[dtype], np.roll(INTEGERS[dtype], 3)
    function = {"Add": np.add, "Sub": np.subtract, "Mul": np.multiply}[op_type]
    check(op_type, [a, b], expected=[function(a, b)])


@pytest.mark.parametrize("dtype", list(INTEGERS))
def test_integer_division_rounds_towards_zero(dtype: type) -> None:
    a = INTEGERS[dtype]
    b = np.array([3, 2, 5, 7, 2, 9, 2, 3], dtype)
    signed = np.issubdtype(dtype, np.signedinteger)
    b = b * np.array([1, -1, 1, 1, -1, 1, -1, 1], dtype) if signed else b
    exact = [abs(int(x)) // abs(int(y)) * (1 if (x < 0) == (y < 0) else -1) for x, y in zip(a, b, strict=True)]
    check("Div", [a, b], expected=[np.array(exact).astype(dtype)])


def test_uint64_above_the_signed_range() -> None:
    a = np.array([2**64 - 1, 2**63, 2**63 + 5, 12345678901234567890, 7, 2**63 - 1], np.uint64)
    b = np.array([2, 3, 2**63 + 6, 2**64 - 1, 2**63, 10], np.uint64)
    check("Div", [a, b], expected=[a // b])
    check("Mod", [a, b], expected=[a % b])
    check("Max", [a, b], expected=[np.maximum(a, b)])
    check("Min", [a, b], expected=[np.minimum(a, b)])
    check("Less", [a, b], expected=[a < b])
    check("GreaterOrEqual", [a, b], expected=[a >= b])
    check("Cast", [a], {"to": 11}, expected=[a.astype(np.float64)])
    check("Cast", [a.astype(np.float64)[1:2]], {"to": 13}, expected=[a[1:2]])


@pytest.mark.parametrize("fmod", [0, 1])
@pytest.mark.parametrize("dtype", [np.int8, np.int32, np.int64, np.uint8, np.float32])
def test_mod(fmod: int, dtype: type) -> None:
    if dtype is np.float32 and not fmod:
        pytest.skip("onnxruntime has Mod of floats with fmod alone")
    a = np.array([-7, 7, -7, 7, 6, -6], np.float64)
    b = np.array([3, 3, -3, -3, 3, 3], np.float64)
    if dtype is np.uint8:
        a, b = abs(a), abs(b)
    if dtype is np.float32:
        a = a + 0.25
    check("Mod", [a.astype(dtype), b.astype(dtype)], {"fmod": fmod})


@pytest.mark.parametrize("exponent", [2.0, 0.5, -1.0, 3.0, 1.7])
def test_power_of_a_number(exponent: float) -> None:
    x = np.array([0.3, 1.0, 2.0, 5.5], np.float32)
    check("Pow", [x, np.array(exponent, np.float32)], constants=(1,))


@pytest.mark.parametrize("base", [np.float32, np.float64, np.int32, np.int64])
@pytest.mark.parametrize("exponent", [np.float32, np.int32, np.int64])
def test_pow_has_the_dtype_of_its_base(base: type, exponent: type) -> None:
    check("Pow", [np.array([1, 2, 3, 10], base), np.array([3, 2, 1, 9], exponent)])


@pytest.mark.parametrize(("op_type", "operator"), [("Add", "+"), ("Sub", "-"), ("Mul", "*"), ("Div", "/")])
def test_numbers_are_written_as_numbers(op_type: str, operator: str) -> None:
    x = FLOATS.reshape(3, 3)
    text = check(op_type, [x, np.array(4.0, np.float32)], constants=(1,))
    assert f"x0 {operator} 4.0" in text
    assert f"4.0 {operator} x1" in check(op_type, [np.array(4.0, np.float32), x], constants=(0,))
    if op_type == "Div":
        assert "x0 / paddle.to_tensor(3.0)" in check(op_type, [x, np.array(3.0, np.float32)], constants=(1,))
    big = np.array(2**53 + 1, np.int64)
    check(op_type, [np.array([2**53 + 5, -3], np.int64), big], constants=(1,))


@pytest.mark.parametrize(
    ("a", "b"), [((2, 3, 4), (4,)), ((2, 1, 4), (3, 1)), ((1,), (2, 3)), ((), (2, 2)), ((0, 3), (1, 3))]
)
def test_broadcasting(a: tuple[int, ...], b: tuple[int, ...]) -> None:
    check("Add", [RNG.random(a, np.float32), RNG.random(b, np.float32)])


@pytest.mark.parametrize("op_type", ["Max", "Min", "Sum", "Mean"])
@pytest.mark.parametrize("count", [1, 2, 3])
def test_several_inputs(op_type: str, count: int) -> None:
    check(op_type, [RNG.random((2, 3), np.float32) for _ in range(count)])


@pytest.mark.parametrize("direction", ["LEFT", "RIGHT"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.uint32, np.uint64])
def test_bit_shift(direction: str, dtype: type) -> None:
    x = INTEGERS[dtype]
    y = np.array([1, 2, 3, 0, 1, np.iinfo(dtype).bits - 1, 2, 4], dtype)
    check("BitShift", [x, y], {"direction": direction}, expected=[x << y if direction == "LEFT" else x >> y])


@pytest.mark.parametrize("source", [np.float32, np.float64, np.int8, np.uint8, np.int16, np.int32, np.int64, np.bool_])
@pytest.mark.parametrize("target", [1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 13])
def test_cast(source: type, target: int) -> None:
    is_float = np.issubdtype(source, np.floating)
    values: Any = [0, 1, 3.7, 100.5, 2.5] if is_float else [0, 1, 5, 100, 127]
    x = np.array(values).astype(source)
    if np.issubdtype(source, np.signedinteger):
        x = np.append(x, np.array([-1, -128], source))
    check("Cast", [x], {"to": target})


def test_where_and_logic() -> None:
    a, b = RNG.random(6) > 0.5, RNG.random(6) > 0.5
    for op_type in ("And", "Or", "Xor"):
        check(op_type, [a, b])
    check("Not", [a])
    for dtype in (np.float32, np.int64, np.uint8, np.float64):
        check("Where", [a, np.arange(6).astype(dtype), np.arange(6, 12).astype(dtype)])


def test_a_value_used_twice_survives_onednn() -> None:
    """Paddle's in-place pass would overwrite exp(x) with its floor before it is subtracted."""
    from onnx import TensorProto, helper
    from tests.backends.paddle.single_node import check_model

    nodes = [
        helper.make_node("Exp", ["x"], ["y"]), helper.make_node("Floor", ["y"], ["z"]),
        helper.make_node("Sub", ["y", "z"], ["w"]),
    ]
    info = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [5]) for name in ("x", "w")]
    model = helper.make_model(
        helper.make_graph(nodes, "fraction", info[:1], info[1:]),
        opset_imports=[helper.make_opsetid("", 21)],
        ir_version=10,
    )
    check_model(model, {"x": np.linspace(-1, 2, 5, dtype=np.float32)})


@pytest.mark.parametrize("dtype", [np.uint16, np.uint32, np.uint64])
def test_large_unsigned_constants(dtype: type) -> None:
    """Too large for a literal: a parameter in the type that holds it."""
    a, b = np.arange(40).astype(dtype), np.iinfo(dtype).max - np.arange(40).astype(dtype) * 2
    check("Add", [a, b], constants=(1,), expected=[a + b])
    check("Add", [a[:3], b[:3]], constants=(1,), expected=[a[:3] + b[:3]])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_floor_mod_of_floats(dtype: type) -> None:
    """onnxruntime has it of integers alone; zeros have the divisor's sign."""
    a = np.array([-7.25, 7.25, -7.25, 7.25, 0.0, -0.0, 6.0, -6.0, 5.0, 5.0], dtype)
    b = np.array([3, 3, -3, -3, -2, 2, -3, 3, np.inf, -np.inf], dtype)
    with np.errstate(divide="ignore"):
        text = check("Mod", [a, b], {"fmod": 0}, opset=28, expected=[np.mod(a, b)])
    assert "copysign" in text


def test_where_broadcasts_sizes_that_are_not_known() -> None:
    for shapes in (((1,), (2,), (1,)), ((3,), (1,), (3,)), ((2, 1), (1, 3), (2, 3))):
        arrays = [np.arange(np.prod(shape)).reshape(shape) for shape in shapes]
        inputs = [arrays[0] > 0, arrays[1].astype(np.float32), arrays[2].astype(np.float32) + 9]
        check("Where", inputs, dynamic={index: range(len(shape)) for index, shape in enumerate(shapes)})


@pytest.mark.parametrize("op_type", ["Div", "Mul", "Add", "Sub"])
def test_a_constant_of_negative_zero(op_type: str) -> None:
    with np.errstate(divide="ignore"):
        x, zero = np.array([-3e38, 2.0, -0.0], np.float32), np.array(-0.0, np.float32)
        check(op_type, [x[:2], zero], constants=(1,))


@pytest.mark.parametrize("less", [0, 1, 3, 9])
def test_quotients_of_sizes(less: int, tmp_path: Path) -> None:
    """A size less a number, rounded towards zero, where it may be negative too."""
    shape, sub, div = (
        helper.make_node("Shape", ["x"], ["n"]), helper.make_node("Sub", ["n", "less"], ["m"]),
        helper.make_node("Div", ["m", "four"], ["y"]),
    )
    numbers = [numpy_helper.from_array(np.array([value]), name) for name, value in (("less", less), ("four", 4))]
    info = helper.make_tensor_value_info
    graph = helper.make_graph(
        [shape, sub, div], "sizes", [info("x", 1, ["N"])], [info("y", 7, [1])], initializer=numbers
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    paddlify.convert(model, tmp_path / "out", verify=False)
    text = (tmp_path / "out" / "model.py").read_text()
    assert ("logical_xor" in text) == (less > 3)
    loaded = paddlify.load(tmp_path / "out")
    for size in range(8):
        (result,) = loaded.inference({"x": np.zeros(size, np.float32)})
        assert result.tolist() == [int((size - less) / 4)]
