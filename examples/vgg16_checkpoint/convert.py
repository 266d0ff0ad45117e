"""Converts the checkpoint that make_checkpoint.py made, runs it on the same images, and prints the differences.

    python convert.py FOLDER [nchw]

Only paddlify is needed: TensorFlow need not be installed.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

import paddlify


def main() -> None:
    """Convert, run, compare; with "nchw" the converted model takes transposed images, as tensorflow2fluid's did."""
    folder, layout = Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "source"
    paddlify.convert(
        folder / "checkpoint",
        folder / f"paddle_{layout}",
        meta=folder / "checkpoint" / "model.meta",
        inputs=["inputs"],
        input_shapes={"inputs": [-1, 224, 224, 3]},
        outputs=["vgg_16/fc8/squeezed"],
        input_layout=layout,
        verify=False,
        force=True,
    )
    data = np.load(folder / "data.npz")
    images = data["images"] if layout == "source" else data["images"].transpose(0, 3, 1, 2)
    model = paddlify.load(folder / f"paddle_{layout}")
    (result,) = model.inference(feed_dict={model.inputs[0]: images})
    print(f"TensorFlow to converted model: {np.abs(result - data['single']).max():.3g}")
    print(f"float64 to TensorFlow:         {np.abs(data['single'] - data['double']).max():.3g}")
    print(f"float64 to converted model:    {np.abs(result - data['double']).max():.3g}")


if __name__ == "__main__":
    main()
