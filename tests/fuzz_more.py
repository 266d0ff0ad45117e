"""Families of random models that need more than one node, or operators that take much to draw; see `tests.fuzz`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
import onnx.parser
from hypothesis import strategies as st
from onnx import helper

from tests.fuzz_draw import FLOATS, INTS, Case, Draw, array, axis_of, dims, indices, one_of


@dataclass
class Graph:
    """A model in ONNX's text form, and what is fed to it."""

    text: str
    fed: dict[str, np.ndarray]
    rtol: float = 1e-5

    def model(self) -> onnx.ModelProto:
        """The parsed model."""
        return onnx.parser.parse_model('<ir_version: 10, opset_import: ["" : 20]>' + self.text)

    def feeds(self) -> dict[str, np.ndarray]:
        """Inputs by name."""
        return self.fed


def _typed(draw: Draw, name: str, shape: Sequence[int], kind: str = "float") -> str:
    """An input of this shape; some of its sizes are not in the model."""
    sizes = [f"{name}{axis}" if draw(st.booleans()) else str(size) for axis, size in enumerate(shape)]
    return f"{kind}[{','.join(sizes)}] {name}" if shape else f"{kind} {name}"


EXTREMES = (np.nan, np.inf, -np.inf, -0.0, 0.0, 1.0, -1.5, 3e38, -3e38)


def extremes(draw: Draw) -> Case:
    """NaN, infinities, -0 and the ends of the range, but for what docs/paddle_traps.md says of Relu, Sqrt and Exp."""
    op_type = one_of(
        draw, "Abs", "Neg", "Floor", "Ceil", "Round", "Sign", "IsNaN", "IsInf", "Exp", "Log", "Add", "Sub", "Mul",
        "Div", "Less", "Equal", "Where", "ReduceSum", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceLogSumExp", "Max",
        "Min",
    )
    shape = dims(draw, 0, 2, 4)
    dtype = one_of(draw, *FLOATS)
    generator = np.random.default_rng(draw(st.integers(0, 2**16)))
    x, y = (generator.choice(EXTREMES, shape).astype(dtype) for _ in range(2))
    is_dynamic = draw(st.booleans())
    if op_type == "Where":
        return Case(op_type, [generator.random(shape) < 0.5, x, y], is_dynamic=is_dynamic)
    if op_type in ("Add", "Sub", "Mul", "Div", "Less", "Equal", "Max", "Min"):
        return Case(op_type, [x, y], {}, one_of(draw, (), (1,)), is_dynamic)
    if op_type == "Exp":
        x = np.nan_to_num(x, posinf=np.inf, neginf=-np.inf)
    if op_type.startswith("Reduce"):
        x = x if op_type in ("ReduceMax", "ReduceMin") else np.clip(x, -1e4, np.inf)
        x = x.astype(dtype)
        return Case(op_type, [np.where(np.isnan(x), np.array(2, dtype), x)], {"keepdims": 0}, is_dynamic=is_dynamic)
    return Case(op_type, [x], is_dynamic=is_dynamic)


