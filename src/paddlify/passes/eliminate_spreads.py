"""Leaves it to operators that broadcast to spread what they take."""

from __future__ import annotations

import onnx_ir as ir

from paddlify.ir import inference, provenance
from paddlify.ir.builder import Builder
from paddlify.ir.inference import BROADCASTING
from paddlify.ir.opset import IR_OPSET
from paddlify.passes.matching import fill_of, made_by, same_dims


class EliminateSpreads(ir.passes.InPlacePass):
    """An elementwise operator takes what was spread as it was before, if another operand has the result's shape.

    1. Of `Expand(x, shape)` it takes x.
    2. Of `ConstantOfShape` it takes the number.
    3. Of `Gather(table, indices)` along the first axis, where all indices are one number, it takes that row.
    """

    def call(self, model: ir.Model) -> ir.passes.PassResult:
        modified = False
        for node in list(ir.traversal.RecursiveGraphIterator(model.graph)):
            if node.domain or node.op_type not in BROADCASTING:
                continue
            for index, value in enumerate(node.inputs):
                if value is not None and _has_shape_without(node, index):
                    narrow = _narrow(value, node, model.graph)
                    if narrow is not None:
                        node.replace_input_with(index, narrow)
                        modified = True
        return ir.passes.PassResult(model, modified)


def _has_shape_without(node: ir.Node, index: int) -> bool:
    """Whether an operand other than this one has the shape of the result."""
    shape = node.outputs[0].shape
    others = [value.shape for other, value in enumerate(node.inputs) if other != index and value is not None]
    return shape is not None and any(
        other is not None and same_dims(list(other), list(shape), same_size=False) for other in others
    )


def _narrow(value: ir.Value, node: ir.Node, root: ir.Graph) -> ir.Value | None:
    """A value before it was spread, for the use of `node`."""
    maker = made_by(value, "Expand", "ConstantOfShape", "Gather")
    if maker is None or not isinstance(node.graph, ir.Graph):
        return None
    if maker.op_type == "Expand":
        return maker.inputs[0]
    builder = Builder(node.graph, version=IR_OPSET, root=root, before=node)
    if maker.op_type == "ConstantOfShape":
        return builder.constant(fill_of(maker), dtype=value.dtype)
    table, indices = maker.inputs
    number = _only_number(indices)
    axis = maker.attributes["axis"].as_int() if "axis" in maker.attributes else 0
    if table is None or table.const_value is None or axis or number is None or not _is_row(table, number):
        return None
    with builder.source(provenance.source_op(maker), provenance.source_name(maker)):
        row: ir.Value = builder.Gather(table, builder.constant(number), axis=0)
    return row


def _only_number(indices: ir.Value | None) -> int | None:
    """The number that all elements of an integer tensor of dynamic shape are."""
    maker = made_by(indices, "Expand", "ConstantOfShape")
    if maker is None or indices is None:
        return None
    array = fill_of(maker) if maker.op_type == "ConstantOfShape" else inference.known_array(maker.inputs[0])
    return int(array.reshape(-1)[0]) if array is not None and array.size == 1 else None


def _is_row(table: ir.Value, number: int) -> bool:
    rows = table.shape[0] if table.shape is not None else None
    return isinstance(rows, int) and -rows <= number < rows
