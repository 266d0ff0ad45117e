"""Paddle Lite's models, made from `ProgramDesc` by Paddle Lite's own optimiser."""

from __future__ import annotations

import errno
import os
import re
import shutil
from collections.abc import Sequence
from pathlib import Path

from paddlify.errors import PaddlifyError, UnsupportedError, UsageError
from paddlify.formats import FORMATS, LITE_FILES
from paddlify.runtime.elsewhere import LITE, ask


def check(targets: Sequence[str]) -> None:
    """Raise UsageError for targets that cannot be Paddle Lite's, MissingDependencyError where it is not installed."""
    for target in targets:
        if not re.fullmatch(r"[a-z0-9_]+(,[a-z0-9_]+)*", target):
            raise UsageError(f"'{target}' is no target of Paddle Lite, such as arm, x86, opencl or opencl,arm")
    if targets:
        LITE.required()


_ROOM = 1 << 16
"""With less than this left on the disk the optimiser's complaint is the disk's: it writes until there is none."""


def optimise(folder: Path, targets: Sequence[str]) -> None:
    """Write `inference.TARGET.nb` for each of the targets from the folder's `inference.pdmodel` and its parameters.

    Raises OSError for a full disk, UnsupportedError with what the optimiser says when it refuses the model or target.
    """
    files, root = FORMATS["pdmodel"], folder.resolve()
    parameters = root / files.parameters
    for target in targets:
        path = folder / LITE_FILES.format(target.replace(",", "-"))
        request = {
            "program": str(root / files.program), "parameters": str(parameters) if parameters.is_file() else None,
            "targets": target, "optimised": str(root / path.stem),
        }
        try:
            ask(LITE, request, kind="optimise")
        except PaddlifyError as error:
            if shutil.disk_usage(root).free < _ROOM:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path)) from error
            raise UnsupportedError(f"--to-lite {target}: {error}; --format pdmodel is not affected") from error
        if not path.is_file():
            raise UnsupportedError(f"--to-lite {target}: the optimiser wrote nothing; --format pdmodel is not affected")
