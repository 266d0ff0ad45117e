"""LSTM, GRU and RNN: Paddle's fused layer where it is exactly that, else step by step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx_ir as ir

from paddlify.backends.paddle.expression import Tensor
from paddlify.backends.paddle.module import Recorder, emits
from paddlify.backends.paddle.ops.common import FLOATS, cast, may_own, wide
from paddlify.backends.paddle.ops.control_flow import _while as while_loop
from paddlify.backends.paddle.ops.gate_activations import Activation, activations_of
from paddlify.errors import Refusal
from paddlify.ir.tensors import Computed

MAX_UNROLLED_STEPS = 32
"""A sequence of known length is written out up to so many steps; a longer one is a `while_loop`."""


@dataclass(frozen=True)
class _Cell:
    """One kind of recurrent operator.

    Attributes:
        layer: Paddle's fused layer.
        gates: how many gates there are.
        order: where Paddle's gates stand among ONNX's.
        states: how many states are carried (hidden; cell).
        activations: the defaults, of one direction.
        step: gives the new states from one step's gates.
    """

    layer: str
    gates: int
    order: tuple[int, ...]
    states: int
    activations: tuple[str, ...]
    step: Callable[[_Step, Any, Sequence[Any]], list[Any]]


@dataclass(frozen=True)
class _Step:
    """What one direction's step needs: recurrent weights [gates * hidden, hidden] and biases, peepholes, attributes."""

    paddle: Recorder
    hidden: int
    weights: Any
    biases: Any
    peepholes: Any
    activations: Sequence[Activation]
    clip: float | None
    input_forget: bool
    linear_before_reset: bool

    def activated(self, index: int, x: Any) -> Any:
        """Activation function `index` of the clipped input."""
        clipped = x if self.clip is None else self.paddle.clip(x, -self.clip, self.clip)
        return self.activations[index](self.paddle, clipped)

    def recurrent(self, state: Any, first: int = 0, last: int | None = None) -> Any:
        """The state's share in gates [first, last), with its bias."""
        rows = slice(None) if last is None else slice(first * self.hidden, last * self.hidden)
        whole = last is None
        weights = self.weights if whole else self.weights[rows]
        product = self.paddle.matmul(state, weights, transpose_y=True)
        return product if self.biases is None else product + (self.biases if whole else self.biases[rows])

    def peephole(self, index: int, cell: Any) -> Any:
        """The cell's share in a gate: 0 without peepholes."""
        return self.peepholes[index * self.hidden : (index + 1) * self.hidden] * cell


def _lstm_step(step: _Step, gates: Any, states: Sequence[Any]) -> list[Any]:
    """Gates i, o, f, c; peepholes i, o, f; the output gate sees the new cell."""
    paddle, (hidden, cell) = step.paddle, states
    parts = paddle.let(paddle.split(gates + step.recurrent(hidden), 4, axis=-1), "parts")
    i, o, f, c = (parts[index] for index in range(4))
    has_peepholes = step.peepholes is not None
    i = step.activated(0, i + step.peephole(0, cell) if has_peepholes else i)
    f = 1 - i if step.input_forget else step.activated(0, f + step.peephole(2, cell) if has_peepholes else f)
    new_cell = paddle.let(f * cell + i * step.activated(1, c), "new_cell")
    o = step.activated(0, o + step.peephole(1, new_cell) if has_peepholes else o)
    return [o * step.activations[2](paddle, new_cell), new_cell]


def _gru_step(step: _Step, gates: Any, states: Sequence[Any]) -> list[Any]:
    """Gates z, r, h; the reset gate acts on the state, or with linear_before_reset on the state's product."""
    paddle, hidden, size = step.paddle, states[0], step.hidden
    parts = paddle.let(step.activated(0, gates[:, : 2 * size] + step.recurrent(hidden, 0, 2)), "parts")
    z, r = parts[:, :size], parts[:, size:]
    share = r * step.recurrent(hidden, 2, 3) if step.linear_before_reset else step.recurrent(r * hidden, 2, 3)
    candidate = step.activated(1, gates[:, 2 * size :] + share)
    return [(1 - z) * candidate + z * hidden]


def _rnn_step(step: _Step, gates: Any, states: Sequence[Any]) -> list[Any]:
    return [step.activated(0, gates + step.recurrent(states[0]))]


_LSTM = _Cell("LSTM", 4, (0, 2, 3, 1), 2, ("Sigmoid", "Tanh", "Tanh"), _lstm_step)
_GRU = _Cell("GRU", 3, (1, 0, 2), 1, ("Sigmoid", "Tanh"), _gru_step)
_RNN = _Cell("SimpleRNN", 1, (0,), 1, ("Tanh",), _rnn_step)


