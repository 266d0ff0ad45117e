"""Reading ONNX: weights stay on disk, paths stay inside, graphs are cut, damage is reported."""

from __future__ import annotations

import contextlib
from pathlib import Path

import numpy as np
import onnx
import onnx_ir as ir
import onnxruntime
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper
from onnx.backend.test.case.node import collect_testcases

from paddlify import frontends
from paddlify.errors import LoadError, PaddlifyError, UnsupportedError, UsageError
from paddlify.frontends.base import Loaded, LoadOptions
from paddlify.frontends.onnx import load, recognises
from paddlify.frontends.onnx.upgrade import upgrade
from paddlify.ir import tensors

FLOAT = TensorProto.FLOAT
RNG = np.random.default_rng(0)


def info(name: str, shape: list[int | str | None] | None = None, dtype: int = FLOAT) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, dtype, shape)


def conv_model(
    opset: int = 17, ir_version: int = 8, functions: list[onnx.FunctionProto] | None = None
) -> onnx.ModelProto:
    """x [N,3,H,W] → Conv → Relu → GlobalAveragePool → Flatten → Gemm → y [N,5000]; two weights are large."""
    weights = {
        "w": RNG.standard_normal((64, 3, 9, 9), dtype=np.float32),
        "b": RNG.standard_normal(64, dtype=np.float32),
        "fc": RNG.standard_normal((5000, 64), dtype=np.float32),
    }
    graph = helper.make_graph(
        [
            helper.make_node("Conv", ["x", "w", "b"], ["c"], "conv", kernel_shape=[9, 9], pads=[4, 4, 4, 4]),
            helper.make_node("Relu", ["c"], ["r"], "relu"),
            helper.make_node("GlobalAveragePool", ["r"], ["p"], "pool"),
            helper.make_node("Flatten", ["p"], ["f"], "flatten"),
            helper.make_node("Gemm", ["f", "fc"], ["y"], "gemm", transB=1),
        ],
        "net", [info("x", ["N", 3, "H", "W"])], [info("y", ["N", 5000])],
        [numpy_helper.from_array(array, name) for name, array in weights.items()],
    )
    imports = [helper.make_opsetid("", opset), helper.make_opsetid("local", 1)]
    return helper.make_model(graph, opset_imports=imports, ir_version=ir_version, functions=functions or [])


def in_memory(model: ir.Model) -> onnx.ModelProto:
    """A message with all weights inside, streamed from where they lie."""
    for graph in model.graphs():
        for value in graph.initializers.values():
            content = b"".join(bytes(chunk) for chunk in tensors.chunks(value.const_value))
            array = np.frombuffer(content, value.dtype.numpy()).reshape(value.shape.numpy())
            value.const_value = ir.tensor(array, name=value.name)
    return ir.to_proto(model)


