"""Resize: each axis by itself, as indices (nearest) or as a matrix of weights (linear, cubic).

Coordinates and weights are computed while converting where sizes and scales are known, and by the model itself
otherwise: both are written once, for numpy and for what is recorded of Paddle.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx_ir as ir

from paddlify.backends.paddle.expression import Expr, Tensor
from paddlify.backends.paddle.module import Recorder, emits
from paddlify.backends.paddle.ops.common import FLOATS, cast, wide
from paddlify.backends.paddle.ops.index import SELECTED
from paddlify.backends.paddle.ops.sizes import sizes_of
from paddlify.errors import Refusal
from paddlify.ir import inference


@dataclass(frozen=True)
class _Axis:
    """One axis that is resized; numbers of the float64 kind, or expressions of that dtype.

    Attributes:
        axis: its index.
        size: of the input.
        scale: output size by input size, as the model gives it.
        out: output size, a whole number.
        start, end: its region of interest, in units of the input size.
        known: whether all of them are numbers.
    """

    axis: int
    size: Any
    scale: Any
    out: Any
    start: Any
    end: Any
    known: bool


@emits("Resize")
def resize(
    paddle: Recorder,
    x: Tensor,
    roi: Tensor | None = None,
    scales: Tensor | None = None,
    sizes: Tensor | None = None,
    *,
    antialias: int,
    axes: list[int] | None,
    coordinate_transformation_mode: str,
    cubic_coeff_a: float,
    exclude_outside: int,
    extrapolation_value: float,
    keep_aspect_ratio_policy: str,
    mode: str,
    nearest_mode: str,
) -> Any:
    """Paddle's own interpolation where it computes the same, else axis by axis."""
    transform = coordinate_transformation_mode
    resized = _axes(
        paddle, x, roi if transform == "tf_crop_and_resize" else None, scales, sizes, axes, keep_aspect_ratio_policy
    )
    if mode != "nearest" and x.dtype.name not in ("FLOAT", "DOUBLE", "FLOAT16", "BFLOAT16"):
        raise Refusal(f"mode {mode} on {x.dtype.name.lower()}: how it is rounded is not specified")
    fused = None
    if not antialias and not exclude_outside:
        fused = _fused(paddle, x, resized, transform, mode)
        if fused is None:
            given = sizes if keep_aspect_ratio_policy == "stretch" else None
            fused = _fused_dynamic(paddle, x, resized, transform, mode, nearest_mode, given, axes)
    if fused is not None:
        return fused
    dtype = wide(x.dtype, FLOATS if mode != "nearest" else SELECTED)
    result: Any = cast(paddle, x, dtype)
    for item in resized:
        xp: Any = np if item.known else paddle
        position = _positions(xp, item, transform, "float32" if mode == "nearest" else "float64")
        if mode == "nearest":
            result = _nearest(paddle, xp, result, item, position, nearest_mode)
        else:
            weights = _weights(xp, item, position, mode, cubic_coeff_a, bool(antialias), bool(exclude_outside))
            result = _applied(paddle, result, _constant(paddle, item, weights.astype(dtype)), item.axis, x.rank)
        if transform == "tf_crop_and_resize":
            result = _extrapolated(paddle, xp, result, item, position, extrapolation_value, dtype, x.rank)
    return cast(paddle, result, x.dtype, of=dtype)


