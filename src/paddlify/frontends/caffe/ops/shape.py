"""Layers that move elements without changing them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import onnx_ir as ir

from paddlify.errors import LoadError
from paddlify.frontends.caffe.lowering import Recorder, canonical, dims_of, lowers, static_dims


@lowers("Flatten", param="flatten_param")
def flatten(op: Recorder, x: ir.Value, *, axis: int, end_axis: int) -> Any:
    """Axes `axis` to `end_axis` become one."""
    dims = dims_of(x)
    first, last = canonical(axis, len(dims)), canonical(end_axis, len(dims))
    if last < first:
        raise LoadError(f"end_axis={end_axis} lies before axis={axis}")
    if first == 1 and last == len(dims) - 1:
        return op.Flatten(x, axis=1)
    return op.Reshape(x, op.constant([0] * first + [-1, *static_dims(x, last + 1)]))


@lowers("Reshape", param="reshape_param")
def reshape(op: Recorder, x: ir.Value, *, shape: Any, axis: int, num_axes: int) -> Any:
    """Axes from `axis` on, `num_axes` of them or all, get new sizes: 0 keeps one, -1 takes what is left."""
    dims = dims_of(x)
    first = axis if axis >= 0 else len(dims) + axis + 1
    last = len(dims) if num_axes == -1 else first + num_axes
    if not 0 <= first <= last <= len(dims):
        raise LoadError(f"axis={axis}, num_axes={num_axes} is out of range for {len(dims)} axes")
    wanted = list(shape.dim)
    if wanted.count(-1) > 1 or min(wanted, default=0) < -1:
        raise LoadError(f"shape {wanted} is impossible")
    if any(size == 0 and first + index >= len(dims) for index, size in enumerate(wanted)):
        raise LoadError(f"shape {wanted} keeps an axis that its bottom {dims} does not have")
    is_aligned = first + len(wanted) == last
    behind = [0] * (len(dims) - last) if is_aligned else static_dims(x, last)
    _check_count(dims, [*dims[:first], *wanted, *dims[last:]], first)
    return op.Reshape(x, op.constant([0] * first + wanted + behind))


def _check_count(dims: Sequence[int | None], wanted: Sequence[int | None], first: int) -> None:
    """Raise LoadError when the bottom's elements cannot fill the top."""
    if None in dims:
        return
    known, infers = 1, False
    for index, size in enumerate(wanted):
        infers |= size == -1 and index >= first
        known *= 1 if size == -1 else int((size if size else dims[index]) or 0)
    count = 1
    for dim in dims:
        count *= dim or 0
    if (count % known if infers and known else count != known) != 0:
        raise LoadError(f"a bottom of shape {list(dims)} cannot become {list(wanted)}")


@lowers("Permute", param="permute_param")
def permute(op: Recorder, x: ir.Value, *, order: Sequence[int]) -> Any:
    """SSD's transpose; axes that are not named follow in their order."""
    rank = len(dims_of(x))
    if len(set(order)) != len(order) or any(axis >= rank for axis in order):
        raise LoadError(f"order {list(order)} is impossible for {rank} axes")
    return op.Transpose(x, perm=[*order, *(axis for axis in range(rank) if axis not in order)])


@lowers("Reverse", param="reverse_param")
def reverse(op: Recorder, x: ir.Value, *, axis: int) -> Any:
    return reversed_along(op, x, canonical(axis, len(dims_of(x))))


def reversed_along(op: Recorder, x: ir.Value, axis: int) -> Any:
    """The elements along an axis in the opposite order."""
    lowest = -(1 << 62)
    return op.Slice(
        x, op.constant([-1]), op.constant([lowest]), op.constant([axis]), op.constant([-1])
    )


@lowers("Slice", param="slice_param")
def slice_(op: Recorder, x: ir.Value, *, slice_dim: int, slice_point: Sequence[int], axis: int) -> Any:
    """Cut at the given points, or into equal parts."""
    along = canonical(slice_dim if axis == 1 else axis, len(dims_of(x)))
    if op.top_count == 1 and not slice_point:
        return x
    (size,) = static_dims(x, along, along + 1)
    if not slice_point:
        if size % op.top_count:
            raise LoadError(f"axis {along} of size {size} cannot be cut into {op.top_count} equal parts")
        return op.Split(x, outputs=op.top_count, axis=along, num_outputs=op.top_count)
    points = [0, *slice_point, size]
    if len(slice_point) != op.top_count - 1 or any(a >= b for a, b in pairwise(points)):
        raise LoadError(f"slice points {list(slice_point)} do not cut {size} into {op.top_count} parts")
    sizes = op.constant([b - a for a, b in pairwise(points)])
    return op.Split(x, sizes, outputs=op.top_count, axis=along)


