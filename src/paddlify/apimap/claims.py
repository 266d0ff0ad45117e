"""The means by which a check proves a row: registration, running both frameworks, comparing.

A check belongs to one row, and to one stated difference of it when the row is of kind ``differs``. Most checks are
one line, a TensorFlow expression and a grid of inputs: the Paddle side of it is what
:mod:`paddlify.apimap.translate` makes of the expression, so a check proves the very code that ``rewrite`` writes.
The others are functions that hold both sides; they get a :class:`Claim` to compare with.
"""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from paddlify.apimap import translate
from paddlify.apimap.calls import advised_code, renamed_code, reordered_code
from paddlify.apimap.comparing import ClaimError, How, compare
from paddlify.apimap.running import Inputs, agreement, shows


@dataclass(frozen=True)
class Measurement:
    """What was measured: the result is a sentence fragment such as ``max difference 64``.

    tensorflow, paddle: the pair of codes, or a label and nothing. line: the line of the check's body that measured.
    """

    tensorflow: str
    paddle: str
    result: str
    line: int = -1


@dataclass
class Claim:
    """Collects what a check measures, and raises ClaimError as soon as a statement does not hold."""

    measurements: list[Measurement] = field(default_factory=list)
    check: Check | None = None

    def _measured(self, label: str, result: str) -> None:
        """Note a result, and the line of the check's body that asked for it."""
        line, frame = -1, inspect.currentframe()
        while frame is not None and self.check is not None:
            if frame.f_code is getattr(self.check.run, "__code__", None):
                line = frame.f_lineno - self.check.first_line
                break
            frame = frame.f_back
        self.measurements.append(Measurement(label, "", result, line))

    def agree(
        self, expected: Any, actual: Any, rtol: float | None = None, atol: float | None = None, label: str = ""
    ) -> None:
        """The two results have the same structure, shapes, dtypes and values (NaN equals NaN)."""
        difference = compare(expected, actual, rtol, atol)
        if difference:
            raise ClaimError(f"expected agreement: {label} {difference.text}".strip())
        self._measured(label, "agrees")

    def differ(self, expected: Any, actual: Any, how: How = "value", by: float | None = None, label: str = "") -> None:
        """The two results differ in the named way; ``by`` is the largest absolute difference, to 2 %."""
        difference = compare(expected, actual)
        if not difference or difference.how != how:
            found = difference.text if difference else "they agree"
            raise ClaimError(f"expected the {how} to differ: {label} {found}".strip())
        if by is not None and not np.isclose(difference.size, by, rtol=0.02):
            raise ClaimError(f"expected a difference of {by}, found {difference.size}")
        self._measured(label, difference.text)

    def raises(self, call: Callable[[], Any], *errors: type[BaseException]) -> None:
        """The call raises one of the named errors; when none is named, any that is not a mistake in a name."""
        accepted = errors or (Exception,)
        try:
            call()
        except accepted as error:
            if not errors and isinstance(error, (NameError, AttributeError, ImportError)):
                raise ClaimError(f"the check itself is wrong: {error}") from error
            self._measured("", f"raises {type(error).__name__}")
        else:
            raise ClaimError("expected an exception")

    def holds(self, statement: bool, label: str) -> None:
        """A statement that is not a comparison of two results."""
        if not statement:
            raise ClaimError(f"does not hold: {label}")
        self._measured(label, "holds")


@dataclass(frozen=True)
class Check:
    """One check: the row, the code of the difference it proves (None for other kinds), and how to run it."""

    row: str
    code: str | None
    run: Callable[[Claim], None]
    source: str
    legacy: bool = False
    first_line: int = 0


CHECKS: list[Check] = []


def same(
    row: str,
    *expressions: str,
    grid: Sequence[Inputs],
    gradient: bool = True,
    rtol: float | None = None,
    atol: float | None = None,
) -> None:
    """The advised form of each expression agrees on the whole grid: values, shapes, dtypes and gradients.

    Inputs that TensorFlow refuses are left out; at least one must remain for each expression.
    """

    def run(claim: Claim) -> None:
        for expression in expressions:
            code = advised_code(row, expression)
            result = agreement(expression, code, grid, gradient, rtol, atol)
            claim.measurements.append(Measurement(expression, code, result))

    CHECKS.append(Check(row, None, run, "\n".join(expressions)))


compose = same


def differs(
    row: str,
    code: str,
    *expressions: str,
    grid: Sequence[Inputs],
    how: How = "value",
    shown: str | None = None,
    shown_on: Sequence[Inputs] | None = None,
    gradient: bool = True,
    rtol: float | None = None,
    atol: float | None = None,
) -> None:
    """The expression ``shown``, plainly renamed, differs in the named way; the advised form of the others agrees.

    ``shown`` is the first expression when it is not given, and the difference must show on some input of
    ``shown_on`` (of ``grid`` when it is not given); the agreement must hold on the whole grid. For a difference in
    order the renamed call keeps its arguments as they are. ``how="missing"`` states that the renamed call cannot
    be written, because the counterpart has no such parameter.
    """

    def run(claim: Claim) -> None:
        expression = shown or expressions[0]
        if how == "missing":
            try:
                code_renamed = renamed_code(row, expression)
            except translate.Untranslatable as error:
                claim.measurements.append(Measurement(expression, "", str(error)))
            else:
                raise ClaimError(f"{expression} can be renamed to {code_renamed}")
        else:
            code_renamed = reordered_code(row, expression) if code == "order" else renamed_code(row, expression)
            shown_here = (shows(how, expression, code_renamed, inputs) for inputs in shown_on or grid)
            mismatch = next((m for m in shown_here if m), None)
            if not mismatch:
                raise ClaimError(f"{expression} and {code_renamed} do not differ in {how}")
            claim.measurements.append(Measurement(expression, code_renamed, mismatch.text))
        for expression in expressions:
            code_advised = advised_code(row, expression)
            result = agreement(expression, code_advised, grid, gradient, rtol, atol)
            claim.measurements.append(Measurement(expression, code_advised, result))

    CHECKS.append(Check(row, code, run, "\n".join(filter(None, (shown, *expressions)))))


def check(row: str, code: str | None = None, legacy: bool = False) -> Callable[[Callable[[Claim], None]], None]:
    """Register a function as the check of a row, or of one difference; its body is the example in the docs.

    legacy: the check runs in a process where ``tf.keras`` is Keras 2, which has ``tf.compat.v1.layers``.
    """

    def register(function: Callable[[Claim], None]) -> None:
        lines = inspect.getsource(function).splitlines()
        first = next(i for i, line in enumerate(lines) if line.lstrip().startswith("def ")) + 1
        source = textwrap.dedent("\n".join(lines[first:]))
        CHECKS.append(Check(row, code, function, source, legacy, function.__code__.co_firstlineno + first))

    return register
