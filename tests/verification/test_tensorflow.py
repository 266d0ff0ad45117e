"""TensorFlow as the oracle of a verification, in a process of its own."""

from __future__ import annotations

import subprocess

import numpy as np
import pytest

import paddlify
from oracles import oracle_python
from paddlify.frontends.tensorflow.installed import INTERPRETER

MAKE = """
import sys
import numpy as np
import tensorflow as tf
tf1 = tf.compat.v1
folder = sys.argv[1]
weights = (np.arange(24, dtype=np.float32).reshape(3, 8) - 12) / 8
with tf1.Graph().as_default(), tf1.Session() as session:
    x = tf1.placeholder(tf.float32, [None, 3], name="x")
    w = tf1.get_variable("w", initializer=weights)
    y = tf.tanh(tf.matmul(x, w), name="y")
    tf.nn.dropout(y, 0.5, name="random")
    session.run(tf1.global_variables_initializer())
    tf1.train.Saver().save(session, folder + "/checkpoint/model")
    ends = ["y", "random/SelectV2"]
    frozen = tf1.graph_util.convert_variables_to_constants(session, session.graph.as_graph_def(), ends)
    tf1.train.write_graph(frozen, folder, "frozen.pb", as_text=False)
    tf1.train.write_graph(frozen, folder, "frozen.pbtxt")
class Module(tf.Module):
    def __init__(self):
        self.w = tf.Variable(weights)
    @tf.function(input_signature=[tf.TensorSpec([None, 3], tf.float32, name="features")])
    def __call__(self, features):
        return {"scores": tf.tanh(features @ self.w)}
module = Module()
tf.saved_model.save(module, folder + "/saved", signatures=module.__call__)
"""
X = np.array([[1, 2, 3], [-1, 0, 0.5]], np.float32)
Y = np.tanh(X @ ((np.arange(24, dtype=np.float32).reshape(3, 8) - 12) / 8))


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tensorflow")
    subprocess.run([oracle_python("tensorflow"), "-c", MAKE, str(folder)], check=True, capture_output=True)
    return folder


@pytest.fixture
def with_tensorflow(monkeypatch):
    monkeypatch.setenv(INTERPRETER, oracle_python("tensorflow"))


@pytest.mark.parametrize(
    ("name", "outputs", "result"),
    [("frozen.pb", ["y"], "y"), ("frozen.pbtxt", ["y"], "y"), ("checkpoint", ["y"], "y"), ("saved", None, "scores")],
)
def test_tensorflow_says_what_is_right(with_tensorflow, models, tmp_path, monkeypatch, name, outputs, result):
    monkeypatch.chdir(models)
    conversion = paddlify.convert(name, tmp_path / "out", outputs=outputs)
    found = conversion.verification
    assert found.passed
    assert found.oracle.startswith("TensorFlow 2.") and found.oracle.endswith(" on the source itself")
    assert [output.name for output in found.outputs] == [result]
    (array,) = paddlify.load(tmp_path / "out")(X)
    np.testing.assert_allclose(array, Y, atol=1e-6)


def test_a_wrong_model_does_not_pass_tensorflow(with_tensorflow, models, tmp_path):
    folder = paddlify.convert(models / "frozen.pb", tmp_path / "out", outputs=["y"], verify=False).path
    weights = folder / "inference.pdiparams"
    data = weights.read_bytes()
    weights.write_bytes(data[:-4] + np.float32(1).tobytes())
    assert not paddlify.verify(models / "frozen.pb", folder).passed


def test_without_tensorflow_the_report_says_so(monkeypatch, models, tmp_path):
    monkeypatch.delenv(INTERPRETER, raising=False)
    found = paddlify.convert(models / "frozen.pb", tmp_path / "out", outputs=["y"]).verification
    assert found.passed
    assert found.oracle.startswith("onnxruntime") and found.oracle.endswith("the graph that was read from the source")


def test_random_results_are_no_oracle(with_tensorflow, models, tmp_path):
    found = paddlify.convert(models / "frozen.pb", tmp_path / "out", outputs=["random/SelectV2"]).verification
    assert found.oracle.endswith("the graph that was read from the source")


def test_fixed_shapes_are_still_tensorflows(with_tensorflow, models, tmp_path):
    found = paddlify.convert(models / "frozen.pb", tmp_path / "out", outputs=["y"], input_shapes={"x": (2, 3)})
    assert found.verification.oracle.startswith("TensorFlow 2.")
    assert [item.array.shape for item in found.verification.inputs] == [(2, 3)]
