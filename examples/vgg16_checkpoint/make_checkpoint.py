"""Builds slim's vgg_16 with seeded weights, saves it as a TensorFlow checkpoint, and runs it.

Needs TensorFlow and tf_slim (for instance `.oracles/tensorflow/bin/python`, which `make oracles` makes):

    python make_checkpoint.py FOLDER

FOLDER gets `checkpoint/` (model.meta, model.index, model.data-…), and in `data.npz` the images, TensorFlow's own result
in float32, and the result of the same network evaluated in float64.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

import numpy as np
import tensorflow as tf
from tf_slim.nets import vgg

tf1 = tf.compat.v1


def seeded_weights(shapes: dict[str, list[int]]) -> dict[str, np.ndarray]:
    """Weights that keep the size of activations from layer to layer, and results of about 1 at most."""
    generator = np.random.default_rng(13)
    weights = {}
    for name, shape in shapes.items():
        scale = 0.1 if name.endswith("biases") else np.sqrt(2 / np.prod(shape[:-1]))
        if name.startswith("vgg_16/fc8"):
            scale *= 0.15
        weights[name] = (generator.standard_normal(shape) * scale).astype(np.float32)
    return weights


def run(images: np.ndarray, checkpoint: Path | None = None) -> np.ndarray:
    """The network's result in the type of the images; with `checkpoint` it is also saved there."""
    with tf1.Graph().as_default(), tf1.Session() as session:
        inputs = tf1.placeholder(images.dtype, [None, 224, 224, 3], name="inputs")
        result, _ = vgg.vgg_16(inputs, num_classes=1000, is_training=False)
        variables = {variable.op.name: variable for variable in tf1.global_variables()}
        weights = seeded_weights({name: variable.shape.as_list() for name, variable in variables.items()})
        for name, variable in variables.items():
            variable.load(weights[name].astype(images.dtype), session)
        if checkpoint is not None:
            tf1.train.Saver().save(session, str(checkpoint))
        return session.run(result, {inputs: images})


def main() -> None:
    """Write the checkpoint and the results."""
    folder = Path(sys.argv[1])
    (folder / "checkpoint").mkdir(parents=True, exist_ok=True)
    np.random.seed(13)
    images = np.random.rand(5, 224, 224, 3).astype(np.float32)
    single = run(images, folder / "checkpoint" / "model")
    double = run(images.astype(np.float64))
    np.savez(folder / "data.npz", images=images, single=single, double=double)


if __name__ == "__main__":
    main()
