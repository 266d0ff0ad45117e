"""Checks of ``data/layers.toml``."""

from typing import Any

import numpy as np

from paddlify.apimap.claims import Array, Claim, check, random
from paddlify.apimap.frameworks import paddle, tf


def fill(parameter: Any, value: Array) -> None:
    """Give a Paddle parameter its values."""
    parameter.set_value(np.ascontiguousarray(value))


def built(layer: Any, x: Array) -> tuple[Array, list[Array]]:
    """A Keras layer's result, and random weights that it has been given."""
    layer(x)
    weights = [random(*w.shape, low=-0.5, high=0.5, seed=i) for i, w in enumerate(layer.get_weights())]
    layer.set_weights(weights)
    return layer(x), weights


def first(x: Array) -> Any:
    """A channels-last array as a channels-first Paddle tensor."""
    return paddle.to_tensor(np.ascontiguousarray(np.moveaxis(x, -1, 1)))


def last(x: Any) -> Array:
    """A channels-first Paddle tensor as a channels-last array."""
    return np.moveaxis(x.numpy(), 1, -1)


@check("tf.keras.layers.Dense", "usage")
def dense(claim: Claim) -> None:
    x = random(5, 4)
    expected, (kernel, bias) = built(tf.keras.layers.Dense(3, activation="relu"), x)
    claim.raises(lambda: paddle.nn.Linear(3), TypeError)

    linear = paddle.nn.Linear(4, 3)
    fill(linear.weight, kernel)
    fill(linear.bias, bias)

    claim.agree(expected, paddle.nn.functional.relu(linear(paddle.to_tensor(x))))


@check("tf.contrib.layers.fully_connected", "default")
def fully_connected(claim: Claim) -> None:
    x, weight, bias = random(5, 4), random(4, 3), random(3)
    expected = tf.nn.relu(tf.matmul(x, weight) + bias)
    linear = paddle.nn.Linear(4, 3)
    fill(linear.weight, weight)
    fill(linear.bias, bias)
    claim.differ(expected, linear(paddle.to_tensor(x)))
    claim.agree(expected, paddle.nn.functional.relu(linear(paddle.to_tensor(x))))


def _v1(build: Any, x: Array, **values: Array) -> tuple[Array, dict[str, Array]]:
    """Run a TensorFlow 1 layer function in a graph; its variables get random values."""
    v1 = tf.compat.v1
    with tf.Graph().as_default(), v1.Session() as session:
        placeholder = v1.placeholder(tf.float32, x.shape)
        result = build(placeholder)
        session.run(v1.global_variables_initializer())
        weights = {}
        for i, variable in enumerate(v1.global_variables()):
            name = variable.name.rsplit("/", 1)[-1].removesuffix(":0")
            weights[name] = values.get(name, random(*variable.shape, low=0.1, high=0.5, seed=i))
            variable.load(weights[name], session)
        return session.run(result, {placeholder: x}), weights


@check("tf.layers.dense", "state", legacy=True)
def dense_v1(claim: Claim) -> None:
    x = random(5, 4)
    expected, weights = _v1(lambda inputs: tf.compat.v1.layers.dense(inputs, 3), x)
    claim.raises(lambda: paddle.nn.Linear(paddle.to_tensor(x), 3))
    linear = paddle.nn.Linear(4, 3)
    fill(linear.weight, weights["kernel"])
    fill(linear.bias, weights["bias"])
    claim.agree(expected, linear(paddle.to_tensor(x)))


@check("tf.layers.conv2d", "layout", legacy=True)
def conv2d_v1(claim: Claim) -> None:
    x = random(1, 6, 7, 3)
    expected, weights = _v1(lambda inputs: tf.compat.v1.layers.conv2d(inputs, 4, 3, padding="same"), x)
    conv = paddle.nn.Conv2D(3, 4, 3, padding="SAME")
    claim.raises(lambda: fill(conv.weight, weights["kernel"]))
    fill(conv.weight, weights["kernel"].transpose(3, 2, 0, 1))
    fill(conv.bias, weights["bias"])
    claim.agree(expected, last(conv(first(x))), atol=1e-5)


@check("tf.layers.batch_normalization", "default", legacy=True)
def batch_normalization_v1(claim: Claim) -> None:
    x = random(2, 3, 3, 4)
    expected, weights = _v1(tf.compat.v1.layers.batch_normalization, x)
    norm = paddle.nn.BatchNorm2D(4, momentum=0.99, epsilon=1e-3, data_format="NHWC")
    fill(norm.weight, weights["gamma"])
    fill(norm.bias, weights["beta"])
    fill(norm._mean, weights["moving_mean"])
    fill(norm._variance, weights["moving_variance"])
    claim.differ(expected, norm(paddle.to_tensor(x)))
    norm.eval()
    fill(norm._mean, weights["moving_mean"])
    fill(norm._variance, weights["moving_variance"])
    claim.agree(expected, norm(paddle.to_tensor(x)), atol=1e-5)


@check("tf.layers.dropout", "default", legacy=True)
def dropout_v1(claim: Claim) -> None:
    x = np.ones((20, 20), "float32")
    expected, _ = _v1(tf.compat.v1.layers.dropout, x)
    claim.differ(expected, paddle.nn.functional.dropout(paddle.to_tensor(x)))
    claim.agree(expected, paddle.nn.functional.dropout(paddle.to_tensor(x), training=False))


@check("tf.layers.Dropout", "state", legacy=True)
def dropout_layer_v1(claim: Claim) -> None:
    x = np.ones((20, 20), "float32")
    expected, _ = _v1(tf.compat.v1.layers.Dropout(0.5), x)
    layer = paddle.nn.Dropout(0.5)
    claim.differ(expected, layer(paddle.to_tensor(x)))
    layer.eval()
    claim.agree(expected, layer(paddle.to_tensor(x)))


@check("tf.layers.flatten", "layout", legacy=True)
def flatten_v1(claim: Claim) -> None:
    x = random(2, 3, 4, 5)
    expected, _ = _v1(tf.compat.v1.layers.flatten, x)
    flatten = paddle.nn.Flatten()
    claim.differ(expected, flatten(first(x)))
    claim.agree(expected, flatten(paddle.to_tensor(x)))
    claim.agree(expected, flatten(first(x).transpose([0, 2, 3, 1])))


