"""Values at the borders of subgraphs."""

from __future__ import annotations

from typing import Any

import onnx_ir as ir

from paddlify.ir.builder import Builder


def own(inner: Builder, value: ir.Value) -> ir.Value:
    """A value as a subgraph may give it: computed in it, not taken from outside or from its inputs."""
    producer = value.producer()
    if producer is not None and producer.graph is inner.graph:
        return value
    return inner.Identity(value)  # type: ignore[no-any-return]


def joined_shape(left: ir.Shape | None, right: ir.Shape | None) -> ir.Shape | None:
    """The shape of a value that has one or the other shape; None where ranks differ."""
    if left is None or right is None or left.rank() != right.rank():
        return None
    return ir.Shape([joined_dim(a, b) for a, b in zip(left, right, strict=True)])


def joined_dim(left: Any, right: Any) -> Any:
    """A dimension that both say, else an unknown one."""
    return left if left == right and is_known(left) else None


def is_known(dim: Any) -> bool:
    """Whether a dimension is a number or has a name."""
    return isinstance(dim, int) or dim.value is not None
