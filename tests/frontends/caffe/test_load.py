"""Reading nets: files, options, names, weights, and what is wrong with them."""

from __future__ import annotations

import re
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx_ir as ir
import pytest

from frontends.caffe import drawing, nets
from frontends.caffe.nets_on_disk import blob_message, write_caffemodel
from frontends.caffe.references import Reference
from frontends.caffe.running import check_close, run
from paddlify.errors import LoadError, UnsupportedModel, UsageError
from paddlify.frontends import caffe, detect
from paddlify.frontends.base import Loaded, LoadOptions
from paddlify.ir import provenance, wire

INPUT = 'layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 2 dim: 3 dim: 8 dim: 8 } } }\n'
CONV = (
    'layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"'
    " convolution_param { num_output: 4 kernel_size: 3 } }\n"
)
WEIGHTS = {"conv": [drawing.draw("normal", (4, 3, 3, 3), "w"), drawing.draw("normal", (4,), "b")]}


def load(text: str, folder: Path, weights: Any = None, **options: Any) -> Loaded:
    """A net from text; extras of the frontend are given as `extra_NAME`."""
    prototxt = folder / "net.prototxt"
    prototxt.write_text(text)
    extra = {name[6:]: options.pop(name) for name in list(options) if name.startswith("extra_")}
    if weights is not None:
        extra["weights"] = folder / "net.caffemodel"
        write_caffemodel(extra["weights"], weights)
    return caffe.load(prototxt, LoadOptions(extra=extra, **options))


def names(values: Any) -> list[str]:
    return [value.name for value in values]


def layer(name: str, kind: str, bottoms: str = "data", tops: str = "", settings: str = "") -> str:
    ends = " ".join(f'bottom: "{bottom}"' for bottom in bottoms.split())
    ends += " ".join(f' top: "{top}"' for top in (tops or name).split())
    return f'layer {{ name: "{name}" type: "{kind}" {ends} {settings} }}\n'


