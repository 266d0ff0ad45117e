"""Folds a constant scale and shift per channel into the convolution or matrix product before it."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from paddlify.ir import provenance
from paddlify.ir.tensors import Computed, static_dims
from paddlify.passes.matching import constant, made_by


class FoldAffine(ir.passes.InPlacePass):
    """What is left of a batch normalisation that was written out with primitive operators.

    1. `Mul(Conv(x, w, b), s)` with a constant `s` of one element per output channel is `Conv(x, w * s, b * s)`.
    2. `Add(Conv(x, w, b), t)` with such a constant `t` is `Conv(x, w, b + t)`.

    The convolution's result must have no other use, and its weight no other user. A BatchNormalization operator
    is left as it is: Paddle's predictor fuses it, and the model can be trained further with it.
    """

    def call(self, model: ir.Model) -> ir.passes.PassResult:
        modified = False
        for node in list(ir.traversal.RecursiveGraphIterator(model.graph)):
            if node.domain or node.op_type not in ("Mul", "Add") or node.graph is None:
                continue
            for value, factor in (node.inputs[:2], node.inputs[1::-1]):
                conv = made_by(value, "Conv")
                per_channel = _per_channel(conv, factor) if conv is not None and _is_free(conv) else None
                if conv is not None and per_channel is not None:
                    (_scale if node.op_type == "Mul" else _shift)(conv, per_channel)
                    _absorb(conv, node)
                    modified = True
                    break
        return ir.passes.PassResult(model, modified)


def _is_free(conv: ir.Node) -> bool:
    weight, bias = conv.inputs[1], conv.inputs[2] if len(conv.inputs) > 2 else None
    return (
        len(conv.outputs[0].uses()) == 1
        and not conv.outputs[0].is_graph_output()
        and weight is not None
        and weight.const_value is not None
        and len(weight.uses()) == 1
        and weight.dtype in (ir.DataType.FLOAT, ir.DataType.DOUBLE)
        and (bias is None or bias.const_value is not None)
    )


def _per_channel(conv: ir.Node, value: ir.Value | None) -> np.ndarray | None:
    """A constant as one number per output channel, if that is what it is when broadcast."""
    weight = conv.inputs[1]
    if value is None or value.const_value is None or weight is None or weight.shape is None:
        return None
    channels, rank = int(weight.shape[0]), weight.shape.rank()  # type: ignore[arg-type]
    shape = static_dims(value.const_value)
    full = [1] * (rank - len(shape)) + shape
    if len(shape) > rank or full[0] != 1 or full[1] not in (1, channels) or any(dim != 1 for dim in full[2:]):
        return None
    return np.broadcast_to(value.const_value.numpy().reshape(-1), (channels,))


def _scale(conv: ir.Node, scale: np.ndarray) -> None:
    weight = conv.inputs[1]
    if weight is None or weight.const_value is None or conv.graph is None:
        raise ValueError("the convolution has no constant weight")
    scaled = _Scaled(weight.const_value, scale)
    conv.replace_input_with(1, constant(conv.graph, weight.name or "weight", scaled))
    bias = conv.inputs[2] if len(conv.inputs) > 2 else None
    if bias is not None and bias.const_value is not None:
        conv.replace_input_with(2, constant(conv.graph, bias.name or "bias", bias.const_value.numpy() * scale))


def _shift(conv: ir.Node, shift: np.ndarray) -> None:
    weight = conv.inputs[1]
    bias = conv.inputs[2] if len(conv.inputs) > 2 else None
    if conv.graph is None or weight is None:
        raise ValueError("the convolution has no constant weight")
    shifted = shift if bias is None or bias.const_value is None else bias.const_value.numpy() + shift
    name = bias.name if bias is not None and bias.name else f"{weight.name}/bias"
    made = constant(conv.graph, name, np.ascontiguousarray(shifted))
    if len(conv.inputs) > 2:
        conv.replace_input_with(2, made)
    else:
        conv.resize_inputs(3)
        conv.replace_input_with(2, made)


def _absorb(conv: ir.Node, node: ir.Node) -> None:
    """The convolution now makes what `node` made, under its name."""
    output, absorbed = conv.outputs[0], node.outputs[0]
    name = absorbed.name
    absorbed.name = f"{name}/absorbed"
    absorbed.replace_all_uses_with(output, replace_graph_outputs=True)
    output.name = name
    provenance.copy_layout(absorbed, output)
    if node.graph is not None:
        node.graph.remove(node, safe=True)


class _Scaled(Computed):
    """A weight whose rows (output channels) are multiplied when they are written."""

    def __init__(self, base: ir.TensorProtocol, scale: np.ndarray) -> None:
        shape = static_dims(base)
        tail = (1,) * (len(shape) - 1)

        def rows(start: int, stop: int) -> np.ndarray:
            scaled: np.ndarray = base.numpy()[start:stop] * scale[start:stop].reshape(-1, *tail)
            return scaled

        super().__init__(base.dtype, shape, rows, base.name)
