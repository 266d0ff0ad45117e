"""The files of a checkpoint byte by byte: tables, snappy blocks, slices of variables."""

from __future__ import annotations

import contextlib
import struct
from collections.abc import Sequence
from pathlib import Path

import google_crc32c
import numpy as np
import onnx_ir as ir
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddlify.errors import LoadError
from paddlify.frontends.base import LoadOptions
from paddlify.frontends.tensorflow import load, messages, recognises, snappy, table
from paddlify.frontends.tensorflow.checkpoint import Checkpoint, find_prefix, slice_key
from paddlify.ir.wire import varint

MAGIC = struct.pack("<Q", 0xDB4775248B80FB57)


def block(entries: Sequence[tuple[bytes, bytes]], compress: bool = False) -> bytes:
    """A block with shared prefixes, and its trailer; compressed as one literal."""
    content, last = b"", b""
    for key, value in entries:
        shared = next((i for i, (a, b) in enumerate(zip(key, last, strict=False)) if a != b), min(len(key), len(last)))
        own = key[shared:]
        content += varint(shared) + varint(len(own)) + varint(len(value)) + own + value
        last = key
    content += struct.pack("<II", 0, 1)
    if compress:
        content = varint(len(content)) + bytes([60 << 2, len(content) - 1]) + content
    kind = bytes([int(compress)])
    return content + kind + struct.pack("<I", table.masked_crc32c(content + kind))


def write_table(path: Path, entries: dict[bytes, bytes], compress: bool = False) -> None:
    """A table of two data blocks."""
    items = sorted(entries.items())
    data, index = b"", []
    for part in (items[:2], items[2:]):
        if part:
            written = block(part, compress)
            index.append((part[-1][0], varint(len(data)) + varint(len(written) - 5)))
            data += written
    meta = varint(len(data)) + varint(len(block([])) - 5)
    data += block([])
    handle = varint(len(data)) + varint(len(block(index)) - 5)
    data += block(index)
    path.write_bytes(data + (meta + handle).ljust(40, b"\0") + MAGIC)


def write_checkpoint(
    prefix: Path, tensors: dict[str, np.ndarray], slices: dict[str, list[tuple[int, int]]], shards: int = 1
) -> None:
    """A checkpoint; `slices` cut a tensor along its first axis into (start, length), the shards take turns."""
    data = [b""] * shards
    entries = {b"": messages.BundleHeaderProto(num_shards=shards).SerializeToString()}

    def add(key: bytes, array: np.ndarray) -> None:
        content, shard = array.tobytes(), (len(entries) - 1) % shards
        entry = messages.BundleEntryProto(
            dtype=1, shard_id=shard, offset=len(data[shard]), size=len(content),
            crc32c=table.mask(google_crc32c.value(content)),
        )
        entry.shape.dim.extend(messages.Dim(size=dim) for dim in array.shape)
        entries[key] = entry.SerializeToString()
        data[shard] += content

    for name, array in tensors.items():
        if name not in slices:
            add(name.encode(), array)
            continue
        whole = messages.BundleEntryProto(dtype=1)
        whole.shape.dim.extend(messages.Dim(size=dim) for dim in array.shape)
        for start, length in slices[name]:
            extents = [(start, length)] + [(0, -1)] * (array.ndim - 1)
            item = whole.slices.add()
            item.extent.add(start=start, length=length)
            for _ in range(array.ndim - 1):
                item.extent.add()
            add(slice_key(name, extents), array[start : start + length])
        entries[name.encode()] = whole.SerializeToString()
    for shard, content in enumerate(data):
        prefix.with_name(f"{prefix.name}.data-{shard:05d}-of-{shards:05d}").write_bytes(content)
    write_table(prefix.with_name(prefix.name + ".index"), entries)


