"""Random models of one operator, converted, loaded and compared with onnxruntime (or onnx's own reference).

python -m tests.fuzz [--examples 200] [--seed 0] [FAMILY ...]

hypothesis draws shapes, attributes and dtypes, by family of operators. Each family is a function that draws one.
"""

from __future__ import annotations

import argparse
import math
import sys
import tempfile
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import onnx
import onnxruntime
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from onnx import helper
from onnx.reference import ReferenceEvaluator

import paddlify
from paddlify.errors import UnsupportedError
from tests import fuzz_index, fuzz_more, fuzz_neural, fuzz_numeric
from tests.backends.paddle.single_node import same
from tests.fuzz_draw import FLOATS, INTS, Case, Draw, array, axis_of, dims, indices, one_of


def oracle(model: onnx.ModelProto, feeds: Mapping[str, np.ndarray], *, by_reference: bool) -> list[np.ndarray]:
    """What onnxruntime, or onnx's reference implementation, computes."""
    if by_reference:
        return list(ReferenceEvaluator(model).run(None, dict(feeds)))
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return list(session.run(None, dict(feeds)))


def _plain(x: np.ndarray) -> np.ndarray:
    """bfloat16 as float32, for NumPy's comparisons."""
    return x.astype(np.float32) if x.dtype == ml_dtypes.bfloat16 else x


def check(case: Case | fuzz_more.Graph) -> bool:
    """Whether the converted model computes what its oracle does; False where either of them refuses the model.

    Raises AssertionError where they differ, and what the conversion raises unless it is a refusal.
    """
    model = case.model()
    try:
        expected = oracle(model, case.feeds(), by_reference=isinstance(case, Case) and case.by_reference)
    except Exception:  # noqa: BLE001 - onnxruntime has a class of its own per status; no oracle, no test
        return False
    with tempfile.TemporaryDirectory(prefix="paddlify-fuzz-") as folder:
        try:
            paddlify.convert(model, Path(folder, "converted"), verify=False)
        except UnsupportedError:
            return False
        results = paddlify.load(Path(folder, "converted"), threads=1).inference(case.feeds())
    assert [value.dtype for value in results] == [value.dtype for value in expected]
    results, expected = ([_plain(value) for value in values] for values in (results, expected))
    floats = [value for value in expected if value.dtype.kind == "f"]
    largest = max((float(np.abs(v[np.isfinite(v)]).max(initial=0)) for v in floats), default=0.0)
    same(results, expected, case.rtol, case.rtol * max(largest, 1e-6))
    return True


def elementwise(draw: Draw) -> Case:
    """Two inputs that broadcast to each other."""
    shape = dims(draw, 0)
    other = [size if draw(st.booleans()) else 1 for size in shape][draw(st.integers(0, len(shape))) :]
    op_type = one_of(
        draw, "Add", "Sub", "Mul", "Div", "Pow", "Max", "Min", "Mod", "Less", "Greater", "LessOrEqual", "Equal", "PRelu"
    )
    dtype = one_of(draw, *FLOATS, *INTS)
    attributes = {"fmod": int(dtype in FLOATS)} if op_type == "Mod" else {}
    is_divisor = op_type in ("Div", "Mod", "Pow")
    left, right = array(draw, shape, dtype, 1 if op_type == "Pow" else -4), array(draw, other, dtype, int(is_divisor))
    if is_divisor:
        right = np.maximum(right, 1).astype(dtype)
    flip = op_type not in ("PRelu", "Div", "Mod", "Pow") and draw(st.booleans())
    constants = one_of(draw, (), (1,)) if not flip else ()
    return Case(op_type, [right, left] if flip else [left, right], attributes, constants, draw(st.booleans()))


def unary(draw: Draw) -> Case:
    op_type = one_of(
        draw, "Abs", "Neg", "Exp", "Floor", "Ceil", "Round", "Sign", "Relu", "Sigmoid", "Tanh", "Erf", "Elu", "Selu",
        "LeakyRelu", "HardSigmoid", "HardSwish", "Softplus", "Softsign", "Gelu", "Mish", "ThresholdedRelu",
        "Sin", "Atan",
    )
    behind = draw(st.booleans())
    shape = [*dims(draw, 1, 1), 4, *dims(draw, 2, 2)] if behind else dims(draw, 0)
    x = array(draw, shape, "float32" if behind else one_of(draw, *FLOATS))
    return Case(op_type, [x], is_dynamic=draw(st.booleans()), behind=behind)


