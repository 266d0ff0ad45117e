"""Each form of a program, on every Paddle that reads it: this one, and the older ones in their own environments."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

import onnx_models
import paddlify
from oracles import ROOT, oracle_python
from paddlify import formats
from paddlify.backends.paddle import lite
from paddlify.cli import run_command
from paddlify.runtime import elsewhere

WRITTEN = ("pir", "pdmodel", "fluid")
PADDLES = [("pdmodel", "paddle26", "PADDLIFY_PADDLE2", "PaddlePaddle 2.6.2"),
           ("fluid", "fluid", "PADDLIFY_FLUID", "Paddle Fluid 1.8.5")]  # fmt: skip
TEXT = """<ir_version: 10, opset_import: ["" : 21]>
net (float[n, 3, h, w] image, float[1, 4, 1, 1] offset) => (float[n, 4, i, j] positive, float[n, 4] mean)
{
    c = Conv <pads = [1, 1, 1, 1], strides = [2, 2]> (image, weight, bias)
    s = Add (c, offset)
    positive = Relu (s)
    m = GlobalAveragePool (positive)
    mean = Flatten (m)
}"""


@pytest.fixture(scope="module")
def source(tmp_path_factory) -> Path:
    return onnx_models.save(onnx_models.net(text=TEXT), tmp_path_factory.mktemp("source") / "model.onnx")


@pytest.fixture(scope="module")
def folder(source, tmp_path_factory) -> Path:
    """The model in all formats; verified here, where no older Paddle is known."""
    with pytest.MonkeyPatch.context() as patch:
        for runtime in (elsewhere.PADDLE_2, elsewhere.FLUID, elsewhere.LITE):
            patch.delenv(runtime.variable, raising=False)
        target = tmp_path_factory.mktemp("formats") / "out"
        paddlify.convert(source, target, format=["pdmodel", "fluid"])
    return target


@pytest.fixture
def feeds() -> dict[str, np.ndarray]:
    generator = np.random.default_rng(1)
    return {
        "image": generator.standard_normal((2, 3, 9, 8)).astype(np.float32),
        "offset": generator.standard_normal((1, 4, 1, 1)).astype(np.float32),
    }


@pytest.fixture
def expected(source, feeds) -> list[np.ndarray]:
    import onnxruntime

    return onnxruntime.InferenceSession(str(source), providers=["CPUExecutionProvider"]).run(None, feeds)


def agree(actual, expected):
    assert len(actual) == len(expected)
    for got, want in zip(actual, expected, strict=True):
        assert got.dtype == want.dtype
        assert got.shape == want.shape
        assert np.abs(got - want).max() <= 1e-5 * np.abs(want).max()


@pytest.mark.parametrize("name", WRITTEN)
def test_each_format_is_loaded_by_this_paddle(name, folder, feeds, expected):
    model = paddlify.load(folder, format=name)
    assert model.format == name
    assert [spec.name for spec in model.inputs] == ["image", "offset"]
    agree(model.inference(feeds), expected)


def test_the_newest_format_is_the_default(folder, tmp_path):
    assert paddlify.load(folder).format == "pir"
    for name in ("report.json", "inference.pdmodel", "inference.pdiparams"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    assert paddlify.load(tmp_path).format == "pdmodel"


def test_a_fluid_program_with_one_file_per_parameter_is_loaded(folder, feeds, expected, tmp_path):
    """As Fluid itself writes them: each file is one record of `__params__`."""
    script = (
        "import sys; from paddle import fluid; e = fluid.Executor(fluid.CPUPlace());"
        "p, n, t = fluid.io.load_inference_model(sys.argv[1], e, '__model__', '__params__');"
        "fluid.io.save_inference_model(sys.argv[2], n, t, e, p)"
    )
    python = oracle_python("fluid")
    subprocess.run([python, "-c", script, str(folder), str(tmp_path / "out")], check=True, capture_output=True)
    (tmp_path / "out" / "report.json").write_bytes((folder / "report.json").read_bytes())
    assert not (tmp_path / "out" / "__params__").exists()
    agree(paddlify.load(tmp_path / "out", format="fluid").inference(feeds), expected)


@pytest.mark.parametrize("name", ["pdmodel", "fluid", None])
def test_paddle_2_loads_what_it_reads(name, folder, feeds, expected, tmp_path):
    script = (
        "import json, sys, numpy as np; import paddlify; folder, data, name, out = sys.argv[1:];"
        "model = paddlify.load(folder, format=name or None); print(model.format);"
        "np.savez(out, *model.inference(dict(np.load(data))))"
    )
    np.savez(tmp_path / "data.npz", **feeds)
    arguments = [str(folder), str(tmp_path / "data.npz"), name or "", str(tmp_path / "out.npz")]
    done = subprocess.run(
        [oracle_python("paddle26"), "-c", script, *arguments], capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.split()[-1] == (name or "pdmodel")
    with np.load(tmp_path / "out.npz") as archive:
        agree([archive[key] for key in archive.files], expected)


def test_a_format_is_refused_where_it_is_not(folder, tmp_path):
    (tmp_path / "report.json").write_bytes((folder / "report.json").read_bytes())
    (tmp_path / "inference.json").write_bytes(b"{}")
    with pytest.raises(paddlify.LoadError, match=r"no inference.pdmodel; convert again with --format pdmodel"):
        paddlify.load(tmp_path, format="pdmodel")
    with pytest.raises(paddlify.UsageError, match="unknown format onnx; there are pir, pdmodel, fluid"):
        paddlify.load(folder, format="onnx")
    with pytest.raises(paddlify.LoadError, match=r"PaddlePaddle 2 does not read inference.json"):
        formats.choose(tmp_path, None, 2)


def test_the_report_claims_what_was_run_and_nothing_else(folder):
    report = paddlify.Report.read(folder)
    rows = {(row["format"], row["runtime"]): row for row in report.verification["formats"]}
    here = f"PaddlePaddle {__import__('paddle').__version__}"
    assert {key: row["passed"] for key, row in rows.items()} == {
        ("pir", here): True, ("pdmodel", here): True, ("fluid", here): True,
        ("pdmodel", "PaddlePaddle 2"): None, ("fluid", "Paddle Fluid"): None,
    }  # fmt: skip
    assert "not proved: PADDLIFY_FLUID" in rows["fluid", "Paddle Fluid"]["summary"]
    assert report.runtime_of("pdmodel").onednn is not None


@pytest.mark.parametrize(("name", "oracle", "variable", "label"), PADDLES)
def test_an_older_paddle_proves_its_format(name, oracle, variable, label, source, folder, monkeypatch, capsys):
    monkeypatch.setenv(variable, oracle_python(oracle))
    assert run_command(["verify", str(source), str(folder), "--format", name]) == 0
    assert f"{name} on {label}: 2 output(s) agree" in capsys.readouterr().out


@pytest.mark.parametrize(("name", "oracle", "variable", "label"), PADDLES)
def test_a_format_that_is_wrong_is_found_out(name, oracle, variable, label, source, folder, monkeypatch, tmp_path):
    """The same program on other weights; that of Paddle 3 stays right."""
    monkeypatch.setenv(variable, oracle_python(oracle))
    found = formats.FORMATS[name]
    for file in ("report.json", "inference.json", found.program):
        (tmp_path / file).write_bytes((folder / file).read_bytes())
    weights = bytearray((folder / found.parameters).read_bytes())
    weights[-4:] = np.float32(100).tobytes()
    (tmp_path / found.parameters).write_bytes(weights)
    verification = paddlify.verify(source, tmp_path, format=[name])
    assert [(proof.runtime, proof.passed) for proof in verification.proofs][1] == (label, False)
    assert not verification.passed


def test_a_runtime_that_fails_is_a_verdict(source, folder, monkeypatch, tmp_path):
    fake = tmp_path / "python"
    fake.write_text("#!/bin/sh\necho 'Error: no such operator' >&2\nexit 3\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PADDLIFY_FLUID", str(fake))
    verification = paddlify.verify(source, folder, format=["fluid"])
    assert not verification.passed
    assert verification.summary() == "fluid on Paddle Fluid: Paddle Fluid fails: Error: no such operator"
    monkeypatch.setenv("PADDLIFY_FLUID", str(tmp_path / "nothing"))
    with pytest.raises(paddlify.MissingDependencyError, match=r"PADDLIFY_FLUID: .*nothing is not an interpreter"):
        paddlify.verify(source, folder, format=["fluid"])


@pytest.mark.parametrize("name", WRITTEN)
def test_run_takes_a_format(name, folder, feeds, expected, tmp_path):
    given = []
    for key, array in feeds.items():
        np.save(tmp_path / f"{key}.npy", array)
        given += ["--input", f"{key}={tmp_path / key}.npy"]
    assert run_command(["run", str(folder), "--format", name, *given, "--output", str(tmp_path / "out.npz"), "-q"]) == 0
    with np.load(tmp_path / "out.npz") as archive:
        agree([archive["positive"], archive["mean"]], expected)


@pytest.fixture(scope="module")
def for_lite(source, tmp_path_factory) -> Path:
    target = tmp_path_factory.mktemp("lite") / "out"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PADDLIFY_LITE", oracle_python("paddlelite"))
        paddlify.convert(source, target, to_lite=["x86", "arm", "opencl,arm"])
    return target


def test_paddle_lite_optimises_and_proves(for_lite):
    assert formats.lite_targets(for_lite) == ["arm", "opencl,arm", "x86"]
    assert not (for_lite / "inference.pdmodel").exists()
    rows = {row["format"]: row for row in paddlify.Report.read(for_lite).verification["formats"]}
    assert rows["lite x86"]["runtime"] == "Paddle Lite 2.12"
    assert rows["lite x86"]["passed"] is True
    assert rows["lite arm"]["passed"] is rows["lite opencl,arm"]["passed"] is None
    assert "not proved" in rows["lite arm"]["summary"]


def test_paddle_lites_own_predictor_gives_what_paddle_gives(for_lite, feeds, expected, monkeypatch):
    monkeypatch.setenv("PADDLIFY_LITE", oracle_python("paddlelite"))
    files = {"program": str(for_lite / "inference.x86.nb")}
    label, results = elsewhere.ask(elsewhere.LITE, files, feeds)
    assert label == "Paddle Lite 2.12"
    agree(results, paddlify.load(for_lite).inference(feeds))
    agree(results, expected)


def test_what_paddle_lite_lacks_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("PADDLIFY_LITE", oracle_python("paddlelite"))
    text = '<ir_version: 10, opset_import: ["" : 21]> net (float[2, 3, 3] x) => (float[2] y) { y = Det (x) }'
    onnx_models.save(onnx_models.model(text), tmp_path / "model.onnx")
    with pytest.raises(paddlify.UnsupportedError, match=r"--to-lite x86: .*determinant.*; --format pdmodel is not"):
        paddlify.convert(tmp_path / "model.onnx", tmp_path / "out", verify=False, to_lite="x86")
    assert not (tmp_path / "out").exists()


def test_what_is_no_target_of_paddle_lite_is_refused(folder, tmp_path, monkeypatch):
    monkeypatch.setenv("PADDLIFY_LITE", oracle_python("paddlelite"))
    with pytest.raises(paddlify.UnsupportedError, match="Wrong target 'toaster'"):
        lite.optimise(shutil.copytree(folder, tmp_path / "copy"), ["toaster"])


def test_paddle_lite_takes_a_model_without_parameters(tmp_path, monkeypatch):
    monkeypatch.setenv("PADDLIFY_LITE", oracle_python("paddlelite"))
    text = '<ir_version: 10, opset_import: ["" : 21]> net (float[2, 3] x) => (float[2, 3] y) { y = Relu (x) }'
    onnx_models.save(onnx_models.model(text), tmp_path / "model.onnx")
    conversion = paddlify.convert(tmp_path / "model.onnx", tmp_path / "out", to_lite="x86")
    assert [(proof.runtime, proof.passed) for proof in conversion.verification.proofs][1:] == [
        ("Paddle Lite 2.12", True)
    ]


def test_without_paddle_lite_the_error_says_what_to_install(source, tmp_path, monkeypatch, capsys):
    monkeypatch.delenv("PADDLIFY_LITE", raising=False)
    out = str(tmp_path / "out")
    assert run_command(["convert", str(source), "-o", out, "--to-lite", "arm"]) == 8
    assert "install paddlelite==2.12" in capsys.readouterr().err
    assert run_command(["convert", str(source), "-o", out, "--to-lite", "../arm"]) == 2
    assert not (tmp_path / "out").exists()


def test_a_report_without_formats_is_still_read(folder, tmp_path):
    """As earlier versions wrote it."""
    values = json.loads((folder / "report.json").read_text())
    del values["runtimes"]
    (tmp_path / "report.json").write_text(json.dumps(values))
    assert paddlify.Report.read(tmp_path).runtime_of("pdmodel").onednn is None
