"""ONNX models: files of any opset with their weights inside or beside them, and models in memory."""

from paddlify.frontends.onnx.file import recognises
from paddlify.frontends.onnx.load import load

__all__ = ["load", "recognises"]
