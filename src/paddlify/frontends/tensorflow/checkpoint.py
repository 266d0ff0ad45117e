"""Checkpoints (tensor bundles): an index of names, and shards with the data, which stays on disk.

`prefix.index` is a table (see `table`) from names to `BundleEntryProto`; under the empty key is the
`BundleHeaderProto`. `prefix.data-00000-of-00001` and its like hold the tensors as raw little-endian bytes. A
partitioned variable has an entry that lists its slices; each slice is stored under an encoded key.
"""

from __future__ import annotations

import difflib
import math
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import google_crc32c
import numpy as np
import onnx_ir as ir
from google.protobuf import text_format
from google.protobuf.message import DecodeError

from paddlify.errors import LoadError
from paddlify.frontends.tensorflow import dtypes, messages, table
from paddlify.ir.tensors import tensor_in_file

SMALL: Final = 1 << 10
"""Tensors of fewer bytes are read at once; they may be constants that shapes depend on."""

_CHUNK = 1 << 20
_WHOLE = -1
_END_OF_STRING = b"\x00\x01"

Extent = tuple[int, int]
"""Start and length along one axis; the length -1 means the whole axis."""


@dataclass(frozen=True)
class Entry:
    """Where one tensor, or one slice of a tensor, lies."""

    dtype: dtypes.DType
    shape: tuple[int, ...]
    shard: int
    offset: int
    size: int
    crc32c: int
    slices: tuple[tuple[Extent, ...], ...]


class Checkpoint:
    """The tensors of one checkpoint, by name.

    Args:
        prefix: path of the files without `.index` and `.data-…`.

    Raises LoadError when the index is missing or damaged.
    """

    def __init__(self, prefix: Path) -> None:
        self.prefix = prefix
        self.index = prefix.with_name(prefix.name + ".index")
        if not self.index.exists():
            raise LoadError(f"{self.index}: does not exist; a checkpoint is PREFIX.index and PREFIX.data-*")
        self._entries = table.read_table(self.index)
        header = self._parse(messages.BundleHeaderProto, b"", "header")
        if header.endianness != 0:
            raise LoadError(f"{self.index}: big-endian checkpoints are not supported")
        self._shards = header.num_shards

    def names(self) -> list[str]:
        """The names of all tensors, sorted."""
        return [key.decode("utf-8", "replace") for key in self._entries if key and key[0] != 0]

    def __contains__(self, name: str) -> bool:
        return bool(name) and name.encode() in self._entries

    def suggestions(self, name: str) -> list[str]:
        """Names that are close to one that is missing."""
        return difflib.get_close_matches(name, self.names(), n=3, cutoff=0.6)

    def tensor(self, name: str, shape_and_slice: str = "") -> ir.TensorProtocol:
        """A tensor, or the part of it that a specification such as "100 20 0,50:-" names (see RestoreV2).

        Raises LoadError when it is missing, has another shape, or its data is missing or has a wrong checksum.
        """
        if name not in self:
            raise LoadError(f"{self.prefix}: has no variable '{name}'{did_you_mean(self.suggestions(name))}")
        entry = self._entry(name.encode(), name)
        wanted = wanted_box(shape_and_slice, entry.shape, name)
        whole = tuple((0, dim) for dim in entry.shape)
        if not entry.slices:
            tensor = self._stored(name, entry)
            return tensor if wanted == whole else _Region([(whole, tensor)], wanted, name).tensor()
        pieces = []
        for extents in entry.slices:
            resolved = _resolved(extents, entry.shape, name)
            if _overlap(resolved, wanted):
                key = slice_key(name, extents)
                if key not in self._entries:
                    raise LoadError(f"{self.index}: a slice of '{name}' is missing")
                pieces.append((resolved, self._stored(name, self._entry(key, name))))
        if len(pieces) == 1 and pieces[0][0] == wanted:
            return pieces[0][1]
        return _Region(pieces, wanted, name).tensor()

    def _entry(self, key: bytes, name: str) -> Entry:
        proto = self._parse(messages.BundleEntryProto, key, name)
        shape = tuple(dim.size for dim in proto.shape.dim)
        if min(shape, default=0) < 0 or proto.shape.unknown_rank or proto.size < 0 or proto.offset < 0:
            raise LoadError(f"{self.index}: the entry of '{name}' has no valid shape or place")
        return Entry(
            dtype=dtypes.from_number(proto.dtype),
            shape=shape,
            shard=proto.shard_id,
            offset=proto.offset,
            size=proto.size,
            crc32c=proto.crc32c,
            slices=tuple(
                tuple((extent.start, extent.length if extent.WhichOneof("value") else _WHOLE) for extent in item.extent)
                for item in proto.slices
            ),
        )

    def _parse(self, message: Any, key: bytes, name: str) -> Any:
        if key not in self._entries:
            raise LoadError(f"{self.index}: the {name} is missing; fetch the file again")
        try:
            return message.FromString(self._entries[key])
        except DecodeError as error:
            raise LoadError(f"{self.index}: the entry of '{name}' is damaged; fetch the file again") from error

    def _stored(self, name: str, entry: Entry) -> ir.TensorProtocol:
        """The tensor of an entry, once its data has been found whole."""
        if not isinstance(entry.dtype, ir.DataType) or entry.dtype == ir.DataType.STRING:
            raise LoadError(f"{self.prefix}: '{name}' holds {entry.dtype}, which no parameter can")
        if math.prod(entry.shape) * entry.dtype.itemsize != entry.size:
            raise LoadError(f"{self.index}: '{name}' of shape {list(entry.shape)} claims {entry.size} bytes")
        path = self.prefix.with_name(f"{self.prefix.name}.data-{entry.shard:05d}-of-{self._shards:05d}")
        small = _verify(path, name, entry)
        if small is not None:
            array = np.frombuffer(small, dtype=entry.dtype.numpy()).reshape(entry.shape)
            return ir.Tensor(array, dtype=entry.dtype, name=name)
        return tensor_in_file(path, entry.offset, entry.size, entry.dtype, entry.shape, name)


