# mypy: disable-error-code="no-any-return"

"""Reductions over rows that bear the same number."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from paddlify.frontends.tensorflow.lowering import lowers
from paddlify.frontends.tensorflow.ops.common import (
    Op,
    Result,
    Value,
    filled,
    int64,
    joined,
    reshape,
    sizes,
    unsqueeze,
    vector,
)
from paddlify.ir.builder import dtype_of, rank_of


def _lowest(x: Value) -> Any:
    info = np.finfo if dtype_of(x).is_floating_point() else np.iinfo
    return info(dtype_of(x).numpy()).min


def _highest(x: Value) -> Any:
    info = np.finfo if dtype_of(x).is_floating_point() else np.iinfo
    return info(dtype_of(x).numpy()).max


_NEUTRAL: dict[str, Callable[[Value], Any]] = {
    "add": lambda x: 0, "mul": lambda x: 1, "max": _lowest, "min": _highest,
}  # fmt: skip
"""What a segment without rows is, by the reduction of ONNX's ScatterND."""


def _scattered(op: Op, data: Value, segments: Value, count: Value, reduction: str) -> Value:
    """Row i of the result is made of the rows of data whose segment is i; `count` is a vector of one element."""
    shape = joined(op, count, _row_shape(op, data, 1))
    base = filled(op, shape, dtype_of(data), _NEUTRAL[reduction](data))
    return op.ScatterND(base, unsqueeze(op, segments, 1), data, reduction=reduction)


def _row_shape(op: Op, data: Value, start: int) -> Value | list[int]:
    known = [size for size in sizes(data)[start:] if size is not None]
    return known if len(known) == rank_of(data) - start else op.Shape(data, start=start)


def _population(op: Op, segments: Value, count: Value, like: Value) -> Value:
    """How many rows each segment has, in the type of `like` and broadcastable to its rows."""
    ones = op.Expand(op.constant_like(like, 1), op.Shape(segments))
    found = _scattered(op, ones, segments, count, "add")
    return unsqueeze(op, found, *range(1, rank_of(like)))


def _count(op: Op, segments: Value) -> Value:
    """Segments are in order: the last one has the highest number."""
    return op.Add(op.Gather(segments, op.constant([-1]), axis=0), op.constant([1]))


def _sorted_segments(reduction: str, empty: Any) -> Callable[..., Result]:
    def reduce(op: Op, data: Value, segment_ids: Value) -> Result:
        segments = int64(op, segment_ids)
        count = _count(op, segments)
        result = _scattered(op, data, segments, count, reduction)
        if empty is None:
            return result
        number = _population(op, segments, count, data)
        is_empty = op.Equal(number, op.constant_like(number, 0))
        return op.Where(is_empty, op.constant_like(data, empty), result)

    return reduce


lowers.add("", "SegmentSum", _sorted_segments("add", None))
lowers.add("", "SegmentProd", _sorted_segments("mul", None))
lowers.add("", "SegmentMax", _sorted_segments("max", 0))
lowers.add("", "SegmentMin", _sorted_segments("min", 0))


def _mean(op: Op, data: Value, segments: Value, count: Value) -> Value:
    total = _scattered(op, data, segments, count, "add")
    return op.Div(total, _at_least_one(op, _population(op, segments, count, data)))


def _at_least_one(op: Op, x: Value) -> Value:
    return op.Max(x, op.constant_like(x, 1))


@lowers("SegmentMean")
def segment_mean(op: Op, data: Value, segment_ids: Value) -> Result:
    segments = int64(op, segment_ids)
    return _mean(op, data, segments, _count(op, segments))


def _unsorted_segments(reduction: str) -> Callable[..., Result]:
    def reduce(op: Op, data: Value, segment_ids: Value, num_segments: Value) -> Result:
        """Rows with a negative number do not count: they go to one segment more, which is cut off."""
        segments, count = int64(op, segment_ids), vector(op, num_segments)
        rank = rank_of(segments)
        if rank != 1:
            data = reshape(op, data, [-1], _row_shape(op, data, rank))
            segments = op.Reshape(segments, op.constant([-1]))
        segments = op.Where(op.Less(segments, op.constant([0])), count, segments)
        result = _scattered(op, data, segments, op.Add(count, op.constant([1])), reduction)
        return op.Slice(result, op.constant([0]), count, op.constant([0]))

    return reduce


lowers.add("", "UnsortedSegmentSum", _unsorted_segments("add"))
lowers.add("", "UnsortedSegmentProd", _unsorted_segments("mul"))
lowers.add("", "UnsortedSegmentMax", _unsorted_segments("max"))
lowers.add("", "UnsortedSegmentMin", _unsorted_segments("min"))


def _root_mean(op: Op, data: Value, segments: Value, count: Value) -> Value:
    """Sums divided by the root of how many rows there are."""
    total = _scattered(op, data, segments, count, "add")
    return op.Div(total, op.Sqrt(_at_least_one(op, _population(op, segments, count, data))))


def _sum(op: Op, data: Value, segments: Value, count: Value) -> Value:
    return _scattered(op, data, segments, count, "add")


_Reduction = Callable[[Op, Value, Value, Value], Value]


def _sparse(reduction: _Reduction) -> Callable[..., Result]:
    def reduce(op: Op, data: Value, indices: Value, segment_ids: Value, *, sparse_gradient: bool) -> Result:
        """Rows are looked up first."""
        segments = int64(op, segment_ids)
        return reduction(op, op.Gather(data, int64(op, indices), axis=0), segments, _count(op, segments))

    return reduce


def _sparse_with_count(reduction: _Reduction) -> Callable[..., Result]:
    def reduce(
        op: Op, data: Value, indices: Value, segment_ids: Value, num_segments: Value, *, sparse_gradient: bool
    ) -> Result:
        """Rows are looked up first; how many segments there are is given."""
        rows = op.Gather(data, int64(op, indices), axis=0)
        return reduction(op, rows, int64(op, segment_ids), vector(op, num_segments))

    return reduce


_SPARSE: dict[str, _Reduction] = {"Sum": _sum, "Mean": _mean, "SqrtN": _root_mean}
for _name, _reduction in _SPARSE.items():
    lowers.add("", f"SparseSegment{_name}", _sparse(_reduction))
    lowers.add("", f"SparseSegment{_name}WithNumSegments", _sparse_with_count(_reduction))
