"""Operators that pick or replace elements by index."""

from __future__ import annotations

import functools
import math
import operator
from typing import Any

from paddlify.backends.paddle.expression import Expr, Tensor
from paddlify.backends.paddle.module import Recorder, emits
from paddlify.backends.paddle.ops.common import FLOATING, FLOATS, NUMBERS, cast, computed, normal_axis, size_of, wide
from paddlify.errors import Refusal

_SMALL = {"int8", "int16", "uint8"}
GATHERS = NUMBERS | _SMALL | {"bfloat16", "bool", "complex64", "complex128"}
"""Dtypes of Paddle's gather."""
SELECTED = GATHERS - _SMALL
"""Dtypes of Paddle's index_select."""
_INDEXED = GATHERS - {"bfloat16"}
_ALONG = NUMBERS | {"uint8"}
_SELECTS = NUMBERS | {"bool"}

_REDUCTIONS = {"none": "assign", "add": "add", "mul": "mul", "max": "amax", "min": "amin"}


@emits("Gather")
def gather(paddle: Recorder, x: Tensor, indices: Tensor, *, axis: int) -> Any:
    axis = normal_axis(axis, x.rank)
    if indices.rank == 0 and indices.is_constant:
        if x.rank == 1 and x.dtype in FLOATING:  # with oneDNN x[0] keeps rank 1
            index = normal_axis(indices.item(), x.shape[0]) if x.shape[0] is not None else indices.item()
            if index >= 0:
                return computed(paddle, FLOATS, lambda source: _alone(paddle, source, index), x)
        return _at(x, axis, indices.item())
    if indices.rank <= 1 and axis == 0:
        return computed(paddle, GATHERS, lambda source: paddle.gather(source, indices), x)
    if indices.rank == 1:
        return computed(paddle, SELECTED, lambda source: paddle.index_select(source, indices, axis=axis), x)
    return computed(paddle, _INDEXED, lambda source: _at(source, axis, indices), x)


def _alone(paddle: Recorder, x: Expr, index: int) -> Expr:
    return paddle.squeeze(paddle.index_select(x, paddle.constant([index], "int64")), 0)


def _at(x: Expr, axis: int, index: Any) -> Expr:
    return x[tuple([slice(None)] * axis + [index])] if axis else x[index]


@emits("GatherElements")
def gather_elements(paddle: Recorder, x: Tensor, indices: Tensor, *, axis: int) -> Any:
    def taken(source: Expr) -> Expr:
        return paddle.take_along_axis(source, indices, normal_axis(axis, x.rank), broadcast=False)

    return computed(paddle, _ALONG | {"int16"}, taken, x)


@emits("GatherND")
def gather_nd(paddle: Recorder, x: Tensor, indices: Tensor, *, batch_dims: int) -> Any:
    """Batch axes become indices of their own."""
    index: Expr = indices
    if batch_dims:
        index = paddle.concat([*_coordinates(paddle, indices, indices[..., :1], batch_dims), indices], axis=-1)
    return computed(paddle, _INDEXED, lambda source: paddle.gather_nd(source, index), x)


def _coordinates(paddle: Recorder, like: Tensor, zeros_of: Expr, count: int) -> list[Expr]:
    """For each of the first `count` axes of `like`, the position along it, in the shape of `zeros_of`."""
    zeros = paddle.zeros_like(zeros_of)
    places = []
    for axis in range(count):
        shape = [-1 if other == axis else 1 for other in range(like.rank)]
        steps = paddle.arange(size_of(paddle, like, axis), dtype=paddle.dtype(like.dtype))
        places.append(zeros + paddle.reshape(steps, shape))
    return places


@emits("ScatterElements")
def scatter_elements(
    paddle: Recorder, x: Tensor, indices: Tensor, updates: Tensor, *, axis: int, reduction: str
) -> Any:
    """Paddle checks the sizes while the program is made, so that dynamic ones go by flat positions."""
    if x.rank == 0:
        raise Refusal("a tensor of rank 0 has no axes")
    axis = normal_axis(axis, x.rank)
    options = {"reduce": _REDUCTIONS[reduction]} if reduction != "none" else {}
    index: Expr = indices
    flat = None in updates.shape or any(size is None for other, size in enumerate(x.shape) if other != axis)
    count = -1 if None in indices.shape else math.prod(size or 0 for size in indices.shape)
    if flat:
        index = paddle.flatten(_flat_positions(paddle, x, indices, axis))
        axis = 0

    def put(source: Expr, values: Expr) -> Expr:
        if not flat:
            return paddle.put_along_axis(source, index, values, axis, broadcast=False, **options)
        parts = paddle.flatten(source), index, paddle.reshape(values, [count])
        result = paddle.put_along_axis(*parts, axis, broadcast=False, **options)
        return result if x.rank == 1 else paddle.reshape(result, paddle.shape(source))

    return computed(paddle, _ALONG, put, x, updates)


def _flat_positions(paddle: Recorder, x: Tensor, indices: Tensor, axis: int) -> Expr:
    """Where each element of `indices` points in `x` read as a vector."""
    places = _coordinates(paddle, indices, indices, x.rank)
    size = size_of(paddle, x, axis)
    places[axis] = paddle.where(indices < 0, indices + size, indices)
    position: Any = 0
    for other in range(x.rank):
        position = position * size_of(paddle, x, other) + places[other]
    return position  # type: ignore[no-any-return]


