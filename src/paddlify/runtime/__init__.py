"""Loads converted models and runs them on Paddle Inference."""

from __future__ import annotations

import os
from pathlib import Path

from paddlify.runtime.model import Model

__all__ = ["Model", "load"]


def load(
    folder: str | os.PathLike[str], device: str = "cpu", *, format: str | None = None,  # noqa: A002 - named like the flag
    onednn: bool | None = None, openvino: bool | None = None, threads: int | None = None,
) -> Model:
    """Load a converted model.

    Args:
        folder: what `convert` wrote.
        device: "cpu" or "gpu".
        format: "pir", "pdmodel" or "fluid"; None for the newest in the folder that the installed Paddle reads.
        onednn: True or False to insist; None to take what `report.json` says was proved, and otherwise oneDNN
            unless the program does not run with it (then `model.runtime` has the reason, and a warning is logged).
        openvino: True to run the format "pdmodel" on the OpenVINO that Paddle's wheels for x86 bring, which is faster
            for many small operators; False not to; None for what the model was converted for.
        threads: for the mathematics on the CPU; None for OMP_NUM_THREADS or all processors.

    Raises LoadError when the folder is not a converted model, lacks the format, or holds a program that cannot be
    loaded, UsageError for an unknown device or format, MissingDependencyError without PaddlePaddle or its OpenVINO.
    """
    return Model(Path(folder), device=device, format=format, onednn=onednn, openvino=openvino, threads=threads)
