"""Blobs of a caffemodel: found by layer name, left on disk; or drawn from a seed."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
import onnx_ir as ir

from paddlify.errors import LoadError
from paddlify.frontends.caffe import messages
from paddlify.ir import tensors, wire

MAX_ELEMENTS: Final = (1 << 31) - 1
"""Caffe's limit for one blob."""

MAX_DRAWN: Final = 1 << 30
"""How many random weights a net may have; the largest that were published have some hundred million."""


@dataclass(frozen=True)
class Blob:
    """One stored array.

    Attributes:
        shape: as it is stored.
        is_legacy: stored as (num, channels, height, width): leading axes of size 1 may be missing in the net.
        tensor: one-dimensional float32.
    """

    shape: tuple[int, ...]
    is_legacy: bool
    tensor: ir.TensorProtocol

    def fits(self, shape: Sequence[int]) -> bool:
        """Whether Caffe would copy this blob into one of `shape`."""
        if not self.is_legacy:
            return self.shape == tuple(shape)
        return len(shape) <= 4 and self.shape == (1,) * (4 - len(shape)) + tuple(shape)


class Weights(Protocol):
    """Where the blobs of a net come from."""

    def count(self, layer: str) -> int | None:
        """How many blobs there are for a layer; None when that is not known."""

    def find(self, layer: str, index: int, shape: Sequence[int], role: str) -> ir.TensorProtocol:
        """Blob `index` of a layer as a tensor of `shape`; raises LoadError when there is none of this shape."""

    def check_shared(self, owner: tuple[str, int], other: tuple[str, int]) -> None:
        """Raise LoadError when two layers share a blob (layer, index), but different numbers are stored for them."""


class StoredWeights:
    """Blobs by layer name, as in a caffemodel; of two layers with one name the last counts, as in Caffe."""

    def __init__(self, path: str, blobs: Mapping[str, Sequence[Blob]]) -> None:
        self.path = path
        self.blobs = blobs

    def count(self, layer: str) -> int | None:
        return len(self.blobs.get(layer, ()))

    def find(self, layer: str, index: int, shape: Sequence[int], role: str) -> ir.TensorProtocol:
        found = self.blobs.get(layer, ())
        if not found:
            raise LoadError(f"{self.path} has no weights for it")
        if index >= len(found):
            raise LoadError(f"{self.path} has {len(found)} blob(s) for it, but its {role} is blob {index}")
        blob = found[index]
        if not blob.fits(shape):
            raise LoadError(
                f"its {role} has shape {list(shape)} in the prototxt and {list(blob.shape)} in {self.path}"
            )
        return tensors.Reshaped(blob.tensor, shape) if len(shape) != 1 else blob.tensor

    def check_shared(self, owner: tuple[str, int], other: tuple[str, int]) -> None:
        found = self.blobs.get(other[0], ())
        if owner == other or other[1] >= len(found):
            return
        first, second = self.blobs[owner[0]][owner[1]].tensor, found[other[1]].tensor
        if first.size != second.size or any(
            not np.array_equal(a, b) for a, b in zip(tensors.blocks(first), tensors.blocks(second), strict=True)
        ):
            raise LoadError(f"its blob {other[1]} is shared with layer '{owner[0]}', but {self.path} holds another one")