def reduction(draw: Draw) -> Case:
    op_type = one_of(
        draw, "ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceL1", "ReduceL2",
        "ReduceLogSumExp", "ReduceSumSquare",
    )
    shape = dims(draw)
    axes = sorted({axis_of(draw, len(shape)) % len(shape) for _ in range(draw(st.integers(0, len(shape))))})
    given_axes = np.array([a - len(shape) if draw(st.booleans()) else a for a in axes], np.int64)
    attributes = {"keepdims": draw(st.integers(0, 1)), "noop_with_empty_axes": draw(st.integers(0, 1))}
    is_real = op_type in ("ReduceLogSumExp", "ReduceL2", "ReduceMean")
    dtype = one_of(draw, *FLOATS) if is_real else one_of(draw, *FLOATS, *INTS)
    x = array(draw, shape, dtype, -2, 2)
    chosen = None if not axes and draw(st.booleans()) else given_axes
    return Case(op_type, [x, chosen], attributes, (1,), draw(st.booleans()))


def _windows(draw: Draw, rank: int, size: Sequence[int]) -> dict[str, Any]:
    kernel = [draw(st.integers(1, min(3, length))) for length in size]
    found: dict[str, Any] = {"kernel_shape": kernel, "strides": [draw(st.integers(1, 3)) for _ in range(rank)]}
    auto = one_of(draw, "NOTSET", "NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER")
    if auto == "NOTSET":
        found["pads"] = [draw(st.integers(0, length - 1)) for length in kernel * 2]
        found["dilations"] = [draw(st.integers(1, 2)) if k * 2 <= s else 1 for k, s in zip(kernel, size, strict=True)]
    else:
        found["auto_pad"] = auto
    return found


def convolution(draw: Draw) -> Case:
    rank = draw(st.integers(1, 3))
    size = [draw(st.integers(3, 8)) for _ in range(rank)]
    attributes = _windows(draw, rank, size)
    group, depth, channels = one_of(draw, 1, 1, 2), draw(st.integers(1, 3)), draw(st.integers(1, 3))
    transposed = draw(st.booleans())
    attributes["group"] = group
    kernel = attributes["kernel_shape"]
    if transposed:
        attributes["auto_pad"] = "NOTSET"
        shape = [group * depth, channels, *kernel]
    else:
        shape = [group * channels, depth, *kernel]
    x = array(draw, [draw(st.integers(1, 2)), group * depth, *size], "float32")
    bias = array(draw, [group * channels], "float32") if draw(st.booleans()) else None
    inputs = [x, array(draw, shape, "float32"), bias]
    return Case("ConvTranspose" if transposed else "Conv", inputs, attributes, (1, 2), draw(st.booleans()))


def pooling(draw: Draw) -> Case:
    rank = draw(st.integers(1, 3))
    size = [draw(st.integers(3, 8)) for _ in range(rank)]
    attributes = _windows(draw, rank, size)
    op_type = one_of(draw, "MaxPool", "AveragePool", "LpPool")
    if "auto_pad" not in attributes:
        attributes["ceil_mode"] = draw(st.integers(0, 1)) if op_type != "LpPool" else 0
    elif attributes["auto_pad"] != "VALID":
        # Padding is at least 0; where the formula gives less, onnxruntime cuts AveragePool and LpPool, not Conv.
        attributes["strides"] = [
            stride if (length - 1) // stride * stride + kernel >= length else min(stride, kernel)
            for stride, kernel, length in zip(attributes["strides"], attributes["kernel_shape"], size, strict=True)
        ]
    if op_type == "AveragePool":
        attributes["count_include_pad"] = draw(st.integers(0, 1))
    x = array(draw, [draw(st.integers(1, 2)), draw(st.integers(1, 3)), *size], "float32")
    return Case(op_type, [x], attributes, is_dynamic=draw(st.booleans()))


def pad(draw: Draw) -> Case:
    shape = dims(draw)
    mode = one_of(draw, "constant", "reflect", "edge", "wrap")
    most = [size - 1 if mode == "reflect" else size if mode == "wrap" else 3 for size in shape] * 2
    least = [-1 if mode == "constant" and size > 2 else 0 for size in shape * 2]
    pads = np.array([draw(st.integers(low, high)) for low, high in zip(least, most, strict=True)], np.int64)
    dtype = one_of(draw, *FLOATS, *INTS)
    value = array(draw, [], dtype) if mode == "constant" and draw(st.booleans()) else None
    return Case("Pad", [array(draw, shape, dtype), pads, value], {"mode": mode}, (1, 2), draw(st.booleans()))


