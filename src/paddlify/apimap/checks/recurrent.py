"""Checks of ``data/layers.toml``: recurrent layers and cells."""

from typing import Any

import numpy as np

from paddlify.apimap.checks.keras import built, fill, run_v1
from paddlify.apimap.claims import Claim, check
from paddlify.apimap.comparing import Array
from paddlify.apimap.frameworks import paddle, tf
from paddlify.apimap.grids import random


def _recurrent(layer: Any, kernels: Array, recurrent: Array, bias: Array | None, hidden_bias: Array | None) -> None:
    fill(layer.weight_ih_l0, kernels.T)
    fill(layer.weight_hh_l0, recurrent.T)
    fill(layer.bias_ih_l0, bias if bias is not None else np.zeros(layer.bias_ih_l0.shape, "float32"))
    fill(layer.bias_hh_l0, hidden_bias if hidden_bias is not None else np.zeros(layer.bias_hh_l0.shape, "float32"))


@check("tf.keras.layers.LSTM", "layout")
def lstm(claim: Claim) -> None:
    x = random(2, 5, 3)
    expected, (kernel, recurrent, bias) = built(tf.keras.layers.LSTM(4, return_sequences=True), x)
    layer = paddle.nn.LSTM(3, 4)
    claim.raises(lambda: fill(layer.weight_ih_l0, kernel))
    fill(layer.weight_ih_l0, kernel.T)
    fill(layer.weight_hh_l0, recurrent.T)
    fill(layer.bias_ih_l0, bias)
    fill(layer.bias_hh_l0, np.zeros_like(bias))
    claim.agree(expected, layer(paddle.to_tensor(x))[0], atol=1e-5)


@check("tf.keras.layers.LSTM", "shape")
def lstm_outputs(claim: Claim) -> None:
    x = random(2, 5, 3)
    expected, (kernel, recurrent, bias) = built(tf.keras.layers.LSTM(4), x)
    layer = paddle.nn.LSTM(3, 4)
    _recurrent(layer, kernel, recurrent, bias, None)
    outputs, (h, _) = layer(paddle.to_tensor(x))
    claim.differ(expected, outputs, "shape")
    claim.agree(expected, outputs[:, -1], atol=1e-5)
    claim.agree(expected, h[0], atol=1e-5)


def _reset_update(weights: Array) -> Array:
    """Keras's gates z, r, h as Paddle's r, z, c, along the last axis."""
    z, r, h = np.split(weights, 3, axis=-1)
    return np.concatenate([r, z, h], axis=-1)


@check("tf.keras.layers.GRU", "layout")
def gru(claim: Claim) -> None:
    x = random(2, 5, 3)
    expected, (kernel, recurrent, bias) = built(tf.keras.layers.GRU(4, return_sequences=True), x)
    layer = paddle.nn.GRU(3, 4)
    _recurrent(layer, kernel, recurrent, bias[0], bias[1])
    claim.differ(expected, layer(paddle.to_tensor(x))[0])
    gates = [_reset_update(w) for w in (kernel, recurrent, bias[0], bias[1])]
    _recurrent(layer, gates[0], gates[1], gates[2], gates[3])
    claim.agree(expected, layer(paddle.to_tensor(x))[0], atol=1e-5)
    before = tf.keras.layers.GRU(4, return_sequences=True, reset_after=False)
    expected, (kernel, recurrent, bias) = built(before, x)
    gates = [_reset_update(w) for w in (kernel, recurrent, bias)]
    _recurrent(layer, gates[0], gates[1], gates[2], None)
    claim.differ(expected, layer(paddle.to_tensor(x))[0])


@check("tf.keras.layers.LSTMCell", "layout")
def lstm_cell(claim: Claim) -> None:
    x, h, c = random(2, 3), random(2, 4, seed=1), random(2, 4, seed=2)
    cell = tf.keras.layers.LSTMCell(4)
    cell.build((2, 3))
    kernel, recurrent, bias = (random(*w.shape, low=-0.5, high=0.5, seed=i) for i, w in enumerate(cell.get_weights()))
    cell.set_weights([kernel, recurrent, bias])
    expected, (_, expected_c) = cell(x, [tf.constant(h), tf.constant(c)])

    ours = paddle.nn.LSTMCell(3, 4)
    claim.raises(lambda: fill(ours.weight_ih, kernel))
    fill(ours.weight_ih, kernel.T)
    fill(ours.weight_hh, recurrent.T)
    fill(ours.bias_ih, bias)
    fill(ours.bias_hh, np.zeros_like(bias))
    found, (_, found_c) = ours(paddle.to_tensor(x), (paddle.to_tensor(h), paddle.to_tensor(c)))

    claim.agree([expected, expected_c], [found, found_c], atol=1e-5)