@check("tf.contrib.layers.batch_norm", "default")
def contrib_batch_norm(claim: Claim) -> None:
    x, beta = random(6, 4), random(4)
    mean, variance = tf.nn.moments(x, [0])
    expected = tf.nn.batch_normalization(x, mean, variance, beta, None, 1e-3)
    plain = paddle.nn.BatchNorm1D(4)
    claim.differ(expected, plain(paddle.to_tensor(x)))
    norm = paddle.nn.BatchNorm1D(4, momentum=0.999, epsilon=1e-3, weight_attr=False)
    fill(norm.bias, beta)
    claim.agree(expected, norm(paddle.to_tensor(x)), atol=1e-5)


def _same_flatten(claim: Claim, expected: Any, x: Array) -> None:
    flatten = paddle.nn.Flatten()
    claim.differ(expected, flatten(first(x)))
    claim.agree(expected, flatten(paddle.to_tensor(x)))
    claim.agree(expected, flatten(first(x).transpose([0, 2, 3, 1])))


@check("tf.contrib.layers.flatten", "layout")
def contrib_flatten(claim: Claim) -> None:
    x = random(2, 3, 4, 5)
    _same_flatten(claim, tf.reshape(x, [2, -1]), x)


@check("tf.keras.layers.Flatten", "layout")
def flatten(claim: Claim) -> None:
    x = random(2, 3, 4, 5)
    _same_flatten(claim, tf.keras.layers.Flatten()(x), x)


@check("tf.keras.layers.Conv1D", "layout")
def conv1d(claim: Claim) -> None:
    x = random(2, 9, 3)
    for padding, paddle_padding in (("same", "SAME"), ("valid", 0), ("causal", [2, 0])):
        expected, (kernel, bias) = built(tf.keras.layers.Conv1D(4, 3, padding=padding), x)
        conv = paddle.nn.Conv1D(3, 4, 3, padding=paddle_padding)
        claim.raises(lambda: fill(conv.weight, kernel))  # noqa: B023
        fill(conv.weight, kernel.transpose(2, 1, 0))
        fill(conv.bias, bias)
        claim.agree(expected, last(conv(first(x))), atol=1e-5)


@check("tf.keras.layers.Conv2D", "layout")
def conv2d(claim: Claim) -> None:
    x = random(2, 7, 8, 3)
    for stride, padding in ((1, "same"), (2, "same"), (2, "valid")):
        expected, (kernel, bias) = built(tf.keras.layers.Conv2D(4, 3, stride, padding), x)
        conv = paddle.nn.Conv2D(3, 4, 3, stride, padding.upper())
        claim.raises(lambda: fill(conv.weight, kernel))  # noqa: B023
        fill(conv.weight, kernel.transpose(3, 2, 0, 1))
        fill(conv.bias, bias)
        claim.agree(expected, last(conv(first(x))), atol=1e-5)


@check("tf.keras.layers.Conv2D", "usage")
def conv2d_usage(claim: Claim) -> None:
    claim.raises(lambda: paddle.nn.Conv2D(4, 3), TypeError)
    claim.raises(lambda: paddle.nn.Conv2D(3, 4, 3, activation="relu"), TypeError)
    conv = paddle.nn.Conv2D(3, 4, 3)
    claim.agree([1, 4, 5, 5], list(conv(paddle.zeros([1, 3, 7, 7])).shape))


@check("tf.keras.layers.Conv2D", "default")
def conv2d_start(claim: Claim) -> None:
    layer = tf.keras.layers.Conv2D(64, 3)
    layer(random(1, 5, 5, 32))
    kernel = layer.get_weights()[0]
    weight = paddle.nn.Conv2D(32, 64, 3).weight.numpy()
    claim.agree(np.sqrt(2 / (9 * 96)), float(kernel.std()), rtol=0.05)
    claim.agree(np.sqrt(2 / (9 * 32)), float(weight.std()), rtol=0.05)
    glorot = paddle.nn.Conv2D(32, 64, 3, weight_attr=paddle.nn.initializer.XavierUniform()).weight.numpy()
    claim.agree([float(kernel.std()), float(kernel.max())], [float(glorot.std()), float(glorot.max())], rtol=0.05)


@check("tf.keras.layers.Conv3D", "layout")
def conv3d(claim: Claim) -> None:
    x = random(1, 4, 5, 6, 2)
    expected, (kernel, bias) = built(tf.keras.layers.Conv3D(3, 2, padding="same"), x)
    conv = paddle.nn.Conv3D(2, 3, 2, padding="SAME")
    claim.raises(lambda: fill(conv.weight, kernel))
    fill(conv.weight, kernel.transpose(4, 3, 0, 1, 2))
    fill(conv.bias, bias)
    claim.agree(expected, last(conv(first(x))), atol=1e-5)


@check("tf.keras.layers.Conv2DTranspose", "layout")
def conv2d_transpose(claim: Claim) -> None:
    x = random(1, 5, 5, 3)
    expected, (kernel, bias) = built(tf.keras.layers.Conv2DTranspose(4, 3, 2, "same"), x)
    conv = paddle.nn.Conv2DTranspose(3, 4, 3, 2, padding="SAME")
    fill(conv.weight, kernel.transpose(3, 2, 0, 1))
    fill(conv.bias, bias)
    claim.differ(expected, last(conv(first(x))), "shape")

    conv = paddle.nn.Conv2DTranspose(3, 4, 3, 2, padding=[0, 1, 0, 1])
    fill(conv.weight, kernel.transpose(3, 2, 0, 1))
    fill(conv.bias, bias)
    claim.agree(expected, last(conv(first(x))), atol=1e-5)


@check("tf.keras.layers.SeparableConv2D")
def separable_conv2d(claim: Claim) -> None:
    x = random(1, 6, 6, 3)
    layer = tf.keras.layers.SeparableConv2D(4, 3, padding="same", depth_multiplier=2)
    expected, (depthwise, pointwise, bias) = built(layer, x)

    each = paddle.nn.Conv2D(3, 6, 3, padding="SAME", groups=3, bias_attr=False)
    mix = paddle.nn.Conv2D(6, 4, 1)
    fill(each.weight, depthwise.reshape(3, 3, 1, 6).transpose(3, 2, 0, 1))
    fill(mix.weight, pointwise.transpose(3, 2, 0, 1))
    fill(mix.bias, bias)

    claim.agree(expected, last(mix(each(first(x)))), atol=1e-5)