def run(proto: onnx.ModelProto, feed: dict[str, np.ndarray]) -> list[np.ndarray]:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(proto.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return session.run(None, feed)


def check_same(loaded: Loaded, proto: onnx.ModelProto, feed: dict[str, np.ndarray]) -> None:
    found, expected = run(in_memory(loaded.model), feed), run(proto, feed)
    assert len(found) == len(expected)
    for ours, theirs in zip(found, expected, strict=True):
        assert ours.dtype == theirs.dtype
        np.testing.assert_array_equal(ours, theirs)


FEED = {"x": RNG.standard_normal((2, 3, 12, 10), dtype=np.float32)}


def saved(proto: onnx.ModelProto, folder: Path, **options: object) -> Path:
    file = folder / "model.onnx"
    onnx.save(proto, file, **options)
    return file


def names(values: object) -> list[str]:
    return [value.name for value in values]


# Where weights lie.


def test_raw_data_stays_in_the_file(tmp_path: Path) -> None:
    proto = conv_model()
    file = saved(proto, tmp_path)
    loaded = load(file)
    assert loaded.source_format == "onnx"
    initializers = loaded.model.graph.initializers
    assert isinstance(initializers["w"].const_value, ir.ExternalTensor)
    assert isinstance(initializers["fc"].const_value, ir.ExternalTensor)
    assert not isinstance(initializers["b"].const_value, ir.ExternalTensor)
    assert names(loaded.model.graph.inputs) == ["x"]
    check_same(loaded, proto, FEED)


@pytest.mark.parametrize("one_file", [True, False])
def test_external_data(one_file: bool, tmp_path: Path) -> None:
    proto = conv_model()
    file = saved(
        conv_model_copy(proto), tmp_path, save_as_external_data=True, all_tensors_to_one_file=one_file,
        location="weights.bin" if one_file else None, size_threshold=0,
    )
    check_same(load(file), proto, FEED)


@pytest.mark.parametrize("is_stale", [False, True], ids=["emptied", "stale"])
def test_data_that_was_external_and_is_inside_again(is_stale: bool, tmp_path: Path) -> None:
    """onnx says so of each such tensor, in a field that lies behind its data."""
    proto = conv_model()
    outside = tmp_path / "outside"
    outside.mkdir()
    again = onnx.load(
        saved(conv_model_copy(proto), outside, save_as_external_data=True, location="weights.bin", size_threshold=0)
    )
    for tensor in again.graph.initializer:
        assert tensor.HasField("data_location") and tensor.data_location == onnx.TensorProto.DEFAULT
        if is_stale:
            tensor.external_data.add(key="location", value="weights.bin")
            tensor.external_data.add(key="offset", value="0")
    loaded = load(saved(again, tmp_path))
    assert isinstance(loaded.model.graph.initializers["w"].const_value, ir.ExternalTensor)
    check_same(loaded, proto, FEED)


def test_an_initializer_is_what_its_tensor_is(tmp_path: Path) -> None:
    """onnxruntime's converter to float16 notes float16 of scales that it leaves in float32."""
    proto = conv_model()
    proto.graph.value_info.append(onnx.helper.make_tensor_value_info("b", onnx.TensorProto.FLOAT16, [99]))
    loaded = load(saved(proto, tmp_path))
    value = loaded.model.graph.initializers["b"]
    assert value.dtype == ir.DataType.FLOAT
    assert list(value.shape) == list(value.const_value.shape)
    check_same(loaded, proto, FEED)


def conv_model_copy(proto: onnx.ModelProto) -> onnx.ModelProto:
    copy = onnx.ModelProto()
    copy.CopyFrom(proto)
    return copy


def test_typed_fields(tmp_path: Path) -> None:
    """float_data and double_data are packed as raw data are; other fields are not and are parsed."""
    arrays = {
        "f": RNG.standard_normal(9000).astype(np.float32),
        "d": RNG.standard_normal(9000),
        "c": (RNG.standard_normal(9000) + 1j).astype(np.complex64),
        "i": RNG.integers(-5, 5, 9000),
        "h": RNG.standard_normal(9000).astype(np.float16),
        "u": RNG.integers(0, 5, 9000).astype(np.uint8),
        "s": np.array([1, 2], np.uint64),
    }
    graph = onnx.GraphProto(name="g")
    for name, array in arrays.items():
        dtype = helper.np_dtype_to_tensor_dtype(array.dtype)
        content = array.view(np.uint16) if name == "h" else array
        graph.initializer.append(helper.make_tensor(name, dtype, array.shape, content if name != "h" else array))
        graph.node.append(helper.make_node("Identity", [name], [f"{name}_out"]))
        graph.output.append(info(f"{name}_out", list(array.shape), dtype))
    assert not any(tensor.raw_data for tensor in graph.initializer)
    model = load(saved(helper.make_model(graph), tmp_path)).model
    for name, array in arrays.items():
        tensor = model.graph.initializers[name].const_value
        assert isinstance(tensor, ir.ExternalTensor) == (name in "fdc")
        assert tensor.tobytes() == array.tobytes()


def test_constants_and_subgraphs_stay_in_the_file(tmp_path: Path) -> None:
    large = numpy_helper.from_array(RNG.standard_normal(9000).astype(np.float32), "large")
    inner = helper.make_graph([helper.make_node("Constant", [], ["k"], value=large)], "then", [], [info("k", [9000])])
    other = helper.make_graph([helper.make_node("Identity", ["o"], ["z"])], "else", [], [info("z", [9000])], [large])
    other.node[0].input[0] = "large"
    proto = helper.make_model(
        helper.make_graph(
            [helper.make_node("If", ["c"], ["y"], then_branch=inner, else_branch=other)], "g",
            [info("c", [], TensorProto.BOOL)], [info("y", [9000])],
        ),
        ir_version=10, opset_imports=[helper.make_opsetid("", 20)],
    )
    model = load(saved(proto, tmp_path)).model
    branches = model.graph.node(0).attributes
    constant = branches["then_branch"].as_graph().node(0).attributes["value"].as_tensor()
    initializer = branches["else_branch"].as_graph().initializers["large"].const_value
    for tensor in (constant, initializer):
        assert isinstance(tensor, ir.ExternalTensor)
        assert tensor.tobytes() == large.raw_data


def test_text(tmp_path: Path) -> None:
    proto = conv_model()
    text = '<ir_version: 8, opset_import: ["" : 17]> g (float[N, 2] x) => (float[N, 2] y) { y = Relu(x) }'
    (tmp_path / "model.onnxtxt").write_text(text)
    onnx.save(proto, tmp_path / "model.textproto", format="textproto")
    for name in ("model.onnxtxt", "model.textproto"):
        assert recognises(tmp_path / name)
    assert [node.op_type for node in load(tmp_path / "model.onnxtxt").model.graph] == ["Relu"]
    check_same(load(tmp_path / "model.textproto"), proto, FEED)
    (tmp_path / "model.onnxtxt").write_text("<ir_version: nonsense")
    with pytest.raises(LoadError, match="not a textual ONNX model"):
        load(tmp_path / "model.onnxtxt")


def test_models_in_memory_are_left_as_they_were() -> None:
    proto = conv_model()
    before = proto.SerializeToString(deterministic=True)
    check_same(load(proto, LoadOptions(input_shapes={"x": [1, 3, -1, 10]})), proto, {"x": FEED["x"][:1]})
    assert proto.SerializeToString(deterministic=True) == before
    model = ir.from_proto(proto)
    check_same(load(model, LoadOptions(outputs=["f"])), cut_at(proto, "f"), FEED)
    assert names(model.graph.outputs) == ["y"]
    assert len(model.graph) == 5


def cut_at(proto: onnx.ModelProto, name: str) -> onnx.ModelProto:
    copy = conv_model_copy(proto)
    del copy.graph.output[:]
    copy.graph.output.append(info(name))
    copy.graph.output[0].type.CopyFrom(helper.make_tensor_type_proto(FLOAT, None))
    return copy


# Recognition.


def test_recognition(tmp_path: Path) -> None:
    assert recognises(saved(conv_model(), tmp_path))
    assert frontends.detect(tmp_path / "model.onnx") == "onnx"
    others = {
        "empty": b"", "text": b"name: \"net\"\nlayer {\n}\n", "zip": b"PK\x03\x04" + bytes(100), "zeros": bytes(100),
        "saved_model.pb": b"\x08\x01\x12\x05hello", "graph.pb": b"\x0a\x03abc\x22\x02\x08\x01",
        "net.caffemodel": b"\x0a\x03net\xa2\x06\x02\x0a\x00", "hdf5": b"\x89HDF\r\n\x1a\n" + bytes(50),
    }
    for name, content in others.items():
        (tmp_path / name).write_bytes(content)
        assert not recognises(tmp_path / name), name
    assert not recognises(tmp_path)
    assert not recognises(tmp_path / "none")
    with pytest.raises(LoadError, match=r"empty: not recognised .* --from"):
        frontends.load(tmp_path / "empty")
    with pytest.raises(LoadError, match="no such file"):
        frontends.load(tmp_path / "none.onnx")
    with pytest.raises(UsageError, match="--from is one of onnx"):
        frontends.load(tmp_path / "empty", "keras")
    assert len(frontends.load(tmp_path / "model.onnx").model.graph) == 5
    assert len(frontends.load(conv_model()).model.graph) == 5


def test_a_truncated_model_is_still_recognised(tmp_path: Path) -> None:
    file = saved(conv_model(), tmp_path)
    content = file.read_bytes()
    for size in (60, 100, 5000, len(content) - 1):
        file.write_bytes(content[:size])
        assert recognises(file)
        with pytest.raises(LoadError, match=r"model\.onnx: truncated or damaged at byte \d+"):
            load(file)


# External data that must not be read.


def external(location: str, tmp_path: Path, **entries: object) -> Path:
    """A model in a folder of its own with one tensor of 4 floats kept at `location`."""
    (tmp_path / "folder").mkdir(exist_ok=True)
    (tmp_path / "secret.bin").write_bytes(bytes(64))
    tensor = TensorProto(name="w", data_type=FLOAT, dims=[4], data_location=TensorProto.EXTERNAL)
    for key, value in {"location": location, **entries}.items():
        tensor.external_data.add(key=key, value=str(value))
    graph = helper.make_graph([helper.make_node("Identity", ["w"], ["y"])], "g", [], [info("y", [4])], [tensor])
    return saved(helper.make_model(graph), tmp_path / "folder")


OUTSIDE = ["../secret.bin", "a/../../secret.bin", "", ".", "{absolute}", "link", "linked/secret.bin"]


@pytest.mark.parametrize("location", OUTSIDE)
def test_external_data_outside_the_folder_is_refused(location: str, tmp_path: Path) -> None:
    file = external(location.format(absolute=tmp_path / "secret.bin"), tmp_path)
    (tmp_path / "folder" / "link").symlink_to(tmp_path / "secret.bin")
    (tmp_path / "folder" / "linked").symlink_to(tmp_path)
    with pytest.raises(LoadError, match="tensor 'w'") as caught:
        load(file)
    if location != ".":
        assert "outside the model's folder" in str(caught.value)


def test_a_link_inside_the_folder_is_followed(tmp_path: Path) -> None:
    file = external("link", tmp_path)
    (tmp_path / "folder" / "data").write_bytes(np.arange(4, dtype=np.float32).tobytes())
    (tmp_path / "folder" / "link").symlink_to("data")
    np.testing.assert_array_equal(load(file).model.graph.initializers["w"].const_value.numpy(), np.arange(4))


@pytest.mark.parametrize(
    ("entries", "reason"),
    [
        ({"offset": 60}, "ends at byte 64, but tensor 'w' of model.onnx lies at 60 to 76"),
        ({"offset": 1 << 62}, "ends at byte 64"),
        ({"offset": -16}, "offset or length '-16'"),
        ({"offset": "x"}, "offset or length 'x'"),
        ({"offset": "9" * 40}, "offset or length"),
        ({"length": 8}, "needs 16 bytes but has 8"),
        ({"length": 1 << 40}, "needs 16 bytes but has"),
        ({"paddlify.field": "double_data"}, "data of another type"),
    ],
)
def test_offsets_are_bounded_by_the_file(entries: dict[str, object], reason: str, tmp_path: Path) -> None:
    file = external("data", tmp_path, **entries)
    (tmp_path / "folder" / "data").write_bytes(bytes(64))
    with pytest.raises(LoadError, match=reason):
        load(file)


def test_missing_external_data(tmp_path: Path) -> None:
    with pytest.raises(LoadError, match=r"data: No such file.*put it beside the model"):
        load(external("data", tmp_path))
    proto = onnx.load(tmp_path / "folder" / "model.onnx", load_external_data=False)
    with pytest.raises(LoadError, match="give the path of the model instead"):
        load(proto)
    with pytest.raises(LoadError, match="no such file"):
        load(ir.load(tmp_path / "folder" / "model.onnx"))


# Damage.


def broken(change: object) -> onnx.ModelProto:
    proto = conv_model()
    change(proto)  # type: ignore[operator]
    return proto


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda m: m.graph.initializer[1].dims.__setitem__(0, 65), "tensor 'b' has data for 256 instead of 260 bytes"),
        (lambda m: m.graph.initializer[0].dims.__setitem__(0, 1 << 40), "'w'"),
        (lambda m: m.graph.initializer[1].dims.extend([1 << 62, 1 << 62]), "has shape"),
        (lambda m: m.graph.initializer[1].dims.__setitem__(0, -64), "has shape"),
        (lambda m: setattr(m.graph.initializer[1], "data_type", 99), "element type 99"),
        (lambda m: setattr(m.graph.initializer[1], "data_type", 0), "element type 0"),
        (lambda m: m.ClearField("graph"), "holds no graph"),
        (lambda m: m.ClearField("opset_import"), "nothing about its opset"),
        (lambda m: m.graph.node.pop(0), "reads 'c', which nothing produces"),
        (lambda m: m.graph.node.pop(4), "nothing produces output 'y'"),
        (lambda m: m.graph.node[0].input.__setitem__(0, "y"), "in a circle"),
        (lambda m: m.graph.node[1].output.__setitem__(0, "c"), "redeclared"),
    ],
)
def test_damaged_models(change: object, reason: str, tmp_path: Path) -> None:
    with pytest.raises(LoadError, match=reason):
        load(broken(change))
    with pytest.raises(LoadError, match=reason):
        load(saved(broken(change), tmp_path))


