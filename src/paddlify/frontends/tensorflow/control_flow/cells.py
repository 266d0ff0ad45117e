"""The bodies of recurrent layers: LSTM, GRU (with reset_after) and SimpleRNN, with their default activations.

With x the input at the time of the counter, h and c the states, W, R, b, d constants, a body must compute

1. SimpleRNN  h' = tanh(x·W + h·R + b)
2. LSTM       i, f, g, o = split(x·W + h·R + b)
              c' = σ(f)·c + σ(i)·tanh(g),  h' = σ(o)·tanh(c')
3. GRU        xz, xr, xh = split(x·W + b),  hz, hr, hh = split(h·R + d)
              z = σ(xz + hz),  r = σ(xr + hr),  h' = z·h + (1 - z)·tanh(xh + r·hh)

Then it is a step of ONNX's RNN, LSTM or GRU (linear_before_reset=1). The gates may come in any order, x·W + h·R may be
[x, h]·K, and f may have a number added to it, as TensorFlow 1's cells do.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import onnx_ir as ir

from paddlify.frontends.tensorflow.control_flow.recorded import Recorded, computed_by
from paddlify.ir.inference import known_array


@dataclass(frozen=True)
class Rows:
    """Rows [start, stop) of a constant matrix."""

    matrix: ir.Value
    start: int
    stop: int

    @property
    def width(self) -> int:
        return _dims(self.matrix)[1]


@dataclass(frozen=True)
class Layer:
    """A layer that was found: `gates` are listed in ONNX's order, as positions among the columns of the weights."""

    op_type: str
    gates: Sequence[int]
    x: ir.Value
    kernel: Rows
    recurrent: Rows
    input_bias: np.ndarray | None
    recurrent_bias: np.ndarray | None
    states: Sequence[int]

    @property
    def features(self) -> int:
        return self.kernel.stop - self.kernel.start

    @property
    def units(self) -> int:
        return self.recurrent.stop - self.recurrent.start


def match(recorded: Recorded, states: Sequence[int]) -> Layer | None:
    """The layer of which a body is a step, or None; `states` are the indices of the variables that are no counters."""
    if len(states) == 1:
        return _match_simple(recorded, states[0]) or _match_gru(recorded, states[0])
    if len(states) == 2:
        return _match_lstm(recorded, *states) or _match_lstm(recorded, *states[::-1])
    return None


def _match_simple(recorded: Recorded, state: int) -> Layer | None:
    total = _argument("Tanh", recorded.after[state])
    affine = _affine(recorded, total, state) if total is not None else None
    if affine is None or affine.kernel is None or affine.recurrent is None or affine.x is None:
        return None
    return _checked(Layer("RNN", [0], affine.x, affine.kernel, affine.recurrent, affine.bias, None, [state]))


def _match_lstm(recorded: Recorded, hidden: int, cell: int) -> Layer | None:
    new_hidden, new_cell, old_cell = recorded.after[hidden], recorded.after[cell], recorded.variables[cell]
    gates: dict[str, ir.Value] = {}
    for left, right in _arguments("Mul", new_hidden):
        output, state = _argument("Sigmoid", left), _argument("Tanh", right)
        if output is not None and state is new_cell:
            gates["o"] = output
    for kept, added in _arguments("Add", new_cell):
        for left, right in _arguments("Mul", kept):
            forget = _argument("Sigmoid", left)
            if forget is not None and right is old_cell:
                gates["f"] = forget
        for left, right in _arguments("Mul", added):
            input_, candidate = _argument("Sigmoid", left), _argument("Tanh", right)
            if input_ is not None and candidate is not None:
                gates |= {"i": input_, "c": candidate}
    if len(gates) != 4:
        return None
    gates["f"], number = _without_number(gates["f"])
    parts = _parts([gates[name] for name in "iofc"])
    affine = _affine(recorded, parts.whole, hidden) if parts is not None else None
    if parts is None or affine is None or affine.kernel is None or affine.recurrent is None or affine.x is None:
        return None
    bias = affine.bias
    if number:
        bias = np.zeros(affine.kernel.width) if bias is None else bias.copy()
        np.split(bias, 4)[parts.positions[2]] += bias.dtype.type(number)
    states = [hidden, cell]
    return _checked(Layer("LSTM", parts.positions, affine.x, affine.kernel, affine.recurrent, bias, None, states))


