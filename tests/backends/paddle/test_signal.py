"""Fourier transforms in the forms that the conformance tests leave out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.backends.paddle.single_node import model_of

import paddlify
from paddlify.errors import UnsupportedModel


@pytest.mark.parametrize("constants", [(2,), ()])
def test_a_real_inverse_of_one_number_is_refused(constants: tuple[int, ...], tmp_path: Path) -> None:
    inputs = [np.ones((1, 1, 2), np.float32), None, np.array(1)]
    model = model_of("DFT", inputs, {"inverse": 1, "onesided": 1}, constants=constants, opset=20)
    with pytest.raises(UnsupportedModel, match="no length"):
        paddlify.convert(model, tmp_path / "converted", verify=False)