def slicing(draw: Draw) -> Case:
    shape = dims(draw)
    axes = sorted({axis_of(draw, len(shape)) % len(shape) for _ in range(2)})
    steps = [one_of(draw, 1, 1, 2, -1, -2, 3) for _ in axes]
    starts = [one_of(draw, *range(-8, 9), 2**31 - 1, -(2**31)) for _ in axes]
    # A backward slice that ends at INT_MAX is empty in the specification, and goes on to the end in onnxruntime.
    ends = [one_of(draw, *range(-8, 9), 2**31 - 1 if step > 0 else 99, -(2**31)) for step in steps]
    arrays = [np.array(values, np.int64) for values in (starts, ends, axes, steps)]
    constants = one_of(draw, (1, 2, 3, 4), (3, 4), (3,), ())
    is_dynamic = 1 in constants and draw(st.booleans())
    return Case("Slice", [array(draw, shape, one_of(draw, *FLOATS, *INTS, "bool")), *arrays], {}, constants, is_dynamic)


def gathering(draw: Draw) -> Case:
    shape = dims(draw)
    axis = axis_of(draw, len(shape))
    size = shape[axis]
    op_type = one_of(draw, "Gather", "GatherElements", "ScatterElements", "GatherND", "ScatterND")
    x = array(draw, shape, one_of(draw, *FLOATS, *INTS))
    if op_type == "Gather":
        places = indices(draw, dims(draw, 0, 2), size)
        return Case(op_type, [x, places], {"axis": axis}, one_of(draw, (), (1,)), draw(st.booleans()))
    if op_type == "GatherElements":
        return Case(op_type, [x, indices(draw, [draw(st.integers(1, s)) for s in shape], size)], {"axis": axis})
    if op_type == "ScatterElements":
        reduction_ = one_of(draw, "none", "add", "mul", "max", "min")
        counts = [draw(st.integers(1, s)) for s in shape]
        full = [size if i == axis % len(shape) else count for i, count in enumerate(counts)]
        shuffled = np.argsort(np.random.default_rng(draw(st.integers(0, 99))).random(full), axis)
        places = np.take(shuffled, range(counts[axis]), axis)
        return Case(op_type, [x, places, array(draw, counts, x.dtype.name)], {"axis": axis, "reduction": reduction_})
    depth = draw(st.integers(1, len(shape)))
    count = 1 if op_type == "ScatterND" else draw(st.integers(1, 4))
    places = np.stack([indices(draw, [count], s) for s in shape[:depth]], -1)
    if op_type == "GatherND":
        return Case(op_type, [x, places])
    updates = array(draw, [count, *shape[depth:]], x.dtype.name)
    return Case(op_type, [x, places, updates], {"reduction": one_of(draw, "none", "add", "mul")})


def resizing(draw: Draw) -> Case:
    size = [draw(st.integers(3, 7)) for _ in range(2)]  # onnxruntime copies an image whose sizes a scale leaves
    mode = one_of(draw, "nearest", "linear", "cubic")
    attributes = {
        "mode": mode,
        "coordinate_transformation_mode": one_of(
            draw, "half_pixel", "asymmetric", "align_corners", "pytorch_half_pixel"
        ),
    }
    if mode == "nearest":
        attributes["nearest_mode"] = one_of(draw, "floor", "ceil", "round_prefer_floor", "round_prefer_ceil")
    x = array(draw, [1, 4, *size], "float32")
    behind = draw(st.booleans())
    if draw(st.booleans()):
        # Where sizes are no whole multiples, onnxruntime does not take align_corners as the specification does.
        some = () if attributes["coordinate_transformation_mode"] == "align_corners" else (0.5, 0.7, 1 / 3, 1.4, 2.6)
        scales = np.array([1, 1, *(one_of(draw, 1, 2, 3, 4, *some) for _ in size)], np.float32)
        return Case("Resize", [x, None, scales], attributes, (2,), draw(st.booleans()), behind)
    sizes = np.array([1, 4, *(draw(st.integers(1, 12)) for _ in size)], np.int64)
    return Case("Resize", [x, None, None, sizes], attributes, (3,), draw(st.booleans()), behind)


