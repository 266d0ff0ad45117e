"""Resize of images whose size is not in the model: said as `F.interpolate` where that is the same, else computed."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from tests.backends.paddle.single_node import check, check_model

RNG = np.random.default_rng(0)
IMAGE = RNG.standard_normal((2, 12, 14, 9)).astype(np.float32)
LIKE = RNG.standard_normal((2, 12, 11, 31)).astype(np.float32)
FLOOR = {"nearest_mode": "floor"}


def model_of(scales: list[float] | None, attributes: dict[str, str]) -> onnx.ModelProto:
    """Resize by scales, or to the size of a second input, as PyTorch's exporters write it."""
    inputs = [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["n", 12, "h", "w"])]
    if scales is not None:
        nodes = [helper.make_node("Resize", ["image", "", "scales"], ["y"], **attributes)]
        constants = [numpy_helper.from_array(np.array(scales, np.float32), "scales")]
    else:
        inputs.append(helper.make_tensor_value_info("like", TensorProto.FLOAT, ["m", "c", "a", "b"]))
        nodes = [
            helper.make_node("Shape", ["image"], ["own"], start=0, end=2),
            helper.make_node("Shape", ["like"], ["other"], start=2),
            helper.make_node("Concat", ["own", "other"], ["sizes"], axis=0),
            helper.make_node("Resize", ["image", "", "", "sizes"], ["y"], **attributes),
        ]
        constants = []
    graph = helper.make_graph(nodes, "resize", inputs, [onnx.ValueInfoProto(name="y")], constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 19)], ir_version=9)


@pytest.mark.parametrize(
    ("mode", "transform", "scales", "is_fused"),
    [
        ("linear", "pytorch_half_pixel", [1, 1, 2, 2], True),
        ("linear", "half_pixel", [1, 1, 2.5, 2], True),
        ("linear", "half_pixel", [1, 1, 0.125, 0.25], False),
        ("linear", "asymmetric", [1, 1, 2, 3], True),
        ("linear", "align_corners", [1, 1, 2, 3], True),
        ("linear", "align_corners", None, True),
        ("linear", "half_pixel", None, False),
        ("nearest", "asymmetric", [1, 1, 2, 4], True),
        ("nearest", "asymmetric", [1, 1, 41, 3], False),
        ("nearest", "asymmetric", None, False),
        ("linear", "pytorch_half_pixel", None, False),
        ("linear", "pytorch_half_pixel", [1, 1, 1.5, 1.5], False),
        ("cubic", "half_pixel", [1, 1, 2, 2], False),
    ],
)
def test_dynamic_sizes(mode: str, transform: str, scales: list[float] | None, is_fused: bool) -> None:
    attributes = {"mode": mode, "coordinate_transformation_mode": transform} | (FLOOR if mode == "nearest" else {})
    feeds = {"image": IMAGE} if scales is not None else {"image": IMAGE, "like": LIKE}
    text = check_model(model_of(scales, attributes), feeds, rtol=1e-4, atol=1e-4)
    assert ("F.interpolate" in text) == is_fused


@pytest.mark.parametrize("mode", ["linear", "cubic"])
@pytest.mark.parametrize("scales", [[1, 1, 0.6, 1.7], None])
def test_dynamic_sizes_without_aliases(mode: str, scales: list[float] | None) -> None:
    feeds = {"image": IMAGE} if scales is not None else {"image": IMAGE, "like": LIKE}
    check_model(model_of(scales, {"mode": mode, "antialias": 1}), feeds, rtol=1e-4, atol=1e-4)


def test_channels_to_computed_size() -> None:
    inputs = [
        helper.make_tensor_value_info("image", TensorProto.FLOAT, ["n", 12, "h", "w"]),
        helper.make_tensor_value_info("sizes", TensorProto.INT64, [4]),
    ]
    node = helper.make_node(
        "Resize", ["image", "", "", "sizes"], ["y"], mode="nearest", **FLOOR,
        coordinate_transformation_mode="asymmetric",
    )
    graph = helper.make_graph([node], "resize", inputs, [onnx.ValueInfoProto(name="y")])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 19)], ir_version=9)
    check_model(model, {"image": IMAGE, "sizes": np.array([2, 12, 7, 27])})


@pytest.mark.parametrize("size", [2, 5])
@pytest.mark.parametrize("dynamic", [{}, {0: (2, 3)}])
def test_pytorch_half_pixel_to_one_element(size: int, dynamic: dict[int, tuple[int, ...]]) -> None:
    """Then it is position 0, as the specification says and onnxruntime does; onnx's reference takes -0.5."""
    attributes = {"mode": "cubic", "coordinate_transformation_mode": "pytorch_half_pixel"}
    inputs = [RNG.standard_normal((1, 2, size, 4)).astype(np.float32), None, None, np.array([1, 2, 1, 1])]
    check("Resize", inputs, attributes, constants=(3,), dynamic=dynamic)


@pytest.mark.parametrize("dynamic", [None, {0: (2,)}], ids=["static", "dynamic"])
@pytest.mark.parametrize("transform", ["asymmetric", "half_pixel"])
@pytest.mark.parametrize("rounding", ["floor", "ceil", "round_prefer_floor", "round_prefer_ceil"])
def test_nearest_where_float32_rounds(rounding: str, transform: str, dynamic: dict | None) -> None:
    """Quotients that are whole or halfway but for rounding; 0.7 of 10 rows are 7."""
    attributes = {"mode": "nearest", "nearest_mode": rounding, "coordinate_transformation_mode": transform}
    for rows, scale, wanted in ((6, 1 / 3, 2), (10, 0.7, 7), (7, 2 / 7, 38), (14, 19 / 14, 2), (7, 0.5, 17)):
        x = RNG.random((1, 2, rows, 3), np.float32)
        check("Resize", [x, None, np.float32([1, 1, scale, 1])], attributes, constants=(2,), dynamic=dynamic)
        sizes = np.array([1, 2, wanted, 3])
        check("Resize", [x, None, None, sizes], attributes, constants=(3,), dynamic=dynamic)


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.int32])
def test_nearest_keeps_integers(dtype: type) -> None:
    image = np.arange(200, 230).reshape(1, 2, 3, 5).astype(dtype)
    attributes = {"mode": "nearest", "coordinate_transformation_mode": "half_pixel"}
    expected = image[:, :, [0, 0, 1, 2, 2]][..., [0, 1, 3, 4]]
    check(
        "Resize", [image, None, None, np.array([1, 2, 5, 4])], attributes, constants=(3,), expected=[expected]
    )