def _without_number(value: ir.Value) -> tuple[ir.Value, float]:
    """A value as a sum of another one and a number."""
    for other, number in _arguments("Add", value):
        array = known_array(number)
        if array is not None and array.size == 1:
            return other, float(array.reshape(()))
    return value, 0.0


def _match_gru(recorded: Recorded, state: int) -> Layer | None:
    old = recorded.variables[state]
    for kept, added in _arguments("Add", recorded.after[state]):
        for update, previous in _arguments("Mul", kept):
            if previous is not old or (update_sum := _argument("Sigmoid", update)) is None:
                continue
            for complement, candidate in _arguments("Mul", added):
                inner = _argument("Tanh", candidate)
                if inner is not None and _is_complement(complement, update):
                    layer = _gru(recorded, state, update_sum, inner)
                    if layer is not None:
                        return layer
    return None


def _gru(recorded: Recorded, state: int, update_sum: ir.Value, candidate_sum: ir.Value) -> Layer | None:
    for from_input, product in _arguments("Add", candidate_sum):
        for reset, from_state in _arguments("Mul", product):
            reset_sum = _argument("Sigmoid", reset)
            if reset_sum is None:
                continue
            pairs = itertools.product(_arguments("Add", update_sum), _arguments("Add", reset_sum))
            for update_pair, reset_pair in pairs:
                of_input = _parts([update_pair[0], reset_pair[0], from_input])
                of_state = _parts([update_pair[1], reset_pair[1], from_state])
                if of_input is None or of_state is None or of_input.positions != of_state.positions:
                    continue
                x_side = _affine(recorded, of_input.whole, state)
                h_side = _affine(recorded, of_state.whole, state)
                if x_side is None or h_side is None or x_side.recurrent is not None or h_side.kernel is not None:
                    continue
                if x_side.kernel is None or h_side.recurrent is None or x_side.x is None:
                    continue
                weights = (x_side.kernel, h_side.recurrent)
                biases = (x_side.bias, h_side.bias)
                return _checked(Layer("GRU", of_input.positions, x_side.x, *weights, *biases, [state]))
    return None


def _checked(layer: Layer) -> Layer | None:
    """A layer whose weights fit each other."""
    width = len(layer.gates) * layer.units
    return layer if layer.kernel.width == layer.recurrent.width == width else None


@dataclass
class _Affine:
    """The sum x · kernel + state · recurrent + bias, each term of which may be missing."""

    x: ir.Value | None = None
    kernel: Rows | None = None
    recurrent: Rows | None = None
    bias: np.ndarray | None = None


def _affine(recorded: Recorded, value: ir.Value, state: int) -> _Affine | None:
    found = _Affine()
    for term in _terms(value):
        product = computed_by(term, "MatMul")
        if product is not None:
            if not _add_product(recorded, product, state, found):
                return None
            continue
        array = _constant(term)
        if array is None or found.bias is not None or array.size != max(array.shape, default=1):
            return None
        found.bias = array.reshape(-1)
    widths = {rows.width for rows in (found.kernel, found.recurrent) if rows is not None}
    if len(widths) != 1 or (found.bias is not None and found.bias.size not in widths):
        return None
    return found


def _add_product(recorded: Recorded, product: ir.Node, state: int, found: _Affine) -> bool:
    """Take x · W, h · R or [x, h] · K into the sum; whether it is one of these."""
    left, matrix = recorded.input(product, 0), recorded.input(product, 1)
    if matrix.const_value is None or len(_dims(matrix)) != 2:
        return False
    joined = computed_by(left, "Concat")
    parts = [left]
    if joined is not None:
        if joined.attributes.get_int("axis", 0) not in (1, -1):
            return False
        parts = [value for value in joined.inputs if value is not None]
    start = 0
    for part in parts:
        width = part.shape[-1] if part.shape is not None else None
        if not isinstance(width, int):
            return False
        rows = Rows(matrix, start, start + width)
        start += width
        sequence = recorded.sequence_of(part)
        if part is recorded.variables[state] and found.recurrent is None:
            found.recurrent = rows
        elif sequence is not None and found.kernel is None:
            found.x, found.kernel = sequence, rows
        else:
            return False
    return start == _dims(matrix)[0]


