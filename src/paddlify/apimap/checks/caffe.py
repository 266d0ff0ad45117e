"""Checks of ``data/caffe.toml``: Paddle against recordings of the real Caffe.

Layers that BVLC's Caffe does not have are compared with their formula, written in NumPy.
"""

import functools
from pathlib import Path
from typing import Any

import numpy as np

from paddlify.apimap.claims import Array, Claim, check, random
from paddlify.apimap.frameworks import paddle

RECORDED = Path(__file__).parent.parent / "caffe_recorded.npz"


@functools.cache
def _recordings() -> dict[str, Array]:
    with np.load(RECORDED) as file:
        return {name: file[name] for name in file.files}


def caffe(case: str, part: str) -> Array:
    """One array of a recorded case: an input (``in0``), a weight (``blob0``) or a result (``out0``)."""
    return _recordings()[f"{case}/{part}"]


def inputs(case: str) -> list[Any]:
    """The recorded inputs of a case, as Paddle tensors."""
    names = sorted(name for name in _recordings() if name.startswith(f"{case}/in"))
    return [paddle.to_tensor(_recordings()[name]) for name in names]


def blobs(case: str) -> list[Any]:
    """The recorded weights of a case, as Paddle tensors."""
    names = sorted(name for name in _recordings() if name.startswith(f"{case}/blob"))
    return [paddle.to_tensor(_recordings()[name]) for name in names]


@check("caffe.AbsVal")
def abs_val(claim: Claim) -> None:
    (x,) = inputs("AbsVal")
    claim.agree(caffe("AbsVal", "out0"), paddle.abs(x))


@check("caffe.Accuracy", "dtype")
def accuracy(claim: Claim) -> None:
    for case, k in (("Accuracy", 1), ("Accuracy_top2", 2)):
        scores, labels = inputs(case)
        claim.raises(lambda: paddle.metric.accuracy(scores, labels, k=k))  # noqa: B023
        found = paddle.metric.accuracy(scores, labels.astype("int64").unsqueeze(1), k=k)
        claim.agree(caffe(case, "out0"), found.reshape([]))


@check("caffe.Accuracy", "edge")
def accuracy_tied(claim: Claim) -> None:
    scores, labels = inputs("Accuracy_tied")
    found = paddle.metric.accuracy(scores, labels.astype("int64").unsqueeze(1))
    claim.differ(caffe("Accuracy_tied", "out0"), found.reshape([]))
    own = paddle.take_along_axis(scores, labels.astype("int64").unsqueeze(1), 1)
    correct = (scores >= own).sum(1) == 1
    claim.agree(caffe("Accuracy_tied", "out0"), correct.astype("float32").mean())


@check("caffe.ArgMax", "shape")
def arg_max(claim: Claim) -> None:
    (x,) = inputs("ArgMax")
    claim.differ(caffe("ArgMax", "out0"), paddle.argmax(x), "shape")
    found = paddle.argmax(x.flatten(1), axis=1).astype("float32")
    claim.agree(caffe("ArgMax", "out0").reshape(-1), found)
    (x,) = inputs("ArgMax_axis")
    claim.agree(caffe("ArgMax_axis", "out0"), paddle.argmax(x, axis=1, keepdim=True).astype("float32"))
    (x,) = inputs("ArgMax_top2")
    values, positions = paddle.topk(x.flatten(1), k=2)
    claim.agree(caffe("ArgMax_top2", "out0"), paddle.stack([positions.astype("float32"), values], axis=1))


@check("caffe.BatchNorm", "state")
def batch_norm(claim: Claim) -> None:
    (x,), (mean, variance, factor) = inputs("BatchNorm"), blobs("BatchNorm")
    normalise = paddle.nn.functional.batch_norm
    claim.differ(caffe("BatchNorm", "out0"), normalise(x, mean, variance))
    claim.agree(caffe("BatchNorm", "out0"), normalise(x, mean / factor, variance / factor), rtol=1e-4, atol=1e-5)


@check("caffe.BNLL")
def bnll(claim: Claim) -> None:
    (x,) = inputs("BNLL")
    claim.agree(caffe("BNLL", "out0"), paddle.nn.functional.softplus(x))


@check("caffe.Concat")
def concat(claim: Claim) -> None:
    claim.agree(caffe("Concat", "out0"), paddle.concat(inputs("Concat"), axis=1))
    claim.agree(caffe("Concat_axis", "out0"), paddle.concat(inputs("Concat_axis"), axis=0))


