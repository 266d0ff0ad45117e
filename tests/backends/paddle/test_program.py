"""What the predictor with oneDNN makes of operators behind a convolution, whose result is in a blocked layout."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from tests.backends.paddle.single_node import check_model

import paddlify
from paddlify.errors import UnsupportedError

RNG = np.random.default_rng(0)
IMAGE = RNG.standard_normal((2, 8, 16, 24)).astype(np.float32)
WEIGHTS = {
    "kernel": RNG.standard_normal((8, 8, 3, 3)).astype(np.float32) / 8,
    "left": RNG.standard_normal((5, 16)).astype(np.float32),
    "right": RNG.standard_normal((24, 5)).astype(np.float32),
}

BEHIND = {
    "left matrix": [("MatMul", ["left", "convolved"], {})],
    "right matrix": [("MatMul", ["convolved", "right"], {})],
    "activation between": [("Relu", ["convolved"], {}), ("MatMul", ["left", "v0"], {})],
    "softmax between": [("Softmax", ["convolved"], {"axis": 2}), ("MatMul", ["v0", "right"], {})],
    "leaky relu": [("LeakyRelu", ["convolved"], {"alpha": 0.1})],
    "leaky relu behind a sum": [("Add", ["convolved", "image"], {}), ("LeakyRelu", ["v0"], {})],
}


@pytest.mark.parametrize("name", BEHIND)
def test_behind_a_convolution(name: str) -> None:
    steps = BEHIND[name]
    nodes = [helper.make_node("Conv", ["image", "kernel"], ["convolved"], pads=[1, 1, 1, 1])]
    for index, (op_type, inputs, attributes) in enumerate(steps):
        nodes.append(helper.make_node(op_type, inputs, [f"v{index}"], **attributes))
    used = {value for node in nodes for value in node.input}
    graph = helper.make_graph(
        nodes, "behind", [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["n", 8, "h", "w"])],
        [onnx.ValueInfoProto(name=f"v{len(steps) - 1}")],
        [numpy_helper.from_array(array, key) for key, array in WEIGHTS.items() if key in used],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    check_model(model, {"image": IMAGE}, rtol=1e-4, atol=1e-4)


def test_weights_named_like_methods_of_a_layer() -> None:
    array = RNG.standard_normal((4, 24)).astype(np.float32)
    names = ["full", "float", "double", "half", "type", "modules"]
    nodes = [helper.make_node("Sum", ["x", *names], ["y"])]
    graph = helper.make_graph(
        nodes, "named", [helper.make_tensor_value_info("x", TensorProto.FLOAT, [4, 24])],
        [onnx.ValueInfoProto(name="y")], [numpy_helper.from_array(array, name) for name in names],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    check_model(model, {"x": array})


RESHAPED = """
<ir_version: 9, opset_import: ["": 20, "my.own": 1]>
g (float[N] x, int64[K] shape, float[2, 3] y) => (float[A, B] z) { r = Reshape(x, shape) z = %s }
"""


def test_what_needs_a_rank_that_is_not_known_says_so(tmp_path) -> None:
    model = onnx.parser.parse_model(RESHAPED % "Concat<axis = 1>(r, y)")
    with pytest.raises(UnsupportedError, match="the rank of 'r' is not known while converting: if that is why"):
        paddlify.convert(model, tmp_path / "out")


def test_what_does_not_need_the_rank_is_converted() -> None:
    model = onnx.parser.parse_model(RESHAPED % "Add(r, y)")
    feeds = {"x": RNG.standard_normal(6), "shape": np.array([2, 3]), "y": RNG.standard_normal((2, 3))}
    check_model(model, {name: value.astype(np.float32) if name != "shape" else value for name, value in feeds.items()})


def test_what_a_check_of_paddle_finds_is_told(tmp_path) -> None:
    @paddlify.emits("Half", domain="my.own")
    def half(paddle, x):
        return x * paddle.clip(0.5, 0.0, 1.0)

    try:
        model = onnx.parser.parse_model(RESHAPED.replace("int64[K]", "int64[2]") % "my.own.Half(r)")
        with pytest.raises(UnsupportedError, match="'float' object has no attribute 'dtype'"):
            paddlify.convert(model, tmp_path / "out")
    finally:
        paddlify.emits.remove("my.own", "Half")
