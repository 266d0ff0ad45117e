"""The checks of the table, one module for each file of rows."""

from __future__ import annotations

import importlib
import pkgutil

from paddlify.apimap.claims import CHECKS, Check


def load_checks() -> list[Check]:
    """Import every module of checks and return all checks; imports neither TensorFlow nor Paddle."""
    for module in pkgutil.iter_modules(__path__, __name__ + "."):
        importlib.import_module(module.name)
    return CHECKS
