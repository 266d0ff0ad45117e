"""Arithmetic, element by element."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from paddlify.backends.fluid.desc import FP32, FP64, INT32, INT64, Block, Op
from paddlify.backends.fluid.rules.common import cast, known, new_op, reshape, says
from paddlify.errors import Refusal

_SYMMETRIC: Final = ("elementwise_add", "elementwise_mul", "elementwise_max", "elementwise_min")


@says(*_SYMMETRIC, "elementwise_sub", "elementwise_div", "elementwise_pow")
def elementwise(op: Op, block: Block) -> list[Op]:
    """The same; what is one channel long or so loses its ones and gets the `axis` that Fluid 1.6 needs.

    A right side of shape [1, C, 1, 1] becomes [C] at axis 1. Where the left side is the smaller one, the sides change
    place if that makes no difference.
    """
    x, y = op.input("X"), op.input("Y")
    is_smaller = block.rank(x) < block.rank(y) or (
        block.rank(x) == block.rank(y) and known(block.shape(x)) and 1 in block.shape(x) and 1 not in block.shape(y)
    )
    if op.type in _SYMMETRIC and is_smaller and op.attributes.get("axis", -1) == -1:
        x, y = y, x
    op.inputs = {"X": [x], "Y": [y]}
    shape, whole = block.shape(y), block.shape(x)
    core = [index for index, dim in enumerate(shape) if dim != 1]
    if not core or not known(shape) or len(shape) != len(whole) or op.attributes.get("axis", -1) != -1:
        return [op]
    inner = shape[core[0] : core[-1] + 1]
    if len(inner) == len(shape) or 1 in inner:
        return [op]
    narrow = block.temporary(y, inner)
    op.inputs["Y"] = [narrow]
    op.attributes["axis"] = core[0]
    return [reshape(block, y, inner, narrow), op]


@says("elementwise_mod", "elementwise_floordiv")
def division(op: Op, block: Block) -> list[Op]:
    """Of whole numbers, rounded down: Fluid rounds to 0, so its remainder r becomes (r + y) mod y."""
    x, y, out = op.input("X"), op.input("Y"), op.output()
    if block.dtype(x) not in (INT32, INT64) or op.attributes.get("axis", -1) != -1:
        raise Refusal(f"Fluid's {op.type} of floating-point numbers rounds otherwise")
    if block.rank(x) < block.rank(y):
        raise Refusal(f"Fluid's {op.type} does not broadcast its left side")
    first, more, whole = (block.temporary(x, block.shape(out)) for _ in range(3))
    remainder = out if op.type == "elementwise_mod" else block.temporary(x, block.shape(out))
    steps = [("mod", x, y, first), ("add", first, y, more), ("mod", more, y, remainder)]
    if op.type == "elementwise_floordiv":
        steps += [("sub", x, remainder, whole), ("floordiv", whole, y, out)]
    return [new_op(f"elementwise_{name}", {"X": a, "Y": b}, c, {"axis": -1}) for name, a, b, c in steps]


@says("round")
def rounded(_op: Op, _block: Block) -> list[Op]:
    """Not the same: halves go away from 0 in Fluid, to the even number in Paddle 3."""
    raise Refusal("Fluid rounds halves away from 0")


@says("clip")
def clip(op: Op, block: Block) -> list[Op]:
    """The same for floating-point numbers; whole numbers are compared with their bounds."""
    x, dtype = op.input("X"), block.dtype(op.input("X"))
    if dtype in (FP32, FP64):
        return [op]
    if op.inputs.get("Min") or op.inputs.get("Max"):
        raise Refusal("Fluid does not clip whole numbers to computed bounds")
    low, high, raised = block.temporary(x, [1]), block.temporary(x, [1]), block.temporary(x)
    bounds = [
        Op("fill_constant", {}, {"Out": [name]}, {"shape": [1], "dtype": dtype, "value": float(op.attributes[bound])})
        for name, bound in ((low, "min"), (high, "max"))
    ]
    return [
        *bounds,
        new_op("elementwise_max", {"X": x, "Y": low}, raised, {"axis": -1}),
        new_op("elementwise_min", {"X": raised, "Y": high}, op.output(), {"axis": -1}),
    ]


_INT32: Final = {"min": -2147483520.0, "max": 2147483520.0}
"""Bounds within int32 that are numbers of float32, as attributes are."""


def narrowed(op: Op, block: Block, slots: Sequence[str]) -> list[Op]:
    """int64 tensors in these slots of an operator become int32, and what is beyond that is cut to its end."""
    made: list[Op] = []
    for names in [op.inputs.get(slot, []) for slot in slots]:
        for index, name in enumerate(names):
            if block.dtype(name) == INT64:
                made += clip(new_op("clip", {"X": name}, block.temporary(name), dict(_INT32)), block)
                names[index] = block.temporary(name, dtype=INT32)
                made.append(cast(block, made[-1].output(), names[index]))
    return made
