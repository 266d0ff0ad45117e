# mypy: disable-error-code="no-any-return"

"""Convolutions and transposed convolutions, of any rank and in both layouts."""

from __future__ import annotations

from collections.abc import Sequence

import onnx_ir as ir

from paddlify.errors import Refusal
from paddlify.frontends.tensorflow.lowering import lowers
from paddlify.frontends.tensorflow.ops.common import Op, Result, Value, is_float, sizes, slice_axis, vector
from paddlify.frontends.tensorflow.ops.layout import channels_first, channels_last, is_channels_first, spatial
from paddlify.frontends.tensorflow.ops.padding import Window, explicit_pads, padded, spatial_steps
from paddlify.ir.builder import dtype_of, rank_of
from paddlify.ir.inference import Element, elements_of


@lowers("Conv2D")
def conv_2d(
    op: Op, x: Value, kernel: Value, *, strides: Sequence[int], padding: str, explicit_paddings: Sequence[int],
    data_format: str, dilations: Sequence[int],
) -> Result:
    return _conv(op, x, kernel, strides, padding, explicit_paddings, data_format, dilations)


@lowers("Conv3D")
def conv_3d(
    op: Op, x: Value, kernel: Value, *, strides: Sequence[int], padding: str, data_format: str,
    dilations: Sequence[int],
) -> Result:
    return _conv(op, x, kernel, strides, padding, (), data_format, dilations)


def _conv(
    op: Op, x: Value, kernel: Value, strides: Sequence[int], padding: str, explicit: Sequence[int],
    data_format: str, dilations: Sequence[int],
) -> Value:
    """A kernel of fewer input channels than the image has is applied to groups of them."""
    _check_float(x)
    *_, inputs, _ = sizes(kernel)
    channels = sizes(x)[1 if is_channels_first(data_format) else -1]
    groups = channels // inputs if channels and inputs else 1
    weight = op.Transpose(kernel, perm=_kernel_perm(rank_of(kernel)))
    return _moved_over(op, x, kernel, weight, groups, strides, padding, explicit, data_format, dilations)


@lowers("DepthwiseConv2dNative")
def depthwise_conv_2d(
    op: Op, x: Value, kernel: Value, *, strides: Sequence[int], padding: str, explicit_paddings: Sequence[int],
    data_format: str, dilations: Sequence[int],
) -> Result:
    """[kh, kw, C, M]: result channel c·M + m is made of channel c alone."""
    _check_float(x)
    weight, channels = _depthwise_weight(op, kernel)
    return _moved_over(
        op, x, kernel, weight, channels, strides, padding, explicit_paddings, data_format, dilations
    )


def _depthwise_weight(op: Op, kernel: Value) -> tuple[Value, int]:
    height, width, channels, multiplier = sizes(kernel)
    if None in (height, width, channels, multiplier) or channels is None or multiplier is None:
        raise Refusal("the shape of its kernel is not known at conversion time")
    moved = op.Transpose(kernel, perm=[2, 3, 0, 1])
    return op.Reshape(moved, op.constant([channels * multiplier, 1, height, width])), channels


def _moved_over(
    op: Op, x: Value, kernel: Value, weight: Value, groups: int, strides: Sequence[int], padding: str,
    explicit: Sequence[int], data_format: str, dilations: Sequence[int],
) -> Value:
    window = _window(kernel, strides, dilations, data_format)
    image, pads = padded(op, channels_first(op, x, data_format), window, padding, explicit, data_format, 0)
    result = op.Conv(
        image, weight, group=groups, kernel_shape=list(window.kernel), strides=list(window.strides),
        dilations=list(window.dilations), **pads,
    )
    return channels_last(op, result, data_format)


def _window(kernel: Value, strides: Sequence[int], dilations: Sequence[int], data_format: str) -> Window:
    known = sizes(kernel)[:-2]
    if None in known:
        raise Refusal("the size of its kernel is not known at conversion time")
    return Window(
        [size for size in known if size is not None],
        spatial_steps(strides, data_format, "strides"),
        spatial_steps(dilations, data_format, "dilations"),
    )


def _kernel_perm(rank: int) -> list[int]:
    """From [spatial …, in, out] to [out, in, spatial …]."""
    return [rank - 1, rank - 2, *range(rank - 2)]


def _check_float(x: Value) -> None:
    if not is_float(x):
        raise Refusal(f"ONNX has no convolution of {dtype_of(x).name.lower()}")


@lowers("Conv2DBackpropInput")
def conv_2d_backprop_input(
    op: Op, input_sizes: Value, kernel: Value, x: Value, *, strides: Sequence[int], padding: str,
    explicit_paddings: Sequence[int], data_format: str, dilations: Sequence[int],
) -> Result:
    return _conv_transpose(
        op, input_sizes, kernel, x, strides, padding, explicit_paddings, data_format, dilations
    )


@lowers("Conv3DBackpropInputV2")
def conv_3d_backprop_input(
    op: Op, input_sizes: Value, kernel: Value, x: Value, *, strides: Sequence[int], padding: str, data_format: str,
    dilations: Sequence[int],
) -> Result:
    return _conv_transpose(op, input_sizes, kernel, x, strides, padding, (), data_format, dilations)


