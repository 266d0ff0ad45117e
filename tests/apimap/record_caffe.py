"""Records what the real Caffe computes for small inputs, for the checks of the Caffe rows.

Run with the Python 3.6 of the Caffe oracle:

    python tests/apimap/record_caffe.py src/paddlify/apimap/caffe_recorded.npz [--check]

Each case is one layer: its prototxt fields, and its inputs. Weights are random numbers made with a seed. The file
holds ``<case>/in<i>``, ``<case>/blob<i>`` and ``<case>/out<i>``.
"""

# ruff: noqa: UP031, PTH108, SIM112  (Python 3.6, and a variable of Caffe)

import os
import sys
import tempfile

os.environ["GLOG_minloglevel"] = "2"

import caffe
import numpy as np


def floats(*shape, low=-2.0, high=2.0, seed=0):
    return np.random.RandomState(seed + 17 * len(shape) + sum(shape)).uniform(low, high, shape).astype("float32")


def array(values):
    return np.array(values, "float32")


IMAGE = floats(2, 3, 5, 6)
MATRIX = floats(3, 4)
SCORES = floats(4, 3)
LABELS = array([0, 2, 1, 2])
EDGES = array([[0.0, -0.0, 1.0, -1.0, 30.0, -30.0, 0.5, -0.5, 1e-20, 88.0]])
TIED = array([[0.2, 0.5, 0.5], [0.2, 0.5, 0.5], [0.1, 0.1, 0.8]])
SEQUENCE = floats(4, 2, 3)
MARKS = array([[0, 0], [1, 1], [1, 0], [1, 1]])