@check("tf.keras.layers.DepthwiseConv2D", "layout")
def depthwise_conv2d(claim: Claim) -> None:
    x = random(1, 6, 6, 3)
    expected, (kernel, bias) = built(tf.keras.layers.DepthwiseConv2D(3, depth_multiplier=2), x)
    conv = paddle.nn.Conv2D(3, 6, 3, groups=3)
    claim.raises(lambda: fill(conv.weight, kernel))
    fill(conv.weight, kernel.reshape(3, 3, 1, 6).transpose(3, 2, 0, 1))
    fill(conv.bias, bias)
    claim.agree(expected, last(conv(first(x))), atol=1e-5)


@check("tf.keras.layers.MaxPool2D", "layout")
def max_pool2d(claim: Claim) -> None:
    x = random(2, 7, 8, 3)
    for padding in ("valid", "same"):
        expected = tf.keras.layers.MaxPool2D(3, 2, padding)(x)
        pool = paddle.nn.MaxPool2D(3, 2, padding.upper())
        claim.differ(expected, pool(paddle.to_tensor(x)), "shape")
        claim.agree(expected, last(pool(first(x))))


@check("tf.keras.layers.AveragePooling2D", "layout")
def average_pooling2d(claim: Claim) -> None:
    x = random(2, 7, 8, 3)
    for padding in ("valid", "same"):
        expected = tf.keras.layers.AveragePooling2D(3, 2, padding)(x)
        pool = paddle.nn.AvgPool2D(3, 2, padding.upper())
        claim.differ(expected, pool(paddle.to_tensor(x)), "shape")
        claim.agree(expected, last(pool(first(x))))


@check("tf.keras.layers.GlobalAveragePooling2D", "shape")
def global_average_pooling2d(claim: Claim) -> None:
    x = random(2, 5, 6, 3)
    expected = tf.keras.layers.GlobalAveragePooling2D()(x)
    pooled = paddle.nn.AdaptiveAvgPool2D(1)(first(x))
    claim.differ(expected, pooled, "shape")
    claim.agree(expected, pooled.flatten(1))


@check("tf.keras.layers.GlobalMaxPooling2D", "shape")
def global_max_pooling2d(claim: Claim) -> None:
    x = random(2, 5, 6, 3)
    expected = tf.keras.layers.GlobalMaxPooling2D()(x)
    pooled = paddle.nn.AdaptiveMaxPool2D(1)(first(x))
    claim.differ(expected, pooled, "shape")
    claim.agree(expected, pooled.flatten(1))


@check("tf.keras.layers.BatchNormalization", "default")
def batch_normalization(claim: Claim) -> None:
    x = random(4, 3, 3, 2) * 0.01
    layer = tf.keras.layers.BatchNormalization()
    expected = layer(x, training=True)
    claim.differ(expected, last(paddle.nn.BatchNorm2D(2)(first(x))))
    norm = paddle.nn.BatchNorm2D(2, momentum=0.99, epsilon=1e-3)
    claim.agree(expected, last(norm(first(x))), atol=1e-5)
    claim.agree(layer.moving_mean, norm._mean, atol=1e-6)
    claim.agree(layer.moving_variance, norm._variance, atol=1e-6)


@check("tf.keras.layers.BatchNormalization", "layout")
def batch_normalization_layout(claim: Claim) -> None:
    x = random(4, 3, 5, 2)
    expected = tf.keras.layers.BatchNormalization()(x, training=True)
    claim.raises(lambda: paddle.nn.BatchNorm2D(2, epsilon=1e-3)(paddle.to_tensor(x)))
    claim.agree(expected, paddle.nn.BatchNorm2D(2, epsilon=1e-3, data_format="NHWC")(paddle.to_tensor(x)), atol=1e-5)


@check("tf.keras.layers.BatchNormalization", "state")
def batch_normalization_state(claim: Claim) -> None:
    x = random(4, 3, 3, 2)
    expected = tf.keras.layers.BatchNormalization()(x)
    norm = paddle.nn.BatchNorm2D(2, epsilon=1e-3)
    claim.differ(expected, last(norm(first(x))))
    norm = paddle.nn.BatchNorm2D(2, epsilon=1e-3)
    norm.eval()
    claim.agree(expected, last(norm(first(x))), atol=1e-5)


@check("tf.keras.layers.LayerNormalization", "default")
def layer_normalization(claim: Claim) -> None:
    x = random(4, 6) * 0.01
    expected = tf.keras.layers.LayerNormalization()(x)
    claim.differ(expected, paddle.nn.LayerNorm(6)(paddle.to_tensor(x)))
    claim.agree(expected, paddle.nn.LayerNorm(6, epsilon=1e-3)(paddle.to_tensor(x)), atol=1e-5)


@check("tf.keras.layers.GroupNormalization", "default")
def group_normalization(claim: Claim) -> None:
    x = random(2, 3, 4, 6) * 0.01
    expected = tf.keras.layers.GroupNormalization(3)(x)
    claim.differ(expected, last(paddle.nn.GroupNorm(3, 6)(first(x))))
    claim.agree(expected, last(paddle.nn.GroupNorm(3, 6, epsilon=1e-3)(first(x))), atol=1e-5)


@check("tf.keras.layers.Dropout", "state")
def dropout(claim: Claim) -> None:
    x = np.ones((20, 20), "float32")
    expected = tf.keras.layers.Dropout(0.5)(x)
    layer = paddle.nn.Dropout(0.5)
    claim.differ(expected, layer(paddle.to_tensor(x)))
    layer.eval()
    claim.agree(expected, layer(paddle.to_tensor(x)))


@check("tf.keras.layers.SpatialDropout2D", "layout")
def spatial_dropout2d(claim: Claim) -> None:
    x = np.ones((8, 3, 4, 6), "float32")
    expected = np.asarray(tf.keras.layers.SpatialDropout2D(0.5)(x, training=True))
    plain = paddle.nn.Dropout2D(0.5)(paddle.to_tensor(x)).numpy()
    advised = paddle.nn.Dropout2D(0.5, data_format="NHWC")(paddle.to_tensor(x)).numpy()
    claim.holds(bool((expected == expected[:, :1, :1]).all()), "Keras drops along the last axis")
    claim.holds(
        not (plain == plain[:, :1, :1]).all() and bool((plain == plain[:, :, :1, :1]).all()), "Paddle along axis 1"
    )
    claim.holds(bool((advised == advised[:, :1, :1]).all()), "with data_format NHWC, along the last")


