"""What the documentation shows is true: its commands run, its code is the code."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import onnx_models
import paddlify
from frontends.caffe.nets_on_disk import write_caffemodel
from oracles import oracle_python
from paddlify.cli import run_command
from paddlify.frontends import caffe
from paddlify.support import operators

ROOT = Path(__file__).resolve().parent.parent
READMES = ("README.md", "README.zh-CN.md")


def blocks(name: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", (ROOT / name).read_text(encoding="utf-8"), re.M | re.S)


@pytest.fixture
def example(tmp_path, monkeypatch):
    """A folder with the files that the README speaks of."""
    monkeypatch.chdir(tmp_path)
    onnx_models.save(onnx_models.net(), tmp_path / "model.onnx")
    np.save(tmp_path / "image.npy", np.ones((1, 3, 8, 8), np.float32))
    return tmp_path


@pytest.mark.parametrize("readme", READMES)
def test_the_commands_and_the_code_of_the_readme_run(readme, example, capsys):
    commands = [line.split(" #")[0] for block in blocks(readme, "sh") for line in block.splitlines()]
    ours = [shlex.split(line)[1:] for line in commands if line.startswith("paddlify ")]
    assert {arguments[0] for arguments in ours} == {"inspect", "convert", "run", "verify", "ops"}
    for arguments in ours:
        assert run_command(arguments) == 0, (arguments, capsys.readouterr())
    (code,) = blocks(readme, "python")
    names: dict[str, object] = {"__name__": "readme"}
    exec(compile(code.replace('"out"', '"python_out"'), readme, "exec"), names)  # noqa: S102 - our own documentation
    assert (example / "python_out" / "model.py").exists()


@pytest.mark.parametrize("name", [*READMES, "CONTRIBUTING.md"])
def test_make_targets_and_files_exist(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"\bmake ([a-z]+)\b", "\n".join(blocks(name, "sh"))):
        assert re.search(rf"^{target}:", makefile, re.M), target
    links, paths = r"\]\((?!https?:)([^)#]+)", r"`((?:src|tests|docs|examples)/[^`* ]*)`"
    for path in [*re.findall(links, text), *re.findall(paths, text)]:
        assert (ROOT / path).exists(), path


@pytest.mark.parametrize("name", ["CONTRIBUTING.md"])
def test_code_shown_with_its_file_stands_there(name):
    shown = [block for block in blocks(name, "python") if block.startswith("# src/")]
    assert len(shown) >= 2
    for block in shown:
        path, code = block.removeprefix("# ").split("\n", 1)
        assert code in (ROOT / path).read_text(encoding="utf-8"), path


@pytest.fixture(scope="module")
def all_formats(tmp_path_factory):
    """A folder with everything that docs/formats.md speaks of."""
    folder = tmp_path_factory.mktemp("docs")
    text = """<ir_version: 10, opset_import: ["" : 21]> net (float[1, 3, 8, 8] image) => (float[1, 4, 8, 8] y)
        <float[4, 3, 1, 1] weight> { c = Conv (image, weight) y = Relu (c) }"""
    weight = np.linspace(-1, 1, 12, dtype=np.float32).reshape(4, 3, 1, 1)
    onnx_models.save(onnx_models.model(text, weight=weight), folder / "model.onnx")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PADDLIFY_LITE", oracle_python("paddlelite"))
        paddlify.convert(folder / "model.onnx", folder / "DIR", format=["pdmodel", "fluid"], to_lite="x86")
    return folder


@pytest.mark.parametrize(("index", "oracle"), [(0, None), (1, None), (2, "fluid"), (3, "paddlelite"), (4, None)])
def test_each_way_to_load_a_format_runs(index, oracle, all_formats):
    python = sys.executable if oracle is None else oracle_python(oracle)
    image = "np.linspace(-1, 1, 192).astype('float32').reshape(1, 3, 8, 8)"
    script = all_formats / f"block{index}.py"
    code = blocks("docs/formats.md", "python")[index]
    results = "results" if index else f"model.inference({{'image': {image}}})"
    head, tail = f"import numpy as np\nfeeds = {{'image': {image}}}\n", f"np.save('result{index}.npy', {results}[0])\n"
    script.write_text(head + code + tail)
    done = subprocess.run([python, script.name], cwd=all_formats, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    (expected,) = paddlify.load(all_formats / "DIR")(np.linspace(-1, 1, 192).astype("float32").reshape(1, 3, 8, 8))
    np.testing.assert_allclose(np.load(all_formats / f"result{index}.npy"), expected, rtol=1e-5, atol=1e-6)


def test_both_readmes_show_the_same_commands():
    assert blocks(READMES[0], "sh") == blocks(READMES[1], "sh")


def test_the_documented_targets_of_make_are_known_to_make():
    result = subprocess.run(["make", "-n", "-C", str(ROOT), "test", "lint"], capture_output=True, text=True, check=True)
    assert "pytest" in result.stdout


CAFFE_NET = """
input: "a" input: "b" input_shape { dim: 1 dim: 3 dim: 4 dim: 4 } input_shape { dim: 1 dim: 3 dim: 4 dim: 4 }
layer { name: "conv" type: "Convolution" bottom: "a" top: "conv" convolution_param { num_output: 3 kernel_size: 1 } }
layer { name: "sum" type: "Eltwise" bottom: "conv" bottom: "b" top: "sum" }
"""
FORK = """
message LayerParameter { optional BlendParameter blend_param = 300; }
message BlendParameter { optional float alpha = 1 [default = 0.5]; }
"""


def test_the_commands_and_the_code_about_caffe_run(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "deploy.prototxt").write_text(CAFFE_NET)
    shift, factor = np.array([1, 2, 3], np.float32), np.array([1, 2, 3], np.float32).reshape(3, 1, 1)
    write_caffemodel(tmp_path / "net.caffemodel", {"conv": [np.eye(3).reshape(3, 3, 1, 1), shift], "sum": [factor]})
    (shown,) = blocks("docs/caffe.md", "sh")
    for line in shown.splitlines():
        assert run_command(shlex.split(line, comments=True)[1:]) == 0, (line, capsys.readouterr())
    weights = [(tmp_path / name / "inference.pdiparams").read_bytes() for name in ("out", "same", "structure")]
    assert weights[0] == weights[1] != weights[2]

    blend = CAFFE_NET.replace("Eltwise", "Blend").replace('top: "sum"', 'top: "sum" blend_param { alpha: 0.25 }')
    (tmp_path / "net.prototxt").write_text(blend)
    (tmp_path / "fork").mkdir()
    (tmp_path / "fork" / "caffe.proto").write_text(FORK)
    (code,) = blocks("docs/caffe.md", "python")
    try:
        exec(compile(code.replace('"out"', '"blended"'), "caffe.md", "exec"), {"__name__": "caffe.md"})  # noqa: S102 - our own documentation
    finally:
        caffe.forget("Blend")
    a, b = (np.full((1, 3, 4, 4), value, np.float32) for value in (4, 8))
    (found,) = paddlify.load(tmp_path / "blended").inference({"a": a, "b": b})
    assert np.allclose(found, (0.25 * (a + shift.reshape(3, 1, 1)) + 0.75 * b) * factor)


def test_the_commands_of_the_tensorflow_page_run(models, tmp_path, monkeypatch, capsys):
    graphs = models("graphs")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "frozen.pb").symlink_to(graphs / "mnist" / "frozen.pb")
    (tmp_path / "checkpoint").symlink_to(graphs / "mnist" / "checkpoint")
    (tmp_path / "saved_model").symlink_to(models("modules") / "lists" / "saved")
    (shown,) = blocks("docs/tensorflow.md", "sh")
    for line in shown.splitlines():
        assert run_command(shlex.split(line, comments=True)[1:]) == 0, (line, capsys.readouterr())


def test_the_table_of_operators_is_fresh():
    subprocess.run([sys.executable, str(ROOT / "tools" / "operators_page.py"), "--check"], check=True)


def test_the_table_of_operators_tells_each_opset():
    rows = {(row.domain, row.op_type): row for row in operators("onnx")}
    assert rows["", "Softmax"].versions == (1, 11, 13)
    assert rows["", "Upsample"].versions == (1, 7, 9)
    assert rows["", "StringSplit"].versions == ()
    assert not rows["", "StringSplit"].is_supported
    assert rows["com.microsoft", "FusedConv"].is_supported
