"""The command line, as a process: what it writes where, and its exit codes."""

from __future__ import annotations

import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass

import numpy as np
import onnx
import pytest

import onnx_models
import paddlify
from paddlify.cli import run_command


def paddlify_command(*arguments, **options):
    command = [sys.executable, "-m", "paddlify", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False, **options)


@dataclass
class Result:
    """What a command wrote and returned, as `subprocess.run` says it."""

    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def command(capsys):
    """The command in this process, which is quicker."""

    def run(*arguments):
        capsys.readouterr()
        return Result(run_command([str(argument) for argument in arguments]), *capsys.readouterr())

    return run


@pytest.fixture
def refused(command):
    """The command fails with `code` and says why in one line on stderr."""
    return lambda *arguments, **expected: check_refused(command(*arguments), **expected)


def check_refused(result, *, code, match):
    assert result.returncode == code, result.stderr
    assert result.stdout == ""
    assert re.fullmatch(r"paddlify: .*\n", result.stderr)
    assert re.search(match, result.stderr), result.stderr


def test_convert_writes_the_folder_and_says_how_it_was_verified(net_file, tmp_path):
    result = paddlify_command("convert", net_file, "-o", tmp_path / "out")
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""
    first, table, *_, last = result.stdout.splitlines()
    assert first.startswith(f"{net_file} -> {tmp_path / 'out'}: 5 operators, 112 parameters (448 bytes)")
    assert table.split() == ["output", "dtype", "shape", "max", "abs", "mean", "abs", "max", "rel", "cosine", "verdict"]
    assert last.startswith("verified: 2 output(s) agree; largest difference ")
    assert "compared with onnxruntime" in result.stdout
    assert sorted(os.listdir(tmp_path / "out")) == ["inference.json", "inference.pdiparams", "model.py", "report.json"]
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert report["verification"]["passed"] is True
    assert report["runtime"]["onednn"] is True
    assert [item["name"] for item in report["inputs"]] == ["image"]
    assert [item["name"] for item in report["outputs"]] == ["scores", "features"]
    assert report["operators"] == {"Conv": 1, "Flatten": 1, "GlobalAveragePool": 1, "Relu": 1, "Tanh": 1}
    assert os.listdir(tmp_path) == ["out"]


def test_convert_without_verification_says_so(net_file, tmp_path, command):
    result = command("convert", net_file, "-o", tmp_path / "out", "--no-verify")
    assert result.returncode == 0
    assert "not verified (--no-verify)" in result.stdout
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert report["verification"] == {"skipped": True}
    assert report["runtime"]["onednn"] is None


def test_quiet_is_quiet_and_verbose_tells_the_stages(net_file, tmp_path):
    quiet = paddlify_command("convert", net_file, "-o", tmp_path / "out", "-q")
    assert (quiet.returncode, quiet.stdout, quiet.stderr) == (0, "", "")
    verbose = paddlify_command("convert", net_file, "-o", tmp_path / "out", "-v", "--force", "--no-verify")
    assert verbose.returncode == 0
    assert "read the model …" in verbose.stderr.splitlines()


def test_cutting_and_shaping(net_file, tmp_path, command):
    result = command(
        "convert", net_file, "-o", tmp_path / "out", "--outputs", "features", "--input-shape", "image:1,3,-1,20"
    )
    assert result.returncode == 0, result.stderr
    model = paddlify.load(tmp_path / "out")
    assert [spec.name for spec in model.outputs] == ["features"]
    assert model.inputs[0].shape == (1, 3, -1, 20)


