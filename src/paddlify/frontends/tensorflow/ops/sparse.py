# mypy: disable-error-code="no-any-return"

"""Sparse tensors: rows of coordinates, values, and the dense shape; and ragged ones."""

from __future__ import annotations

import onnx_ir as ir

from paddlify.errors import Refusal
from paddlify.frontends.tensorflow.lowering import lowers
from paddlify.frontends.tensorflow.ops.common import (
    Op,
    Result,
    Value,
    cast,
    filled,
    int64,
    sizes,
    slice_axis,
    squeeze,
    unsqueeze,
    vector,
)
from paddlify.ir.builder import dtype_of, rank_of


def _dense(op: Op, indices: Value, values: Value, shape: Value) -> Value:
    """The dense tensor; values of the same place add up."""
    base = filled(op, int64(op, shape), dtype_of(values), 0)
    return op.ScatterND(base, int64(op, indices), values, reduction="add")


@lowers("SparseTensorDenseMatMul")
def sparse_tensor_dense_mat_mul(
    op: Op, indices: Value, values: Value, shape: Value, b: Value, *, adjoint_a: bool, adjoint_b: bool
) -> Result:
    matrix = _dense(op, indices, values, shape)
    left = op.Transpose(matrix, perm=[1, 0]) if adjoint_a else matrix
    return op.MatMul(left, op.Transpose(b, perm=[1, 0]) if adjoint_b else b)


@lowers("SparseTensorDenseAdd")
def sparse_tensor_dense_add(op: Op, indices: Value, values: Value, shape: Value, b: Value) -> Result:
    return op.ScatterND(b, int64(op, indices), values, reduction="add")


@lowers("SparseReshape")
def sparse_reshape(op: Op, indices: Value, shape: Value, new_shape: Value) -> Result:
    """Places are counted in C order; one size of the new shape may be -1."""
    rank, new_rank = sizes(shape)[0], sizes(new_shape)[0]
    if rank is None or new_rank is None:
        raise Refusal("the rank of the sparse tensor is not known at conversion time")
    old, wanted = int64(op, shape), int64(op, new_shape)
    count = op.ReduceProd(old, op.constant([0]), keepdims=1)
    is_free = op.Equal(wanted, op.constant([-1]))
    given = op.ReduceProd(op.Where(is_free, op.constant([1]), wanted), op.constant([0]), keepdims=1)
    full = op.Where(is_free, op.Div(count, op.Max(given, op.constant([1]))), wanted)
    place = op.ReduceSum(op.Mul(int64(op, indices), _strides(op, old, rank)), op.constant([1]), keepdims=1)
    found = op.Mod(op.Div(place, _strides(op, full, new_rank)), full)
    return found, full


def _strides(op: Op, shape: Value, rank: int) -> Value:
    """How far apart in C order two neighbours along each axis are."""
    parts = [op.constant([1])]
    for axis in range(rank - 1, 0, -1):
        parts.insert(0, op.Mul(parts[0], slice_axis(op, shape, 0, axis, axis + 1)))
    return op.Concat(*parts, axis=0) if rank > 1 else parts[0]


@lowers("SparseFillEmptyRows")
def sparse_fill_empty_rows(op: Op, indices: Value, values: Value, shape: Value, default: Value) -> Result:
    """Each row without a value gets one, in its first column; the elements are in the order of their rows.

    Gives coordinates, values, which rows were empty, and where each given element is now.
    """
    rows = squeeze(op, slice_axis(op, indices, 1, 0, 1), 1)
    count = slice_axis(op, shape, 0, 0, 1)
    ones = op.Expand(op.constant(1), op.Shape(rows))
    number = op.ScatterElements(filled(op, count, ir.DataType.INT64, 0), rows, ones, axis=0, reduction="add")
    is_empty = op.Equal(number, op.constant(0))
    added = op.Cast(is_empty, to=ir.DataType.INT64)
    added_before = op.CumSum(added, op.constant(0), exclusive=1)
    first = op.CumSum(op.Add(number, added), op.constant(0), exclusive=1)
    order = op.Range(op.constant(0), squeeze(op, op.Shape(rows), 0), op.constant(1))
    moved_to = op.Add(order, op.Gather(added_before, rows, axis=0))
    total = op.Add(op.Shape(rows), op.ReduceSum(added, op.constant([0]), keepdims=1))
    row_numbers = op.Range(op.constant(0), squeeze(op, count, 0), op.constant(1))
    new_rows = op.Compress(row_numbers, is_empty, axis=0)
    new_places = unsqueeze(op, op.Compress(first, is_empty, axis=0), 1)
    width = op.Shape(indices, start=1)
    missing = op.Concat(op.constant([0, 0, 0]), op.Sub(width, op.constant([1])), axis=0)
    new_indices = op.Pad(unsqueeze(op, new_rows, 1), missing, mode="constant")
    places = unsqueeze(op, moved_to, 1)
    all_indices = filled(op, op.Concat(total, width, axis=0), ir.DataType.INT64, 0)
    all_indices = op.ScatterND(op.ScatterND(all_indices, places, indices), new_places, new_indices)
    return all_indices, op.ScatterND(op.Expand(default, total), places, values), is_empty, moved_to


