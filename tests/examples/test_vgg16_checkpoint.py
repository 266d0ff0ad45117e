"""The article of 2019 in full: slim's VGG16 from a checkpoint, converted where TensorFlow cannot be imported."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import paddlify
import transposes
from backends.fluid.running import results, run
from oracles import ROOT, oracle_python

EXAMPLE = ROOT / "examples" / "vgg16_checkpoint"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("vgg16")
    command = [oracle_python("tensorflow"), str(EXAMPLE / "make_checkpoint.py"), str(folder)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr[-4000:]
    return folder


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("layout", ["source", "nchw"])
def test_differences(folder: Path, layout: str) -> None:
    assert importlib.util.find_spec("tensorflow") is None
    command = [sys.executable, str(EXAMPLE / "convert.py"), str(folder), layout]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr[-4000:]
    converted, source, both = (float(text) for text in re.findall(r": +(\S+)$", run.stdout, re.MULTILINE))
    assert converted <= 2.8e-6, run.stdout
    assert both <= 1.5 * source, run.stdout
    edges = 1 if layout == "source" else 0
    assert transposes.of_source(folder / f"paddle_{layout}") == (edges, 0)
    model = (folder / f"paddle_{layout}" / "model.py").read_text()
    assert model.count("self.vgg_16_") == 32, "16 convolutions, made once and called once"


@pytest.fixture(scope="module")
def older(folder: Path) -> Path:
    """The model for the older Paddles."""
    checkpoint = folder / "checkpoint"
    target = folder / "older"
    paddlify.convert(
        checkpoint, target, meta=checkpoint / "model.meta", inputs=["inputs"], outputs=["vgg_16/fc8/squeezed"],
        input_shapes={"inputs": [-1, 224, 224, 3]}, format=["pdmodel", "fluid"], verify=False,
    )
    np.savez(target / "data.npz", inputs=np.load(folder / "data.npz")["images"])
    return target


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("oracle", ["paddle26", "fluid"])
def test_differences_on_older_paddles(folder: Path, older: Path, oracle: str) -> None:
    run(oracle, [older])
    (found,) = results(oracle, older)
    wanted = np.load(folder / "data.npz")["single"]
    assert (found.shape, found.dtype) == (wanted.shape, wanted.dtype)
    assert np.abs(found - wanted).max() <= 6.7e-6
