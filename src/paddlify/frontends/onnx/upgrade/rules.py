"""Upgrade rules: how a node of an older opset is said in the pinned one.

A rule is a function whose signature is the operator's old specification (see `paddlify.registry`); it records nodes
of the pinned opset. Where an operator was changed several times, the rule with the lowest `below` that is above the
model's opset applies, and takes the node all the way.
"""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any, Final

import onnx.defs
import onnx_ir as ir

from paddlify.errors import Refusal
from paddlify.frontends.onnx.upgrade.unchanged import UNCHANGED
from paddlify.ir import opset, provenance
from paddlify.ir.builder import Builder
from paddlify.registry import F, Registry, Rule

ALWAYS: Final = opset.IR_OPSET + 1
"""`below` for operators that the pinned opset does not have any more."""

HINTS: Final = frozenset({"consumed_inputs"})
"""Attributes that told a runtime which memory it may reuse; they never meant anything for the result."""

_RULES: defaultdict[int, Registry] = defaultdict(lambda: Registry("upgrade"))


def upgrades(*op_types: str, below: int) -> Callable[[F], F]:
    """Decorator: a rule for ai.onnx operators of opsets lower than `below`."""
    return _RULES[below](*op_types)


class Upgrader(Builder):
    """Records what takes the place of `origin`, a node of an older opset, in front of it."""

    def __init__(self, origin: ir.Node, origin_version: int, graph: ir.Graph, root: ir.Graph) -> None:
        super().__init__(graph, version=opset.IR_OPSET, root=root, before=origin)
        self.origin = origin
        self.origin_version = origin_version

    def node(
        self, op_type: str, inputs: Sequence[ir.Value | None], attributes: dict[str, Any], *, outputs: int = 1,
        domain: str = "",
    ) -> Any:
        """As `Builder.node`, with the metadata of the origin and without inputs that are left out at the end."""
        given = list(inputs)
        while given and given[-1] is None:
            given.pop()
        result = super().node(op_type, given, attributes, outputs=outputs, domain=domain)
        recorded = result.producer() if outputs == 1 else result[0].producer()
        for key, text in self.origin.metadata_props.items():
            recorded.metadata_props.setdefault(key, text)
        return result

    def same(self, *inputs: ir.Value | None, **attributes: Any) -> Any:
        """The origin's operator with other inputs and attributes, and as many outputs."""
        return self.node(self.origin.op_type, inputs, attributes, outputs=len(self.origin.outputs))

    def ints(self, numbers: Sequence[int] | None) -> ir.Value | None:
        """A vector of int64, as later opsets want in place of an attribute; None stays None."""
        return None if numbers is None else self.constant(list(numbers), dtype=ir.DataType.INT64)

    def has_output(self, index: int) -> bool:
        """Whether the model names an output of the origin."""
        return index < len(self.origin.outputs) and bool(self.origin.outputs[index].name)


@functools.cache
def plan(op_type: str, version: int) -> Rule | str | None:
    """What to do with an ai.onnx operator of an opset: a rule, nothing (None), or the reason why it is refused."""
    found = opset.schema("", op_type, version)
    if found is None:
        return f"operator {op_type} does not exist in opset {version} of ai.onnx"
    for below in sorted(_RULES):
        rule = _RULES[below].find("", op_type) if version < below else None
        if rule is not None:
            return rule
    missing = [bump for bump in bumps(op_type, found.since_version) if bump not in UNCHANGED.get(op_type, ())]
    if missing:
        return f"no rule raises {op_type} of opset {found.since_version} to {missing[0]}"
    return None


def check_node(node: ir.Node, version: int) -> None:
    """Raise Refusal unless an ai.onnx node fits its opset: inputs, outputs and attributes, known and of their types."""
    found = opset.schema("", node.op_type, version)
    if found is None:
        raise Refusal(f"operator {node.op_type} does not exist in opset {version} of ai.onnx")
    for what, count, least, most in (
        ("inputs", len(node.inputs), found.min_input, found.max_input),
        ("outputs", len(node.outputs), found.min_output, found.max_output),
    ):
        if not least <= count <= most:
            raise Refusal(f"{count} {what} where opset {version} takes {least} to {most}")
    types, required = _attributes(node.op_type, version)
    for name, attribute in node.attributes.items():
        if name not in types:
            raise Refusal(f"unknown attribute '{name}' in opset {version}")
        if attribute.type != types[name]:
            raise Refusal(f"attribute '{name}' is of type {attribute.type.name} instead of {types[name].name}")
        if isinstance(attribute.value, bytes):
            raise Refusal(f"attribute '{name}' is no text in UTF-8")
        if name in _AXES and not _are_axes(attribute.value):
            raise Refusal(f"attribute {name}={attribute.value} is no axis of any tensor")
    for name in required:
        if name not in node.attributes:
            raise Refusal(f"required attribute '{name}' is missing")


_AXES: Final = frozenset(
    {"axis", "axes", "batch_axis", "batch_dims", "perm", "scan_input_axes", "scan_output_axes", "time_axis"}
)
_MAX_RANK: Final = 64  # of NumPy's arrays; onnx's inference crashes on an absurd axis


def _are_axes(value: int | Sequence[int]) -> bool:
    numbers = [value] if isinstance(value, int) else value
    return all(-_MAX_RANK <= number <= _MAX_RANK for number in numbers)


@functools.cache
def _attributes(op_type: str, version: int) -> tuple[dict[str, ir.AttributeType], list[str]]:
    """The types of an operator's attributes, and those that are required."""
    found = opset.schema("", op_type, version)
    attributes = {} if found is None else found.attributes
    types = {name: ir.AttributeType[str(attribute.type).split(".")[-1]] for name, attribute in attributes.items()}
    return types, [name for name, attribute in attributes.items() if attribute.required and name not in HINTS]


@functools.cache
def bumps(op_type: str, version: int) -> list[int]:
    """The opsets above `version`, up to the pinned one, that changed an operator's schema."""
    return [number for number in _history().get(op_type, ()) if version < number <= opset.IR_OPSET]


@functools.cache
def _history() -> dict[str, list[int]]:
    versions = defaultdict(list)
    for schema in onnx.defs.get_all_schemas_with_history():
        if not schema.domain:
            versions[schema.name].append(schema.since_version)
    return {name: sorted(numbers) for name, numbers in versions.items()}


def source_of(node: ir.Node) -> tuple[str, str]:
    """Op type and name in the source."""
    return provenance.source_op(node), provenance.source_name(node)