# case: (fields of the layer, inputs)
CASES = {
    "AbsVal": ('type: "AbsVal"', [EDGES]),
    "Accuracy": ('type: "Accuracy"', [SCORES, LABELS]),
    "Accuracy_tied": ('type: "Accuracy"', [TIED, array([1, 2, 2])]),
    "Accuracy_top2": ('type: "Accuracy" accuracy_param { top_k: 2 }', [SCORES, LABELS]),
    "ArgMax": ('type: "ArgMax"', [MATRIX]),
    "ArgMax_axis": ('type: "ArgMax" argmax_param { axis: 1 }', [IMAGE]),
    "ArgMax_top2": ('type: "ArgMax" argmax_param { top_k: 2 out_max_val: true }', [MATRIX]),
    "BNLL": ('type: "BNLL"', [EDGES]),
    "BatchNorm": ('type: "BatchNorm" batch_norm_param { use_global_stats: true }', [IMAGE]),
    "BatchReindex": ('type: "BatchReindex"', [MATRIX, array([2, 0, 0])]),
    "Bias": ('type: "Bias" bias_param { axis: 1 }', [IMAGE, floats(3)]),
    "Concat": ('type: "Concat"', [IMAGE, IMAGE * 2]),
    "Concat_axis": ('type: "Concat" concat_param { axis: 0 }', [MATRIX, MATRIX * 2]),
    "ContrastiveLoss": (
        'type: "ContrastiveLoss" contrastive_loss_param { margin: 2 }',
        [floats(4, 3), floats(4, 3, seed=5), array([0, 1, 1, 0])],
    ),
    "Convolution": (
        'type: "Convolution" convolution_param { num_output: 4 kernel_size: 3 stride: 2 pad: 1 dilation: 2 }',
        [floats(1, 2, 9, 8)],
    ),
    "Convolution_group": (
        'type: "Convolution" convolution_param { num_output: 4 kernel_size: 2 group: 2 bias_term: false }',
        [floats(1, 2, 5, 6)],
    ),
    "Crop": ('type: "Crop" crop_param { axis: 2 offset: 1 offset: 2 }', [IMAGE, floats(2, 3, 3, 4)]),
    "Deconvolution": (
        'type: "Deconvolution" convolution_param { num_output: 4 kernel_size: 3 stride: 2 pad: 1 }',
        [floats(1, 3, 4, 5)],
    ),
    "Dropout": ('type: "Dropout" dropout_param { dropout_ratio: 0.3 }', [MATRIX]),
    "Dropout_train": ('type: "Dropout" dropout_param { dropout_ratio: 0.25 }', [np.ones((40, 50), "float32")]),
    "DummyData": (
        'type: "DummyData" dummy_data_param { shape { dim: 2 dim: 3 } data_filler { type: "constant" value: 1.5 } }',
        [],
    ),
    "ELU": ('type: "ELU" elu_param { alpha: 0.5 }', [EDGES]),
    "Eltwise_sum": ('type: "Eltwise" eltwise_param { operation: SUM coeff: 1 coeff: -0.5 }', [IMAGE, IMAGE[::-1]]),
    "Eltwise_prod": ('type: "Eltwise" eltwise_param { operation: PROD }', [IMAGE, IMAGE[::-1]]),
    "Eltwise_max": ('type: "Eltwise" eltwise_param { operation: MAX }', [IMAGE, IMAGE[::-1]]),
    "Embed": ('type: "Embed" embed_param { num_output: 3 input_dim: 5 }', [array([4, 0, 2])]),
    "EuclideanLoss": ('type: "EuclideanLoss"', [floats(4, 3), floats(4, 3, seed=5)]),
    "Exp": ('type: "Exp" exp_param { base: 2 scale: 0.5 shift: 1 }', [MATRIX]),
    "Exp_e": ('type: "Exp" exp_param { scale: 0.5 }', [MATRIX]),
    "Filter": ('type: "Filter"', [MATRIX, array([1, 0, 1])]),
    "Flatten": ('type: "Flatten"', [IMAGE]),
    "HingeLoss": ('type: "HingeLoss"', [SCORES, LABELS]),
    "HingeLoss_l2": ('type: "HingeLoss" hinge_loss_param { norm: L2 }', [SCORES, LABELS]),
    "Im2col": ('type: "Im2col" convolution_param { kernel_size: 2 stride: 2 }', [floats(1, 2, 4, 6)]),
    "InfogainLoss": (
        'type: "InfogainLoss"',
        [SCORES, LABELS, np.eye(3, dtype="float32").reshape(1, 1, 3, 3) * array([1, 2, 3])],
    ),
    "InnerProduct": ('type: "InnerProduct" inner_product_param { num_output: 4 }', [IMAGE]),
    "Input": ('type: "Input" input_param { shape { dim: 2 dim: 3 } }', []),
    "LRN": ('type: "LRN" lrn_param { local_size: 3 alpha: 0.5 beta: 0.75 k: 2 }', [floats(1, 7, 3, 3)]),
    "LRN_within": (
        'type: "LRN" lrn_param { local_size: 3 alpha: 0.5 beta: 0.75 norm_region: WITHIN_CHANNEL }',
        [floats(1, 2, 5, 5)],
    ),
    "LSTM": (
        'type: "LSTM" recurrent_param { num_output: 4 weight_filler { type: "uniform" } }',
        [SEQUENCE, array([[0, 0], [1, 1], [1, 1], [1, 1]])],
    ),
    "LSTM_reset": (
        'type: "LSTM" recurrent_param { num_output: 4 weight_filler { type: "uniform" } }',
        [SEQUENCE, MARKS],
    ),
    "LSTMUnit": ('type: "LSTMUnit"', [floats(1, 2, 4), floats(1, 2, 16), array([[1, 1]])]),
    "Log": ('type: "Log" log_param { base: 2 scale: 0.5 shift: 3 }', [MATRIX]),
    "MVN": ('type: "MVN"', [IMAGE]),
    "MVN_across": ('type: "MVN" mvn_param { across_channels: true normalize_variance: false }', [IMAGE]),
    "MultinomialLogisticLoss": (
        'type: "MultinomialLogisticLoss"',
        [array([[0.2, 0.5, 0.3], [0.9, 0.05, 0.05]]), array([1, 0])],
    ),
    "PReLU": ('type: "PReLU"', [IMAGE]),
    "PReLU_shared": ('type: "PReLU" prelu_param { channel_shared: true }', [IMAGE]),
    "Permute": ('type: "Permute" permute_param { order: 0 order: 2 order: 3 order: 1 }', [IMAGE]),
    "Pooling_max": ('type: "Pooling" pooling_param { pool: MAX kernel_size: 3 stride: 2 }', [floats(1, 2, 8, 7)]),
    "Pooling_edge": (
        'type: "Pooling" pooling_param { pool: MAX kernel_size: 2 stride: 2 pad: 1 }',
        [floats(1, 1, 7, 7)],
    ),
    "Pooling_ave": (
        'type: "Pooling" pooling_param { pool: AVE kernel_size: 3 stride: 2 pad: 1 }',
        [floats(1, 2, 7, 7)],
    ),
    "Power": ('type: "Power" power_param { power: 2 scale: 0.5 shift: 3 }', [MATRIX]),
    "RNN": ('type: "RNN" recurrent_param { num_output: 4 weight_filler { type: "uniform" } }', [SEQUENCE, MARKS]),
    "ReLU": ('type: "ReLU"', [EDGES]),
    "ReLU_slope": ('type: "ReLU" relu_param { negative_slope: 0.1 }', [EDGES]),
    "Reduction_sum": ('type: "Reduction" reduction_param { operation: SUM axis: 1 coeff: 2 }', [IMAGE]),
    "Reduction_asum": ('type: "Reduction" reduction_param { operation: ASUM axis: 1 }', [IMAGE]),
    "Reduction_sumsq": ('type: "Reduction" reduction_param { operation: SUMSQ axis: 1 }', [IMAGE]),
    "Reduction_mean": ('type: "Reduction" reduction_param { operation: MEAN }', [IMAGE]),
    "Reshape": ('type: "Reshape" reshape_param { shape { dim: 0 dim: -1 dim: 2 } }', [IMAGE]),
    "Reshape_axis": ('type: "Reshape" reshape_param { shape { dim: 2 dim: -1 } axis: 3 num_axes: 1 }', [IMAGE]),
    "SPP": ('type: "SPP" spp_param { pyramid_height: 2 }', [floats(1, 2, 4, 4)]),
    "Scale": ('type: "Scale" scale_param { bias_term: true }', [IMAGE]),
    "Sigmoid": ('type: "Sigmoid"', [EDGES]),
    "SigmoidCrossEntropyLoss": ('type: "SigmoidCrossEntropyLoss"', [SCORES, (SCORES[::-1] > 0).astype("float32")]),
    "Slice": ('type: "Slice" slice_param { axis: 1 slice_point: 1 }', [IMAGE]),
    "Softmax": ('type: "Softmax"', [IMAGE]),
    "SoftmaxWithLoss": ('type: "SoftmaxWithLoss"', [SCORES, LABELS]),
    "SoftmaxWithLoss_far": ('type: "SoftmaxWithLoss"', [array([[100, -100, 0]]), array([1])]),
    "SoftmaxWithLoss_ignore": ('type: "SoftmaxWithLoss" loss_param { ignore_label: 2 }', [SCORES, LABELS]),
    "Swish": ('type: "Swish" swish_param { beta: 1.5 }', [EDGES]),
    "Swish_1": ('type: "Swish"', [EDGES]),
    "TanH": ('type: "TanH"', [EDGES]),
    "Threshold": ('type: "Threshold" threshold_param { threshold: 0.5 }', [EDGES]),
    "Tile": ('type: "Tile" tile_param { axis: 1 tiles: 3 }', [MATRIX]),
}
TOPS = {"Slice": 2, "LSTMUnit": 2, "Silence": 0}


