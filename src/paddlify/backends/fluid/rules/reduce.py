"""Reductions, and where the largest element is."""

from __future__ import annotations

import math

from paddlify.backends.fluid.desc import Block, Op
from paddlify.backends.fluid.rules.common import known, new_op, reshape, says
from paddlify.errors import Refusal


@says("reduce_all", "reduce_any", "reduce_max", "reduce_mean", "reduce_min", "reduce_prod", "reduce_sum")
def reduction(op: Op, block: Block) -> list[Op]:
    """The same, with the axes as a list; of more than four axes, which Fluid reduces to 0, neighbours become one."""
    dims = op.attributes.get("dim")
    dims = [dims] if isinstance(dims, int) else list(dims or [])
    is_all = bool(op.attributes.get("reduce_all")) or not dims or len(dims) == block.rank(op.input("X"))
    attributes = {"dim": dims or [0], "keep_dim": bool(op.attributes.get("keep_dim")), "reduce_all": is_all}
    x, out = op.input("X"), op.output()
    shape = block.shape(x)
    if is_all or len(shape) <= 4:
        return [new_op(op.type, {"X": x}, out, attributes)]
    axes = sorted(int(dim) % len(shape) for dim in dims)
    before, inside, after = shape[: axes[0]], shape[axes[0] : axes[-1] + 1], shape[axes[-1] + 1 :]
    target = block.shape(out)
    if len(inside) != len(axes) or not known([*inside, *after]) or target.count(-1) > 1:
        raise Refusal("Fluid reduces more than four axes only where they are neighbours of known size")
    merged = [math.prod(before) if known(before) else -1, math.prod(inside), math.prod(after)]
    three, two = block.temporary(x, merged), block.temporary(out, [merged[0], merged[2]])
    attributes = {"dim": [1], "keep_dim": False, "reduce_all": False}
    return [
        reshape(block, x, [-1, *merged[1:]], three),
        new_op(op.type, {"X": three}, two, attributes),
        reshape(block, two, target, out),
    ]


@says("arg_max", "arg_min")
def best(op: Op, block: Block) -> list[Op]:
    """The same along an axis; of all elements, those are put in a row first."""
    x, attributes = op.input("X"), dict(op.attributes)
    is_flat = attributes.pop("flatten", False)
    if not is_flat:
        return [new_op(op.type, {"X": x}, op.output(), attributes)]
    if attributes.get("keepdims"):
        raise Refusal("the best of all elements, with its dimensions kept")
    row = block.temporary(x, [math.prod(block.shape(x)) if known(block.shape(x)) else -1])
    return [reshape(block, x, [-1], row), new_op(op.type, {"X": row}, op.output(), {**attributes, "axis": 0})]
