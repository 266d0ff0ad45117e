"""Activations and other functions of single elements."""

from .base import IMAGE, case, single


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
