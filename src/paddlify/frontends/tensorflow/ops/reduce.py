"""Reductions over axes, cumulative ones, and the place of the largest element."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx_ir as ir

from paddlify.frontends.tensorflow.lowering import lowers
from paddlify.frontends.tensorflow.ops.common import (
    Op,
    Result,
    Value,
    cast,
    constant_axis,
    int64,
    sizes,
    unsqueeze,
    vector,
)
from paddlify.ir.builder import dtype_of, rank_of
from paddlify.ir.inference import known_array


def _reduction(onnx: str) -> Callable[..., Result]:
    def reduce(op: Op, x: Value, axes: Value, *, keep_dims: bool) -> Result:
        """TensorFlow reduces over no axis where there is none in the list; ONNX has to be told so."""
        known = known_array(axes)
        if rank_of(x) == 0 or (known is not None and known.size == 0):
            return op.Abs(x) if onnx == "ReduceL2" else op.Identity(x)
        may_be_empty = None if known is not None else 1
        return getattr(op, onnx)(x, vector(op, axes), keepdims=int(keep_dims), noop_with_empty_axes=may_be_empty)

    return reduce


for _tensorflow, _onnx in {
    "All": "ReduceMin", "Any": "ReduceMax", "EuclideanNorm": "ReduceL2", "Max": "ReduceMax", "Mean": "ReduceMean",
    "Min": "ReduceMin", "Prod": "ReduceProd", "Sum": "ReduceSum",
}.items():  # fmt: skip
    lowers.add("", _tensorflow, _reduction(_onnx))


@lowers("ArgMax")
def arg_max(op: Op, x: Value, axis: Value, *, output_type: ir.DataType) -> Result:
    """The first of equal elements, as in ONNX."""
    found = op.ArgMax(_comparable(op, x), axis=constant_axis(x, axis, "dimension"), keepdims=0)
    return cast(op, found, output_type)


@lowers("ArgMin")
def arg_min(op: Op, x: Value, axis: Value, *, output_type: ir.DataType) -> Result:
    """The first of equal elements, as in ONNX."""
    found = op.ArgMin(_comparable(op, x), axis=constant_axis(x, axis, "dimension"), keepdims=0)
    return cast(op, found, output_type)


def _comparable(op: Op, x: Value) -> Value:
    return op.Cast(x, to=ir.DataType.INT32) if dtype_of(x) == ir.DataType.BOOL else x


@lowers("Cumsum")
def cumsum(op: Op, x: Value, axis: Value, *, exclusive: bool, reverse: bool) -> Result:
    known = known_array(axis)
    place = op.constant(known.reshape(()), ir.DataType.INT64) if known is not None else int64(op, axis)
    return op.CumSum(x, place, exclusive=int(exclusive), reverse=int(reverse))


@lowers("Cumprod")
def cumprod(op: Op, x: Value, axis: Value, *, exclusive: bool, reverse: bool) -> Result:
    return _scan(op, "ReduceProd", x, constant_axis(x, axis), 1, exclusive=exclusive, reverse=reverse)


@lowers("CumulativeLogsumexp")
def cumulative_logsumexp(op: Op, x: Value, axis: Value, *, exclusive: bool, reverse: bool) -> Result:
    return _scan(op, "ReduceLogSumExp", x, constant_axis(x, axis), -np.inf, exclusive=exclusive, reverse=reverse)


def _scan(
    op: Op, reduction: str, x: Value, axis: int, neutral: float, *, exclusive: bool, reverse: bool
) -> Value:
    """Row i of a square holds the elements that result i is made of, elsewhere the neutral one; rows are reduced."""
    size = sizes(x)[axis]
    length = op.constant(size) if size is not None else op.Squeeze(op.Shape(x, start=axis, end=axis + 1))
    place = op.Range(op.constant(0), length, op.constant(1))
    rows, columns = unsqueeze(op, place, 1), unsqueeze(op, place, 0)
    if reverse:
        rows, columns = columns, rows
    taken = op.Greater(rows, columns) if exclusive else op.GreaterOrEqual(rows, columns)
    last = rank_of(x) - 1
    moved = op.Unsqueeze(_swapped(op, x, axis, last), op.constant([last]))
    square = op.Where(taken, moved, op.constant_like(x, neutral))
    return _swapped(op, getattr(op, reduction)(square, op.constant([last + 1]), keepdims=0), axis, last)


def _swapped(op: Op, x: Value, axis: int, last: int) -> Value:
    perm = list(range(last + 1))
    perm[axis], perm[last] = last, axis
    return op.Transpose(x, perm=perm) if axis != last else x
