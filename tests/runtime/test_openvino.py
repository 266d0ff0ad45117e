"""Models that are converted for the OpenVINO which PaddlePaddle brings."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

import onnx_models
import paddlify
from paddlify.backends.fluid.desc import FP32, INT32
from paddlify.backends.paddle.openvino import suit_openvino
from paddlify.cli import run_command
from paddlify.errors import LoadError, MissingDependencyError, UnsupportedError, UnsupportedModel, UsageError
from paddlify.runtime import engine

TEXT = """<ir_version: 10, opset_import: ["" : 21]>
net (float[n, 3, h, w] image, float[1, 4, 1, 1] offset) => (float[n, 4, i, j] positive, float[n, 4] inverse)
{
    c = Conv <pads = [1, 1, 1, 1], strides = [2, 2]> (image, weight, bias)
    s = Add (c, offset)
    positive = Relu (s)
    two = Constant <value = float {2}> ()
    square = Pow (c, two)
    m = GlobalAveragePool (square)
    flat = Flatten (m)
    inverse = Reciprocal (flat)
}"""


@pytest.fixture(scope="module")
def source(tmp_path_factory) -> Path:
    return onnx_models.save(onnx_models.net(text=TEXT), tmp_path_factory.mktemp("source") / "model.onnx")


@pytest.fixture(scope="module")
def folder(source, tmp_path_factory) -> Path:
    target = tmp_path_factory.mktemp("openvino") / "out"
    paddlify.convert(source, target, openvino=True)
    return target


def feeds_of(count: int, height: int, width: int) -> dict[str, np.ndarray]:
    generator = np.random.default_rng(1)
    shapes = {"image": (count, 3, height, width), "offset": (1, 4, 1, 1)}
    return {name: generator.standard_normal(shape).astype(np.float32) for name, shape in shapes.items()}


@pytest.mark.parametrize("sizes", [(2, 9, 8), (1, 16, 5), (3, 4, 4)])
@pytest.mark.parametrize("openvino", [None, True, False])
def test_the_model_computes_what_its_source_does(source, folder, openvino, sizes):
    feeds = feeds_of(*sizes)
    model = paddlify.load(folder, openvino=openvino)
    assert (model.format, model.runtime.openvino) == (("pir", False) if openvino is False else ("pdmodel", True))
    expected = onnxruntime.InferenceSession(str(source), providers=["CPUExecutionProvider"]).run(None, feeds)
    results = model.inference(feeds)
    assert len(results) == len(expected)
    for got, want in zip(results, expected, strict=True):
        assert (got.shape, got.dtype) == (want.shape, want.dtype)
        assert np.abs(got - want).max() <= 1e-5 * np.abs(want).max()


def test_nothing_is_written(folder, tmp_path, monkeypatch):
    """By itself Paddle would write what OpenVINO compiled into the current folder."""
    before = sorted(path.name for path in folder.iterdir())
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    paddlify.load(folder, openvino=True).inference(feeds_of(1, 8, 8))
    assert list(tmp_path.iterdir()) == []
    assert sorted(path.name for path in folder.iterdir()) == before


def test_the_report_says_what_was_proved_on_it(folder):
    report = json.loads((folder / "report.json").read_text())
    proofs = {(item["format"], item["runtime"]): item["passed"] for item in report["verification"]["formats"]}
    assert report["options"]["openvino"] is True
    assert proofs[("pdmodel", f"PaddlePaddle {engine.import_paddle().__version__} with OpenVINO")] is True


def test_wrong_weights_are_wrong_on_openvino_too(source, folder, tmp_path):
    import shutil

    damaged = shutil.copytree(folder, tmp_path / "damaged")
    data = bytearray((damaged / "inference.pdiparams").read_bytes())
    data[-4:] = np.float32(9).tobytes()
    (damaged / "inference.pdiparams").write_bytes(data)
    proofs = paddlify.verify(source, damaged).proofs
    assert [proof.passed for proof in proofs if "OpenVINO" in proof.runtime] == [False]


@pytest.mark.parametrize("options", [{"onednn": True}, {"format": "pir"}])
def test_what_is_not_openvinos_is_not_taken_with_it(folder, options):
    assert not paddlify.load(folder, **options).runtime.openvino
    with pytest.raises(UsageError, match="runs the format pdmodel on the CPU"):
        paddlify.load(folder, openvino=True, **options)


def test_a_folder_without_its_program(source, tmp_path):
    paddlify.convert(source, tmp_path / "out", verify=False)
    assert paddlify.load(tmp_path / "out").format == "pir"
    with pytest.raises(LoadError, match="convert again with --format pdmodel"):
        paddlify.load(tmp_path / "out", openvino=True)


def test_a_paddle_without_openvino(folder, monkeypatch):
    monkeypatch.delattr(engine.import_paddle().inference.Config, "enable_openvino_engine")
    with pytest.raises(MissingDependencyError, match=r"built without OpenVINO.*openvino=False"):
        paddlify.load(folder)
    assert paddlify.load(folder, openvino=False).format == "pir"


def test_operators_that_openvino_lacks_are_listed(tmp_path):
    text = """<ir_version: 10, opset_import: ["" : 21]>
    net (float[3, 4] x) => (float[3, 4] y, float[3, 4] z) {
        a = Sinh (x)
        y = Sinh (a)
        z = Asin (x)
    }"""
    source = onnx_models.save(onnx_models.model(text), tmp_path / "model.onnx")
    check_refused(source, tmp_path, r"3 node.*sinh \(x2, .*lacks it.*asin \(x1, .*without --openvino")


def check_refused(source: Path, folder: Path, match: str) -> None:
    with pytest.raises(UnsupportedError, match=f"(?s){match}") as caught:
        paddlify.convert(source, folder / "out", openvino=True, verify=False)
    assert caught.value.exit_code == 5
    assert not (folder / "out").exists()


@pytest.mark.parametrize(("inner", "match"), [
    ("y = ArgMax <axis = 1> (x)", "arg_max .*passes over keepdims"),
    ("i = Constant <value = int64[3, 1] {-1, 0, 1}> () t = GatherElements <axis = 1> (x, i) y = Cast <to = 7> (t)",
     "take_along_axis .*lacks it"),
    ("r = Round (x) y = Cast <to = 7> (r)", "round .*lacks it"),
    ("d = Cast <to = 11> (x) s = Mul (d, d) y = Cast <to = 7> (s)", "float64 would be reckoned in another dtype"),
])
def test_what_openvino_would_compute_otherwise_is_refused(tmp_path, inner, match):
    text = f'<ir_version: 10, opset_import: ["" : 21]> net (float[3, 4] x) => (int64[a, b] y) {{ {inner} }}'
    check_refused(onnx_models.save(onnx_models.model(text), tmp_path / "model.onnx"), tmp_path, match)


@pytest.mark.parametrize(("dtype", "match"), [
    ("double", "feed .*float64 would be reckoned in another dtype"), ("uint32", "x: uint32.*of 32 bits alone"),
])
def test_inputs_that_openvino_would_narrow_are_refused(tmp_path, dtype, match):
    text = f'<ir_version: 10, opset_import: ["" : 21]> net ({dtype}[3] x) => (float[3] y) {{ y = Cast <to = 1> (x) }}'
    check_refused(onnx_models.save(onnx_models.model(text), tmp_path / "model.onnx"), tmp_path, match)


def test_computed_repeats_are_refused(tmp_path):
    text = """<ir_version: 10, opset_import: ["" : 21]>
    net (float[2, 3] x, int64[2] r) => (float[a, b] y) { y = Tile (x, r) }"""
    source = onnx_models.save(onnx_models.model(text), tmp_path / "model.onnx")
    check_refused(source, tmp_path, "tile .*what lies in memory")


def test_output_padding_is_refused(tmp_path):
    text = """<ir_version: 10, opset_import: ["" : 21]> net (float[1, 1, 2, 2] x) => (float[1, 1, 6, 6] y)
    <float[1, 1, 3, 3] w = {1, 2, 3, 4, 5, 6, 7, 8, 9}>
    { y = ConvTranspose <strides = [2, 2], output_padding = [1, 1]> (x, w) }"""
    source = onnx_models.save(onnx_models.model(text), tmp_path / "model.onnx")
    check_refused(source, tmp_path, "conv2d_transpose .*passes over output_padding")


def test_inputs_of_rank_0_are_refused(tmp_path):
    text = '<ir_version: 10, opset_import: ["" : 21]> net (float[3] x, float s) => (float[3] y) { y = Mul (x, s) }'
    check_refused(onnx_models.save(onnx_models.model(text), tmp_path / "model.onnx"), tmp_path, "an input of rank 0")


def test_what_openvino_cannot_load_is_refused(tmp_path):
    text = """<ir_version: 10, opset_import: ["" : 21]>
    net (float[3, 4] x, int64[1] axes) => (float[a, b] y) { y = ReduceMax (x, axes) }"""
    source = onnx_models.save(onnx_models.model(text), tmp_path / "model.onnx")
    check_refused(source, tmp_path, "OpenVINO cannot run the model .*without --openvino")


def test_checks_of_shapes_are_no_operators(tmp_path):
    """Paddle asks whether a tensor among the sizes has one element, in an operator that OpenVINO lacks."""
    text = """<ir_version: 10, opset_import: ["" : 21]>
    net (float[n, 4] x, float[1, 4] token) => (float[n, 4] y) {
        size = Shape <start = 0, end = 1> (x)
        four = Constant <value = int64[1] {4}> ()
        shape = Concat <axis = 0> (size, four)
        y = Expand (token, shape)
    }"""
    source = onnx_models.save(onnx_models.model(text), tmp_path / "model.onnx")
    paddlify.convert(source, tmp_path / "out", openvino=True)
    token = np.arange(4, dtype=np.float32)[None]
    model = paddlify.load(tmp_path / "out")
    (result,) = model(np.zeros((5, 4), np.float32), token)
    np.testing.assert_array_equal(result, np.repeat(token, 5, axis=0))


def test_the_command(source, tmp_path, capsys):
    np.save(tmp_path / "image.npy", feeds_of(1, 8, 8)["image"])
    np.save(tmp_path / "offset.npy", feeds_of(1, 8, 8)["offset"])
    out = str(tmp_path / "out")
    assert run_command(["convert", str(source), "-o", out, "--openvino"]) == 0
    assert "with OpenVINO: 2 output(s) agree" in capsys.readouterr().out
    given = [f"--input={name}={tmp_path / name}.npy" for name in ("image", "offset")]
    for choice in ("--openvino", "--no-openvino"):
        assert run_command(["run", out, *given, choice, "--output", str(tmp_path / f"{choice}.npz")]) == 0
    first, second = (np.load(tmp_path / f"{choice}.npz") for choice in ("--openvino", "--no-openvino"))
    for name in ("positive", "inverse"):
        assert np.abs(first[name] - second[name]).max() <= 1e-5 * np.abs(second[name]).max()


def test_squares_and_reciprocals_are_powers_in_float32_alone():
    from paddle.base.proto import framework_pb2

    def program(dtype: int) -> framework_pb2.ProgramDesc:
        made = framework_pb2.ProgramDesc()
        block = made.blocks.add(idx=0, parent_idx=-1)
        variable = block.vars.add(name="y")
        variable.type.type, variable.type.dense_tensor.tensor.data_type = 7, dtype
        for op_type in ("square", "reciprocal"):
            op = block.ops.add(type=op_type)
            op.inputs.add(parameter="X", arguments=["x"])
            op.outputs.add(parameter="Out", arguments=["y"])
        return made

    suited = program(FP32)
    suit_openvino(suited)
    assert [(op.type, op.attrs[0].name, op.attrs[0].f) for op in suited.blocks[0].ops] == [
        ("pow", "factor", 2.0), ("pow", "factor", -1.0),
    ]
    with pytest.raises(UnsupportedModel, match=r"(?s)square .*reciprocal"):
        suit_openvino(program(INT32))
