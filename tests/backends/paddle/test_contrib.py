"""onnxruntime's contrib operators, through the whole road, against onnxruntime."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper
from tests.backends.paddle.single_node import check_model

import paddlify
from paddlify.errors import UnsupportedModel

RNG = np.random.default_rng(5)
BATCH, TIME, HEADS, SIZE = 2, 5, 3, 4
WIDTH = HEADS * SIZE


def rand(*shape: int) -> np.ndarray:
    return (RNG.standard_normal(shape) * 0.5).astype(np.float32)


def model_of(
    op_type: str, inputs: Sequence[np.ndarray | None], attributes: dict[str, Any], constants: Sequence[int] = (),
    outputs: Sequence[str] = ("y0",), domain: str = "com.microsoft",
) -> tuple[onnx.ModelProto, dict[str, np.ndarray]]:
    """A model of one contrib node, without types of its outputs, and its feeds."""
    names = ["" if value is None else f"x{index}" for index, value in enumerate(inputs)]
    given = {name: value for name, value in zip(names, inputs, strict=True) if value is not None}
    weights = {names[index] for index in constants}
    feeds = {name: value for name, value in given.items() if name not in weights}
    infos = [
        helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(value.dtype), value.shape)
        for name, value in feeds.items()
    ]
    graph = helper.make_graph(
        [helper.make_node(op_type, names, outputs, domain=domain, **attributes)], op_type, infos,
        [onnx.ValueInfoProto(name=name) for name in outputs if name],
        [numpy_helper.from_array(given[name], name) for name in sorted(weights)],
    )
    imports = [helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)]
    return helper.make_model(graph, opset_imports=imports, ir_version=8), feeds


def check(
    op_type: str, inputs: Sequence[np.ndarray | None], attributes: dict[str, Any] | None = None, **options: Any
) -> str:
    return check_model(*model_of(op_type, inputs, attributes or {}, **options), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("attributes", [{}, {"transA": 1}, {"transB": 1, "alpha": 0.5}], ids=str)
def test_fused_matmul(attributes: dict[str, Any]) -> None:
    a = rand(2, 4, 3) if attributes.get("transA") else rand(2, 3, 4)
    b = rand(2, 5, 4) if attributes.get("transB") else rand(2, 4, 5)
    check("FusedMatMul", [a, b], attributes)


@pytest.mark.parametrize(
    ("activation", "parameters"),
    [
        ("Relu", []), ("Sigmoid", []), ("Tanh", []), ("LeakyRelu", [0.2]), ("HardSigmoid", [0.3, 0.4]),
        ("Clip", [-0.2, 0.6]),
    ],
)
def test_fused_conv(activation: str, parameters: list[float]) -> None:
    attributes: dict[str, Any] = {"activation": activation, "pads": [1, 1, 1, 1], "kernel_shape": [3, 3]}
    if parameters:
        attributes["activation_params"] = parameters
    check("FusedConv", [rand(1, 3, 6, 7), rand(4, 3, 3, 3), rand(4)], attributes, constants=(1, 2))


def test_fused_conv_with_a_sum() -> None:
    attributes = {"activation": "Relu", "pads": [1, 1, 1, 1], "kernel_shape": [3, 3]}
    check("FusedConv", [rand(1, 3, 6, 7), rand(4, 3, 3, 3), rand(4), rand(1, 4, 6, 7)], attributes, constants=(1, 2))


def test_fused_gemm() -> None:
    attributes = {"activation": "LeakyRelu", "activation_alpha": 0.3}
    check("FusedGemm", [rand(3, 4), rand(4, 5), rand(5)], attributes, constants=(1, 2))


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.float16])
def test_inverse(dtype: type[np.floating]) -> None:
    matrices = (rand(2, 4, 4) + 3 * np.eye(4)).astype(dtype)
    text = check_model(*model_of("Inverse", [matrices], {}), rtol=1e-3, atol=1e-3 if dtype == np.float16 else 1e-6)
    assert "linalg.inv(" in text


def test_gelus() -> None:
    x, bias = rand(2, 3, 8) * 4, rand(8)
    check("Gelu", [x])
    check("BiasGelu", [x, bias], constants=(1,))
    check("FastGelu", [x])
    check("FastGelu", [x, bias], constants=(1,))
    check("QuickGelu", [x])
    check("QuickGelu", [x], {"alpha": 1.3})


@pytest.mark.parametrize("inputs", [3, 4, 5])
def test_skip_layer_normalization(inputs: int) -> None:
    values = [rand(2, 5, 8), rand(2, 5, 8), rand(8), rand(8), rand(8)][:inputs]
    constants = tuple(range(2, inputs))
    check("SkipLayerNormalization", values, constants=constants)
    check("SkipLayerNormalization", values, {"epsilon": 1e-3}, constants=constants, outputs=("y0", "", "", "y3"))


def test_simplified_layer_normalization() -> None:
    check("SimplifiedLayerNormalization", [rand(2, 5, 8), rand(8)], {"epsilon": 1e-3}, constants=(1,), domain="")
    check("SkipSimplifiedLayerNormalization", [rand(2, 5, 8), rand(2, 5, 8), rand(8), rand(8)], constants=(2, 3))


@pytest.mark.parametrize("has_segments", [True, False])
@pytest.mark.parametrize("has_mask", [True, False])
def test_embed_layer_normalization(has_segments: bool, has_mask: bool) -> None:
    ids = RNG.integers(0, 11, (2, 5)).astype(np.int32)
    segments = RNG.integers(0, 2, (2, 5)).astype(np.int32) if has_segments else None
    mask = np.array([[1, 1, 1, 0, 0], [1, 1, 1, 1, 1]], np.int32)
    inputs = [ids, segments, rand(11, 8), rand(9, 8), rand(2, 8) if has_segments else None, rand(8), rand(8)]
    constants = (2, 3, 4, 5, 6) if has_segments else (2, 3, 5, 6)
    inputs += [mask] if has_mask else []
    check("EmbedLayerNormalization", inputs, constants=constants, outputs=("y0", "y1"))


@pytest.mark.parametrize("mask", [None, 2, 3])
@pytest.mark.parametrize("unidirectional", [0, 1])
@pytest.mark.parametrize("has_past", [False, True])
def test_attention(mask: int | None, unidirectional: int, has_past: bool) -> None:
    total = TIME + (3 if has_past else 0)
    inputs: list[np.ndarray | None] = [rand(BATCH, TIME, WIDTH), rand(WIDTH, 3 * WIDTH), rand(3 * WIDTH)]
    if mask is not None or has_past:
        keep = np.ones((BATCH, total) if mask != 3 else (BATCH, TIME, total), np.int32)
        keep[0, ..., :2] = 0
        inputs.append(keep if mask is not None else None)
    if has_past:
        inputs.append(rand(2, BATCH, HEADS, 3, SIZE))
    attributes = {"num_heads": HEADS, "unidirectional": unidirectional}
    if mask is not None and unidirectional and has_past is False and mask == 2:
        assert inputs[3] is not None
        inputs[3][0, :2] = 1  # a query that sees nothing is onnxruntime's own affair
    check("Attention", inputs, attributes, constants=(1, 2), outputs=("y0", "y1") if has_past else ("y0",))


@pytest.mark.parametrize("has_bias", [False, True])
@pytest.mark.parametrize("has_mask", [False, True])
def test_multi_head_attention(has_bias: bool, has_mask: bool) -> None:
    keys = 7
    keep = np.ones((BATCH, keys), np.int32)
    keep[1, 4:] = 0
    inputs: list[np.ndarray | None] = [
        rand(BATCH, TIME, WIDTH), rand(BATCH, keys, WIDTH), rand(BATCH, keys, WIDTH),
        rand(3 * WIDTH) if has_bias else None, keep if has_mask else None,
    ]
    while inputs[-1] is None:
        inputs.pop()
    check("MultiHeadAttention", inputs, {"num_heads": HEADS}, constants=(3,) if has_bias else ())


def test_attention_with_a_past_of_unknown_length() -> None:
    inputs = [rand(1, TIME, WIDTH), rand(WIDTH, 3 * WIDTH), rand(3 * WIDTH), None, rand(2, 1, HEADS, 3, SIZE)]
    model, feeds = model_of("Attention", inputs, {"num_heads": HEADS}, (1, 2), ("y0", "y1"))
    for value, axes in zip(model.graph.input, ((0, 1), (1, 3)), strict=True):
        for axis in axes:
            value.type.tensor_type.shape.dim[axis].dim_param = f"{value.name}_{axis}"
    check_model(model, feeds, rtol=1e-4, atol=1e-5)


def test_a_past_that_onnxruntime_leaves_out_is_refused(tmp_path: Any) -> None:
    past = [rand(BATCH, HEADS, 3, SIZE)] * 2
    model, _ = model_of("MultiHeadAttention", [*[rand(BATCH, TIME, WIDTH)] * 3, *[None] * 3, *past], {"num_heads": 3})
    with pytest.raises(UnsupportedModel, match="present"):
        paddlify.convert(model, tmp_path / "converted", verify=False)


def test_what_is_not_said_is_refused(tmp_path: Any) -> None:
    model, _ = model_of("Attention", [rand(2, 5, 12), rand(12, 36), rand(36)], {"num_heads": 3, "do_rotary": 1})
    onnx.save(model, tmp_path / "model.onnx")
    with pytest.raises(UnsupportedModel, match="rotary"):
        paddlify.convert(tmp_path / "model.onnx", tmp_path / "converted", verify=False)


@pytest.mark.parametrize("with_bias", [True, False])
def test_layer_normalization_of_an_older_opset(with_bias: bool) -> None:
    """onnxruntime's optimiser writes it into ai.onnx, which has it from opset 17 on."""
    inputs, constants = [rand(2, 3, 8), rand(8)], [1]
    if with_bias:
        inputs, constants = [*inputs, rand(8)], [1, 2]
    model, feeds = model_of("LayerNormalization", inputs, {"axis": -1, "epsilon": 1e-3}, constants, domain="")
    model.opset_import[0].version = 11
    assert "nn.LayerNorm(8" in check_model(model, feeds)