@check("tf.keras.layers.GRUCell", "layout")
def gru_cell(claim: Claim) -> None:
    x, h = random(2, 3), random(2, 4, seed=1)
    cell, ours = tf.keras.layers.GRUCell(4), paddle.nn.GRUCell(3, 4)
    cell.build((2, 3))
    kernel, recurrent, bias = (random(*w.shape, low=-0.5, high=0.5, seed=i) for i, w in enumerate(cell.get_weights()))
    cell.set_weights([kernel, recurrent, bias])
    expected = cell(x, [tf.constant(h)])[0]

    parameters = (ours.weight_ih, ours.weight_hh, ours.bias_ih, ours.bias_hh)
    theirs = (kernel, recurrent, bias[0], bias[1])
    for parameter, value in zip(parameters, theirs, strict=True):
        fill(parameter, value.T)
    claim.differ(expected, ours(paddle.to_tensor(x), paddle.to_tensor(h))[0])
    for parameter, value in zip(parameters, theirs, strict=True):
        fill(parameter, _reset_update(value).T)
    claim.agree(expected, ours(paddle.to_tensor(x), paddle.to_tensor(h))[0], atol=1e-5)


@check("tf.keras.layers.SimpleRNN", "layout")
def simple_rnn(claim: Claim) -> None:
    x = random(2, 5, 3)
    expected, (kernel, recurrent, bias) = built(tf.keras.layers.SimpleRNN(4, return_sequences=True), x)
    layer = paddle.nn.SimpleRNN(3, 4)
    claim.raises(lambda: fill(layer.weight_ih_l0, kernel))
    _recurrent(layer, kernel, recurrent, bias, None)
    claim.differ(expected, layer(paddle.to_tensor(x)), "count")
    claim.agree(expected, layer(paddle.to_tensor(x))[0], atol=1e-5)


@check("tf.keras.layers.Bidirectional", "usage")
def bidirectional(claim: Claim) -> None:
    x = random(2, 5, 3)
    expected, weights = built(tf.keras.layers.Bidirectional(tf.keras.layers.SimpleRNN(4, return_sequences=True)), x)
    claim.raises(lambda: paddle.nn.BiRNN(paddle.nn.SimpleRNN(3, 4)), TypeError)
    cells = [paddle.nn.SimpleRNNCell(3, 4), paddle.nn.SimpleRNNCell(3, 4)]
    for cell, (kernel, recurrent, bias) in zip(cells, (weights[:3], weights[3:]), strict=True):
        fill(cell.weight_ih, kernel.T)
        fill(cell.weight_hh, recurrent.T)
        fill(cell.bias_ih, bias)
        fill(cell.bias_hh, np.zeros_like(bias))
    claim.agree(expected, paddle.nn.BiRNN(*cells)(paddle.to_tensor(x))[0], atol=1e-5)


def _basic_cell(cell: Any, weights: dict[str, Array]) -> Any:
    """A Paddle cell with the weights of TensorFlow 1's BasicRNNCell of width 4 over inputs of width 3."""
    fill(cell.weight_ih, weights["kernel"][:3].T)
    fill(cell.weight_hh, weights["kernel"][3:].T)
    fill(cell.bias_ih, weights["bias"])
    fill(cell.bias_hh, np.zeros_like(weights["bias"]))
    return cell


@check("tf.nn.dynamic_rnn", "state", legacy=True)
def dynamic_rnn(claim: Claim) -> None:
    x = random(2, 5, 3)
    v1 = tf.compat.v1.nn
    run = lambda inputs: v1.dynamic_rnn(v1.rnn_cell.BasicRNNCell(4), inputs, dtype=tf.float32)  # noqa: E731
    (expected, state), weights = run_v1(run, x)
    cell = _basic_cell(paddle.nn.SimpleRNNCell(3, 4), weights)
    claim.raises(lambda: paddle.nn.RNN(cell, paddle.to_tensor(x))(paddle.to_tensor(x), time_major=True))
    outputs, final = paddle.nn.RNN(cell)(paddle.to_tensor(x))
    claim.agree([expected, state], [outputs, final], atol=1e-5)
    run = lambda inputs: v1.dynamic_rnn(v1.rnn_cell.BasicRNNCell(4), inputs, [5, 2], dtype=tf.float32)  # noqa: E731
    (expected, state), weights = run_v1(run, x)
    outputs, final = paddle.nn.RNN(cell)(paddle.to_tensor(x), sequence_length=paddle.to_tensor([5, 2]))
    claim.agree(state, final, atol=1e-5)


