"""Layers of neural networks: normalisation, dropout, softmax, pooling, sampling, recurrent layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx_ir as ir

from paddlify.errors import Refusal
from paddlify.frontends.onnx.upgrade.rules import Upgrader, upgrades
from paddlify.ir.builder import dtype_of, rank_of


@upgrades("BatchNormalization", below=14)
def batch_normalization(
    op: Upgrader, x: ir.Value, scale: ir.Value, bias: ir.Value, mean: ir.Value, var: ir.Value, *, epsilon: float,
    momentum: float, is_test: int | None, spatial: int | None,
) -> Any:
    """Training mode was `is_test=0` before opset 7 and more than one output after.

    With `spatial=0` (until opset 8) there are statistics for each element of a sample, not for each channel.
    """
    if is_test == 0 or any(op.has_output(index) for index in range(1, 5)):
        raise Refusal("training mode of an opset below 14 is not supported; export the model for inference")
    if spatial != 0:
        return op.BatchNormalization(x, scale, bias, mean, var, epsilon=epsilon, momentum=momentum)
    deviation = op.Sqrt(op.Add(var, op.constant_like(var, epsilon)))
    return op.Add(op.Mul(op.Div(op.Sub(x, mean), deviation), scale), bias)


@upgrades("GroupNormalization", below=21)
def group_normalization(
    op: Upgrader, x: ir.Value, scale: ir.Value, bias: ir.Value, *, epsilon: float, num_groups: int
) -> Any:
    """Scale and bias were given for each group, not for each channel."""
    channels = x.shape[1] if x.shape is not None and x.shape.rank() > 1 else None
    if not isinstance(channels, int) or num_groups <= 0 or channels % num_groups:
        raise Refusal(f"the number of channels ({channels}) is not known to be a multiple of num_groups={num_groups}")

    def of_channels(groups: ir.Value) -> ir.Value:
        spread = op.Expand(op.Unsqueeze(groups, op.ints([1])), op.ints([num_groups, channels // num_groups]))
        return op.Reshape(spread, op.ints([channels]))  # type: ignore[no-any-return]

    return op.GroupNormalization(x, of_channels(scale), of_channels(bias), epsilon=epsilon, num_groups=num_groups)


@upgrades("Dropout", below=12)
def dropout(op: Upgrader, data: ir.Value, *, ratio: float, is_test: int | None) -> Any:
    """Training mode was `is_test=0` before opset 7, and does not exist from 7 to 11: nothing is dropped.

    The mask is zero there (onnxruntime; the specification does not say), of the dtype of the data below opset 10.
    """
    if is_test == 0:
        raise Refusal("is_test=0 asks for training; export the model for inference")
    if not op.has_output(1):
        return op.Identity(data)
    declared = op.origin.outputs[1].dtype
    mask_type = dtype_of(data) if op.origin_version < 10 else ir.DataType.BOOL
    if declared not in (None, mask_type):
        raise Refusal(f"the mask is said to be {declared}, not {mask_type}")
    zero = ir.tensor(np.zeros(1, dtype=mask_type.numpy()))
    return op.Identity(data), op.ConstantOfShape(op.Shape(data), value=zero)


@upgrades("Softmax", "LogSoftmax", "Hardmax", below=13)
def softmax(op: Upgrader, x: ir.Value, *, axis: int) -> Any:
    """All axes from `axis` on were taken as one."""
    rank = rank_of(x)
    axis = axis if axis >= 0 else axis + rank
    if axis == rank - 1:
        return op.same(x, axis=-1)
    rows = op.same(op.Flatten(x, axis=axis), axis=-1)
    return op.Reshape(rows, op.Shape(x))


@upgrades("Gemm", below=7)
def gemm(
    op: Upgrader, a: ir.Value, b: ir.Value, c: ir.Value, *, alpha: float, beta: float, broadcast: int,
    transA: int, transB: int,  # noqa: N803 - ONNX's names
) -> Any:
    """Without `broadcast`, C had the result's shape, which may be said in the same way."""
    return op.Gemm(a, b, c, alpha=alpha, beta=beta, transA=transA, transB=transB)


@upgrades("GlobalLpPool", below=2)
def global_lp_pool(op: Upgrader, x: ir.Value, *, p: float) -> Any:
    return op.GlobalLpPool(x, p=_whole(p))


@upgrades("LpPool", below=2)
def lp_pool(
    op: Upgrader, x: ir.Value, *, auto_pad: str, kernel_shape: Sequence[int] | None, p: float,
    pads: Sequence[int] | None, strides: Sequence[int] | None,
) -> Any:
    if kernel_shape is None:
        raise Refusal("attribute 'kernel_shape' is missing")
    return op.LpPool(x, auto_pad=auto_pad, kernel_shape=kernel_shape, p=_whole(p), pads=pads, strides=strides)


def _whole(p: float) -> int:
    if p != int(p):
        raise Refusal(f"p={p} is not a whole number, as later opsets want")
    return int(p)


@upgrades("RoiAlign", below=16)
def roi_align(
    op: Upgrader, x: ir.Value, rois: ir.Value, batch_indices: ir.Value, *, mode: str, output_height: int,
    output_width: int, sampling_ratio: int, spatial_scale: float,
) -> Any:
    """Coordinates were not shifted by half a pixel."""
    return op.RoiAlign(
        x, rois, batch_indices, coordinate_transformation_mode="output_half_pixel", mode=mode,
        output_height=output_height, output_width=output_width, sampling_ratio=sampling_ratio,
        spatial_scale=spatial_scale,
    )


@upgrades("GridSample", below=20)
def grid_sample(
    op: Upgrader, x: ir.Value, grid: ir.Value, *, align_corners: int, mode: str, padding_mode: str
) -> Any:
    """Two modes were renamed."""
    renamed = {"bilinear": "linear", "bicubic": "cubic"}.get(mode, mode)
    return op.GridSample(x, grid, align_corners=align_corners, mode=renamed, padding_mode=padding_mode)


@upgrades("RNN", "GRU", "LSTM", below=7)
def recurrent(
    op: Upgrader, x: ir.Value, w: ir.Value, r: ir.Value, *others: ir.Value | None,
    activations: Sequence[str] | None, activation_alpha: Sequence[float] | None,
    activation_beta: Sequence[float] | None, clip: float | None, direction: str, hidden_size: int | None,
    input_forget: int | None, linear_before_reset: int | None, output_sequence: int,
) -> Any:
    """Y was given only with `output_sequence`; GRU's default direction was spelt "foward" in opset 1."""
    if not output_sequence and op.has_output(0):
        raise Refusal("output Y is read although output_sequence=0")
    return op.same(
        x, w, r, *others, activations=activations, activation_alpha=activation_alpha, activation_beta=activation_beta,
        clip=clip, direction="forward" if direction == "foward" else direction, hidden_size=hidden_size,
        input_forget=input_forget, linear_before_reset=linear_before_reset,
    )
