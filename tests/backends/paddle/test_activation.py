"""Activation functions against onnxruntime."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from tests.backends.paddle.single_node import check

X = np.linspace(-30, 30, 2 * 3 * 4, dtype=np.float32).reshape(2, 3, 4)


@pytest.mark.parametrize(
    ("op_type", "attributes", "text"),
    [
        ("Relu", {}, "F.relu(x0)"),
        ("LeakyRelu", {"alpha": 0.3}, "F.leaky_relu(x0, negative_slope=0.3)"),
        ("Elu", {"alpha": 0.7}, "F.elu(x0, alpha=0.7)"),
        ("Selu", {}, "F.selu("),
        ("Selu", {"gamma": 0.5, "alpha": 2.0}, "paddle.expm1"),
        ("Celu", {"alpha": 2.0}, "F.celu("),
        ("ThresholdedRelu", {"alpha": 1.5}, "F.thresholded_relu("),
        ("Sigmoid", {}, "F.sigmoid(x0)"),
        ("HardSigmoid", {"alpha": 0.1, "beta": 0.3}, "F.hardsigmoid(x0, slope=0.1, offset=0.3)"),
        ("HardSwish", {}, "F.hardswish(x0)"),
        ("Softplus", {}, "F.softplus(x0)"),
        ("Softsign", {}, "F.softsign(x0)"),
        ("Gelu", {}, "F.gelu(x0)"),
        ("Gelu", {"approximate": "tanh"}, "F.gelu(x0, approximate=True)"),
        ("Mish", {}, "F.mish(x0)"),
        ("Shrink", {"bias": 0.5, "lambd": 1.5}, "paddle.where("),
        ("Softmax", {"axis": 1}, "F.softmax(x0, axis=1)"),
        ("LogSoftmax", {"axis": -1}, "paddle.log("),
        ("Hardmax", {"axis": 1}, "paddle.argmax("),
    ],
)
@pytest.mark.parametrize("dynamic", [None, {0: (0, 1, 2)}], ids=["static", "dynamic"])
def test_functions(op_type: str, attributes: dict[str, Any], text: str, dynamic: dict | None) -> None:
    assert text in check(op_type, [X], attributes, dynamic=dynamic)


def test_log_softmax_goes_below_minus_64() -> None:
    check("LogSoftmax", [np.array([[0, -1000, -100], [-np.inf, 0, 1]], np.float32)])


def test_hardmax_takes_the_first_of_equal_maxima() -> None:
    check("Hardmax", [np.array([[1, 3, 3, 2], [0, 0, 0, 0]], np.float32)])


@pytest.mark.parametrize(
    ("op_type", "function"),
    [
        ("Relu", lambda x: np.maximum(x, 0)),
        ("Sigmoid", lambda x: 1 / (1 + np.exp(-x))),
        ("Softplus", lambda x: np.logaddexp(x, 0)),
    ],
)
def test_float16_is_computed_in_float32(op_type: str, function: Callable[[np.ndarray], np.ndarray]) -> None:
    x = X.astype(np.float16)
    expected = function(x.astype(np.float32)).astype(np.float16)
    assert 'astype("float32")' in check(op_type, [x], expected=[expected], rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("slope", [(1,), (3, 1), (4,), (1, 3, 1), (2, 3, 4)])
@pytest.mark.parametrize("constant", [True, False], ids=["weights", "computed"])
def test_prelu(slope: tuple[int, ...], constant: bool) -> None:
    values = np.linspace(-0.5, 0.9, int(np.prod(slope)), dtype=np.float32).reshape(slope)
    text = check("PRelu", [X, values], constants=(1,) if constant else ())
    assert ("nn.PReLU" in text) == (constant and slope in ((1,), (3, 1), (1, 3, 1)))


@pytest.mark.parametrize(
    ("bounds", "text"),
    [
        ((0.0, 6.0), "F.relu6(x0)"),
        ((-1.0, 1.0), "paddle.clip(x0, min=-1.0, max=1.0)"),
        ((0.0, None), "paddle.clip(x0, min=0.0)"),
        ((None, 0.5), "paddle.clip("),
        ((3.0, -3.0), "paddle.minimum("),
    ],
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int32, np.int64])
def test_clip(bounds: tuple[float | None, float | None], text: str, dtype: type) -> None:
    x = np.array([-1e38, -5, -0.7, 0.2, 0.7, 5, 9, 1e38]) if np.issubdtype(dtype, np.floating) else np.arange(-5, 9)
    x = x * 1e200 if dtype is np.float64 else x
    inputs = [x.astype(dtype), *(None if bound is None else np.array(bound, dtype) for bound in bounds)]
    while inputs[-1] is None:
        inputs.pop()
    constants = tuple(index for index, value in enumerate(inputs) if index and value is not None)
    written = check("Clip", inputs, constants=constants)
    assert text in written or dtype is not np.float32
