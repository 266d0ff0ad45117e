"""Arrays in .npy and .npz files, as the command line takes and gives them."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from paddlify.errors import InputError, OutputError
from paddlify.report import TensorSpec
from paddlify.runtime.feeds import element_type

Array = np.ndarray[Any, Any]


def read_npy(path: Path, spec: TensorSpec) -> Array:
    """The array of a .npy file; raises InputError when it cannot be read or holds Python objects."""
    try:
        with path.open("rb") as file:
            return as_declared(np.lib.format.read_array(file, allow_pickle=False), spec)
    except (OSError, ValueError, EOFError) as error:
        raise InputError(f"{path}: not a .npy file that can be read ({error})") from error


def read_npz(path: Path) -> dict[str, Array]:
    """The arrays of an .npz file by name; raises InputError when it cannot be read."""
    try:
        with np.load(path, allow_pickle=False) as archive:
            if not isinstance(archive, np.lib.npyio.NpzFile):
                raise InputError(f"{path}: a .npz file with names is needed")
            return {name: archive[name] for name in archive.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, TypeError, AttributeError) as error:
        raise InputError(f"{path}: not a .npz file that can be read ({error})") from error


def write_npz(path: Path, arrays: Mapping[str, Array]) -> None:
    """Write arrays under their names, whatever these are; raises OutputError."""
    try:
        with zipfile.ZipFile(path, "w") as archive:
            for name, array in arrays.items():
                with archive.open(f"{name}.npy", "w", force_zip64=True) as file:
                    np.lib.format.write_array(file, np.asanyarray(array), allow_pickle=False)
    except OSError as error:
        raise OutputError(f"{path}: cannot be written ({error.strerror or error})") from error


def as_declared(array: Array, spec: TensorSpec) -> Array:
    """The array in the spec's dtype where .npy could keep its bits only (bfloat16, float8)."""
    dtype = element_type(spec.dtype)
    is_raw = array.dtype.kind == "V" and array.dtype.names is None and array.dtype.itemsize == dtype.itemsize
    return array.view(dtype) if is_raw else array
