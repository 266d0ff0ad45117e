"""Recurrent layers: Fluid's `while` over the steps, whose number is read when the program runs.

Fluid has `recurrent` for this, too, but Paddle 3 no longer does, and a program for Fluid runs on both.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from paddlify.backends.fluid.desc import BOOL, INT32, INT64, Block, Op, write_op
from paddlify.backends.fluid.rules.common import cast, new_op, says
from paddlify.errors import Refusal


class _Ops:
    """Operators of a block, in their order; what adds one returns the name of its output."""

    def __init__(self, block: Block) -> None:
        self.block = block
        self.said: list[Op] = []

    def add(self, op_type: str, inputs: dict[str, str], out: str, attributes: dict[str, Any] | None = None) -> str:
        self.said.append(new_op(op_type, inputs, out, attributes))
        return out

    def of(self, op_type: str, x: str, y: str = "") -> str:
        """An operator on elements; `y` may be broadcast to `x`."""
        inputs, attributes = ({"X": x, "Y": y}, {"axis": -1}) if y else ({"X": x}, {})
        return self.add(op_type, inputs, self.block.temporary(x), attributes)

    def linear(self, x: str, kernel: str, bias: str) -> str:
        """x W' + b for x [..., n], W [m, n], b [m]: [..., m]."""
        out = self.block.temporary(x, [*self.block.shape(x)[:-1], self.block.shape(kernel)[0]])
        attributes = {"transpose_X": False, "transpose_Y": True, "alpha": 1.0}
        return self.of("elementwise_add", self.add("matmul", {"X": x, "Y": kernel}, out, attributes), bias)

    def split(self, x: str, count: int) -> list[str]:
        """Equal parts of a matrix, beside each other."""
        rows, columns = self.block.shape(x)
        parts = [self.block.temporary(x, [rows, columns // count]) for _ in range(count)]
        self.said.append(Op("split", {"X": [x]}, {"Out": parts}, {"axis": 1, "num": count, "sections": []}))
        return parts

    def element(self, x: str, index: int) -> str:
        """x[index] along the first axis; of a vector, one element."""
        rest = self.block.shape(x)[1:]
        out = self.block.temporary(x, rest or [1])
        attributes = {"axes": [0], "starts": [index], "ends": [index + 1], "decrease_axis": [0] if rest else []}
        return self.add("slice", {"Input": x}, out, attributes)

    def number(self, like: str, value: int) -> str:
        """An int64 vector of one element."""
        out = self.block.temporary(like, [1], INT64)
        return self.add("fill_constant", {}, out, {"shape": [1], "dtype": INT64, "value": float(value)})

    def cast(self, x: str, dtype: int) -> str:
        out = self.block.temporary(x, dtype=dtype)
        self.said.append(cast(self.block, x, out))
        return out


_Step = Callable[[_Ops, str, str, Sequence[str]], list[str]]
"""New states [B, H] from the input's and the hidden state's shares in the gates [B, gates * H], and the old states."""


def _lstm(ops: _Ops, x: str, h: str, states: Sequence[str]) -> list[str]:
    """i, f, g, o = x + h; c' = sigmoid(f) c + sigmoid(i) tanh(g); h' = sigmoid(o) tanh(c')."""
    i, f, g, o = ops.split(ops.of("elementwise_add", x, h), 4)
    kept = ops.of("elementwise_mul", ops.of("sigmoid", f), states[1])
    added = ops.of("elementwise_mul", ops.of("sigmoid", i), ops.of("tanh", g))
    cell = ops.of("elementwise_add", kept, added)
    return [ops.of("elementwise_mul", ops.of("sigmoid", o), ops.of("tanh", cell)), cell]


def _gru(ops: _Ops, x: str, h: str, states: Sequence[str]) -> list[str]:
    """r, z = sigmoid(x + h); g = tanh(x_g + r h_g); h' = z h + (1 - z) g = g + z (h - g)."""
    (x_r, x_z, x_g), (h_r, h_z, h_g) = ops.split(x, 3), ops.split(h, 3)
    reset = ops.of("sigmoid", ops.of("elementwise_add", x_r, h_r))
    update = ops.of("sigmoid", ops.of("elementwise_add", x_z, h_z))
    new = ops.of("tanh", ops.of("elementwise_add", x_g, ops.of("elementwise_mul", reset, h_g)))
    kept = ops.of("elementwise_mul", update, ops.of("elementwise_sub", states[0], new))
    return [ops.of("elementwise_add", new, kept)]


def _plain(activation: str) -> _Step:
    """h' = activation(x + h)."""
    return lambda ops, x, h, _states: [ops.of(activation, ops.of("elementwise_add", x, h))]


_STEPS: Final = {"LSTM": _lstm, "GRU": _gru, "RNN_TANH": _plain("tanh"), "RNN_RELU": _plain("relu")}


@dataclass(frozen=True)
class _Weights:
    """Of one direction of a layer: W [gates * H, I], U [gates * H, H], and two biases [gates * H]."""

    kernel: str
    recurrent: str
    bias: str
    recurrent_bias: str


@says("rnn")
def rnn(op: Op, block: Block) -> list[Op]:
    """The layers of `paddle.nn.LSTM`, `GRU` and `SimpleRNN` with their equations, a loop for each direction.

    Input [T, B, I]; states [layers * directions, B, H]; Out [T, B, directions * H]. Behind the end of a sequence that
    is shorter than T (SequenceLength [B]), outputs are 0 and states stay.
    """
    layers = int(op.attributes.get("num_layers", 1))
    directions = 2 if op.attributes.get("is_bidirec") else 1
    names, count = op.inputs["WeightList"], layers * directions
    if op.attributes.get("mode") not in _STEPS or len(names) != 4 * count:
        raise Refusal(f"there is no rule for mode {op.attributes.get('mode')} with {len(names)} weights")
    if op.attributes.get("dropout_prob") and not op.attributes.get("is_test"):
        raise Refusal("dropout between the layers is on")
    ops, x = _Ops(block), op.input("Input")
    lengths = op.input("SequenceLength") and ops.cast(op.input("SequenceLength"), INT64)
    last: list[list[str]] = []
    for layer in range(layers):
        outputs = []
        for index in range(layer * directions, (layer + 1) * directions):
            weights = _Weights(*names[2 * index : 2 * index + 2], *names[2 * (count + index) :][:2])
            states = [ops.element(initial, index) for initial in op.inputs["PreState"]]
            outputs.append(_direction(ops, op.attributes["mode"], x, states, weights, lengths, index % directions == 1))
            last.append(states)
        x = op.output() if layer == layers - 1 else block.temporary(outputs[0], block.shape(op.output()))
        ops.said.append(Op("concat", {"X": outputs}, {"Out": [x]}, {"axis": 2}))
    for index, out in enumerate(op.outputs["State"]):
        ops.said.append(Op("stack", {"X": [states[index] for states in last]}, {"Y": [out]}, {"axis": 0}))
    return ops.said


def _direction(
    ops: _Ops, mode: str, x: str, states: Sequence[str], weights: _Weights, lengths: str, is_reverse: bool
) -> str:
    """One direction of a layer over [T, B, I]: its outputs [T, B, H]. `states` are overwritten with the last ones."""
    block = ops.block
    shape = block.temporary(x, [3], INT32)
    steps = ops.cast(ops.element(ops.add("shape", {"Input": x}, shape), 0), INT64)
    count, first = ops.number(x, 0), ops.number(x, 0)
    goes_on = ops.add("less_than", {"X": count, "Y": steps}, block.temporary(x, [1], BOOL), {"axis": -1})
    shares = ops.linear(x, weights.kernel, weights.bias)
    outputs = ops.add("write_to_array", {"X": states[0], "I": first}, block.tensor_array(states[0]))

    inside = _Ops(block.child())
    at = count
    if is_reverse:
        backwards = inside.of("elementwise_sub", steps, count)
        attributes = {"scale": 1.0, "bias": -1.0, "bias_after_scale": True}
        at = inside.add("scale", {"X": backwards}, inside.block.temporary(backwards), attributes)
    row = inside.block.temporary(shares, [1, *block.shape(shares)[1:]])
    share = inside.element(inside.add("gather", {"X": shares, "Index": at}, row), 0)
    new = _STEPS[mode](inside, share, inside.linear(states[0], weights.recurrent, weights.recurrent_bias), states)
    out = new[0]
    if lengths:
        new, out = _masked(inside, states, new, lengths, at)
    inside.add("write_to_array", {"X": out, "I": at}, outputs)
    for state, value in zip(states, new, strict=True):
        inside.add("assign", {"X": value}, state)
    inside.add("increment", {"X": count}, count, {"step": 1.0})
    inside.add("less_than", {"X": count, "Y": steps}, goes_on, {"axis": -1})
    ops.said.append(_loop(block, inside, goes_on))

    stacked = block.temporary(states[0], [block.shape(x)[0], *block.shape(states[0])])
    sizes = block.temporary(x, [block.shape(x)[0]], INT32)
    slots = {"Out": [stacked], "OutIndex": [sizes]}
    ops.said.append(Op("tensor_array_to_tensor", {"X": [outputs]}, slots, {"axis": 0, "use_stack": True}))
    return stacked


def _masked(
    ops: _Ops, old: Sequence[str], new: Sequence[str], lengths: str, at: str
) -> tuple[list[str], str]:
    """The states and the output of a step at which some sequences have ended."""
    runs = ops.add(
        "greater_than", {"X": lengths, "Y": at}, ops.block.temporary(lengths, dtype=BOOL), {"axis": -1}
    )
    row = ops.cast(runs, ops.block.dtype(old[0]))
    mask = ops.block.temporary(row, [ops.block.shape(row)[0], 1])
    rest = ops.block.temporary(row, [0, *ops.block.shape(row)])
    ops.said.append(Op("unsqueeze2", {"X": [row]}, {"Out": [mask], "XShape": [rest]}, {"axes": [1]}))
    attributes = {"scale": -1.0, "bias": 1.0, "bias_after_scale": True}
    ended = ops.add("scale", {"X": mask}, ops.block.temporary(mask), attributes)
    kept = [ops.of("elementwise_mul", state, ended) for state in old]
    taken = [ops.of("elementwise_mul", state, mask) for state in new]
    return [ops.of("elementwise_add", *pair) for pair in zip(kept, taken, strict=True)], taken[0]


def _loop(block: Block, inside: _Ops, condition: str) -> Op:
    """A `while` around these operators, which are written into their block."""
    for op in inside.said:
        write_op(op, inside.block.proto.ops.add())
    taken = _declared_outside(inside.block, [op.inputs for op in inside.said])
    given = _declared_outside(inside.block, [op.outputs for op in inside.said])
    inputs = {"X": sorted((taken | given) - {condition}), "Condition": [condition]}
    outputs = {"Out": sorted(given | {condition}), "StepScopes": [block.step_scopes()]}
    attributes = {"sub_block": inside.block.proto.idx, "is_test": True}
    return Op("while", inputs, outputs, attributes)


def _declared_outside(block: Block, slots: Sequence[dict[str, list[str]]]) -> set[str]:
    names = itertools.chain.from_iterable(arguments for item in slots for arguments in item.values())
    return {name for name in names if not block.declares(name)}
