"""Checks of ``data/caffe.toml``: convolution, pooling, normalisation, and detection."""

import numpy as np

from paddlify.apimap.checks.caffe_recordings import blobs, caffe, inputs
from paddlify.apimap.claims import Claim, check
from paddlify.apimap.comparing import Array
from paddlify.apimap.frameworks import paddle
from paddlify.apimap.grids import random


@check("caffe.BatchNorm", "state")
def batch_norm(claim: Claim) -> None:
    (x,), (mean, variance, factor) = inputs("BatchNorm"), blobs("BatchNorm")
    normalise = paddle.nn.functional.batch_norm
    claim.differ(caffe("BatchNorm", "out0"), normalise(x, mean, variance))
    claim.agree(caffe("BatchNorm", "out0"), normalise(x, mean / factor, variance / factor), rtol=1e-4, atol=1e-5)


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


@check("caffe.Normalize")
def normalize(claim: Claim) -> None:
    x, scale = random(2, 3, 4, 5), random(3)
    expected = x / np.sqrt((x**2).sum(1, keepdims=True) + 1e-10) * scale.reshape(1, 3, 1, 1)
    normalised = paddle.nn.functional.normalize(paddle.to_tensor(x), axis=1)
    claim.agree(expected, normalised * paddle.to_tensor(scale).reshape([1, 3, 1, 1]))


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
