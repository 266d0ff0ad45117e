"""Runs conformance cases in worker processes that survive a crash: `python -m tests.conformance.run -k resize`."""

from __future__ import annotations

import argparse
import multiprocessing as mp
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from multiprocessing.connection import Connection, wait

from tests.conformance.cases import Case, all_cases, op_types
from tests.conformance.harness import Outcome, check

TIMEOUT = 120.0
"""Seconds for one case."""


def run_cases(names: Sequence[str], workers: int = 2) -> Iterator[tuple[str, Outcome]]:
    """Outcomes as they come in. A worker that dies or hangs fails its case and is replaced."""
    pending = list(reversed(names))
    running: dict[Connection, _Worker] = {}
    while pending or running:
        while pending and len(running) < workers:
            worker = _Worker()
            worker.give(pending.pop())
            running[worker.connection] = worker
        for connection in wait(list(running), timeout=1.0):
            worker = running[connection]  # type: ignore[index]
            yield worker.name, worker.take()
            if not worker.process.is_alive() or not pending:
                worker.close()
                del running[connection]  # type: ignore[arg-type]
            else:
                worker.give(pending.pop())
        for connection, worker in list(running.items()):
            if time.monotonic() - worker.since > TIMEOUT:
                worker.close()
                del running[connection]
                yield worker.name, Outcome("failed", f"took more than {TIMEOUT:.0f} s")


class _Worker:
    def __init__(self) -> None:
        all_cases()
        self.connection, theirs = mp.Pipe()
        self.process = mp.get_context("fork").Process(target=_work, args=(theirs,), daemon=True)
        self.process.start()
        theirs.close()

    def give(self, name: str) -> None:
        self.name, self.since = name, time.monotonic()
        self.connection.send(name)

    def take(self) -> Outcome:
        try:
            return self.connection.recv()
        except EOFError:
            self.process.join()
            return Outcome("failed", f"the process died (exit code {self.process.exitcode})")

    def close(self) -> None:
        self.process.kill()
        self.process.join()
        self.connection.close()


def _work(connection: Connection) -> None:
    os.environ.setdefault("GLOG_minloglevel", "3")
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    if not os.environ.get("CONFORMANCE_STDERR"):
        os.dup2(null, 2)
    cases = all_cases()
    while True:
        try:
            name = connection.recv()
        except EOFError:
            return
        connection.send(check(cases[name]))


def main() -> int:
    """Run the cases that the options name and print what does not pass."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-k", default="", help="substring of the case's name")
    parser.add_argument("--op", nargs="*", default=[], help="only cases that use one of these op types")
    parser.add_argument(
        "--kind", nargs="*", default=[], help="node, simple, pytorch-converted, pytorch-operator, light"
    )
    parser.add_argument("--shard", default="0/1", help="i/n: every n-th case from the i-th")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("-v", action="store_true", help="print the cases that pass, too")
    options = parser.parse_args()
    index, count = (int(part) for part in options.shard.split("/"))

    def wanted(case: Case) -> bool:
        return (
            options.k in case.name
            and (not options.op or bool(op_types(case) & set(options.op)))
            and (not options.kind or case.kind in options.kind)
        )

    names = [name for name, case in all_cases().items() if wanted(case)][index::count]
    totals: Counter[str] = Counter()
    for name, outcome in run_cases(names, options.workers):
        totals[outcome.status] += 1
        if options.v or outcome.status != "passed":
            print(f"{outcome.status:8} {name}: {outcome.detail}", flush=True)
    print(", ".join(f"{totals[status]} {status}" for status in ("passed", "refused", "wrong", "failed")))
    return int(totals["passed"] != len(names))


if __name__ == "__main__":
    sys.exit(main())
