"""The whole road: TensorFlow models converted, loaded from disk and run by Paddle, against TensorFlow's results."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest

import paddlify
import transposes
from frontends.tensorflow.compare import expected, loaded
from oracles import pretrained

Record = Callable[[str, object], None]

APPLICATIONS = (
    "MobileNetV2", "MobileNetV3Small", "ResNet50V2", "DenseNet121", "InceptionV3", "EfficientNetB0",
    "EfficientNetV2B0", "Xception", "VGG19", "ConvNeXtTiny", "NASNetMobile",
)  # fmt: skip
"""The networks of keras.applications that are tested."""


def check(source: Path, folder: Path, tmp_path: Path, record: Record, **options: Any) -> paddlify.Model:
    """Value (relative to the output's scale), shape, dtype and order of the outputs are TensorFlow's.

    `record` is given the largest difference of any output, for `--junitxml`.
    """
    inputs, outputs = expected(folder)
    paddlify.convert(source, tmp_path / "out", verify=False, **options)
    model = paddlify.load(tmp_path / "out")
    results = model.inference({spec.name: inputs[spec.name] for spec in model.inputs})
    assert len(results) == len(model.outputs)
    differences = {}
    for spec, result in zip(model.outputs, results, strict=True):
        wanted = outputs[spec.name]
        assert result.dtype == wanted.dtype, spec.name
        assert result.shape == wanted.shape, spec.name
        scale = max(float(np.abs(wanted).max(initial=0)), 1e-30)
        differences[spec.name] = float(np.abs(result - wanted).max(initial=0)) / scale
    record("difference", max(differences.values()))
    assert all(difference <= 1e-5 for difference in differences.values()), differences
    return model


@pytest.mark.parametrize(
    ("source", "options"),
    [
        ("mnist/frozen.pb", {}),
        ("mnist/frozen.pbtxt", {}),
        ("mnist/checkpoint/model", {}),
        ("training", {"outputs": ["y"]}),
        ("dropout_select/frozen.pb", {}),
        ("partitioned/saved", {"signature": "both"}),
        ("partitioned/renamed", {"outputs": ["first", "second"]}),
        ("switch_true_minus/frozen.pb", {}),
        ("switch_false_1/frozen.pb", {}),
        ("switch_false_minus/frozen.pb", {}),
        ("frame_0/frozen.pb", {}),
        ("frame_5/frozen.pb", {}),
        ("array_full/frozen.pb", {}),
        ("array_part/frozen.pb", {}),
        ("bert/frozen.pb", {}),
        ("bert/checkpoint/model", {"outputs": ["sequence", "pooled"]}),
        ("inner_node/model", {"outputs": ["inner"]}),
        ("inner_node/model", {"outputs": ["resized", "inner"]}),
    ],
)
def test_graphs(graphs: Path, tmp_path: Path, record_property: Record, source: str, options: dict[str, Any]) -> None:
    name = Path(source).parts[0]
    check(graphs / source, graphs / name, tmp_path, record_property, **options)
    code = (tmp_path / "out" / "model.py").read_text()
    assert code.count("scaled_dot_product_attention(") == (2 if name == "bert" else 0)
    assert code.count(" = nn.LayerNorm(") == (5 if name == "bert" else 0)


@pytest.mark.parametrize(
    "name", ["functions_0", "functions_2", "functions_5", "lists", "growing", "anywhere", "anywhere_known"]
)
def test_modules(modules: Path, tmp_path: Path, record_property: Record, name: str) -> None:
    check(modules / name / "saved", modules / name, tmp_path, record_property)


@pytest.mark.parametrize(
    "name",
    [
        "lstm", "lstm_any_length", "lstm_backwards", "lstm_no_bias", "lstm_relu", "gru", "gru_reset_before",
        "gru_any_length", "simple_rnn", "bidirectional", "masked", "masked_any_length", "conv_lstm", "states",
        "joined_cell", "encoder_decoder", "one_state", "time_distributed", "mel_spectrogram",
        "conv1d", "conv3d", "attention", "unet", "files",
    ],
)  # fmt: skip
def test_layers(layers: Path, tmp_path: Path, record_property: Record, name: str) -> None:
    check(layers / name / "saved", layers / name, tmp_path, record_property)
    if name == "attention":
        code = (tmp_path / "out" / "model.py").read_text()
        layers_made = {kind: code.count(f" = nn.{kind}(") for kind in ("Linear", "LayerNorm")}
        assert layers_made == {"Linear": 6, "LayerNorm": 2}
        assert code.count("scaled_dot_product_attention(") == 1


@pytest.mark.parametrize(
    "name",
    [
        *(f"{layer}{form}" for layer in ("lstm", "gru", "simplernn") for form in ("", "_any_length", "_zeros")),
        "bidirectional", "bidirectional_any_length", "embedding",
    ],
)  # fmt: skip
def test_masked_layers(masks: Path, tmp_path: Path, record_property: Record, name: str) -> None:
    check(masks / name / "saved", masks / name, tmp_path, record_property)
    assert "while_loop" not in (tmp_path / "out" / "model.py").read_text()


@pytest.mark.slow
@pytest.mark.parametrize("name", APPLICATIONS)
def test_applications(models: Callable[[str], Path], tmp_path: Path, record_property: Record, name: str) -> None:
    folder = models(name) / name
    check(folder / "saved", folder, tmp_path, record_property)
    if name != "ConvNeXtTiny":  # it normalises and multiplies along the channels
        only_at_an_edge = 1, 0
        assert transposes.of_graph(loaded(folder / "saved")) == only_at_an_edge
        assert transposes.of_source(tmp_path / "out") == only_at_an_edge


def test_a_pretrained_model(tmp_path: Path) -> None:
    """basic-pitch's SavedModel against the ONNX form of the same network that its package brings."""
    source = pretrained("basic_pitch/saved_models/icassp_2022/nmp")
    audio = np.random.default_rng(0).standard_normal((1, 43844, 1)).astype(np.float32) * np.float32(0.1)
    session = onnxruntime.InferenceSession(f"{source}.onnx", providers=["CPUExecutionProvider"])
    outputs = dict(
        zip(["onset", "note", "contour"], session.run(None, {"serving_default_input_2:0": audio}), strict=True)
    )
    paddlify.convert(source, tmp_path / "out", verify=False)
    model = paddlify.load(tmp_path / "out")
    assert [spec.name for spec in model.outputs] == sorted(outputs)
    for spec, result in zip(model.outputs, model.inference({model.inputs[0]: audio}), strict=True):
        np.testing.assert_allclose(result, outputs[spec.name], rtol=0, atol=1e-5, strict=True)
