"""A Caffe layer of one's own: a fork's layer is given a meaning, and a net that uses it is converted.

The fork's layer is `Blend`: top = alpha * first bottom + (1 - alpha) * second bottom, times a learned factor for each
channel. Its message is in the fork's caffe.proto, of which only the additions matter here.

    python examples/caffe_layer.py
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

import paddlify
from paddlify.frontends import caffe

PROTO = """
syntax = "proto2";
message LayerParameter { optional BlendParameter blend_param = 300; }
message BlendParameter { optional float alpha = 1 [default = 0.5]; }
"""

PROTOTXT = """
name: "blending"
layer { name: "data" type: "Input" top: "a" top: "b" input_param { shape { dim: 1 dim: 3 dim: 4 dim: 4 } } }
layer { name: "blend" type: "Blend" bottom: "a" bottom: "b" top: "blend" blend_param { alpha: 0.25 } }
layer { name: "prob" type: "Softmax" bottom: "blend" top: "prob" }
"""


@caffe.lowers("Blend", param="blend_param")
def blend(op: caffe.Recorder, a: Any, b: Any, *, alpha: float) -> Any:
    """Bottoms are positional, fields of blend_param are keywords; `op.blob` gives the layer's weights."""
    (channels,) = caffe.static_dims(a, 1, 2)
    factor = op.blob(0, [channels, 1, 1], "scale")
    mixed = op.Add(op.Mul(a, op.constant_like(a, alpha)), op.Mul(b, op.constant_like(b, 1 - alpha)))
    return op.Mul(mixed, factor)


def main() -> float:
    """Convert, run, and return the largest difference from NumPy."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "fork.proto").write_text(PROTO)
        (folder / "net.prototxt").write_text(PROTOTXT)
        paddlify.convert(
            folder / "net.prototxt", folder / "out", proto=folder / "fork.proto", random_weights=True,
            outputs=["blend", "prob"],
        )
        model = paddlify.load(folder / "out")
        random = np.random.default_rng(0)
        a, b = (random.standard_normal((1, 3, 4, 4), dtype=np.float32) for _ in range(2))
        blended, probability = model.inference({"a": a, "b": b})
    shifted = np.exp(blended - blended.max(axis=1, keepdims=True))
    difference = float(np.abs(probability - shifted / shifted.sum(axis=1, keepdims=True)).max())
    print(f"converted and run; largest difference from NumPy: {difference:.2g}")
    return difference


if __name__ == "__main__":
    main()
