"""Interpreters of the environments in which the source frameworks live (`make oracles` makes them)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
NAMES = ("tensorflow", "caffe", "opencv", "fluid", "fluid16", "paddle26", "paddlelite", "torch", "pretrained")


def oracle_python(name: str) -> str:
    """Path of the interpreter of an oracle; skips the test where it is missing, fails it where CI=true."""
    return str(_folder(name) / "bin" / "python")


def pretrained(path: str) -> Path:
    """Path of a file or folder in the packages that bring trained models; skips or fails as `oracle_python` does."""
    return _folder("pretrained") / path


def _folder(name: str) -> Path:
    if name not in NAMES:
        raise ValueError(f"no oracle is called '{name}'; there are {', '.join(NAMES)}")
    folder = ROOT / ".oracles" / name
    if (folder / ".ready").exists():
        return folder
    reason = f"the oracle '{name}' is missing: make oracle-{name}"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)
