"""Whole public nets, as the real Caffe computes them (layers of forks in NumPy inside it)."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest

from frontends.caffe import drawing, nets
from frontends.caffe.nets_on_disk import write_caffemodel
from frontends.caffe.references import DATA
from frontends.caffe.running import check_close, run
from paddlify.frontends import caffe
from paddlify.frontends.base import LoadOptions


def recorded(name: str) -> dict[str, np.ndarray]:
    with zipfile.ZipFile(DATA / "nets.zip") as archive:
        arrays = np.load(io.BytesIO(archive.read(f"{name}.npz")))
        return {key: arrays[key] for key in arrays.files}


def write_net(name: str, folder: Path) -> tuple[Path, Path]:
    """The reduced prototxt of a net, and its weights from their seeds."""
    blobs: dict[str, list[tuple[int, np.ndarray]]] = {}
    for key, shape in recorded(name).items():
        if key.startswith("shape:"):
            _, index, layer_type, layer = key.split(":", 3)
            array = drawing.net_weight(layer_type, int(index), tuple(shape), name, layer, index)
            blobs.setdefault(layer, []).append((int(index), array))
    ordered = {layer: [array for _, array in sorted(items, key=lambda item: item[0])] for layer, items in blobs.items()}
    prototxt, caffemodel = folder / f"{name}.prototxt", folder / f"{name}.caffemodel"
    prototxt.write_text(nets.reduced(name))
    write_caffemodel(caffemodel, ordered)
    return prototxt, caffemodel


@pytest.mark.parametrize("name", nets.NETS)
def test_net_agrees_with_caffe(name: str, tmp_path: Path) -> None:
    described, answers = nets.NETS[name], recorded(name)
    prototxt, caffemodel = write_net(name, tmp_path)
    numbered = sorted((int(key.split(":", 2)[1]), key.split(":", 2)[2]) for key in answers if key.startswith("out:"))
    expected = {blob: answers[f"out:{number}:{blob}"] for number, blob in numbered}
    inputs = {blob: drawing.draw(described.draw, shape, name, blob) for blob, shape in described.inputs.items()}
    options = {"weights": caffemodel}
    shapes = described.inputs if name == "segnet_basic_inference" else {}
    by_default = caffe.load(prototxt, LoadOptions(input_shapes=shapes, extra=options)).model.graph
    assert [value.name for value in by_default.inputs] == list(described.inputs)
    assert [value.name for value in by_default.outputs] == list(expected)

    expected |= {blob: answers[f"blob:{blob}"] for blob in described.outputs}
    loaded = caffe.load(prototxt, LoadOptions(outputs=list(expected), input_shapes=shapes, extra=options))
    check_close(run(loaded.model, inputs, tmp_path), list(expected.values()))
