"""Whole verifications: of good conversions, and of conversions made wrong on purpose."""

from __future__ import annotations

import shutil

import numpy as np
import onnx_ir as ir
import pytest

import onnx_models
import paddlify
import paddlify.backends.paddle.ops
from paddlify.backends.paddle import program
from paddlify.backends.paddle.module import emits
from paddlify.errors import InputError, UsageError, VerificationError
from paddlify.report import Report, RuntimeChoice
from paddlify.verification import runners
from paddlify.verification.bisect import _Exposed
from paddlify.verification.errors import ConvertedError

HEADER = '<ir_version: 8, opset_import: ["": 17]> g '
CHAIN = f"""
{HEADER} (float[N, 6] x) => (float[N, 6] y) {{
    [first] a = Exp(x)
    [second] b = Tanh(a)
    [third] c = Abs(b)
    [fourth] y = Neg(c)
}}
"""


@pytest.fixture
def wrong_tanh():
    """Tanh, converted to something else for the length of a test."""
    right = emits.find("", "Tanh").function
    emits.add("", "Tanh", lambda paddle, x: paddle.nn.functional.sigmoid(x), replace=True)
    yield
    emits.add("", "Tanh", right, replace=True)


def test_a_conversion_is_verified_on_the_source_file_and_says_so(net_file, converted):
    report = Report.read(converted)
    found = report.verification
    assert found["passed"] is True
    assert found["oracle"].startswith("onnxruntime 1.") and found["oracle"].endswith(" on the source itself")
    assert found["inputs"] == [
        {"name": "image", "shape": [2, 3, 64, 96], "dtype": "float32", "drawn": "standard normal"}
    ]
    assert report.runtime == RuntimeChoice(True, "")
    again = paddlify.verify(net_file, converted, seed=1)
    assert again.passed
    assert again.seed == 1


def test_models_in_memory_are_verified_too(tmp_path):
    proto = onnx_models.net()
    assert paddlify.convert(proto, tmp_path / "proto").verification.passed
    model = ir.from_proto(proto)
    conversion = paddlify.convert(model, tmp_path / "ir")
    assert conversion.verification.passed
    assert "the graph that was read from the source" in conversion.verification.oracle
    assert paddlify.verify(model, tmp_path / "ir").passed


def test_a_wrong_operator_fails_the_conversion_and_keeps_the_folder(wrong_tanh, tmp_path):
    with pytest.raises(VerificationError, match=r"output\(s\) differ; scores: .* further off") as caught:
        paddlify.convert(onnx_models.net(), tmp_path / "out")
    conversion = caught.value.conversion
    assert [output.passed for output in conversion.verification.outputs] == [False, True]
    assert Report.read(tmp_path / "out").verification["passed"] is False
    assert (tmp_path / "out" / "inference.json").exists()


def test_what_is_right_in_the_first_run_only_fails(tmp_path):
    """As `paddle.index_put` is: its result is not filled anew in a second run."""
    text = f"""
    {HEADER} (float[N, 6] x, int64[1, 1] i, float[1, 6] u) => (float[N, 6] y) {{
        y = ScatterND(x, i, u)
    }}
    """
    right = emits.find("", "ScatterND").function

    def put(paddle, x, indices, updates, *, reduction):
        return paddle.index_put(x, (indices[..., 0],), updates)

    emits.add("", "ScatterND", put, replace=True)
    try:
        with pytest.raises(VerificationError, match="differ"):
            paddlify.convert(onnx_models.model(text), tmp_path / "out")
    finally:
        emits.add("", "ScatterND", right, replace=True)
    assert paddlify.convert(onnx_models.model(text), tmp_path / "right").verification.passed


def test_bisect_names_the_first_operator_that_differs(wrong_tanh, tmp_path):
    proto = onnx_models.model(CHAIN)
    paddlify.convert(proto, tmp_path / "out", verify=False)
    found = paddlify.verify(proto, tmp_path / "out", bisect=True)
    assert not found.passed
    difference = found.first_difference
    assert (difference.op_type, difference.node, difference.value) == ("Tanh", "second", "b")
    assert found.to_dict()["bisection"]["first_difference"]["node"] == "second"
    assert found.bisection.conclusion.startswith("Tanh 'second' is the first that differs, in 'b': ")