def _axes(
    paddle: Recorder, x: Tensor, roi: Tensor | None, scales: Tensor | None, sizes: Tensor | None,
    axes: list[int] | None, policy: str,
) -> list[_Axis]:
    """The axes that change, with their scales and sizes."""
    order = [axis % x.rank for axis in axes] if axes is not None else list(range(x.rank))
    lengths = [np.float64(size) if (size := x.shape[axis]) is not None else _length(paddle, x, axis) for axis in order]
    if sizes is not None and _is_given(sizes):
        wanted = _numbers(paddle, sizes, len(order))
        factors = [want / _divisor(paddle, want, length) for want, length in zip(wanted, lengths, strict=True)]
        if policy != "stretch":
            factors = [_chosen(paddle, factors, policy)] * len(factors)
            wanted = [_floor(paddle, factor * length + 0.5) for factor, length in zip(factors, lengths, strict=True)]
    elif scales is not None:
        factors = _numbers(paddle, scales, len(order))
        wanted = [_floor(paddle, _single(length * factor)) for factor, length in zip(factors, lengths, strict=True)]
    else:
        raise Refusal("neither scales nor sizes are given")
    kept = (
        inference.elements_of(sizes.value) if sizes is not None and _is_given(sizes) and policy == "stretch" else None
    )
    regions = [np.float64(0)] * len(order) + [np.float64(1)] * len(order)
    if roi is not None:
        regions = _numbers(paddle, roi, 2 * len(order))
    found = []
    for index, axis in enumerate(order):
        parts = (lengths[index], factors[index], wanted[index], regions[index], regions[len(order) + index])
        known = not any(isinstance(part, Expr) for part in parts)
        if roi is None and kept is not None and _is_size_of(x, axis, kept[index]):
            continue
        if not isinstance(factors[index], Expr) and factors[index] == 1 and roi is None:
            continue
        if known and wanted[index] == lengths[index] and factors[index] == 1 and parts[3:] == (0, 1):
            continue
        found.append(_Axis(axis, *parts, known))
    return found


def _is_size_of(x: Tensor, axis: int, element: Any) -> bool:
    """Whether a wanted size is the very size of the input, though it is dynamic."""
    dims = x.value.shape
    return (
        isinstance(element, ir.SymbolicDim) and element.value is not None and dims is not None and dims[axis] == element
    )


def _is_given(sizes: Tensor) -> bool:
    return not sizes.has_rank or sizes.shape != (0,)


def _length(paddle: Recorder, x: Tensor, axis: int) -> Expr:
    return paddle.let(paddle.shape(x)[axis].astype("float64"), "length")


def _numbers(paddle: Recorder, values: Tensor, count: int) -> list[Any]:
    elements = list(values.numpy()) if values.is_constant else values.elements() or [None] * count
    if None not in elements:
        return [np.float64(element) for element in elements]
    if values.dtype == ir.DataType.INT64:  # sizes: elements of shape arithmetic, each for itself
        return [
            paddle.let(values[index].astype("float64"), "number") if element is None else np.float64(element)
            for index, element in enumerate(elements)
        ]
    wide_values = paddle.let(values.astype("float64"), "numbers")
    return [wide_values[index] if element is None else np.float64(element) for index, element in enumerate(elements)]


def _divisor(xp: Any, dividend: Any, number: Any, dtype: str = "float64") -> Any:
    """A number by which a tensor is divided, as a tensor: Paddle's static mode has only its inverse in float32."""
    if isinstance(number, Expr) or not isinstance(dividend, Expr):
        return number.astype(dtype)
    return xp.to_tensor(float(number), dtype=dtype)


def _floor(paddle: Recorder, number: Any) -> Any:
    return paddle.floor(number) if isinstance(number, Expr) else np.floor(number)


def _single(number: Any) -> Any:
    """A float64 number rounded to float32, in which onnx and onnxruntime reckon: 10 times 0.7 is 7, not less."""
    return number.astype("float32").astype("float64")


def _chosen(paddle: Recorder, factors: list[Any], policy: str) -> Any:
    if policy not in ("not_larger", "not_smaller"):
        raise Refusal(f"keep_aspect_ratio_policy={policy} is unknown")
    if not any(isinstance(factor, Expr) for factor in factors):
        return min(factors) if policy == "not_larger" else max(factors)
    choose = paddle.minimum if policy == "not_larger" else paddle.maximum
    chosen = factors[0]
    for factor in factors[1:]:
        chosen = choose(chosen, factor)
    return paddle.let(chosen, "scale")


