"""Element-wise operators: broadcasting before opset 7, bounds as attributes, types as names."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx_ir as ir

from paddlify.errors import Refusal
from paddlify.frontends.onnx.upgrade.rules import Upgrader, upgrades
from paddlify.ir.builder import dtype_of, rank_of


@upgrades("Add", "Sub", "Mul", "Div", "Pow", "And", "Or", "Xor", "Equal", "Greater", "Less", below=7)
def broadcast(op: Upgrader, a: ir.Value, b: ir.Value, *, axis: int | None, broadcast: int) -> Any:
    """With `broadcast`, the axes of `b` are matched to those of `a` from `axis` on; by default to the last ones."""
    if broadcast and axis is not None:
        behind = rank_of(a) - rank_of(b) - (axis if axis >= 0 else axis + rank_of(a))
        if behind > 0:
            b = op.Unsqueeze(b, op.ints(range(rank_of(b), rank_of(b) + behind)))
    return op.same(a, b)


@upgrades("PRelu", below=7)
def prelu(op: Upgrader, x: ir.Value, slope: ir.Value) -> Any:
    """A vector of slopes belongs to the channels, which are axis 1."""
    if rank_of(slope) == 1 and rank_of(x) > 2:
        slope = op.Unsqueeze(slope, op.ints(range(1, rank_of(x) - 1)))
    return op.PRelu(x, slope)


@upgrades("Cast", below=6)
def cast(op: Upgrader, x: ir.Value, *, to: str) -> Any:
    """The type was given by its name."""
    if to.upper() not in ir.DataType.__members__:
        raise Refusal(f"attribute to='{to}' names no element type")
    return op.Cast(x, to=int(ir.DataType[to.upper()]))


@upgrades("Clip", below=11)
def clip(op: Upgrader, x: ir.Value, *, min: float | None, max: float | None) -> Any:  # noqa: A002 - ONNX's names
    """Bounds were attributes; from opset 6 to 10 they are by default the largest finite float32."""
    return op.Clip(x, _bound(op, x, min), _bound(op, x, max))


def _bound(op: Upgrader, x: ir.Value, bound: float | None) -> ir.Value | None:
    """A bound in the dtype of `x`; one that float16 cannot hold bounds nothing."""
    if bound is None or (dtype_of(x) == ir.DataType.FLOAT16 and abs(bound) > float(np.finfo(np.float16).max)):
        return None
    return op.constant_like(x, np.float32(bound))


@upgrades("Selu", below=6)
def selu(op: Upgrader, x: ir.Value, *, alpha: float, gamma: float) -> Any:
    """The defaults had fewer digits."""
    return op.Selu(x, alpha=alpha, gamma=gamma)
