"""Normalisations against onnxruntime: as layers that own their weights, and as functions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.backends.paddle.single_node import check

RNG = np.random.default_rng(3)


def rand(*shape: int) -> np.ndarray:
    return RNG.uniform(0.2, 2, shape).astype(np.float32)


@pytest.mark.parametrize("shape", [(4, 3), (2, 3, 5), (2, 3, 4, 5), (2, 3, 2, 3, 4)], ids=str)
@pytest.mark.parametrize("constant", [True, False], ids=["weights", "computed"])
def test_batch_normalization(shape: tuple[int, ...], constant: bool) -> None:
    inputs = [rand(*shape), rand(3), rand(3), rand(3), rand(3)]
    text = check(
        "BatchNormalization", inputs, {"epsilon": 1e-3}, constants=(1, 2, 3, 4) if constant else (), dynamic={0: (0,)}
    )
    assert ("nn.BatchNorm" in text) == constant


def test_batch_normalization_in_training() -> None:
    x, scale, bias, mean, variance = rand(2, 3, 4, 5), rand(3), rand(3), rand(3), rand(3)
    axes, shape = (0, 2, 3), (3, 1, 1)
    batch_mean, batch_variance = x.mean(axes), x.var(axes)
    normal = (x - batch_mean.reshape(shape)) / np.sqrt(batch_variance.reshape(shape) + 1e-5)
    expected = [
        normal * scale.reshape(shape) + bias.reshape(shape),
        mean * 0.8 + batch_mean * 0.2,
        variance * 0.8 + batch_variance * 0.2,
    ]
    attributes = {"training_mode": 1, "momentum": 0.8}
    check("BatchNormalization", [x, scale, bias, mean, variance], attributes, outputs=3, expected=expected, rtol=1e-4)


@pytest.mark.parametrize("shape", [(2, 3, 5), (2, 3, 4, 5), (2, 3, 2, 3, 4)], ids=str)
@pytest.mark.parametrize("constant", [True, False], ids=["weights", "computed"])
def test_instance_normalization(shape: tuple[int, ...], constant: bool) -> None:
    constants = (1, 2) if constant else ()
    text = check("InstanceNormalization", [rand(*shape), rand(3), rand(3)], constants=constants, rtol=1e-4, atol=1e-5)
    assert ("nn.InstanceNorm" in text) == constant


@pytest.mark.parametrize("dtype", [np.float32, np.float16])
@pytest.mark.parametrize("dynamic", [{0: (0, 1, 2, 3)}, {1: (0,), 2: (0,)}], ids=["channels", "weights"])
def test_instance_normalization_of_an_unknown_number_of_channels(dynamic: dict, dtype: type) -> None:
    inputs = [rand(2, 3, 4, 5).astype(dtype), rand(3).astype(dtype), rand(3).astype(dtype)]
    constants = () if 1 in dynamic else (1, 2)
    tolerance = 1e-4 if dtype == np.float32 else 1e-2
    check("InstanceNormalization", inputs, constants=constants, dynamic=dynamic, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("constant", [True, False], ids=["weights", "computed"])
def test_group_normalization(constant: bool) -> None:
    inputs = [rand(2, 6, 4, 5), rand(6), rand(6)]
    text = check(
        "GroupNormalization", inputs, {"num_groups": 3}, constants=(1, 2) if constant else (), rtol=1e-4, atol=1e-5
    )
    assert ("nn.GroupNorm(3, 6" in text) == constant


@pytest.mark.parametrize("axis", [-1, 1])
@pytest.mark.parametrize("has_bias", [True, False], ids=["bias", "no bias"])
@pytest.mark.parametrize("constant", [True, False], ids=["weights", "computed"])
@pytest.mark.parametrize("outputs", [1, 3])
def test_layer_normalization(axis: int, has_bias: bool, constant: bool, outputs: int) -> None:
    shape = (5,) if axis == -1 else (4, 5)
    inputs = [rand(3, 4, 5), rand(*shape), *([rand(*shape)] if has_bias else [])]
    constants = tuple(range(1, len(inputs))) if constant else ()
    attributes: dict[str, Any] = {"axis": axis}
    text = check(
        "LayerNormalization", inputs, attributes, constants=constants, outputs=outputs, dynamic={0: (0,)},
        rtol=1e-4, atol=1e-5,
    )
    assert ("nn.LayerNorm" in text) == (constant and outputs == 1)


@pytest.mark.parametrize(("axis", "epsilon"), [(0, 1e-5), (-1, 0.1)])
def test_layer_normalization_that_paddle_does_not_have(axis: int, epsilon: float) -> None:
    x = rand(3, 4)
    check("LayerNormalization", [x, rand(*x.shape[axis:])], {"axis": axis, "epsilon": epsilon}, constants=(1,))


def test_layer_normalization_of_an_axis_of_unknown_size() -> None:
    check("LayerNormalization", [rand(2, 3, 5), rand(5)], {"axis": -1}, dynamic={0: (0, 1, 2)}, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("size", [3, 4, 5])
@pytest.mark.parametrize("dynamic", [None, {0: (0, 1, 2, 3)}], ids=["static", "dynamic"])
def test_lrn(size: int, dynamic: dict | None) -> None:
    x = rand(2, 7, 3, 4)
    padded = np.pad(x**2, [(0, 0), ((size - 1) // 2, size // 2), (0, 0), (0, 0)])
    total = sum(padded[:, start : start + 7] for start in range(size))
    attributes = {"size": size, "alpha": 0.5, "bias": 1.5}
    check("LRN", [x], attributes, dynamic=dynamic, expected=[x / (1.5 + 0.5 / size * total) ** 0.75])


@pytest.mark.parametrize("p", [1, 2])
@pytest.mark.parametrize("axis", [0, -1])
def test_lp_normalization(p: int, axis: int) -> None:
    check("LpNormalization", [rand(3, 4) - 1], {"p": p, "axis": axis})


def test_mean_variance_normalization() -> None:
    check("MeanVarianceNormalization", [rand(2, 3, 4, 5)], rtol=1e-4, atol=1e-5)


def test_dropout_is_left_out() -> None:
    x = rand(3, 4)
    check("Dropout", [x], outputs=2)
    check("Dropout", [x, np.array(0.4, np.float32), np.array(False)], constants=(1, 2), outputs=2)


def test_dropout_in_training(tmp_path: Any) -> None:
    """A share of the elements is dropped, the others are scaled up, and the mask says which."""
    import onnx
    from tests.backends.paddle.single_node import model_of

    import paddlify

    x = np.ones((100, 100), np.float32)
    inputs = [x, np.array(0.3, np.float32), np.array(True)]
    onnx.save(model_of("Dropout", inputs, constants=(1,), outputs=2), tmp_path / "model.onnx")
    paddlify.convert(tmp_path / "model.onnx", tmp_path / "converted", verify=False)
    model = paddlify.load(tmp_path / "converted")
    result, mask = model.inference({"x0": x, "x2": np.array(True)})
    np.testing.assert_allclose(result, np.where(mask, np.float32(1 / 0.7), 0), rtol=1e-6)
    assert abs(mask.mean() - 0.7) < 0.03
    result, mask = model.inference({"x0": x, "x2": np.array(False)})
    assert (result == x).all()
    assert mask.all()
