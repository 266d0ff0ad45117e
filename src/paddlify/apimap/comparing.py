"""Compares results of two frameworks: their number, shapes, dtypes and values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
How = Literal["value", "dtype", "shape", "count", "raises", "gradient", "missing"]
#: (rtol, atol) for values; gradients may be ten times as far apart.
_TOLERANCE = {
    "float16": (2e-3, 2e-3), "bfloat16": (2e-2, 2e-2), "float32": (2e-5, 2e-6), "float64": (1e-9, 1e-11),
    "complex64": (2e-5, 2e-6), "complex128": (1e-9, 1e-11),
}  # fmt: skip


class ClaimError(AssertionError):
    """What a row states does not hold on the installed versions."""


@dataclass(frozen=True)
class Mismatch:
    how: How
    text: str
    size: float = float("nan")


def to_arrays(value: Any) -> list[Array]:
    """Flatten a result (tensor, number, list, tuple or dict of them) to arrays."""
    if isinstance(value, (list, tuple)):
        return [array for item in value for array in to_arrays(item)]
    if isinstance(value, dict):
        return [array for key in sorted(value) for array in to_arrays(value[key])]
    if hasattr(value, "numpy"):
        value = value.numpy()
    return [np.asarray(value)]


def compare(
    expected: Any, actual: Any, rtol: float | None = None, atol: float | None = None, factor: float = 1.0
) -> Mismatch | None:
    """The first mismatch of two results: in their number, shape, dtype or values; None when there is none."""
    left, right = to_arrays(expected), to_arrays(actual)
    if len(left) != len(right):
        return Mismatch("count", f"{len(right)} results instead of {len(left)}")
    for a, b in zip(left, right, strict=True):
        if a.shape != b.shape:
            return Mismatch("shape", f"shape {list(b.shape)} instead of {list(a.shape)}")
    for a, b in zip(left, right, strict=True):
        size, equal = distance(a, b, rtol, atol, factor)
        if not equal:
            return Mismatch("value", f"max difference {size:.2g}", size)
    for a, b in zip(left, right, strict=True):
        if a.dtype != b.dtype:
            return Mismatch("dtype", f"{b.dtype} instead of {a.dtype}")
    return None


def distance(a: Array, b: Array, rtol: float | None, atol: float | None, factor: float) -> tuple[float, bool]:
    default = _TOLERANCE.get(str(b.dtype), _TOLERANCE.get(str(a.dtype), (0.0, 0.0)))
    rtol = (default[0] if rtol is None else rtol) * factor
    atol = (default[1] if atol is None else atol) * factor
    if a.dtype.kind not in "biufc" or b.dtype.kind not in "biufc":
        a, b = _numeric(a), _numeric(b)
    if object in (a.dtype, b.dtype):
        return float("nan"), bool(np.array_equal(a, b))
    wide = np.complex128 if "c" in (a.dtype.kind, b.dtype.kind) else np.float64
    if a.dtype.kind in "biu" and b.dtype.kind in "biu":
        gap = np.abs(a.astype(object) - b.astype(object)) if a.size else np.zeros(0)
        return float(max(gap.ravel(), default=0)), bool(np.array_equal(a, b))
    x, y = a.astype(wide), b.astype(wide)
    with np.errstate(all="ignore"):
        gap = np.abs(x - y)
    both_special = (np.isnan(x) & np.isnan(y)) | (x == y)
    gap = np.where(both_special, 0.0, gap)
    with np.errstate(all="ignore"):
        close = gap <= atol + rtol * np.abs(x)
    close |= both_special
    worst = float(np.max(np.where(np.isnan(gap), np.inf, gap), initial=0.0))
    return worst, bool(np.all(close))


def _numeric(array: Array) -> Array:
    try:
        return array.astype(np.float64)
    except (TypeError, ValueError):
        return array.astype(object)
