"""Whether the nodes of a graph are what TensorFlow's registry says of their operators; a damaged file is found here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import onnx_ir as ir

from paddlify.errors import LoadError
from paddlify.frontends.tensorflow import op_defs
from paddlify.frontends.tensorflow.graph import TENSORS, FunctionCall, Graph, Node, TypeParameter, Unreadable
from paddlify.registry import REQUIRED

MAX_VALUES: Final = 1 << 16
"""Inputs or outputs of one node beyond which its attributes are taken for damaged."""


def check(graph: Graph, path: Path) -> None:
    """Raise LoadError for a missing input, a wrong number of inputs, an attribute that is missing or of another kind.

    Operators that the registry does not have are not looked at.
    """
    for node in graph:
        reason = _fault(graph, node)
        if reason is not None:
            raise LoadError(f"{path}: node '{node.name}' ({node.op}) {reason}; the graph is damaged")


def _fault(graph: Graph, node: Node) -> str | None:
    for name in (*(item.node for item in node.inputs), *node.controls):
        if name not in graph:
            return f"takes '{name}', which is not there"
    found = op_defs.find(node.op)
    return None if found is None else _fault_of_attributes(node, found) or _fault_of_inputs(graph, node, found)


def _fault_of_attributes(node: Node, found: op_defs.OpDef) -> str | None:
    for name, kind in found.kinds.items():
        if name not in node.attributes:
            if found.attributes[name] is REQUIRED:
                return f"has no attribute '{name}'"
        elif not _is_kind(node.attributes[name], kind):
            return f"has an attribute '{name}' that is no {kind}"
        elif kind == "int" and name in found.implied and not 0 <= node.attributes[name] <= MAX_VALUES:
            return f"has the attribute {name}={node.attributes[name]}"
    return None


def _fault_of_inputs(graph: Graph, node: Node, found: op_defs.OpDef) -> str | None:
    if any(isinstance(node.attributes.get(name), TypeParameter) for name in found.implied):
        return None
    expected = found.input_count(node.attributes)
    if len(node.inputs) != expected:
        return f"has {len(node.inputs)} inputs instead of {expected}"
    for item in node.inputs:
        types = graph[item.node].output_types() if item.node in graph and _is_whole(graph[item.node]) else None
        if types is not None and item.index >= len(types):
            return f"takes output {item.index} of '{item.node}', which has {len(types)}"
    return None


def _is_whole(node: Node) -> bool:
    """Whether a node has all the attributes that its operator needs, so that its outputs are known."""
    found = op_defs.find(node.op)
    return found is not None and all(
        _is_kind(node.attributes[name], found.kinds[name])
        and not isinstance(node.attributes[name], TypeParameter)
        if name in node.attributes
        else default is not REQUIRED
        for name, default in found.attributes.items()
    )


def _is_kind(value: Any, kind: str) -> bool:
    if kind.startswith("list("):
        item = kind.removeprefix("list(").removesuffix(")")
        return isinstance(value, tuple) and all(_is_kind(element, item) for element in value)
    return isinstance(value, TypeParameter) or _KINDS[kind](value)


_KINDS: Mapping[str, Callable[[Any], bool]] = {
    "type": lambda value: isinstance(value, ir.DataType | str),
    "int": lambda value: type(value) is int,
    "float": lambda value: isinstance(value, float),
    "bool": lambda value: isinstance(value, bool),
    "string": lambda value: isinstance(value, str | bytes),
    "shape": lambda value: value is None or isinstance(value, tuple),
    "tensor": lambda value: isinstance(value, (*TENSORS, Unreadable)),
    "func": lambda value: isinstance(value, FunctionCall),
}