def _verify(path: Path, name: str, entry: Entry) -> bytes | None:
    """Compare the checksum; gives the content of a small tensor, which was read anyhow."""
    if not path.exists():
        raise LoadError(f"{path}: this part of the checkpoint is missing ('{name}' is in it)")
    crc, position, end = 0, entry.offset, entry.offset + entry.size
    content = b""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError as error:
        raise LoadError(f"{path}: cannot be read ({error.strerror})") from error
    try:
        while position < end:
            content = os.pread(descriptor, min(_CHUNK, end - position), position)
            if not content:
                raise LoadError(f"{path}: truncated: it ends before the data of '{name}'; fetch the file again")
            crc = google_crc32c.extend(crc, content)
            position += len(content)
    finally:
        os.close(descriptor)
    if table.mask(crc) != entry.crc32c:
        raise LoadError(f"{path}: damaged: '{name}' has a wrong checksum; fetch the file again")
    return content if entry.size <= SMALL else None


# Slices of partitioned variables


class _Region:
    """A box of a tensor, put together from the stored pieces that overlap it."""

    def __init__(
        self, pieces: Sequence[tuple[tuple[Extent, ...], ir.TensorProtocol]], wanted: tuple[Extent, ...], name: str
    ) -> None:
        self.pieces = pieces
        self.wanted = wanted
        self.name = name

    def tensor(self) -> ir.TensorProtocol:
        """The box as a tensor that is read when it is asked for; raises LoadError unless the pieces cover it."""
        shape = [length for _, length in self.wanted]
        covered = sum(
            math.prod(length for _, length in _intersection(extents, self.wanted)) for extents, _ in self.pieces
        )
        if not self.pieces or covered != math.prod(shape):
            raise LoadError(f"the slices of '{self.name}' in the checkpoint do not make up the part that is wanted")
        return ir.LazyTensor(self._read, dtype=self.pieces[0][1].dtype, shape=ir.Shape(shape), name=self.name)

    def _read(self) -> ir.TensorProtocol:
        dtype = self.pieces[0][1].dtype
        result = np.empty([length for _, length in self.wanted], dtype=dtype.numpy())
        for extents, tensor in self.pieces:
            common = _intersection(extents, self.wanted)
            result[_box(common, self.wanted)] = tensor.numpy()[_box(common, extents)]
        return ir.Tensor(result, dtype=dtype, name=self.name)


def _intersection(left: Iterable[Extent], right: Iterable[Extent]) -> tuple[Extent, ...]:
    common = []
    for (start, length), (other_start, other_length) in zip(left, right, strict=True):
        begin = max(start, other_start)
        common.append((begin, max(min(start + length, other_start + other_length) - begin, 0)))
    return tuple(common)


def _overlap(left: Iterable[Extent], right: Iterable[Extent]) -> bool:
    return all(length > 0 for _, length in _intersection(left, right))