def test_future_opsets_are_refused() -> None:
    with pytest.raises(UnsupportedError, match="opset 99"):
        load(conv_model(opset=99))


def test_unsorted_nodes_are_sorted() -> None:
    proto = conv_model()
    shuffled = conv_model_copy(proto)
    shuffled.graph.node.sort(key=lambda node: node.name)
    check_same(load(shuffled), proto, FEED)


SMALL = [case.model.SerializeToString() for case in collect_testcases("Loop") + collect_testcases("Resize")]
CHANGE = st.tuples(st.integers(0, 1 << 30), st.sampled_from(["set", "cut", "add"]), st.integers(0, 255))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(message=st.sampled_from(SMALL), changes=st.lists(CHANGE, max_size=4))
def test_a_damaged_model_is_read_or_refused(
    message: bytes, changes: list[tuple[int, str, int]], tmp_path: Path
) -> None:
    damaged = bytearray(message)
    for position, change, byte in changes:
        place = position % len(damaged)
        damaged[place : place + (change != "add")] = b"" if change == "cut" else bytes([byte])
    file = tmp_path / "model.onnx"
    file.write_bytes(bytes(damaged))
    with contextlib.suppress(PaddlifyError):
        upgrade(load(file).model)


# Old models.


def test_initializers_are_no_inputs() -> None:
    proto = conv_model(ir_version=3)
    proto.graph.input.extend([info("w", [64, 3, 9, 9]), info("b", [64]), info("fc", [5000, 64])])
    loaded = load(proto)
    assert names(loaded.model.graph.inputs) == ["x"]
    assert "w" in loaded.model.graph.initializers


