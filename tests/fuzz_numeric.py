"""Families of transforms, grids, products and quantised parts; see `tests.fuzz`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from hypothesis import strategies as st

from tests.fuzz_draw import FLOATS, INTS, Case, Draw, array, axis_of, dims, one_of, seeds


def transforming(draw: Draw) -> Case:
    """DFT, STFT, window functions, MelWeightMatrix."""
    op_type, is_dynamic = one_of(draw, "DFT", "DFT", "STFT", "Window", "MelWeightMatrix"), draw(st.booleans())
    generator = seeds(draw)
    if op_type == "Window":
        attributes = {"periodic": draw(st.integers(0, 1)), "output_datatype": one_of(draw, 1, 11)}
        name = one_of(draw, "HannWindow", "HammingWindow", "BlackmanWindow")
        return Case(name, [np.array(draw(st.integers(2, 12)))], attributes, one_of(draw, (), (0,)))
    if op_type == "MelWeightMatrix":
        numbers = [np.array(draw(st.integers(2, 8))), np.array(draw(st.integers(16, 64))), np.array(8000)]
        edges = [np.array(draw(st.integers(0, 500)), np.float32), np.array(draw(st.integers(1000, 4000)), np.float32)]
        return Case(op_type, [*numbers, *edges], {}, one_of(draw, (), (0, 1, 2, 3, 4)))
    dtype = one_of(draw, *FLOATS)
    if op_type == "STFT":
        length, total = draw(st.integers(2, 6)), draw(st.integers(8, 14))
        signal = generator.normal(size=(draw(st.integers(1, 2)), total, one_of(draw, 1, 1, 2))).astype(dtype)
        window = generator.normal(size=length).astype(dtype) if draw(st.booleans()) else None
        size = np.array(length) if window is None or draw(st.booleans()) else None
        onesided = draw(st.integers(0, 1)) if signal.shape[-1] == 1 else 0
        inputs = [signal, np.array(draw(st.integers(1, 4))), window, size]
        return Case(op_type, inputs, {"onesided": onesided}, one_of(draw, (1, 3), (1, 2, 3), ()), False)
    shape = dims(draw, 1, 3, 5)
    inverse = draw(st.integers(0, 1))
    onesided = draw(st.integers(0, 1))
    channels = 2 if inverse else 1 if onesided else one_of(draw, 1, 2)
    x = generator.normal(size=(*shape, channels)).astype(dtype)
    axis = draw(st.integers(0, len(shape) - 1))
    axis = axis - len(shape) - 1 if draw(st.booleans()) else axis
    length = np.array(draw(st.integers(1, 7))) if draw(st.booleans()) else None
    attributes = {"inverse": inverse, "onesided": onesided}
    dynamic = {0: range(len(shape))} if is_dynamic else False
    return Case(op_type, [x, length, np.array(axis)], attributes, one_of(draw, (1, 2), (2,), ()), dynamic)


def warping(draw: Draw) -> Case:
    """GridSample of every mode and rank, AffineGrid, Col2Im, MaxUnpool, MaxRoiPool, DeformConv, MaxPool's indices."""
    return one_of(draw, _grid_sample, _affine_grid, _col2im, _max_unpool, _max_roi_pool, _max_pool, _deform_conv)(draw)


def _grid_sample(draw: Draw) -> Case:
    rank = draw(st.integers(2, 3))
    x = array(draw, dims(draw, rank + 2, rank + 2, 5), "float32")
    grid = seeds(draw).uniform(-1.4, 1.4, (x.shape[0], *dims(draw, rank, rank, 3), rank)).astype(np.float32)
    attributes = {
        "mode": one_of(draw, "linear", "nearest", *(["cubic"] if rank == 2 else [])),
        "padding_mode": one_of(draw, "zeros", "border", "reflection"), "align_corners": draw(st.integers(0, 1)),
    }
    return Case("GridSample", [x, grid], attributes, (), draw(st.booleans()), rtol=1e-3)


