"""While, lowered to ONNX's Loop.

1. An argument that the body gives back unchanged is no variable of the loop: the body takes it from outside.
2. The shapes of variables are those of the initial values, made unknown where the body gives another one.
3. A tensor list that the body writes at the loop's counter is a scan output (see `lists`), or begins as zeros where
   the trip count is not known at conversion time or the list is written at another index.
4. A loop whose condition only compares counters with bounds has a trip count, and no condition.
5. A loop that is a recurrent layer, masked or not, becomes that operator (see `recurrent`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx_ir as ir

from paddlify.errors import Refusal
from paddlify.frontends.tensorflow.control_flow import lists, recurrent
from paddlify.frontends.tensorflow.control_flow.recorded import Recorded
from paddlify.frontends.tensorflow.control_flow.values import joined_shape, own
from paddlify.frontends.tensorflow.graph import Endpoint, FunctionCall
from paddlify.frontends.tensorflow.lower import Body
from paddlify.frontends.tensorflow.lowering import TensorFlowBuilder, lowers, takes_handles
from paddlify.ir.builder import dtype_of
from paddlify.ir.inference import elements_of, known_array

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
        """Record the Loop, or what it amounts to; gives what each variable is behind it."""
        carried, written = self._split()
        recorded = self._recorded(carried, written)
        trips = _trips(self.op, recorded)
        anywhere = any(write.anywhere for write in recorded.writes)
        values = None
        if trips is not None and not anywhere:
            values = recurrent.recorded_as_layer(self.op, recorded, trips)
        if values is None:
            if (anywhere or known_array(trips) is None) and self._allocate(written, recorded, trips):
                carried, written = self._split()
                recorded = self._recorded(carried, written)
            if any(write.anywhere for write in recorded.writes):
                raise Refusal("a loop writes its list at an index that is not its counter")
            values = self._loop(recorded, first, trips)
        results: dict[int, Any] = dict(zip([*carried, *written], values, strict=True))
        for index in carried:
            results[index] = lists.finished(self.inputs[index], results[index])
        for index, write in zip(written, recorded.writes, strict=True):
            results[index] = write.collected(self.op, results[index])
        return [results[index] for index in self.varying]

    def _split(self) -> tuple[list[int], list[int]]:
        """The variables that are carried, and the lists of which nothing is known but what the loop writes."""
        written = [index for index in self.varying if lists.is_reserved(self.inputs[index])]
        return [index for index in self.varying if index not in written], written

    def _allocate(self, written: Sequence[int], recorded: Recorded, trips: ir.Value | None) -> bool:
        """Make lists zeros, where the shape of what is written is known outside; whether there are any."""
        known = [value for value in self.inputs if isinstance(value, ir.Value)]
        known += [lists.carried(value) for value in self.inputs if isinstance(value, lists.Stacked)]
        for index, write in zip(written, recorded.writes, strict=True):
            allocated = write.allocated(self.op, known, trips)
            if allocated is not None:
                self.inputs[index] = allocated
        return any(not lists.is_reserved(self.inputs[index]) for index in written)

    def _loop(self, recorded: Recorded, first: ir.Value, trips: ir.Value | None) -> list[ir.Value]:
        graph, initial = recorded.graph, recorded.initial
        if trips is not None:
            first_output = graph.outputs[0]
            with recorded.builder.at(self.op.tf_node):
                graph.outputs[0] = recorded.builder.Identity(graph.inputs[1])
            _remove_unused(graph, first_output)
        inputs = [trips, None if trips is not None else first, *initial]
        outputs = self.op.node("Loop", inputs, {"body": graph}, outputs=len(graph.outputs) - 1)
        values = [outputs] if isinstance(outputs, ir.Value) else list(outputs)
        count = elements_of(trips) if trips is not None else None
        for index, (value, inner) in enumerate(zip(values, graph.outputs[1:], strict=True)):
            value.type = inner.type
            if index < len(initial):
                value.shape = joined_shape(initial[index].shape, inner.shape)
            elif inner.shape is not None:
                value.shape = ir.Shape([count[0] if count else None, *inner.shape])
        return values

    def _recorded(self, carried: Sequence[int], written: Sequence[int]) -> Recorded:
        """The body, with the shapes of its variables as general as they must be."""
        initial = [lists.carried(self.inputs[index]) for index in carried]
        shapes = [value.shape for value in initial]
        while True:
            recorded = self._graph(carried, written, initial, shapes)
            found = [value.shape for value in recorded.after]
            general = [joined_shape(old, new) for old, new in zip(shapes, found, strict=True)]
            if [_text(shape) for shape in general] == [_text(shape) for shape in shapes]:
                return recorded
            shapes = general

    def _graph(
        self, carried: Sequence[int], written: Sequence[int], initial: list[ir.Value],
        shapes: Sequence[ir.Shape | None],
    ) -> Recorded:
        """The body as a graph: (iteration, condition, variables) → (condition, variables, written items)."""
        name = self.op.tf_node.name
        iteration = ir.Value(name=f"{name}/iteration", type=ir.TensorType(ir.DataType.INT64), shape=ir.Shape([]))
        again = ir.Value(name=f"{name}/again", type=ir.TensorType(ir.DataType.BOOL), shape=ir.Shape([]))
        variables = [
            ir.Value(name=f"{name}/variable_{index}", type=ir.TensorType(dtype_of(start)), shape=shape)
            for index, start, shape in zip(carried, initial, shapes, strict=True)
        ]
        found: dict[str, Any] = {}

        def record(inner: TensorFlowBuilder) -> list[ir.Value]:
            arguments = list(self.inputs)
            for index, value in zip(carried, variables, strict=True):
                arguments[index] = lists.resumed(self.inputs[index], value)
            for index in written:
                arguments[index] = lists.Open(self.inputs[index])
            results = inner.context.run(inner, self.body, self._bound(self.body, arguments))
            after = [lists.carried(results[index]) for index in carried]
            counters = {
                id(value): known_array(start)
                for value, start, end in zip(variables, initial, after, strict=True)
                if _counts(value, end)
            }
            following = list(self.inputs)
            for index, value in zip(carried, after, strict=True):
                following[index] = lists.resumed(self.inputs[index], value)
            for index in written:
                following[index] = arguments[index]
            condition = self.condition(inner, following)
            writes = [lists.written(results[index], arguments[index], counters) for index in written]
            found.update(builder=inner, after=after, writes=writes, counters=counters, condition=condition)
            ends = [condition, *after, *(write.item for write in writes)]
            return [own(inner, end) for end in _distinct(inner, ends)]

        graph = self.op.subgraph(f"{name}/body", [iteration, again, *variables], record)
        return Recorded(graph=graph, variables=variables, initial=initial, **found)


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
    return step is not None and step.size == 1 and step.dtype.kind == "i" and int(step.reshape(())) == 1


def _trips(op: TensorFlowBuilder, recorded: Recorded) -> ir.Value | None:
    """The trip count, where the condition is that counters are less than bounds that the loop does not change.

    The condition is of the values behind an iteration; before the first one it is the same of the initial values.
    """
    bounds = _bounds(recorded, recorded.condition)
    if bounds is None:
        return None
    counts = []
    for variable, bound in bounds:
        start = recorded.initial[recorded.variables.index(variable)]
        counts.append(op.Cast(op.Sub(bound, start), to=ir.DataType.INT64))
    known = [known_array(count) for count in counts]
    if all(array is not None for array in known):
        return op.constant(np.array(max(min(int(array) for array in known if array is not None), 0), np.int64))
    distinct = {str(elements_of(count) or id(count)): count for count in counts}
    smallest: ir.Value = op.Min(*distinct.values()) if len(distinct) > 1 else counts[0]
    if not _is_size(smallest):
        smallest = op.Max(smallest, op.constant(np.array(0, np.int64)))
    return smallest


def _is_size(value: ir.Value) -> bool:
    """Whether a value is a dimension by name, and so not negative."""
    elements = elements_of(value)
    return elements is not None and all(
        isinstance(element, ir.SymbolicDim) and element.value is not None and element.value.isidentifier()
        for element in elements
    )


def _bounds(recorded: Recorded, condition: ir.Value) -> list[tuple[ir.Value, ir.Value]] | None:
    """Counters with their bounds, or None if the condition says anything else."""
    node = condition.producer()
    if node is None or node.graph is not recorded.graph:
        return None
    if node.op_type == "Identity":
        return _bounds(recorded, recorded.input(node, 0))
    if node.op_type == "And":
        parts = [_bounds(recorded, recorded.input(node, index)) for index in (0, 1)]
        return None if parts[0] is None or parts[1] is None else parts[0] + parts[1]
    if node.op_type != "Less":
        return None
    counted, bound = recorded.input(node, 0), recorded.input(node, 1)
    for variable, after in zip(recorded.variables, recorded.after, strict=True):
        if after is counted and id(variable) in recorded.counters and recorded.is_outside(bound):
            return [(variable, bound)]
    return None


def _remove_unused(graph: ir.Graph, value: ir.Value) -> None:
    """Remove what computes a value of the graph that nothing takes any more."""
    node = value.producer()
    if node is None or node.graph is not graph:
        return
    if any(output.uses() or output.is_graph_output() for output in node.outputs):
        return
    inputs = [item for item in node.inputs if item is not None]
    graph.remove(node, safe=True)
    for item in inputs:
        _remove_unused(graph, item)


def _text(shape: ir.Shape | None) -> str:
    return "unknown" if shape is None else str([dim if isinstance(dim, int) else dim.value for dim in shape])
