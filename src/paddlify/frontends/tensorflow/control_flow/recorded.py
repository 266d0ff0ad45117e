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

    def is_outside(self, value: ir.Value) -> bool:
        """Whether the body takes a value from outside."""
        producer = value.producer()
        return (producer is None or producer.graph is not self.graph) and value not in self.graph.inputs

    @staticmethod
    def input(node: ir.Node, index: int) -> ir.Value:
        """An input of a node that has it."""
        value = node.inputs[index]
        if value is None:
            raise ValueError(f"{node.op_type} has no input {index}")
        return value
