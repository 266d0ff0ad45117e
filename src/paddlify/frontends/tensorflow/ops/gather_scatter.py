# mypy: disable-error-code="no-any-return"

"""Elements taken from, put into or found in a tensor by index."""

from __future__ import annotations

from collections.abc import Callable, Sequence

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
    positive_axis,
    reshape,
    shape_of,
    sizes,
    squeeze,
    transpose,
    unsqueeze,
    vector,
)
from paddlify.ir.builder import dtype_of, rank_of
from paddlify.ir.inference import known_array


@lowers("Gather")
def gather(op: Op, params: Value, indices: Value) -> Result:
    return op.Gather(params, _indices(op, indices), axis=0)


def _indices(op: Op, x: Value) -> Value:
    """ONNX takes int32 and int64 as they are."""
    return x if dtype_of(x) in (ir.DataType.INT32, ir.DataType.INT64) else int64(op, x)


@lowers("GatherV2")
def gather_v2(op: Op, params: Value, indices: Value, axis: Value, *, batch_dims: int) -> Result:
    """With batch_dims the first axes of params and indices run together; ONNX has that in GatherND only."""
    place = constant_axis(params, axis)
    batch = batch_dims + rank_of(indices) if batch_dims < 0 else batch_dims
    if batch == 0:
        return op.Gather(params, _indices(op, indices), axis=place)
    rank = rank_of(params)
    between = list(range(batch, place))
    front = transpose(op, params, [*range(batch), place, *between, *range(place + 1, rank)])
    found = op.GatherND(front, unsqueeze(op, int64(op, indices), rank_of(indices)), batch_dims=batch)
    taken = rank_of(indices) - batch
    moved = [axis + taken for axis in between]
    behind = range(place + taken, rank + taken - 1)
    return transpose(op, found, [*range(batch), *moved, *range(batch, batch + taken), *behind])


@lowers("GatherNd")
def gather_nd(op: Op, params: Value, indices: Value, *, bad_indices_policy: str) -> Result:
    _check_policy(bad_indices_policy)
    _check_depth(indices)
    return op.GatherND(params, int64(op, indices))


def _check_policy(policy: str) -> None:
    if policy not in ("", "DEFAULT", "ERROR"):
        raise Refusal(f"attribute bad_indices_policy={policy} is not supported")


def _check_depth(indices: Value) -> None:
    if sizes(indices)[-1] == 0:
        raise Refusal("its indices have no elements along the last axis")


@lowers("ScatterNd")
def scatter_nd(op: Op, indices: Value, updates: Value, shape: Value, *, bad_indices_policy: str) -> Result:
    """Updates of the same place add up."""
    _check_policy(bad_indices_policy)
    _check_depth(indices)
    if dtype_of(updates) == ir.DataType.BOOL:
        raise Refusal("truth values do not add up in ONNX")
    base = filled(op, vector(op, shape), dtype_of(updates), 0)
    return op.ScatterND(base, int64(op, indices), updates, reduction="add")


def _tensor_scatter(reduction: str | None, *, negate: bool = False) -> Callable[..., Result]:
    def scatter(op: Op, tensor: Value, indices: Value, updates: Value, *, bad_indices_policy: str) -> Result:
        _check_policy(bad_indices_policy)
        _check_depth(indices)
        change = op.Neg(updates) if negate else updates
        return op.ScatterND(tensor, int64(op, indices), change, reduction=reduction)

    return scatter


lowers("TensorScatterUpdate")(_tensor_scatter(None))
lowers("TensorScatterAdd")(_tensor_scatter("add"))
lowers("TensorScatterSub")(_tensor_scatter("add", negate=True))
lowers("TensorScatterMax")(_tensor_scatter("max"))
lowers("TensorScatterMin")(_tensor_scatter("min"))


@lowers("DynamicPartition")
def dynamic_partition(op: Op, data: Value, partitions: Value, *, num_partitions: int) -> Result:
    rows, rank = partitions, rank_of(partitions)
    if rank != 1:
        rows, data = op.Reshape(partitions, op.constant([-1])), reshape(op, data, [-1], _behind(op, data, rank))
    return tuple(
        op.Compress(data, op.Equal(rows, op.constant_like(rows, index)), axis=0) for index in range(num_partitions)
    )