def network(name, fields, inputs):
    """The prototxt of a net of one layer."""
    lines = ['name: "case"']
    for i, value in enumerate(inputs):
        dims = " ".join("dim: %d" % size for size in value.shape)
        lines.append('layer { name: "in%d" type: "Input" top: "in%d" input_param { shape { %s } } }' % (i, i, dims))
    bottoms = " ".join('bottom: "in%d"' % i for i in range(len(inputs)))
    tops = " ".join('top: "out%d"' % i for i in range(TOPS.get(name, 1)))
    lines.append('layer { name: "case" %s %s %s }' % (bottoms, tops, fields))
    return "\n".join(lines)


def record(name, fields, inputs):
    """Inputs, weights and results of one case."""
    with tempfile.NamedTemporaryFile("w", suffix=".prototxt", delete=False) as file:
        file.write(network(name, fields, inputs))
    net = caffe.Net(file.name, caffe.TRAIN if name.endswith("_train") else caffe.TEST)
    os.unlink(file.name)
    found = {}
    for i, value in enumerate(inputs):
        net.blobs["in%d" % i].data[...] = value
        found["%s/in%d" % (name, i)] = np.array(value)
    for i, blob in enumerate(net.params.get("case", [])):
        if name == "BatchNorm":
            blob.data[...] = array([2.0]) if i == 2 else floats(*blob.data.shape, low=0.5, high=3, seed=i)
        elif blob.data.ndim == 1 and name.startswith("PReLU"):
            blob.data[...] = floats(*blob.data.shape, low=0.1, high=0.6, seed=i)
        else:
            blob.data[...] = floats(*blob.data.shape, low=-0.6, high=0.6, seed=i)
        found["%s/blob%d" % (name, i)] = blob.data.copy()
    net.forward()
    for i in range(TOPS.get(name, 1)):
        found["%s/out%d" % (name, i)] = net.blobs["out%d" % i].data.copy()
    return found


def main():
    path = sys.argv[1]
    recorded = {}
    for name in sorted(CASES):
        recorded.update(record(name, *CASES[name]))
    if "--check" not in sys.argv:
        np.savez_compressed(path, **recorded)
        return
    with np.load(path) as stored:
        if sorted(stored.files) != sorted(recorded):
            sys.exit("the recorded cases are not those of this script")
        for key, value in recorded.items():
            if key.startswith("Dropout_train/out"):
                continue
            if not np.allclose(stored[key], value, rtol=1e-5, atol=1e-6, equal_nan=True):
                sys.exit("%s is not what Caffe computes" % key)


main()
