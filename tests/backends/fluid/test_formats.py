"""Programs for older Paddles, run by those very Paddles on the weights that Paddle 3 uses."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from tests.models.test_onnx_models import RELATIVE, feeds_for, seeded
from tests.oracles import oracle_python

import paddlify

HERE = Path(__file__).parent
RUNTIMES = {"pdmodel": ("paddle26", "run_paddle2.py"), "fluid": ("fluid", "run_fluid.py")}


def agree(model: onnx.ModelProto, folder: Path, target: str) -> None:
    """Convert, run on the older Paddle, compare with onnxruntime on the source."""
    oracle, script = RUNTIMES[target]
    python = oracle_python(oracle)
    onnx.save(model, folder / "model.onnx")
    paddlify.convert(folder / "model.onnx", folder / "out", verify=False, format=[target])
    session = onnxruntime.InferenceSession(str(folder / "model.onnx"), providers=["CPUExecutionProvider"])
    data = feeds_for(session, {})
    np.savez(folder / "data.npz", **data)
    done = subprocess.run(
        [python, str(HERE / script), str(folder / "out"), str(folder / "data.npz")],
        capture_output=True, text=True, check=False, timeout=280,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    results = np.load(folder / "out" / "results.npz")
    expected = session.run(None, data)
    assert len(results.files) == len(expected)
    for index, want in enumerate(expected):
        got = results[f"arr_{index}"]
        assert got.shape == want.shape
        assert np.abs(got - want).max() <= RELATIVE * np.abs(want).max()


@pytest.mark.parametrize("target", RUNTIMES)
@pytest.mark.parametrize("name", ["light_squeezenet", "light_resnet50", "light_shufflenet"])
def test_architecture(name: str, target: str, tmp_path: Path) -> None:
    agree(seeded(name), tmp_path, target)


def test_what_fluid_lacks_is_refused_with_a_list(tmp_path: Path) -> None:
    text = """<ir_version: 10, opset_import: ["" : 21]> net (float[3, 4] x, int64[2, 4] i) => (float[2, 4] y) {
        y = GatherElements <axis = 0> (x, i)
    }"""
    onnx.save(onnx.parser.parse_model(text), tmp_path / "model.onnx")
    with pytest.raises(paddlify.UnsupportedError, match="take_along_axis"):
        paddlify.convert(tmp_path / "model.onnx", tmp_path / "out", verify=False, format=["fluid"])
    assert not (tmp_path / "out").exists()