def empties(draw: Draw) -> Case:  # noqa: C901 - one operator after the other
    """Tensors without elements, and results without any."""
    rank = draw(st.integers(1, 3))
    shape = [draw(st.integers(0, 3)) for _ in range(rank)]
    shape[draw(st.integers(0, rank - 1))] = 0
    axis, is_dynamic = axis_of(draw, rank), draw(st.booleans())
    x = np.zeros(shape, one_of(draw, "float32", "int64"))
    op_type = one_of(
        draw, "Abs", "Add", "Concat", "Transpose", "ReduceSum", "ReduceProd", "NonZero", "Shape", "Size", "Cast",
        "Tile", "Unsqueeze", "Gather", "Slice", "Pad", "MatMul", "Where", "CumSum", "Expand",
    )
    if op_type == "Add":
        return Case(op_type, [x, np.ones([1] * rank, x.dtype)], is_dynamic=is_dynamic)
    if op_type == "Concat":
        other = [2 if place == axis % rank else size for place, size in enumerate(shape)]
        return Case(op_type, [x, np.ones(other, x.dtype)], {"axis": axis}, is_dynamic=is_dynamic)
    if op_type in ("ReduceSum", "ReduceProd"):
        return Case(op_type, [x, np.array([axis])], {"keepdims": draw(st.integers(0, 1))}, (1,), is_dynamic)
    if op_type == "Cast":
        return Case(op_type, [x], {"to": helper.np_dtype_to_tensor_dtype(np.dtype("float64"))}, is_dynamic=is_dynamic)
    if op_type == "Tile":
        return Case(op_type, [x, np.array([draw(st.integers(0, 2)) for _ in shape])], {}, (1,), is_dynamic)
    if op_type == "Unsqueeze":
        return Case(op_type, [x, np.array([axis])], {}, (1,), is_dynamic)
    if op_type == "Gather":
        return Case(op_type, [np.ones([3, *shape], x.dtype), np.zeros([0], np.int64)], {"axis": 0}, (), is_dynamic)
    if op_type == "Slice":
        bounds = [np.array([number]) for number in (draw(st.integers(0, 2)), draw(st.integers(0, 2)), axis)]
        return Case(op_type, [x, *bounds], {}, one_of(draw, (1, 2, 3), (3,)), is_dynamic)
    if op_type == "Pad":
        return Case(op_type, [x, np.array([draw(st.integers(0, 1)) for _ in shape * 2])], {}, (1,), is_dynamic)
    if op_type == "MatMul":
        n, k, m = one_of(draw, (0, 2, 3), (2, 0, 3), (2, 3, 0))
        # An inner dimension that turns out to be 0 is garbage with oneDNN: see docs/paddle_traps.md.
        inputs = [np.ones([n, k], np.float32), np.ones([k, m], np.float32)]
        return Case(op_type, inputs, is_dynamic=is_dynamic and k > 0)
    if op_type == "Where":
        return Case(op_type, [x > 0, x, np.ones([1] * rank, x.dtype)], is_dynamic=is_dynamic)
    if op_type == "CumSum":
        return Case(op_type, [x, np.array(axis)], {}, (1,), is_dynamic)
    if op_type == "Expand":
        return Case(op_type, [x, np.array([2, *shape])], {}, one_of(draw, (), (1,)), is_dynamic)
    return Case(op_type, [x], is_dynamic=is_dynamic)


def quantising(draw: Draw) -> Case:
    """Per tensor and per axis; sums of products are exact."""
    op_type = one_of(
        draw, "QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear", "MatMulInteger", "ConvInteger",
        "QLinearMatMul", "QLinearConv",
    )
    dtype, is_dynamic = one_of(draw, "uint8", "int8"), draw(st.booleans())
    low = 0 if dtype == "uint8" else -16

    def number(kind: str, shape: Sequence[int], least: float = -4) -> np.ndarray:
        return array(draw, shape, kind, least, 16 if kind in ("uint8", "int8") else 4)

    def scale(shape: Sequence[int] = ()) -> np.ndarray:
        return np.asarray(2.0 ** np.random.default_rng(draw(st.integers(0, 99))).integers(-3, 2, shape), np.float32)

    if op_type == "DynamicQuantizeLinear":
        return Case(op_type, [number("float32", dims(draw, 1, 3))], outputs=3, is_dynamic=is_dynamic)
    if op_type in ("QuantizeLinear", "DequantizeLinear"):
        shape = dims(draw, 1, 4)
        axis = axis_of(draw, len(shape))
        vector = [shape[axis]] if draw(st.booleans()) else []
        x = number("float32", shape, -64) if op_type == "QuantizeLinear" else number(dtype, shape, low)
        zero = number(dtype, vector, low) if draw(st.booleans()) else None
        if op_type == "QuantizeLinear" and zero is None:
            zero = np.zeros(vector, dtype)
        return Case(op_type, [x, scale(vector), zero], {"axis": axis}, one_of(draw, (1, 2), ()), is_dynamic)
    if op_type in ("MatMulInteger", "QLinearMatMul"):
        n, k, m = (draw(st.integers(1, 5)) for _ in range(3))
        a, b = number(dtype, [n, k], low), number(dtype, [k, m], low)
        zeros = [number(dtype, [], low), number(dtype, [], low)]
        if op_type == "MatMulInteger":
            return Case(op_type, [a, b, *zeros], {}, one_of(draw, (1, 2, 3), ()), is_dynamic)
        inputs = [a, scale(), zeros[0], b, scale(), zeros[1], scale(), number(dtype, [], low)]
        return Case(op_type, inputs, {}, (1, 2, 3, 4, 5, 6, 7), is_dynamic)
    group, depth = one_of(draw, 1, 2), draw(st.integers(1, 2))
    x = number("uint8", [1, group * depth, 5, 4], 0)
    w = number("uint8", [group * 2, depth, 3, draw(st.integers(1, 3))], 0)
    attributes = {
        "group": group, "pads": [draw(st.integers(0, 1)) for _ in range(4)],
        "strides": [draw(st.integers(1, 2)) for _ in range(2)],
    }
    zeros = [number("uint8", [], 0), number("uint8", [], 0)]
    if op_type == "ConvInteger":
        return Case(op_type, [x, w, *zeros], attributes, (1, 2, 3))
    bias = array(draw, [group * 2], "int32") if draw(st.booleans()) else None
    inputs = [x, scale(), zeros[0], w, scale(), zeros[1], scale(), number("uint8", [], 0), bias]
    return Case(op_type, inputs, attributes, tuple(range(1, 9)))


