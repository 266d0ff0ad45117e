"""If and Case, lowered to ONNX's If; a branch that is known at conversion time is taken in place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx_ir as ir

from paddlify.errors import Refusal
from paddlify.frontends.tensorflow.control_flow.values import joined_shape, own
from paddlify.frontends.tensorflow.graph import FunctionCall
from paddlify.frontends.tensorflow.lowering import Handle, TensorFlowBuilder, lowers, takes_handles
from paddlify.ir.builder import dtype_of, rank_of
from paddlify.ir.inference import known_array

takes_handles |= {"If", "StatelessIf", "Case", "StatelessCase"}


@lowers("If", "StatelessIf")
def if_(
    op: TensorFlowBuilder, cond: ir.Value, *inputs: Any, then_branch: FunctionCall, else_branch: FunctionCall,
    Tout: Any, output_shapes: Any,
) -> tuple[Any, ...]:
    known = known_array(cond)
    if known is not None:
        chosen = then_branch if _truth(known) else else_branch
        return tuple(_run(op, chosen, inputs))
    return _branches(op, _as_condition(op, cond), then_branch, else_branch, inputs)


@lowers("Case", "StatelessCase")
def case(
    op: TensorFlowBuilder, branch_index: ir.Value, *inputs: Any, branches: Sequence[FunctionCall], Tout: Any,
    output_shapes: Any,
) -> tuple[Any, ...]:
    """An index out of range means the last branch."""
    known = known_array(branch_index)
    if known is not None:
        index = int(known)
        return tuple(_run(op, branches[index if 0 <= index < len(branches) else -1], inputs))
    return _case(op, branch_index, 0, branches, inputs)


def _case(
    op: TensorFlowBuilder, index: ir.Value, first: int, branches: Sequence[FunctionCall], inputs: Sequence[Any]
) -> tuple[Any, ...]:
    """Branch `first` if the index says so, else what the branches behind it give."""
    if first == len(branches) - 1:
        return tuple(_run(op, branches[first], inputs))
    condition = op.Equal(index, op.constant_like(index, first))
    return _if(
        op,
        condition,
        lambda inner: _run(inner, branches[first], inputs),
        lambda inner: _case(inner, index, first + 1, branches, inputs),
    )


def _branches(
    op: TensorFlowBuilder, condition: ir.Value, then_branch: FunctionCall, else_branch: FunctionCall,
    inputs: Sequence[Any],
) -> tuple[Any, ...]:
    return _if(
        op, condition, lambda inner: _run(inner, then_branch, inputs), lambda inner: _run(inner, else_branch, inputs)
    )


def _if(op: TensorFlowBuilder, condition: ir.Value, then_branch: Any, else_branch: Any) -> tuple[Any, ...]:
    graphs = []
    for name, record in (("then", then_branch), ("else", else_branch)):

        def body(inner: TensorFlowBuilder, record: Any = record) -> list[ir.Value]:
            results = record(inner)
            if any(isinstance(result, Handle) for result in results):
                raise Refusal("a branch gives a resource or a variant")
            return [own(inner, result) for result in results]

        graphs.append(op.subgraph(f"{op.tf_node.name}/{name}", [], body))
    then_graph, else_graph = graphs
    outputs = op.node(
        "If", [condition], {"then_branch": then_graph, "else_branch": else_graph}, outputs=len(then_graph.outputs)
    )
    values = (outputs,) if isinstance(outputs, ir.Value) else outputs
    for value, then_value, else_value in zip(values, then_graph.outputs, else_graph.outputs, strict=True):
        value.type = then_value.type
        value.shape = joined_shape(then_value.shape, else_value.shape)
    return tuple(values)


def _run(op: TensorFlowBuilder, call: FunctionCall, inputs: Sequence[Any]) -> list[Any]:
    body = op.context.body(call.name)
    return op.context.run(op, body, dict(zip(body.arguments, inputs, strict=True)))


def _truth(array: np.ndarray) -> bool:
    """A scalar is true if it is not zero (not empty, for a string); another tensor if it has elements."""
    return bool(array.size) if array.ndim else bool(array[()])


def _as_condition(op: TensorFlowBuilder, cond: ir.Value) -> ir.Value:
    if rank_of(cond):
        raise Refusal("its condition is not a scalar")
    if dtype_of(cond) == ir.DataType.STRING:
        raise Refusal("its condition is a string")
    return cond if cond.dtype == ir.DataType.BOOL else op.Cast(cond, to=ir.DataType.BOOL)
