"""Lowerings of TensorFlow operators to ONNX, one file for each family; see `lowering` for how one is written.

Importing this package registers them all: each family is imported here by name.
"""

from paddlify.frontends.tensorflow.lowering import lowers
from paddlify.frontends.tensorflow.ops import (
    array,
    complex_numbers,
    conv,
    gather_scatter,
    image,
    linalg,
    math,
    nn,
    pool,
    quant,
    random,
    recurrent,
    reduce,
    resize,
    segment,
    signal,
    slicing,
    sparse,
    special,
)

__all__ = [
    "lowers",
    "array", "complex_numbers", "conv", "gather_scatter", "image", "linalg", "math", "nn", "pool", "quant", "random",
    "recurrent", "reduce", "resize", "segment", "signal", "slicing", "sparse", "special",
]  # fmt: skip
