"""Checks of ``data/layers.toml``: TensorFlow 1's functions that make their own variables."""

import numpy as np

from paddlify.apimap.checks.keras import fill, first, last, run_v1, same_flatten
from paddlify.apimap.claims import Claim, check
from paddlify.apimap.frameworks import paddle, tf
from paddlify.apimap.grids import random


@check("tf.contrib.layers.fully_connected", "default")
def fully_connected(claim: Claim) -> None:
    x, weight, bias = random(5, 4), random(4, 3), random(3)
    expected = tf.nn.relu(tf.matmul(x, weight) + bias)
    linear = paddle.nn.Linear(4, 3)
    fill(linear.weight, weight)
    fill(linear.bias, bias)
    claim.differ(expected, linear(paddle.to_tensor(x)))
    claim.agree(expected, paddle.nn.functional.relu(linear(paddle.to_tensor(x))))


@check("tf.layers.dense", "state", legacy=True)
def dense_v1(claim: Claim) -> None:
    x = random(5, 4)
    expected, weights = run_v1(lambda inputs: tf.compat.v1.layers.dense(inputs, 3), x)
    claim.raises(lambda: paddle.nn.Linear(paddle.to_tensor(x), 3))
    linear = paddle.nn.Linear(4, 3)
    fill(linear.weight, weights["kernel"])
    fill(linear.bias, weights["bias"])
    claim.agree(expected, linear(paddle.to_tensor(x)))


@check("tf.layers.conv2d", "layout", legacy=True)
def conv2d_v1(claim: Claim) -> None:
    x = random(1, 6, 7, 3)
    expected, weights = run_v1(lambda inputs: tf.compat.v1.layers.conv2d(inputs, 4, 3, padding="same"), x)
    conv = paddle.nn.Conv2D(3, 4, 3, padding="SAME")
    claim.raises(lambda: fill(conv.weight, weights["kernel"]))
    fill(conv.weight, weights["kernel"].transpose(3, 2, 0, 1))
    fill(conv.bias, weights["bias"])
    claim.agree(expected, last(conv(first(x))), atol=1e-5)


@check("tf.layers.batch_normalization", "default", legacy=True)
def batch_normalization_v1(claim: Claim) -> None:
    x = random(2, 3, 3, 4)
    expected, weights = run_v1(tf.compat.v1.layers.batch_normalization, x)
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
    expected, _ = run_v1(tf.compat.v1.layers.dropout, x)
    claim.differ(expected, paddle.nn.functional.dropout(paddle.to_tensor(x)))
    claim.agree(expected, paddle.nn.functional.dropout(paddle.to_tensor(x), training=False))


@check("tf.layers.Dropout", "state", legacy=True)
def dropout_layer_v1(claim: Claim) -> None:
    x = np.ones((20, 20), "float32")
    expected, _ = run_v1(tf.compat.v1.layers.Dropout(0.5), x)
    layer = paddle.nn.Dropout(0.5)
    claim.differ(expected, layer(paddle.to_tensor(x)))
    layer.eval()
    claim.agree(expected, layer(paddle.to_tensor(x)))


@check("tf.layers.flatten", "layout", legacy=True)
def flatten_v1(claim: Claim) -> None:
    x = random(2, 3, 4, 5)
    expected, _ = run_v1(tf.compat.v1.layers.flatten, x)
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


@check("tf.contrib.layers.flatten", "layout")
def contrib_flatten(claim: Claim) -> None:
    x = random(2, 3, 4, 5)
    same_flatten(claim, tf.reshape(x, [2, -1]), x)
