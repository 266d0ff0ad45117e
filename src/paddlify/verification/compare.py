"""Compares what two runtimes computed, output by output.

Default tolerance. A network's error is of the size of its largest numbers (they are what was added up), so an
output is right when no element is further off than a fraction of the output's scale, the largest finite magnitude
expected: 1e-4 for float32 (`FRACTION_OF_SCALE`), with a floor of 1e-7 for outputs that are almost all zero. Where the
model computes in a coarser type than that of the output, the fraction is that type's: a float16 model that gives its
result as float32 is no more exact for it. In quantised models (`FRACTION_OF_STEPS`) what lies midway between two steps
goes either way, by the order of a sum, and onnxruntime differs from itself as much.
Integers, booleans and strings must be equal. With `rtol` or `atol` given the criterion is NumPy's,
|actual - expected| <= atol + rtol * |expected|, element by element, where the one not given is 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

FRACTION_OF_SCALE = {
    "float64": 1e-6, "float32": 1e-4, "float16": 1e-2, "bfloat16": 5e-2, "float8_e4m3fn": 0.125, "float8_e5m2": 0.25,
    "complex64": 1e-4, "complex128": 1e-6,
}
FRACTION_OF_STEPS = {"int8": 3e-2, "uint8": 3e-2}
"""For floating-point outputs behind quantised values: two steps of 255, where the output fills a quarter of them."""

FLOOR = 1e-7


@dataclass(frozen=True)
class OutputComparison:
    """How one output compares.

    Attributes:
        name: of the output.
        passed: the verdict.
        reason: why it failed, in a clause; empty when it passed.
        dtype, shape: as expected.
        max_abs, mean_abs, max_rel: differences over the elements that are finite on both sides; max_rel only
            where the expected value is not 0.
        cosine: of the two outputs as vectors; None when one of them is all zero.
        scale: the largest finite magnitude expected.
        tolerance: of the default criterion, absolute; None when rtol or atol was given.
    """

    name: str
    passed: bool
    reason: str
    dtype: str
    shape: tuple[int, ...]
    max_abs: float | None = None
    mean_abs: float | None = None
    max_rel: float | None = None
    cosine: float | None = None
    scale: float | None = None
    tolerance: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return asdict(self)


def describe(outputs: Sequence[OutputComparison]) -> str:
    """The verdict on at least one output, in one line."""
    failed = [output for output in outputs if not output.passed]
    if failed:
        return f"{len(failed)} of {len(outputs)} output(s) differ; {failed[0].name}: {failed[0].reason}"
    worst = max(outputs, key=lambda output: output.max_abs or 0.0)
    return f"{len(outputs)} output(s) agree; largest difference {worst.max_abs or 0:.3g} ({worst.name})"


def compare(
    names: Sequence[str], expected: Sequence[Array], actual: Sequence[Array], *, rtol: float | None = None,
    atol: float | None = None, computes_in: Sequence[str] = (),
) -> list[OutputComparison]:
    """One comparison for each of `names`; an output that is missing or too many fails.

    `computes_in` names the types to which the model rounds what it computes, for the default tolerance.
    Raises ValueError when there are not as many names as expected arrays.
    """
    found = [
        compare_output(name, value, actual[index], rtol=rtol, atol=atol, computes_in=computes_in)
        if index < len(actual) else _result(name, value, "the converted model does not compute it")
        for index, (name, value) in enumerate(zip(names, expected, strict=True))
    ]
    surplus = actual[len(expected):]
    return found + [
        _result(f"#{index}", value, "the source does not have it")
        for index, value in enumerate(surplus, start=len(expected))
    ]


def compare_output(
    name: str, expected: Array, actual: Array, *, rtol: float | None = None, atol: float | None = None,
    computes_in: Sequence[str] = (),
) -> OutputComparison:
    """Compare dtype, shape, the places of NaN and infinities, and the finite values."""
    if actual.dtype != expected.dtype:
        return _result(name, expected, f"its dtype is {actual.dtype.name}, not {expected.dtype.name}")
    if actual.shape != expected.shape:
        return _result(name, expected, f"its shape is {list(actual.shape)}, not {list(expected.shape)}")
    if expected.dtype.kind in "OSU":
        equal = bool((actual == expected).all())
        return _result(name, expected, "" if equal else "its strings differ")
    return _compare_numbers(name, expected, actual, rtol, atol, computes_in)


def _compare_numbers(
    name: str, expected: Array, actual: Array, rtol: float | None, atol: float | None, computes_in: Sequence[str]
) -> OutputComparison:
    wide_expected, wide_actual = _wide(expected), _wide(actual)
    finite = np.isfinite(wide_expected) & np.isfinite(wide_actual)
    reason = _difference_in_kind(wide_expected, wide_actual)
    left, right = wide_expected[finite], wide_actual[finite]
    difference = np.abs(left - right)
    magnitude = np.abs(left)
    scale = float(magnitude.max()) if left.size else 0.0
    tolerance = None
    if rtol is None and atol is None:
        tolerance = _default_tolerance(expected.dtype, scale, computes_in)
        allowed: Any = tolerance
    else:
        allowed = (atol or 0.0) + (rtol or 0.0) * magnitude
    if not reason and expected.size and not left.size:
        reason = "no element is finite, so nothing was compared"
    if not reason and bool((difference > allowed).any()):
        share = float((difference > allowed).mean())
        reason = f"{share:.2%} of its elements are further off than allowed (at most {float(difference.max()):.3g})"
    is_nonzero = magnitude > 0
    return _result(
        name, expected, reason,
        max_abs=float(difference.max()) if left.size else 0.0,
        mean_abs=float(difference.mean()) if left.size else 0.0,
        max_rel=float((difference[is_nonzero] / magnitude[is_nonzero]).max()) if is_nonzero.any() else 0.0,
        cosine=_cosine(left, right), scale=scale, tolerance=tolerance,
    )


def _wide(array: Array) -> Array:
    """As float64 (complex128); integers that float64 cannot hold lose nothing that a difference needs."""
    if array.dtype.kind == "c":
        return array.astype(np.complex128)
    if array.dtype.kind in "iu" and array.dtype.itemsize == 8:
        return array.astype(np.longdouble)
    return array.astype(np.float64)


def _difference_in_kind(expected: Array, actual: Array) -> str:
    """Why the two differ in NaN or infinities; empty when they do not."""
    nan = int((np.isnan(expected) != np.isnan(actual)).sum())
    if nan:
        return f"NaN stands in other places ({nan} elements)"
    infinite = np.isinf(expected) | np.isinf(actual)
    if infinite.any():
        differing = int((expected[infinite] != actual[infinite]).sum())
        if differing:
            return f"infinities differ ({differing} elements)"
    return ""


def _default_tolerance(dtype: np.dtype[Any], scale: float, computes_in: Sequence[str]) -> float:
    if dtype.name not in FRACTION_OF_SCALE:
        return 0.0
    known = FRACTION_OF_SCALE | FRACTION_OF_STEPS
    fraction = max(known.get(name, 0.0) for name in (dtype.name, *computes_in))
    return max(fraction * scale, FLOOR)


def _cosine(left: Array, right: Array) -> float | None:
    norms = float(np.linalg.norm(left.astype(np.complex128))) * float(np.linalg.norm(right.astype(np.complex128)))
    if norms == 0:
        return None
    return float(np.real(np.vdot(left, right)) / norms)


def _result(name: str, expected: Array, reason: str, **figures: Any) -> OutputComparison:
    return OutputComparison(name, not reason, reason, expected.dtype.name, tuple(expected.shape), **figures)
