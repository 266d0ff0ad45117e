"""Convolutions, forwards and backwards."""

from .base import case, single


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
