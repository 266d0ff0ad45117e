"""Recorded expressions as text: long ones are broken into lines that mean the same."""

from __future__ import annotations

import ast
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paddlify.backends.paddle.expression import Attribute, Binary, Call, Expr, Index, Name, Unary, Unpacked
from paddlify.backends.paddle.settling import settle
from paddlify.backends.paddle.source import WIDTH, Assign, Names, returning, statements, text

NAMES = st.text("abcdefghij_", min_size=5, max_size=25).map(lambda name: Name(f"x{name}"))
NUMBERS = st.integers(-(10**6), 10**6) | st.floats(-1e6, 1e6)
OPERATORS = st.sampled_from(["__add__", "__sub__", "__mul__", "__truediv__", "__lt__", "__and__", "__pow__"])


def composed(parts: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
    anything = parts | NUMBERS | st.lists(parts | NUMBERS, max_size=4) | st.lists(NUMBERS, min_size=9, max_size=16)
    return st.one_of(
        st.builds(
            Call, NAMES, st.lists(anything, max_size=3),
            st.dictionaries(st.sampled_from(["axis", "min"]), anything, max_size=2),
        ),
        st.builds(lambda x, args: x.astype(*args), parts, st.lists(anything, max_size=2)),
        st.builds(lambda x, operator, y: getattr(x, operator)(y), parts, OPERATORS, parts | NUMBERS),
        parts.map(lambda x: -x),
        st.builds(lambda x, key: x[key], parts, parts | st.integers(-3, 3)),
    )


EXPRESSIONS = st.recursive(NAMES, composed, max_leaves=12)


@settings(max_examples=300, deadline=None)
@given(EXPRESSIONS, st.integers(0, 3))
def test_broken_lines_mean_the_same(expression: Expr, indent: int) -> None:
    lines = statements([Assign(["target"], expression)], indent)
    assert len({len(line) - len(line.lstrip()) for line in (lines[0], lines[-1])}) == 1
    expected = ast.dump(ast.parse(f"target = {bracketed(expression)}"))
    assert ast.dump(ast.parse("\n".join(lines).strip())) == expected
    assert ast.dump(ast.parse(f"target = {text(expression)}")) == expected


@pytest.mark.parametrize(("expression", "printed"), [
    (Name("x") + -0.5, "x - 0.5"), (Name("x") - -2, "x + 2"), (Name("x") + -0.0, "x + -0.0"),
    (-0.5 + Name("x"), "-0.5 + x"), (Name("x") + 0.5, "x + 0.5"), (Name("x") + -(2**63), "x + -9223372036854775808"),
])
def test_negative_numbers_are_taken_away(expression: Expr, printed: str) -> None:
    assert text(expression) == printed


def bracketed(item: Any) -> str:
    """An expression with all its brackets, which Python's parser forgets."""
    if isinstance(item, Name):
        return item.text
    if isinstance(item, Binary):
        return f"({bracketed(item.left)}) {item.operator} ({bracketed(item.right)})"
    if isinstance(item, Unary):
        return f"{item.operator}({bracketed(item.operand)})"
    if isinstance(item, Attribute):
        return f"({bracketed(item.owner)}).{item.attribute}"
    if isinstance(item, Index):
        return f"({bracketed(item.owner)})[{bracketed(item.key)}]"
    if isinstance(item, Call):
        arguments = [*map(bracketed, item.args), *(f"{name}={bracketed(value)}" for name, value in item.kwargs.items())]
        return f"({bracketed(item.function)})({', '.join(arguments)})"
    return f"[{', '.join(map(bracketed, item))}]" if isinstance(item, list) else repr(item)


@pytest.mark.parametrize("length", range(1, 30))
def test_brackets_stay_where_a_line_just_fits_without_them(length: int) -> None:
    x, other = Name("x"), Name("y" * length)
    expression = Name("paddle.where")(Name("c" * 40), x / (1 - Name("paddle.where")(other, Name("z" * 50), x)), x)
    (statement,) = ast.parse("\n".join(statements([Assign(["target"], expression)], 0))).body
    (expected,) = ast.parse(f"target = {bracketed(expression)}").body
    assert ast.dump(statement) == ast.dump(expected)


@pytest.mark.parametrize("count", [1, 4])
def test_no_line_is_too_long(count: int) -> None:
    name = Name("a_rather_long_name_of_a_variable")
    sums = name.astype("int64") + name * name - (name - name * 2.0 + name) / name
    nested = Name("paddle.where")(name < 1.0, Name("paddle.clip")(sums, min=sums.astype("float32")), [sums, sums])
    targets = [f"a_target_that_is_long_{index}" for index in range(count * 2)]
    constant: Any = Name("paddle.to_tensor")(np.arange(16, dtype=np.float32) / 7)
    body = [Assign(targets, nested), Assign(["x"], constant)]
    lines = [*statements(body, 2), *returning([nested] * count, 2)]
    assert max(map(len, lines)) <= WIDTH
    ast.parse("def f():\n" + "\n".join(lines))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("/layer1/layer1.0/conv1/Conv_output_0", "layer1_0_conv1_Conv"),
        ("/down1/down1.0/Conv", "down1_0_Conv"),
        ("/down/down1/Conv", "down_down1_Conv"),
        ("dense/BiasAdd:0", "dense_BiasAdd"),
        ("1/class", "x1_class"),
    ],
)
def test_names_are_identifiers_close_to_the_source(name: str, expected: str) -> None:
    assert Names().take(name) == expected


def test_a_method_is_not_kept_in_a_variable() -> None:
    """`part = deep.astype`, `part("int64")` would be no value of a model."""
    deep: Expr = Name("x")
    for _ in range(9):
        deep = Name("paddle.exp")(deep)
    body: list[Any] = []
    (settled,) = settle([Name("paddle.abs")(deep.astype("int64"))], Names(), body, "y", {})
    assert body
    for statement in [*body, Assign(["y"], settled)]:
        assert not isinstance(statement.value, Attribute)


def test_a_call_that_gives_several_values_is_written_once() -> None:
    """A loop, say, whose values are settled one by one."""
    call: Expr = Name("paddle.topk")(Name("x"), 3)
    names, unpacked, body = Names(), {}, []
    first = settle([Unpacked(call, 0, 2) + 1], names, body, "y", unpacked)
    second = settle([Unpacked(call, 1, 2) * 2], names, body, "y", unpacked)
    assert [statement.targets for statement in body] == [["y_part", "y_part_2"]]
    assert (text(first[0]), text(second[0])) == ("y_part + 1", "y_part_2 * 2")


def test_a_sum_of_many_terms_is_settled() -> None:
    total: Expr = Name("x")
    for index in range(3000):
        total = total + Name(f"y{index}")
    body: list[Any] = []
    (settled,) = settle([total], Names(), body, "z", {})
    lines = statements([*body, Assign(["z"], settled)], 0)
    joined = " ".join(" ".join(lines).split())
    assert [joined.count(f" y{index} ") + joined.endswith(f" y{index}") for index in (0, 1500, 2999)] == [1, 1, 1]