def _constant(value: ir.Value) -> np.ndarray | None:
    """The content of a constant, or of a part of one."""
    known = known_array(value)
    node = value.producer()
    if known is not None or node is None or value.shape is None or not value.shape.is_static():
        return known
    source = _constant(node.inputs[0]) if node.inputs and node.inputs[0] is not None else None
    if source is None:
        return None
    if node.op_type in ("Squeeze", "Unsqueeze", "Reshape", "Identity"):
        return source.reshape(value.shape.numpy())
    if node.op_type == "Split":
        axis = node.attributes.get_int("axis", 0)
        sizes = [output.shape[axis] for output in node.outputs if output.shape is not None]
        ends = np.cumsum([size for size in sizes if isinstance(size, int)])
        return np.split(source, ends[:-1], axis)[list(node.outputs).index(value)] if len(ends) == len(sizes) else None
    return None


@dataclass(frozen=True)
class _Parts:
    """Equal parts of one value, cut along its last axis, and at which position each of them is."""

    whole: ir.Value
    positions: Sequence[int]


def _parts(values: Sequence[ir.Value]) -> _Parts | None:
    """The value that the values are all the parts of, in some order."""
    cuts = [_cut(value) for value in values]
    whole = cuts[0][0] if cuts[0] is not None else None
    if whole is None or whole.shape is None or not isinstance(whole.shape[-1], int):
        return None
    size, rest = divmod(whole.shape[-1], len(values))
    wanted = [(whole, position * size, position * size + size) for position in range(len(values))]
    if rest or any(cut not in wanted for cut in cuts):
        return None
    positions = [wanted.index(cut) for cut in cuts if cut is not None]
    return _Parts(whole, positions) if len(set(positions)) == len(values) else None


def _cut(value: ir.Value) -> tuple[ir.Value, int, int] | None:
    """A value as the columns [start, stop) of another."""
    node = value.producer()
    whole = node.inputs[0] if node is not None else None
    if node is None or whole is None or whole.shape is None:
        return None
    last = whole.shape.rank() - 1
    if node.op_type == "Split" and node.attributes.get_int("axis", 0) in (-1, last):
        sizes = [output.shape[-1] if output.shape is not None else None for output in node.outputs]
        index = list(node.outputs).index(value)
        before = [size for size in sizes[: index + 1] if isinstance(size, int)]
        return (whole, sum(before[:-1]), sum(before)) if len(before) == index + 1 else None
    if node.op_type == "Slice":
        columns = whole.shape[-1]
        numbers = [known_array(item) for item in node.inputs[1:]]
        if len(numbers) < 3 or any(array is None or array.size != 1 for array in numbers):
            return None
        if not isinstance(columns, int):
            return None
        start, stop, axis, step = (*(int(array.reshape(())) for array in numbers if array is not None), 1)[:4]
        if axis not in (-1, last) or step != 1:
            return None
        start, stop, _ = slice(start, stop).indices(columns)
        return whole, start, stop
    return None


def _is_complement(value: ir.Value, of: ir.Value) -> bool:
    """Whether a value is 1 - another."""
    node = computed_by(value, "Sub")
    if node is None or node.inputs[1] is not of:
        return False
    one = known_array(node.inputs[0])
    return one is not None and one.size == 1 and float(one.reshape(())) == 1


def _terms(value: ir.Value) -> Iterator[ir.Value]:
    """The terms of a sum."""
    node = computed_by(value, "Add")
    if node is None:
        yield value
        return
    for item in node.inputs:
        if item is not None:
            yield from _terms(item)


def _arguments(op_type: str, value: ir.Value) -> list[tuple[ir.Value, ir.Value]]:
    """The two arguments of a commutative operator, in both orders; none if the value is not computed by it."""
    node = computed_by(value, op_type)
    if node is None or node.inputs[0] is None or node.inputs[1] is None:
        return []
    return [(node.inputs[0], node.inputs[1]), (node.inputs[1], node.inputs[0])]


def _argument(op_type: str, value: ir.Value) -> ir.Value | None:
    """The argument of an operator, if the value is computed by it."""
    node = computed_by(value, op_type)
    return node.inputs[0] if node is not None else None


def _dims(value: ir.Value | None) -> list[int]:
    """The dimensions of a constant."""
    if value is None or value.shape is None:
        return []
    return [dim for dim in value.shape if isinstance(dim, int)]