@dataclass(frozen=True)
class _Recurrence:
    """A node: its inputs and attributes."""

    cell: _Cell
    x: Tensor
    w: Tensor
    r: Tensor
    b: Tensor | None
    lengths: Tensor | None
    initial: Sequence[Tensor | None]
    peepholes: Tensor | None
    activations: Sequence[Activation]
    clip: float | None
    direction: str
    layout: int
    input_forget: bool = False
    linear_before_reset: bool = True

    @property
    def directions(self) -> int:
        return 2 if self.direction == "bidirectional" else 1

    @property
    def hidden(self) -> int:
        size = self.r.shape[2]
        if size is None:
            raise Refusal("the hidden size is not known")
        return size


@emits("LSTM")
def lstm(
    paddle: Recorder, x: Tensor, w: Tensor, r: Tensor, b: Tensor | None = None, sequence_lens: Tensor | None = None,
    initial_h: Tensor | None = None, initial_c: Tensor | None = None, p: Tensor | None = None, *,
    activation_alpha: list[float] | None, activation_beta: list[float] | None, activations: list[str] | None,
    clip: float | None, direction: str, hidden_size: int | None, input_forget: int, layout: int,
) -> Any:
    chosen = activations_of(activations, _LSTM.activations, direction, activation_alpha, activation_beta)
    return _recurrent(paddle, _Recurrence(
        _LSTM, x, w, r, b, sequence_lens, [initial_h, initial_c], p, chosen, clip, direction, layout,
        input_forget=bool(input_forget),
    ))


@emits("GRU")
def gru(
    paddle: Recorder, x: Tensor, w: Tensor, r: Tensor, b: Tensor | None = None, sequence_lens: Tensor | None = None,
    initial_h: Tensor | None = None, *, activation_alpha: list[float] | None, activation_beta: list[float] | None,
    activations: list[str] | None, clip: float | None, direction: str, hidden_size: int | None, layout: int,
    linear_before_reset: int,
) -> Any:
    chosen = activations_of(activations, _GRU.activations, direction, activation_alpha, activation_beta)
    return _recurrent(paddle, _Recurrence(
        _GRU, x, w, r, b, sequence_lens, [initial_h], None, chosen, clip, direction, layout,
        linear_before_reset=bool(linear_before_reset),
    ))


@emits("RNN")
def rnn(
    paddle: Recorder, x: Tensor, w: Tensor, r: Tensor, b: Tensor | None = None, sequence_lens: Tensor | None = None,
    initial_h: Tensor | None = None, *, activation_alpha: list[float] | None, activation_beta: list[float] | None,
    activations: list[str] | None, clip: float | None, direction: str, hidden_size: int | None, layout: int,
) -> Any:
    given = activations if activations is None or direction == "bidirectional" else activations[:1]
    chosen = activations_of(given, _RNN.activations, direction, activation_alpha, activation_beta)
    return _recurrent(
        paddle, _Recurrence(_RNN, x, w, r, b, sequence_lens, [initial_h], None, chosen, clip, direction, layout)
    )


def _recurrent(paddle: Recorder, node: _Recurrence) -> list[Any]:
    if node.direction not in ("forward", "reverse", "bidirectional"):
        raise Refusal(f"attribute direction='{node.direction}' is not supported")
    return _fused(paddle, node) if _is_fused(node) else _stepwise(paddle, node)


# Paddle's fused layer


def _is_fused(node: _Recurrence) -> bool:
    weights = [item for item in (node.w, node.r, node.b) if item is not None]
    names = [activation.name for activation in node.activations]
    defaults = list(node.cell.activations) * node.directions
    is_relu = node.cell is _RNN and set(names) == {"Relu"}
    return (
        (names == defaults or is_relu)
        and node.clip is None
        and node.peepholes is None
        and (node.lengths is None or node.direction != "reverse")
        and not node.input_forget
        and node.linear_before_reset
        and len({state is None for state in node.initial}) == 1
        and may_own(node.x, *weights)
    )


