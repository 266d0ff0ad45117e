"""Layers that combine bottoms by arithmetic, and products with a matrix."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import onnx_ir as ir

from paddlify.errors import LoadError
from paddlify.frontends.caffe.lowering import Recorder, canonical, dims_of, lowers, static_dims


@lowers("Eltwise", param="eltwise_param")
def eltwise(op: Recorder, *xs: ir.Value, operation: str, coeff: Sequence[float]) -> Any:
    if len(xs) < 2:
        raise LoadError("it wants at least two bottoms")
    if coeff and (operation != "SUM" or len(coeff) != len(xs)):
        raise LoadError(f"{len(coeff)} coefficients for {operation} of {len(xs)} bottoms")
    for x in xs[1:]:
        check_same_shape(xs[0], x)
    if operation == "MAX":
        return op.Max(*xs)
    if operation == "PROD":
        product = xs[0]
        for x in xs[1:]:
            product = op.Mul(product, x)
        return product
    terms = [
        x if factor == 1 else op.Mul(x, op.constant_like(x, factor))
        for x, factor in zip(xs, coeff or [1.0] * len(xs), strict=True)
    ]
    total = terms[0]
    for term in terms[1:]:
        total = op.Add(total, term)
    return total


def check_same_shape(x: ir.Value, y: ir.Value) -> None:
    """Raise LoadError when the shapes of two bottoms are known to differ."""
    first, second = dims_of(x), dims_of(y)
    if len(first) != len(second) or any(
        a is not None and b is not None and a != b for a, b in zip(first, second, strict=True)
    ):
        raise LoadError(f"its bottoms {first} and {second} differ in shape")


@lowers("Axpy")
def axpy(op: Recorder, a: ir.Value, x: ir.Value, y: ir.Value) -> Any:
    """SENet's a x + y, with a factor for each channel of each item."""
    check_same_shape(x, y)
    if len(dims_of(a)) == 2:
        a = op.Unsqueeze(a, op.constant(list(range(2, len(dims_of(x))))))
    return op.Add(op.Mul(a, x), y)


@lowers("InnerProduct", param="inner_product_param")
def inner_product(
    op: Recorder, x: ir.Value, *, num_output: int, bias_term: bool, axis: int, transpose: bool
) -> Any:
    """Everything from `axis` on is one vector, multiplied with a matrix [num_output, length] (or its transpose)."""
    first = canonical(axis, len(dims_of(x)))
    length = math.prod(static_dims(x, first))
    weight = op.blob(0, [length, num_output] if transpose else [num_output, length], "weight")
    bias = op.blob(1, [num_output], "bias") if bias_term else None
    if first == 1:
        flat = x if len(dims_of(x)) == 2 else op.Flatten(x, axis=1)
        return op.Gemm(flat, weight, bias, transB=int(not transpose))
    if first == 0:
        row = op.Gemm(op.Reshape(x, op.constant([1, length])), weight, bias, transB=int(not transpose))
        return op.Reshape(row, op.constant([num_output]))
    if len(dims_of(x)) > first + 1:
        x = op.Reshape(x, op.constant([0] * first + [length]))
    product = op.MatMul(x, weight if transpose else op.Transpose(weight, perm=[1, 0]))
    return product if bias is None else op.Add(product, bias)


@lowers("Embed", param="embed_param")
def embed(op: Recorder, x: ir.Value, *, num_output: int, input_dim: int, bias_term: bool) -> Any:
    """Rows of a matrix by (float) number."""
    rows = op.Gather(op.blob(0, [input_dim, num_output], "weight"), op.Cast(x, to=ir.DataType.INT64), axis=0)
    return op.Add(rows, op.blob(1, [num_output], "bias")) if bias_term else rows