def test_bisect_looks_at_the_weights_of_the_folder(net_file, converted, tmp_path):
    folder = shutil.copytree(converted, tmp_path / "damaged")
    weights = folder / "inference.pdiparams"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 0x80  # the sign of the last number of the convolution's weight
    weights.write_bytes(content)
    found = paddlify.verify(net_file, folder, bisect=True)
    assert not found.passed
    assert (found.first_difference.op_type, found.first_difference.value) == ("Conv", "c")


def test_bisect_finds_nothing_in_a_right_model(tmp_path):
    proto = onnx_models.model(CHAIN)
    folder = paddlify.convert(proto, tmp_path / "out").path
    feeds = {"x": np.ones((1, 6), np.float32)}
    wrong = {"y": np.zeros((1, 6), np.float32)}
    found = paddlify.verify(proto, folder, inputs=feeds, reference=wrong, bisect=True)
    assert not found.passed
    assert found.first_difference is None
    assert "the source, or the reference, is what differs" in found.bisection.conclusion


def test_bisect_names_what_is_wrong_only_when_it_is_fused(tmp_path, monkeypatch):
    proto = onnx_models.model(
        HEADER + "(int64[N, 2] x, int64[N, 2] z) => (int64[N, 2] y) { sum = Add(x, z) y = Neg(sum) }"
    )
    folder = paddlify.convert(proto, tmp_path / "out", verify=False).path
    monkeypatch.setattr(program, "suit_onednn", lambda block: None)
    program.save_program(folder, "G")
    report = Report.read(folder)
    report.runtime = RuntimeChoice(True)
    report.write(folder)
    found = paddlify.verify(proto, folder, bisect=True)
    assert not found.passed
    assert found.first_difference is None
    assert "Paddle joins Add 'sum' with what follows it" in found.bisection.conclusion


def test_all_values_are_compared_whatever_their_layout(tmp_path):
    proto = onnx_models.model(
        HEADER + """(float[N, 4, 5, 3] x) => (float[N, 4, 1, 3] y)
        { a = Transpose<perm=[0, 3, 1, 2]>(x) b = Abs(a) c = Transpose<perm=[0, 2, 3, 1]>(b) d = Neg(c)
          e = ReduceMax<axes=[2], keepdims=1>(d) y = Exp(e) }"""
    )
    folder = paddlify.convert(proto, tmp_path / "out").path
    found = paddlify.verify(proto, folder, all_values=True)
    assert found.passed and all(item.passed for item in found.bisection.values)
    assert {item.name for item in found.bisection.values} >= {"d", "e", "y"}
    names = {item.name for item in found.bisection.values}
    left_out = found.to_dict()["bisection"]["left_out"]
    assert {"a", "c"} <= {item["value"] for item in left_out}
    assert names | {item["value"] for item in left_out} == set("abcdey")
    assert left_out[0]["op_type"] == "Transpose"
    assert left_out[0]["reason"] == "the converted model does not compute it by itself"
    agree = f"all {len(names)} values that can be compared agree ({len(left_out)} are left out)"
    assert found.bisection.conclusion == agree


def test_values_that_paddle_cannot_make_outputs_are_named(tmp_path, monkeypatch):
    proto = onnx_models.model(CHAIN)
    folder = paddlify.convert(proto, tmp_path / "out").path
    run = _Exposed.run

    def refusing(exposed, values, *args, **kwargs):
        if any(value.name == "b" for value in values):
            raise ConvertedError("no kernel gives b")
        return run(exposed, values, *args, **kwargs)

    monkeypatch.setattr(_Exposed, "run", refusing)
    found = paddlify.verify(proto, folder, all_values=True)
    assert found.passed
    assert "b" not in {item.name for item in found.bisection.values}
    assert [item.value for item in found.bisection.left_out] == ["b"], found.bisection.left_out
    left_out = found.bisection.left_out[0]
    assert (left_out.op_type, left_out.node, left_out.value) == ("Tanh", "second", "b")
    assert left_out.reason == "Paddle cannot make it an output: no kernel gives b"
    assert found.bisection.conclusion.endswith(" agree (1 are left out)")


