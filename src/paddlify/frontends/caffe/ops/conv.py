"""Convolution, its transpose, and im2col."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx_ir as ir

from paddlify.errors import LoadError, Refusal
from paddlify.frontends.caffe.lowering import MAX_TABLE, Recorder, canonical, dims_of, lowers, static_dims


@dataclass(frozen=True)
class Window:
    """Sizes of a sliding window along each spatial axis."""

    kernel: list[int]
    stride: list[int]
    pad: list[int]
    dilation: list[int]

    @property
    def attributes(self) -> dict[str, list[int]]:
        """The window as ONNX attributes."""
        return {
            "kernel_shape": self.kernel,
            "strides": self.stride,
            "pads": self.pad * 2,
            "dilations": self.dilation,
        }


def window(
    spatial: int, *, kernel_size: Sequence[int], kernel_h: int | None, kernel_w: int | None, stride: Sequence[int],
    stride_h: int | None, stride_w: int | None, pad: Sequence[int], pad_h: int | None, pad_w: int | None,
    dilation: Sequence[int],
) -> Window:
    """The window of a convolution over `spatial` axes; raises LoadError where Caffe would."""
    found = Window(
        kernel=_sizes("kernel", spatial, kernel_size, kernel_h, kernel_w, None),
        stride=_sizes("stride", spatial, stride, stride_h, stride_w, 1),
        pad=_sizes("pad", spatial, pad, pad_h, pad_w, 0),
        dilation=_sizes("dilation", spatial, dilation, None, None, 1),
    )
    if min(found.kernel + found.stride + found.dilation) < 1:
        raise LoadError("kernel, stride and dilation must be positive")
    return found


def _sizes(
    name: str, spatial: int, repeated: Sequence[int], height: int | None, width: int | None, default: int | None
) -> list[int]:
    if height is not None or width is not None:
        if repeated or spatial != 2:
            raise LoadError(f"{name}_h and {name}_w are for two axes, and exclude {name}")
        return [height or 0, width or 0]
    if not repeated:
        if default is None:
            raise LoadError(f"{name}_size is missing")
        return [default] * spatial
    if len(repeated) not in (1, spatial):
        raise LoadError(f"{name} is given {len(repeated)} times for {spatial} spatial axes")
    return list(repeated) * (spatial if len(repeated) == 1 else 1)


@lowers("Convolution", "ConvolutionDepthwise", "DepthwiseConvolution", param="convolution_param")
def convolution(
    op: Recorder, *xs: ir.Value, num_output: int, bias_term: bool, pad: Sequence[int], kernel_size: Sequence[int],
    group: int, stride: Sequence[int], pad_h: int | None, pad_w: int | None, kernel_h: int | None,
    kernel_w: int | None, stride_h: int | None, stride_w: int | None, axis: int, dilation: Sequence[int],
) -> Any:
    channels, spatial = _channels(xs, axis)
    sizes = window(
        spatial, kernel_size=kernel_size, kernel_h=kernel_h, kernel_w=kernel_w, stride=stride, stride_h=stride_h,
        stride_w=stride_w, pad=pad, pad_h=pad_h, pad_w=pad_w, dilation=dilation,
    )
    if op.layer.type != "Convolution" and group == 1:
        group = channels
    _check_group(group, channels, num_output)
    weight = op.blob(0, [num_output, channels // group, *sizes.kernel], "weight")
    bias = op.blob(1, [num_output], "bias") if bias_term else None
    for x in xs:
        _check_fits(x, sizes)
    return tuple(op.Conv(x, weight, bias, group=group, **sizes.attributes) for x in xs)


@lowers("Deconvolution", param="convolution_param")
def deconvolution(
    op: Recorder, *xs: ir.Value, num_output: int, bias_term: bool, pad: Sequence[int], kernel_size: Sequence[int],
    group: int, stride: Sequence[int], pad_h: int | None, pad_w: int | None, kernel_h: int | None,
    kernel_w: int | None, stride_h: int | None, stride_w: int | None, axis: int, dilation: Sequence[int],
) -> Any:
    channels, spatial = _channels(xs, axis)
    sizes = window(
        spatial, kernel_size=kernel_size, kernel_h=kernel_h, kernel_w=kernel_w, stride=stride, stride_h=stride_h,
        stride_w=stride_w, pad=pad, pad_h=pad_h, pad_w=pad_w, dilation=dilation,
    )
    _check_group(group, channels, num_output)
    weight = op.blob(0, [channels, num_output // group, *sizes.kernel], "weight")
    bias = op.blob(1, [num_output], "bias") if bias_term else None
    return tuple(op.ConvTranspose(x, weight, bias, group=group, **sizes.attributes) for x in xs)


def _channels(xs: Sequence[ir.Value], axis: int) -> tuple[int, int]:
    """The number of channels and of spatial axes, which all bottoms share."""
    if not xs:
        raise LoadError("it has no bottom")
    ranks = {len(dims_of(x)) for x in xs}
    counts = {tuple(static_dims(x, 1, 2)) for x in xs}
    if len(ranks) != 1 or len(counts) != 1:
        raise LoadError("its bottoms differ in shape")
    (rank,) = ranks
    if canonical(axis, rank) != 1:
        raise Refusal(f"axis={axis} is not supported: channels must be axis 1")
    if not 3 <= rank <= 5:
        raise Refusal(f"a bottom of {rank} axes is not supported")
    return counts.pop()[0], rank - 2


def _check_group(group: int, channels: int, num_output: int) -> None:
    if group < 1 or channels % group or num_output % group:
        raise LoadError(f"group={group} divides {channels} channels and num_output={num_output} unevenly")


def _check_fits(x: ir.Value, sizes: Window) -> None:
    for dim, kernel, pad, dilation in zip(dims_of(x)[2:], sizes.kernel, sizes.pad, sizes.dilation, strict=True):
        if dim is not None and dim + 2 * pad < dilation * (kernel - 1) + 1:
            raise LoadError(f"its kernel {sizes.kernel} is larger than its padded bottom {dims_of(x)}")


@lowers("Im2col", param="convolution_param")
def im2col(
    op: Recorder, x: ir.Value, *, pad: Sequence[int], kernel_size: Sequence[int], stride: Sequence[int],
    pad_h: int | None, pad_w: int | None, kernel_h: int | None, kernel_w: int | None, stride_h: int | None,
    stride_w: int | None, axis: int, dilation: Sequence[int],
) -> Any:
    """Each window's elements as channels: a depthwise convolution with kernels that pick one element each."""
    channels, spatial = _channels([x], axis)
    sizes = window(
        spatial, kernel_size=kernel_size, kernel_h=kernel_h, kernel_w=kernel_w, stride=stride, stride_h=stride_h,
        stride_w=stride_w, pad=pad, pad_h=pad_h, pad_w=pad_w, dilation=dilation,
    )
    _check_fits(x, sizes)
    places = math.prod(sizes.kernel)
    if channels * places**2 > MAX_TABLE:
        raise Refusal(f"a window of {places} elements in {channels} channels is too large to be taken apart")
    pick = np.tile(np.eye(places, dtype=np.float32), (channels, 1)).reshape(channels * places, 1, *sizes.kernel)
    return op.Conv(x, op.constant(pick, name=f"{op.layer.name}/pick"), group=channels, **sizes.attributes)
