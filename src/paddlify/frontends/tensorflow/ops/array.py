# mypy: disable-error-code="no-any-return"

"""Shapes and arrangement: reshape, transpose, join, split, repeat, fill, reverse."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx_ir as ir

from paddlify.errors import Refusal
from paddlify.frontends.tensorflow.lowering import lowers
from paddlify.frontends.tensorflow.ops.common import (
    Op,
    Result,
    Value,
    cast,
    constant_axis,
    filled,
    int64,
    ints,
    joined,
    positive_axis,
    reshape,
    select,
    shape_of,
    size_of,
    sizes,
    slice_axis,
    squeeze,
    transpose,
    unsqueeze,
    vector,
)
from paddlify.ir.builder import constant_of, dtype_of, rank_of
from paddlify.ir.inference import known_array


@lowers("Shape")
def shape(op: Op, x: Value, *, out_type: ir.DataType) -> Result:
    return cast(op, shape_of(op, x), out_type)


@lowers("ShapeN")
def shape_n(op: Op, *inputs: Value, out_type: ir.DataType) -> Result:
    return tuple(cast(op, shape_of(op, x), out_type) for x in inputs)


@lowers("Size")
def size(op: Op, x: Value, *, out_type: ir.DataType) -> Result:
    known = [dim for dim in sizes(x) if dim is not None]
    if len(known) == rank_of(x):
        return op.constant(np.prod(known, dtype=np.int64), out_type)
    return cast(op, op.Size(x), out_type)


@lowers("Rank")
def rank(op: Op, x: Value) -> Result:
    return op.constant(rank_of(x), ir.DataType.INT32)


@lowers("DataFormatVecPermute")
def data_format_vec_permute(op: Op, x: Value, *, src_format: str, dst_format: str) -> Result:
    """A vector (or the rows of a matrix) of one element for each axis, in the order of another data format."""
    order = [src_format.index(letter) for letter in dst_format if letter in src_format]
    length = sizes(x)[0]
    if length == len(order) - 2:
        space = [axis for axis in src_format if axis not in "NC"]
        order = [space.index(axis) for axis in dst_format if axis not in "NC"]
    elif length != len(order):
        raise Refusal("its length does not fit the data format")
    return op.Gather(x, op.constant(order), axis=0)


@lowers("DataFormatDimMap")
def data_format_dim_map(op: Op, x: Value, *, src_format: str, dst_format: str) -> Result:
    """Numbers of axes of one data format as numbers of those of another."""
    return op.Gather(op.constant([dst_format.index(axis) for axis in src_format], dtype_of(x)), x, axis=0)


@lowers("Reshape")
def reshape_(op: Op, x: Value, shape: Value) -> Result:
    """A size of 0 means 0, where ONNX would by default keep the input's."""
    return reshape(op, x, vector(op, shape))


@lowers("Squeeze")
def squeeze_(op: Op, x: Value, *, squeeze_dims: tuple[int, ...]) -> Result:
    if squeeze_dims:
        return squeeze(op, x, *sorted(positive_axis(axis, rank_of(x)) for axis in squeeze_dims))
    known = sizes(x)
    if None in known:
        raise Refusal("which axes have size 1 is not known at conversion time")
    axes = [axis for axis, dim in enumerate(known) if dim == 1]
    return squeeze(op, x, *axes) if axes else op.Identity(x)


@lowers("ExpandDims")
def expand_dims(op: Op, x: Value, axis: Value) -> Result:
    return unsqueeze(op, x, positive_axis(ints(axis, "dim")[0], rank_of(x) + 1))


@lowers("Transpose")
def transpose_(op: Op, x: Value, perm: Value) -> Result:
    order = [positive_axis(axis, rank_of(x)) for axis in ints(perm, "perm")]
    return op.Identity(x) if order == list(range(len(order))) else op.Transpose(x, perm=order)


@lowers("Concat")
def concat(op: Op, axis: Value, *inputs: Value) -> Result:
    return _concat(op, inputs, axis, "concat_dim")


@lowers("ConcatV2")
def concat_v2(op: Op, *inputs: Value) -> Result:
    return _concat(op, inputs[:-1], inputs[-1], "axis")


def _concat(op: Op, inputs: tuple[Value, ...], axis: Value, name: str) -> Value:
    if len(inputs) == 1:
        return op.Identity(inputs[0])
    return op.Concat(*inputs, axis=constant_axis(inputs[0], axis, name))


@lowers("Pack")
def pack(op: Op, *inputs: Value, axis: int) -> Result:
    place = positive_axis(axis, rank_of(inputs[0]) + 1)
    parts = [unsqueeze(op, x, place) for x in inputs]
    return op.Concat(*parts, axis=place) if len(parts) > 1 else parts[0]


@lowers("ParallelConcat")
def parallel_concat(op: Op, *inputs: Value, shape: object) -> Result:
    """Along the first axis; the shape is that of the result."""
    return op.Concat(*inputs, axis=0)


