"""What the OpenVINO that PaddlePaddle brings reads of a program; Paddle says only that it could not read one."""

from __future__ import annotations

from typing import Any, Final

from paddlify.backends.fluid.desc import FLOAT
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
     "rnn", "roi_align", "roll", "round", "rsqrt", "scale", "select_input", "set_value", "shape", "share_data",
     "sigmoid", "silu", "sin", "slice", "softmax", "softplus", "softshrink", "split", "sqrt", "squeeze2", "stack",
     "strided_slice", "sum", "swish", "sync_batch_norm", "take_along_axis", "tanh", "tanh_shrink",
     "tensor_array_to_tensor", "tile", "top_k_v2", "transpose2", "tril_triu", "trilinear_interp_v2", "unique",
     "unsqueeze2", "unstack", "where", "where_index", "while", "write_to_array", "yolo_box"}
)  # fmt: skip
"""Operators of `ProgramDesc` that the reader of OpenVINO 2025.0 has, which PaddlePaddle 3.3's wheels for x86 bring."""

_POWERS: Final = {"square": 2.0, "reciprocal": -1.0}
"""Operators that the reader lacks, and the exponent with which `pow` says each."""

_REMEDY = "OpenVINO's reader of Paddle's programs lacks them: convert without --openvino (openvino=False)."


def suit_openvino(desc: Any) -> None:
    """Say the operators of a `ProgramDesc` in those that OpenVINO reads.

    Raises UnsupportedModel that lists every operator for which there is none.
    """
    for op in (op for block in desc.blocks for op in block.ops if op.type in _POWERS):
        factor, op.type = _POWERS[op.type], "pow"
        del op.attrs[:]
        op.attrs.add(name="factor", type=FLOAT, f=factor)
    refused = [
        UnsupportedNode(op.type, next((name for slot in op.outputs for name in slot.arguments), ""), "not in OpenVINO")
        for block in desc.blocks for op in block.ops if op.type not in _READABLE | {"feed", "fetch"}
    ]  # fmt: skip
    if refused:
        raise UnsupportedModel(refused, _REMEDY)
