from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from frontends.tensorflow.ops.expressions import boolean, call, const, f32, i32, i64
from frontends.tensorflow.ops.harness import Compare, each
from paddlify.errors import UnsupportedModel

X = f32(4, 5, 6)


@each(
    call("Gather", X, const([2, 0, 3])),
    call("Gather", X, np.int64(2)),
    call("GatherV2", X, const([[2, 0], [3, 3]]), const(1)),
    call("GatherV2", X, i64(3, low=0, high=5), const(-1)),
    call("GatherV2", X, const(2), const(0)),
    call("GatherV2", boolean(4, 5), const([1]), const(1)),
    call("GatherV2", X, i32(4, 2, low=0, high=4), const(1), batch_dims=1),
    call("GatherV2", X, i32(4, 2, low=0, high=5), const(2), batch_dims=1),
    call("GatherV2", X, i32(4, 5, 3, low=0, high=5), const(2), batch_dims=2),
    call("GatherV2", X, i32(4, low=0, high=4), const(1), batch_dims=1),
    call("GatherV2", X, i32(4, 2, 3, low=0, high=5), const(-1), batch_dims=-2),
    call("GatherNd", X, const([[1, 2, 3], [3, 4, 5]])),
    call("GatherNd", X, const([[1], [3]])),
    call("GatherNd", X, i64(2, 3, 2, low=0, high=3)),
    call("GatherNd", X, const([3, 4])),
)
def test_gather(compare: Compare, case, dynamic):
    compare(case, dynamic=dynamic)


@settings(derandomize=True, max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), dynamic=st.booleans())
def test_gather_with_any_batch_dims(compare: Compare, data, dynamic):
    rank = data.draw(st.integers(1, 4))
    shape = data.draw(st.lists(st.integers(1, 4), min_size=rank, max_size=rank))
    axis = data.draw(st.integers(0, rank - 1))
    batch = data.draw(st.integers(0, axis))
    extra = data.draw(st.lists(st.integers(1, 3), max_size=2))
    indices = i32(*shape[:batch], *extra, low=0, high=shape[axis] - 1)
    compare(call("GatherV2", f32(*shape), indices, const(axis), batch_dims=batch), dynamic=dynamic)


TWICE = np.array([[0, 1], [2, 2], [0, 1]], np.int32)
ONCE = np.array([[0, 1], [2, 2], [3, 0]], np.int32)


@each(
    call("ScatterNd", TWICE, f32(3, 6), const([4, 5, 6])),
    call("ScatterNd", const([[1], [0], [1]]), i32(3), const([4])),
    call("ScatterNd", TWICE.astype(np.int64), f32(3), np.array([4, 5], np.int64)),
    call("TensorScatterUpdate", X, ONCE, f32(3, 6)),
    call("TensorScatterUpdate", boolean(4), const([[1], [2]]), const([True, False])),
    call("TensorScatterAdd", X, TWICE, f32(3, 6)),
    call("TensorScatterSub", X, TWICE, f32(3, 6)),
    call("TensorScatterMax", X, TWICE, f32(3, 6)),
    call("TensorScatterMin", i32(4), const([[1], [1]]), const([-99, 4])),
    call("SparseToDense", const([[0, 1], [2, 3]]), const([3, 4]), f32(2), const(-1.0)),
    call("SparseToDense", const([1, 3]), const([5]), const(7), const(0)),
    call("SparseToDense", const(2), const([4]), const(7), const(1)),
    call(
        "SparseToDense",
        np.array([[0, 1], [2, 3]], np.int64),
        np.array([3, 4], np.int64),
        np.array([1, 2], np.int32),
        np.int32(0),
    ),
)
def test_scatter(compare: Compare, case, dynamic):
    compare(case, dynamic=dynamic)


