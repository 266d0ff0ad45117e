"""Operators that cut pieces out of a tensor or pad it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from paddlify.backends.paddle.dtypes import paddle_dtype
from paddlify.backends.paddle.expression import Expr, Tensor
from paddlify.backends.paddle.module import Recorder, emits
from paddlify.backends.paddle.ops.common import NUMBERS, cast, normal_axis, size_of, wide
from paddlify.backends.paddle.ops.index import GATHERS
from paddlify.backends.paddle.ops.sizes import floor_divided, sizes_of
from paddlify.errors import Refusal

_ENDLESS = 2**31 - 1
"""A slice's end from here on means "to the end"."""


@emits("Slice")
def slice_(
    paddle: Recorder, x: Tensor, starts: Tensor, ends: Tensor, axes: Tensor | None = None,
    steps: Tensor | None = None,
) -> Expr:
    counts = [given.shape[0] for given in (starts, ends, axes) if given is not None and given.shape[0] is not None]
    if not counts:
        raise Refusal("how many axes are sliced is not known while converting")
    count = counts[0]
    if axes is not None and not axes.is_constant:
        return _slice_any_axes(paddle, x, starts, ends, axes, steps)
    chosen = list(range(count)) if axes is None else [normal_axis(axis, x.rank) for axis in axes.ints()]
    if steps is not None and not steps.is_constant:
        begins = [_not_before_first(paddle, x, axis, starts[index]) for index, axis in enumerate(chosen)]
        bounds = [[bound[index] for index in range(count)] for bound in (ends, _limited(paddle, steps))]
        return paddle.strided_slice(x, chosen, begins, *bounds)
    strides = [1] * count if steps is None else [min(max(step, -_ENDLESS), _ENDLESS) for step in steps.ints()]
    parts = [slice(None)] * x.rank
    for axis, start, end, step in zip(chosen, _listed(starts, count), _listed(ends, count), strides, strict=True):
        if x.shape[axis] is None and step < 0 and isinstance(start, int) and -_ENDLESS < start < -1:
            start = paddle.clip(paddle.shape(x)[axis] + start, min=0)  # noqa: PLW2901 - see _part
        elif step < 0 and not isinstance(start, int):
            start = _not_before_first(paddle, x, axis, start)  # noqa: PLW2901 - see _part
        parts[axis] = _part(x.shape[axis], start, end, step)
    output = paddle.outputs[0]
    if output.is_static and 0 in output.shape:  # with oneDNN an empty slice has its sizes in another order
        return paddle.zeros(list(output.shape), dtype=paddle.dtype(x.dtype))
    return indexed(x, parts)


def _listed(bounds: Tensor, count: int) -> list[Any]:
    """The elements of a vector that has `count` of them, whether its shape says so or not."""
    return sizes_of(bounds) if bounds.shape[0] is not None else [bounds[index] for index in range(count)]


def _part(size: int | None, start: Any, end: Any, step: int) -> slice:
    """A slice as Python says it; bounds beyond the tensor are cut off where its size is known.

    ONNX lets a backward slice that starts before the first element start there; Python's is empty.
    """
    stride = None if step == 1 else step
    if not (isinstance(start, int) and isinstance(end, int)):
        return slice(None if isinstance(start, int) and start == 0 and step > 0 else start, end, stride)
    if size is not None:
        start = max(start, -size) if step < 0 else start
        first, last, _ = slice(start, end, step).indices(size)
        if len(range(first, last, step)) == 0:
            return slice(0, 0, stride if step > 0 else None)
        if step > 0:
            return slice(first or None, None if last == size else last, stride)
        return slice(None if first == size - 1 else first, None if last < 0 else last, step)
    if step > 0:
        return slice(None if start == 0 or start <= -_ENDLESS else start, None if end >= _ENDLESS else end, stride)
    return slice(None if start >= _ENDLESS else start, None if end <= -_ENDLESS else end, step)


def _not_before_first(paddle: Recorder, x: Tensor, axis: int, start: Any) -> Expr:
    """A computed start, at least `-size`: whatever the sign of the step, ONNX lets a start before that start there."""
    return paddle.maximum(start.astype("int64"), -paddle.shape(x)[axis])


def indexed(x: Expr, parts: Sequence[slice]) -> Expr:
    """`x[parts]`, whole axes at the end left out."""
    last = max((axis for axis, part in enumerate(parts) if part != slice(None)), default=None)
    if last is None:
        return x
    if last == len(parts) - 1 > 1 and all(part == slice(None) for part in parts[:-1]):
        return x[..., parts[-1]]
    return x[tuple(parts[: last + 1])] if last else x[parts[0]]