class RandomWeights:
    """Weights from a seed, scaled so that activations keep their size: for trying out a structure.

    The element at a place depends on the seed, the layer's name, the blob's index and its row alone.
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._count = 0

    def count(self, layer: str) -> int | None:
        return None

    def find(self, layer: str, index: int, shape: Sequence[int], role: str) -> ir.TensorProtocol:
        self._count += math.prod(shape)
        if self._count > MAX_DRAWN:
            raise LoadError(f"with its {role} of shape {list(shape)} the net has more than {MAX_DRAWN} random weights")
        low, high, deviation = _DRAWN.get(role, (0.0, 0.0, 0.0))
        if not high and not deviation:
            deviation = math.sqrt(2.0 / max(math.prod(shape[1:]), 1)) if len(shape) > 1 else 0.1
        key = [self.seed, index, *layer.encode()]

        def drawn(row: int, dims: Sequence[int]) -> Any:
            generator = np.random.default_rng([*key, row])
            if deviation:
                return np.float32(deviation) * generator.standard_normal(dims, dtype=np.float32)
            return np.float32(low) + np.float32(high - low) * generator.random(dims, dtype=np.float32)

        def rows(start: int, stop: int) -> Any:
            if len(shape) < 2:
                return drawn(0, shape)[start:stop] if shape else drawn(0, [1])
            return np.array([drawn(row, shape[1:]) for row in range(start, stop)])

        return tensors.Computed(ir.DataType.FLOAT, shape, rows, name=f"{layer}/{role}")

    def check_shared(self, owner: tuple[str, int], other: tuple[str, int]) -> None:
        """What is drawn for the owner is used for all."""


_DRAWN: Final = {
    "variance": (0.5, 1.5, 0.0),
    "scale": (0.5, 1.5, 0.0),
    "slope": (0.0, 0.5, 0.0),
    "factor": (1.0, 1.0, 0.0),
    "mean": (0.0, 0.0, 0.1),
    "bias": (0.0, 0.0, 0.1),
}
"""How a role is drawn: uniformly in [low, high), or normally with a deviation; anything else is a weight."""


class NoWeights:
    """Stands in where no weights were given: fails at the first layer that needs some."""

    def count(self, layer: str) -> int | None:
        return 0

    def find(self, layer: str, index: int, shape: Sequence[int], role: str) -> ir.TensorProtocol:
        raise LoadError(f"its {role} needs weights: give the caffemodel (--weights), or --random-weights")

    def check_shared(self, owner: tuple[str, int], other: tuple[str, int]) -> None:
        """There is nothing to compare."""


def read(path: Path) -> StoredWeights:
    """The blobs of a binary caffemodel, V0, V1 or V2; large ones stay in the file.

    Raises LoadError when the file is text, HDF5, truncated or damaged.
    """
    _check_binary(path)
    net = messages.weights().parse_binary(wire.skeleton(path, _LAYOUT), "Net", str(path))
    layers: dict[str, list[Blob]] = {}
    for layer in net.layer:
        _keep(layers, layer.name, layer.blobs, path)
    for layer in net.layers:
        inner = layer.layer if layer.HasField("layer") else layer
        _keep(layers, inner.name, inner.blobs, path)
    if not net.layer and not net.layers:
        raise LoadError(f"{path}: has no layers; is it a caffemodel?")
    return StoredWeights(path.name, layers)


def _check_binary(path: Path) -> None:
    try:
        with path.open("rb") as file:
            head = file.read(4096)
    except OSError as error:
        raise LoadError(f"{path}: cannot be read ({error.strerror})") from error
    if not head:
        raise LoadError(f"{path}: is empty")
    if head.startswith(b"\x89HDF"):
        raise LoadError(f"{path}: is an HDF5 file; save the net as a binary caffemodel (Caffe's snapshot_format)")
    if b"\0" not in head and b"{" in head and head.isascii():
        raise LoadError(f"{path}: is text where a binary caffemodel is expected (is it the prototxt?)")


def _keep(layers: dict[str, list[Blob]], name: str, blobs: Sequence[Any], path: Path) -> None:
    if blobs:
        layers[name] = [_blob(blob, f"{path}: layer '{name}', blob {index}", path) for index, blob in enumerate(blobs)]


def _blob(message: Any, where: str, path: Path) -> Blob:
    is_legacy = any(message.HasField(name) for name in ("num", "channels", "height", "width"))
    dims = (message.num, message.channels, message.height, message.width) if is_legacy else message.shape.dim
    shape = tuple(dims)
    if any(dim < 0 for dim in shape) or math.prod(shape) > MAX_ELEMENTS:
        raise LoadError(f"{where}: impossible shape {list(shape)}")
    if (message.data and message.data_offset) or (message.double_data and message.double_offset):
        raise LoadError(f"{where}: its numbers are scattered over the file; save the net again with Caffe")
    pieces = _pieces(message, path)
    size = sum(piece.size for piece in pieces)
    if size != math.prod(shape):
        raise LoadError(f"{where}: {size} numbers stored for the shape {list(shape)}")
    if len(pieces) == 1:
        return Blob(shape, is_legacy, pieces[0])
    joined = [tensor.numpy() for tensor in pieces] or [np.empty(0, np.float32)]
    return Blob(shape, is_legacy, ir.tensor(np.concatenate(joined)))


def _pieces(message: Any, path: Path) -> list[ir.TensorProtocol]:
    """The stored numbers, as float32."""
    pieces: list[ir.TensorProtocol] = []
    if message.data:
        pieces.append(ir.tensor(np.array(message.data, dtype=np.float32)))
    pieces += [
        _on_disk(path, ir.DataType.FLOAT, offset, length)
        for offset, length in zip(message.data_offset, message.data_length, strict=True)
    ]
    if pieces:
        return pieces
    if message.double_data:
        pieces.append(ir.tensor(np.array(message.double_data, dtype=np.float32)))
    pieces += [
        tensors.Cast(_on_disk(path, ir.DataType.DOUBLE, offset, length), ir.DataType.FLOAT)
        for offset, length in zip(message.double_offset, message.double_length, strict=True)
    ]
    return pieces


def _on_disk(path: Path, dtype: ir.DataType, offset: int, length: int) -> ir.ExternalTensor:
    if length % dtype.itemsize:
        raise LoadError(f"{path}: {length} bytes at {offset} are no whole number of {dtype}")
    return tensors.tensor_in_file(path, offset, length, dtype, [length // int(dtype.itemsize)])


def _placed(offset_field: int, length_field: int) -> wire.Replacement:
    def replace(offset: int, length: int) -> bytes:
        return b"".join(
            wire.tag(number, wire.VARINT) + wire.varint(value)
            for number, value in ((offset_field, offset), (length_field, length))
        )

    return replace


def _left_out(offset: int, length: int) -> bytes:
    return b""


_BLOB: Final = wire.Message(
    {5: _placed(20000, 20001), 6: _left_out, 8: _placed(20002, 20003), 9: _left_out}
)
_LAYOUT: Final = wire.Message(
    {100: wire.Message({7: _BLOB}), 2: wire.Message({6: _BLOB, 1: wire.Message({50: _BLOB})})}
)