def test_attributes_without_a_type_and_no_opset(tmp_path: Path) -> None:
    proto = conv_model(ir_version=2)
    proto.ClearField("opset_import")
    for node in proto.graph.node:
        for attribute in node.attribute:
            attribute.ClearField("type")
    model = load(saved(proto, tmp_path)).model
    assert model.opset_imports == {"": 1}
    assert list(model.graph.node(0).attributes["kernel_shape"].as_ints()) == [9, 9]


# Functions, sparse tensors.


def local_function(opset: int) -> onnx.FunctionProto:
    return helper.make_function(
        "local", "Twice", ["a"], ["b"], [helper.make_node("Add", ["a", "a"], ["b"])], [helper.make_opsetid("", opset)]
    )


def test_functions_are_inlined() -> None:
    proto = conv_model(functions=[local_function(17)])
    proto.graph.node[1].op_type, proto.graph.node[1].domain = "Twice", "local"
    loaded = load(proto)
    assert [node.op_type for node in loaded.model.graph][1] == "Add"
    assert not loaded.model.functions
    check_same(loaded, proto, FEED)


def test_a_function_of_another_opset_keeps_its_version() -> None:
    proto = conv_model(functions=[local_function(13)])
    proto.graph.node[1].op_type, proto.graph.node[1].domain = "Twice", "local"
    model = load(proto).model
    assert [node.version for node in model.graph] == [None, 13, None, None, None]


