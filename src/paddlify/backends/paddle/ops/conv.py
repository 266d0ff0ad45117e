"""Convolutions."""

from __future__ import annotations

from paddlify.backends.paddle.expression import Expr, Tensor
from paddlify.backends.paddle.module import Recorder, emits


@emits("Conv")
def conv(
    paddle: Recorder, x: Tensor, w: Tensor, b: Tensor | None = None, *, auto_pad: str, dilations: list[int] | None,
    group: int, kernel_shape: list[int] | None, pads: list[int] | None, strides: list[int] | None,
) -> Expr:
    layer = paddle.layer(paddle.nn.Conv2D(w.shape[1]*group, w.shape[0], w.shape[2:], stride=strides, padding=pads[:2], bias_attr=None if b is not None else False), weight=w, bias=b)
    return layer(x)