@check("caffe.Convolution")
def convolution(claim: Claim) -> None:
    conv2d = paddle.nn.functional.conv2d
    (x,), (weight, bias) = inputs("Convolution"), blobs("Convolution")
    found = conv2d(x, weight, bias, stride=2, padding=1, dilation=2)
    claim.agree(caffe("Convolution", "out0"), found, atol=1e-5)
    (x,), (weight,) = inputs("Convolution_group"), blobs("Convolution_group")
    claim.agree(caffe("Convolution_group", "out0"), conv2d(x, weight, groups=2), atol=1e-5)


@check("caffe.Crop", "usage")
def crop(claim: Claim) -> None:
    x, size = inputs("Crop")
    claim.raises(lambda: paddle.crop(x, size, [1, 2]))
    found = paddle.crop(x, shape=[2, 3, *size.shape[2:]], offsets=[0, 0, 1, 2])
    claim.agree(caffe("Crop", "out0"), found)


@check("caffe.Deconvolution")
def deconvolution(claim: Claim) -> None:
    (x,), (weight, bias) = inputs("Deconvolution"), blobs("Deconvolution")
    found = paddle.nn.functional.conv2d_transpose(x, weight, bias, stride=2, padding=1)
    claim.agree(caffe("Deconvolution", "out0"), found, atol=1e-5)


@check("caffe.Dropout")
def dropout(claim: Claim) -> None:
    (x,) = inputs("Dropout")
    claim.agree(caffe("Dropout", "out0"), paddle.nn.functional.dropout(x, 0.3, training=False))
    (ones,) = inputs("Dropout_train")
    found = paddle.nn.functional.dropout(ones, 0.25, training=True)
    claim.agree(np.unique(caffe("Dropout_train", "out0")), paddle.unique(found))
    for mean in (caffe("Dropout_train", "out0").mean(), float(found.mean())):
        claim.holds(abs(mean - 1.0) < 0.05, "the mean stays 1")


@check("caffe.Eltwise")
def eltwise(claim: Claim) -> None:
    a, b = inputs("Eltwise_sum")
    claim.agree(caffe("Eltwise_sum", "out0"), 1.0 * a - 0.5 * b)
    claim.agree(caffe("Eltwise_prod", "out0"), paddle.multiply(a, b))
    claim.agree(caffe("Eltwise_max", "out0"), paddle.maximum(a, b))


@check("caffe.ELU")
def elu(claim: Claim) -> None:
    (x,) = inputs("ELU")
    claim.agree(caffe("ELU", "out0"), paddle.nn.functional.elu(x, 0.5))


@check("caffe.EuclideanLoss", "default")
def euclidean_loss(claim: Claim) -> None:
    a, b = inputs("EuclideanLoss")
    expected = caffe("EuclideanLoss", "out0")
    claim.differ(expected, paddle.nn.functional.mse_loss(a, b))
    claim.agree(expected, paddle.nn.functional.mse_loss(a, b, reduction="sum") / (2 * a.shape[0]))


@check("caffe.Exp")
def exp(claim: Claim) -> None:
    (x,) = inputs("Exp")
    claim.agree(caffe("Exp", "out0"), paddle.pow(paddle.to_tensor(2.0), 1 + 0.5 * x))
    claim.agree(caffe("Exp_e", "out0"), paddle.exp(0.5 * x))


@check("caffe.Flatten")
def flatten(claim: Claim) -> None:
    (x,) = inputs("Flatten")
    claim.agree(caffe("Flatten", "out0"), paddle.flatten(x, start_axis=1))


@check("caffe.InnerProduct", "layout")
def inner_product(claim: Claim) -> None:
    (x,), (weight, bias) = inputs("InnerProduct"), blobs("InnerProduct")
    claim.raises(lambda: paddle.nn.functional.linear(x, weight, bias))
    found = paddle.nn.functional.linear(x.flatten(1), weight.T, bias)
    claim.agree(caffe("InnerProduct", "out0"), found, atol=1e-5)


@check("caffe.Input", "usage")
def input_(claim: Claim) -> None:
    paddle.enable_static()
    try:
        with paddle.static.program_guard(paddle.static.Program(), paddle.static.Program()):
            claim.raises(lambda: paddle.static.data([2, 3]))
            data = paddle.static.data("data", [2, 3], "float32")
            claim.agree(list(caffe("Input", "out0").shape), list(data.shape))
    finally:
        paddle.disable_static()