def test_functions_that_call_each_other_are_refused() -> None:
    function = local_function(17)
    function.node[0].op_type, function.node[0].domain = "Twice", "local"
    del function.node[0].input[1:]
    proto = conv_model(functions=[function])
    proto.graph.node[1].op_type, proto.graph.node[1].domain = "Twice", "local"
    with pytest.raises(UnsupportedError, match="cannot be inlined"):
        load(proto)


def sparse_tensor(name: str, linear: bool) -> tuple[onnx.SparseTensorProto, np.ndarray]:
    dense = np.zeros((4, 5), np.float32)
    places = np.array([[3, 1], [0, 2], [1, 4]])
    dense[tuple(places.T)] = [1, 2, 3]
    indices = places @ [5, 1] if linear else places
    return helper.make_sparse_tensor(
        numpy_helper.from_array(np.array([1, 2, 3], np.float32), name), numpy_helper.from_array(indices), [4, 5]
    ), dense


@pytest.mark.parametrize("linear", [True, False])
def test_sparse_tensors_become_dense(linear: bool, tmp_path: Path) -> None:
    sparse, dense = sparse_tensor("s", linear)
    graph = helper.make_graph(
        [
            helper.make_node("Constant", [], ["k"], sparse_value=sparse),
            helper.make_node("Add", ["k", "s"], ["y"]),
        ],
        "g", [], [info("y", [4, 5])], sparse_initializer=[sparse],
    )
    proto = helper.make_model(graph, ir_version=8, opset_imports=[helper.make_opsetid("", 17)])
    before = proto.SerializeToString(deterministic=True)
    for source in (proto, saved(proto, tmp_path)):
        model = load(source).model
        assert model.graph.initializers["s"].const_value.tobytes() == dense.tobytes()
        np.testing.assert_array_equal(model.graph.node(0).attributes["value"].as_tensor().numpy(), dense)
        np.testing.assert_array_equal(run(in_memory(model), {})[0], 2 * dense)
    assert proto.SerializeToString(deterministic=True) == before


