"""Each layer, as the real Caffe computes it."""

from __future__ import annotations

from pathlib import Path

import pytest

from frontends.caffe.references import Reference, references
from frontends.caffe.running import check_close, run
from paddlify.frontends import caffe
from paddlify.frontends.base import LoadOptions


@pytest.mark.parametrize("reference", references(), ids=lambda item: f"{item.family}-{item.name}")
def test_layer_agrees_with_caffe(reference: Reference, tmp_path: Path) -> None:
    prototxt, caffemodel, inputs, outputs = reference.extract(tmp_path)
    asked = [name for name, _ in outputs] if reference.family == "loss" else None
    loaded = caffe.load(prototxt, LoadOptions(outputs=asked, extra={"weights": str(caffemodel)}))
    assert [value.name for value in loaded.model.graph.outputs] == [name for name, _ in outputs]
    assert {value.name for value in loaded.model.graph.inputs} <= set(inputs)
    check_close(run(loaded.model, inputs, tmp_path), [array for _, array in outputs])
