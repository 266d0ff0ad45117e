"""TensorFlow itself, which reading needs for Keras's own files only, and verification takes where it is there."""

from __future__ import annotations

import importlib.util
import os
import sys
from typing import Final

INTERPRETER: Final = "PADDLIFY_TENSORFLOW"
"""Environment variable: a Python interpreter that has TensorFlow (with Keras), if this one has not."""


def interpreter() -> str | None:
    """The Python interpreter that can import TensorFlow; None if none is known."""
    given = os.environ.get(INTERPRETER)
    if given:
        return given
    return sys.executable if importlib.util.find_spec("tensorflow") is not None else None