def _positions(xp: Any, item: _Axis, transform: str, dtype: str) -> Any:
    """Where each output element lies in the input; formulas of ONNX's Resize.

    What is nearest depends on how quotients are rounded: in float32, as onnxruntime does.
    """
    index = xp.arange(0, item.out, 1, dtype="float64")
    width = _single(item.size * item.scale)
    if transform == "asymmetric":
        return _quotient(xp, index, item.scale, dtype)
    if transform in ("align_corners", "tf_crop_and_resize"):
        is_one = (abs(width - 1) if xp is np else xp.abs(width - 1)) < 1e-12
        one = is_one.astype("float64")
        stretched = index * (item.end - item.start) * (item.size - 1) / (width - 1 + one) * (1 - one)
        middle = (item.end - item.start) * (item.size - 1) / 2 * one if transform == "tf_crop_and_resize" else one * 0
        return stretched + middle + item.start * (item.size - 1)
    centred = _quotient(xp, index + 0.5, item.scale, dtype) - 0.5
    if transform == "half_pixel":
        return centred
    if transform == "pytorch_half_pixel":
        return centred * (item.out > 1) if xp is np else centred * (item.out > 1).astype("float64")
    if transform == "half_pixel_symmetric":
        return item.size / 2 * (1 - item.out / width) + centred
    raise Refusal(f"coordinate_transformation_mode={transform} is unknown")


_HALFWAY = 1e-6
"""So near to the middle of two elements, a position in float32 counts as the middle, as it does for onnxruntime."""


def _quotient(xp: Any, dividend: Any, divisor: Any, dtype: str) -> Any:
    """In float64, but rounded to `dtype`."""
    quotient = dividend.astype(dtype) / _divisor(xp, dividend, divisor, dtype)
    return quotient.astype("float64")


def _nearest(paddle: Recorder, xp: Any, x: Any, item: _Axis, position: Any, nearest_mode: str) -> Expr:
    rounded = {
        "round_prefer_floor": lambda: xp.ceil(position - (0.5 + _HALFWAY)),
        "round_prefer_ceil": lambda: xp.floor(position + (0.5 + _HALFWAY)),
        "floor": lambda: xp.floor(position),
        "ceil": lambda: xp.ceil(position),
    }
    if nearest_mode not in rounded:
        raise Refusal(f"nearest_mode={nearest_mode} is unknown")
    index = xp.clip(rounded[nearest_mode](), 0.0, item.size - 1).astype("int64")
    return paddle.index_select(x, _constant(paddle, item, index), axis=item.axis)


def _weights(
    xp: Any, item: _Axis, position: Any, mode: str, a: float, antialias: bool, exclude_outside: bool
) -> Any:
    """The matrix [out, in] of what each input element contributes; taps beyond an edge count for the edge."""
    margin = 2 * item.size if antialias else 3
    taps = xp.arange(0, item.size + 2 * margin, 1, dtype="float64") - margin
    squeeze: Any = 1.0
    if antialias:
        squeeze = xp.clip(item.scale, 0.0, 1.0) if isinstance(item.scale, Expr) else min(item.scale, 1.0)
    distance = xp.abs((taps.reshape([1, -1]) - position.reshape([-1, 1])) * squeeze)
    if mode == "linear":
        spread = xp.clip(1 - distance, 0.0, 1.0)
    else:
        near = (((a + 2) * distance - (a + 3)) * distance * distance + 1) * (distance <= 1).astype("float64")
        far = (((a * distance - 5 * a) * distance + 8 * a) * distance - 4 * a) * (
            (distance > 1) & (distance < 2)
        ).astype("float64")
        spread = near + far
    if exclude_outside:
        spread = spread * ((taps >= 0) & (taps <= item.size - 1)).astype("float64").reshape([1, -1])
    if antialias or exclude_outside:
        spread = spread / xp.sum(spread, 1).reshape([-1, 1])
    inner = xp.arange(0, item.size, 1, dtype="float64")
    clamped = xp.clip(taps, 0.0, item.size - 1)
    folds = (xp.abs(clamped.reshape([-1, 1]) - inner.reshape([1, -1])) < 0.5).astype("float64")
    return xp.matmul(spread, folds)


def _constant(paddle: Recorder, item: _Axis, value: Any) -> Any:
    return paddle.constant(value) if item.known else value


def _applied(paddle: Recorder, x: Any, weights: Any, axis: int, rank: int) -> Expr:
    """The product of a matrix [out, in] with one axis of a tensor."""
    if axis == rank - 1:
        return paddle.matmul(x, weights, transpose_y=True)
    if axis == rank - 2:
        return paddle.matmul(weights, x)
    return paddle.moveaxis(paddle.matmul(paddle.moveaxis(x, axis, -1), weights, transpose_y=True), -1, axis)


