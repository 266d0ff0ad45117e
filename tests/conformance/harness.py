"""Runs one backend test through the full road: file on disk → converted folder → loaded → compared."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from paddlify.errors import PaddlifyError
from tests.conformance.cases import Case, op_types

RANDOM = {"Bernoulli", "Multinomial", "RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike"}
"""Operators whose values are checked by their distribution, in `tests/backends/paddle`, not here."""


@dataclass(frozen=True)
class Outcome:
    """What became of a case.

    Attributes:
        status: "passed", "refused" (a PaddlifyError while converting or loading), "wrong" (it ran and differs) or
            "failed" (another error or a crash).
        detail: the reason in one line.
    """

    status: str
    detail: str = ""


def check(case: Case) -> Outcome:
    """Convert, load, run and compare one case."""
    folder = Path(tempfile.mkdtemp(prefix="conformance-"))
    try:
        onnx.save(case.model, folder / "model.onnx")
        return _check(case, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _check(case: Case, folder: Path) -> Outcome:
    import paddlify

    try:
        paddlify.convert(folder / "model.onnx", folder / "converted", verify=False)
        model = paddlify.load(folder / "converted")
    except PaddlifyError as error:
        return Outcome("refused", _line(str(error)))
    except Exception as error:  # noqa: BLE001 - any other error is a defect, and is reported as one
        return Outcome("failed", f"{type(error).__name__}: {_line(str(error))}")
    for inputs, expected in case.data_sets:
        try:
            arrays = [item if isinstance(item, list) or item is None else _array(item) for item in inputs]
            feeds = dict(zip([spec.name for spec in model.inputs], arrays, strict=True))
            with contextlib.suppress(PaddlifyError):  # other numbers, of which nothing may be left in the next run
                model.inference({name: _halved(array) for name, array in feeds.items()})
            results = model.inference(feeds)
        except Exception as error:  # noqa: BLE001
            return Outcome("failed", f"{type(error).__name__}: {_line(str(error))}")
        difference = compare(expected, results, case.rtol, case.atol, values=not is_random(case))
        if difference:
            return Outcome("wrong", difference)
    return Outcome("passed")


TWO_UNITS = {"bfloat16": 2**-6, "float16": 2**-9}
"""Two units in the last place: onnx's own runner grants them to bfloat16, where a sum may round either way."""


def is_random(case: Case) -> bool:
    """Whether the values of a case are drawn at random, so that no two implementations agree on them."""
    is_dropout = case.name.startswith("test_training_dropout") and "zero_ratio" not in case.name
    return is_dropout or bool(RANDOM & op_types(case))


def compare(
    expected: Sequence[Any], results: Sequence[Any], rtol: float, atol: float, *, values: bool = True
) -> str:
    """How results differ from what is expected in count, dtype, shape and (with `values`) value; "" if they do not."""
    if len(expected) != len(results):
        return f"{len(results)} outputs instead of {len(expected)}"
    for index, (want, got) in enumerate(zip(expected, results, strict=True)):
        difference = _compare(want, got, rtol, atol, values)
        if difference:
            return f"output {index}: {difference}"
    return ""


def _compare(want: Any, got: Any, rtol: float, atol: float, values: bool) -> str:
    if isinstance(want, (list, tuple)):
        return compare(want, got, rtol, atol, values=values) if isinstance(got, (list, tuple)) else "not a sequence"
    want = _array(want)
    if not isinstance(got, np.ndarray):
        return f"{type(got).__name__} instead of an array"
    if want.dtype != got.dtype:
        return f"dtype {got.dtype} instead of {want.dtype}"
    if want.shape != got.shape:
        return f"shape {got.shape} instead of {want.shape}"
    if not values:
        return ""
    rtol = max(rtol, TWO_UNITS.get(want.dtype.name, 0.0))
    if want.dtype.kind not in "fcV":
        equal = np.array_equal(want, got)
        return "" if equal else f"{np.count_nonzero(want != got)} of {want.size} elements differ"
    wide = np.complex128 if want.dtype.kind == "c" else np.float64
    want, got = want.astype(wide), got.astype(wide)
    if np.allclose(got, want, rtol=rtol, atol=atol, equal_nan=True):
        return ""
    with np.errstate(invalid="ignore"):
        return f"max abs difference {np.nanmax(np.abs(want - got)):.3g}"


def _halved(array: Any) -> Any:
    is_real = isinstance(array, np.ndarray) and array.dtype.kind in "fcV"
    return (array / 2).astype(array.dtype) if is_real else array


def _array(value: Any) -> np.ndarray:
    if isinstance(value, onnx.TensorProto):
        return onnx.numpy_helper.to_array(value)
    return np.asarray(value)


def _line(text: str) -> str:
    lines = [line.strip() for line in text.strip().splitlines() if line.strip()]
    if len(lines) > 1 and lines[0].endswith("cannot be converted:"):
        return lines[1]
    return (lines[-1] if lines else "")[:300]
