"""Checks of ``data/nn.toml``."""

import numpy as np

from paddlify.apimap.claims import Claim, check, compose, differs, same
from paddlify.apimap.frameworks import paddle, tf
from paddlify.apimap.grids import FLOATS, cases, random, unary

FINITE = [g for g in unary(*FLOATS) if np.isfinite(g["x"]).all()]
ROWS = cases(x=[random(3, 4), random(2, 5, dtype="float64"), random(2, 3, 4)])

# activations
differs(
    "tf.nn.relu",
    "edge",
    "tf.nn.relu(x)",
    grid=[*FINITE, *cases(x=np.array([np.inf, -np.inf]))],
    shown_on=cases(x=np.array([np.nan])),
)
differs(
    "tf.keras.activations.relu",
    "edge",
    "tf.keras.activations.relu(x)",
    grid=[*FINITE, *cases(x=np.array([np.inf, -np.inf]))],
    shown_on=cases(x=np.array([np.nan])),
)
differs(
    "tf.keras.activations.relu",
    "usage",
    "tf.keras.activations.relu(x)",
    shown="tf.keras.activations.relu(x, negative_slope=0.1)",
    grid=FINITE,
    how="missing",
)
same("tf.nn.relu6", "tf.nn.relu6(x)", grid=unary(*FLOATS))
same("tf.nn.sigmoid", "tf.nn.sigmoid(x)", "tf.sigmoid(x)", grid=unary(*FLOATS))
same("tf.nn.tanh", "tf.nn.tanh(x)", "tf.tanh(x)", grid=unary(*FLOATS))
same("tf.nn.softplus", "tf.nn.softplus(x)", grid=unary(*FLOATS))
same("tf.nn.softsign", "tf.nn.softsign(x)", grid=unary(*FLOATS))
same("tf.nn.elu", "tf.nn.elu(x)", grid=unary(*FLOATS))
same("tf.nn.selu", "tf.nn.selu(x)", grid=unary(*FLOATS), gradient=False, rtol=1e-6, atol=1e-6)
differs(
    "tf.nn.selu",
    "gradient",
    "tf.nn.selu(x)",
    grid=cases(x=random(9)),
    shown_on=cases(x=np.zeros(1, "float32")),
    how="gradient",
)
same("tf.nn.gelu", "tf.nn.gelu(x)", "tf.nn.gelu(x, approximate=True)", grid=unary(*FLOATS), rtol=2e-6, atol=2e-6)
differs(
    "tf.nn.silu",
    "gradient",
    "tf.nn.silu(x)",
    grid=unary(*FLOATS),
    how="gradient",
    shown_on=cases(x=np.array([-89, 1], "float32")),
)
same(
    "tf.keras.activations.hard_sigmoid",
    "tf.keras.activations.hard_sigmoid(x)",
    grid=unary(*FLOATS),
    rtol=2e-6,
    atol=2e-6,
)
same("tf.keras.activations.mish", "tf.keras.activations.mish(x)", grid=unary(*FLOATS))
same("tf.keras.activations.hard_silu", "tf.keras.activations.hard_silu(x)", grid=unary(*FLOATS))
compose("tf.nn.crelu", "tf.nn.crelu(x)", "tf.nn.crelu(x, axis=0)", grid=ROWS)
differs(
    "tf.nn.leaky_relu",
    "default",
    "tf.nn.leaky_relu(x)",
    "tf.nn.leaky_relu(x, 0.1)",
    "tf.nn.leaky_relu(x, alpha=0.3)",
    grid=unary(*FLOATS),
    gradient=False,
    rtol=1e-6,
)
differs(
    "tf.nn.leaky_relu",
    "gradient",
    "tf.nn.leaky_relu(x)",
    grid=cases(x=random(9)),
    shown="tf.nn.leaky_relu(x, alpha=0.2)",
    shown_on=cases(x=np.zeros(1, "float32")),
    how="gradient",
)
_FAR = cases(x=[np.array([[100.0, -100.0]]), np.array([[100.0, -100.0]], "float32")])
same("tf.nn.softmax", "tf.nn.softmax(x)", "tf.nn.softmax(x, axis=0)", grid=ROWS)
differs("tf.nn.log_softmax", "edge", "tf.nn.log_softmax(x)", "tf.nn.log_softmax(x, 0)", grid=ROWS, shown_on=_FAR)

