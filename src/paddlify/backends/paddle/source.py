"""Prints recorded expressions and statements as Python, in lines of at most 100 columns."""

from __future__ import annotations

import keyword
import math
import re
import textwrap
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
    Literal,
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
            lines += _assigned(statement, indent)
        elif isinstance(statement, Comment):
            lines += ["", INDENT * indent + "# " + re.sub(r"\s+", " ", statement.text)]
        else:
            lines += ["", INDENT * indent + f"def {statement.name}({', '.join(statement.parameters)}):"]
            lines += statements(statement.body, indent + 1)
            lines += returning(statement.returns, indent + 1)
            lines.append("")
    return lines


def _assigned(statement: Assign, indent: int) -> list[str]:
    prefix = ", ".join(statement.targets) + " = "
    if len(INDENT * indent + prefix) < WIDTH or len(statement.targets) == 1:
        return wrapped(prefix, statement.value, indent)
    targets = [f"{INDENT * (indent + 1)}{target}," for target in statement.targets]
    return [INDENT * indent + "(", *targets, *wrapped(") = ", statement.value, indent)]


def returning(values: Sequence[Any], indent: int) -> list[str]:
    """Lines of `return`."""
    line = INDENT * indent + "return " + ", ".join(text(value) for value in values)
    if len(line) <= WIDTH or not values:
        return [line]
    return wrapped("return ", values[0] if len(values) == 1 else tuple(values), indent)


def wrapped(prefix: str, value: Any, indent: int, suffix: str = "") -> list[str]:
    """`prefix value suffix` on one line if it fits, else its outermost brackets opened, and so on inside."""
    line = INDENT * indent + prefix + text(value) + suffix
    if len(line) <= WIDTH:
        return [line]
    value = value.call if isinstance(value, Literal) else _listed(value) if isinstance(value, np.ndarray) else value
    if isinstance(value, Call):
        head, method = f"{prefix}{_owner(value.function)}(", value.function
        if isinstance(method, Attribute) and len(INDENT * indent + head) > WIDTH:
            tail = f".{method.attribute}({_joined(_arguments(value))}){suffix}"
            if isinstance(method.owner, Binary):
                return _bracketed(prefix, method.owner, indent, tail)
            if isinstance(method.owner, Call):
                return wrapped(prefix, method.owner, indent, tail)
        return _opened(head, _arguments(value), indent, f"){suffix}")
    if isinstance(value, (list, tuple)) and value:
        first, last = "[]" if isinstance(value, list) else "()"
        return _opened(f"{prefix}{first}", [("", item) for item in value], indent, f"{last}{suffix}")
    if isinstance(value, Binary):
        return _bracketed(prefix, value, indent, suffix)
    return [line]


def _bracketed(prefix: str, value: Binary, indent: int, suffix: str) -> list[str]:
    """An operator and its operands on lines of their own, in brackets unless they stand between brackets already."""
    terms = _terms(value, _PRECEDENCE[value.operator])
    if not prefix and suffix == ",":
        lines = [line for term in terms for line in _term(*term, indent)]
        return [*lines[:-1], lines[-1] + suffix]
    lines = [line for term in terms for line in _term(*term, indent + 1)]
    return [INDENT * indent + f"{prefix}(", *lines, INDENT * indent + f"){suffix}"]


def _opened(head: str, items: Sequence[tuple[str, Any]], indent: int, tail: str) -> list[str]:
    """Items between brackets: on a line of their own if they fit, else an item a line (numbers: as many as fit)."""
    inner = INDENT * (indent + 1)
    if len(inner) + len(_joined(items)) <= WIDTH:
        lines = [inner + _joined(items)]
    elif all(isinstance(item, (int, float, np.generic)) for _, item in items):
        lines = textwrap.wrap(_joined(items) + ",", WIDTH, initial_indent=inner, subsequent_indent=inner)
    else:
        lines = [line for prefix, item in items for line in wrapped(prefix, item, indent + 1, ",")]
    return [INDENT * indent + head, *lines, INDENT * indent + tail]


def _terms(value: Any, level: int, start: str = "") -> list[tuple[str, Any, int]]:
    """`a + b - c` as `a`, `+ b` and `- c`, each with the precedence that it must have."""
    if not isinstance(value, Binary) or _PRECEDENCE[value.operator] != level:
        return [(start, value, level)]
    last = f"{value.operator} ", value.right, level + 1
    left = _left_level(value)
    return [*_terms(value.left, level, start), last] if left == level else [(start, value.left, left), last]


def _left_level(value: Binary) -> int:
    """The precedence that the left operand must have: `a < b < c` and `a ** b ** c` do not group from the left."""
    level = _PRECEDENCE[value.operator]
    return level + 1 if level in (_PRECEDENCE["<"], _PRECEDENCE["**"]) else level


def _term(start: str, value: Any, level: int, indent: int) -> list[str]:
    line = INDENT * indent + start + _at(value, level)
    if len(line) <= WIDTH:
        return [line]
    if _text(value)[1] >= level:
        return wrapped(start, value, indent)
    if isinstance(value, Binary):
        return _bracketed(start, value, indent, "")
    return [f"{INDENT * indent}{start}(", *wrapped("", value, indent + 1), f"{INDENT * indent})"]


def text(value: Any) -> str:
    """One expression or Python value as source text."""
    return _text(value)[0]


def _text(value: Any) -> tuple[str, int]:
    if isinstance(value, Tensor):
        return value.render(), _ATOM
    if isinstance(value, Name):
        return _aliased(value.text), _ATOM
    if isinstance(value, Call):
        return f"{_owner(value.function)}({_joined(_arguments(value))})", _ATOM
    if isinstance(value, Attribute):
        return f"{_owner(value.owner)}.{value.attribute}", _ATOM
    if isinstance(value, Index):
        return f"{_owner(value.owner)}[{_key(value.key)}]", _ATOM
    if isinstance(value, Unpacked):
        return f"{_owner(value.source)}[{value.index}]", _ATOM
    if isinstance(value, Binary):
        level = _PRECEDENCE[value.operator]
        left, right = _at(value.left, _left_level(value)), _at(value.right, level + 1)
        return f"{left} {value.operator} {right}", level
    if isinstance(value, Unary):
        return f"{value.operator}{_at(value.operand, _PRECEDENCE['unary'])}", _PRECEDENCE["unary"]
    return _literal(value)


def _arguments(call: Call) -> list[tuple[str, Any]]:
    """What a call is given, each with its `name=` if it has one."""
    return [("", argument) for argument in call.args] + [(f"{name}=", value) for name, value in call.kwargs.items()]


def _joined(items: Sequence[tuple[str, Any]]) -> str:
    return ", ".join(prefix + text(item) for prefix, item in items)


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
    """A Python identifier close to `name`: `/layer1/layer1.0/Conv_output_0` gives `layer1_0_Conv`."""
    cleaned = re.sub(r"_output_\d+$", "", name.removesuffix(":0"))
    cleaned = re.sub(r"([^/]+)/(?=\1\.)", "", cleaned)
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