def test_run_writes_the_outputs_under_their_names(converted, tmp_path):
    image = np.random.default_rng(0).random((2, 3, 5, 6), dtype=np.float32)
    np.save(tmp_path / "image.npy", image)
    result = paddlify_command(
        "run", converted, "--input", f"image={tmp_path / 'image.npy'}", "--output", tmp_path / "out.npz"
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines()[0].split() == ["output", "dtype", "shape", "min", "max", "mean"]
    assert result.stdout.splitlines()[1].startswith("scores    float32  [2, 4]")
    written = np.load(tmp_path / "out.npz")
    assert written.files == ["scores", "features"]
    for name, value in zip(written.files, paddlify.load(converted)(image), strict=True):
        np.testing.assert_array_equal(written[name], value)


def test_verify_with_drawn_given_and_reference_data(net_file, converted, tmp_path, command):
    image = np.random.default_rng(0).random((1, 3, 9, 7), dtype=np.float32)
    np.save(tmp_path / "image.npy", image)
    model = paddlify.load(converted)
    outputs = {spec.name: array for spec, array in zip(model.outputs, model(image), strict=True)}
    np.savez(tmp_path / "reference.npz", **outputs)
    given = ("--input", f"image={tmp_path / 'image.npy'}")
    for arguments, oracle in [
        ((), "onnxruntime"), (given, "onnxruntime"),
        ((*given, "--npz", tmp_path / "reference.npz"), "the reference outputs given"),
    ]:
        result = command("verify", net_file, converted, *arguments, "--json")
        assert result.returncode == 0, result.stderr
        found = json.loads(result.stdout)
        assert found["passed"] is True
        assert found["oracle"].startswith(oracle)
        assert [output["name"] for output in found["outputs"]] == ["scores", "features"]
    np.savez(tmp_path / "reference.npz", **{**outputs, "scores": outputs["scores"] + 1})
    result = command("verify", net_file, converted, *given, "--npz", tmp_path / "reference.npz")
    assert result.returncode == 3
    assert "WRONG" in result.stdout
    assert "paddlify: 1 of 2 output(s) differ; scores:" in result.stderr


def test_inspect(net_file, command):
    text = command("inspect", net_file)
    assert text.returncode == 0
    assert "inputs      image: float32[?, 3, ?, ?]" in text.stdout
    assert text.stdout.endswith("can be converted\n")
    found = json.loads(command("inspect", net_file, "--json").stdout)
    assert found["supported"] is True
    assert found["opsets"] == {"": 17}
    assert (found["parameters"], found["parameter_bytes"]) == (112, 448)
    assert {item["op_type"]: item["count"] for item in found["operators"]} == {
        "Conv": 1, "Flatten": 1, "GlobalAveragePool": 1, "Relu": 1, "Tanh": 1,
    }


FOREIGN = """
<ir_version: 8, opset_import: ["": 17, "my.own": 1]>
g (float[2] x) => (float[2] y) { a = my.own.Frob(x) b = my.own.Frob(a) y = Relu(b) }
"""


def test_unsupported_operators_are_listed_with_counts_and_leave_nothing(tmp_path, command):
    path = tmp_path / "foreign.onnx"
    onnx.save(onnx.parser.parse_model(FOREIGN), path)
    result = command("convert", path, "-o", tmp_path / "out")
    assert result.returncode == 5
    assert result.stdout == ""
    assert "node(s) cannot be converted" in result.stderr
    assert "my.own::Frob (x2, first: a)" in result.stderr
    assert os.listdir(tmp_path) == ["foreign.onnx"]
    result = command("inspect", path)
    assert result.returncode == 5
    assert re.search(r"my\.own::Frob +2 +no: no such operator", result.stdout)
    assert re.search(r"cannot be converted: \d node\(s\) refused", result.stdout)


def test_an_input_of_unknown_rank_is_asked_for(tmp_path, command):
    path = tmp_path / "rank.onnx"
    model = onnx.parser.parse_model('<ir_version: 8, opset_import: ["": 17]> g (float x) => (float y) { y = Abs(x) }')
    for value in (*model.graph.input, *model.graph.output):
        value.type.tensor_type.ClearField("shape")
    onnx.save(model, path)
    result = command("convert", path, "-o", tmp_path / "out")
    assert result.returncode == 5
    assert "model input (x1, first: x): its rank is not known: give --input-shape x:…" in result.stderr
    assert command("convert", path, "-o", tmp_path / "out", "--input-shape", "x:-1,3").returncode == 0
    assert paddlify.load(tmp_path / "out").inputs[0].shape == (-1, 3)
    model.graph.input[0].ClearField("type")
    onnx.save(model, path)
    result = command("convert", path, "-o", tmp_path / "typeless")
    assert result.returncode == 5
    assert "model input (x1, first: x): its dtype is not known" in result.stderr


def test_ops_lists_the_registry(command, refused):
    rows = json.loads(command("ops", "--json").stdout)
    supported = {row["op_type"]: row["is_supported"] for row in rows}
    assert supported["Conv"] is True
    assert len(supported) >= len([s for s in onnx.defs.get_all_schemas() if s.domain == ""])
    text = command("ops").stdout
    assert re.search(r"\nConv +- +yes\n", text)
    assert text.endswith(f"{sum(row['is_supported'] for row in rows)} of {len(rows)} are supported\n")
    refused("ops", "--from", "mxnet", code=2, match="no source format 'mxnet'")


PROTOTXT = """
name: "tiny" input: "data" input_shape { dim: 1 dim: 1 dim: 8 dim: 8 }
layer { name: "fc" type: "InnerProduct" bottom: "data" top: "fc" inner_product_param { num_output: 3 } }
"""


def test_options_of_one_source_format_reach_it(tmp_path, command, refused):
    path = tmp_path / "tiny.prototxt"
    path.write_text(PROTOTXT)
    refused("convert", path, "-o", tmp_path / "out", code=4, match="--random-weights")
    converted = command("convert", path, "-o", tmp_path / "out", "--random-weights", "--seed", 3)
    assert converted.returncode == 0, converted.stderr
    assert "compared with onnxruntime" in converted.stdout
    assert command("verify", path, tmp_path / "out", "--random-weights").returncode == 0
    command("convert", path, "-o", tmp_path / "other", "--random-weights", "--seed", 4, "--no-verify")
    weights = [(tmp_path / name / "inference.pdiparams").read_bytes() for name in ("out", "other")]
    assert weights[0] != weights[1]


def test_stages_and_level_of_a_caffe_net(tmp_path, command):
    rules = 'include { stage: "deploy" stage: "small" }', "include { min_level: 2 max_level: 3 }"
    layers = [f'layer {{ name: "{name}" type: "TanH" bottom: "data" top: "{name}" {rule} }}'
              for name, rule in zip(("staged", "levelled", "always"), (*rules, ""), strict=True)]
    path = tmp_path / "net.prototxt"
    path.write_text("\n".join(['input: "data" input_shape { dim: 1 dim: 2 }', *layers]))

    def outputs(*options):
        return [spec["name"] for spec in json.loads(command("inspect", path, "--json", *options).stdout)["outputs"]]

    assert outputs() == ["always"]
    assert outputs("--stages", "deploy") == ["always"]
    assert outputs("--stages", "deploy,small") == outputs("--stages", "small", "--stages", "deploy")
    assert outputs("--stages", "deploy,small", "--level", 2) == ["always", "levelled", "staged"]
    assert outputs("--level", 4) == ["always"]


def test_bad_sources(tmp_path, net_file, refused):
    out = tmp_path / "out"
    refused("convert", tmp_path / "none.onnx", "-o", out, code=4, match=r"none\.onnx: no such file")
    (tmp_path / "text.onnx").write_text("hello")
    refused("convert", tmp_path / "text.onnx", "-o", out, code=4, match=r"text\.onnx")
    (tmp_path / "half.onnx").write_bytes(net_file.read_bytes()[:300])
    refused("convert", tmp_path / "half.onnx", "-o", out, code=4, match=r"half\.onnx")
    refused("convert", net_file, "-o", out, "--from", "mxnet", code=2, match="not 'mxnet'")
    refused("convert", net_file, "-o", out, "--outputs", "nowhere", code=2, match="nowhere")
    refused("convert", net_file, "-o", out, "--format", "exe", code=2, match="unknown format exe")
    refused("convert", net_file, "-o", out, "--tag", "serve", code=2, match="tag")
    refused("verify", net_file, tmp_path, code=4, match=r"no report\.json")
    assert sorted(os.listdir(tmp_path)) == ["half.onnx", "text.onnx"]


def test_bad_feeds(converted, net_file, tmp_path, refused):
    def feed(array):
        np.save(tmp_path / "x.npy", array)
        return ("run", converted, "--input", f"image={tmp_path / 'x.npy'}")

    refused(*feed(np.zeros((1, 3, 4, 4))), code=7, match="is fed float64")
    refused(*feed(np.zeros((3, 4, 4), np.float32)), code=7, match=r"of shape \[3, 4, 4\]")
    refused("run", converted, code=7, match="nothing is fed to image")
    refused("run", converted, "--input", f"picture={tmp_path / 'x.npy'}", code=7, match="no input 'picture'")
    refused("run", converted, "--input", f"image={net_file}", code=7, match=r"net\.onnx: not a \.npy file")
    refused(*feed(np.array([{}], object)), code=7, match="not a .npy file")
    good = feed(np.zeros((1, 3, 4, 4), np.float32))
    refused(*good, "--output", tmp_path / "no" / "out.npz", code=6, match="cannot be written")


def test_bad_options_are_usage_errors(net_file, command):
    for arguments in (
        ["convert", net_file], ["convert", net_file, "-o", "x", "--input-shape", "image=1"], ["frobnicate"],
    ):
        result = command(*arguments)
        assert result.returncode == 2
        assert result.stdout == ""
        assert "Error: " in result.stderr
    assert command("--version").stdout == f"paddlify, version {paddlify.__version__}\n"


def test_an_existing_result_is_kept(net_file, tmp_path, refused):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "report.json").write_text("mine")
    refused("convert", net_file, "-o", tmp_path / "out", code=6, match="use --force")
    assert (tmp_path / "out" / "report.json").read_text() == "mine"


