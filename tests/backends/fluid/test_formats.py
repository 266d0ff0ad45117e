"""What `--format` and `--fluid-params` write, loaded by the older Paddles and by Paddle 3."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest

import onnx_models
import paddlify
from backends.fluid.running import results, run

TEXT = """
<ir_version: 8, opset_import: ["": 17]>
net (float[N, 3, 8, 8] image) => (float[N, 5] scores, float[N, 4, 6, 6] features) {
    c = Conv (image, weight, bias)
    features = Relu(c)
    flat = Flatten(features)
    scores = Gemm(flat, kernel, offset)
}
"""


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    generator = np.random.default_rng(0)
    shapes = {"weight": (4, 3, 3, 3), "bias": (4,), "kernel": (144, 5), "offset": (5,)}
    weights = {name: generator.standard_normal(shape).astype(np.float32) for name, shape in shapes.items()}
    return onnx_models.save(onnx_models.model(TEXT, **weights), tmp_path_factory.mktemp("source") / "model.onnx")


@pytest.fixture(scope="module")
def converted(source: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The model in all formats, with Fluid's parameters either way."""
    root = tmp_path_factory.mktemp("formats")
    folders = {how: root / how for how in ("combined", "separate")}
    data = np.random.default_rng(1).standard_normal((2, 3, 8, 8)).astype(np.float32)
    for how, folder in folders.items():
        paddlify.convert(source, folder, verify=False, format=["pdmodel", "fluid"], fluid_params=how)
        np.savez(folder / "data.npz", image=data)
    return folders


@pytest.mark.parametrize("oracle", ["fluid", "fluid16", "paddle26"])
def test_both_forms_of_parameters_load(source: Path, converted: dict[str, Path], oracle: str) -> None:
    run(oracle, converted.values())
    session = onnxruntime.InferenceSession(str(source), providers=["CPUExecutionProvider"])
    for folder in converted.values():
        found = results(oracle, folder)
        expected = session.run(None, dict(np.load(folder / "data.npz")))
        assert [(item.shape, item.dtype) for item in found] == [(item.shape, item.dtype) for item in expected]
        for got, want in zip(found, expected, strict=True):
            assert np.abs(got - want).max() <= 1e-6 * np.abs(want).max()


def test_combined_parameters_are_on_disk_once(converted: dict[str, Path]) -> None:
    folder = converted["combined"]
    assert (folder / "__params__").samefile(folder / "inference.pdiparams")


def test_separate_parameters_have_a_file_each(converted: dict[str, Path]) -> None:
    folder = converted["separate"]
    together = sorted(["c.weight", "c.bias", "scores.weight", "scores.bias"])
    assert not (folder / "__params__").exists()
    combined = (folder / "inference.pdiparams").read_bytes()
    assert b"".join((folder / name).read_bytes() for name in together) == combined


def test_what_fluid_lacks_is_refused_with_a_list(tmp_path: Path) -> None:
    text = """<ir_version: 10, opset_import: ["" : 26]>
    net (float[3, 4] x, int64[2, 4] i) => (float[2, 4] y, float[3, 4] z) {
        y = GatherElements <axis = 1>(x, i)
        axis = Constant <value = int64 {0}> ()
        z = CumProd (x, axis)
    }"""
    onnx.save(onnx.parser.parse_model(text), tmp_path / "model.onnx")
    with pytest.raises(paddlify.UnsupportedError, match=r"(?s)take_along_axis.*cumprod"):
        paddlify.convert(tmp_path / "model.onnx", tmp_path / "out", verify=False, format=["fluid"])
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"format": ["fluid"], "fluid_params": "apart"}, "unknown parameters apart"),
        ({"format": ["pdmodel"], "fluid_params": "separate"}, "add --format fluid"),
    ],
)
def test_wrong_parameters_are_refused(source: Path, tmp_path: Path, options: dict[str, object], message: str) -> None:
    with pytest.raises(paddlify.UsageError, match=message):
        paddlify.convert(source, tmp_path / "out", verify=False, **options)
    assert not (tmp_path / "out").exists()