@check("caffe.Log")
def log(claim: Claim) -> None:
    (x,) = inputs("Log")
    claim.agree(caffe("Log", "out0"), paddle.log(3 + 0.5 * x) / float(np.log(2)))


@check("caffe.LRN", "default")
def lrn(claim: Claim) -> None:
    (x,) = inputs("LRN")
    normalise = paddle.nn.functional.local_response_norm
    claim.differ(caffe("LRN", "out0"), normalise(x, 3, beta=0.75, k=2.0))
    claim.agree(caffe("LRN", "out0"), normalise(x, 3, alpha=0.5, beta=0.75, k=2.0))


@check("caffe.LRN", "usage")
def lrn_within_channel(claim: Claim) -> None:
    (x,) = inputs("LRN_within")
    expected = caffe("LRN_within", "out0")
    claim.differ(expected, paddle.nn.functional.local_response_norm(x, 3, alpha=0.5, beta=0.75))
    padded = paddle.nn.functional.pad(paddle.square(x), [1, 1, 1, 1])
    mean = paddle.nn.functional.avg_pool2d(padded, 3, 1)
    claim.agree(expected, x / (1 + 0.5 * mean) ** 0.75)


@check("caffe.Pooling", "shape")
def pooling(claim: Claim) -> None:
    max_pool = paddle.nn.functional.max_pool2d
    (x,) = inputs("Pooling_max")
    claim.differ(caffe("Pooling_max", "out0"), max_pool(x, 3, 2), "shape")
    claim.agree(caffe("Pooling_max", "out0"), max_pool(x, 3, 2, ceil_mode=True))
    (x,) = inputs("Pooling_edge")
    expected = caffe("Pooling_edge", "out0")
    claim.differ(expected, max_pool(x, 2, 2, 1, ceil_mode=True), "shape")
    claim.agree(expected, max_pool(x, 2, 2, 1, ceil_mode=True)[:, :, :4, :4])


@check("caffe.Pooling", "edge")
def pooling_average(claim: Claim) -> None:
    (x,) = inputs("Pooling_ave")
    expected = caffe("Pooling_ave", "out0")
    claim.differ(expected, paddle.nn.functional.avg_pool2d(x, 3, 2, 1, ceil_mode=True))
    claim.agree(expected, paddle.nn.functional.avg_pool2d(x, 3, 2, 1, ceil_mode=True, exclusive=False))
    ones = paddle.ones([1, 1, 2, 2])
    found = paddle.nn.functional.avg_pool2d(ones, 3, 3, [0, 1, 0, 1], exclusive=False)
    claim.differ(np.float32(4 / 9), found.reshape([]))


@check("caffe.Power")
def power(claim: Claim) -> None:
    (x,) = inputs("Power")
    claim.agree(caffe("Power", "out0"), paddle.pow(3 + 0.5 * x, 2))


@check("caffe.PReLU")
def prelu(claim: Claim) -> None:
    for case in ("PReLU", "PReLU_shared"):
        (x,), (slope,) = inputs(case), blobs(case)
        claim.agree(caffe(case, "out0"), paddle.nn.functional.prelu(x, slope.reshape([-1])))


@check("caffe.Reduction")
def reduction(claim: Claim) -> None:
    (x,) = inputs("Reduction_sum")
    claim.agree(caffe("Reduction_sum", "out0"), 2 * paddle.sum(x, axis=[1, 2, 3]), atol=1e-5)
    claim.agree(caffe("Reduction_asum", "out0"), paddle.sum(paddle.abs(x), axis=[1, 2, 3]))
    claim.agree(caffe("Reduction_sumsq", "out0"), paddle.sum(paddle.square(x), axis=[1, 2, 3]))
    claim.agree(caffe("Reduction_mean", "out0"), paddle.mean(x), atol=1e-6)


@check("caffe.ReLU", "usage")
def relu(claim: Claim) -> None:
    (x,) = inputs("ReLU")
    claim.agree(caffe("ReLU", "out0"), paddle.nn.functional.relu(x))
    claim.raises(lambda: paddle.nn.functional.relu(x, negative_slope=0.1), TypeError)
    claim.agree(caffe("ReLU_slope", "out0"), paddle.nn.functional.leaky_relu(x, 0.1))


