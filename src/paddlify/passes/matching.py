"""What passes ask of a graph: constants, single producers, products written in any order."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from typing import Any, TypeAlias

import numpy as np
import onnx_ir as ir

from paddlify.ir import inference, provenance
from paddlify.ir.opset import IR_OPSET
from paddlify.ir.tensors import static_dims

Dim: TypeAlias = "int | ir.SymbolicDim"


def made_by(value: ir.Value | None, *op_types: str) -> ir.Node | None:
    """The node that makes a value, if it is of one of these op types of ai.onnx."""
    node = value.producer() if value is not None else None
    return node if node is not None and not node.domain and node.op_type in op_types else None


def fill_of(node: ir.Node) -> np.ndarray:
    """The number of a ConstantOfShape, of rank 0."""
    value = node.attributes.get("value")
    return np.zeros((), np.float32) if value is None else value.as_tensor().numpy().reshape(())


def is_only_used_once(value: ir.Value) -> bool:
    """Whether one node takes a value, and nothing else."""
    return len(value.uses()) == 1 and not value.is_graph_output()


def scalar(value: ir.Value | None) -> float | None:
    """The number that a constant of one element holds; None for anything else."""
    array = inference.known_array(value) if value is None or _is_small(value) else None
    return float(array.reshape(-1)[0]) if array is not None and array.size == 1 else None


def is_close(number: float | None, expected: float) -> bool:
    """Whether a constant is the number meant, up to how exporters round it (1e-4 relative)."""
    return number is not None and math.isclose(number, expected, rel_tol=1e-4, abs_tol=1e-12)


def factors(value: ir.Value, stop: Collection[ir.Value] = ()) -> tuple[float, list[ir.Value]]:
    """A value as coefficient times factors, whatever the order in which it was multiplied.

    Values in `stop` are factors that are not taken apart.
    """
    number = scalar(value)
    if number is not None:
        return number, []
    node = made_by(value, "Mul", "Div", "Pow")
    if value in stop or node is None or node.inputs[0] is None:
        return 1.0, [value]
    if node.op_type == "Mul" and node.inputs[1] is not None:
        left, right = factors(node.inputs[0], stop), factors(node.inputs[1], stop)
        return left[0] * right[0], left[1] + right[1]
    if node.op_type == "Div" and (divisor := scalar(node.inputs[1])):
        coefficient, found = factors(node.inputs[0], stop)
        return coefficient / divisor, found
    if node.op_type == "Pow" and scalar(node.inputs[1]) in (2.0, 3.0):
        return 1.0, [node.inputs[0]] * int(scalar(node.inputs[1]) or 0)
    return 1.0, [value]


def plus_constant(value: ir.Value | None) -> tuple[ir.Value, float] | None:
    """The parts of `x + number`, written either way round."""
    node = made_by(value, "Add")
    if node is None:
        return None
    for x, other in (node.inputs[:2], node.inputs[1::-1]):
        number = scalar(other)
        if number is not None and x is not None:
            return x, number
    return None


def same_dims(first: Sequence[Dim], second: Sequence[Dim], *, same_size: bool) -> bool:
    """Whether all dimensions are known to be equal.

    With `same_size` the products of both are equal: where all but one are equal numbers other than 0, that one is too.
    """
    if len(first) != len(second):
        return False
    unequal = [pair for pair in zip(first, second, strict=True) if not _is_equal(*pair)]
    if not unequal:
        return True
    if not same_size or len(unequal) > 1 or all(isinstance(dim, int) for dim in unequal[0]):
        return False
    return all(isinstance(a, int) and a != 0 for a, b in zip(first, second, strict=True) if (a, b) != unequal[0])


def _is_equal(a: Dim, b: Dim) -> bool:
    if isinstance(a, int) or isinstance(b, int):
        return a == b
    return a.value is not None and a.value == b.value


def replace(
    old: ir.Node, op_type: str, inputs: Sequence[ir.Value | None], attributes: dict[str, Any] | None = None, *,
    domain: str = "",
) -> ir.Node:
    """Put a new node of one output in the place of `old`, whose source it keeps; its output keeps its name."""
    if old.graph is None:
        raise ValueError("the node has been removed")
    node = ir.node(op_type, list(inputs), attributes=attributes or {}, domain=domain)
    provenance.copy_source(old, node)
    output, previous = node.outputs[0], old.outputs[0]
    name = previous.name
    output.type, output.shape = previous.type, previous.shape
    old.graph.insert_before(old, node)
    previous.name = f"{name}/replaced"
    output.name = name
    provenance.copy_layout(previous, output)
    previous.replace_all_uses_with(output, replace_graph_outputs=True)
    inference.infer_node(node, IR_OPSET)
    old.graph.remove(old, safe=True)
    return node


def constant(graph: ir.Graph, name: str, tensor: ir.TensorProtocol | np.ndarray) -> ir.Value:
    """A new initializer, its name made unique."""
    made = ir.tensor(tensor) if isinstance(tensor, np.ndarray) else tensor
    unique, suffix = name, 1
    while unique in graph.initializers:
        unique, suffix = f"{name}_{suffix}", suffix + 1
    value = ir.Value(name=unique, type=ir.TensorType(made.dtype), shape=ir.Shape(static_dims(made)), const_value=made)
    graph.register_initializer(value)
    return value


def _is_small(value: ir.Value) -> bool:
    return value.const_value is None or value.const_value.size == 1
