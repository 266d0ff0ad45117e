"""Gives activation functions that were written out their one operator back."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

import onnx_ir as ir

from paddlify.passes.matching import factors, is_close, made_by, plus_constant, replace, scalar


class RaiseActivations(ir.passes.InPlacePass):
    """Recognises products `coefficient * x * g(x)`, in whatever order they were multiplied.

    1. `x * Sigmoid(x)` is Swish (SiLU), with `alpha` when it is `x * Sigmoid(alpha * x)`.
    2. `x * HardSigmoid(x)` with alpha 1/6 and beta 1/2, and `x * Clip(x + 3, 0, 6) / 6`, are HardSwish.
    3. `x * Tanh(Softplus(x))` is Mish.
    4. `x / 2 * (1 + Erf(x / sqrt(2)))` is Gelu, also with `1 - Erf(-x / sqrt(2))`.
    5. `x / 2 * (1 + Tanh(sqrt(2 / pi) * (x + 0.044715 * x**3)))` is Gelu with approximate="tanh".
    """

    def call(self, model: ir.Model) -> ir.passes.PassResult:
        modified = False
        for node in list(ir.traversal.RecursiveGraphIterator(model.graph)):
            if node.domain or node.op_type not in ("Mul", "Div") or node.graph is None:
                continue
            if node.outputs[0].dtype not in _FLOATS:
                continue
            found = _activation(node.outputs[0])
            if found is not None and _same_shape(found.x, node.outputs[0]):
                replace(node, found.op_type, [found.x], found.attributes)
                modified = True
        return ir.passes.PassResult(model, modified)


_FLOATS = (ir.DataType.FLOAT, ir.DataType.DOUBLE, ir.DataType.FLOAT16, ir.DataType.BFLOAT16)


def _same_shape(x: ir.Value, y: ir.Value) -> bool:
    return x.shape is not None and y.shape is not None and x.shape == y.shape


@dataclass(frozen=True)
class _Gate:
    """What `coefficient * x * gate` is called."""

    x: ir.Value
    coefficient: float
    op_type: str
    attributes: dict[str, object] = field(default_factory=dict)


def _activation(product: ir.Value) -> _Gate | None:
    for part in _parts(product, depth=3):
        for gate in _gates(part):
            coefficient, found = factors(product, (gate.x, part))
            if is_close(coefficient, gate.coefficient) and found in ([gate.x, part], [part, gate.x]):
                return gate
    return None


def _parts(product: ir.Value, depth: int) -> Iterator[ir.Value]:
    """Operands of a product, and of the products among them."""
    node = made_by(product, "Mul", "Div") if depth else None
    for value in node.inputs if node is not None else ():
        if value is not None and value.const_value is None:
            yield value
            yield from _parts(value, depth - 1)


def _gates(value: ir.Value) -> Iterator[_Gate]:
    node = made_by(value, "Sigmoid", "HardSigmoid", "Clip", "Tanh", "Add", "Sub")
    x = node.inputs[0] if node is not None else None
    if node is None or x is None:
        return
    if node.op_type == "Sigmoid":
        yield _Gate(x, 1.0, "Swish")
        alpha, parts = factors(x)
        if len(parts) == 1:
            yield _Gate(parts[0], 1.0, "Swish", {"alpha": alpha})
    elif node.op_type == "HardSigmoid":
        alpha_, beta = node.attributes.get("alpha"), node.attributes.get("beta")
        if (
            alpha_ is not None
            and is_close(alpha_.as_float(), 1 / 6)
            and (beta is None or is_close(beta.as_float(), 0.5))
        ):
            yield _Gate(x, 1.0, "HardSwish")
    elif node.op_type == "Clip":
        parts_ = plus_constant(x)
        if parts_ is not None and parts_[1] == 3 and [scalar(bound) for bound in node.inputs[1:]] == [0, 6]:
            yield _Gate(parts_[0], 1 / 6, "HardSwish")
    elif node.op_type == "Tanh":
        softplus = made_by(x, "Softplus")
        if softplus is not None and softplus.inputs[0] is not None:
            yield _Gate(softplus.inputs[0], 1.0, "Mish")
    elif node.op_type == "Add":
        yield from _gelu(value)
    elif scalar(x) == 1:
        yield from _gelu_of_complement(node.inputs[1])


def _gelu(gate: ir.Value) -> Iterator[_Gate]:
    parts = plus_constant(gate)
    if parts is None or parts[1] != 1:
        return
    erf, tanh = made_by(parts[0], "Erf"), made_by(parts[0], "Tanh")
    if erf is not None and erf.inputs[0] is not None:
        scale, inner = _scaled(erf.inputs[0])
        if is_close(scale, math.sqrt(0.5)):
            yield _Gate(inner, 0.5, "Gelu", {"approximate": "none"})
    elif tanh is not None and tanh.inputs[0] is not None:
        scale, inner = _scaled(tanh.inputs[0])
        cubic = made_by(inner, "Add")
        for x in cubic.inputs if cubic is not None else ():
            if x is not None and is_close(scale, math.sqrt(2 / math.pi)) and _is_cubic(x, inner):
                yield _Gate(x, 0.5, "Gelu", {"approximate": "tanh"})


def _gelu_of_complement(value: ir.Value | None) -> Iterator[_Gate]:
    """The gate written with the complementary error function: 1 - Erf(-x / sqrt(2))."""
    erf = made_by(value, "Erf")
    if erf is None or erf.inputs[0] is None:
        return
    scale, inner = _scaled(erf.inputs[0])
    negative = made_by(inner, "Neg")
    if negative is not None and negative.inputs[0] is not None:
        scale, inner = -scale, negative.inputs[0]
    if is_close(scale, -math.sqrt(0.5)):
        yield _Gate(inner, 0.5, "Gelu", {"approximate": "none"})


def _scaled(value: ir.Value) -> tuple[float, ir.Value]:
    """A value as number times value, if its outermost operation is a product with a number."""
    node = made_by(value, "Mul", "Div")
    if node is not None and node.inputs[0] is not None and node.inputs[1] is not None:
        left, right = scalar(node.inputs[0]), scalar(node.inputs[1])
        if right:
            return (right if node.op_type == "Mul" else 1 / right), node.inputs[0]
        if left is not None and node.op_type == "Mul":
            return left, node.inputs[1]
    return 1.0, value


def _is_cubic(x: ir.Value, value: ir.Value) -> bool:
    """Whether a value is `x + 0.044715 * x**3`."""
    node = made_by(value, "Add")
    if node is None:
        return False
    for linear, cubic in (node.inputs[:2], node.inputs[1::-1]):
        if linear is x and cubic is not None:
            coefficient, parts = factors(cubic, (x,))
            if parts == [x, x, x] and is_close(coefficient, 0.044715):
                return True
    return False