def recurrent(draw: Draw) -> Case:
    """LSTM, GRU and RNN: directions, initial states, lengths, layouts, peepholes."""
    op_type, gates = one_of(draw, ("LSTM", 4), ("GRU", 3), ("RNN", 1))
    steps, batch, size, hidden = (draw(st.integers(1, 4)) for _ in range(4))
    direction = one_of(draw, "forward", "reverse", "bidirectional")
    count = 2 if direction == "bidirectional" else 1
    generator = np.random.default_rng(draw(st.integers(0, 2**16)))

    def normal(*shape: int) -> np.ndarray:
        return (generator.normal(size=shape) * 0.5).astype(np.float32)

    attributes: dict[str, Any] = {"hidden_size": hidden, "direction": direction}
    if op_type == "GRU":
        attributes["linear_before_reset"] = draw(st.integers(0, 1))
    if draw(st.booleans()):
        attributes["clip"] = 0.5
    inputs: list[np.ndarray | None] = [
        normal(steps, batch, size), normal(count, gates * hidden, size), normal(count, gates * hidden, hidden),
        normal(count, 2 * gates * hidden) if draw(st.booleans()) else None,
        generator.integers(1, steps + 1, batch).astype(np.int32) if draw(st.booleans()) else None,
        normal(count, batch, hidden) if draw(st.booleans()) else None,
    ]
    if op_type == "LSTM":
        inputs.append(normal(count, batch, hidden) if draw(st.booleans()) else None)
        inputs.append(normal(count, 3 * hidden) if draw(st.booleans()) else None)
    constants = (1, 2, 3, 7) if draw(st.booleans()) else (1, 2, 3, 4, 5, 6, 7)
    return Case(
        op_type, inputs, attributes, constants, draw(st.booleans()), outputs=3 if op_type == "LSTM" else 2
    )