def _limited(paddle: Recorder, steps: Tensor) -> Expr:
    """Steps of a magnitude at which Paddle does not overflow; the first element alone is taken with it."""
    return paddle.clip(steps, -_ENDLESS, _ENDLESS)


def _slice_any_axes(
    paddle: Recorder, x: Tensor, starts: Tensor, ends: Tensor, axes: Tensor, steps: Tensor | None
) -> Expr:
    """Which axes are sliced is computed: every axis is, most of them from 0 to their size."""
    places = paddle.where(axes < 0, axes + x.rank, axes)
    kind = paddle.dtype(starts.dtype)
    sizes = cast(paddle, paddle.shape(x), kind, of="int64")
    bounds = [
        paddle.maximum(paddle.scatter(paddle.zeros([x.rank], dtype=kind), places, starts), -sizes),
        paddle.scatter(sizes, places, ends),
    ]
    strides: Expr = paddle.ones([x.rank], dtype=kind)
    bounds.append(strides if steps is None else paddle.scatter(strides, places, _limited(paddle, steps)))
    named = [paddle.let(bound, name) for bound, name in zip(bounds, ("starts", "ends", "steps"), strict=True)]
    chosen = list(range(x.rank))
    return paddle.strided_slice(x, chosen, *([bound[axis] for axis in chosen] for bound in named))


