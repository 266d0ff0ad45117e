"""Gives fully connected layers on inputs of any rank their one operator."""

from __future__ import annotations

import onnx_ir as ir

from paddlify.ir.opset import PRIVATE_DOMAIN
from paddlify.ir.tensors import static_dims
from paddlify.passes.matching import made_by, replace


class RaiseLinear(ir.passes.InPlacePass):
    """`Add(MatMul(x, weight), bias)`, either way round, is `Linear(x, weight, bias)` of the private domain.

    1. The weight [inputs, outputs] and the bias [outputs] (or with dimensions of 1 before it) are constants that
       nothing else uses, so that one layer can own them; x has rank 2 or more, and at least that of the bias.
    2. Nothing else uses the product.
    3. All are float32 or float64: in narrower types the product would no longer be rounded before the addition.
    """

    def call(self, model: ir.Model) -> ir.passes.PassResult:
        modified = False
        for node in list(ir.traversal.RecursiveGraphIterator(model.graph)):
            if node.domain or node.op_type != "Add" or node.graph is None:
                continue
            for product, bias in (node.inputs[:2], node.inputs[1::-1]):
                operands = _layer(made_by(product, "MatMul"), bias)
                if operands is not None:
                    replace(node, "Linear", operands, domain=PRIVATE_DOMAIN)
                    modified = True
                    break
        return ir.passes.PassResult(model, modified)


def _layer(matmul: ir.Node | None, bias: ir.Value | None) -> list[ir.Value] | None:
    """The operands x, weight and bias, if that is what they are."""
    if matmul is None or bias is None or not _is_only_used_once(matmul.outputs[0]):
        return None
    x, weight = matmul.inputs
    if x is None or weight is None or x.shape is None or x.dtype not in (ir.DataType.FLOAT, ir.DataType.DOUBLE):
        return None
    if any(value.const_value is None or not _is_only_used_once(value) for value in (weight, bias)):
        return None
    shape, bias_shape = _dims(weight), _dims(bias)
    if len(shape) != 2 or x.shape.rank() < max(2, len(bias_shape)) or bias_shape[-1:] != shape[1:]:
        return None
    return [x, weight, bias] if all(dim == 1 for dim in bias_shape[:-1]) else None


def _is_only_used_once(value: ir.Value) -> bool:
    return len(value.uses()) == 1 and not value.is_graph_output()


def _dims(value: ir.Value) -> list[int]:
    return static_dims(value.const_value) if value.const_value is not None else []
