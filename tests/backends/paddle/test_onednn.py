"""Converted programs on Paddle's own predictor with oneDNN, as Paddle's users make it: without paddlify.load."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnx
import onnx.parser
import onnxruntime
import pytest
from tests.backends.paddle.single_node import others, same

import paddlify

HEADER = '<ir_version: 10, opset_import: ["" : 20]>'
RNG = np.random.default_rng(0)
KERNEL = onnx.numpy_helper.from_array(RNG.normal(0, 0.1, (4, 3, 3, 3)).astype(np.float32), "k")
SCALES = onnx.numpy_helper.from_array(np.array([1, 1, 2, 2], np.float32), "s")
IMAGE = RNG.normal(0, 1, (2, 3, 8, 8)).astype(np.float32)


def predicted(folder: Path, feeds: Mapping[str, np.ndarray]) -> list[np.ndarray]:
    """What a predictor gives at its second run that is configured in no other way than that oneDNN is on."""
    import paddle

    parameters = folder / "inference.pdiparams"
    config = paddle.inference.Config(
        str(folder / "inference.json"), str(parameters) if parameters.exists() else ""
    )
    config.disable_glog_info()
    config.disable_gpu()
    config.enable_onednn()
    predictor = paddle.inference.create_predictor(config)
    with paddle.base.dygraph.guard(paddle.CPUPlace()):
        for values in (others(feeds), feeds):
            results = predictor.run([paddle.to_tensor(values[name]) for name in predictor.get_input_names()])
        return [result.numpy() for result in results]


def check(folder: Path, text: str, feeds: Mapping[str, np.ndarray]) -> None:
    """Compare a model that has the weights `k` and `s` with onnxruntime; `load` must keep oneDNN, too."""
    model = onnx.parser.parse_model(HEADER + text)
    model.graph.initializer.extend([KERNEL, SCALES])
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    expected = session.run(None, dict(feeds))
    paddlify.convert(model, folder / "converted", verify=False)
    same(predicted(folder / "converted", feeds), expected, 1e-5, 1e-5)
    loaded = paddlify.load(folder / "converted")
    same(loaded.inference(feeds), expected, 1e-5, 1e-5)
    assert loaded.runtime.onednn is not False, loaded.runtime.reason


@pytest.mark.parametrize("first", ["e = Exp(x)", "c = Conv(x, k) e = Exp(c)"])
def test_a_value_that_is_needed_later_is_not_overwritten(first: str, tmp_path: Path) -> None:
    text = f"g (float[2,3,8,8] x) => (float[a,b,c,d] y) {{ {first} f = Floor(e) y = Sub(e, f) }}"
    check(tmp_path, text, {"x": IMAGE})


def test_an_output_that_is_needed_later_is_not_overwritten(tmp_path: Path) -> None:
    text = "g (float[2,3,8,8] x) => (float[a,b,c,d] e, float[a,b,c,d] f) { e = Exp(x) f = Floor(e) }"
    check(tmp_path, text, {"x": IMAGE})


@pytest.mark.parametrize("shape", ["2,3,8,8", "N,3,H,W"])
@pytest.mark.parametrize(
    "attributes",
    [
        'mode = "linear"',
        'mode = "linear", coordinate_transformation_mode = "align_corners"',
        'mode = "nearest", coordinate_transformation_mode = "asymmetric", nearest_mode = "floor"',
    ],
)
def test_interpolation_leaves_the_rest_to_onednn(attributes: str, shape: str, tmp_path: Path) -> None:
    body = f"c = Conv(x, k) r = Relu(c) u = Resize <{attributes}> (r, , s) y = Relu(u)"
    check(tmp_path, f"g (float[{shape}] x) => (float[a,b,c,d] y) {{ {body} }}", {"x": IMAGE})


@pytest.mark.parametrize("end", [2, 3, 5], ids=["empty", "empty", "two rows"])
def test_a_slice_that_may_be_empty(end: int, tmp_path: Path) -> None:
    text = "g (float[N,M] x, int64[1] a, int64[1] b) => (float[P,M] y, float[Q,M] z) "
    text += "{ y = Slice (x, a, b) z = Concat <axis = 0> (y, x) }"
    check(tmp_path, text, {"x": IMAGE[0, 0], "a": np.array([3]), "b": np.array([end])})


@pytest.mark.parametrize("dtype", ["double", "int64"])
@pytest.mark.parametrize(
    "second", ["Abs (h)", "Neg (h)", "Mul (h, h)", "Unsqueeze (h, one)", "Reshape (h, one)", "Transpose (h)"]
)
def test_what_follows_arithmetic_of_another_dtype_is_not_lost(second: str, dtype: str, tmp_path: Path) -> None:
    text = f"g ({dtype}[N,4] x, {dtype}[N,4] w) => ({dtype} y) <int64[1] one = {{-1}}> "
    text += f"{{ h = Sub (x, w) y = {second} }}"
    kind = np.float64 if dtype == "double" else np.int64
    x, w = (np.arange(8).reshape(2, 4).astype(kind) * factor for factor in (1, 2))
    check(tmp_path, text, {"x": x, "w": w})


@pytest.mark.parametrize("inner", [1, 2])
@pytest.mark.parametrize("shape", ["{0},{1}", "N,M"])
def test_a_product_of_what_an_index_gave(shape: str, inner: int, tmp_path: Path) -> None:
    first, second = shape.format(3, inner), shape.format(inner, 2)
    if "N" in shape:
        second = "A,B"
    text = f"g (float[{first}] x, float[2,{second}] w) => (float[P,Q] y) <int64 zero = {{0}}> "
    text += "{ v = Gather (w, zero) y = MatMul (x, v) }"
    check(tmp_path, text, {"x": RNG.random((3, inner), np.float32), "w": RNG.random((2, inner, 2), np.float32)})


def test_concatenation_with_a_tensor_that_may_be_empty(tmp_path: Path) -> None:
    """As the first step of a decoder that keeps what it has computed."""
    text = "g (float[1,H,4] past, float[1,3,4] x) => (float[1,T,4] y) { y = Concat <axis = 1> (past, x) }"
    for length in (0, 2):
        x = RNG.random((1, 3, 4), np.float32)
        (tmp_path / str(length)).mkdir()
        check(tmp_path / str(length), text, {"past": np.ones((1, length, 4), np.float32), "x": x})


@pytest.mark.parametrize("sizes_are_known", [True, False])
@pytest.mark.parametrize(
    ("operator", "left", "right"),
    [
        ("Mul", (1, 2, 3, 1), (1, 2, 1, 5)), ("Add", (2, 3, 1), (5,)), ("MatMul", (1, 2, 3, 1), (1, 2, 1, 5)),
        ("Sub", (2, 2, 3, 1), (1, 1, 3, 5)), ("Div", (2, 2, 1, 5), (1, 1, 3, 5)),
    ],
)
def test_a_product_of_what_broadcasts_both_ways(
    operator: str, left: tuple[int, ...], right: tuple[int, ...], sizes_are_known: bool, tmp_path: Path
) -> None:
    x, y = (RNG.uniform(1, 2, shape).astype(np.float32) for shape in (left, right))
    v = RNG.uniform(1, 2, (*np.broadcast_shapes(left[:-2], right[:-2]), 5, 2)).astype(np.float32)
    typed = []
    for name, value in (("x", x), ("y", y), ("v", v)):
        sizes = [str(n) if sizes_are_known or n == 1 else f"{name}{axis}" for axis, n in enumerate(value.shape)]
        typed.append(f"float[{','.join(sizes)}] {name}")
    text = f"g ({', '.join(typed)}) => (float z) {{ h = {operator} (x, y) p = Softmax (h) z = MatMul (p, v) }}"
    check(tmp_path, text, {"x": x, "y": y, "v": v})


@pytest.mark.parametrize("target", ["17, -1, 4", "-1, 17, 4", "17, -1, 2, 2"])
def test_a_layer_of_unknown_height_before_a_reshape(target: str, tmp_path: Path) -> None:
    weights = ", ".join(f"{value:.3f}" for value in RNG.normal(0, 1, 16))
    rank = target.count(",") + 1
    text = f"""g (float[N,17,4] x) => (float[{", ".join("abcd"[:rank])}] y)
    <float[4,4] w = {{{weights}}}, float[4] c = {{1, 2, 3, 4}}, int64[2] flat = {{-1, 4}},
    int64[{rank}] t = {{{target}}}>
    {{ turned = Transpose<perm = [1, 0, 2]>(x) f = Reshape(turned, flat) g = Gemm(f, w, c) y = Reshape(g, t) }}"""
    check(tmp_path, text, {"x": RNG.normal(0, 1, (3, 17, 4)).astype(np.float32)})


@pytest.mark.parametrize("behind", ["y = Identity (c)", "y = Relu (c)", "r = Relu (c) y = Conv (r, v)"])
@pytest.mark.parametrize(("operator", "sizes"), [("Conv", "4,3"), ("ConvTranspose", "3,4")])
def test_weights_of_an_earlier_run_are_not_kept(operator: str, sizes: str, behind: str, tmp_path: Path) -> None:
    text = f"g (float[N,3,H,W] x, float[{sizes},3,3] w, float[2,4,3,3] v) => (float[a,b,c,d] y) "
    text += f"{{ c = {operator} (x, w) {behind} }}"
    shape = (*map(int, sizes.split(",")), 3, 3)
    feeds = {"x": IMAGE, "w": RNG.random(shape, np.float32), "v": RNG.random((2, 4, 3, 3), np.float32)}
    check(tmp_path, text, feeds)
