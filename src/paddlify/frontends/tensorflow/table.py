"""Sorted string tables, the file format of checkpoint indices: keys and values in blocks with checksums.

A file is: data blocks, a metaindex block, an index block (last key of each data block → its place), and a footer of
48 bytes. A block is entries with shared key prefixes, an array of restart points, and a trailer of a compression
byte and a masked CRC-32C. Format: https://github.com/google/leveldb/blob/main/doc/table_format.md
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import google_crc32c

from paddlify.errors import LoadError
from paddlify.frontends.tensorflow import snappy

MAX_TABLE: Final = 1 << 30
"""Size of an index file from which on it is refused; a checkpoint of a million variables has 100 MB."""

_MAGIC = 0xDB4775248B80FB57
_FOOTER = 48
_TRAILER = 5
_NONE, _SNAPPY = 0, 1
_MAX_BLOCK = 1 << 28
_MASK_DELTA = 0xA282EAD8


def masked_crc32c(data: bytes) -> int:
    """The checksum as it is stored: CRC-32C, rotated right by 15 bits, plus a constant."""
    return mask(google_crc32c.value(data))


def mask(crc: int) -> int:
    """A CRC-32C as it is stored."""
    return ((crc >> 15 | crc << 17) + _MASK_DELTA) & 0xFFFF_FFFF


def is_table(path: Path) -> bool:
    """Whether a file ends with the magic number of a table."""
    try:
        with path.open("rb") as file:
            file.seek(0, 2)
            if file.tell() < _FOOTER:
                return False
            file.seek(-8, 2)
            return file.read(8) == struct.pack("<Q", _MAGIC)
    except OSError:
        return False


def read_table(path: Path) -> dict[bytes, bytes]:
    """All keys and values of a table; raises LoadError when it is truncated, damaged or has a wrong checksum."""
    try:
        size = path.stat().st_size
        if size > MAX_TABLE:
            raise LoadError(f"{path}: an index of {size} bytes is too large to be one")
        data = path.read_bytes()
    except OSError as error:
        raise LoadError(f"{path}: cannot be read ({error.strerror})") from error
    if len(data) < _FOOTER or data[-8:] != struct.pack("<Q", _MAGIC):
        raise LoadError(f"{path}: not a checkpoint index, or truncated: its last bytes are not those of a table")
    try:
        return dict(_entries(data))
    except LoadError as error:
        raise LoadError(f"{path}: {error}; fetch the file again") from error


def _entries(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    _, _, position = _handle(data, len(data) - _FOOTER)
    offset, size, _ = _handle(data, position)
    for _, place in _block_entries(_block(data, offset, size)):
        offset, size, _ = _handle(place, 0)
        yield from _block_entries(_block(data, offset, size))


def _handle(data: bytes, position: int) -> tuple[int, int, int]:
    offset, position = _varint(data, position)
    size, position = _varint(data, position)
    return offset, size, position


def _block(data: bytes, offset: int, size: int) -> bytes:
    end = offset + size
    if end + _TRAILER > len(data):
        raise LoadError(f"truncated: a block at byte {offset} ends beyond the file")
    content, compression = data[offset:end], data[end]
    (expected,) = struct.unpack_from("<I", data, end + 1)
    if masked_crc32c(data[offset : end + 1]) != expected:
        raise LoadError(f"damaged: the block at byte {offset} has a wrong checksum")
    if compression == _SNAPPY:
        return snappy.decompress(content, _MAX_BLOCK)
    if compression != _NONE:
        raise LoadError(f"the block at byte {offset} is compressed in an unknown way ({compression})")
    return content


def _block_entries(block: bytes) -> Iterator[tuple[bytes, bytes]]:
    if len(block) < 4:
        raise LoadError("damaged: a block is empty")
    (restarts,) = struct.unpack_from("<I", block, len(block) - 4)
    end = len(block) - 4 - 4 * restarts
    position, key = 0, b""
    while position < end:
        shared, position = _varint(block, position)
        own, position = _varint(block, position)
        length, position = _varint(block, position)
        if shared > len(key) or position + own + length > end:
            raise LoadError("damaged: an entry of a block ends beyond it")
        key = key[:shared] + block[position : position + own]
        position += own
        yield key, block[position : position + length]
        position += length


def _varint(data: bytes, position: int) -> tuple[int, int]:
    number = shift = 0
    while shift < 70 and position < len(data):
        byte = data[position]
        position += 1
        number |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return number, position
    raise LoadError("damaged: a number is incomplete")
