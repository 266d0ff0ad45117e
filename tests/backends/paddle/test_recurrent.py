"""Recurrent operators against onnxruntime."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.backends.paddle.single_node import check

GATES = {"LSTM": 4, "GRU": 3, "RNN": 1}
TIME, BATCH, INPUT, HIDDEN = 5, 3, 4, 6


def inputs(op_type: str, attributes: dict[str, Any], **wanted: bool) -> list[np.ndarray | None]:
    """X, W, R, B, sequence_lens, initial_h, initial_c, P of a node; those not wanted are left out."""
    rng = np.random.default_rng(len(op_type) + len(attributes))
    directions = 2 if attributes.get("direction") == "bidirectional" else 1
    gates = GATES[op_type] * HIDDEN

    def random(*shape: int) -> np.ndarray:
        return (rng.standard_normal(shape) * 0.5).astype(np.float32)

    values: list[np.ndarray | None] = [
        random(TIME, BATCH, INPUT),
        random(directions, gates, INPUT),
        random(directions, gates, HIDDEN),
        random(directions, 2 * gates) if wanted.get("bias", True) else None,
        np.array([5, 2, 3], np.int32) if wanted.get("lengths") else None,
        random(directions, BATCH, HIDDEN) if wanted.get("initial") else None,
    ]
    if op_type == "LSTM":
        values.append(random(directions, BATCH, HIDDEN) if wanted.get("initial") else None)
        values.append(random(directions, 3 * HIDDEN) if wanted.get("peepholes") else None)
    while values[-1] is None:
        values.pop()
    return values


@pytest.mark.parametrize("constant", [True, False], ids=["weights", "computed"])
@pytest.mark.parametrize("direction", ["forward", "reverse", "bidirectional"])
@pytest.mark.parametrize("initial", [False, True], ids=["zero", "initial"])
@pytest.mark.parametrize("op_type", list(GATES))
def test_directions(op_type: str, direction: str, initial: bool, constant: bool) -> None:
    attributes = {"hidden_size": HIDDEN, "direction": direction}
    if op_type == "GRU":
        attributes["linear_before_reset"] = 1
    values = inputs(op_type, attributes, initial=initial)
    text = check(
        op_type, values, attributes, constants=(1, 2, 3) if constant else (), outputs=3 if op_type == "LSTM" else 2,
        dynamic={0: (0, 1)}, atol=1e-5,
    )
    assert (f"nn.{'SimpleRNN' if op_type == 'RNN' else op_type}(" in text) == constant


@pytest.mark.parametrize("direction", ["forward", "reverse", "bidirectional"])
@pytest.mark.parametrize("initial", [False, True], ids=["zero", "initial"])
@pytest.mark.parametrize(
    "dynamic", [{}, {0: (0, 1)}, {4: (0,)}, {0: (0, 1), 4: (0,)}], ids=["static", "sequences", "lengths", "both"]
)
@pytest.mark.parametrize("op_type", list(GATES))
def test_lengths(op_type: str, dynamic: dict[int, tuple[int, ...]], initial: bool, direction: str) -> None:
    """Paddle's layer takes the lengths, unless it would have to run backwards only; nothing behind them is seen."""
    attributes = {"hidden_size": HIDDEN, "direction": direction}
    if op_type == "GRU":
        attributes["linear_before_reset"] = 1
    x, *others = inputs(op_type, attributes, initial=initial, lengths=True)
    x[np.arange(TIME)[:, np.newaxis] >= others[3]] = np.nan
    text = check(
        op_type, [x, *others], attributes, constants=(1, 2, 3), outputs=3 if op_type == "LSTM" else 2,
        dynamic=dynamic, atol=1e-5,
    )
    assert ("sequence_length=" in text) == (direction != "reverse")


@pytest.mark.parametrize(
    ("op_type", "attributes", "wanted"),
    [
        pytest.param("LSTM", {}, {"bias": False}, id="no bias"),
        pytest.param("LSTM", {}, {"peepholes": True, "initial": True}, id="peepholes"),
        pytest.param("LSTM", {"clip": 0.3}, {"peepholes": True}, id="clip"),
        pytest.param("LSTM", {"input_forget": 1}, {}, id="coupled gates"),
        pytest.param("LSTM", {"activations": ["HardSigmoid", "Softsign", "Relu"]}, {}, id="other activations"),
        pytest.param(
            "LSTM",
            {
                "activations": ["HardSigmoid", "ScaledTanh", "LeakyRelu"],
                "activation_alpha": [0.3, 0.9, 0.1],
                "activation_beta": [0.4, 1.1],
            },
            {},
            id="activations with parameters",
        ),
        pytest.param("LSTM", {}, {"lengths": True, "initial": True}, id="lengths"),
        pytest.param("LSTM", {"direction": "bidirectional"}, {"lengths": True}, id="lengths both ways"),
        pytest.param("LSTM", {"direction": "reverse"}, {"lengths": True}, id="lengths in reverse"),
        pytest.param("GRU", {}, {"initial": True}, id="gru"),
        pytest.param("GRU", {"direction": "bidirectional"}, {"lengths": True}, id="gru lengths"),
        pytest.param("GRU", {"linear_before_reset": 1, "clip": 0.2}, {}, id="gru clip"),
        pytest.param(
            "GRU",
            {"activations": ["Elu", "Affine"], "activation_alpha": [0.5, 0.7], "activation_beta": [0.1]},
            {},
            id="gru activations",
        ),
        pytest.param("RNN", {"activations": ["Relu"]}, {}, id="rnn relu"),
        pytest.param("RNN", {"activations": ["ThresholdedRelu"], "activation_alpha": [0.1]}, {}, id="rnn thresholded"),
        pytest.param(
            "RNN", {"direction": "bidirectional", "activations": ["Tanh", "Sigmoid"]}, {"lengths": True}, id="rnn"
        ),
    ],
)
@pytest.mark.parametrize("dynamic", [False, True], ids=["static", "dynamic"])
def test_attributes(op_type: str, attributes: dict[str, Any], wanted: dict[str, bool], dynamic: bool) -> None:
    attributes = {"hidden_size": HIDDEN, **attributes}
    check(
        op_type, inputs(op_type, attributes, **wanted), attributes, constants=(1, 2), atol=1e-5,
        dynamic={0: (0, 1)} if dynamic else None, outputs=3 if op_type == "LSTM" else 2,
    )
