"""The Paddle code that a row of the table gives for a TensorFlow expression."""

from __future__ import annotations

import ast

from paddlify.apimap import translate
from paddlify.apimap.comparing import ClaimError
from paddlify.apimap.table import Parameter, Row, load


def _call_arguments(expression: str) -> tuple[str, list[translate.Argument]]:
    call = ast.parse(expression, mode="eval").body
    if not isinstance(call, ast.Call):
        raise ClaimError(f"not a call: {expression}")
    arguments = [translate.Argument(None, ast.unparse(a)) for a in call.args]
    arguments += [translate.Argument(k.arg, ast.unparse(k.value)) for k in call.keywords]
    return ast.unparse(call.func), arguments


def _row_and_arguments(name: str, expression: str) -> tuple[Row, tuple[Parameter, ...], list[translate.Argument]]:
    row = load().find(name)
    if row is None:
        raise ClaimError(f"no row {name}")
    function, arguments = _call_arguments(expression)
    generation = 1 if function.startswith("tf.compat.v1.") else 2
    called = function.replace("tf.compat.v1.", "tf.")
    if called not in row.names:
        raise ClaimError(f"{function} is not a name of the row {name}")
    return row, row.parameters(called, generation), arguments


def advised_code(name: str, expression: str) -> str:
    """What the row advises for a TensorFlow expression that is one call."""
    return _tensorflow_free(translate.advised(*_row_and_arguments(name, expression)))


def renamed_code(name: str, expression: str) -> str:
    """The TensorFlow expression with only its names changed."""
    return _tensorflow_free(translate.renamed(*_row_and_arguments(name, expression)))


def reordered_code(name: str, expression: str) -> str:
    """The TensorFlow expression with only the function's name changed."""
    row, _, arguments = _row_and_arguments(name, expression)
    written = (f"{a.keyword}={a.code}" if a.keyword else a.code for a in arguments)
    return _tensorflow_free(f"{row.paddle}({', '.join(written)})")


def _tensorflow_free(code: str) -> str:
    """Dtypes inside arguments have the same names in both frameworks."""
    return code.replace("tf.", "paddle.")
