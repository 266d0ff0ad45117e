"""Random numbers: distributions are the standard's, the numbers Paddle's own.

An attribute `seed` starts a generator whose numbers the standard leaves open; here they come from Paddle's generator,
which `paddle.seed` seeds.
"""

from __future__ import annotations

from typing import Any

import onnx_ir as ir

from paddlify.backends.paddle.expression import Tensor
from paddlify.backends.paddle.module import Recorder, emits
from paddlify.backends.paddle.ops.common import FLOATING, FLOATS, cast, wide
from paddlify.errors import Refusal


@emits("RandomNormal")
def random_normal(
    paddle: Recorder, *, dtype: int, mean: float, scale: float, seed: float | None, shape: list[int]
) -> Any:
    return _normal(paddle, list(shape), ir.DataType(dtype), mean, scale)


@emits("RandomNormalLike")
def random_normal_like(
    paddle: Recorder, x: Tensor, *, dtype: int | None, mean: float, scale: float, seed: float | None
) -> Any:
    return _normal(paddle, _shape(paddle, x), x.dtype if dtype is None else ir.DataType(dtype), mean, scale)


@emits("RandomUniform")
def random_uniform(
    paddle: Recorder, *, dtype: int, high: float, low: float, seed: float | None, shape: list[int]
) -> Any:
    return _uniform(paddle, list(shape), ir.DataType(dtype), low, high)


@emits("RandomUniformLike")
def random_uniform_like(
    paddle: Recorder, x: Tensor, *, dtype: int | None, high: float, low: float, seed: float | None
) -> Any:
    return _uniform(paddle, _shape(paddle, x), x.dtype if dtype is None else ir.DataType(dtype), low, high)


def _shape(paddle: Recorder, x: Tensor) -> Any:
    return [int(dim or 0) for dim in x.shape] if x.is_static else paddle.shape(x)


def _work(dtype: ir.DataType) -> str:
    if dtype not in FLOATING:
        raise Refusal(f"random numbers of {dtype.name.lower()} are not supported")
    return wide(dtype, FLOATS)


def _normal(paddle: Recorder, shape: Any, dtype: ir.DataType, mean: float, scale: float) -> Any:
    work = _work(dtype)
    return cast(paddle, paddle.randn(shape, dtype=work) * scale + mean, dtype, of=work)


def _uniform(paddle: Recorder, shape: Any, dtype: ir.DataType, low: float, high: float) -> Any:
    work = _work(dtype)
    return cast(paddle, paddle.uniform(shape, dtype=work, min=low, max=high), dtype, of=work)


@emits("Bernoulli")
def bernoulli(paddle: Recorder, x: Tensor, *, dtype: int | None, seed: float | None) -> Any:
    work = wide(x.dtype, FLOATS)
    target = x.dtype if dtype is None else ir.DataType(dtype)
    return cast(paddle, paddle.bernoulli(cast(paddle, x, work)), target, of=work)


@emits("Multinomial")
def multinomial(paddle: Recorder, x: Tensor, *, dtype: int, sample_size: int, seed: float | None) -> Any:
    """Classes drawn by unnormalised log probabilities."""
    work = wide(x.dtype, FLOATS)
    chances = paddle.nn.functional.softmax(cast(paddle, x, work), axis=-1)
    return cast(paddle, paddle.multinomial(chances, sample_size, replacement=True), ir.DataType(dtype), of="int64")
