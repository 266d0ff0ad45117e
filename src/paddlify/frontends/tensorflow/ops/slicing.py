# mypy: disable-error-code="no-any-return"

"""Slices and padding, and the rearrangements between space, batch and depth that are made of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import onnx_ir as ir

from paddlify.errors import Refusal
from paddlify.frontends.tensorflow.lowering import lowers
from paddlify.frontends.tensorflow.ops.common import (
    Op,
    Result,
    Value,
    dims_of,
    divided,
    int64,
    ints,
    joined,
    multiplied,
    reshape_to,
    sizes,
    slice_axis,
    squeeze,
    unsqueeze,
)
from paddlify.frontends.tensorflow.ops.layout import channels_first, channels_last
from paddlify.ir.builder import constant_of, rank_of
from paddlify.ir.inference import elements_of, known_array, merged

END = np.iinfo(np.int64).max
BEFORE_START = np.iinfo(np.int64).min


@lowers("Slice")
def slice_(op: Op, x: Value, begin: Value, size: Value) -> Result:
    """A size of -1 means: to the end."""
    rank = rank_of(x)
    starts, counts = _parts(op, begin, rank), _parts(op, size, rank)
    ends = [_end(op, start, count) for start, count in zip(starts, counts, strict=True)]
    whole = [start == 0 and end in (END, dim) for start, end, dim in zip(starts, ends, sizes(x), strict=True)]
    axes = [axis for axis in range(rank) if not whole[axis]]
    if not axes:
        return op.Identity(x)
    result = op.Slice(x, _joined(op, starts, axes), _joined(op, ends, axes), op.constant(axes))
    known = [count if isinstance(count, int) and count >= 0 else None for count in counts]
    result.shape = merged(ir.Shape(known), result.shape if result.shape is not None else ir.Shape(known))
    return result


def _end(op: Op, start: int | Value, count: int | Value) -> int | Value:
    if isinstance(count, int):
        if count == -1:
            return END
        return start + count if isinstance(start, int) else op.Add(start, op.constant([count]))
    end = op.Add(op.constant([start]) if isinstance(start, int) else start, count)
    return op.Where(op.Equal(count, op.constant([-1])), op.constant([END]), end)


def _parts(op: Op, x: Value, count: int) -> list[int | Value]:
    """The elements of an integer vector: numbers where known, int64 vectors of one element elsewhere."""
    elements = elements_of(x) or [None] * count
    wide = int64(op, x) if not all(isinstance(element, int) for element in elements) else x
    return [
        element if isinstance(element, int) else slice_axis(op, wide, 0, index, index + 1)
        for index, element in enumerate(elements)
    ]


def _joined(op: Op, parts: Sequence[int | Value], axes: Sequence[int]) -> Value:
    return joined(op, *([part] if isinstance(part, int) else part for part in (parts[axis] for axis in axes)))


@dataclass
class _Plan:
    """What a StridedSlice does, axis by axis of the input.

    Attributes:
        ranges: (axis, start, end, step) of axes that are cut.
        indices: (axis, index) of axes of which one element is taken.
        new_axes: places of axes of size 1 in the result.
    """

    ranges: list[tuple[int, int | Value, int | Value, int]] = field(default_factory=list)
    indices: list[tuple[int, int | Value]] = field(default_factory=list)
    new_axes: list[int] = field(default_factory=list)


@lowers("StridedSlice")
def strided_slice(
    op: Op, x: Value, begin: Value, end: Value, strides: Value, *, begin_mask: int, end_mask: int,
    ellipsis_mask: int, new_axis_mask: int, shrink_axis_mask: int,
) -> Result:
    """NumPy's basic indexing; where bits of several masks are set, ellipsis wins over new axis over shrink."""
    steps = ints(strides, "strides")
    starts, ends = _parts(op, begin, len(steps)), _parts(op, end, len(steps))
    plan, axis, place = _Plan(), 0, 0
    for index, step in enumerate(steps):
        bit = 1 << index
        if ellipsis_mask & bit:
            taken = sum(not (new_axis_mask >> later) & 1 for later in range(index + 1, len(steps)))
            skipped = rank_of(x) - taken - axis
            axis, place = axis + skipped, place + skipped
        elif new_axis_mask & bit:
            plan.new_axes.append(place)
            place += 1
        elif shrink_axis_mask & bit:
            plan.indices.append((axis, starts[index]))
            axis += 1
        else:
            start = (0 if step > 0 else END) if begin_mask & bit else starts[index]
            stop = (END if step > 0 else BEFORE_START) if end_mask & bit else ends[index]
            if (start, stop, step) != (0, END, 1):
                plan.ranges.append((axis, start, stop, step))
            axis, place = axis + 1, place + 1
    if axis > rank_of(x):
        raise Refusal(f"it indexes {axis} axes of a tensor of rank {rank_of(x)}")
    return _carried_out(op, x, plan)


