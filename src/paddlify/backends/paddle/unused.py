"""Leaves out of `model.py` what nothing needs: shape arithmetic, say, that was said in another way."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from paddlify.backends.paddle.expression import Expr, Name, Tensor
from paddlify.backends.paddle.source import Assign, Comment, Define

_IDENTIFIER = re.compile(r"(?:self\.)?[A-Za-z_]\w*")


def needed(body: Sequence[Any], used: set[str]) -> list[Any]:
    """The statements of a body without those whose results nothing uses; one unused result of several is `_`.

    `used` holds the names that are used behind the body, and receives those that the body uses itself. A comment
    stays if a statement follows before the next comment.
    """
    kept: list[Any] = []
    for statement in reversed(body):
        if isinstance(statement, Comment):
            if kept and not isinstance(kept[-1], Comment):
                kept.append(statement)
        elif isinstance(statement, Define):
            if statement.name in used:
                used |= names_in(statement.returns)
                statement.body = needed(statement.body, used)
                kept.append(statement)
        elif not isinstance(statement, Assign) or used.intersection(statement.targets):
            if isinstance(statement, Assign) and len(statement.targets) > 1:
                statement.targets = [target if target in used else "_" for target in statement.targets]
            used |= names_in(statement.value)
            kept.append(statement)
    return kept[::-1]


def names_in(item: Any) -> set[str]:
    """Variables (and layers, as `self.name`) in an expression or a list of them."""
    found: set[str] = set()
    pending = [item]
    while pending:
        part = pending.pop()
        if isinstance(part, (Name, Tensor)):
            found.update(_IDENTIFIER.findall(part.text if isinstance(part, Name) else part.render()))
        else:
            pending.extend(_parts(part))
    return found


def _parts(item: Any) -> Iterable[Any]:
    if isinstance(item, Expr):
        return vars(item).values()
    if isinstance(item, dict):
        return item.values()
    if isinstance(item, slice):
        return (item.start, item.stop, item.step)
    return item if isinstance(item, (list, tuple)) else ()
