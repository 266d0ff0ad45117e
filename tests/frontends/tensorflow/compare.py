"""Runs a loaded model in onnxruntime and compares it with what TensorFlow gave."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx_ir as ir
import onnxruntime

from paddlify.frontends.base import Loaded, LoadOptions
from paddlify.frontends.tensorflow import load


def loaded(
    path: Path, inputs: Sequence[str] | None = None, outputs: Sequence[str] | None = None,
    input_shapes: dict[str, Sequence[int]] | None = None, input_layout: str = "source", **extra: Any,
) -> Loaded:
    return load(path, LoadOptions(inputs, outputs, input_shapes or {}, input_layout, extra))


def run(model: ir.Model, feeds: dict[str, np.ndarray], folder: Path) -> dict[str, np.ndarray]:
    """What onnxruntime gives, without its optimisations, so that what was lowered is what runs."""
    path = folder / "model.onnx"
    ir.save(model, path, external_data="model.data")
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(None, feeds), strict=True))


def expected(folder: Path) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """The inputs and TensorFlow's outputs of a model."""
    data = np.load(folder / "data.npz")
    inputs = {name.removeprefix("in/"): data[name] for name in data.files if name.startswith("in/")}
    outputs = {name.removeprefix("out/"): data[name] for name in data.files if name.startswith("out/")}
    return inputs, outputs


def assert_same(found: Loaded, folder: Path, tmp_path: Path, tolerance: float = 1e-6) -> dict[str, np.ndarray]:
    """Value (relative to the output's scale), shape and dtype of every output, and their order, are TensorFlow's."""
    inputs, outputs = expected(folder)
    feeds = {value.name: inputs[value.name] for value in found.model.graph.inputs if value.name}
    results = run(found.model, feeds, tmp_path)
    for name, result in results.items():
        assert result.dtype == outputs[name].dtype, name
        assert result.shape == outputs[name].shape, name
        scale = max(float(np.abs(outputs[name].astype(np.float64)).max(initial=0)), 1e-30)
        difference = float(np.abs(result.astype(np.float64) - outputs[name].astype(np.float64)).max(initial=0))
        assert difference <= tolerance * scale, (name, difference, scale)
    return results


def names(found: Loaded) -> tuple[list[str | None], list[str | None]]:
    return [value.name for value in found.model.graph.inputs], [value.name for value in found.model.graph.outputs]
