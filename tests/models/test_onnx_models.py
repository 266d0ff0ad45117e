"""Whole ONNX models through the whole road, compared with onnxruntime on the source.

The nine architectures that onnx ships get seeded weights in place of their constants, and are converted at opset 9, as
they are written, and raised to the pinned opset. The others are trained models out of published packages.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnx_ir as ir
import onnxruntime
import pytest
from onnx import numpy_helper
from PIL import Image, ImageDraw, ImageFont
from tests.oracles import pretrained

import paddlify
from paddlify.frontends.onnx.upgrade import upgrade

LIGHT = Path(onnx.__file__).parent / "backend" / "test" / "data" / "light"
NAMES = sorted(path.stem for path in LIGHT.glob("*.onnx"))
RELATIVE = 1e-4
"""Largest difference allowed, in units of the output's largest magnitude."""


def seeded(name: str) -> onnx.ModelProto:
    """A light model with random weights, scaled so that activations keep their size, in place of equal ones."""
    model = onnx.load(LIGHT / f"{name}.onnx")
    rng = np.random.default_rng(7)
    shapes = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    roles = {
        name: role
        for node in model.graph.node
        if node.op_type == "BatchNormalization"
        for name, role in zip(node.input[1:], ("scale", "shift", "mean", "variance"), strict=True)
    }

    def weights(name: str, shape: Sequence[int]) -> np.ndarray:
        normal = rng.standard_normal(shape)
        if name in roles:
            array = np.abs(1 + 0.1 * normal) if roles[name] in ("scale", "variance") else 0.1 * normal
        else:
            array = normal * (np.sqrt(2 / np.prod(shape[1:])) if len(shape) > 1 else 0.05)
        return array.astype(np.float32)

    kept = []
    for node in model.graph.node:
        if node.op_type == "ConstantOfShape" and node.input[0] in shapes:
            shape = [int(size) for size in shapes[node.input[0]]]
            model.graph.initializer.append(numpy_helper.from_array(weights(node.output[0], shape), node.output[0]))
        else:
            kept.append(node)
    del model.graph.node[:]
    model.graph.node.extend(kept)
    for tensor in model.graph.initializer:
        array = numpy_helper.to_array(tensor)
        if array.dtype == np.float32 and array.size > 1 and (array == array.flat[0]).all():
            tensor.CopyFrom(numpy_helper.from_array(weights(tensor.name, array.shape), tensor.name))
    if model.graph.node[-1].op_type == "Softmax":  # its input tells more than a distribution that is nearly flat
        model.graph.output[0].name = model.graph.node[-1].input[0]
        del model.graph.node[-1]
    return model


def raised(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model at the pinned opset."""
    graph = ir.from_proto(model)
    upgrade(graph)
    return ir.to_proto(graph)


def writing(shape: Sequence[int]) -> np.ndarray:
    """Dark letters on a light ground, in [-1, 1]: what a text detector and a recogniser react to."""
    count, channels, height, width = shape
    image = Image.new("RGB", (width, height), "white")
    font = ImageFont.load_default(size=height * 0.5)
    ImageDraw.Draw(image).text((4, height * 0.2), "paddlify 2026", fill="black", font=font)
    pixels = np.asarray(image, np.float32).transpose(2, 0, 1) / 127.5 - 1
    return np.broadcast_to(pixels[:channels], (count, channels, height, width)).copy()


def feeds_for(session: Any, sizes: dict[str, int], seed: int = 0) -> dict[str, np.ndarray]:
    """Seeded inputs; a dynamic dimension has the size that `sizes` says for its place or name."""
    rng = np.random.default_rng(seed)
    kinds = {"tensor(float)": np.float32, "tensor(int32)": np.int32, "tensor(int64)": np.int64}
    feeds = {}
    for item in session.get_inputs():
        shape = [size if isinstance(size, int) else sizes.get(str(size), sizes.get("", 2)) for size in item.shape]
        dtype = kinds[item.type]
        feeds[item.name] = (
            writing(shape)
            if dtype is np.float32 and len(shape) == 4 and shape[1] == 3
            else rng.standard_normal(shape).astype(dtype)
            if dtype is np.float32
            else rng.integers(0, 200, shape).astype(dtype)
        )
    return feeds


def agree(source: Path, folder: Path, feeds: Callable[[Any], dict[str, np.ndarray]]) -> None:
    """Convert, load from disk, run both on the same input, compare every output."""
    paddlify.convert(source, folder, verify=False)
    model = paddlify.load(folder)
    session = onnxruntime.InferenceSession(str(source), providers=["CPUExecutionProvider"])
    data = feeds(session)
    expected = session.run(None, data)
    assert [spec.name for spec in model.inputs] == [item.name for item in session.get_inputs()]
    assert [spec.name for spec in model.outputs] == [item.name for item in session.get_outputs()]
    results = model.inference(data)
    assert len(results) == len(expected)
    for result, want in zip(results, expected, strict=True):
        assert (result.shape, result.dtype) == (want.shape, want.dtype)
        assert np.abs(want).max() > 0
        assert np.abs(result - want).max() <= RELATIVE * np.abs(want).max()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("form", ["opset 9", "raised"])
def test_architecture(name: str, form: str, tmp_path: Path) -> None:
    model = seeded(name)
    onnx.save(raised(model) if form == "raised" else model, tmp_path / "model.onnx")
    agree(tmp_path / "model.onnx", tmp_path / "out", lambda session: feeds_for(session, {}))


_OCR = "p2o.DynamicDimension"


@pytest.mark.parametrize(
    ("path", "sizes"),
    [
        ("rapidocr_onnxruntime/models/ch_PP-OCRv4_det_infer.onnx", {"": 1, f"{_OCR}.1": 96, f"{_OCR}.2": 320}),
        ("rapidocr_onnxruntime/models/ch_PP-OCRv4_rec_infer.onnx", {"": 2, f"{_OCR}.1": 160, "?": 48}),
        ("rapidocr_onnxruntime/models/ch_ppocr_mobile_v2.0_cls_infer.onnx", {"": 48}),
        ("magika/models/standard_v3_3/model.onnx", {"": 3}),
        ("basic_pitch/saved_models/icassp_2022/nmp.onnx", {"": 2}),
    ],
)
def test_trained_model(path: str, sizes: dict[str, int], tmp_path: Path) -> None:
    source = pretrained(path)
    agree(source, tmp_path / "out", lambda session: feeds_for(session, sizes))