def test_bisect_refuses_a_folder_of_another_model(net_file, tmp_path):
    folder = paddlify.convert(onnx_models.model(CHAIN), tmp_path / "out").path
    other = onnx_models.model(CHAIN.replace("Tanh", "Sigmoid"))
    found = paddlify.verify(other, folder, bisect=True)
    assert not found.passed
    assert "is not what this version of paddlify makes of the source" in found.bisection.conclusion


HALF = f"""
{HEADER} (float[N, 64] x) => (float[N, 32] y) {{
    a = Cast<to = %d>(x)
    b = MatMul(a, w)
    c = Cast<to = 1>(b)
    y = Exp(c)
}}
"""


def test_a_float16_model_that_gives_float32_has_the_tolerance_of_float16(tmp_path):
    weight = np.random.default_rng(0).standard_normal((64, 32)) / 8
    model = onnx_models.model(HALF % 10, w=weight.astype(np.float16))
    conversion = paddlify.convert(model, tmp_path / "half")
    assert conversion.report.computes_in == ["float16", "float32"]
    (output,) = conversion.verification.outputs
    assert output.tolerance == pytest.approx(1e-2 * output.scale)
    assert output.max_abs > 1e-4 * output.scale


def test_weights_alone_in_float16_leave_the_tolerance_of_float32(tmp_path):
    weight = np.random.default_rng(0).standard_normal((64, 32)) / 8
    text = (HALF % 1).replace("b = MatMul(a, w)", "v = Cast<to = 1>(w)\n    b = MatMul(a, v)")
    conversion = paddlify.convert(onnx_models.model(text, w=weight.astype(np.float16)), tmp_path / "weights")
    assert conversion.report.computes_in == ["float32"]
    (output,) = conversion.verification.outputs
    assert output.tolerance == pytest.approx(1e-4 * output.scale)


MEANS = f"""
{HEADER} (float[N, 3, 16, 16] x) => (float[N, 3, 8, 8] y) {{
    a = QuantizeLinear(x, scale, zero)
    b = DequantizeLinear(a, scale, zero)
    c = AveragePool<kernel_shape = [2, 2], strides = [2, 2]>(b)
    d = QuantizeLinear(c, scale, zero)
    y = DequantizeLinear(d, scale, zero)
}}
"""


def test_a_quantised_model_may_round_what_lies_midway_the_other_way(tmp_path):
    """The mean of four whole numbers is midway between two of them as often as one time in four."""
    model = onnx_models.model(MEANS, scale=np.array(0.0173, np.float32), zero=np.array(121, np.uint8))
    conversion = paddlify.convert(model, tmp_path / "out")
    assert conversion.report.computes_in == ["float32", "uint8"]
    (output,) = conversion.verification.outputs
    assert output.passed
    assert output.max_abs == pytest.approx(0.0173, rel=1e-3)


def test_swapped_outputs_fail(tmp_path):
    proto = onnx_models.model(HEADER + "(float[3] x) => (float[3] a, float[3] b) { a = Neg(x) b = Abs(x) }")
    folder = paddlify.convert(proto, tmp_path / "out").path
    report = Report.read(folder)
    report.outputs = list(reversed(report.outputs))
    report.write(folder)
    found = paddlify.verify(proto, folder)
    assert [output.passed for output in found.outputs] == [False, False]


def test_given_inputs_are_used_and_checked(net_file, converted):
    image = np.random.default_rng(0).random((1, 3, 5, 9), dtype=np.float32)
    found = paddlify.verify(net_file, converted, inputs={"image": image})
    assert found.passed
    assert [item.how for item in found.inputs] == ["given"]
    assert found.outputs[1].shape == (1, 4, 5, 9)
    with pytest.raises(InputError, match="float64"):
        paddlify.verify(net_file, converted, inputs={"image": image.astype(np.float64)})