def normalisation(draw: Draw) -> Case:
    shape = [draw(st.integers(1, 3)), 4, draw(st.integers(2, 5)), draw(st.integers(2, 5))]
    op_type = one_of(
        draw, "LayerNormalization", "InstanceNormalization", "BatchNormalization", "LRN", "Softmax", "LogSoftmax",
        "LpNormalization",
    )
    x = array(draw, shape, "float32")
    behind = draw(st.booleans())
    vectors = [array(draw, [4], "float32", 1, 3) for _ in range(4)]
    if op_type == "LayerNormalization":
        axis = one_of(draw, -1, -2, 3, 1)
        scales = [array(draw, shape[axis:], "float32") for _ in range(draw(st.integers(1, 2)))]
        return Case(op_type, [x, *scales], {"axis": axis}, (1, 2), behind=behind)
    if op_type == "InstanceNormalization":
        return Case(op_type, [x, *vectors[:2]], {}, (1, 2), False, behind)
    if op_type == "BatchNormalization":
        return Case(op_type, [x, *vectors], {"epsilon": 1e-3}, (1, 2, 3, 4), False, behind)
    attributes = {"size": one_of(draw, 1, 3)} if op_type == "LRN" else {"axis": one_of(draw, -1, 1, 2)}
    return Case(op_type, [x], attributes, behind=behind)


def products(draw: Draw) -> Case:
    n, k, m = (draw(st.integers(1, 5)) for _ in range(3))
    batch = dims(draw, 0, 2, 3)
    op_type = one_of(draw, "MatMul", "MatMul", "Gemm", "Einsum")
    constants = one_of(draw, (), (1,))
    if op_type == "Einsum":
        equation, shapes = one_of(
            draw, ("ij,jk->ik", ([n, k], [k, m])), ("bij,bkj->bik", ([2, n, k], [2, m, k])), ("ij->ji", ([n, k],)),
            ("bhid,bhjd->bhij", ([2, 3, n, k], [2, 3, m, k])), ("i,j->ij", ([n], [m])), ("ii->i", ([n, n],)),
        )
        return Case(op_type, [array(draw, shape, "float32") for shape in shapes], {"equation": equation})
    if op_type == "Gemm":
        flip_a, flip_b = draw(st.integers(0, 1)), draw(st.integers(0, 1))
        a, b = [k, n] if flip_a else [n, k], [m, k] if flip_b else [k, m]
        c = array(draw, one_of(draw, [m], [n, m], [1, m], [n, 1], []), "float32") if draw(st.booleans()) else None
        attributes = {"transA": flip_a, "transB": flip_b}
        attributes |= {"alpha": one_of(draw, 1.0, 0.5), "beta": one_of(draw, 1.0, 2.0)}
        return Case(op_type, [array(draw, a, "float32"), array(draw, b, "float32"), c], attributes, (*constants, 2))
    if draw(st.booleans()):
        x = array(draw, [draw(st.integers(1, 2)), 4, n, k], "float32")
        return Case("MatMul", [x, array(draw, [k, m], "float32")], {}, constants, draw(st.booleans()), behind=True)
    left, right = one_of(
        draw, ([*batch, n, k], [*batch, k, m]), ([*batch, n, k], [k, m]), ([k], [*batch, k, m]), ([*batch, n, k], [k])
    )
    dtype = one_of(draw, *FLOATS, "int32")
    return Case("MatMul", [array(draw, left, dtype), array(draw, right, dtype)], {}, constants, draw(st.booleans()))


def casting(draw: Draw) -> Case:
    dtypes = ("float32", "float64", "float16", "int8", "uint8", "int16", "int32", "int64", "bool")
    source, target = one_of(draw, *dtypes), one_of(draw, *dtypes)
    x = array(draw, dims(draw, 0), source, 0 if "uint8" in (source, target) else -4)
    return Case("Cast", [x], {"to": helper.np_dtype_to_tensor_dtype(np.dtype(target))}, is_dynamic=draw(st.booleans()))


