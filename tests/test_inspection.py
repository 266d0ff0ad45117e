"""What `paddlify.inspect` says, before anything is converted."""

from __future__ import annotations

import subprocess
import sys

import onnx

import onnx_models
import paddlify

FOREIGN = """
<ir_version: 8, opset_import: ["": 17, "my.own": 1]>
g (float[N, 2] x) => (float[N, 2] y) {
    [one] a = my.own.Frob(x)
    [two] b = my.own.Frob(a)
    c = Constant <value = float[2] {1, 2}> ()
    y = Add(x, c)
    z = Add(b, c)
}
"""


def test_content_of_a_supported_model(net_file):
    found = paddlify.inspect(net_file)
    assert found.is_supported
    assert found.source_format == "onnx"
    assert found.opsets == {"": 17}
    assert [str(spec) for spec in found.inputs] == ["image: float32[?, 3, ?, ?]"]
    assert [str(spec) for spec in found.outputs] == ["scores: float32[?, 4]", "features: float32[?, 4, ?, ?]"]
    assert (found.parameters, found.parameter_bytes) == (112, 448)
    assert {item.op_type: item.count for item in found.operators} == {
        "Conv": 1, "Relu": 1, "GlobalAveragePool": 1, "Flatten": 1, "Tanh": 1,
    }


def test_what_is_refused_is_counted_and_named():
    proto = onnx.parser.parse_model(FOREIGN.replace("=> (float[N, 2] y)", "=> (float[N, 2] y, float[N, 2] z)"))
    found = paddlify.inspect(proto)
    assert not found.is_supported
    by_type = {item.op_type: item for item in found.operators}
    assert (by_type["my.own::Frob"].count, by_type["my.own::Frob"].refused) == (2, 2)
    assert by_type["my.own::Frob"].reasons == ("no such operator in the support table",)
    assert {node.name for node in found.refused if node.op_type == "my.own::Frob"} == {"one", "two"}
    assert (found.parameters, found.parameter_bytes) == (2, 8)


def test_what_the_outputs_do_not_need_is_no_obstacle():
    assert paddlify.inspect(onnx.parser.parse_model(FOREIGN), outputs=["y"]).is_supported


def test_shapes_are_those_of_the_options(net_file):
    found = paddlify.inspect(net_file, input_shapes={"image": (1, 3, 8, -1)}, outputs=["features"])
    assert [str(spec) for spec in found.inputs] == ["image: float32[1, 3, 8, ?]"]
    assert [spec.name for spec in found.outputs] == ["features"]


def test_an_operator_of_ones_own_is_supported_once_it_is_registered(tmp_path):
    proto = onnx.parser.parse_model(FOREIGN.replace("=> (float[N, 2] y)", "=> (float[N, 2] y, float[N, 2] b)"))

    @paddlify.emits("Frob", domain="my.own")
    def frob(paddle, x):
        return paddle.nn.functional.relu(x)

    try:
        assert paddlify.inspect(proto, outputs=["b"]).is_supported
    finally:
        paddlify.emits.remove("my.own", "Frob")
    assert not paddlify.inspect(proto, outputs=["b"]).is_supported


def test_a_model_in_memory_is_left_as_it_was():
    proto = onnx_models.net()
    before = proto.SerializeToString()
    paddlify.inspect(proto)
    assert proto.SerializeToString() == before


def test_inspecting_does_not_import_paddle(net_file):
    script = "import sys, paddlify; paddlify.inspect(sys.argv[1]); sys.exit('paddle' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script, net_file], check=False).returncode == 0
