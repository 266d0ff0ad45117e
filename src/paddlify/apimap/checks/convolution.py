"""Checks of ``data/layers.toml``: convolution, pooling, and what changes the size of a picture."""

import numpy as np

from paddlify.apimap.checks.keras import built, fill, first, last
from paddlify.apimap.claims import Claim, check
from paddlify.apimap.frameworks import paddle, tf
from paddlify.apimap.grids import random


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
