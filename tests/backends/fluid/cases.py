"""Small models that exercise each rule: onnx's own node tests by name, and models of ours as text.

Inputs are drawn from -8 to 8 for integers, normally for floats; onnx's tests bring their own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper, parser
from tests.conformance.cases import all_cases

NODE_TESTS = (
    "affine_grid_2d_align_corners", "and3d", "and_bcast3v2d", "argmax_default_axis_example", "argmin_keepdims_example",
    "attention_4d_causal", "attention_4d_gqa", "batchnorm_example", "cast_FLOAT_to_DOUBLE", "clip_expanded",
    "convtranspose", "convtranspose_group_2", "convtranspose_output_shape", "cumsum_2d_axis_0",
    "depthtospace_crd_mode_example",
    "depthtospace_example", "div_bcast", "div_int32_trunc", "equal_bcast", "expand_dim_changed", "flatten_axis1",
    "gather_0", "gather_1", "gather_negative_indices", "gather_elements_0", "gather_elements_negative_indices",
    "gelu_default_1",
    "greater_bcast", "greater_equal_bcast", "hardsigmoid", "hardswish", "isinf", "isinf_negative", "isnan",
    "less_bcast",
    "less_equal_bcast", "logsoftmax_axis_0", "matmul_4d", "max_float32", "min_int32", "mod_mixed_sign_int64",
    "mul_bcast", "nllloss_NC", "or3d", "or_bcast3v2d", "pow", "prelu_broadcast",
    "reduce_log_sum_exp_default_axes_keepdims_example",
    "reduce_max_keepdims_example", "reduce_mean_default_axes_keepdims_example", "reduce_min_keepdims_example",
    "reduce_prod_do_not_keepdims_example", "reduce_sum_default_axes_keepdims_example", "reshape_negative_dim",
    "sce_NCd1d2d3_none_no_weight_negative_ii", "softmax_axis_0", "softplus", "squeeze", "sub_bcast", "swish",
    "thresholdedrelu", "tile", "unsqueeze_axis_0", "where_long_example", "xor3d", "xor_bcast3v2d",
)  # fmt: skip

TEXTS = {
    "all": "net (float[3, 4] x) => (float[3, 1] y) { z = Constant <value_float = 0.0> () p = Greater (x, z) "
    "i = Cast <to = 6> (p) m = ReduceMin <keepdims = 1> (i, a) y = Cast <to = 1> (m) }",
    "gather_scalar": "net (float[3, 4] x) => (float[3] y) { y = Gather <axis = 1> (x, last) }",
    "gather_dynamic": "net (float[T, 4] x) => (float[2, 4] y) { y = Gather (x, ends) }",
    "gelu": "net (float[3, 4] x) => (float[3, 4] y) { y = Gelu (x) }",
    "gemm": "net (float[3, 4] x) => (float[3, 5] y) { y = Gemm (x, w, v) }",
    "linear": "net (float[1, 2, 4, 5] x) => (float[1, 2, 8, 10] y) "
    '{ y = Resize <mode = "linear"> (x, , , sizes) }',
    "nearest": "net (float[1, 2, 4, 5] x) => (float[1, 2, 8, 10] y) "
    '{ y = Resize <mode = "nearest", coordinate_transformation_mode = "asymmetric", nearest_mode = "floor"> '
    '(x, , , sizes) }',
    "cubic": "net (float[1, 2, 4, 5] x) => (float[1, 2, 8, 10] y) "
    '{ y = Resize <mode = "cubic", coordinate_transformation_mode = "align_corners", cubic_coeff_a = -0.75> '
    '(x, , , sizes) }',
    "top_k": "net (float[N, 3, 40] x) => (float[N, 3, 5] y, int64[N, 3, 5] i) "
    "{ r = Floor (x) y, i = TopK <axis = 2> (r, five) }",
    "trilinear": "net (float[1, 2, 3, 4, 5] x) => (float[1, 2, 6, 8, 10] y) "
    '{ y = Resize <mode = "linear"> (x, , , sizes3) }',
    "grid": "net (float[1, 2, 4, 5] x, float[1, 4, 5, 2] g) => (float[1, 2, 4, 5] y) "
    "{ y = GridSample <align_corners = 1> (x, g) }",
    "branches": "net (float[T, 4] x) => (float[T, 4] y) { m = ReduceMax <keepdims = 0> (x) p = Greater (m, half) "
    "y = If <then_branch = a () => (float[T, 4] u) { u = Relu (x) }, "
    "else_branch = b () => (float[T, 4] v) { v = Neg (x) }> (p) }",
    "loop": "net (float[T, 4] x) => (float[4] y) { n = Shape <start = 0, end = 1> (x) k = Squeeze (n) "
    "first = ReduceMax <keepdims = 0> (x, b0) y = Loop <body = step (int64 i, bool on, float[4] s) => "
    "(bool go, float[4] t) { go = Identity (on) row = Gather <axis = 0> (x, i) t = Add (s, row) }> (k, , first) }",
    "log_softmax": "net (float[N, 4] x) => (float[N, 4] y) { y = LogSoftmax (x) }",
    "matmul_broadcast": "net (float[3, 4] x, float[2, 2, 4, 5] b) => (float[2, 2, 3, 5] y) { y = MatMul (x, b) }",
    "lstm": "net (float[T, B, 5] x, float[2, B, 4] h, float[2, B, 4] c) => (float[T, 2, B, 4] y, float[2, B, 4] m, "
    'float[2, B, 4] n) { y, m, n = LSTM <hidden_size = 4, direction = "bidirectional"> (x, wl, rl, bl, , h, c) }',
    "lstm_in_branch": "net (float[T, B, 5] x) => (float[2, B, 4] y) { m = ReduceMax <keepdims = 0> (x) "
    "p = Greater (m, half) y = If <then_branch = a () => (float[2, B, 4] u) "
    '{ o, u = LSTM <hidden_size = 4, direction = "bidirectional"> (x, wl, rl, bl) }, '
    "else_branch = b () => (float[2, B, 4] v) { v = Slice (x, b00, b24, b02) }> (p) }",
    "gru": "net (float[T, B, 5] x) => (float[T, 1, B, 4] y, float[1, B, 4] m) "
    '{ y, m = GRU <hidden_size = 4, direction = "reverse", linear_before_reset = 1> (x, wg, rg, bg) }',
    "rnn": "net (float[T, B, 5] x) => (float[T, 1, B, 4] y, float[1, B, 4] m) "
    "{ y, m = RNN <hidden_size = 4> (x, wr, rr, br) }",
    "mod": "net (int64[8] x, int64[8] b) => (int64[8] y) { y = Mod (x, seven) }",
    "and_dynamic": "net (float[ONE, 4] x, float[T, 4] b) => (bool[T, 4] y) "
    "{ p = Greater (x, half) q = Greater (b, half) y = And (p, q) }",
    "greater_dynamic": "net (float[ONE, T] x, float[T, ONE] b) => (bool[T, T] y) { y = Greater (x, b) }",
    "where_dynamic": "net (float[T, 4] x, float[T, 4] b) => (float[T, 4] y) "
    "{ p = Greater (x, half) y = Where (p, x, b) }",
    "not_equal": "net (int64[3, 4] x) => (bool[3, 4] y) { p = Equal (x, seven) y = Not (p) }",
    "pad_edge": 'net (float[N, 3, 4, 5] x) => (float[N, 3, 7, 9] y) { y = Pad <mode = "edge"> (x, pads) }',
    "pad_reflect": 'net (float[N, 3, 4, 5] x) => (float[N, 3, 7, 9] y) { y = Pad <mode = "reflect"> (x, pads) }',
    "pad_constant": "net (float[N, 3, 4, 5] x) => (float[N, 3, 7, 9] y) { y = Pad (x, pads) }",
    "where_broadcast": "net (float[3, 4] x, float[1, 4] b) => (float[3, 4] y) "
    "{ p = Greater (b, half) y = Where (p, x, b) }",
}

PADDLE = {
    "amax_all": "paddle.amax(x, 1), paddle.all(x > 0, axis=1), paddle.any(x > 0, axis=0, keepdim=True)",
    "argmax_flat": "paddle.reshape(paddle.argmax(x), [1])",
    "clip_integers": "paddle.clip(paddle.cast(x * 4, 'int64'), -2, 3)",
    "computed_bounds": "x[: paddle.cast(paddle.shape(x)[0], 'int64') - 1]",
    "computed_shape": "paddle.reshape(x, [paddle.cast(paddle.shape(x)[0], 'int64') * 5])",
    "embedding": "F.embedding(paddle.cast(x > 0, 'int64'), x)",
    "equal_bool": "paddle.equal(x > 0, x[:1] > 0)",
    "constants": "paddle.assign(np.array([[0.1, -0.0, 3], [1e-9, 2, 1e9]], 'float32')) + x[0, 0] * 0, "
    "paddle.assign(np.array([2**53 + 1, -7])) + paddle.cast(x[:1, 0] * 0, 'int64'), "
    "paddle.assign(np.array([[True], [False]])), paddle.assign(np.arange(70, dtype='int32'))",
    "expand_as": "paddle.expand_as(x[:, :1], x)",
    "flip": "paddle.flip(x, [0])",
    "floor_divide": "paddle.floor_divide(paddle.cast(x * 9, 'int64'), paddle.full([1], -4, 'int64'))",
    "group_norm": "F.group_norm(paddle.reshape(x, [2, 2, 5]), 1), "
    "F.group_norm(paddle.reshape(x, [1, 4, 1, 1, 5]), 2, weight=x[:, 0], bias=x[:, 1])",
    "instance_norm": "F.instance_norm(paddle.reshape(x, [2, 2, 5]), weight=x[:2, 0], bias=x[:2, 1], eps=0.01), "
    "F.instance_norm(paddle.reshape(x, [1, 2, 2, 5])), "
    "F.instance_norm(paddle.reshape(x, [1, 2, 2, 5]), weight=x[:2, 0], bias=x[:2, 1])",
    "log_softmax": "F.log_softmax(x, axis=0)",
    "moved_bool": "paddle.roll(x > 0, 1, 0), paddle.split(x > 0, 2)[1], "
    "paddle.cast(paddle.transpose(paddle.cast(x > 0, 'uint8'), [1, 0]), 'int32')",
    "near": "paddle.equal(x, x + 1e-9), paddle.not_equal(x, x * 1.0000002)",
    "remainder": "paddle.remainder(paddle.cast(x * 9, 'int64'), paddle.full([1], -4, 'int64'))",
    "prelu": "F.prelu(x, paddle.full([1], 0.2))",
    "roll": "paddle.roll(x, 1, 0)",
    "seven_axes": "paddle.squeeze(paddle.unsqueeze(paddle.reshape(x, [1, 2, 1, 2, 5]), [0, 1]) * 2.0, [0, 1])",
    "shape_bool": "paddle.cast(paddle.shape(x > 0), 'int64')",
    "size": "paddle.reshape(paddle.numel(paddle.cast(x, 'int64')), [1])",
    "sort_stable": "paddle.argsort(paddle.floor(paddle.concat([x] * 8, 1)), 1, stable=True), "
    "paddle.argsort(paddle.floor(paddle.concat([x] * 8)), 0, descending=True, stable=True), "
    "paddle.argsort(paddle.cast(paddle.concat([x] * 8, 1), 'int64'), 1, stable=True), "
    "paddle.argsort(x[:, :1], 1, stable=True)",
    "stack": "paddle.cast(paddle.stack([paddle.shape(x)[1], paddle.shape(x)[0]]), 'int64')",
    "strided": "x[::2, 1:4:2]",
    "swish": "F.silu(x)",
    "top_k": "paddle.topk(x, 2, axis=0)",
    "top_k_last": "paddle.topk(x, 2)",
    "bilinear": "F.interpolate(paddle.reshape(x, [1, 2, 2, 5]), size=[4, 9], mode='bilinear', align_corners=True)",
    "bicubic": "F.interpolate(paddle.reshape(x, [1, 2, 2, 5]), size=[4, 9], mode='bicubic')",
    "nearest": "F.interpolate(paddle.reshape(x, [1, 2, 2, 5]), scale_factor=2, mode='nearest')",
    "trilinear": "F.interpolate(paddle.reshape(x, [1, 1, 2, 2, 5]), size=[3, 4, 9], mode='trilinear', align_mode=0, "
    "data_format='NCDHW')",
    "padded_numbers": "F.pad(paddle.reshape(x, [1, 2, 2, 5]), [2, 1, 1, 0], value=-float('inf')), "
    "F.pad(paddle.reshape(paddle.cast(x * 4, 'int64'), [1, 1, 2, 2, 5]), [0, 0, 1, 0, 0, 3], value=7)",
    "padded": "F.pad(paddle.reshape(x, [1, 2, 2, 5]), [2, 1, 1, 0], mode='replicate'), "
    "F.pad(paddle.reshape(x, [1, 2, 2, 5]), [2, 1, 1, 0], mode='reflect')",
}
"""Calls on x, of shape [4, 5], that no ONNX operator becomes by itself."""

REFUSED = {
    "affine_grid": ("F.affine_grid(paddle.reshape(x[:3, :4], [1, 3, 4]), [1, 1, 2, 2, 2])", "2 by 3 matrices only"),
    "concat": ("paddle.concat([paddle.cast(x, 'int8')] * 2)", "concat does not take int8"),
    "expand": ("paddle.expand(paddle.reshape(x, [1, 2, 1, 2, 1, 5, 1]), [3, 2, 1, 2, 1, 5, 1])", "at most six axes"),
    "grid_sample": (
        "F.grid_sample(paddle.reshape(x, [1, 2, 2, 5]), paddle.reshape(x[:2, :4], [1, 2, 2, 2]))", "their own size"
    ),
    "grid_sample_3d": (
        "F.grid_sample(paddle.reshape(x, [1, 1, 2, 2, 5]), paddle.reshape(paddle.concat([x, x, x]), [1, 2, 2, 5, 3]))",
        "their own size",
    ),
    "matmul": ("paddle.matmul(paddle.cast(x, 'int64'), paddle.cast(x, 'int64'), transpose_y=True)", "take int64"),
    "pad": ("F.pad(paddle.reshape(x, [1, 2, 2, 5]), [-1, 0, 0, 0])", "Fluid does not cut by padding"),
    "roll": ("paddle.roll(x, 1)", "roll needs the axes"),
    "round": ("paddle.round(x)", "Fluid rounds halves away from 0"),
    "slice": ("paddle.concat([x[0:0], x])", "no tensors of no elements"),
    "top_k": ("paddle.topk(paddle.cast(x, 'int64'), 2)", "top_k does not take int64"),
    "transpose": ("paddle.transpose(paddle.reshape(x, [1, 2, 1, 2, 1, 5, 1]), [3, 0, 1, 2, 6, 5, 4])", "six axes"),
}
"""Calls on x that Fluid cannot say, with the reason."""

LAYERS = {
    "lstm": "nn.LSTM(5, 3, num_layers=2, direction='bidirect')",
    "gru": "nn.GRU(5, 3, num_layers=2, direction='bidirect')",
    "tanh": "nn.SimpleRNN(5, 3, num_layers=2, direction='bidirect')",
    "relu": "nn.SimpleRNN(5, 3, num_layers=2, direction='bidirect', activation='relu')",
}
"""Recurrent layers, of which ONNX has one at a time and Paddle several."""


def _normal(*shape: int) -> np.ndarray:
    return np.random.default_rng(len(shape)).standard_normal(shape).astype(np.float32)


_int64 = lambda *values: np.array(values, np.int64)  # noqa: E731 - a table of constants follows
SIZES = {"T": 3, "ONE": 1}
"""Of the dynamic dimensions of a text; others are 2."""
CONSTANTS: Mapping[str, np.ndarray] = {
    "a": _int64(1), "last": np.array(-1, np.int64),
    "w": _normal(4, 5), "v": _normal(5),
    "wl": _normal(2, 16, 5), "rl": _normal(2, 16, 4), "bl": _normal(2, 32),
    "wg": _normal(1, 12, 5), "rg": _normal(1, 12, 4), "bg": _normal(1, 24),
    "wr": _normal(1, 4, 5), "rr": _normal(1, 4, 4), "br": _normal(1, 8),
    "sizes": _int64(1, 2, 8, 10),
    "sizes3": _int64(1, 2, 6, 8, 10), "seven": np.array(7, np.int64), "pads": _int64(0, 0, 1, 2, 0, 0, 2, 2),
    "b0": _int64(0), "b00": _int64(0, 0), "b24": _int64(2, 4), "b02": _int64(0, 2), "ends": _int64(-1, 0),
    "five": _int64(5), "half": np.array(0.5, np.float32),
}  # fmt: skip


_PADDLE_MODEL = """import numpy as np
import paddle
import paddle.nn.functional as F
from paddle import nn

