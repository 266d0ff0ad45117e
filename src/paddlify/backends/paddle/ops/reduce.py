"""Reductions, cumulative sums, arguments of extremes and sorting."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import onnx_ir as ir

from paddlify.backends.paddle.expression import Name, Tensor
from paddlify.backends.paddle.module import Recorder, emits
from paddlify.backends.paddle.ops.cast import converted
from paddlify.backends.paddle.ops.common import FLOATING, FLOATS, NUMBERS, along, cast, normal_axis, size_of, wide
from paddlify.backends.paddle.ops.elementwise import truncated_quotient
from paddlify.backends.paddle.ops.unsigned import UNSIGNED, sign_flipped, wrapped
from paddlify.errors import DynamicValue, Refusal

_D = ir.DataType


@dataclass(frozen=True)
class _Reduction:
    """How numbers of `dtype` are reduced.

    `options` are the arguments of Paddle's call; `is_noop`: over no axes at all; `is_empty`: there are no numbers.
    """

    paddle: Recorder
    dtype: ir.DataType
    options: dict[str, Any]
    is_noop: bool
    is_empty: bool

    @property
    def has_known_axes(self) -> bool:
        """Whether the axes are numbers."""
        return not isinstance(self.options.get("axis"), Name)

    def __call__(self, name: str, x: Any, *, keepdim: bool | None = None) -> Any:
        """`paddle.<name>(x, axis=…, keepdim=…)`."""
        if self.is_noop:
            return x
        options = self.options if keepdim is None else {**self.options, "keepdim": keepdim}
        return getattr(self.paddle, name)(x, **{key: value for key, value in options.items() if value is not False})


def _reduction(paddle: Recorder, data: Tensor, axes: Tensor | None, keepdims: int, noop: int) -> _Reduction:
    """Axes as ONNX gives them: an input, whose absence or emptiness means all axes or, if `noop`, none."""
    if axes is not None and not axes.is_constant and axes.shape != (0,):
        options: dict[str, Any] = {"axis": _unknown_axes(axes, keepdims, noop), "keepdim": bool(keepdims)}
        return _Reduction(paddle, data.dtype, options, False, 0 in data.shape)
    numbers = [] if axes is None or axes.shape == (0,) else [normal_axis(axis, data.rank) for axis in axes.ints()]
    options = {"axis": numbers[0] if len(numbers) == 1 else numbers} if numbers else {}
    is_noop = data.rank == 0 or (not numbers and bool(noop))
    return _Reduction(paddle, data.dtype, options | {"keepdim": bool(keepdims)}, is_noop, 0 in data.shape)


def _unknown_axes(axes: Tensor, keepdims: int, noop: int) -> Any:
    """Axes that the model computes: Paddle's programs take a tensor, Paddle in dynamic mode wants numbers."""
    if axes.shape[0] is None and (noop or not keepdims):
        raise DynamicValue(f"the number of axes in '{axes.name}' must be known at conversion time")
    variable = axes.render()
    return Name(f"{variable}.tolist() if paddle.in_dynamic_mode() else {variable}")


def _reduces(op_type: str, function: Callable[[_Reduction, Any], Any], *, kernels: frozenset[str] = NUMBERS) -> None:
    """Register a reduction computed in one of `kernels`; integers that only floats can compute go by float64."""

    @emits(op_type)
    def emit(
        paddle: Recorder, data: Tensor, axes: Tensor | None = None, *, keepdims: int, noop_with_empty_axes: int
    ) -> Any:
        reduction = _reduction(paddle, data, axes, keepdims, noop_with_empty_axes)
        if kernels == FLOATS and data.dtype not in FLOATING:
            result = function(reduction, converted(paddle, data, _D.DOUBLE))
            return wrapped(cast(paddle, result, data.dtype, of="float64"), data.dtype)
        work = wide(data.dtype, kernels)
        result = function(reduction, cast(paddle, data, work))
        of = "int64" if work == "int32" and op_type in _SUMS and not reduction.is_noop else work
        return wrapped(cast(paddle, result, data.dtype, of=of), data.dtype)


_SUMS = frozenset({"ReduceSum", "ReduceSumSquare", "ReduceL1"})
"""Paddle's sum of int32 is int64."""


