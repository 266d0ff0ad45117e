"""Removes nodes that change nothing."""

from __future__ import annotations

from collections.abc import Callable

import onnx_ir as ir

from paddlify.ir import inference
from paddlify.passes.matching import same_dims


class EliminateNoOps(ir.passes.InPlacePass):
    """Replaces a node by its first input where the two are equal.

    1. Dropout at inference whose mask nobody uses.
    2. Cast to the dtype that its input has.
    3. Transpose that permutes nothing; Flatten, Reshape, Expand and Squeeze to the shape that the input has.
    4. Pad by zero everywhere.
    5. Concat, Sum, Mean, Max or Min of one input.

    Graph outputs keep their names: a node that makes one stays when its input is not a node's own output.
    """

    def call(self, model: ir.Model) -> ir.passes.PassResult:
        modified = False
        for node in list(ir.traversal.RecursiveGraphIterator(model.graph)):
            same = _RULES.get(node.op_type) if not node.domain else None
            source = node.inputs[0] if node.inputs else None
            if same is None or source is None or node.graph is None or not same(node):
                continue
            output = node.outputs[0]
            if output.is_graph_output():
                continue
            output.replace_all_uses_with(source)
            node.graph.remove(node, safe=True)
            modified = True
        return ir.passes.PassResult(model, modified)


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


_RULES: dict[str, Callable[[ir.Node], bool]] = {
    "Dropout": _dropout,
    "Cast": _cast,
    "Transpose": _transpose,
    "Reshape": _same_shape,
    "Flatten": _same_shape,
    "Expand": _same_shape,
    "Squeeze": _same_shape,
    "Pad": _pad,
    "Concat": _single,
    "Sum": _single,
    "Mean": _single,
    "Max": _single,
    "Min": _single,
}