@pytest.mark.parametrize("indices", [[0, 1, 20], [-1, 1, 2], [1, 1, 2], [0, 1], [[0, 0], [1, 1], [4, 0]]])
def test_sparse_indices_are_checked(indices: list[int]) -> None:
    values = numpy_helper.from_array(np.ones(3, np.float32), "s")
    sparse = helper.make_sparse_tensor(values, numpy_helper.from_array(np.array(indices)), [4, 5])
    graph = helper.make_graph(
        [helper.make_node("Identity", ["s"], ["y"])], "g", [], [info("y", [4, 5])], sparse_initializer=[sparse]
    )
    with pytest.raises(LoadError, match="indices that do not fit"):
        load(helper.make_model(graph))


# Inputs and outputs.


def test_cutting() -> None:
    proto = conv_model()
    model = load(proto, LoadOptions(inputs=["r"], outputs=["f", "p"])).model
    assert names(model.graph.inputs) == ["r"]
    assert names(model.graph.outputs) == ["f", "p"]
    assert [node.op_type for node in model.graph] == ["GlobalAveragePool", "Flatten"]
    assert not model.graph.initializers
    assert model.graph.inputs[0].dtype == ir.DataType.FLOAT
    assert model.graph.inputs[0].shape.rank() == 4
    array = RNG.standard_normal((2, 64, 5, 5), dtype=np.float32)
    flat, pooled = run(in_memory(model), {"r": array})
    np.testing.assert_allclose(flat, array.mean((2, 3)), rtol=1e-5, atol=1e-6)
    assert pooled.shape == (2, 64, 1, 1)