def _affine_grid(draw: Draw) -> Case:
    rank, align = draw(st.integers(2, 3)), draw(st.integers(0, 1))
    size = [draw(st.integers(1 + align, 5)) for _ in range(rank)]  # corners of one pixel are refused
    theta = seeds(draw).normal(size=(draw(st.integers(1, 3)), rank, rank + 1)).astype(one_of(draw, *FLOATS))
    inputs = [theta, np.array([len(theta), 2, *size])]
    return Case("AffineGrid", inputs, {"align_corners": align}, one_of(draw, (), (1,)), draw(st.booleans()))


def _windows(draw: Draw, size: Sequence[int]) -> tuple[dict[str, list[int]], list[int]]:
    """Attributes of windows of 1 or 2 elements along each axis, and how many windows fit."""
    kernel, strides, dilations = ([draw(st.integers(1, 2)) for _ in size] for _ in range(3))
    pads = [draw(st.integers(0, length - 1)) for length in kernel * 2]
    counts = [
        (length + pads[i] + pads[i + len(size)] - dilations[i] * (kernel[i] - 1) - 1) // strides[i] + 1
        for i, length in enumerate(size)
    ]
    return {"kernel_shape": kernel, "strides": strides, "dilations": dilations, "pads": pads}, counts


def _col2im(draw: Draw) -> Case:
    """Against onnx's reference: onnxruntime leaves out dilations of one axis."""
    size = [draw(st.integers(3, 6)) for _ in range(draw(st.integers(1, 3)))]
    attributes, counts = _windows(draw, size)
    block = np.array(attributes.pop("kernel_shape"))
    x = array(draw, [draw(st.integers(1, 2)), draw(st.integers(1, 3)) * block.prod(), math.prod(counts)], "float32")
    inputs = [x, np.array(size), block]
    return Case("Col2Im", inputs, attributes, (1, 2), draw(st.booleans()), by_reference=True)


def _max_unpool(draw: Draw) -> Case:
    pooled = dims(draw, 3, 5, 3)
    kernel = [draw(st.integers(1, 3)) for _ in pooled[2:]]
    strides = [draw(st.integers(length, 3)) for length in kernel]
    whole = [*pooled[:2], *((p - 1) * s + k for p, s, k in zip(pooled[2:], strides, kernel, strict=True))]
    places = seeds(draw).permutation(math.prod(whole))[: math.prod(pooled)].reshape(pooled)
    attributes = {"kernel_shape": kernel, "strides": strides}
    inputs = [array(draw, pooled, "float32"), places]
    if draw(st.booleans()):
        inputs.append(np.array([*pooled[:2], *(n + draw(st.integers(0, 2)) for n in whole[2:])]))
    return Case("MaxUnpool", inputs, attributes, (2,), draw(st.booleans()))


def _max_roi_pool(draw: Draw) -> Case:
    count, generator = draw(st.integers(1, 3)), seeds(draw)
    x = array(draw, [*dims(draw, 2, 2, 3), draw(st.integers(2, 6)), draw(st.integers(2, 6))], "float32")
    corners = np.sort(generator.integers(0, 8, (count, 2, 2)), axis=1).reshape(count, 4)
    boxes = np.concatenate([generator.integers(0, x.shape[0], (count, 1)), corners], 1).astype(np.float32)
    attributes = {"pooled_shape": dims(draw, 2, 2, 3), "spatial_scale": one_of(draw, 1.0, 0.5)}
    return Case("MaxRoiPool", [x, boxes], attributes, (), draw(st.booleans()))


def _max_pool(draw: Draw) -> Case:
    size = [draw(st.integers(3, 6)) for _ in range(draw(st.integers(1, 3)))]
    attributes = _windows(draw, size)[0]
    x = array(draw, [*dims(draw, 2, 2, 3), *size], one_of(draw, "float32", "float64", "int8", "uint8"), 0)
    attributes |= {"ceil_mode": draw(st.integers(0, 1)), "storage_order": draw(st.integers(0, 1))}
    return Case("MaxPool", [x], attributes, outputs=2)


