"""Families that write, pick and choose elements by index or value; see `tests.fuzz`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from hypothesis import strategies as st
from onnx import TensorProto

from tests.fuzz_draw import FLOATS, INTS, Case, Draw, array, axis_of, dims, indices, one_of, seeds


def scattering(draw: Draw) -> Case:
    """Scatters that hit an element twice, gathers in batches, caches that are written into."""
    return one_of(draw, _scatter_elements, _scatter_nd, _gather_elements, _gather_nd, _tensor_scatter)(draw)


def _scatter_elements(draw: Draw) -> Case:
    x = array(draw, dims(draw, 1, 3, 4), one_of(draw, *FLOATS, *INTS), -2, 2)
    axis = axis_of(draw, x.ndim)
    counts = [draw(st.integers(1, n)) for n in x.shape]
    counts[axis] = draw(st.integers(1, 5))
    inputs = [x, indices(draw, counts, x.shape[axis]), array(draw, counts, x.dtype.name, -2, 2)]
    attributes = {"axis": axis, "reduction": one_of(draw, "add", "mul", "max", "min")}
    return Case("ScatterElements", inputs, attributes, one_of(draw, (), (1,)), draw(st.booleans()))


def _places(draw: Draw, shape: Sequence[int], sizes: Sequence[int]) -> np.ndarray:
    return np.stack([indices(draw, shape, size) for size in sizes], -1)


def _scatter_nd(draw: Draw) -> Case:
    x = array(draw, dims(draw, 1, 3, 4), one_of(draw, *FLOATS, *INTS), -2, 2)
    depth, count = draw(st.integers(1, x.ndim)), draw(st.integers(1, 5))
    inputs = [x, _places(draw, [count], x.shape[:depth]), array(draw, [count, *x.shape[depth:]], x.dtype.name, -2, 2)]
    attributes = {"reduction": one_of(draw, "add", "mul", "max", "min")}
    return Case("ScatterND", inputs, attributes, one_of(draw, (), (1,)), {0: range(x.ndim)})


def _anything(draw: Draw, low: int = 1) -> np.ndarray:
    dtype = one_of(draw, *FLOATS, *INTS, "uint8", "int8", "int16", "float16", "bool")
    return array(draw, dims(draw, low, 3, 4), dtype, 0 if dtype == "uint8" else -4)


def _gather_elements(draw: Draw) -> Case:
    x = _anything(draw)
    axis = axis_of(draw, x.ndim)
    counts = [draw(st.integers(1, n)) for n in x.shape]
    counts[axis] = draw(st.integers(1, 6))
    return Case(
        "GatherElements", [x, indices(draw, counts, x.shape[axis])], {"axis": axis}, (), draw(st.booleans())
    )


def _gather_nd(draw: Draw) -> Case:
    x = _anything(draw)
    batch = draw(st.integers(0, x.ndim - 1))
    depth = draw(st.integers(1, x.ndim - batch))
    places = _places(draw, [*x.shape[:batch], *dims(draw, 0, 2, 3)], x.shape[batch : batch + depth])
    return Case("GatherND", [x, places], {"batch_dims": batch}, one_of(draw, (), (1,)), {0: range(x.ndim)})


def _tensor_scatter(draw: Draw) -> Case:
    shape = dims(draw, 2, 4, 4)
    axis, mode = draw(st.integers(1, len(shape) - 1)), one_of(draw, "linear", "circular")
    longest = shape[axis]
    count = draw(st.integers(1, longest))
    starts = seeds(draw).integers(0, longest if mode == "circular" else longest - count + 1, shape[0])
    update = array(draw, [count if i == axis else n for i, n in enumerate(shape)], "float32")
    inputs = [array(draw, shape, "float32"), update, starts if draw(st.booleans()) else None]
    attributes = {"axis": axis - len(shape) if draw(st.booleans()) else axis, "mode": mode}
    return Case("TensorScatter", inputs, attributes, (), draw(st.booleans()), opset=24)


def choosing(draw: Draw) -> Case:
    """What depends on values: boxes, the largest, the different, the kept; and matrices of one and zero."""
    return one_of(draw, _non_max_suppression, _top_k, _one_hot, _eye_like, _unique, _non_zero, _compress)(draw)


def _non_max_suppression(draw: Draw) -> Case:
    batch, classes, count = draw(st.integers(1, 2)), draw(st.integers(1, 2)), draw(st.integers(1, 6))
    generator = seeds(draw)
    boxes = generator.integers(0, 6, (batch, count, 4)).astype(np.float32)
    scores = generator.permutation(batch * classes * count).reshape(batch, classes, count).astype(np.float32)
    limits = [np.array([draw(st.integers(0, 4))]), np.array([one_of(draw, 0.0, 0.3, 1.0)], np.float32)]
    limits += [np.array([one_of(draw, 0.0, 2.5)], np.float32)] if draw(st.booleans()) else []
    attributes = {"center_point_box": draw(st.integers(0, 1))}
    constants = one_of(draw, (), (2, 3, 4))
    return Case("NonMaxSuppression", [boxes, scores, *limits], attributes, constants, draw(st.booleans()))


def _top_k(draw: Draw) -> Case:
    x = array(draw, dims(draw, 1, 3, 4), one_of(draw, *FLOATS, *INTS), -1, 1)
    axis = axis_of(draw, x.ndim)
    count = np.array([draw(st.integers(0, x.shape[axis]))])
    attributes = {"axis": axis, "largest": draw(st.integers(0, 1))}
    return Case("TopK", [x, count], attributes, one_of(draw, (), (1,)), draw(st.booleans()), outputs=2)


def _one_hot(draw: Draw) -> Case:
    shape, index_dtype = dims(draw, 1, 3, 4), one_of(draw, "int64", "float32")
    ids = np.floor(array(draw, shape, index_dtype)).astype(index_dtype)
    values = array(draw, [2], one_of(draw, "float32", "int64"), 0, 1)
    inputs = [ids, np.array([draw(st.integers(1, 5))], index_dtype), values]
    axis = axis_of(draw, len(shape) + 1)
    return Case("OneHot", inputs, {"axis": axis}, one_of(draw, (1,), (1, 2), ()), draw(st.booleans()))


def _eye_like(draw: Draw) -> Case:
    kind = one_of(draw, {}, {"dtype": TensorProto.DOUBLE}, {"dtype": TensorProto.INT64})
    x = array(draw, dims(draw, 2, 2), one_of(draw, *FLOATS, *INTS), 0)
    return Case("EyeLike", [x], {"k": draw(st.integers(-6, 6)), **kind}, (), draw(st.booleans()))


def _non_zero(draw: Draw) -> Case:
    shape = dims(draw, 1, 4, 4)
    return Case("NonZero", [array(draw, shape, one_of(draw, "float32", *INTS, "bool"), -1, 1)], {}, (), True)


def _unique(draw: Draw) -> Case:
    x = array(draw, dims(draw, 1, 3, 4), one_of(draw, *FLOATS, "int64", "int8"), -1, 1)
    attributes = {} if draw(st.booleans()) else {"axis": axis_of(draw, x.ndim)}
    attributes["sorted"] = draw(st.integers(0, 1))
    return Case("Unique", [x], attributes, (), draw(st.booleans()), outputs=4)


def _compress(draw: Draw) -> Case:
    x = _anything(draw)
    axis = axis_of(draw, x.ndim)
    kept = array(draw, [draw(st.integers(1, x.shape[axis]))], "bool")
    attributes = {} if draw(st.booleans()) else {"axis": axis}
    return Case("Compress", [x, kept], attributes, one_of(draw, (), (1,)), draw(st.booleans()))


FAMILIES = (scattering, choosing)
