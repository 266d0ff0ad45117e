"""Normalisation, scales and shifts."""

from .base import IMAGE, case, single

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
