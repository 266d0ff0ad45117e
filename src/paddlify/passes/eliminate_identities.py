"""Removes Identity nodes."""

from __future__ import annotations

import onnx_ir as ir

from paddlify.ir import inference


class EliminateIdentities(ir.passes.InPlacePass):
    """Uses the input of each Identity in place of its output.

    1. An output of a graph stays an output of its graph: the Identity is removed only if its input is computed by a
       node of that graph and is no output yet. The input then takes the output's name.
    2. Anywhere else it is removed. What is known of the output's type and shape is kept.
    """

    def call(self, model: ir.Model) -> ir.passes.PassResult:
        modified = False
        for node in list(ir.traversal.RecursiveGraphIterator(model.graph)):
            source, output = node.inputs[0] if node.inputs else None, node.outputs[0]
            if node.op_type != "Identity" or node.domain or source is None or node.graph is None:
                continue
            if output.is_graph_output() and not _may_be_output(source, node.graph):
                continue
            known = source.shape or output.shape
            source.shape = None if known is None else inference.merged(output.shape, known)
            source.type = source.type or output.type
            if output.is_graph_output():
                name, output.name = output.name, None
                source.name = name
            output.replace_all_uses_with(source, replace_graph_outputs=True)
            node.graph.remove(node, safe=True)
            modified = True
        return ir.passes.PassResult(model, modified)


def _may_be_output(value: ir.Value, graph: ir.Graph | ir.Function) -> bool:
    """Whether a value can be an output of a graph that it is not yet."""
    producer = value.producer()
    return producer is not None and producer.graph is graph and not value.is_graph_output()
