"""Comparisons, truth values, and the choice between two tensors."""

from __future__ import annotations

from typing import Final

from paddlify.backends.fluid.desc import BOOL, FP32, FP64, INT32, UINT8, Block, Op
from paddlify.backends.fluid.rules.arithmetic import elementwise
from paddlify.backends.fluid.rules.common import cast, new_op, says
from paddlify.errors import Refusal

_MIRRORED: Final = {
    "greater_equal": "less_equal", "greater_than": "less_than", "less_equal": "greater_equal",
    "less_than": "greater_than", "equal": "equal", "not_equal": "not_equal",
}  # fmt: skip


@says(*_MIRRORED)
def comparison(op: Op, block: Block) -> list[Op]:
    """The same; Fluid gives the result the shape of its left side, which is repeated to it where it may be smaller."""
    x, y, out, op_type = op.input("X"), op.input("Y"), op.output(), op.type
    made: list[Op] = []
    if block.dtype(x) in (BOOL, UINT8):
        numbers = [block.temporary(name, dtype=INT32) for name in (x, y)]
        made += [cast(block, *pair) for pair in zip((x, y), numbers, strict=True)]
        x, y = numbers
    if block.shape(x) != block.shape(out) and block.shape(y) == block.shape(out):
        x, y, op_type = y, x, _MIRRORED[op.type]
    if block.shape(x) != block.shape(out) or _may_differ(block.shape(x), block.shape(y)):
        ones, wide = block.temporary(y), block.temporary(x, block.shape(out))
        made.append(new_op("fill_any_like", {"X": y}, ones, {"value": 1.0, "dtype": block.dtype(y)}))
        made += elementwise(new_op("elementwise_mul", {"X": x, "Y": ones}, wide, {"axis": -1}), block)
        x = wide
    if op_type not in ("equal", "not_equal") or block.dtype(x) not in (FP32, FP64):
        return [*made, new_op(op_type, {"X": x, "Y": y}, out, {"axis": -1})]
    same = out if op_type == "equal" else block.temporary(out)
    made += _identical(block, x, y, same)
    return made if op_type == "equal" else [*made, new_op("logical_not", {"X": same}, out)]


def _may_differ(first: list[int], second: list[int]) -> bool:
    """Whether an axis is dynamic in both shapes, so that it may be 1 in one of them only."""
    return any(a == b == -1 for a, b in zip(reversed(first), reversed(second), strict=False))


def _identical(block: Block, x: str, y: str, out: str) -> list[Op]:
    """Whether floating-point numbers are equal: Fluid's own `equal` takes what differs by 1e-8 for the same."""
    less, more = block.temporary(out), block.temporary(out)
    return [
        new_op("less_equal", {"X": x, "Y": y}, less, {"axis": -1}),
        new_op("greater_equal", {"X": x, "Y": y}, more, {"axis": -1}),
        new_op("logical_and", {"X": less, "Y": more}, out),
    ]


@says("logical_and", "logical_or", "logical_xor")
def logical(op: Op, block: Block) -> list[Op]:
    """The same for equal shapes; what has to be broadcast is computed with 0 and 1."""
    shapes = [block.shape(op.input(slot)) for slot in ("X", "Y")]
    if shapes[0] == shapes[1] and not _may_differ(*shapes):
        return [new_op(op.type, {"X": op.input("X"), "Y": op.input("Y")}, op.output())]
    made, numbers = [], []
    for name in (op.input("X"), op.input("Y")):
        number = block.temporary(name, dtype=INT32)
        made.append(cast(block, name, number))
        numbers.append(number)
    if op.type == "logical_xor":
        return made + comparison(new_op("not_equal", {"X": numbers[0], "Y": numbers[1]}, op.output()), block)
    combined = block.temporary(op.output(), dtype=INT32)
    name = {"logical_and": "elementwise_mul", "logical_or": "elementwise_max"}[op.type]
    made += elementwise(new_op(name, {"X": numbers[0], "Y": numbers[1]}, combined, {"axis": -1}), block)
    return [*made, cast(block, combined, op.output())]


@says("where")
def where(op: Op, block: Block) -> list[Op]:
    """The same for equal shapes; what is smaller is multiplied by ones of the shape of the result.

    Dynamic sizes are equal, as for Paddle's own `where`: what may differ is broadcast before it in `model.py`.
    """
    target = block.shape(op.output())
    inputs = {slot: op.input(slot) for slot in ("Condition", "X", "Y")}
    like = next((name for name in inputs.values() if block.shape(name) == target), None)
    made: list[Op] = []
    for slot, name in inputs.items():
        if block.shape(name) == target:
            continue
        if like is None:
            raise Refusal("Fluid's where takes three tensors of one shape")
        more, inputs[slot] = _spread(block, name, like)
        made += more
    return [*made, new_op("where", inputs, op.output())]


def _spread(block: Block, x: str, like: str) -> tuple[list[Op], str]:
    """`x` broadcast to the shape of `like`: 1 times x is x, whatever x is."""
    made: list[Op] = []
    is_bool = block.dtype(x) == BOOL
    if is_bool:
        number = block.temporary(x, dtype=INT32)
        made.append(cast(block, x, number))
        x = number
    ones, out = (block.temporary(x, block.shape(like)) for _ in range(2))
    made.append(new_op("fill_any_like", {"X": like}, ones, {"value": 1.0, "dtype": block.dtype(x)}))
    made += elementwise(new_op("elementwise_mul", {"X": ones, "Y": x}, out, {"axis": -1}), block)
    if is_bool:
        truth = block.temporary(out, dtype=BOOL)
        made.append(cast(block, out, truth))
        out = truth
    return made, out


@says("isnan_v2", "isinf_v2", "isfinite_v2")
def number_tests(op: Op, block: Block) -> list[Op]:
    """Fluid's own see the whole tensor. A number is at most itself, NaN is not; x - x is NaN where x is infinite."""
    x, out = op.input("X"), op.output()
    number, finite, nought = block.temporary(out), block.temporary(out), block.temporary(x)
    is_number = new_op("less_equal", {"X": x, "Y": x}, number, {"axis": -1})
    if op.type == "isnan_v2":
        return [is_number, new_op("logical_not", {"X": number}, out)]
    made = [new_op("elementwise_sub", {"X": x, "Y": x}, nought, {"axis": -1})]
    if op.type == "isfinite_v2":
        return [*made, new_op("less_equal", {"X": nought, "Y": nought}, out, {"axis": -1})]
    return [
        *made,
        is_number,
        new_op("less_equal", {"X": nought, "Y": nought}, finite, {"axis": -1}),
        new_op("logical_xor", {"X": number, "Y": finite}, out),
    ]