class TestFiles:
    def test_either_file_may_come_first(self, tmp_path: Path) -> None:
        first = load(INPUT + CONV, tmp_path, WEIGHTS)
        second = caffe.load(tmp_path / "net.caffemodel", LoadOptions(extra={"prototxt": tmp_path / "net.prototxt"}))
        x = {"data": drawing.draw("normal", (2, 3, 8, 8), "x")}
        check_close(run(second.model, x, tmp_path), run(first.model, x, tmp_path), 0)

    def test_caffemodel_alone_asks_for_the_prototxt(self, tmp_path: Path) -> None:
        write_caffemodel(tmp_path / "net.caffemodel", WEIGHTS)
        with pytest.raises(UsageError, match="--prototxt"):
            caffe.load(tmp_path / "net.caffemodel", LoadOptions())

    def test_weights_are_recognised_by_content(self, tmp_path: Path) -> None:
        for family, name in (("format", "v0"), ("format", "v1"), ("conv", "basic")):
            prototxt, caffemodel, _, _ = Reference(family, name).extract(tmp_path)
            for path in (prototxt, caffemodel):
                plain = path.rename(tmp_path / f"{name}{path.suffix}.bin")
                assert detect(plain) == "caffe"

    @pytest.mark.parametrize("name", nets.NETS)
    def test_published_files_are_recognised(self, name: str) -> None:
        assert caffe.recognises(Path(nets.FOLDER) / f"{name}.prototxt")

    def test_old_caffemodels_are_recognised(self, tmp_path: Path) -> None:
        path = tmp_path / "old"
        v1 = wire.delimited(3, b"top") + wire.delimited(4, b"conv") + wire.tag(5, wire.VARINT) + wire.varint(4)
        path.write_bytes(wire.delimited(1, b"net") + wire.delimited(2, v1))
        assert caffe.recognises(path)
        path.write_bytes(wire.delimited(2, wire.delimited(1, wire.delimited(1, b"conv") + wire.delimited(2, b"conv"))))
        assert not caffe.recognises(path)  # no name: as likely anything else

    @pytest.mark.parametrize(
        "content",
        [
            b"", b"hello", b"\x08\x07\x12\x04onnx", b'node { name: "x" op: "Const" }', b"PK\x03\x04",
            b"\x0a\x0c\x0a\x01x\x12\x05Const\x1a\x00" * 3 + b"\x12\x02\x0a\x00",
        ],
    )
    def test_other_files_are_not_recognised(self, content: bytes, tmp_path: Path) -> None:
        path = tmp_path / "file"
        path.write_bytes(content)
        assert not caffe.recognises(path)

    def test_missing_file(self, tmp_path: Path) -> None:
        with pytest.raises(LoadError, match=r"none\.prototxt: cannot be read"):
            caffe.load(tmp_path / "none.prototxt", LoadOptions())

    def test_text_for_weights(self, tmp_path: Path) -> None:
        (tmp_path / "net.caffemodel").write_text(INPUT)
        with pytest.raises(LoadError, match="text where a binary caffemodel is expected"):
            load(INPUT + CONV, tmp_path, extra_weights=tmp_path / "net.caffemodel")

    def test_binary_for_prototxt(self, tmp_path: Path) -> None:
        write_caffemodel(tmp_path / "net.caffemodel", WEIGHTS)
        with pytest.raises(LoadError, match="binary where a prototxt is expected"):
            caffe.load(tmp_path / "net.caffemodel", LoadOptions(extra={"weights": tmp_path / "net.caffemodel"}))

    def test_hdf5_weights(self, tmp_path: Path) -> None:
        (tmp_path / "net.h5").write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(100))
        with pytest.raises(LoadError, match="HDF5"):
            load(INPUT + CONV, tmp_path, extra_weights=tmp_path / "net.h5")

    def test_truncated_weights(self, tmp_path: Path) -> None:
        write_caffemodel(tmp_path / "net.caffemodel", WEIGHTS)
        whole = (tmp_path / "net.caffemodel").read_bytes()
        for length in (1, 20, len(whole) // 2, len(whole) - 1):
            (tmp_path / "short").write_bytes(whole[:length])
            with pytest.raises(LoadError, match="short"):
                load(INPUT + CONV, tmp_path, extra_weights=tmp_path / "short")

    def test_damaged_prototxt_names_the_line(self, tmp_path: Path) -> None:
        with pytest.raises(LoadError, match="line 3"):
            load(INPUT + CONV + "layer { name: ", tmp_path)
        with pytest.raises(LoadError, match=r"line 2.*SOMETIMES"):
            load(INPUT + layer("x", "Pooling", settings="pooling_param { pool: SOMETIMES }"), tmp_path)

    def test_comments_in_any_encoding(self, tmp_path: Path) -> None:
        content = b"\xef\xbb\xbf# \xca\xe4\xc8\xeb \xe9\n" + (INPUT + layer("x", "TanH")).encode()
        (tmp_path / "net.prototxt").write_bytes(content)
        assert names(caffe.load(tmp_path / "net.prototxt", LoadOptions()).model.graph.outputs) == ["x"]

    def test_option_of_another_format(self, tmp_path: Path) -> None:
        with pytest.raises(UsageError, match="tag: no option for a Caffe net; there are level, proto"):
            load(INPUT + layer("x", "TanH"), tmp_path, extra_tag="serve")

    def test_both_extras(self, tmp_path: Path) -> None:
        with pytest.raises(UsageError, match="either"):
            load(INPUT, tmp_path, extra_weights="a", extra_prototxt="b")


class TestWrongNets:
    @pytest.mark.parametrize(
        ("text", "message"),
        [
            (layer("tanh", "TanH", "dats"), "layer 'tanh' .*'dats' is neither.*did you mean 'data'"),
            (layer("a", "TanH", "c") + layer("b", "TanH", "a") + layer("c", "TanH", "b"),
             "layer 'a'.*later.*'c'.*cyclic"),
            (layer("a", "TanH", "a"), "layer 'a'.*its own top.*cyclic"),
            (layer("a", "TanH") + layer("b", "TanH", tops="a"), "layer 'b'.*'a' is given by an earlier layer"),
            (layer("c", "Convolution", settings="convolution_param { num_output: 4 kernel_size: 9 }"),
             "layer 'c'.*larger"),
            (layer("c", "Convolution", settings="convolution_param { num_output: 4 }"),
             "layer 'c'.*kernel_size is missing"),
            (layer("c", "Convolution", settings="convolution_param { num_output: 4 kernel_size: 3 group: 2 }"),
             "layer 'c'.*group"),
            (layer("c", "Convolution", settings="convolution_param { num_output: 4 kernel_size: 3 stride: 0 }"),
             "layer 'c'.*positive"),
            (layer("c", "Convolution", settings="convolution_param { num_output: 4294967295 kernel_size: 3 }"),
             "layer 'c'.*impossible"),
            (layer("p", "Pooling", settings="pooling_param { kernel_size: 12 }"), "layer 'p'.*larger"),
            (layer("p", "Pooling", settings="pooling_param { kernel_size: 2 pad: 2 }"),
             "layer 'p'.*smaller than the kernel"),
            (layer("p", "Pooling", settings="pooling_param { pool: AVE global_pooling: true pad: 1 }"),
             "layer 'p'.*pad 0"),
            (layer("r", "Reshape", settings="reshape_param { shape { dim: 5 dim: -1 } }"), "layer 'r'.*cannot become"),
            (layer("r", "Reshape", settings="reshape_param { shape { dim: -1 dim: -1 } }"), "layer 'r'.*impossible"),
            (layer("s", "Slice", tops="a b", settings="slice_param { slice_point: 3 }"), "layer 's'.*slice points"),
            (layer("s", "Slice", tops="a b"), "layer 's'.*equal parts"),
            (layer("s", "Softmax", settings="softmax_param { axis: 4 }"), "layer 's'.*axis 4 is out of range"),
            (layer("s", "Scale", settings="scale_param { axis: 2 num_axes: 3 }"), "layer 's'.*num_axes"),
            (layer("l", "LRN", settings="lrn_param { local_size: 4 }"), "layer 'l'.*odd"),
            (layer("t", "Tile", settings="tile_param { tiles: 0 }"), "layer 't'.*positive"),
            (layer("t", "Tile", settings="tile_param { tiles: 2147483647 }"), "layer 't'.*impossible shape"),
            (layer("e", "Eltwise"), "layer 'e'.*at least two"),
            (layer("e", "Eltwise", "data data", settings="eltwise_param { coeff: 1 }"), "layer 'e'.*coefficients"),
            (layer("f", "Flatten") + layer("e", "Eltwise", "data f"), "layer 'e'.*differ in shape"),
            (layer("f", "Flatten") + layer("c", "Concat", "data f"), "layer 'c'.*cannot be joined"),
            (layer("m", "ArgMax", settings="argmax_param { axis: 1 top_k: 9 }"), "layer 'm'.*top_k=9"),
            (layer("c", "TanH", tops="a b"), "layer 'c'.*2 tops"),
            (layer("c", "Crop", "data data", settings="crop_param { offset: 3 }"), "layer 'c'.*beyond"),
        ],
    )
    def test_layer_is_named(self, text: str, message: str, tmp_path: Path) -> None:
        with pytest.raises(LoadError, match=message):
            load(INPUT + text, tmp_path, extra_random_weights=True)

    @pytest.mark.parametrize("dims", [(0, 3, 8, 8), (-5, 3, 8, 8), (1 << 40, 3, 8, 8), (1000000, 1000000, 8, 8)])
    def test_impossible_input(self, dims: tuple[int, ...], tmp_path: Path) -> None:
        shape = " ".join(f"dim: {dim}" for dim in dims)
        text = f'layer {{ name: "in" type: "Input" top: "data" input_param {{ shape {{ {shape} }} }} }}\n'
        with pytest.raises(LoadError, match=r"input 'data': impossible shape"):
            load(text + layer("x", "TanH"), tmp_path)

    def test_include_and_exclude(self, tmp_path: Path) -> None:
        with pytest.raises(LoadError, match=r"layer 'x'.*both include and exclude"):
            load(INPUT + layer("x", "TanH", settings="include { phase: TEST } exclude { stage: 'a' }"), tmp_path)

    def test_both_forms(self, tmp_path: Path) -> None:
        with pytest.raises(LoadError, match="both 'layer' and 'layers'"):
            load(INPUT + 'layers { name: "x" type: TANH bottom: "data" top: "x" }', tmp_path)

    def test_v0_type(self, tmp_path: Path) -> None:
        with pytest.raises(LoadError, match="'x' has the type 'warp'"):
            load('input: "data" input_dim: 1 input_dim: 1 input_dim: 1 input_dim: 1 '
                 'layers { layer { name: "x" type: "warp" } bottom: "data" top: "x" }', tmp_path)

    def test_unknown_layers_are_listed_at_once(self, tmp_path: Path) -> None:
        text = INPUT + layer("w1", "Warp") + layer("w2", "Warp", "w1") + layer("n", "Nonsense", "w2")
        with pytest.raises(UnsupportedModel) as refused:
            load(text, tmp_path)
        assert [(node.op_type, node.name) for node in refused.value.nodes] == [
            ("Warp", "w1"), ("Warp", "w2"), ("Nonsense", "n"),
        ]
        assert "Warp (x2, first: w1)" in str(refused.value)

    def test_refusals_are_gathered(self, tmp_path: Path) -> None:
        beyond = "pooling_param { pool: AVE kernel_size: 1 stride: 2 }"
        text = INPUT + layer("p", "Pooling", settings=beyond) + layer("q", "Pooling", settings=beyond)
        text += layer("after", "Eltwise", "p q") + layer("l", "L2Normalization")
        with pytest.raises(UnsupportedModel) as refused:
            load(text, tmp_path)
        assert [node.name for node in refused.value.nodes] == ["p", "q", "l"]

    def test_field_that_is_not_used_refuses(self, tmp_path: Path) -> None:
        text = INPUT + layer("x", "Im2col", settings="convolution_param { kernel_size: 2 group: 3 }")
        with pytest.raises(UnsupportedModel, match="group=3 is not supported"):
            load(text, tmp_path)


class TestWeights:
    @pytest.mark.parametrize(
        ("blobs", "message"),
        [
            ({}, "has no layers"),
            ({"other": [np.zeros(3)]}, "layer 'conv'.*no weights"),
            ({"conv": [WEIGHTS["conv"][0]]}, r"layer 'conv'.*1 blob\(s\).*bias is blob 1"),
            ({"conv": [np.zeros((4, 3, 3, 2)), np.zeros(4)]}, r"layer 'conv'.*weight has shape \[4, 3, 3, 3\]"),
            ({"conv": [np.zeros((1, 4, 3, 9)), np.zeros(4)]}, r"layer 'conv'.*\[1, 4, 3, 9\]"),
            ({"conv": [WEIGHTS["conv"][0], np.zeros((1, 1, 1, 4))]}, "layer 'conv'.*bias has shape"),
        ],
    )
    def test_blobs_that_do_not_fit(self, blobs: Any, message: str, tmp_path: Path) -> None:
        with pytest.raises(LoadError, match=message):
            load(INPUT + CONV, tmp_path, blobs)

    def test_no_weights(self, tmp_path: Path) -> None:
        with pytest.raises(LoadError, match=r"layer 'conv'.*--weights.*--random-weights"):
            load(INPUT + CONV, tmp_path)

    def test_blob_with_too_few_numbers(self, tmp_path: Path) -> None:
        shape = wire.delimited(7, wire.delimited(1, bytes([4, 3, 3, 3])))
        blob = wire.delimited(5, np.zeros(100, "<f4").tobytes()) + shape
        (tmp_path / "w").write_bytes(wire.delimited(100, wire.delimited(1, b"conv") + wire.delimited(7, blob)))
        with pytest.raises(LoadError, match="layer 'conv', blob 0: 100 numbers stored for the shape"):
            load(INPUT + CONV, tmp_path, extra_weights=tmp_path / "w")

    def test_blob_of_impossible_shape(self, tmp_path: Path) -> None:
        blob = wire.delimited(5, bytes(8)) + wire.delimited(7, wire.delimited(1, wire.varint(1 << 40)))
        (tmp_path / "w").write_bytes(wire.delimited(100, wire.delimited(1, b"conv") + wire.delimited(7, blob)))
        with pytest.raises(LoadError, match="layer 'conv', blob 0: impossible shape"):
            load(INPUT + CONV, tmp_path, extra_weights=tmp_path / "w")

    @pytest.mark.parametrize("how", ["legacy", "unpacked", "double", "double_large", "split", "v1", "v0"])
    def test_older_ways_to_store_a_blob(self, how: str, tmp_path: Path) -> None:
        size = 80 if how == "double_large" else 8
        text = INPUT + CONV.replace("num_output: 4", f"num_output: {size}")
        weight, bias = drawing.draw("normal", (size, 3, 3, 3), "w"), drawing.draw("normal", (size,), "b")
        number = {"v1": 6, "v0": 50}.get(how, 7)
        stored = b"".join(wire.delimited(number, _stored(array, how)) for array in (weight, bias))
        if how == "v1":
            content = wire.delimited(2, wire.delimited(4, b"conv") + stored)
        elif how == "v0":
            inner = wire.delimited(1, b"conv") + wire.delimited(2, b"conv") + stored
            content = wire.delimited(2, wire.delimited(1, inner))
        else:
            content = wire.delimited(100, wire.delimited(1, b"conv") + stored)
        (tmp_path / "w").write_bytes(content)
        x = {"data": drawing.draw("normal", (2, 3, 8, 8), "x")}
        expected = run(load(text, tmp_path, {"conv": [weight, bias]}).model, x, tmp_path)
        found = run(load(text, tmp_path, extra_weights=tmp_path / "w").model, x, tmp_path)
        check_close(found, expected, 1e-6)

    def test_large_blobs_stay_on_disk(self, tmp_path: Path) -> None:
        text = INPUT + layer("fc", "InnerProduct", settings="inner_product_param { num_output: 50 }")
        weight = drawing.draw("normal", (50, 192), "w")
        loaded = load(text, tmp_path, {"fc": [weight, np.zeros(50)]})
        value = loaded.model.graph.initializers["fc/weight"]
        assert isinstance(value.const_value.base, ir.ExternalTensor)
        assert np.array_equal(value.const_value.numpy(), weight)

    def test_the_last_layer_of_a_name_counts(self, tmp_path: Path) -> None:
        x = {"data": drawing.draw("normal", (2, 3, 8, 8), "x")}
        expected = run(load(INPUT + CONV, tmp_path, WEIGHTS).model, x, tmp_path)
        write_caffemodel(tmp_path / "one", {"conv": [np.zeros_like(blob) for blob in WEIGHTS["conv"]]})
        joined = (tmp_path / "one").read_bytes() + (tmp_path / "net.caffemodel").read_bytes()
        (tmp_path / "both").write_bytes(joined)
        check_close(run(load(INPUT + CONV, tmp_path, extra_weights=tmp_path / "both").model, x, tmp_path), expected, 0)

    def test_shared_blobs_must_be_stored_alike(self, tmp_path: Path) -> None:
        shared = 'param { name: "w" } inner_product_param { num_output: 5 bias_term: false }'
        text = INPUT + layer("one", "InnerProduct", settings=shared) + layer("two", "InnerProduct", settings=shared)
        weight = drawing.draw("normal", (5, 192), "w")
        graph = load(text, tmp_path, {"one": [weight], "two": [weight]}).model.graph
        assert list(graph.initializers) == ["one/weight"]
        assert list(load(text, tmp_path, {"one": [weight]}).model.graph.initializers) == ["one/weight"]
        with pytest.raises(LoadError, match=r"layer 'two'.*shared with layer 'one'"):
            load(text, tmp_path, {"one": [weight], "two": [weight + 1]})

    def test_fork_fields_in_the_caffemodel_are_skipped(self, tmp_path: Path) -> None:
        """Forks give one number to different messages: here pooling_param's holds something else."""
        blobs = b"".join(wire.delimited(7, blob_message(array)) for array in WEIGHTS["conv"])
        odd = wire.delimited(121, b"\xff\xff\xff") + wire.delimited(147, b"\x0a\xff")
        (tmp_path / "w").write_bytes(wire.delimited(100, wire.delimited(1, b"conv") + odd + blobs))
        load(INPUT + CONV, tmp_path, extra_weights=tmp_path / "w")

    def test_random_weights_depend_on_the_seed_alone(self, tmp_path: Path) -> None:
        x = {"data": drawing.draw("normal", (2, 3, 8, 8), "x")}
        results = [
            run(load(INPUT + CONV, tmp_path, extra_random_weights=True, extra_seed=seed).model, x, tmp_path)[0]
            for seed in (1, 1, 2)
        ]
        assert np.array_equal(results[0], results[1])
        assert not np.allclose(results[0], results[2])
        assert 0.3 < results[0].std() < 3

    def test_random_and_given_weights(self, tmp_path: Path) -> None:
        with pytest.raises(UsageError, match="exclude each other"):
            load(INPUT + CONV, tmp_path, WEIGHTS, extra_random_weights=True)


def _stored(array: np.ndarray, how: str) -> bytes:
    """A BlobProto in an older or rarer form."""
    numbers = array.reshape(-1)
    shape = wire.delimited(7, wire.delimited(1, b"".join(wire.varint(dim) for dim in array.shape)))
    legacy = b"".join(
        wire.tag(number, wire.VARINT) + wire.varint(dim)
        for number, dim in zip(range(1, 5), (1,) * (4 - array.ndim) + array.shape, strict=True)
    )
    packed = wire.delimited(5, numbers.astype("<f4").tobytes())
    if how == "unpacked":
        return b"".join(wire.tag(5, wire.FIXED32) + struct.pack("<f", number) for number in numbers) + shape
    if how.startswith("double"):
        return wire.delimited(8, numbers.astype("<f8").tobytes()) + shape
    if how == "split":
        half = len(numbers) // 2
        parts = (numbers[:half], numbers[half:])
        return b"".join(wire.delimited(5, part.astype("<f4").tobytes()) for part in parts) + shape
    return packed + wire.delimited(6, bytes(40)) + legacy


class TestChoice:
    NET = (
        INPUT + CONV + layer("relu", "ReLU", "conv", "conv") + layer("drop", "Dropout", "conv", "dropped")
        + layer("fc", "InnerProduct", "dropped", "fc", "inner_product_param { num_output: 5 }")
        + layer("prob", "Softmax", "fc")
    )

    def graph(self, folder: Path, **options: Any) -> ir.Graph:
        return load(self.NET, folder, extra_random_weights=True, **options).model.graph

    def test_outputs_by_name(self, tmp_path: Path) -> None:
        graph = self.graph(tmp_path, outputs=["fc", "conv", "dropped"])
        assert names(graph.outputs) == ["fc", "conv", "dropped"]
        assert "prob" not in {node.metadata_props[provenance.SOURCE_NAME] for node in graph}

    def test_unknown_output(self, tmp_path: Path) -> None:
        with pytest.raises(UsageError, match="no blob 'probe'; did you mean 'prob'"):
            self.graph(tmp_path, outputs=["probe"])

    def test_begin_at_a_blob(self, tmp_path: Path) -> None:
        graph = self.graph(tmp_path, inputs=["conv"])
        assert names(graph.inputs) == ["conv"]
        assert tuple(graph.inputs[0].shape) == (2, 4, 6, 6)
        assert "Conv" not in {node.op_type for node in graph}

    def test_begin_at_a_blob_of_given_shape(self, tmp_path: Path) -> None:
        graph = self.graph(tmp_path, inputs=["fc"], input_shapes={"fc": (7, 5)})
        assert [tuple(value.shape) for value in (*graph.inputs, *graph.outputs)] == [(7, 5), (7, 5)]
        assert not graph.initializers

    def test_unknown_input(self, tmp_path: Path) -> None:
        with pytest.raises(UsageError, match="no blob 'image'"):
            self.graph(tmp_path, input_shapes={"image": (1, 3, 8, 8)})

    def test_input_shape(self, tmp_path: Path) -> None:
        graph = self.graph(tmp_path, input_shapes={"data": (5, 3, 8, 8)})
        assert tuple(graph.outputs[0].shape) == (5, 5)

    def test_dynamic_batch(self, tmp_path: Path) -> None:
        loaded = load(self.NET, tmp_path, extra_random_weights=True, input_shapes={"data": (-1, 3, 8, 8)})
        for batch in (1, 3):
            x = {"data": drawing.draw("normal", (batch, 3, 8, 8), "x")}
            assert run(loaded.model, x, tmp_path)[0].shape == (batch, 5)

    @pytest.mark.parametrize("name", ["bvlc_googlenet", "densenet_121", "mobilenet_v2", "shufflenet_v2_x05", "unet"])
    def test_dynamic_batch_of_nets(self, name: str, tmp_path: Path) -> None:
        _, *space = nets.NETS[name].inputs["data"]
        (tmp_path / "net.prototxt").write_text(nets.reduced(name))
        extra = {"random_weights": True}
        fixed = caffe.load(tmp_path / "net.prototxt", LoadOptions(extra=extra, input_shapes={"data": (2, *space)}))
        free = caffe.load(tmp_path / "net.prototxt", LoadOptions(extra=extra, input_shapes={"data": (-1, *space)}))
        x = {"data": drawing.draw("normal", (2, *space), "x")}
        check_close(run(free.model, x, tmp_path), run(fixed.model, x, tmp_path), 1e-6)

    def test_dynamic_size(self, tmp_path: Path) -> None:
        """FCN's picture may have any size: pooling rounds and Crop cuts as Caffe would for each."""
        name, extra = "fcn8s_voc", {"random_weights": True}
        (tmp_path / "net.prototxt").write_text(nets.reduced(name))
        free = caffe.load(tmp_path / "net.prototxt", LoadOptions(extra=extra, input_shapes={"data": (1, 3, -1, -1)}))
        for size in ((32, 47), (50, 33)):
            shape = {"data": (1, 3, *size)}
            fixed = caffe.load(tmp_path / "net.prototxt", LoadOptions(extra=extra, input_shapes=shape))
            x = {"data": drawing.draw("normal", shape["data"], "x")}
            check_close(run(free.model, x, tmp_path), run(fixed.model, x, tmp_path), 1e-5)

    def test_nhwc_input(self, tmp_path: Path) -> None:
        x = drawing.draw("normal", (2, 3, 8, 8), "x")
        plain = load(self.NET, tmp_path, extra_random_weights=True)
        expected = run(plain.model, {"data": x}, tmp_path)
        nhwc = load(self.NET, tmp_path, extra_random_weights=True, input_layout="nhwc")
        assert tuple(nhwc.model.graph.inputs[0].shape) == (2, 8, 8, 3)
        check_close(run(nhwc.model, {"data": x.transpose(0, 2, 3, 1)}, tmp_path), expected, 0)

    def test_in_place_on_the_input(self, tmp_path: Path) -> None:
        loaded = load(INPUT + layer("relu", "ReLU", "data", "data"), tmp_path)
        x = drawing.draw("normal", (2, 3, 8, 8), "x")
        assert names(loaded.model.graph.inputs) == ["data"]
        assert names(loaded.model.graph.outputs) == ["data/out"]
        check_close(run(loaded.model, {"data": x}, tmp_path), [np.maximum(x, 0)], 0)

    def test_one_value_under_two_names(self, tmp_path: Path) -> None:
        text = INPUT + layer("a", "TanH") + layer("b", "Dropout", "a") + layer("s", "Split", "b", "c d")
        loaded = load(text, tmp_path, outputs=["d", "a", "c", "b"])
        x = drawing.draw("normal", (2, 3, 8, 8), "x")
        assert names(loaded.model.graph.outputs) == ["d", "a", "c", "b"]
        check_close(run(loaded.model, {"data": x}, tmp_path), [np.tanh(x)] * 4)

    def test_output_that_is_an_input(self, tmp_path: Path) -> None:
        loaded = load(INPUT + layer("a", "Dropout"), tmp_path)
        x = drawing.draw("normal", (2, 3, 8, 8), "x")
        check_close(run(loaded.model, {"data": x}, tmp_path), [x], 0)

    def test_weights_and_blobs_of_one_name(self, tmp_path: Path) -> None:
        text = INPUT + CONV.replace('top: "conv"', 'top: "conv/weight"')
        text += layer("t", "TanH", "conv/weight", "conv/TanH")
        loaded = load(text, tmp_path, WEIGHTS, outputs=["conv/weight", "conv/TanH"])
        x = {"data": drawing.draw("normal", (2, 3, 8, 8), "x")}
        convolved, tanh = run(loaded.model, x, tmp_path)
        check_close([tanh], [np.tanh(convolved)])

    def test_provenance(self, tmp_path: Path) -> None:
        graph = self.graph(tmp_path)
        found = [(provenance.source_op(node), provenance.source_name(node)) for node in graph]
        assert found == [("Convolution", "conv"), ("ReLU", "relu"), ("InnerProduct", "fc"), ("InnerProduct", "fc"),
                         ("Softmax", "prob")]
        assert {"conv", "fc", "prob"} <= {value.name for node in graph for value in node.outputs}
        assert sorted(graph.initializers) == ["conv/bias", "conv/weight", "fc/bias", "fc/weight"]


class TestTrainingFiles:
    DATA = (
        'layer { name: "train" type: "Data" top: "data" top: "label" include { phase: TRAIN } }\n'
        'layer { name: "test" type: "Data" top: "data" top: "label" include { phase: TEST }'
        " data_param { batch_size: 4 } }\n"
    )
    NET = (
        DATA + layer("fc", "InnerProduct", "data", "fc", "inner_product_param { num_output: 5 }")
        + layer("accuracy", "Accuracy", "fc label", settings="include { phase: TEST }")
        + layer("loss", "SoftmaxWithLoss", "fc label")
    )

    def test_training_layers_are_left_out(self, tmp_path: Path) -> None:
        loaded = load(self.NET, tmp_path, extra_random_weights=True, input_shapes={"data": (4, 3, 2, 2)})
        assert names(loaded.model.graph.inputs) == ["data"]
        assert names(loaded.model.graph.outputs) == ["fc"]
        assert any("'loss' (SoftmaxWithLoss)" in note and "'accuracy'" in note for note in loaded.notes)
        assert any("label" in note for note in loaded.notes)

    def test_shape_must_be_given(self, tmp_path: Path) -> None:
        with pytest.raises(UsageError, match=r"'data' is not known.*'test' \(Data\).*--input-shape data:"):
            load(self.NET, tmp_path, extra_random_weights=True)

    def test_measures_when_asked_for(self, tmp_path: Path) -> None:
        loaded = load(self.NET, tmp_path, extra_random_weights=True, outputs=["loss", "accuracy", "fc"],
                      input_shapes={"data": (4, 3, 2, 2)})
        label = np.array([0, 4, 2, 2], np.float32)
        x = {"data": drawing.draw("normal", (4, 3, 2, 2), "x"), "label": label}
        loss, accuracy, scores = run(loaded.model, x, tmp_path)
        shifted = np.exp(scores - scores.max(axis=1, keepdims=True))
        probability = shifted / shifted.sum(axis=1, keepdims=True)
        check_close([loss], [np.float32(-np.log(probability[range(4), label.astype(int)]).mean())])
        check_close([accuracy], [np.float32((scores.argmax(axis=1) == label).mean())])

    def test_the_older_name_of_the_loss(self, tmp_path: Path) -> None:
        shape = {"data": (4, 3, 2, 2)}
        x = {"data": drawing.draw("normal", shape["data"], "x"), "label": np.array([0, 4, 2, 2], np.float32)}
        texts = (self.NET, self.NET.replace("SoftmaxWithLoss", "SoftmaxLoss"))
        given = {"extra_random_weights": True, "outputs": ["loss"], "input_shapes": shape}
        loaded = [load(text, tmp_path, **given) for text in texts]
        check_close(run(loaded[1].model, x, tmp_path), run(loaded[0].model, x, tmp_path), 0)

    def test_a_measure_that_is_computed_with_stays(self, tmp_path: Path) -> None:
        text = self.NET + layer("twice", "Power", "loss", settings="power_param { scale: 2 }")
        loaded = load(text, tmp_path, extra_random_weights=True, input_shapes={"data": (4, 3, 2, 2)})
        assert names(loaded.model.graph.outputs) == ["twice"]
        assert "label" in names(loaded.model.graph.inputs)

    def test_nothing_but_measures(self, tmp_path: Path) -> None:
        text = INPUT + layer("loss", "EuclideanLoss", "data data")
        with pytest.raises(LoadError, match=r"--outputs.*loss"):
            load(text, tmp_path)

    @pytest.mark.parametrize(
        ("text", "shape"),
        [
            ('type: "MemoryData" top: "data" memory_data_param { batch_size: 2 channels: 3 height: 4 width: 5 }',
             (2, 3, 4, 5)),
            ('type: "ImageData" top: "data" image_data_param { batch_size: 2 new_height: 4 new_width: 5 }',
             (2, 3, 4, 5)),
            ('type: "ImageData" top: "data" image_data_param { is_color: false } transform_param { crop_size: 6 }',
             (1, 1, 6, 6)),
            ('type: "WindowData" top: "data" window_data_param { batch_size: 2 crop_size: 7 }', (2, 3, 7, 7)),
        ],
    )
    def test_shapes_of_data_layers(self, text: str, shape: tuple[int, ...], tmp_path: Path) -> None:
        graph = load(f'layer {{ name: "d" {text} }}' + layer("x", "TanH"), tmp_path).model.graph
        assert tuple(graph.inputs[0].shape) == shape

    def test_stages(self, tmp_path: Path) -> None:
        text = INPUT + layer("x", "TanH", settings='include { stage: "deploy" }')
        text += layer("y", "AbsVal", settings='include { not_stage: "deploy" min_level: 1 }')
        assert names(load(text, tmp_path, extra_stages=["deploy"]).model.graph.outputs) == ["x"]
        assert names(load(text, tmp_path, extra_level=2).model.graph.outputs) == ["y"]

    def test_stages_are_a_list(self, tmp_path: Path) -> None:
        with pytest.raises(UsageError, match="stages='deploy': a list of names"):
            load(INPUT + layer("x", "TanH"), tmp_path, extra_stages="deploy")


class TestForksFields:
    def test_unknown_fields_are_told(self, tmp_path: Path) -> None:
        text = (
            "# layer { bogus: 1 }\n" + INPUT
            + layer("a", "TanH", settings='tanh_param { engine: CAFFE  speed: "fast {" } glue: 3 glue: 4')
            + layer("b", "TanH", "a", settings="vendor_param { tanh_param { x: 1 } y: [1, 2] }")
        )
        (note,) = load(text, tmp_path).notes
        assert re.search(r"layer\.tanh_param\.speed, layer\.glue \(x2\), layer\.vendor_param\.", note)

    PROTO = """
        package mine;
        // a fork's additions
        message LayerParameter { optional WarpParameter warp_param = 121; }
        message WarpParameter {
          enum Mode { SOFT = 0; HARD = 1; }
          optional float strength = 1 [default = 2.5];
          optional Mode mode = 2;
          repeated uint32 order = 3;
        }
        message ReLUParameter { optional bool loud = 1; }
    """
    TEXT = 'warp_param { mode: HARD order: 3 order: 4 }'

    def test_a_layer_of_ones_own(self, tmp_path: Path) -> None:
        (tmp_path / "mine.proto").write_text(self.PROTO)
        seen = {}

        @caffe.lowers("Warp", param="warp_param")
        def warp(op: Any, x: Any, *, strength: float, mode: str, order: list[int]) -> Any:
            seen.update(strength=strength, mode=mode, order=order)
            return op.Mul(x, op.constant_like(x, strength))

        try:
            loaded = load(INPUT + layer("w", "Warp", settings=self.TEXT), tmp_path, extra_proto=tmp_path / "mine.proto")
            x = drawing.draw("normal", (2, 3, 8, 8), "x")
            check_close(run(loaded.model, {"data": x}, tmp_path), [x * np.float32(2.5)])
            assert seen == {"strength": 2.5, "mode": "HARD", "order": [3, 4]}
            assert not loaded.notes
            with pytest.raises(UnsupportedModel, match=r"'warp_param' is not known.*--proto"):
                load(INPUT + layer("w", "Warp", settings=self.TEXT), tmp_path)
        finally:
            caffe.forget("Warp")

    def test_a_field_that_is_added(self, tmp_path: Path) -> None:
        (tmp_path / "mine.proto").write_text(self.PROTO)
        text = INPUT + layer("r", "ReLU", settings="relu_param { loud: true }")
        with pytest.raises(UnsupportedModel, match="loud=True"):
            load(text, tmp_path, extra_proto=tmp_path / "mine.proto")

    def test_proto_that_does_not_compile(self, tmp_path: Path) -> None:
        (tmp_path / "mine.proto").write_text("message {")
        with pytest.raises(LoadError, match="--proto does not compile"):
            load(INPUT + layer("a", "TanH"), tmp_path, extra_proto=tmp_path / "mine.proto")


def test_every_lowering_names_fields_that_exist() -> None:
    """A parameter of a lowering is a field of the layer's messages."""
    from paddlify.frontends.caffe import lowering, messages, ops

    ops.register_all()
    known = messages.standard()
    layers = known.new("LayerParameter")
    for rule in lowering.rules():
        fields: set[str] = set()
        for param in lowering.params_of(rule.op_type):
            fields |= set(known.defaults(getattr(layers, param).DESCRIPTOR))
        assert set(rule.attributes) <= fields, rule.op_type


def test_documentation_lists_every_layer() -> None:
    from paddlify.frontends.caffe import lowering, network, ops

    ops.register_all()
    text = (Path(__file__).parents[3] / "docs" / "caffe.md").read_text()
    table = text[text.index("| family") : text.index("### Where Caffe differs")]
    listed = set(re.findall(r"\b[A-Z][A-Za-z0-9]+\b", re.sub(r"\([^)]*\)", "", table))) - {"ENet"}
    assert listed == {rule.op_type for rule in lowering.rules()} | network.SINKS


def test_example_of_a_layer(tmp_path: Path) -> None:
    example = Path(__file__).parents[3] / "examples" / "caffe_layer.py"
    done = subprocess.run([sys.executable, str(example)], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr[-2000:]
    assert float(done.stdout.rsplit(" ", 1)[1]) < 1e-6
