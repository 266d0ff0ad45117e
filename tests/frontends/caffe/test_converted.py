"""The whole road: prototxt and caffemodel, converted, loaded from disk and run by Paddle."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import paddlify
from frontends.caffe import drawing, nets
from frontends.caffe.nets_on_disk import write_caffemodel
from frontends.caffe.references import Reference, references
from frontends.caffe.running import check_close
from frontends.caffe.test_forks import CASES, DETECTION, detection_case, drawn, write
from frontends.caffe.test_nets import recorded, write_net


@pytest.mark.parametrize("reference", references(), ids=lambda item: f"{item.family}-{item.name}")
def test_converted_layer_agrees_with_caffe(reference: Reference, tmp_path: Path) -> None:
    prototxt, caffemodel, inputs, outputs = reference.extract(tmp_path)
    asked = [name for name, _ in outputs] if reference.family == "loss" else None
    paddlify.convert(prototxt, tmp_path / "out", weights=caffemodel, outputs=asked, verify=False)
    model = paddlify.load(tmp_path / "out")
    assert [spec.name for spec in model.outputs] == [name for name, _ in outputs]
    found = model.inference({spec.name: inputs[spec.name] for spec in model.inputs})
    check_close(found, [array for _, array in outputs])


def converted(text: str, inputs: dict[str, np.ndarray], weights: list[np.ndarray], folder: Path) -> list[np.ndarray]:
    prototxt, caffemodel = write(text, inputs, weights, folder)
    paddlify.convert(prototxt, folder / "out", weights=caffemodel, verify=False)
    model = paddlify.load(folder / "out")
    return model.inference({spec.name: inputs[spec.name] for spec in model.inputs})


@pytest.mark.parametrize(("text", "bottoms", "expected", "blobs"), CASES)
def test_converted_fork_layer_agrees_with_numpy(
    text: str, bottoms: list[Any], expected: Callable[..., Any], blobs: tuple[tuple[int, ...], ...], tmp_path: Path
) -> None:
    inputs, weights = drawn(bottoms, blobs)
    check_close(converted(text, inputs, weights, tmp_path), [np.asarray(expected(*inputs.values(), *weights))])


@pytest.mark.parametrize("name", DETECTION)
def test_converted_detection_output_agrees_with_numpy(name: str, tmp_path: Path) -> None:
    text, inputs, expected = detection_case(name)
    check_close(converted(text, inputs, [], tmp_path), [expected])


def test_leaky_convolution(tmp_path: Path) -> None:
    """Paddle's fusion of these two crashes with oneDNN: what verification finds out must save the loader from it."""
    text = """
        layer { name: "data" type: "Input" top: "a" input_param { shape { dim: 2 dim: 3 dim: 6 dim: 6 } } }
        layer { name: "conv" type: "Convolution" bottom: "a" top: "b"
                convolution_param { num_output: 4 kernel_size: 1 } }
        layer { name: "relu" type: "ReLU" bottom: "b" top: "b" relu_param { negative_slope: 0.1 } }
    """
    (tmp_path / "net.prototxt").write_text(text)
    weight, bias = drawing.draw("normal", (4, 3, 1, 1), "w"), drawing.draw("normal", (4,), "b")
    write_caffemodel(tmp_path / "net.caffemodel", {"conv": [weight, bias]})
    paddlify.convert(tmp_path / "net.prototxt", tmp_path / "out", weights=tmp_path / "net.caffemodel")
    x = drawing.draw("normal", (2, 3, 6, 6), "x")
    wide = np.einsum("nchw,oc->nohw", x, weight[:, :, 0, 0]) + bias.reshape(1, 4, 1, 1)
    found = paddlify.load(tmp_path / "out").inference({"a": x})
    check_close(found, [np.where(wide > 0, wide, np.float32(0.1) * wide).astype(np.float32)])


@pytest.mark.slow
@pytest.mark.parametrize("name", nets.NETS)
def test_converted_net_agrees_with_caffe(name: str, tmp_path: Path) -> None:
    described, answers = nets.NETS[name], recorded(name)
    prototxt, caffemodel = write_net(name, tmp_path)
    keys = sorted((int(key.split(":", 2)[1]), key) for key in answers if key.startswith("out:"))
    expected = {key.split(":", 2)[2]: answers[key] for _, key in keys}
    expected |= {blob: answers[f"blob:{blob}"] for blob in described.outputs}
    shapes = described.inputs if name == "segnet_basic_inference" else None
    paddlify.convert(
        prototxt, tmp_path / "out", weights=caffemodel, outputs=list(expected), input_shapes=shapes, verify=False
    )
    model = paddlify.load(tmp_path / "out")
    assert [spec.name for spec in model.outputs] == list(expected)
    assert [(spec.name, spec.shape) for spec in model.inputs] == list(described.inputs.items())
    found = model.inference(
        {blob: drawing.draw(described.draw, shape, name, blob) for blob, shape in described.inputs.items()}
    )
    check_close(found, list(expected.values()))