def test_a_reference_stands_for_the_source(net_file, converted):
    image = np.random.default_rng(0).random((1, 3, 5, 9), dtype=np.float32)
    scores, features = paddlify.load(converted)(image)
    reference = {"scores": scores, "features": features, "image": image}
    found = paddlify.verify(net_file, converted, reference=reference)
    assert found.passed
    assert found.oracle == "the reference outputs given"
    assert not paddlify.verify(net_file, converted, reference={**reference, "scores": scores.astype(np.float64)}).passed
    with pytest.raises(UsageError, match="the reference lacks scores"):
        paddlify.verify(net_file, converted, reference={"features": features, "image": image})
    with pytest.raises(UsageError, match="inputs that are not given: image"):
        paddlify.verify(net_file, converted, reference={"scores": scores, "features": features})


def test_cut_models_are_compared_on_the_graph_that_was_read(net_file, tmp_path):
    found = paddlify.convert(net_file, tmp_path / "out", inputs=["features"], outputs=["flat"]).verification
    assert found.passed
    assert found.oracle.endswith("on the graph that was read from the source")
    assert [item.spec.name for item in found.inputs] == ["features"]


def test_dynamic_dims_that_must_agree_are_found_by_trying(tmp_path):
    text = "(float[2, A] x, float[2, B] y) => (float[2, M] z) { z = Add(x, y) }"
    found = paddlify.convert(onnx_models.model(HEADER + text), tmp_path / "out").verification
    assert found.passed
    left, right = (item.array.shape for item in found.inputs)
    assert left == right


def test_a_source_that_cannot_run_is_not_verified(tmp_path):
    text = "(float[A] x) => (float[2, 7] z) <int64[2] dims = {2, 7}> { z = Reshape(x, dims) }"
    with pytest.raises(VerificationError, match="not verified: the source does not run on these inputs") as caught:
        paddlify.convert(onnx_models.model(HEADER + text), tmp_path / "out")
    assert "--input NAME=FILE.npy" in str(caught.value)
    assert Report.read(tmp_path / "out").verification["passed"] is False
    found = paddlify.verify(onnx_models.model(HEADER + text), tmp_path / "out", inputs={"x": np.zeros(14, np.float32)})
    assert found.passed


def test_numbers_that_are_wrong_only_with_onednn_give_it_up(net_file, converted, tmp_path, monkeypatch):
    folder = shutil.copytree(converted, tmp_path / "copy")
    report = Report.read(folder)
    report.runtime = RuntimeChoice()
    report.write(folder)
    run = runners.run_converted

    def wrong_with_onednn(folder, feeds, device, *, onednn, **format_):
        return [array + onednn for array in run(folder, feeds, device, onednn=onednn, **format_)]

    monkeypatch.setattr(runners, "run_converted", wrong_with_onednn)
    found = paddlify.verify(net_file, folder)
    assert found.passed
    assert found.runtime.onednn is False
    assert "wrong with oneDNN" in found.runtime.reason


def test_runs_in_the_configuration_that_the_report_names(net_file, converted, tmp_path, monkeypatch):
    folder = shutil.copytree(converted, tmp_path / "copy")
    report = Report.read(folder)
    report.runtime = RuntimeChoice(False, "for a test")
    report.write(folder)
    asked = []
    run = runners.run_converted

    def recorded(folder, feeds, device, *, onednn, **format_):
        asked.append(onednn)
        return run(folder, feeds, device, onednn=onednn, **format_)

    monkeypatch.setattr(runners, "run_converted", recorded)
    assert paddlify.verify(net_file, folder).passed
    assert asked == [False]


def test_onnxruntime_takes_and_gives_bfloat16():
    import ml_dtypes

    text = "(bfloat16[3] x) => (bfloat16[3] y, float[3] z) { y = Identity(x) z = Cast <to = 1> (x) }"
    runner = runners.OnnxRuntime(onnx_models.model(HEADER + text).SerializeToString(), "a test")
    x = np.array([1, 2.5, -3], ml_dtypes.bfloat16)
    y, z = runner.run({"x": x}, ["y", "z"])
    assert y.dtype == x.dtype
    np.testing.assert_array_equal(y, x)
    np.testing.assert_array_equal(z, x.astype(np.float32))
