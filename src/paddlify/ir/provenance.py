"""Where a node came from: its source operator, name and scope, kept in `metadata_props`.

And how a value that kept its source's name has been laid out since, kept in `meta`.
"""

from __future__ import annotations

from collections.abc import Sequence

import onnx_ir as ir

SOURCE_OP = "paddlify.source_op"
SOURCE_NAME = "paddlify.source_name"
SCOPE = "paddlify.scope"
LAYOUT = "paddlify.layout"


def set_source(node: ir.Node, op_type: str, name: str) -> None:
    """Say that `node` was made for the source operator `name` of type `op_type`."""
    node.metadata_props[SOURCE_OP] = op_type
    node.metadata_props[SOURCE_NAME] = name


def copy_source(origin: ir.Node, node: ir.Node) -> None:
    """Say that `node` was made for the same source operator as `origin`."""
    set_source(node, source_op(origin), source_name(origin))
    if SCOPE in origin.metadata_props:
        set_scope(node, origin.metadata_props[SCOPE])


def set_scope(node: ir.Node, scope: str) -> None:
    """Say in which part of the source `node` is, outermost first: "layers.0/attention", where its name does not."""
    node.metadata_props[SCOPE] = scope


def scope(node: ir.Node) -> list[str]:
    """The parts of the source around `node`, outermost first: as noted, else those in its name."""
    if SCOPE in node.metadata_props:
        return node.metadata_props[SCOPE].split("/")
    return source_name(node).strip("/").split("/")[:-1]


def scoped(node: ir.Node, name: str) -> str:
    """A name of something of `node`, with its scope before it where one is noted."""
    return f"{node.metadata_props[SCOPE]}/{name}" if SCOPE in node.metadata_props else name


def source_op(node: ir.Node) -> str:
    """The op type in the source framework's spelling, with its domain if it is not the default one."""
    if SOURCE_OP in node.metadata_props:
        return node.metadata_props[SOURCE_OP]
    return f"{node.domain}::{node.op_type}" if node.domain else node.op_type


def source_name(node: ir.Node) -> str:
    """The name in the source; for an unnamed ONNX node, that of its first output."""
    if SOURCE_NAME in node.metadata_props:
        return node.metadata_props[SOURCE_NAME]
    if node.name:
        return node.name
    return next((value.name for value in node.outputs if value.name), "")


def note_layout(value: ir.Value, perm: Sequence[int]) -> None:
    """Say that what `value` was until now is its transposition by `perm`."""
    before = layout(value)
    value.meta[LAYOUT] = tuple(perm) if before is None else tuple(perm[axis] for axis in before)


def copy_layout(origin: ir.Value, value: ir.Value) -> None:
    """Say that `value`, which takes the name of `origin`, is laid out like it."""
    value.meta.pop(LAYOUT, None)
    if LAYOUT in origin.meta:
        value.meta[LAYOUT] = origin.meta[LAYOUT]


def layout(value: ir.Value) -> tuple[int, ...] | None:
    """The perm by which to transpose a value to get its source's; None if it is the source's."""
    return value.meta.get(LAYOUT)