@lowers("Unpack")
def unpack(op: Op, x: Value, *, num: int, axis: int) -> Result:
    place = positive_axis(axis, rank_of(x))
    if num == 1:
        return (squeeze(op, x, place),)
    parts = op.Split(x, axis=place, num_outputs=num, outputs=num)
    return tuple(squeeze(op, part, place) for part in parts)


@lowers("Split")
def split(op: Op, axis: Value, x: Value, *, num_split: int) -> Result:
    """Into equal parts; where ONNX would make the last one smaller, TensorFlow does not run."""
    if num_split == 1:
        return (op.Identity(x),)
    return op.Split(x, axis=constant_axis(x, axis, "split_dim"), num_outputs=num_split, outputs=num_split)


@lowers("SplitV")
def split_v(op: Op, x: Value, size_splits: Value, axis: Value, *, num_split: int) -> Result:
    """One of the sizes may be -1: what is left."""
    if num_split == 1:
        return (op.Identity(x),)
    place = constant_axis(x, axis, "split_dim")
    if known_array(size_splits) is None:
        given = vector(op, size_splits)
        left = op.Sub(op.Sub(size_of(op, x, place), op.ReduceSum(given, keepdims=1)), op.constant([1]))
        lengths = op.Where(op.Less(given, op.constant([0])), left, given)
        return op.Split(x, lengths, axis=place, outputs=num_split)
    parts = ints(size_splits, "size_splits")
    if -1 not in parts:
        return op.Split(x, op.constant(parts), axis=place, outputs=num_split)
    rest = op.Sub(size_of(op, x, place), op.constant([sum(parts) + 1]))
    free = parts.index(-1)
    return op.Split(x, joined(op, parts[:free], rest, parts[free + 1 :]), axis=place, outputs=num_split)


@lowers("Tile")
def tile(op: Op, x: Value, multiples: Value) -> Result:
    return op.Tile(x, vector(op, multiples))


@lowers("Fill")
def fill(op: Op, dims: Value, value: Value) -> Result:
    known = known_array(value)
    if known is not None:
        return filled(op, vector(op, dims), dtype_of(value), known.item())
    return op.Expand(value, vector(op, dims))


@lowers("ZerosLike")
def zeros_like(op: Op, x: Value) -> Result:
    return filled(op, shape_of(op, x), dtype_of(x), 0)


@lowers("OnesLike")
def ones_like(op: Op, x: Value) -> Result:
    return filled(op, shape_of(op, x), dtype_of(x), 1)


@lowers("BroadcastTo")
def broadcast_to(op: Op, x: Value, shape: Value) -> Result:
    """TensorFlow's shape never makes an axis of the input larger than the result's, where ONNX's may."""
    return op.Expand(x, vector(op, shape))


@lowers("BroadcastArgs")
def broadcast_args(op: Op, a: Value, b: Value) -> Result:
    """The shape that two shapes broadcast to: the larger size, save that 0 beats 1."""
    length = max(size for vector_ in (a, b) for size in _known_length(vector_))
    left, right = (_padded_with_ones(op, vector_, length) for vector_ in (a, b))
    return cast(op, op.Where(op.Equal(left, op.constant([1])), right, left), dtype_of(a))


def _known_length(x: Value) -> list[int]:
    known = [dim for dim in sizes(x) if dim is not None]
    if not known:
        raise Refusal("the length of a shape is not known at conversion time")
    return known


def _padded_with_ones(op: Op, shape: Value, length: int) -> Value:
    missing = length - _known_length(shape)[0]
    return joined(op, [1] * missing, vector(op, shape))


@lowers("Range")
def range_(op: Op, start: Value, limit: Value, delta: Value) -> Result:
    return op.Range(start, limit, delta)


@lowers("LinSpace")
def lin_space(op: Op, start: Value, stop: Value, num: Value) -> Result:
    """start + i · (stop - start) / (num - 1), the last element being `stop` itself."""
    dtype = dtype_of(start)
    count = int64(op, num)
    last = op.Sub(count, op.constant(1))
    place = op.Range(op.constant(0), count, op.constant(1))
    steps = op.Cast(op.Max(last, op.constant(1)), to=dtype)
    step = op.Div(op.Sub(stop, start), steps)
    values = op.Add(start, op.Mul(op.Cast(place, to=dtype), step))
    is_last = op.And(op.Equal(place, last), op.Greater(place, op.constant(0)))
    return op.Where(is_last, stop, values)


@lowers("OneHot")
def one_hot(op: Op, indices: Value, depth: Value, on: Value, off: Value, *, axis: int) -> Result:
    """Off everywhere for an index out of range, where ONNX would count a negative one from the end."""
    rank = rank_of(indices)
    place = positive_axis(axis, rank + 1)
    classes = op.Range(op.constant(0), _scalar64(op, depth), op.constant(1))
    classes = unsqueeze(op, classes, *range(1, rank + 1 - place))
    return select(op, op.Equal(unsqueeze(op, int64(op, indices), place), classes), on, off)


def _scalar64(op: Op, x: Value) -> Value:
    known = known_array(x)
    return op.constant(known.reshape(()), ir.DataType.INT64) if known is not None else int64(op, x)


