# mypy: disable-error-code="no-any-return"

"""TensorFlow's SAME, VALID and EXPLICIT padding of windows, as ONNX says it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from paddlify.errors import Refusal
from paddlify.frontends.tensorflow.ops.common import Op, Value, joined, sizes
from paddlify.frontends.tensorflow.ops.layout import channel, is_channels_first, spatial


@dataclass(frozen=True)
class Window:
    """How a kernel moves over an image: one item for each spatial axis.

    Attributes:
        kernel: sizes of the kernel.
        strides: steps between two places of it.
        dilations: steps between two of its own elements.
    """

    kernel: Sequence[int]
    strides: Sequence[int]
    dilations: Sequence[int]

    @property
    def extents(self) -> list[int]:
        """What the kernel covers, gaps included."""
        return [(size - 1) * gap + 1 for size, gap in zip(self.kernel, self.dilations, strict=True)]


def spatial_steps(items: Sequence[int], data_format: str, name: str) -> list[int]:
    """Strides or dilations of the spatial axes; raises Refusal where those of batch or channels are not 1."""
    if items[0] != 1 or channel(items, data_format) != 1:
        raise Refusal(f"{name}={list(items)} over batch or channels is not supported")
    return spatial(items, data_format)


def padded(
    op: Op, x: Value, window: Window, padding: str, explicit: Sequence[int], data_format: str, fill: float
) -> tuple[Value, dict[str, object]]:
    """The input and the padding attributes of an ONNX operator that moves the window over it.

    `x` has its channels as axis 1; `explicit` holds (before, after) of each axis in `data_format`. ONNX's SAME_UPPER
    is TensorFlow's SAME where no kernel is dilated or smaller than its stride (its pads could be negative there);
    elsewhere a dynamic size is padded with `fill`.
    """
    if padding == "VALID":
        return x, {"pads": None}
    if padding == "EXPLICIT":
        return x, {"pads": explicit_pads(explicit, data_format)}
    if padding != "SAME":
        raise Refusal(f"padding {padding} is not supported")
    pads = _same_pads(x, window)
    if pads is not None:
        return x, {"pads": pads if any(pads) else None}
    plain = all(dilation == 1 for dilation in window.dilations)
    if plain and all(size >= step for size, step in zip(window.kernel, window.strides, strict=True)):
        return x, {"auto_pad": "SAME_UPPER"}
    return same_padded(op, x, window, fill), {"pads": None}


def _same_pads(x: Value, window: Window) -> list[int] | None:
    """ONNX's pads for SAME; None where they depend on a size that is not known."""
    totals = [
        same_total(size, *steps)
        for size, *steps in zip(sizes(x)[2:], window.extents, window.strides, strict=True)
    ]
    known = [total for total in totals if total is not None]
    if len(known) != len(totals):
        return None
    before = [total // 2 for total in known]
    return before + [total - part for total, part in zip(known, before, strict=True)]


def explicit_pads(explicit: Sequence[int], data_format: str) -> list[int] | None:
    """(before, after) of each axis in `data_format` as ONNX's pads of the spatial axes; None if there are none."""
    pairs = list(zip(explicit[::2], explicit[1::2], strict=True))
    if any(pairs[0]) or any(channel(pairs, data_format)):
        raise Refusal(f"explicit_paddings={list(explicit)} of batch or channels are not supported")
    befores, afters = zip(*spatial(pairs, data_format), strict=True)
    return [*befores, *afters] if any(befores + afters) else None


def same_total(size: int | None, extent: int, stride: int) -> int | None:
    """How much SAME pads an axis: ceil(size / stride) places; None where it depends on a size that is not known."""
    if size is not None:
        return max((-(-size // stride) - 1) * stride + extent - size, 0)
    if stride == 1 or extent == 1:
        return extent - 1
    return None


def same_padded(op: Op, x: Value, window: Window, fill: float) -> Value:
    """`x`, which has its channels as axis 1, padded as SAME says, by a node of the graph."""
    rank = len(window.kernel)
    known = _same_pads(x, window)
    if known is not None:
        pads = op.constant([0, 0, *known[:rank], 0, 0, *known[rank:]])
        return op.Pad(x, pads, op.constant_like(x, fill), mode="constant") if any(known) else x
    size = op.Shape(x, start=2)
    strides, extents = op.constant(list(window.strides)), op.constant(window.extents)
    places = op.Div(op.Add(size, op.constant([step - 1 for step in window.strides])), strides)
    covered = op.Add(op.Mul(op.Sub(places, op.constant([1] * rank)), strides), extents)
    total = op.Max(op.Sub(covered, size), op.constant([0]))
    before = op.Div(total, op.constant([2]))
    pads = joined(op, [0, 0], before, [0, 0], op.Sub(total, before))
    return op.Pad(x, pads, op.constant_like(x, fill), mode="constant")


def pool_window(ksize: Sequence[int], strides: Sequence[int], data_format: str) -> Window:
    """The window of a pooling operator."""
    is_channels_first(data_format)
    kernel = spatial_steps(ksize, data_format, "ksize")
    return Window(kernel, spatial_steps(strides, data_format, "strides"), [1] * len(kernel))


