"""A loop's body after it was recorded, before it is decided what becomes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import onnx_ir as ir

from paddlify.frontends.tensorflow.control_flow.lists import Write
from paddlify.frontends.tensorflow.lowering import TensorFlowBuilder


@dataclass
class Recorded:
    """The body of one loop.

    Attributes:
        graph: (iteration, condition, variables) → (condition, variables, written items).
        builder: what recorded it.
        initial: the values of the variables before the loop, outside.
        variables: the same at the beginning of an iteration, inside.
        after: the same at its end, before they were made the graph's own outputs.
        condition: whether there is another iteration.
        writes: what is written into tensor lists.
        counters: by id, the variables that are counted up by 1, with where they begin (None if it is not known).
    """

    graph: ir.Graph
    builder: TensorFlowBuilder
    initial: list[ir.Value]
    variables: list[ir.Value]
    after: list[ir.Value]
    condition: ir.Value
    writes: list[Write]
    counters: Mapping[int, np.ndarray | None]

    @property
    def carried(self) -> list[int]:
        """The indices of the variables that are no counters."""
        return [index for index, value in enumerate(self.variables) if id(value) not in self.counters]

    def is_outside(self, value: ir.Value) -> bool:
        """Whether the body takes a value from outside."""
        producer = value.producer()
        return (producer is None or producer.graph is not self.graph) and value not in self.graph.inputs

    def sequence_of(self, value: ir.Value) -> ir.Value | None:
        """The sequence [time, batch, features] outside of which a value is the item at a counter that begins at 0."""
        node = computed_by(value, "Gather")
        if node is None or node.attributes.get_int("axis", 0) != 0:
            return None
        sequence, counter = self.input(node, 0), self.input(node, 1)
        start = self.counters.get(id(counter))
        if start is None or int(start) != 0 or not self.is_outside(sequence):
            return None
        return sequence if sequence.shape is not None and sequence.shape.rank() == 3 else None

    @staticmethod
    def input(node: ir.Node, index: int) -> ir.Value:
        """An input of a node that has it."""
        value = node.inputs[index]
        if value is None:
            raise ValueError(f"{node.op_type} has no input {index}")
        return value


def computed_by(value: ir.Value, op_type: str) -> ir.Node | None:
    """The node that computes a value, if its operator is this one of ONNX."""
    node = value.producer()
    return node if node is not None and node.op_type == op_type and node.domain == "" else None


def behind_identity(value: ir.Value) -> ir.Value:
    """What an Identity is of, or the value itself."""
    node = computed_by(value, "Identity")
    return value if node is None or node.inputs[0] is None else node.inputs[0]
