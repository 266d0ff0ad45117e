"""Operators that move elements, and reductions: attributes that became inputs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx_ir as ir

from paddlify.errors import Refusal
from paddlify.frontends.onnx.upgrade.rules import ALWAYS, Upgrader, upgrades
from paddlify.ir.builder import constant_of, rank_of

_REDUCTIONS = (
    "ReduceL1", "ReduceL2", "ReduceLogSum", "ReduceLogSumExp", "ReduceMax", "ReduceMean", "ReduceMin", "ReduceProd",
    "ReduceSumSquare",
)


@upgrades("ReduceSum", below=13)
@upgrades(*_REDUCTIONS, below=18)
def reduce(op: Upgrader, data: ir.Value, *, axes: Sequence[int] | None, keepdims: int) -> Any:
    return op.same(data, op.ints(axes or None), keepdims=keepdims)


@upgrades("Squeeze", "Unsqueeze", below=13)
def squeeze(op: Upgrader, data: ir.Value, *, axes: Sequence[int] | None) -> Any:
    return op.same(data, op.ints(axes))


@upgrades("Slice", below=10)
def slice_(
    op: Upgrader, data: ir.Value, *, starts: Sequence[int], ends: Sequence[int], axes: Sequence[int] | None
) -> Any:
    return op.Slice(data, op.ints(starts), op.ints(ends), op.ints(axes))


@upgrades("Split", below=18)
def split(
    op: Upgrader, data: ir.Value, sizes: ir.Value | None = None, *, axis: int | None, split: Sequence[int] | None
) -> Any:
    """Without sizes the parts are equal, as many as there are outputs."""
    if axis is None:
        raise Refusal("attribute 'axis' is missing, and Split of opset 1 has no default for it")
    sizes = sizes if sizes is not None else op.ints(split)
    return op.same(data, sizes, axis=axis, num_outputs=None if sizes is not None else len(op.origin.outputs))


@upgrades("Concat", below=4)
def concat(op: Upgrader, *inputs: ir.Value, axis: int | None) -> Any:
    """The axis was 1 by default."""
    return op.Concat(*inputs, axis=1 if axis is None else axis)


@upgrades("Reshape", below=5)
def reshape(op: Upgrader, data: ir.Value, *, shape: Sequence[int] | None) -> Any:
    if shape is None:
        raise Refusal("attribute 'shape' is missing")
    return op.Reshape(data, op.ints(shape))


@upgrades("Tile", below=6)
def tile(op: Upgrader, data: ir.Value, tiles: ir.Value, axis: ir.Value) -> Any:
    """One axis was tiled."""
    repeats = np.ones(rank_of(data), dtype=np.int64)
    repeats[int(constant_of(axis, "axis").reshape(()))] = int(constant_of(tiles, "tiles").reshape(()))
    return op.Tile(data, op.constant(repeats))


@upgrades("TopK", below=10)
def top_k(op: Upgrader, x: ir.Value, *, axis: int, k: int) -> Any:
    return op.same(x, op.ints([k]), axis=axis)


@upgrades("Pad", below=11)
def pad(
    op: Upgrader, data: ir.Value, *, pads: Sequence[int] | None, paddings: Sequence[int] | None, mode: str, value: float
) -> Any:
    """`pads` was called `paddings` in opset 1."""
    amounts = pads if pads is not None else paddings
    if amounts is None:
        raise Refusal("attribute 'pads' is missing")
    fill = op.constant_like(data, value) if mode == "constant" else None
    return op.Pad(data, op.ints(amounts), fill, mode=mode)


@upgrades("Scatter", below=ALWAYS)
def scatter(op: Upgrader, data: ir.Value, indices: ir.Value, updates: ir.Value, *, axis: int) -> Any:
    """The operator was renamed."""
    return op.ScatterElements(data, indices, updates, axis=axis)


@upgrades("DFT", below=20)
def dft(
    op: Upgrader, data: ir.Value, dft_length: ir.Value | None = None, *, axis: int, inverse: int, onesided: int
) -> Any:
    return op.DFT(data, dft_length, op.constant(np.asarray(axis)), inverse=inverse, onesided=onesided)
