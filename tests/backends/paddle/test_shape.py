"""Operators that give a tensor another shape, against onnxruntime."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper
from tests.backends.paddle.single_node import check, check_model

from paddlify.errors import UnsupportedModel

DTYPES = [np.float16, np.float64, np.int8, np.int16, np.int64, np.uint8, np.uint16, np.uint32, np.uint64, bool]


def numbers(*shape: int, dtype: type = np.float32) -> np.ndarray:
    return np.arange(int(np.prod(shape))).reshape(shape).astype(dtype)


def ints(*values: int) -> np.ndarray:
    return np.array(values, np.int64)


@pytest.mark.parametrize(("shape", "said"), [((0, -1), "[0, -1]"), ((2, 12), "[2, 12]"), ((-1,), "[-1]")])
def test_reshape(shape: tuple[int, ...], said: str) -> None:
    text = check("Reshape", [numbers(2, 3, 4), ints(*shape)], constants=(1,), dynamic={0: (0,)})
    assert said in text


@pytest.mark.parametrize("shape", [(4, 6), (-1,), (0, -1, 1)])
def test_reshape_to_a_computed_shape(shape: tuple[int, ...]) -> None:
    check("Reshape", [numbers(2, 3, 4), ints(*shape)])


@pytest.mark.parametrize("constant", [True, False])
def test_reshape_of_no_elements(constant: bool) -> None:
    inputs = [numbers(0, 3, 4), ints(3, 4, 0)]
    check("Reshape", inputs, {"allowzero": 1}, constants=(1,) if constant else ())


@pytest.mark.parametrize("dtype", [np.float32, np.float16, np.int64])
@pytest.mark.parametrize(
    ("source", "shape"),
    [
        ((2, 3, 4), (4, 6)), ((2, 3, 4), (-1,)), ((24,), (2, -1, 3)), ((0, 3, 4), (3, 4, 0)), ((3, 0), (2, 0, 5, 0)),
        ((3, 0), (0,)), ((3, 0, 2), (0, 7)), ((0,), (5, 0)), ((3, 0), (-1, 6)), ((2, 3), (6, 1, 1)),
    ],
)  # fmt: skip
def test_reshape_to_a_computed_shape_whose_zeros_are_sizes(
    source: tuple[int, ...], shape: tuple[int, ...], dtype: type
) -> None:
    inputs = [numbers(*source, dtype=dtype), ints(*shape)]
    check("Reshape", inputs, {"allowzero": 1}, dynamic={0: range(len(source))})


def shape_arithmetic(second: int) -> tuple[helper.GraphProto, np.ndarray]:
    """x[N, 3, H, W] reshaped to [N, 3, H * W]: Shape, Gather, Mul, Concat."""
    nodes = [
        helper.make_node("Shape", ["x"], ["s"]),
        *(helper.make_node("Gather", ["s", f"i{i}"], [f"d{i}"]) for i in range(4)),
        helper.make_node("Mul", ["d2", "d3"], ["area"]),
        helper.make_node("Concat", ["d0", "second", "area"], ["shape"], axis=0),
        helper.make_node("Reshape", ["x", "shape"], ["y"]),
    ]
    initializers = [numpy_helper.from_array(ints(i), f"i{i}") for i in range(4)]
    initializers.append(numpy_helper.from_array(ints(second), "second"))
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 3, "H", "W"])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    return helper.make_graph(nodes, "arithmetic", [x], [y], initializers), numbers(2, 3, 4, 5)


def test_shape_arithmetic_is_not_in_the_code() -> None:
    graph, x = shape_arithmetic(3)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    text = check_model(model, {"x": x})
    assert "paddle.reshape(x, [0, 3, -1])" in text
    assert "paddle.shape" not in text


@pytest.mark.parametrize("dtype", DTYPES)
def test_dtypes(dtype: type) -> None:
    x = numbers(2, 3, dtype=dtype)
    check("Transpose", [x])
    check("Concat", [x, x], {"axis": 1})
    check("Expand", [x, ints(2, 2, 3)], constants=(1,))
    check("Unsqueeze", [x, ints(1)], constants=(1,))
    check("Squeeze", [x[:1], ints(0)], constants=(1,))
    check("Flatten", [x[None]], {"axis": 2})
    check("Shape", [x], dynamic={0: (0,)})
    if dtype is not np.uint16 and dtype is not np.uint32:
        check("Tile", [x, ints(2, 1)], constants=(1,), expected=[np.tile(x, (2, 1))])


@pytest.mark.parametrize("axis", [-3, -1, 0, 1, 2, 3, 4])
def test_flatten(axis: int) -> None:
    check("Flatten", [numbers(2, 3, 4, 5)], {"axis": axis}, dynamic={0: (0, 2)})


@pytest.mark.parametrize("constant", [True, False])
def test_squeeze_and_unsqueeze(constant: bool) -> None:
    constants = (1,) if constant else ()
    check("Squeeze", [numbers(1, 3, 1, 4), ints(0, -2)], constants=(1,), dynamic={0: (1,)})
    check("Squeeze", [numbers(1, 3, 1, 4)])
    check("Unsqueeze", [numbers(3, 4), ints(-1, 0)], constants=(1,), dynamic={0: (1,)})
    x, y = (helper.make_tensor_value_info(name, 1, shape) for name, shape in (("x", [1, 3]), ("y", [1, 3, 1])))
    axes = helper.make_tensor_value_info("axes", TensorProto.INT64, [1])
    graph = helper.make_graph([helper.make_node("Unsqueeze", ["x", "axes"], ["y"])], "g", [x, axes], [y])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    check_model(model, {"x": numbers(1, 3), "axes": ints(2)})
    assert constants is not None


def test_squeeze_of_unknown_axes_is_refused() -> None:
    with pytest.raises(UnsupportedModel, match="axes must be known"):
        check("Squeeze", [numbers(1, 3), ints(0)])


@pytest.mark.parametrize(("shape", "target"), [((3, 1), (2, 1, 6)), ((1, 4), (3, 1)), ((3, 4), (1,)), ((1,), (0,))])
@pytest.mark.parametrize("constant", [True, False])
@pytest.mark.parametrize("dynamic", [True, False])
def test_expand(shape: tuple[int, ...], target: tuple[int, ...], constant: bool, dynamic: bool) -> None:
    axes = {0: range(len(shape))} if dynamic else {}
    check("Expand", [numbers(*shape), ints(*target)], constants=(1,) if constant else (), dynamic=axes)


@pytest.mark.parametrize("constant", [True, False])
def test_tile(constant: bool) -> None:
    check("Tile", [numbers(2, 3), ints(2, 3)], constants=(1,) if constant else (), dynamic={0: (0,)})


@pytest.mark.parametrize(("start", "end"), [(0, None), (1, None), (-2, -1), (1, 9), (3, 1)])
@pytest.mark.parametrize("dynamic", [True, False])
def test_shape(start: int, end: int | None, dynamic: bool) -> None:
    attributes = {"start": start} | ({} if end is None else {"end": end})
    check("Shape", [numbers(2, 3, 4)], attributes, dynamic={0: (0, 2)} if dynamic else {})


def test_size() -> None:
    check("Size", [numbers(2, 3)], dynamic={0: (0,)})
    check("Size", [numbers(2, 3)])


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int32])
@pytest.mark.parametrize("mode", ["DCR", "CRD"])
@pytest.mark.parametrize("dynamic", [True, False])
def test_depth_and_space(mode: str, dynamic: bool, dtype: type) -> None:
    axes = {0: (0, 2, 3)} if dynamic else {}
    x = numbers(2, 12, 3, 2, dtype=dtype)
    split = x.reshape((2, 2, 2, 3, 3, 2) if mode == "DCR" else (2, 3, 2, 2, 3, 2))
    space = split.transpose((0, 3, 4, 1, 5, 2) if mode == "DCR" else (0, 1, 4, 2, 5, 3)).reshape(2, 3, 6, 4)
    check("DepthToSpace", [x], {"blocksize": 2, "mode": mode}, dynamic=axes, expected=[space])
    if mode == "DCR":
        check("SpaceToDepth", [space], {"blocksize": 2}, dynamic=axes, expected=[x])


@pytest.mark.parametrize("dtype", [np.float32, np.int32])
def test_concat_of_nothing(dtype: type) -> None:
    """oneDNN's kernel dies of float32 tensors that are all empty."""
    for rows in (0, 2):
        parts = [numbers(rows, 3, dtype=dtype), numbers(rows, 3, dtype=dtype)]
        check("Concat", parts, {"axis": 0}, dynamic={0: (0,), 1: (0,)}, expected=[np.concatenate(parts)])
