"""What the OpenVINO that PaddlePaddle brings reads of a program; Paddle says only that it could not read one."""

from __future__ import annotations

from typing import Any, Final

from paddlify.backends.fluid.desc import (
    BOOL,
    DTYPE_NAMES,
    FLOAT,
    FP32,
    INT32,
    INT64,
    UINT8,
    Op,
    read_op,
)
from paddlify.errors import UnsupportedModel, UnsupportedNode

_READABLE: Final = frozenset(
    {"abs", "arg_max", "assign", "assign_value", "batch_norm", "bicubic_interp_v2", "bilinear_interp_v2", "bmm", "cast",
     "ceil", "clip", "concat", "conditional_block", "conv2d", "conv2d_transpose", "cos", "cumsum", "deformable_conv",
     "depthwise_conv2d", "depthwise_conv2d_transpose", "dequantize_linear", "dropout", "elementwise_add",
     "elementwise_div", "elementwise_floordiv", "elementwise_max", "elementwise_min", "elementwise_mod",
     "elementwise_mul", "elementwise_pow", "elementwise_sub", "elu", "equal", "exp", "expand_v2", "eye",
     "fill_any_like", "fill_constant", "fill_constant_batch_size_like", "flatten_contiguous_range", "flip", "floor",
     "gather", "gather_nd", "gelu", "greater_equal", "greater_than", "grid_sampler", "group_norm", "hard_sigmoid",
     "hard_swish", "index_select", "layer_norm", "leaky_relu", "less_than", "linear_interp_v2", "linspace", "log",
     "logical_and", "logical_not", "logical_or", "logical_xor", "lookup_table_v2", "matmul", "matmul_v2",
     "max_pool2d_with_index", "max_pool3d_with_index", "meshgrid", "nearest_interp_v2", "not_equal", "one_hot_v2",
     "p_norm", "pad3d", "pool2d", "pool3d", "pow", "prior_box", "quantize_linear", "range", "reduce_all", "reduce_any",
     "reduce_max", "reduce_mean", "reduce_min", "reduce_prod", "reduce_sum", "relu", "relu6", "reshape2", "reverse",
     "rnn", "roi_align", "roll", "rsqrt", "scale", "select_input", "set_value", "shape", "share_data",
     "sigmoid", "silu", "sin", "slice", "softmax", "softplus", "softshrink", "split", "sqrt", "squeeze2", "stack",
     "strided_slice", "sum", "swish", "sync_batch_norm", "tanh", "tanh_shrink",
     "tensor_array_to_tensor", "tile", "top_k_v2", "transpose2", "tril_triu", "trilinear_interp_v2", "unique",
     "unsqueeze2", "unstack", "where", "where_index", "while", "write_to_array", "yolo_box"}
)  # fmt: skip
"""Operators of `ProgramDesc` that the reader of OpenVINO 2025.0 has, which PaddlePaddle 3.3's wheels for x86 bring.

It has take_along_axis too, but for negative indices, and round, but halves do not go to even numbers.
"""

_POWERS: Final = {"square": 2.0, "reciprocal": -1.0}
"""Operators that the reader lacks, and the exponent with which `pow` says each of float32."""

_DTYPES: Final = {BOOL, INT32, INT64, FP32, UINT8}
"""What OpenVINO computes as Paddle does; float64 becomes float32, and integers are reckoned in 32 bits."""

_REMEDY = "OpenVINO cannot run them: convert without --openvino (openvino=False)."


def suit_openvino(desc: Any) -> None:
    """Say the operators of a `ProgramDesc` in those that OpenVINO reads.

    Raises UnsupportedModel that lists every operator for which there is none.
    """
    refused: list[UnsupportedNode] = []
    for block in desc.blocks:
        dtypes, ranks = _tensors(block)
        for message in block.ops:
            op = read_op(message)
            names = [name for names in op.outputs.values() for name in names]
            if op.type in _POWERS and {dtypes.get(name) for name in names} == {FP32}:
                _say_as_power(message)
                op = read_op(message)
            reason = _reason(op, {dtypes.get(name, FP32) for name in names}, {ranks.get(name, 1) for name in names})
            if reason:
                refused.append(UnsupportedNode(op.type, next(iter(names), ""), reason))
    if refused:
        raise UnsupportedModel(refused, _REMEDY)


def _tensors(block: Any) -> tuple[dict[str, int], dict[str, int]]:
    """Dtype and rank of a block's tensors, by name."""
    tensors = {item.name: item.type.dense_tensor.tensor for item in block.vars if item.type.HasField("dense_tensor")}
    return (
        {name: tensor.data_type for name, tensor in tensors.items()},
        {name: len(tensor.dims) for name, tensor in tensors.items()},
    )


def _say_as_power(message: Any) -> None:
    factor, message.type = _POWERS[message.type], "pow"
    del message.attrs[:]
    message.attrs.add(name="factor", type=FLOAT, f=factor)


def _reason(op: Op, dtypes: set[int], ranks: set[int]) -> str:
    """Why OpenVINO cannot run an operator that gives tensors of these dtypes and ranks; "" if it can."""
    if op.type == "fetch":
        return ""
    if op.type == "feed" and 0 in ranks:
        return "an input of rank 0"
    if op.type not in _READABLE | {"feed"}:
        return "its reader of Paddle's programs lacks it, or misreads it"
    if op.type == "conv2d_transpose" and any(op.attributes.get("output_padding", ())):
        return "its reader passes over output_padding"
    if op.type == "arg_max" and op.attributes.get("keepdims") and not op.attributes.get("flatten"):
        return "its reader passes over keepdims"
    if op.type == "tile" and any(names for slot, names in op.inputs.items() if slot != "X"):
        return "repeated as often as the model computes, it gives what lies in memory"
    odd = sorted(DTYPE_NAMES.get(dtype, f"dtype {dtype}") for dtype in dtypes - _DTYPES)
    return f"{' and '.join(odd)} would be reckoned in another dtype" if odd else ""
