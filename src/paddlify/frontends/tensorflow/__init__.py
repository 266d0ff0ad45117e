"""TensorFlow models (frozen graphs, checkpoints, SavedModels), read without TensorFlow."""

from paddlify.frontends.tensorflow.load import load, recognises

__all__ = ["load", "recognises"]
