"""Which transposes a converted model has left, on the hub's graph and in its model.py."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import onnx_ir as ir

from paddlify import passes
from paddlify.frontends.base import Loaded
from paddlify.frontends.onnx.upgrade import upgrade

_CALLS = {"moveaxis", "swapaxes", "t", "transpose"}


def of_graph(found: Loaded) -> tuple[int, int]:
    """How many Transpose nodes the passes leave at the edges of the graph, and how many inside."""
    upgrade(found.model)
    passes.run(found.model)
    graph = found.model.graph
    nodes = [node for node in ir.traversal.RecursiveGraphIterator(graph) if node.op_type == "Transpose"]
    edges = [node for node in nodes if node.inputs[0] in graph.inputs or node.outputs[0] in graph.outputs]
    return len(edges), len(nodes) - len(edges)


def of_source(folder: Path) -> tuple[int, int]:
    """How many calls that transpose model.py has of an input or for an output of `forward`, and how many others."""
    tree = ast.parse((folder / "model.py").read_text())
    (forward,) = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name == "forward"]
    inputs = {argument.arg for argument in forward.args.args}
    outputs = {name for node in ast.walk(forward) if isinstance(node, ast.Return) for name in _names(node.value)}
    edges = {call for call in _calls(forward) if call.args and _names(call.args[0]) & inputs}
    for node in ast.walk(forward):
        if isinstance(node, ast.Assign) and _names(node.targets[0]) & outputs:
            edges |= {call for call in _calls(forward) if call is node.value}
    return len(edges), len(set(_calls(tree)) - edges)


def _calls(tree: ast.AST) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _CALLS:
            yield node


def _names(node: ast.AST | None) -> set[str]:
    """The name that an expression is, or the names in a tuple."""
    items = node.elts if isinstance(node, (ast.Tuple, ast.List)) else [node]
    return {item.id for item in items if isinstance(item, ast.Name)}
