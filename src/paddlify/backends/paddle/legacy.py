"""The program as `ProgramDesc`, which Paddle 2.x, Fluid and Paddle Lite read, made by running the same `model.py`.

Paddle writes it only with `FLAGS_enable_pir_api=0` set before its import, so this module runs itself in a process of
its own: `python -m paddlify.backends.paddle.legacy FOLDER CLASS FORMAT…`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from paddlify.backends.fluid.legalise import legalise
from paddlify.backends.paddle.legacy_calls import install
from paddlify.backends.paddle.program import name_in_program, traced
from paddlify.errors import UnsupportedError

PDMODEL = "inference.pdmodel"
FLUID_MODEL, FLUID_PARAMS = "__model__", "__params__"


def save_program_desc(folder: Path, class_name: str, formats: Sequence[str]) -> None:
    """Run `folder/model.py` in static mode and write its program as "pdmodel", as "fluid", or both.

    Parameters bear the same names as in `inference.json`, so that `inference.pdiparams` serves these programs too.
    Raises UnsupportedError when Paddle cannot say the model in its legacy form, or Fluid lacks an operator.
    """
    environment = {**os.environ, "FLAGS_enable_pir_api": "0", "GLOG_minloglevel": "2"}
    command = [sys.executable, "-m", __name__, str(folder), class_name, *formats]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode == UnsupportedError.exit_code:
        raise UnsupportedError(done.stdout.strip())
    if done.returncode:
        lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
        reason = lines[-1] if lines else f"exit code {done.returncode}"
        raise UnsupportedError(f"Paddle cannot save this model as ProgramDesc ({reason}); --format pir is not affected")


def link_params(params: Path) -> None:
    """Give the combined parameters Fluid's name beside them; a copy where the file system has no links."""
    try:
        params.with_name(FLUID_PARAMS).hardlink_to(params)
    except OSError:
        shutil.copyfile(params, params.with_name(FLUID_PARAMS))


def save_desc(folder: Path, class_name: str, formats: Sequence[str]) -> None:
    """What `save_program_desc` does, in this process, in which `FLAGS_enable_pir_api=0` was set before the import.

    Raises UnsupportedModel when Fluid lacks operators.
    """
    import paddle
    from paddle.base.proto import framework_pb2

    install()
    with traced(folder, class_name) as trace:
        names = {parameter.name: name_in_program(name) for name, parameter in trace.model.named_parameters()}
        pruned = paddle.static.normalize_program(trace.program, trace.feeds, trace.fetches, skip_prune_program=True)
    desc = framework_pb2.ProgramDesc.FromString(pruned.desc.serialize_to_string())
    rename(desc, names)
    if "pdmodel" in formats:
        (folder / PDMODEL).write_bytes(desc.SerializeToString())
    if "fluid" in formats:
        legalise(desc)
        (folder / FLUID_MODEL).write_bytes(desc.SerializeToString())


def rename(desc: Any, names: dict[str, str]) -> None:
    """Rename variables in every block, operator and operator attribute of a `ProgramDesc`."""
    for block in desc.blocks:
        for variable in block.vars:
            variable.name = names.get(variable.name, variable.name)
        for operator in block.ops:
            for slot in (*operator.inputs, *operator.outputs):
                slot.arguments[:] = [names.get(argument, argument) for argument in slot.arguments]
            for attribute in operator.attrs:
                if attribute.HasField("var_name"):
                    attribute.var_name = names.get(attribute.var_name, attribute.var_name)
                attribute.vars_name[:] = [names.get(name, name) for name in attribute.vars_name]


if __name__ == "__main__":
    try:
        save_desc(Path(sys.argv[1]), sys.argv[2], sys.argv[3:])
    except UnsupportedError as error:
        sys.stdout.write(str(error))
        sys.exit(error.exit_code)
