"""One call of a TensorFlow API, translated to Paddle code by a row of the table.

Two translations exist. ``renamed`` changes the function's name and the names of its arguments and nothing else:
it is what a reader would try first, and is right exactly for rows of kind ``same``. ``advised`` fills the row's
template, which a check has shown to agree.

A template is Python code with a placeholder ``{parameter}`` for each TensorFlow parameter used in it:

- a parameter that the call does not give takes its TensorFlow default, except that ``keyword={parameter}`` is
  left out where that default is None, or Paddle has the same;
- ``{parameter!}`` must be given by the call, and not be a literal None;
- ``{parameter@}`` is a size for each spatial axis: of a literal list for all axes, batch and channels last, only
  the middle is put, and a list that is not literal is refused;
- ``{parameter:code}`` puts ``code`` where the call gives nothing, or a literal None;
- ``{dtype~value}`` is the dtype that TensorFlow gives a literal ``value`` where the call names none; a value that is
  not literal is refused there;
- a parameter that the template does not use must not be given, or must have its default value.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from paddlify.apimap.table import Parameter, Row

_PLACEHOLDER = re.compile(r"\{(\w+)(!|@|:[^{}]*|~\w+)?\}")
_KEYWORD = re.compile(r",\s*(\w+)=\{(\w+)(?::([^{}]*))?\}(?=\s*[,)])")
_WITHOUT_EFFECT = frozenset({"name"})


class Untranslatable(Exception):
    """The call is outside what the row's translation covers; the message says why."""


@dataclass(frozen=True)
class Argument:
    """An argument of a call: its keyword, or None for a positional one, and its source."""

    keyword: str | None
    code: str


def bind(parameters: Sequence[Parameter], arguments: Sequence[Argument]) -> dict[str, str]:
    """Bind a call's arguments to TensorFlow parameter names; raises Untranslatable when they do not fit."""
    names = [parameter.tf for parameter in parameters if parameter.tf is not None]
    synonyms = {parameter.tf: parameter.synonym_of for parameter in parameters if parameter.synonym_of}
    given: dict[str, str] = {}
    for position, argument in enumerate(arguments):
        if argument.keyword is None:
            name = positional_name(names, position)
            if name.startswith("*"):
                given[name] = f"{given[name]}, {argument.code}" if name in given else argument.code
                continue
        else:
            name = argument.keyword
        if name not in names:
            raise Untranslatable(f"unknown argument {name}")
        name = synonyms.get(name) or name
        if name in given:
            raise Untranslatable(f"argument {name} is given twice")
        given[name] = argument.code
    return given


def positional_name(names: Sequence[str], position: int) -> str:
    """The parameter that takes a positional argument; raises Untranslatable when there are too many."""
    taken = next((name for name in names[: position + 1] if name.startswith("*")), None)
    name = taken or (names[position] if position < len(names) else "**")
    if name.startswith("**"):
        raise Untranslatable("more positional arguments than the API has parameters")
    return name


def renamed(row: Row, parameters: Sequence[Parameter], arguments: Sequence[Argument]) -> str:
    """The call with function and keywords renamed, and nothing else changed."""
    given = bind(parameters, arguments)
    by_position: list[str] = []
    by_keyword: list[str] = []
    for index, parameter in enumerate(p for p in parameters if p.tf is not None):
        if parameter.tf not in given:
            continue
        code, stays = given[parameter.tf], _is_positional(arguments, index)
        if parameter.paddle is None:
            _refuse_unless_default(parameter, code)
        elif parameter.tf in _WITHOUT_EFFECT:
            continue
        elif parameter.tf.startswith("*") or (stays and parameter.positional and len(by_position) == index):
            by_position.append(code)
        else:
            by_keyword.append(f"{parameter.paddle}={code}")
    return f"{row.paddle}({', '.join((*by_position, *by_keyword))})"


def _is_positional(arguments: Sequence[Argument], index: int) -> bool:
    return index < len(arguments) and arguments[index].keyword is None


def advised(row: Row, parameters: Sequence[Parameter], arguments: Sequence[Argument]) -> str:
    """The Paddle code that agrees with the call; raises Untranslatable where the row has none for it."""
    given = bind(parameters, arguments)
    for parameter in parameters:
        code = given.get(parameter.tf or "")
        if parameter.tensor and code is not None and _is_literal(code):
            raise Untranslatable(f"{parameter.tf} is a literal, and Paddle takes a tensor there")
    if row.advice is None:
        if row.kind != "same":
            raise Untranslatable("the counterpart is not a single expression")
        return renamed(row, parameters, arguments)
    return fill(row.advice, parameters, given)