def _deform_conv(draw: Draw) -> Case:
    size, generator = [draw(st.integers(3, 6)) for _ in range(2)], seeds(draw)
    attributes, counts = _windows(draw, size)
    batch, group, offset_group, each = (draw(st.integers(1, 2)) for _ in range(4))
    depth, taps = group * offset_group, math.prod(attributes["kernel_shape"]) * offset_group
    x, w, offset, bias, mask = (
        generator.normal(size=shape).astype(np.float32)
        for shape in (
            (batch, depth, *size), (group * each, offset_group, *attributes["kernel_shape"]),
            (batch, 2 * taps, *counts), (group * each,), (batch, taps, *counts),
        )
    )
    inputs = [x, w, offset, *(item if draw(st.booleans()) else None for item in (bias, mask))]
    attributes |= {"group": group, "offset_group": offset_group}
    return Case("DeformConv", inputs, attributes, one_of(draw, (1, 3), ()), {0: (0, 2, 3)}, rtol=1e-3)


def contracting(draw: Draw) -> Case:
    """Einsum of drawn equations, Det, CumProd, and cumulative sums whose axis is fed."""
    op_type = one_of(draw, "Einsum", "Einsum", "Einsum", "Det", "CumSum", "CumProd", "Gemm", "MatMul")
    is_dynamic = draw(st.booleans())
    if op_type == "Det":
        n = draw(st.integers(1, 4))
        x = seeds(draw).normal(size=(*dims(draw, 0, 2, 3), n, n)).astype(one_of(draw, *FLOATS))
        return Case(op_type, [x], is_dynamic=is_dynamic, by_reference=x.dtype == np.float64)
    if op_type in ("CumSum", "CumProd"):
        x = array(draw, dims(draw), one_of(draw, *FLOATS, *INTS), -2, 2)
        attributes = {"exclusive": draw(st.integers(0, 1)), "reverse": draw(st.integers(0, 1))}
        inputs = [x, np.array(axis_of(draw, x.ndim), one_of(draw, "int32", "int64"))]
        return Case(op_type, inputs, attributes, one_of(draw, (), (1,)), is_dynamic, opset=26)
    if op_type in ("Gemm", "MatMul"):
        n, k, m = (draw(st.integers(1, 4)) for _ in range(3))
        dtype = one_of(draw, "int32", "int64", "uint32", "uint64")
        low = 0 if dtype.startswith("u") else -4
        inputs = [array(draw, shape, dtype, low) for shape in ([n, k], [k, m])]
        return Case(op_type, inputs, {}, one_of(draw, (), (1,)), is_dynamic, by_reference=op_type == "Gemm")
    sizes = {letter: draw(st.integers(1, 4)) for letter in "ijkl"}
    dotted = dims(draw, 0, 2, 3) if draw(st.booleans()) else None
    terms = [
        "".join(draw(st.lists(st.sampled_from("ijkl"), min_size=1, max_size=3, unique=draw(st.integers(0, 4)) > 0)))
        for _ in range(draw(st.integers(1, 3)))
    ]
    used = sorted(set("".join(terms)))
    shapes = [[sizes[letter] for letter in term] for term in terms]
    output = "".join(draw(st.permutations(used))[: draw(st.integers(0, len(used)))])
    if dotted is not None:
        shapes = [[*(size if draw(st.booleans()) else 1 for size in dotted), *shape] for shape in shapes]
        terms, output = ["..." + term for term in terms], "..." + output
    equation = ",".join(terms) + ("->" + output if dotted is not None or draw(st.booleans()) else "")
    if draw(st.booleans()):
        equation = equation.replace(",", " , ").replace("->", " -> ")
    dtype = one_of(draw, *FLOATS)
    return Case(op_type, [array(draw, shape, dtype) for shape in shapes], {"equation": equation}, (), is_dynamic)


