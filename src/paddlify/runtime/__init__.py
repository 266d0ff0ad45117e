"""Loads converted models and runs them on Paddle Inference."""

from __future__ import annotations

import os
from pathlib import Path

from paddlify.runtime.model import Model

__all__ = ["Model", "load"]


def load(
    folder: str | os.PathLike[str], device: str = "cpu", *, onednn: bool | None = None, threads: int | None = None
) -> Model:
    """Load a converted model.

    Args:
        folder: what `convert` wrote.
        device: "cpu" or "gpu".
        onednn: True or False to insist; None to take what `report.json` says was proved, and otherwise oneDNN
            unless the program does not run with it (then `model.runtime` has the reason, and a warning is logged).
        threads: for the mathematics on the CPU; None for OMP_NUM_THREADS or all processors.

    Raises LoadError when the folder is not a converted model, UsageError for an unknown device,
    MissingDependencyError without PaddlePaddle.
    """
    return Model(Path(folder), device=device, onednn=onednn, threads=threads)
