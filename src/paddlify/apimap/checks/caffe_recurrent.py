"""Checks of ``data/caffe.toml``: recurrent layers."""

from typing import Any

import numpy as np

from paddlify.apimap.checks.caffe_recordings import blobs, caffe, inputs
from paddlify.apimap.claims import Claim, check
from paddlify.apimap.comparing import Array
from paddlify.apimap.frameworks import paddle


def _ifgo(weights: Array) -> Array:
    """Caffe's gates i, f, o, g as Paddle's i, f, g, o, along the first axis."""
    i, f, o, g = np.split(weights, 4)
    return np.concatenate([i, f, g, o])


def _lstm(case: str) -> Any:
    """A Paddle LSTM with the recorded weights; Caffe's are input, bias, hidden."""
    weight, bias, hidden = (caffe(case, f"blob{i}") for i in range(3))
    layer = paddle.nn.LSTM(3, 4, time_major=True)
    layer.weight_ih_l0.set_value(_ifgo(weight))
    layer.weight_hh_l0.set_value(_ifgo(hidden))
    layer.bias_ih_l0.set_value(_ifgo(bias))
    layer.bias_hh_l0.set_value(np.zeros_like(bias))
    return layer


@check("caffe.LSTM", "layout")
def lstm(claim: Claim) -> None:
    x, _ = inputs("LSTM")
    expected = caffe("LSTM", "out0")
    layer = _lstm("LSTM")
    claim.agree(expected, layer(x)[0], atol=1e-5)
    layer.weight_ih_l0.set_value(caffe("LSTM", "blob0"))
    claim.differ(expected, layer(x)[0])


@check("caffe.LSTM", "state")
def lstm_continuation(claim: Claim) -> None:
    x, marks = inputs("LSTM_reset")
    expected, layer = caffe("LSTM_reset", "out0"), _lstm("LSTM_reset")
    claim.differ(expected, layer(x)[0])
    state, outputs = (paddle.zeros([1, 2, 4]), paddle.zeros([1, 2, 4])), []
    for step, mark in zip(x, marks, strict=True):
        kept = mark.reshape([1, 2, 1])
        output, state = layer(step.unsqueeze(0), (state[0] * kept, state[1] * kept))
        outputs.append(output)
    claim.agree(expected, paddle.concat(outputs), atol=1e-5)


@check("caffe.LSTMUnit")
def lstm_unit(claim: Claim) -> None:
    cell, gates, mark = inputs("LSTMUnit")
    i, f, o, g = gates.split(4, axis=2)

    forget = paddle.nn.functional.sigmoid(f) * mark.reshape([1, 2, 1])
    new_cell = forget * cell + paddle.nn.functional.sigmoid(i) * paddle.tanh(g)
    hidden = paddle.nn.functional.sigmoid(o) * paddle.tanh(new_cell)

    claim.agree([caffe("LSTMUnit", "out0"), caffe("LSTMUnit", "out1")], [new_cell, hidden], atol=1e-5)


@check("caffe.RNN", "usage")
def rnn(claim: Claim) -> None:
    x, marks = inputs("RNN")
    expected = caffe("RNN", "out0")
    weight, bias, hidden, out_weight, out_bias = blobs("RNN")
    layer = paddle.nn.SimpleRNN(3, 4, time_major=True)
    layer.weight_ih_l0.set_value(weight)
    layer.weight_hh_l0.set_value(hidden)
    layer.bias_ih_l0.set_value(bias)
    layer.bias_hh_l0.set_value(paddle.zeros_like(bias))
    claim.differ(expected, layer(x)[0])
    state, outputs = paddle.zeros([1, 2, 4]), []
    for step, mark in zip(x, marks, strict=True):
        output, state = layer(step.unsqueeze(0), state * mark.reshape([1, 2, 1]))
        outputs.append(paddle.tanh(paddle.nn.functional.linear(output, out_weight.T, out_bias)))
    claim.agree(expected, paddle.concat(outputs), atol=1e-5)
