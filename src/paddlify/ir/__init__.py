"""The hub: `onnx_ir` models at a pinned opset, with provenance, lazy weights and a recording builder."""