@check("tf.keras.layers.Reshape", "usage")
def reshape(claim: Claim) -> None:
    x = random(2, 6)
    expected = tf.keras.layers.Reshape([3, 2])(x)
    claim.raises(lambda: paddle.reshape(paddle.to_tensor(x), [3, 2]))
    claim.agree(expected, paddle.reshape(paddle.to_tensor(x), [-1, 3, 2]))


@check("tf.keras.layers.Permute", "usage")
def permute(claim: Claim) -> None:
    x = random(2, 3, 4)
    expected = tf.keras.layers.Permute([2, 1])(x)
    claim.raises(lambda: claim.agree(expected, paddle.transpose(paddle.to_tensor(x), [2, 1])))
    claim.agree(expected, paddle.transpose(paddle.to_tensor(x), [0, 2, 1]))


@check("tf.keras.layers.Embedding", "default")
def embedding(claim: Claim) -> None:
    ids = np.array([[0, 4], [2, 0]])
    layer = tf.keras.layers.Embedding(500, 40)
    layer(ids)
    table = paddle.nn.Embedding(500, 40)
    limits = [float(np.abs(layer.get_weights()[0]).max()), float(table.weight.abs().max())]
    claim.agree([0.05, (6 / 540) ** 0.5], limits, rtol=0.02)
    fill(table.weight, layer.get_weights()[0])
    claim.agree(layer(ids), table(paddle.to_tensor(ids)))
    padded = paddle.nn.Embedding(500, 40, padding_idx=0)
    claim.agree(np.zeros(40, "float32"), padded(paddle.to_tensor(ids))[0, 0])


def _recurrent(layer: Any, kernels: Array, recurrent: Array, bias: Array | None, hidden_bias: Array | None) -> None:
    fill(layer.weight_ih_l0, kernels.T)
    fill(layer.weight_hh_l0, recurrent.T)
    fill(layer.bias_ih_l0, bias if bias is not None else np.zeros(layer.bias_ih_l0.shape, "float32"))
    fill(layer.bias_hh_l0, hidden_bias if hidden_bias is not None else np.zeros(layer.bias_hh_l0.shape, "float32"))


@check("tf.keras.layers.LSTM", "layout")
def lstm(claim: Claim) -> None:
    x = random(2, 5, 3)
    expected, (kernel, recurrent, bias) = built(tf.keras.layers.LSTM(4, return_sequences=True), x)
    layer = paddle.nn.LSTM(3, 4)
    claim.raises(lambda: fill(layer.weight_ih_l0, kernel))
    fill(layer.weight_ih_l0, kernel.T)
    fill(layer.weight_hh_l0, recurrent.T)
    fill(layer.bias_ih_l0, bias)
    fill(layer.bias_hh_l0, np.zeros_like(bias))
    claim.agree(expected, layer(paddle.to_tensor(x))[0], atol=1e-5)


@check("tf.keras.layers.LSTM", "shape")
def lstm_outputs(claim: Claim) -> None:
    x = random(2, 5, 3)
    expected, (kernel, recurrent, bias) = built(tf.keras.layers.LSTM(4), x)
    layer = paddle.nn.LSTM(3, 4)
    _recurrent(layer, kernel, recurrent, bias, None)
    outputs, (h, _) = layer(paddle.to_tensor(x))
    claim.differ(expected, outputs, "shape")
    claim.agree(expected, outputs[:, -1], atol=1e-5)
    claim.agree(expected, h[0], atol=1e-5)


def _reset_update(weights: Array) -> Array:
    """Keras's gates z, r, h as Paddle's r, z, c, along the last axis."""
    z, r, h = np.split(weights, 3, axis=-1)
    return np.concatenate([r, z, h], axis=-1)


@check("tf.keras.layers.GRU", "layout")
def gru(claim: Claim) -> None:
    x = random(2, 5, 3)
    expected, (kernel, recurrent, bias) = built(tf.keras.layers.GRU(4, return_sequences=True), x)
    layer = paddle.nn.GRU(3, 4)
    _recurrent(layer, kernel, recurrent, bias[0], bias[1])
    claim.differ(expected, layer(paddle.to_tensor(x))[0])
    gates = [_reset_update(w) for w in (kernel, recurrent, bias[0], bias[1])]
    _recurrent(layer, gates[0], gates[1], gates[2], gates[3])
    claim.agree(expected, layer(paddle.to_tensor(x))[0], atol=1e-5)
    before = tf.keras.layers.GRU(4, return_sequences=True, reset_after=False)
    expected, (kernel, recurrent, bias) = built(before, x)
    gates = [_reset_update(w) for w in (kernel, recurrent, bias)]
    _recurrent(layer, gates[0], gates[1], gates[2], None)
    claim.differ(expected, layer(paddle.to_tensor(x))[0])


@check("tf.keras.layers.SimpleRNN", "layout")
def simple_rnn(claim: Claim) -> None:
    x = random(2, 5, 3)
    expected, (kernel, recurrent, bias) = built(tf.keras.layers.SimpleRNN(4, return_sequences=True), x)
    layer = paddle.nn.SimpleRNN(3, 4)
    claim.raises(lambda: fill(layer.weight_ih_l0, kernel))
    _recurrent(layer, kernel, recurrent, bias, None)
    claim.differ(expected, layer(paddle.to_tensor(x)), "count")
    claim.agree(expected, layer(paddle.to_tensor(x))[0], atol=1e-5)


