"""Runs converted folders on older Paddles, all in one process of each."""

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

_SCRIPTS = {"fluid": "run_fluid.py", "fluid16": "run_fluid.py", "paddle26": "run_paddle2.py"}
_RESULTS = {"fluid": "fluid", "fluid16": "fluid", "paddle26": "paddle2"}


def run(oracle: str, folders: Iterable[Path]) -> None:
    """Run each folder on its `data.npz`; `results` reads what came out."""
    script = Path(__file__).with_name(_SCRIPTS[oracle])
    command = [oracle_python(oracle), str(script), *map(str, folders)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]


def results(oracle: str, folder: Path) -> list[np.ndarray]:
    """The outputs of a folder in their order; fails with what the older Paddle said where it failed."""
    stem = _RESULTS[oracle]
    if (folder / f"{stem}.txt").exists():
        raise AssertionError((folder / f"{stem}.txt").read_text()[-2000:])
    found = np.load(folder / f"{stem}.npz")
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
