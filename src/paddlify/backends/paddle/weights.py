"""The parameters of a model, streamed into one `.pdiparams` file, or each into one of its own.

The file is what Paddle's `save_combine` writes: the parameters in the order of their sorted names (which are not in
the file), each a uint32 tensor version, a uint64 count of level-of-detail entries, a uint32 tensor version, an int32
size, a TensorDesc message of that size, and the elements in C order, little endian. What `save` writes for one
parameter, as Fluid reads it, is the same for that parameter alone.

Source of the format: paddle/fluid/framework/lod_tensor.cc and tensor_util.cc (SerializeToStream), and
framework.proto (VarType) of PaddlePaddle 3.3.
"""

from __future__ import annotations

import io
import itertools
import math
import struct
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

import onnx_ir as ir

from paddlify.ir import tensors, wire

VAR_TYPES: Final[Mapping[str, int]] = {
    "bool": 0,
    "int16": 1,
    "int32": 2,
    "int64": 3,
    "float16": 4,
    "float32": 5,
    "float64": 6,
    "uint8": 20,
    "int8": 21,
    "bfloat16": 22,
    "complex64": 23,
    "complex128": 24,
    "float8_e4m3fn": 32,
    "float8_e5m2": 33,
}
"""Paddle's dtypes by name, as the enumeration VarType.Type of framework.proto."""

_BYTES: Final[Mapping[str, int]] = {
    "bool": 1, "int16": 2, "int32": 4, "int64": 8, "float16": 2, "float32": 4, "float64": 8, "uint8": 1, "int8": 1,
    "bfloat16": 2, "complex64": 8, "complex128": 16, "float8_e4m3fn": 1, "float8_e5m2": 1,
}

Entry = tuple[str, ir.TensorProtocol, str, Sequence[int]]
"""A parameter: name, content, Paddle dtype, shape."""


def write_params(path: Path, entries: Iterable[Entry], progress: Callable[[int], None] | None = None) -> int:
    """Write parameters into a new file, sorted by name; returns its size in bytes.

    `progress` is given the size of each piece of content that was written. Memory stays bounded.
    Raises ValueError when a name is given twice or a tensor does not fill its dtype and shape, LoadError when the
    source of a tensor cannot be read, OSError when the file cannot be written.
    """
    ordered = sorted(entries, key=lambda entry: entry[0])
    for (name, *_), (following, *_) in itertools.pairwise(ordered):
        if name == following:
            raise ValueError(f"parameter '{name}' is given twice")
    with path.open("wb", buffering=0) as file:
        for entry in ordered:
            _write_entry(file, entry, progress)
        return file.tell()


def write_separate_params(
    folder: Path, entries: Iterable[Entry], progress: Callable[[int], None] | None = None
) -> None:
    """Write each parameter into a new file of its own name in `folder`; otherwise like `write_params`.

    Raises FileExistsError when the folder has a file of that name.
    """
    for entry in entries:
        with (folder / entry[0]).open("xb", buffering=0) as file:
            _write_entry(file, entry, progress)


def _write_entry(file: io.FileIO, entry: Entry, progress: Callable[[int], None] | None) -> None:
    name, tensor, dtype, shape = entry
    expected = math.prod(shape) * _BYTES[dtype]
    if tensor.nbytes != expected:
        raise ValueError(f"'{name}': {tensor.nbytes} bytes do not fill {dtype} of shape {list(shape)}")
    file.write(_header(dtype, shape))
    tensors.copy_to(tensor, file, progress)


def _header(dtype: str, shape: Sequence[int]) -> bytes:
    """Everything before the elements: a TensorDesc has the dtype in field 1 and the dims, unpacked, in field 2."""
    desc = wire.tag(1, wire.VARINT) + wire.varint(VAR_TYPES[dtype])
    for dim in shape:
        desc += wire.tag(2, wire.VARINT) + wire.varint(dim)
    return struct.pack("<IQIi", 0, 0, 0, len(desc)) + desc