@emits("Split")
def split(paddle: Recorder, x: Tensor, sizes: Tensor | None = None, *, axis: int, num_outputs: int | None) -> Any:
    """Equal parts, given sizes, or parts of ceil(size / n) of which the last may be smaller."""
    axis = normal_axis(axis, x.rank)
    count, size = len(paddle.node.outputs), x.shape[axis]
    if sizes is None:
        count = num_outputs or count
        if size is None:
            step = floor_divided(paddle, paddle.shape(x)[axis] + count - 1, count)
            return _pieces(x, axis, [step] * count)
        step = -(-size // count)
        sections = [max(min(step, size - index * step), 0) for index in range(count)]
    elif sizes.is_constant:
        sections = sizes.ints()
    else:
        return _pieces(x, axis, [sizes[index] for index in range(count)])
    if len(sections) == 1:
        return [x]
    if 0 in sections or paddle_dtype(x.dtype) == "int16":
        return _pieces(x, axis, sections)
    equal = len(set(sections)) == 1
    return paddle.unpack(paddle.split(x, len(sections) if equal else sections, axis=axis), len(sections))


def _pieces(x: Tensor, axis: int, sections: Sequence[Any]) -> list[Expr]:
    """Parts as slices: also where sizes are computed or 0, and where Paddle's split has no kernel."""
    pieces: list[Expr] = []
    start: Any = 0
    for section in sections:
        end = start + section
        parts = [slice(None)] * x.rank
        parts[axis] = slice(start, end)
        pieces.append(indexed(x, parts))
        start = end
    return pieces


@emits("Pad")
def pad(
    paddle: Recorder, x: Tensor, pads: Tensor, constant_value: Tensor | None = None, axes: Tensor | None = None, *,
    mode: str,
) -> Any:
    if pads.is_constant and (axes is None or axes.is_constant):
        chosen = list(range(x.rank)) if axes is None else [normal_axis(axis, x.rank) for axis in axes.ints()]
        amounts = pads.ints()
        given = dict(zip(chosen, zip(amounts[: len(chosen)], amounts[len(chosen) :], strict=True), strict=True))
        pairs: list[tuple[Any, Any]] = [given.get(axis, (0, 0)) for axis in range(x.rank)]
        if mode == "constant" and _is_number(constant_value):
            return _pad_constant(paddle, x, pairs, 0 if constant_value is None else constant_value.item())
        return pad_by_positions(paddle, x, pairs, mode, constant_value)
    kind = paddle.cast(pads, "int64")
    if axes is None:
        pairs = [(kind[axis], kind[axis + x.rank]) for axis in range(x.rank)]
        return pad_by_positions(paddle, x, pairs, mode, constant_value)
    count = axes.shape[0]
    if count is None:
        raise Refusal("how many axes are padded is not known while converting")
    places = paddle.where(axes < 0, axes + x.rank, axes)
    zeros = paddle.zeros([x.rank], dtype="int64")
    begins, ends = (paddle.scatter(zeros, places, part) for part in (kind[:count], kind[count:]))
    return pad_by_positions(paddle, x, [(begins[axis], ends[axis]) for axis in range(x.rank)], mode, constant_value)


def _is_number(value: Tensor | None) -> bool:
    """Whether the padding is a constant that a float32 holds, as Paddle's attribute does; a NaN cannot be saved."""
    if value is None:
        return True
    return value.is_constant and bool(float(np.float32(value.item())) == value.item())


def _pad_constant(paddle: Recorder, x: Tensor, pairs: Sequence[tuple[int, int]], value: float) -> Any:
    """Negative amounts cut off. Paddle's kernel for any axes is wrong with oneDNN in float32, so float64 is taken."""
    parts = [slice(-b if b < 0 else None, e if e < 0 else None) for b, e in pairs]
    source = indexed(x, parts)
    amounts = [(max(b, 0), max(e, 0)) for b, e in pairs]
    if not any(amount for pair in amounts for amount in pair):
        return source
    options: dict[str, Any] = {} if value == 0 and not isinstance(value, bool) else {"value": float(value)}
    spatial = 3 <= x.rank <= 5 and not any(amount for pair in amounts[:2] for amount in pair)
    dtype = wide(x.dtype, NUMBERS if spatial else NUMBERS - {"float32"})
    source = cast(paddle, source, dtype, of=paddle.dtype(x.dtype))
    if spatial:
        flat = [amount for pair in reversed(amounts[2:]) for amount in pair]
        result = paddle.nn.functional.pad(source, flat, data_format=("NCL", "NCHW", "NCDHW")[x.rank - 3], **options)
    else:
        result = paddle.nn.functional.pad(source, [amount for pair in amounts for amount in pair], **options)
    return cast(paddle, result, x.dtype, of=dtype)


def pad_by_positions(
    paddle: Recorder, x: Tensor, pairs: Sequence[tuple[Any, Any]], mode: str, value: Tensor | None = None
) -> Any:
    """Padding in any mode, by gathering along each axis; the amounts may be computed, and negative ones cut off."""
    dtype = wide(x.dtype, GATHERS - ({"bfloat16", "int8", "int16", "uint8"} if mode == "constant" else set()))
    result = cast(paddle, x, dtype)
    fill = paddle.zeros([], dtype=dtype) if value is None else paddle.reshape(cast(paddle, value, dtype), [])
    for axis, (begin, end) in enumerate(pairs):
        if isinstance(begin, int) and isinstance(end, int) and begin == end == 0:
            continue
        size = size_of(paddle, x, axis)
        places = paddle.let(paddle.arange(size + begin + end) - begin, "places")
        if mode == "constant":
            inside = (places >= 0) & (places < size)
            shape = [-1, *[1] * (x.rank - axis - 1)]
            result = paddle.gather(result, paddle.clip(places, 0, size - 1), axis=axis)
            result = paddle.where(paddle.reshape(inside, shape), result, fill)
        else:
            result = paddle.gather(result, _reflected(paddle, places, size, mode), axis=axis)
    return cast(paddle, result, x.dtype, of=dtype)


def _reflected(paddle: Recorder, places: Expr, size: Any, mode: str) -> Any:
    """Where positions outside [0, size) are taken from."""
    if mode == "edge":
        return paddle.clip(places, 0, size - 1)
    if mode == "wrap":
        return places % size
    period = max(2 * (size - 1), 1) if isinstance(size, int) else paddle.clip(2 * (size - 1), min=1)
    within = places % period
    return paddle.minimum(within, period - within)


@emits("CenterCropPad")
def center_crop_pad(paddle: Recorder, x: Tensor, shape: Tensor, *, axes: list[int] | None) -> Any:
    """The middle of each axis, or zeros around it."""
    chosen = list(range(x.rank)) if axes is None else [normal_axis(axis, x.rank) for axis in axes]
    targets = sizes_of(shape)
    if isinstance(targets, Tensor):
        targets = [targets[index] for index in range(len(chosen))]
    pairs: list[tuple[Any, Any]] = [(0, 0)] * x.rank
    for axis, target in zip(chosen, targets, strict=True):
        size = size_of(paddle, x, axis)
        if isinstance(size, int) and isinstance(target, int):
            begin: Any = (target - size) // 2 if target >= size else -((size - target) // 2)
        else:
            more = floor_divided(paddle, target - size, 2)
            begin = paddle.where(target >= size, more, -floor_divided(paddle, size - target, 2))
        pairs[axis] = (begin, target - size - begin)
    if all(isinstance(amount, int) for pair in pairs for amount in pair):
        return _pad_constant(paddle, x, pairs, 0)
    return pad_by_positions(paddle, x, pairs, "constant")

