"""Lowerings of what makes up a graph rather than computes: constants, variables and checks."""

from __future__ import annotations

from typing import Any

import onnx_ir as ir

from paddlify.errors import Refusal
from paddlify.frontends.tensorflow.graph import Node, Unreadable
from paddlify.frontends.tensorflow.lowering import Handle, TensorFlowBuilder, lowers, takes_handles
from paddlify.frontends.tensorflow.variables import Variables, name_of


class Variable(Handle):
    """A variable; its value becomes an initializer when it is read."""

    def __init__(self, node: Node, variables: Variables, op: TensorFlowBuilder) -> None:
        self._node = node
        self._variables = variables
        self._root = op.root
        self._value: ir.Value | None = None

    def read(self, op: TensorFlowBuilder) -> ir.Value:
        """The initializer that holds the variable's value; raises LoadError when the checkpoint lacks it."""
        if self._value is None:
            self._value = op.initializer(self._variables.tensor(self._node), name_of(self._node))
        return self._value


takes_handles |= {"Identity", "ReadVariableOp", "ResourceGather", "ResourceGatherNd"}


@lowers("Const")
def const(op: TensorFlowBuilder, *, value: Any, dtype: Any) -> ir.Value:
    if isinstance(value, Unreadable):
        raise Refusal(value.reason)
    if value.dtype != dtype:
        raise Refusal(f"it holds {value.dtype.name.lower()}, and says that it holds {dtype}")
    return op.initializer(value, op.tf_node.name)


@lowers("VarHandleOp")
def var_handle_op(op: TensorFlowBuilder, *, dtype: Any, shape: Any, debug_name: Any, allowed_devices: Any) -> Handle:
    return op.context.variable(op, op.tf_node)


@lowers("VariableV2", "Variable")
def variable(op: TensorFlowBuilder, *, dtype: Any, shape: Any) -> ir.Value:
    return _variable(op.context.variable(op, op.tf_node)).read(op)


@lowers("ReadVariableOp")
def read_variable_op(op: TensorFlowBuilder, resource: Handle, *, dtype: Any) -> ir.Value:
    return _variable(resource).read(op)


@lowers("ResourceGather")
def resource_gather(
    op: TensorFlowBuilder, resource: Handle, indices: ir.Value, *, batch_dims: int, dtype: Any
) -> ir.Value:
    axis = op.constant(batch_dims, ir.DataType.INT32)
    return op.lower("GatherV2", _variable(resource).read(op), indices, axis, batch_dims=batch_dims)  # type: ignore[no-any-return]


@lowers("ResourceGatherNd")
def resource_gather_nd(op: TensorFlowBuilder, resource: Handle, indices: ir.Value, *, dtype: Any) -> ir.Value:
    return op.lower("GatherNd", _variable(resource).read(op), indices)  # type: ignore[no-any-return]


@lowers("Identity")
def identity(op: TensorFlowBuilder, x: Any) -> Any:
    return x


@lowers("EnsureShape")
def ensure_shape(op: TensorFlowBuilder, x: ir.Value, *, shape: tuple[int | None, ...] | None) -> ir.Value:
    """The shape is taken to hold; TensorFlow would stop where it does not."""
    output = op.Identity(x)
    if shape is not None:
        known = x.shape if x.shape is not None and x.shape.rank() == len(shape) else [None] * len(shape)
        output.shape = ir.Shape([given if given is not None else dim for given, dim in zip(shape, known, strict=True)])
    return output  # type: ignore[no-any-return]


def _variable(resource: Handle) -> Variable:
    if not isinstance(resource, Variable):
        raise Refusal("it reads a resource that is not a variable")
    return resource