# pooling and convolution
IMAGES = cases(x=[random(2, 8, 7, 3), random(1, 5, 6, 2)])
VOLUMES = cases(x=random(1, 4, 5, 6, 2))
differs(
    "tf.nn.avg_pool",
    "layout",
    *(f"tf.nn.avg_pool(x, {k}, {s}, '{p}')" for k in (2, 3) for s in (2, 1) for p in ("VALID", "SAME")),
    "tf.nn.avg_pool(x, [2, 3], [2, 1], 'SAME')",
    "tf.nn.avg_pool(x, [1, 2, 2, 1], strides=[1, 2, 2, 1], padding='SAME')",
    grid=IMAGES,
    how="shape",
)
differs(
    "tf.nn.max_pool",
    "layout",
    *(f"tf.nn.max_pool(x, {k}, {s}, '{p}')" for k in (2, 3) for s in (2, 1) for p in ("VALID", "SAME")),
    "tf.nn.max_pool(x, [2, 3], [2, 1], 'SAME')",
    "tf.nn.max_pool(x, [1, 2, 2, 1], strides=[1, 2, 2, 1], padding='SAME')",
    grid=IMAGES,
    how="shape",
)
for _name in ("tf.nn.max_pool2d", "tf.nn.avg_pool2d"):
    differs(
        _name,
        "layout",
        f"{_name}(x, 2, 2, 'VALID')",
        f"{_name}(x, [2, 3], strides=[2, 1], padding='SAME')",
        f"{_name}(x, [1, 3, 3, 1], [1, 2, 2, 1], 'SAME')",
        grid=IMAGES,
        how="shape",
    )
differs(
    "tf.nn.max_pool3d",
    "layout",
    "tf.nn.max_pool3d(x, 2, 2, 'VALID')",
    "tf.nn.max_pool3d(x, 2, 1, 'SAME')",
    grid=VOLUMES,
    how="shape",
)
differs(
    "tf.nn.avg_pool3d",
    "layout",
    "tf.nn.avg_pool3d(x, 2, 2, 'VALID')",
    "tf.nn.avg_pool3d(x, 2, 1, 'SAME')",
    grid=VOLUMES,
    how="shape",
)
differs(
    "tf.nn.conv1d",
    "layout",
    "tf.nn.conv1d(x, w, 1, 'SAME')",
    "tf.nn.conv1d(x, w, 2, 'VALID')",
    "tf.nn.conv1d(x, w, stride=3, padding='SAME')",
    grid=cases(x=random(2, 8, 3), w=random(3, 3, 4)),
    how="raises",
)
_SQUARE = cases(x=random(2, 4, 4, 4), w=random(4, 4, 4, 4))
differs(
    "tf.nn.conv2d",
    "layout",
    *(f"tf.nn.conv2d(x, w, {s}, '{p}')" for s in (1, [2, 2], [1, 3, 3, 1]) for p in ("SAME", "VALID")),
    grid=cases(
        x=[random(2, 8, 7, 3), random(1, 6, 9, 3, dtype="float64")],
        w=[random(3, 2, 3, 5), random(3, 3, 3, 2, dtype="float64")],
    ),
    shown="tf.nn.conv2d(x, w, 1, 'SAME')",
    shown_on=_SQUARE,
    rtol=1e-4,
    atol=1e-4,
)
differs(
    "tf.nn.conv3d",
    "layout",
    "tf.nn.conv3d(x, w, strides=[1, 1, 1, 1, 1], padding='VALID')",
    grid=cases(x=random(1, 4, 5, 6, 2), w=random(2, 3, 2, 2, 4)),
    how="raises",
    rtol=1e-4,
    atol=1e-5,
)
same(
    "tf.nn.bias_add",
    "tf.nn.bias_add(x, b)",
    grid=cases(x=[random(2, 3), random(2, 4, 4, 3, dtype="float64")], b=[random(3), random(3, dtype="float64")]),
)
differs(
    "tf.nn.embedding_lookup",
    "order",
    "tf.nn.embedding_lookup(x, y)",
    grid=cases(x=random(5, 3), y=[np.array([4, 0, 4]), np.array([[1], [2]], "int32")]),
    how="raises",
)
compose("tf.nn.moments", "tf.nn.moments(x, [0])", "tf.nn.moments(x, axes=[0, 1], keepdims=True)", grid=ROWS)
compose("tf.nn.l2_loss", "tf.nn.l2_loss(x)", grid=ROWS)
_NORMALISED = {
    "x": random(2, 3, 3, 4),
    "m": random(4),
    "v": random(4, low=0.1, seed=2),
    "o": random(4, seed=3),
    "s": random(4, seed=4),
}
_BATCH_NORM = "tf.nn.batch_normalization(x, m, v, o, s, 1e-3)"
differs("tf.nn.batch_normalization", "layout", _BATCH_NORM, grid=[_NORMALISED], how="raises", gradient=False)
differs("tf.nn.batch_normalization", "order", _BATCH_NORM, grid=[_NORMALISED], how="raises", gradient=False)
_LRN = cases(x=random(2, 4, 4, 8))
differs(
    "tf.nn.lrn", "usage", "tf.nn.lrn(x, depth_radius=2)", "tf.nn.lrn(x, 1, 2.0, 1e-2, 0.75)", grid=_LRN, gradient=False
)
differs("tf.nn.lrn", "default", "tf.nn.lrn(x)", grid=_LRN, how="raises", gradient=False)
differs("tf.nn.lrn", "layout", "tf.nn.lrn(x, 2, 1.0, 1.0, 0.5)", grid=_LRN, gradient=False)