def _carried_out(op: Op, x: Value, plan: _Plan) -> Value:
    result = x
    if plan.ranges:
        axes, starts, ends, steps = zip(*plan.ranges, strict=True)
        every = range(len(axes))
        given_steps = op.constant(list(steps)) if any(step != 1 for step in steps) else None
        result = op.Slice(
            x, _joined(op, starts, every), _joined(op, ends, every), op.constant(list(axes)),
            *([given_steps] if given_steps is not None else []),
        )
    for axis, index in reversed(plan.indices):
        position = op.constant(index) if isinstance(index, int) else squeeze(op, index, 0)
        result = op.Gather(result, position, axis=axis)
    result = unsqueeze(op, result, *plan.new_axes)
    return result if result is not x else op.Identity(x)


@lowers("Pad")
def pad(op: Op, x: Value, paddings: Value) -> Result:
    return op.Pad(x, _pads(op, paddings), mode="constant")


@lowers("PadV2")
def pad_v2(op: Op, x: Value, paddings: Value, fill: Value) -> Result:
    return op.Pad(x, _pads(op, paddings), fill, mode="constant")


@lowers("MirrorPad")
def mirror_pad(op: Op, x: Value, paddings: Value, *, mode: str) -> Result:
    """SYMMETRIC repeats the edge itself; ONNX's Pad knows only REFLECT, which does not."""
    if mode == "REFLECT":
        return op.Pad(x, _pads(op, paddings), mode="reflect")
    if mode != "SYMMETRIC":
        raise Refusal(f"mode {mode} is not known")
    result = x
    for axis, (before, after) in enumerate(constant_of(paddings, "paddings").tolist()):
        head = [_backwards(op, result, axis, before - 1, BEFORE_START)] if before else []
        tail = [_backwards(op, result, axis, -1, -after - 1)] if after else []
        if head or tail:
            result = op.Concat(*head, result, *tail, axis=axis)
    return result if result is not x else op.Identity(x)


def _backwards(op: Op, x: Value, axis: int, start: int, end: int) -> Value:
    return op.Slice(x, op.constant([start]), op.constant([end]), op.constant([axis]), op.constant([-1]))


def _pads(op: Op, paddings: Value) -> Value:
    """Rows of (before, after) as ONNX has them: all before, then all after."""
    known = known_array(paddings)
    if known is not None:
        return op.constant(known.T.reshape(-1), ir.DataType.INT64)
    return op.Reshape(op.Transpose(int64(op, paddings), perm=[1, 0]), op.constant([-1]))


@lowers("SpaceToBatch")
def space_to_batch(op: Op, x: Value, paddings: Value, *, block_size: int) -> Result:
    return _space_to_batch(op, x, [block_size, block_size], paddings)


@lowers("SpaceToBatchND")
def space_to_batch_nd(op: Op, x: Value, block_shape: Value, paddings: Value) -> Result:
    return _space_to_batch(op, x, ints(block_shape, "block_shape"), paddings)


