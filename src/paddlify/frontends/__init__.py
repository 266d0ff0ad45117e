"""Readers of source formats: each gives an `onnx_ir` model whose weights stay on disk.

A frontend is a package with `recognises(path) -> bool`, from the file's content, and `load(source, options) -> Loaded`.
It is imported when it is needed.
"""

from __future__ import annotations

import importlib
import os
from pathlib import Path
from typing import Any, Final

from paddlify.errors import LoadError, UsageError
from paddlify.frontends.base import Loaded, LoadOptions

FRONTENDS: Final = ("onnx", "tensorflow", "caffe")
"""What `load` and `--from` take, in the order in which the frontends are asked."""


def detect(path: str | os.PathLike[str]) -> str:
    """The name of the frontend that reads what is at `path`; raises LoadError when none does.

    A path need not exist: TensorFlow's checkpoints are known by the common beginning of several files.
    """
    for name in FRONTENDS:
        if _frontend(name).recognises(path):
            return name
    if not Path(path).exists():
        raise LoadError(f"{path}: no such file or folder")
    raise LoadError(
        f"{path}: not recognised as a model ({', '.join(FRONTENDS)}), or damaged at its beginning; "
        "say what it is with --from, or fetch it again"
    )


def load(source: Any, source_format: str | None = None, options: LoadOptions | None = None) -> Loaded:
    """Read a model with the frontend named `source_format`, or the one that recognises it.

    `source` is a path, or a model in memory that the frontend takes (an `onnx.ModelProto` or `onnx_ir.Model`).
    Raises LoadError, UsageError and whatever else the frontend raises.
    """
    if source_format is None:
        source_format = detect(source) if isinstance(source, (str, os.PathLike)) else "onnx"
    if source_format not in FRONTENDS:
        raise UsageError(f"--from is one of {', '.join(FRONTENDS)}, not '{source_format}'")
    loaded: Loaded = _frontend(source_format).load(source, options or LoadOptions())
    return loaded


def _frontend(name: str) -> Any:
    return importlib.import_module(f"{__name__}.{name}")
