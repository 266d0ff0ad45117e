"""Loading and running a saved program, checks of feeds, dtypes at the edges, oneDNN or not."""

from __future__ import annotations

import json
import shutil

import ml_dtypes
import numpy as np
import pytest

import onnx_models
import paddlify
from paddlify.backends.paddle.dtypes import HELD_WIDER, PADDLE_DTYPES
from paddlify.errors import InputError, LoadError, PaddlifyError, UsageError
from paddlify.report import Report, TensorSpec
from paddlify.runtime import load, worker
from paddlify.runtime.model import HELD_AS as HELD
from paddlify.runtime.worker import ModelCrashError, Worker

TWO_INPUTS = """
z, a = data("z", [-1, 2], "float32"), data("a", [-1, 2], "float32")
feeds, fetches = [z, a], [z - a, paddle.mean(z), z > a]
"""
TWO_SPECS = [TensorSpec("z", (-1, 2), "float32"), TensorSpec("a", (-1, 2), "float32")]
THREE_OUTPUTS = [
    TensorSpec("difference", (-1, 2), "float32"), TensorSpec("mean", (), "float32"),
    TensorSpec("is_more", (-1, 2), "bool"),
]
Z = np.array([[1, 2], [3, 4]], np.float32)
A = np.array([[2, 1], [1, 9]], np.float32)


@pytest.fixture(scope="module")
def two(save):
    return save(TWO_INPUTS, TWO_SPECS, THREE_OUTPUTS)


def check_two(results):
    difference, mean, is_more = results
    np.testing.assert_array_equal(difference, Z - A)
    assert mean.shape == () and mean.dtype == np.float32 and mean == 2.5
    np.testing.assert_array_equal(is_more, Z > A)
    assert is_more.dtype == np.bool_


def test_feeds_by_name_by_spec_and_in_order(two):
    model = load(two)
    assert [spec.name for spec in model.inputs] == ["z", "a"]
    assert [spec.name for spec in model.outputs] == ["difference", "mean", "is_more"]
    check_two(model.inference({"a": A, "z": Z}))
    check_two(model.inference({model.inputs[1]: A, model.inputs[0]: Z}))
    check_two(model(Z, A))
    check_two(model(Z.tolist(), A.tolist()))
    check_two(load(two, onednn=False, threads=1)(Z, A))


def test_results_stay_when_the_model_runs_again(two):
    model = load(two)
    first = model(Z, A)
    model(Z + 5, A)
    check_two(first)


@pytest.mark.parametrize(
    ("feeds", "message"),
    [
        ({"z": Z, "a": A, "q": A}, "no input 'q'"),
        ({"z": Z}, r"nothing is fed to a: float32\[\?, 2\]"),
        ({"z": Z, "a": A.astype(np.float64)}, r"is fed float64: cast it with .astype\('float32'\)"),
        ({"z": Z, "a": A[0]}, r"an array of shape \[2\]"),
        ({"z": Z, "a": A[:, :1]}, r"an array of shape \[2, 1\]"),
        ({"z": Z, "a": [["x", "y"]]}, "give an array of dtype float32"),
        ({"z": Z, "a": [[1], [2, 3]]}, "not an array"),
    ],
)
def test_refuses_feeds_that_do_not_fit(two, feeds, message):
    with pytest.raises(InputError, match=message) as caught:
        load(two).inference(feeds)
    assert "\n" not in str(caught.value)


def test_refuses_a_wrong_number_of_arrays_and_a_doubled_feed(two):
    model = load(two)
    with pytest.raises(InputError, match=r"takes 2 input\(s\), 1 are given"):
        model(Z)
    with pytest.raises(InputError, match="fed twice"):
        model.inference({"z": Z, model.inputs[0]: Z, "a": A})


def test_shapes_that_paddle_refuses_at_run_time_are_an_error_of_one_line(two):
    with pytest.raises(PaddlifyError, match="Paddle cannot run the model") as caught:
        load(two)(Z, np.ones((3, 2), np.float32))
    assert "\n" not in str(caught.value)