@lowers("Concat", param="concat_param")
def concat(op: Recorder, *xs: ir.Value, concat_dim: int, axis: int) -> Any:
    if not xs:
        raise LoadError("it has no bottom")
    rank = len(dims_of(xs[0]))
    along = canonical(concat_dim if axis == 1 else axis, rank)
    for x in xs[1:]:
        if len(dims_of(x)) != rank or any(
            a is not None and b is not None and a != b
            for index, (a, b) in enumerate(zip(dims_of(x), dims_of(xs[0]), strict=True)) if index != along
        ):
            raise LoadError(f"bottoms {[dims_of(item) for item in xs]} cannot be joined along axis {along}")
    return xs[0] if len(xs) == 1 else op.Concat(*xs, axis=along)


@lowers("Tile", param="tile_param")
def tile(op: Recorder, x: ir.Value, *, axis: int, tiles: int) -> Any:
    rank = len(dims_of(x))
    if tiles < 1:
        raise LoadError(f"tiles={tiles} must be positive")
    repeats = [1] * rank
    repeats[canonical(axis, rank)] = tiles
    return op.Tile(x, op.constant(repeats))


@lowers("Crop", param="crop_param")
def crop(op: Recorder, x: ir.Value, like: ir.Value, *, axis: int, offset: Sequence[int]) -> Any:
    """Cut x to the size of the second bottom from `axis` on."""
    rank = len(dims_of(x))
    first = canonical(axis, rank)
    if len(dims_of(like)) != rank or len(offset) not in (0, 1, rank - first):
        raise LoadError(f"offset {list(offset)} from axis {first} does not fit bottoms of {rank} axes")
    axes = list(range(first, rank))
    starts = list(offset) * len(axes) if len(offset) == 1 else list(offset) or [0] * len(axes)
    sizes = dims_of(like)[first:]
    for size, start, dim in zip(sizes, starts, dims_of(x)[first:], strict=True):
        if size is not None and dim is not None and start + size > dim:
            raise LoadError(f"a size of {size} from offset {start} is beyond its bottom {dims_of(x)}")
    if None in sizes:
        ends = op.Add(op.Shape(like, start=first), op.constant(starts))
    else:
        ends = op.constant([start + (size or 0) for start, size in zip(starts, sizes, strict=True)])
    return op.Slice(x, op.constant(starts), ends, op.constant(axes))


@lowers("ShuffleChannel", param="shuffle_channel_param")
def shuffle_channel(op: Recorder, x: ir.Value, *, group: int) -> Any:
    """Channels (group, rest) in the order (rest, group)."""
    channels, *space = static_dims(x, 1)
    if group < 1 or channels % group:
        raise LoadError(f"group={group} does not divide {channels} channels")
    grouped = op.Reshape(x, op.constant([0, group, channels // group, *space]))
    shuffled = op.Transpose(grouped, perm=[0, 2, 1, *range(3, len(space) + 3)])
    return op.Reshape(shuffled, op.constant([0, channels, *space]))


@lowers("Reorg", param="reorg_param")
def reorg(op: Recorder, x: ir.Value, *, stride: int, reverse: bool) -> Any:
    """YOLO v2's, with the index arithmetic of Darknet: sizes are (C s², H/s, W/s), or with `reverse` the inverse.

    Darknet takes its input for the larger picture: channels C are C/s² channels of rows of s by s blocks.
    """
    channels, height, width = static_dims(x, 1)
    if channels % stride**2 or (not reverse and (height % stride or width % stride)):
        raise LoadError(f"stride={stride} does not divide its bottom {dims_of(x)}")
    inner = channels // stride**2
    if reverse:
        blocks = op.Reshape(x, op.constant([0, stride, stride, inner, height, width]))
        picture = op.Transpose(blocks, perm=[0, 3, 4, 1, 5, 2])
        return op.Reshape(picture, op.constant([0, inner, height * stride, width * stride]))
    picture = op.Reshape(x, op.constant([0, inner, height, stride, width, stride]))
    blocks = op.Transpose(picture, perm=[0, 3, 5, 1, 2, 4])
    return op.Reshape(blocks, op.constant([0, channels * stride**2, height // stride, width // stride]))


@lowers("BatchReindex")
def batch_reindex(op: Recorder, x: ir.Value, index: ir.Value) -> Any:
    """Items of the batch by number."""
    return op.Gather(x, op.Cast(index, to=ir.DataType.INT64), axis=0)


@lowers("Filter")
def filter_(op: Recorder, *xs: ir.Value) -> Any:
    """Those items of each bottom whose selector (the last bottom) is not 0."""
    if len(xs) < 2:
        raise LoadError("it wants data and a selector")
    selected = op.Cast(op.Reshape(xs[-1], op.constant([-1])), to=ir.DataType.BOOL)
    return tuple(op.Compress(x, selected, axis=0) for x in xs[:-1])