@check("tf.nn.static_rnn", "shape", legacy=True)
def static_rnn(claim: Claim) -> None:
    x = random(2, 5, 3)
    v1 = tf.compat.v1.nn
    run = lambda inputs: v1.static_rnn(v1.rnn_cell.BasicRNNCell(4), tf.unstack(inputs, axis=1), dtype=tf.float32)  # noqa: E731
    (expected, state), weights = run_v1(run, x)
    outputs, final = paddle.nn.RNN(_basic_cell(paddle.nn.SimpleRNNCell(3, 4), weights))(paddle.to_tensor(x))
    claim.differ([expected, state], [outputs, final], "count")
    claim.agree([expected, state], [outputs.unbind(axis=1), final], atol=1e-5)


@check("tf.nn.bidirectional_dynamic_rnn", "shape", legacy=True)
def bidirectional_dynamic_rnn(claim: Claim) -> None:
    x = random(2, 5, 3)
    v1 = tf.compat.v1.nn
    kernels = {"kernel": random(7, 4, low=-0.5, high=0.5), "bias": random(4)}

    def run(inputs: Any) -> Any:
        cells = v1.rnn_cell.BasicRNNCell(4), v1.rnn_cell.BasicRNNCell(4)
        return v1.bidirectional_dynamic_rnn(*cells, inputs, dtype=tf.float32)[0]

    expected, _ = run_v1(run, x, **kernels)
    cells = [_basic_cell(paddle.nn.SimpleRNNCell(3, 4), kernels) for _ in range(2)]
    outputs = paddle.nn.BiRNN(*cells)(paddle.to_tensor(x))[0]
    claim.differ(expected, outputs, "count")
    claim.agree(expected, paddle.split(outputs, 2, axis=-1), atol=1e-5)


@check("tf.nn.rnn_cell.GRUCell", "edge", legacy=True)
def gru_cell_v1(claim: Claim) -> None:
    x, state = random(2, 3), random(2, 4)
    v1 = tf.compat.v1
    with tf.Graph().as_default(), v1.Session() as session:
        output, _ = v1.nn.rnn_cell.GRUCell(4)(tf.constant(x), tf.constant(state))
        variables = v1.global_variables()
        names = {
            v.name.split("/", 1)[1].removesuffix(":0"): random(*v.shape, low=-0.5, high=0.5, seed=i)
            for i, v in enumerate(variables)
        }
        session.run(v1.global_variables_initializer())
        for variable, value in zip(variables, names.values(), strict=True):
            variable.load(value, session)
        expected = session.run(output)
    gates, candidate = names["gates/kernel"], names["candidate/kernel"]
    cell = paddle.nn.GRUCell(3, 4)
    fill(cell.weight_ih, np.concatenate([gates[:3], candidate[:3]], 1).T)
    fill(cell.weight_hh, np.concatenate([gates[3:], candidate[3:]], 1).T)
    fill(cell.bias_ih, np.concatenate([names["gates/bias"], names["candidate/bias"]]))
    fill(cell.bias_hh, np.zeros(12, "float32"))
    claim.differ(expected, cell(paddle.to_tensor(x), paddle.to_tensor(state))[0])

    joined = paddle.to_tensor(np.concatenate([x, state], 1))
    reset, update = paddle.nn.functional.sigmoid(
        joined @ paddle.to_tensor(gates) + paddle.to_tensor(names["gates/bias"])
    ).split(2, axis=1)
    inner = paddle.concat([paddle.to_tensor(x), reset * paddle.to_tensor(state)], 1)
    new = paddle.tanh(inner @ paddle.to_tensor(candidate) + paddle.to_tensor(names["candidate/bias"]))

    claim.agree(expected, update * paddle.to_tensor(state) + (1 - update) * new, atol=1e-5)


def _lstm_cell_v1(x: Array, c: Array, h: Array) -> tuple[list[Array], Array, Array]:
    """TensorFlow 1's LSTMCell of width 4: output, c, h; its kernel and its bias."""
    v1 = tf.compat.v1
    kernel, bias = random(7, 16, low=-0.5, high=0.5), random(16)
    with tf.Graph().as_default(), v1.Session() as session:
        state = v1.nn.rnn_cell.LSTMStateTuple(tf.constant(c), tf.constant(h))
        output, new_state = v1.nn.rnn_cell.LSTMCell(4)(tf.constant(x), state)
        session.run(v1.global_variables_initializer())
        for variable, value in zip(v1.global_variables(), (kernel, bias), strict=True):
            variable.load(value, session)
        return session.run([output, *new_state]), kernel, bias


def _lstm_gates(weights: Array) -> Array:
    """TensorFlow 1's gates i, j, f, o as Paddle's i, f, j, o, along the last axis."""
    i, j, f, o = np.split(weights, 4, axis=-1)
    return np.concatenate([i, f, j, o], axis=-1)


