"""onnxruntime's quantised contrib operators, through the whole road, against onnxruntime: every integer is the same."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, quantize_static
from tests.backends.paddle.single_node import check_model
from tests.backends.paddle.test_contrib import model_of

import onnx_models
import paddlify
from paddlify.errors import UnsupportedModel

RNG = np.random.default_rng(17)
DTYPES = [np.uint8, np.int8]
SCALES = [(0.02, 0.02), (0.0173, 0.0311), (0.01, 0.02)]
"""Of input and result: the same (a mean may lie midway between two steps), unrelated, and half (so may each number)."""


def bytes_of(*shape: int, dtype: type = np.uint8) -> np.ndarray:
    info = np.iinfo(dtype)
    return RNG.integers(info.min, info.max + 1, shape).astype(dtype)


def zero_point(number: int, dtype: type) -> np.ndarray:
    """`number` of uint8, or what lies as far from the middle of int8."""
    return np.array(number if dtype == np.uint8 else number - 128, dtype)


def scale(number: float) -> np.ndarray:
    return np.array(number, np.float32)


def check(
    op_type: str, inputs: Sequence[np.ndarray | None], attributes: dict[str, Any] | None = None, *,
    fed: Sequence[int] = (0,), rtol: float = 0, atol: float = 0,
) -> None:
    """All inputs but those `fed` are constants."""
    constants = [index for index, value in enumerate(inputs) if value is not None and index not in fed]
    check_model(*model_of(op_type, inputs, attributes or {}, constants), rtol=rtol, atol=atol)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("scales", SCALES)
def test_of_one_input(dtype: type, scales: tuple[float, float]) -> None:
    x = bytes_of(2, 8, 16, 16, dtype=dtype)
    inputs = [x, scale(scales[0]), zero_point(120, dtype), scale(scales[1]), zero_point(131, dtype)]
    check("QLinearLeakyRelu", inputs, {"alpha": 0.5})
    check("QLinearAveragePool", inputs, {"kernel_shape": [2, 2], "strides": [2, 2]})
    padded = {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1], "strides": [2, 1]}
    check("QLinearAveragePool", inputs, padded)
    check("QLinearAveragePool", inputs, padded | {"count_include_pad": 1})
    check("QLinearGlobalAveragePool", inputs, {"channels_last": 0})
    unit = [*inputs[:3], scale(1 / 256), zero_point(0, dtype)]
    check("QLinearSigmoid", unit)
    for steps in (256, 255, 285.7):
        check("QLinearSoftmax", [*inputs[:3], scale(1 / steps), inputs[4]], {"axis": 1, "opset": 13})
    check("QLinearSoftmax", unit, {"axis": 3, "opset": 11})


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("scales", SCALES)
def test_of_two_inputs(dtype: type, scales: tuple[float, float]) -> None:
    x, y = bytes_of(2, 8, 6, 7, dtype=dtype), bytes_of(2, 8, 6, 7, dtype=dtype)
    left = [x, scale(scales[0]), zero_point(120, dtype)]
    result = [scale(scales[1]), zero_point(101, dtype)]
    for other in (y, bytes_of(8, 1, 1, dtype=dtype)):
        right = [other, scale(scales[0]), zero_point(131, dtype)]
        check("QLinearAdd", [*left, *right, *result], fed=(0, 3))
        check("QLinearMul", [*left, *right, *result], fed=(0, 3))
    right = [y, scale(0.0311), zero_point(131, dtype)]
    check("QLinearConcat", [*result, *left, *right], {"axis": 1}, fed=(2, 5))
    check("QLinearWhere", [RNG.random((2, 8, 6, 7)) > 0.4, *left, *right, *result], fed=(0, 1, 4))


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_result_without_a_zero_point(dtype: type) -> None:
    """onnxruntime dies of it, though its schema allows it: a zero says what it is."""
    x = bytes_of(2, 3, 4, dtype=dtype)
    inputs: list[np.ndarray | None] = [x, scale(0.02), zero_point(120, dtype), scale(0.03), None]
    zeros = [*inputs[:4], np.array(0, dtype)]
    for op_type in ("QLinearLeakyRelu", "QLinearMul"):
        given = inputs if op_type == "QLinearLeakyRelu" else [*inputs[:3], *inputs]
        zeroed = zeros if op_type == "QLinearLeakyRelu" else [*zeros[:3], *zeros]
        constants = [index for index, value in enumerate(given) if value is not None and value is not x]
        model, feeds = model_of(op_type, zeroed, {}, [*constants, len(given) - 1])
        expected = onnxruntime.InferenceSession(model.SerializeToString()).run(None, feeds)
        check_model(*model_of(op_type, given, {}, constants), expected=expected, rtol=0, atol=0)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("by_column", [False, True])
def test_gemm(dtype: type, by_column: bool) -> None:
    a, b = bytes_of(9, 64, dtype=dtype), bytes_of(64, 24, dtype=np.int8)
    c = RNG.integers(-3000, 3000, 24).astype(np.int32)
    b_scale = (RNG.random(24) * 0.02 + 0.01).astype(np.float32) if by_column else scale(0.02)
    b_zero_point = np.zeros(24 if by_column else (), np.int8)
    product = [a, scale(0.0173), zero_point(120, dtype), b, b_scale, b_zero_point]
    check("QGemm", [*product, c, scale(3.1), zero_point(101, dtype)])
    check("QGemm", [*product, None, scale(3.1), zero_point(101, dtype)])
    turned = [np.ascontiguousarray(a.T), *product[1:3], np.ascontiguousarray(b.T), *product[4:]]
    check("QGemm", [*turned, c], {"transA": 1, "transB": 1, "alpha": 0.5}, rtol=1e-6)


@pytest.mark.parametrize("by_column", [False, True])
@pytest.mark.parametrize("has_bias", [False, True])
def test_products_of_integers_as_floats(by_column: bool, has_bias: bool) -> None:
    b = bytes_of(64, 24, dtype=np.int8)
    b_scale = (RNG.random(24) * 0.02).astype(np.float32) if by_column else scale(0.02)
    b_zero_point = np.zeros(24, np.int8) if by_column else np.array(4, np.int8)
    bias = [RNG.random(24).astype(np.float32)] if has_bias else []
    integers = [bytes_of(2, 9, 64), b, scale(0.0173), b_scale, np.array(120, np.uint8), b_zero_point, *bias]
    check("MatMulIntegerToFloat", integers, rtol=1e-5, atol=1e-4)
    x = RNG.standard_normal((2, 9, 64)).astype(np.float32)
    check("DynamicQuantizeMatMul", [x, b, b_scale, b_zero_point, *bias], rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize(("bits", "zero_points"), [(4, None), (4, "packed"), (4, "float"), (8, None), (8, "packed")])
@pytest.mark.parametrize("depth", [64, 70])
def test_product_with_a_matrix_of_few_bits(bits: int, zero_points: str | None, depth: int) -> None:
    block, columns = 32, 24
    blocks = -(-depth // block)
    weight = bytes_of(columns, blocks, block * bits // 8)
    scales = (RNG.random(columns * blocks) * 0.1).astype(np.float32)
    offset = None
    if zero_points == "packed":
        offset = bytes_of(columns * -(-blocks * bits // 8))
    elif zero_points == "float":
        offset = (RNG.random((columns, blocks)) * 8).astype(np.float32)
    attributes = {"K": depth, "N": columns, "bits": bits, "block_size": block}
    x = RNG.standard_normal((2, 5, depth)).astype(np.float32)
    check("MatMulNBits", [x, weight, scales, offset], attributes, rtol=1e-4, atol=1e-4 * 2**bits)


@pytest.mark.parametrize("direction", ["forward", "reverse", "bidirectional"])
@pytest.mark.parametrize("steps", [3, 40], ids=["unrolled", "loop"])
@pytest.mark.parametrize("has_all", [True, False])
def test_lstm(direction: str, steps: int, has_all: bool) -> None:
    """On one thread onnxruntime quantises the state of the whole batch at once."""
    count, batch, size, hidden = 2 if direction == "bidirectional" else 1, 3, 12, 8
    weights = [bytes_of(count, rows, 4 * hidden, dtype=np.int8) for rows in (size, hidden)]
    states = [RNG.standard_normal((count, batch, hidden)).astype(np.float32) * 0.5 for _ in range(2)]
    scales = [(RNG.random((count, 4 * hidden)) * 0.01).astype(np.float32) for _ in range(2)]
    if not has_all:
        scales = [scales[0][:, 0].copy(), scales[1][:, 0].copy()]
    zeros = [np.zeros(item.shape, np.int8) for item in scales]
    x = RNG.standard_normal((steps, batch, size)).astype(np.float32)
    bias = (RNG.standard_normal((count, 8 * hidden)) * 0.1).astype(np.float32)
    inputs = [x, *weights, bias if has_all else None, None, *(states if has_all else [None, None]), None]
    inputs += [scales[0], zeros[0], scales[1], zeros[1]]
    constants = [index for index, value in enumerate(inputs) if value is not None and index not in (0, 5, 6)]
    attributes = {"hidden_size": hidden, "direction": direction}
    model, feeds = model_of("DynamicQuantizeLSTM", inputs, attributes, constants, outputs=("y", "h", "c"))
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    expected = onnxruntime.InferenceSession(model.SerializeToString(), options).run(None, feeds)
    for axis, dim in enumerate(model.graph.input[0].type.tensor_type.shape.dim):
        if axis < 2 and not has_all:
            dim.dim_param = f"d{axis}"
    check_model(model, feeds, expected=expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("op_type", "attributes", "reason"),
    [
        ("QLinearGlobalAveragePool", {"channels_last": 1}, "attribute channels_last=1 is not supported"),
        ("QLinearSoftmax", {"axis": 1, "opset": 11}, "a softmax of opset 11 over several axes"),
    ],
)
def test_what_is_not_said_is_refused(op_type: str, attributes: dict[str, Any], reason: str, tmp_path: Any) -> None:
    inputs = [bytes_of(2, 3, 4, 5), scale(0.02), np.array(3, np.uint8), scale(0.02), np.array(3, np.uint8)]
    model, _ = model_of(op_type, inputs, attributes, range(1, 5))
    with pytest.raises(UnsupportedModel, match=reason):
        paddlify.convert(model, tmp_path / "out")


class Images(CalibrationDataReader):
    def __init__(self) -> None:
        self.left = [RNG.standard_normal((2, 3, 8, 8)).astype(np.float32) for _ in range(4)]

    def get_next(self) -> dict[str, np.ndarray] | None:
        return {"image": self.left.pop()} if self.left else None


def test_a_file_of_the_quantiser(tmp_path: Any) -> None:
    onnx.save(onnx_models.net(), tmp_path / "net.onnx")
    path = tmp_path / "quantised.onnx"
    quantize_static(tmp_path / "net.onnx", path, Images(), quant_format=QuantFormat.QOperator)
    assert {node.op_type for node in onnx.load(path).graph.node} >= {"QLinearConv", "QLinearGlobalAveragePool"}
    feeds = {"image": RNG.standard_normal((1, 3, 9, 11)).astype(np.float32)}
    expected = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"]).run(None, feeds)
    paddlify.convert(path, tmp_path / "out")
    for result, want in zip(paddlify.load(tmp_path / "out").inference(feeds), expected, strict=True):
        np.testing.assert_allclose(result, want, rtol=1e-6, atol=1e-6, strict=True)
