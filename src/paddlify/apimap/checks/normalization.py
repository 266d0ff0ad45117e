"""Checks of ``data/layers.toml``: normalisation, dropout and noise."""

import numpy as np

from paddlify.apimap.checks.keras import first, last
from paddlify.apimap.claims import Claim, check
from paddlify.apimap.frameworks import paddle, tf
from paddlify.apimap.grids import random


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