@pytest.mark.parametrize("compress", [False, True])
def test_table(tmp_path: Path, compress: bool) -> None:
    entries = {b"a/weights": b"1", b"a/biases": b"", b"a/weights2": b"x" * 90, b"b": b"\0\xff"}
    write_table(tmp_path / "t.index", entries, compress)
    assert table.read_table(tmp_path / "t.index") == entries
    assert table.is_table(tmp_path / "t.index")


def test_the_first_format_is_named(tmp_path: Path) -> None:
    path = tmp_path / "vgg_16.ckpt"
    write_table(path, {b"": b"", b"\x00v": b"1"})
    assert recognises(path)
    with pytest.raises(LoadError, match="a checkpoint in TensorFlow's first format, which is one file"):
        load(path, LoadOptions())


def test_a_changed_byte_of_a_table_is_found(tmp_path: Path) -> None:
    path = tmp_path / "t.index"
    entries = {b"a/weights": b"1", b"a/biases": b"22", b"c": b"333"}
    write_table(path, entries)
    content = path.read_bytes()
    unused = {position for position in range(len(content) - 48, len(content)) if content[position] == 0}
    for position in set(range(len(content))) - unused:
        changed = bytearray(content)
        changed[position] ^= 0x40
        path.write_bytes(changed)
        try:
            found = table.read_table(path)
        except LoadError:
            continue
        assert found == entries, position


def test_snappy_literals_and_copies() -> None:
    literal = varint(11) + bytes([10 << 2]) + b"hello world"
    assert snappy.decompress(literal, 100) == b"hello world"
    one_byte_offset = varint(11) + bytes([1 << 2]) + b"ab" + bytes([(5 << 2) | 1, 2])
    assert snappy.decompress(one_byte_offset, 100) == b"ab" * 5 + b"a"
    two_byte_offset = varint(6) + bytes([2 << 2]) + b"abc" + bytes([(2 << 2) | 2, 3, 0])
    assert snappy.decompress(two_byte_offset, 100) == b"abcabc"
    four_byte_offset = varint(6) + bytes([2 << 2]) + b"abc" + bytes([(2 << 2) | 3, 3, 0, 0, 0])
    assert snappy.decompress(four_byte_offset, 100) == b"abcabc"
    long_literal = varint(300) + bytes([61 << 2]) + struct.pack("<H", 299) + b"z" * 300
    assert snappy.decompress(long_literal, 1000) == b"z" * 300


@given(st.binary(max_size=60))
def test_damaged_snappy_blocks_are_refused(data: bytes) -> None:
    with contextlib.suppress(LoadError):
        assert len(snappy.decompress(data, 1000)) <= 1000


def test_keys_of_slices() -> None:
    """Numbers below 64 take one byte with the top bit set; larger ones more; -1 is 0x7f."""
    assert slice_key("v", [(0, 3)]) == b"\x00v\x00\x01\x01\x01\x80\x83"
    assert slice_key("v", [(63, -1), (64, 8191)]) == b"\x00v\x00\x01\x01\x02\xbf\x7f\xc0\x40\xdf\xff"
    assert slice_key("v", [(8192, 1)]) == b"\x00v\x00\x01\x01\x01\xe0\x20\x00\x81"


def test_slices_are_put_together(tmp_path: Path) -> None:
    whole = np.arange(60, dtype=np.float32).reshape(10, 6)
    write_checkpoint(tmp_path / "m", {"v": whole, "u": whole}, {"v": [(0, 4), (4, 5), (9, 1)]})
    checkpoint = Checkpoint(tmp_path / "m")
    assert checkpoint.names() == ["u", "v"]
    for name in ("u", "v"):
        for part, expected in {
            "": whole,
            "10 6 -:-": whole,
            "10 6 0,4:-": whole[:4],
            "10 6 2,6:-": whole[2:8],
            "10 6 3,4:1,2": whole[3:7, 1:3],
        }.items():
            tensor = checkpoint.tensor(name, part)
            assert tensor.dtype == ir.DataType.FLOAT
            np.testing.assert_array_equal(tensor.numpy(), expected, strict=True)
    with pytest.raises(LoadError, match=r"'v' has the shape \[10, 6\] in the checkpoint and \[10, 7\] in the graph"):
        checkpoint.tensor("v", "10 7 -:-")
    with pytest.raises(LoadError, match=r"leads beyond its shape \[10, 6\]"):
        checkpoint.tensor("v", "10 6 8,4:-")
    with pytest.raises(LoadError, match="has no variable 'vv'"):
        checkpoint.tensor("vv")