@check("tf.nn.softmax", "edge")
def softmax_floor(claim: Claim) -> None:
    masked = np.array([[0.0, -np.inf]], "float32")
    found = paddle.nn.functional.softmax(paddle.to_tensor(masked))
    claim.holds(float(tf.nn.softmax(masked)[0, 1]) == 0.0, "TensorFlow's probability is 0")
    claim.agree(np.float32(1.6038e-28), found[0, 1], rtol=1e-3, atol=0.0)


@check("tf.contrib.layers.softmax", "edge")
def contrib_softmax(claim: Claim) -> None:
    masked = np.array([[0.0, -np.inf]], "float32")
    found = paddle.nn.functional.softmax(paddle.to_tensor(masked))
    claim.holds(float(tf.nn.softmax(masked)[0, 1]) == 0.0, "TensorFlow's probability is 0")
    claim.agree(np.float32(1.6038e-28), found[0, 1], rtol=1e-3, atol=0.0)
    x = random(3, 4)
    claim.agree(tf.nn.softmax(x), paddle.nn.functional.softmax(paddle.to_tensor(x)))


@check("tf.nn.avg_pool", "edge")
def avg_pool_padding(claim: Claim) -> None:
    x = random(1, 7, 8, 1)
    expected = tf.nn.avg_pool(x, 3, 2, "SAME")
    pool, tensor = paddle.nn.functional.avg_pool2d, paddle.to_tensor(x)
    claim.differ(expected, pool(tensor, 3, 2, 1, data_format="NHWC"))
    claim.differ(expected, pool(tensor, 3, 2, "SAME", exclusive=False, data_format="NHWC"))
    claim.agree(expected, pool(tensor, 3, 2, "SAME", data_format="NHWC"))
    ones = paddle.ones([1, 1, 2, 2])
    far = pool(ones, 3, 3, [0, 1, 0, 1], exclusive=False)
    near = pool(ones, 3, 3, [1, 0, 1, 0], exclusive=False)
    claim.agree(np.float32(4 / 4), far.reshape([]))
    claim.agree(np.float32(4 / 9), near.reshape([]))


@check("tf.nn.max_pool1d", "layout")
def max_pool1d(claim: Claim) -> None:
    x = random(2, 7, 3)
    expected = tf.nn.max_pool1d(x, 3, 2, "SAME")
    claim.differ(expected, paddle.nn.functional.max_pool1d(paddle.to_tensor(x), 3, 2, "SAME"), "shape")
    pooled = paddle.nn.functional.max_pool1d(paddle.to_tensor(x).transpose([0, 2, 1]), 3, 2, "SAME")
    claim.agree(expected, pooled.transpose([0, 2, 1]))


@check("tf.nn.max_pool_with_argmax", "dtype")
def max_pool_with_argmax(claim: Claim) -> None:
    x = random(1, 4, 6, 3)
    values, positions = tf.nn.max_pool_with_argmax(x, 2, 2, "VALID")

    channels_first = paddle.to_tensor(x).transpose([0, 3, 1, 2])
    pooled, mask = paddle.nn.functional.max_pool2d(channels_first, 2, 2, return_mask=True)
    mask = mask.transpose([0, 2, 3, 1])
    claim.differ(positions, mask)
    claim.holds(str(mask.dtype) == "paddle.int32", "Paddle's positions are int32")

    claim.agree(values, pooled.transpose([0, 2, 3, 1]))
    claim.agree(positions, mask.astype("int64") * 3 + paddle.arange(3))


