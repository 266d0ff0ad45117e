"""Whole networks on the older Paddles that people run, compared with what their source computes."""

from __future__ import annotations

import itertools
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import numpy_helper
from tests.models.test_onnx_models import NAMES, feeds_for, seeded

import onnx_models
from backends.fluid.running import convert_many, results, run
from frontends.caffe import drawing, nets
from frontends.caffe.test_nets import recorded, write_net
from frontends.tensorflow.compare import expected
from oracles import ROOT, oracle_python

RELATIVE = 1e-5
"""Largest difference allowed, in units of the output's largest magnitude."""

CAFFE = {
    "resnet50_kaiming": None, "squeezenet_v1_1": None,
    "mobilenet_ssd_voc": ["mbox_loc", "mbox_conf"],  # Fluid has no such DetectionOutput
}
KERAS = ("MobileNet", "MobileNetV2", "ResNet50", "InceptionV3")
LSTM = """
<ir_version: 8, opset_import: ["": 17]>
tagger (float[T, 2, 5] x) => (float[T, 2, 2, 4] y, float[2, 2, 4] h) {
    y, h = LSTM <hidden_size = 4, direction = "bidirectional"> (x, w, r, b)
}
"""


@dataclass(frozen=True)
class Network:
    """A model, how it is converted, what is fed, and what its source computes, in the order of the outputs."""

    source: Path
    feeds: dict[str, np.ndarray]
    expected: list[np.ndarray]
    options: dict[str, Any] = field(default_factory=dict)


def of_onnx(source: Path, feeds: dict[str, np.ndarray] | None = None, **options: Any) -> Network:
    session = onnxruntime.InferenceSession(str(source), providers=["CPUExecutionProvider"])
    feeds = feeds or feeds_for(session, {})
    return Network(source, feeds, session.run(None, feeds), options)


def architectures(folder: Path) -> Iterator[tuple[str, Network]]:
    for name in NAMES:
        onnx.save(seeded(name), folder / f"{name}.onnx")
        yield name, of_onnx(folder / f"{name}.onnx")


def caffe(folder: Path) -> Iterator[tuple[str, Network]]:
    for name, cut in CAFFE.items():
        described, answers = nets.NETS[name], recorded(name)
        prototxt, caffemodel = write_net(name, folder)
        order = sorted(key for key in answers if key.startswith("out:"))
        blobs = {key.split(":", 2)[2]: answers[key] for key in order}
        blobs = blobs if cut is None else {blob: answers[f"blob:{blob}"] for blob in cut}
        feeds = {
            blob: drawing.draw(described.draw, shape, name, blob) for blob, shape in described.inputs.items()
        }
        options = {"weights": str(caffemodel), "outputs": list(blobs)}
        yield name, Network(prototxt, feeds, list(blobs.values()), options)


def keras(models: Callable[[str], Path]) -> Iterator[tuple[str, Network]]:
    for name in KERAS:
        folder = models(name) / name
        feeds, outputs = expected(folder)
        yield name, Network(folder / "saved", feeds, list(outputs.values()))


def encoder(folder: Path) -> Iterator[tuple[str, Network]]:
    script = ROOT / "tests" / "torch_export" / "make_models.py"
    done = subprocess.run(
        [oracle_python("torch"), str(script), str(folder), "bert"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-4000:]
    words = np.random.default_rng(5).integers(0, 100, (2, 6))
    feeds = {"input_ids": words, "attention_mask": np.array([[1] * 6, [1] * 4 + [0] * 2])}
    shapes = {name: [2, 6] for name in feeds}
    yield "bert", of_onnx(folder / "bert.torchscript.onnx", feeds, input_shapes=shapes)


def tagger(folder: Path) -> Iterator[tuple[str, Network]]:
    generator = np.random.default_rng(3)
    shapes = {"w": (2, 16, 5), "r": (2, 16, 4), "b": (2, 32)}
    model = onnx.parser.parse_model(LSTM)
    model.graph.initializer.extend(
        numpy_helper.from_array(generator.standard_normal(shape).astype(np.float32), name)
        for name, shape in shapes.items()
    )
    yield "lstm", of_onnx(onnx_models.save(model, folder / "lstm.onnx"))


NETWORKS = [*NAMES, *CAFFE, *KERAS, "bert", "lstm"]


@pytest.fixture(scope="module")
def networks(
    tmp_path_factory: pytest.TempPathFactory, models: Callable[[str], Path]
) -> dict[str, tuple[Network, Path]]:
    """Each network and the folder to which it was converted; all run on both older Paddles."""
    root = tmp_path_factory.mktemp("networks")
    found: dict[str, tuple[Network, Path]] = {}
    made = itertools.chain(architectures(root), caffe(root), keras(models), encoder(root), tagger(root))
    for name, network in made:
        found[name] = network, root / f"{name}.converted"
        found[name][1].mkdir()
    convert_many(
        {network.source: folder for network, folder in found.values()},
        {folder: network.options for network, folder in found.values()},
    )
    for network, folder in found.values():
        np.savez(folder / "data.npz", **network.feeds)
    run("paddle26", [folder for _, folder in found.values()])
    run("fluid", [folder for _, folder in found.values()])
    return found


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("oracle", ["paddle26", "fluid"])
@pytest.mark.parametrize("name", NETWORKS)
def test_network(networks: dict[str, tuple[Network, Path]], name: str, oracle: str) -> None:
    network, folder = networks[name]
    found = results(oracle, folder)
    assert [(item.shape, item.dtype) for item in found] == [(item.shape, item.dtype) for item in network.expected]
    for got, want in zip(found, network.expected, strict=True):
        assert np.abs(got - want).max() <= RELATIVE * np.abs(want).max()
