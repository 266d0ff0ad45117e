"""Nets of one layer, or a few, on which Caffe says what is right. Read by Python 3.6 (`generate`) as well.

A case is a name, the input blobs with their shapes, and the text of its layers. `single` writes the common case of
one layer that takes all inputs in order. How inputs are drawn is said in `draw`: "normal" (the default), "positive",
"int:N" (whole numbers below N, as floats), "bits" (0 or 1), "rois:N:H:W", "distinct" (no two equal), or numbers.
"""

from collections import OrderedDict, namedtuple

Case = namedtuple("Case", "name inputs text draw outputs")


def case(name, inputs, text, draw=None, outputs=None):
    return Case(name, OrderedDict(inputs), text, draw or {}, outputs)


def single(name, shapes, text, tops=1, draw=None, outputs=None):
    """One layer of name "layer"; shapes are those of inputs a, b, c, …; tops are top, top2, …"""
    inputs = OrderedDict(zip("abcdefgh", shapes))
    names = ["top"] + ["top%d" % index for index in range(2, tops + 1)]
    blobs = "".join(' bottom: "%s"' % blob for blob in inputs) + "".join(' top: "%s"' % blob for blob in names)
    return case(name, inputs, 'layer { name: "layer"%s %s }' % (blobs, text), draw, outputs)


def prototxt(item):
    """The case as a prototxt."""
    lines = ['name: "%s"' % item.name]
    for name, shape in item.inputs.items():
        dims = " ".join("dim: %d" % dim for dim in shape)
        lines.append('layer { name: "%s" type: "Input" top: "%s" input_param { shape { %s } } }' % (name, name, dims))
    return "\n".join(lines + [item.text, ""])


IMAGE = [(2, 3, 9, 8)]


def _conv(name, settings, shape=(2, 4, 9, 8), kind="Convolution"):
    return single(name, [shape], 'type: "%s" convolution_param { %s }' % (kind, settings))


CONV = [
    _conv("basic", "num_output: 5 kernel_size: 3"),
    _conv("no_bias", "num_output: 5 kernel_size: 3 bias_term: false"),
    _conv("pad", "num_output: 5 kernel_size: 3 pad: 1"),
    _conv("stride", "num_output: 5 kernel_size: 3 stride: 2"),
    _conv("stride_rounds_down", "num_output: 5 kernel_size: 3 stride: 3 pad: 1"),
    _conv("unequal", "num_output: 5 kernel_h: 3 kernel_w: 2 stride_h: 2 stride_w: 1 pad_h: 0 pad_w: 2"),
    _conv("repeated", "num_output: 5 kernel_size: 3 kernel_size: 2 stride: 1 stride: 2 pad: 2 pad: 1"),
    _conv("only_pad_h", "num_output: 5 kernel_size: 3 pad_h: 2"),
    _conv("dilation", "num_output: 5 kernel_size: 3 dilation: 2"),
    _conv("dilation_unequal", "num_output: 5 kernel_size: 3 dilation: 2 dilation: 1 pad: 2"),
    _conv("group", "num_output: 6 kernel_size: 3 group: 2"),
    _conv("depthwise", "num_output: 4 kernel_size: 3 group: 4 pad: 1 engine: CAFFE"),
    _conv("depthwise_twice", "num_output: 8 kernel_size: 3 group: 4"),
    _conv("one_by_one", "num_output: 7 kernel_size: 1"),
    _conv("force_nd", "num_output: 3 kernel_size: 3 force_nd_im2col: true"),
    _conv("one_dimension", "num_output: 5 kernel_size: 3 stride: 2 pad: 1", (2, 4, 9)),
    _conv("three_dimensions", "num_output: 3 kernel_size: 2 stride: 2 pad: 1", (1, 2, 5, 6, 4)),
    _conv("three_dimensions_unequal", "num_output: 3 kernel_size: 2 kernel_size: 3 kernel_size: 1", (1, 2, 5, 6, 4)),
    _conv("whole_picture", "num_output: 6 kernel_h: 9 kernel_w: 8"),
    _conv("negative_axis", "num_output: 5 kernel_size: 3 axis: -3"),
    case(
        "two_bottoms", [("a", (2, 3, 6, 6)), ("b", (2, 3, 6, 6))],
        'layer { name: "layer" type: "Convolution" bottom: "a" bottom: "b" top: "x" top: "y"'
        " convolution_param { num_output: 4 kernel_size: 3 } }",
    ),
    case(
        "shared_by_name", [("a", (2, 3, 6, 6)), ("b", (2, 3, 8, 8))],
        'layer { name: "one" type: "Convolution" bottom: "a" top: "x" param { name: "w" } param { name: "v" }'
        " convolution_param { num_output: 4 kernel_size: 3 } }"
        'layer { name: "two" type: "Convolution" bottom: "b" top: "y" param { name: "w" } param { name: "v" }'
        " convolution_param { num_output: 4 kernel_size: 3 } }",
    ),
    case(
        "shared_permissively", [("a", (2, 12)), ("b", (2, 6))],
        'layer { name: "one" type: "InnerProduct" bottom: "a" top: "x" param { name: "w" }'
        " inner_product_param { num_output: 3 bias_term: false } }"
        'layer { name: "two" type: "InnerProduct" bottom: "b" top: "y" param { name: "w" share_mode: PERMISSIVE }'
        " inner_product_param { num_output: 6 bias_term: false } }",
    ),
    _conv("deconv_basic", "num_output: 5 kernel_size: 3", kind="Deconvolution"),
    _conv("deconv_stride", "num_output: 5 kernel_size: 4 stride: 2 pad: 1", kind="Deconvolution"),
    _conv("deconv_no_bias", "num_output: 5 kernel_size: 2 stride: 2 bias_term: false", kind="Deconvolution"),
    _conv("deconv_group", "num_output: 6 kernel_size: 3 group: 2 stride: 2", kind="Deconvolution"),
    _conv("deconv_depthwise", "num_output: 4 kernel_size: 4 group: 4 stride: 2 pad: 1", kind="Deconvolution"),
    _conv("deconv_dilation", "num_output: 3 kernel_size: 3 dilation: 2", kind="Deconvolution"),
    _conv("deconv_unequal", "num_output: 3 kernel_h: 3 kernel_w: 2 stride_h: 1 stride_w: 3 pad_h: 1 pad_w: 0",
          kind="Deconvolution"),
    _conv("deconv_three_dimensions", "num_output: 2 kernel_size: 3 stride: 2 pad: 1", (1, 2, 3, 4, 3),
          kind="Deconvolution"),
    _conv("deconv_gap", "num_output: 2 kernel_size: 2 stride: 3", kind="Deconvolution"),
    _conv("im2col_basic", "kernel_size: 3", kind="Im2col"),
    _conv("im2col_pad_stride", "kernel_size: 3 pad: 1 stride: 2", kind="Im2col"),
    _conv("im2col_unequal", "kernel_h: 2 kernel_w: 3 stride_h: 1 stride_w: 2 pad_h: 1 pad_w: 0", kind="Im2col"),
    _conv("im2col_dilation", "kernel_size: 2 dilation: 2", kind="Im2col"),
]


