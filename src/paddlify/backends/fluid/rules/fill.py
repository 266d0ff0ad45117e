"""Constants."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from paddlify.backends.fluid.desc import FP32, INT32, INT64, Block, Op
from paddlify.backends.fluid.rules.common import new_op, says
from paddlify.errors import Refusal


@says("assign_value")
def assign_value(op: Op, _block: Block) -> list[Op]:
    """Numbers in the field of their dtype."""
    slots = {0: "bool_values", INT32: "int32_values", INT64: "int64_values", FP32: "fp32_values"}
    dtype = int(op.attributes["dtype"])
    if dtype not in slots:
        raise Refusal("Fluid's assign_value takes bool, int32, int64 and float32 only")
    values: list[Any] = op.attributes.pop("values", None) or next(
        (op.attributes[name] for name in slots.values() if op.attributes.get(name)), []
    )
    convert: Callable[[Any], Any] = float if dtype == FP32 else int
    numbers = [convert(value) for value in values]
    attributes = {"dtype": dtype, "shape": op.attributes["shape"] or [1], slots[dtype]: numbers}
    return [Op("assign_value", {}, {"Out": op.outputs["Out"]}, attributes)]


@says("fill_constant")
def fill_constant(op: Op, block: Block) -> list[Op]:
    """The same; what Paddle 3 calls a scalar is one element, and infinity is a number: Fluid reads its text as 0."""
    if not math.isfinite(op.attributes.get("value", 0.0)):
        op.attributes["str_value"] = ""
    if not any(op.inputs.values()) and not op.attributes.get("shape"):
        op.attributes["shape"] = [1]
    return [op]


@says("fill_any_like")
def fill_any_like(op: Op, block: Block) -> list[Op]:
    """The same; infinity, which it refuses, is a constant times ones."""
    x, value, dtype = op.input("X"), float(op.attributes.get("value", 0.0)), block.dtype(op.output())
    if math.isfinite(value):
        return [new_op("fill_any_like", {"X": x}, op.output(), {"value": value, "dtype": dtype})]
    ones, one = block.temporary(op.output()), block.temporary(op.output(), [1])
    attributes = {"shape": [1], "dtype": dtype, "value": value, "str_value": ""}
    return [
        new_op("fill_any_like", {"X": x}, ones, {"value": 1.0, "dtype": dtype}),
        Op("fill_constant", {}, {"Out": [one]}, attributes),
        new_op("elementwise_mul", {"X": ones, "Y": one}, op.output(), {"axis": -1}),
    ]
