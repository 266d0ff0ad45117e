"""Quantised operators that onnxruntime's quantiser and optimiser write into files, said in operators of ai.onnx.

A result midway between two steps of its scale is no rare thing (the mean of four numbers of one scale), and which way
it goes hangs on the order of operations: it is that of onnxruntime's kernels. Those of sums and means count in steps of
the result, which is exact where scales are equal.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx_ir as ir

from paddlify.errors import Refusal
from paddlify.frontends.onnx.upgrade.contrib import CONTRIB
from paddlify.frontends.onnx.upgrade.rules import Upgrader
from paddlify.ir import opset
from paddlify.ir.builder import Builder, dtype_of, rank_of

_D = opset.CONTRIB_DOMAIN


def _in_steps(op: Upgrader, x: ir.Value, scale: ir.Value, zero_point: ir.Value, step: ir.Value) -> ir.Value:
    """A quantised tensor as how many steps of the result it is."""
    return op.DequantizeLinear(x, _scalar(op, op.Div(scale, step)), _scalar(op, zero_point))  # type: ignore[no-any-return]


def _real(op: Upgrader, x: ir.Value, scale: ir.Value, zero_point: ir.Value) -> ir.Value:
    return op.DequantizeLinear(x, _scalar(op, scale), _scalar(op, zero_point))  # type: ignore[no-any-return]


def _from_steps(op: Upgrader, x: ir.Value, zero_point: ir.Value | None, dtype: ir.DataType) -> ir.Value:
    """What is counted in steps of the result; kernels of these operators add the zero point before they round."""
    if zero_point is not None:
        x = op.Add(x, op.Cast(_scalar(op, zero_point), to=dtype_of(x).value))
    return _quantised(op, x, op.constant_like(x, 1), None, dtype)


def _quantised(
    op: Upgrader, x: ir.Value, scale: ir.Value, zero_point: ir.Value | None, dtype: ir.DataType
) -> ir.Value:
    """`x` in `dtype`, rounded and saturated; `dtype` says what a missing zero point does not."""
    output_dtype = dtype.value if zero_point is None else None
    return op.QuantizeLinear(  # type: ignore[no-any-return]
        x, _scalar(op, scale), _scalar(op, zero_point), output_dtype=output_dtype
    )


def _scalar(op: Upgrader, parameter: ir.Value | None) -> ir.Value | None:
    """A scale or zero point of the whole tensor, which may be a vector of one number in these operators."""
    return parameter if parameter is None or rank_of(parameter) == 0 else op.Reshape(parameter, op.ints([]))


# Elementwise


@CONTRIB("QLinearAdd", domain=_D)
def qlinear_add(
    op: Upgrader, a: ir.Value, a_scale: ir.Value, a_zero_point: ir.Value, b: ir.Value, b_scale: ir.Value,
    b_zero_point: ir.Value, c_scale: ir.Value, c_zero_point: ir.Value | None = None,
) -> Any:
    total = op.Add(_in_steps(op, a, a_scale, a_zero_point, c_scale), _in_steps(op, b, b_scale, b_zero_point, c_scale))
    return _from_steps(op, total, c_zero_point, dtype_of(a))


@CONTRIB("QLinearMul", domain=_D)
def qlinear_mul(
    op: Upgrader, a: ir.Value, a_scale: ir.Value, a_zero_point: ir.Value, b: ir.Value, b_scale: ir.Value,
    b_zero_point: ir.Value, c_scale: ir.Value, c_zero_point: ir.Value | None = None,
) -> Any:
    one = op.constant_like(c_scale, 1)
    product = op.Mul(_real(op, a, one, a_zero_point), _real(op, b, one, b_zero_point))
    factor = op.Div(op.Mul(a_scale, b_scale), c_scale)
    return _from_steps(op, op.Mul(product, factor), c_zero_point, dtype_of(a))


@CONTRIB("QLinearLeakyRelu", domain=_D)
def qlinear_leaky_relu(
    op: Upgrader, x: ir.Value, x_scale: ir.Value, x_zero_point: ir.Value, y_scale: ir.Value,
    y_zero_point: ir.Value | None = None, *, alpha: float = 0.01,
) -> Any:
    result = op.LeakyRelu(_real(op, x, x_scale, x_zero_point), alpha=alpha)
    return _quantised(op, result, y_scale, y_zero_point, dtype_of(x))


@CONTRIB("QLinearSigmoid", domain=_D)
def qlinear_sigmoid(
    op: Upgrader, x: ir.Value, x_scale: ir.Value, x_zero_point: ir.Value, y_scale: ir.Value,
    y_zero_point: ir.Value | None = None,
) -> Any:
    return _quantised(op, op.Sigmoid(_real(op, x, x_scale, x_zero_point)), y_scale, y_zero_point, dtype_of(x))


@CONTRIB("QLinearSoftmax", domain=_D)
def qlinear_softmax(
    op: Upgrader, x: ir.Value, x_scale: ir.Value, x_zero_point: ir.Value, y_scale: ir.Value,
    y_zero_point: ir.Value | None = None, *, axis: int = -1, opset: int,
) -> Any:
    """`opset` is that of the Softmax which it stands for: below 13, all axes from `axis` on were taken as one.

    Of how many steps make 1, onnxruntime takes the whole ones only.
    """
    if opset < 13 and axis not in (-1, rank_of(x) - 1):
        raise Refusal(f"a softmax of opset {opset} over several axes is not supported")
    steps = op.Floor(op.Reciprocal(_scalar(op, y_scale)))
    result = op.Mul(op.Softmax(_real(op, x, x_scale, x_zero_point), axis=axis), steps)
    return _quantised(op, result, op.constant_like(result, 1), y_zero_point, dtype_of(x))


@CONTRIB("QLinearWhere", domain=_D)
def qlinear_where(
    op: Upgrader, condition: ir.Value, x: ir.Value, x_scale: ir.Value, x_zero_point: ir.Value, y: ir.Value,
    y_scale: ir.Value, y_zero_point: ir.Value, z_scale: ir.Value, z_zero_point: ir.Value | None = None,
) -> Any:
    chosen = op.Where(condition, _real(op, x, x_scale, x_zero_point), _real(op, y, y_scale, y_zero_point))
    return _quantised(op, chosen, z_scale, z_zero_point, dtype_of(x))


# Places


@CONTRIB("QLinearConcat", domain=_D)
def qlinear_concat(
    op: Upgrader, y_scale: ir.Value, y_zero_point: ir.Value, *inputs: ir.Value, axis: int
) -> Any:
    """Each input is a tensor, its scale and its zero point."""
    if len(inputs) % 3:
        raise Refusal(f"{len(inputs)} inputs are no tensors with a scale and a zero point each")
    parts = [
        _real(op, x, scale, zero_point)
        for x, scale, zero_point in zip(inputs[::3], inputs[1::3], inputs[2::3], strict=True)
    ]
    return _quantised(op, op.Concat(*parts, axis=axis), y_scale, y_zero_point, dtype_of(y_zero_point))


@CONTRIB("QLinearAveragePool", domain=_D)
def qlinear_average_pool(
    op: Upgrader, x: ir.Value, x_scale: ir.Value, x_zero_point: ir.Value, y_scale: ir.Value,
    y_zero_point: ir.Value | None = None, *, auto_pad: str = "NOTSET", ceil_mode: int = 0, channels_last: int = 0,
    count_include_pad: int = 0, kernel_shape: list[int], pads: list[int] | None = None,
    strides: list[int] | None = None,
) -> Any:
    _check_layout(channels_last)
    result = op.AveragePool(
        _real(op, x, x_scale, x_zero_point), auto_pad=auto_pad, ceil_mode=ceil_mode,
        count_include_pad=count_include_pad, kernel_shape=kernel_shape, pads=pads, strides=strides,
    )
    return _from_steps(op, op.Div(result, _scalar(op, y_scale)), y_zero_point, dtype_of(x))


@CONTRIB("QLinearGlobalAveragePool", domain=_D)
def qlinear_global_average_pool(
    op: Upgrader, x: ir.Value, x_scale: ir.Value, x_zero_point: ir.Value, y_scale: ir.Value,
    y_zero_point: ir.Value | None = None, *, channels_last: int = 0,
) -> Any:
    _check_layout(channels_last)
    result = op.GlobalAveragePool(_in_steps(op, x, x_scale, x_zero_point, y_scale))
    return _quantised(op, result, op.constant_like(result, 1), y_zero_point, dtype_of(x))


def _check_layout(channels_last: int) -> None:
    if channels_last:
        raise Refusal("attribute channels_last=1 is not supported")


# Products


@CONTRIB("QGemm", domain=_D)
def qgemm(
    op: Upgrader, a: ir.Value, a_scale: ir.Value, a_zero_point: ir.Value, b: ir.Value, b_scale: ir.Value,
    b_zero_point: ir.Value, c: ir.Value | None = None, y_scale: ir.Value | None = None,
    y_zero_point: ir.Value | None = None, *, alpha: float = 1.0, transA: int = 0, transB: int = 0,  # noqa: N803
) -> Any:
    """`c` is int32, counted in products of the scales; without `y_scale` the result stays float."""
    a, b = (op.Transpose(x, perm=[1, 0]) if swap else x for x, swap in ((a, transA), (b, transB)))
    product = op.MatMulInteger(a, b, _scalar(op, a_zero_point), b_zero_point)
    product = product if c is None else op.Add(product, c)
    factor = op.Mul(op.Mul(a_scale, b_scale), op.constant_like(a_scale, alpha))
    factor = factor if y_scale is None else op.Div(factor, y_scale)
    result = op.Mul(op.Cast(product, to=dtype_of(factor).value), factor)
    if y_scale is None:
        return result
    return _quantised(op, result, op.constant_like(result, 1), y_zero_point, dtype_of(a))


@CONTRIB("MatMulIntegerToFloat", domain=_D)
def matmul_integer_to_float(
    op: Builder, a: ir.Value, b: ir.Value, a_scale: ir.Value, b_scale: ir.Value, a_zero_point: ir.Value | None = None,
    b_zero_point: ir.Value | None = None, bias: ir.Value | None = None,
) -> Any:
    """Scales and zero points of `b` may be of its columns."""
    product = op.MatMulInteger(a, b, a_zero_point, b_zero_point)
    result = op.Mul(op.Cast(product, to=dtype_of(a_scale).value), op.Mul(a_scale, b_scale))
    return result if bias is None else op.Add(result, bias)


@CONTRIB("DynamicQuantizeMatMul", domain=_D)
def dynamic_quantize_matmul(
    op: Builder, a: ir.Value, b: ir.Value, b_scale: ir.Value, b_zero_point: ir.Value | None = None,
    bias: ir.Value | None = None,
) -> Any:
    quantised, scale, zero_point = op.DynamicQuantizeLinear(a, outputs=3)
    return matmul_integer_to_float(op, quantised, b, scale, b_scale, zero_point, b_zero_point, bias)


@CONTRIB("MatMulNBits", domain=_D)
def matmul_nbits(
    op: Upgrader, a: ir.Value, b: ir.Value, scales: ir.Value, zero_points: ir.Value | None = None,
    g_idx: ir.Value | None = None, bias: ir.Value | None = None, *, K: int, N: int,  # noqa: N803 - its names
    accuracy_level: int = 0, bits: int = 4, block_size: int, weight_prepacked: int = 0,
) -> Any:
    """A product with a constant matrix [N, K] whose rows are quantised in blocks, two of 4 bits to a byte.

    `accuracy_level` allows a runtime to round `a`, and asks for nothing: nothing is rounded here.
    """
    if weight_prepacked:
        raise Refusal("weights packed for one processor are not supported")
    if bits not in (4, 8) or g_idx is not None:
        raise Refusal(f"{bits} bits, or an order of the groups, are not supported")
    blocks = -(-K // block_size)
    weight = op.Reshape(_unpacked(op, b, bits), op.ints([N, blocks, block_size]))
    offset = op.constant_like(scales, 1 << (bits - 1))
    if zero_points is not None:
        is_packed = zero_points.dtype == ir.DataType.UINT8
        offset = _unpacked(op, zero_points, bits) if is_packed else zero_points
        offset = op.Slice(op.Reshape(offset, op.ints([N, -1])), op.ints([0]), op.ints([blocks]), op.ints([1]))
        offset = op.Cast(op.Unsqueeze(offset, op.ints([2])), to=dtype_of(scales).value)
    weight = op.Sub(op.Cast(weight, to=dtype_of(scales).value), offset)
    weight = op.Mul(weight, op.Reshape(scales, op.ints([N, blocks, 1])))
    weight = op.Reshape(weight, op.ints([N, blocks * block_size]))
    weight = op.Slice(weight, op.ints([0]), op.ints([K]), op.ints([1]))
    product = op.MatMul(a, op.Transpose(weight, perm=[1, 0]))
    return product if bias is None else op.Add(product, bias)


def _unpacked(op: Upgrader, x: ir.Value, bits: int) -> ir.Value:
    """Numbers of 4 bits in bytes, the low one first, as bytes along a new last axis."""
    if bits == 8:
        return x
    low = op.BitwiseAnd(x, op.constant(np.uint8(15), dtype=np.uint8))
    high = op.BitShift(x, op.constant(np.uint8(4), dtype=np.uint8), direction="RIGHT")
    return op.Concat(*(op.Unsqueeze(part, op.ints([-1])) for part in (low, high)), axis=-1)  # type: ignore[no-any-return]


# Recurrent layers


@CONTRIB("DynamicQuantizeLSTM", domain=_D)
def dynamic_quantize_lstm(
    op: Upgrader, x: ir.Value, w: ir.Value, r: ir.Value, b: ir.Value | None = None,
    sequence_lens: ir.Value | None = None, initial_h: ir.Value | None = None, initial_c: ir.Value | None = None,
    p: ir.Value | None = None, w_scale: ir.Value | None = None, w_zero_point: ir.Value | None = None,
    r_scale: ir.Value | None = None, r_zero_point: ir.Value | None = None, *, activations: list[str] | None = None,
    direction: str = "forward", hidden_size: int, input_forget: int = 0,
) -> Any:
    """An LSTM whose weights [directions, …, 4 * hidden] are quantised, as are its input and, each step, its state.

    The state is quantised as a whole; onnxruntime does so in as many parts of the batch as it has threads.
    """
    given = (w, w_scale, w_zero_point, r, r_scale, r_zero_point)
    parameters = [value for value in given if value is not None]
    if len(parameters) < len(given) or sequence_lens is not None or p is not None:
        raise Refusal("weights without scales and zero points, lengths of sequences and peepholes are not supported")
    count = 2 if direction == "bidirectional" else 1
    if input_forget:
        raise Refusal("attribute input_forget=1 is not supported")
    if activations and activations != ["Sigmoid", "Tanh", "Tanh"] * count:
        raise Refusal(f"activations {activations} are not supported")
    shape = op.Concat(op.Shape(x, start=1, end=2), op.ints([hidden_size]), axis=0)
    found = []
    for index in range(count):
        weights = [_slice(op, value, index) for value in parameters]
        bias, *first = (None if value is None else _slice(op, value, index) for value in (b, initial_h, initial_c))
        gates = dynamic_quantize_matmul(op, x, *weights[:3])
        if bias is not None:
            gates = op.Add(gates, op.Add(*op.Split(bias, num_outputs=2, axis=0, outputs=2)))
        states = [op.Expand(op.constant_like(x, 0), shape) if state is None else state for state in first]
        backwards = int(direction == "reverse" or index == 1)
        found.append(_lstm(op, gates, states, weights[3:], backwards, f"{op.origin.name or 'lstm'}/{index}"))
    ends, axes = list(zip(*found, strict=True)), (0, 0, 1)
    last_h, last_c, every = (
        op.Concat(*(op.Unsqueeze(value, op.ints([axis])) for value in values), axis=axis)
        for values, axis in zip(ends, axes, strict=True)
    )
    return every, last_h, last_c


def _slice(op: Upgrader, x: ir.Value, index: int) -> ir.Value:
    return op.Gather(x, op.constant(index), axis=0)  # type: ignore[no-any-return]


def _lstm(
    op: Upgrader, gates: ir.Value, states: Sequence[ir.Value], recurrent: Sequence[ir.Value], backwards: int,
    name: str,
) -> Any:
    """The last hidden state and cell, and every hidden state; gates are i, o, f, c."""
    row = ir.Shape(list(gates.shape or ())[1:])
    hidden, cell = (
        ir.Value(name=f"{name}/{kind}", type=state.type, shape=state.shape)
        for kind, state in zip(("hidden", "cell"), states, strict=True)
    )
    gate = ir.Value(name=f"{name}/gate", type=gates.type, shape=row)

    def step(inner: Builder) -> Sequence[ir.Value]:
        total = inner.Add(gate, dynamic_quantize_matmul(inner, hidden, *recurrent))
        i, o, f, c = inner.Split(total, num_outputs=4, axis=-1, outputs=4)
        kept = inner.Mul(inner.Sigmoid(f), cell)
        new_cell = inner.Add(kept, inner.Mul(inner.Sigmoid(i), inner.Tanh(c)))
        new_hidden = inner.Mul(inner.Sigmoid(o), inner.Tanh(new_cell))
        return [new_hidden, new_cell, inner.Identity(new_hidden)]

    body = op.subgraph(f"{name}/step", [hidden, cell, gate], step)
    return op.Scan(
        *states, gates, outputs=3, body=body, num_scan_inputs=1, scan_input_directions=[backwards],
        scan_output_directions=[backwards],
    )
