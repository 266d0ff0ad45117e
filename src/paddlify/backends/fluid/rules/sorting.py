"""Sorting, and the largest elements."""

from __future__ import annotations

from paddlify.backends.fluid.desc import BOOL, INT32, INT64, Block, Op
from paddlify.backends.fluid.rules.common import cast, new_op, permuted, says, transposed
from paddlify.errors import Refusal


@says("argsort")
def argsort(op: Op, block: Block) -> list[Op]:
    """`argsort`, which leaves equal elements in any order: a second one puts them back into the order they came in.

    Along the axis of n sorted elements, those that are equal have one number g; g n + index is different for all, and
    sorted it leaves each g where it is. NaN has no place in Fluid's order.
    """
    x, out, axis = op.input("X"), op.output(), int(op.attributes.get("axis", -1)) % block.rank(op.input("X"))
    attributes = {"axis": axis, "descending": bool(op.attributes.get("descending"))}
    if not op.attributes.get("stable"):
        return [Op("argsort", op.inputs, op.outputs, attributes)]
    follows = "greater_than" if attributes["descending"] else "less_than"
    before, moved = block.temporary(out), block.temporary(out, dtype=BOOL)
    sizes, size = block.temporary(x, [block.rank(x)], INT32), block.temporary(x, [1], INT32)
    count = block.temporary(size, dtype=INT64)
    places, begins, group, shift, key, ordered, unused = (block.temporary(x, dtype=INT64) for _ in range(7))
    along = {"axes": [0], "starts": [axis], "ends": [axis + 1], "decrease_axis": []}
    return [
        Op("argsort", {"X": [x]}, {"Out": [out], "Indices": [places]}, attributes),
        new_op("roll", {"X": out}, before, {"dims": [axis], "axis": [axis], "shifts": [1]}),
        new_op(follows, {"X": before, "Y": out}, moved, {"axis": -1}),
        cast(block, moved, begins),
        new_op("cumsum", {"X": begins}, group, {"axis": axis, "exclusive": False, "reverse": False}),
        new_op("shape", {"Input": x}, sizes),
        new_op("slice", {"Input": sizes}, size, along),
        cast(block, size, count),
        new_op("elementwise_mul", {"X": group, "Y": count}, shift, {"axis": -1}),
        new_op("elementwise_add", {"X": shift, "Y": places}, key, {"axis": -1}),
        Op("argsort", {"X": [key]}, {"Out": [ordered], "Indices": [unused]}, {"axis": axis, "descending": False}),
        new_op("elementwise_sub", {"X": ordered, "Y": shift}, op.output("Indices"), {"axis": -1}),
    ]


@says("top_k_v2")
def top_k_v2(op: Op, block: Block) -> list[Op]:
    """`top_k`, which takes the largest along the last axis; another axis is moved there and back."""
    x, rank = op.input("X"), block.rank(op.input("X"))
    axis = int(op.attributes.get("axis", -1)) % rank
    if not op.attributes.get("largest", True) or op.inputs.get("K"):
        raise Refusal("Fluid's top_k takes the k largest, with a constant k")
    attributes = {"k": op.attributes["k"]}
    out, indices = op.output(), op.output("Indices")
    if axis == rank - 1:
        return [Op("top_k", {"X": [x]}, {"Out": [out], "Indices": [indices]}, attributes)]
    swap = [rank - 1 if dim == axis else axis if dim == rank - 1 else dim for dim in range(rank)]
    first, moved = transposed(block, x, swap)
    values, places = (block.temporary(name, permuted(block.shape(name), swap)) for name in (out, indices))
    return [
        first,
        Op("top_k", {"X": [moved]}, {"Out": [values], "Indices": [places]}, attributes),
        transposed(block, values, swap, out)[0],
        transposed(block, places, swap, indices)[0],
    ]
