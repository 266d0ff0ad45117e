"""Recurrent layers."""

from .base import single


def _recurrent(name, kind, bottoms, settings, tops=1, draw=None):
    drawn = {"b": "bits"}
    drawn.update(draw or {})
    return single(name, bottoms, 'type: "%s" recurrent_param { %s %s }' % (kind, settings, FILLERS), tops, drawn)


FILLERS = 'weight_filler { type: "uniform" min: -0.5 max: 0.5 }'

RECURRENT = [
    _recurrent("lstm", "LSTM", [(5, 2, 3), (5, 2)], "num_output: 4"),
    _recurrent("lstm_always_on", "LSTM", [(4, 2, 3), (4, 2)], "num_output: 3", draw={"b": [1] * 8}),
    _recurrent("lstm_begins", "LSTM", [(4, 2, 3), (4, 2)], "num_output: 3", draw={"b": [0, 0, 1, 1, 1, 1, 1, 1]}),
    _recurrent("lstm_more_axes", "LSTM", [(3, 2, 3, 2), (3, 2)], "num_output: 4"),
    _recurrent("lstm_one_step", "LSTM", [(1, 3, 4), (1, 3)], "num_output: 2"),
    _recurrent("lstm_static", "LSTM", [(4, 2, 3), (4, 2), (2, 5)], "num_output: 4"),
    _recurrent("lstm_exposed", "LSTM", [(4, 2, 3), (4, 2), (1, 2, 4), (1, 2, 4)], "num_output: 4 expose_hidden: true",
               tops=3),
    _recurrent("lstm_static_exposed", "LSTM", [(4, 2, 3), (4, 2), (2, 3), (1, 2, 4), (1, 2, 4)],
               "num_output: 4 expose_hidden: true", tops=3),
    _recurrent("rnn", "RNN", [(5, 2, 3), (5, 2)], "num_output: 4"),
    _recurrent("rnn_more_axes", "RNN", [(3, 2, 3, 2), (3, 2)], "num_output: 3"),
    _recurrent("rnn_static", "RNN", [(4, 2, 3), (4, 2), (2, 5)], "num_output: 4"),
    _recurrent("rnn_exposed", "RNN", [(4, 2, 3), (4, 2), (1, 2, 4)], "num_output: 4 expose_hidden: true", tops=2),
    single("lstm_unit", [(1, 3, 4), (1, 3, 16), (1, 3)], 'type: "LSTMUnit"', tops=2, draw={"c": "bits"}),
    single("lstm_unit_on", [(1, 3, 4), (1, 3, 16), (1, 3)], 'type: "LSTMUnit"', tops=2, draw={"c": [1, 1, 1]}),
    single("lstm_unit_off", [(1, 3, 4), (1, 3, 16), (1, 3)], 'type: "LSTMUnit"', tops=2, draw={"c": [0, 0, 0]}),
]
