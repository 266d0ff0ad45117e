"""Older Paddles, each in an environment of its own whose interpreter an environment variable names."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from paddlify.errors import MissingDependencyError, PaddlifyError

Array = np.ndarray[Any, Any]

SCRIPT = Path(__file__).with_name("elsewhere_side.py")
SECONDS = 1800
"""A runtime that has not answered by then hangs."""


@dataclass(frozen=True)
class Elsewhere:
    """A runtime of another environment.

    Attributes:
        name: without its version.
        kind: how `elsewhere_side` calls it.
        variable: the environment variable that names its interpreter.
        package: what has to be installed there.
    """

    name: str
    kind: str
    variable: str
    package: str

    def interpreter(self) -> str | None:
        """The interpreter, None if none is named; raises MissingDependencyError for one that is not there."""
        given = os.environ.get(self.variable)
        if given and not os.access(given, os.X_OK):
            raise MissingDependencyError(f"{self.variable}: {given} is not an interpreter")
        return given or None

    def required(self) -> str:
        """The interpreter; raises MissingDependencyError that says what to install."""
        found = self.interpreter()
        if found is None:
            raise MissingDependencyError(
                f"{self.name} is missing: install {self.package} in an environment of its own and set "
                f"{self.variable} to its interpreter"
            )
        return found


PADDLE_2: Final = Elsewhere("PaddlePaddle 2", "paddle2", "PADDLIFY_PADDLE2", "paddlepaddle==2.6.2 and 'numpy<2'")
FLUID: Final = Elsewhere("Paddle Fluid", "fluid", "PADDLIFY_FLUID", "paddlepaddle==1.8.5 (Python 3.6)")
LITE: Final = Elsewhere("Paddle Lite", "lite", "PADDLIFY_LITE", "paddlelite==2.12 and numpy (Python 3.7)")


def ask(
    runtime: Elsewhere, files: Mapping[str, str | None], feeds: Mapping[str, Array] | None = None,
    kind: str | None = None,
) -> tuple[str, list[Array]]:
    """Run one request in the runtime's own environment; returns its name with its version, and the results.

    Args:
        runtime: with an interpreter, or MissingDependencyError is raised.
        files: `folder`, `program`, `parameters` and whatever else the kind of request takes.
        feeds: inputs by name.
        kind: of the request, where it is not to run a program.

    Raises PaddlifyError with what the runtime said when it fails or its process ends.
    """
    python = runtime.required()
    feeds = feeds or {}
    with tempfile.TemporaryDirectory(prefix="paddlify-") as name:
        folder = Path(name)
        paths = {key: str(folder / f"{key}.npz") for key in ("feeds", "answer")}
        arrays: dict[str, Any] = {str(index): array for index, array in enumerate(feeds.values())}
        np.savez(paths["feeds"], **arrays)
        request = {**files, **paths, "names": list(feeds), "kind": kind or runtime.kind}
        file = folder / "request.json"
        file.write_text(json.dumps(request), encoding="utf-8")
        _run(runtime, python, file)
        try:
            with np.load(paths["answer"]) as archive:
                version = str(archive["version"]).removeprefix("v")
                results = [archive[str(index)] for index in range(len(archive.files) - 1)]
        except (OSError, ValueError, KeyError) as error:
            raise PaddlifyError(f"{runtime.name} gives no answer ({error})") from error
    return f"{_without_number(runtime.name)} {version}", results


def _run(runtime: Elsewhere, python: str, request: Path) -> None:
    environment = {**os.environ, "GLOG_minloglevel": "2"}
    environment.pop("PYTHONPATH", None)  # of this interpreter, not of that one
    try:
        # From stdin, in a folder of its own: nothing beside the script is imported by mistake.
        done = subprocess.run(
            [python, "-", str(request)], input=SCRIPT.read_text(encoding="utf-8"), cwd=request.parent, check=False,
            env=environment, capture_output=True, text=True, errors="replace", timeout=SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PaddlifyError(f"{runtime.name} does not answer ({error})") from error
    if done.returncode:
        raise PaddlifyError(f"{runtime.name} fails: {_telling(done.stdout, done.stderr, done.returncode)}")


def _telling(stdout: str, stderr: str, code: int) -> str:
    """The line that says what happened, in what a C++ program prints when it dies."""
    lines = [line.strip() for line in (*stdout.splitlines(), *stderr.splitlines()) if line.strip()]
    for mark in ("not supported", "Error:", "Error Message", "Wrong target", "Check failed"):
        found = [line for line in lines if mark in line]
        if found:
            return found[-1][:400]
    return lines[-1][:400] if lines else f"exit code {code}"


def _without_number(name: str) -> str:
    return name.rstrip(" 0123456789")