def test_refuses_what_is_not_a_converted_model(two, tmp_path):
    with pytest.raises(LoadError, match="not a model that paddlify converted"):
        load(tmp_path)
    with pytest.raises(UsageError, match="'tpu' is not one of cpu, gpu"):
        load(two, "tpu")
    two = shutil.copytree(two, tmp_path / "damaged")
    report = json.loads((two / "report.json").read_text())
    (two / "report.json").write_text(json.dumps({**report, "outputs": report["outputs"][:2]}))
    with pytest.raises(LoadError, match="of different models"):
        load(two)
    (two / "report.json").write_text("{")
    with pytest.raises(LoadError, match="not a report"):
        load(two)
    Report("0", inputs=TWO_SPECS, outputs=THREE_OUTPUTS).write(two)
    (two / "inference.json").write_text("{")
    with pytest.raises(LoadError, match="cannot load the program"):
        load(two)
    (two / "inference.json").unlink()
    with pytest.raises(LoadError, match=r"no inference\.json"):
        load(two)


DTYPES = [
    "bool", "int8", "uint8", "int16", "int32", "int64", "float16", "bfloat16", "float32", "float64", "complex64",
    "uint16", "uint32", "uint64",
]


@pytest.mark.parametrize("shape", [(), (2, 3), (0, 3)])
def test_dtypes_and_shapes_survive_the_edges(save, shape):
    dims = () if shape == () else (-1, 3)
    body = f"""
feeds = [data("x" + str(i), {list(dims)}, held) for i, held in enumerate({[HELD.get(d, d) for d in DTYPES]})]
fetches = [paddle.assign(x) for x in feeds]
"""
    specs = [TensorSpec(f"x{index}", dims, dtype) for index, dtype in enumerate(DTYPES)]
    arrays = [_ones(shape, dtype) for dtype in DTYPES]
    for result, array in zip(load(save(body, specs, specs))(*arrays), arrays, strict=True):
        assert result.dtype == array.dtype
        assert result.shape == shape
        np.testing.assert_array_equal(result, array)


def _ones(shape, dtype):
    """Ones; for an unsigned type the largest number, which the type that holds it must not change."""
    if dtype.startswith("uint"):
        return np.full(shape, np.iinfo(dtype).max, dtype)
    return np.ones(shape, np.float32).astype(ml_dtypes.bfloat16 if dtype == "bfloat16" else dtype)


def test_held_types_are_those_of_the_backend():
    names = {dtype.numpy().name: PADDLE_DTYPES[dtype] for dtype in HELD_WIDER}
    assert names == HELD


CRASHES_WITH_ONEDNN = """
x = data("x", [-1, 3], "int8")
feeds, fetches = [x], [paddle.concat([x.reshape([-1]), x.reshape([-1])])]
"""
FAILS_WITH_ONEDNN = """
x = data("x", [-1, 3], "float32")
image = paddle.nn.functional.interpolate(paddle.reshape(x, [-1, 1, 1, 3]), size=[1, 3], mode="bilinear")
feeds, fetches = [x], [paddle.reshape(image, [-1, 3]) + 1]
"""
FLOAT_ROWS = TensorSpec("x", (-1, 3), "float32")


def test_a_crash_is_survived_and_named_and_the_worker_goes_on(save):
    folder = save(CRASHES_WITH_ONEDNN, [TensorSpec("x", (-1, 3), "int8")], [TensorSpec("y", (-1,), "int8")])
    empty, child = {"x": np.zeros((0, 3), np.int8)}, Worker()
    try:
        with pytest.raises(ModelCrashError, match=r"signal|exit"):
            child.run(folder, empty, onednn=True)
        (result,) = child.run(folder, empty, onednn=False)
        assert result.shape == (0,) and result.dtype == np.int8
        with pytest.raises(InputError.__base__, match=r"an array of shape \[3\]"):
            child.run(folder, {"x": np.zeros(3, np.int8)}, onednn=False)
    finally:
        child.close()


