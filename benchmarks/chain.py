"""Conversion time per node of chains of 1,000, 10,000 and 50,000 nodes: our own, by stage, beside Paddle's share.

Paddle's share is what `save_program` takes: running `model.py` in static mode, normalising and writing the program.
Each chain is converted in a process of its own, whose Paddle is imported before the clock starts.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from measure import ROOT
from rich.console import Console
from rich.table import Table

import models

SIZES = (1_000, 10_000, 50_000)
STAGES = ("read the model", "improve the graph", "write")
FLAT = 1.5
"""Our own time per node of the longest chain may be so many times that of the shortest."""


def main() -> None:
    """Measure each size, print the table, and say whether our own time per node is flat."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="*", default=list(SIZES))
    parser.add_argument("--rounds", type=int, default=1, help="the fastest of so many is shown")
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(_converted(options.one)))
        return
    found = {size: _fastest(size, options.rounds) for size in options.sizes}
    table = Table(title="conversion of a chain, microseconds per node")
    columns = (*STAGES[:2], "write, without Paddle", "own", "Paddle")
    for column in ("nodes", *columns, "Paddle, seconds"):
        table.add_column(column, justify="right")
    own = {}
    for size, times in found.items():
        parts = [times[stage] for stage in STAGES]
        parts[2] -= times["paddle"]
        own[size] = sum(parts) / size
        cells = [*parts, sum(parts), times["paddle"]]
        table.add_row(f"{size:,}", *(f"{1e6 * seconds / size:.0f}" for seconds in cells), f"{times['paddle']:.2f}")
    console = Console()
    console.print(table)
    quotient = max(own.values()) / min(own.values())
    console.print(f"our own time per node: the slowest is {quotient:.2f} times the fastest (at most {FLAT} is wanted)")


def _fastest(size: int, rounds: int) -> dict[str, float]:
    runs = []
    for _ in range(rounds):
        command = [sys.executable, __file__, "--one", str(size)]
        run = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
        runs.append(json.loads(run.stdout.splitlines()[-1]))
    return min(runs, key=lambda times: sum(times[stage] for stage in STAGES))


def _converted(size: int) -> dict[str, float]:
    """Seconds of each stage, and of Paddle within the last one."""
    import paddlify
    from paddlify.runtime import worker

    paddle = worker.shared()
    paddle.paddle_version()  # it is imported by then
    seconds = 0.0
    save_program = paddle.save_program

    def timed(*arguments: Any) -> list[str]:
        nonlocal seconds
        start = time.perf_counter()
        names = save_program(*arguments)
        seconds = time.perf_counter() - start
        return names

    paddle.save_program = timed  # type: ignore[method-assign]
    with tempfile.TemporaryDirectory(prefix="paddlify-bench-") as folder:
        source = Path(folder, "chain.onnx")
        models.chain(source, nodes=size)
        conversion = paddlify.convert(source, Path(folder, "converted"), verify=False)
    return {**conversion.report.timings, "paddle": seconds}


if __name__ == "__main__":
    main()
