"""Progress on the terminal."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from paddlify.progress import Progress


class Bars:
    """Progress on the terminal; lines with -v where there is none; otherwise nothing."""

    def __init__(self, *, quiet: bool, verbose: int) -> None:
        self._is_shown = not quiet and sys.stderr.isatty()
        self._is_told = bool(verbose) and not self._is_shown
        self._bars: Any = None

    def __enter__(self) -> Progress:
        if self._is_shown:
            from rich.console import Console
            from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

            self._bars = Progress(
                TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[count]}"), TimeElapsedColumn(),
                console=Console(stderr=True), transient=True,
            )
            self._bars.start()
        return self

    def __exit__(self, *error: object) -> None:
        if self._bars is not None:
            self._bars.stop()

    def stage(self, name: str, total: int | None = None) -> None:
        if self._is_told:
            click.echo(f"{name} …", err=True)
        if self._bars is not None:
            for task in self._bars.tasks:
                self._bars.update(task.id, visible=False)
            self._task = self._bars.add_task(name, total=total, count="")

    def advance(self, n: int = 1) -> None:
        if self._bars is not None and self._bars.tasks:
            self._bars.advance(self._task, n)
            task = self._bars.tasks[-1]
            self._bars.update(self._task, count=f"{task.completed:,.0f} of {task.total:,.0f}" if task.total else "")
