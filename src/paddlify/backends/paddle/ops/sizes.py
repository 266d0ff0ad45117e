"""Sizes and shapes as Paddle's calls take them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from paddlify.backends.paddle.expression import Tensor
from paddlify.backends.paddle.module import Recorder


def compact(numbers: Sequence[int]) -> int | list[int]:
    """`[3, 3]` as 3, as Paddle's layers take both."""
    return numbers[0] if len(set(numbers)) == 1 else list(numbers)


def sizes_of(shape: Tensor) -> Any:
    """The elements of an input that is a shape, expressions where they are computed; the input itself if its length
    is not known.

    A list even where nothing is known: Paddle in dynamic mode does not take a tensor of one element for a shape.
    """
    if shape.shape[0] is None:
        return shape
    elements = shape.elements() or [None] * shape.shape[0]
    return [shape[axis] if element is None else element for axis, element in enumerate(elements)]


def floor_divided(paddle: Recorder, size: Any, divisor: Any) -> Any:
    """`size // divisor` for sizes that are numbers or tensors of rank 0.

    (In dynamic mode Paddle's `//` with a Python number turns rank 0 into rank 1.)
    """
    if isinstance(size, int) or not isinstance(divisor, int):
        return size // divisor
    return paddle.floor_divide(size, paddle.constant(divisor, "int64"))
