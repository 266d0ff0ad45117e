"""Models of Keras: layers, the networks of keras.applications, and Keras's own files."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from frontends.tensorflow.compare import assert_same, loaded, names
from oracles import oracle_python
from paddlify.errors import LoadError, MissingDependencyError
from paddlify.frontends.base import Loaded
from paddlify.frontends.tensorflow import recognises
from paddlify.frontends.tensorflow.installed import INTERPRETER

RECURRENT = ("Loop", "LSTM", "GRU", "RNN")


def recurrent_operators(found: Loaded) -> dict[str, int]:
    return dict(Counter(node.op_type for node in found.model.graph if node.op_type in RECURRENT))


@pytest.mark.parametrize(
    ("name", "operators"),
    [
        ("lstm", {"LSTM": 1}),
        ("lstm_any_length", {"LSTM": 1}),
        ("lstm_backwards", {"LSTM": 1}),
        ("lstm_no_bias", {"LSTM": 1}),
        ("lstm_relu", {"Loop": 1}),
        ("gru", {"GRU": 1}),
        ("gru_reset_before", {"Loop": 1}),
        ("simple_rnn", {"RNN": 1}),
        ("bidirectional", {"LSTM": 2, "GRU": 2}),
        ("masked", {"LSTM": 1, "GRU": 1}),
        ("masked_any_length", {"LSTM": 2, "GRU": 1}),
        ("gru_any_length", {"Loop": 1}),
        ("conv_lstm", {"Loop": 1}),
        ("states", {"LSTM": 2}),
        ("joined_cell", {"LSTM": 1}),
        ("encoder_decoder", {"LSTM": 2, "GRU": 1}),
        ("one_state", {"LSTM": 2, "GRU": 1}),
    ],
)
def test_recurrent_layers(layers: Path, tmp_path: Path, name: str, operators: dict[str, int]) -> None:
    found = loaded(layers / name / "saved")
    assert recurrent_operators(found) == operators
    assert_same(found, layers / name, tmp_path)


def test_a_layer_that_keeps_its_states_begins_anew(layers: Path, tmp_path: Path) -> None:
    found = loaded(layers / "stateful" / "saved")
    (note,) = found.notes
    assert re.search(r"the source keeps what it computes in \S+, \S+; the converted model begins as saved", note)
    assert_same(found, layers / "stateful", tmp_path)
    assert not loaded(layers / "states" / "saved").notes


@pytest.mark.parametrize("form", ["", "_any_length", "_zeros", "_zeros_backwards"])
@pytest.mark.parametrize(("layer", "operator"), [("lstm", "LSTM"), ("gru", "GRU"), ("simplernn", "RNN")])
def test_masked_layers(masks: Path, tmp_path: Path, layer: str, operator: str, form: str) -> None:
    """Three layers each, behind masks with holes, and rows of which nothing is left."""
    folder = masks / f"{layer}{form}"
    found = loaded(folder / "saved")
    assert recurrent_operators(found) == {operator: 3}
    assert_same(found, folder, tmp_path)


@pytest.mark.parametrize(
    ("name", "operators"),
    [
        ("bidirectional", {"LSTM": 2, "GRU": 2}),
        ("bidirectional_any_length", {"LSTM": 2, "GRU": 2}),
        ("embedding", {"RNN": 1, "LSTM": 1}),
    ],
)
def test_layers_that_pass_masks_on(masks: Path, tmp_path: Path, name: str, operators: dict[str, int]) -> None:
    found = loaded(masks / name / "saved")
    assert recurrent_operators(found) == operators
    assert_same(found, masks / name, tmp_path)


@pytest.mark.parametrize("name", ["time_distributed", "mel_spectrogram", "conv1d", "conv3d", "attention", "unet"])
def test_other_layers(layers: Path, tmp_path: Path, name: str) -> None:
    assert_same(loaded(layers / name / "saved"), layers / name, tmp_path)


@pytest.mark.parametrize("name", ["frozen_functional", "frozen_switches"])
def test_frozen_layers(layers: Path, tmp_path: Path, name: str) -> None:
    found = loaded(layers / name / "frozen.pb")
    assert names(found) == (["x"], ["Identity"])
    assert_same(found, layers / name, tmp_path)


@pytest.mark.parametrize("file", ["model.keras", "model.h5"])
def test_keras_files(layers: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str) -> None:
    path = layers / "files" / file
    assert recognises(path)
    monkeypatch.setenv(INTERPRETER, oracle_python("tensorflow"))
    found = loaded(path)
    assert found.source_format == "keras file"
    assert names(found) == (["x"], ["output_0"])
    assert_same(found, layers / "files", tmp_path)


def test_keras_files_need_keras(layers: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(INTERPRETER, raising=False)
    with pytest.raises(MissingDependencyError, match="is read by Keras itself; install tensorflow and keras"):
        loaded(layers / "files" / "model.keras")


def test_a_damaged_keras_file(layers: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = (layers / "files" / "model.h5").read_bytes()
    (tmp_path / "cut.h5").write_bytes(content[: len(content) // 2])
    monkeypatch.setenv(INTERPRETER, oracle_python("tensorflow"))
    with pytest.raises(LoadError, match="Keras cannot load it"):
        loaded(tmp_path / "cut.h5")
