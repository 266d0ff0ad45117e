"""Gathering and slicing."""

from __future__ import annotations

import math
from typing import Final

from paddlify.backends.fluid.desc import BOOL, INT32, Block, Op
from paddlify.backends.fluid.rules.arithmetic import narrowed
from paddlify.backends.fluid.rules.common import cast, known, new_op, permuted, reshape, says, transposed
from paddlify.backends.fluid.rules.shape import sizes
from paddlify.errors import Refusal


@says("gather")
def gather(op: Op, block: Block) -> list[Op]:
    """`gather` along the first axis, `index_select` along another; a scalar index loses its axis afterwards."""
    if op.inputs.get("Axis"):
        raise Refusal("the axis is computed by the model")
    x, index, out = op.input("X"), op.input("Index"), op.output()
    axis = int(op.attributes.get("axis", 0)) % block.rank(x)
    before, index = _from_the_front(block, index, x, axis)
    made: list[Op] = []
    target = block.shape(out)
    if not block.rank(index):
        if target.count(-1) > 1:
            raise Refusal("two dynamic dimensions change their place behind a scalar index")
        shape = block.shape(x)
        taken = block.temporary(out, [*shape[:axis], 1, *shape[axis + 1 :]])
        made = [reshape(block, taken, target or [1], out)]
        out = taken
    if axis == 0:
        return [*before, new_op("gather", {"X": x, "Index": index}, out), *made]
    return [*before, new_op("index_select", {"X": x, "Index": index}, out, {"dim": axis}), *made]


def _from_the_front(block: Block, index: str, x: str, axis: int) -> tuple[list[Op], str]:
    """Indices along an axis of `x` with those from the end, which Fluid does not know, counted from the front."""
    below, added, out = block.temporary(index, dtype=BOOL), block.temporary(index), block.temporary(index)
    nought, shift = (block.temporary(index) for _ in range(2))
    return [
        new_op("fill_any_like", {"X": index}, nought, {"value": 0.0, "dtype": block.dtype(index)}),
        new_op("less_than", {"X": index, "Y": nought}, below, {"axis": -1}),
        cast(block, below, added),
        *_times_size(block, added, x, axis, shift),
        new_op("elementwise_add", {"X": index, "Y": shift}, out, {"axis": -1}),
    ], out


def _times_size(block: Block, number: str, x: str, axis: int, out: str) -> list[Op]:
    """`number` times the size of `x` along an axis, which is read when the program runs where it is not known."""
    size = block.shape(x)[axis]
    if size >= 0:
        return [new_op("scale", {"X": number}, out, {"scale": float(size), "bias": 0.0, "bias_after_scale": True})]
    shape, one = block.temporary(x, [block.rank(x)], INT32), block.temporary(x, [1], INT32)
    factor = block.temporary(number, [1])
    along = {"axes": [0], "starts": [axis], "ends": [axis + 1], "decrease_axis": []}
    return [
        *sizes(new_op("shape", {"Input": x}, shape), block),
        new_op("slice", {"Input": shape}, one, along),
        cast(block, one, factor),
        new_op("elementwise_mul", {"X": number, "Y": factor}, out, {"axis": -1}),
    ]


@says("take_along_axis")
def take_along_axis(op: Op, block: Block) -> list[Op]:
    """`index_sample` takes along the second axis of a matrix: the other axes become its first."""
    x, index, out = op.input("Input"), op.input("Index"), op.output("Result")
    shape, places = block.shape(x), block.shape(index)
    axis = int(op.attributes.get("Axis", 0)) % len(shape)
    order = [dim for dim in range(len(shape)) if dim != axis] + [axis]
    shape, places = permuted(shape, order), permuted(places, order)
    if shape[:-1] != places[:-1] or not known([*shape[1:], *places[1:]]):
        raise Refusal("Fluid takes along an axis only where the other axes are equal and their sizes known")
    made, index = _from_the_front(block, index, x, axis)
    matrices = []
    for name, dims in ((x, shape), (index, places)):
        first, moved = transposed(block, name, order)
        rows = math.prod(dims[:-1]) if known(dims) else -1
        matrix = block.temporary(name, [rows, dims[-1]])
        made += [first, reshape(block, moved, [-1, dims[-1]], matrix)]
        matrices.append(matrix)
    taken = block.temporary(out, [-1, places[-1]])
    moved = block.temporary(out, places)
    back = [order.index(dim) for dim in range(len(order))]
    return [
        *made,
        new_op("index_sample", {"X": matrices[0], "Index": matrices[1]}, taken),
        reshape(block, taken, [-1, *places[1:]], moved),
        transposed(block, moved, back, out)[0],
    ]


_BOUNDS: Final = ("StartsTensor", "EndsTensor", "StartsTensorList", "EndsTensorList")


@says("slice")
def slice_(op: Op, block: Block) -> list[Op]:
    """The same, with computed bounds as int32."""
    bounds = zip(op.attributes.get("starts", []), op.attributes.get("ends", []), strict=False)
    is_computed = any(op.inputs.get(slot) for slot in _BOUNDS)
    if not is_computed and any(start >= end and (start < 0) == (end < 0) for start, end in bounds):
        raise Refusal("Fluid has no tensors of no elements, and nothing is left of the slice")
    return [*narrowed(op, block, _BOUNDS), op]


@says("strided_slice")
def strided_slice(op: Op, block: Block) -> list[Op]:
    """The same forwards, with computed bounds as int32; backwards Fluid counts the end otherwise."""
    if any(op.inputs.get(slot) for slot in ("StridesTensor", "StridesTensorList")) or min(op.attributes["strides"]) < 0:
        raise Refusal("Fluid slices backwards otherwise")
    return [*narrowed(op, block, _BOUNDS), op]
