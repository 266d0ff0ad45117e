"""From a graph to the statements of `model.py`: runs the emission of every node, and is what an emission calls."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import onnx_ir as ir

from paddlify.backends.paddle.dtypes import paddle_dtype
from paddlify.backends.paddle.expression import Expr, Name, Tensor, TensorSequence, Unpacked
from paddlify.backends.paddle.literals import INLINE_ELEMENTS, is_literal, literal
from paddlify.backends.paddle.naming import layer_name, stem_of
from paddlify.backends.paddle.program import name_in_program
from paddlify.backends.paddle.scope import Module, Parameter, Scope
from paddlify.backends.paddle.settling import settle
from paddlify.backends.paddle.source import Assign, Define
from paddlify.backends.paddle.unused import names_in, needed
from paddlify.errors import Refusal, UnsupportedNode
from paddlify.ir.opset import attribute_defaults
from paddlify.registry import Registry

__all__ = ["INLINE_ELEMENTS", "Module", "Parameter", "Recorder", "build_module", "emits", "is_literal"]

emits = Registry("emission to Paddle")
"""ONNX operators as Paddle calls: `@emits("Softmax") def softmax(paddle, x, *, axis)`."""


def build_module(
    graph: ir.Graph, name: str, rules: Registry = emits, progress: Callable[[int], None] = lambda count: None
) -> Module:
    """Emit every node of `graph`. Refused nodes are gathered in `Module.refused`, never skipped in silence."""
    scope = Scope(graph, name, rules, progress)
    module = scope.module
    module.arguments = [scope.variable(value) for value in graph.inputs]
    _refuse_edges(scope)
    recorder = Recorder(scope, module.body)
    outputs = recorder.inline(graph)
    own = {value for value in graph.outputs if value.producer() is not None}
    try:
        module.returns = [
            output if value in own else recorder.assign(output)
            for value, output in zip(graph.outputs, outputs, strict=True)
        ]
    except Refusal as refusal:
        module.refused.append(UnsupportedNode("Output", "", refusal.reason))
    module.variables = scope.variables_of(value for node in graph for value in node.outputs)
    if not module.refused:
        _leave_out_unused(module)
    return module


def _refuse_edges(scope: Scope) -> None:
    for kind, values in (("input", scope.graph.inputs), ("output", scope.graph.outputs)):
        for value in values:
            if isinstance(value.type, (ir.SequenceType, ir.OptionalType)):
                word = "a sequence" if isinstance(value.type, ir.SequenceType) else "an optional"
                reason = f"a converted model takes and gives tensors, and this {kind} is {word}"
            elif kind == "input" and value.dtype is None:
                reason = "its dtype is not known"
            elif kind == "input" and value.shape is None:
                reason = f"its rank is not known: give --input-shape {value.name}:…"
            else:
                continue
            scope.module.refused.append(UnsupportedNode(f"model {kind}", value.name or "", reason))
            scope.taint([value])


def _leave_out_unused(module: Module) -> None:
    """Forget statements, layers and parameters that no output needs."""
    used = names_in(module.returns)
    module.body[:] = needed(module.body, used)
    unused = [layer for layer in module.layers if not used.intersection(layer.targets)]
    owners = {target.removeprefix("self.") for layer in unused for target in layer.targets}
    module.layers = [layer for layer in module.layers if layer not in unused]
    module.parameters = [p for p in module.parameters if p.name.removeprefix("~").partition(".")[0] not in owners]


class Recorder:
    """What an emission calls `paddle`: `paddle.nn.functional.relu(x)` records that call.

    Attributes:
        node: the ONNX node that is being emitted.
        outputs: its outputs, whose inferred dtype and shape may be asked for (None where unused).
    """

    def __init__(self, scope: Scope, body: list[Any], node: ir.Node | None = None) -> None:
        self._scope = scope
        self._body = body
        self._node = node
        self._unpacked: dict[Expr, list[Name]] = {}

    def __getattr__(self, name: str) -> Name:
        if name.startswith("_"):
            raise AttributeError(name)
        return Name(f"paddle.{name}")

    @property
    def node(self) -> ir.Node:
        """The node being emitted."""
        if self._node is None:
            raise AttributeError("no node is being emitted")
        return self._node

    @property
    def outputs(self) -> list[Tensor]:
        """The node's outputs, for their inferred dtype and shape."""
        return [Tensor(value, self._scope) for value in self.node.outputs]

    def wants(self, index: int) -> bool:
        """Whether output `index` of the node exists and is used."""
        outputs = self.node.outputs
        return index < len(outputs) and _is_used(outputs[index])

    def unpack(self, call: Expr, count: int) -> list[Expr]:
        """The values of a call that returns several."""
        return [Unpacked(call, index, count) for index in range(count)]

    def let(self, expression: Expr, name: str) -> Expr:
        """Give an expression a variable of its own, called `name` as far as that is free."""
        variable = self._scope.variables.take(name)
        self._body.append(Assign([variable], self._settled(expression)))
        return Name(variable)

    def constant(self, data: Any, dtype: ir.DataType | str = "") -> Expr:
        """A constant from an array or a number: a literal if it is small, else a parameter.

        `dtype` is an ONNX dtype or Paddle's name of one; without it the array's own is taken (lists and numbers:
        int64, float32 or bool).
        """
        array = data if isinstance(data, np.ndarray) else _array(data)
        if isinstance(dtype, ir.DataType):
            array = array.astype(dtype.numpy())
        elif dtype:
            array = array.astype(ir.DataType[_DTYPE_NAMES.get(dtype, dtype.upper())].numpy())
        tensor = ir.tensor(array)
        if is_literal(tensor):
            return literal(tensor)
        return Name(self._scope.parameter(tensor, f"{stem_of(self.node)}_constant"))

    def dtype(self, dtype: ir.DataType) -> str:
        """Paddle's name of the dtype that holds `dtype`; raises Refusal if there is none."""
        return paddle_dtype(dtype)

    def layer(self, call: Expr, **weights: Tensor | ir.TensorProtocol | None) -> Expr:
        """Create a layer in `__init__` whose parameters (by attribute name, such as weight and bias) are `weights`."""
        tensors = {name: _tensor(weight) for name, weight in weights.items() if weight is not None}
        for tensor in tensors.values():
            paddle_dtype(tensor.dtype)
        attribute = self._scope.attributes.take(layer_name(self.node, weights))
        self._scope.module.layers.append(Assign([f"self.{attribute}"], call))
        self._scope.module.parameters += [
            Parameter(name_in_program(f"{attribute}.{name}"), tensor, paddle_dtype(tensor.dtype))
            for name, tensor in tensors.items()
        ]
        return Name(f"self.{attribute}")

    def define(
        self, name: str, parameters: Sequence[ir.Value | str], body: Callable[[Recorder, list[Expr]], Sequence[Any]]
    ) -> Expr:
        """Define a function inside `forward` (a branch, a loop body).

        `body` receives a recorder for the function and its parameters, and gives what is returned.
        """
        taken = [
            self._scope.variable(item) if isinstance(item, ir.Value) else self._scope.variables.take(item)
            for item in parameters
        ]
        function = Define(self._scope.variables.take(name), taken)
        recorder = Recorder(self._scope, function.body, self._node)
        recorder._unpacked = dict(self._unpacked)
        function.returns = [recorder._settled(value) for value in body(recorder, [Name(item) for item in taken])]
        self._body.append(function)
        return Name(function.name)

    def inline(self, graph: ir.Graph, inputs: Sequence[Any] = ()) -> list[Any]:
        """Emit the nodes of a graph here, its inputs bound to `inputs`; returns its outputs.

        The same graph may be emitted several times: an output is what this emission made of it.
        """
        for value, bound in zip(graph.inputs, inputs, strict=False):
            if isinstance(bound, TensorSequence):
                self._scope.bind_sequence(value, bound)
                continue
            settled = self._settled(bound)
            if not isinstance(settled, Name):
                settled = self.let(settled, value.name or "x")
                assert isinstance(settled, Name)
            self._scope.alias(value, settled.text)
        for node in graph:
            self._scope.head(node, self._body)
            Recorder(self._scope, self._body, node)._emit()
            if graph is self._scope.graph:
                self._scope.progress(1)
        if graph is self._scope.graph:
            return [Tensor(value, self._scope) for value in graph.outputs]
        return [
            self._scope.sequence(value) if self._scope.is_sequence(value) else self._scope.written(value)
            for value in graph.outputs
        ]

    def _emit(self) -> None:
        node, scope = self.node, self._scope
        rule = scope.rules.find(node.domain, node.op_type)
        before = len(self._body)
        try:
            if rule is None:
                raise Refusal("no such operator in the support table")  # noqa: TRY301 - like any other refusal
            inputs = [None if value is None else Tensor(value, scope) for value in node.inputs]
            schema = attribute_defaults(node.domain, node.op_type)
            result = rule(self, inputs, _attributes(node), schema)
            self._assign(result)
        except Refusal as refusal:
            del self._body[before:]
            if rule is None or not scope.is_tainted(node):
                scope.refuse(node, refusal.reason)
            scope.taint(node.outputs)

    def _assign(self, result: Any) -> None:
        """Give the node's used outputs the variables (or the items of a sequence) that hold them."""
        outputs = list(self.node.outputs)
        while outputs and not _is_used(outputs[-1]):
            outputs.pop()
        if isinstance(result, Expr) and len(self.node.outputs) > 1:
            result = self.unpack(result, len(self.node.outputs))
        results = [result] if isinstance(result, (Expr, TensorSequence)) else list(result)
        if len(results) < len(outputs):
            raise Refusal(f"output {len(results)} of {self.node.op_type} is not supported")
        unpacked = [item for item in results if isinstance(item, Unpacked) and item.source not in self._unpacked]
        if unpacked and len(unpacked) == len(results) and len({id(item.source) for item in unpacked}) == 1:
            self._assign_call(outputs, unpacked)
            return
        settled = self._settle([item for item in results[: len(outputs)] if item is not None])
        for value in outputs:
            self._bind(value, settled.pop(0))

    def _assign_call(self, outputs: list[ir.Value], results: list[Unpacked]) -> None:
        """One statement for a call all of whose values are outputs."""
        settled = self._settled(results[0].source)
        targets = ["_"] * results[0].count
        for value, unpacked in zip(outputs, results, strict=False):
            if _is_used(value):
                targets[unpacked.index] = self._scope.variable(value)
        self._body.append(Assign(targets, settled))

    def _bind(self, value: ir.Value, settled: Any) -> None:
        if isinstance(settled, TensorSequence):
            self._scope.bind_sequence(value, settled)
        elif _is_used(value):
            if isinstance(settled, Name) and value.is_graph_output():
                self._body.append(Assign([self._scope.variable(value)], Name("paddle.assign")(settled)))
            elif isinstance(settled, Name):
                self._scope.alias(value, settled.text)
            else:
                self._body.append(Assign([self._scope.variable(value)], settled))

    def _settled(self, expression: Any) -> Any:
        return self._settle([expression])[0]

    def _settle(self, expressions: list[Any]) -> list[Any]:
        stem = stem_of(self.node) if self._node is not None else "x"
        return settle(expressions, self._scope.variables, self._body, stem, self._unpacked)


_DTYPE_NAMES = {"float32": "FLOAT", "float64": "DOUBLE"}


def _array(data: Any) -> np.ndarray:
    array = np.asarray(data)
    return array.astype(np.float32) if array.dtype.kind == "f" else array


def _is_used(value: ir.Value) -> bool:
    return bool(value.name) and (bool(value.uses()) or value.is_graph_output())


def _tensor(weight: Tensor | ir.TensorProtocol) -> ir.TensorProtocol:
    return weight.tensor if isinstance(weight, Tensor) else weight


def _attributes(node: ir.Node) -> dict[str, Any]:
    """Attributes as Python values; floats in the shortest form that gives the same float32."""
    exact = any(value is not None and value.dtype == ir.DataType.DOUBLE for value in node.inputs)
    found: dict[str, Any] = {}
    for name, attribute in node.attributes.items():
        value = attribute.value
        if isinstance(value, float) and not exact:
            value = float(str(np.float32(value)))
        elif isinstance(value, tuple):
            value = list(value)
            if value and isinstance(value[0], float) and not exact:
                value = [float(str(np.float32(item))) for item in value]
        found[name] = value
    return found
