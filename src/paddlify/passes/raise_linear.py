"""Gives fully connected layers on inputs of any rank their one operator."""

from __future__ import annotations

import math

import onnx_ir as ir

from paddlify.ir.opset import PRIVATE_DOMAIN
from paddlify.ir.tensors import Reshaped, static_dims
from paddlify.passes.matching import constant, is_only_used_once, made_by, replace


class RaiseLinear(ir.passes.InPlacePass):
    """`Add(MatMul(x, weight), bias)`, either way round, is `Linear(x, weight, bias)` of the private domain.

    1. The weight [inputs, outputs] and the bias [outputs] (or with dimensions of 1 before it) are constants that
       nothing else uses, so that one layer can own them; x has rank 2 or more, and at least that of the bias.
    2. Nothing else uses the product.
    3. The product may be reshaped before the addition, if the bias spans the axes into which its last one was split.
    4. All are float32, as Paddle's layers are; in narrower types the product would no longer be rounded before the
       addition, either.
    """

    def call(self, model: ir.Model) -> ir.passes.PassResult:
        modified = False
        for node in list(ir.traversal.RecursiveGraphIterator(model.graph)):
            if node.domain or node.op_type != "Add" or node.graph is None:
                continue
            for product, bias in (node.inputs[:2], node.inputs[1::-1]):
                if _raise(node, product, bias):
                    modified = True
                    break
        return ir.passes.PassResult(model, modified)


def _raise(node: ir.Node, product: ir.Value | None, bias: ir.Value | None) -> bool:
    split = made_by(product, "Reshape")
    if split is not None:
        return _raise_split(node, split, bias)
    operands = _layer(made_by(product, "MatMul"), bias, _dims(bias))
    if operands is not None:
        replace(node, "Linear", operands, domain=PRIVATE_DOMAIN)
    return operands is not None


def _raise_split(node: ir.Node, split: ir.Node, bias: ir.Value | None) -> bool:
    """Rule 3: the layer stands where the product stood, and is reshaped as that was."""
    matmul, result, dims = made_by(split.inputs[0], "MatMul"), split.outputs[0], _dims(bias)
    while dims[:1] == [1]:
        dims = dims[1:]
    if matmul is None or not dims or result.shape is None or list(result.shape[-len(dims) :]) != dims:
        return False
    if not is_only_used_once(result) or node.outputs[0].shape != result.shape:
        return False
    operands = _layer(matmul, bias, [math.prod(dims)])
    if operands is None or bias is None or bias.const_value is None or node.graph is None:
        return False
    flat = constant(node.graph, f"{bias.name}/flat", Reshaped(bias.const_value, [math.prod(dims)]))
    layer = replace(matmul, "Linear", [*operands[:2], flat], domain=PRIVATE_DOMAIN)
    replace(node, "Reshape", [layer.outputs[0], split.inputs[1]], dict(split.attributes))
    return True


def _layer(matmul: ir.Node | None, bias: ir.Value | None, bias_shape: list[int]) -> list[ir.Value] | None:
    """The operands x, weight and bias, if that is what they are; the bias counts as of shape `bias_shape`."""
    if matmul is None or bias is None or not is_only_used_once(matmul.outputs[0]):
        return None
    x, weight = matmul.inputs
    if x is None or weight is None or x.shape is None or x.dtype != ir.DataType.FLOAT:
        return None
    if any(value.const_value is None or not is_only_used_once(value) for value in (weight, bias)):
        return None
    shape = _dims(weight)
    if len(shape) != 2 or x.shape.rank() < max(2, len(bias_shape)) or bias_shape[-1:] != shape[1:]:
        return None
    return [x, weight, bias] if all(dim == 1 for dim in bias_shape[:-1]) else None


def _dims(value: ir.Value | None) -> list[int]:
    return static_dims(value.const_value) if value is not None and value.const_value is not None else []
