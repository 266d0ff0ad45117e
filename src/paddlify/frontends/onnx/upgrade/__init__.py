"""Raises models of every opset of ai.onnx to the pinned one, operator by operator."""

from __future__ import annotations

import onnx_ir as ir

from paddlify.errors import Refusal, UnsupportedModel, UnsupportedNode
from paddlify.frontends.onnx.upgrade import (  # noqa: F401 - they register rules
    contrib_quantised,
    elementwise,
    nn,
    resize,
    scan,
    shape,
)
from paddlify.frontends.onnx.upgrade.contrib import contrib_rule, contrib_rules
from paddlify.frontends.onnx.upgrade.rules import HINTS, Upgrader, check_node, plan, source_of
from paddlify.ir import inference, opset
from paddlify.registry import Rule

__all__ = ["can_raise", "contrib_rules", "upgrade"]

_IR_VERSION = 10
"""The IR version that has metadata of nodes; since 4 an initializer is no input."""


def upgrade(model: ir.Model) -> None:
    """Raise a model, subgraphs included, to `IR_OPSET`, and give every value its dtype and shape where they follow.

    The model has no functions of its own any more. Nodes of other domains stay as they are; each new node remembers
    the source operator for which it was made.

    Raises UnsupportedModel that lists every node whose old form cannot be said in the pinned opset.
    """
    run = _Upgrade(model.graph, model.opset_imports.get("", opset.IR_OPSET))
    run.graph(model.graph)
    if run.refused:
        raise UnsupportedModel(run.refused, "Export the model again with a newer opset, or for inference.")
    model.opset_imports[""] = opset.IR_OPSET
    model.ir_version = max(model.ir_version or 0, _IR_VERSION)


def can_raise(op_type: str, version: int, is_known: bool) -> bool:
    """Whether an ai.onnx operator of an opset can be said in the pinned one, or stays as it is and `is_known` there."""
    todo = plan(op_type, version)
    return isinstance(todo, Rule) or (todo is None and is_known)


class _Upgrade:
    def __init__(self, root: ir.Graph, version: int) -> None:
        self.root = root
        self.version = version
        self.refused: list[UnsupportedNode] = []

    def graph(self, graph: ir.Graph) -> None:
        """Upgrade the nodes that the graph has now; what they become is not looked at again."""
        for node in list(graph):
            version = self.version if node.version is None else node.version
            refused = len(self.refused)
            contrib = contrib_rule(node, version)
            if node.domain == "" or contrib is not None:
                try:
                    self.node(node, version) if contrib is None else self.apply(contrib, node, version)
                except Refusal as refusal:
                    self.refused.append(UnsupportedNode(*source_of(node), refusal.reason))
            if node.graph is not None and len(self.refused) == refused:
                node.version = None
                inference.infer_node(node, opset.IR_OPSET)

    def subgraphs(self, node: ir.Node, version: int) -> None:
        for attribute in node.attributes.values():
            if attribute.type == ir.AttributeType.GRAPH:
                _type_inputs(node, attribute.as_graph(), version)
                self.graph(attribute.as_graph())

    def node(self, node: ir.Node, version: int) -> None:
        """Leave one node as it is, or put other nodes in its place."""
        todo = plan(node.op_type, version)
        if isinstance(todo, str):
            raise Refusal(todo)
        check_node(node, version)
        for name in HINTS & node.attributes.keys():
            del node.attributes[name]
        self.subgraphs(node, version)
        if todo is not None:
            self.apply(todo, node, version)

    def apply(self, rule: Rule, node: ir.Node, version: int) -> None:
        graph = node.graph
        if not isinstance(graph, ir.Graph):
            raise TypeError(f"node '{node.name}' is in no graph")
        recorder = Upgrader(node, version, graph, self.root)
        with recorder.source(*source_of(node)):
            result = rule(
                recorder, node.inputs, {name: attribute.value for name, attribute in node.attributes.items()},
                opset.attribute_defaults(node.domain, node.op_type, version if node.domain == "" else None),
            )
        results = list(result) if isinstance(result, tuple) else [result]
        for index, output in enumerate(node.outputs):
            if output.name and (index >= len(results) or results[index] is None):
                raise Refusal(f"output {index} is not supported")
        _replace(node, results)


def _type_inputs(node: ir.Node, body: ir.Graph, version: int) -> None:
    """Give the inputs of a loop's body the type and rank that enter it, where the model does not say a shape.

    Sizes may change from round to round. Scan cuts its sequences along one axis, in opset 8 also the batch.
    """
    if node.op_type not in ("Loop", "Scan"):
        return
    entering = node.inputs if node.op_type == "Loop" else node.inputs[-len(body.inputs) :]
    sequences = node.attributes["num_scan_inputs"].as_int() if node.op_type == "Scan" else 0
    for index, (value, outer) in enumerate(zip(body.inputs, entering, strict=False)):
        if outer is None:
            continue
        value.type = value.type or outer.type
        cut = (index >= len(entering) - sequences) + (node.op_type == "Scan" and version < 9)
        if value.shape is None and outer.shape is not None and outer.shape.rank() >= cut:
            value.shape = ir.Shape([None] * (outer.shape.rank() - cut))


def _replace(node: ir.Node, results: list[ir.Value]) -> None:
    """Put `results` in the place of a node's outputs, under their names, and remove the node."""
    producer = results[0].producer()
    for old, new in zip(node.outputs, results, strict=False):
        if not old.name:
            continue
        new.name = old.name
        new.type = new.type or old.type
        if old.shape is not None:
            new.shape = old.shape if new.shape is None else inference.merged(old.shape, new.shape)
        old.replace_all_uses_with(new, replace_graph_outputs=True)
    if producer is not None:
        producer.name = node.name
    if node.graph is not None:
        node.graph.remove(node, safe=True)
