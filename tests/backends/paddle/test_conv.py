"""Convolutions against onnxruntime."""

from __future__ import annotations

import numpy as np
import onnxruntime
import pytest
from onnx import helper, numpy_helper
from tests.backends.paddle.single_node import check, check_model, model_of

from paddlify.errors import UnsupportedModel


def rand(*shape: int, dtype: type = np.float32) -> np.ndarray:
    return np.random.default_rng(sum(shape)).standard_normal(shape).astype(dtype)


@pytest.mark.parametrize(
    ("x", "w", "attributes"),
    [
        pytest.param((2, 3, 9), (4, 3, 3), {}, id="1d"),
        pytest.param((2, 3, 9), (4, 3, 3), {"pads": [0, 2], "strides": [2]}, id="1d asymmetric"),
        pytest.param((1, 3, 8, 9), (4, 3, 3, 3), {"pads": [1, 1, 1, 1]}, id="2d"),
        pytest.param((1, 3, 8, 9), (4, 3, 3, 2), {"pads": [1, 0, 2, 3], "strides": [2, 1]}, id="asymmetric"),
        pytest.param((1, 4, 8, 9), (8, 1, 3, 3), {"group": 4, "pads": [1, 1, 1, 1]}, id="depthwise"),
        pytest.param((1, 4, 8, 9), (6, 2, 3, 3), {"group": 2, "dilations": [2, 1]}, id="group and dilation"),
        pytest.param((1, 2, 8, 9), (3, 2, 2, 3), {"auto_pad": "SAME_UPPER", "strides": [3, 2]}, id="same upper"),
        pytest.param((1, 2, 8, 9), (3, 2, 2, 4), {"auto_pad": "SAME_LOWER", "strides": [2, 3]}, id="same lower"),
        pytest.param((1, 2, 8, 9), (3, 2, 3, 3), {"auto_pad": "VALID"}, id="valid"),
        pytest.param((1, 2, 5, 6, 7), (3, 2, 3, 2, 3), {"pads": [1, 0, 1, 0, 1, 1]}, id="3d asymmetric"),
    ],
)
@pytest.mark.parametrize("constant", [True, False], ids=["weights", "computed"])
def test_conv(x: tuple[int, ...], w: tuple[int, ...], attributes: dict, constant: bool) -> None:
    inputs = [rand(*x), rand(*w), rand(w[0])]
    text = check("Conv", inputs, attributes, constants=(1, 2) if constant else (), rtol=1e-4, atol=1e-5)
    assert ("nn.Conv" in text) == constant


@pytest.mark.parametrize("auto_pad", ["SAME_UPPER", "SAME_LOWER"])
def test_same_padding_of_a_dynamic_size(auto_pad: str) -> None:
    attributes = {"auto_pad": auto_pad, "strides": [2, 2]}
    check("Conv", [rand(1, 2, 7, 8), rand(3, 2, 3, 3)], attributes, constants=(1,), dynamic={0: (0, 2, 3)}, atol=1e-5)


def test_same_padding_with_dilation() -> None:
    """onnxruntime refuses it; the padding is that of the dilated kernel, said explicitly here."""
    inputs = [rand(1, 2, 8, 9), rand(3, 2, 3, 3)]
    explicit = model_of("Conv", inputs, {"pads": [2, 3, 2, 3], "dilations": [2, 3]})
    expected = onnxruntime.InferenceSession(explicit.SerializeToString()).run(None, {"x0": inputs[0], "x1": inputs[1]})
    check("Conv", inputs, {"auto_pad": "SAME_UPPER", "dilations": [2, 3]}, expected=expected, atol=1e-5)


@pytest.mark.parametrize("dtype", [np.float64, np.float16])
def test_conv_of_other_floats(dtype: type) -> None:
    """onnxruntime has them for no processor: the same numbers in float32 say what is right."""
    inputs = [rand(1, 2, 5, 5), rand(3, 2, 3, 3)]
    narrow = [value.astype(dtype) for value in inputs]
    feeds = {f"x{index}": value.astype(np.float32) for index, value in enumerate(narrow)}
    expected = onnxruntime.InferenceSession(model_of("Conv", inputs).SerializeToString()).run(None, feeds)
    check("Conv", narrow, constants=(1,), expected=[expected[0].astype(dtype)], rtol=2e-3, atol=1e-5)


