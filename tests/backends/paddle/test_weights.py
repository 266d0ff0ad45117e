"""Parameters written by us against those that Paddle writes, byte by byte, and read by Paddle."""

from __future__ import annotations

from pathlib import Path

import ml_dtypes
import numpy as np
import onnx_ir as ir
import paddle
import pytest

from paddlify.backends.paddle.weights import VAR_TYPES, write_params
from paddlify.errors import LoadError
from paddlify.ir.tensors import Transposed


def paddle_bytes(arrays: dict[str, np.ndarray], folder: Path) -> bytes:
    """What paddle's save_combine operator writes for the arrays."""
    file = folder / "paddle.pdiparams"
    names = sorted(arrays)
    return combined([paddle.to_tensor(arrays[name]) for name in names], names, file)


def combined(tensors: list[paddle.Tensor], names: list[str], file: Path) -> bytes:
    dense = [tensor.value().get_tensor() for tensor in tensors]
    paddle.base.core.save_combine_func(dense, names, str(file), True, False, False)
    return file.read_bytes()


def write(arrays: dict[str, np.ndarray], file: Path) -> int:
    return write_params(file, [(name, ir.tensor(a), a.dtype.name, a.shape) for name, a in arrays.items()])


@pytest.mark.parametrize("dtype", sorted(VAR_TYPES))
def test_a_file_is_what_paddle_writes(dtype: str, tmp_path: Path) -> None:
    numpy_dtype = np.dtype(getattr(ml_dtypes, dtype, dtype))
    values = np.arange(6).reshape(2, 3).astype(numpy_dtype)
    if dtype == "bfloat16" or dtype.startswith("float8"):
        tensor = paddle.to_tensor(np.arange(6, dtype=np.float32).reshape(2, 3)).astype(dtype)
    else:
        tensor = paddle.to_tensor(values)
    expected = combined([tensor], ["w"], tmp_path / "paddle.pdiparams")
    assert write({"w": values}, tmp_path / "ours") == len(expected)
    assert (tmp_path / "ours").read_bytes() == expected


def test_parameters_are_sorted_by_name(tmp_path: Path) -> None:
    arrays = {
        name: np.full((2, index), index, dtype=np.float32)
        for index, name in enumerate(["layer_10.w", "layer_2.w", "Z", "a", "é", "_x"])
    }
    write(arrays, tmp_path / "ours")
    assert (tmp_path / "ours").read_bytes() == paddle_bytes(arrays, tmp_path)


@pytest.mark.parametrize("shape", [(), (1,), (0, 3), (1, 200, 3)])
def test_shapes(shape: tuple[int, ...], tmp_path: Path) -> None:
    arrays = {"w": np.ones(shape, np.float32)}
    write(arrays, tmp_path / "ours")
    assert (tmp_path / "ours").read_bytes() == paddle_bytes(arrays, tmp_path)
    loaded = paddle.empty(shape, "float32")
    dense, place = loaded.value().get_tensor(), paddle.CPUPlace()
    paddle.base.core.load_combine_func(str(tmp_path / "ours"), ["w"], [dense], False, place)
    np.testing.assert_array_equal(loaded.numpy(), arrays["w"])


def test_lazy_tensors_and_progress(tmp_path: Path) -> None:
    array = np.arange(12, dtype=np.float32).reshape(3, 4)
    counts: list[int] = []
    write_params(tmp_path / "ours", [("w", Transposed(ir.tensor(array), [1, 0]), "float32", [4, 3])], counts.append)
    assert (tmp_path / "ours").read_bytes() == paddle_bytes({"w": np.ascontiguousarray(array.T)}, tmp_path)
    assert sum(counts) == array.nbytes


def test_what_does_not_fit_is_refused(tmp_path: Path) -> None:
    tensor = ir.tensor(np.zeros((2, 3), np.float32))
    with pytest.raises(ValueError, match="'w': 24 bytes do not fill float32 of shape"):
        write_params(tmp_path / "a", [("w", tensor, "float32", [2, 2])])
    with pytest.raises(ValueError, match="'w' is given twice"):
        write_params(tmp_path / "b", [("w", tensor, "float32", [2, 3])] * 2)


def test_a_source_that_vanished(tmp_path: Path) -> None:
    tensor = ir.ExternalTensor(tmp_path / "gone", 0, 8, ir.DataType.FLOAT, shape=ir.Shape([2]), name="w")
    with pytest.raises(LoadError, match="gone"):
        write_params(tmp_path / "a", [("w", tensor, "float32", [2])])


def test_a_full_disk_is_an_os_error() -> None:
    with pytest.raises(OSError, match="No space left"):
        write_params(Path("/dev/full"), [("w", ir.tensor(np.zeros(3, np.float32)), "float32", [3])])
