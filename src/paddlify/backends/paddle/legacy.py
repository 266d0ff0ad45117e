"""The program as `ProgramDesc`, which Paddle 2.x, Fluid and Paddle Lite read, made by running the same `model.py`.

Paddle writes it only with `FLAGS_enable_pir_api=0` set before its import, so this module runs itself in a process of
its own: `python -m paddlify.backends.paddle.legacy FOLDER CLASS TARGET`.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from paddlify.backends.paddle.program import traced
from paddlify.errors import UnsupportedError


def save_program_desc(folder: Path, class_name: str, target: Path) -> None:
    """Run `folder/model.py` in static mode and write its `ProgramDesc` to `target`.

    Parameters bear their `state_dict()` keys, so that `inference.pdiparams` serves this program too.
    Raises UnsupportedError when Paddle cannot say the model in its legacy form.
    """
    environment = {**os.environ, "FLAGS_enable_pir_api": "0", "GLOG_minloglevel": "2"}
    command = [sys.executable, "-m", __name__, str(folder), class_name, str(target)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        raise UnsupportedError(
            f"Paddle cannot save this model as ProgramDesc ({lines[-1].strip() if lines else done.returncode}); "
            "--format pir is not affected"
        )


def _save(folder: Path, class_name: str, target: Path) -> None:
    import paddle
    from paddle.base.proto import framework_pb2

    with traced(folder, class_name) as trace:
        names = {parameter.name: name for name, parameter in trace.model.state_dict().items()}
        pruned = paddle.static.normalize_program(trace.program, trace.feeds, trace.fetches)
    desc = framework_pb2.ProgramDesc.FromString(pruned.desc.serialize_to_string())
    rename(desc, names)
    target.write_bytes(desc.SerializeToString())


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
    _save(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))
