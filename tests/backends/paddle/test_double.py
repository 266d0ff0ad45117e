"""Layers of float64: Paddle creates the parameters of its layers in float32, so model.py needs other words."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from onnx.reference import ReferenceEvaluator

import onnx_models
import paddlify

RNG = np.random.default_rng(0)
CASES = {
    "MatMul": ("[2, 3, 8] x", "[2, 3, 4] y", "MatMul (x, w)", {"w": (8, 4)}),
    "Gemm": ("[2, 8] x", "[2, 4] y", "Gemm (x, w, b)", {"w": (8, 4), "b": (4,)}),
    "Conv": ("[1, 3, 8, 8] x", "[1, 4, 6, 6] y", "Conv (x, w, b)", {"w": (4, 3, 3, 3), "b": (4,)}),
    "BatchNormalization": (
        "[1, 3, 8, 8] x", "[1, 3, 8, 8] y", "BatchNormalization (x, s, b, m, v)", dict.fromkeys("sbmv", (3,))
    ),
    "InstanceNormalization": (
        "[1, 3, 8, 8] x", "[1, 3, 8, 8] y", "InstanceNormalization (x, s, b)", {"s": (3,), "b": (3,)}
    ),
    "LayerNormalization": ("[2, 3, 8] x", "[2, 3, 8] y", "LayerNormalization (x, s, b)", {"s": (8,), "b": (8,)}),
    "PRelu": ("[1, 3, 4, 4] x", "[1, 3, 4, 4] y", "PRelu (x, s)", {"s": (3, 1, 1)}),
    "LSTM": ("[3, 2, 8] x", "[3, 1, 2, 4] y", "LSTM <hidden_size = 4> (x, w, r)", {"w": (1, 16, 8), "r": (1, 16, 4)}),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_float64(name: str, tmp_path: Path) -> None:
    """Against onnx's reference, since onnxruntime lacks most of them in float64; model.py loads its weights, too."""
    x, y, call, shapes = CASES[name]
    weights = {key: RNG.random(shape) for key, shape in shapes.items()}
    text = f'<ir_version: 10, opset_import: ["" : 21]> net (double{x}) => (double{y}) {{ y = {call} }}'
    model = onnx_models.model(text, **weights)
    onnx_models.save(model, tmp_path / "model.onnx")
    paddlify.convert(tmp_path / "model.onnx", tmp_path / "out", verify=False)
    loaded = paddlify.load(tmp_path / "out")
    data = RNG.standard_normal(loaded.inputs[0].shape)
    (expected, *_) = ReferenceEvaluator(model).run(None, {"x": data})
    (result,) = loaded(data)
    np.testing.assert_allclose(result, expected, rtol=1e-12, atol=1e-12, strict=True)
    subprocess.run(
        [sys.executable, str(tmp_path / "out" / "model.py")], check=True, capture_output=True,
        env={**os.environ, "PYTHONWARNINGS": "ignore"},
    )