INPUTS = [paddle.static.InputSpec([4, 5], "float32", "x")]


class Net(nn.Layer):
    def forward(self, x):
        return {}
"""

_RECURRENT_MODEL = """import paddle
from paddle import nn

INPUTS = [
    paddle.static.InputSpec([-1, -1, 5], "float32", "x"),
    paddle.static.InputSpec([-1], "int32", "lengths"),
]


class Net(nn.Layer):
    def __init__(self):
        super().__init__()
        self.layer = {}

    def forward(self, x, lengths):
        whole, states = self.layer(x)
        masked, masked_states = self.layer(x, sequence_length=lengths)
        flat = [item for pair in (states, masked_states) for item in (pair if isinstance(pair, tuple) else [pair])]
        return whole, masked, *flat
"""


def write(name: str, folder: Path) -> None:
    """Write the case's `data.npz` and `model.onnx`, or `model.py` where there is no source, into its folder."""
    kind, _, rest = name.partition("_")
    if kind in ("paddle", "refused"):
        call = PADDLE[rest] if kind == "paddle" else REFUSED[rest][0]
        (folder / "model.py").write_text(_PADDLE_MODEL.format(call), encoding="utf-8")
        np.savez(folder / "data.npz", x=_normal(4, 5))
        return
    if kind == "layer":
        (folder / "model.py").write_text(_RECURRENT_MODEL.format(LAYERS[rest]), encoding="utf-8")
        np.savez(folder / "data.npz", x=_normal(3, 4, 5), lengths=np.array([4, 1, 3], np.int32))
        return
    model, data = _node_test(name) if name in NODE_TESTS else _text(name)
    onnx.save(model, folder / "model.onnx")
    np.savez(folder / "data.npz", **data)


