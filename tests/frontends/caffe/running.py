"""Runs a lowered graph in onnxruntime and compares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import onnx
import onnx_ir as ir
import onnxruntime

TOLERANCE = 1e-5
"""Largest difference, as a share of the output's scale."""


def run(model: ir.Model, inputs: Mapping[str, np.ndarray], folder: Path) -> list[np.ndarray]:
    """All outputs, in order. The graph is checked against ONNX's schemas first."""
    path = folder / "lowered.onnx"
    ir.save(model, path, external_data="lowered.data")
    onnx.checker.check_model(path, full_check=True)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    fed = {item.name for item in session.get_inputs()}
    return session.run(None, {name: array for name, array in inputs.items() if name in fed})


def check_close(found: Sequence[np.ndarray], expected: Sequence[np.ndarray], tolerance: float = TOLERANCE) -> None:
    """Count, shape, dtype and numbers."""
    assert len(found) == len(expected)
    for array, wanted in zip(found, expected, strict=True):
        assert array.shape == wanted.shape
        assert array.dtype == wanted.dtype
        assert difference(array, wanted) <= tolerance


def difference(found: np.ndarray, expected: np.ndarray) -> float:
    """The largest difference as a share of the largest expected number; infinite where only one is finite."""
    if expected.size == 0:
        return 0.0
    if not np.array_equal(np.isfinite(found), np.isfinite(expected)):
        return float("inf")
    finite = np.isfinite(expected)
    scale = max(float(np.abs(expected[finite]).max(initial=0)), 1e-30)
    return float(np.abs(found[finite].astype(np.float64) - expected[finite]).max(initial=0)) / scale