@pytest.mark.parametrize("shards", [1, 2, 3])
@pytest.mark.parametrize("columns", [6, 600], ids=["read at once", "on disk"])
def test_a_changed_byte_is_found_in_what_is_needed(tmp_path: Path, columns: int, shards: int) -> None:
    """Whichever shard holds it, whole or in slices; and only there."""
    whole = np.arange(10 * columns, dtype=np.float32).reshape(10, columns)
    write_checkpoint(tmp_path / "m", {"u": whole, "v": whole}, {"v": [(0, 4), (4, 5), (9, 1)]}, shards)
    wanted = {("u", 0, 10), ("v", 0, 10), ("v", 0, 4), ("v", 2, 6), ("v", 9, 1)}
    found: set[tuple[str, int, int]] = set()
    for path in sorted(tmp_path.glob("m.data-*")):
        content = path.read_bytes()
        for position in range(0, len(content), 4 * columns):
            path.write_bytes(content[:position] + bytes([content[position] ^ 1]) + content[position + 1 :])
            damaged = set()
            for name, start, length in wanted:
                try:
                    tensor = Checkpoint(tmp_path / "m").tensor(name, f"10 {columns} {start},{length}:-")
                except LoadError as error:
                    assert f"damaged: '{name}' has a wrong checksum" in str(error)  # noqa: PT017
                    damaged.add((name, start, length))
                else:
                    np.testing.assert_array_equal(tensor.numpy(), whole[start : start + length])
            assert len({name for name, _, _ in damaged}) == 1
            assert damaged & {("u", 0, 10), ("v", 0, 10)}
            found |= damaged
        path.write_bytes(content)
    assert found == wanted


def test_missing_slice(tmp_path: Path) -> None:
    whole = np.zeros((10, 6), np.float32)
    write_checkpoint(tmp_path / "m", {"v": whole}, {"v": [(0, 4), (5, 5)]})
    with pytest.raises(LoadError, match="slices of 'v' in the checkpoint do not make up the part that is wanted"):
        Checkpoint(tmp_path / "m").tensor("v")


def test_large_tensors_stay_on_disk(tmp_path: Path) -> None:
    write_checkpoint(tmp_path / "m", {"small": np.zeros(4, np.float32), "large": np.ones(4096, np.float32)}, {})
    checkpoint = Checkpoint(tmp_path / "m")
    assert isinstance(checkpoint.tensor("large"), ir.ExternalTensor)
    assert isinstance(checkpoint.tensor("small"), ir.Tensor)


def test_the_latest_checkpoint_of_a_folder(tmp_path: Path) -> None:
    for name in ("model-1", "model-2"):
        write_checkpoint(tmp_path / name, {"v": np.zeros(1, np.float32)}, {})
    with pytest.raises(LoadError, match=r"several checkpoints \(model-1, model-2\)"):
        find_prefix(tmp_path)
    for recorded in ("model-1", "/somewhere/else/model-1", "C:\\\\runs\\\\model-1"):
        (tmp_path / "checkpoint").write_text(f'model_checkpoint_path: "{recorded}"\n')
        assert find_prefix(tmp_path) == tmp_path / "model-1"
    assert find_prefix(tmp_path / "model-2") == tmp_path / "model-2"
    (tmp_path / "checkpoint").write_text('model_checkpoint_path: "model-9"\n')
    with pytest.raises(LoadError, match="names the checkpoint 'model-9', which is not in this folder"):
        find_prefix(tmp_path)
