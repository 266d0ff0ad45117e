"""Random numbers, by their distribution."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from tests.backends.paddle.single_node import model_of

import paddlify


def drawn(
    folder: Path, op_type: str, inputs: list[np.ndarray], attributes: dict[str, Any], **options: Any
) -> np.ndarray:
    onnx.save(model_of(op_type, inputs, attributes, **options), folder / "model.onnx")
    paddlify.convert(folder / "model.onnx", folder / "converted", verify=False)
    (result,) = paddlify.load(folder / "converted").inference({f"x{i}": value for i, value in enumerate(inputs)})
    return result


@pytest.mark.parametrize("like", [False, True])
@pytest.mark.parametrize("dtype", [1, 10, 11])
def test_normal(tmp_path: Path, like: bool, dtype: int) -> None:
    attributes = {"mean": 3.0, "scale": 2.0, "dtype": dtype} | ({} if like else {"shape": [200, 100]})
    inputs = [np.zeros((200, 100), np.float32)] if like else []
    options = {"dynamic": {0: (0,)}} if like else {}
    result = drawn(tmp_path, "RandomNormal" + "Like" * like, inputs, attributes, **options)
    assert result.shape == (200, 100)
    assert result.dtype == onnx.helper.tensor_dtype_to_np_dtype(dtype)
    assert abs(result.astype(np.float64).mean() - 3) < 0.1
    assert abs(result.astype(np.float64).std() - 2) < 0.1


@pytest.mark.parametrize("like", [False, True])
def test_uniform(tmp_path: Path, like: bool) -> None:
    attributes = {"low": -1.0, "high": 5.0} | ({} if like else {"shape": [200, 100]})
    inputs = [np.zeros((200, 100), np.float32)] if like else []
    result = drawn(tmp_path, "RandomUniform" + "Like" * like, inputs, attributes)
    assert -1 <= result.min() < -0.9
    assert 4.9 < result.max() <= 5
    assert abs(result.mean() - 2) < 0.1


def test_bernoulli(tmp_path: Path) -> None:
    chances = np.repeat(np.array([[0.0], [0.2], [0.9], [1.0]], np.float32), 5000, axis=1)
    result = drawn(tmp_path, "Bernoulli", [chances], {"dtype": 7})
    assert result.dtype == np.int64
    np.testing.assert_allclose(result.mean(1), [0, 0.2, 0.9, 1], atol=0.03)


def test_multinomial(tmp_path: Path) -> None:
    chances = np.array([[0.1, 0.2, 0.7]], np.float32)
    result = drawn(tmp_path, "Multinomial", [np.log(chances) + 3], {"sample_size": 5000})
    assert result.dtype == np.int32
    assert result.shape == (1, 5000)
    np.testing.assert_allclose(np.bincount(result[0]) / 5000, chances[0], atol=0.03)
