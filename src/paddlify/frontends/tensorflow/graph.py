"""A small in-memory form of TensorFlow graphs: nodes by name, with decoded attributes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import onnx_ir as ir

from paddlify.errors import LoadError
from paddlify.frontends.tensorflow import op_defs
from paddlify.frontends.tensorflow.dtypes import DType
from paddlify.registry import REQUIRED

TENSORS: Final = (ir.Tensor, ir.ExternalTensor, ir.StringTensor)
"""The classes of tensors that attributes hold; to ask for them is faster than for `ir.TensorProtocol`."""


class Endpoint(NamedTuple):
    """One output of a node."""

    node: str
    index: int = 0  # type: ignore[assignment]

    def __str__(self) -> str:
        return f"{self.node}:{self.index}" if self.index else self.node

    @classmethod
    def parse(cls, text: str) -> Endpoint:
        """From `name`, `name:1` or `^name` (a control dependency has index -1)."""
        if text.startswith("^"):
            return cls(text[1:], -1)
        name, colon, index = text.rpartition(":")
        return cls(name, int(index)) if colon and index.isdigit() else cls(text)


class FunctionCall(NamedTuple):
    """The value of a function attribute: name, and attributes for a polymorphic function."""

    name: str
    attributes: Mapping[str, Any]


@dataclass(frozen=True)
class Unreadable:
    """An attribute that cannot be decoded, which matters only if its node is needed."""

    reason: str


@dataclass(frozen=True)
class TypeParameter:
    """An attribute of a node in a polymorphic function, that takes its value from the caller's attribute `name`."""

    name: str


@dataclass(slots=True)
class Node:
    """One operation.

    Attributes:
        inputs: data inputs in order; control dependencies are in `controls`.
        attributes: decoded: types are `dtypes.DType`, strings `str`, shapes tuples with None (or None for an unknown
            rank), tensors `onnx_ir` tensors, functions `FunctionCall`, lists tuples of these.
    """

    name: str
    op: str
    inputs: list[Endpoint] = field(default_factory=list)
    controls: list[str] = field(default_factory=list)
    attributes: dict[str, Any] = field(default_factory=dict)

    def attribute(self, name: str) -> Any:
        """An attribute or its default; raises LoadError where there is neither."""
        if name in self.attributes:
            return self.attributes[name]
        found = op_defs.find(self.op)
        default = found.attributes.get(name, REQUIRED) if found is not None else REQUIRED
        if default is REQUIRED:
            raise LoadError(f"node '{self.name}' ({self.op}) has no attribute '{name}'")
        return default

    def output_types(self) -> list[DType] | None:
        """The dtype of every output; None for an operator that TensorFlow's registry does not have."""
        found = op_defs.find(self.op)
        return found.output_types(self.attributes) if found is not None else None


class Graph:
    """Nodes by name, in the order of the source, and the functions that they call."""

    def __init__(self, nodes: Iterable[Node] = (), functions: Mapping[str, Function] | None = None) -> None:
        self.nodes: dict[str, Node] = {node.name: node for node in nodes}
        self.functions: Mapping[str, Function] = functions if functions is not None else {}

    def add(self, node: Node) -> Node:
        """Add a node; raises LoadError when the name is taken."""
        if node.name in self.nodes:
            raise LoadError(f"two nodes are called '{node.name}'")
        self.nodes[node.name] = node
        return node

    def __iter__(self) -> Iterator[Node]:
        return iter(self.nodes.values())

    def __len__(self) -> int:
        return len(self.nodes)

    def __contains__(self, name: object) -> bool:
        return name in self.nodes

    def __getitem__(self, name: str) -> Node:
        return self.nodes[name]


class Function(Graph):
    """A graph with arguments: `arguments` are nodes of op `_Arg`; `results` say where each output comes from."""

    def __init__(
        self, name: str, nodes: Iterable[Node], arguments: Sequence[str], results: Mapping[str, Endpoint],
        controls: Sequence[str] = (),
    ) -> None:
        super().__init__(nodes)
        self.name = name
        self.arguments = list(arguments)
        self.results = dict(results)
        self.controls = list(controls)
