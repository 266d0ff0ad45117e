"""While, lowered to ONNX's Loop.

1. An argument that the body gives back unchanged is no variable of the loop: the body takes it from outside.
2. The shapes of variables are those of the initial values, made unknown where the body gives another one.
3. A tensor list that the body writes at the loop's counter is a scan output (see `lists`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import onnx_ir as ir

from paddlify.errors import Refusal
from paddlify.frontends.tensorflow.control_flow import lists
from paddlify.frontends.tensorflow.control_flow.values import joined_shape, own
from paddlify.frontends.tensorflow.graph import Endpoint, FunctionCall
from paddlify.frontends.tensorflow.lower import Body
from paddlify.frontends.tensorflow.lowering import TensorFlowBuilder, lowers, takes_handles
from paddlify.ir.builder import dtype_of
from paddlify.ir.inference import known_array

takes_handles |= {"While", "StatelessWhile"}


@lowers("While", "StatelessWhile")
def while_(
    op: TensorFlowBuilder, *inputs: Any, cond: FunctionCall, body: FunctionCall, output_shapes: Any,
    parallel_iterations: int,
) -> tuple[Any, ...]:
    condition_body, loop_body = op.context.body(cond.name), op.context.body(body.name)
    varying = [
        index
        for index, (name, output) in enumerate(zip(loop_body.arguments, loop_body.outputs, strict=True))
        if output != Endpoint(name)
    ]
    loop = _Loop(op, condition_body, loop_body, list(inputs), varying)
    first = loop.condition(op, list(inputs))
    known = known_array(first)
    if known is not None and not known:
        return inputs
    results = list(inputs)
    for index, value in zip(varying, loop.record(first), strict=True):
        results[index] = value
    return tuple(results)


@dataclass
class _Loop:
    """One While while it is recorded: `inputs` are all its arguments, `varying` the indices of its variables."""

    op: TensorFlowBuilder
    condition_body: Body
    body: Body
    inputs: list[Any]
    varying: list[int]

    def condition(self, op: TensorFlowBuilder, arguments: Sequence[Any]) -> ir.Value:
        result: ir.Value
        (result,) = op.context.run(op, self.condition_body, self._bound(self.condition_body, arguments))
        if result.dtype != ir.DataType.BOOL or result.shape is None or result.shape.rank():
            raise Refusal("its condition is not a boolean scalar")
        return result

    def _bound(self, body: Body, arguments: Sequence[Any]) -> dict[str, Any]:
        return dict(zip(body.arguments, arguments, strict=True))

    def record(self, first: ir.Value) -> list[Any]:
        """Record the Loop; gives what each variable is behind it."""
        carried = [index for index in self.varying if not lists.is_reserved(self.inputs[index])]
        written = [index for index in self.varying if lists.is_reserved(self.inputs[index])]
        initial = [lists.carried(self.inputs[index]) for index in carried]
        shapes = [value.shape for value in initial]
        while True:
            graph, writes = self._graph(carried, written, initial, shapes)
            found = [value.shape for value in graph.outputs[1 : len(carried) + 1]]
            general = [joined_shape(old, new) for old, new in zip(shapes, found, strict=True)]
            if [_text(shape) for shape in general] == [_text(shape) for shape in shapes]:
                break
            shapes = general
        outputs = self.op.node("Loop", [None, first, *initial], {"body": graph}, outputs=len(carried) + len(written))
        values = [outputs] if isinstance(outputs, ir.Value) else list(outputs)
        for value, inner in zip(values, graph.outputs[1:], strict=True):
            value.type = inner.type
        for value, start, inner in zip(values, initial, graph.outputs[1:], strict=False):
            value.shape = joined_shape(start.shape, inner.shape)
        for value, inner in zip(values[len(carried) :], graph.outputs[1 + len(carried) :], strict=True):
            value.shape = None if inner.shape is None else ir.Shape([None, *inner.shape])
        results = dict(zip([*carried, *written], values, strict=True))
        for index in carried:
            results[index] = lists.resumed(self.inputs[index], results[index])
        for index, write in zip(written, writes, strict=True):
            results[index] = write.collected(self.op, results[index])
        return [results[index] for index in self.varying]

    def _graph(
        self, carried: Sequence[int], written: Sequence[int], initial: Sequence[ir.Value],
        shapes: Sequence[ir.Shape | None],
    ) -> tuple[ir.Graph, list[lists.Write]]:
        """The body as a graph: (iteration, condition, variables) → (condition, variables, written items)."""
        name = self.op.tf_node.name
        iteration = ir.Value(name=f"{name}/iteration", type=ir.TensorType(ir.DataType.INT64), shape=ir.Shape([]))
        again = ir.Value(name=f"{name}/again", type=ir.TensorType(ir.DataType.BOOL), shape=ir.Shape([]))
        variables = [
            ir.Value(name=f"{name}/variable_{index}", type=ir.TensorType(dtype_of(start)), shape=shape)
            for index, start, shape in zip(carried, initial, shapes, strict=True)
        ]
        writes: list[lists.Write] = []

        def record(inner: TensorFlowBuilder) -> list[ir.Value]:
            arguments = list(self.inputs)
            for index, value in zip(carried, variables, strict=True):
                arguments[index] = lists.resumed(self.inputs[index], value)
            for index in written:
                arguments[index] = lists.Open(self.inputs[index])
            found = inner.context.run(inner, self.body, self._bound(self.body, arguments))
            after = [lists.carried(found[index]) for index in carried]
            counters = {
                id(value): known_array(start)
                for value, start, end in zip(variables, initial, after, strict=True)
                if _counts(value, end)
            }
            writes.extend(lists.written(found[index], arguments[index], counters) for index in written)
            following = list(self.inputs)
            for index, value in zip(carried, after, strict=True):
                following[index] = lists.resumed(self.inputs[index], value)
            for index in written:
                following[index] = arguments[index]
            results = [self.condition(inner, following), *after, *(write.item for write in writes)]
            return [own(inner, result) for result in _distinct(inner, results)]

        return self.op.subgraph(f"{name}/body", [iteration, again, *variables], record), writes


def _distinct(op: TensorFlowBuilder, results: Sequence[ir.Value]) -> list[ir.Value]:
    """A value that is given twice is given once by itself and once by an Identity."""
    seen: set[int] = set()
    distinct = []
    for result in results:
        distinct.append(op.Identity(result) if id(result) in seen else result)
        seen.add(id(result))
    return distinct


def _counts(before: ir.Value, after: ir.Value) -> bool:
    """Whether a variable is counted up by 1 in each iteration."""
    node = after.producer()
    if node is None or node.op_type != "Add" or before not in node.inputs:
        return False
    other = node.inputs[1] if node.inputs[0] is before else node.inputs[0]
    step = known_array(other)
    return step is not None and step.size == 1 and int(step.reshape(())) == 1


def _text(shape: ir.Shape | None) -> str:
    return "unknown" if shape is None else str([dim if isinstance(dim, int) else dim.value for dim in shape])
