"""Pooling with Caffe's rounding, and spatial pyramid pooling."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import onnx_ir as ir

from paddlify.errors import LoadError, Refusal
from paddlify.frontends.caffe.lowering import Recorder, dims_of, lowers, static_dims

LOWEST: Final = float(np.finfo(np.float32).min)
"""What Caffe gives for the maximum of an empty window (-FLT_MAX)."""


@lowers("Pooling", param="pooling_param")
def pooling(
    op: Recorder, x: ir.Value, *, pool: str, kernel_size: int | None, stride: int, pad: int, kernel_h: int | None,
    kernel_w: int | None, stride_h: int | None, stride_w: int | None, pad_h: int | None, pad_w: int | None,
    global_pooling: bool, round_mode: str, ceil_mode: bool,
) -> Any:
    """The last window of a row may begin inside the bottom but not in its padding (`pooled_size`)."""
    if len(dims_of(x)) != 4:
        raise LoadError(f"it pools a bottom of 4 axes, not {len(dims_of(x))}")
    pads = [pad, pad] if pad_h is None else [pad_h, pad_w or 0]
    strides = [stride, stride] if stride_h is None else [stride_h, stride_w or 0]
    if global_pooling:
        if kernel_size or kernel_h or kernel_w:
            raise LoadError("global_pooling excludes a kernel size")
        if pads != [0, 0] or strides != [1, 1]:
            raise LoadError("global_pooling wants pad 0 and stride 1")
        kernel = None
    else:
        kernel = [kernel_size, kernel_size] if kernel_size is not None else [kernel_h or 0, kernel_w or 0]
        _check_window(kernel, strides, pads)
    has_mask = op.top_count > 1
    if has_mask and pool != "MAX":
        raise LoadError("only pool: MAX has a mask as its second top")
    is_ceil = round_mode == "CEIL" and ceil_mode
    return windows(op, x, pool, kernel, strides, pads, is_ceil=is_ceil, has_mask=has_mask)


def windows(
    op: Recorder, x: ir.Value, pool: str, kernel: list[int] | None, strides: list[int], pads: list[int], *,
    is_ceil: bool = True, has_mask: bool = False,
) -> Any:
    """Pool over windows (`kernel` None: over everything); with `has_mask` a pair, the mask as Caffe's float indices.

    Caffe's mean divides by the size of the window clipped to the padded bottom.
    """
    size = dims_of(x)[2:]
    if kernel is None and not has_mask and pool != "STOCHASTIC":
        return op.GlobalMaxPool(x) if pool == "MAX" else op.GlobalAveragePool(x)
    if kernel is None:
        kernel = static_dims(x, 2)
    for dim, length, step, pad in zip(size, kernel, strides, pads, strict=True):
        if dim is not None and pooled_size(dim, length, step, pad, is_ceil=is_ceil) < 1:
            raise LoadError(f"its kernel {kernel} is larger than its bottom {dims_of(x)}")
    surplus = [
        _surplus(dim, length, step, pad, is_ceil=is_ceil)
        for dim, length, step, pad in zip(size, kernel, strides, pads, strict=True)
    ]
    if any(surplus):
        if pool != "MAX" or has_mask:
            raise Refusal("a window lies beyond the bottom, where Caffe's result is undefined")
        x = _padded(op, x, surplus)
    settings: dict[str, Any] = {
        "kernel_shape": kernel,
        "strides": strides,
        "pads": pads * 2,
        "ceil_mode": int(is_ceil and not any(surplus) and not _is_exact(size, kernel, strides, pads)),
    }
    if pool == "MAX":
        return _max_with_mask(op, x, settings) if has_mask else op.MaxPool(x, **settings)
    if pool == "AVE":
        return op.AveragePool(x, count_include_pad=int(any(pads)), **settings)
    return _stochastic(op, x, settings)


def pooled_size(dim: int, kernel: int, stride: int, pad: int, *, is_ceil: bool = True) -> int:
    """Caffe's output size along one axis: rounded up, less a last window that would begin in the far padding."""
    room = dim + 2 * pad - kernel
    size = (-(-room // stride) if is_ceil else room // stride) + 1
    if pad and (size - 1) * stride >= dim + pad:
        size -= 1
    return size


def _surplus(dim: int | None, kernel: int, stride: int, pad: int, *, is_ceil: bool) -> int:
    """How far the last window must be padded when, without padding, it begins beyond the bottom."""
    if pad or stride <= kernel or not is_ceil:
        return 0
    if dim is None:
        raise Refusal("stride above the kernel needs a bottom of known size")
    start = (pooled_size(dim, kernel, stride, pad) - 1) * stride
    return start + kernel - dim if start >= dim else 0


def _padded(op: Recorder, x: ir.Value, surplus: list[int]) -> Any:
    pads = op.constant([0, 0, 0, 0, 0, 0, *surplus])
    return op.Pad(x, pads, op.constant_like(x, LOWEST))


def _is_exact(size: list[int | None], kernel: list[int], strides: list[int], pads: list[int]) -> bool:
    """Whether rounding makes no difference."""
    return all(
        dim is not None and (dim + 2 * pad - length) % step == 0
        for dim, length, step, pad in zip(size, kernel, strides, pads, strict=True)
    )


def _check_window(kernel: list[int], strides: list[int], pads: list[int]) -> None:
    if min(kernel) < 1 or min(strides) < 1:
        raise LoadError(f"kernel {kernel} and stride {strides} must be positive")
    if any(pad >= length for pad, length in zip(pads, kernel, strict=True)):
        raise LoadError(f"pad {pads} must be smaller than the kernel {kernel}")


def _max_with_mask(op: Recorder, x: ir.Value, settings: dict[str, Any]) -> tuple[ir.Value, ir.Value]:
    """Caffe's mask counts inside one channel of one image, ONNX's indices through the whole bottom."""
    height, width = static_dims(x, 2)
    largest, indices = op.MaxPool(x, outputs=2, **settings)
    return largest, op.Cast(op.Mod(indices, op.constant(np.int64(height * width))), to=ir.DataType.FLOAT)


def _stochastic(op: Recorder, x: ir.Value, settings: dict[str, Any]) -> Any:
    """At inference the mean of a window weighted by its own elements: sum(x²) / sum(x), 0 for a window of zeros."""
    if any(settings["pads"]):
        raise Refusal("stochastic pooling with padding is not supported")
    weighted = op.AveragePool(op.Mul(x, x), **settings)
    tiny = op.constant_like(x, np.finfo(np.float32).tiny)
    return op.Div(weighted, op.Add(op.AveragePool(x, **settings), tiny))


@lowers("SPP", param="spp_param")
def spp(op: Recorder, x: ir.Value, *, pyramid_height: int, pool: str) -> Any:
    """Level l pools into 2^l by 2^l bins; levels are flattened and joined if there are several."""
    size = static_dims(x, 2)
    if len(size) != 2:
        raise LoadError("it pools a bottom of 4 axes")
    if not 1 <= pyramid_height <= 16:
        raise LoadError(f"pyramid_height={pyramid_height} is impossible")
    levels = []
    for level in range(pyramid_height):
        bins = 2**level
        kernel = [-(-dim // bins) for dim in size]
        pads = [(length * bins - dim + 1) // 2 for dim, length in zip(size, kernel, strict=True)]
        _check_window(kernel, kernel, pads)
        levels.append(windows(op, x, pool, kernel, kernel, pads))
    return levels[0] if pyramid_height == 1 else op.Concat(*(op.Flatten(level) for level in levels), axis=1)