@check("tf.keras.layers.Bidirectional", "usage")
def bidirectional(claim: Claim) -> None:
    x = random(2, 5, 3)
    expected, weights = built(tf.keras.layers.Bidirectional(tf.keras.layers.SimpleRNN(4, return_sequences=True)), x)
    claim.raises(lambda: paddle.nn.BiRNN(paddle.nn.SimpleRNN(3, 4)), TypeError)
    cells = [paddle.nn.SimpleRNNCell(3, 4), paddle.nn.SimpleRNNCell(3, 4)]
    for cell, (kernel, recurrent, bias) in zip(cells, (weights[:3], weights[3:]), strict=True):
        fill(cell.weight_ih, kernel.T)
        fill(cell.weight_hh, recurrent.T)
        fill(cell.bias_ih, bias)
        fill(cell.bias_hh, np.zeros_like(bias))
    claim.agree(expected, paddle.nn.BiRNN(*cells)(paddle.to_tensor(x))[0], atol=1e-5)


def _basic_cell(cell: Any, weights: dict[str, Array]) -> Any:
    """A Paddle cell with the weights of TensorFlow 1's BasicRNNCell of width 4 over inputs of width 3."""
    fill(cell.weight_ih, weights["kernel"][:3].T)
    fill(cell.weight_hh, weights["kernel"][3:].T)
    fill(cell.bias_ih, weights["bias"])
    fill(cell.bias_hh, np.zeros_like(weights["bias"]))
    return cell


@check("tf.nn.dynamic_rnn", "state", legacy=True)
def dynamic_rnn(claim: Claim) -> None:
    x = random(2, 5, 3)
    v1 = tf.compat.v1.nn
    run = lambda inputs: v1.dynamic_rnn(v1.rnn_cell.BasicRNNCell(4), inputs, dtype=tf.float32)  # noqa: E731
    (expected, state), weights = _v1(run, x)
    cell = _basic_cell(paddle.nn.SimpleRNNCell(3, 4), weights)
    claim.raises(lambda: paddle.nn.RNN(cell, paddle.to_tensor(x))(paddle.to_tensor(x), time_major=True))
    outputs, final = paddle.nn.RNN(cell)(paddle.to_tensor(x))
    claim.agree([expected, state], [outputs, final], atol=1e-5)
    run = lambda inputs: v1.dynamic_rnn(v1.rnn_cell.BasicRNNCell(4), inputs, [5, 2], dtype=tf.float32)  # noqa: E731
    (expected, state), weights = _v1(run, x)
    outputs, final = paddle.nn.RNN(cell)(paddle.to_tensor(x), sequence_length=paddle.to_tensor([5, 2]))
    claim.agree(state, final, atol=1e-5)


@check("tf.nn.static_rnn", "shape", legacy=True)
def static_rnn(claim: Claim) -> None:
    x = random(2, 5, 3)
    v1 = tf.compat.v1.nn
    run = lambda inputs: v1.static_rnn(v1.rnn_cell.BasicRNNCell(4), tf.unstack(inputs, axis=1), dtype=tf.float32)  # noqa: E731
    (expected, state), weights = _v1(run, x)
    outputs, final = paddle.nn.RNN(_basic_cell(paddle.nn.SimpleRNNCell(3, 4), weights))(paddle.to_tensor(x))
    claim.differ([expected, state], [outputs, final], "count")
    claim.agree([expected, state], [outputs.unbind(axis=1), final], atol=1e-5)


@check("tf.nn.bidirectional_dynamic_rnn", "shape", legacy=True)
def bidirectional_dynamic_rnn(claim: Claim) -> None:
    x = random(2, 5, 3)
    v1 = tf.compat.v1.nn
    kernels = {"kernel": random(7, 4, low=-0.5, high=0.5), "bias": random(4)}

    def run(inputs: Any) -> Any:
        cells = v1.rnn_cell.BasicRNNCell(4), v1.rnn_cell.BasicRNNCell(4)
        return v1.bidirectional_dynamic_rnn(*cells, inputs, dtype=tf.float32)[0]

    expected, _ = _v1(run, x, **kernels)
    cells = [_basic_cell(paddle.nn.SimpleRNNCell(3, 4), kernels) for _ in range(2)]
    outputs = paddle.nn.BiRNN(*cells)(paddle.to_tensor(x))[0]
    claim.differ(expected, outputs, "count")
    claim.agree(expected, paddle.split(outputs, 2, axis=-1), atol=1e-5)


@check("tf.nn.rnn_cell.GRUCell", "edge", legacy=True)
def gru_cell_v1(claim: Claim) -> None:
    x, state = random(2, 3), random(2, 4)
    v1 = tf.compat.v1
    with tf.Graph().as_default(), v1.Session() as session:
        output, _ = v1.nn.rnn_cell.GRUCell(4)(tf.constant(x), tf.constant(state))
        variables = v1.global_variables()
        names = {
            v.name.split("/", 1)[1].removesuffix(":0"): random(*v.shape, low=-0.5, high=0.5, seed=i)
            for i, v in enumerate(variables)
        }
        session.run(v1.global_variables_initializer())
        for variable, value in zip(variables, names.values(), strict=True):
            variable.load(value, session)
        expected = session.run(output)
    gates, candidate = names["gates/kernel"], names["candidate/kernel"]
    cell = paddle.nn.GRUCell(3, 4)
    fill(cell.weight_ih, np.concatenate([gates[:3], candidate[:3]], 1).T)
    fill(cell.weight_hh, np.concatenate([gates[3:], candidate[3:]], 1).T)
    fill(cell.bias_ih, np.concatenate([names["gates/bias"], names["candidate/bias"]]))
    fill(cell.bias_hh, np.zeros(12, "float32"))
    claim.differ(expected, cell(paddle.to_tensor(x), paddle.to_tensor(state))[0])

    joined = paddle.to_tensor(np.concatenate([x, state], 1))
    reset, update = paddle.nn.functional.sigmoid(
        joined @ paddle.to_tensor(gates) + paddle.to_tensor(names["gates/bias"])
    ).split(2, axis=1)
    inner = paddle.concat([paddle.to_tensor(x), reset * paddle.to_tensor(state)], 1)
    new = paddle.tanh(inner @ paddle.to_tensor(candidate) + paddle.to_tensor(names["candidate/bias"]))

    claim.agree(expected, update * paddle.to_tensor(state) + (1 - update) * new, atol=1e-5)


