"""Templates, binding and renaming, on rows made for the purpose."""

from __future__ import annotations

import pytest

from paddlify.apimap.table import Parameter, Row
from paddlify.apimap.translate import Argument, Untranslatable, advised, bind, renamed


def row(*parameters: str, advice: str | None = None, kind: str = "same") -> Row:
    params = tuple(map(Parameter.parse, parameters))
    return Row("test", "tf.f", kind, "paddle.g", params=params, advice=advice)  # type: ignore[arg-type]


def arguments(*positional: str, **keywords: str) -> list[Argument]:
    return [Argument(None, code) for code in positional] + [Argument(name, code) for name, code in keywords.items()]


PLAIN = row("x: tensor -> a", "axis=None -> axis=None", "keep=False => keepdim=False", "name=None ->", "seed=None ->")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (arguments("t"), "paddle.g(t)"),
        (arguments("t", "1"), "paddle.g(t, 1)"),
        (arguments("t", "1", "True"), "paddle.g(t, 1, keepdim=True)"),
        (arguments(x="t", axis="1"), "paddle.g(a=t, axis=1)"),
        (arguments("t", name="'n'"), "paddle.g(t)"),
        (arguments("t", seed="None"), "paddle.g(t)"),
    ],
)
def test_renaming(given: list[Argument], expected: str) -> None:
    assert renamed(PLAIN, PLAIN.params, given) == expected


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (arguments("t", seed="3"), "seed has no counterpart"),
        (arguments("t", wrong="3"), "unknown argument"),
        (arguments("t", x="3"), "given twice"),
        (arguments(*"abcdef"), "more positional"),
    ],
)
def test_renaming_is_refused(given: list[Argument], reason: str) -> None:
    with pytest.raises(Untranslatable, match=reason):
        renamed(PLAIN, PLAIN.params, given)


@pytest.mark.parametrize("literal", ["1.0", "-2", "[1, 2]", "(1, 2)"])
def test_a_literal_is_no_tensor(literal: str) -> None:
    with pytest.raises(Untranslatable, match="literal"):
        advised(PLAIN, PLAIN.params, arguments(literal))


def test_a_positional_argument_after_a_renamed_one_needs_a_keyword() -> None:
    swapped = row("scalar => scale", "x -> x", "y -> y")
    assert renamed(swapped, swapped.params, arguments("2", "t", "u")) == "paddle.g(scale=2, x=t, y=u)"


@pytest.mark.parametrize(
    ("advice", "given", "expected"),
    [
        ("paddle.g({x}, axis={axis:0})", arguments("t"), "paddle.g(t, axis=0)"),
        ("paddle.g({x}, axis={axis:0})", arguments("t", "None"), "paddle.g(t, axis=0)"),
        ("paddle.g({x}, axis={axis:0})", arguments("t", "2"), "paddle.g(t, axis=2)"),
        ("paddle.g({x}, axis={axis})", arguments("t"), "paddle.g(t)"),
        ("2 * {x} + 1", arguments("a + b"), "2 * (a + b) + 1"),
        ("paddle.g({x})", arguments("a + b"), "paddle.g(a + b)"),
        ("{x}.astype('int32')", arguments("a + b"), "(a + b).astype('int32')"),
        ("paddle.g([{x}, -{x}])", arguments("t"), "paddle.g([t, -t])"),
    ],
)
def test_templates(advice: str, given: list[Argument], expected: str) -> None:
    made = row("x -> a", "axis=None -> axis=None", advice=advice, kind="differs")
    assert advised(made, made.params, given) == expected


@pytest.mark.parametrize(
    ("advice", "given", "reason"),
    [
        ("paddle.g({x}, {axis!})", arguments("t"), "axis is not given"),
        ("paddle.g({x})", arguments("t", "1"), "axis has no counterpart"),
        ("{x} - {x}", arguments("f(t)"), "used twice"),
        ("paddle.g({x})", [], "x is missing"),
        ("paddle.g({x@})", arguments("t"), "not a literal"),
        ("paddle.g({x@})", arguments("[2, 1, 1, 1]"), "reaches over"),
    ],
)
def test_templates_refuse(advice: str, given: list[Argument], reason: str) -> None:
    made = row("x -> a", "axis=None -> axis=None", advice=advice, kind="differs")
    with pytest.raises(Untranslatable, match=reason):
        advised(made, made.params, given)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("3", '"int32"'),
        ("-2147483648", '"int32"'),
        ("2147483648", None),
        ("[1, 2.0]", '"float32"'),
        ("(True, False)", '"bool"'),
        ("[True, 1]", None),
        ("[]", None),
        ("'a'", None),
        ("1j", None),
        ("array", None),
    ],
)
def test_the_dtype_of_a_literal(value: str, expected: str | None) -> None:
    made = row("x -> a", "dtype=None -> dtype=None", advice="paddle.g({x}, dtype={dtype~x})", kind="differs")
    assert advised(made, made.params, arguments(value, "paddle.int8")) == f"paddle.g({value}, dtype=paddle.int8)"
    if expected:
        assert advised(made, made.params, arguments(value)) == f"paddle.g({value}, dtype={expected})"
    else:
        with pytest.raises(Untranslatable, match="dtype of x is not known"):
            advised(made, made.params, arguments(value))


@pytest.mark.parametrize(
    ("size", "expected"),
    [("2", "2"), ("[2, 3]", "[2, 3]"), ("[1, 2, 3, 1]", "[2, 3]"), ("(1, 2, 2, 2, 1)", "[2, 2, 2]")],
)
def test_spatial_sizes(size: str, expected: str) -> None:
    made = row("x -> a", "k -> k", advice="paddle.g({x}, {k@})", kind="differs")
    assert advised(made, made.params, arguments("t", size)) == f"paddle.g(t, {expected})"


def test_a_row_without_one_expression_is_refused() -> None:
    made = row("x -> a", kind="differs")
    with pytest.raises(Untranslatable, match="not a single expression"):
        advised(made, made.params, arguments("t"))


def test_old_names_of_parameters_are_bound_to_the_new() -> None:
    parameters = tuple(map(Parameter.parse, ("x -> a", "axis=None -> axis=None", "dim=None -> {axis}")))
    assert bind(parameters, arguments("t", dim="1")) == {"x": "t", "axis": "1"}


def test_variable_numbers_of_arguments() -> None:
    made = row("equation -> equation", "*inputs -> *operands", "**kwargs ->")
    assert renamed(made, made.params, arguments("'ij'", "a", "b")) == "paddle.g('ij', a, b)"
