"""Compares the parameter tables with the real signatures of the installed frameworks."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

from paddlify.apimap.frameworks import paddle, tf
from paddlify.apimap.table import Parameter, Row, Table

_BY_KEYWORD = (inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.VAR_KEYWORD)


def resolve(name: str, generation: int = 2) -> Any:
    """The object that a dotted name stands for; raises AttributeError when there is none."""
    root, *path = name.split(".")
    value = paddle if root == "paddle" else tf.compat.v1 if generation == 1 else tf
    for part in path:
        value = getattr(value, part)
    return value


def signature(value: Any) -> list[tuple[str, str | None, bool]] | None:
    """Name, default as source, and whether it can be passed by position, of each parameter; None if unknown."""
    try:
        parameters = inspect.signature(value).parameters.values()
    except (TypeError, ValueError):
        return None
    found = []
    for parameter in parameters:
        star = {"VAR_POSITIONAL": "*", "VAR_KEYWORD": "**"}.get(parameter.kind.name, "")
        if parameter.name != "self":
            default = None if parameter.default is parameter.empty else _source(parameter.default)
            found.append((star + parameter.name, default, parameter.kind not in _BY_KEYWORD))
    return found


def _source(default: Any) -> str:
    if type(default).__name__ == "DType" and type(default).__module__.startswith("tensorflow"):
        return f"tf.{default.name}"
    text = repr(default)
    return "..." if text.startswith("<") or " at 0x" in text else text


def mismatches(table: Table, legacy: bool) -> list[str]:
    """What the parameter tables say that the installed frameworks do not.

    legacy: compare the rows that exist only where ``tf.keras`` is Keras 2; the others otherwise.
    """
    problems = []
    for row in table:
        if row.name.startswith("caffe."):
            continue
        exists = {generation: _exists(row, generation) for generation in (1, 2)}
        needs_legacy = row.name.startswith(("tf.layers.", "tf.nn.rnn_cell."))
        if needs_legacy != legacy:
            continue
        problems += [f"{row.name}: Paddle has no {name}" for name in row.paddle_names if not _resolves(name, 2)]
        if not legacy:
            problems += [f"{row.name}: TensorFlow has no {name}" for name in row.aliases if not _resolves(name, 2)]
        if row.tf1_params and exists[1]:
            problems += _compare(row, row.tf1_params, resolve(_name(row, 1), 1))
        if row.params and (exists[2] or exists[1]):
            generation = 2 if exists[2] else 1
            problems += _compare(row, row.params, resolve(_name(row, generation), generation))
        if not (exists[1] or exists[2]) and not row.name.startswith("tf.contrib."):
            problems.append(f"{row.name}: TensorFlow has no API of this name")
    return problems


def _name(row: Row, generation: int) -> str:
    if generation == 1 and row.tf1:
        return row.tf1[0] if row.name not in row.tf1 else row.name
    return row.name


def _resolves(name: str, generation: int) -> bool:
    try:
        resolve(name, generation)
    except (AttributeError, ImportError):
        return False
    return True


def _exists(row: Row, generation: int) -> bool:
    names = row.tf1 if generation == 1 else () if row.tf2 else (row.name,)
    return bool(names) and _resolves(_name(row, generation), generation)


def _compare(row: Row, parameters: Sequence[Parameter], theirs: Any) -> list[str]:
    problems = []
    stated = [(p.tf, p.tf_default) for p in parameters if p.tf]
    real = signature(theirs)
    if real is not None and [(name, default) for name, default, _ in real] != stated:
        problems.append(f"{row.name}: TensorFlow's parameters are {[r[:2] for r in real]}, the table says {stated}")
    if len(row.paddle_names) != 1 or row.paddle == "paddle.Tensor.detach":
        return problems
    real_paddle = signature(resolve(row.paddle))
    if real_paddle is None or not any(p.paddle for p in parameters):
        return problems
    expected = {name: default for name, default, _ in real_paddle}
    found = {p.paddle: p.paddle_default for p in parameters if p.paddle}
    if expected != found:
        problems.append(f"{row.name}: Paddle's parameters are {expected}, the table says {found}")
    if real is not None:
        positions = [name for name, _, by_position in real if by_position]
        paddle_positions = [name for name, _, by_position in real_paddle if by_position]
        for p in parameters:
            if p.tf in positions and p.paddle in paddle_positions:
                same = positions.index(p.tf) == paddle_positions.index(p.paddle)
                if same != p.positional:
                    problems.append(
                        f"{row.name}: {p.tf} and {p.paddle} stand at {'equal' if same else 'other'} positions"
                    )
    return problems
