"""Runs a command as a process of its own and measures it as a user would: wall time and peak memory.

psutil looks at the processes' memory while they run, since the kernel keeps the peak of single ones only. To look
takes time, on which two cores are short: memory is watched in a round of its own, whose times do not count.
"""

from __future__ import annotations

import contextlib
import os
import random
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path

import psutil
from rich.table import Table

ROOT = Path(__file__).resolve().parent.parent
THREADS = 2

_watched: ContextVar[bool] = ContextVar("_watched", default=False)  # whether memory is looked at while a process runs


@dataclass(frozen=True)
class Run:
    """One measured process.

    Attributes:
        seconds: wall time.
        mebibytes: peak memory of the process and of those that it starts together: the sum of their proportional sets
            (what they share counts once), or the largest resident set of one of them where that is more. Where
            memory is not watched, the largest resident set.
    """

    seconds: float
    mebibytes: float


def measured(
    command: Sequence[str | Path], *, environment: dict[str, str] | None = None, cwd: Path | None = None
) -> Run:
    """Run a command to its end; raises CalledProcessError with its output when it fails."""
    settings = {**os.environ, "OMP_NUM_THREADS": str(THREADS), **(environment or {})}
    start = time.perf_counter()
    process = subprocess.Popen(
        [str(part) for part in command], env=settings, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    watch = _Watch(process.pid)
    if _watched.get():
        watch.start()
    output = process.stdout.read() if process.stdout else b""
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    if _watched.get():
        watch.join()
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, process.args, output)
    return Run(seconds, max(usage.ru_maxrss / 1024, watch.peak / (1 << 20)))


class _Watch(threading.Thread):
    """Follows the memory of a process and its descendants; `peak` is in bytes."""

    INTERVAL = 0.03

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._process = psutil.Process(pid)
        self.peak = 0

    def run(self) -> None:
        """Look until the process is gone."""
        with contextlib.suppress(psutil.NoSuchProcess):
            while self._process.status() != psutil.STATUS_ZOMBIE:
                family = [self._process, *self._process.children(recursive=True)]
                self.peak = max(self.peak, sum(map(_proportional_set, family)))
                time.sleep(self.INTERVAL)


def _proportional_set(process: psutil.Process) -> int:
    try:
        return int(process.memory_full_info().pss)
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return 0


def alternating(tasks: dict[str, Callable[[], Run]], rounds: int) -> dict[str, Run]:
    """Run all tasks in turn, `rounds` times over, so that what else the machine does falls on all of them.

    Each round has an order of its own (seeded): what writes much leaves work behind, which the next one pays for.
    Gives the median of each task's times and, of one more round, its peak memory.
    """
    seconds: dict[str, list[float]] = {name: [] for name in tasks}
    shuffled = random.Random(0)
    for _ in range(rounds):
        for name in shuffled.sample(list(tasks), len(tasks)):
            seconds[name].append(tasks[name]().seconds)
    token = _watched.set(True)
    try:
        return {name: Run(statistics.median(seconds[name]), task().mebibytes) for name, task in tasks.items()}
    finally:
        _watched.reset(token)


def table(title: str, found: dict[str, Run], base: str = "import paddle") -> Table:
    """Time and memory of each task, and how much of the memory is more than that of the task `base`."""
    result = Table(title=title)
    for column in ("task", "seconds", "MiB", f"MiB above {base}"):
        result.add_column(column, justify="left" if column == "task" else "right")
    for name, run in found.items():
        more = run.mebibytes - found[base].mebibytes
        result.add_row(name, f"{run.seconds:.2f}", f"{run.mebibytes:.0f}", f"{more:.0f}")
    return result


def oracle(name: str) -> Path | None:
    """The interpreter of an environment that `make` made for the benchmarks, or None."""
    path = ROOT / ".oracles" / name / "bin" / "python"
    return path if path.exists() else None


PADDLIFY = Path(sys.executable).with_name("paddlify")
