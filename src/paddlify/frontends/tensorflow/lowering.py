"""The recorder that lowerings of TensorFlow operators write into, and the call of one lowering.

A lowering is registered in `ops`: `@lowers("AddV2") def add(op, x, y): return op.Add(x, y)`.

- `op` records ONNX nodes of opset `ir.opset.LOWERING_OPSET` (`ir.builder.Builder`); `op.tf_node` is the node that is
  being lowered.
- Positional parameters are the node's data inputs, as `ir.Value`s; `*inputs` takes any number.
- Keyword-only parameters are attributes under TensorFlow's names, decoded as `graph.Node` says. Defaults come from
  `op_defs.json`.
- Attributes that the function does not name must equal their default, save those that inputs imply (`T`, `N`, …),
  those that begin with "_", and those of `WITHOUT_EFFECT`.
- It returns one value, or a tuple of all outputs. Their dtypes must be TensorFlow's.

Identity and its like are gone before anything is lowered (`flatten`). Constants, variables, control flow and what
flows along edges of type resource or variant (`Handle`s) are lowered in `structural` and `control_flow`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import onnx_ir as ir

from paddlify.errors import Refusal
from paddlify.frontends.tensorflow import op_defs
from paddlify.frontends.tensorflow.dtypes import DType
from paddlify.frontends.tensorflow.graph import Node
from paddlify.ir.builder import Builder
from paddlify.registry import Registry

if TYPE_CHECKING:
    from paddlify.frontends.tensorflow.lower import Body

lowers = Registry("lowering of TensorFlow")

WITHOUT_EFFECT = frozenset({
    "use_cudnn_on_gpu", "use_locking", "validate_shape", "validate_indices", "container", "shared_name",
    "parallel_iterations", "swap_memory",
})  # fmt: skip
"""Attributes that change nothing in what an operator computes."""


class Handle:
    """What a TensorFlow edge carries, while the graph is lowered, that is not a tensor: a resource or a variant."""


@dataclass(frozen=True)
class Complex(Handle):
    """Complex numbers as two tensors: ONNX computes with real ones only."""

    real: ir.Value
    imaginary: ir.Value


COMPLEX = "complex"
"""The registry's domain of lowerings for nodes that have complex inputs."""

takes_handles: set[str] = set()
"""Operators whose lowerings are given `Handle`s among their inputs."""


class Context(Protocol):
    """What lowerings of control flow and variables need to know of the model beyond their node."""

    def variable(self, op: TensorFlowBuilder, node: Node) -> Handle:
        """The variable that a node creates."""

    def body(self, function: str) -> Body:
        """A function of the model, made ready to be lowered."""

    def run(self, op: TensorFlowBuilder, body: Body, arguments: Mapping[str, Any]) -> list[Any]:
        """Record a function's body with its arguments bound to values; gives its results."""


class TensorFlowBuilder(Builder):
    """Records the ONNX nodes that TensorFlow nodes are lowered to."""

    tf_node: Node
    context: Context

    @contextmanager
    def at(self, node: Node) -> Iterator[None]:
        """What is recorded inside is made for this TensorFlow node."""
        previous = getattr(self, "tf_node", None)
        self.tf_node = node
        try:
            with self.source(node.op, node.name):
                yield
        finally:
            if previous is not None:
                self.tf_node = previous

    def lower(self, op_type: str, *inputs: ir.Value, **attributes: Any) -> Any:
        """Record what the lowering of another TensorFlow operator does: `op.lower("Softplus", x)`."""
        node = Node(self.tf_node.name, op_type, attributes=attributes)
        outputs = _call(self, node, inputs)
        return outputs[0] if len(outputs) == 1 else outputs

    def subgraph(self, name: str, inputs: Sequence[ir.Value], body: Callable[[Any], Sequence[ir.Value]]) -> ir.Graph:
        """A graph for If, Loop or Scan; `body` records into a builder of this class. See `Builder.subgraph`."""
        graph = ir.Graph(list(inputs), [], nodes=[], name=name, opset_imports={"": self.version})
        inner = TensorFlowBuilder(graph, version=self.version, root=self.root)
        if hasattr(self, "context"):
            inner.context = self.context
        with inner.at(self.tf_node):
            graph.outputs.extend(body(inner))
        return graph


def lower_node(op: TensorFlowBuilder, node: Node, inputs: Sequence[Any]) -> tuple[Any, ...]:
    """Record what `node` computes; returns all its outputs.

    Raises Refusal when the node cannot be said in ONNX.
    """
    with op.at(node):
        outputs = _call(op, node, inputs)
        _check_types(node, outputs)
        return outputs


def _call(op: TensorFlowBuilder, node: Node, inputs: Sequence[Any]) -> tuple[Any, ...]:
    is_complex = any(_is_complex(value) for value in inputs)
    rule = lowers.find(COMPLEX if is_complex else "", node.op)
    found = op_defs.find(node.op)
    if rule is None and is_complex and lowers.find("", node.op) is not None:
        raise Refusal("complex numbers are not supported")
    if rule is None or found is None:
        raise Refusal("the operator is not supported")
    if not is_complex and node.op not in takes_handles and any(isinstance(value, Handle) for value in inputs):
        raise Refusal("it takes a resource or a variant where a tensor was expected")
    attributes = {
        name: value
        for name, value in node.attributes.items()
        if name in rule.attributes
        or not (name.startswith("_") or name in found.implied or name in WITHOUT_EFFECT)
    }
    result = rule(op, inputs, attributes, found.attributes)
    return result if isinstance(result, tuple) else (result,)


def _is_complex(value: Any) -> bool:
    return isinstance(value, Complex) or (
        isinstance(value, ir.Value) and value.dtype in (ir.DataType.COMPLEX64, ir.DataType.COMPLEX128)
    )


def _check_types(node: Node, outputs: Sequence[Any]) -> None:
    """Each output has TensorFlow's dtype; one that inference does not know is given it."""
    expected = node.output_types() or []
    if len(expected) != len(outputs):
        raise Refusal(f"its lowering gives {len(outputs)} outputs where TensorFlow gives {len(expected)}")
    for value, dtype in zip(outputs, expected, strict=True):
        if not isinstance(value, ir.Value) or not isinstance(dtype, ir.DataType):
            continue
        if value.dtype is None:
            value.type = ir.TensorType(dtype)
        elif value.dtype != dtype:
            raise Refusal(f"its lowering gives {_name(value.dtype)} where TensorFlow gives {_name(dtype)}")


def _name(dtype: DType) -> str:
    return dtype if isinstance(dtype, str) else dtype.name.lower()
