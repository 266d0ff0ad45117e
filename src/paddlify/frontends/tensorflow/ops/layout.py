# mypy: disable-error-code="no-any-return"

"""Where the channels are: TensorFlow's data formats, and the transposes to ONNX's and back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from paddlify.errors import Refusal
from paddlify.frontends.tensorflow.ops.common import Op, Value
from paddlify.ir.builder import rank_of

T = TypeVar("T")
_FIRST = frozenset({"NCHW", "NCDHW", "NCW"})
_LAST = frozenset({"NHWC", "NDHWC", "NWC"})


def is_channels_first(data_format: str) -> bool:
    """True where channels are axis 1, False where they are the last; raises Refusal for other formats."""
    if data_format not in _FIRST | _LAST:
        raise Refusal(f"data_format {data_format} is not supported")
    return data_format in _FIRST


def channels_first(op: Op, x: Value, data_format: str) -> Value:
    """`x`, which is in `data_format`, with its channels as axis 1."""
    if is_channels_first(data_format):
        return x
    rank = rank_of(x)
    return op.Transpose(x, perm=[0, rank - 1, *range(1, rank - 1)])


def channels_last(op: Op, x: Value, data_format: str) -> Value:
    """`x`, whose channels are axis 1, in `data_format`: the way back of `channels_first`."""
    if is_channels_first(data_format):
        return x
    rank = rank_of(x)
    return op.Transpose(x, perm=[0, *range(2, rank), 1])


def spatial(items: Sequence[T], data_format: str) -> list[T]:
    """Of one item for each axis in `data_format`, those of the spatial axes."""
    return list(items[2:] if is_channels_first(data_format) else items[1:-1])


def channel(items: Sequence[T], data_format: str) -> T:
    """Of one item for each axis in `data_format`, that of the channels."""
    return items[1 if is_channels_first(data_format) else -1]
