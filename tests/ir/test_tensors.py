"""Lazy tensors and streaming: the same elements as NumPy, in bounded memory."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import ml_dtypes
import numpy as np
import onnx_ir as ir
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddlify.errors import LoadError
from paddlify.ir.tensors import Cast, Computed, Reshaped, Transposed, blocks, chunks, copy_to, tensor_in_file


def on_disk(array: np.ndarray, folder: Path, offset: int = 5) -> ir.ExternalTensor:
    file = folder / "weights.bin"
    file.write_bytes(b"#" * offset + array.tobytes())
    dtype = ir.DataType.from_numpy(array.dtype)
    return ir.ExternalTensor(file, offset, array.nbytes, dtype, shape=ir.Shape(array.shape), name="w")


def streamed(tensor: ir.TensorProtocol, max_bytes: int) -> bytes:
    return b"".join(bytes(chunk) for chunk in chunks(tensor, max_bytes))


def check(tensor: ir.TensorProtocol, expected: np.ndarray) -> None:
    assert list(tensor.shape) == list(expected.shape)
    assert tensor.dtype.numpy() == expected.dtype
    assert tensor.numpy().tobytes() == expected.tobytes()
    assert tensor.tobytes() == expected.tobytes()
    np.testing.assert_array_equal(np.asarray(tensor), expected)
    for max_bytes in (1, 24, 1000, 1 << 20):
        assert streamed(tensor, max_bytes) == expected.tobytes()
    target = io.BytesIO()
    assert copy_to(tensor, target) == expected.nbytes
    assert target.getvalue() == expected.tobytes()


SHAPES = st.lists(st.integers(0, 5), max_size=5).map(tuple)


@given(shape=SHAPES, data=st.data(), on_file=st.booleans())
def test_transposed(shape: tuple[int, ...], data: st.DataObject, on_file: bool, tmp_path_factory) -> None:
    array = np.arange(np.prod(shape, dtype=int), dtype=np.float32).reshape(shape)
    perm = data.draw(st.permutations(range(len(shape))))
    base = on_disk(array, tmp_path_factory.getbasetemp()) if on_file else ir.tensor(array)
    check(Transposed(base, perm), array.transpose(perm))
    again = data.draw(st.permutations(range(len(shape))))
    check(Transposed(Transposed(base, perm), again), array.transpose(perm).transpose(again))


@pytest.mark.parametrize("perm", [(1, 0, 2), (2, 1, 0), (0, 2, 1), (1, 2, 0), (2, 0, 1)])
def test_transposition_of_several_tiles(perm: tuple[int, ...], tmp_path: Path) -> None:
    array = np.random.default_rng(0).integers(0, 255, (300, 170, 131), dtype=np.uint8)
    tensor = Transposed(on_disk(array, tmp_path, offset=4097), perm)
    for max_bytes in (100_000, 3 << 20):
        pieces = [bytes(piece) for piece in chunks(tensor, max_bytes)]
        assert len(pieces) > 1
        assert max(map(len, pieces)) <= max_bytes
        assert b"".join(pieces) == array.transpose(perm).tobytes()


def test_reshaped_cast_and_their_compositions(tmp_path: Path) -> None:
    array = np.arange(24, dtype=np.int64).reshape(2, 3, 4)
    base = on_disk(array, tmp_path)
    check(Reshaped(base, [6, 4]), array.reshape(6, 4))
    check(Cast(base, ir.DataType.INT32), array.astype(np.int32))
    check(Transposed(Reshaped(base, [6, 4]), [1, 0]), array.reshape(6, 4).T)
    check(Reshaped(Transposed(base, [2, 0, 1]), [24]), array.transpose(2, 0, 1).reshape(24))
    check(Transposed(Reshaped(Transposed(base, [2, 0, 1]), [6, 4]), [1, 0]), array.transpose(2, 0, 1).reshape(6, 4).T)
    check(Cast(Transposed(base, [2, 0, 1]), ir.DataType.FLOAT16), array.transpose(2, 0, 1).astype(np.float16))
    check(Transposed(Cast(base, ir.DataType.FLOAT), [1, 2, 0]), array.astype(np.float32).transpose(1, 2, 0))


def test_computed_rows_are_asked_for_piece_by_piece() -> None:
    asked: list[tuple[int, int]] = []

    def rows(start: int, stop: int) -> np.ndarray:
        asked.append((start, stop))
        return np.arange(start * 10, stop * 10, dtype=np.float32).reshape(-1, 10)

    tensor = Computed(ir.DataType.FLOAT, [7, 10], rows)
    assert streamed(tensor, 100) == np.arange(70, dtype=np.float32).tobytes()
    assert asked == [(0, 2), (2, 4), (4, 6), (6, 7)]
    check(tensor, np.arange(70, dtype=np.float32).reshape(7, 10))
    check(Computed(ir.DataType.INT64, [], lambda start, stop: np.array(5)), np.array(5))


@pytest.mark.parametrize(
    "dtype", [np.bool_, np.float16, ml_dtypes.bfloat16, ml_dtypes.float8_e4m3fn, np.float64, np.uint16, np.complex64]
)
def test_dtypes(dtype: type, tmp_path: Path) -> None:
    array = np.arange(12).reshape(3, 4).astype(dtype)
    check(ir.tensor(array), array)
    check(on_disk(array, tmp_path), array)
    check(Transposed(on_disk(array, tmp_path), [1, 0]), array.T)
    assert [block.dtype for block in blocks(on_disk(array, tmp_path))] == [array.dtype]


def test_four_bit_elements_stay_packed(tmp_path: Path) -> None:
    array = np.array([1, 2, 3], dtype=ml_dtypes.int4)
    packed = ir.tensor(array)
    assert streamed(packed, 1 << 20) == packed.tobytes() == bytes([0x21, 0x03])
    file = tmp_path / "packed"
    file.write_bytes(packed.tobytes())
    external = ir.ExternalTensor(file, 0, 2, ir.DataType.INT4, shape=ir.Shape([3]), name="w")
    assert streamed(external, 1) == packed.tobytes()
    with pytest.raises(ValueError, match="whole bytes"):
        Transposed(external, [0])


def test_strings_are_refused() -> None:
    with pytest.raises(ValueError, match="strings"):
        list(chunks(ir.StringTensor([b"a"], shape=ir.Shape([1]))))


def test_wrong_perm_and_shape() -> None:
    base = ir.tensor(np.zeros((2, 3), np.float32))
    with pytest.raises(ValueError, match="does not permute"):
        Transposed(base, [0, 0])
    with pytest.raises(ValueError, match="cannot be reshaped"):
        Reshaped(base, [4])


@pytest.mark.parametrize("buffering", [0, -1])
def test_copies_land_at_the_position_of_the_file(buffering: int, tmp_path: Path) -> None:
    array = np.arange(5000, dtype=np.float32)
    pieces: list[int] = []
    with (tmp_path / "target").open("wb", buffering=buffering) as file:
        file.write(b"head")
        assert copy_to(on_disk(array, tmp_path), file, pieces.append) == array.nbytes
        file.write(b"tail")
    assert (tmp_path / "target").read_bytes() == b"head" + array.tobytes() + b"tail"
    assert sum(pieces) == array.nbytes


def test_a_copy_goes_on_where_the_kernel_gives_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    array = np.arange(5000, dtype=np.float32)
    real, calls = __import__("os").copy_file_range, []

    def fails_second(source: int, target: int, count: int, start: int, end: int) -> int:
        calls.append(count)
        if len(calls) > 1:
            raise OSError(18, "cross-device")
        return real(source, target, 1000, start, end)

    monkeypatch.setattr("os.copy_file_range", fails_second)
    with (tmp_path / "target").open("wb") as file:
        assert copy_to(on_disk(array, tmp_path), file) == array.nbytes
    assert len(calls) == 2
    assert (tmp_path / "target").read_bytes() == array.tobytes()


def test_a_file_that_is_too_short(tmp_path: Path) -> None:
    tensor = on_disk(np.arange(10, dtype=np.float32), tmp_path)
    (tmp_path / "weights.bin").write_bytes(b"#" * 20)
    for lazy in (tensor, Transposed(tensor, [0])):
        with pytest.raises(LoadError, match="ends before the data of 'w'"):
            streamed(lazy, 8)
    (tmp_path / "weights.bin").unlink()
    with pytest.raises(LoadError, match="No such file"):
        streamed(tensor, 8)


MEMORY = """
import resource, sys
import numpy as np, onnx_ir as ir
from paddlify.ir.tensors import Cast, Transposed, Reshaped, copy_to
file, rows, columns = sys.argv[1], 24000, 10000
tensor = ir.ExternalTensor(file, 0, rows * columns * 4, ir.DataType.FLOAT, shape=ir.Shape([rows, columns]), name="w")
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
with open(sys.argv[2], "wb") as target:
    for lazy in (tensor, Transposed(tensor, [1, 0]), Cast(tensor, ir.DataType.FLOAT16),
                 Transposed(Reshaped(tensor, [2, 12000, 10000]), [2, 1, 0])):
        target.seek(0)
        copy_to(lazy, target)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


@pytest.mark.slow
def test_memory_stays_small_for_a_tensor_of_a_gigabyte(tmp_path: Path) -> None:
    with (tmp_path / "weights.bin").open("wb") as file:
        file.truncate(24000 * 10000 * 4)
    command = [sys.executable, "-c", MEMORY, str(tmp_path / "weights.bin"), str(tmp_path / "target")]
    grown = int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    (tmp_path / "target").unlink()
    assert grown < 110


def test_a_symbolic_link_is_followed(tmp_path: Path) -> None:
    array = np.arange(12, dtype=np.float32).reshape(3, 4)
    (tmp_path / "cache").mkdir()
    on_disk(array, tmp_path / "cache")
    (tmp_path / "weights").symlink_to("cache/weights.bin")
    tensor = tensor_in_file(tmp_path / "weights", 5, array.nbytes, ir.DataType.FLOAT, array.shape, "w")
    assert tensor.name == "w"
    np.testing.assert_array_equal(tensor.numpy(), array, strict=True)
    check(Transposed(tensor, [1, 0]), array.T)
