"""Upgrade rules: onnxruntime on the old model and on the upgraded one, on both sides of every change of meaning."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnx_ir as ir
import pytest
from onnx import TensorProto, helper, numpy_helper
from onnx.backend.test.case.node import collect_testcases
from onnx.backend.test.loader import load_model_tests

from frontends.onnx.runtime import check, model, run, run_upgraded, upgraded, value_info, versioned
from paddlify.errors import UnsupportedModel
from paddlify.frontends.onnx.upgrade.rules import HINTS, bumps, plan
from paddlify.frontends.onnx.upgrade.unchanged import UNCHANGED
from paddlify.ir import opset as opsets
from paddlify.ir import provenance

RNG = np.random.default_rng(0)


def normal(*shape: int) -> np.ndarray:
    return RNG.standard_normal(shape).astype(np.float32)


X = normal(2, 3, 4, 5)
F32 = np.float32


def i64(*numbers: int) -> np.ndarray:
    return np.array(numbers, dtype=np.int64)


# Both sides of every change, where onnxruntime runs the old form.


@pytest.mark.parametrize("op_type", ["Softmax", "LogSoftmax", "Hardmax"])
@pytest.mark.parametrize("opset", [7, 11, 12, 13, 21])
@pytest.mark.parametrize("axis", [None, 0, 1, 2, 3, -1])
def test_softmax(op_type: str, opset: int, axis: int | None) -> None:
    if axis == -1 and opset < 11:
        pytest.skip("negative axes came with opset 11")
    attributes = {} if axis is None else {"axis": axis}
    check(model(op_type, opset, {"x": X}, **attributes), {"x": X})
    check(model(op_type, opset, {"x": X}, shapes={"x": ["N", 3, None, 5]}, **attributes), {"x": X})


REDUCTIONS = ["ReduceL1", "ReduceL2", "ReduceLogSum", "ReduceLogSumExp", "ReduceMax", "ReduceMean", "ReduceMin"]
REDUCTIONS += ["ReduceProd", "ReduceSum", "ReduceSumSquare"]


@pytest.mark.parametrize("op_type", REDUCTIONS)
@pytest.mark.parametrize("opset", [7, 11, 12])
@pytest.mark.parametrize("attributes", [{}, {"axes": [1, 3]}, {"axes": [2], "keepdims": 0}, {"keepdims": 0}])
def test_reductions_with_axes_as_attribute(op_type: str, opset: int, attributes: dict[str, Any]) -> None:
    x = np.abs(X) + F32(0.1)
    check(model(op_type, opset, {"x": x}, **attributes), {"x": x})


@pytest.mark.parametrize("op_type", REDUCTIONS)
@pytest.mark.parametrize("opset", [13, 17, 18, 20])
def test_reductions_on_both_sides(op_type: str, opset: int) -> None:
    x = np.abs(X) + F32(0.1)
    if op_type == "ReduceSum" or opset >= 18:
        check(model(op_type, opset, {"x": x}, constants={"axes": i64(-1, 0)}, keepdims=0), {"x": x})
        check(model(op_type, opset, {"x": x}, noop_with_empty_axes=1), {"x": x})
    else:
        check(model(op_type, opset, {"x": x}, axes=[-1, 0], keepdims=0), {"x": x})


@pytest.mark.parametrize("opset", [7, 11, 12, 13, 21])
def test_squeeze_and_unsqueeze(opset: int) -> None:
    x = normal(1, 3, 1, 2)
    axes = [0, 2]
    if opset < 13:
        check(model("Squeeze", opset, {"x": x}, axes=axes), {"x": x})
        check(model("Unsqueeze", opset, {"x": x}, axes=axes), {"x": x})
    else:
        check(model("Squeeze", opset, {"x": x}, constants={"axes": i64(*axes)}), {"x": x})
        check(model("Unsqueeze", opset, {"x": x}, constants={"axes": i64(*axes)}), {"x": x})
    check(model("Squeeze", opset, {"x": x}), {"x": x})


def test_slice() -> None:
    for attributes in (
        {"starts": [1], "ends": [3]}, {"starts": [0, 1], "ends": [1, -1], "axes": [0, 3]},
        {"starts": [-3], "ends": [1000], "axes": [2]},
    ):
        check(model("Slice", 9, {"x": X}, **attributes), {"x": X})
    for opset in (10, 11, 13):
        constants = {"starts": i64(3, 0), "ends": i64(0, 9), "axes": i64(2, 3), "steps": i64(-2, 2)}
        check(model("Slice", opset, {"x": X}, constants=constants), {"x": X})


@pytest.mark.parametrize("opset", [2, 11, 13, 17, 18])
def test_split(opset: int) -> None:
    x = normal(4, 6)
    sizes: dict[str, Any] = {"split": [1, 5]} if opset < 13 else {"constants": {"sizes": i64(1, 5)}}
    proto = model("Split", opset, {"x": x}, outputs=2, axis=1, **sizes)
    check(proto, {"x": x}, [x[:, :1], x[:, 1:]])
    equal = {"num_outputs": 3} if opset >= 18 else {}
    check(model("Split", opset, {"x": x}, outputs=3, axis=1, **equal), {"x": x}, np.split(x, 3, axis=1))


@pytest.mark.parametrize("opset", [1, 9, 10, 11, 23, 24])
def test_top_k(opset: int) -> None:
    k: dict[str, Any] = {"k": 3} if opset < 10 else {"constants": {"k": i64(3)}}
    order = np.argsort(-X, axis=2, kind="stable")[:, :, :3]
    check(model("TopK", opset, {"x": X}, outputs=2, axis=2, **k), {"x": X}, [np.take_along_axis(X, order, 2), order])


@pytest.mark.parametrize("opset", [7, 10, 11, 13, 18])
@pytest.mark.parametrize("mode", ["constant", "reflect", "edge"])
def test_pad(opset: int, mode: str) -> None:
    pads = [0, 0, 1, 2, 0, 0, 2, 1]
    if opset < 11:
        check(model("Pad", opset, {"x": X}, pads=pads, mode=mode, value=1.5), {"x": X})
        check(model("Pad", opset, {"x": X}, pads=pads, mode=mode), {"x": X})
    else:
        check(model("Pad", opset, {"x": X}, constants={"p": i64(*pads), "v": np.array(1.5, F32)}, mode=mode), {"x": X})


@pytest.mark.parametrize("opset", [6, 10, 11, 12, 13])
@pytest.mark.parametrize("bounds", [{}, {"min": -0.5}, {"max": 0.5}, {"min": -0.5, "max": 0.5}])
def test_clip(opset: int, bounds: dict[str, float]) -> None:
    """With infinities: the default bounds below opset 11 are finite."""
    x = np.array([-np.inf, -1, 0, 0.3, 1, np.inf, np.nan], F32)
    if opset < 11:
        check(model("Clip", opset, {"x": x}, **bounds), {"x": x})
    else:
        constants = {name: np.array(bound, F32) for name, bound in bounds.items()}
        order = ["x", *(name if name in bounds else "" for name in ("min", "max"))]
        check(model("Clip", opset, {"x": x}, constants=constants, order=order), {"x": x})


def test_clip_of_float16() -> None:
    """The default bounds are beyond what float16 holds."""
    x = np.array([-60000, -1, 3, 60000], np.float16)
    after = check(model("Clip", 6, {"x": x}, max=2.0), {"x": x}, [np.minimum(x, np.float16(2))])
    assert [value is None for value in after.graph.node(0).inputs] == [False, True, False]


@pytest.mark.parametrize("opset", [7, 9, 10, 11])
def test_dropout_drops_nothing(opset: int) -> None:
    check(model("Dropout", opset, {"x": X}, ratio=0.7), {"x": X}, [X])
    check(model("Dropout", opset, {"x": X}, ratio=0.7, outputs=2), {"x": X})


@pytest.mark.parametrize("opset", [12, 13, 22])
def test_dropout_with_inputs(opset: int) -> None:
    check(model("Dropout", opset, {"x": X}, constants={"ratio": np.array(0.7, F32)}, outputs=2), {"x": X})


STATISTICS = {"scale": normal(3), "bias": normal(3), "mean": normal(3), "var": np.abs(normal(3)) + F32(0.1)}


@pytest.mark.parametrize("opset", [7, 8, 9, 13, 14, 15])
def test_batch_normalization(opset: int) -> None:
    check(model("BatchNormalization", opset, {"x": X}, constants=STATISTICS, epsilon=1e-2), {"x": X})


@pytest.mark.parametrize("opset", [7, 8])
def test_batch_normalization_of_each_element(opset: int) -> None:
    constants = {name: np.abs(normal(3, 4, 5)) + F32(0.1) for name in STATISTICS}
    proto = model("BatchNormalization", opset, {"x": X}, constants=constants, spatial=0, epsilon=1e-2)
    scale, bias, mean, var = constants.values()
    check(proto, {"x": X}, [((X - mean) / np.sqrt(var + F32(1e-2)) * scale + bias).astype(F32)])


@pytest.mark.parametrize("opset", [18, 20, 21])
def test_group_normalization(opset: int) -> None:
    x = normal(2, 6, 4, 5)
    size = 2 if opset < 21 else 6
    check(
        model("GroupNormalization", opset, {"x": x}, constants={"s": normal(size), "b": normal(size)}, num_groups=2),
        {"x": x},
    )


@pytest.mark.parametrize("opset", [7, 8])
@pytest.mark.parametrize("mode", ["nearest", "linear"])
@pytest.mark.parametrize("scales", [[1, 1, 2, 3], [1, 1, 1.5, 2.5], [1, 1, 1, 1.3]])
def test_upsample_7(opset: int, mode: str, scales: list[float]) -> None:
    check(model("Upsample", opset, {"x": X}, scales=[float(scale) for scale in scales], mode=mode), {"x": X})


@pytest.mark.parametrize("mode", ["nearest", "linear"])
def test_upsample_9(mode: str) -> None:
    scales = np.array([1, 1, 2, 1.5], F32)
    check(model("Upsample", 9, {"x": X}, constants={"s": scales}, mode=mode), {"x": X})
    check(model("Upsample", 9, {"x": X, "s": scales}, mode=mode), {"x": X, "s": scales})


@pytest.mark.parametrize("mode", ["nearest", "linear"])
@pytest.mark.parametrize("scales", [[1, 1, 2, 3], [1, 1, 0.5, 0.6], [1, 1, 1.5, 0.7], [1, 1, 0.3, 2.5], [1, 1, 1, 1]])
def test_resize_10(mode: str, scales: list[float]) -> None:
    x = normal(1, 2, 7, 9)
    check(model("Resize", 10, {"x": x}, constants={"s": np.array(scales, F32)}, mode=mode), {"x": x})


def test_scales_from_a_constant_node() -> None:
    x, scales = normal(1, 2, 7, 9), numpy_helper.from_array(np.array([1, 1, 0.5, 2], F32))
    graph = helper.make_graph(
        [
            helper.make_node("Constant", [], ["s"], value=scales),
            helper.make_node("Resize", ["x", "s"], ["y"], mode="nearest"),
        ],
        "g", [value_info("x", x)], [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
    )
    check(versioned(graph, 10), {"x": x})


TRANSFORMATIONS = ["half_pixel", "align_corners", "asymmetric", "pytorch_half_pixel", "tf_half_pixel_for_nn"]


@pytest.mark.parametrize("opset", [11, 12, 13, 18, 19])
@pytest.mark.parametrize("transformation", TRANSFORMATIONS)
@pytest.mark.parametrize("nearest_mode", ["floor", "ceil", "round_prefer_floor", "round_prefer_ceil"])
def test_resize_nearest(opset: int, transformation: str, nearest_mode: str) -> None:
    if transformation == "tf_half_pixel_for_nn" and (opset >= 13 or nearest_mode != "floor"):
        pytest.skip("removed with opset 13; refused in other modes")
    x = normal(1, 2, 7, 9)
    attributes = {"coordinate_transformation_mode": transformation, "nearest_mode": nearest_mode, "mode": "nearest"}
    for sizes in (False, True):
        constants = {"roi": np.zeros(0, F32), "scales": np.array([] if sizes else [1, 1, 1.7, 0.6], F32)}
        constants |= {"sizes": i64(1, 2, 11, 5)} if sizes else {}
        check(resize(opset, x, constants, attributes), {"x": x})


@pytest.mark.parametrize("opset", [11, 13, 18])
@pytest.mark.parametrize("mode", ["linear", "cubic"])
@pytest.mark.parametrize("transformation", [*TRANSFORMATIONS[:4], "tf_crop_and_resize"])
def test_resize_interpolating(opset: int, mode: str, transformation: str) -> None:
    if transformation == "tf_crop_and_resize" and mode == "cubic":
        pytest.skip("not in onnxruntime")
    x = normal(1, 2, 7, 9)
    crop = [0, 0, 0.1, 0.2, 1, 1, 0.7, 0.9] if transformation == "tf_crop_and_resize" else []
    attributes = {"coordinate_transformation_mode": transformation, "mode": mode}
    constants = {"roi": np.array(crop, F32), "scales": np.zeros(0, F32), "sizes": i64(1, 2, 5, 12)}
    check(resize(opset, x, constants, attributes), {"x": x})


def resize(opset: int, x: np.ndarray, constants: dict[str, np.ndarray], attributes: dict[str, Any]) -> onnx.ModelProto:
    """Below opset 13 an input that is not given is an empty tensor, from there on it has no name."""
    if opset >= 13:
        constants = {name: array for name, array in constants.items() if array.size}
    order = ["x", *(name if name in constants else "" for name in ("roi", "scales", "sizes"))]
    while not order[-1]:
        order.pop()
    return model("Resize", opset, {"x": x}, constants=constants, order=order, **attributes)


@pytest.mark.parametrize("opset", [10, 15, 16, 21])
@pytest.mark.parametrize("mode", ["avg", "max"])
def test_roi_align(opset: int, mode: str) -> None:
    constants = {"rois": np.array([[0.2, 0.4, 3.1, 2.9], [1, 1, 4, 3]], F32), "batch": i64(0, 1)}
    proto = model(
        "RoiAlign", opset, {"x": X}, constants=constants, mode=mode, output_height=2, output_width=3, sampling_ratio=2
    )
    check(proto, {"x": X})


@pytest.mark.parametrize("opset", [16, 19, 20, 22])
@pytest.mark.parametrize("mode", ["linear", "nearest", "cubic"])
def test_grid_sample(opset: int, mode: str) -> None:
    name = {"linear": "bilinear", "cubic": "bicubic"}.get(mode, mode) if opset < 20 else mode
    grid = RNG.uniform(-1.2, 1.2, (2, 3, 3, 2)).astype(F32)
    check(model("GridSample", opset, {"x": X, "grid": grid}, mode=name, padding_mode="border"), {"x": X, "grid": grid})


@pytest.mark.parametrize("opset", [17, 19, 20])
@pytest.mark.parametrize("onesided", [0, 1])
def test_dft(opset: int, onesided: int) -> None:
    x = normal(2, 8, 6, 1)
    for axis in (1, 2):
        place: dict[str, Any] = {"axis": axis} if opset < 20 else {"constants": {"axis": np.array(axis)}}
        order = ["x"] if opset < 20 else ["x", "", "axis"]
        after = check(model("DFT", opset, {"x": x}, order=order, onesided=onesided, **place), {"x": x})
        assert after.graph.outputs[0].dtype == ir.DataType.FLOAT
    check(model("DFT", opset, {"x": x}, onesided=onesided), {"x": x})


@pytest.mark.parametrize("opset", [9, 10, 11, 27])
def test_one_hot(opset: int) -> None:
    """Negative ids count from the end in onnxruntime in every opset."""
    ids = i64(0, 2, -1, 5, -9)
    constants = {"depth": np.array(3), "values": np.array([0.5, 2], F32)}
    check(model("OneHot", opset, {"ids": ids}, constants=constants), {"ids": ids})


@pytest.mark.parametrize("opset", [9, 10, 11, 13, 18])
def test_scatter(opset: int) -> None:
    x, indices, updates = normal(4, 3), RNG.integers(0, 4, (2, 3)), normal(2, 3)
    inputs = {"x": x, "i": indices, "u": updates}
    after = check(model("Scatter" if opset < 11 else "ScatterElements", opset, inputs, axis=0), inputs)
    assert [node.op_type for node in after.graph] == ["ScatterElements"]


@pytest.mark.parametrize("op_type", ["RNN", "GRU", "LSTM"])
@pytest.mark.parametrize("opset", [7, 13, 14, 22])
def test_recurrent(op_type: str, opset: int) -> None:
    gates = {"RNN": 1, "GRU": 3, "LSTM": 4}[op_type]
    constants = {"w": normal(1, gates * 6, 5), "r": normal(1, gates * 6, 6), "b": normal(1, gates * 12)}
    x = normal(4, 2, 5)
    check(model(op_type, opset, {"x": x}, constants=constants, outputs=2, hidden_size=6), {"x": x})


@pytest.mark.parametrize("opset", [10, 11, 12, 21, 22])
@pytest.mark.parametrize("op_type", ["MaxPool", "AveragePool"])
def test_pooling(opset: int, op_type: str) -> None:
    """Rounding up, padding, automatic padding: onnxruntime means the same in all opsets."""
    x = normal(1, 2, 8, 7)
    options: dict[str, Any] = {"kernel_shape": [3, 3], "strides": [2, 2]}
    if op_type == "AveragePool":
        options["count_include_pad"] = 1
    for more in ({}, {"pads": [1, 0, 1, 2]}, {"ceil_mode": 1, "pads": [1, 1, 1, 1]}, {"auto_pad": "SAME_LOWER"}):
        check(model(op_type, opset, {"x": x}, **options, **more), {"x": x})


@pytest.mark.parametrize("opset", [10, 11, 22])
@pytest.mark.parametrize("more", [{}, {"auto_pad": "SAME_UPPER"}, {"output_shape": [8, 8]}, {"output_padding": [1, 1]}])
def test_conv_transpose(opset: int, more: dict[str, Any]) -> None:
    x = normal(1, 2, 4, 4)
    constants = {"w": normal(2, 3, 3, 3)}
    check(model("ConvTranspose", opset, {"x": x}, constants=constants, strides=[2, 2], **more), {"x": x})


@pytest.mark.parametrize("opset", [8, 10, 11, 13, 19])
def test_operators_that_never_changed_meaning(opset: int) -> None:
    y = normal(4, 5)
    for op_type in ("Add", "Sub", "Mul", "Div", "Max", "Min", "Sum", "Mean"):
        check(model(op_type, opset, {"x": X, "y": y}), {"x": X, "y": y})
    for op_type in ("Abs", "Exp", "Relu", "Sigmoid", "Elu", "Selu", "Flatten", "Transpose", "Shape", "Identity"):
        check(model(op_type, opset, {"x": X}), {"x": X})
    for op_type in ("ArgMax", "ArgMin"):
        check(model(op_type, opset, {"x": X}, axis=2), {"x": X})


# Below opset 7, which onnxruntime does not run: the specification in NumPy.


@pytest.mark.parametrize("opset", [1, 6])
@pytest.mark.parametrize(
    ("shape", "axis"), [((5,), None), ((4, 5), None), ((3,), 1), ((3, 4), 1), ((2,), 0), ((1, 1), None), ((5,), 3)]
)
def test_broadcast_along_an_axis(opset: int, shape: tuple[int, ...], axis: int | None) -> None:
    y = normal(*shape) + F32(3)
    attributes = {} if axis is None else {"axis": axis}
    spread = y if axis is None else y.reshape(shape + (1,) * (4 - axis - len(shape)))
    for op_type, function in {"Add": np.add, "Sub": np.subtract, "Mul": np.multiply, "Div": np.divide}.items():
        proto = model(op_type, opset, {"x": X, "y": y}, broadcast=1, **attributes)
        check(proto, {"x": X, "y": y}, [function(X, spread)])
        assert bool(check(model(op_type, opset, {"x": X, "z": X}), {"x": X, "z": X}, [function(X, X)]))


@pytest.mark.parametrize("opset", [1, 6])
def test_comparisons_along_an_axis(opset: int) -> None:
    y = normal(3)
    for op_type, function in {"Greater": np.greater, "Less": np.less}.items():
        proto = model(op_type, opset, {"x": X, "y": y}, broadcast=1, axis=1)
        check(proto, {"x": X, "y": y}, [function(X, y[:, None, None])])
    inputs = {"a": X > 0, "b": y > 0}
    for op_type, function in {"And": np.logical_and, "Or": np.logical_or, "Xor": np.logical_xor}.items():
        expected = function(inputs["a"], inputs["b"][:, None, None])
        check(model(op_type, opset, inputs, broadcast=1, axis=1), inputs, [expected])
    m, n = RNG.integers(0, 2, (2, 3, 4)), RNG.integers(0, 2, 3)
    check(model("Equal", opset, {"m": m, "n": n}, broadcast=1, axis=1), {"m": m, "n": n}, [m == n[:, None]])
    p, q = np.abs(X), np.abs(y)
    check(model("Pow", opset, {"p": p, "q": q}, broadcast=1, axis=1), {"p": p, "q": q}, [p ** q[:, None, None]])


@pytest.mark.parametrize("slopes", [1, 3])
def test_prelu_of_channels(slopes: int) -> None:
    slope = normal(slopes)
    expected = np.where(X < 0, X * slope[:, None, None], X)
    check(model("PRelu", 6, {"x": X}, constants={"slope": slope}), {"x": X}, [expected])


@pytest.mark.parametrize("opset", [1, 6])
def test_gemm_with_broadcast(opset: int) -> None:
    a, b, c = normal(4, 3), normal(5, 3), normal(5)
    proto = model("Gemm", opset, {"a": a}, constants={"b": b, "c": c}, broadcast=1, transB=1, alpha=0.5, beta=2.0)
    check(proto, {"a": a}, [F32(0.5) * (a @ b.T) + F32(2) * c])


def test_gemm_on_both_sides() -> None:
    a, constants = normal(4, 3), {"b": normal(3, 5), "c": normal(5)}
    for opset in (7, 9, 11, 13):
        check(model("Gemm", opset, {"a": a}, constants=constants), {"a": a})


def test_cast_by_name() -> None:
    check(model("Cast", 1, {"x": X}, to="INT32"), {"x": X}, [X.astype(np.int32)])
    check(model("Cast", 6, {"x": X}, to=TensorProto.INT32), {"x": X})


def test_old_attributes_of_shape_operators() -> None:
    check(model("Reshape", 1, {"x": X}, shape=[0, -1], consumed_inputs=[0]), {"x": X}, [X.reshape(2, -1)])
    check(model("Concat", 1, {"x": X, "y": X}), {"x": X, "y": X}, [np.concatenate([X, X], axis=1)])
    check(model("Concat", 3, {"x": X, "y": X}, axis=3), {"x": X, "y": X}, [np.concatenate([X, X], axis=3)])
    constants = {"tiles": np.array(3, F32), "axis": np.array(2, F32)}
    check(model("Tile", 1, {"x": X}, constants=constants), {"x": X}, [np.tile(X, (1, 1, 3, 1))])
    check(model("Tile", 6, {"x": X}, constants={"repeats": i64(1, 2, 1, 3)}), {"x": X})
    pads = [0, 0, 1, 2, 0, 0, 2, 1]
    padded = np.pad(X, [(0, 0), (0, 0), (1, 2), (2, 1)], constant_values=2)
    check(model("Pad", 1, {"x": X}, paddings=pads, value=2.0), {"x": X}, [padded])
    check(model("Split", 1, {"x": X}, outputs=2, axis=3, split=[1, 4]), {"x": X}, [X[..., :1], X[..., 1:]])


def test_defaults_with_fewer_digits() -> None:
    negative = F32(1.673200011253357) * (np.exp(X) - 1)
    check(model("Selu", 1, {"x": X}), {"x": X}, [F32(1.0506999492645264) * np.where(X > 0, X, negative)])


def test_hints_about_memory_are_dropped() -> None:
    for op_type in ("Relu", "Abs", "Exp", "Sigmoid"):
        after = upgraded(model(op_type, 1, {"x": X}, consumed_inputs=[0]))
        assert not after.graph.node(0).attributes


def test_upsample_1() -> None:
    expected = X.repeat(2, axis=2).repeat(3, axis=3)
    check(model("Upsample", 1, {"x": X}, height_scale=2.0, width_scale=3.0), {"x": X}, [expected])


def test_batch_normalization_for_inference() -> None:
    more = {"is_test": 1, "consumed_inputs": [0, 0, 0, 1, 1]}
    proto = model("BatchNormalization", 1, {"x": X}, constants=STATISTICS, **more)
    scale, bias, mean, var = (array[:, None, None] for array in STATISTICS.values())
    check(proto, {"x": X}, [((X - mean) / np.sqrt(var + F32(1e-5)) * scale + bias).astype(F32)])
    check(model("Dropout", 6, {"x": X}, is_test=1), {"x": X}, [X])


def test_pooling_of_any_norm() -> None:
    x = np.abs(X)
    expected = np.sqrt((x.astype(np.float64) ** 2).sum((2, 3), keepdims=True)).astype(F32)
    check(model("GlobalLpPool", 1, {"x": x}, p=2.0), {"x": x}, [expected])
    check(model("GlobalLpPool", 2, {"x": x}, p=2), {"x": x})
    check(model("LpPool", 1, {"x": x}, p=2.0, kernel_shape=[4, 5]), {"x": x}, [expected])


@pytest.mark.parametrize("op_type", ["RNN", "GRU", "LSTM"])
@pytest.mark.parametrize("opset", [1, 3, 6])
def test_recurrent_with_output_sequence(op_type: str, opset: int) -> None:
    gates = {"RNN": 1, "GRU": 3, "LSTM": 4}[op_type]
    constants = {"w": normal(1, gates * 6, 5), "r": normal(1, gates * 6, 6), "b": normal(1, gates * 12)}
    x = normal(4, 2, 5)
    new = run(model(op_type, 7, {"x": x}, constants=constants, outputs=2, hidden_size=6), {"x": x})
    old = model(op_type, opset, {"x": x}, constants=constants, outputs=2, hidden_size=6, output_sequence=1)
    check(old, {"x": x}, new)


def test_scan_of_a_batch() -> None:
    """The sum of each sequence, and the partial sums, for each sample."""
    x, start = normal(3, 4, 2), normal(3, 2)
    body = helper.make_graph(
        [helper.make_node("Add", ["state", "item"], ["sum"]), helper.make_node("Softmax", ["sum"], ["soft"], axis=0)],
        "body", [value_info("state", start[0]), value_info("item", x[0, 0])],
        [value_info("sum", start[0]), value_info("soft", start[0])],
    )
    node = helper.make_node("Scan", ["", "start", "x"], ["final", "sums"], body=body, num_scan_inputs=1)
    graph = helper.make_graph(
        [node], "g", [value_info("start", start), value_info("x", x)],
        [value_info("final", start), value_info("sums", x)],
    )
    inputs = {"start": start, "x": x}
    check(versioned(graph, 8), inputs)
    body.node[1].attribute[0].i = 0
    node.attribute.append(helper.make_attribute("directions", [1]))
    del graph.node[:]
    graph.node.append(node)
    check(versioned(graph, 8), inputs)


# Subgraphs, provenance, names.


def test_subgraphs_are_upgraded() -> None:
    """Softmax of opset 11 inside both branches of an If inside a Loop, of values from outside."""
    shaped = value_info("s", X)
    then = helper.make_graph([helper.make_node("Softmax", ["carried"], ["s"], axis=1)], "then", [], [shaped])
    other = helper.make_graph([helper.make_node("Softmax", ["x"], ["s"], axis=2)], "else", [], [shaped])
    first = numpy_helper.from_array(np.array(1, np.int64), "one")
    body = helper.make_graph(
        [
            helper.make_node("Less", ["i", "one"], ["c"]),
            helper.make_node("If", ["c"], ["next"], then_branch=then, else_branch=other),
            helper.make_node("ReduceSum", ["next"], ["item"], axes=[1, 2], keepdims=0),
            helper.make_node("Identity", ["go"], ["go_on"]),
        ],
        "body",
        [
            helper.make_tensor_value_info("i", TensorProto.INT64, []),
            helper.make_tensor_value_info("go", TensorProto.BOOL, []),
            helper.make_tensor_value_info("carried", TensorProto.FLOAT, None),
        ],
        [
            helper.make_tensor_value_info("go_on", TensorProto.BOOL, []),
            value_info("next", X),
            helper.make_tensor_value_info("item", TensorProto.FLOAT, [2, 5]),
        ],
        [first],
    )
    count = numpy_helper.from_array(np.array(3, np.int64), "count")
    graph = helper.make_graph(
        [helper.make_node("Loop", ["count", "", "x"], ["final", "items"], "loop", body=body)], "g",
        [value_info("x", X)], [value_info("final", X), value_info("items", normal(3, 2, 5))], [count],
    )
    after = check(versioned(graph, 11), {"x": X})
    inside = [node for node in after.graph.all_nodes() if node.graph is not after.graph]
    assert all(output.dtype is not None for node in inside for output in node.outputs)
    final, items = after.graph.outputs
    assert list(final.shape) == [2, 3, 4, 5]
    assert list(items.shape)[1:] == [2, 5]


def test_names_and_sources_are_kept() -> None:
    proto = model("Softmax", 9, {"x": X}, axis=1)
    proto.graph.node[0].name = "encoder/softmax"
    after = upgraded(proto)
    assert [value.name for value in after.graph.outputs] == ["out_0"]
    assert [node.op_type for node in after.graph] == ["Flatten", "Softmax", "Shape", "Reshape"]
    for node in after.graph:
        assert provenance.source_op(node) == "Softmax"
        assert provenance.source_name(node) == "encoder/softmax"


def test_a_model_at_the_pinned_opset_stays_as_it_is() -> None:
    proto = model("Softmax", opsets.IR_OPSET, {"x": X}, axis=1)
    after = upgraded(proto)
    assert [node.op_type for node in after.graph] == ["Softmax"]
    expected = run(model("Softmax", 13, {"x": X}, axis=1), {"x": X})
    np.testing.assert_array_equal(run_upgraded(after, {"x": X})[0], expected[0])


def test_functions_of_another_opset_are_upgraded_from_theirs() -> None:
    body = [helper.make_node("Softmax", ["a"], ["b"], axis=1)]
    function = helper.make_function("local", "Soft", ["a"], ["b"], body, [helper.make_opsetid("", 11)])
    graph = helper.make_graph(
        [helper.make_node("Soft", ["x"], ["y"], domain="local"), helper.make_node("Softmax", ["y"], ["z"], axis=1)],
        "g", [value_info("x", X)], [value_info("z", X)],
    )
    imports = [helper.make_opsetid("", 17), helper.make_opsetid("local", 1)]
    proto = helper.make_model(graph, opset_imports=imports, functions=[function], ir_version=8)
    after = upgraded(proto)
    soft = run(model("Softmax", 11, {"x": X}, axis=1), {"x": X})[0]
    expected = run(model("Softmax", 17, {"x": soft}, axis=1), {"x": soft})[0]
    np.testing.assert_allclose(run_upgraded(after, {"x": X})[0], expected, rtol=1e-6)


# Refusals.


@pytest.mark.parametrize(
    ("proto", "reason"),
    [
        (lambda: model("ATen", 9, {"x": X}), "operator ATen does not exist in opset 9"),
        (lambda: model("MeanVarianceNormalization", 6, {"x": X}), "does not exist in opset 6"),
        (lambda: model("Gelu", 19, {"x": X}), "operator Gelu does not exist in opset 19"),
        (lambda: model("AveragePool", 9, {"x": X}, kernel_shape=[2, 2], ceil_mode=1), "unknown attribute 'ceil_mode'"),
        (lambda: model("Softmax", 13, {"x": X}, axis=1.0), "'axis' is of type FLOAT instead of INT"),
        (lambda: model("Concat", 13, {"x": X}, axis=(1 << 63) - 1), "axis=9223372036854775807 is no axis"),
        (lambda: model("Add", 13, {"x": X}), "1 inputs where opset 13 takes 2 to 2"),
        (lambda: model("Relu", 13, {"x": X}, outputs=2), "2 outputs where opset 13 takes 1 to 1"),
        (lambda: model("AveragePool", 22, {"x": X}), "required attribute 'kernel_shape' is missing"),
        (lambda: model("Dropout", 6, {"x": X}), "is_test=0 asks for training"),
        (lambda: model("BatchNormalization", 6, {"x": X}, constants=STATISTICS), "training mode"),
        (lambda: model("BatchNormalization", 9, {"x": X}, constants=STATISTICS, outputs=5), "training mode"),
        (lambda: model("GlobalLpPool", 1, {"x": X}, p=1.5), "p=1.5 is not a whole number"),
        (lambda: model("Split", 1, {"x": X}, outputs=2), "no default for it"),
        (lambda: model("Cast", 1, {"x": X}, to="QUATERNION"), "names no element type"),
        (lambda: model("GRU", 3, {"x": normal(2, 1, 3), "w": normal(1, 6, 3), "r": normal(1, 6, 2)}, hidden_size=2),
         "output_sequence=0"),
        (lambda: model("Upsample", 9, {"x": X}, constants={"s": np.array([1, 1, 0.5, 2], F32)}), "scales below 1"),
        (lambda: model("Resize", 10, {"x": X, "s": np.array([1, 1, 2, 2], F32)}), "must be known at conversion time"),
        (lambda: model("GroupNormalization", 18, {"x": X}, constants={"s": normal(3), "b": normal(3)},
                       shapes={"x": [2, "C", 4, 5]}, num_groups=3), "number of channels"),
    ],
)
def test_refusals(proto: Callable[[], onnx.ModelProto], reason: str) -> None:
    with pytest.raises(UnsupportedModel, match=reason):
        upgraded(proto())


def test_all_refused_nodes_are_listed() -> None:
    graph = helper.make_graph(
        [helper.make_node("ATen", ["x"], ["a"], "one"), helper.make_node("ATen", ["a"], ["b"], "two"),
         helper.make_node("Dropout", ["b"], ["c"], "three")],
        "g", [value_info("x", X)], [value_info("c", X)],
    )
    with pytest.raises(UnsupportedModel) as caught:
        upgraded(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 6)], ir_version=4))
    listed = [(node.op_type, node.name) for node in caught.value.nodes]
    assert listed == [("ATen", "one"), ("ATen", "two"), ("Dropout", "three")]
    assert "ATen (x2, first: one)" in str(caught.value)


# The tables.


def schemas() -> list[onnx.defs.OpSchema]:
    return [schema for schema in onnx.defs.get_all_schemas_with_history() if schema.domain == ""]


def test_every_operator_of_every_opset_is_upgraded_or_covered() -> None:
    for schema in schemas():
        if not schema.deprecated:
            assert not isinstance(plan(schema.name, schema.since_version), str), schema.name


def test_no_row_is_stale() -> None:
    for name, versions in UNCHANGED.items():
        assert versions <= set(bumps(name, 0)), name


def interface(schema: onnx.defs.OpSchema) -> tuple[dict[str, Any], list[str], list[str]]:
    attributes = {
        name: (str(attribute.type), attribute.default_value.SerializeToString(), attribute.required)
        for name, attribute in schema.attributes.items()
        if name not in HINTS
    }
    return attributes, [str(value.option) for value in schema.inputs], [str(value.option) for value in schema.outputs]


def test_unchanged_operators_only_gain_what_may_be_left_out() -> None:
    """What the older interface has, the newer has too, with the same defaults."""
    for schema in schemas():
        later = bumps(schema.name, schema.since_version)[:1]
        if not later or later[0] not in UNCHANGED.get(schema.name, ()):
            continue
        old, new = interface(schema), interface(opsets.schema("", schema.name, later[0]))
        for name, specification in old[0].items():
            relaxed = schema.name == "Constant"
            assert name in new[0] and (new[0][name] == specification or relaxed), (schema.name, later[0], name)
        for name in new[0].keys() - old[0].keys():
            assert not new[0][name][2], (schema.name, later[0], name)
        for before, after in ((old[1], new[1]), (old[2], new[2])):
            assert len(after) >= len(before)
            for place, option in enumerate(after):
                required = "Single" in option
                assert not required or (place < len(before) and "Single" in before[place]), (schema.name, later[0])


# All models that onnx ships: they are raised, and inference agrees with what they declare.


def declared(value: onnx.ValueInfoProto) -> tuple[int, list[int | None] | None]:
    tensor = value.type.tensor_type
    if not tensor.HasField("shape"):
        return tensor.elem_type, None
    return tensor.elem_type, [dim.dim_value if dim.HasField("dim_value") else None for dim in tensor.shape.dim]


def check_declared(after: ir.Model, proto: onnx.ModelProto) -> None:
    assert [value.name for value in after.graph.outputs] == [value.name for value in proto.graph.output]
    for value, info in zip(after.graph.outputs, proto.graph.output, strict=True):
        assert value.type is not None
        if info.type.WhichOneof("value") != "tensor_type":
            continue
        dtype, dims = declared(info)
        assert int(value.dtype) == dtype
        if dims is not None:
            assert value.shape is not None and value.shape.rank() == len(dims), (value, dims)
            assert all(a == b or b is None or not isinstance(a, int) for a, b in zip(value.shape, dims, strict=True))


def stored_cases(kind: str) -> list[Any]:
    return [pytest.param(case, id=case.name) for case in load_model_tests(kind=kind)]


@pytest.mark.parametrize("case", [*stored_cases("pytorch-operator"), *stored_cases("pytorch-converted")])
def test_models_from_pytorch(case: Any) -> None:
    """Opsets 6 to 9, with the outputs that PyTorch gave."""
    folder = Path(case.model_dir)
    after = upgraded(folder / "model.onnx")
    check_declared(after, onnx.load(folder / "model.onnx"))
    for data in sorted(folder.glob("test_data_set_*")):
        inputs = {str(value.name): read(data / f"input_{index}.pb") for index, value in enumerate(after.graph.inputs)}
        for index, found in enumerate(run_upgraded(after, inputs)):
            expected = read(data / f"output_{index}.pb")
            assert (found.dtype, found.shape) == (expected.dtype, expected.shape)
            np.testing.assert_allclose(found, expected, rtol=case.rtol, atol=case.atol)


def read(file: Path) -> np.ndarray:
    return numpy_helper.to_array(onnx.TensorProto.FromString(file.read_bytes()))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_all_node_tests_are_raised() -> None:
    for case in collect_testcases(None):
        check_declared(upgraded(case.model), case.model)
