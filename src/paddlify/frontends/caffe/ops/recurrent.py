"""Recurrent layers. Their `cont` blob is 0 where a sequence begins: the state is forgotten there."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import onnx_ir as ir

from paddlify.errors import LoadError
from paddlify.frontends.caffe.lowering import Recorder, dims_of, lowers, static_dims
from paddlify.ir.builder import Builder


@lowers("LSTM", param="recurrent_param")
def lstm(op: Recorder, x: ir.Value, cont: ir.Value, *more: ir.Value, num_output: int, expose_hidden: bool) -> Any:
    """Gates i, f, o, g; x is [T, N, …], cont [T, N], the result [T, N, num_output].

    Further bottoms: an input without time axis, if there is one, then with expose_hidden the first h and c, whose
    last values are then further tops.
    """
    static, states = _bottoms(op, x, more, 2 if expose_hidden else 0)
    gates = _from_inputs(op, x, static, 4 * num_output)
    recurrent = op.Transpose(
        op.blob(3 if static is not None else 2, [4 * num_output, num_output], "hidden_weight"), perm=[1, 0]
    )

    def step(inner: Builder, state: Sequence[ir.Value], gate: ir.Value, go_on: ir.Value) -> list[ir.Value]:
        hidden, cell = state
        total = inner.Add(gate, inner.MatMul(inner.Mul(hidden, go_on), recurrent))
        cell, hidden = _unit(inner, cell, total, go_on, axis=1)
        return [hidden, cell, inner.Identity(hidden)]

    return _over_time(op, gates, cont, _first_states(op, x, states, 2, num_output), step, exposes=expose_hidden)


@lowers("RNN", param="recurrent_param")
def rnn(op: Recorder, x: ir.Value, cont: ir.Value, *more: ir.Value, num_output: int, expose_hidden: bool) -> Any:
    """h = tanh(W x + U h + b), and tanh(V h + c) comes out. See `lstm` for the bottoms; the state is h alone."""
    static, states = _bottoms(op, x, more, 1 if expose_hidden else 0)
    gates = _from_inputs(op, x, static, num_output)
    index = 3 if static is not None else 2
    square = [num_output, num_output]
    recurrent = op.Transpose(op.blob(index, square, "hidden_weight"), perm=[1, 0])
    project = op.Transpose(op.blob(index + 1, square, "output_weight"), perm=[1, 0])
    bias = op.blob(index + 2, [num_output], "output_bias")

    def step(inner: Builder, state: Sequence[ir.Value], gate: ir.Value, go_on: ir.Value) -> list[ir.Value]:
        hidden = inner.Tanh(inner.Add(inner.MatMul(inner.Mul(state[0], go_on), recurrent), gate))
        return [hidden, inner.Tanh(inner.Add(inner.MatMul(hidden, project), bias))]

    return _over_time(op, gates, cont, _first_states(op, x, states, 1, num_output), step, exposes=expose_hidden)


@lowers("LSTMUnit")
def lstm_unit(op: Recorder, cell: ir.Value, gates: ir.Value, cont: ir.Value | None = None) -> Any:
    """One step after the matrix products: cell [1, N, D], gates [1, N, 4 D], cont [1, N] give the cell and h."""
    go_on = None if cont is None else op.Unsqueeze(cont, op.constant([2]))
    return _unit(op, cell, gates, go_on, axis=2)


def _unit(op: Builder, cell: ir.Value, gates: ir.Value, go_on: ir.Value | None, axis: int) -> tuple[ir.Value, ir.Value]:
    """C' = cont f c + i g and h = o tanh(c')."""
    i, f, o, g = op.Split(gates, outputs=4, axis=axis, num_outputs=4)
    kept = op.Mul(op.Sigmoid(f), cell)
    if go_on is not None:
        kept = op.Mul(go_on, kept)
    cell = op.Add(kept, op.Mul(op.Sigmoid(i), op.Tanh(g)))
    return cell, op.Mul(op.Sigmoid(o), op.Tanh(cell))


def _bottoms(
    op: Recorder, x: ir.Value, more: Sequence[ir.Value], state_count: int
) -> tuple[ir.Value | None, Sequence[ir.Value]]:
    if len(more) not in (state_count, state_count + 1):
        raise LoadError(f"it has {2 + len(more)} bottoms; with its settings it takes {2 + state_count} or one more")
    if op.top_count != 1 + state_count:
        raise LoadError(f"it has {op.top_count} tops instead of {1 + state_count}")
    if len(dims_of(x)) < 3:
        raise LoadError(f"its first bottom {dims_of(x)} must be [T, N, …]")
    has_static = len(more) > state_count
    return (more[0] if has_static else None), more[int(has_static) :]


def _from_inputs(op: Recorder, x: ir.Value, static: ir.Value | None, width: int) -> Any:
    """What the inputs add to the gates of all steps: [T, N, width]."""
    length = math.prod(static_dims(x, 2))
    weight = op.Transpose(op.blob(0, [width, length], "weight"), perm=[1, 0])
    bias = op.blob(1, [width], "bias")
    flat = x if len(dims_of(x)) == 3 else op.Reshape(x, op.constant([0, 0, length]))
    gates = op.Add(op.MatMul(flat, weight), bias)
    if static is None:
        return gates
    size = math.prod(static_dims(static, 1))
    row = static if len(dims_of(static)) == 2 else op.Flatten(static, axis=1)
    return op.Add(gates, op.Gemm(row, op.blob(2, [width, size], "static_weight"), transB=1))


def _first_states(
    op: Recorder, x: ir.Value, given: Sequence[ir.Value], count: int, width: int
) -> list[ir.Value]:
    """States before the first step, [N, width]: given as [1, N, width], or zeros."""
    if given:
        return [op.Squeeze(state, op.constant([0])) for state in given]
    (batch,) = dims_of(x)[1:2]
    if batch is not None:
        shape = op.constant([batch, width])
    else:
        shape = op.Concat(op.Shape(x, start=1, end=2), op.constant([width]), axis=0)
    return [op.Expand(op.constant_like(x, 0), shape)] * count


def _over_time(
    op: Recorder, gates: ir.Value, cont: ir.Value, states: Sequence[ir.Value],
    step: Callable[[Builder, Sequence[ir.Value], ir.Value, ir.Value], list[ir.Value]], *, exposes: bool,
) -> tuple[ir.Value, ...]:
    """Scan over the first axis; `step` gives the new states, then what comes out."""
    names = [f"{op.layer.name}/{name}" for name in ("hidden", "cell", "gate", "cont")]

    def inner_value(name: str, outer: ir.Value, skip: int) -> ir.Value:
        dims = list(outer.shape or ())[skip:]
        return ir.Value(name=name, type=ir.TensorType(ir.DataType.FLOAT), shape=ir.Shape(dims))

    state_values = [inner_value(name, state, 0) for name, state in zip(names, states, strict=False)]
    gate, go_on = inner_value(names[2], gates, 1), inner_value(names[3], cont, 1)
    body = op.subgraph(
        f"{op.layer.name}/step",
        [*state_values, gate, go_on],
        lambda inner: step(inner, state_values, gate, inner.Unsqueeze(go_on, inner.constant([1]))),
    )
    *last, result = op.Scan(*states, gates, cont, outputs=len(states) + 1, body=body, num_scan_inputs=2)
    if not exposes:
        return (result,)
    return (result, *(op.Unsqueeze(state, op.constant([0])) for state in last))
