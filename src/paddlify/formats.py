"""The forms in which a converted program is written, and the files of each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from paddlify.errors import LoadError, UsageError


@dataclass(frozen=True)
class Format:
    """A program file and the file of all its parameters, and the first Paddle that reads them."""

    program: str
    parameters: str
    since: int


FORMATS: Final = {
    "pir": Format("inference.json", "inference.pdiparams", 3),
    "pdmodel": Format("inference.pdmodel", "inference.pdiparams", 2),
    "fluid": Format("__model__", "__params__", 1),
}
"""By the name that `--format` takes, the newest first."""


def check(names: Iterable[str]) -> None:
    """Raise UsageError for a name that is no format."""
    unknown = [name for name in names if name not in FORMATS]
    if unknown:
        raise UsageError(f"unknown format {', '.join(unknown)}; there are {', '.join(FORMATS)}")


def written(folder: Path) -> Sequence[str]:
    """The formats whose program is in the folder, the newest first."""
    return [name for name, found in FORMATS.items() if (folder / found.program).is_file()]


def choose(folder: Path, name: str | None, major: int) -> str:
    """The format asked for, or else the newest in the folder that Paddle `major` reads.

    Raises UsageError for a name that is no format, LoadError when the folder or this Paddle has not got it.
    """
    if name is not None:
        check([name])
    there = written(folder)
    if not there:
        raise LoadError(f"{folder}: no {FORMATS['pir'].program}, so not a model that paddlify converted")
    if name is not None and name not in there:
        raise LoadError(f"{folder}: no {FORMATS[name].program}; convert again with --format {name}")
    readable = [found for found in there if FORMATS[found].since <= major]
    if not readable or (name is not None and name not in readable):
        raise LoadError(
            f"{folder}: PaddlePaddle {major} does not read {FORMATS[name or there[-1]].program}; "
            "convert again with --format pdmodel, or install PaddlePaddle 3"
        )
    return name or readable[0]


LITE_FILES: Final = "inference.{}.nb"
"""The name of a model for Paddle Lite; its target stands in the middle, with "-" for ","."""


def lite_targets(folder: Path) -> Sequence[str]:
    """The targets of Paddle Lite's models in the folder, such as "x86" or "opencl,arm", sorted."""
    before, after = LITE_FILES.split("{}")
    names = sorted(path.name for path in folder.glob(LITE_FILES.format("*")))
    return [name[len(before) : -len(after)].replace("-", ",") for name in names]