def _pool(name, settings, shape=(2, 3, 9, 8), tops=1):
    return single(name, [shape], 'type: "Pooling" pooling_param { %s }' % settings, tops=tops, draw={"a": "distinct"})


def _pools():
    windows = [
        ("k2s2", "kernel_size: 2 stride: 2", (2, 3, 8, 8)),
        ("k2s2_rounds_up", "kernel_size: 2 stride: 2", (2, 3, 7, 5)),
        ("k3s2", "kernel_size: 3 stride: 2", (2, 3, 8, 9)),
        ("k3s2_exact", "kernel_size: 3 stride: 2", (2, 3, 7, 9)),
        ("k3s1p1", "kernel_size: 3 stride: 1 pad: 1", (2, 3, 7, 6)),
        ("k3s2p1", "kernel_size: 3 stride: 2 pad: 1", (2, 3, 8, 7)),
        ("k2s2p1_drops_last", "kernel_size: 2 stride: 2 pad: 1", (2, 3, 7, 7)),
        ("k2s2p1_drops_none", "kernel_size: 2 stride: 2 pad: 1", (2, 3, 8, 6)),
        ("k3s3p1", "kernel_size: 3 stride: 3 pad: 1", (2, 3, 8, 10)),
        ("k3s3p2_drops_last", "kernel_size: 3 stride: 3 pad: 2", (2, 3, 7, 8)),
        ("k5s3p2", "kernel_size: 5 stride: 3 pad: 2", (2, 3, 11, 12)),
        ("unequal", "kernel_h: 2 kernel_w: 3 stride_h: 3 stride_w: 1 pad_h: 1 pad_w: 2", (2, 3, 8, 7)),
        ("k1s2", "kernel_size: 1 stride: 2", (2, 3, 7, 9)),
        ("k2s3", "kernel_size: 2 stride: 3", (2, 3, 8, 8)),
        ("global", "global_pooling: true", (2, 3, 7, 5)),
        ("whole", "kernel_h: 7 kernel_w: 5", (2, 3, 7, 5)),
        ("floor", "kernel_size: 3 stride: 2 round_mode: FLOOR", (2, 3, 8, 9)),
        ("floor_pad", "kernel_size: 2 stride: 2 pad: 1 round_mode: FLOOR", (2, 3, 7, 8)),
        ("only_pad_h", "kernel_size: 3 stride: 2 pad_h: 1 pad_w: 0", (2, 3, 8, 8)),
        ("k7s7", "kernel_size: 7 stride: 1", (1, 2, 7, 7)),
    ]
    for method in ("MAX", "AVE"):
        for name, settings, shape in windows:
            yield _pool("%s_%s" % (method.lower(), name), "pool: %s %s" % (method, settings), shape)
    yield _pool("max_k1s2_window_beyond", "kernel_size: 1 stride: 2", (2, 3, 8, 6))
    for name, settings, shape in windows[:4] + windows[4:10] + [windows[14]]:
        yield _pool("mask_" + name, "pool: MAX " + settings, shape, tops=2)
    for method in ("MAX", "AVE"):
        for height, shape in ((1, (2, 3, 7, 5)), (2, (2, 3, 6, 6)), (3, (2, 3, 9, 8)), (3, (1, 2, 13, 10))):
            yield single(
                "spp_%s_%d_%dx%d" % (method.lower(), height, shape[2], shape[3]), [shape],
                'type: "SPP" spp_param { pyramid_height: %d pool: %s }' % (height, method),
            )


POOL = list(_pools())

