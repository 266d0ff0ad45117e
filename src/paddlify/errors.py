"""Everything that paddlify refuses, as one tree of exceptions.

Each class has an exit code of its own, so that a script can tell a missing operator from a full disk.
A message is one line (a list for unsupported operators) that names the file or node and the remedy.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any


class PaddlifyError(Exception):
    """Any error that is the user's to act on; shown without a traceback."""

    exit_code = 1


class UsageError(PaddlifyError):
    """Options that contradict each other or name something that the model does not have."""

    exit_code = 2


class VerificationError(PaddlifyError):
    """The model was converted and saved, but its numbers differ from the source's.

    Attributes:
        conversion: the finished `Conversion`, whose folder is kept; None where there was none.
    """

    exit_code = 3
    conversion: Any = None


class LoadError(PaddlifyError):
    """The source is not a model that can be read: missing, truncated, corrupt, unsafe or of an unknown format."""

    exit_code = 4


class UnsupportedError(PaddlifyError):
    """The model was read, but something in it cannot be said in PaddlePaddle."""

    exit_code = 5


class OutputError(PaddlifyError):
    """The output folder cannot be written: it exists, the disk is full, permission is missing."""

    exit_code = 6


class InputError(PaddlifyError):
    """Data fed to a converted model does not fit its inputs: name, dtype, rank or size."""

    exit_code = 7


class MissingDependencyError(PaddlifyError):
    """An optional package is needed for what was asked; the message says which."""

    exit_code = 8


class Refusal(PaddlifyError):
    """Raised while one node is lowered or emitted: the node as it stands cannot be said.

    Refusals of all nodes are gathered into one `UnsupportedModel`. `reason` is a clause that completes
    "cannot be converted: …", such as "attribute storage_order=1 is not supported".
    """

    exit_code = 5

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class DynamicValue(Refusal):
    """An input that must be known at conversion time is computed by the model."""


@dataclass(frozen=True)
class UnsupportedNode:
    """One node that was refused: op type (as its source spells it), source name, and the reason."""

    op_type: str
    name: str
    reason: str


class UnsupportedModel(UnsupportedError):
    """Lists everything that is missing at once: operator, how often, first node, reason."""

    def __init__(self, nodes: Iterable[UnsupportedNode], remedy: str = "") -> None:
        self.nodes: Sequence[UnsupportedNode] = tuple(nodes)
        self.remedy = remedy
        super().__init__(self._message())

    def _message(self) -> str:
        groups: dict[tuple[str, str], _Group] = {}
        for node in self.nodes:
            groups.setdefault((node.op_type, node.reason), _Group(node)).count += 1
        lines = [f"{len(self.nodes)} node(s) cannot be converted:"]
        lines += [
            f"  {op_type} (x{group.count}, first: {group.first.name or 'unnamed'}): {reason}"
            for (op_type, reason), group in groups.items()
        ]
        if self.remedy:
            lines.append(self.remedy)
        return "\n".join(lines)


@dataclass
class _Group:
    first: UnsupportedNode
    count: int = field(default=0)
