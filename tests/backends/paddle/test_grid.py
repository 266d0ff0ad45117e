"""Sampling at computed positions, against onnxruntime."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.backends.paddle.single_node import check, model_of

import paddlify
from paddlify.errors import UnsupportedModel

RNG = np.random.default_rng(9)


def rand(*shape: int) -> np.ndarray:
    return RNG.uniform(-1.3, 1.3, shape).astype(np.float32)


@pytest.mark.parametrize("mode", ["linear", "nearest", "cubic"])
@pytest.mark.parametrize("padding", ["zeros", "border", "reflection"])
@pytest.mark.parametrize("align", [0, 1])
@pytest.mark.parametrize("dynamic", [None, {0: range(4), 1: range(3)}], ids=["static", "dynamic"])
def test_grid_sample_of_an_image_of_one_row(mode: str, padding: str, align: int, dynamic: dict | None) -> None:
    attributes = {"mode": mode, "padding_mode": padding, "align_corners": align}
    inputs = [rand(1, 2, 1, 4), rand(1, 3, 2, 2)]
    check("GridSample", inputs, attributes, opset=20, dynamic=dynamic, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("rank", [2, 3])
@pytest.mark.parametrize("align", [0, 1])
@pytest.mark.parametrize("constants", [(), (1,)])
def test_affine_grid_of_matrices_of_unknown_shape(rank: int, align: int, constants: tuple[int, ...]) -> None:
    inputs = [rand(2, rank, rank + 1), np.array([2, 3, *[4, 2, 3][:rank]])]
    check("AffineGrid", inputs, {"align_corners": align}, constants=constants, opset=20, dynamic={0: (0, 1, 2)})


def test_corners_of_one_pixel_are_refused(tmp_path: Path) -> None:
    inputs = [rand(1, 2, 3), np.array([1, 1, 1, 4])]
    model = model_of("AffineGrid", inputs, {"align_corners": 1}, constants=(1,), opset=20)
    with pytest.raises(UnsupportedModel, match="corners of one pixel"):
        paddlify.convert(model, tmp_path / "converted", verify=False)
