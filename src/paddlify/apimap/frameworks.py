"""TensorFlow and Paddle, imported when a check first uses them, in the order in which both work.

Importing tensorflow 2.21 before paddle 3.3 crashes the process, so ``tf`` imports paddle first.
"""

from __future__ import annotations

import importlib
import os
from typing import Any


class _Lazy:
    """A module that is imported when an attribute of it is first read."""

    def __init__(self, name: str, *before: str) -> None:
        self._name = name
        self._before = before

    def __getattr__(self, attribute: str) -> Any:
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
        for module in self._before:
            importlib.import_module(module)
        return getattr(importlib.import_module(self._name), attribute)


paddle: Any = _Lazy("paddle")
tf: Any = _Lazy("tensorflow", "paddle")
