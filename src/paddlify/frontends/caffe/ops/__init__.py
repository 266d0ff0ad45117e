"""Lowerings of Caffe's layers, by family. Importing this package's modules registers them."""

from __future__ import annotations

import importlib

_FAMILIES = (
    "activation", "conv", "detection", "loss", "merge", "norm", "pool", "recurrent", "reduce", "region", "resize",
    "shape", "source",
)


def register_all() -> None:
    """Import every family."""
    for family in _FAMILIES:
        importlib.import_module(f"{__name__}.{family}")
