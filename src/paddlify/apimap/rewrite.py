"""Rewrites a Python file from TensorFlow to Paddle where that is provably local, and marks the rest.

1. A call whose row has an advised form becomes that form; arguments keep their text.
2. A name that is not called (``tf.float32``) is renamed where its row is of kind ``same`` and has no parameters.
3. A TensorFlow 1 program (:mod:`paddlify.apimap.sessions`): its placeholders, variables, optimizers and session
   become those of ``paddle.static``.
4. Every other use stays as it is, under a comment ``# TODO(paddlify): …`` that names its row.
5. When no TensorFlow is left its import becomes ``import paddle``; otherwise paddle is imported before it, because
   the other order crashes the process.

Comments and layout outside the rewritten calls stay, and the result always parses.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass

from paddlify.apimap import translate
from paddlify.apimap.names import Names, libcst_or_hint
from paddlify.apimap.table import Parameter, Row, Table
from paddlify.errors import UsageError

libcst_or_hint()

import libcst as cst  # noqa: E402
import libcst.matchers as m  # noqa: E402

from paddlify.apimap.sessions import Program  # noqa: E402


@dataclass(frozen=True)
class Rewritten:
    """The new source, how many uses were rewritten, and the lines of what was left with the reason."""

    source: str
    rewritten: int
    left: tuple[tuple[int, str, str], ...]


def rewrite(source: str, table: Table | None = None) -> Rewritten:
    """Rewrite one file's source; raises UsageError when it is not Python."""
    names = Names(source, table)
    if not names.references():
        return Rewritten(source, 0, ())
    if _binds_paddle(names.module):
        raise UsageError("the file uses the name 'paddle' for something of its own")
    transformer = _Rewriter(names)
    module = names.module.visit(transformer)
    code = _imports(module, names, transformer).code
    ast.parse(code)
    return Rewritten(code, transformer.rewritten, tuple(transformer.left))


def _binds_paddle(module: cst.Module) -> bool:
    bound = (
        m.AssignTarget(target=m.Name("paddle")) | m.Param(name=m.Name("paddle")) | m.FunctionDef(name=m.Name("paddle"))
    )
    return bool(m.findall(module, bound))


class _Rewriter(cst.CSTTransformer):  # type: ignore[misc]
    """Rewrites bottom up; reasons for what stays are collected for the statement that holds it."""

    def __init__(self, names: Names) -> None:
        self.names = names
        self.program = Program(names)
        self.rewritten = 0
        self.left: list[tuple[int, str, str]] = []
        self._statements: list[list[str]] = [[]]
        self._handled: set[cst.CSTNode] = set()

    # statements: comments above them

    def on_visit(self, node: cst.CSTNode) -> bool:
        if isinstance(node, (cst.SimpleStatementLine, cst.BaseCompoundStatement)):
            self._statements.append([])
        if isinstance(node, (cst.Import, cst.ImportFrom)):
            return False
        if isinstance(node, cst.Call):
            self._handled.add(node.func)
        return bool(super().on_visit(node))

    def on_leave(self, original: cst.CSTNode, updated: cst.CSTNode) -> cst.CSTNode:
        result = super().on_leave(original, updated)
        if isinstance(original, (cst.SimpleStatementLine, cst.BaseCompoundStatement)):
            comments = dict.fromkeys(self._statements.pop())
            there = {line.comment.value for line in getattr(original, "leading_lines", ()) if line.comment}
            lines = [cst.EmptyLine(comment=cst.Comment(text)) for text in comments if text not in there]
            if lines and hasattr(result, "leading_lines"):
                result = result.with_changes(leading_lines=[*result.leading_lines, *lines])
        return result

    def _leave(self, node: cst.CSTNode, name: str, row: Row | None, reason: str) -> None:
        line = self.names.positions[node].start.line
        about = f"{row.kind}, see: paddlify api show {row.name}" if row else "not in the table"
        self.left.append((line, name, reason))
        self._statements[-1].append(f"# TODO(paddlify): {name}: {reason} ({about})")

    # expressions

    def leave_Call(self, original: cst.Call, updated: cst.Call) -> cst.BaseExpression:  # noqa: N802
        special = self.program.call(original, updated)
        if special is not None:
            self.rewritten += 1
            return special
        found = self.names.lookup(original.func)
        if found is None:
            return updated
        name, generation, row = found
        if row is None:
            self._leave(original, name, None, "unknown API")
            return updated
        reason = self.program.refusal(original, name)
        if reason:
            self._leave(original, name, row, reason)
            return updated
        parameters = row.parameters(name, generation)
        try:
            result = self._translated(row, parameters, original, updated)
        except translate.Untranslatable as error:
            self._leave(original, name, row, str(error))
            return updated
        self.rewritten += 1
        return result

    def _translated(
        self, row: Row, parameters: Sequence[Parameter], original: cst.Call, updated: cst.Call
    ) -> cst.BaseExpression:
        if any(argument.star for argument in updated.args):
            raise translate.Untranslatable("the call unpacks its arguments")
        arguments = [
            translate.Argument(a.keyword.value if a.keyword else None, self._code(a.value)) for a in updated.args
        ]
        code = translate.advised(row, parameters, arguments)
        if code == _plainly_renamed(row, parameters, arguments):
            return self._renamed_in_place(row, parameters, updated)
        if m.findall(original, m.Comment()):
            raise translate.Untranslatable("there are comments inside the call")
        return _expression(code, updated)

    def _renamed_in_place(self, row: Row, parameters: Sequence[Parameter], call: cst.Call) -> cst.BaseExpression:
        """The call under its new name, arguments where they were, each with its own layout."""
        by_name = {parameter.tf: parameter for parameter in parameters}
        names = [parameter.tf for parameter in parameters if parameter.tf]
        kept: list[cst.Arg] = []
        for position, argument in enumerate(call.args):
            name = argument.keyword.value if argument.keyword else translate.positional_name(names, position)
            parameter = by_name[name]
            parameter = by_name.get(parameter.synonym_of, parameter) if parameter.synonym_of else parameter
            if parameter.paddle is None or parameter.tf == "name":
                continue
            in_place = argument.keyword is None and parameter.positional and len(kept) == position
            if in_place or parameter.paddle.startswith("*"):
                kept.append(argument)
            else:
                equal = cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace(""))
                kept.append(argument.with_changes(keyword=cst.Name(parameter.paddle), equal=equal))
        if kept and len(kept) < len(call.args) and kept[-1] is not call.args[-1]:
            kept[-1] = kept[-1].with_changes(comma=call.args[-1].comma)
        return call.with_changes(func=cst.parse_expression(row.paddle), args=kept)

    def leave_Attribute(self, original: cst.Attribute, updated: cst.Attribute) -> cst.BaseExpression:  # noqa: N802
        return self._name(original, updated)

    def leave_Name(self, original: cst.Name, updated: cst.Name) -> cst.BaseExpression:  # noqa: N802
        return self._name(original, updated)

    def _name(self, original: cst.Name | cst.Attribute, updated: cst.BaseExpression) -> cst.BaseExpression:
        parent = self.names.parents.get(original)
        if original in self._handled or isinstance(parent, cst.Attribute) or not self.names.is_use(original):
            return updated
        found = self.names.lookup(original)
        if found is None:
            return updated
        name, _, row = found
        if row is None or row.kind != "same" or row.params or row.advice:
            self._leave(original, name, row, "used other than by a call")
            return updated
        self.rewritten += 1
        return cst.parse_expression(row.paddle)

    def _code(self, node: cst.CSTNode) -> str:
        return str(self.names.module.code_for_node(node))


