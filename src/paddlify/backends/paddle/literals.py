"""Constants that are small enough to stand in `model.py`."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from paddlify.backends.paddle.dtypes import paddle_dtype
from paddlify.backends.paddle.expression import Call, Literal, Name
from paddlify.backends.paddle.source import text
from paddlify.ir.tensors import static_dims

INLINE_ELEMENTS = 16
"""Constants up to this size are written into `model.py`; larger ones are parameters."""

_LITERAL_DTYPES = {"float32", "float64", "float16", "bfloat16", "int32", "int64", "bool", "int8", "uint8", "int16"}


def is_literal(tensor: ir.TensorProtocol) -> bool:
    """Whether a constant may stand in `model.py`: it is small, and Paddle's static mode gives its very numbers.

    (There, float64 goes through float32, a large int64 through float64, -0.0 is 0.0, and a NaN makes a program that
    cannot be read.)
    """
    dtype = paddle_dtype(tensor.dtype)
    if tensor.size > INLINE_ELEMENTS or dtype not in _LITERAL_DTYPES:
        return False
    array = tensor.numpy()
    if array.dtype.kind == "f" and (np.isnan(array).any() or np.signbit(array[array == 0]).any()):
        return False
    if dtype == "float64":
        return bool(np.array_equal(array.astype(np.float32), array))
    return dtype != "int64" or all(abs(int(item)) <= 2**53 for item in array.reshape(-1))


def literal(tensor: ir.TensorProtocol) -> Literal:
    """A small constant as a `paddle.to_tensor` call."""
    dtype = paddle_dtype(tensor.dtype)
    array = tensor.numpy()
    to_tensor = Name("paddle.to_tensor")
    data = array.astype(np.float32 if dtype in ("bfloat16", "float16") else dtype)
    if array.size == 0:
        call = Call(Name("paddle.zeros"), [static_dims(tensor)], {"dtype": dtype})
    elif dtype == "float32" and array.ndim == 0:
        call = Call(to_tensor, [data[()]], {})
    else:
        call = Call(to_tensor, [data], {"dtype": dtype})
    return Literal(text(call), call)
