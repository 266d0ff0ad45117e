"""The program as `ProgramDesc`, which Paddle 2.x, Fluid and Paddle Lite read, made by running the same `model.py`.

Paddle writes it only with `FLAGS_enable_pir_api=0` set before its import, so this module runs itself in a process of
its own: `python -m paddlify.backends.paddle.legacy FOLDER CLASS FORMAT…`.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from paddlify.backends.fluid.desc import FLOAT, INT, LONGS, STRING, read_op
from paddlify.backends.fluid.legalise import legalise
from paddlify.backends.paddle.legacy_calls import install
from paddlify.backends.paddle.openvino import suit_openvino
from paddlify.backends.paddle.program import name_in_program, traced
from paddlify.errors import UnsupportedError
from paddlify.formats import FORMATS
from paddlify.runtime.worker import PACKAGES, environment


def save_program_desc(folder: Path, class_name: str, formats: Sequence[str], *, openvino: bool = False) -> None:
    """Run `folder/model.py` in static mode and write its program as "pdmodel", as "fluid", or both.

    Parameters bear the same names as in `inference.json`, so that `inference.pdiparams` serves these programs too.
    Raises UnsupportedError when Paddle cannot say the model in its legacy form, when Fluid lacks an operator, or when
    `openvino` is asked for and lacks one.
    """
    variables = {**environment(), "FLAGS_enable_pir_api": "0", "GLOG_minloglevel": "2"}
    wanted = [*formats, *(["openvino"] if openvino else [])]
    command = [sys.executable, "-m", __name__, str(folder.resolve()), class_name, *wanted]
    done = subprocess.run(command, env=variables, cwd=PACKAGES, capture_output=True, text=True, check=False)
    if done.returncode == UnsupportedError.exit_code:
        raise UnsupportedError(done.stdout.strip())
    if done.returncode:
        lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
        reason = lines[-1] if lines else f"exit code {done.returncode}"
        raise UnsupportedError(f"Paddle cannot save this model as ProgramDesc ({reason}); --format pir is not affected")


def link_params(params: Path) -> None:
    """Give the combined parameters Fluid's name beside them; a copy where the file system has no links."""
    named = params.with_name(FORMATS["fluid"].parameters)
    try:
        named.hardlink_to(params)
    except OSError:
        shutil.copyfile(params, named)


def save_desc(folder: Path, class_name: str, formats: Sequence[str]) -> None:
    """What `save_program_desc` does, in this process, in which `FLAGS_enable_pir_api=0` was set before the import.

    Raises UnsupportedModel when Fluid, or OpenVINO, if "openvino" is among the formats, lacks operators.
    """
    import paddle
    from paddle.base.proto import framework_pb2

    install()
    with traced(folder, class_name) as trace:
        names = {parameter.name: name_in_program(name) for name, parameter in trace.model.named_parameters()}
        states = _dropout_states(trace.model)
        pruned = paddle.static.normalize_program(trace.program, trace.feeds, trace.fetches, skip_prune_program=True)
    desc = framework_pb2.ProgramDesc.FromString(pruned.desc.serialize_to_string())
    rename(desc, names | states)
    for variable in desc.blocks[0].vars:
        variable.persistable = variable.persistable or variable.name in states.values()
    _remove_unused_operators(desc)
    _remove_unused_parameters(desc)
    if "pdmodel" in formats:
        suited = framework_pb2.ProgramDesc()
        suited.CopyFrom(desc)
        _suit_paddle_2(suited)
        if "openvino" in formats:
            suit_openvino(suited)
        (folder / FORMATS["pdmodel"].program).write_bytes(suited.SerializeToString())
    if "fluid" in formats:
        legalise(desc)
        (folder / FORMATS["fluid"].program).write_bytes(desc.SerializeToString())


def _dropout_states(model: Any) -> dict[str, str]:
    """Where the (empty) dropout states of recurrent layers are parameters in the file: here they are variables."""
    layers = ((name, getattr(layer, "_dropout_state", None)) for name, layer in model.named_sublayers())
    return {state.name: name_in_program(f"{name}._dropout_state") for name, state in layers if state is not None}


def _remove_unused_operators(desc: Any) -> None:
    """Paddle's checks of what it is given (that a tensor among the sizes of a shape has one element) stay behind."""
    while True:
        used = {
            name for block in desc.blocks for op in block.ops for slot in op.inputs for name in slot.arguments
        }  # fmt: skip
        unused = [(block, op) for block in desc.blocks for op in block.ops if not _has_effect(op, used)]
        if not unused:
            return
        for block, op in unused:
            block.ops.remove(op)


def _has_effect(op: Any, used: set[str]) -> bool:
    has_block = any(attribute.HasField("block_idx") for attribute in op.attrs)
    return op.type in ("feed", "fetch") or has_block or any(
        name in used for slot in op.outputs for name in slot.arguments
    )


def _remove_unused_parameters(desc: Any) -> None:
    """A recurrent layer makes one parameter more, of all its weights, that nothing uses and no file holds."""
    slots = (slot for block in desc.blocks for op in block.ops for slot in (*op.inputs, *op.outputs))
    used = {name for slot in slots for name in slot.arguments}
    for block in desc.blocks:
        unused = [item for item in block.vars if item.persistable and item.name not in used]
        for variable in unused:
            block.vars.remove(variable)


def _suit_paddle_2(desc: Any) -> None:
    """Say constants of rank 0 as Paddle 2.6 can run them.

    It gives them no memory where `assign_value` makes them, but where `fill_constant` does; and its oneDNN refuses to
    broadcast them, but not vectors of one element.
    """
    for block in desc.blocks:
        ranks = {variable.name: len(variable.type.dense_tensor.tensor.dims) for variable in block.vars}
        for message in block.ops:
            attributes = read_op(message).attributes if message.type == "assign_value" else {"shape": [1]}
            if attributes["shape"]:
                continue
            (name,) = message.outputs[0].arguments
            (number,) = attributes["values"]
            shape = [1] if _is_broadcast(desc, name, ranks) else []
            variable = next(item for item in block.vars if item.name == name)
            variable.type.dense_tensor.tensor.dims[:] = shape
            message.type = "fill_constant"
            del message.attrs[:]
            message.attrs.add(name="dtype", type=INT, i=attributes["dtype"])
            message.attrs.add(name="shape", type=LONGS, longs=shape)
            message.attrs.add(name="value", type=FLOAT, f=float(number))
            message.attrs.add(name="str_value", type=STRING, s=str(int(number) if isinstance(number, bool) else number))


def _is_broadcast(desc: Any, name: str, ranks: Mapping[str, int]) -> bool:
    """Whether all that takes a value is arithmetic with tensors of rank 1 or more."""
    takers = [
        op for block in desc.blocks for op in block.ops if any(name in slot.arguments for slot in op.inputs)
    ]
    return all(
        op.type.startswith("elementwise_")
        and any(ranks.get(other, 0) > 0 for slot in op.inputs for other in slot.arguments)
        for op in takers
    )


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
