"""Runs converted folders on the Paddles that read them, all in one process of each."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from oracles import oracle_python
from paddlify.formats import FORMATS

_RUNS = {
    "fluid": ("fluid", "fluid"),
    "fluid16": ("fluid", "fluid"),
    "paddle26": ("paddle2", "pdmodel"),
    "paddle3": ("paddle2", "fluid"),
}
"""What each Paddle runs: a kind of `elsewhere_side`, and a format. "paddle3" is this one, on Fluid's program."""


def run(oracle: str, folders: Iterable[Path]) -> None:
    """Run each folder on its `data.npz`; `results` reads what came out."""
    kind, form = _RUNS[oracle]
    python = sys.executable if oracle == "paddle3" else oracle_python(oracle)
    files = FORMATS[form]
    script = str(Path(__file__).with_name("run_many.py"))
    command = [python, script, kind, files.program, files.parameters, oracle, *map(str, folders)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]


def results(oracle: str, folder: Path) -> list[np.ndarray]:
    """The outputs of a folder in their order; fails with what the older Paddle said where it failed."""
    if (folder / f"{oracle}.txt").exists():
        raise AssertionError((folder / f"{oracle}.txt").read_text()[-2000:])
    found = np.load(folder / f"{oracle}.npz")
    return [found[f"arr_{index}"] for index in range(len(found.files))]


def convert_many(sources: Mapping[Path, Path], options: Mapping[Path, dict[str, Any]] | None = None) -> None:
    """Convert each source into its folder, all in one process; see `convert_many.py`."""
    jobs = [
        {"source": str(source), "folder": str(folder), "options": (options or {}).get(folder, {})}
        for source, folder in sources.items()
    ]
    file = next(iter(sources.values())).parent / "jobs.json"
    file.write_text(json.dumps(jobs), encoding="utf-8")
    command = [sys.executable, str(Path(__file__).with_name("convert_many.py")), str(file)]
    environment = {**os.environ, "GLOG_minloglevel": "2"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr[-3000:]
