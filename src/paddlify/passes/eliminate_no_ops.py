"""Removes nodes that change nothing."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx_ir as ir

from paddlify.ir import inference
from paddlify.passes.matching import constant, fill_of, made_by, same_dims


class EliminateNoOps(ir.passes.InPlacePass):
    """Replaces a node by its first input where the two are equal.

    1. Dropout at inference whose mask nobody uses.
    2. Cast to the dtype that its input has.
    3. Transpose that permutes nothing; Flatten, Reshape, Expand and Squeeze to the shape that the input has.
    4. Pad by zero everywhere.
    5. Concat, Sum, Mean, Max or Min of one input.
    6. Squeeze of the axes that Unsqueeze added: what both stand around is used.

    And says in one step what needs no two:

    7. Reshape of a Reshape, to a shape that copies no axis of what it is given.
    8. Unsqueeze of an Unsqueeze.
    9. LSTM, GRU and RNN whose initial states are all zeros are told of none.

    Graph outputs keep their names: a node that makes one stays when its input is not a node's own output.
    """

    def call(self, model: ir.Model) -> ir.passes.PassResult:
        modified = False
        for node in list(ir.traversal.RecursiveGraphIterator(model.graph)):
            shorten = _SHORTER.get(node.op_type) if not node.domain else None
            modified |= shorten is not None and shorten(node)
            same = _RULES.get(node.op_type) if not node.domain else None
            output = node.outputs[0]
            source = same(node) if same is not None else None
            if source is None or node.graph is None or output.is_graph_output():
                continue
            output.replace_all_uses_with(source)
            node.graph.remove(node, safe=True)
            modified = True
        return ir.passes.PassResult(model, modified)


def _first(is_same: Callable[[ir.Node], bool]) -> Callable[[ir.Node], ir.Value | None]:
    """A rule that finds the first input in place of the output."""
    return lambda node: node.inputs[0] if is_same(node) else None


def _dropout(node: ir.Node) -> bool:
    if len(node.outputs) > 1 and (node.outputs[1].uses() or node.outputs[1].is_graph_output()):
        return False
    if len(node.inputs) < 3 or node.inputs[2] is None:
        return True
    training = inference.known_array(node.inputs[2])
    return training is not None and not bool(training)


def _cast(node: ir.Node) -> bool:
    source = node.inputs[0]
    return source is not None and source.dtype is not None and source.dtype == node.attributes["to"].as_int()


def _transpose(node: ir.Node) -> bool:
    perm = node.attributes.get("perm")
    return perm is not None and list(perm.as_ints()) == list(range(len(perm.as_ints())))


def _same_shape(node: ir.Node) -> bool:
    source, output = node.inputs[0], node.outputs[0]
    if source is None or source.shape is None or output.shape is None:
        return False
    return same_dims(list(source.shape), list(output.shape), same_size=node.op_type != "Expand")


def _pad(node: ir.Node) -> bool:
    pads = inference.known_array(node.inputs[1]) if len(node.inputs) > 1 else None
    return pads is not None and not pads.any()


def _single(node: ir.Node) -> bool:
    return len(node.inputs) == 1


def _squeeze(node: ir.Node) -> ir.Value | None:
    inner = made_by(node.inputs[0], "Unsqueeze")
    if inner is None or len(node.inputs) < 2:
        return node.inputs[0] if _same_shape(node) else None
    axes, added = _axes(node, node.inputs[0]), _axes(inner, node.inputs[0])
    return inner.inputs[0] if axes is not None and axes == added else None


def _axes(node: ir.Node, value: ir.Value | None) -> list[int] | None:
    """The axes of Squeeze or Unsqueeze, counted in `value`, in order; None if they are not known."""
    axes = inference.known_array(node.inputs[1])
    if axes is None or value is None or value.shape is None:
        return None
    return sorted(int(axis) % value.shape.rank() for axis in axes.reshape(-1))


_RULES: dict[str, Callable[[ir.Node], ir.Value | None]] = {
    "Dropout": _first(_dropout),
    "Cast": _first(_cast),
    "Transpose": _first(_transpose),
    "Squeeze": _squeeze,
    "Pad": _first(_pad),
    **dict.fromkeys(("Reshape", "Flatten", "Expand"), _first(_same_shape)),
    **dict.fromkeys(("Concat", "Sum", "Mean", "Max", "Min"), _first(_single)),
}


def _reshape_reshaped(node: ir.Node) -> bool:
    inner = made_by(node.inputs[0], "Reshape")
    target = inference.known_array(node.inputs[1])
    if inner is None or target is None or 0 in target:
        return False
    node.replace_input_with(0, inner.inputs[0])
    return True


def _unsqueeze_unsqueezed(node: ir.Node) -> bool:
    inner = made_by(node.inputs[0], "Unsqueeze")
    outer_axes = _axes(node, node.outputs[0])
    inner_axes = _axes(inner, inner.outputs[0]) if inner is not None else None
    if inner is None or outer_axes is None or inner_axes is None or node.graph is None:
        return False
    rank = node.outputs[0].shape.rank() if node.outputs[0].shape is not None else 0
    kept = [axis for axis in range(rank) if axis not in outer_axes]
    axes = sorted([*outer_axes, *(kept[axis] for axis in inner_axes)])
    node.replace_input_with(0, inner.inputs[0])
    node.replace_input_with(1, constant(node.graph, f"{node.outputs[0].name}/axes", np.array(axes, np.int64)))
    return True


def _zero_states(node: ir.Node) -> bool:
    states = [value for value in node.inputs[5:7] if value is not None]
    if not states or not all(map(_is_zero, states)):
        return False
    for index in range(5, min(7, len(node.inputs))):
        node.replace_input_with(index, None)
    return True


def _is_zero(value: ir.Value) -> bool:
    """Whether a value is zeros of a shape that may be dynamic."""
    if value.const_value is not None:
        return value.const_value.size <= MAX_ZEROS and not value.const_value.numpy().any()
    node = made_by(value, "ConstantOfShape", "Expand", "Reshape", "Slice", "Squeeze", "Transpose", "Unsqueeze")
    if node is None:
        return False
    if node.op_type == "ConstantOfShape":
        return not fill_of(node).any()
    return node.inputs[0] is not None and _is_zero(node.inputs[0])


MAX_ZEROS = 1 << 20
"""A larger constant is not read to see whether it is zero."""

_SHORTER: dict[str, Callable[[ir.Node], bool]] = {
    "Reshape": _reshape_reshaped,
    "Unsqueeze": _unsqueeze_unsqueezed,
    **dict.fromkeys(("LSTM", "GRU", "RNN"), _zero_states),
}
