"""Lets products with a matrix take tensors of any rank."""

from __future__ import annotations

import onnx_ir as ir

from paddlify.passes.matching import is_only_used_once, made_by, replace, same_dims


class UnflattenMatMul(ir.passes.InPlacePass):
    """`Reshape(MatMul(Reshape(x), matrix))` is `MatMul(x, matrix)`, where the reshapes touch leading axes only.

    1. The first Reshape gives [rows, inputs], and x ends in the same `inputs`; the matrix is [inputs, outputs].
    2. The second one gives x's leading dimensions, and `outputs`.
    3. Nothing else uses the product.
    """

    def call(self, model: ir.Model) -> ir.passes.PassResult:
        modified = False
        for node in list(ir.traversal.RecursiveGraphIterator(model.graph)):
            product = made_by(node.inputs[0], "MatMul") if not node.domain and node.op_type == "Reshape" else None
            if product is None or product.graph is None or not is_only_used_once(product.outputs[0]):
                continue
            flat, matrix = made_by(product.inputs[0], "Reshape"), product.inputs[1]
            if flat is not None and _touch_leading_axes_only(flat, matrix, node.outputs[0]):
                replace(node, "MatMul", [flat.inputs[0], matrix])
                product.graph.remove(product, safe=True)
                modified = True
        return ir.passes.PassResult(model, modified)


def _touch_leading_axes_only(flat: ir.Node, matrix: ir.Value | None, result: ir.Value) -> bool:
    x, rows = flat.inputs[0], flat.outputs[0]
    if x is None or matrix is None:
        return False
    if x.shape is None or rows.shape is None or matrix.shape is None or result.shape is None:
        return False
    inputs, outputs = x.shape[-1:], result.shape[-1:]
    if rows.shape.rank() != 2 or not isinstance(inputs[0], int) or not isinstance(outputs[0], int):
        return False
    if rows.shape[1:] != inputs or matrix.shape[:] != (*inputs, *outputs):
        return False
    return same_dims(list(x.shape)[:-1], list(result.shape)[:-1], same_size=inputs[0] != 0 and outputs[0] != 0)
