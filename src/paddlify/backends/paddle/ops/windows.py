"""What convolutions and poolings share: sliding windows, their padding, and how many of them there are."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from paddlify.backends.paddle.expression import Expr, Tensor
from paddlify.backends.paddle.module import Recorder
from paddlify.backends.paddle.ops.common import size_of
from paddlify.backends.paddle.ops.sizes import compact, floor_divided
from paddlify.errors import Refusal


@dataclass
class Windows:
    """Sliding windows over the spatial axes of a tensor (those from the third on).

    Attributes:
        sizes: of the spatial axes; an expression where dynamic.
        kernel, strides, dilations: one int for each spatial axis.
        begin, end: padding of each spatial axis; expressions where it depends on a dynamic size.
        counts: how many windows there are along each axis; expressions where dynamic.
        is_same: whether Paddle's padding "SAME" means the same.
        ceil: whether a last window may reach beyond the padding.
        drops: axes along which Paddle's ceil mode counts, or for a dynamic size could count, a window more: one that
            starts in the padding at the end.
    """

    paddle: Recorder
    sizes: list[Any]
    kernel: list[int]
    strides: list[int]
    dilations: list[int]
    begin: list[Any]
    end: list[Any]
    counts: list[Any] = field(default_factory=list)
    is_same: bool = False
    ceil: bool = False
    drops: list[int] = field(default_factory=list)

    @property
    def rank(self) -> int:
        """How many spatial axes there are."""
        return len(self.kernel)

    @property
    def extents(self) -> list[int]:
        """How many positions a window reaches over, dilation included."""
        return [(k - 1) * d + 1 for k, d in zip(self.kernel, self.dilations, strict=True)]

    @property
    def is_dilated(self) -> bool:
        """Whether any dilation is other than 1."""
        return set(self.dilations) != {1}

    @property
    def is_static(self) -> bool:
        """Whether the padding is known."""
        return all(isinstance(pad, int) for pad in (*self.begin, *self.end))

    @property
    def is_sayable(self) -> bool:
        """Whether `padding` can be said."""
        return self.is_static or self.is_same

    @property
    def padding(self) -> Any:
        """The padding as Paddle's layers take it: a number, one for each axis, or begin and end of each in turn."""
        if not self.is_static:
            return "SAME"
        if self.begin == self.end:
            return compact(self.begin)
        return [pad for pair in zip(self.begin, self.end, strict=True) for pad in pair]

    @property
    def options(self) -> dict[str, Any]:
        """stride, padding and dilation as keyword arguments, defaults left out."""
        options: dict[str, Any] = {}
        if set(self.strides) != {1}:
            options["stride"] = compact(self.strides)
        if self.is_padded:
            options["padding"] = self.padding
        if self.is_dilated:
            options["dilation"] = compact(self.dilations)
        return options

    @property
    def is_padded(self) -> bool:
        """Whether there is any padding."""
        return any(_is_nonzero(pad) for pad in (*self.begin, *self.end))

    def padded(self, x: Expr, value: float) -> Expr:
        """`x` with its spatial axes padded with `value`; the windows have no padding left then."""
        if not self.is_padded:
            return x
        result = pad_spatial(self.paddle, x, self.begin, self.end, value)
        self.sizes = [size + b + e for size, b, e in zip(self.sizes, self.begin, self.end, strict=True)]
        self.begin, self.end = [0] * self.rank, [0] * self.rank
        return result

    def slices(self, x: Expr, outside: float) -> list[Expr]:
        """What each element of the kernel meets in every window: one strided slice of `x` for each of them."""
        whole = pad_spatial(self.paddle, x, self.begin, [self._missing(axis) for axis in range(self.rank)], outside)
        axes = [axis + 2 for axis in range(self.rank)]
        parts = []
        for element in itertools.product(*(range(size) for size in self.kernel)):
            starts = [offset * dilation for offset, dilation in zip(element, self.dilations, strict=True)]
            ends = [
                start + (count - 1) * stride + 1
                for start, count, stride in zip(starts, self.counts, self.strides, strict=True)
            ]
            parts.append(self.paddle.strided_slice(whole, axes, starts, ends, list(self.strides)))
        return parts

    def reduced(self, x: Expr, outside: float, combine: Callable[[Any, Any], Any]) -> Expr:
        """The elements of each window combined, one axis after the other (so `combine` is commutative)."""
        result: Any = pad_spatial(
            self.paddle, x, self.begin, [self._missing(axis) for axis in range(self.rank)], outside
        )
        for axis, count in enumerate(self.counts):
            starts = [offset * self.dilations[axis] for offset in range(self.kernel[axis])]
            reach = (count - 1) * self.strides[axis] + 1
            parts = [
                self.paddle.strided_slice(result, [axis + 2], [start], [start + reach], [self.strides[axis]])
                for start in starts
            ]
            result = self.paddle.let(functools.reduce(combine, parts), "pooled") if len(parts) > 1 else parts[0]
        return result  # type: ignore[no-any-return]

    def _missing(self, axis: int) -> Any:
        """Padding at the end with which the last window is whole."""
        reach = (self.counts[axis] - 1) * self.strides[axis] + self.extents[axis]
        missing = reach - self.sizes[axis] - self.begin[axis]
        return max(missing, 0) if isinstance(missing, int) else self.paddle.clip(missing, min=0)


