"""Matrix products, determinants and inverses."""

from __future__ import annotations

from typing import Any

import onnx_ir as ir

from paddlify.backends.paddle.expression import Tensor
from paddlify.backends.paddle.module import Recorder, emits
from paddlify.backends.paddle.ops.common import FLOATING, FLOATS, cast, computed, may_own
from paddlify.backends.paddle.ops.unsigned import wrapped
from paddlify.errors import Refusal
from paddlify.ir.opset import CONTRIB_DOMAIN, PRIVATE_DOMAIN
from paddlify.ir.tensors import Reshaped, Transposed


@emits("MatMul")
def matmul(paddle: Recorder, a: Tensor, b: Tensor) -> Any:
    if a.dtype not in FLOATING:
        return integer_matmul(paddle, a, b)
    if a.shape[-1] == 0:  # with oneDNN, what lies in memory
        if not paddle.outputs[0].is_static:
            raise Refusal("a sum of no products whose number is not known while converting")
        return paddle.zeros(list(paddle.outputs[0].shape), dtype=paddle.dtype(a.dtype))
    if a.rank > 1 and b.rank > 1 and a.shape[-1] == 1:
        return computed(paddle, FLOATS, lambda a, b: a * b, a, b)  # batches of it are garbage with oneDNN
    if a.rank > 1 and b.rank == 2 and may_own(a, b):
        return paddle.layer(paddle.nn.Linear(*b.shape, bias_attr=False), weight=b.tensor)(a)
    if _is_taken_for_a_layer(paddle, b):
        return computed(paddle, FLOATS, lambda a, b: paddle.matmul(a, paddle.t(b), transpose_y=True), a, b)
    return computed(paddle, FLOATS, paddle.matmul, a, b)


@emits("Linear", domain=PRIVATE_DOMAIN)
def linear(paddle: Recorder, x: Tensor, weight: Tensor, bias: Tensor) -> Any:
    if weight.shape[0] == 1:  # see MatMul
        return x * weight + bias
    return paddle.layer(paddle.nn.Linear(*weight.shape), weight=weight.tensor, bias=_flat(bias))(x)


def _flat(bias: Tensor) -> ir.TensorProtocol:
    """A bias as [outputs]."""
    return bias.tensor if bias.rank == 1 else Reshaped(bias.tensor, [int(bias.tensor.size)])


def _is_taken_for_a_layer(paddle: Recorder, b: Tensor) -> bool:
    """Whether oneDNN's passes take the product and the addition behind it for a layer with constant weights.

    They do so though `b` is computed, and the kernel keeps the first weights that it sees.
    """
    uses = [use.node for use in paddle.node.outputs[0].uses()]
    return b.rank == 2 and not b.is_initializer and any(node.op_type == "Add" for node in uses)


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
    paddle: Recorder, a: Tensor, b: Tensor, c: Tensor | None = None, *,
    alpha: float, beta: float, transA: int, transB: int,  # noqa: N803 - ONNX's names
) -> Any:
    """alpha * A' B' + beta * C; a Linear layer where that is all it is."""
    if not transA and alpha == 1 and _is_linear(a, b, c, beta, transB):
        features = b.shape[::-1] if transB else b.shape
        weight = Transposed(b.tensor, (1, 0)) if transB else b.tensor
        if c is None:
            return paddle.layer(paddle.nn.Linear(*features, bias_attr=False), weight=weight)(a)
        return paddle.layer(paddle.nn.Linear(*features), weight=weight, bias=_flat(c))(a)

    inner, is_computed = a.shape[0 if transA else 1], c is not None and not b.is_initializer  # see MatMul

    def combined(a: Any, b: Any, c: Any) -> Any:
        if inner == 1:
            product = (paddle.t(a) if transA else a) * (paddle.t(b) if transB else b)
        elif is_computed and not transB:
            product = paddle.matmul(a, paddle.t(b), transpose_y=True, **({"transpose_x": True} if transA else {}))
        else:
            options = {name: True for name, value in (("transpose_x", transA), ("transpose_y", transB)) if value}
            product = paddle.matmul(a, b, **options)
        product = product if alpha == 1 else product * alpha
        return product if c is None or beta == 0 else product + (c if beta == 1 else c * beta)

    if a.dtype in FLOATING:
        return computed(paddle, FLOATS, combined, a, b, c)
    return _integer_gemm(paddle, a, b, c, alpha, beta, transA, transB)


def _is_linear(a: Tensor, b: Tensor, c: Tensor | None, beta: float, trans_b: int) -> bool:
    if not may_own(a, *([b] if c is None else [b, c])):
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
    """Paddle's own, which takes a letter twice in one term for itself at times: such diagonals are taken before."""
    left, arrow, output = equation.replace(" ", "").partition("->")
    terms = left.split(",")
    if not arrow:
        output = "..." * ("..." in left) + "".join(sorted(c for c in set(left) - set(".,") if left.count(c) == 1))

    def combined(*operands: Any) -> Any:
        pairs = [_without_repeats(paddle, *pair) for pair in zip(operands, terms, strict=True)]
        return paddle.einsum(f"{','.join(term for _, term in pairs)}->{output}", *(x for x, _ in pairs))

    return computed(paddle, FLOATS, combined, *inputs)


def _without_repeats(paddle: Recorder, x: Any, term: str) -> tuple[Any, str]:
    """An operand and its term in which no letter comes twice; axes behind "..." count from the end."""
    for first, letter in enumerate(term):
        second = term.find(letter, first + 1)
        if letter != "." and second >= 0:
            dots = term.find(".")
            one, other = (place - len(term) if 0 <= dots < place else place for place in (first, second))
            rest = term[:first] + term[first + 1 : second] + term[second + 1 :] + letter
            return _without_repeats(paddle, paddle.diagonal(x, axis1=one, axis2=other), rest)
    return x, term


@emits("Det")
def det(paddle: Recorder, x: Tensor) -> Any:
    return computed(paddle, FLOATS, paddle.linalg.det, x)


@emits("Inverse", domain=CONTRIB_DOMAIN)
def inverse(paddle: Recorder, x: Tensor) -> Any:
    return computed(paddle, FLOATS, paddle.linalg.inv, x)