def _node_test(name: str) -> tuple[onnx.ModelProto, dict[str, np.ndarray]]:
    """A node test; small vectors of int64 behind the first input say shapes and axes, so they become constants."""
    case = all_cases()[f"test_{name}"]
    model = onnx.ModelProto()
    model.CopyFrom(case.model)
    data = {}
    for index, (value, given) in enumerate(zip(list(model.graph.input), case.data_sets[0][0], strict=True)):
        array = np.asarray(numpy_helper.to_array(given) if isinstance(given, onnx.TensorProto) else given)
        if index and (array.ndim == 0 or (array.dtype == np.int64 and array.ndim == 1 and "mod" not in name)):
            model.graph.initializer.append(numpy_helper.from_array(array, value.name))
            model.graph.input.remove(value)
        else:
            data[value.name] = array
    return model, data


def _nodes(graph: onnx.GraphProto) -> Iterator[onnx.NodeProto]:
    """The nodes of a graph and of the graphs inside it."""
    for node in graph.node:
        yield node
        for attribute in node.attribute:
            yield from _nodes(attribute.g)


def _text(name: str) -> tuple[onnx.ModelProto, dict[str, np.ndarray]]:
    model = parser.parse_model(f'<ir_version: 10, opset_import: ["" : 21]> {TEXTS[name]}')
    used = {item for node in _nodes(model.graph) for item in node.input}
    for constant in sorted(used & CONSTANTS.keys()):
        model.graph.initializer.append(numpy_helper.from_array(CONSTANTS[constant], constant))
    onnx.checker.check_model(model, full_check=True)
    generator = np.random.default_rng(3)
    data = {}
    for value in model.graph.input:
        shape = [dim.dim_value or SIZES.get(dim.dim_param, 2) for dim in value.type.tensor_type.shape.dim]
        if value.type.tensor_type.elem_type == onnx.TensorProto.INT64:
            data[value.name] = generator.integers(-8, 9, shape)
        else:
            data[value.name] = generator.standard_normal(shape).astype(np.float32)
    return model, data
