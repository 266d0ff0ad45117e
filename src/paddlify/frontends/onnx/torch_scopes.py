"""The modules of PyTorch that nodes came from, as its dynamo exporter notes them beside each node.

The TorchScript-based exporter has them in the nodes' names ("/layers.0/attention/query/MatMul"); dynamo names nodes by
the operator alone and writes the modules' full paths to the metadata.
"""

from __future__ import annotations

import re

import onnx_ir as ir

from paddlify.ir import provenance

NAME_SCOPES = "pkg.torch.onnx.name_scopes"
"""A Python list as text: the paths of the modules, outermost first and "" for the model itself, then the operator."""

_NO_MODULE = "_empty_nn_module_stack_from_metadata_hook"
_MAX_TEXT = 1 << 14


def note(model: ir.Model) -> None:
    """Keep the scope of each node that says where it came from."""
    for node in ir.traversal.RecursiveGraphIterator(model.graph):
        text = node.metadata_props.get(NAME_SCOPES, "")
        scope = scope_of(text) if len(text) <= _MAX_TEXT else ""
        if scope:
            provenance.set_scope(node, scope)


def scope_of(text: str) -> str:
    """`['', 'layers.0', 'layers.0.attention', 'linear']` as `layers.0/attention`."""
    *modules, _ = [*re.findall(r"'([^']*)'", text), ""][:-1] or [""]
    parts, outer = [], ""
    for module in modules:
        if module and module != _NO_MODULE:
            parts.append(module.removeprefix(f"{outer}."))
            outer = module
    return "/".join(parts)