@emits("ScatterND")
def scatter_nd(paddle: Recorder, x: Tensor, indices: Tensor, updates: Tensor, *, reduction: str) -> Any:
    """Not by `index_put`, which keeps what an earlier run left in its result (`paddle_traps.md`)."""
    depth = indices.shape[-1]
    if not depth:
        raise Refusal("how many axes are indexed is not known while converting, or none is")
    position = _wrapped(paddle, x, indices, 0)
    for axis in range(1, depth):
        position = position * size_of(paddle, x, axis) + _wrapped(paddle, x, indices, axis)
    sizes = [size_of(paddle, x, axis) for axis in range(x.rank)]
    rows, size = functools.reduce(operator.mul, sizes[:depth]), functools.reduce(operator.mul, sizes[depth:], 1)

    def put(source: Expr, values: Expr) -> Expr:
        table, changes = paddle.reshape(source, [rows, size]), paddle.reshape(values, [-1, size])
        if reduction == "none":
            changed = paddle.scatter(table, paddle.flatten(position), changes)
        else:
            index = paddle.expand_as(paddle.reshape(position, [-1, 1]), changes)
            changed = paddle.put_along_axis(table, index, changes, 0, broadcast=False, reduce=_REDUCTIONS[reduction])
        return paddle.reshape(changed, paddle.shape(source))

    return computed(paddle, NUMBERS if reduction == "none" else _ALONG, put, x, updates)


def _wrapped(paddle: Recorder, x: Tensor, indices: Tensor, axis: int) -> Expr:
    """The indices of one axis, negative ones counted from its end."""
    column = indices[..., axis]
    if indices.is_constant and (indices.numpy()[..., axis] >= 0).all():
        return column
    return paddle.where(column < 0, column + size_of(paddle, x, axis), column)


@emits("OneHot")
def one_hot(paddle: Recorder, indices: Tensor, depth: Tensor, values: Tensor, *, axis: int) -> Any:
    """Negative indices count from the end; those out of range give `off` everywhere."""
    axis = normal_axis(axis, indices.rank + 1)
    count = int(depth.item()) if depth.is_constant else paddle.reshape(cast(paddle, depth, "int64"), [])
    index = cast(paddle, indices, "int64")
    index = paddle.unsqueeze(paddle.where(index < 0, index + count, index), axis)
    classes = paddle.arange(count, dtype="int64")
    if axis < indices.rank:
        classes = paddle.reshape(classes, [-1, *[1] * (indices.rank - axis)])
    hot = paddle.equal(index, classes)
    if values.is_constant and values.numpy().tolist() == [0, 1]:
        return paddle.cast(hot, paddle.dtype(values.dtype))
    return computed(paddle, _SELECTS, lambda pair: paddle.where(hot, pair[1], pair[0]), values)


@emits("NonZero")
def non_zero(paddle: Recorder, x: Tensor) -> Expr:
    if x.rank == 0:
        raise Refusal("a tensor of rank 0 is not supported")
    source = cast(paddle, x, wide(x.dtype, NUMBERS | {"bfloat16", "int16", "bool"}))
    return paddle.transpose(paddle.nonzero(source), [1, 0])


@emits("Compress")
def compress(paddle: Recorder, x: Tensor, condition: Tensor, *, axis: int | None) -> Any:
    chosen = paddle.flatten(paddle.nonzero(condition))
    if axis is None:
        return computed(paddle, GATHERS, lambda source: paddle.gather(paddle.reshape(source, [-1]), chosen), x)
    return computed(
        paddle, SELECTED, lambda source: paddle.index_select(source, chosen, axis=normal_axis(axis, x.rank)), x
    )


@emits("Unique")
def unique(paddle: Recorder, x: Tensor, *, axis: int | None, sorted: int) -> list[Any]:  # noqa: A002
    """Paddle sorts; the order of first occurrence is that of the indices. The values are gathered by them."""
    source = cast(paddle, x, wide(x.dtype))
    options: dict[str, Any] = {} if axis is None else {"axis": normal_axis(axis, x.rank)}
    call = paddle.unique(source, return_index=True, return_inverse=True, return_counts=True, **options)
    first, inverse, counts = paddle.unpack(call, 4)[1:]
    inverse = paddle.reshape(inverse, [-1])
    if not sorted:
        first = paddle.let(first, "first")
        order = paddle.let(paddle.argsort(first), "order")
        inverse = paddle.gather(paddle.argsort(order), inverse)
        first, counts = paddle.gather(first, order), paddle.gather(counts, order)

    def gathered(whole: Expr) -> Expr:
        return paddle.index_select(paddle.reshape(whole, [-1]) if axis is None else whole, first, **options)

    return [computed(paddle, SELECTED, gathered, x), first, inverse, counts]


@emits("ReverseSequence")
def reverse_sequence(
    paddle: Recorder, x: Tensor, sequence_lens: Tensor, *, batch_axis: int, time_axis: int
) -> Any:
    """The first elements of each sequence in reverse order, the rest as they are."""
    batch, time = size_of(paddle, x, batch_axis), size_of(paddle, x, time_axis)
    lengths = paddle.reshape(cast(paddle, sequence_lens, "int64"), [-1, 1] if batch_axis == 0 else [1, -1])
    steps = paddle.reshape(paddle.arange(time), [-1, 1] if time_axis == 0 else [1, -1])
    source_step = paddle.where(steps < lengths, lengths - 1 - steps, steps + paddle.zeros_like(lengths))
    sequence = paddle.reshape(paddle.arange(batch), [-1, 1] if batch_axis == 0 else [1, -1])
    sequence = sequence + paddle.zeros_like(source_step)
    index = paddle.stack([source_step, sequence] if time_axis == 0 else [sequence, source_step], axis=-1)
    return computed(paddle, _INDEXED, lambda source: paddle.gather_nd(source, index), x)