def quantising_parts(draw: Draw) -> Case:
    """By blocks, by axis, with float16 scales; products of rows and columns with their own zero points."""
    op_type = one_of(
        draw, "QuantizeLinear", "DequantizeLinear", "MatMulInteger", "QLinearMatMul", "QLinearConv", "ConvInteger"
    )
    is_dynamic, generator = draw(st.booleans()), seeds(draw)
    dtype, b_dtype = one_of(draw, "uint8", "int8"), one_of(draw, "uint8", "int8")

    def number(kind: str, *shape: int) -> np.ndarray:
        limits = np.iinfo(kind)
        return np.asarray(generator.integers(limits.min, limits.max, shape, kind, endpoint=True))

    def scale(*shape: int) -> np.ndarray:
        return np.asarray(2.0 ** generator.integers(-4, 3, shape), np.float32)

    if op_type in ("QuantizeLinear", "DequantizeLinear"):
        shape, block = dims(draw, 1, 3, 4), draw(st.integers(1, 3))
        kind = one_of(draw, "uint8", "int8", "uint16", "int16")
        axis = axis_of(draw, len(shape))
        vector = [[], [shape[axis]], [-(-n // block) if i == axis % len(shape) else n for i, n in enumerate(shape)]]
        form = draw(st.integers(0, 2))
        attributes: dict[str, Any] = {"axis": axis, **({"block_size": block} if form == 2 else {})}
        half = one_of(draw, "float32", "float16")
        zero = number(kind, *vector[form]) if draw(st.booleans()) else None
        if op_type == "QuantizeLinear":
            x = (generator.integers(-2000, 2000, shape) / 8).astype(half)
            if zero is None:
                attributes["output_dtype"] = {"uint8": 2, "int8": 3, "uint16": 4, "int16": 5}[kind]
        else:
            x = number(kind, *shape)
        inputs = [x, scale(*vector[form]).astype(half), zero]
        return Case(op_type, inputs, attributes, one_of(draw, (), (1, 2)), is_dynamic, opset=23)
    if op_type in ("MatMulInteger", "QLinearMatMul"):
        n, k, m = (draw(st.integers(1, 5)) for _ in range(3))
        batch = dims(draw, 0, 2, 3)
        a, b = number(dtype, *batch, n, k), number(b_dtype, *(batch if draw(st.booleans()) else []), k, m)
        columns = [m] if draw(st.booleans()) and b.ndim == 2 else []
        zeros = [number(dtype), number(b_dtype, *columns)]
        if op_type == "MatMulInteger":
            inputs = [a, b, *(zero if draw(st.booleans()) else None for zero in zeros)]
            return Case(op_type, inputs, {}, one_of(draw, (), (1, 2, 3)), is_dynamic)
        inputs = [a, scale(), zeros[0], b, scale(*columns), zeros[1], np.asarray(scale() * 32), number(dtype)]
        return Case(op_type, inputs, {}, one_of(draw, (1, 2, 3, 4, 5, 6, 7), ()), is_dynamic, opset=21)
    rank, group, depth = draw(st.integers(1, 2)), draw(st.integers(1, 2)), draw(st.integers(1, 2))
    size = [draw(st.integers(3, 5)) for _ in range(rank)]
    kernel = [draw(st.integers(1, 3)) for _ in range(rank)]
    x, w = number(dtype, 1, group * depth, *size), number(b_dtype, group * 2, depth, *kernel)
    attributes = {
        "group": group,
        "strides": [draw(st.integers(1, 2)) for _ in size],
        "pads": [draw(st.integers(0, n - 1)) for n in kernel * 2],
    }
    channels = [group * 2] if draw(st.booleans()) else []
    if op_type == "ConvInteger":
        zeros = [number(dtype), number(b_dtype)]
        return Case(op_type, [x, w, *zeros], attributes, one_of(draw, (1, 2, 3), ()), is_dynamic)
    w_zero = np.zeros(channels, b_dtype) if channels and b_dtype == "int8" else number(b_dtype)
    bias = generator.integers(-1000, 1000, group * 2).astype(np.int32) if draw(st.booleans()) else None
    inputs = [x, scale(), number(dtype), w, scale(*channels), w_zero, np.asarray(scale() * 32), number(dtype), bias]
    return Case(op_type, inputs, attributes, tuple(range(1, 9)), is_dynamic)


FAMILIES = (transforming, warping, contracting, quantising_parts)
