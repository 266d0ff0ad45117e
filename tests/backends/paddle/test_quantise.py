"""Quantised operators against onnxruntime."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.backends.paddle.single_node import check

RNG = np.random.default_rng(6)


def integers(dtype: type, *shape: int) -> np.ndarray:
    info = np.iinfo(dtype)
    return RNG.integers(info.min, info.max, shape, endpoint=True).astype(dtype)


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int16, np.uint16])
@pytest.mark.parametrize("granularity", ["tensor", "axis", "blocks"])
@pytest.mark.parametrize("constant", [True, False], ids=["weights", "computed"])
def test_quantize_and_dequantize(dtype: type, granularity: str, constant: bool) -> None:
    shape = {"tensor": (), "axis": (4,), "blocks": (2, 2, 3)}[granularity]
    attributes: dict[str, Any] = {"axis": 1, **({"block_size": 2} if granularity == "blocks" else {})}
    scale = RNG.uniform(0.01, 0.1, shape).astype(np.float32)
    zero_point = np.asarray(integers(dtype, *shape))
    constants = (1, 2) if constant else ()
    x = np.append(RNG.uniform(-9, 9, 22), [1e6, -1e6]).reshape(2, 4, 3).astype(np.float32)
    check("QuantizeLinear", [x, scale, zero_point], attributes, constants=constants)
    check("DequantizeLinear", [integers(dtype, 2, 4, 3), scale, zero_point], attributes, constants=constants)


def test_halves_are_rounded_to_even() -> None:
    x = np.arange(-4, 5, dtype=np.float32) / 2
    check("QuantizeLinear", [x, np.array(1, np.float32), np.array(3, np.uint8)])


@pytest.mark.parametrize("x", [[1.0, -2.5, 7.0], [0.0, 0.0], [3.0, 5.0], [-3.0, -5.0]])
def test_dynamic_quantization(x: list[float]) -> None:
    check("DynamicQuantizeLinear", [np.array(x, np.float32)], outputs=3)


@pytest.mark.parametrize("inner", [5, 300, 70000])
@pytest.mark.parametrize("constant", [True, False], ids=["weights", "computed"])
def test_sums_of_products_are_exact(inner: int, constant: bool) -> None:
    """300 products of 255 * 255 are more than float32 counts."""
    a, b = np.full((2, inner), 255, np.uint8), np.full((inner, 3), 253, np.uint8)
    a[0, 0], b[0, 0] = 254, 251
    zero_points = [np.array(0, np.uint8), np.array(2, np.uint8)]
    expected = a.astype(np.int64) @ (b.astype(np.int64) - 2)
    constants = (1, 2, 3) if constant else ()
    text = check("MatMulInteger", [a, b, *zero_points], constants=constants, expected=[expected.astype(np.int32)])
    assert ("float64" in text) == (inner > 300 or inner * 255 * 255 >= 2**24)


@pytest.mark.parametrize("weights", [np.int8, np.uint8])
def test_conv_integer(weights: type) -> None:
    x, w = integers(np.uint8, 1, 3, 6, 7), integers(weights, 4, 3, 3, 3)
    inputs = [x, w, np.array(120, np.uint8), np.array(3, weights)]
    check("ConvInteger", inputs, {"pads": [1, 0, 1, 2]}, constants=(1, 2, 3))


@pytest.mark.parametrize("per_channel", [False, True])
def test_qlinear_conv(per_channel: bool) -> None:
    channels = (4,) if per_channel else ()
    inputs = [
        integers(np.uint8, 1, 3, 6, 7), np.array(0.02, np.float32), np.array(120, np.uint8),
        integers(np.int8, 4, 3, 3, 3), RNG.uniform(0.01, 0.02, channels).astype(np.float32),
        np.zeros(channels, np.int8),
        np.array(0.3, np.float32), np.array(100, np.uint8), RNG.integers(-5000, 5000, 4).astype(np.int32),
    ]
    check("QLinearConv", inputs, {"strides": [2, 1]}, constants=tuple(range(1, 9)))


def test_qlinear_matmul() -> None:
    inputs = [
        integers(np.uint8, 2, 3, 40), np.array(0.02, np.float32), np.array(120, np.uint8),
        integers(np.int8, 40, 5), np.array(0.01, np.float32), np.array(0, np.int8),
        np.array(0.4, np.float32), np.array(100, np.uint8),
    ]
    check("QLinearMatMul", inputs, constants=tuple(range(1, 8)))
