"""Constants."""

from __future__ import annotations

import math
from typing import Any, Final

from paddlify.backends.fluid.desc import BOOL, FP32, INT32, INT64, Block, Op
from paddlify.backends.fluid.rules.common import new_op, reshape, says
from paddlify.errors import Refusal

_ASSIGNED: Final = {BOOL: "bool_values", INT32: "int32_values", INT64: "int64_values", FP32: "fp32_values"}
_MOST_CONSTANTS: Final = 64
"""So many different numbers are made one by one."""


@says("assign_value")
def assign_value(op: Op, block: Block) -> list[Op]:
    """Few numbers are a `fill_constant` each, since Paddle 3 reads none from Fluid's `assign_value`; else the same."""
    dtype, out, shape = int(op.attributes["dtype"]), op.output(), op.attributes["shape"] or [1]
    if dtype not in _ASSIGNED:
        raise Refusal("Fluid's assign_value takes bool, int32, int64 and float32 only")
    values: list[Any] = op.attributes.get("values") or next(
        (op.attributes[name] for name in _ASSIGNED.values() if op.attributes.get(name)), []
    )
    numbers: list[Any] = [float(value) if dtype == FP32 else int(value) for value in values]
    if len(set(map(repr, numbers))) == 1:
        return [_filled(out, shape, dtype, numbers[0])]
    if len(numbers) > _MOST_CONSTANTS:
        attributes = {"dtype": dtype, "shape": shape, _ASSIGNED[dtype]: numbers}
        return [Op("assign_value", {}, {"Out": [out]}, attributes)]
    parts = [block.temporary(out, [1]) for _ in numbers]
    made = [_filled(part, [1], dtype, number) for part, number in zip(parts, numbers, strict=True)]
    if len(shape) == 1:
        return [*made, Op("concat", {"X": parts}, {"Out": [out]}, {"axis": 0})]
    row = block.temporary(out, [len(numbers)])
    return [*made, Op("concat", {"X": parts}, {"Out": [row]}, {"axis": 0}), reshape(block, row, shape, out)]


def _filled(out: str, shape: list[int], dtype: int, number: float) -> Op:
    """A tensor of one number, which is said as text where it is finite: the other field is a float32."""
    text = repr(number) if math.isfinite(number) else ""
    attributes = {"shape": shape, "dtype": dtype, "value": float(number), "str_value": text}
    return Op("fill_constant", {}, {"Out": [out]}, attributes)


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