@check("caffe.Reshape", "usage")
def reshape(claim: Claim) -> None:
    (x,) = inputs("Reshape")
    claim.agree(caffe("Reshape", "out0"), paddle.reshape(x, [0, -1, 2]))
    expected = caffe("Reshape_axis", "out0")
    claim.differ(expected, paddle.reshape(x, [2, -1]), "shape")
    claim.agree(expected, paddle.reshape(x, [*x.shape[:3], 2, -1]))


@check("caffe.SigmoidCrossEntropyLoss", "default")
def sigmoid_cross_entropy_loss(claim: Claim) -> None:
    logits, labels = inputs("SigmoidCrossEntropyLoss")
    expected = caffe("SigmoidCrossEntropyLoss", "out0")
    loss = paddle.nn.functional.binary_cross_entropy_with_logits
    claim.differ(expected, loss(logits, labels))
    claim.agree(expected, loss(logits, labels, reduction="sum") / logits.shape[0])


@check("caffe.Sigmoid")
def sigmoid(claim: Claim) -> None:
    (x,) = inputs("Sigmoid")
    claim.agree(caffe("Sigmoid", "out0"), paddle.nn.functional.sigmoid(x))


@check("caffe.Slice", "usage")
def slice_(claim: Claim) -> None:
    (x,) = inputs("Slice")
    expected = [caffe("Slice", "out0"), caffe("Slice", "out1")]
    claim.raises(lambda: claim.agree(expected, paddle.split(x, [1])))
    claim.agree(expected, paddle.split(x, [1, 2], axis=1))


@check("caffe.SoftmaxWithLoss")
def softmax_with_loss(claim: Claim) -> None:
    cross_entropy = paddle.nn.functional.cross_entropy
    scores, labels = inputs("SoftmaxWithLoss")
    claim.agree(caffe("SoftmaxWithLoss", "out0"), cross_entropy(scores, labels))
    found = cross_entropy(scores, labels.astype("int64"), ignore_index=2)
    claim.agree(caffe("SoftmaxWithLoss_ignore", "out0"), found)


@check("caffe.SoftmaxWithLoss", "edge")
def softmax_with_loss_far(claim: Claim) -> None:
    scores, label = inputs("SoftmaxWithLoss_far")
    claim.agree(np.float32(87.3365), caffe("SoftmaxWithLoss_far", "out0"))
    claim.agree(np.float32(64.0), paddle.nn.functional.cross_entropy(scores, label.astype("int64")))


@check("caffe.Softmax", "default")
def softmax(claim: Claim) -> None:
    (x,) = inputs("Softmax")
    claim.differ(caffe("Softmax", "out0"), paddle.nn.functional.softmax(x))
    claim.agree(caffe("Softmax", "out0"), paddle.nn.functional.softmax(x, axis=1))


@check("caffe.TanH")
def tanh(claim: Claim) -> None:
    (x,) = inputs("TanH")
    claim.agree(caffe("TanH", "out0"), paddle.tanh(x))


@check("caffe.Tile", "usage")
def tile(claim: Claim) -> None:
    (x,) = inputs("Tile")
    claim.raises(lambda: paddle.tile(x, axis=1, tiles=3), TypeError)
    claim.agree(caffe("Tile", "out0"), paddle.tile(x, [1, 3]))


@check("caffe.Scale")
def scale(claim: Claim) -> None:
    (x,), (factor, bias) = inputs("Scale"), blobs("Scale")
    claim.agree(caffe("Scale", "out0"), x * factor.reshape([1, -1, 1, 1]) + bias.reshape([1, -1, 1, 1]))


@check("caffe.Bias")
def bias(claim: Claim) -> None:
    x, vector = inputs("Bias")
    claim.agree(caffe("Bias", "out0"), x + vector.reshape([1, -1, 1, 1]))


@check("caffe.MVN", "default")
def mvn(claim: Claim) -> None:
    (x,) = inputs("MVN")
    instance_norm = paddle.nn.functional.instance_norm
    claim.agree(caffe("MVN", "out0"), instance_norm(x, eps=1e-9), rtol=1e-4, atol=1e-5)
    tiny = x * 1e-3
    outside = (tiny - tiny.mean([2, 3], keepdim=True)) / (tiny.std([2, 3], unbiased=False, keepdim=True) + 1e-9)
    claim.differ(outside, instance_norm(tiny))