def _lstm_cell_v1(x: Array, c: Array, h: Array) -> tuple[list[Array], Array, Array]:
    """TensorFlow 1's LSTMCell of width 4: output, c, h; its kernel and its bias."""
    v1 = tf.compat.v1
    kernel, bias = random(7, 16, low=-0.5, high=0.5), random(16)
    with tf.Graph().as_default(), v1.Session() as session:
        state = v1.nn.rnn_cell.LSTMStateTuple(tf.constant(c), tf.constant(h))
        output, new_state = v1.nn.rnn_cell.LSTMCell(4)(tf.constant(x), state)
        session.run(v1.global_variables_initializer())
        for variable, value in zip(v1.global_variables(), (kernel, bias), strict=True):
            variable.load(value, session)
        return session.run([output, *new_state]), kernel, bias


def _lstm_gates(weights: Array) -> Array:
    """TensorFlow 1's gates i, j, f, o as Paddle's i, f, j, o, along the last axis."""
    i, j, f, o = np.split(weights, 4, axis=-1)
    return np.concatenate([i, f, j, o], axis=-1)


@check("tf.nn.rnn_cell.LSTMCell", "layout", legacy=True)
def lstm_cell_v1(claim: Claim) -> None:
    x, c, h = random(2, 3), random(2, 4), random(2, 4, seed=1)
    (expected, _, _), kernel, bias = _lstm_cell_v1(x, c, h)
    cell = paddle.nn.LSTMCell(3, 4)
    state = paddle.to_tensor(h), paddle.to_tensor(c)
    fill(cell.bias_hh, np.zeros(16, "float32"))
    for gates, forget, agrees in ((np.asarray, 0.0, False), (_lstm_gates, 0.0, False), (_lstm_gates, 1.0, True)):
        fill(cell.weight_ih, gates(kernel[:3]).T)
        fill(cell.weight_hh, gates(kernel[3:]).T)
        added = np.repeat([0, forget, 0, 0], 4).astype("float32")
        fill(cell.bias_ih, gates(bias) + added)
        output = cell(paddle.to_tensor(x), state)[0]
        claim.agree(expected, output, atol=1e-5) if agrees else claim.differ(expected, output)


@check("tf.nn.rnn_cell.LSTMCell", "order", legacy=True)
def lstm_cell_state_v1(claim: Claim) -> None:
    x, c, h = random(2, 3), random(2, 4), random(2, 4, seed=1)
    (_, new_c, new_h), kernel, bias = _lstm_cell_v1(x, c, h)
    cell = paddle.nn.LSTMCell(3, 4)
    fill(cell.weight_ih, _lstm_gates(kernel[:3]).T)
    fill(cell.weight_hh, _lstm_gates(kernel[3:]).T)
    fill(cell.bias_ih, _lstm_gates(bias) + np.repeat([0, 1, 0, 0], 4).astype("float32"))
    fill(cell.bias_hh, np.zeros(16, "float32"))
    swapped = cell(paddle.to_tensor(x), (paddle.to_tensor(c), paddle.to_tensor(h)))[1]
    claim.differ([new_c, new_h], list(swapped))
    paddle_h, paddle_c = cell(paddle.to_tensor(x), (paddle.to_tensor(h), paddle.to_tensor(c)))[1]
    claim.agree([new_c, new_h], [paddle_c, paddle_h], atol=1e-5)


@check("tf.nn.rnn_cell.MultiRNNCell", "usage", legacy=True)
def multi_rnn_cell(claim: Claim) -> None:
    x = random(2, 5, 3)
    v1 = tf.compat.v1.nn
    first_kernel, second_kernel = random(7, 4, low=-0.5, high=0.5), random(8, 4, low=-0.5, high=0.5)

    def run(inputs: Any) -> Any:
        cells = v1.rnn_cell.MultiRNNCell([v1.rnn_cell.BasicRNNCell(4), v1.rnn_cell.BasicRNNCell(4)])
        return v1.dynamic_rnn(cells, inputs, dtype=tf.float32)[0]

    v1_graph = tf.Graph()
    with v1_graph.as_default(), tf.compat.v1.Session() as session:
        outputs = run(tf.constant(x))
        session.run(tf.compat.v1.global_variables_initializer())
        zeros = np.zeros(4, "float32")
        values = (first_kernel, zeros, second_kernel, zeros)
        for variable, value in zip(tf.compat.v1.global_variables(), values, strict=True):
            variable.load(value, session)
        expected = session.run(outputs)
    claim.raises(lambda: paddle.nn.SimpleRNN([paddle.nn.SimpleRNNCell(3, 4)]), TypeError)
    layer = paddle.nn.SimpleRNN(3, 4, num_layers=2)
    for i, (kernel, width) in enumerate(((first_kernel, 3), (second_kernel, 4))):
        fill(getattr(layer, f"weight_ih_l{i}"), kernel[:width].T)
        fill(getattr(layer, f"weight_hh_l{i}"), kernel[width:].T)
        fill(getattr(layer, f"bias_ih_l{i}"), zeros)
        fill(getattr(layer, f"bias_hh_l{i}"), zeros)
    claim.agree(expected, layer(paddle.to_tensor(x))[0], atol=1e-5)


@check("tf.keras.layers.TimeDistributed")
def time_distributed(claim: Claim) -> None:
    x = random(2, 5, 3)
    expected, (kernel, bias) = built(tf.keras.layers.TimeDistributed(tf.keras.layers.Dense(4)), x)
    linear = paddle.nn.Linear(3, 4)
    fill(linear.weight, kernel)
    fill(linear.bias, bias)

    folded = paddle.to_tensor(x).reshape([10, 3])

    claim.agree(expected, linear(folded).reshape([2, 5, 4]))


@check("tf.keras.layers.UpSampling2D", "layout")
def up_sampling2d(claim: Claim) -> None:
    x = random(1, 3, 4, 2)
    for mode in ("nearest", "bilinear"):
        expected = tf.keras.layers.UpSampling2D(2, interpolation=mode)(x)
        claim.differ(expected, paddle.nn.Upsample(scale_factor=2, mode=mode)(paddle.to_tensor(x)), "shape")
        claim.agree(expected, paddle.nn.Upsample(scale_factor=2, mode=mode, data_format="NHWC")(paddle.to_tensor(x)))


