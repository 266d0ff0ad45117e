"""Layers that bring constants, and those that do nothing."""

from .base import case
from .recurrent import FILLERS

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
         % FILLERS),
]