def filling(draw: Draw) -> Case:
    """OneHot with ids out of range, Range, EyeLike, Trilu, ConstantOfShape, Expand."""
    op_type = one_of(draw, "OneHot", "Range", "EyeLike", "Trilu", "NonZero", "ReverseSequence", "Compress", "Unique")
    is_dynamic = draw(st.booleans())
    if op_type == "OneHot":
        shape, depth = dims(draw, 0, 3), draw(st.integers(1, 5))
        ids = np.random.default_rng(draw(st.integers(0, 99))).integers(-depth - 2, depth + 2, shape)
        values = np.array([draw(st.integers(-3, 3)) for _ in range(2)], one_of(draw, "float32", "int64"))
        axis = axis_of(draw, len(shape) + 1)
        return Case(op_type, [ids, np.array(depth), values], {"axis": axis}, one_of(draw, (1,), (1, 2), ()), is_dynamic)
    if op_type == "Range":
        dtype = one_of(draw, "float32", "int64", "int32")
        start, step = draw(st.integers(-5, 5)), one_of(draw, -2, -1, 1, 2, 3)
        numbers = [np.array(number, dtype) for number in (start, draw(st.integers(-8, 8)), step)]
        return Case(op_type, numbers, {}, one_of(draw, (), (0, 2), (0, 1, 2)))
    if op_type in ("EyeLike", "Trilu"):
        x = array(draw, dims(draw, 2, 2) if op_type == "EyeLike" else dims(draw, 2, 4), one_of(draw, *FLOATS, *INTS))
        offset = draw(st.integers(-4, 4))
        if op_type == "EyeLike":
            return Case(op_type, [x], {"k": offset}, is_dynamic=is_dynamic)
        upper = draw(st.integers(0, 1))
        return Case(op_type, [x, np.array(offset)], {"upper": upper}, one_of(draw, (), (1,)), is_dynamic)
    if op_type == "ReverseSequence":
        batch_axis = draw(st.integers(0, 1))
        x = array(draw, dims(draw, 2, 4), "float32")
        lengths = indices(draw, [x.shape[batch_axis]], x.shape[1 - batch_axis]) % x.shape[1 - batch_axis] + 1
        return Case(op_type, [x, lengths], {"batch_axis": batch_axis, "time_axis": 1 - batch_axis}, (), is_dynamic)
    x = array(draw, dims(draw, 1, 3), one_of(draw, "float32", "int64"), -1, 1)
    if op_type == "NonZero":
        return Case(op_type, [x], is_dynamic=is_dynamic)
    axis = one_of(draw, None, axis_of(draw, x.ndim))
    chosen = {} if axis is None else {"axis": axis}
    if op_type == "Unique":
        return Case(op_type, [x], {"sorted": draw(st.integers(0, 1)), **chosen}, outputs=4, is_dynamic=is_dynamic)
    size = x.size if axis is None else x.shape[axis]
    kept = array(draw, [draw(st.integers(1, size))], "bool")
    return Case(op_type, [x, kept], chosen, one_of(draw, (), (1,)), is_dynamic)


def rearranging(draw: Draw) -> Case:
    """Split, Squeeze, DepthToSpace, SpaceToDepth, CenterCropPad, Shape, Col2Im."""
    op_type = one_of(draw, "Split", "DepthToSpace", "SpaceToDepth", "CenterCropPad", "Shape", "Squeeze", "Where")
    is_dynamic, dtype = draw(st.booleans()), one_of(draw, *FLOATS, *INTS)
    if op_type == "Split":
        shape = dims(draw)
        axis = axis_of(draw, len(shape))
        if draw(st.booleans()):
            cut = draw(st.integers(0, shape[axis]))
            sizes = np.array([cut, shape[axis] - cut])
            return Case(op_type, [array(draw, shape, dtype), sizes], {"axis": axis}, (1,), is_dynamic, outputs=2)
        count = draw(st.integers(1, shape[axis]))
        attributes = {"axis": axis, "num_outputs": count}
        return Case(op_type, [array(draw, shape, dtype)], attributes, is_dynamic=is_dynamic, outputs=count)
    if op_type in ("DepthToSpace", "SpaceToDepth"):
        block, (n, c, h, w) = draw(st.integers(1, 3)), [draw(st.integers(1, 3)) for _ in range(4)]
        if op_type == "DepthToSpace":
            mode = {"mode": one_of(draw, "DCR", "CRD"), "blocksize": block}
            return Case(op_type, [array(draw, [n, c * block * block, h, w], "float32")], mode, is_dynamic=is_dynamic)
        x = array(draw, [n, c, h * block, w * block], "float32")
        return Case(op_type, [x], {"blocksize": block}, is_dynamic=is_dynamic)
    shape = dims(draw)
    x = array(draw, shape, dtype)
    if op_type == "CenterCropPad":
        target = np.array([draw(st.integers(1, 7)) for _ in shape])
        return Case(op_type, [x, target], {}, one_of(draw, (), (1,)), is_dynamic)
    if op_type == "Shape":
        bounds = {"start": draw(st.integers(-5, 5)), "end": draw(st.integers(-5, 5))}
        return Case(op_type, [x], bounds, is_dynamic=is_dynamic)
    if op_type == "Squeeze":
        ones = [1 if draw(st.booleans()) else size for size in shape]
        axes = [axis for axis, size in enumerate(ones) if size == 1]
        return Case(op_type, [array(draw, ones, dtype), np.array(axes, np.int64)], {}, (1,), is_dynamic)
    smaller = [size if draw(st.booleans()) else 1 for size in shape]
    return Case(op_type, [array(draw, smaller, "bool"), x, array(draw, smaller, dtype)], {}, (), is_dynamic)


