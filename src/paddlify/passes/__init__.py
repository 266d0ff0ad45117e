"""Improvements of the hub's graph, each a pass of its own, in the order in which they run."""

from __future__ import annotations

from collections.abc import Callable

import onnx_ir as ir
from onnx_ir.passes.common import (
    CommonSubexpressionEliminationPass,
    LiftConstantsToInitializersPass,
    RemoveUnusedNodesPass,
)

from paddlify.passes.eliminate_identities import EliminateIdentities
from paddlify.passes.eliminate_no_ops import EliminateNoOps
from paddlify.passes.eliminate_spreads import EliminateSpreads
from paddlify.passes.fold_affine import FoldAffine
from paddlify.passes.fold_constants import FoldConstants
from paddlify.passes.merge_constants import MergeConstants
from paddlify.passes.push_transposes import PushTransposes
from paddlify.passes.raise_activations import RaiseActivations
from paddlify.passes.raise_attention import RaiseAttention
from paddlify.passes.raise_layer_norm import RaiseLayerNorm
from paddlify.passes.raise_linear import RaiseLinear
from paddlify.passes.simplify_shapes import SimplifyShapes
from paddlify.passes.unflatten_matmul import UnflattenMatMul
from paddlify.passes.unflatten_transpose import UnflattenTranspose


def pipeline() -> list[ir.passes.InPlacePass]:
    """The passes, first to last."""
    return [
        LiftConstantsToInitializersPass(lift_all_constants=True, size_limit=0),
        FoldConstants(),
        EliminateNoOps(),
        EliminateIdentities(),
        EliminateSpreads(),
        SimplifyShapes(),
        RemoveUnusedNodesPass(),
        MergeConstants(),
        CommonSubexpressionEliminationPass(),
        UnflattenTranspose(),
        PushTransposes(),
        EliminateNoOps(),
        RemoveUnusedNodesPass(),
        FoldAffine(),
        RaiseLayerNorm(),
        RaiseActivations(),
        UnflattenMatMul(),
        RaiseLinear(),
        RaiseAttention(),
        RemoveUnusedNodesPass(),
    ]


def run(model: ir.Model, progress: Callable[[str], None] = lambda name: None) -> None:
    """Run the pipeline on a model at the pinned opset; `progress` is told the name of each pass."""
    for step in pipeline():
        progress(type(step).__name__.removesuffix("Pass"))
        step(model)