def _box(extents: Iterable[Extent], inside: Iterable[Extent]) -> tuple[slice, ...]:
    return tuple(
        slice(start - origin, start - origin + length)
        for (start, length), (origin, _) in zip(extents, inside, strict=True)
    )


def _resolved(extents: Sequence[Extent], shape: Sequence[int], name: str) -> tuple[Extent, ...]:
    if len(extents) != len(shape):
        raise LoadError(f"a slice of '{name}' has {len(extents)} axes, the variable {len(shape)}")
    resolved = tuple(
        (0, dim) if extent[1] == _WHOLE else extent for extent, dim in zip(extents, shape, strict=True)
    )
    if any(min(extent) < 0 or sum(extent) > dim for extent, dim in zip(resolved, shape, strict=True)):
        raise LoadError(f"a slice of '{name}' leads beyond its shape {list(shape)}")
    return resolved


def wanted_box(text: str, shape: tuple[int, ...], name: str) -> tuple[Extent, ...]:
    """The box that a specification of RestoreV2 names: "" (all) or the full shape and a slice "0,50:-"."""
    if not text:
        return tuple((0, dim) for dim in shape)
    *dims, extents = text.split(" ")
    try:
        full = tuple(int(dim) for dim in dims)
        parsed = [
            (0, _WHOLE) if part == "-" else (int(part.split(",")[0]), int(part.split(",")[1]))
            for part in extents.split(":")
        ]
    except (ValueError, IndexError) as error:
        raise LoadError(f"'{text}' does not name a slice of '{name}'") from error
    if full != shape:
        raise LoadError(f"'{name}' has the shape {list(shape)} in the checkpoint and {list(full)} in the graph")
    return _resolved(parsed, shape, name)


def slice_key(name: str, extents: Sequence[Extent]) -> bytes:
    """The key under which a slice is stored: an order-preserving code of name, rank, starts and lengths."""
    numbers = b"".join(_signed(number) for extent in extents for number in extent)
    return _unsigned(0) + name.encode() + _END_OF_STRING + _unsigned(len(extents)) + numbers


def _unsigned(number: int) -> bytes:
    width = (number.bit_length() + 7) // 8
    return bytes([width]) + number.to_bytes(width, "big")


def _signed(number: int) -> bytes:
    """The first bits, as many ones as there are bytes, tell the length; a negative number is complemented."""
    bits = (~number if number < 0 else number).bit_length()
    width = bits // 7 + 1
    header = ((1 << width) - 1) << (8 * width - width)
    return ((number & ((1 << 8 * width) - 1)) ^ header).to_bytes(width, "big")


def did_you_mean(names: Sequence[str]) -> str:
    """The end of a message about an unknown name."""
    return f" (did you mean {', '.join(repr(name) for name in names)}?)" if names else ""


# Finding the files


def find_prefix(path: Path) -> Path | None:
    """The prefix of the checkpoint that a path means: a folder, `model.meta`, `model.index` or the prefix itself.

    None when there is none; raises LoadError when a folder has several and does not say which is the latest.
    """
    if path.is_dir():
        return _latest(path)
    for suffix in (".meta", ".index"):
        if path.name.endswith(suffix):
            path = path.with_name(path.name.removesuffix(suffix))
            break
    return path if path.with_name(path.name + ".index").exists() else None


def _latest(folder: Path) -> Path | None:
    state = folder / "checkpoint"
    if state.is_file():
        return _from_state(state)
    indices = sorted(folder.glob("*.index"))
    if len(indices) > 1:
        names = ", ".join(index.name.removesuffix(".index") for index in indices)
        raise LoadError(f"{folder}: holds several checkpoints ({names}); give the path of one")
    return indices[0].with_name(indices[0].name.removesuffix(".index")) if indices else None


def _from_state(state: Path) -> Path | None:
    """The file `checkpoint` names the latest one, by a path that may be of another folder or machine."""
    try:
        text = state.read_text(encoding="utf-8")
        found = text_format.Parse(text, messages.CheckpointState(), allow_unknown_field=True)
    except (text_format.ParseError, UnicodeDecodeError, OSError) as error:
        raise LoadError(f"{state}: does not say which checkpoint is the latest ({error})") from error
    if not found.model_checkpoint_path:
        return None
    recorded = Path(found.model_checkpoint_path.replace("\\", "/"))
    for prefix in (state.parent / recorded.name, state.parent / recorded):
        if prefix.with_name(prefix.name + ".index").exists():
            return prefix
    raise LoadError(f"{state}: names the checkpoint '{recorded.name}', which is not in this folder")