def _log_sum_exp(reduce: _Reduction, x: Any) -> Any:
    """log(sum(exp(x))) with the largest x taken out; Paddle's own gives NaN for infinities."""
    paddle = reduce.paddle
    if reduce.is_noop:
        return x
    if reduce.is_empty:
        return paddle.log(reduce("sum", x))
    maximum = "amax" if reduce.has_known_axes else "max"
    highest = _finite(paddle, reduce(maximum, x, keepdim=True))
    total = paddle.log(reduce("sum", paddle.exp(x - highest)))
    offset = paddle.let(reduce(maximum, x), "highest")
    return paddle.where(paddle.isfinite(offset), total + offset, offset)


def _finite(paddle: Recorder, x: Any) -> Any:
    return paddle.where(paddle.isfinite(x), x, paddle.zeros_like(x))


_reduces("ReduceSum", lambda reduce, x: reduce("sum", x))
_reduces("ReduceProd", lambda reduce, x: reduce("prod", x))
_reduces("ReduceL1", lambda reduce, x: reduce("sum", x if reduce.dtype in UNSIGNED else reduce.paddle.abs(x)))
_reduces("ReduceSumSquare", lambda reduce, x: reduce("sum", reduce.paddle.square(x)))
_reduces("ReduceL2", lambda reduce, x: reduce.paddle.sqrt(reduce("sum", reduce.paddle.square(x))), kernels=FLOATS)
_reduces("ReduceLogSum", lambda reduce, x: reduce.paddle.log(reduce("sum", x)), kernels=FLOATS)
_reduces("ReduceLogSumExp", _log_sum_exp, kernels=FLOATS)


@emits("ReduceMean")
def reduce_mean(
    paddle: Recorder, data: Tensor, axes: Tensor | None = None, *, keepdims: int, noop_with_empty_axes: int
) -> Any:
    """The mean of integers is rounded towards zero."""
    reduce = _reduction(paddle, data, axes, keepdims, noop_with_empty_axes)
    if reduce.is_noop:
        return data
    if data.dtype in FLOATING:
        work = wide(data.dtype, FLOATS)
        return cast(paddle, reduce("mean", cast(paddle, data, work)), data.dtype, of=work)
    if data.dtype == _D.UINT64:
        raise Refusal("Paddle has no kernel for the mean of uint64")
    numbers = cast(paddle, data, "int64")
    mean = truncated_quotient(paddle, reduce("sum", numbers), reduce("sum", paddle.ones_like(numbers)), "int64")
    return cast(paddle, mean, data.dtype, of="int64")


@emits("ReduceMax")
def reduce_max(
    paddle: Recorder, data: Tensor, axes: Tensor | None = None, *, keepdims: int, noop_with_empty_axes: int
) -> Any:
    reduce = _reduction(paddle, data, axes, keepdims, noop_with_empty_axes)
    return _extreme(reduce, data, "max")


@emits("ReduceMin")
def reduce_min(
    paddle: Recorder, data: Tensor, axes: Tensor | None = None, *, keepdims: int, noop_with_empty_axes: int
) -> Any:
    reduce = _reduction(paddle, data, axes, keepdims, noop_with_empty_axes)
    return _extreme(reduce, data, "min")


def _extreme(reduce: _Reduction, data: Tensor, name: str) -> Any:
    """The extreme of nothing is the lowest (highest) value of the dtype."""
    paddle = reduce.paddle
    if reduce.is_noop:
        return data
    if reduce.is_empty:
        zeros = reduce("sum", cast(paddle, data, wide(data.dtype, NUMBERS)))
        return paddle.full_like(zeros, _extreme_of_nothing(data.dtype, name), dtype=paddle.dtype(data.dtype))
    if data.dtype == _D.UINT64:
        return sign_flipped(paddle, reduce(name, sign_flipped(paddle, data)))
    work = wide(data.dtype, NUMBERS)
    # max gives the lowest finite number for -inf with oneDNN; amax does not take axes that the model computes.
    name = f"a{name}" if data.dtype in FLOATING and reduce.has_known_axes else name
    return cast(paddle, reduce(name, cast(paddle, data, work)), data.dtype, of=work)


