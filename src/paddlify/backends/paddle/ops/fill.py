"""Tensors made from nothing but numbers: constants, ranges, triangles."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx_ir as ir

from paddlify.backends.paddle.expression import Expr, Tensor
from paddlify.backends.paddle.module import Recorder, emits, is_literal
from paddlify.backends.paddle.ops.common import FLOATS, NUMBERS, cast, computed, number, size_of, wide
from paddlify.backends.paddle.ops.sizes import sizes_of
from paddlify.errors import Refusal

_TRIANGLES = NUMBERS | {"float16", "bool", "complex64", "complex128"}


@emits("Constant")
def constant(
    paddle: Recorder, *, value: ir.TensorProtocol | None, value_float: float | None, value_floats: list[float] | None,
    value_int: int | None, value_ints: list[int] | None,
) -> Expr:
    if value is not None:
        return paddle.constant(value.numpy())
    if value_float is not None or value_floats is not None:
        return paddle.constant(np.array(value_floats if value_float is None else value_float, np.float32))
    return paddle.constant(np.array(value_ints if value_int is None else value_int, np.int64))


@emits("ConstantOfShape")
def constant_of_shape(paddle: Recorder, shape: Tensor, *, value: ir.TensorProtocol | None) -> Expr:
    """A number that Paddle's attribute does not hold is spread from a constant."""
    item = np.float32(0) if value is None else value.numpy().reshape(-1)[0]
    dtype = ir.DataType.FLOAT if value is None else value.dtype
    sizes = sizes_of(shape)
    single = ir.tensor(np.full((1,), item, item.dtype), dtype=dtype)
    if not is_literal(single):
        return paddle.expand(paddle.constant(item.reshape((1,)), dtype), sizes)
    fill = item.item() if item.dtype.kind in "biufc" and item.dtype != np.float32 else number(np.float32(item))
    return paddle.full(sizes, fill, dtype=paddle.dtype(dtype))


@emits("Range")
def range_(paddle: Recorder, start: Tensor, limit: Tensor, delta: Tensor, *, stash_type: int) -> Any:
    """float16 and bfloat16 are computed in float32. A range that never begins is empty."""
    if stash_type != 1 and start.dtype in (ir.DataType.FLOAT16, ir.DataType.BFLOAT16):
        raise Refusal(f"attribute stash_type={stash_type} is not supported")
    dtype = wide(start.dtype)
    if start.is_constant and delta.is_constant and start.dtype == ir.DataType.INT64:
        first, step = start.item(), delta.item()
        if first == 0 and step == 1:
            return paddle.arange(_scalar(paddle, limit), dtype=dtype)
    first, last, step = (paddle.reshape(cast(paddle, bound, dtype), []) for bound in (start, limit, delta))
    count = paddle.ceil((last - first) / step) if dtype in FLOATS else -paddle.floor_divide(first - last, step)
    count = paddle.clip(paddle.cast(count, "int64"), min=0)
    return cast(paddle, first + paddle.cast(paddle.arange(count), dtype) * step, start.dtype, of=dtype)


def _scalar(paddle: Recorder, x: Tensor) -> Any:
    return number(x.numpy().reshape(-1)[0]) if x.is_constant else x if x.rank == 0 else paddle.reshape(x, [])


@emits("EyeLike")
def eye_like(paddle: Recorder, x: Tensor, *, dtype: int | None, k: int) -> Expr:
    kind = x.dtype if dtype is None else ir.DataType(dtype)
    rows, columns = (size_of(paddle, x, axis) for axis in range(2))
    diagonal = paddle.unsqueeze(paddle.arange(rows) + k if k else paddle.arange(rows), 1)
    return paddle.cast(paddle.equal(diagonal, paddle.arange(columns)), paddle.dtype(kind))


@emits("Trilu")
def trilu(paddle: Recorder, x: Tensor, k: Tensor | None = None, *, upper: int) -> Any:
    if k is None or k.is_constant:
        options = {} if k is None or k.item() == 0 else {"diagonal": k.item()}
        function = paddle.triu if upper else paddle.tril
        return computed(paddle, _TRIANGLES, lambda source: function(source, **options), x)
    rows, columns = (size_of(paddle, x, axis) for axis in (x.rank - 2, x.rank - 1))
    offset = paddle.arange(columns) - paddle.unsqueeze(paddle.arange(rows), 1)
    kept = offset >= k if upper else offset <= k

    def masked(source: Expr) -> Any:
        return paddle.where(kept, source, paddle.zeros_like(source))

    return computed(paddle, NUMBERS | {"bool"}, masked, x)