def test_a_full_disk_leaves_nothing(net_file, tmp_path):
    result = paddlify_command(
        "convert", net_file, "-o", tmp_path / "out",
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (300, 300)),
    )
    check_refused(result, code=6, match="out: cannot be written")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_killed_conversion_leaves_nothing(net_file, tmp_path, number, code):
    command = [sys.executable, "-m", "paddlify", "convert", str(net_file), "-o", str(tmp_path / "out")]
    command = ["env", "--default-signal", *command]  # what runs in the background is started to ignore Ctrl-C
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        deadline = time.monotonic() + 60
        while not os.listdir(tmp_path):
            assert process.poll() is None and time.monotonic() < deadline
            time.sleep(0.002)
        process.send_signal(number)
        process.communicate(timeout=60)
        assert process.returncode == code
    assert os.listdir(tmp_path) == []


def test_wrong_weights_are_found(net_file, converted, tmp_path, command):
    folder = shutil.copytree(converted, tmp_path / "damaged")
    path = folder / "inference.pdiparams"
    data = bytearray(path.read_bytes())
    data[-4:] = np.float32(9).tobytes()
    path.write_bytes(data)
    result = command("verify", net_file, folder, "--bisect")
    assert result.returncode == 3
    assert "FAILED: 2 of 2 output(s) differ" in result.stdout


def test_another_model_is_told_apart(converted, tmp_path, command):
    other = onnx_models.save(onnx_models.net(seed=1), tmp_path / "other.onnx")
    result = command("verify", other, converted)
    assert result.returncode == 3
