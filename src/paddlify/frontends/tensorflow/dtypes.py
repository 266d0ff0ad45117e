"""TensorFlow's element types and the `onnx_ir` types that they are."""

from __future__ import annotations

from typing import TypeAlias

import onnx_ir as ir

DType: TypeAlias = "ir.DataType | str"
"""A type that ONNX has too, or the lower-case TensorFlow name of one that it has not: "resource", "variant", …"""

_KNOWN: dict[int, tuple[str, ir.DataType | None]] = {
    1: ("float", ir.DataType.FLOAT),
    2: ("double", ir.DataType.DOUBLE),
    3: ("int32", ir.DataType.INT32),
    4: ("uint8", ir.DataType.UINT8),
    5: ("int16", ir.DataType.INT16),
    6: ("int8", ir.DataType.INT8),
    7: ("string", ir.DataType.STRING),
    8: ("complex64", ir.DataType.COMPLEX64),
    9: ("int64", ir.DataType.INT64),
    10: ("bool", ir.DataType.BOOL),
    11: ("qint8", None),
    12: ("quint8", None),
    13: ("qint32", None),
    14: ("bfloat16", ir.DataType.BFLOAT16),
    15: ("qint16", None),
    16: ("quint16", None),
    17: ("uint16", ir.DataType.UINT16),
    18: ("complex128", ir.DataType.COMPLEX128),
    19: ("half", ir.DataType.FLOAT16),
    20: ("resource", None),
    21: ("variant", None),
    22: ("uint32", ir.DataType.UINT32),
    23: ("uint64", ir.DataType.UINT64),
    24: ("float8_e5m2", ir.DataType.FLOAT8E5M2),
    25: ("float8_e4m3fn", ir.DataType.FLOAT8E4M3FN),
}
REFERENCE = 100
"""Added to the number of a type for a reference to it (TF1's variables)."""
_BY_NAME = dict(_KNOWN.values())
NAMES = frozenset(_BY_NAME)


def numbers() -> list[tuple[int, str]]:
    """Every type as its number in protocol messages and its lower-case TensorFlow name."""
    return [(number, name) for number, (name, _) in _KNOWN.items()]


def from_number(number: int) -> DType:
    """The type for a `DataType` number of a protocol message; reference types count as what they refer to."""
    if number > REFERENCE:
        number -= REFERENCE
    name, dtype = _KNOWN.get(number, (f"dtype {number}", None))
    return dtype if dtype is not None else name


def from_name(name: str) -> DType:
    """The type for a name as `op_defs.json` spells it, such as "float" or "resource"."""
    return _BY_NAME.get(name) or name