def _space_to_batch(op: Op, x: Value, blocks: list[int], paddings: Value) -> Value:
    """[b, s·k, …] padded, cut to [b, s, k, …], the k of each axis put in front: [k · b, s, …]."""
    count, rank = len(blocks), rank_of(x)
    around = joined_rows(op, paddings, count, rank)
    padded = x if _all_zero(around) else op.Pad(x, around, mode="constant")
    batch, rest = dims_of(op, x)[0], dims_of(op, x)[count + 1 :]  # where computed pads are not known to be 0
    space = dims_of(op, padded)[1 : count + 1]
    cut = [part for dim, block in zip(space, blocks, strict=True) for part in (divided(op, dim, block), block)]
    inner, outer = range(2, 2 * count + 1, 2), range(1, 2 * count + 1, 2)
    perm = [*inner, 0, *outer, *range(2 * count + 1, rank + count)]
    moved = op.Transpose(reshape_to(op, padded, [batch, *cut, *rest]), perm=perm)
    return reshape_to(op, moved, [multiplied(op, batch, int(np.prod(blocks))), *cut[::2], *rest])


def joined_rows(op: Op, rows: Value, count: int, rank: int) -> Value:
    """Pads of a tensor whose axes 1 … count are padded by rows of (before, after)."""
    pads = _pads(op, rows)
    before, after = slice_axis(op, pads, 0, 0, count), slice_axis(op, pads, 0, count)
    known = known_array(pads)
    if known is not None:
        before, after = op.constant(known[:count]), op.constant(known[count:])
    others = [0] * (rank - count - 1)
    return joined(op, [0], before, others, [0], after, others)


def _all_zero(x: Value) -> bool:
    known = known_array(x)
    return known is not None and not known.any()


@lowers("BatchToSpace")
def batch_to_space(op: Op, x: Value, crops: Value, *, block_size: int) -> Result:
    return _batch_to_space(op, x, [block_size, block_size], crops)


@lowers("BatchToSpaceND")
def batch_to_space_nd(op: Op, x: Value, block_shape: Value, crops: Value) -> Result:
    return _batch_to_space(op, x, ints(block_shape, "block_shape"), crops)


def _batch_to_space(op: Op, x: Value, blocks: list[int], crops: Value) -> Value:
    """[k · b, s, …] taken apart to [k, b, s, …], each k put behind its s: [b, s·k, …], then cropped."""
    count, rank = len(blocks), rank_of(x)
    batch, *space = dims_of(op, x)[: count + 1]
    rest = dims_of(op, x)[count + 1 :]
    smaller = divided(op, batch, int(np.prod(blocks)))
    taken_apart = reshape_to(op, x, [*blocks, smaller, *space, *rest])
    pairs = [axis for index in range(count) for axis in (count + 1 + index, index)]
    moved = op.Transpose(taken_apart, perm=[count, *pairs, *range(2 * count + 1, rank + count)])
    larger = [multiplied(op, dim, block) for dim, block in zip(space, blocks, strict=True)]
    result = reshape_to(op, moved, [smaller, *larger, *rest])
    return _cropped(op, result, crops, count)


def _cropped(op: Op, x: Value, crops: Value, count: int) -> Value:
    """`x` without crops[i] = (before, after) elements of axis 1 + i."""
    axes = op.constant(list(range(1, count + 1)))
    known = known_array(crops)
    if known is None:
        wide = int64(op, crops)
        before, after = (squeeze(op, slice_axis(op, wide, 1, side, side + 1), 1) for side in (0, 1))
        return op.Slice(x, before, op.Sub(op.Shape(x, start=1, end=count + 1), after), axes)
    if not known.any():
        return x
    ends = [-after if after else END for _, after in known.tolist()]
    return op.Slice(x, op.constant(known[:, 0], ir.DataType.INT64), op.constant(ends), axes)


@lowers("DepthToSpace")
def depth_to_space(op: Op, x: Value, *, block_size: int, data_format: str) -> Result:
    moved = op.DepthToSpace(channels_first(op, x, data_format), blocksize=block_size, mode="DCR")
    return channels_last(op, moved, data_format)


@lowers("SpaceToDepth")
def space_to_depth(op: Op, x: Value, *, block_size: int, data_format: str) -> Result:
    moved = op.SpaceToDepth(channels_first(op, x, data_format), blocksize=block_size)
    return channels_last(op, moved, data_format)
