"""GraphDef messages: attributes and tensors in all their forms, and damaged files."""

from __future__ import annotations

import contextlib
from pathlib import Path

import ml_dtypes
import numpy as np
import onnx_ir as ir
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from paddlify.errors import LoadError, PaddlifyError
from paddlify.frontends.base import LoadOptions
from paddlify.frontends.tensorflow import graphdef, load, messages, recognises
from paddlify.frontends.tensorflow.graph import Endpoint, FunctionCall


def tensor(shape: tuple[int, ...], dtype: int, **values: object) -> ir.TensorProtocol:
    proto = messages.TensorProto(dtype=dtype, **values)
    proto.tensor_shape.dim.extend(messages.Dim(size=dim) for dim in shape)
    return graphdef.tensor_of(proto, Path("graph.pb"))


@pytest.mark.parametrize(
    ("dtype", "values", "expected"),
    [
        (1, {"float_val": [1.5, 2.5]}, np.array([1.5, 2.5], np.float32)),
        (1, {"float_val": [1.5]}, np.array([1.5, 1.5], np.float32)),
        (1, {}, np.zeros(2, np.float32)),
        (1, {"tensor_content": np.array([3, 4], np.float32).tobytes()}, np.array([3, 4], np.float32)),
        (2, {"double_val": [1e300, 2]}, np.array([1e300, 2])),
        (3, {"int_val": [-1, 2]}, np.array([-1, 2], np.int32)),
        (4, {"int_val": [255, 2]}, np.array([255, 2], np.uint8)),
        (6, {"int_val": [-5, 2]}, np.array([-5, 2], np.int8)),
        (8, {"scomplex_val": [1, 2, 3, 4]}, np.array([1 + 2j, 3 + 4j], np.complex64)),
        (9, {"int64_val": [1 << 40, -2]}, np.array([1 << 40, -2])),
        (10, {"bool_val": [True, False]}, np.array([True, False])),
        (14, {"half_val": [0x3F80, 0x4000]}, np.array([1, 2], ml_dtypes.bfloat16)),
        (19, {"half_val": [0x3C00, 0x4000]}, np.array([1, 2], np.float16)),
        (23, {"uint64_val": [(1 << 64) - 1, 1]}, np.array([(1 << 64) - 1, 1], np.uint64)),
    ],
)
def test_tensors(dtype: int, values: dict, expected: np.ndarray) -> None:
    np.testing.assert_array_equal(tensor((2,), dtype, **values).numpy(), expected, strict=True)


def test_the_last_element_stands_for_the_rest() -> None:
    found = tensor((2, 3), 3, int_val=[7, 8]).numpy()
    np.testing.assert_array_equal(found, np.array([[7, 8, 8], [8, 8, 8]], np.int32), strict=True)
    strings = tensor((3,), 7, string_val=[b"a", b"\xff"])
    assert list(strings.string_data()) == [b"a", b"\xff", b"\xff"]


@pytest.mark.parametrize(
    ("shape", "dtype", "values", "message"),
    [
        ((2,), 1, {"float_val": [1, 2, 3]}, "has 3 elements"),
        ((3,), 1, {"tensor_content": b"1234"}, "has 4 bytes of content"),
        ((-2,), 1, {}, "which is not valid"),
        ((1 << 20, 1 << 20), 1, {}, "which is not valid"),
        ((1,), 20, {}, "of type resource is not supported"),
    ],
)
def test_wrong_tensors(shape: tuple[int, ...], dtype: int, values: dict, message: str) -> None:
    with pytest.raises(LoadError, match=message):
        tensor(shape, dtype, **values)


def test_attributes() -> None:
    node = messages.NodeDef(name="n", op="OfAnotherLibrary", input=["a", "b:1", "^c"])
    node.attr["type"].type = 1
    node.attr["reference"].type = 101
    node.attr["resource"].type = 20
    node.attr["text"].s = b"SAME"
    node.attr["bytes"].s = b"\xff"
    node.attr["zero"].i = 0
    node.attr["types"].list.type.extend([3, 9])
    node.attr["numbers"].list.i.extend([1, 2])
    node.attr["empty"].list.SetInParent()
    node.attr["shape"].shape.dim.add(size=-1)
    node.attr["shape"].shape.dim.add(size=3)
    node.attr["unknown"].shape.unknown_rank = True
    node.attr["function"].func.name = "f"
    node.attr["function"].func.attr["T"].type = 1
    others = [messages.NodeDef(name=name, op="OfAnotherLibrary") for name in ("a", "b", "c")]
    graph = graphdef.graph_of(messages.GraphDef(node=[node, *others]), Path("graph.pb"))
    found = graph["n"]
    assert found.inputs == [Endpoint("a", 0), Endpoint("b", 1)]
    assert found.controls == ["c"]
    assert found.attributes == {
        "type": ir.DataType.FLOAT,
        "reference": ir.DataType.FLOAT,
        "resource": "resource",
        "text": "SAME",
        "bytes": b"\xff",
        "zero": 0,
        "types": (ir.DataType.INT32, ir.DataType.INT64),
        "numbers": (1, 2),
        "empty": (),
        "shape": (None, 3),
        "unknown": None,
        "function": FunctionCall("f", {"T": ir.DataType.FLOAT}),
    }


def test_large_constants_are_found_in_the_file(tmp_path: Path) -> None:
    """As raw content, and as packed floats, with fewer elements than the shape has also."""
    values = np.arange(10000, dtype=np.float32)
    proto = messages.GraphDef()
    for name in ("content", "floats", "repeated"):
        node = proto.node.add(name=name, op="Const")
        node.attr["dtype"].type = 1
        value = node.attr["value"].tensor
        value.dtype = 1
        value.tensor_shape.dim.add(size=10000 if name != "repeated" else 10001)
        if name == "content":
            value.tensor_content = values.tobytes()
        else:
            value.float_val.extend(values.tolist())
    path = tmp_path / "graph.pb"
    path.write_bytes(proto.SerializeToString())
    assert recognises(path)
    graph = graphdef.graph_of(graphdef.read_message(path, "GraphDef"), path)
    for name in ("content", "floats"):
        found = graph[name].attributes["value"]
        assert isinstance(found, ir.ExternalTensor)
        np.testing.assert_array_equal(found.numpy(), values, strict=True)
    repeated = graph["repeated"].attributes["value"].numpy()
    np.testing.assert_array_equal(repeated, np.append(values, values[-1]), strict=True)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_damaged_graphs_are_refused(graphs: Path, tmp_path: Path, data: st.DataObject) -> None:
    """Whatever bytes change, there is an error of ours or a model, and nothing else."""
    name = data.draw(st.sampled_from(["frame_1", "switch_true_1", "array_full"]))
    content = bytearray((graphs / name / "frozen.pb").read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path / "graph.pb"
    path.write_bytes(content)
    with contextlib.suppress(PaddlifyError):
        load(path, LoadOptions(outputs=["y0"]))
