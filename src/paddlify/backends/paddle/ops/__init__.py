"""Emissions of ONNX operators, by family: importing this package registers all of them."""

from paddlify.backends.paddle.ops import (
    activation,
    cast,
    control_flow,
    conv,
    crop,
    elementwise,
    fill,
    linalg,
    normalise,
    pool,
    reduce,
    sequence,
    shape,
)

__all__ = [
    "activation",
    "cast",
    "control_flow",
    "conv",
    "crop",
    "elementwise",
    "fill",
    "linalg",
    "normalise",
    "pool",
    "reduce",
    "sequence",
    "shape",
]