def test_weights_used_twice_are_one_parameter() -> None:
    nodes = [helper.make_node("Conv", ["x", "w"], ["h"]), helper.make_node("Conv", ["h", "w"], ["y"])]
    graph = helper.make_graph(
        nodes, "twice", [helper.make_tensor_value_info("x", 1, [1, 2, 6, 6])],
        [helper.make_tensor_value_info("y", 1, [1, 2, 2, 2])], [numpy_helper.from_array(rand(2, 2, 3, 3), "w")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    assert check_model(model, {"x": rand(1, 2, 6, 6)}, atol=1e-4).count("parameter(self") == 1


@pytest.mark.parametrize(
    ("x", "w", "attributes"),
    [
        pytest.param((1, 3, 5), (3, 2, 3), {"strides": [2]}, id="1d"),
        pytest.param((1, 3, 5, 6), (3, 2, 3, 3), {"strides": [2, 2], "pads": [1, 0, 0, 1]}, id="asymmetric"),
        pytest.param(
            (1, 3, 5, 6), (3, 2, 3, 3), {"strides": [2, 2], "output_padding": [1, 1], "pads": [1, 1, 1, 1]},
            id="output padding",
        ),
        pytest.param((1, 3, 5, 6), (3, 2, 3, 3), {"strides": [3, 2], "output_shape": [17, 13]}, id="output shape"),
        pytest.param((1, 3, 5, 6), (3, 2, 3, 3), {"strides": [2, 2], "output_shape": [10, 12]}, id="odd output shape"),
        pytest.param((1, 3, 5, 6), (3, 2, 3, 3), {"strides": [2, 2], "auto_pad": "SAME_UPPER"}, id="same upper"),
        pytest.param((1, 3, 5, 6), (3, 2, 3, 3), {"strides": [2, 2], "auto_pad": "SAME_LOWER"}, id="same lower"),
        pytest.param((1, 4, 5, 6), (4, 3, 3, 3), {"group": 2, "dilations": [2, 2]}, id="group and dilation"),
        pytest.param((1, 2, 3, 4, 3), (2, 2, 3, 2, 3), {"strides": [2, 1, 2], "pads": [1, 0, 1, 1, 0, 0]}, id="3d"),
    ],
)
def test_conv_transpose(x: tuple[int, ...], w: tuple[int, ...], attributes: dict) -> None:
    inputs = [rand(*x), rand(*w), rand(w[1] * attributes.get("group", 1))]
    check("ConvTranspose", inputs, attributes, constants=(1, 2), rtol=1e-4, atol=1e-5)


def test_deform_conv_with_asymmetric_pads_and_offset_groups() -> None:
    attributes = {"kernel_shape": [2, 2], "pads": [1, 0, 0, 1], "offset_group": 2}
    inputs = [rand(1, 4, 5, 5), rand(3, 4, 2, 2), rand(1, 16, 5, 5), rand(3), np.abs(rand(1, 8, 5, 5))]
    check("DeformConv", inputs, attributes, constants=(1, 3), rtol=1e-4, atol=1e-5, opset=22)


@pytest.mark.parametrize(
    ("x", "image", "block", "attributes"),
    [
        pytest.param((1, 5, 5), [5, 5], [1, 5], {}, id="2d"),
        pytest.param((2, 9, 4), [5, 5], [3, 3], {"strides": [2, 2]}, id="strides"),
        pytest.param((1, 10, 12), [4, 5], [1, 5], {"pads": [0, 1, 0, 1]}, id="pads"),
        pytest.param((1, 6, 12), [6, 3], [2, 1], {"pads": [0, 0, 1, 0], "strides": [1, 2]}, id="unequal pads"),
        pytest.param((2, 20, 12), [3, 4, 5], [1, 1, 5], {}, id="3d"),
        pytest.param(
            (2, 12, 18), [3, 4, 5], [1, 2, 3], {"pads": [0, 1, 0, 0, 0, 0], "strides": [1, 2, 1]}, id="3d pads"
        ),
    ],
)
@pytest.mark.parametrize("constant", [True, False], ids=["constant", "computed"])
def test_col2im(x: tuple[int, ...], image: list[int], block: list[int], attributes: dict, constant: bool) -> None:
    inputs = [rand(*x), np.array(image, np.int64), np.array(block, np.int64)]
    for dynamic in ((), (0,), (0, 1, 2)):
        check("Col2Im", inputs, attributes, constants=(1, 2) if constant else (), dynamic={0: dynamic})


def test_four_spatial_axes_are_refused() -> None:
    with pytest.raises(UnsupportedModel, match="4 spatial axes"):
        check("Conv", [rand(1, 1, 3, 3, 3, 3), rand(1, 1, 1, 1, 1, 1)], constants=(1,), expected=[])


@pytest.mark.parametrize("group", [1, 2])
@pytest.mark.parametrize("constants", [(1,), ()])
def test_transposed_convolution_of_a_dynamic_number_of_channels(constants: tuple[int, ...], group: int) -> None:
    x, w = (np.random.default_rng(0).normal(size=shape).astype(np.float32) for shape in ((2, 4, 5, 5), (4, 3, 3, 3)))
    text = check("ConvTranspose", [x, w], {"group": group}, constants=constants, dynamic={0: (0, 1, 2, 3)}, atol=1e-5)
    assert "reshape(x0, [0, 4, 0, 0])" in text
