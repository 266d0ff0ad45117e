"""The wire-format walker: what is left out, what is kept, and how damage is reported."""

from __future__ import annotations

import resource
from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddlify.errors import LoadError
from paddlify.ir import wire

PLACE = 3000


def place(offset: int, length: int) -> bytes:
    return wire.delimited(PLACE, f"{offset}+{length}".encode())


def nested_schema() -> wire.Message:
    """Field 1 is the same message again, field 2 a payload."""
    schema = wire.Message()
    schema.fields = {1: schema, 2: place}
    return schema


def test_large_payloads_are_replaced_and_lengths_of_parents_follow(tmp_path: Path) -> None:
    inner = wire.delimited(2, b"x" * 100) + wire.tag(5, wire.VARINT) + b"\x07"
    small = wire.delimited(1, wire.delimited(2, b"y" * 5))
    message = small + wire.delimited(1, inner) + wire.delimited(7, b"z" * 100)
    file = tmp_path / "message"
    file.write_bytes(message)
    offset = message.index(b"x" * 100)
    expected_inner = place(offset, 100) + wire.tag(5, wire.VARINT) + b"\x07"
    expected = small + wire.delimited(1, expected_inner) + wire.delimited(7, b"z" * 100)
    assert wire.skeleton(file, nested_schema(), threshold=50) == expected
    assert wire.skeleton(message, nested_schema(), threshold=50) == expected
    assert wire.skeleton(message, nested_schema(), threshold=1000) == message


def test_a_real_model_parses_without_its_weights() -> None:
    weight = onnx.numpy_helper.from_array(np.arange(10000, dtype=np.float32), "w")
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node("Add", ["x", "w"], ["y"])], "g",
        [onnx.helper.make_tensor_value_info("x", 1, [10000])], [onnx.helper.make_tensor_value_info("y", 1, [10000])],
        [weight],
    )
    message = onnx.helper.make_model(graph).SerializeToString()
    schema = wire.Message({7: wire.Message({5: wire.Message({9: lambda offset, length: b""})})})
    small = wire.skeleton(message, schema)
    assert len(small) < 300
    parsed = onnx.ModelProto.FromString(small)
    assert parsed.graph.initializer[0].dims == [10000]
    assert not parsed.graph.initializer[0].raw_data
    assert parsed.graph.node == graph.node


def test_a_sparse_file_of_gigabytes_is_walked_in_small_memory(tmp_path: Path) -> None:
    file = tmp_path / "large"
    count, size = 8, 512 << 20
    with file.open("wb") as output:
        for _ in range(count):
            output.write(wire.tag(2, wire.LENGTH_DELIMITED) + wire.varint(size))
            output.seek(size, 1)
        output.truncate()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found = wire.skeleton(file, nested_schema())
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20 << 10
    assert found == b"".join(place(6 + index * (6 + size), size) for index in range(count))


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (wire.tag(2, 2) + wire.varint(1 << 40), "claims 1099511627776 bytes where 0 are left"),
        (wire.tag(1, 2) + wire.varint(100) + b"\x12" * 60, "claims 100 bytes"),
        (wire.tag(1, 1) + b"1234", "claims 8 bytes where 4"),
        (wire.tag(1, 5) + b"12", "claims 4 bytes where 2"),
        (b"\x08\xff\xff", "a number is incomplete"),
        (b"\xff" * 30, "a number is incomplete"),
        (b"\x00\x01", "field number 0"),
        (b"\x0b", "wire type 3"),
    ],
)
def test_damage_is_reported(message: bytes, reason: str, tmp_path: Path) -> None:
    file = tmp_path / "model.onnx"
    file.write_bytes(message)
    with pytest.raises(LoadError, match=reason) as caught:
        wire.skeleton(file, nested_schema(), threshold=50)
    assert str(file) in str(caught.value)
    assert "fetch the file again" in str(caught.value)


def test_a_nested_length_may_not_leave_its_parent() -> None:
    inner = wire.tag(2, 2) + wire.varint(200) + b"x" * 100
    with pytest.raises(LoadError, match="claims 200 bytes where 100 are left"):
        wire.skeleton(wire.delimited(1, inner) + b"x" * 300, nested_schema(), threshold=50)


def test_nesting_is_bounded() -> None:
    message = b"x" * 100
    for _ in range(wire.MAX_DEPTH + 2):
        message = wire.delimited(1, message)
    with pytest.raises(LoadError, match="nested more than"):
        wire.skeleton(message, nested_schema(), threshold=50)


def test_a_missing_file_and_a_folder(tmp_path: Path) -> None:
    with pytest.raises(LoadError, match="No such file"):
        wire.skeleton(tmp_path / "none", nested_schema())
    with pytest.raises(LoadError, match="directory"):
        wire.skeleton(tmp_path, nested_schema())


def test_fields_are_given_before_their_end_is_checked() -> None:
    walker = wire.fields(wire.tag(7, 2) + wire.varint(100))
    assert next(walker).number == 7
    with pytest.raises(LoadError):
        next(walker)


@given(st.binary(max_size=400))
def test_garbage_is_copied_or_refused_but_never_crashes(message: bytes) -> None:
    try:
        assert wire.skeleton(message, nested_schema(), threshold=1 << 20) == message
        wire.skeleton(message, nested_schema(), threshold=4)
    except LoadError:
        pass


@given(st.data())
def test_every_truncation_is_refused_or_a_whole_message(data: st.DataObject) -> None:
    message = b"".join(
        wire.delimited(data.draw(st.integers(1, 20)), data.draw(st.binary(max_size=80))) for _ in range(4)
    )
    cut = message[: data.draw(st.integers(0, len(message)))]
    try:
        copied = wire.skeleton(cut, wire.Message())
    except LoadError:
        return
    assert copied == cut
    assert list(wire.fields(cut)) == list(wire.fields(message))[: len(list(wire.fields(cut)))]