_BN = 'type: "BatchNorm" batch_norm_param { %s }'
NORM = [
    single("batch_norm", IMAGE, 'type: "BatchNorm"'),
    single("batch_norm_eps", IMAGE, _BN % "eps: 0.1 use_global_stats: true"),
    single("batch_norm_matrix", [(4, 6)], 'type: "BatchNorm"'),
    single("batch_norm_three_axes", [(2, 3, 7)], 'type: "BatchNorm"'),
    single("batch_norm_volume", [(2, 3, 4, 5, 3)], 'type: "BatchNorm"'),
    case("batch_norm_scale", [("a", (2, 3, 5, 5))],
         'layer { name: "bn" type: "BatchNorm" bottom: "a" top: "x" }'
         'layer { name: "scale" type: "Scale" bottom: "x" top: "y" scale_param { bias_term: true } }'),
    case("batch_norm_scale_in_place", [("a", (2, 3, 5, 5))],
         'layer { name: "conv" type: "Convolution" bottom: "a" top: "x" convolution_param { num_output: 4'
         ' kernel_size: 3 } }'
         'layer { name: "bn" type: "BatchNorm" bottom: "x" top: "x" batch_norm_param { eps: 1e-3 } }'
         'layer { name: "scale" type: "Scale" bottom: "x" top: "x" scale_param { bias_term: true } }'
         'layer { name: "relu" type: "ReLU" bottom: "x" top: "x" }'),
    case("batch_norm_scale_no_bias", [("a", (2, 3, 5, 5))],
         'layer { name: "bn" type: "BatchNorm" bottom: "a" top: "x" }'
         'layer { name: "scale" type: "Scale" bottom: "x" top: "y" }'),
    case("batch_norm_used_twice", [("a", (2, 3, 5, 5))],
         'layer { name: "bn" type: "BatchNorm" bottom: "a" top: "x" }'
         'layer { name: "scale" type: "Scale" bottom: "x" top: "y" scale_param { bias_term: true } }'
         'layer { name: "sum" type: "Eltwise" bottom: "x" bottom: "y" top: "z" }'),
    case("batch_norm_then_whole_scale", [("a", (2, 3, 5, 5))],
         'layer { name: "bn" type: "BatchNorm" bottom: "a" top: "x" }'
         'layer { name: "scale" type: "Scale" bottom: "x" top: "y" scale_param { num_axes: -1 } }'),
    case("batch_norm_then_scalar", [("a", (2, 3, 5, 5))],
         'layer { name: "bn" type: "BatchNorm" bottom: "a" top: "x" }'
         'layer { name: "scale" type: "Scale" bottom: "x" top: "y" scale_param { num_axes: 0 bias_term: true } }'),
    single("scale", IMAGE, 'type: "Scale"'),
    single("scale_bias", IMAGE, 'type: "Scale" scale_param { bias_term: true }'),
    single("scale_axis_0", IMAGE, 'type: "Scale" scale_param { axis: 0 bias_term: true }'),
    single("scale_axis_2", IMAGE, 'type: "Scale" scale_param { axis: 2 }'),
    single("scale_last", IMAGE, 'type: "Scale" scale_param { axis: -1 bias_term: true }'),
    single("scale_two_axes", IMAGE, 'type: "Scale" scale_param { axis: 1 num_axes: 2 bias_term: true }'),
    single("scale_all_axes", IMAGE, 'type: "Scale" scale_param { axis: 1 num_axes: -1 }'),
    single("scale_scalar", IMAGE, 'type: "Scale" scale_param { num_axes: 0 bias_term: true }'),
    single("scale_by_bottom", [(2, 3, 5, 4), (2, 3)], 'type: "Scale" scale_param { axis: 0 }'),
    single("scale_by_channel", [(2, 3, 5, 4), (3,)], 'type: "Scale"'),
    single("scale_by_same", [(2, 3, 5, 4), (2, 3, 5, 4)], 'type: "Scale" scale_param { axis: 0 }'),
    single("scale_by_map", [(2, 3, 5, 4), (5, 4)], 'type: "Scale" scale_param { axis: 2 }'),
    single("scale_by_bottom_bias", [(2, 3, 5, 4), (2, 3)], 'type: "Scale" scale_param { axis: 0 bias_term: true }'),
    single("scale_by_scalar", [(2, 3, 5, 4), ()], 'type: "Scale" scale_param { axis: 0 }'),
    single("bias", IMAGE, 'type: "Bias"'),
    single("bias_axis_2", IMAGE, 'type: "Bias" bias_param { axis: 2 num_axes: 2 }'),
    single("bias_all", IMAGE, 'type: "Bias" bias_param { axis: 0 num_axes: -1 }'),
    single("bias_scalar", IMAGE, 'type: "Bias" bias_param { num_axes: 0 }'),
    single("bias_by_bottom", [(2, 3, 5, 4), (2, 3)], 'type: "Bias" bias_param { axis: 0 }'),
    single("bias_by_channel", [(2, 3, 5, 4), (3,)], 'type: "Bias"'),
    single("lrn", [(2, 7, 5, 4)], 'type: "LRN"'),
    single("lrn_alexnet", [(2, 7, 5, 4)], 'type: "LRN" lrn_param { local_size: 5 alpha: 0.0001 beta: 0.75 }'),
    single("lrn_size_3", [(2, 7, 5, 4)], 'type: "LRN" lrn_param { local_size: 3 alpha: 2 beta: 0.5 k: 3 }'),
    single("lrn_wide", [(2, 3, 5, 4)], 'type: "LRN" lrn_param { local_size: 9 alpha: 1.5 }'),
    single("lrn_within", [(2, 3, 7, 6)],
           'type: "LRN" lrn_param { norm_region: WITHIN_CHANNEL local_size: 3 alpha: 2 }'),
    single("lrn_within_5", [(2, 3, 7, 6)],
           'type: "LRN" lrn_param { norm_region: WITHIN_CHANNEL local_size: 5 alpha: 0.5 beta: 0.5 k: 7 }'),
    single("mvn", IMAGE, 'type: "MVN"'),
    single("mvn_mean_only", IMAGE, 'type: "MVN" mvn_param { normalize_variance: false }'),
    single("mvn_across", IMAGE, 'type: "MVN" mvn_param { across_channels: true }'),
    single("mvn_across_mean_only", IMAGE, 'type: "MVN" mvn_param { across_channels: true normalize_variance: false }'),
    single("mvn_eps", IMAGE, 'type: "MVN" mvn_param { eps: 0.5 }'),
    single("softmax", [(3, 7)], 'type: "Softmax"'),
    single("softmax_image", IMAGE, 'type: "Softmax"'),
    single("softmax_axis_2", IMAGE, 'type: "Softmax" softmax_param { axis: 2 }'),
    single("softmax_last", IMAGE, 'type: "Softmax" softmax_param { axis: -1 engine: CAFFE }'),
    single("softmax_axis_0", [(3, 7)], 'type: "Softmax" softmax_param { axis: 0 }'),
]


def _elementwise(name, text, draw=None):
    return single(name, IMAGE, text, draw={"a": draw} if draw else None)