def _plainly_renamed(row: Row, parameters: Sequence[Parameter], arguments: Sequence[translate.Argument]) -> str | None:
    """The call with nothing but its names changed, or None where a parameter has no counterpart."""
    try:
        return translate.renamed(row, parameters, arguments)
    except translate.Untranslatable:
        return None


def _expression(code: str, replaced: cst.Call) -> cst.BaseExpression:
    """Parsed code that stands where a call stood, with the call's parentheses around it."""
    expression = cst.parse_expression(code)
    if (
        isinstance(expression, (cst.BinaryOperation, cst.Comparison, cst.UnaryOperation, cst.Lambda))
        and not expression.lpar
    ):
        expression = expression.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])
    if replaced.lpar:
        expression = expression.with_changes(
            lpar=[*replaced.lpar, *expression.lpar], rpar=[*expression.rpar, *replaced.rpar]
        )
    return expression


# imports


def _imports(module: cst.Module, names: Names, transformer: _Rewriter) -> cst.Module:
    """Rule 5: the imports that the rewritten file needs."""
    tensorflow_left = bool(transformer.left) or names.has_rebindings
    header = list(transformer.program.header())
    needed = ["import paddle", *header] if transformer.rewritten else []
    body: list[cst.BaseStatement | cst.BaseCompoundStatement] = []
    placed = False
    for statement in module.body:
        if _imports_tensorflow(statement):
            if not placed:
                added = [cst.parse_statement(text) for text in needed]
                if added and isinstance(statement, cst.SimpleStatementLine):
                    added[0] = added[0].with_changes(leading_lines=statement.leading_lines)
                    body += [*added, statement.with_changes(leading_lines=[])]
                else:
                    body += [*added, statement]
                placed = True
                if not tensorflow_left:
                    body.pop()
                continue
            if not tensorflow_left:
                continue
        body.append(statement)
    if needed and not placed:
        raise UsageError("tensorflow is imported elsewhere than at the top of the file")
    return module.with_changes(body=body)


def _imports_tensorflow(statement: cst.CSTNode) -> bool:
    if not isinstance(statement, cst.SimpleStatementLine):
        return False
    for small in statement.body:
        if isinstance(small, cst.Import):
            imported = [cst.Module([]).code_for_node(alias.name) for alias in small.names]
            if imported and all(name.split(".")[0] in ("tensorflow", "keras") for name in imported):
                return True
        if isinstance(small, cst.ImportFrom) and small.module is not None:
            return cst.Module([]).code_for_node(small.module).split(".")[0] in ("tensorflow", "keras")
    return False