def _extreme_of_nothing(dtype: ir.DataType, name: str) -> Any:
    if dtype in FLOATING:
        return -math.inf if name == "max" else math.inf
    if dtype == _D.BOOL:
        return name == "min"
    if dtype == _D.UINT64:
        return 0 if name == "max" else -1
    return int(dtype.min if name == "max" else dtype.max)


# Arguments of extremes


@emits("ArgMax")
def arg_max(paddle: Recorder, data: Tensor, *, axis: int, keepdims: int, select_last_index: int) -> Any:
    return _argument(paddle, paddle.argmax, data, axis, keepdims, select_last_index)


@emits("ArgMin")
def arg_min(paddle: Recorder, data: Tensor, *, axis: int, keepdims: int, select_last_index: int) -> Any:
    return _argument(paddle, paddle.argmin, data, axis, keepdims, select_last_index)


def _argument(paddle: Recorder, function: Any, data: Tensor, axis: int, keepdims: int, last: int) -> Any:
    """Paddle gives the first index of several; the last is the first of the reversed."""
    x = sign_flipped(paddle, data) if data.dtype == _D.UINT64 else cast(paddle, data, wide(data.dtype, NUMBERS))
    options: dict[str, Any] = {"keepdim": True} if keepdims else {}
    if not last:
        return function(x, axis=axis, **options)
    return size_of(paddle, data, axis) - 1 - function(paddle.flip(x, [axis]), axis=axis, **options)


# Cumulative


@emits("CumSum")
def cum_sum(paddle: Recorder, x: Tensor, axis: Tensor, *, exclusive: int, reverse: int) -> Any:
    return _cumulative(paddle, lambda x, axis: paddle.cumsum(x, axis=axis), "zeros_like", x, axis, exclusive, reverse)


@emits("CumProd")
def cum_prod(paddle: Recorder, x: Tensor, axis: Tensor, *, exclusive: int, reverse: int) -> Any:
    return _cumulative(paddle, lambda x, axis: paddle.cumprod(x, dim=axis), "ones_like", x, axis, exclusive, reverse)


def _cumulative(
    paddle: Recorder, function: Callable[[Any, int], Any], neutral: str, x: Tensor, axis: Tensor,
    exclusive: int, reverse: int,
) -> Any:
    """Exclusive: of the elements before, the neutral one first. An axis that the model computes selects from all."""

    def cumulated(source: Any, axis: int) -> Any:
        turned = paddle.flip(source, [axis]) if reverse else source
        if exclusive:
            first = getattr(paddle, neutral)(turned[along(axis, slice(None, 1))])
            turned = paddle.concat([first, turned[along(axis, slice(None, -1))]], axis=axis)
        found = function(turned, axis)
        found = found.astype(work) if neutral == "zeros_like" and work == "int32" else found
        return paddle.flip(found, [axis]) if reverse else found

    work = wide(x.dtype, NUMBERS)
    source = cast(paddle, x, work)
    if axis.is_constant:
        result = cumulated(source, normal_axis(axis.item(), x.rank))
    else:
        result = cumulated(source, 0)
        for other in range(1, x.rank):
            chosen = paddle.equal(axis % x.rank, paddle.full_like(axis, other))
            result = paddle.where(chosen, cumulated(source, other), result)
    return wrapped(cast(paddle, result, x.dtype, of=work), x.dtype)


# Sorting


@emits("TopK")
def top_k(paddle: Recorder, x: Tensor, k: Tensor, *, axis: int, largest: int, sorted: int) -> list[Any]:  # noqa: A002 - ONNX's name
    """Of equal elements the one with the lower index comes first, which Paddle's topk does not promise."""
    axis = normal_axis(axis, x.rank)
    count = k.item() if k.is_constant else k
    work = wide(x.dtype, NUMBERS)
    source = cast(paddle, x, work)
    keys = sign_flipped(paddle, x) if x.dtype == _D.UINT64 else source
    options: dict[str, Any] = {"axis": axis, "stable": True} | ({"descending": True} if largest else {})
    indices = paddle.argsort(keys, **options)[along(axis, slice(None, count))]
    values = paddle.take_along_axis(source, indices, axis, broadcast=False)
    return [cast(paddle, values, x.dtype, of=work), indices]