ACTIVATION = [
    _elementwise("relu", 'type: "ReLU"'),
    _elementwise("relu_slope", 'type: "ReLU" relu_param { negative_slope: 0.1 engine: CAFFE }'),
    _elementwise("relu_negative_slope", 'type: "ReLU" relu_param { negative_slope: -0.5 }'),
    _elementwise("prelu", 'type: "PReLU"'),
    _elementwise("prelu_shared", 'type: "PReLU" prelu_param { channel_shared: true }'),
    single("prelu_matrix", [(3, 5)], 'type: "PReLU"'),
    _elementwise("elu", 'type: "ELU"'),
    _elementwise("elu_alpha", 'type: "ELU" elu_param { alpha: 0.3 }'),
    _elementwise("sigmoid", 'type: "Sigmoid"'),
    _elementwise("tanh", 'type: "TanH"'),
    _elementwise("abs", 'type: "AbsVal"'),
    _elementwise("bnll", 'type: "BNLL"'),
    _elementwise("swish", 'type: "Swish"'),
    _elementwise("swish_beta", 'type: "Swish" swish_param { beta: 1.7 }'),
    _elementwise("threshold", 'type: "Threshold"'),
    _elementwise("threshold_value", 'type: "Threshold" threshold_param { threshold: 0.4 }'),
    single("threshold_at_value", [(5,)], 'type: "Threshold" threshold_param { threshold: 0.5 }',
           draw={"a": [0.25, 0.5, 0.75, -0.5, 0]}),
    _elementwise("power", 'type: "Power"'),
    _elementwise("power_square", 'type: "Power" power_param { power: 2 scale: 0.5 shift: 0.3 }'),
    _elementwise("power_cube", 'type: "Power" power_param { power: 3 }'),
    _elementwise("power_linear", 'type: "Power" power_param { scale: -2 shift: 1 }'),
    _elementwise("power_root", 'type: "Power" power_param { power: 0.5 shift: 1 }', "positive"),
    _elementwise("power_inverse", 'type: "Power" power_param { power: -1.5 shift: 1 }', "positive"),
    _elementwise("power_zero", 'type: "Power" power_param { power: 0 scale: 3 }'),
    _elementwise("power_scale_zero", 'type: "Power" power_param { power: 2 scale: 0 shift: 1.5 }'),
    _elementwise("exp", 'type: "Exp"'),
    _elementwise("exp_base_2", 'type: "Exp" exp_param { base: 2 }'),
    _elementwise("exp_all", 'type: "Exp" exp_param { base: 3 scale: 0.5 shift: 0.7 }'),
    _elementwise("exp_shift", 'type: "Exp" exp_param { scale: -1 shift: 0.5 }'),
    _elementwise("log", 'type: "Log"', "positive"),
    _elementwise("log_base_10", 'type: "Log" log_param { base: 10 }', "positive"),
    _elementwise("log_all", 'type: "Log" log_param { base: 2 scale: 3 shift: 1 }', "positive"),
    _elementwise("log_shift", 'type: "Log" log_param { shift: 2 }', "positive"),
    _elementwise("dropout", 'type: "Dropout"'),
    _elementwise("dropout_ratio", 'type: "Dropout" dropout_param { dropout_ratio: 0.9 }'),
    case("in_place_chain", [("a", (2, 3, 4, 4))],
         'layer { name: "ip" type: "Power" bottom: "a" top: "x" power_param { scale: 2 } }'
         'layer { name: "relu" type: "ReLU" bottom: "x" top: "x" }'
         'layer { name: "drop" type: "Dropout" bottom: "x" top: "x" }'
         'layer { name: "sigmoid" type: "Sigmoid" bottom: "x" top: "x" }'),
]


def _eltwise(name, settings, count=2):
    return single(name, [(2, 3, 5, 4)] * count, 'type: "Eltwise" eltwise_param { %s }' % settings)


MERGE = [
    single("sum_default", [(2, 3, 5, 4)] * 2, 'type: "Eltwise"'),
    _eltwise("sum", "operation: SUM"),
    _eltwise("sum_three", "operation: SUM", 3),
    _eltwise("sum_coeff", "operation: SUM coeff: 1 coeff: -1"),
    _eltwise("sum_coeff_three", "coeff: 0.5 coeff: 2 coeff: -0.25", 3),
    _eltwise("prod", "operation: PROD"),
    _eltwise("prod_three", "operation: PROD stable_prod_grad: false", 3),
    _eltwise("max", "operation: MAX"),
    _eltwise("max_three", "operation: MAX", 3),
    case("same_bottom_twice", [("a", (2, 3))],
         'layer { name: "layer" type: "Eltwise" bottom: "a" bottom: "a" top: "x" }'),
    single("inner_product", [(3, 8)], 'type: "InnerProduct" inner_product_param { num_output: 5 }'),
    single("inner_product_image", IMAGE, 'type: "InnerProduct" inner_product_param { num_output: 5 }'),
    single("inner_product_no_bias", IMAGE,
           'type: "InnerProduct" inner_product_param { num_output: 5 bias_term: false }'),
    single("inner_product_transpose", [(3, 8)],
           'type: "InnerProduct" inner_product_param { num_output: 5 transpose: true }'),
    single("inner_product_axis_2", [(2, 3, 4, 5)],
           'type: "InnerProduct" inner_product_param { num_output: 6 axis: 2 }'),
    single("inner_product_last", [(2, 3, 4)],
           'type: "InnerProduct" inner_product_param { num_output: 6 axis: -1 transpose: true bias_term: false }'),
    single("inner_product_axis_0", [(3, 4)], 'type: "InnerProduct" inner_product_param { num_output: 6 axis: 0 }'),
    single("inner_product_axis_3", [(2, 3, 4, 5)],
           'type: "InnerProduct" inner_product_param { num_output: 2 axis: 3 transpose: true }'),
    single("embed", [(4, 3)], 'type: "Embed" embed_param { num_output: 5 input_dim: 7 }', draw={"a": "int:7"}),
    single("embed_no_bias", [(6,)], 'type: "Embed" embed_param { num_output: 4 input_dim: 9 bias_term: false }',
           draw={"a": "int:9"}),
    single("concat", [(2, 3, 4, 5), (2, 2, 4, 5)], 'type: "Concat"'),
    single("concat_axis_0", [(2, 3, 4), (1, 3, 4)], 'type: "Concat" concat_param { axis: 0 }'),
    single("concat_last", [(2, 3, 4), (2, 3, 1), (2, 3, 2)], 'type: "Concat" concat_param { axis: -1 }'),
    single("concat_dim", [(2, 3, 4, 5), (2, 3, 2, 5)], 'type: "Concat" concat_param { concat_dim: 2 }'),
    single("concat_one", [(2, 3, 4)], 'type: "Concat"'),
]