def test_an_initializer_can_become_an_input() -> None:
    model = load(conv_model(), LoadOptions(inputs=["b", "x"])).model
    assert names(model.graph.inputs) == ["b", "x"]
    assert "b" not in model.graph.initializers


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"outputs": ["relu_out"]}, "no output or value 'relu_out'; the nearest are"),
        ({"inputs": ["X"]}, "no input or value 'X'; the nearest are"),
        ({"inputs": ["x", "x"]}, "given twice"),
        ({"inputs": ["b"]}, "also depend on input 'x'; add it to --inputs"),
        ({"input_shapes": {"z": [1]}}, "no input or value 'z'; the nearest are x"),
        ({"input_shapes": {"x": [1, 3]}}, r"has 4 dimensions \[N,3,H,W\], not 2"),
        ({"input_shapes": {"x": [1, 3, -2, 4]}}, "is not a shape"),
        ({"input_layout": "nwhc"}, "--input-layout is nchw, nhwc or source"),
        ({"extra": {"meta": "x"}}, "meta: no option for an ONNX model"),
    ],
)
def test_options_that_do_not_fit(options: dict[str, object], reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        load(conv_model(), LoadOptions(**options))


def test_input_shapes() -> None:
    proto = conv_model()
    proto.graph.value_info.append(info("c", ["N", 64, "H", "W"]))
    model = load(proto, LoadOptions(input_shapes={"x": [2, 3, 12, -1]})).model
    assert list(model.graph.inputs[0].shape) == [2, 3, 12, ir.SymbolicDim("W")]
    assert model.graph.node(0).outputs[0].shape is None


def test_dynamic_dimensions_have_names() -> None:
    proto = conv_model()
    del proto.graph.input[:]
    proto.graph.input.append(info("x", [-1, 3, "a height", "a height"]))
    shape = list(load(proto).model.graph.inputs[0].shape)
    assert shape == [ir.SymbolicDim("x_0"), 3, ir.SymbolicDim("a_height"), ir.SymbolicDim("a_height")]


def test_input_layout(tmp_path: Path) -> None:
    proto = conv_model()
    loaded = load(proto, LoadOptions(input_layout="nhwc"))
    assert names(loaded.model.graph.inputs) == ["x"]
    assert str(loaded.model.graph.inputs[0].shape) == "[N,H,W,3]"
    assert loaded.notes == ["Input 'x' is fed as NHWC."]
    found = run(in_memory(loaded.model), {"x": np.ascontiguousarray(FEED["x"].transpose(0, 2, 3, 1))})
    np.testing.assert_array_equal(found[0], run(proto, FEED)[0])
    unchanged = load(proto, LoadOptions(input_layout="nchw"))
    assert len(unchanged.model.graph) == 5


def test_an_input_that_the_model_transposes_is_nhwc() -> None:
    proto = conv_model()
    proto.graph.node.insert(0, helper.make_node("Transpose", ["image"], ["x"], perm=[0, 3, 1, 2]))
    del proto.graph.input[:]
    proto.graph.input.append(info("image", ["N", "H", "W", 3]))
    assert len(load(proto, LoadOptions(input_layout="nhwc")).model.graph) == 6
    fed_nchw = load(proto, LoadOptions(input_layout="nchw"))
    assert len(fed_nchw.model.graph) == 7
    fed_nhwc = {"image": np.ascontiguousarray(FEED["x"].transpose(0, 2, 3, 1))}
    found = run(in_memory(fed_nchw.model), {"image": FEED["x"]})
    np.testing.assert_array_equal(found[0], run(proto, fed_nhwc)[0])


@pytest.mark.parametrize(("name", "expected"), [("main_graph", "tiny.v2"), ("torch_jit", "tiny.v2"), ("mine", "mine")])
def test_a_graph_without_a_name_of_its_own_is_called_after_its_file(name: str, expected: str, tmp_path: Path) -> None:
    model = conv_model()
    model.graph.name = name
    onnx.save(model, tmp_path / "tiny.v2.onnx")
    assert load(tmp_path / "tiny.v2.onnx").model.graph.name == expected
    assert load(model).model.graph.name == name


def test_what_a_model_calls_computed_sizes_is_no_proof() -> None:
    """An exporter's names of output dimensions are the user's word for them: here "N" is 2 * N."""
    node = helper.make_node("Concat", ["x", "x"], ["y"], axis=0)
    flat = helper.make_node("Flatten", ["y"], ["z"])
    graph = helper.make_graph([node, flat], "g", [info("x", ["N", 2])], [info("y", ["N", 2]), info("z", ["N", 2])])
    loaded = load(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8))
    upgrade(loaded.model)
    assert str(loaded.model.graph.inputs[0].shape[0]) == "N"
    assert all(str(value.shape[0]) != "N" for value in loaded.model.graph.outputs)
