"""The three files of a converted model."""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import onnx_ir as ir

import paddlify.backends.paddle.ops  # noqa: F401 - registers the emissions
from paddlify.backends.paddle.legacy import link_params, save_program_desc
from paddlify.backends.paddle.lite import optimise
from paddlify.backends.paddle.module import Module, Parameter, build_module
from paddlify.backends.paddle.printer import class_name, print_module
from paddlify.backends.paddle.weights import write_params, write_separate_params
from paddlify.errors import PaddlifyError, UnsupportedModel
from paddlify.formats import FORMATS
from paddlify.ir.tensors import static_dims
from paddlify.progress import Progress, Silent
from paddlify.runtime import worker

MODEL, PARAMS = "model.py", FORMATS["pir"].parameters


@dataclass(frozen=True)
class Written:
    """What was written: the parameters' count and size in bytes."""

    parameters: int
    parameter_bytes: int


def write(
    model: ir.Model, folder: Path, *, title: str, version: str, formats: Sequence[str] = ("pir",),
    fluid_params: str = "combined", to_lite: Sequence[str] = (), openvino: bool = False,
    progress: Progress | None = None,
) -> Written:
    """Write the model into an existing folder, as PIR and in whatever other formats and for Lite's targets asked for.

    The formats share `inference.pdiparams`; only Fluid's parameters, where they are "separate", are written again.
    Raises UnsupportedModel that lists every node which cannot be said in Paddle, and what `Worker.save_program` raises.
    """
    progress = progress or Silent()
    module = write_code(model, folder, title=title, version=version, progress=progress)
    entries = [_entry(parameter) for parameter in module.parameters]
    total = sum(parameter.tensor.nbytes for parameter in module.parameters)
    progress.stage("write program and weights", total)
    with ThreadPoolExecutor(max_workers=1) as executor:  # which waits for Paddle's process
        names = executor.submit(worker.shared().save_program, folder, module.name)
        if entries:  # Paddle refuses a file of no parameters
            write_params(folder / PARAMS, entries, progress.advance)
        _check_names(module, names.result())
    # Paddle Lite's optimiser reads Paddle 2's program.
    wanted = {*formats, *(["pdmodel"] if to_lite else [])} - {"pir"}
    others = [name for name in FORMATS if name in wanted]
    if others:
        progress.stage(f"write {', '.join(others)}")
        save_program_desc(folder, module.name, others, openvino=openvino)
    if "fluid" in formats and fluid_params == "separate":
        progress.stage("write Fluid's parameters", total)
        write_separate_params(folder, entries, progress.advance)
    elif "fluid" in formats and entries:
        link_params(folder / PARAMS)
    if to_lite:
        progress.stage(f"optimise for {' and '.join(to_lite)}")
        optimise(folder, to_lite)
        if "pdmodel" not in formats:
            (folder / FORMATS["pdmodel"].program).unlink()
    return Written(sum(math.prod(parameter.tensor.shape.numpy()) for parameter in module.parameters), total)


def write_code(
    model: ir.Model, folder: Path, *, title: str = "", version: str = "", progress: Progress | None = None
) -> Module:
    """Write `model.py` alone; raises UnsupportedModel that lists every node which cannot be said in Paddle."""
    progress = progress or Silent()
    progress.stage("convert operators", len(model.graph))
    module = build_module(model.graph, class_name(model.graph.name or "model"), progress=progress.advance)
    if module.refused:
        raise UnsupportedModel(module.refused, _REMEDY)
    (folder / MODEL).write_text(print_module(module, title, version), encoding="utf-8")
    return module


_REMEDY = (
    "Register an emission for your own operators with @paddlify.emits(...), or cut the graph with --inputs and "
    "--outputs; `paddlify ops` lists what is supported."
)


def _entry(parameter: Parameter) -> tuple[str, ir.TensorProtocol, str, list[int]]:
    return parameter.name, parameter.tensor, parameter.dtype, static_dims(parameter.tensor)


def _check_names(module: Module, names: list[str]) -> None:
    """Each parameter of the program has its tensor, and the other way round."""
    expected = sorted(parameter.name for parameter in module.parameters)
    if expected != names:
        differ = sorted(set(expected) ^ set(names))
        raise PaddlifyError(f"internal error: the program and the weights disagree on parameters {differ[:5]}")