@check("tf.keras.layers.ZeroPadding2D", "order")
def zero_padding2d(claim: Claim) -> None:
    x = random(1, 3, 4, 2)
    expected = tf.keras.layers.ZeroPadding2D(((1, 2), (3, 4)))(x)
    claim.differ(expected, paddle.nn.ZeroPad2D([1, 2, 3, 4], data_format="NHWC")(paddle.to_tensor(x)), "shape")
    claim.agree(expected, paddle.nn.ZeroPad2D([3, 4, 1, 2], data_format="NHWC")(paddle.to_tensor(x)))


@check("tf.keras.layers.Cropping2D")
def cropping2d(claim: Claim) -> None:
    x = random(1, 6, 7, 2)
    claim.agree(tf.keras.layers.Cropping2D(((1, 2), (3, 1)))(x), paddle.to_tensor(x)[:, 1:-2, 3:-1])


@check("tf.keras.layers.Concatenate", "default")
def concatenate(claim: Claim) -> None:
    x, y = random(2, 3), random(2, 3, seed=1)
    expected = tf.keras.layers.Concatenate()([x, y])
    claim.differ(expected, paddle.concat([paddle.to_tensor(x), paddle.to_tensor(y)]), "shape")
    claim.agree(expected, paddle.concat([paddle.to_tensor(x), paddle.to_tensor(y)], axis=-1))


@check("tf.keras.layers.Add")
def add(claim: Claim) -> None:
    for shape in ((2, 3), (4,), (2, 1, 3)):
        arrays = [random(*shape, seed=i) for i in range(3)]
        claim.agree(tf.keras.layers.Add()(arrays), paddle.add_n([paddle.to_tensor(a) for a in arrays]))


@check("tf.keras.layers.Multiply", "usage")
def multiply(claim: Claim) -> None:
    x, y = random(2, 3), random(2, 3, seed=1)
    claim.raises(lambda: paddle.multiply([paddle.to_tensor(x), paddle.to_tensor(y)]))
    claim.agree(tf.keras.layers.Multiply()([x, y]), paddle.multiply(paddle.to_tensor(x), paddle.to_tensor(y)))


@check("tf.keras.layers.Average")
def average(claim: Claim) -> None:
    arrays = [random(2, 3, seed=i) for i in range(3)]
    claim.agree(tf.keras.layers.Average()(arrays), paddle.add_n([paddle.to_tensor(a) for a in arrays]) / 3)


@check("tf.keras.layers.Maximum", "usage")
def maximum(claim: Claim) -> None:
    x, y = random(2, 3), random(2, 3, seed=1)
    claim.raises(lambda: paddle.maximum([paddle.to_tensor(x), paddle.to_tensor(y)]))
    claim.agree(tf.keras.layers.Maximum()([x, y]), paddle.maximum(paddle.to_tensor(x), paddle.to_tensor(y)))


@check("tf.keras.layers.Dot")
def dot(claim: Claim) -> None:
    x, y = random(2, 3, 4), random(2, 5, 4)
    expected = tf.keras.layers.Dot(axes=(2, 2))([x, y])
    claim.agree(expected, paddle.bmm(paddle.to_tensor(x), paddle.to_tensor(y).transpose([0, 2, 1])))


@check("tf.keras.layers.Activation", "usage")
def activation(claim: Claim) -> None:
    x = random(2, 3)
    claim.raises(lambda: paddle.nn.functional("relu"), TypeError)
    for name in ("relu", "tanh", "softplus", "elu", "sigmoid"):
        claim.agree(tf.keras.layers.Activation(name)(x), getattr(paddle.nn.functional, name)(paddle.to_tensor(x)))


@check("tf.keras.layers.ReLU", "usage")
def relu(claim: Claim) -> None:
    x = random(2, 3) * 5
    claim.raises(lambda: paddle.nn.ReLU(max_value=6.0), TypeError)
    for keras, layer in (
        (tf.keras.layers.ReLU(), paddle.nn.ReLU()),
        (tf.keras.layers.ReLU(max_value=6.0), paddle.nn.ReLU6()),
        (tf.keras.layers.ReLU(negative_slope=0.1), paddle.nn.LeakyReLU(0.1)),
        (tf.keras.layers.ReLU(threshold=1.0), paddle.nn.ThresholdedReLU(1.0)),
    ):
        claim.agree(keras(x), layer(paddle.to_tensor(x)))


@check("tf.keras.layers.LeakyReLU", "default")
def leaky_relu(claim: Claim) -> None:
    x = random(2, 3)
    expected = tf.keras.layers.LeakyReLU()(x)
    claim.differ(expected, paddle.nn.LeakyReLU()(paddle.to_tensor(x)))
    claim.agree(expected, paddle.nn.LeakyReLU(0.3)(paddle.to_tensor(x)))


@check("tf.keras.layers.PReLU", "default")
def prelu(claim: Claim) -> None:
    x = random(2, 3)
    layer = tf.keras.layers.PReLU()
    expected = layer(x)
    claim.agree([3], list(layer.get_weights()[0].shape))
    claim.differ(expected, paddle.nn.PReLU()(paddle.to_tensor(x)))
    claim.agree(expected, paddle.nn.PReLU(3, init=0.0)(paddle.to_tensor(x)))
    expected, (slopes,) = built(layer, x)
    ours = paddle.nn.PReLU(3)
    fill(ours._weight, slopes)
    claim.agree(expected, ours(paddle.to_tensor(x)))


@check("tf.keras.layers.ELU")
def elu(claim: Claim) -> None:
    for alpha in (1.0, 0.5):
        for x in (random(2, 3), random(0, 3), np.array([0.0, -0.0, -90.0, np.inf, -np.inf, np.nan], "float32")):
            claim.agree(tf.keras.layers.ELU(alpha)(x), paddle.nn.ELU(alpha)(paddle.to_tensor(x)))


@check("tf.keras.layers.Softmax", "edge")
def softmax(claim: Claim) -> None:
    x = random(2, 3)
    claim.agree(tf.keras.layers.Softmax()(x), paddle.nn.Softmax()(paddle.to_tensor(x)))
    masked = np.array([[0.0, -np.inf]], "float32")
    claim.holds(float(tf.keras.layers.Softmax()(masked)[0, 1]) == 0.0, "Keras's probability is 0")
    claim.agree(np.float32(1.6038e-28), paddle.nn.Softmax()(paddle.to_tensor(masked))[0, 1], rtol=1e-3, atol=0.0)