@check("tf.nn.rnn_cell.LSTMCell", "layout", legacy=True)
def lstm_cell_v1(claim: Claim) -> None:
    x, c, h = random(2, 3), random(2, 4), random(2, 4, seed=1)
    (expected, _, _), kernel, bias = _lstm_cell_v1(x, c, h)
    cell = paddle.nn.LSTMCell(3, 4)
    state = paddle.to_tensor(h), paddle.to_tensor(c)
    fill(cell.bias_hh, np.zeros(16, "float32"))
    for gates, forget, agrees in ((np.asarray, 0.0, False), (_lstm_gates, 0.0, False), (_lstm_gates, 1.0, True)):
        fill(cell.weight_ih, gates(kernel[:3]).T)
        fill(cell.weight_hh, gates(kernel[3:]).T)
        added = np.repeat([0, forget, 0, 0], 4).astype("float32")
        fill(cell.bias_ih, gates(bias) + added)
        output = cell(paddle.to_tensor(x), state)[0]
        claim.agree(expected, output, atol=1e-5) if agrees else claim.differ(expected, output)


@check("tf.nn.rnn_cell.LSTMCell", "order", legacy=True)
def lstm_cell_state_v1(claim: Claim) -> None:
    x, c, h = random(2, 3), random(2, 4), random(2, 4, seed=1)
    (_, new_c, new_h), kernel, bias = _lstm_cell_v1(x, c, h)
    cell = paddle.nn.LSTMCell(3, 4)
    fill(cell.weight_ih, _lstm_gates(kernel[:3]).T)
    fill(cell.weight_hh, _lstm_gates(kernel[3:]).T)
    fill(cell.bias_ih, _lstm_gates(bias) + np.repeat([0, 1, 0, 0], 4).astype("float32"))
    fill(cell.bias_hh, np.zeros(16, "float32"))
    swapped = cell(paddle.to_tensor(x), (paddle.to_tensor(c), paddle.to_tensor(h)))[1]
    claim.differ([new_c, new_h], list(swapped))
    paddle_h, paddle_c = cell(paddle.to_tensor(x), (paddle.to_tensor(h), paddle.to_tensor(c)))[1]
    claim.agree([new_c, new_h], [paddle_c, paddle_h], atol=1e-5)


@check("tf.nn.rnn_cell.MultiRNNCell", "usage", legacy=True)
def multi_rnn_cell(claim: Claim) -> None:
    x = random(2, 5, 3)
    v1 = tf.compat.v1.nn
    first_kernel, second_kernel = random(7, 4, low=-0.5, high=0.5), random(8, 4, low=-0.5, high=0.5)

    def run(inputs: Any) -> Any:
        cells = v1.rnn_cell.MultiRNNCell([v1.rnn_cell.BasicRNNCell(4), v1.rnn_cell.BasicRNNCell(4)])
        return v1.dynamic_rnn(cells, inputs, dtype=tf.float32)[0]

    v1_graph = tf.Graph()
    with v1_graph.as_default(), tf.compat.v1.Session() as session:
        outputs = run(tf.constant(x))
        session.run(tf.compat.v1.global_variables_initializer())
        zeros = np.zeros(4, "float32")
        values = (first_kernel, zeros, second_kernel, zeros)
        for variable, value in zip(tf.compat.v1.global_variables(), values, strict=True):
            variable.load(value, session)
        expected = session.run(outputs)
    claim.raises(lambda: paddle.nn.SimpleRNN([paddle.nn.SimpleRNNCell(3, 4)]), TypeError)
    layer = paddle.nn.SimpleRNN(3, 4, num_layers=2)
    for i, (kernel, width) in enumerate(((first_kernel, 3), (second_kernel, 4))):
        fill(getattr(layer, f"weight_ih_l{i}"), kernel[:width].T)
        fill(getattr(layer, f"weight_hh_l{i}"), kernel[width:].T)
        fill(getattr(layer, f"bias_ih_l{i}"), zeros)
        fill(getattr(layer, f"bias_hh_l{i}"), zeros)
    claim.agree(expected, layer(paddle.to_tensor(x))[0], atol=1e-5)


@check("tf.keras.layers.TimeDistributed")
def time_distributed(claim: Claim) -> None:
    x = random(2, 5, 3)
    expected, (kernel, bias) = built(tf.keras.layers.TimeDistributed(tf.keras.layers.Dense(4)), x)
    linear = paddle.nn.Linear(3, 4)
    fill(linear.weight, kernel)
    fill(linear.bias, bias)

    folded = paddle.to_tensor(x).reshape([10, 3])

    claim.agree(expected, linear(folded).reshape([2, 5, 4]))
