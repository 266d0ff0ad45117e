"""Makes the models that the benchmarks convert: the shape of VGG16, and gigabytes of synthetic weights.

python benchmarks/models.py vgg16 FILE.onnx              553 MB of weights inside the file (raw_data)
python benchmarks/models.py vgg16 FILE.onnx --external   the same beside it (external data)
python benchmarks/models.py caffe FILE.caffemodel        VGG16 again, with FILE.prototxt beside it
python benchmarks/models.py large FILE.onnx --gigabytes 4
python benchmarks/models.py chain FILE.onnx --nodes 10000
"""

from __future__ import annotations

import argparse
import itertools
import math
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from paddlify.ir import wire

CHANNELS = (64, 64, 0, 128, 128, 0, 256, 256, 256, 0, 512, 512, 512, 0, 512, 512, 512, 0)  # 0: pooling
HIDDEN = (4096, 4096, 1000)
WIDTH = 4096
OPSET = 17


def vgg16(file: Path, *, external: bool = False, seed: int = 0) -> None:
    """VGG16 (configuration D) with seeded weights, scaled so that activations keep their size.

    Input "input" of shape [N, 3, 224, 224], output "logits" of shape [N, 1000].
    """
    random = np.random.default_rng(seed)
    nodes: list[onnx.NodeProto] = []
    weights: list[onnx.TensorProto] = []

    def weight(name: str, *shape: int) -> str:
        scale = np.float32(math.sqrt(2 / math.prod(shape[1:]))) if len(shape) > 1 else np.float32(0.01)
        weights.append(numpy_helper.from_array(random.standard_normal(shape, dtype=np.float32) * scale, name))
        return name

    value, depth, block, layer = "input", 3, 1, 1
    for channels in CHANNELS:
        if channels == 0:
            pooled = f"pool{block}"
            nodes.append(helper.make_node("MaxPool", [value], [pooled], pooled, kernel_shape=[2, 2], strides=[2, 2]))
            value, block, layer = pooled, block + 1, 1
            continue
        name = f"conv{block}_{layer}"
        inputs = [value, weight(f"{name}.weight", channels, depth, 3, 3), weight(f"{name}.bias", channels)]
        nodes.append(helper.make_node("Conv", inputs, [name], name, kernel_shape=[3, 3], pads=[1, 1, 1, 1]))
        nodes.append(helper.make_node("Relu", [name], [f"{name}/relu"], f"{name}/relu"))
        value, depth, layer = f"{name}/relu", channels, layer + 1
    nodes.append(helper.make_node("Flatten", [value], ["flat"], "flat"))
    value, size = "flat", 512 * 7 * 7
    for index, units in enumerate(HIDDEN):
        name = f"fc{6 + index}"
        last = index == len(HIDDEN) - 1
        inputs = [value, weight(f"{name}.weight", units, size), weight(f"{name}.bias", units)]
        nodes.append(helper.make_node("Gemm", inputs, ["logits" if last else name], name, transB=1))
        if not last:
            nodes.append(helper.make_node("Relu", [name], [f"{name}/relu"], f"{name}/relu"))
        value, size = f"{name}/relu", units
    image = helper.make_tensor_value_info("input", TensorProto.FLOAT, ["N", 3, 224, 224])
    logits = helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["N", HIDDEN[-1]])
    model = _model(helper.make_graph(nodes, "vgg16", [image], [logits], weights))
    if external:
        onnx.save(model, file, save_as_external_data=True, location=f"{file.name}.data")
    else:
        onnx.save(model, file)


def caffe(file: Path, *, seed: int = 0) -> None:
    """VGG16 (configuration D) as Caffe saves it, with seeded weights as in `vgg16`.

    Input "data" of shape [1, 3, 224, 224], output "prob" of shape [1, 1000]. The weights are never in memory together.
    """
    random = np.random.default_rng(seed)
    text = ['name: "VGG16"', _layer("data", "Input", "", "input_param { shape { dim: [1, 3, 224, 224] } }")]

    with file.open("wb") as model:
        model.write(wire.delimited(1, b"VGG16"))

        def weighted(name: str, kind: str, bottom: str, settings: str, *shape: int) -> None:
            scale = np.float32(math.sqrt(2 / math.prod(shape[1:])))
            weight = random.standard_normal(shape, dtype=np.float32) * scale
            bias = random.standard_normal(shape[0], dtype=np.float32) * np.float32(0.01)
            blobs = b"".join(wire.delimited(7, _blob(array)) for array in (weight, bias))
            head = wire.delimited(1, name.encode()) + wire.delimited(2, kind.encode())
            model.write(wire.delimited(100, head + blobs))
            text.append(_layer(name, kind, bottom, settings))

        bottom, depth, block, layer = "data", 3, 1, 1
        for channels in CHANNELS:
            if channels == 0:
                text.append(_layer(f"pool{block}", "Pooling", bottom, "pooling_param { kernel_size: 2 stride: 2 }"))
                bottom, block, layer = f"pool{block}", block + 1, 1
                continue
            name = f"conv{block}_{layer}"
            settings = f"convolution_param {{ num_output: {channels} kernel_size: 3 pad: 1 }}"
            weighted(name, "Convolution", bottom, settings, channels, depth, 3, 3)
            text.append(_layer(f"relu{block}_{layer}", "ReLU", name, top=name))
            bottom, depth, layer = name, channels, layer + 1
        size = 512 * 7 * 7
        for index, units in enumerate(HIDDEN, 6):
            name = f"fc{index}"
            weighted(name, "InnerProduct", bottom, f"inner_product_param {{ num_output: {units} }}", units, size)
            if units != HIDDEN[-1]:
                text.append(_layer(f"relu{index}", "ReLU", name, top=name))
                text.append(_layer(f"drop{index}", "Dropout", name, top=name))
            bottom, size = name, units
    text.append(_layer("prob", "Softmax", bottom))
    file.with_suffix(".prototxt").write_text("\n".join(text) + "\n")