@check("caffe.MVN", "usage")
def mvn_across_channels(claim: Claim) -> None:
    (x,) = inputs("MVN_across")
    expected = caffe("MVN_across", "out0")
    claim.differ(expected, paddle.nn.functional.instance_norm(x, eps=1e-9))
    claim.agree(expected, x - x.mean([1, 2, 3], keepdim=True), atol=1e-6)


@check("caffe.Embed", "usage")
def embed(claim: Claim) -> None:
    (ids,), (table, bias) = inputs("Embed"), blobs("Embed")
    claim.raises(lambda: paddle.nn.functional.embedding(ids, table))
    claim.agree(caffe("Embed", "out0"), paddle.nn.functional.embedding(ids.astype("int64"), table) + bias)


@check("caffe.Threshold")
def threshold(claim: Claim) -> None:
    (x,) = inputs("Threshold")
    claim.agree(caffe("Threshold", "out0"), (x > 0.5).astype("float32"))


@check("caffe.HingeLoss")
def hinge_loss(claim: Claim) -> None:
    scores, labels = inputs("HingeLoss")
    one_hot = paddle.nn.functional.one_hot(labels.astype("int64"), 3)

    each = paddle.nn.functional.relu(1 - (2 * one_hot - 1) * scores)

    claim.agree(caffe("HingeLoss", "out0"), each.sum() / scores.shape[0])
    claim.agree(caffe("HingeLoss_l2", "out0"), paddle.square(each).sum() / scores.shape[0])


@check("caffe.ContrastiveLoss")
def contrastive_loss(claim: Claim) -> None:
    a, b, similar = inputs("ContrastiveLoss")

    distance = paddle.linalg.norm(a - b, axis=1)
    other = paddle.square(paddle.nn.functional.relu(2.0 - distance))

    claim.agree(caffe("ContrastiveLoss", "out0"), (similar * distance**2 + (1 - similar) * other).mean() / 2)


@check("caffe.MultinomialLogisticLoss", "usage")
def multinomial_logistic_loss(claim: Claim) -> None:
    probabilities, labels = inputs("MultinomialLogisticLoss")
    expected = caffe("MultinomialLogisticLoss", "out0")
    nll_loss = paddle.nn.functional.nll_loss
    claim.differ(expected, nll_loss(probabilities, labels.astype("int64")))
    claim.agree(expected, nll_loss(paddle.log(probabilities), labels.astype("int64")))


@check("caffe.InfogainLoss")
def infogain_loss(claim: Claim) -> None:
    scores, labels, matrix = inputs("InfogainLoss")

    weights = paddle.gather(matrix.reshape([3, 3]), labels.astype("int64"))
    logarithms = paddle.nn.functional.log_softmax(scores)

    claim.agree(caffe("InfogainLoss", "out0"), -(weights * logarithms).sum() / scores.shape[0])


@check("caffe.Im2col", "shape")
def im2col(claim: Claim) -> None:
    (x,) = inputs("Im2col")
    expected = caffe("Im2col", "out0")
    columns = paddle.nn.functional.unfold(x, 2, 2)
    claim.differ(expected, columns, "shape")
    claim.agree(expected, columns.reshape(expected.shape))


@check("caffe.SPP")
def spp(claim: Claim) -> None:
    (x,) = inputs("SPP")
    pool = paddle.nn.functional.adaptive_max_pool2d
    claim.agree(caffe("SPP", "out0"), paddle.concat([pool(x, size).flatten(1) for size in (1, 2)], axis=1))


@check("caffe.BatchReindex", "dtype")
def batch_reindex(claim: Claim) -> None:
    x, index = inputs("BatchReindex")
    claim.raises(lambda: paddle.gather(x, index))
    claim.agree(caffe("BatchReindex", "out0"), paddle.gather(x, index.astype("int64")))


@check("caffe.Filter")
def filter_(claim: Claim) -> None:
    x, selector = inputs("Filter")
    claim.agree(caffe("Filter", "out0"), x[selector != 0])


@check("caffe.Parameter", "usage")
def parameter(claim: Claim) -> None:
    claim.raises(lambda: paddle.create_parameter([2, 3]), TypeError)
    found = paddle.create_parameter([2, 3], "float32")
    claim.holds(list(found.shape) == [2, 3] and not found.stop_gradient, "a learnable tensor of that shape")


