"""Activation functions."""

from __future__ import annotations

from paddlify.backends.paddle.expression import Expr, Tensor
from paddlify.backends.paddle.module import Recorder, emits


@emits("Relu")
def relu(paddle: Recorder, x: Tensor) -> Expr:
    return paddle.nn.functional.relu(x)


@emits("Softmax")
def softmax(paddle: Recorder, x: Tensor, *, axis: int) -> Expr:
    return paddle.nn.functional.softmax(x, axis=axis)
