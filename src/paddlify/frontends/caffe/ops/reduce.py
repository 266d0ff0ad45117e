"""Layers that reduce axes."""

from __future__ import annotations

from typing import Any

import onnx_ir as ir

from paddlify.errors import LoadError
from paddlify.frontends.caffe.lowering import Recorder, canonical, dims_of, lowers, static_dims
from paddlify.frontends.caffe.ops.activation import scaled
from paddlify.frontends.caffe.ops.shape import reversed_along


@lowers("Reduction", param="reduction_param")
def reduction(op: Recorder, x: ir.Value, *, operation: str, axis: int, coeff: float) -> Any:
    """All axes from `axis` on become one number, times coeff."""
    rank = len(dims_of(x))
    axes = op.constant(list(range(canonical(axis, rank), rank)))
    record = {"SUM": op.ReduceSum, "ASUM": op.ReduceL1, "SUMSQ": op.ReduceSumSquare, "MEAN": op.ReduceMean}[operation]
    return scaled(op, record(x, axes, keepdims=0), coeff, 0)


@lowers("ArgMax", param="argmax_param")
def argmax(op: Recorder, x: ir.Value, *, out_max_val: bool, top_k: int, axis: int | None) -> Any:
    """The largest elements' places as floats, of equal ones the last first.

    With an axis: places along it, or with out_max_val the values instead. Without: places in the flattened item, as
    [N, 1, top_k], or [N, 2, top_k] with the values beside them, with as many axes as the bottom has.
    """
    if axis is None:
        flat = x if len(dims_of(x)) == 2 else op.Flatten(x, axis=1)
        values, places = _largest(op, flat, top_k, 1)
        extra = op.constant([1, *range(3, max(len(dims_of(x)), 3))])
        if not out_max_val:
            return op.Unsqueeze(places, extra)
        return op.Concat(op.Unsqueeze(places, extra), op.Unsqueeze(values, extra), axis=1)
    values, places = _largest(op, x, top_k, canonical(axis, len(dims_of(x))))
    return values if out_max_val else places


def _largest(op: Recorder, x: ir.Value, count: int, axis: int) -> tuple[ir.Value, ir.Value]:
    """Values and (float) places; ONNX's TopK puts the first of equal elements first, so it searches backwards."""
    (size,) = static_dims(x, axis, axis + 1)
    if not 1 <= count <= size:
        raise LoadError(f"top_k={count} of {size} elements is impossible")
    backwards = reversed_along(op, x, axis)
    values, places = op.TopK(backwards, op.constant([count]), outputs=2, axis=axis)
    from_front = op.Sub(op.constant(size - 1), places)
    return values, op.Cast(from_front, to=ir.DataType.FLOAT)
