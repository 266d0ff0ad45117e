"""Fixtures that several folders of tests share."""

from __future__ import annotations

import fcntl
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

import onnx_models
import paddlify
from oracles import ROOT, oracle_python


@pytest.fixture(scope="session")
def net_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny ONNX model on disk."""
    return onnx_models.save(onnx_models.net(), tmp_path_factory.mktemp("source") / "net.onnx")


@pytest.fixture(scope="session")
def converted(net_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, converted and verified; tests must not change it."""
    return paddlify.convert(net_file, tmp_path_factory.mktemp("converted") / "net").path


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Gives the folder of a group of models, made by TensorFlow when the first of all test processes asks for it."""
    base = tmp_path_factory.getbasetemp()
    shared = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "tensorflow_models"
    script = ROOT / "tests" / "frontends" / "tensorflow" / "make_models.py"

    def made(group: str) -> Path:
        folder, done = shared / group, shared / f"{group}.done"
        folder.mkdir(parents=True, exist_ok=True)
        with (shared / f"{group}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not done.exists():
                command = [oracle_python("tensorflow"), str(script), str(folder), group]
                run = subprocess.run(command, capture_output=True, text=True, check=False)
                assert run.returncode == 0, run.stderr[-4000:]
                done.touch()
        return folder

    return made
