"""Matrix products and determinants."""

from __future__ import annotations

from typing import Any

from paddlify.backends.paddle.dtypes import paddle_dtype
from paddlify.backends.paddle.expression import Tensor
from paddlify.backends.paddle.module import Recorder, emits
from paddlify.backends.paddle.ops.common import FLOATING, FLOATS, cast, computed, wide
from paddlify.backends.paddle.ops.unsigned import wrapped
from paddlify.errors import Refusal
from paddlify.ir.tensors import Reshaped, Transposed


@emits("MatMul")
def matmul(paddle: Recorder, a: Tensor, b: Tensor) -> Any:
    if a.dtype in FLOATING:
        return computed(paddle, FLOATS, paddle.matmul, a, b)
    return integer_matmul(paddle, a, b)


def integer_matmul(paddle: Recorder, a: Tensor, b: Tensor) -> Any:
    """A product of integers, sum by sum: Paddle's matmul computes them in float32. What overflows wraps around."""
    left = cast(paddle, a, "int64")
    right = cast(paddle, b, "int64")
    left = paddle.unsqueeze(left, [0, 2]) if a.rank == 1 else paddle.unsqueeze(left, -1)
    right = paddle.unsqueeze(right, [0, 2]) if b.rank == 1 else paddle.unsqueeze(right, -3)
    product = paddle.sum(left * right, axis=-2)
    unit_axes = ([-2] if a.rank == 1 else []) + ([-1] if b.rank == 1 else [])
    product = paddle.squeeze(product, unit_axes) if unit_axes else product
    return wrapped(cast(paddle, product, a.dtype, of="int64"), a.dtype)


@emits("Gemm")
def gemm(
    paddle: Recorder, a: Tensor, b: Tensor, c: Tensor | None = None, *, alpha: float, beta: float, transA: int, transB: int  # noqa: N803
) -> Any:
    """alpha * A' B' + beta * C; a Linear layer where that is all it is."""
    if not transA and alpha == 1 and _is_linear(a, b, c, beta, transB):
        features = b.shape[::-1] if transB else b.shape
        weight = Transposed(b.tensor, (1, 0)) if transB else b.tensor
        if c is None:
            return paddle.layer(paddle.nn.Linear(*features, bias_attr=False), weight=weight)(a)
        bias = c.tensor if c.rank == 1 else Reshaped(c.tensor, [int(features[1] or 0)])
        return paddle.layer(paddle.nn.Linear(*features), weight=weight, bias=bias)(a)

    def combined(a: Any, b: Any, c: Any) -> Any:
        options = {name: True for name, value in (("transpose_x", transA), ("transpose_y", transB)) if value}
        product = paddle.matmul(a, b, **options)
        product = product if alpha == 1 else product * alpha
        return product if c is None or beta == 0 else product + (c if beta == 1 else c * beta)

    if a.dtype in FLOATING:
        return computed(paddle, FLOATS, combined, a, b, c)
    return _integer_gemm(paddle, a, b, c, alpha, beta, transA, transB)


def _is_linear(a: Tensor, b: Tensor, c: Tensor | None, beta: float, trans_b: int) -> bool:
    weights = [b] if c is None else [b, c]
    if paddle_dtype(a.dtype) not in FLOATS or not all(weight.is_initializer and weight.only_use for weight in weights):
        return False
    outputs = b.shape[0 if trans_b else 1]
    return c is None or (beta == 1 and c.shape in ((outputs,), (1, outputs)))


def _integer_gemm(
    paddle: Recorder, a: Tensor, b: Tensor, c: Tensor | None, alpha: float, beta: float, trans_a: int, trans_b: int
) -> Any:
    if alpha != int(alpha) or beta != int(beta):
        raise Refusal(f"alpha={alpha} and beta={beta} are not integers, though the matrices are of integers")
    left, right = cast(paddle, a, "int64"), cast(paddle, b, "int64")
    left = paddle.transpose(left, [1, 0]) if trans_a else left
    right = paddle.transpose(right, [1, 0]) if trans_b else right
    product = paddle.sum(paddle.unsqueeze(left, -1) * paddle.unsqueeze(right, 0), axis=1) * int(alpha)
    result = product if c is None else product + cast(paddle, c, "int64") * int(beta)
    return wrapped(cast(paddle, result, a.dtype, of="int64"), a.dtype)


@emits("Einsum")
def einsum(paddle: Recorder, *inputs: Tensor, equation: str) -> Any:
    equation = equation.replace(" ", "")
    return computed(paddle, FLOATS, lambda *operands: paddle.einsum(equation, *operands), *inputs)


@emits("Det")
def det(paddle: Recorder, x: Tensor) -> Any:
    return computed(paddle, FLOATS, paddle.linalg.det, x)