@check("caffe.DummyData", "usage")
def dummy_data(claim: Claim) -> None:
    claim.raises(lambda: paddle.full([2, 3], data_filler="constant"), TypeError)
    claim.agree(caffe("DummyData", "out0"), paddle.full([2, 3], 1.5))


@check("caffe.MemoryData", "usage")
def memory_data(claim: Claim) -> None:
    images, labels = random(4, 1, 2, 2), np.arange(4)
    claim.raises(lambda: paddle.io.TensorDataset([paddle.to_tensor(images)], batch_size=2), TypeError)
    data = paddle.io.TensorDataset([paddle.to_tensor(images), paddle.to_tensor(labels)])
    batches = [batch[0].numpy() for batch in paddle.io.DataLoader(data, batch_size=2)]
    claim.agree([images[:2], images[2:]], batches)


def _ifgo(weights: Array) -> Array:
    """Caffe's gates i, f, o, g as Paddle's i, f, g, o, along the first axis."""
    i, f, o, g = np.split(weights, 4)
    return np.concatenate([i, f, g, o])


def _lstm(case: str) -> Any:
    """A Paddle LSTM with the recorded weights; Caffe's are input, bias, hidden."""
    weight, bias, hidden = (caffe(case, f"blob{i}") for i in range(3))
    layer = paddle.nn.LSTM(3, 4, time_major=True)
    layer.weight_ih_l0.set_value(_ifgo(weight))
    layer.weight_hh_l0.set_value(_ifgo(hidden))
    layer.bias_ih_l0.set_value(_ifgo(bias))
    layer.bias_hh_l0.set_value(np.zeros_like(bias))
    return layer


@check("caffe.LSTM", "layout")
def lstm(claim: Claim) -> None:
    x, _ = inputs("LSTM")
    expected = caffe("LSTM", "out0")
    layer = _lstm("LSTM")
    claim.agree(expected, layer(x)[0], atol=1e-5)
    layer.weight_ih_l0.set_value(caffe("LSTM", "blob0"))
    claim.differ(expected, layer(x)[0])


@check("caffe.LSTM", "state")
def lstm_continuation(claim: Claim) -> None:
    x, marks = inputs("LSTM_reset")
    expected, layer = caffe("LSTM_reset", "out0"), _lstm("LSTM_reset")
    claim.differ(expected, layer(x)[0])
    state, outputs = (paddle.zeros([1, 2, 4]), paddle.zeros([1, 2, 4])), []
    for step, mark in zip(x, marks, strict=True):
        kept = mark.reshape([1, 2, 1])
        output, state = layer(step.unsqueeze(0), (state[0] * kept, state[1] * kept))
        outputs.append(output)
    claim.agree(expected, paddle.concat(outputs), atol=1e-5)


@check("caffe.LSTMUnit")
def lstm_unit(claim: Claim) -> None:
    cell, gates, mark = inputs("LSTMUnit")
    i, f, o, g = gates.split(4, axis=2)

    forget = paddle.nn.functional.sigmoid(f) * mark.reshape([1, 2, 1])
    new_cell = forget * cell + paddle.nn.functional.sigmoid(i) * paddle.tanh(g)
    hidden = paddle.nn.functional.sigmoid(o) * paddle.tanh(new_cell)

    claim.agree([caffe("LSTMUnit", "out0"), caffe("LSTMUnit", "out1")], [new_cell, hidden], atol=1e-5)


@check("caffe.RNN", "usage")
def rnn(claim: Claim) -> None:
    x, marks = inputs("RNN")
    expected = caffe("RNN", "out0")
    weight, bias, hidden, out_weight, out_bias = blobs("RNN")
    layer = paddle.nn.SimpleRNN(3, 4, time_major=True)
    layer.weight_ih_l0.set_value(weight)
    layer.weight_hh_l0.set_value(hidden)
    layer.bias_ih_l0.set_value(bias)
    layer.bias_hh_l0.set_value(paddle.zeros_like(bias))
    claim.differ(expected, layer(x)[0])
    state, outputs = paddle.zeros([1, 2, 4]), []
    for step, mark in zip(x, marks, strict=True):
        output, state = layer(step.unsqueeze(0), state * mark.reshape([1, 2, 1]))
        outputs.append(paddle.tanh(paddle.nn.functional.linear(output, out_weight.T, out_bias)))
    claim.agree(expected, paddle.concat(outputs), atol=1e-5)