def _fused(paddle: Recorder, node: _Recurrence) -> list[Any]:
    """One layer; a reverse direction alone runs forward over the reversed sequence.

    With lengths it cannot: the reversed sequence would begin with what lies behind the shorter ones.
    """
    size = node.w.shape[2]
    options: dict[str, Any] = {}
    if node.directions == 2:
        options["direction"] = "bidirect"
    if node.layout == 0:
        options["time_major"] = True
    if node.cell is _RNN and node.activations[0].name == "Relu":
        options["activation"] = "relu"
    create = getattr(paddle.nn, node.cell.layer)(size, node.hidden, **options)
    layer = paddle.layer(create, **_fused_weights(node))
    x: Any = paddle.flip(node.x, [node.layout]) if node.direction == "reverse" else node.x
    axis = 1 - node.layout
    batches = [node.x.shape[axis], *(state.shape[axis] for state in node.initial if state is not None)]
    batches += [] if node.lengths is None else [node.lengths.shape[0]]
    batch = next((size for size in batches if size is not None), None)
    if batch is not None and None in batches:  # the layer wants one batch size throughout, known or not
        x = paddle.reshape(x, [batch, -1, size] if node.layout else [-1, batch, size])
    states = [
        paddle.reshape(_time_major(paddle, state, node.layout), [node.directions, batch or -1, node.hidden])
        if None in batches else _time_major(paddle, state, node.layout)
        for state in node.initial if state is not None
    ]
    initial = [] if not states else [states[0] if len(states) == 1 else tuple(states)]
    lengths = {}
    if node.lengths is not None:
        # The layer multiplies what it computes behind a sequence by 0, which NaN survives.
        x = paddle.let(x, "sequence")
        x = paddle.where(_valid(paddle, node, x, node.layout), x, paddle.zeros_like(x))
        is_known = None not in batches
        lengths["sequence_length"] = node.lengths if is_known else paddle.reshape(node.lengths, [batch or -1])
    outputs, final = paddle.unpack(layer(x, *initial, **lengths), 2)
    finals = [final[0], final[1]] if node.cell.states == 2 else [final]
    outputs = paddle.flip(outputs, [node.layout]) if node.direction == "reverse" else outputs
    if node.layout:
        outputs = paddle.reshape(outputs, [0, 0, node.directions, node.hidden])
    elif node.directions == 1:
        outputs = paddle.unsqueeze(outputs, 1)
    else:
        outputs = paddle.transpose(paddle.reshape(outputs, [0, 0, 2, node.hidden]), [0, 2, 1, 3])
    return [outputs, *(_time_major(paddle, state, node.layout) for state in finals)]


def _time_major(paddle: Recorder, x: Any, layout: int) -> Any:
    """Between [directions, batch, hidden] and the layout in which the batch comes first."""
    return paddle.transpose(x, [1, 0, 2]) if layout else x


def _fused_weights(node: _Recurrence) -> dict[str, ir.TensorProtocol]:
    """The layer's parameters: the gates of each direction in Paddle's order, read when they are written."""
    weights: dict[str, ir.TensorProtocol] = {"_dropout_state": ir.tensor(np.zeros(0, np.uint8))}
    rows = np.concatenate([np.arange(node.hidden) + gate * node.hidden for gate in node.cell.order])
    for direction, ending in zip(range(node.directions), ("", "_reverse"), strict=False):
        weights[f"weight_ih_l0{ending}"] = _gate_rows(node.w.tensor, direction, rows)
        weights[f"weight_hh_l0{ending}"] = _gate_rows(node.r.tensor, direction, rows)
        for part, name in enumerate(("bias_ih_l0", "bias_hh_l0")):
            if node.b is None:
                zeros = np.zeros(len(rows), node.w.dtype.numpy())
                weights[name + ending] = ir.tensor(zeros)
            else:
                weights[name + ending] = _gate_rows(node.b.tensor, direction, rows + part * len(rows))
    return weights


def _gate_rows(tensor: ir.TensorProtocol, direction: int, rows: np.ndarray) -> ir.TensorProtocol:
    shape = [len(rows), *(int(dim) for dim in tensor.shape.numpy()[2:])]
    return Computed(
        tensor.dtype, shape, lambda start, stop: tensor.numpy()[direction][rows[start:stop]], tensor.name
    )


# Step by step


def _stepwise(paddle: Recorder, node: _Recurrence) -> list[Any]:
    work = wide(node.x.dtype, FLOATS)
    x = cast(paddle, node.x, work)
    x = paddle.let(paddle.transpose(x, [1, 0, 2]) if node.layout else x, "sequence")
    results = [
        _one_direction(paddle, node, x, work, direction, node.direction == "reverse" or direction == 1)
        for direction in range(node.directions)
    ]
    rows, *finals = (
        parts[0].unsqueeze(axis) if len(parts) == 1 else paddle.stack(list(parts), axis=axis)
        for axis, parts in zip((1, 0, 0), zip(*results, strict=True), strict=False)
    )
    if node.layout:
        rows = paddle.transpose(rows, [2, 0, 1, 3])
        finals = [paddle.transpose(state, [1, 0, 2]) for state in finals]
    return [cast(paddle, item, node.x.dtype, of=work) for item in (rows, *finals)]