SHAPE = [
    single("flatten", IMAGE, 'type: "Flatten"'),
    single("flatten_axes", [(2, 3, 4, 5)], 'type: "Flatten" flatten_param { axis: 1 end_axis: 2 }'),
    single("flatten_axis_0", [(2, 3, 4, 5)], 'type: "Flatten" flatten_param { axis: 0 }'),
    single("flatten_negative", [(2, 3, 4, 5)], 'type: "Flatten" flatten_param { axis: -3 end_axis: -2 }'),
    single("reshape", [(2, 3, 4, 5)], 'type: "Reshape" reshape_param { shape { dim: 0 dim: -1 } }'),
    single("reshape_more", [(2, 12, 5)], 'type: "Reshape" reshape_param { shape { dim: 0 dim: 3 dim: 4 dim: -1 } }'),
    single("reshape_axis", [(2, 12, 5)],
           'type: "Reshape" reshape_param { shape { dim: 3 dim: 4 } axis: 1 num_axes: 1 }'),
    single("reshape_axis_infer", [(2, 3, 4, 5)],
           'type: "Reshape" reshape_param { shape { dim: -1 } axis: 1 num_axes: 2 }'),
    single("reshape_insert", [(2, 12)], 'type: "Reshape" reshape_param { shape { dim: 1 } axis: 1 num_axes: 0 }'),
    single("reshape_append", [(2, 12)],
           'type: "Reshape" reshape_param { shape { dim: 1 dim: 1 } axis: -1 num_axes: 0 }'),
    single("reshape_last", [(2, 3, 8)],
           'type: "Reshape" reshape_param { shape { dim: 2 dim: 4 } axis: -2 num_axes: 1 }'),
    single("reshape_vector", [(2, 3)], 'type: "Reshape" reshape_param { shape { dim: -1 } }'),
    single("permute", [(2, 3, 4, 5)], 'type: "Permute" permute_param { order: 0 order: 2 order: 3 order: 1 }'),
    single("permute_some", [(2, 3, 4, 5)], 'type: "Permute" permute_param { order: 2 order: 0 }'),
    single("reverse", [(2, 3, 4)], 'type: "Reverse"'),
    single("reverse_axis_2", [(2, 3, 4)], 'type: "Reverse" reverse_param { axis: 2 }'),
    single("slice_half", [(2, 4, 3)], 'type: "Slice"', tops=2),
    single("slice_points", [(2, 7, 3)], 'type: "Slice" slice_param { slice_point: 2 slice_point: 3 }', tops=3),
    single("slice_axis_0", [(4, 2, 3)], 'type: "Slice" slice_param { axis: 0 }', tops=4),
    single("slice_last", [(2, 3, 6)], 'type: "Slice" slice_param { axis: -1 slice_point: 5 }', tops=2),
    single("slice_dim", [(2, 3, 6)], 'type: "Slice" slice_param { slice_dim: 2 }', tops=3),
    single("split", [(2, 3)], 'type: "Split"', tops=2),
    single("tile", [(2, 3, 4)], 'type: "Tile" tile_param { tiles: 2 }'),
    single("tile_axis_0", [(2, 3, 4)], 'type: "Tile" tile_param { tiles: 3 axis: 0 }'),
    single("tile_last", [(2, 3, 4)], 'type: "Tile" tile_param { tiles: 3 axis: -1 }'),
    single("crop", [(2, 3, 8, 7), (2, 3, 5, 4)], 'type: "Crop"'),
    single("crop_offset", [(2, 3, 8, 7), (1, 9, 5, 4)], 'type: "Crop" crop_param { offset: 2 }'),
    single("crop_offsets", [(2, 3, 8, 7), (1, 9, 5, 4)], 'type: "Crop" crop_param { axis: 2 offset: 1 offset: 3 }'),
    single("crop_axis_1", [(2, 5, 8, 7), (2, 3, 5, 4)],
           'type: "Crop" crop_param { axis: 1 offset: 1 offset: 0 offset: 2 }'),
    single("crop_last", [(2, 3, 8, 7), (2, 3, 5, 4)], 'type: "Crop" crop_param { axis: -1 offset: 1 }'),
    single("batch_reindex", [(5, 3, 2), (7,)], 'type: "BatchReindex"', draw={"b": "int:5"}),
    single("filter", [(6, 3, 2), (6,)], 'type: "Filter"', draw={"b": [1, 0, 0, 1, 1, 0]}),
    single("filter_two", [(4, 3), (4, 2, 2), (4,)], 'type: "Filter"', tops=2, draw={"c": [0, 1, 0, 1]}),
    single("filter_all", [(3, 2), (3,)], 'type: "Filter"', draw={"b": [1, 1, 1]}),
]


def _reduction(name, settings, shape=(2, 3, 4)):
    return single(name, [shape], 'type: "Reduction" reduction_param { %s }' % settings)


def _argmax(name, settings, shape=(2, 3, 4, 5), draw="distinct"):
    return single(name, [shape], 'type: "ArgMax" argmax_param { %s }' % settings, draw={"a": draw})


REDUCE = [
    _reduction("sum", ""),
    _reduction("sum_axis_1", "axis: 1"),
    _reduction("sum_last", "axis: -1 coeff: 0.5"),
    _reduction("asum", "operation: ASUM axis: 1"),
    _reduction("asum_all", "operation: ASUM coeff: 2"),
    _reduction("sumsq", "operation: SUMSQ axis: 2"),
    _reduction("sumsq_coeff", "operation: SUMSQ axis: 1 coeff: -3"),
    _reduction("mean", "operation: MEAN axis: 1"),
    _reduction("mean_all", "operation: MEAN coeff: 1.5"),
    _argmax("argmax", ""),
    _argmax("argmax_matrix", "", (4, 7)),
    _argmax("argmax_value", "out_max_val: true", (4, 7)),
    _argmax("argmax_top_3", "top_k: 3", (4, 7)),
    _argmax("argmax_top_3_value", "top_k: 3 out_max_val: true"),
    _argmax("argmax_axis", "axis: 1"),
    _argmax("argmax_axis_value", "axis: 1 out_max_val: true"),
    _argmax("argmax_axis_top_2", "axis: 2 top_k: 2"),
    _argmax("argmax_axis_top_2_value", "axis: -1 top_k: 2 out_max_val: true"),
    _argmax("argmax_axis_0", "axis: 0 top_k: 2"),
    _argmax("argmax_tie", "", (2, 6), [1, 3, 3, 0, 3, 2, 0, 0, 0, 0, 0, 0]),
    _argmax("argmax_tie_top_4", "top_k: 4", (2, 6), [1, 3, 3, 0, 3, 2, 0, 0, 0, 0, 0, 0]),
    _argmax("argmax_tie_axis", "axis: 1 top_k: 3", (2, 6), [1, 3, 3, 0, 3, 2, 0, 0, 0, 0, 0, 0]),
]


