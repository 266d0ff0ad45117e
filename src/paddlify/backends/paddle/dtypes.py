"""How Paddle holds each ONNX element type.

uint16, uint32 and uint64 have no kernels in Paddle: they are held in a wider (or, for uint64, the widest) signed
type, and the declared dtype is restored at the edges of the model.
"""

from __future__ import annotations

import onnx_ir as ir

from paddlify.errors import Refusal

_D = ir.DataType

PADDLE_DTYPES: dict[ir.DataType, str] = {
    _D.FLOAT16: "float16",
    _D.BFLOAT16: "bfloat16",
    _D.FLOAT: "float32",
    _D.DOUBLE: "float64",
    _D.INT8: "int8",
    _D.INT16: "int16",
    _D.INT32: "int32",
    _D.INT64: "int64",
    _D.UINT8: "uint8",
    _D.BOOL: "bool",
    _D.COMPLEX64: "complex64",
    _D.COMPLEX128: "complex128",
    _D.FLOAT8E4M3FN: "float8_e4m3fn",
    _D.UINT16: "int32",
    _D.UINT32: "int64",
    _D.UINT64: "int64",
}

HELD_WIDER = {_D.UINT16, _D.UINT32, _D.UINT64}


def paddle_dtype(dtype: ir.DataType | None) -> str:
    """Paddle's name of the type that holds `dtype`; raises Refusal for a type that Paddle does not have."""
    if dtype is None:
        raise Refusal("the dtype of a value is not known")
    if dtype == _D.FLOAT8E5M2:
        raise Refusal("Paddle has float8e5m2, but its programs reject it")
    if dtype not in PADDLE_DTYPES:
        raise Refusal(f"Paddle has no dtype for {dtype.name.lower()}")
    return PADDLE_DTYPES[dtype]