def _extrapolated(
    paddle: Recorder, xp: Any, x: Any, item: _Axis, position: Any, value: float, dtype: str, rank: int
) -> Expr:
    outside = (position < 0) | (position > item.size - 1)
    if item.known and not outside.any():
        return x  # type: ignore[no-any-return]
    shape = [-1 if axis == item.axis else 1 for axis in range(rank)]
    return paddle.where(_constant(paddle, item, outside.reshape(shape)), paddle.full([], value, dtype=dtype), x)


_LINEAR = {1: ("linear", "NCW"), 2: ("bilinear", "NCHW"), 3: ("trilinear", "NCDHW")}


_COORDINATES: dict[str, dict[str, Any]] = {
    "align_corners": {"align_corners": True},
    "half_pixel": {"align_mode": 0},
    "pytorch_half_pixel": {"align_mode": 0},
    "asymmetric": {"align_mode": 1},
}


def _fused(paddle: Recorder, x: Tensor, resized: list[_Axis], transform: str, mode: str) -> Expr | None:
    """`F.interpolate` where it is the same: all spatial axes, known sizes, a scale that is the sizes' quotient."""
    spatial = list(range(2, x.rank))
    if not resized or x.dtype.name != "FLOAT" or not all(item.known for item in resized):
        return None
    if any(item.axis < 2 for item in resized) or any(x.shape[axis] is None for axis in spatial):
        return None
    if any(item.out != item.size * item.scale and item.out / item.size != item.scale for item in resized):
        return None
    outs = {item.axis: int(item.out) for item in resized}
    size = [outs.get(axis, x.shape[axis]) for axis in spatial]
    if mode != "linear" or len(spatial) not in _LINEAR or 1 in size or transform not in _COORDINATES:
        return None
    name, layout = _LINEAR[len(spatial)]
    return paddle.nn.functional.interpolate(x, size=size, mode=name, data_format=layout, **_COORDINATES[transform])


def _fused_dynamic(
    paddle: Recorder, x: Tensor, resized: list[_Axis], transform: str, mode: str, nearest_mode: str,
    sizes: Tensor | None, axes: list[int] | None,
) -> Expr | None:
    """`F.interpolate` of an image whose size is not in the model, by known scales or to computed sizes.

    Scales are those with which every size and quotient is exact in float32.
    """
    if not resized or x.dtype.name != "FLOAT" or x.rank != 4 or any(item.axis < 2 for item in resized):
        return None
    coordinates = _COORDINATES.get(transform)
    if mode == "nearest" and transform == "asymmetric" and nearest_mode == "floor":
        options = {"mode": "nearest"}
    elif mode == "linear" and coordinates is not None:
        options = {"mode": "bilinear", **coordinates}
    else:
        return None
    if not any(isinstance(item.scale, Expr) for item in resized):
        scales = {item.axis: float(item.scale) for item in resized}
        if not all(_is_exact(scale, transform, mode) for scale in scales.values()):
            return None
        factors = [scales.get(axis, 1.0) for axis in (2, 3)]
        factor = factors[0] if factors[0] == factors[1] else factors
        return paddle.nn.functional.interpolate(x, scale_factor=factor, **options)
    if sizes is None or mode == "nearest" or transform != "align_corners":
        return None
    order = [axis % 4 for axis in axes] if axes is not None else list(range(4))
    wanted = dict(zip(order, sizes_of(sizes), strict=True))
    if not {2, 3} <= set(wanted):
        return None
    return paddle.nn.functional.interpolate(x, size=[wanted[2], wanted[3]], **options)


def _is_exact(scale: float, transform: str, mode: str) -> bool:
    """Whether Paddle's float32 gives the same positions; for a result of one element, Paddle takes the first one."""
    if mode == "nearest":
        return math.frexp(scale)[0] == 0.5
    if transform == "align_corners":
        return scale.is_integer()
    return (scale * 16).is_integer() and (scale >= 2 or scale == 1)