def _recurrent(name, kind, bottoms, settings, tops=1, draw=None):
    drawn = {"b": "bits"}
    drawn.update(draw or {})
    return single(name, bottoms, 'type: "%s" recurrent_param { %s %s }' % (kind, settings, _FILLERS), tops, drawn)


_FILLERS = 'weight_filler { type: "uniform" min: -0.5 max: 0.5 }'

RECURRENT = [
    _recurrent("lstm", "LSTM", [(5, 2, 3), (5, 2)], "num_output: 4"),
    _recurrent("lstm_always_on", "LSTM", [(4, 2, 3), (4, 2)], "num_output: 3", draw={"b": [1] * 8}),
    _recurrent("lstm_begins", "LSTM", [(4, 2, 3), (4, 2)], "num_output: 3", draw={"b": [0, 0, 1, 1, 1, 1, 1, 1]}),
    _recurrent("lstm_more_axes", "LSTM", [(3, 2, 3, 2), (3, 2)], "num_output: 4"),
    _recurrent("lstm_one_step", "LSTM", [(1, 3, 4), (1, 3)], "num_output: 2"),
    _recurrent("lstm_static", "LSTM", [(4, 2, 3), (4, 2), (2, 5)], "num_output: 4"),
    _recurrent("lstm_exposed", "LSTM", [(4, 2, 3), (4, 2), (1, 2, 4), (1, 2, 4)], "num_output: 4 expose_hidden: true",
               tops=3),
    _recurrent("lstm_static_exposed", "LSTM", [(4, 2, 3), (4, 2), (2, 3), (1, 2, 4), (1, 2, 4)],
               "num_output: 4 expose_hidden: true", tops=3),
    _recurrent("rnn", "RNN", [(5, 2, 3), (5, 2)], "num_output: 4"),
    _recurrent("rnn_more_axes", "RNN", [(3, 2, 3, 2), (3, 2)], "num_output: 3"),
    _recurrent("rnn_static", "RNN", [(4, 2, 3), (4, 2), (2, 5)], "num_output: 4"),
    _recurrent("rnn_exposed", "RNN", [(4, 2, 3), (4, 2), (1, 2, 4)], "num_output: 4 expose_hidden: true", tops=2),
    single("lstm_unit", [(1, 3, 4), (1, 3, 16), (1, 3)], 'type: "LSTMUnit"', tops=2, draw={"c": "bits"}),
    single("lstm_unit_on", [(1, 3, 4), (1, 3, 16), (1, 3)], 'type: "LSTMUnit"', tops=2, draw={"c": [1, 1, 1]}),
    single("lstm_unit_off", [(1, 3, 4), (1, 3, 16), (1, 3)], 'type: "LSTMUnit"', tops=2, draw={"c": [0, 0, 0]}),
]


def _loss(name, kind, shapes, settings="", tops=1, draw=None):
    names = ["top", "top2"][:tops]
    return single(name, shapes, 'type: "%s" %s' % (kind, settings), tops, draw, outputs=names)


