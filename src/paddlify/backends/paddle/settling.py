"""Settles what an emission recorded: what is used twice, or nested too deeply to be read, gets its own variable."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from paddlify.backends.paddle.expression import Attribute, Expr, Name, Tensor, TensorSequence, Unpacked
from paddlify.backends.paddle.source import Assign, Names

MAX_DEPTH = 5
"""Calls and operators that are nested more deeply get variables of their own."""


def settle(expressions: Sequence[Any], variables: Names, body: list[Any], stem: str) -> list[Any]:
    """The expressions as they are printed; the variables that they need are assigned in `body`, called after `stem`.

    Variables are given to what occurs twice, to calls that return several values, and to what is nested deeply.
    """
    settler = _Settler(expressions, variables, body, stem)
    return [settler.rewrite(expression, top=True) for expression in expressions]


class _Settler:
    """Expressions that share their parts."""

    def __init__(self, expressions: Sequence[Any], variables: Names, body: list[Any], stem: str) -> None:
        self._variables = variables
        self._body = body
        self._stem = stem
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
            return self._unpacked(item)
        changed = self._parts_rewritten(item)
        if self._counts[id(item)] > 1 or (not top and _depth(changed) >= MAX_DEPTH):
            changed = self._part(changed)
        self._done[id(item)] = changed
        return changed

    def _parts_rewritten(self, item: Expr) -> Expr:
        return type(item)(**{name: self.rewrite(part) for name, part in vars(item).items()})

    def _unpacked(self, item: Unpacked) -> Any:
        key = id(item.source)
        if not isinstance(self._done.get(key), list):
            source = self._parts_rewritten(item.source)
            names = [self._variables.take(f"{self._stem}_part") for _ in range(item.count)]
            self._body.append(Assign(names, source))
            self._done[key] = [Name(name) for name in names]
        return self._done[key][item.index]

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
    if isinstance(item, (list, tuple)):
        for part in item:
            _count(part, counts)
    elif isinstance(item, TensorSequence):
        _count(item.items, counts)
    elif isinstance(item, slice):
        _count((item.start, item.stop, item.step), counts)
    elif isinstance(item, dict):
        _count(tuple(item.values()), counts)
    elif isinstance(item, Expr) and not isinstance(item, (Name, Tensor)):
        counts[id(item)] = counts.get(id(item), 0) + 1
        if counts[id(item)] == 1:
            _count(tuple(vars(item).values()), counts)