@check("tf.keras.layers.MultiHeadAttention", "layout")
def multi_head_attention(claim: Claim) -> None:
    x, heads, width = random(2, 5, 8), 2, 4
    layer = tf.keras.layers.MultiHeadAttention(heads, width)
    layer(x, x)
    weights = [random(*w.shape, low=-0.5, high=0.5, seed=i) for i, w in enumerate(layer.get_weights())]
    layer.set_weights(weights)
    ours = paddle.nn.MultiHeadAttention(heads * width, heads)
    claim.raises(lambda: fill(ours.q_proj.weight, weights[0]))
    projections = (ours.q_proj, ours.k_proj, ours.v_proj)
    for projection, kernel, bias in zip(projections, weights[0:6:2], weights[1:6:2], strict=True):
        fill(projection.weight, kernel.reshape(8, 8))
        fill(projection.bias, bias.reshape(8))
    fill(ours.out_proj.weight, weights[6].reshape(8, 8))
    fill(ours.out_proj.bias, weights[7])
    claim.agree(layer(x, x), ours(paddle.to_tensor(x)), atol=1e-5)


@check("tf.keras.layers.Attention", "usage")
def attention(claim: Claim) -> None:
    query, value, key = random(2, 3, 4), random(2, 5, 4, seed=1), random(2, 5, 4, seed=2)
    expected = tf.keras.layers.Attention()([query, value, key])
    q, k, v = (paddle.to_tensor(a).unsqueeze(2) for a in (query, key, value))
    attend = paddle.nn.functional.scaled_dot_product_attention
    claim.differ(expected, attend(q, k, v).squeeze(2))
    claim.agree(expected, attend(q * 4**0.5, k, v).squeeze(2), atol=1e-5)


@check("tf.keras.layers.Lambda")
def lambda_layer(claim: Claim) -> None:
    class Square(paddle.nn.Layer):  # type: ignore[misc]
        def forward(self, x: Any) -> Any:
            return x * x

    x = random(2, 3)
    claim.agree(tf.keras.layers.Lambda(lambda t: t * t)(x), Square()(paddle.to_tensor(x)))


@check("tf.keras.Input", "usage")
def keras_input(claim: Claim) -> None:
    symbol = tf.keras.Input([3])
    spec = paddle.static.InputSpec([None, 3], "float32")
    claim.agree([-1 if size is None else size for size in symbol.shape], list(spec.shape))
    claim.raises(lambda: spec + 1, TypeError)
    model = tf.keras.Model(symbol, symbol * 2.0)
    ours = paddle.jit.to_static(lambda x: x * 2.0, input_spec=[spec])
    claim.agree(model(random(2, 3)), ours(paddle.to_tensor(random(2, 3))))


@check("tf.keras.layers.Rescaling")
def rescaling(claim: Claim) -> None:
    for x in (random(2, 3), random(0, 3), random(2, 2, 2)):
        claim.agree(tf.keras.layers.Rescaling(1 / 255.0, 0.5)(x), paddle.scale(paddle.to_tensor(x), 1 / 255.0, 0.5))


@check("tf.keras.layers.GaussianNoise")
def gaussian_noise(claim: Claim) -> None:
    paddle.seed(1)
    x = np.ones((300, 300), "float32")
    expected = np.asarray(tf.keras.layers.GaussianNoise(0.5, seed=1)(x, training=True))

    noisy = paddle.to_tensor(x) + 0.5 * paddle.randn(x.shape)

    claim.agree([expected.mean(), expected.std()], [noisy.mean(), noisy.std()], rtol=0.02)
    claim.agree(tf.keras.layers.GaussianNoise(0.5)(x), x)


@check("tf.keras.layers.UnitNormalization")
def unit_normalization(claim: Claim) -> None:
    normalize = paddle.nn.functional.normalize
    for x in (random(2, 3, 4), random(5, 2), np.full((1, 2), 1e-8, "float32"), np.zeros((2, 2), "float32")):
        claim.agree(tf.keras.layers.UnitNormalization()(x), normalize(paddle.to_tensor(x), axis=-1))


@check("tf.keras.Sequential", "usage")
def sequential(claim: Claim) -> None:
    x = random(2, 3)
    keras = tf.keras.Sequential([tf.keras.layers.Dense(4, activation="relu"), tf.keras.layers.Dense(2)])
    expected, weights = built(keras, x)
    layers = [paddle.nn.Linear(3, 4), paddle.nn.ReLU(), paddle.nn.Linear(4, 2)]
    claim.raises(lambda: paddle.nn.Sequential(layers))
    ours = paddle.nn.Sequential(*layers)
    for parameter, value in zip(ours.parameters(), weights, strict=True):
        fill(parameter, value)
    claim.agree(expected, ours(paddle.to_tensor(x)))


@check("tf.keras.Model", "usage")
def model(claim: Claim) -> None:
    class Keras(tf.keras.Model):  # type: ignore[misc]
        def call(self, x: Any) -> Any:
            return x * 3.0

    class Ours(paddle.nn.Layer):  # type: ignore[misc]
        def forward(self, x: Any) -> Any:
            return x * 3.0

    x = random(2, 3)
    claim.raises(lambda: Ours().compile(), AttributeError)
    claim.agree(Keras()(x), Ours()(paddle.to_tensor(x)))
    claim.agree([Keras().predict(x, verbose=0)], paddle.Model(Ours()).predict_batch(x))


@check("tf.keras.layers.Layer", "usage")
def layer(claim: Claim) -> None:
    class Keras(tf.keras.layers.Layer):  # type: ignore[misc]
        def build(self, input_shape: Any) -> None:
            self.w = self.add_weight(shape=(input_shape[-1],), initializer="ones", name="w")

        def call(self, x: Any) -> Any:
            return x * self.w

    class Ours(paddle.nn.Layer):  # type: ignore[misc]
        def __init__(self, width: int) -> None:
            super().__init__()
            self.w = self.create_parameter([width], default_initializer=paddle.nn.initializer.Constant(1.0))

        def forward(self, x: Any) -> Any:
            return x * self.w

    x = random(2, 3)
    claim.raises(lambda: paddle.nn.Layer().add_weight(shape=[3]), AttributeError)
    claim.agree(Keras()(x), Ours(3)(paddle.to_tensor(x)))