def windows(
    paddle: Recorder, x: Tensor, kernel: Sequence[int], auto_pad: str, pads: Sequence[int] | None,
    strides: Sequence[int] | None, dilations: Sequence[int] | None, *, ceil: bool = False,
) -> Windows:
    """The windows that a convolution or pooling node describes, `auto_pad` resolved.

    Raises Refusal unless there are one to three spatial axes and the padding is at least 0.
    """
    rank = len(kernel)
    if x.rank != rank + 2 or not 1 <= rank <= 3:
        raise Refusal(f"a kernel of rank {rank} on {x.rank - 2} spatial axes is not supported")
    begin, end = (list(pads[:rank]), list(pads[rank:])) if pads else ([0] * rank, [0] * rank)
    if min(*begin, *end) < 0:
        raise Refusal("negative pads are not supported")
    sizes = [size_of(paddle, x, 2 + axis) for axis in range(rank)]
    found = Windows(paddle, sizes, list(kernel), list(strides or [1] * rank), list(dilations or [1] * rank), begin, end)
    if auto_pad in ("SAME_UPPER", "SAME_LOWER"):
        for axis in range(rank):
            total = _same_padding(found, axis)
            small = floor_divided(paddle, total, 2)
            large = total - small
            found.begin[axis], found.end[axis] = (small, large) if auto_pad == "SAME_UPPER" else (large, small)
        found.is_same = auto_pad == "SAME_UPPER" and not found.is_dilated
        ceil = False
    elif auto_pad == "VALID":
        found.begin, found.end = [0] * rank, [0] * rank
    found.ceil = ceil
    found.counts = [_count(found, axis) for axis in range(rank)]
    found.drops = [axis for axis in range(rank) if ceil and _drops(found, axis)]
    return found


def _same_padding(found: Windows, axis: int) -> Any:
    """Total padding with which there are ceil(size / stride) windows."""
    size, stride, extent = found.sizes[axis], found.strides[axis], found.extents[axis]
    if stride == 1:
        return extent - 1
    last_start = floor_divided(found.paddle, size - 1, stride) * stride
    missing = last_start + extent - size
    return max(missing, 0) if isinstance(missing, int) else found.paddle.clip(missing, min=0)


def _count(found: Windows, axis: int) -> Any:
    """How many windows there are along an axis; one that would start in the padding at the end does not count."""
    size, stride, begin, end = found.sizes[axis], found.strides[axis], found.begin[axis], found.end[axis]
    room = size + begin + end - found.extents[axis]
    if not found.ceil:
        return floor_divided(found.paddle, room, stride) + 1
    count = floor_divided(found.paddle, room + stride - 1, stride) + 1
    limit = floor_divided(found.paddle, size + begin - 1, stride) + 1
    if isinstance(count, int) and isinstance(limit, int):
        return min(count, limit)
    return found.paddle.minimum(count, limit)


def _drops(found: Windows, axis: int) -> bool:
    size, stride, end = found.sizes[axis], found.strides[axis], found.end[axis]
    if not isinstance(size, int):
        return bool(end + stride > found.extents[axis])
    room = size + found.begin[axis] + end - found.extents[axis]
    return bool(-(-room // stride) + 1 != found.counts[axis])


def _is_nonzero(pad: Any) -> bool:
    return not isinstance(pad, int) or pad != 0


def pad_spatial(
    paddle: Recorder, x: Expr, begin: Sequence[Any], end: Sequence[Any], value: float = 0
) -> Expr:
    """`x` with its spatial axes (one to three, from the third on) padded with a number."""
    if not any(_is_nonzero(pad) for pad in (*begin, *end)):
        return x
    amounts: Any = [pad for pair in zip(reversed(begin), reversed(end), strict=True) for pad in pair]
    if not all(isinstance(amount, int) for amount in amounts):
        parts = [paddle.constant(amount, "int64") if isinstance(amount, int) else amount for amount in amounts]
        amounts = paddle.cast(paddle.stack(parts), "int32")
    options: dict[str, Any] = {} if value == 0 else {"value": value}
    return paddle.nn.functional.pad(x, amounts, data_format=("NCL", "NCHW", "NCDHW")[len(begin) - 1], **options)
