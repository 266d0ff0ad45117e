"""Tiny ONNX models, written as text, for tests of the road around the operators."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper, parser

NET = """
<ir_version: 8, opset_import: ["": 17]>
net (float[N, 3, H, W] image) => (float[N, 4] scores, float[N, 4, H, W] features) {
    c = Conv <pads = [1, 1, 1, 1]> (image, weight, bias)
    features = Relu(c)
    pooled = GlobalAveragePool(features)
    flat = Flatten(pooled)
    scores = Tanh(flat)
}
"""


def model(text: str, **weights: np.ndarray) -> onnx.ModelProto:
    """A checked model from its text, with initializers."""
    proto = parser.parse_model(text)
    proto.graph.initializer.extend(numpy_helper.from_array(array, name) for name, array in weights.items())
    onnx.checker.check_model(proto, full_check=True)
    return proto


def net(seed: int = 0, text: str = NET) -> onnx.ModelProto:
    """Convolution, activation, pooling and a second output, with dynamic batch, height and width.

    Another text gets the same `weight` [4, 3, 3, 3] and `bias` [4].
    """
    generator = np.random.default_rng(seed)
    return model(
        text,
        weight=generator.standard_normal((4, 3, 3, 3)).astype(np.float32),
        bias=generator.standard_normal(4).astype(np.float32),
    )


def save(proto: onnx.ModelProto, path: Path) -> Path:
    """Write the model to a file."""
    onnx.save(proto, path)
    return path