@lowers("DynamicStitch", "ParallelDynamicStitch")
def dynamic_stitch(op: Op, *inputs: Value) -> Result:
    """Row i of the result is the last row of the data whose index is i."""
    count = len(inputs) // 2
    indices, data = inputs[:count], inputs[count:]
    places = [op.Reshape(int64(op, x), op.constant([-1])) if rank_of(x) != 1 else int64(op, x) for x in indices]
    rows = [
        x if rank_of(index) == 1 else reshape(op, x, [-1], _behind(op, x, rank_of(index)))
        for index, x in zip(indices, data, strict=True)
    ]
    place = op.Concat(*places, axis=0) if count > 1 else places[0]
    row = op.Concat(*rows, axis=0) if count > 1 else rows[0]
    return op.Gather(row, _last_of_each(op, place, known=[known_array(x) for x in indices]), axis=0)


def _behind(op: Op, x: Value, rank: int) -> Value | Sequence[int]:
    known = sizes(x)[rank:]
    return [size for size in known if size is not None] if None not in known else op.Shape(x, start=rank)


def _last_of_each(op: Op, place: Value, known: Sequence[np.ndarray | None]) -> Value:
    """For each number from 0 on, where in the vector `place` it occurs last."""
    if all(array is not None for array in known):
        flat = np.concatenate([array.reshape(-1) for array in known if array is not None])
        last = np.zeros(flat.max(initial=-1) + 1, np.int64)
        last[flat] = np.arange(len(flat))
        return op.constant(last)
    size = op.Add(op.ReduceMax(place, op.constant([0]), keepdims=1), op.constant([1]))
    order = op.Range(op.constant(0), squeeze(op, op.Shape(place), 0), op.constant(1))
    return op.ScatterElements(filled(op, size, ir.DataType.INT64, 0), place, order, axis=0, reduction="max")


@lowers("TopKV2")
def top_k_v2(op: Op, x: Value, k: Value, *, sorted: bool, index_type: ir.DataType) -> Result:  # noqa: A002
    """Of equal elements the first one, as in ONNX. Unsorted is any order, so sorted will do."""
    values, indices = op.TopK(x, vector(op, k), axis=-1, outputs=2)
    return values, cast(op, indices, index_type)


@lowers("NthElement")
def nth_element(op: Op, x: Value, n: Value, *, reverse: bool) -> Result:
    """The element at place n of the sorted last axis."""
    count = op.Add(vector(op, n), op.constant([1]))
    values, _ = op.TopK(x, count, axis=-1, largest=int(reverse), outputs=2)
    return op.Gather(values, op.constant(-1), axis=rank_of(x) - 1)


@lowers("InTopKV2")
def in_top_k_v2(op: Op, predictions: Value, targets: Value, k: Value) -> Result:
    """Whether fewer than k predictions are larger than the target's; not if one in the row is not finite."""
    target = op.GatherElements(predictions, unsqueeze(op, int64(op, targets), 1), axis=1)
    larger = op.Cast(op.Greater(predictions, target), to=ir.DataType.INT64)
    count = op.ReduceSum(larger, op.constant([1]), keepdims=0)
    finite = op.ReduceMin(op.lower("IsFinite", predictions), op.constant([1]), keepdims=0)
    return op.And(op.Less(count, int64(op, k)), finite)


@lowers("InTopK")
def in_top_k(op: Op, predictions: Value, targets: Value, *, k: int) -> Result:
    return op.lower("InTopKV2", predictions, targets, op.constant(k))


@lowers("LowerBound")
def lower_bound(op: Op, table: Value, values: Value, *, out_type: ir.DataType) -> Result:
    """How many elements of the same row of the table are less: where in the sorted row each value would go."""
    return _counted_below(op, op.Greater(unsqueeze(op, values, 2), unsqueeze(op, table, 1)), out_type)


@lowers("UpperBound")
def upper_bound(op: Op, table: Value, values: Value, *, out_type: ir.DataType) -> Result:
    """How many elements of the same row of the table are less or equal."""
    return _counted_below(op, op.GreaterOrEqual(unsqueeze(op, values, 2), unsqueeze(op, table, 1)), out_type)


@lowers("Bucketize")
def bucketize(op: Op, x: Value, *, boundaries: Sequence[float]) -> Result:
    """How many boundaries are less or equal."""
    number = x if dtype_of(x).is_floating_point() else cast(op, x, ir.DataType.FLOAT)
    limits = op.constant(np.array(boundaries, np.float32), dtype_of(number))
    return _counted_below(op, op.GreaterOrEqual(unsqueeze(op, number, rank_of(x)), limits), ir.DataType.INT32)


def _counted_below(op: Op, is_below: Value, dtype: ir.DataType) -> Value:
    return op.ReduceSum(op.Cast(is_below, to=dtype), op.constant([-1]), keepdims=0)