_SCORES = [(4, 5), (4,)]
_MAPS = [(2, 3, 4, 5), (2, 1, 4, 5)]
LOSS = [
    _loss("softmax", "SoftmaxWithLoss", _SCORES, draw={"b": "int:5"}),
    _loss("softmax_map", "SoftmaxWithLoss", _MAPS, draw={"b": "int:3"}),
    _loss("softmax_ignore", "SoftmaxWithLoss", _MAPS, "loss_param { ignore_label: 1 }", draw={"b": "int:3"}),
    _loss("softmax_all_ignored", "SoftmaxWithLoss", [(2, 3), (2,)], "loss_param { ignore_label: 1 }",
          draw={"b": [1, 1]}),
    _loss("softmax_full", "SoftmaxWithLoss", _MAPS, "loss_param { ignore_label: 1 normalization: FULL }",
          draw={"b": "int:3"}),
    _loss("softmax_batch", "SoftmaxWithLoss", _MAPS, "loss_param { normalization: BATCH_SIZE }", draw={"b": "int:3"}),
    _loss("softmax_none", "SoftmaxWithLoss", _MAPS, "loss_param { normalization: NONE }", draw={"b": "int:3"}),
    _loss("softmax_normalize", "SoftmaxWithLoss", _MAPS, "loss_param { normalize: false }", draw={"b": "int:3"}),
    _loss("softmax_axis", "SoftmaxWithLoss", [(2, 3, 4), (2, 3)], "softmax_param { axis: 2 }", draw={"b": "int:4"}),
    _loss("softmax_floor", "SoftmaxWithLoss", [(1, 2), (1,)], draw={"a": [0, 200], "b": [0]}),
    _loss("softmax_weight", "SoftmaxWithLoss", _SCORES, "loss_weight: 3", draw={"b": "int:5"}),
    _loss("multinomial", "MultinomialLogisticLoss", _SCORES, draw={"a": "positive", "b": "int:5"}),
    _loss("multinomial_floor", "MultinomialLogisticLoss", [(1, 2), (1,)], draw={"a": [0, 1], "b": [0]}),
    _loss("infogain", "InfogainLoss", [(4, 5), (4,), (1, 1, 5, 5)], draw={"b": "int:5", "c": "positive"}),
    _loss("euclidean", "EuclideanLoss", [(4, 5), (4, 5)]),
    _loss("euclidean_image", "EuclideanLoss", [(2, 3, 4, 5), (2, 3, 4, 5)]),
    _loss("sigmoid", "SigmoidCrossEntropyLoss", [(4, 5), (4, 5)], draw={"b": "bits"}),
    _loss("sigmoid_large", "SigmoidCrossEntropyLoss", [(1, 4), (1, 4)],
          draw={"a": [-60, 60, -3, 3], "b": [1, 0, 0, 1]}),
    _loss("sigmoid_ignore", "SigmoidCrossEntropyLoss", [(4, 5), (4, 5)],
          "loss_param { ignore_label: 1 normalization: VALID }", draw={"b": "int:3"}),
    _loss("sigmoid_full", "SigmoidCrossEntropyLoss", [(4, 5), (4, 5)], "loss_param { normalization: FULL }",
          draw={"b": "bits"}),
    _loss("hinge", "HingeLoss", _SCORES, draw={"b": "int:5"}),
    _loss("hinge_l2", "HingeLoss", _SCORES, "hinge_loss_param { norm: L2 }", draw={"b": "int:5"}),
    _loss("contrastive", "ContrastiveLoss", [(6, 4), (6, 4), (6,)], "contrastive_loss_param { margin: 4 }",
          draw={"c": "bits"}),
    _loss("contrastive_legacy", "ContrastiveLoss", [(6, 4), (6, 4), (6,)],
          "contrastive_loss_param { margin: 8 legacy_version: true }", draw={"c": "bits"}),
    _loss("accuracy", "Accuracy", [(40, 5), (40,)], draw={"b": "int:5"}),
    _loss("accuracy_top_3", "Accuracy", [(40, 5), (40,)], "accuracy_param { top_k: 3 }", draw={"b": "int:5"}),
    _loss("accuracy_ties", "Accuracy", [(4, 3), (4,)],
          draw={"a": [1, 1, 0, 0, 1, 1, 2, 1, 0, 0, 0, 0], "b": [0, 2, 0, 1]}),
    _loss("accuracy_ties_top_2", "Accuracy", [(4, 3), (4,)], "accuracy_param { top_k: 2 }",
          draw={"a": [1, 1, 0, 0, 1, 1, 2, 1, 0, 0, 0, 0], "b": [0, 2, 0, 1]}),
    _loss("accuracy_ignore", "Accuracy", [(40, 5), (40,)], "accuracy_param { ignore_label: 2 }", draw={"b": "int:5"}),
    _loss("accuracy_map", "Accuracy", _MAPS, "accuracy_param { axis: 1 }", draw={"b": "int:3"}),
    _loss("accuracy_by_class", "Accuracy", [(40, 5), (40,)], tops=2, draw={"b": "int:4"}),
]

SOURCE = [
    case("dummy_data", [("a", (2, 3))],
         'layer { name: "ones" type: "DummyData" top: "b" dummy_data_param { shape { dim: 2 dim: 3 }'
         ' data_filler { type: "constant" value: 1.5 } } }'
         'layer { name: "sum" type: "Eltwise" bottom: "a" bottom: "b" top: "top" }'),
    case("dummy_data_two", [("a", (2, 3))],
         'layer { name: "ones" type: "DummyData" top: "b" top: "c" dummy_data_param { num: 2 num: 2 channels: 3'
         " channels: 3 height: 1 height: 1 width: 1 width: 1 data_filler { value: 2 } data_filler { value: -1 } } }"
         'layer { name: "flat" type: "Flatten" bottom: "b" top: "d" }'
         'layer { name: "flat2" type: "Flatten" bottom: "c" top: "e" }'
         'layer { name: "sum" type: "Eltwise" bottom: "a" bottom: "d" bottom: "e" top: "top" }'),
    case("parameter", [("a", (2, 3))],
         'layer { name: "weight" type: "Parameter" top: "b" parameter_param { shape { dim: 2 dim: 3 } } }'
         'layer { name: "sum" type: "Eltwise" bottom: "a" bottom: "b" top: "top" }'),
    case("silence", [("a", (2, 4))],
         'layer { name: "cut" type: "Slice" bottom: "a" top: "b" top: "c" }'
         'layer { name: "hush" type: "Silence" bottom: "c" }'),
    case("rules", [("a", (2, 3))],
         'layer { name: "train" type: "Power" bottom: "a" top: "x" power_param { scale: 2 } include { phase: TRAIN } }'
         'layer { name: "test" type: "Power" bottom: "a" top: "x" power_param { scale: 3 } include { phase: TEST } }'
         'layer { name: "no_train" type: "Power" bottom: "x" top: "y" power_param { shift: 1 } exclude {'
         ' phase: TRAIN } }'
         'layer { name: "level" type: "Power" bottom: "y" top: "y" power_param { scale: 5 } include { min_level: 1 } }'
         'layer { name: "deploy" type: "Power" bottom: "y" top: "y" power_param { scale: 7 } include { stage:'
         ' "deploy" } }'
         'layer { name: "other" type: "Power" bottom: "y" top: "y" power_param { scale: 9 }'
         ' include { not_stage: "deploy" } }'),
    case("state_in_file", [("a", (2, 3))],
         'state { level: 2 stage: "deploy" stage: "small" }'
         'layer { name: "base" type: "Power" bottom: "a" top: "x" }'
         'layer { name: "level" type: "Power" bottom: "x" top: "x" power_param { scale: 5 } include {'
         ' min_level: 1 max_level: 3 } }'
         'layer { name: "high" type: "Power" bottom: "x" top: "x" power_param { scale: 2 } include { min_level: 3 } }'
         'layer { name: "deploy" type: "Power" bottom: "x" top: "x" power_param { scale: 7 } include { stage:'
         ' "deploy" } }'
         'layer { name: "both" type: "Power" bottom: "x" top: "x" power_param { scale: 3 }'
         ' include { stage: "deploy" stage: "large" } }'
         'layer { name: "either" type: "Power" bottom: "x" top: "x" power_param { scale: 11 }'
         ' include { stage: "large" } include { stage: "small" } }'),
    case("several_outputs", [("b", (2, 3)), ("a", (2, 3))],
         'layer { name: "z" type: "TanH" bottom: "b" top: "zeta" }'
         'layer { name: "y" type: "Sigmoid" bottom: "a" top: "Alpha" }'
         'layer { name: "x" type: "AbsVal" bottom: "a" top: "beta" }'),
    case("continuation", [("a", (4, 2, 3))],
         'layer { name: "cont" type: "ContinuationIndicator" top: "cont"'
         " continuation_indicator_param { time_step: 4 batch_size: 2 } }"
         'layer { name: "lstm" type: "LSTM" bottom: "a" bottom: "cont" top: "top" recurrent_param {'
         ' num_output: 3 %s } }'
         % _FILLERS),
]

