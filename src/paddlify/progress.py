"""How long work tells that it advances."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Receives the stages of a conversion, and how far each has come.

    `total` is what `advance` adds up to (operators, bytes, values), or None where it is not known.
    """

    def stage(self, name: str, total: int | None = None) -> None:
        """A stage begins, such as "write weights"; the one before it is over."""

    def advance(self, n: int = 1) -> None:
        """So much more of the current stage is done."""


class Silent:
    """A progress that nobody sees."""

    def stage(self, name: str, total: int | None = None) -> None:
        """Nothing is shown."""

    def advance(self, n: int = 1) -> None:
        """Nothing is shown."""
