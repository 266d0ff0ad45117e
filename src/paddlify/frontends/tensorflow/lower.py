"""Lowering of flat graphs: nodes in topological order, through the registry, with all refusals gathered."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import InitVar, dataclass, field
from typing import Any

import onnx_ir as ir

from paddlify.errors import LoadError, Refusal, UnsupportedNode
from paddlify.frontends.tensorflow.control_flow.functional import functionalised
from paddlify.frontends.tensorflow.dropout import remove_dropout
from paddlify.frontends.tensorflow.flatten import Flattener, topological
from paddlify.frontends.tensorflow.graph import Endpoint, Function, Graph, Node
from paddlify.frontends.tensorflow.lowering import Handle, TensorFlowBuilder, lower_node, lowers
from paddlify.frontends.tensorflow.structural import Variable
from paddlify.frontends.tensorflow.variables import Variables


class BodyRefused(Refusal):
    """Something inside a function was refused, and is on the list already."""

    def __init__(self) -> None:
        super().__init__("its body cannot be converted")


@dataclass(frozen=True)
class Body:
    """A flat graph ready to be lowered.

    Attributes:
        nodes: in topological order; arguments are `_Arg` nodes.
        arguments: names of the `_Arg` nodes that callers bind, in order; unneeded ones are not among `nodes`.
        outputs: where the results come from, in order.
    """

    nodes: Sequence[Node]
    arguments: Sequence[str]
    outputs: Sequence[Endpoint]


@dataclass
class Lowering:
    """The state of one conversion: what is shared by the main graph and all functions' bodies.

    Attributes:
        functions: the library, and the functions that TensorFlow 1's control flow is made into.
        refused: the nodes that cannot be lowered, by name.
        dropouts: the names of the dropouts that were removed.
        changed: the names of the variables that the model changes when it runs, and reads.
    """

    library: InitVar[Mapping[str, Function]]
    variables: Variables
    refused: dict[str, UnsupportedNode] = field(default_factory=dict)
    dropouts: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    functions: MutableMapping[str, Function] = field(init=False)
    _bodies: dict[str, Body] = field(default_factory=dict)
    _variables: dict[str, Variable] = field(default_factory=dict)

    def __post_init__(self, library: Mapping[str, Function]) -> None:
        self.functions = ChainMap({}, library)  # type: ignore[arg-type]

    def variable(self, op: TensorFlowBuilder, node: Node) -> Variable:
        """The variable that a node creates; its tensor becomes an initializer at the first use."""
        if node.name not in self._variables:
            self._variables[node.name] = Variable(node, self.variables, op)
        return self._variables[node.name]

    def body(self, function: str) -> Body:
        """A function of the library, made ready to be lowered; raises LoadError when it is missing."""
        if function not in self.functions:
            raise LoadError(f"the function '{function}' is called, but the model does not have it")
        if function not in self._bodies:
            found = self.functions[function]
            self._bodies[function] = self.ready(found, list(found.results.values()), found.arguments)
        return self._bodies[function]

    def ready(
        self, graph: Graph, outputs: Sequence[Endpoint], arguments: Sequence[str] = (),
        inputs: Mapping[Endpoint, Node] | None = None,
    ) -> Body:
        """A graph cut to what its outputs need, made flat and functional, and in order.

        Raises LoadError when it is damaged.
        """
        flattener = Flattener(functionalised(graph, self.functions, outputs), self.functions, inputs)
        ends = [flattener.add(output) for output in outputs]
        self.changed += flattener.changed()
        self.variables.merge_partitions(flattener.flat)
        self.dropouts += remove_dropout(flattener.flat)
        return Body(topological(flattener.flat, ends, _cycle), arguments, ends)

    def run(self, op: TensorFlowBuilder, body: Body, arguments: Mapping[str, Any]) -> list[Any]:
        """Lower a body with its arguments bound to values; gives its results.

        Nodes that cannot be lowered are added to `refused`, and what depends on them is looked at only as far as
        whether a lowering exists. Raises BodyRefused when a result cannot be given.
        """
        values: dict[Endpoint, Any] = {Endpoint(name): value for name, value in arguments.items()}
        for node in body.nodes:
            if Endpoint(node.name) in values:
                continue
            try:
                inputs = [values.get(item) for item in node.inputs]
                if any(value is None for value in inputs):
                    if lowers.find("", node.op) is None:
                        raise Refusal("the operator is not supported")  # noqa: TRY301 - joins the list below
                    continue
                outputs = lower_node(op, node, inputs)
            except BodyRefused:
                continue
            except Refusal as refusal:
                self.refused.setdefault(node.name, UnsupportedNode(node.op, node.name, refusal.reason))
                continue
            values.update({Endpoint(node.name, index): value for index, value in enumerate(outputs)})
        results = [values.get(output) for output in body.outputs]
        if any(result is None for result in results):
            raise BodyRefused
        return results


def _cycle(node: Node) -> LoadError:
    return LoadError(f"node '{node.name}' ({node.op}) depends on itself; the graph is damaged")


def values_of(results: Sequence[Any]) -> list[ir.Value]:
    """Results that must be tensors; raises Refusal for a handle."""
    if any(isinstance(result, Handle) for result in results):
        raise Refusal("it gives a resource, a variant or complex numbers")
    return list(results)
