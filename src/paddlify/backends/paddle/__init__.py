"""Writes an `onnx_ir` model at the pinned opset as PaddlePaddle: `model.py`, `inference.json`, `inference.pdiparams`.

The road within: `module` runs the emission of each node (`ops/`) and records Paddle calls, `printer` and `source`
print them, `program` runs the printed file in static mode, `weights` streams the parameters.
"""
