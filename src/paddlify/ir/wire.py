"""The protobuf wire format, walked without loading what is large.

Source models are protobuf messages of up to many gigabytes, of which all but some kilobytes are weights. `skeleton`
copies such a message and leaves the weights out: the schema names the fields in which they live, and each large one
is replaced by the few bytes that a function makes from its place in the file. What is left is small enough for the
protobuf library. The file is read in small windows and payloads are skipped, so memory does not grow with them.

Format: https://protobuf.dev/programming-guides/encoding/
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeAlias

from paddlify.errors import LoadError

VARINT: Final = 0
FIXED64: Final = 1
LENGTH_DELIMITED: Final = 2
FIXED32: Final = 5

THRESHOLD: Final = 1 << 14
"""Payloads below this size (16 KiB) stay in the skeleton."""
MAX_DEPTH: Final = 100
"""Nesting that protobuf libraries accept."""
MAX_SKELETON: Final = (1 << 31) - 1
"""Size that protobuf libraries accept."""

_WINDOW: Final = 1 << 16
_LONGEST_KEY: Final = 20  # a tag and a length, each a varint of at most 10 bytes

Replacement: TypeAlias = Callable[[int, int], bytes]
"""Makes the fields that stand for a payload at (offset, length) of the file."""


@dataclass
class Message:
    """Where payloads live in a message type: by field number, a nested message or how a payload is replaced.

    Fields that are not named are copied as they are. A message type may contain itself (assign to `fields` later).
    """

    fields: dict[int, Message | Replacement] = field(default_factory=dict)


@dataclass(frozen=True)
class Field:
    """One field as it lies in the file: its tag at `start`, its content in [payload, end)."""

    number: int
    wire_type: int
    start: int
    payload: int
    end: int


Source: TypeAlias = "str | os.PathLike[str] | bytes | bytearray | memoryview"


def skeleton(source: Source, schema: Message, threshold: int = THRESHOLD) -> bytes:
    """A copy of a protobuf message in which each payload of at least `threshold` bytes is replaced.

    Args:
        source: a file, or the message itself.
        schema: where payloads live, and what replaces them.
        threshold: size in bytes from which on a payload is replaced.

    Raises LoadError when the message is truncated or is no protobuf message.
    """
    with _Reader(source) as reader:
        parts = _Parts(reader)
        _copy(reader, 0, reader.size, schema, threshold, parts, depth=0)
        return parts.joined()


def fields(source: Source) -> Iterator[Field]:
    """The fields of a message at its top level, in order; raises LoadError where it is damaged or truncated.

    A length that leads beyond the end is reported only after its field was given.
    """
    with _Reader(source) as reader:
        position = 0
        while position < reader.size:
            found = reader.field(position, reader.size)
            yield found
            reader.check(found, reader.size)
            position = found.end


def varint(number: int) -> bytes:
    """A non-negative number as a varint."""
    encoded = bytearray()
    while number > 0x7F:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)


def tag(number: int, wire_type: int) -> bytes:
    """What begins a field."""
    return varint(number << 3 | wire_type)


def delimited(number: int, payload: bytes) -> bytes:
    """A length-delimited field: a string, bytes, a message or packed numbers."""
    return tag(number, LENGTH_DELIMITED) + varint(len(payload)) + payload


def _copy(
    reader: _Reader, start: int, end: int, schema: Message, threshold: int, parts: _Parts, *, depth: int
) -> None:
    """Append the message in [start, end) to `parts`, payloads replaced."""
    if depth > MAX_DEPTH:
        raise reader.damaged(start, f"messages are nested more than {MAX_DEPTH} deep")
    copied = position = start
    while position < end:
        found = reader.field(position, end)
        reader.check(found, end)
        position = found.end
        inner = schema.fields.get(found.number)
        if inner is None or found.wire_type != LENGTH_DELIMITED or found.end - found.payload < threshold:
            continue
        parts.copy(copied, found.start)
        copied = found.end
        if isinstance(inner, Message):
            nested = _Parts(reader)
            _copy(reader, found.payload, found.end, inner, threshold, nested, depth=depth + 1)
            parts.append(tag(found.number, LENGTH_DELIMITED) + varint(nested.size))
            parts.extend(nested)
        else:
            parts.append(inner(found.payload, found.end - found.payload))
    parts.copy(copied, end)


class _Parts:
    """Pieces of the skeleton, joined once at the end."""

    def __init__(self, reader: _Reader) -> None:
        self.reader = reader
        self.pieces: list[bytes] = []
        self.size = 0

    def append(self, piece: bytes) -> None:
        self.pieces.append(piece)
        self.size += len(piece)

    def extend(self, other: _Parts) -> None:
        self.pieces += other.pieces
        self.size += other.size

    def copy(self, start: int, end: int) -> None:
        if self.size + end - start > MAX_SKELETON:
            raise LoadError(f"{self.reader.name}: more than 2 GiB beside its tensors; store weights as raw data")
        if end > start:
            self.append(self.reader.read(start, end))

    def joined(self) -> bytes:
        return b"".join(self.pieces)


class _Reader:
    """Reads a file or a buffer in windows, and the keys of fields from them."""

    def __init__(self, source: Source) -> None:
        self._file: int | None = None
        self._window = b""
        self._window_start = 0
        if isinstance(source, (bytes, bytearray, memoryview)):
            self.name = "the model"
            self._buffer = memoryview(source).cast("B")
            self.size = len(self._buffer)
            return
        self.name = str(Path(source))
        try:
            self._file = os.open(source, os.O_RDONLY | getattr(os, "O_BINARY", 0))
            self.size = os.fstat(self._file).st_size
        except OSError as error:
            raise LoadError(f"{self.name}: cannot be read ({error.strerror})") from error

    def __enter__(self) -> _Reader:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            os.close(self._file)

    def read(self, start: int, end: int) -> bytes:
        """The bytes in [start, end)."""
        if self._file is None:
            return bytes(self._buffer[start:end])
        pieces = []
        while start < end:
            try:
                piece = os.pread(self._file, end - start, start)
            except OSError as error:
                raise LoadError(f"{self.name}: cannot be read ({error.strerror})") from error
            if not piece:
                raise self.damaged(start, "the file ended while it was read")
            pieces.append(piece)
            start += len(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def field(self, start: int, end: int) -> Field:
        """The field that begins at `start` in a message that ends at `end`; its end is not checked."""
        key, position = self._varint(start, end)
        number, wire_type = key >> 3, key & 7
        if not 0 < number < 1 << 29:
            raise self.damaged(start, f"field number {number} is not valid")
        if wire_type == LENGTH_DELIMITED:
            length, position = self._varint(position, end)
            return Field(number, wire_type, start, position, position + length)
        if wire_type == VARINT:
            return Field(number, wire_type, start, position, self._varint(position, end)[1])
        if wire_type in _FIXED_SIZES:
            return Field(number, wire_type, start, position, position + _FIXED_SIZES[wire_type])
        raise self.damaged(start, f"wire type {wire_type} is not used by models")

    def check(self, found: Field, end: int) -> None:
        """Raise LoadError when a field leads beyond the end of its message."""
        if found.end > end:
            claimed, left = found.end - found.payload, max(end - found.payload, 0)
            raise self.damaged(found.start, f"field {found.number} claims {claimed} bytes where {left} are left")

    def damaged(self, position: int, reason: str) -> LoadError:
        return LoadError(f"{self.name}: truncated or damaged at byte {position}: {reason}; fetch the file again")

    def _varint(self, start: int, end: int) -> tuple[int, int]:
        """The number at `start` and the position behind it."""
        offset = start - self._window_start
        if offset < 0 or offset + _LONGEST_KEY > len(self._window):
            self._window = self.read(start, min(start + _WINDOW, self.size))
            self._window_start, offset = start, 0
        number = shift = 0
        for byte in self._window[offset : min(offset + 10, offset + end - start)]:
            number |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return number & 0xFFFF_FFFF_FFFF_FFFF, start + shift // 7
        raise self.damaged(start, "a number is incomplete")


_FIXED_SIZES: Mapping[int, int] = {FIXED64: 8, FIXED32: 4}
