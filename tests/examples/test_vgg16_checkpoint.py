"""The article of 2019 in full: slim's VGG16 from a checkpoint, converted where TensorFlow cannot be imported."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest

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
    model = (folder / f"paddle_{layout}" / "model.py").read_text()
    assert model.count("paddle.transpose(") == (1 if layout == "source" else 0)
    assert model.count("self.vgg_16_") == 32, "16 convolutions, made once and called once"