@check("tf.nn.conv2d", "edge")
def conv2d_dilated(claim: Claim) -> None:
    x, w = random(1, 8, 8, 2), random(3, 3, 2, 4)
    expected = tf.nn.conv2d(x, w, 1, "SAME", dilations=2)
    conv, weight = paddle.nn.functional.conv2d, paddle.to_tensor(w).transpose([3, 2, 0, 1])
    wrong = conv(paddle.to_tensor(x), weight, padding="SAME", dilation=2, data_format="NHWC")
    claim.differ(expected, wrong)
    claim.agree(tf.nn.conv2d(x, w, 1, "SAME"), wrong, atol=1e-5)
    claim.agree(expected, conv(paddle.to_tensor(x), weight, padding=2, dilation=2, data_format="NHWC"), atol=1e-5)


@check("tf.nn.atrous_conv2d", "edge")
def atrous_conv2d(claim: Claim) -> None:
    x, w = random(1, 9, 8, 2), random(3, 3, 2, 4)
    expected = tf.nn.atrous_conv2d(x, w, rate=2, padding="SAME")
    conv, weight = paddle.nn.functional.conv2d, paddle.to_tensor(w).transpose([3, 2, 0, 1])
    claim.differ(expected, conv(paddle.to_tensor(x), weight, padding="SAME", dilation=2, data_format="NHWC"))
    claim.agree(expected, conv(paddle.to_tensor(x), weight, padding=2, dilation=2, data_format="NHWC"), atol=1e-5)


@check("tf.nn.conv2d_transpose", "layout")
def conv2d_transpose(claim: Claim) -> None:
    x, w = random(1, 4, 5, 3), random(3, 3, 2, 3)
    conv = paddle.nn.functional.conv2d_transpose
    claim.raises(lambda: conv(paddle.to_tensor(x), paddle.to_tensor(w), stride=2))
    weight = paddle.to_tensor(w).transpose([3, 2, 0, 1])
    expected = tf.nn.conv2d_transpose(x, w, [1, 9, 11, 2], 2, "VALID")
    claim.agree(expected, conv(paddle.to_tensor(x), weight, stride=2, data_format="NHWC"), atol=1e-5)


@check("tf.nn.conv2d_transpose", "shape")
def conv2d_transpose_same(claim: Claim) -> None:
    conv = paddle.nn.functional.conv2d_transpose
    for kernel, stride in ((3, 2), (4, 2), (2, 2), (3, 1), (2, 3)):
        x, w = random(1, 5, 5, 3), random(kernel, kernel, 2, 3)
        weight = paddle.to_tensor(w).transpose([3, 2, 0, 1])
        size = [5 * stride, 5 * stride]
        expected = tf.nn.conv2d_transpose(x, w, [1, *size, 2], stride, "SAME")
        if (kernel, stride) == (3, 2):
            wrong = conv(paddle.to_tensor(x), weight, stride=stride, padding="SAME", data_format="NHWC")
            claim.differ(expected, wrong, "shape")
        total = max(kernel - stride, 0)
        before, after = total // 2, total - total // 2
        padding = [[0, 0], [before, after], [before, after], [0, 0]]
        found = conv(paddle.to_tensor(x), weight, stride=stride, padding=padding, output_size=size, data_format="NHWC")
        claim.agree(expected, found, atol=1e-5)


@check("tf.nn.conv3d_transpose", "layout")
def conv3d_transpose(claim: Claim) -> None:
    x, w = random(1, 3, 4, 5, 3), random(2, 2, 2, 4, 3)
    expected = tf.nn.conv3d_transpose(x, w, [1, 6, 8, 10, 4], 2, "SAME")
    conv = paddle.nn.functional.conv3d_transpose
    claim.raises(lambda: conv(paddle.to_tensor(x), paddle.to_tensor(w), stride=2))
    weight = paddle.to_tensor(w).transpose([4, 3, 0, 1, 2])
    claim.agree(expected, conv(paddle.to_tensor(x), weight, stride=2, padding=0, data_format="NDHWC"), atol=1e-5)


@check("tf.nn.depthwise_conv2d", "layout")
def depthwise_conv2d(claim: Claim) -> None:
    x, w = random(1, 6, 6, 3), random(3, 3, 3, 2)
    expected = tf.nn.depthwise_conv2d(x, w, [1, 1, 1, 1], "SAME")
    conv = paddle.nn.functional.conv2d
    claim.raises(lambda: conv(paddle.to_tensor(x), paddle.to_tensor(w), padding="SAME", groups=3, data_format="NHWC"))
    weight = paddle.to_tensor(w).reshape([3, 3, 1, 6]).transpose([3, 2, 0, 1])
    claim.agree(expected, conv(paddle.to_tensor(x), weight, padding="SAME", groups=3, data_format="NHWC"), atol=1e-5)


