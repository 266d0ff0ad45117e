"""Emissions of ONNX operators, by family: importing this package registers all of them."""

from paddlify.backends.paddle.ops import activation, conv, elementwise, shape

__all__ = ["activation", "conv", "elementwise", "shape"]