def test_modules_in_the_folder_of_the_user_are_not_imported(tmp_path, monkeypatch):
    (tmp_path / "code.py").write_text("raise SystemExit('this is no module of the standard library')")
    onnx_models.save(onnx_models.net(), tmp_path / "net.onnx")
    monkeypatch.chdir(tmp_path)
    child = Worker()
    try:
        assert child.paddle_version()
    finally:
        child.close()
    paddlify.convert("net.onnx", "out", format=["pdmodel"])
    assert (tmp_path / "out" / "inference.pdmodel").exists()


def test_an_interrupted_run_leaves_no_answer_behind(two, monkeypatch):
    child = Worker()
    receive = worker._receive

    def interrupt(stream):
        raise KeyboardInterrupt

    try:
        monkeypatch.setattr(worker, "_receive", interrupt)
        with pytest.raises(KeyboardInterrupt):
            child.run(two, {"z": Z, "a": A}, onednn=False)
        monkeypatch.setattr(worker, "_receive", receive)
        check_two(child.run(two, {"z": Z, "a": A}, onednn=False))
    finally:
        child.close()


def test_gives_up_onednn_with_a_reason_when_the_program_fails_with_it(save, caplog):
    folder = save(FAILS_WITH_ONEDNN, [FLOAT_ROWS], [FLOAT_ROWS])
    zeros = np.zeros((2, 3), np.float32)
    with pytest.raises(PaddlifyError):
        load(folder, onednn=True)(zeros)
    model = load(folder)
    assert model.runtime.onednn is None
    np.testing.assert_array_equal(model(zeros)[0], np.ones((2, 3), np.float32))
    assert model.runtime.onednn is False
    assert "does not run with oneDNN" in model.runtime.reason
    assert "running without it" in caplog.text
    np.testing.assert_array_equal(model(np.zeros((1, 3), np.float32))[0], np.ones((1, 3)))


def test_takes_the_choice_that_the_report_holds(save):
    folder = save(FAILS_WITH_ONEDNN, [FLOAT_ROWS], [FLOAT_ROWS], onednn=False)
    model = load(folder)
    assert model.runtime.onednn is False
    np.testing.assert_array_equal(model(np.zeros((2, 3), np.float32))[0], np.ones((2, 3), np.float32))


def test_works_in_a_process_that_is_in_static_mode_and_with_two_models(two):
    import paddle

    paddle.enable_static()
    try:
        first, second = load(two), load(two)
        check_two(first(Z, A))
        check_two(second(Z, A))
        assert not paddle.in_dynamic_mode()
    finally:
        paddle.disable_static()


def test_inputs_without_elements_go_without_onednn(save):
    body = """
        x, y = data("x", [-1, -1], "float32"), data("y", [-1, -1], "float32")
        feeds, fetches = [x, y], [paddle.matmul(x, y) + 1.0]
    """
    inputs = [TensorSpec("x", (-1, -1), "float32"), TensorSpec("y", (-1, -1), "float32")]
    model = load(save(body, inputs, [TensorSpec("z", (-1, -1), "float32")]))
    ones, nothing = np.ones((3, 4), np.float32), np.ones((3, 0), np.float32)
    for _ in range(3):
        np.testing.assert_array_equal(model(ones, ones.T)[0], np.full((3, 3), 5, np.float32), strict=True)
        np.testing.assert_array_equal(model(nothing, nothing.T)[0], np.ones((3, 3), np.float32), strict=True)
    assert model.runtime.onednn is not False


def test_the_flags_of_the_program_stay_as_they_are(two, monkeypatch):
    import paddle

    name = "FLAGS_eager_delete_tensor_gb"
    before = paddle.get_flags(name)
    model, seen = load(two), []
    set_flags = paddle.set_flags
    with monkeypatch.context() as patch:
        patch.setattr(paddle, "set_flags", lambda flags: (seen.append(flags), set_flags(flags)))
        check_two(model(Z, A))
        check_two(model(Z, A))
    assert seen == [{name: 1 / 256}, {name: 0.0}], "the first run alone"
    assert paddle.get_flags(name) == before == {name: 0.0}
    paddle.set_flags({name: 0.5})
    check_two(load(two)(Z, A))
    assert paddle.get_flags(name) == {name: 0.5}
    paddle.set_flags(before)