def _one_direction(
    paddle: Recorder, node: _Recurrence, x: Any, work: str, direction: int, is_reverse: bool
) -> list[Any]:
    """The outputs of all steps [time, batch, hidden], and the final states."""
    weights, biases = cast(paddle, node.w, work)[direction], None
    size = node.hidden * node.cell.gates
    gates = paddle.matmul(x, weights, transpose_y=True)
    if node.b is not None:
        both = paddle.let(cast(paddle, node.b, work)[direction], "bias")
        gates, biases = gates + both[:size], paddle.let(both[size:], "recurrent_bias")
    gates = paddle.let(paddle.flip(gates, [0]) if is_reverse else gates, "gates")
    peepholes: Any = node.peepholes
    if peepholes is not None:
        peepholes = paddle.let(cast(paddle, peepholes, work)[direction], "peepholes")
    recurrent = paddle.let(cast(paddle, node.r, work)[direction], "recurrent")
    count = len(node.cell.activations)
    chosen = node.activations[direction * count : (direction + 1) * count]
    batch = paddle.shape(gates)[1] if node.x.shape[1 - node.layout] is None else node.x.shape[1 - node.layout]
    states = [
        paddle.let(
            paddle.zeros([batch, node.hidden], dtype=work) if state is None
            else (cast(paddle, state, work)[:, direction] if node.layout else cast(paddle, state, work)[direction]),
            name,
        )
        for state, name in zip(node.initial, ("hidden", "cell"), strict=False)
    ]
    valid = None if node.lengths is None else _valid(paddle, node, gates, is_reverse=is_reverse)

    def body(inner: Recorder, arguments: list[Any]) -> list[Any]:
        values, previous = arguments[0], arguments[1 : 1 + len(states)]
        step = _Step(
            inner, node.hidden, recurrent, biases, peepholes, chosen, node.clip, node.input_forget,
            node.linear_before_reset,
        )
        new = node.cell.step(step, values, previous)
        if valid is None:
            return new
        kept, new[0] = arguments[-1], inner.let(new[0], "new_hidden")
        output = inner.where(kept, new[0], inner.zeros_like(new[0]))
        return [*(inner.where(kept, item, old) for item, old in zip(new, previous, strict=True)), output]

    names = ["values", "hidden", "cell"][: 1 + len(states)] + ([] if valid is None else ["kept"])
    step = paddle.define(f"{node.cell.layer.lower()}_step", names, body)
    rows, states = _run(paddle, node, step, gates, states, valid, work)
    return [paddle.flip(rows, [0]) if is_reverse else rows, *states]


def _valid(paddle: Recorder, node: _Recurrence, sequence: Any, layout: int = 0, is_reverse: bool = False) -> Any:
    """Which steps of which sequences exist, [time, batch, 1]; with layout 1 [batch, time, 1]."""
    time = paddle.arange(paddle.shape(sequence)[layout], dtype="int32")
    time = paddle.flip(time, [0]) if is_reverse else time
    return paddle.let(paddle.unsqueeze(time, [1 - layout, 2]) < paddle.unsqueeze(node.lengths, [layout, 2]), "valid")


def _run(
    paddle: Recorder, node: _Recurrence, step: Any, gates: Any, states: list[Any], valid: Any, work: str
) -> tuple[Any, list[Any]]:
    """All steps after one another; outputs stacked along time."""
    count = len(states) + (valid is not None)
    time = node.x.shape[node.layout]

    def stepped(inner: Recorder, index: Any, states: Sequence[Any]) -> list[Any]:
        arguments = [gates[index], *states] + ([] if valid is None else [valid[index]])
        results = inner.let(step(*arguments), "states")
        return [results] if count == 1 else [results[position] for position in range(count)]

    if time is not None and 0 < time <= MAX_UNROLLED_STEPS:
        outputs = []
        for index in range(time):
            results = stepped(paddle, index, states)
            states = results[: len(states)]
            outputs.append(results[0] if valid is None else results[-1])
        return paddle.stack(outputs, axis=0), states

    def trip(inner: Recorder, variables: list[Any]) -> list[Any]:
        index, carried = variables[0], variables[1:-1]
        results = stepped(inner, index, carried)
        output = results[0] if valid is None else results[-1]
        return [index + 1, *results[: len(states)], inner.concat([variables[-1], inner.unsqueeze(output, 0)], axis=0)]

    rows = paddle.let(gates[0:0, :, : node.hidden], "rows")
    length = paddle.let(paddle.shape(gates)[0], "length")
    variables = while_loop(
        paddle, [paddle.constant(0), *states, rows], lambda inner, variables: [variables[0] < length], trip
    )
    return variables[-1], variables[1:-1]
