"""Operators that treat each element by itself, with broadcasting."""

from __future__ import annotations

from paddlify.backends.paddle.expression import Expr, Tensor
from paddlify.backends.paddle.module import Recorder, emits


@emits("Add")
def add(paddle: Recorder, a: Tensor, b: Tensor) -> Expr:
    return a + b
