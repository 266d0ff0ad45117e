"""Runs the checks, each in the kind of process that it needs, and reports what no longer holds."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from paddlify.apimap.checks import load_checks
from paddlify.apimap.claims import Check, Claim


@dataclass(frozen=True)
class Outcome:
    """The result of one check: ``error`` is empty when the row holds."""

    row: str
    code: str | None
    error: str
    measurements: list[dict[str, Any]]
    seconds: float


def run_here(checks: Sequence[Check]) -> list[Outcome]:
    """Run checks in this process."""
    outcomes = []
    for check in checks:
        claim, started, error = Claim(check=check), time.monotonic(), ""
        try:
            check.run(claim)
            if not claim.measurements:
                error = "the check compared nothing"
        except Exception as problem:  # noqa: BLE001  whatever goes wrong, the row is not proved
            error = f"{type(problem).__name__}: {problem}"[:600]
        seconds = round(time.monotonic() - started, 3)
        outcomes.append(Outcome(check.row, check.code, error, [asdict(m) for m in claim.measurements], seconds))
    return outcomes


def _selected(names: Sequence[str], legacy: bool) -> list[Check]:
    return [c for c in load_checks() if c.legacy == legacy and (not names or c.row in names)]


def run(names: Sequence[str] = ()) -> list[Outcome]:
    """Run the checks of the named rows, or all, in two processes side by side: with Keras 3 and with Keras 2."""
    workers = []
    for legacy in (False, True):
        if _selected(names, legacy):
            environment = {**os.environ, "TF_USE_LEGACY_KERAS": "1" if legacy else "0", "OMP_NUM_THREADS": "1"}
            command = [sys.executable, "-m", "paddlify.apimap.runner", "legacy" if legacy else "current", *names]
            workers.append(subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True))
    outcomes: list[Outcome] = []
    for worker in workers:
        output, _ = worker.communicate()
        lines = [line for line in output.splitlines() if line.startswith("OUTCOMES ")]
        if worker.returncode or not lines:
            raise RuntimeError(f"a process of checks ended with code {worker.returncode}")
        outcomes += [Outcome(**item) for item in json.loads(lines[-1].removeprefix("OUTCOMES "))]
    return outcomes


def signatures() -> list[str]:
    """What the parameter tables state that the installed signatures contradict."""
    found: list[str] = []
    code = (
        "import json, sys; from paddlify.apimap.signatures import mismatches; from paddlify.apimap.table import load; "
        "print('SIGNATURES ' + json.dumps(mismatches(load(), sys.argv[1] == '1')))"
    )
    for legacy in ("0", "1"):
        environment = {**os.environ, "TF_USE_LEGACY_KERAS": legacy}
        command = [sys.executable, "-c", code, legacy]
        worker = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
        line = next(text for text in worker.stdout.splitlines() if text.startswith("SIGNATURES "))
        found += json.loads(line.removeprefix("SIGNATURES "))
    return found


def evidence(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """What was measured, by row and by the code of the difference, for ``evidence.json``."""
    rows: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for outcome in sorted(outcomes, key=lambda o: (o.row, o.code or "")):
        kept = [{key: value for key, value in m.items() if value not in ("", -1)} for m in outcome.measurements]
        found = rows.setdefault(outcome.row, {}).setdefault(outcome.code or "", [])
        found += [m for m in kept if m not in found]
    return {"versions": versions(), "rows": rows}


def as_text(found: dict[str, Any]) -> str:
    """The evidence as JSON with a line for each row, so that a diff names the rows that changed."""
    rows = ",\n".join(
        f"  {json.dumps(name)}: {json.dumps(row, ensure_ascii=False, separators=(',', ':'))}"
        for name, row in found["rows"].items()
    )
    return f'{{\n "versions": {json.dumps(found["versions"])},\n "rows": {{\n{rows}\n }}\n}}\n'


def versions() -> dict[str, str]:
    """The installed versions of the frameworks."""
    from importlib.metadata import version

    packages = {"tensorflow": ("tensorflow", "tensorflow-cpu"), "paddle": ("paddlepaddle", "paddlepaddle-gpu")}
    found: dict[str, Any] = {}
    for framework, names in packages.items():
        for name in names:
            try:
                found[framework] = version(name)
                break
            except ModuleNotFoundError:
                continue
    return found


if __name__ == "__main__":
    _outcomes = run_here(_selected(sys.argv[2:], sys.argv[1] == "legacy"))
    sys.stdout.write("OUTCOMES " + json.dumps([asdict(outcome) for outcome in _outcomes]) + "\n")
