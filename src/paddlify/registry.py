"""Functions that say what an operator means, found by domain and op type.

The signature of such a function *is* the operator's specification:

- the first parameter records what is said (`op` records ONNX nodes, `paddle` records Paddle calls);
- positional parameters are the operator's inputs, in order; one with the default None may be omitted in the
  model; `*inputs` takes any number;
- keyword-only parameters are its attributes. They have no defaults of their own: the operator's schema
  supplies them, so that no default is retyped. An optional attribute without a default arrives as None.

An attribute that the function does not name must equal its schema default (or be absent), else the node is
refused: nothing is ignored.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from paddlify.errors import Refusal

F = TypeVar("F", bound=Callable[..., Any])

REQUIRED: Any = type("Required", (), {"__repr__": lambda self: "REQUIRED"})()
"""Stands in a schema for the default of an attribute that must be present."""


@dataclass(frozen=True)
class Rule:
    """One registered function with its specification, read from its signature."""

    domain: str
    op_type: str
    function: Callable[..., Any]
    inputs: tuple[str, ...]
    required_inputs: int
    variadic: bool
    attributes: Mapping[str, Any]
    """Attribute names; the value is the function's own default (only for operators without a schema) or REQUIRED."""

    def __call__(
        self, recorder: Any, inputs: Sequence[Any], attributes: Mapping[str, Any], schema: Mapping[str, Any] | None
    ) -> Any:
        """Call the function with a node's inputs and attributes.

        `schema` maps attribute names to defaults (REQUIRED, a value, or None for "optional, no default"); it is
        None for an operator without a schema. Raises Refusal when the node says something the function does not
        take.
        """
        return self.function(recorder, *self._positional(inputs), **self._keywords(attributes, schema))

    def _positional(self, inputs: Sequence[Any]) -> list[Any]:
        given = list(inputs)
        if not self.variadic:
            while len(given) > len(self.inputs) and given[-1] is None:
                given.pop()
            if len(given) > len(self.inputs):
                raise Refusal(f"input {len(self.inputs)} of {self.op_type} is not supported")
            given += [None] * (len(self.inputs) - len(given))
        for name, value in zip(self.inputs[: self.required_inputs], given, strict=False):
            if value is None:
                raise Refusal(f"required input '{name}' is missing")
        if len(given) < self.required_inputs:
            raise Refusal(f"required input '{self.inputs[len(given)]}' is missing")
        return given

    def _keywords(self, attributes: Mapping[str, Any], schema: Mapping[str, Any] | None) -> dict[str, Any]:
        defaults = self.attributes if schema is None else schema
        keywords: dict[str, Any] = {}
        for name in self.attributes:
            value = attributes.get(name, defaults.get(name))
            if value is REQUIRED:
                raise Refusal(f"required attribute '{name}' is missing")
            keywords[name] = value
        for name, value in attributes.items():
            if name in keywords:
                continue
            if schema is not None and name not in schema:
                raise Refusal(f"unknown attribute '{name}'")
            default = None if schema is None else schema[name]
            if default is REQUIRED or not _equal(value, default):
                raise Refusal(f"attribute {name}={_short(value)} is not supported")
        return keywords


class Registry:
    """Rules of one kind (lowerings, upgrades, emissions), each under its domain and op type."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._rules: dict[tuple[str, str], Rule] = {}

    def __call__(self, *op_types: str, domain: str = "", replace: bool = False) -> Callable[[F], F]:
        """Decorator: register a function for one or several op types of a domain.

        Raises ValueError when an op type is registered twice, unless `replace` is True.
        """

        def register(function: F) -> F:
            for op_type in op_types:
                self.add(domain, op_type, function, replace=replace)
            return function

        return register

    def add(self, domain: str, op_type: str, function: Callable[..., Any], *, replace: bool = False) -> None:
        """Register `function` for one op type; see `__call__`."""
        key = (normal_domain(domain), op_type)
        if key in self._rules and not replace:
            raise ValueError(f"{self.kind}: {op_type} of domain '{domain}' is registered twice")
        self._rules[key] = _rule(*key, function)

    def remove(self, domain: str, op_type: str) -> None:
        """Forget a rule; KeyError when there is none."""
        del self._rules[normal_domain(domain), op_type]

    def find(self, domain: str, op_type: str) -> Rule | None:
        """The rule for an op type, or None."""
        return self._rules.get((normal_domain(domain), op_type))

    def __iter__(self) -> Iterator[Rule]:
        return iter(sorted(self._rules.values(), key=lambda rule: (rule.domain, rule.op_type)))

    def __len__(self) -> int:
        return len(self._rules)


def normal_domain(domain: str) -> str:
    """ONNX's default domain has two spellings, "" and "ai.onnx"; the first is used here."""
    return "" if domain == "ai.onnx" else domain


def _rule(domain: str, op_type: str, function: Callable[..., Any]) -> Rule:
    parameters = list(inspect.signature(function).parameters.values())[1:]
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    return Rule(
        domain=domain,
        op_type=op_type,
        function=function,
        inputs=tuple(p.name for p in positional),
        required_inputs=sum(p.default is p.empty for p in positional),
        variadic=any(p.kind is p.VAR_POSITIONAL for p in parameters),
        attributes={
            p.name: REQUIRED if p.default is p.empty else p.default for p in parameters if p.kind is p.KEYWORD_ONLY
        },
    )


def _equal(value: Any, default: Any) -> bool:
    if isinstance(value, Sequence) and not isinstance(value, (str, bytes)):
        return default is not None and list(value) == list(default)
    return bool(value == default)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
