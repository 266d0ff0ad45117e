"""Measures of training and evaluation, for nets of which they are asked as outputs.

A measure is a scalar. Labels are float blobs.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import onnx_ir as ir

from paddlify.errors import LoadError, Refusal
from paddlify.frontends.caffe.lowering import Recorder, canonical, dims_of, lowers, static_dims
from paddlify.frontends.caffe.ops.activation import scaled
from paddlify.frontends.caffe.ops.merge import check_same_shape

FLOOR: Final = float(np.finfo(np.float32).tiny)
"""Smallest probability of which SoftmaxWithLoss takes a logarithm (FLT_MIN)."""
LOG_THRESHOLD: Final = 1e-20
"""The same in the multinomial and infogain losses."""


@lowers("SoftmaxWithLoss", "SoftmaxLoss", param=("softmax_param", "loss_param"))
def softmax_with_loss(
    op: Recorder, x: ir.Value, label: ir.Value, *, axis: int, ignore_label: int | None, normalize: bool | None,
    normalization: str,
) -> Any:
    """Mean of -log softmax(x)[label]; a second top is the softmax."""
    along = canonical(axis, len(dims_of(x)))
    probability = op.Softmax(x, axis=along)
    classes = _classes(op, label, x, along)
    valid = _valid(op, classes, ignore_label)
    loss = _negative_log(op, _at_label(op, probability, classes, valid, along), FLOOR)
    mode = _mode(op, normalize, normalization, "VALID")
    return _normalised(op, loss, valid, mode, along), probability


@lowers("InfogainLoss", param=("infogain_loss_param", "loss_param"))
def infogain_loss(
    op: Recorder, x: ir.Value, label: ir.Value, matrix: ir.Value | None = None, *, axis: int, source: str | None,
    ignore_label: int | None, normalize: bool | None, normalization: str,
) -> Any:
    """Mean of -sum(H[label] log softmax(x)); a second top is the softmax. H is the third bottom."""
    if matrix is None:
        raise Refusal(f"its matrix is in a file ({source}); only a third bottom is supported")
    along = canonical(axis, len(dims_of(x)))
    probability = op.Softmax(x, axis=along)
    classes = _classes(op, label, x, along)
    valid = _valid(op, classes, ignore_label)
    safe = classes if valid is None else op.Where(valid, classes, op.constant(0))
    count = static_dims(x, along, along + 1)[0]
    weights = op.Gather(op.Reshape(matrix, op.constant([count, count])), op.Squeeze(safe, op.constant([along])), axis=0)
    rank = len(dims_of(x))
    weights = op.Transpose(weights, perm=[*range(along), rank - 1, *range(along, rank - 1)])
    logarithm = op.Log(op.Max(probability, op.constant_like(x, LOG_THRESHOLD)))
    loss = op.Neg(op.ReduceSum(op.Mul(weights, logarithm), op.constant([along])))
    mode = _mode(op, normalize, normalization, "VALID")
    return _normalised(op, loss, valid, mode, along), probability


@lowers("MultinomialLogisticLoss")
def multinomial_logistic_loss(op: Recorder, x: ir.Value, label: ir.Value) -> Any:
    """Sum of -log x[label] over the batch size; x are probabilities."""
    flat = x if len(dims_of(x)) == 2 else op.Flatten(x, axis=1)
    chosen = op.GatherElements(flat, _classes(op, label, flat, 1), axis=1)
    return op.ReduceMean(_negative_log(op, chosen, LOG_THRESHOLD), keepdims=0)


@lowers("EuclideanLoss")
def euclidean_loss(op: Recorder, x: ir.Value, y: ir.Value) -> Any:
    """Sum of squares over twice the batch size."""
    (batch,) = static_dims(x, 0, 1)
    difference = op.Sub(op.Flatten(x, axis=1), op.Flatten(y, axis=1))
    return scaled(op, op.ReduceSumSquare(difference, keepdims=0), 1 / (2 * batch), 0)


@lowers("SigmoidCrossEntropyLoss", param="loss_param")
def sigmoid_cross_entropy_loss(
    op: Recorder, x: ir.Value, target: ir.Value, *, ignore_label: int | None, normalize: bool | None,
    normalization: str,
) -> Any:
    """Sum of max(x, 0) - x t + log(1 + exp(-|x|)), by default over the batch size; a second top is sigmoid(x)."""
    check_same_shape(x, target)
    loss = op.Add(op.Sub(op.Relu(x), op.Mul(x, target)), op.Softplus(op.Neg(op.Abs(x))))
    valid = None
    if ignore_label is not None:
        valid = op.Not(op.Equal(op.Cast(target, to=ir.DataType.INT64), op.constant(ignore_label)))
    mode = _mode(op, normalize, normalization, "BATCH_SIZE")
    return _normalised(op, loss, valid, mode, 1), op.Sigmoid(x)


@lowers("HingeLoss", param="hinge_loss_param")
def hinge_loss(op: Recorder, x: ir.Value, label: ir.Value, *, norm: str) -> Any:
    """Sum of max(0, 1 ± x), minus at the label, or of its squares (L2), over the batch size."""
    flat = x if len(dims_of(x)) == 2 else op.Flatten(x, axis=1)
    batch, count = static_dims(flat)
    classes = op.Reshape(_classes(op, label, flat, 1), op.constant([-1]))
    signs = op.OneHot(classes, op.constant(count), op.constant([1.0, -1.0]), axis=1)
    margin = op.Relu(scaled(op, op.Mul(flat, signs), 1, 1))
    record = op.ReduceSumSquare if norm == "L2" else op.ReduceSum
    return scaled(op, record(margin, keepdims=0), 1 / batch, 0)


@lowers("ContrastiveLoss", param="contrastive_loss_param")
def contrastive_loss(
    op: Recorder, a: ir.Value, b: ir.Value, similar: ir.Value, *, margin: float, legacy_version: bool
) -> Any:
    """Half the mean of d² for similar pairs and of max(margin - d, 0)² for others (legacy: max(margin - d², 0))."""
    difference = op.Sub(op.Flatten(a, axis=1), op.Flatten(b, axis=1))
    square = op.ReduceSumSquare(difference, op.constant([1]), keepdims=0)
    distance = square if legacy_version else op.Sqrt(square)
    apart = op.Relu(op.Sub(op.constant_like(a, margin), distance))
    is_similar = op.Cast(op.Cast(op.Reshape(similar, op.constant([-1])), to=ir.DataType.INT64), to=ir.DataType.BOOL)
    loss = op.Where(is_similar, square, apart if legacy_version else op.Mul(apart, apart))
    return scaled(op, op.ReduceMean(loss, keepdims=0), 0.5, 0)


@lowers("Accuracy", param="accuracy_param")
def accuracy(
    op: Recorder, x: ir.Value, label: ir.Value, *, top_k: int, axis: int, ignore_label: int | None
) -> Any:
    """Share of items whose label is among the top_k scores; of equal scores the label's counts as the last.

    A second top holds the share for each class, 0 for a class without items.
    """
    along = canonical(axis, len(dims_of(x)))
    (count,) = static_dims(x, along, along + 1)
    if not 1 <= top_k <= count:
        raise LoadError(f"top_k={top_k} of {count} classes is impossible")
    classes = _classes(op, label, x, along)
    valid = _valid(op, classes, ignore_label)
    own = op.GatherElements(x, _safe(op, classes, valid), axis=along)
    ahead = op.ReduceSum(op.Cast(op.GreaterOrEqual(x, own), to=ir.DataType.INT64), op.constant([along]))
    is_right = op.LessOrEqual(ahead, op.constant(top_k))
    if valid is not None:
        is_right = op.And(is_right, valid)
    right = op.Cast(is_right, to=ir.DataType.FLOAT)
    one = op.constant_like(x, 1)
    counted = _counted(op, right, valid)
    share = op.Div(op.ReduceSum(right, keepdims=0), op.Max(op.ReduceSum(counted, keepdims=0), one))
    flat = op.constant([-1])
    membership = op.OneHot(
        op.Reshape(_safe(op, classes, valid), flat), op.constant(count), op.constant([0.0, 1.0]), axis=-1
    )
    by_class = [
        op.ReduceSum(op.Mul(membership, op.Reshape(values, op.constant([-1, 1]))), op.constant([0]), keepdims=0)
        for values in (right, counted)
    ]
    return share, op.Div(by_class[0], op.Max(by_class[1], one))


def _classes(op: Recorder, label: ir.Value, x: ir.Value, axis: int) -> Any:
    """Labels as integers, shaped as x with a size of 1 along `axis`."""
    dims = dims_of(x)
    shape = [1 if index == axis else -1 if dim is None else dim for index, dim in enumerate(dims)]
    if shape.count(-1) > 1:
        raise Refusal("a measure wants a bottom of known size")
    return op.Cast(op.Reshape(label, op.constant(shape)), to=ir.DataType.INT64)


def _valid(op: Recorder, classes: ir.Value, ignore_label: int | None) -> Any:
    return None if ignore_label is None else op.Not(op.Equal(classes, op.constant(ignore_label)))


def _safe(op: Recorder, classes: ir.Value, valid: ir.Value | None) -> Any:
    """Labels in which those to ignore are 0, so that they can be looked up."""
    return classes if valid is None else op.Where(valid, classes, op.constant(0))


def _at_label(op: Recorder, x: ir.Value, classes: ir.Value, valid: ir.Value | None, axis: int) -> Any:
    return op.GatherElements(x, _safe(op, classes, valid), axis=axis)


def _negative_log(op: Recorder, x: ir.Value, floor: float) -> Any:
    return op.Neg(op.Log(op.Max(x, op.constant_like(x, floor))))


def _counted(op: Recorder, like: ir.Value, valid: ir.Value | None) -> Any:
    """1 for each item that counts."""
    if valid is None:
        return op.Expand(op.constant_like(like, 1), op.Shape(like))
    return op.Cast(valid, to=ir.DataType.FLOAT)


def _mode(op: Recorder, normalize: bool | None, normalization: str, default: str) -> str:
    """The older `normalize` chooses VALID or BATCH_SIZE where `normalization` is not set."""
    if op.layer.loss_param.HasField("normalization"):
        return normalization
    if normalize is None:
        return default
    return "VALID" if normalize else "BATCH_SIZE"


def _normalised(op: Recorder, loss: ir.Value, valid: ir.Value | None, mode: str, axis: int) -> Any:
    """The sum of the losses that count, divided as `mode` says (by 1 at least)."""
    if valid is not None:
        loss = op.Where(valid, loss, op.constant_like(loss, 0))
    total = op.ReduceSum(loss, keepdims=0)
    if mode == "NONE":
        return total
    if mode == "VALID" and valid is not None:
        count = op.ReduceSum(_counted(op, loss, valid), keepdims=0)
        return op.Div(total, op.Max(count, op.constant_like(loss, 1)))
    covered = static_dims(loss, 0, axis) if mode == "BATCH_SIZE" else static_dims(loss)
    return scaled(op, total, 1 / max(int(np.prod(covered)), 1), 0)
