"""Checks that what is fed to a model fits its inputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from paddlify.errors import InputError
from paddlify.report import TensorSpec

Feeds: TypeAlias = Mapping[str, Any] | Mapping[TensorSpec, Any] | Mapping[str | TensorSpec, Any]
"""What is fed to a model: values by name or by spec."""


def ordered_feeds(
    feeds: Feeds, specs: Sequence[TensorSpec]
) -> dict[str, np.ndarray[Any, Any]]:
    """The feeds as arrays, in the order of `specs`.

    Keys are names or specs; values are arrays, or what NumPy makes an array of the right dtype from (a list, a
    number). Raises InputError for an unknown, doubled or missing name, a wrong dtype, rank or fixed dimension.
    """
    names = [spec.name for spec in specs]
    given: dict[str, Any] = {}
    for key, value in feeds.items():
        name = key.name if isinstance(key, TensorSpec) else key
        if name not in names:
            raise InputError(f"the model has no input '{name}'; its inputs are {', '.join(names) or 'none'}")
        if name in given:
            raise InputError(f"input '{name}' is fed twice")
        given[name] = value
    missing = [str(spec) for spec in specs if spec.name not in given]
    if missing:
        raise InputError(f"nothing is fed to {'; '.join(missing)}")
    return {spec.name: _fitting(given[spec.name], spec) for spec in specs}


def element_type(name: str) -> np.dtype[Any]:
    """NumPy's dtype of a spec's dtype name, those of ml_dtypes included; raises InputError if there is none."""
    try:
        return np.dtype(name)
    except TypeError:
        import ml_dtypes

        found: type | None = getattr(ml_dtypes, name, None)
        if found is None:
            raise InputError(f"NumPy has no element type '{name}'") from None
        return np.dtype(found)


def _fitting(value: Any, spec: TensorSpec) -> np.ndarray[Any, Any]:
    dtype = element_type(spec.dtype)
    array = value if isinstance(value, (np.ndarray, np.generic)) else _from_python(value, dtype, spec)
    array = np.asarray(array)
    if array.dtype != dtype:
        raise InputError(f"input {spec} is fed {array.dtype.name}: cast it with .astype('{spec.dtype}')")
    if spec.shape is not None and not _fits(array.shape, spec.shape):
        raise InputError(f"input {spec} is fed an array of shape {list(array.shape)}")
    return np.ascontiguousarray(array).reshape(array.shape)


def _from_python(value: Any, dtype: np.dtype[Any], spec: TensorSpec) -> np.ndarray[Any, Any]:
    """An array of `dtype` from a list or number that it holds without loss of kind (no 1.5 for an integer)."""
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise InputError(f"input {spec} is fed something that is not an array ({error})") from error
    if array.size and not np.can_cast(array.dtype, dtype, "same_kind"):
        raise InputError(f"input {spec} is fed {array.dtype.name}: give an array of dtype {spec.dtype}")
    return array.astype(dtype)


def _fits(shape: Sequence[int], declared: Sequence[int]) -> bool:
    return len(shape) == len(declared) and all(
        dim in (-1, size) for size, dim in zip(shape, declared, strict=True)
    )