def _layer(name: str, kind: str, bottom: str, settings: str = "", *, top: str = "") -> str:
    """A layer of a prototxt; its top bears its name unless it works in place."""
    source = f'bottom: "{bottom}" ' if bottom else ""
    return f'layer {{ name: "{name}" type: "{kind}" {source}top: "{top or name}" {settings} }}'


def _blob(array: np.ndarray) -> bytes:
    """A BlobProto: packed floats (5) and a shape (7) of packed dims (1)."""
    shape = wire.delimited(1, b"".join(wire.varint(dim) for dim in array.shape))
    return wire.delimited(5, array.tobytes()) + wire.delimited(7, shape)


def large(file: Path, *, gigabytes: int = 4, seed: int = 0) -> None:
    """A perceptron with so many gigabytes of external float32 weights, every other one transposed.

    Input "input" of shape [N, 4096], output "output" of the same shape. The weights are never in memory together.
    """
    random = np.random.default_rng(seed)
    bytes_of_layer = WIDTH * WIDTH * 4
    nodes: list[onnx.NodeProto] = []
    weights: list[onnx.TensorProto] = []
    value = "input"
    with file.with_name(f"{file.name}.data").open("wb") as data:
        for layer in range(max(gigabytes * 2**30 // bytes_of_layer, 1)):
            name = f"layer{layer}"
            array = random.random((WIDTH, WIDTH), dtype=np.float32) * np.float32(2 / WIDTH)
            weights.append(_external(f"{name}.weight", array.shape, f"{file.name}.data", data.tell(), array.nbytes))
            data.write(array)
            if layer % 2:
                nodes.append(helper.make_node("Gemm", [value, f"{name}.weight"], [name], name, transB=1))
            else:
                nodes.append(helper.make_node("MatMul", [value, f"{name}.weight"], [name], name))
            nodes.append(helper.make_node("Relu", [name], [f"{name}/relu"], f"{name}/relu"))
            value = f"{name}/relu"
    nodes[-1].output[0] = "output"
    info = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", WIDTH]) for name in ("input", "output")]
    onnx.save(_model(helper.make_graph(nodes, "large", info[:1], info[1:], weights)), file)


def chain(file: Path, *, nodes: int = 1000) -> None:
    """A chain of element-wise operators, for the cost of a node."""
    names = ["input", *(f"v{index}" for index in range(1, nodes)), "output"]
    operators = [
        helper.make_node("Add", [before, "one"], [after], f"add{index}")
        if index % 2
        else helper.make_node("Tanh", [before], [after], f"tanh{index}")
        for index, (before, after) in enumerate(itertools.pairwise(names))
    ]
    info = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", 16]) for name in ("input", "output")]
    one = numpy_helper.from_array(np.ones(16, dtype=np.float32), "one")
    onnx.save(_model(helper.make_graph(operators, "chain", info[:1], info[1:], [one])), file)


def _external(name: str, shape: tuple[int, ...], location: str, offset: int, length: int) -> TensorProto:
    tensor = TensorProto(name=name, dims=shape, data_type=TensorProto.FLOAT, data_location=TensorProto.EXTERNAL)
    for key, entry in (("location", location), ("offset", offset), ("length", length)):
        tensor.external_data.add(key=key, value=str(entry))
    return tensor


def _model(graph: onnx.GraphProto) -> onnx.ModelProto:
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", choices=["vgg16", "caffe", "large", "chain"])
    parser.add_argument("file", type=Path)
    parser.add_argument("--external", action="store_true", help="keep the weights beside the model")
    parser.add_argument("--gigabytes", type=int, default=4)
    parser.add_argument("--nodes", type=int, default=1000)
    given = parser.parse_args()
    if given.kind == "vgg16":
        vgg16(given.file, external=given.external)
    elif given.kind == "caffe":
        caffe(given.file)
    elif given.kind == "large":
        large(given.file, gigabytes=given.gigabytes)
    else:
        chain(given.file, nodes=given.nodes)


if __name__ == "__main__":
    main()