@check("caffe.Swish", "usage")
def swish(claim: Claim) -> None:
    (x,) = inputs("Swish")
    claim.agree(caffe("Swish_1", "out0"), paddle.nn.functional.swish(x))
    claim.differ(caffe("Swish", "out0"), paddle.nn.functional.swish(x))
    claim.agree(caffe("Swish", "out0"), x * paddle.nn.functional.sigmoid(1.5 * x))


@check("caffe.Permute")
def permute(claim: Claim) -> None:
    (x,) = inputs("Permute")
    claim.agree(caffe("Permute", "out0"), paddle.transpose(x, [0, 2, 3, 1]))


# Layers of other Caffes: their formula in NumPy.


@check("caffe.Clip")
def clip(claim: Claim) -> None:
    x = random(3, 4)
    claim.agree(np.minimum(np.maximum(x, -0.5), 1.0), paddle.clip(paddle.to_tensor(x), -0.5, 1.0))


@check("caffe.ReLU6")
def relu6(claim: Claim) -> None:
    x = random(3, 4) * 5
    claim.agree(np.minimum(np.maximum(x, 0), 6), paddle.nn.functional.relu6(paddle.to_tensor(x)))


@check("caffe.Normalize")
def normalize(claim: Claim) -> None:
    x, scale = random(2, 3, 4, 5), random(3)
    expected = x / np.sqrt((x**2).sum(1, keepdims=True) + 1e-10) * scale.reshape(1, 3, 1, 1)
    normalised = paddle.nn.functional.normalize(paddle.to_tensor(x), axis=1)
    claim.agree(expected, normalised * paddle.to_tensor(scale).reshape([1, 3, 1, 1]))


@check("caffe.Axpy")
def axpy(claim: Claim) -> None:
    factor, x, y = random(2, 3, 1, 1), random(2, 3, 4, 5), random(2, 3, 4, 5, seed=1)
    claim.agree(factor * x + y, paddle.to_tensor(factor) * paddle.to_tensor(x) + paddle.to_tensor(y))


@check("caffe.ShuffleChannel")
def shuffle_channel(claim: Claim) -> None:
    x = random(2, 6, 3, 4)
    expected = x.reshape(2, 3, 2, 3, 4).transpose(0, 2, 1, 3, 4).reshape(2, 6, 3, 4)
    claim.agree(expected, paddle.nn.functional.channel_shuffle(paddle.to_tensor(x), 3))


@check("caffe.Interp", "default")
def interp(claim: Claim) -> None:
    x, height, width = random(1, 2, 4, 5), 7, 9
    rows, columns = np.linspace(0, 3, height), np.linspace(0, 4, width)
    y0, x0 = np.minimum(rows.astype(int), 2), np.minimum(columns.astype(int), 3)
    fy, fx = (rows - y0)[:, None], columns - x0
    top = x[:, :, y0][..., x0] * (1 - fx) + x[:, :, y0][..., x0 + 1] * fx
    bottom = x[:, :, y0 + 1][..., x0] * (1 - fx) + x[:, :, y0 + 1][..., x0 + 1] * fx
    expected = (top * (1 - fy) + bottom * fy).astype("float32")
    resize = paddle.nn.functional.interpolate
    claim.differ(expected, resize(paddle.to_tensor(x), [height, width]))
    claim.agree(expected, resize(paddle.to_tensor(x), [height, width], mode="bilinear", align_corners=True), atol=1e-5)


@check("caffe.Upsample", "usage")
def upsample(claim: Claim) -> None:
    x = random(1, 2, 3, 4)
    claim.raises(lambda: paddle.nn.functional.interpolate(paddle.to_tensor(x)))
    found = paddle.nn.functional.interpolate(paddle.to_tensor(x), scale_factor=2)
    claim.agree(x.repeat(2, axis=2).repeat(2, axis=3), found)


