"""Gives equal constants one name, so that what is computed of them is seen to be equal too."""

from __future__ import annotations

from collections.abc import Hashable

import onnx_ir as ir

from paddlify.ir.inference import BROADCASTING

MAX_INTEGERS = 16
"""Elements: axes, shapes and pads have no more."""

_INTEGERS = {ir.DataType.INT64, ir.DataType.INT32}
_TAKE_NUMBERS = {*BROADCASTING, "Expand", "Clip"}


class MergeConstants(ir.passes.InPlacePass):
    """One constant in the place of all that hold the same.

    1. Integers of at most `MAX_INTEGERS` elements.
    2. Single numbers that only elementwise operators, Clip and Expand take: these are no layer's weights.
    """

    def call(self, model: ir.Model) -> ir.passes.PassResult:
        modified = False
        seen: dict[Hashable, ir.Value] = {}
        for value in list(model.graph.initializers.values()):
            key = _content(value)
            if key is None or value.is_graph_output():
                continue
            first = seen.setdefault(key, value)
            if first is not value:
                value.replace_all_uses_with(first)
                modified = True
        return ir.passes.PassResult(model, modified)


def _content(value: ir.Value) -> Hashable:
    """What makes a constant equal to another; None where it may not be merged."""
    tensor = value.const_value
    if tensor is None or tensor.size > MAX_INTEGERS or tensor.dtype == ir.DataType.STRING or value.is_graph_input():
        return None
    if tensor.dtype not in _INTEGERS:
        nodes = value.consumers()
        if tensor.size != 1 or any(node.domain or node.op_type not in _TAKE_NUMBERS for node in nodes):
            return None
    return tensor.dtype, tuple(tensor.shape.numpy()), tensor.numpy().tobytes()
