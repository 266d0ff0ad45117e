"""What becomes one `model.py`, and the names of its values, layers and parameters."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import onnx_ir as ir

from paddlify.backends.paddle.dtypes import HELD_WIDER, paddle_dtype
from paddlify.backends.paddle.expression import Name, TensorSequence
from paddlify.backends.paddle.literals import is_literal, literal
from paddlify.backends.paddle.naming import LAYER_ATTRIBUTES, headings
from paddlify.backends.paddle.source import Assign, Comment, Names
from paddlify.errors import Refusal, UnsupportedNode
from paddlify.ir import inference, provenance
from paddlify.ir.tensors import Cast, static_dims
from paddlify.registry import Registry


@dataclass(frozen=True)
class Parameter:
    """A tensor of `inference.pdiparams`.

    Attributes:
        name: its key in the model's `state_dict()`, and its name in the program.
        tensor: the content, possibly lazy.
        dtype: Paddle's name of its dtype.
    """

    name: str
    tensor: ir.TensorProtocol
    dtype: str


@dataclass
class Module:
    """What is printed as `model.py`: the layers of `__init__` and the statements of `forward`.

    `variables` says in which variable of `forward` a value of the graph is, as far as it has one.
    """

    name: str
    inputs: list[ir.Value]
    outputs: list[ir.Value]
    parameters: list[Parameter] = field(default_factory=list)
    layers: list[Any] = field(default_factory=list)
    arguments: list[str] = field(default_factory=list)
    body: list[Any] = field(default_factory=list)
    returns: list[Any] = field(default_factory=list)
    refused: list[UnsupportedNode] = field(default_factory=list)
    variables: dict[str, str] = field(default_factory=dict)


class Scope:
    """The names and parameters of one `model.py`, and the emission of graphs into it."""

    def __init__(self, graph: ir.Graph, name: str, rules: Registry, progress: Callable[[int], None]) -> None:
        self.module = Module(name, list(graph.inputs), list(graph.outputs))
        self.graph = graph
        self.rules = rules
        self.progress = progress
        self.variables = Names()
        self.attributes = Names(reserved=LAYER_ATTRIBUTES)
        self._rendered: dict[ir.Value, str] = {}
        self._tainted: set[ir.Value] = set()
        self._sequences: dict[ir.Value, TensorSequence] = {}
        self._headings = headings(graph)
        self._heading = ""

    def variable(self, value: ir.Value) -> str:
        """Give `value` a variable of its own and return the variable's name."""
        producer, name = value.producer(), value.name or "x"
        if producer is not None and not value.is_graph_output():
            name = provenance.scoped(producer, name)
        name = self.variables.take(name)
        self._rendered[value] = name
        return name

    def variables_of(self, values: Iterable[ir.Value]) -> dict[str, str]:
        """In which variable each of the values is, by its name, as far as it has one."""
        return {
            value.name: self._rendered[value]
            for value in values
            if value.name and self._rendered.get(value, "").isidentifier()
        }

    def alias(self, value: ir.Value, text: str) -> None:
        """Say that `value` is printed as `text`."""
        self._rendered[value] = text

    def bind_sequence(self, value: ir.Value, sequence: TensorSequence) -> None:
        """Say that `value` is a sequence of these items."""
        self._sequences[value] = sequence

    def sequence(self, value: ir.Value) -> TensorSequence:
        """The items of a sequence; raises Refusal where its length is not known while converting."""
        if value not in self._sequences:
            raise Refusal(f"the length of the sequence '{value.name}' is not known while converting")
        return self._sequences[value]

    def is_sequence(self, value: ir.Value) -> bool:
        """Whether `value` is a sequence of known length."""
        return value in self._sequences

    def written(self, value: ir.Value) -> Name:
        """The variable of a value; for a constant, a literal if it is small and otherwise a parameter."""
        if value not in self._rendered:
            tensor = value.const_value
            if tensor is None:
                array = inference.known_array(value)
                if array is None:
                    raise Refusal(f"'{value.name}' is not computed before it is used")
                tensor = ir.tensor(array)
            if is_literal(tensor):
                return literal(tensor)
            self._rendered[value] = self.parameter(tensor, value.name or "constant")
        return Name(self._rendered[value])

    def parameter(self, tensor: ir.TensorProtocol, name: str) -> str:
        """Add a parameter that no layer owns; returns `self.<name>`."""
        dtype = paddle_dtype(tensor.dtype)
        tensor = Cast(tensor, ir.DataType[dtype.upper()]) if tensor.dtype in HELD_WIDER else tensor
        attribute = self.attributes.take(name)
        call = Name("parameter")(Name("self"), static_dims(tensor), dtype)
        self.module.layers.append(Assign([f"self.{attribute}"], call))
        self.module.parameters.append(Parameter(attribute, tensor, dtype))
        return f"self.{attribute}"

    def head(self, node: ir.Node, body: list[Any]) -> None:
        """Begin a paragraph where the source's scope changes."""
        heading = self._headings.get(node, "")
        if heading and heading != self._heading:
            body.append(Comment(heading))
            self._heading = heading

    def refuse(self, node: ir.Node, reason: str) -> None:
        """Note that `node` cannot be said, and go on so that all such nodes are listed."""
        self.module.refused.append(
            UnsupportedNode(provenance.source_op(node), provenance.source_name(node), reason)
        )

    def taint(self, values: Iterable[ir.Value]) -> None:
        """Note that values come from something refused: what needs them cannot be judged."""
        for value in values:
            self.alias(value, "refused")
            self._tainted.add(value)

    def is_tainted(self, node: ir.Node) -> bool:
        """Whether an input of `node`, or anything that its subgraphs take, comes from something refused."""
        if not self._tainted:
            return False
        inner = (
            value
            for attribute in node.attributes.values()
            if attribute.type == ir.AttributeType.GRAPH
            for item in ir.traversal.RecursiveGraphIterator(attribute.as_graph())
            for value in item.inputs
        )
        return any(value in self._tainted for value in itertools.chain(node.inputs, inner))
