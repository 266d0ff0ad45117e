"""Gives layer normalisation that was written out its one operator back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import onnx_ir as ir

from paddlify.ir import inference
from paddlify.ir.tensors import Reshaped, static_dims
from paddlify.passes.matching import constant, made_by, plus_constant, replace, scalar


class RaiseLayerNorm(ir.passes.InPlacePass):
    """Recognises normalisation over the last axes, with mean and variance computed from the same tensor.

    1. `(x - mean) / Sqrt(variance + epsilon)`, the division possibly a multiplication by the reciprocal, where
       mean is ReduceMean of x and variance ReduceMean of the squared difference, both over the same last axes.
    2. That, times a constant scale and plus a constant bias that span just these axes.
    3. `x * inv + (bias - mean * inv)` with `inv = scale / Sqrt(variance + epsilon)`; what is subtracted may be
       written as the addition of `-mean * inv`.

    All become LayerNormalization; a scale that is missing is a constant of ones.
    """

    def call(self, model: ir.Model) -> ir.passes.PassResult:
        modified = False
        for node in list(ir.traversal.RecursiveGraphIterator(model.graph)):
            if node.domain or node.graph is None or node.op_type not in ("Add", "Mul", "Div"):
                continue
            found = _shifted(node) if node.op_type == "Add" else None
            found = found or _scaled(node.outputs[0]) or _plain(node.outputs[0])
            if found is not None and not _belongs_to_more(node, found):
                _raise(node, found)
                modified = True
        return ir.passes.PassResult(model, modified)


@dataclass(frozen=True)
class _Found:
    x: ir.Value
    axis: int
    epsilon: float
    scale: ir.Value | None = None
    bias: ir.Value | None = None


def _belongs_to_more(node: ir.Node, found: _Found) -> bool:
    """Whether the only use of this node is the scale or the bias of the same normalisation, still to come."""
    uses = list(node.outputs[0].uses())
    if len(uses) != 1 or found.bias is not None:
        return False
    after = uses[0].node
    wanted = "Mul" if found.scale is None else "Add"
    if after.domain or after.op_type not in (wanted, "Add"):
        return False
    larger = _shifted(after) if after.op_type == "Add" else _scaled(after.outputs[0])
    return larger is not None and larger.x is found.x


def _raise(node: ir.Node, found: _Found) -> None:
    graph = node.graph
    if graph is None or found.x.shape is None or found.x.dtype is None:
        return
    dims = [int(dim) for dim in found.x.shape[found.axis :]]  # type: ignore[arg-type]
    scale = found.scale
    if scale is None:
        scale = constant(graph, f"{node.outputs[0].name}/scale", np.ones(dims, dtype=found.x.dtype.numpy()))
    inputs = [found.x, _spanning(graph, scale, dims), _spanning(graph, found.bias, dims)]
    replace(
        node, "LayerNormalization", inputs if found.bias is not None else inputs[:2],
        {"axis": found.axis - found.x.shape.rank(), "epsilon": found.epsilon},
    )


def _spanning(graph: ir.Graph, value: ir.Value | None, dims: list[int]) -> ir.Value | None:
    """A constant in just the shape of the normalised axes."""
    if value is None or value.const_value is None or list(value.const_value.shape) == dims:
        return value
    return constant(graph, f"{value.name}/{'x'.join(map(str, dims))}", Reshaped(value.const_value, dims))


def _spans(value: ir.Value | None, x: ir.Value, axis: int) -> bool:
    """Whether a constant has one element for each position of the normalised axes."""
    if value is None or value.const_value is None or x.shape is None or value.dtype != x.dtype:
        return False
    dims = list(x.shape[axis:])
    shape = static_dims(value.const_value)
    return (
        all(isinstance(dim, int) for dim in dims)
        and shape[-len(dims) :] == dims
        and all(d == 1 for d in shape[: -len(dims)])
    )


def _shifted(node: ir.Node) -> _Found | None:
    for part, bias in (node.inputs[:2], node.inputs[1::-1]):
        found = (_scaled(part) or _plain(part)) if part is not None else None
        if found is not None and _spans(bias, found.x, found.axis):
            return _Found(found.x, found.axis, found.epsilon, found.scale, bias)
    return _folded(node)


def _scaled(value: ir.Value) -> _Found | None:
    node = made_by(value, "Mul")
    if node is None:
        return None
    for part, scale in (node.inputs[:2], node.inputs[1::-1]):
        found = _plain(part) if part is not None else None
        if found is not None and _spans(scale, found.x, found.axis):
            return _Found(found.x, found.axis, found.epsilon, scale)
    return None


def _plain(value: ir.Value) -> _Found | None:
    """Rule 1."""
    division, product = made_by(value, "Div"), made_by(value, "Mul")
    pairs: list[tuple[ir.Value | None, ir.Value | None]] = []
    if division is not None:
        pairs = [(division.inputs[0], _under_root(division.inputs[1]))]
    elif product is not None:
        left, right = product.inputs[:2]
        pairs = [(left, _under_reciprocal_root(right)), (right, _under_reciprocal_root(left))]
    for centred, variance in pairs:
        statistics = _statistics(variance)
        if statistics is not None and centred is not None and _is_centred(centred, *statistics[:2]):
            return _Found(statistics[0], statistics[2], statistics[3])
    return None


def _folded(node: ir.Node) -> _Found | None:
    """Rule 3."""
    for left, right in (node.inputs[:2], node.inputs[1::-1]):
        product = made_by(left, "Mul")
        for x, inverse in (product.inputs[:2], product.inputs[1::-1]) if product is not None else ():
            found = _inverse(inverse)
            if found is None or inverse is None or found[0] is not x:
                continue
            for bias in _minuends(right, found[1], inverse):
                if _spans(bias, found[0], found[2]):
                    return _Found(found[0], found[2], found[3], found[4], bias)
    return None


def _minuends(value: ir.Value | None, mean: ir.Value, inverse: ir.Value) -> list[ir.Value | None]:
    """What `mean * inverse` is subtracted from to give a value: `b - mean * inverse` or `b + -mean * inverse`."""
    difference, total = made_by(value, "Sub"), made_by(value, "Add")
    if difference is not None:
        return [difference.inputs[0]] if _is_product(difference.inputs[1], mean, inverse) else []
    pairs = (total.inputs[:2], total.inputs[1::-1]) if total is not None else ()
    return [other for part, other in pairs if _is_product(part, mean, inverse, negated=True)]


def _is_product(value: ir.Value | None, mean: ir.Value, inverse: ir.Value, *, negated: bool = False) -> bool:
    node = made_by(value, "Mul")
    if node is None or inverse not in node.inputs:
        return False
    other = node.inputs[1] if node.inputs[0] is inverse else node.inputs[0]
    if negated:
        negation = made_by(other, "Neg")
        other = negation.inputs[0] if negation is not None else None
    return other is mean


def _inverse(value: ir.Value | None) -> tuple[ir.Value, ir.Value, int, float, ir.Value | None] | None:
    """The parts of `scale / Sqrt(variance + epsilon)`: x, mean, axis, epsilon, scale."""
    statistics = _statistics(_under_reciprocal_root(value))
    if statistics is not None:
        return (*statistics, None)
    node = made_by(value, "Mul")
    if node is None:
        return None
    for part, scale in (node.inputs[:2], node.inputs[1::-1]):
        statistics = _statistics(_under_reciprocal_root(part))
        if statistics is not None and _spans(scale, statistics[0], statistics[2]):
            return (*statistics, scale)
    return None


def _under_root(value: ir.Value | None) -> ir.Value | None:
    node = made_by(value, "Sqrt")
    return node.inputs[0] if node is not None else None


def _under_reciprocal_root(value: ir.Value | None) -> ir.Value | None:
    reciprocal, division = made_by(value, "Reciprocal"), made_by(value, "Div")
    if reciprocal is not None:
        return _under_root(reciprocal.inputs[0])
    if division is not None and scalar(division.inputs[0]) == 1:
        return _under_root(division.inputs[1])
    return None


def _statistics(value: ir.Value | None) -> tuple[ir.Value, ir.Value, int, float] | None:
    """The parts of `variance + epsilon`: x, its mean, the first normalised axis, epsilon."""
    parts = plus_constant(value)
    if parts is None or parts[1] <= 0:
        return None
    squares, axes = _mean(parts[0])
    centred = _squared(squares)
    difference = made_by(centred, "Sub")
    if difference is None or axes is None:
        return None
    for x, mean in (difference.inputs[:2], difference.inputs[1::-1]):
        source, mean_axes = _mean(mean)
        if source is x and x is not None and mean_axes == axes and mean is not None and x.shape is not None:
            if not all(isinstance(dim, int) for dim in x.shape[axes[0] :]):
                return None
            return x, mean, axes[0], parts[1]
    return None


def _squared(value: ir.Value | None) -> ir.Value | None:
    node = made_by(value, "Pow", "Mul")
    if node is None:
        return None
    if node.op_type == "Pow":
        return node.inputs[0] if scalar(node.inputs[1]) == 2 else None
    return node.inputs[0] if node.inputs[0] is node.inputs[1] else None


def _mean(value: ir.Value | None) -> tuple[ir.Value | None, list[int] | None]:
    """What is averaged over the last axes with keepdims, and these axes in order."""
    node = made_by(value, "ReduceMean")
    if node is None or node.inputs[0] is None or node.inputs[0].shape is None or len(node.inputs) < 2:
        return None, None
    keepdims = node.attributes.get("keepdims")
    known = inference.known_array(node.inputs[1])
    if known is None or (keepdims is not None and not keepdims.as_int()):
        return None, None
    rank = node.inputs[0].shape.rank()
    axes = sorted(int(axis) % rank for axis in known)
    return (node.inputs[0], axes) if axes and axes == list(range(rank - len(axes), rank)) else (None, None)


def _is_centred(value: ir.Value, x: ir.Value, mean: ir.Value) -> bool:
    node = made_by(value, "Sub")
    return node is not None and node.inputs[0] is x and _same_mean(node.inputs[1], mean)


def _same_mean(value: ir.Value | None, mean: ir.Value) -> bool:
    if value is mean:
        return True
    ours, theirs = _mean(value), _mean(mean)
    return ours[0] is not None and ours == theirs
