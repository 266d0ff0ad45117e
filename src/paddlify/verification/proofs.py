"""What each runtime says of each form in which a program was written."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np

from paddlify.errors import PaddlifyError
from paddlify.formats import FORMATS, LITE_FILES, lite_targets
from paddlify.report import RuntimeChoice, TensorSpec
from paddlify.runtime.elsewhere import FLUID, LITE, PADDLE_2, Elsewhere, ask
from paddlify.runtime.model import declared, held
from paddlify.verification.compare import OutputComparison, describe

Array = np.ndarray[Any, Any]
Comparison = Callable[[list[Array]], list[OutputComparison]]

ELSEWHERE: Final[Mapping[str, Sequence[Elsewhere]]] = {"pdmodel": (PADDLE_2,), "fluid": (FLUID,)}
"""The older Paddles for which a format is written; this Paddle reads all of them too."""


@dataclass(frozen=True)
class Proof:
    """Whether one runtime computes from one format what the source computes.

    Attributes:
        format: as `--format` calls it; "lite TARGET" for Paddle Lite's.
        runtime: its name, with its version if it was run.
        outputs: one comparison each, in order; none when it was not run.
        error: why the runtime could not run the program; empty otherwise.
        missing: why the runtime was not asked; empty if it was.
        choice: oneDNN or not, on this Paddle.
    """

    format: str
    runtime: str
    outputs: Sequence[OutputComparison] = ()
    error: str = ""
    missing: str = ""
    choice: RuntimeChoice = field(default_factory=RuntimeChoice)

    @property
    def passed(self) -> bool | None:
        """None where the runtime was not asked."""
        if self.missing:
            return None
        return not self.error and bool(self.outputs) and all(output.passed for output in self.outputs)

    def summary(self) -> str:
        """The verdict in one line."""
        return f"not proved: {self.missing}" if self.missing else self.error or describe(self.outputs)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON; `passed` is null for what was not run."""
        return {
            "format": self.format, "runtime": self.runtime, "passed": self.passed, "summary": self.summary(),
        }


def elsewhere(
    folder: Path, format: str, feeds: Mapping[str, Array], outputs: Sequence[TensorSpec],  # noqa: A002
    comparison: Comparison,
) -> Iterator[Proof]:
    """What the older Paddles say of a format; "lite" stands for all of Paddle Lite's models in the folder.

    A runtime whose interpreter is not known gives a proof that says so.
    """
    if format == "lite":
        for target in lite_targets(folder):
            missing = "" if target == "x86" and platform.machine() == "x86_64" else "it does not run on this machine"
            program = _path(folder / LITE_FILES.format(target.replace(",", "-")))
            yield _ask(LITE, f"lite {target}", {"program": program}, feeds, outputs, comparison, missing)
        return
    found = FORMATS[format]
    parameters = folder / found.parameters
    files: dict[str, str | None] = {
        "folder": _path(folder), "program": _path(folder / found.program),
        "parameters": _path(parameters) if parameters.is_file() else None,
    }
    for runtime in ELSEWHERE.get(format, ()):
        yield _ask(runtime, format, files, feeds, outputs, comparison)


def _ask(
    runtime: Elsewhere, format: str, files: Mapping[str, str | None], feeds: Mapping[str, Array],  # noqa: A002
    outputs: Sequence[TensorSpec], comparison: Comparison, missing: str = "",
) -> Proof:
    if not missing and runtime.interpreter() is None:
        missing = f"{runtime.variable} does not name an interpreter that has {runtime.package}"
    if missing:
        return Proof(format, runtime.name, missing=missing)
    try:
        label, results = ask(runtime, files, {name: held(array) for name, array in feeds.items()})
        if len(results) != len(outputs):
            return Proof(format, label, error=f"it gives {len(results)} output(s) instead of {len(outputs)}")
        actual = [declared(result, spec) for result, spec in zip(results, outputs, strict=True)]
    except PaddlifyError as error:
        return Proof(format, runtime.name, error=str(error))
    return Proof(format, label, comparison(actual))


def _path(path: Path) -> str:
    return str(path.resolve())