def _conv_transpose(
    op: Op, input_sizes: Value, kernel: Value, x: Value, strides: Sequence[int], padding: str,
    explicit: Sequence[int], data_format: str, dilations: Sequence[int],
) -> Value:
    _check_float(x)
    window = _window(kernel, strides, dilations, data_format)
    image = channels_first(op, x, data_format)
    weight = op.Transpose(kernel, perm=_kernel_perm(rank_of(kernel)))
    elements = elements_of(input_sizes)
    groups = _transposed_groups(elements, kernel, data_format)
    attributes = {
        "kernel_shape": list(window.kernel), "strides": list(window.strides), "dilations": list(window.dilations),
        "group": groups,
    }
    crops = _crops(image, elements, window, padding, explicit, data_format)
    if crops is not None:
        pads, extra = crops
        result = op.ConvTranspose(image, weight, **attributes, pads=pads, output_padding=extra)
    else:
        extra = [max(stride - extent, 0) for extent, stride in zip(window.extents, window.strides, strict=True)]
        if padding == "VALID":
            extra = [stride - 1 for stride in window.strides]
        whole = op.ConvTranspose(image, weight, **attributes, output_padding=extra if any(extra) else None)
        result = _cut_out(op, whole, image, input_sizes, window, padding, explicit, data_format)
    return channels_last(op, result, data_format)


def _transposed_groups(elements: Sequence[Element] | None, kernel: Value, data_format: str) -> int:
    inputs = sizes(kernel)[-2]
    if elements is None or len(elements) != rank_of(kernel):
        return 1
    channels = elements[1 if is_channels_first(data_format) else -1]
    return channels // inputs if isinstance(channels, int) and inputs else 1


def _crops(
    image: Value, elements: Sequence[Element] | None, window: Window, padding: str, explicit: Sequence[int],
    data_format: str,
) -> tuple[list[int] | None, list[int] | None] | None:
    """Pads and output_padding that give the wanted size, or None when they are not known at conversion time.

    The size without pads is (n - 1) · stride + extent. What exceeds the wanted size is cut off as the forward
    convolution would have padded; what is missing was not covered by it, and is zero.
    """
    if elements is None or image.shape is None:
        return None
    rank = len(window.kernel)
    wanted = spatial(elements, data_format) if len(elements) == rank + 2 else list(elements)
    befores, afters, extras = [], [], []
    for axis in range(rank):
        stride, extent = window.strides[axis], window.extents[axis]
        excess = _difference(image.shape[axis + 2], stride, extent - stride, wanted[axis])
        if excess is None:
            return None
        before, after = _padding_of(excess, axis, padding, explicit, data_format)
        befores.append(before)
        afters.append(after)
        extras.append(before + after - excess)
    if min(extras) < 0:
        raise Refusal(f"its output cannot have size {wanted}")
    return ([*befores, *afters] if any(befores + afters) else None, extras if any(extras) else None)


def _difference(size: Element, stride: int, constant: int, wanted: Element) -> int | None:
    """size · stride + constant - wanted, where that is one number whatever the dynamic sizes are."""
    if isinstance(size, int) and isinstance(wanted, int):
        return size * stride + constant - wanted
    if any(isinstance(item, ir.SymbolicDim) and item.value is None for item in (size, wanted)):
        return None
    result = size * stride + constant - wanted
    if isinstance(result, int):
        return result
    text = str(result.simplify().value)
    return int(text) if text.lstrip("-").isdigit() else None


def _padding_of(
    excess: int, axis: int, padding: str, explicit: Sequence[int], data_format: str
) -> tuple[int, int]:
    if padding == "SAME":
        total = max(excess, 0)
        return total // 2, total - total // 2
    if padding == "EXPLICIT":
        pads = explicit_pads(explicit, data_format)
        return (pads[axis], pads[axis + len(pads) // 2]) if pads else (0, 0)
    return 0, 0


def _cut_out(
    op: Op, whole: Value, image: Value, input_sizes: Value, window: Window, padding: str,
    explicit: Sequence[int], data_format: str,
) -> Value:
    """The part of the wanted, dynamic size out of a result that was computed without pads."""
    rank = len(window.kernel)
    length = sizes(input_sizes)[0]
    first = 0 if length == rank else 2 if is_channels_first(data_format) else 1
    wanted = slice_axis(op, vector(op, input_sizes), 0, first, first + rank)
    if padding == "SAME":
        size = op.Shape(image, start=2)
        gaps = [extent - stride for extent, stride in zip(window.extents, window.strides, strict=True)]
        covered = op.Add(op.Mul(size, op.constant(list(window.strides))), op.constant(gaps))
        start = op.Div(op.Max(op.Sub(covered, wanted), op.constant([0])), op.constant([2]))
    else:
        pads = explicit_pads(explicit, data_format) if padding == "EXPLICIT" else None
        start = op.constant(pads[:rank] if pads else [0] * rank)
    return op.Slice(whole, start, op.Add(start, wanted), op.constant(list(range(2, rank + 2))))