def fill(template: str, parameters: Sequence[Parameter], given: dict[str, str]) -> str:
    """Fill a template's placeholders with the code of the given arguments."""
    by_name = {parameter.tf: parameter for parameter in parameters if parameter.tf is not None}
    by_paddle = {parameter.paddle: parameter for parameter in parameters if parameter.paddle is not None}
    used = [match.group(1) for match in _PLACEHOLDER.finditer(template)]
    for name, code in given.items():
        if name not in used:
            _refuse_unless_default(by_name[name], code)
        elif used.count(name) > 1 and not _is_simple(code):
            raise Untranslatable(f"{name} is used twice, and is not a plain name")

    def leave_out(match: re.Match[str]) -> str:
        keyword, name, fallback = match.groups()
        if name in given and not (fallback and given[name] == "None"):
            return match.group()
        default = fallback or (by_name[name].tf_default if name in by_name else None)
        counterpart = by_paddle.get(keyword)
        same = default and counterpart is not None and _plain(counterpart.paddle_default) == _plain(default)
        return "" if same or default == "None" else match.group()

    def put(match: re.Match[str]) -> str:
        name, mark = match.groups()
        if name not in by_name:
            raise Untranslatable(f"this form of the call has no argument {name}")
        if mark and mark[0] == "~" and given.get(name) in (None, "None"):
            return _literal_dtype(mark[1:], given.get(mark[1:], ""))
        code = _filling(by_name[name], given.get(name), mark or "")
        return code if _stands_alone(match) or _is_atom(code) else f"({code})"

    return _PLACEHOLDER.sub(put, _KEYWORD.sub(leave_out, template))


def _filling(parameter: Parameter, code: str | None, mark: str) -> str:
    """The code that a placeholder with a mark stands for, when the call gives ``code``."""
    if mark == "@" and code is not None:
        return _spatial(str(parameter.tf), code)
    if mark == "!" and code in (None, "None"):
        raise Untranslatable(f"argument {parameter.tf} is not given")
    if mark.startswith(":") and code in (None, "None"):
        return mark[1:]
    if code is not None:
        return code
    if parameter.tf_default is None:
        raise Untranslatable(f"argument {parameter.tf} is missing")
    return re.sub(r"^tf\.", "paddle.", parameter.tf_default)


def _literal_dtype(name: str, code: str) -> str:
    """The dtype, as source, that TensorFlow gives a literal; raises Untranslatable for anything else."""
    try:
        elements = _elements(ast.literal_eval(code))
    except (ValueError, SyntaxError) as error:
        raise Untranslatable(f"the dtype of {name} is not known here") from error
    kinds = {type(element) for element in elements}
    if kinds == {bool}:
        return '"bool"'
    if kinds == {int} and all(-(2**31) <= element < 2**31 for element in elements):
        return '"int32"'
    if float in kinds and kinds <= {int, float}:
        return '"float32"'
    raise Untranslatable(f"the dtype of {name} is not known here")


def _elements(value: object) -> list[Any]:
    if isinstance(value, (list, tuple)):
        return [element for item in value for element in _elements(item)]
    return [value]


def _stands_alone(match: re.Match[str]) -> bool:
    """Whether a placeholder is a whole argument or element, so that its code needs no parentheses."""
    before, after = match.string[: match.start()], match.string[match.end() :]
    return bool(re.search(r"([(\[=]|,\s*)$", before)) and after[:1] in (")", "]", ",")


def _plain(default: str | None) -> str | None:
    """A default without what differs in spelling only: ``tf.int64`` and ``'int64'``."""
    return default and default.removeprefix("tf.").strip("\"'")


def _refuse_unless_default(parameter: Parameter, code: str) -> None:
    if parameter.tf in _WITHOUT_EFFECT:
        return
    default = parameter.tf_default
    if default is None or _normal(default) != _normal(code):
        raise Untranslatable(f"argument {parameter.tf} has no counterpart")


def _normal(code: str) -> str:
    return ast.dump(ast.parse(code.strip(), mode="eval"))


def _expression(code: str) -> ast.expr:
    return ast.parse(f"({code})", mode="eval").body


def _is_atom(code: str) -> bool:
    node = _expression(code)
    bare_tuple = isinstance(node, ast.Tuple) and not code.strip().startswith("(")
    atoms = (ast.Name, ast.Attribute, ast.Call, ast.Subscript, ast.Constant, ast.List, ast.Tuple, ast.Dict)
    return isinstance(node, atoms) and not bare_tuple


def _is_simple(code: str) -> bool:
    node = _expression(code)
    while isinstance(node, ast.Attribute):
        node = node.value
    numbers = (ast.List, ast.Tuple, ast.UnaryOp, ast.USub, ast.Constant, ast.Load)
    return isinstance(node, ast.Name) or all(isinstance(part, numbers) for part in ast.walk(node))


def _spatial(name: str, code: str) -> str:
    node = _expression(code)
    if isinstance(node, (ast.List, ast.Tuple)) and len(node.elts) in (3, 4, 5):
        first, *middle, last = (ast.unparse(element) for element in node.elts)
        if (first, last) != ("1", "1"):
            raise Untranslatable(f"{name} reaches over the batch or the channels")
        return f"[{', '.join(middle)}]"
    if isinstance(node, (ast.List, ast.Tuple, ast.Constant)):
        return code
    raise Untranslatable(f"{name} is not a literal")


def _is_literal(code: str) -> bool:
    node = _expression(code)
    while isinstance(node, ast.UnaryOp):
        node = node.operand
    return isinstance(node, (ast.Constant, ast.List, ast.Tuple, ast.ListComp)) and code.strip() != "None"