def bits(draw: Draw) -> Case:
    """Integers of every width: arithmetic wraps around, shifts and masks are exact."""
    op_type = one_of(
        draw, "BitShift", "BitwiseAnd", "BitwiseOr", "BitwiseXor", "BitwiseNot", "Add", "Sub", "Mul", "Max"
    )
    dtype = one_of(draw, "uint8", "uint32", "uint64", "int8", "int16", "int32", "int64", "uint16")
    if op_type == "BitShift":
        dtype = one_of(draw, "uint8", "uint32", "uint64")
    shape = dims(draw, 0, 2)
    generator = np.random.default_rng(draw(st.integers(0, 2**16)))
    width = np.iinfo(dtype)
    x, y = (generator.integers(width.min, width.max, shape, dtype, endpoint=True) for _ in range(2))
    if op_type == "BitwiseNot":
        return Case(op_type, [np.asarray(x, dtype)], is_dynamic=draw(st.booleans()))
    attributes = {}
    if op_type == "BitShift":
        attributes, y = {"direction": one_of(draw, "LEFT", "RIGHT")}, y % np.array(width.bits, dtype)
    return Case(op_type, [np.asarray(x, dtype), np.asarray(y, dtype)], attributes, (), draw(st.booleans()))


def sampling(draw: Draw) -> Case:
    """GridSample, RoiAlign, MaxRoiPool."""
    x = array(draw, [draw(st.integers(1, 2)), 2, draw(st.integers(3, 6)), draw(st.integers(3, 6))], "float32")
    op_type = one_of(draw, "GridSample", "RoiAlign")
    generator = np.random.default_rng(draw(st.integers(0, 2**16)))
    if op_type == "GridSample":
        grid = generator.uniform(-1.3, 1.3, (x.shape[0], 3, 4, 2)).astype(np.float32)
        attributes = {
            "mode": one_of(draw, "linear", "cubic"), "padding_mode": one_of(draw, "zeros", "border", "reflection"),
            "align_corners": draw(st.integers(0, 1)),
        }
        return Case(op_type, [x, grid], attributes, is_dynamic=draw(st.booleans()), rtol=1e-3)
    count = draw(st.integers(1, 3))
    corners = generator.uniform(0, 4, (count, 2, 2))
    boxes = np.concatenate([corners.min(1), corners.max(1) + 0.5], 1).astype(np.float32)
    attributes = {
        "output_height": draw(st.integers(1, 3)), "output_width": draw(st.integers(1, 3)),
        "sampling_ratio": draw(st.integers(0, 2)), "mode": one_of(draw, "avg", "max"),
        "spatial_scale": one_of(draw, 1.0, 0.5),
        "coordinate_transformation_mode": one_of(draw, "half_pixel", "output_half_pixel"),
    }
    ids = generator.integers(0, x.shape[0], count)
    return Case(op_type, [x, boxes, ids], attributes, is_dynamic=draw(st.booleans()), rtol=1e-3)


