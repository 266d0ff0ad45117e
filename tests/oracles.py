"""Interpreters of the environments in which the source frameworks live (`make oracles` makes them)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
NAMES = ("tensorflow", "caffe", "opencv", "fluid", "paddle26", "torch")


def oracle_python(name: str) -> str:
    """Path of the interpreter of an oracle; skips the test where it is missing, fails it where CI=true."""
    if name not in NAMES:
        raise ValueError(f"no oracle is called '{name}'; there are {', '.join(NAMES)}")
    folder = ROOT / ".oracles" / name
    if (folder / ".ready").exists():
        return str(folder / "bin" / "python")
    reason = f"the oracle '{name}' is missing: make oracle-{name}"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)