@each(
    call("DynamicPartition", f32(5, 2), np.array([0, 2, 0, 1, 2], np.int32), num_partitions=4),
    call("DynamicPartition", i32(2, 3), i32(2, 3, low=0, high=1), num_partitions=2),
    call("DynamicPartition", f32(2, 3, 4), i32(2, 3, low=0, high=1), num_partitions=2),
    call("DynamicStitch", [np.array([0, 3], np.int32), np.array([1, 2, 4], np.int32)], [f32(2, 3), f32(3, 3)]),
    call("DynamicStitch", [const([0, 1]), const([1, 2])], [f32(2, 3), f32(2, 3, seed=1)]),
    call("DynamicStitch", [np.array([0, 1], np.int32), np.array([1, 2], np.int32)], [f32(2, 3), f32(2, 3, seed=1)]),
    call("DynamicStitch", [const(1), const([[0, 3], [2, 4]])], [f32(3), f32(2, 2, 3)]),
    call("ParallelDynamicStitch", [np.array([1, 0], np.int32)], [i32(2)]),
)
def test_partition_and_stitch(compare: Compare, case, dynamic):
    compare(case, dynamic=dynamic)


TIES = np.array([[3, 1, 3, 2], [0, 0, 0, 0], [-1, 5, 4, 5]], np.float32)
REPEATED = np.array([3, 1, 3, 3, -2, 1, 0], np.int32)


@each(
    call("TopKV2", TIES, const(3)),
    call("TopKV2", TIES, np.int32(2), index_type="int64"),
    call("TopKV2", TIES.astype(np.int32), const(4)),
    call("TopKV2", TIES[0], const(2)),
    call("NthElement", TIES, const(1)),
    call("NthElement", TIES, const(1), reverse=True),
    call("InTopKV2", TIES, const([3, 0, 2]), const(2)),
    call("InTopK", TIES, np.array([0, 1, 1], np.int32), k=1),
    call("InTopK", np.array([[1, np.inf, 0], [np.nan, 1, 2]], np.float32), const([1, 1]), k=3),
    call("InTopKV2", TIES, np.array([3, 0, 2], np.int64), const(np.int64(3))),
    call("Unique", REPEATED),
    call("Unique", REPEATED.astype(np.int64), out_idx="int64"),
    call("Unique", REPEATED.astype(np.float32)),
    call("UniqueWithCounts", REPEATED),
    call("UniqueV2", REPEATED, const(np.array([], np.int64))),
    call("UniqueV2", REPEATED, const(np.array([0], np.int64))),
    call("UniqueWithCountsV2", np.array([[1, 2], [0, 0], [1, 2]], np.int32), const(np.array([0], np.int64))),
    call("UniqueV2", np.array([[1, 2, 1], [0, 0, 0]], np.int64), const(np.array([1], np.int64))),
    call("ListDiff", REPEATED, const([3, 0])),
    call("ListDiff", REPEATED.astype(np.int64), i64(2), out_idx="int64"),
)
def test_search(compare: Compare, case, dynamic):
    compare(case, dynamic=dynamic)


TABLE = np.sort(f32(2, 7), axis=1)


@each(
    *(call(name, TABLE, TABLE[:, ::2] + np.float32(0.1)) for name in ("LowerBound", "UpperBound")),
    *(call(name, np.sort(i32(2, 5)), i32(2, 9, seed=1), out_type="int64") for name in ("LowerBound", "UpperBound")),
    call("Bucketize", f32(3, 4), boundaries=[-1.0, 0.25, 0.5]),
    call("Bucketize", i32(8), boundaries=[-3.0, 0.0, 5.0]),
)
def test_place_among_sorted_numbers(compare: Compare, case, dynamic):
    compare(case, dynamic=dynamic)


COUNTED = np.array([3, 1, 3, 0, 7, 1], np.int32)
NONE = const(np.zeros(0, np.float32))


@each(
    call("Bincount", COUNTED, const(5), const(np.zeros(0, np.int32))),
    call("Bincount", COUNTED, np.int32(9), NONE),
    call("DenseBincount", COUNTED, const(5), NONE),
    call("DenseBincount", COUNTED.reshape(2, 3), const(8), NONE),
    call("DenseBincount", COUNTED.reshape(2, 3).astype(np.int64), const(np.int64(4)), NONE, binary_output=True),
    call("DenseBincount", COUNTED, const(5), const(f32(6))),
    call("DenseBincount", COUNTED.reshape(2, 3), const(8), const(f32(2, 3))),
)
def test_bincount(compare: Compare, case, dynamic):
    compare(case, dynamic=dynamic)


def test_bincount_whose_weights_are_unknown_is_refused(compare: Compare):
    with pytest.raises(UnsupportedModel, match="whether it has weights"):
        compare(call("DenseBincount", COUNTED, const(5), f32(6)), dynamic=True)
