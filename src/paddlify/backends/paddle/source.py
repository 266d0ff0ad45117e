"""Prints recorded expressions and statements as Python, in lines of at most 100 columns."""

from __future__ import annotations

import keyword
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from paddlify.backends.paddle.expression import (
    Attribute,
    Binary,
    Call,
    Expr,
    Index,
    Name,
    Tensor,
    Unary,
    Unpacked,
)

WIDTH = 100
INDENT = "    "

_PRECEDENCE = {
    "**": 8,
    "unary": 7,
    "*": 6,
    "/": 6,
    "//": 6,
    "%": 6,
    "+": 5,
    "-": 5,
    "&": 4,
    "|": 3,
    "<": 2,
    "<=": 2,
    ">": 2,
    ">=": 2,
}
_ATOM = 10
_ALIASES = (("paddle.nn.functional.", "F."), ("paddle.nn.", "nn."))
_BUILTINS = frozenset(dir(__import__("builtins"))) | {"paddle", "nn", "F", "np", "self", "os", "struct"}


@dataclass
class Assign:
    """`targets = value`."""

    targets: Sequence[str]
    value: Expr


@dataclass
class Define:
    """A function inside `forward`: a branch of If or the body of a loop."""

    name: str
    parameters: Sequence[str]
    body: list[Any] = field(default_factory=list)
    returns: Sequence[Any] = ()


@dataclass
class Comment:
    """A comment line."""

    text: str


def statements(body: Sequence[Any], indent: int) -> list[str]:
    """Lines of a list of Assign, Define and Comment."""
    lines: list[str] = []
    for statement in body:
        if isinstance(statement, Assign):
            lines += wrapped(", ".join(statement.targets) + " = ", statement.value, indent)
        elif isinstance(statement, Comment):
            lines += ["", INDENT * indent + "# " + re.sub(r"\s+", " ", statement.text)]
        else:
            lines += ["", INDENT * indent + f"def {statement.name}({', '.join(statement.parameters)}):"]
            lines += statements(statement.body, indent + 1)
            lines += returning(statement.returns, indent + 1)
            lines.append("")
    return lines


def returning(values: Sequence[Any], indent: int) -> list[str]:
    """Lines of `return`."""
    return [INDENT * indent + "return " + ", ".join(text(value) for value in values)]


def wrapped(prefix: str, value: Any, indent: int) -> list[str]:
    """`prefix value` on one line if it fits, else its outermost call opened, an argument a line."""
    line = INDENT * indent + prefix + text(value)
    if len(line) <= WIDTH or not isinstance(value, Call):
        return [line]
    arguments = [text(argument) for argument in value.args]
    arguments += [f"{name}={text(argument)}" for name, argument in value.kwargs.items()]
    inner = INDENT * (indent + 1)
    joined = ", ".join(arguments)
    head = INDENT * indent + prefix + text(value.function) + "("
    if len(inner) + len(joined) <= WIDTH:
        return [head, inner + joined, INDENT * indent + ")"]
    return [head, *(f"{inner}{argument}," for argument in arguments), INDENT * indent + ")"]


def text(value: Any) -> str:
    """One expression or Python value as source text."""
    return _text(value)[0]


def _text(value: Any) -> tuple[str, int]:
    if isinstance(value, Tensor):
        return value.render(), _ATOM
    if isinstance(value, Name):
        return _aliased(value.text), _ATOM
    if isinstance(value, Call):
        arguments = [text(argument) for argument in value.args]
        arguments += [f"{name}={text(argument)}" for name, argument in value.kwargs.items()]
        return f"{_owner(value.function)}({', '.join(arguments)})", _ATOM
    if isinstance(value, Attribute):
        return f"{_owner(value.owner)}.{value.attribute}", _ATOM
    if isinstance(value, Index):
        return f"{_owner(value.owner)}[{_key(value.key)}]", _ATOM
    if isinstance(value, Unpacked):
        return f"{_owner(value.source)}[{value.index}]", _ATOM
    if isinstance(value, Binary):
        level = _PRECEDENCE[value.operator]
        left, right = _at(value.left, level), _at(value.right, level + 1)
        return f"{left} {value.operator} {right}", level
    if isinstance(value, Unary):
        return f"{value.operator}{_at(value.operand, _PRECEDENCE['unary'])}", _PRECEDENCE["unary"]
    return _literal(value)


def _owner(value: Any) -> str:
    return _at(value, _ATOM)


def _at(value: Any, level: int) -> str:
    printed, precedence = _text(value)
    return printed if precedence >= level else f"({printed})"


def _aliased(path: str) -> str:
    for long, short in _ALIASES:
        if path.startswith(long):
            return short + path[len(long) :]
    return path


def _literal(value: Any) -> tuple[str, int]:
    if isinstance(value, np.generic):
        return _literal(value.item() if value.dtype != np.float32 else float(str(value)))
    if isinstance(value, bool) or value is None or value is Ellipsis or isinstance(value, str):
        return ("..." if value is Ellipsis else _quoted(value) if isinstance(value, str) else repr(value)), _ATOM
    if isinstance(value, float) and not math.isfinite(value):
        return f'float("{value}")', _ATOM
    if isinstance(value, (int, float, complex)):
        return repr(value), (_ATOM if not str(value).startswith("-") else _PRECEDENCE["unary"])
    if isinstance(value, list):
        return f"[{', '.join(text(item) for item in value)}]", _ATOM
    if isinstance(value, tuple):
        return f"({', '.join(text(item) for item in value)}{',' if len(value) == 1 else ''})", _ATOM
    if isinstance(value, np.ndarray):
        return _literal(_listed(value))
    if isinstance(value, Expr):
        raise TypeError(f"{type(value).__name__} cannot be printed")
    raise TypeError(f"{type(value).__name__} is not a Python literal")


def _listed(array: np.ndarray) -> Any:
    if array.ndim == 0:
        return array[()]
    return [_listed(item) for item in array]


def _quoted(value: str) -> str:
    quoted = repr(value)
    return f'"{quoted[1:-1]}"' if quoted[0] == "'" and '"' not in quoted else quoted


def _key(key: Any) -> str:
    if isinstance(key, tuple):
        return ", ".join(_key(item) for item in key)
    if isinstance(key, slice):
        parts = ["" if part is None else text(part) for part in (key.start, key.stop)]
        return ":".join(parts) + ("" if key.step is None else f":{text(key.step)}")
    return text(key)


def identifier(name: str) -> str:
    """A Python identifier close to `name`: `/layer1/conv/Conv_output_0` gives `layer1_conv`."""
    cleaned = re.sub(r"_output_\d+$", "", name.removesuffix(":0"))
    cleaned = re.sub(r"\W+", "_", cleaned, flags=re.ASCII).strip("_")
    if not cleaned or cleaned[0].isdigit():
        cleaned = f"x{cleaned}" if cleaned else "x"
    if keyword.iskeyword(cleaned) or cleaned in _BUILTINS:
        cleaned += "_"
    return cleaned


class Names:
    """Unique Python names of one namespace."""

    def __init__(self, reserved: Sequence[str] = ()) -> None:
        self._taken = set(reserved)
        self._next: dict[str, int] = {}

    def take(self, wanted: str) -> str:
        """`wanted` as an identifier, with a number behind it when it is taken."""
        base = identifier(wanted)
        name = base
        while name in self._taken:
            self._next[base] = self._next.get(base, 1) + 1
            name = f"{base}_{self._next[base]}"
        self._taken.add(name)
        return name
