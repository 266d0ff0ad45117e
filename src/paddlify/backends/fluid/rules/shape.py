"""Reshaping, moving and repeating axes."""

from __future__ import annotations

import math

from paddlify.backends.fluid.desc import INT32, Block, Op, fluid_schemas
from paddlify.backends.fluid.rules.arithmetic import narrowed
from paddlify.backends.fluid.rules.common import broadcast, cast, known, new_op, reshape, says
from paddlify.errors import Refusal


@says("flip", "roll")
def along_axes(op: Op, _block: Block) -> list[Op]:
    """The same; what Paddle 2 and 3 call `axis` is `dims` in Fluid, and both are said."""
    if not op.attributes.get("axis"):
        raise Refusal(f"Fluid's {op.type} needs the axes")
    op.attributes["dims"] = list(op.attributes["axis"])
    return [op]


@says("flatten_contiguous_range")
def flatten_contiguous_range(op: Op, block: Block) -> list[Op]:
    """A reshape; it has one -1, so at most one dynamic dimension may stand outside its axis' own place."""
    x, shape = op.input("X"), block.shape(op.input("X"))
    start, stop = (int(op.attributes[name]) % len(shape) for name in ("start_axis", "stop_axis"))
    middle = shape[start : stop + 1]
    target = [0 if dim < 0 else dim for dim in shape[:start]]
    target += [math.prod(middle) if known(middle) else -1]
    for dim in shape[stop + 1 :]:
        target.append(dim)
    if target.count(-1) > 1:
        raise Refusal("two dynamic dimensions change their place in a flatten")
    return [reshape(block, x, target, op.output())]


@says("reshape2")
def reshape2(op: Op, block: Block) -> list[Op]:
    """The same, with computed sizes as int32; what Paddle 3 calls a scalar is one element."""
    if not op.inputs.get("Shape") and not op.inputs.get("ShapeTensor") and not op.attributes.get("shape"):
        op.attributes["shape"] = [1]
    return [*narrowed(op, block, ("Shape", "ShapeTensor")), op]


@says("unsqueeze2", "squeeze2")
def axes_of_one(op: Op, block: Block) -> list[Op]:
    """The same; between a scalar and what has axes, and beyond six axes, it is a reshape."""
    x, target = op.input("X"), block.shape(op.output())
    ranks = (block.rank(x), len(target))
    if (min(ranks) and max(ranks) <= 6) or target.count(-1) > 1:
        return [op]
    return [reshape(block, x, target or [1], op.output())]


@says("shape", "size")
def sizes(op: Op, block: Block) -> list[Op]:
    """The same; what has no kernel is measured as int32."""
    (slot, (x,)), = op.inputs.items()
    if block.dtype(x) in fluid_schemas()[op.type].kernels:
        return [op]
    number = block.temporary(x, dtype=INT32)
    op.inputs[slot] = [number]
    return [cast(block, x, number), op]


@says("stack")
def stack(op: Op, block: Block) -> list[Op]:
    """The same; scalars, which are one element each, are joined."""
    if any(block.rank(name) for name in op.inputs["X"]):
        return [op]
    rows = [block.temporary(name, [1]) for name in op.inputs["X"]]
    made = [reshape(block, name, [1], row) for name, row in zip(op.inputs["X"], rows, strict=True)]
    return [*made, Op("concat", {"X": rows}, {"Out": op.outputs["Y"]}, {"axis": 0})]


@says("expand_v2")
def expand_v2(op: Op, block: Block) -> list[Op]:
    """`expand`, which repeats each axis a number of times."""
    if op.inputs.get("Shape") or op.inputs.get("expand_shapes_tensor"):
        raise Refusal("the shape is computed by the model")
    return broadcast(block, op.input("X"), list(op.attributes["shape"]), op.output())[0]


@says("expand_as_v2")
def expand_as_v2(op: Op, block: Block) -> list[Op]:
    """`expand` where the numbers are known, else `expand_as` of the same rank."""
    x, y = op.input("X"), op.input("Y")
    target = block.shape(y) if y else list(op.attributes["target_shape"])
    if known(target) or not y:
        return broadcast(block, x, target, op.output())[0]
    if block.rank(x) != len(target):
        raise Refusal("Fluid's expand_as keeps the rank")
    return [new_op("expand_as", {"X": x, "target_tensor": y}, op.output())]


@says("tile")
def tile(op: Op, block: Block) -> list[Op]:
    """`expand` is what Fluid calls it."""
    times = list(op.attributes.get("repeat_times", []))
    if op.inputs.get("RepeatTimes") or op.inputs.get("repeat_times_tensor") or len(times) != block.rank(op.input("X")):
        raise Refusal("the repeats are computed by the model, or do not fit the rank")
    return [Op("expand", {"X": op.inputs["X"]}, {"Out": op.outputs["Out"]}, {"expand_times": times})]


@says("repeat_interleave")
def repeat_interleave(op: Op, block: Block) -> list[Op]:
    """Each element gets an axis of its own, is repeated along it, and loses the axis again."""
    x, out, times = op.input("X"), op.output(), int(op.attributes.get("Repeats", 0))
    axis = int(op.attributes.get("dim", 0)) % block.rank(x)
    shape, target = block.shape(x), block.shape(out)
    if op.inputs.get("RepeatsTensor") or times < 1 or shape.count(-1) > 1 or target.count(-1) > 1:
        raise Refusal("the repeats are computed by the model, or two dynamic dimensions change their place")
    apart = block.temporary(x, [*shape[: axis + 1], 1, *shape[axis + 1 :]])
    repeated = block.temporary(x, [*shape[: axis + 1], times, *shape[axis + 1 :]])
    times_each = [times if index == axis + 1 else 1 for index in range(len(shape) + 1)]
    return [
        reshape(block, x, block.shape(apart), apart),
        new_op("expand", {"X": apart}, repeated, {"expand_times": times_each}),
        reshape(block, repeated, target, out),
    ]
