"""Changes of operator schemas that changed no meaning, so that a node stays as it is.

Each was read in onnx's documentation of the operator's versions (docs/Changelog.md). A change that is listed neither
here nor covered by a rule makes the node be refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_SAME_INTERFACE: Final[Mapping[tuple[int, ...], str]] = {
    (6, 8, 12, 13): "Max Min",
    (6, 8, 13): "Mean Sum",
    (6, 13): "Abs Ceil Exp Floor Log Neg Reciprocal Sigmoid Sqrt Tanh",
    (6, 13, 14): "Relu",
    (6, 16): "LeakyRelu",
    (6, 22): "Elu HardSigmoid InstanceNormalization",
    (9, 11, 13, 21, 23, 24, 25): "Flatten",
    (9, 13): "Gemm Greater Less MatMul",
    (9, 13, 19, 21, 23, 24, 25): "Constant",
    (9, 13, 21, 23, 25, 28): "Cast",
    (9, 16): "PRelu",
    (11,): "NonMaxSuppression",
    (11, 12, 22): "MaxPool",
    (11, 13): "ArgMax ArgMin Concat Gather Slice",
    (11, 13, 16, 19, 21, 23, 24, 25): "If Loop",
    (11, 13, 19): "Equal",
    (11, 16, 19, 21, 23, 24, 25): "Scan",
    (11, 22): "AveragePool Conv ConvTranspose LpPool MaxUnpool",
    (11, 28): "Compress OneHot",
    (12, 13): "Clip",
    (12, 13, 15): "Pow",
    (13,): (
        "Erf Expand GatherElements GatherND LRN MeanVarianceNormalization NonZero Sign SoftmaxCrossEntropyLoss "
        "SpaceToDepth Tile"
    ),
    (13, 14): "Add Div Mul Sub",
    (13, 14, 16, 19, 21, 23, 24, 25): "Identity",
    (13, 18): "ScatterElements ScatterND",
    (13, 19, 21, 23, 24, 25): "Pad Reshape Shape Size",
    (13, 20): "IsNaN",
    (13, 21, 23, 24, 25): "Transpose",
    (13, 22): "Dropout NegativeLogLikelihoodLoss",
    (13, 28): "DepthToSpace Mod",
    (14,): "CumSum",
    (15,): "BatchNormalization",
    (16,): "GreaterOrEqual LessOrEqual Where",
    (18, 28): "OptionalGetElement",
    (19, 24, 25, 28): "DequantizeLinear",
    (20,): "IsInf ReduceMax ReduceMin",
    (20, 21, 23, 24, 25): "ConstantOfShape",
    (21,): "QLinearMatMul",
    (21, 23, 24, 25): "Squeeze Unsqueeze",
    (21, 23, 25): "CastLike",
    (22,): (
        "Acos Acosh Asin Asinh Atan Atanh Bernoulli Cos Cosh DeformConv Det EyeLike GRU GlobalAveragePool GlobalLpPool "
        "GlobalMaxPool GridSample HardSwish LSTM LpNormalization MaxRoiPool Mish Multinomial RNN RandomNormal "
        "RandomNormalLike RandomUniform RandomUniformLike RoiAlign Round Selu Sin Sinh Softplus Softsign Tan "
        "ThresholdedRelu"
    ),
    (24,): "SplitToSequence TopK",
    (24, 25, 28): "QuantizeLinear",
    (28,): (
        "BitShift Celu Einsum Optional OptionalHasElement ReduceLogSum ReduceLogSumExp ReverseSequence Unique"
    ),
}
"""Opsets that took more element types, more shapes (broadcasting, negative axes) or words, by operators."""

_ADDED_OPTIONS: Final[Mapping[str, Mapping[int, str]]] = {
    "ArgMax": {12: "select_last_index"},
    "ArgMin": {12: "select_last_index"},
    "Attention": {24: "nonpad_kv_seqlen", 25: "left_window_size right_window_size"},
    "AveragePool": {7: "count_include_pad", 10: "ceil_mode", 19: "dilations"},
    "Cast": {19: "saturate", 24: "round_mode"},
    "CastLike": {19: "saturate", 24: "round_mode"},
    "Constant": {11: "sparse_value", 12: "value_float value_floats value_int value_ints value_string value_strings"},
    "DepthToSpace": {11: "mode"},
    "DequantizeLinear": {13: "axis", 21: "block_size", 23: "output_dtype"},
    "GRU": {14: "layout"},
    "GatherND": {12: "batch_dims"},
    "Gemm": {11: ""},
    "LSTM": {14: "layout"},
    "LpPool": {18: "ceil_mode dilations"},
    "MaxPool": {8: "storage_order Indices", 10: "ceil_mode dilations"},
    "OptionalHasElement": {18: ""},
    "Pad": {18: "axes"},
    "QuantizeLinear": {13: "axis", 19: "saturate", 21: "block_size output_dtype", 23: "precision"},
    "RNN": {14: "layout"},
    "Range": {27: "stash_type"},
    "Reshape": {14: "allowzero"},
    "ScatterElements": {16: "reduction"},
    "ScatterND": {16: "reduction"},
    "Shape": {15: "end start"},
    "SpaceToDepth": {28: "mode"},
    "TopK": {11: "largest sorted"},
}
"""Opsets that added attributes, inputs and outputs (or made one optional) whose absence means what it meant before.

Quantisation before opset 13 was per tensor, where `axis` is not looked at. Range took no float16 before opset 27.
"""


def _unchanged() -> dict[str, frozenset[int]]:
    table: dict[str, set[int]] = {name: set(versions) for name, versions in _ADDED_OPTIONS.items()}
    for versions, names in _SAME_INTERFACE.items():
        for name in names.split():
            table.setdefault(name, set()).update(versions)
    return {name: frozenset(versions) for name, versions in table.items()}


UNCHANGED: Final[Mapping[str, frozenset[int]]] = _unchanged()
"""By operator, the opsets that changed its schema and not its meaning."""