@lowers("Select")
def select_v1(op: Op, condition: Value, x: Value, y: Value) -> Result:
    """The condition is a scalar, has the shape of x and y, or is a vector that chooses rows."""
    if rank_of(condition) == 1 and rank_of(x) > 1:
        condition = unsqueeze(op, condition, *range(1, rank_of(x)))
    return select(op, condition, x, y)


@lowers("SelectV2")
def select_v2(op: Op, condition: Value, x: Value, y: Value) -> Result:
    return select(op, condition, x, y)


@lowers("Where")
def where(op: Op, condition: Value) -> Result:
    """The coordinates of what is not zero, one row each."""
    if dtype_of(condition) not in (ir.DataType.BOOL, ir.DataType.FLOAT, ir.DataType.INT32, ir.DataType.INT64):
        condition = op.Cast(condition, to=ir.DataType.BOOL)
    return op.Transpose(op.NonZero(condition), perm=[1, 0])


@lowers("Reverse")
def reverse(op: Op, x: Value, dims: Value) -> Result:
    """The first form: one truth value for each axis."""
    axes = [axis for axis, flag in enumerate(constant_of(dims, "dims").reshape(-1)) if flag]
    return _reversed(op, x, axes)


@lowers("ReverseV2")
def reverse_v2(op: Op, x: Value, axis: Value) -> Result:
    return _reversed(op, x, [positive_axis(place, rank_of(x)) for place in ints(axis, "axis")])


def _reversed(op: Op, x: Value, axes: list[int]) -> Value:
    if not axes:
        return op.Identity(x)
    count = len(axes)
    beyond = [np.iinfo(np.int64).min] * count
    return op.Slice(x, op.constant([-1] * count), op.constant(beyond), op.constant(axes), op.constant([-1] * count))


@lowers("ReverseSequence")
def reverse_sequence(op: Op, x: Value, lengths: Value, *, seq_dim: int, batch_dim: int) -> Result:
    """ONNX knows time and batch as the first two axes, in either order, only."""
    time, batch = positive_axis(seq_dim, rank_of(x)), positive_axis(batch_dim, rank_of(x))
    others = [axis for axis in range(rank_of(x)) if axis not in (time, batch)]
    perm = [*sorted([batch, time]), *others]
    moved = transpose(op, x, perm)
    result = op.ReverseSequence(
        moved, int64(op, lengths), batch_axis=perm.index(batch), time_axis=perm.index(time)
    )
    return transpose(op, result, [perm.index(axis) for axis in range(rank_of(x))])


@lowers("Roll")
def roll(op: Op, x: Value, shift: Value, axis: Value) -> Result:
    """Elements that leave at one end of an axis enter at the other; shifts of the same axis add up."""
    if known_array(shift) is None:
        return _rolled_by_computed(op, x, vector(op, shift), ints(axis, "axis"))
    shifts: dict[int, int] = {}
    for distance, given in zip(ints(shift, "shift"), ints(axis, "axis"), strict=True):
        place = positive_axis(given, rank_of(x))
        shifts[place] = shifts.get(place, 0) + distance
    result = x
    for place, distance in shifts.items():
        result = _rolled(op, result, place, distance)
    return result if result is not x else op.Identity(x)


def _rolled(op: Op, x: Value, axis: int, distance: int) -> Value:
    """`x` cut at `distance` from its end, modulo its size, the parts exchanged."""
    length = sizes(x)[axis]
    if length == 0 or distance == 0 or (length and distance % length == 0):
        return x
    if length is not None:
        cut = op.constant([length - distance % length])
    else:
        dynamic = size_of(op, x, axis)
        cut = op.Mod(op.constant([-distance]), op.Max(dynamic, op.constant([1])))
    return _exchanged(op, x, axis, cut)


def _rolled_by_computed(op: Op, x: Value, distances: Value, axes: Sequence[int]) -> Value:
    result = x
    for index, given in enumerate(axes):
        axis = positive_axis(given, rank_of(x))
        distance = slice_axis(op, distances, 0, index, index + 1)
        cut = op.Mod(op.Neg(distance), op.Max(size_of(op, x, axis), op.constant([1])))
        result = _exchanged(op, result, axis, cut)
    return result


def _exchanged(op: Op, x: Value, axis: int, cut: Value) -> Value:
    """The parts of `x` before and from `cut`, a vector of one element, exchanged."""
    place, largest = op.constant([axis]), op.constant([np.iinfo(np.int64).max])
    return op.Concat(op.Slice(x, cut, largest, place), op.Slice(x, op.constant([0]), cut, place), axis=axis)


@lowers("InvertPermutation")
def invert_permutation(op: Op, x: Value) -> Result:
    """Element x[i] of the result is i."""
    wide = int64(op, x)
    count = size_of(op, x, 0)
    place = op.Range(op.constant(0), squeeze(op, count, 0), op.constant(1))
    return cast(op, op.ScatterElements(filled(op, count, ir.DataType.INT64, 0), wide, place, axis=0), dtype_of(x))