@check("tf.nn.separable_conv2d")
def separable_conv2d(claim: Claim) -> None:
    x, depthwise, pointwise = random(1, 6, 6, 3), random(3, 3, 3, 2), random(1, 1, 6, 4)
    expected = tf.nn.separable_conv2d(x, depthwise, pointwise, [1, 2, 2, 1], "SAME")

    conv = paddle.nn.functional.conv2d
    first = paddle.to_tensor(depthwise).reshape([3, 3, 1, 6]).transpose([3, 2, 0, 1])
    second = paddle.to_tensor(pointwise).transpose([3, 2, 0, 1])
    hidden = conv(paddle.to_tensor(x), first, stride=2, padding="SAME", groups=3, data_format="NHWC")

    claim.agree(expected, conv(hidden, second, data_format="NHWC"), atol=1e-5)


@check("tf.nn.depth_to_space", "layout")
def depth_to_space(claim: Claim) -> None:
    x, block, channels = random(1, 2, 3, 12), 2, 3
    expected = tf.nn.depth_to_space(x, block)
    shuffle = paddle.nn.functional.pixel_shuffle
    claim.differ(expected, shuffle(paddle.to_tensor(x), block, data_format="NHWC"))
    reordered = (
        paddle.to_tensor(x)
        .reshape([1, 2, 3, block * block, channels])
        .transpose([0, 1, 2, 4, 3])
        .reshape([1, 2, 3, 12])
    )
    claim.agree(expected, shuffle(reordered, block, data_format="NHWC"))
    claim.agree(tf.nn.depth_to_space(x[..., :4], 2), shuffle(paddle.to_tensor(x[..., :4]), 2, data_format="NHWC"))


@check("tf.nn.space_to_depth", "layout")
def space_to_depth(claim: Claim) -> None:
    x, block, channels = random(1, 4, 6, 3), 2, 3
    expected = tf.nn.space_to_depth(x, block)
    found = paddle.nn.functional.pixel_unshuffle(paddle.to_tensor(x), block, data_format="NHWC")
    claim.differ(expected, found)
    claim.agree(
        expected, found.reshape([1, 2, 3, channels, block * block]).transpose([0, 1, 2, 4, 3]).reshape([1, 2, 3, 12])
    )


@check("tf.nn.dropout", "random")
def dropout(claim: Claim) -> None:
    x = np.ones((200, 500), "float32")
    tf.random.set_seed(1)
    paddle.seed(1)
    expected, found = tf.nn.dropout(x, 0.3), paddle.nn.functional.dropout(paddle.to_tensor(x), 0.3)
    claim.differ(expected, found)
    claim.agree(np.unique(expected), paddle.unique(found), rtol=1e-6)
    for mean in (float(tf.reduce_mean(expected)), float(found.mean())):
        claim.holds(abs(mean - 1) < 0.01, "the mean stays 1")


@check("tf.nn.dropout", "usage")
def dropout_noise_shape(claim: Claim) -> None:
    x = np.ones((50, 4), "float32")
    claim.raises(lambda: paddle.nn.functional.dropout(paddle.to_tensor(x), 0.5, noise_shape=[50, 1]), TypeError)
    for dropped in (
        tf.nn.dropout(x, 0.5, noise_shape=[50, 1]),
        paddle.nn.functional.dropout(paddle.to_tensor(x), 0.5, axis=0),
    ):
        claim.holds(set(np.asarray(dropped).sum(1).tolist()) == {0.0, 8.0}, "whole rows are dropped")


@check("tf.nn.ctc_loss", "default")
def ctc_loss(claim: Claim) -> None:
    logits, labels = random(6, 2, 4), np.array([[1, 2], [3, 3]], "int32")
    label_length, logit_length = np.array([2, 1]), np.array([6, 5])
    expected = tf.nn.ctc_loss(labels, logits, label_length, logit_length, blank_index=0)
    arguments = [paddle.to_tensor(a) for a in (logits, labels, logit_length, label_length)]
    claim.differ(expected, paddle.nn.functional.ctc_loss(*arguments), "shape")
    claim.agree(expected, paddle.nn.functional.ctc_loss(*arguments, reduction="none"))
