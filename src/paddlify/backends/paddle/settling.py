"""Settles what an emission recorded: what is used twice, or nested too deeply to be read, gets its own variable."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from paddlify.backends.paddle.expression import Attribute, Expr, Name, Tensor, TensorSequence, Unpacked
from paddlify.backends.paddle.source import Assign, Names

MAX_DEPTH = 5
"""Calls and operators that are nested more deeply get variables of their own."""


def settle(
    expressions: Sequence[Any], variables: Names, body: list[Any], stem: str, unpacked: dict[Expr, list[Name]]
) -> list[Any]:
    """The expressions as they are printed; the variables that they need are assigned in `body`, called after `stem`.

    Variables are given to what occurs twice, to calls that return several values, and to what is nested deeply.
    `unpacked` holds the variables of calls that return several values, and receives those of new ones: such a call is
    written once, however often its values are settled.
    """
    settler = _Settler(expressions, variables, body, stem, unpacked)
    whole = {id(item) for item in _whole(expressions)}
    for part in _innermost_first(expressions):  # so that no expression is too deep for Python's stack
        if id(part) not in whole:
            settler.rewrite(part)
    return [settler.rewrite(expression, top=True) for expression in expressions]


class _Settler:
    """Expressions that share their parts."""

    def __init__(
        self, expressions: Sequence[Any], variables: Names, body: list[Any], stem: str, unpacked: dict[Expr, list[Name]]
    ) -> None:
        self._variables = variables
        self._body = body
        self._stem = stem
        self._unpacked = unpacked
        self._counts: dict[int, int] = {}
        self._done: dict[int, Any] = {}
        for expression in expressions:
            _count(expression, self._counts)

    def rewrite(self, item: Any, *, top: bool = False) -> Any:
        """One expression, or a part of it, settled."""
        if isinstance(item, (list, tuple)):
            return type(item)(self.rewrite(part) for part in item)
        if isinstance(item, dict):
            return {key: self.rewrite(part) for key, part in item.items()}
        if isinstance(item, TensorSequence):
            return TensorSequence([self._named(self.rewrite(part, top=True)) for part in item.items])
        if isinstance(item, slice):
            return slice(*(self.rewrite(part) for part in (item.start, item.stop, item.step)))
        if not isinstance(item, Expr) or isinstance(item, Name):
            return item
        if isinstance(item, Tensor):  # its variable as of now: a loop's body may be emitted again under other names
            return item.written()
        if id(item) in self._done:
            return self._done[id(item)]
        if isinstance(item, Unpacked):
            return self._value(item)
        changed = self._parts_rewritten(item)
        if self._counts[id(item)] > 1 or (not top and _depth(changed) >= MAX_DEPTH):
            changed = self._part(changed)
        self._done[id(item)] = changed
        return changed

    def _parts_rewritten(self, item: Expr) -> Expr:
        return type(item)(**{name: self.rewrite(part) for name, part in vars(item).items()})

    def _value(self, item: Unpacked) -> Name:
        if item.source not in self._unpacked:
            source = self._parts_rewritten(item.source)
            names = [self._variables.take(f"{self._stem}_part") for _ in range(item.count)]
            self._body.append(Assign(names, source))
            self._unpacked[item.source] = [Name(name) for name in names]
        return self._unpacked[item.source][item.index]

    def _part(self, settled: Expr) -> Expr:
        """A variable for a part; for `owner.method`, which is no value by itself, one for its owner."""
        if isinstance(settled, Name):
            return settled
        if isinstance(settled, Attribute):
            return Attribute(self._part(settled.owner), settled.attribute)
        return self._let(settled, f"{self._stem}_part")

    def _named(self, item: Any) -> Any:
        return item if isinstance(item, (Name, Tensor)) else self._let(item, self._stem)

    def _let(self, settled: Expr, name: str) -> Name:
        variable = self._variables.take(name)
        self._body.append(Assign([variable], settled))
        return Name(variable)


def _depth(item: Any) -> int:
    """How deeply calls are nested in an expression whose parts are settled (so at most MAX_DEPTH)."""
    if isinstance(item, Name) or not isinstance(item, (Expr, list, tuple, dict)):
        return 0
    parts = vars(item).values() if isinstance(item, Expr) else item.values() if isinstance(item, dict) else item
    return int(isinstance(item, Expr)) + max(map(_depth, parts), default=0)


def _count(item: Any, counts: dict[int, int]) -> None:
    pending = [item]
    while pending:
        part = pending.pop()
        if isinstance(part, Expr) and not isinstance(part, (Name, Tensor)):
            counts[id(part)] = counts.get(id(part), 0) + 1
            if counts[id(part)] == 1:
                pending.extend(vars(part).values())
        else:
            pending.extend(_parts(part))


def _innermost_first(expressions: Sequence[Any]) -> list[Expr]:
    """Everything that is recorded in some expressions, each after its own parts, from left to right."""
    found: list[Expr] = []
    seen: set[int] = set()
    pending = [(item, False) for item in reversed(expressions)]
    while pending:
        item, has_parts_before = pending.pop()
        if has_parts_before:
            found.append(item)
            continue
        if isinstance(item, Expr):
            if isinstance(item, (Name, Tensor)) or id(item) in seen:
                continue
            seen.add(id(item))
            pending.append((item, True))
        pending += [(part, False) for part in reversed(list(_parts(item)))]
    return found


def _whole(expressions: Sequence[Any]) -> Iterator[Any]:
    """The expressions themselves, and those of the items of sequences: they are no parts of others."""
    pending = list(expressions)
    while pending:
        item = pending.pop()
        yield item
        if isinstance(item, TensorSequence):
            pending.extend(item.items)


def _parts(item: Any) -> Iterable[Any]:
    if isinstance(item, Unpacked):
        return vars(item.source).values()
    if isinstance(item, Expr):
        return () if isinstance(item, (Name, Tensor)) else vars(item).values()
    if isinstance(item, TensorSequence):
        return item.items
    if isinstance(item, dict):
        return item.values()
    if isinstance(item, slice):
        return (item.start, item.stop, item.step)
    return item if isinstance(item, (list, tuple)) else ()