_V1 = """
input: "data" input_dim: 2 input_dim: 3 input_dim: 9 input_dim: 9
layers { name: "conv" type: CONVOLUTION bottom: "data" top: "conv" blobs_lr: 1 blobs_lr: 2 weight_decay: 1
  convolution_param { num_output: 4 kernel_size: 3 pad: 1 weight_filler { type: "xavier" } } }
layers { name: "pool" type: POOLING bottom: "conv" top: "pool" pooling_param { pool: AVE kernel_size: 2 stride: 2 } }
layers { name: "relu" type: RELU bottom: "pool" top: "pool" relu_param { negative_slope: 0.1 } }
layers { name: "norm" type: LRN bottom: "pool" top: "norm" lrn_param { local_size: 3 alpha: 0.5 } }
layers { name: "drop" type: DROPOUT bottom: "norm" top: "norm" dropout_param { dropout_ratio: 0.3 } }
layers { name: "power" type: POWER bottom: "norm" top: "power" power_param { scale: 2 shift: 1 } }
layers { name: "abs" type: ABSVAL bottom: "power" top: "abs" }
layers { name: "bnll" type: BNLL bottom: "abs" top: "bnll" }
layers { name: "sum" type: ELTWISE bottom: "bnll" bottom: "power" top: "sum" eltwise_param { operation: MAX } }
layers { name: "cut" type: SLICE bottom: "sum" top: "one" top: "two" slice_param { slice_dim: 1 slice_point: 1 } }
layers { name: "join" type: CONCAT bottom: "two" bottom: "one" top: "join" concat_param { concat_dim: 1 } }
layers { name: "flat" type: FLATTEN bottom: "join" top: "flat" }
layers { name: "fc" type: INNER_PRODUCT bottom: "flat" top: "fc" inner_product_param { num_output: 5 } }
layers { name: "train" type: TANH bottom: "fc" top: "fc" include { phase: TRAIN } }
layers { name: "prob" type: SOFTMAX bottom: "fc" top: "prob" }
"""

_V1_SHARED = """
input: "a" input: "b" input_dim: 2 input_dim: 3 input_dim: 1 input_dim: 1 input_dim: 4 input_dim: 3 input_dim: 1
input_dim: 1
layers { name: "one" type: INNER_PRODUCT bottom: "a" top: "x" param: "w" param: "v"
  inner_product_param { num_output: 5 } }
layers { name: "two" type: INNER_PRODUCT bottom: "b" top: "y" param: "w" param: "v" blob_share_mode: PERMISSIVE
  inner_product_param { num_output: 5 } }
"""

_V0 = """
input: "data" input_dim: 2 input_dim: 3 input_dim: 9 input_dim: 9
layers { layer { name: "pad" type: "padding" pad: 2 } bottom: "data" top: "pad" }
layers { layer { name: "conv" type: "conv" num_output: 4 kernelsize: 3 stride: 2 blobs_lr: 1 biasterm: true
  weight_filler { type: "gaussian" std: 0.1 } } bottom: "pad" top: "conv" }
layers { layer { name: "relu" type: "relu" } bottom: "conv" top: "conv" }
layers { layer { name: "conv2" type: "conv" num_output: 4 kernelsize: 3 group: 2 pad: 1 biasterm: false
  } bottom: "conv" top: "conv2" }
layers { layer { name: "pool" type: "pool" pool: AVE kernelsize: 3 stride: 2 } bottom: "conv2" top: "pool" }
layers { layer { name: "norm" type: "lrn" local_size: 3 alpha: 0.5 beta: 0.6 } bottom: "pool" top: "norm" }
layers { layer { name: "drop" type: "dropout" dropout_ratio: 0.3 } bottom: "norm" top: "drop" }
layers { layer { name: "join" type: "concat" concat_dim: 1 } bottom: "drop" bottom: "pool" top: "join" }
layers { layer { name: "flat" type: "flatten" } bottom: "join" top: "flat" }
layers { layer { name: "fc" type: "innerproduct" num_output: 5 biasterm: false } bottom: "flat" top: "fc" }
layers { layer { name: "tanh" type: "tanh" } bottom: "fc" top: "tanh" }
layers { layer { name: "prob" type: "softmax" } bottom: "tanh" top: "prob" }
"""

_INPUT_SHAPES = """
input: "a" input: "b" input_shape { dim: 2 dim: 3 } input_shape { dim: 4 dim: 1 dim: 2 }
layer { name: "x" type: "TanH" bottom: "a" top: "x" }
layer { name: "y" type: "Sigmoid" bottom: "b" top: "y" }
"""


def _whole(name, text, draw):
    """A prototxt that declares its inputs itself."""
    return Case(name, OrderedDict(), text, draw, None)


FORMAT = [
    _whole("v1", _V1, {}),
    _whole("v1_shared", _V1_SHARED, {}),
    _whole("v0", _V0, {}),
    _whole("input_shapes", _INPUT_SHAPES, {}),
]

FAMILIES = OrderedDict(
    [
        ("activation", ACTIVATION),
        ("conv", CONV),
        ("format", FORMAT),
        ("loss", LOSS),
        ("merge", MERGE),
        ("norm", NORM),
        ("pool", POOL),
        ("recurrent", RECURRENT),
        ("reduce", REDUCE),
        ("shape", SHAPE),
        ("source", SOURCE),
    ]
)