@lowers("Unique")
def unique(op: Op, x: Value, *, out_idx: ir.DataType) -> Result:
    return _unique(op, x, None, out_idx)[:2]


@lowers("UniqueWithCounts")
def unique_with_counts(op: Op, x: Value, *, out_idx: ir.DataType) -> Result:
    return _unique(op, x, None, out_idx)


@lowers("UniqueV2")
def unique_v2(op: Op, x: Value, axis: Value, *, out_idx: ir.DataType) -> Result:
    return _unique(op, x, axis, out_idx)[:2]


@lowers("UniqueWithCountsV2")
def unique_with_counts_v2(op: Op, x: Value, axis: Value, *, out_idx: ir.DataType) -> Result:
    return _unique(op, x, axis, out_idx)


_UNIQUE_TYPES = (ir.DataType.FLOAT, ir.DataType.DOUBLE, ir.DataType.INT64, ir.DataType.INT8)


def _unique(op: Op, x: Value, axis: Value | None, out_idx: ir.DataType) -> tuple[Value, Value, Value]:
    """In the order of first occurrence. onnxruntime knows few types of it; the others are widened."""
    dtype = dtype_of(x)
    wide = x if dtype in _UNIQUE_TYPES else int64(op, x)
    axes = ints(axis, "axis") if axis is not None else []
    place = positive_axis(axes[0], rank_of(x)) if axes and rank_of(x) > 1 else None
    if place is None and rank_of(x) != 1:
        raise Refusal(f"without an axis its input must be a vector, not of rank {rank_of(x)}")
    found, _, inverse, counts = op.Unique(wide, axis=place, sorted=0, outputs=4)
    return cast(op, found, dtype), cast(op, inverse, out_idx), cast(op, counts, out_idx)


@lowers("ListDiff")
def list_diff(op: Op, x: Value, y: Value, *, out_idx: ir.DataType) -> Result:
    """Elements of the vector x that are not in y, and where they are."""
    equal = op.Cast(op.Equal(unsqueeze(op, x, 1), unsqueeze(op, y, 0)), to=ir.DataType.INT32)
    found = op.Equal(op.ReduceSum(equal, op.constant([1]), keepdims=0), op.constant_like(equal, 0))
    places = op.Range(op.constant(0), squeeze(op, op.Shape(x), 0), op.constant(1))
    return op.Compress(x, found, axis=0), cast(op, op.Compress(places, found, axis=0), out_idx)


@lowers("SparseToDense")
def sparse_to_dense(op: Op, indices: Value, shape: Value, values: Value, default: Value) -> Result:
    """The indices are rows of coordinates; of a vector also plain numbers, or one number."""
    where = int64(op, indices)
    where = reshape(op, where, [-1, 1]) if rank_of(indices) < 2 else where
    dense = op.Expand(default, vector(op, shape))
    count = op.Shape(where, start=0, end=1)
    updates = op.Expand(values, count) if rank_of(values) == 0 else values
    return op.ScatterND(dense, where, updates)


@lowers("Bincount")
def bincount(op: Op, x: Value, size: Value, weights: Value) -> Result:
    return _counted(op, op.Reshape(x, op.constant([-1])), size, weights, binary=False)


@lowers("DenseBincount")
def dense_bincount(op: Op, x: Value, size: Value, weights: Value, *, binary_output: bool) -> Result:
    """Row by row for a matrix."""
    return _counted(op, x, size, weights, binary=binary_output)


def _counted(op: Op, x: Value, size: Value, weights: Value, *, binary: bool) -> Value:
    """How often each number below `size` occurs along the last axis, or the sum of its weights; others do not count."""
    rank = rank_of(x)
    classes = op.Range(op.constant(0), op.Reshape(int64(op, size), op.constant([], ir.DataType.INT64)), op.constant(1))
    hit = op.Equal(unsqueeze(op, int64(op, x), rank), classes)
    if binary:
        found = op.ReduceMax(op.Cast(hit, to=ir.DataType.INT32), op.constant([rank - 1]), keepdims=0)
        return cast(op, found, dtype_of(weights))
    if sizes(weights) == [0] * rank_of(weights) or 0 in sizes(weights):
        return op.ReduceSum(op.Cast(hit, to=dtype_of(weights)), op.constant([rank - 1]), keepdims=0)
    if known_array(weights) is None and None in sizes(weights):
        raise Refusal("whether it has weights is not known at conversion time")
    flat = reshape(op, weights, shape_of(op, x))
    chosen = op.Where(hit, unsqueeze(op, flat, rank), op.constant_like(weights, 0))
    return op.ReduceSum(chosen, op.constant([rank - 1]), keepdims=0)
