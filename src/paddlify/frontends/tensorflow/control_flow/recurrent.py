"""Loops that are recurrent layers (see `cells`), masked or not (see `masks`), as ONNX's LSTM, GRU and RNN."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx_ir as ir

from paddlify.frontends.tensorflow.control_flow.cells import Layer, Rows, match
from paddlify.frontends.tensorflow.control_flow.masks import Arrangement, Masked, aligned, masked
from paddlify.frontends.tensorflow.control_flow.recorded import Recorded, behind_identity
from paddlify.frontends.tensorflow.control_flow.values import is_known
from paddlify.frontends.tensorflow.lowering import TensorFlowBuilder
from paddlify.ir.inference import elements_of


def recorded_as_layer(op: TensorFlowBuilder, recorded: Recorded, trips: ir.Value) -> list[ir.Value] | None:
    """What each variable and each written list is behind the layer that a loop is, or None if it is none.

    `trips` is the loop's trip count.
    """
    found = masked(recorded)
    layer = _layer(recorded, found)
    if layer is None:
        return None
    x = _until(op, layer.x, trips)
    initial = [recorded.initial[index] for index in layer.states]
    values: dict[int, ir.Value] = {}
    if found is None:
        x, initial = _with_one_batch(op, x, initial)
        sequence, *final = _record(op, layer, x, None, initial)
        written = [sequence for _ in recorded.writes]
    else:
        mask, x, initial = aligned(op, _until(op, found.mask, trips), x, initial)
        steps = Arrangement.of(op, mask)
        sequence, *final = _record(op, layer, steps.arranged(op, x, layer.features), steps.lengths(op), initial)
        final = [steps.final(op, state, start) for state, start in zip(final, initial, strict=True)]
        written = [steps.given(op, sequence, layer.units, rest) for rest in found.written]
        for index, rest in found.outputs.items():
            items = steps.behind(op, recorded.initial[index], steps.given(op, sequence, layer.units, rest))
            values[index] = op.Squeeze(op.Gather(items, op.constant([-1]), axis=0), op.constant([0]))
    values |= dict(zip(layer.states, final, strict=True))
    for index, start in enumerate(recorded.initial):
        if index not in values:  # a counter
            values[index] = op.Add(start, op.Cast(trips, to=start.dtype))
    return [*(values[index] for index in range(len(recorded.initial))), *written]


def _layer(recorded: Recorded, found: Masked | None) -> Layer | None:
    """The layer that a loop is, if it carries and writes nothing but the layer's states and outputs."""
    body, states = (recorded, recorded.carried) if found is None else (found.body, found.states)
    layer = match(body, states)
    if layer is None:
        return None
    outputs = [body.after[index] for index in recorded.carried if index not in states]
    outputs += [write.item for write in body.writes]
    hidden = body.after[layer.states[0]]
    return layer if all(behind_identity(value) is hidden for value in outputs) else None


def _until(op: TensorFlowBuilder, sequence: ir.Value, trips: ir.Value) -> ir.Value:
    """The items that a loop takes of a sequence [time, batch, features]: there are no fewer than it takes."""
    count = elements_of(trips) or (None,)
    if sequence.shape is None or (sequence.shape[0],) == count:
        return sequence
    end = op.Unsqueeze(trips, op.constant([0]))
    items: ir.Value = op.Slice(sequence, op.constant([0]), end, op.constant([0]))
    items.shape = ir.Shape([*count, *sequence.shape[1:]])
    return items


def _with_one_batch(
    op: TensorFlowBuilder, x: ir.Value, states: Sequence[ir.Value]
) -> tuple[ir.Value, list[ir.Value]]:
    """x [time, batch, features] and the states [batch, units] with one batch: TensorFlow's sum broadcasts them."""
    batches = [shape[-2] for shape in (x.shape, *(state.shape for state in states)) if shape is not None]
    if len(set(batches)) == 1 and is_known(batches[0]):
        return x, list(states)
    one = op.constant([1])
    batch = op.Concat(op.Shape(x, start=1, end=2), one, axis=0)
    wide = op.Expand(x, op.Concat(op.Shape(states[0], start=0, end=1), one, axis=0))
    return wide, [op.Expand(state, batch) for state in states]


def _record(
    op: TensorFlowBuilder, layer: Layer, x: ir.Value, lengths: ir.Value | None, initial: Sequence[ir.Value]
) -> list[ir.Value]:
    """Record the operator; gives the sequence [time, batch, units] and each final state [batch, units]."""
    first = op.constant([0])
    states = [op.Unsqueeze(state, first) for state in initial]
    weights = [_gates(op, rows, layer.gates) for rows in (layer.kernel, layer.recurrent)]
    attributes = {"hidden_size": layer.units} | ({"linear_before_reset": 1} if layer.op_type == "GRU" else {})
    inputs = [x, *weights, _bias(op, layer), lengths, *states]
    sequence, *final = op.node(layer.op_type, inputs, attributes, outputs=1 + len(states))
    return [op.Squeeze(sequence, op.constant([1])), *(op.Squeeze(state, first) for state in final)]


def _gates(op: TensorFlowBuilder, rows: Rows, gates: Sequence[int]) -> ir.Value:
    """Weights [in, gates · units] as ONNX holds them: [1, gates · units, in], with the gates in its order."""
    source = rows.matrix.const_value
    if source is None:
        raise ValueError("a weight of a layer is not a constant")
    tensor: ir.TensorProtocol = source

    def read() -> ir.TensorProtocol:
        parts = np.split(tensor.numpy()[rows.start : rows.stop], len(gates), axis=1)
        return ir.Tensor(np.concatenate([parts[gate] for gate in gates], axis=1).T[np.newaxis].copy())

    shape = ir.Shape([1, rows.width, rows.stop - rows.start])
    return op.initializer(ir.LazyTensor(read, dtype=tensor.dtype, shape=shape), rows.matrix.name)


def _bias(op: TensorFlowBuilder, layer: Layer) -> ir.Value | None:
    """The biases of input and state as ONNX holds them: [1, 2 · gates · units]."""
    if layer.input_bias is None and layer.recurrent_bias is None:
        return None
    parts = []
    for array in (layer.input_bias, layer.recurrent_bias):
        whole = np.zeros(layer.kernel.width) if array is None else array
        split = np.split(whole, len(layer.gates))
        parts += [split[gate] for gate in layer.gates]
    return op.constant(np.concatenate(parts)[np.newaxis], layer.x.dtype, name=f"{op.tf_node.name}/bias")
