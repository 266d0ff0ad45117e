"""Layers that bring constants, and those that do nothing."""

from __future__ import annotations

import ast
from typing import Any

import numpy as np
import onnx_ir as ir

from paddlify.errors import LoadError, Refusal
from paddlify.frontends.caffe.lowering import MAX_TABLE, Recorder, lowers
from paddlify.frontends.caffe.ops.activation import scaled
from paddlify.frontends.caffe.weights import MAX_ELEMENTS


@lowers("Split")
def split(op: Recorder, x: ir.Value) -> Any:
    return (x,) * op.top_count


@lowers("Parameter", param="parameter_param")
def parameter(op: Recorder, *, shape: Any) -> Any:
    return op.blob(0, list(shape.dim) if shape is not None else [], "value")


@lowers("DummyData", param="dummy_data_param")
def dummy_data(
    op: Recorder, *, data_filler: list[Any], shape: list[Any], num: list[int], channels: list[int],
    height: list[int], width: list[int],
) -> Any:
    """Constants; a filler that draws numbers is refused, as no two runs of Caffe agree."""
    sizes = [list(item.dim) for item in shape] or [list(dims) for dims in zip(num, channels, height, width)]  # noqa: B905 - each has 0, 1 or top_count
    if len(sizes) not in (1, op.top_count) or len(data_filler) not in (0, 1, op.top_count):
        raise LoadError(f"{op.top_count} tops, but {len(sizes)} shapes and {len(data_filler)} fillers")
    values = []
    for index in range(op.top_count):
        size = sizes[index if len(sizes) > 1 else 0]
        if any(dim < 1 for dim in size) or np.prod(size, dtype=float) > MAX_ELEMENTS:
            raise LoadError(f"impossible shape {size}")
        number = 0.0
        if data_filler:
            filler = data_filler[index if len(data_filler) > 1 else 0]
            if filler.type != "constant":
                raise Refusal(f"its data_filler '{filler.type}' draws other numbers in each run")
            number = filler.value
        values.append(op.Expand(op.constant(np.float32(number)), op.constant(size)))
    return tuple(values)


@lowers("ContinuationIndicator", param="continuation_indicator_param")
def continuation_indicator(op: Recorder, *, time_step: int, batch_size: int) -> Any:
    """0 at the first step and 1 at all others, for each sequence of a batch."""
    if time_step < 1 or batch_size < 1 or time_step * batch_size > MAX_TABLE:
        raise LoadError(f"time_step={time_step} and batch_size={batch_size} are impossible")
    steps = np.ones((time_step, batch_size), np.float32)
    steps[0] = 0
    return op.constant(steps, name=f"{op.layer.name}/steps")


@lowers("Python", param="python_param")
def python(op: Recorder, x: ir.Value, *, module: str, layer: str, param_str: str) -> Any:
    """Python code of the user's; of the published layers ENet's dropout is known, which scales at inference too."""
    settings = _literal(param_str)
    if (module, layer) == ("spatial_dropout", "SpatialDropoutLayer") and settings.get("phase") == "TEST":
        return scaled(op, x, 1 / (1 - float(settings["p"])), 0)
    raise Refusal(f"the Python layer '{module}.{layer}' is not known; register a layer of type Python for it")


def _literal(param_str: str) -> dict[str, Any]:
    """A dictionary of constants as Python writes it, the usual form of param_str; empty for anything else."""
    try:
        found = ast.literal_eval(param_str)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