@check("caffe.PriorBox", "shape")
def prior_box(claim: Claim) -> None:
    rows, columns, image, smallest, largest = 2, 3, 60, 20.0, 30.0
    expected = []
    for row in range(rows):
        for column in range(columns):
            x, y = (column + 0.5) * image / columns, (row + 0.5) * image / rows
            middle = (smallest * largest) ** 0.5
            wide = smallest * 2**0.5, smallest / 2**0.5
            for width, height in ((smallest, smallest), (middle, middle), wide, wide[::-1]):
                expected += [x - width / 2, y - height / 2, x + width / 2, y + height / 2]
    feature, picture = paddle.zeros([1, 4, rows, columns]), paddle.zeros([1, 3, image, image])
    boxes, variances = paddle.vision.ops.prior_box(
        feature,
        picture,
        [smallest],
        [largest],
        [2.0],
        [0.1, 0.1, 0.2, 0.2],
        flip=True,
        min_max_aspect_ratios_order=True,
    )
    wanted = np.stack([np.array(expected) / image, np.tile([0.1, 0.1, 0.2, 0.2], 24)])[None].astype("float32")
    claim.differ(wanted, boxes, "shape")
    claim.agree(wanted, paddle.stack([boxes.flatten(), variances.flatten()]).unsqueeze(0))


@check("caffe.ROIPooling", "usage")
def roi_pooling(claim: Claim) -> None:
    x = random(2, 2, 6, 6)
    rois = np.array([[0, 0, 0, 3, 3], [1, 2, 1, 5, 4]], "float32")
    expected = np.zeros((2, 2, 2, 2), "float32")
    for n, (image, x1, y1, x2, y2) in enumerate(rois.astype(int)):
        height, width = (y2 - y1 + 1) / 2, (x2 - x1 + 1) / 2
        for i in range(2):
            for j in range(2):
                top, left = y1 + int(np.floor(i * height)), x1 + int(np.floor(j * width))
                bottom, right = y1 + int(np.ceil((i + 1) * height)), x1 + int(np.ceil((j + 1) * width))
                expected[n, :, i, j] = x[image, :, top:bottom, left:right].max((1, 2))
    claim.raises(lambda: paddle.vision.ops.roi_pool(paddle.to_tensor(x), paddle.to_tensor(rois), 2))
    counts = paddle.to_tensor(np.bincount(rois[:, 0].astype(int), minlength=2).astype("int32"))
    claim.agree(expected, paddle.vision.ops.roi_pool(paddle.to_tensor(x), paddle.to_tensor(rois[:, 1:]), counts, 2))


@check("caffe.DetectionOutput")
def detection_output(claim: Claim) -> None:
    priors = np.array([[0.1, 0.1, 0.3, 0.3], [0.12, 0.1, 0.32, 0.3], [0.6, 0.6, 0.9, 0.9]], "float32")
    variances = np.array([0.1, 0.1, 0.2, 0.2], "float32")
    offsets = random(3, 4, low=-0.2, high=0.2)
    scores = np.array([0.9, 0.8, 0.6], "float32")

    def centred(corners: Array) -> tuple[Array, Array]:
        return (corners[:, :2] + corners[:, 2:]) / 2, corners[:, 2:] - corners[:, :2]

    def overlap(a: Array, b: Array) -> float:
        low, high = np.maximum(a[:2], b[:2]), np.minimum(a[2:], b[2:])
        common = float(np.prod(np.maximum(high - low, 0)))
        areas = float(np.prod(a[2:] - a[:2]) + np.prod(b[2:] - b[:2]))
        return common / (areas - common)

    centre, size = centred(priors)
    middle, extent = centre + variances[:2] * offsets[:, :2] * size, np.exp(variances[2:] * offsets[:, 2:]) * size
    boxes = np.concatenate([middle - extent / 2, middle + extent / 2], 1)
    kept: list[int] = []
    for i in np.argsort(-scores):
        if all(overlap(boxes[i], boxes[j]) <= 0.45 for j in kept):
            kept.append(int(i))

    p = paddle.to_tensor(priors)
    prior_centre, prior_size = (p[:, :2] + p[:, 2:]) / 2, p[:, 2:] - p[:, :2]
    delta = paddle.to_tensor(offsets) * paddle.to_tensor(variances)
    new_centre, new_size = prior_centre + delta[:, :2] * prior_size, paddle.exp(delta[:, 2:]) * prior_size
    decoded = paddle.concat([new_centre - new_size / 2, new_centre + new_size / 2], 1)
    best = paddle.vision.ops.nms(decoded, 0.45, paddle.to_tensor(scores))

    claim.agree(boxes, decoded)
    claim.agree(np.array(kept), best)
