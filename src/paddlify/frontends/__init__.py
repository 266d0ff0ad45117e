"""Readers of source formats: each gives an `onnx_ir` model whose weights stay on disk."""
