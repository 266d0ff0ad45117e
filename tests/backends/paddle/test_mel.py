"""MelWeightMatrix against onnxruntime."""

from __future__ import annotations

import numpy as np
import pytest
from tests.backends.paddle.single_node import check


@pytest.mark.parametrize(("bands", "length", "rate", "low", "high"), [
    (8, 16, 8192, 0, 4096), (40, 512, 16000, 20, 8000), (3, 64, 22050, 300.5, 5000.25),
])
@pytest.mark.parametrize("constants", [(), (0, 1, 2, 3, 4)])
def test_mel_weight_matrix(
    bands: int, length: int, rate: int, low: float, high: float, constants: tuple[int, ...]
) -> None:
    inputs = [np.array(value, np.int64) for value in (bands, length, rate)]
    inputs += [np.array(value, np.float32) for value in (low, high)]
    check("MelWeightMatrix", inputs, constants=constants)
