"""Upsample and Resize: from opset 11 on every choice is an attribute, before that it was the operator's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx_ir as ir

from paddlify.errors import Refusal
from paddlify.frontends.onnx.upgrade.rules import ALWAYS, Upgrader, upgrades
from paddlify.ir.builder import constant_of
from paddlify.ir.inference import known_array


@upgrades("Upsample", below=ALWAYS)
def upsample(
    op: Upgrader, x: ir.Value, factors: ir.Value | None = None, *, mode: str, scales: Sequence[float] | None,
    height_scale: float | None, width_scale: float | None,
) -> Any:
    """Factors were two attributes in opset 1, one attribute from opset 7 and an input from opset 9 on."""
    if height_scale is not None and width_scale is not None:
        scales = [1.0, 1.0, height_scale, width_scale]
    if scales is not None:
        factors = op.constant(np.array(scales, dtype=np.float32))
    if factors is None:
        raise Refusal("the scales are missing")
    known = known_array(factors)
    if known is not None and (known < 1).any():
        raise Refusal(f"scales below 1 {known.tolist()} are no upsampling")
    return _resize(op, x, factors, _known_mode(mode), "floor")


@upgrades("Resize", below=11)
def resize_10(op: Upgrader, x: ir.Value, scales: ir.Value, *, mode: str) -> Any:
    return _asymmetric(op, x, scales, mode)


def _asymmetric(op: Upgrader, x: ir.Value, scales: ir.Value, mode: str) -> Any:
    """Output element i is at i / scale of the input.

    The nearest element was, in onnxruntime (the specification does not say), the one below when an axis grows and the
    one above when it shrinks.
    """
    if _known_mode(mode) == "linear":
        return _resize(op, x, scales, "linear", "floor")
    factors = constant_of(scales, "scales").astype(np.float32)
    growing, shrinking = np.maximum(factors, 1), np.minimum(factors, 1)
    if (shrinking < 1).any():
        if (growing > 1).any():
            x = _resize(op, x, op.constant(growing), "nearest", "floor")
        return _resize(op, x, op.constant(shrinking), "nearest", "ceil")
    return _resize(op, x, op.constant(growing), "nearest", "floor")


def _known_mode(mode: str) -> str:
    """Opset 1 calls linear interpolation bilinear."""
    if mode not in ("nearest", "linear", "bilinear"):
        raise Refusal(f"attribute mode='{mode}' is not supported")
    return mode.removeprefix("bi")


def _resize(op: Upgrader, x: ir.Value, scales: ir.Value, mode: str, nearest_mode: str) -> Any:
    return op.Resize(
        x, None, scales, coordinate_transformation_mode="asymmetric", mode=mode,
        nearest_mode=nearest_mode if mode == "nearest" else None,
    )


@upgrades("Resize", below=19)
def resize_11(
    op: Upgrader, x: ir.Value, roi: ir.Value | None = None, scales: ir.Value | None = None,
    sizes: ir.Value | None = None, *, antialias: int | None, axes: Sequence[int] | None,
    coordinate_transformation_mode: str, cubic_coeff_a: float, exclude_outside: int, extrapolation_value: float,
    keep_aspect_ratio_policy: str | None, mode: str, nearest_mode: str,
) -> Any:
    """Inputs that are not given may be empty tensors, and one coordinate transformation was removed in opset 13."""
    transformation = coordinate_transformation_mode
    if transformation == "tf_half_pixel_for_nn":
        transformation, nearest_mode = _half_pixel_for_nearest(mode, nearest_mode)
    scales, sizes = _given(scales), _given(sizes)
    return op.Resize(
        x, _given(roi) if transformation == "tf_crop_and_resize" else None, scales if sizes is None else None, sizes,
        antialias=antialias, axes=axes, coordinate_transformation_mode=transformation, cubic_coeff_a=cubic_coeff_a,
        exclude_outside=exclude_outside, extrapolation_value=extrapolation_value,
        keep_aspect_ratio_policy=keep_aspect_ratio_policy, mode=mode, nearest_mode=nearest_mode,
    )


def _half_pixel_for_nearest(mode: str, nearest_mode: str) -> tuple[str, str]:
    """tf_half_pixel_for_nn reads the input at (i + 0.5) / scale, half a pixel further than half_pixel.

    Its floor is therefore half_pixel rounded to the nearest, up when it is between two.
    """
    if mode != "nearest" or nearest_mode != "floor":
        raise Refusal(f"tf_half_pixel_for_nn with mode={mode} and nearest_mode={nearest_mode} is not supported")
    return "half_pixel", "round_prefer_ceil"


def _given(value: ir.Value | None) -> ir.Value | None:
    """None for an empty tensor."""
    return None if value is None or (value.shape is not None and list(value.shape) == [0]) else value
