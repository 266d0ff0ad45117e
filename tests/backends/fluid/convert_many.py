"""Converts many models in one process: `convert_many.py JOBS.json`, each job with `source`, `folder` and `options`.

The process has Paddle's new program form switched off, as the one has in which `paddlify convert` writes these formats.
Each folder gets all but `inference.json`, or `refused.txt`. Where it has `data.npz`, the inputs by name, `model.py` is
run on them too, by Paddle 3 operator by operator, and gives `paddle.npz`.
"""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from pathlib import Path
from typing import Any

os.environ["FLAGS_enable_pir_api"] = "0"  # noqa: SIM112 - Paddle's name

import numpy as np
import onnx_ir as ir
import paddle
from paddle.base.proto import framework_pb2
from paddle.nn.layer.rnn import RNNBase

import paddlify.backends.paddle.ops  # noqa: F401 - registers the emissions
from paddlify import frontends, passes
from paddlify.backends.paddle.legacy import link_params, save_desc
from paddlify.backends.paddle.module import build_module
from paddlify.backends.paddle.printer import class_name, print_module
from paddlify.backends.paddle.program import name_in_program
from paddlify.backends.paddle.weights import write_params
from paddlify.errors import UnsupportedError, UnsupportedModel
from paddlify.frontends.base import load_options
from paddlify.frontends.onnx.upgrade import upgrade
from paddlify.ir.tensors import static_dims


def convert(source: Path, folder: Path, options: dict[str, Any]) -> None:
    chosen = {name: options.pop(name, None) for name in ("inputs", "outputs", "input_shapes")}
    chosen |= {"input_layout": options.pop("input_layout", "source"), "seed": 0}
    model = frontends.load(source, None, load_options(**chosen, extra=options)).model
    upgrade(model)
    passes.run(model)
    module = build_module(model.graph, class_name(model.graph.name or "model"))
    if module.refused:
        raise UnsupportedModel(module.refused, "")
    (folder / "model.py").write_text(print_module(module, "A test.", "0"), encoding="utf-8")
    entries = [(item.name, item.tensor, item.dtype, static_dims(item.tensor)) for item in module.parameters]
    params = folder / "inference.pdiparams"
    if entries:
        write_params(params, entries)
        link_params(params)
    finish(folder, module.name)


def finish(folder: Path, name: str) -> None:
    """Run `model.py` where there is data for it, and write its programs."""
    if (folder / "data.npz").exists():
        np.savez(folder / "paddle.npz", *run(folder, name))
    save_desc(folder, name, ["pdmodel", "fluid"])
    desc = framework_pb2.ProgramDesc.FromString((folder / "inference.pdmodel").read_bytes())
    types = sorted({op.type for block in desc.blocks for op in block.ops})
    (folder / "ops.json").write_text(json.dumps(types), encoding="utf-8")


def run(folder: Path, name: str) -> list[np.ndarray]:
    spec = importlib.util.spec_from_file_location("_model", folder / "model.py")
    code = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(code)
    paddle.seed(0)
    model = getattr(code, name)()
    params = folder / "inference.pdiparams"
    if params.exists():
        code.load_weights(model, params)
    else:
        save_drawn(model, params)
    model.eval()
    feeds = np.load(folder / "data.npz")
    results = model(*[paddle.to_tensor(feeds[item.name]) for item in code.INPUTS])
    return [item.numpy() for item in (results if isinstance(results, (tuple, list)) else [results])]


def save_drawn(model: paddle.nn.Layer, params: Path) -> None:
    """Write the parameters of a model without a source, as a conversion would."""
    tensors = {name: parameter.numpy() for name, parameter in model.named_parameters()}
    recurrent = [name for name, layer in model.named_sublayers() if isinstance(layer, RNNBase)]
    tensors |= {name_in_program(f"{name}._dropout_state"): np.zeros(0, np.uint8) for name in recurrent}
    if tensors:
        write_params(
            params, [(name, ir.tensor(array), str(array.dtype), array.shape) for name, array in tensors.items()]
        )
        link_params(params)


def main() -> None:
    for job in json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")):
        folder = Path(job["folder"])
        try:
            if (folder / "model.py").exists():
                finish(folder, "Net")
            else:
                convert(Path(job["source"]), folder, job["options"])
        except UnsupportedError as error:
            (folder / "refused.txt").write_text(str(error), encoding="utf-8")


if __name__ == "__main__":
    main()
