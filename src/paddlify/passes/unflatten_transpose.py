"""Lets a transposition of the last two axes take tensors of any rank."""

from __future__ import annotations

import onnx_ir as ir

from paddlify.passes.matching import made_by, replace, same_dims


class UnflattenTranspose(ir.passes.InPlacePass):
    """`Reshape(Transpose(Reshape(x)))` is `Transpose(x)`, where the reshapes touch leading axes only.

    1. The first Reshape gives [rows, m, n], and x ends in the same [m, n].
    2. The transposition swaps m and n.
    3. The second Reshape gives x's leading dimensions, and [n, m].
    """

    def call(self, model: ir.Model) -> ir.passes.PassResult:
        modified = False
        for node in list(ir.traversal.RecursiveGraphIterator(model.graph)):
            swap = made_by(node.inputs[0], "Transpose") if not node.domain and node.op_type == "Reshape" else None
            flat = made_by(swap.inputs[0], "Reshape") if swap is not None else None
            if swap is not None and flat is not None and _touch_leading_axes_only(flat, swap, node.outputs[0]):
                rank = node.outputs[0].shape.rank() if node.outputs[0].shape is not None else 0
                perm = [*range(rank - 2), rank - 1, rank - 2]
                replace(node, "Transpose", [flat.inputs[0]], {"perm": perm})
                modified = True
        return ir.passes.PassResult(model, modified)


def _touch_leading_axes_only(flat: ir.Node, swap: ir.Node, result: ir.Value) -> bool:
    x, rows, perm = flat.inputs[0], flat.outputs[0].shape, swap.attributes.get("perm")
    if x is None or x.shape is None or rows is None or result.shape is None or x.shape.rank() < 3:
        return False
    if rows.rank() != 3 or perm is None or tuple(perm.as_ints()) != (0, 2, 1):
        return False
    before, (_, *matrix) = list(x.shape), rows
    return same_dims(before[-2:], matrix, same_size=False) and same_dims(
        [*before[:-2], *matrix[::-1]], list(result.shape), same_size=False
    )
