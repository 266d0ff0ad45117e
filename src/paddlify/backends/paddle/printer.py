"""`model.py` as text: the class, its inputs, and the few lines that load the weights."""

from __future__ import annotations

import re
from typing import Any

import onnx_ir as ir

from paddlify.backends.paddle.dtypes import paddle_dtype
from paddlify.backends.paddle.scope import Module
from paddlify.backends.paddle.source import returning, statements, text

_HEAD = '''"""{title}

Made by paddlify {version}. It needs paddle and numpy only:

    model = {name}()
    load_weights(model, "inference.pdiparams")
    model.eval()
"""

import os
import struct

import numpy as np
import paddle
{imports}
'''

_PARAMETER = '''

def parameter(layer, shape, dtype):
    """A tensor of inference.pdiparams that no other layer owns; floating-point ones can be trained."""
    return layer.create_parameter(
        shape,
        dtype=dtype,
        attr=paddle.ParamAttr(trainable="float" in dtype),
        default_initializer=nn.initializer.Constant(0),
    )
'''

_FOOT = '''

def load_weights(model, path):
    """Fill the parameters from the deployed program's file, where they stand sorted by name."""
    with open(path, "rb") as file:
        for _, parameter in sorted(model.named_parameters()):
            file.seek(16, os.SEEK_CUR)
            (header,) = struct.unpack("<i", file.read(4))
            file.seek(header, os.SEEK_CUR)
            current = parameter.numpy()
            values = np.fromfile(file, current.dtype, current.size)
            parameter.set_value(values.reshape(current.shape))


if __name__ == "__main__":
    model = {name}()
    load_weights(model, os.path.join(os.path.dirname(os.path.abspath(__file__)), "inference.pdiparams"))
    model.eval()
    rng = np.random.default_rng(0)
    feeds = []
    for spec in INPUTS:
        shape = [2 if size == -1 else size for size in spec.shape]
        feeds.append(paddle.to_tensor(rng.random(shape)).astype(spec.dtype))
        print("input ", spec.name, shape)
    results = model(*feeds)
    for name, result in zip(OUTPUTS, results if isinstance(results, (list, tuple)) else [results]):
        print("output", name, list(result.shape))
'''


def print_module(module: Module, title: str, version: str) -> str:
    """The whole text of `model.py`."""
    layers = statements(module.layers, 2)
    body = statements(module.body, 2)
    used = "\n".join([*layers, *body])
    has_parameters = re.search(r"\bparameter\(", used) is not None
    imports = ["from paddle import nn"]
    if re.search(r"\bF\.", used):
        imports.insert(0, "import paddle.nn.functional as F")
    lines = [_HEAD.format(title=_sentence(title), version=version, name=module.name, imports="\n".join(imports))]
    lines.append("INPUTS = [")
    lines += [
        f"    paddle.static.InputSpec({_dims(value)}, {text(paddle_dtype(value.dtype))}, {text(value.name)}),"
        for value in module.inputs
    ]
    lines.append("]")
    lines.append(f"OUTPUTS = {text([value.name for value in module.outputs])}")
    if has_parameters:
        lines.append(_PARAMETER.rstrip("\n"))
    lines += ["", "", f"class {module.name}(nn.Layer):", "    def __init__(self):", "        super().__init__()"]
    lines += layers
    lines += ["", f"    def forward({', '.join(['self', *module.arguments])}):"]
    lines += _squeezed(body)
    lines += returning(module.returns, 2)
    return "\n".join(lines) + "\n" + _FOOT.format(name=module.name)


def class_name(name: str) -> str:
    """A class name from a model's name: `squeezenet1.1` gives `Squeezenet11`."""
    words = re.findall(r"[A-Za-z0-9]+", name)
    joined = "".join(word[:1].upper() + word[1:] for word in words)
    return joined if joined and joined[0].isalpha() and joined not in ("INPUTS", "OUTPUTS") else f"Model{joined}"


def _dims(value: ir.Value) -> str:
    shape: Any = value.shape
    return "[" + ", ".join(str(dim) if isinstance(dim, int) else "-1" for dim in shape) + "]"


def _sentence(title: str) -> str:
    return re.sub(r"[\"\\]+|\s+", " ", title).strip()


def _squeezed(lines: list[str]) -> list[str]:
    """No two empty lines in a row, none at the start."""
    kept: list[str] = []
    for line in lines:
        if line or (kept and kept[-1]):
            kept.append(line)
    return kept