def searching(draw: Draw) -> Case:
    """TopK, ArgMax, ArgMin and CumSum: ties are likely."""
    shape = dims(draw)
    axis = axis_of(draw, len(shape))
    x = array(draw, shape, one_of(draw, *FLOATS, *INTS), -1, 1)
    op_type = one_of(draw, "TopK", "ArgMax", "ArgMin", "CumSum")
    if op_type == "TopK":
        count = np.array([draw(st.integers(1, shape[axis]))], np.int64)
        return Case(op_type, [x, count], {"axis": axis, "largest": draw(st.integers(0, 1))}, (1,), outputs=2)
    if op_type == "CumSum":
        directions = {"exclusive": draw(st.integers(0, 1)), "reverse": draw(st.integers(0, 1))}
        return Case(op_type, [x, np.array(axis)], directions, (1,))
    attributes = {"axis": axis, "keepdims": draw(st.integers(0, 1)), "select_last_index": draw(st.integers(0, 1))}
    return Case(op_type, [x], attributes, is_dynamic=draw(st.booleans()))


def arranging(draw: Draw) -> Case:
    """Transposes and changes of shape."""
    shape = dims(draw)
    x = array(draw, shape, one_of(draw, *FLOATS, *INTS, "bool"))
    op_type = one_of(draw, "Transpose", "Reshape", "Flatten", "Expand", "Tile", "Concat", "Unsqueeze")
    is_dynamic = draw(st.booleans())
    if op_type == "Transpose":
        return Case(op_type, [x], {"perm": draw(st.permutations(range(len(shape))))}, is_dynamic=is_dynamic)
    if op_type == "Reshape":
        kept = draw(st.integers(0, len(shape)))
        target = [*([0] * kept), -1] if draw(st.booleans()) else [math.prod(shape[:kept]), -1]
        return Case(op_type, [x, np.array(target)], {}, (1,), is_dynamic)
    if op_type == "Flatten":
        return Case(op_type, [x], {"axis": draw(st.integers(-len(shape), len(shape)))}, is_dynamic=is_dynamic)
    if op_type == "Expand":
        target = [*dims(draw, 0, 1), *(1 if draw(st.booleans()) else size for size in shape)]
        return Case(op_type, [x, np.array(target)], {}, one_of(draw, (), (1,)), False)
    if op_type == "Tile":
        return Case(op_type, [x, np.array([draw(st.integers(1, 3)) for _ in shape])], {}, (1,), is_dynamic)
    if op_type == "Concat":
        return Case(op_type, [x, x], {"axis": axis_of(draw, len(shape))}, is_dynamic=is_dynamic)
    return Case(op_type, [x, np.array([axis_of(draw, len(shape) + 1)])], {}, (1,), is_dynamic)


FAMILIES: dict[str, Callable[[Draw], Any]] = {
    function.__name__: function
    for function in (
        elementwise, unary, reduction, convolution, pooling, pad, slicing, gathering, resizing, normalisation, products,
        casting, searching, arranging, *fuzz_more.FAMILIES, *fuzz_index.FAMILIES, *fuzz_neural.FAMILIES,
        *fuzz_numeric.FAMILIES,
    )
}


def fuzz(family: str, examples: int, number: int | None = None) -> int:
    """Try so many models of a family, and return how many had an oracle and were no refusals.

    Without a seed `number` the same ones are drawn each time. Raises AssertionError where one differs.
    """
    compared = 0

    @st.composite
    def cases(draw: Draw) -> Any:
        return FAMILIES[family](draw)

    @settings(
        max_examples=examples, deadline=None, derandomize=number is None, database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(cases())
    def compare(case: Any) -> None:
        nonlocal compared
        compared += check(case)

    (compare if number is None else seed(number)(compare))()
    return compared


def main() -> int:
    """Fuzz the families that the command line names, or all; 1 where a model differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("families", nargs="*", choices=[*FAMILIES, []], metavar="FAMILY")
    parser.add_argument("--examples", type=int, default=200, help="models of each family")
    parser.add_argument("--seed", type=int, help="without it, the same models each time")
    options = parser.parse_args()
    failed = 0
    for family in options.families or FAMILIES:
        try:
            compared = fuzz(family, options.examples, options.seed)
            sys.stdout.write(f"{family}: {compared} compared\n")
        except Exception:  # noqa: BLE001 - each family is tried; what went wrong is printed
            failed += 1
            sys.stdout.write(f"{family}: FAILED\n{traceback.format_exc(limit=-3)}\n")
        sys.stdout.flush()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
