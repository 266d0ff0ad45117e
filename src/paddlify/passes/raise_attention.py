"""Gives attention that was written out its one operator."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

import onnx_ir as ir

from paddlify.ir.opset import PRIVATE_DOMAIN
from paddlify.passes.matching import factors, is_only_used_once, made_by, replace

_HEADS: Final = (0, 2, 1, 3)
"""[batch, time, heads, size] as [batch, heads, time, size], and the other way round."""
_KEYS: Final = (0, 2, 3, 1)
"""[batch, keys, heads, size] as [batch, heads, size, keys]."""
_SCORES: Final = "btnh,bsnh->bnts"
_CONTEXT: Final = "bnts,bsnh->btnh"


class RaiseAttention(ir.passes.InPlacePass):
    """`softmax(scale * query key^T + mask) value` is `ScaledDotProductAttention` of the private domain.

    1. Query, key, value and the result are [batch, time, heads, size] before and after the transposes that the products
       need; or the products are Einsum, which needs none.
    2. Numbers may multiply the query, the key or the scores, and are one scale; it is not 0. A mask may be added.
    3. Softmax is over the keys. Nothing else uses the scores or the weights.
    4. All are float32 or float64, the number of heads is known, and neither the size of a head nor the number of
       keys is known to be less than 2: such products are better written in another way.
    """

    def call(self, model: ir.Model) -> ir.passes.PassResult:
        modified = False
        for node in list(ir.traversal.RecursiveGraphIterator(model.graph)):
            found = _find(node) if not node.domain and node.op_type == "Softmax" else None
            if found is not None and found.last.graph is not None:
                name = "ScaledDotProductAttention" if len(found.operands) == 3 else "MaskedScaledDotProductAttention"
                replace(found.last, name, found.operands, {"scale": found.scale}, domain=PRIVATE_DOMAIN)
                modified = True
        return ir.passes.PassResult(model, modified)


@dataclass(frozen=True)
class _Found:
    operands: list[ir.Value]
    scale: float
    last: ir.Node


def _find(softmax: ir.Node) -> _Found | None:
    scores, weights, axis = softmax.inputs[0], softmax.outputs[0], softmax.attributes.get_int("axis", -1)
    if scores is None or axis not in (-1, 3) or not is_only_used_once(weights) or not is_only_used_once(scores):
        return None
    context, addition = _context(weights), made_by(scores, "Add")
    pairs = [(scores, None)] if addition is None else [addition.inputs[:2], addition.inputs[1::-1]]
    for product, mask in pairs:
        parts = _scores(product)
        if context is None or parts is None:
            continue
        (query, key, scale), (value, last) = parts, context
        if scale != 0 and _fits(query, key, value):
            return _Found([query, key, value, *([] if mask is None else [mask])], scale, last)
    return None


def _fits(query: ir.Value, key: ir.Value, value: ir.Value) -> bool:
    """Rule 4."""
    if query.shape is None or key.shape is None or value.shape is None:
        return False
    if {query.shape.rank(), key.shape.rank(), value.shape.rank()} != {4}:
        return False
    if query.dtype not in (ir.DataType.FLOAT, ir.DataType.DOUBLE):
        return False
    (_, _, heads, size), (_, keys, key_heads, _) = query.shape, key.shape
    if any(isinstance(dim, int) and dim < 2 for dim in (size, keys)):
        return False
    return isinstance(heads, int) and heads == key_heads == value.shape[2]


def _scores(value: ir.Value | None) -> tuple[ir.Value, ir.Value, float] | None:
    """Query and key, [batch, time, heads, size] each, and the number that multiplies their product."""
    scale, product = _scaled(value)
    node = made_by(product, "MatMul", "Einsum")
    if node is None or product is None or not is_only_used_once(product):
        return None
    pairs = _operands(node, _SCORES) if node.op_type == "Einsum" else [(node.inputs[0], node.inputs[1])]
    for left, right in pairs:
        query_scale, query = _scaled(left)
        key_scale, key = _scaled(right)
        if node.op_type == "MatMul":
            query = _before(query, _HEADS)
            more, key = _key(key)
            key_scale *= more
            more, query = _scaled(query)
            query_scale *= more
        if query is not None and key is not None:
            return query, key, scale * query_scale * key_scale
    return None


def _context(weights: ir.Value) -> tuple[ir.Value, ir.Node] | None:
    """The value, [batch, keys, heads, size], and the node that gives the result in the same order."""
    (use,) = weights.uses()
    node = use.node
    if node.domain or node.op_type not in ("MatMul", "Einsum"):
        return None
    if node.op_type == "Einsum":
        values = [right for left, right in _operands(node, _CONTEXT) if left is weights and right is not None]
        return (values[0], node) if values else None
    value = _before(node.inputs[1], _HEADS)
    if value is None or node.inputs[0] is not weights or not is_only_used_once(node.outputs[0]):
        return None
    (use,) = node.outputs[0].uses()
    return (value, use.node) if _perm(use.node) == _HEADS else None


def _scaled(value: ir.Value | None) -> tuple[float, ir.Value | None]:
    """A value as a number times another value."""
    if value is None:
        return 1.0, None
    number, found = factors(value)
    return (number, found[0]) if len(found) == 1 else (1.0, value)


def _key(value: ir.Value | None) -> tuple[float, ir.Value | None]:
    """A number and the key before it became [batch, heads, size, keys], by one transposition or by two."""
    at_once = _before(value, _KEYS)
    if at_once is not None:
        return _scaled(at_once)
    scale, key = _scaled(_before(value, (0, 1, 3, 2)))
    more, key = _scaled(_before(key, _HEADS))
    return scale * more, key


def _before(value: ir.Value | None, perm: tuple[int, ...]) -> ir.Value | None:
    node = value.producer() if value is not None else None
    return node.inputs[0] if node is not None and _perm(node) == perm else None


def _perm(node: ir.Node) -> tuple[int, ...] | None:
    perm = node.attributes.get("perm") if not node.domain and node.op_type == "Transpose" else None
    return tuple(perm.as_ints()) if perm is not None else None


def _operands(einsum: ir.Node, equation: str) -> list[tuple[ir.Value | None, ir.Value | None]]:
    """The two operands of an Einsum in the order in which they make it this equation; none where they do not."""
    found = re.fullmatch(r"(\w+),(\w+)->(\w+)", einsum.attributes.get_string("equation", "").replace(" ", ""))
    if found is None or len(einsum.inputs) != 2:
        return []
    left, right, result = found.groups()
    first, second = einsum.inputs
    choices = (((first, second), f"{left},{right}->{result}"), ((second, first), f"{right},{left}->{result}"))
    return [operands for operands, text in choices if _renamed(text) == _renamed(equation)]


def _renamed(equation: str) -> str:
    """An equation with its labels named in the order in which they appear."""
    labels = list(dict.fromkeys(label for label in equation if label not in ",->"))
    return "".join(chr(ord("a") + labels.index(label)) if label in labels else label for label in equation)
