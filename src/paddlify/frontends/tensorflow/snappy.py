"""Decompression of snappy blocks, as older TensorFlow versions compressed the index of checkpoints.

Format: https://github.com/google/snappy/blob/main/format_description.txt
"""

from __future__ import annotations

from paddlify.errors import LoadError

_LITERAL, _COPY_1, _COPY_2 = 0, 1, 2


def decompress(data: bytes, max_bytes: int) -> bytes:
    """The content of a snappy block; raises LoadError when it is damaged or holds more than `max_bytes`."""
    try:
        return _decompress(data, max_bytes)
    except IndexError as error:
        raise LoadError("a snappy block is truncated") from error


def _decompress(data: bytes, max_bytes: int) -> bytes:
    size, position = _length(data)
    if size > max_bytes:
        raise LoadError(f"a snappy block claims {size} bytes")
    output = bytearray()
    while position < len(data) and len(output) <= size:
        tag = data[position]
        position += 1
        kind, upper = tag & 3, tag >> 2
        if kind == _LITERAL:
            length = upper + 1
            if upper >= 60:
                width = upper - 59
                length = int.from_bytes(data[position : position + width], "little") + 1
                position += width
            output += data[position : position + length]
            position += length
            continue
        if kind == _COPY_1:
            length, width = (upper & 7) + 4, 1
            offset = (upper >> 3) << 8 | data[position]
        else:
            length, width = upper + 1, 2 if kind == _COPY_2 else 4
            offset = int.from_bytes(data[position : position + width], "little")
        position += width
        _copy(output, offset, length)
    if len(output) != size or position != len(data):
        raise LoadError("a snappy block is damaged")
    return bytes(output)


def _copy(output: bytearray, offset: int, length: int) -> None:
    """Append `length` bytes from `offset` before the end; the two may overlap, which repeats them."""
    if not 0 < offset <= len(output):
        raise LoadError("a snappy block is damaged: it copies from before its beginning")
    start = len(output) - offset
    if offset >= length:
        output += output[start : start + length]
    else:
        pattern = output[start:]
        output += (pattern * (length // offset + 1))[:length]


def _length(data: bytes) -> tuple[int, int]:
    number = shift = position = 0
    while shift < 35:
        byte = data[position]
        position += 1
        number |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return number, position
    raise LoadError("a snappy block has no valid length")
