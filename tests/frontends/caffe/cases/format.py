"""Whole nets in the older forms of a prototxt."""

from collections import OrderedDict

from .base import Case

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