@lowers("RaggedRange")
def ragged_range(op: Op, starts: Value, limits: Value, deltas: Value, *, Tsplits: ir.DataType) -> Result:
    """Where each range begins, and all of them behind each other."""
    if dtype_of(starts).is_floating_point():
        raise Refusal("ranges of floating-point numbers are not supported")
    zero = op.constant(0)
    begin, end, step = (vector(op, x) if rank_of(x) == 0 else int64(op, x) for x in (starts, limits, deltas))
    distance = op.Sub(end, begin)
    steps = op.Neg(op.lower("FloorDiv", op.Neg(distance), step))
    lengths = op.Max(steps, zero)
    ends = op.CumSum(lengths, zero)
    splits = op.Concat(op.constant([0]), ends, axis=0)
    total = op.ReduceSum(lengths, op.constant([0]), keepdims=1)
    row, number = _rows_of_values(op, splits, total)
    base, stride = (_of_row(op, x, row) for x in (begin, step))
    return cast(op, splits, Tsplits), cast(op, op.Add(base, op.Mul(number, stride)), dtype_of(starts))


def _of_row(op: Op, x: Value, row: Value) -> Value:
    """The element of each row, where one element may stand for all."""
    return x if sizes(x) == [1] else op.Gather(x, row, axis=0)


def _rows_of_values(op: Op, splits: Value, count: Value) -> tuple[Value, Value]:
    """For each of `count` values behind each other, its row and its place in the row; `splits` are where rows begin."""
    order = op.Range(op.constant(0), squeeze(op, count, 0), op.constant(1))
    ends = slice_axis(op, splits, 0, 1)
    passed = op.Cast(op.GreaterOrEqual(unsqueeze(op, order, 1), unsqueeze(op, ends, 0)), to=ir.DataType.INT64)
    row = op.ReduceSum(passed, op.constant([1]), keepdims=0)
    return row, op.Sub(order, op.Gather(splits, row, axis=0))


def _longest_row(op: Op, splits: Value) -> Value:
    lengths = op.Sub(slice_axis(op, splits, 0, 1), slice_axis(op, splits, 0, 0, -1))
    return op.ReduceMax(lengths, op.constant([0]), keepdims=1)


@lowers("RaggedTensorToSparse")
def ragged_tensor_to_sparse(op: Op, *inputs: Value) -> Result:
    """Coordinates, values and dense shape of a matrix whose rows differ in length."""
    *nested, values = inputs
    if len(nested) != 1 or rank_of(values) != 1:
        raise Refusal("ragged tensors of more than one ragged dimension are not supported")
    splits = int64(op, nested[0])
    row, column = _rows_of_values(op, splits, op.Shape(values))
    rows = op.Sub(op.Shape(splits), op.constant([1]))
    indices = op.Concat(unsqueeze(op, row, 1), unsqueeze(op, column, 1), axis=1)
    return indices, values, op.Concat(rows, _longest_row(op, splits), axis=0)


@lowers("RaggedTensorToTensor")
def ragged_tensor_to_tensor(
    op: Op, shape: Value, values: Value, default: Value, *partitions: Value, row_partition_types: tuple[str, ...]
) -> Result:
    """Rows of different lengths, filled up with a default or cut to the shape; a size of -1 is what is needed."""
    if tuple(row_partition_types) != ("ROW_SPLITS",):
        raise Refusal(f"row partitions {list(row_partition_types)} are not supported")
    splits = int64(op, partitions[0])
    row, column = _rows_of_values(op, splits, op.Shape(values, start=0, end=1))
    natural = op.Concat(op.Sub(op.Shape(splits), op.constant([1])), _longest_row(op, splits), axis=0)
    if rank_of(shape) == 0:
        size = natural
    else:
        wanted = slice_axis(op, int64(op, shape), 0, 0, 2)
        size = op.Where(op.Less(wanted, op.constant([0])), natural, wanted)
    places = op.Concat(unsqueeze(op, row, 1), unsqueeze(op, column, 1), axis=1)
    inside = op.ReduceMin(op.Less(places, size), op.constant([1]), keepdims=0)
    dense = op.Expand(default, op.Concat(size, op.Shape(values, start=1), axis=0))
    return op.ScatterND(dense, op.Compress(places, inside, axis=0), op.Compress(values, inside, axis=0))
