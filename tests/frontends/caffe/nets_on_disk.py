"""Writes caffemodels, as Caffe does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from paddlify.ir import wire


def write_caffemodel(path: Path, blobs: Mapping[str, Sequence[np.ndarray]]) -> None:
    """Blobs by layer name, in today's form: layer (100) with name (1), type (2) and blobs (7) with data and shape."""
    with path.open("wb") as file:
        file.write(wire.delimited(1, b"net"))
        for name, arrays in blobs.items():
            stored = b"".join(wire.delimited(7, blob_message(array)) for array in arrays)
            file.write(wire.delimited(100, wire.delimited(1, name.encode()) + wire.delimited(2, b"Any") + stored))


def blob_message(array: np.ndarray) -> bytes:
    """A BlobProto: packed floats (5) and a shape (7) of packed dims (1)."""
    shape = wire.delimited(1, b"".join(wire.varint(dim) for dim in array.shape))
    return wire.delimited(5, np.ascontiguousarray(array, "<f4").tobytes()) + wire.delimited(7, shape)
