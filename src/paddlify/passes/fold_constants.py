"""Computes while converting what depends on constants only."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx_ir as ir

from paddlify.ir import inference
from paddlify.ir.opset import IR_OPSET
from paddlify.ir.tensors import Cast, Reshaped, Transposed, static_dims

MAX_INPUT = 1 << 22
MAX_OUTPUT = 1 << 16
"""Elements: a larger input is not read, a larger result is left to be computed by the model."""

_NEVER = {
    "RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike", "Bernoulli", "Multinomial", "Dropout",
    "If", "Loop", "Scan", "SequenceMap", "QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear",
}


class FoldConstants(ir.passes.InPlacePass):
    """Replaces nodes by the constants that they compute.

    1. A small integer result that follows from shapes (`Shape` of a static tensor, arithmetic on it) is a constant.
    2. A change of place or dtype (Transpose, Reshape, Squeeze, Unsqueeze, Flatten, Cast) of a constant of any size
       becomes a lazy tensor, computed when it is written.
    3. Any other deterministic node with constant inputs and a result of at most `MAX_OUTPUT` elements is computed
       by onnxruntime.

    Quantisation is left alone, so that an exporter's Q/DQ pairs stay visible.
    """

    def call(self, model: ir.Model) -> ir.passes.PassResult:
        modified = False
        for node in list(ir.traversal.RecursiveGraphIterator(model.graph)):
            if node.domain or node.op_type in _NEVER or not node.inputs:
                continue
            folded = _by_shape(node) or _lazily(node) or _by_onnxruntime(node)
            if folded is not None:
                _replace(node, folded)
                modified = True
        return ir.passes.PassResult(model, modified)


def _replace(node: ir.Node, tensors: list[ir.TensorProtocol]) -> None:
    graph = node.graph
    if graph is None:
        return
    names = [value.name for value in node.outputs]
    for value, tensor, name in zip(node.outputs, tensors, names, strict=True):
        value.name = f"{name}/folded"
        constant = ir.Value(
            name=name, type=ir.TensorType(tensor.dtype), shape=ir.Shape(static_dims(tensor)), const_value=tensor
        )
        graph.register_initializer(constant)
        value.replace_all_uses_with(constant, replace_graph_outputs=True)
    graph.remove(node, safe=True)


def _by_shape(node: ir.Node) -> list[ir.TensorProtocol] | None:
    if len(node.outputs) != 1 or inference.ELEMENTS not in node.outputs[0].meta:
        return None
    array = inference.known_array(node.outputs[0])
    return None if array is None else [ir.tensor(array)]


def _lazily(node: ir.Node) -> list[ir.TensorProtocol] | None:
    make = _LAZY.get(node.op_type)
    source = node.inputs[0].const_value if node.inputs[0] is not None else None
    output = node.outputs[0]
    if make is None or source is None or source.size <= MAX_OUTPUT or output.dtype is None:
        return None
    if source.dtype.bitwidth < 8 or output.shape is None or not output.shape.is_static():
        return None
    tensor = make(node, source)
    return None if tensor is None else [tensor]


def _transposed(node: ir.Node, source: ir.TensorProtocol) -> ir.TensorProtocol:
    perm = node.attributes.get("perm")
    return Transposed(source, perm.as_ints() if perm is not None else list(range(source.shape.rank()))[::-1])


def _reshaped(node: ir.Node, source: ir.TensorProtocol) -> ir.TensorProtocol:
    return Reshaped(source, list(node.outputs[0].shape.numpy()))  # type: ignore[union-attr]


_FLOATS = {ir.DataType.FLOAT, ir.DataType.DOUBLE, ir.DataType.FLOAT16, ir.DataType.BFLOAT16}


def _cast(node: ir.Node, source: ir.TensorProtocol) -> ir.TensorProtocol | None:
    to = ir.DataType(node.attributes["to"].as_int())
    return Cast(source, to) if source.dtype in _FLOATS and to in _FLOATS else None


_LAZY: dict[str, Callable[[ir.Node, ir.TensorProtocol], ir.TensorProtocol | None]] = {
    "Transpose": _transposed,
    "Reshape": _reshaped,
    "Squeeze": _reshaped,
    "Unsqueeze": _reshaped,
    "Flatten": _reshaped,
    "Cast": _cast,
}


def _by_onnxruntime(node: ir.Node) -> list[ir.TensorProtocol] | None:
    values = [value for value in node.inputs if value is not None]
    if any(value.const_value is None or value.const_value.size > MAX_INPUT for value in values):
        return None
    if any(value.dtype == ir.DataType.STRING or value.dtype is None for value in [*values, *node.outputs]):
        return None
    if any(value.shape is None or not value.shape.is_static() or _size(value) > MAX_OUTPUT for value in node.outputs):
        return None
    return _evaluated(node)


def _size(value: ir.Value) -> int:
    return int(np.prod(value.shape.numpy(), dtype=np.int64)) if value.shape is not None else 0


def _evaluated(node: ir.Node) -> list[ir.TensorProtocol] | None:
    """The outputs of a node whose inputs are constants; None where onnxruntime has no kernel for it."""
    import onnxruntime

    outputs = [value for value in node.outputs if value.name]
    if len(outputs) != len(node.outputs):
        return None
    inputs = {value.name: value for value in node.inputs if value is not None and value.name}
    copies = {name: _plain(name, value) for name, value in inputs.items()}
    copy = ir.node(
        node.op_type, [None if value is None else copies[value.name or ""] for value in node.inputs],
        attributes=node.attributes, num_outputs=len(outputs),
    )
    for made, value in zip(copy.outputs, outputs, strict=True):
        made.name, made.type, made.shape = value.name, value.type, value.shape
    graph = ir.Graph(
        [],
        list(copy.outputs),
        nodes=[copy],
        initializers=list(copies.values()),
        opset_imports={"": IR_OPSET},
        name="fold",
    )
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    try:
        session = onnxruntime.InferenceSession(
            ir.to_proto(ir.Model(graph, ir_version=10)).SerializeToString(), options, providers=["CPUExecutionProvider"]
        )
        results = session.run(None, {})
    except Exception:  # noqa: BLE001 - onnxruntime raises a class of its own per status; no kernel means no folding
        return None
    if any(not isinstance(result, np.ndarray) for result in results):
        return None
    return [ir.tensor(result, dtype=value.dtype) for result, value in zip(results, outputs, strict=True)]


def _plain(name: str, value: ir.Value) -> ir.Value:
    """A constant whose content is in memory."""
    array = inference.known_array(value)
    if array is None:
        raise ValueError(f"'{name}' is not a constant")
    return ir.Value(name=name, type=value.type, shape=value.shape, const_value=ir.tensor(array, dtype=value.dtype))
