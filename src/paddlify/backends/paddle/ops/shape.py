"""Operators that move elements without changing them."""

from __future__ import annotations

from paddlify.backends.paddle.expression import Expr, Tensor
from paddlify.backends.paddle.module import Recorder, emits


@emits("Reshape")
def reshape(paddle: Recorder, x: Tensor, shape: Tensor, *, allowzero: int) -> Expr:
    return paddle.reshape(x, shape.ints())


@emits("Concat")
def concat(paddle: Recorder, *inputs: Tensor, axis: int) -> Expr:
    return paddle.concat(list(inputs), axis=axis)