def branching(draw: Draw) -> Graph:
    """If, Loop and Scan whose bodies take values from outside, nested in one another."""
    shape = dims(draw, 1, 2, 4)
    x, y = array(draw, shape, "float32"), array(draw, shape, "float32")
    header = f"{_typed(draw, 'x', shape)}, {_typed(draw, 'y', shape)}"
    kind = one_of(draw, "If", "Loop", "Scan", "nested")
    operator, other = (one_of(draw, "Add", "Sub", "Mul", "Max") for _ in range(2))
    if kind == "If":
        body = f"""z = If (c) <then_branch = t () => (float[] a) {{ s = {operator}(x, y) a = Abs(s) }},
            else_branch = e () => (float[] b) {{ b = {other}(x, x) }}> r = {operator}(z, y)"""
        fed = {"x": x, "y": y, "c": np.array(draw(st.booleans()))}
        return Graph(f"g ({header}, bool c) => (float[] z, float[] r) {{ {body} }}".replace("float[]", "float"), fed)
    half = "float half = {0.5}"
    if kind == "Loop":
        body = f"""z, scanned = Loop (n, c, x) <body = l (int64 i, bool going, float v) => (bool on, float w, float k)
            <{half}> {{ on = Identity(going) m = {operator}(v, y) w = Mul(m, half) k = {other}(v, w) }}>"""
        # Of no rounds, onnxruntime's scan output has rank 1 where the body does not say the shape of its part.
        fed = {"x": x, "y": y, "n": np.array(draw(st.integers(1, 3))), "c": np.array(True)}
        return Graph(f"g ({header}, int64 n, bool c) => (float z, float scanned) {{ {body} }}", fed)
    if kind == "Scan":
        steps = draw(st.integers(1, 3))
        body = f"""z, scanned = Scan <num_scan_inputs = 1, body = l (float v, float one) => (float w, float k)
            <{half}> {{ m = {operator}(v, one) w = Mul(m, half) k = {other}(w, y) }},
            scan_input_directions = [{draw(st.integers(0, 1))}], scan_output_directions = [{draw(st.integers(0, 1))}]>
            (x, many)"""
        many = array(draw, [steps, *shape], "float32")
        text = f"g ({header}, {_typed(draw, 'many', many.shape)}) => (float z, float scanned) {{ {body} }}"
        return Graph(text, {"x": x, "y": y, "many": many})
    body = f"""z = Loop (n, , x) <body = l (int64 i, bool going, float v) => (bool on, float w)
            <{half}, int64 one = {{1}}> {{
            on = Identity(going) first = Less(i, one)
            p = If (first) <then_branch = t () => (float a) {{ a = {operator}(v, y) }},
                else_branch = e () => (float b) {{ d = {other}(v, x) b = Mul(d, half) }}>
            w = Mul(p, half) }}>"""
    fed = {"x": x, "y": y, "n": np.array(draw(st.integers(0, 3)))}
    return Graph(f"g ({header}, int64 n) => (float z) {{ {body} }}", fed)


def sequences(draw: Draw) -> Graph:
    """Sequences that are made, changed and taken apart again."""
    shape = dims(draw, 1, 2, 4)
    values = {name: array(draw, shape, "float32") for name in "abc"}
    header = ", ".join(_typed(draw, name, shape) for name in "abc")
    length = 3
    steps = ["s0 = SequenceConstruct(a, b, c)"]
    for index in range(draw(st.integers(0, 2))):
        place = draw(st.integers(-length, length - 1))
        if length > 1 and draw(st.booleans()):
            steps.append(f"i{index} = Constant<value_int = {place}>() s{index + 1} = SequenceErase(s{index}, i{index})")
            length -= 1
        else:
            steps.append(
                f"i{index} = Constant<value_int = {place}>() s{index + 1} = SequenceInsert(s{index}, b, i{index})"
            )
            length += 1
    last = f"s{len(steps) - 1}"
    at = draw(st.integers(-length, length - 1))
    new_axis = draw(st.integers(0, 1))
    axis = axis_of(draw, len(shape) + new_axis)
    steps.append(f"p = Constant<value_int = {at}>() y = SequenceAt({last}, p) n = SequenceLength({last})")
    steps.append(f"z = ConcatFromSequence<axis = {axis}, new_axis = {new_axis}>({last})")
    return Graph(f"g ({header}) => (float y, int64 n, float z) {{ {' '.join(steps)} }}", values)


def losses(draw: Draw) -> Case:
    """Cross entropy and negative log-likelihood, with weights and ids to ignore."""
    batch, classes = draw(st.integers(1, 3)), draw(st.integers(2, 4))
    rest = dims(draw, 0, 2, 3)
    x = array(draw, [batch, classes, *rest], "float32")
    ids = indices(draw, [batch, *rest], classes) % classes
    weight = array(draw, [classes], "float32", 1, 3) if draw(st.booleans()) else None
    attributes: dict[str, Any] = {"reduction": one_of(draw, "none", "mean", "sum")}
    if draw(st.booleans()):
        attributes["ignore_index"] = 1
        ids.reshape(-1)[0] = 0
    op_type = one_of(draw, "SoftmaxCrossEntropyLoss", "NegativeLogLikelihoodLoss")
    return Case(op_type, [x, ids, weight], attributes, (2,), draw(st.booleans()))


FAMILIES = (
    extremes, empties, quantising, recurrent, filling, rearranging, bits, sampling, branching, sequences, losses,
)
