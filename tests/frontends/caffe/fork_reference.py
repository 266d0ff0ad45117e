"""Layers of Caffe's forks in NumPy, written from their published definitions. Read by Python 3.6 as well.

SSD (Permute, Normalize, PriorBox, DetectionOutput): W. Liu et al., ECCV 2016, and the layers of its Caffe fork.
ROIPooling: Fast R-CNN. PSROIPooling: R-FCN. Upsample, BN: SegNet. Unpooling: DeconvNet. Interp: DeepLab.
ShuffleChannel: ShuffleNet. Axpy: SENet. Reorg: Darknet. Each function takes bottoms, then blobs, then settings.
"""

import math

import numpy as np


def relu6(x):
    return np.minimum(np.maximum(x, 0), 6)


def crelu(x):
    return np.concatenate([np.maximum(x, 0), np.maximum(-x, 0)], axis=1)


def clip(x, low, high):
    return np.minimum(np.maximum(x, np.float32(low)), np.float32(high))


def permute(x, order):
    return x.transpose(order)


def shuffle_channel(x, group):
    channels = x.shape[1]
    result = np.empty_like(x)
    rest = channels // group
    for row in range(group):
        for column in range(rest):
            result[:, column * group + row] = x[:, row * rest + column]
    return result


def axpy(a, x, y):
    return a.reshape(a.shape[0], a.shape[1], 1, 1) * x + y


def reorg(x, stride, reverse=False):
    """Darknet's loop: its input is the smaller picture when `reverse`, the larger one's memory otherwise."""
    number, channels, height, width = x.shape
    inner = channels // (stride * stride)
    if reverse:
        shape = (number, inner, height * stride, width * stride)
    else:
        shape = (number, channels * stride * stride, height // stride, width // stride)
    source = x.reshape(number, -1)
    result = np.empty_like(source)
    for c in range(channels):
        block, c2 = c // inner, c % inner
        for h in range(height):
            for w in range(width):
                h2, w2 = h * stride + block // stride, w * stride + block % stride
                near = w + width * (h + height * c)
                far = w2 + width * stride * (h2 + height * stride * c2)
                if reverse:
                    result[:, far] = source[:, near]
                else:
                    result[:, near] = source[:, far]
    return result.reshape(shape)


def normalize(x, scale, across_spatial=True, eps=1e-10):
    axes = (1, 2, 3) if across_spatial else (1,)
    norm = np.sqrt((x.astype(np.float64) ** 2).sum(axis=axes, keepdims=True) + eps)
    return (x / norm * np.asarray(scale).reshape(1, -1, 1, 1)).astype(np.float32)


def bn_inference(x, scale, shift):
    return x * scale + shift


def batch_statistics(x, eps):
    axes = (0,) + tuple(range(2, x.ndim))
    wide = x.astype(np.float64)
    centred = wide - wide.mean(axis=axes, keepdims=True)
    return (centred / np.sqrt((centred ** 2).mean(axis=axes, keepdims=True) + eps)).astype(np.float32)


def bn_statistics(x, slope, bias, mean, variance, eps):
    return ((x - mean) / np.sqrt(variance + eps) * slope + bias).astype(np.float32)


def unpool(x, mask, height, width):
    number, channels = x.shape[:2]
    result = np.zeros((number, channels, height * width), np.float32)
    for n in range(number):
        for c in range(channels):
            for value, place in zip(x[n, c].reshape(-1), mask[n, c].reshape(-1)):
                result[n, c, int(place)] = value
    return result.reshape(number, channels, height, width)


def upsample_nearest(x, scale):
    return x.repeat(scale, axis=2).repeat(scale, axis=3)


def depthwise(x, weight, stride, pad):
    """Each channel with its own window, [C, 1, K, K]."""
    kernel = weight.shape[2]
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (kernel, kernel), axis=(2, 3))
    return np.einsum("nchwij,cij->nchw", windows[:, :, ::stride, ::stride], weight[:, 0])


def stochastic_pool(x, kernel, stride):
    number, channels, height, width = x.shape
    rows, columns = (math.ceil((size - kernel) / float(stride)) + 1 for size in (height, width))
    result = np.zeros((number, channels, rows, columns), np.float32)
    for row in range(rows):
        for column in range(columns):
            part = x[:, :, row * stride : row * stride + kernel, column * stride : column * stride + kernel]
            total = part.sum(axis=(2, 3)) + np.finfo(np.float32).tiny
            result[:, :, row, column] = (part * part).sum(axis=(2, 3)) / total
    return result


def interp(x, height, width, pad_beg=0, pad_end=0):
    x = x[:, :, -pad_beg : x.shape[2] + pad_end, -pad_beg : x.shape[3] + pad_end].astype(np.float64)
    for axis, size in ((2, height), (3, width)):
        old = x.shape[axis]
        at = np.arange(size) * ((old - 1.0) / (size - 1) if size > 1 else 0.0)
        low = np.minimum(at.astype(int), old - 1)
        high = np.minimum(low + 1, old - 1)
        share = (at - low).reshape((-1, 1) if axis == 2 else (-1,))
        x = x.take(low, axis=axis) * (1 - share) + x.take(high, axis=axis) * share
    return x.astype(np.float32)


def c_round(value):
    """Halves away from zero."""
    return math.floor(abs(value) + 0.5) * (1 if value >= 0 else -1)


def roi_pool(x, rois, pooled_h, pooled_w, spatial_scale):
    channels, height, width = x.shape[1:]
    result = np.zeros((len(rois), channels, pooled_h, pooled_w), np.float32)
    for number, roi in enumerate(rois.reshape(-1, 5)):
        left, top, right, bottom = (c_round(float(edge) * spatial_scale) for edge in roi[1:])
        bin_h = max(bottom - top + 1, 1) / float(pooled_h)
        bin_w = max(right - left + 1, 1) / float(pooled_w)
        for row in range(pooled_h):
            for column in range(pooled_w):
                first_h = min(max(math.floor(row * bin_h) + top, 0), height)
                last_h = min(max(math.ceil((row + 1) * bin_h) + top, 0), height)
                first_w = min(max(math.floor(column * bin_w) + left, 0), width)
                last_w = min(max(math.ceil((column + 1) * bin_w) + left, 0), width)
                if last_h > first_h and last_w > first_w:
                    part = x[int(roi[0]), :, first_h:last_h, first_w:last_w]
                    result[number, :, row, column] = part.max(axis=(1, 2))
    return result


def psroi_pool(x, rois, spatial_scale, output_dim, group_size):
    height, width = x.shape[2:]
    f = np.float32
    result = np.zeros((len(rois), output_dim, group_size, group_size), np.float32)
    for number, roi in enumerate(rois.reshape(-1, 5)):
        left, top = (f(c_round(float(edge))) * f(spatial_scale) for edge in roi[1:3])
        right, bottom = (f(c_round(float(edge)) + 1) * f(spatial_scale) for edge in roi[3:])
        bin_h = max(bottom - top, f(0.1)) / f(group_size)
        bin_w = max(right - left, f(0.1)) / f(group_size)
        for row in range(group_size):
            first_h = min(max(math.floor(f(row) * bin_h + top), 0), height)
            last_h = min(max(math.ceil(f(row + 1) * bin_h + top), 0), height)
            for column in range(group_size):
                first_w = min(max(math.floor(f(column) * bin_w + left), 0), width)
                last_w = min(max(math.ceil(f(column + 1) * bin_w + left), 0), width)
                if last_h <= first_h or last_w <= first_w:
                    continue
                for c in range(output_dim):
                    plane = x[int(roi[0]), (c * group_size + row) * group_size + column]
                    part = plane[first_h:last_h, first_w:last_w].astype(np.float64)
                    result[number, c, row, column] = part.sum() / part.size
    return result


def prior_box(
    size, picture, min_size, max_size=(), aspect_ratio=(), flip=True, clip=False, variance=(0.1,), step=0.0, offset=0.5,
):
    """[1, 2, boxes * 4]; sizes are (height, width)."""
    ratios = [1.0]
    for ratio in aspect_ratio:
        if all(abs(ratio - other) >= 1e-6 for other in ratios):
            ratios.append(ratio)
            if flip:
                ratios.append(1.0 / ratio)
    step_h = step or picture[0] / float(size[0])
    step_w = step or picture[1] / float(size[1])
    boxes = []
    for h in range(size[0]):
        for w in range(size[1]):
            x, y = (w + offset) * step_w, (h + offset) * step_h
            for index, small in enumerate(min_size):
                shapes = [(small, small)]
                if len(max_size):
                    between = math.sqrt(small * max_size[index])
                    shapes.append((between, between))
                shapes += [
                    (small * math.sqrt(ratio), small / math.sqrt(ratio)) for ratio in ratios if abs(ratio - 1) >= 1e-6
                ]
                boxes += [
                    [(x - a / 2) / picture[1], (y - b / 2) / picture[0], (x + a / 2) / picture[1],
                     (y + b / 2) / picture[0]]
                    for a, b in shapes
                ]
    boxes = np.array(boxes)
    if clip:
        boxes = np.clip(boxes, 0, 1)
    variances = np.tile(np.resize(np.array(variance), 4), len(boxes))
    return np.stack([boxes.reshape(-1), variances])[np.newaxis].astype(np.float32)


def detection_output(
    loc, conf, prior, num_classes, nms_threshold, top_k=-1, keep_top_k=-1, confidence_threshold=None,
    code_type="CORNER", share_location=True, background_label_id=0, variance_encoded_in_target=False, clip=False,
):
    """[1, 1, rows, 7]."""
    count = prior.shape[2] // 4
    corners, variance = prior.reshape(2, count, 4).astype(np.float64)
    if variance_encoded_in_target:
        variance = np.ones_like(variance)
    groups = 1 if share_location else num_classes
    rows = []
    for image in range(len(loc)):
        offsets = loc[image].reshape(count, groups, 4).astype(np.float64)
        boxes = [decoded(offsets[:, group], corners, variance, code_type) for group in range(groups)]
        if clip:
            boxes = [np.clip(item, 0, 1) for item in boxes]
        scores = conf[image].reshape(count, num_classes)
        found = []
        for label in range(num_classes):
            if label == background_label_id:
                continue
            mine = boxes[0 if share_location else label]
            found += [
                (label, index, mine[index])
                for index in suppressed(mine, scores[:, label], confidence_threshold, nms_threshold, top_k)
            ]
        if -1 < keep_top_k < len(found):
            found = sorted(found, key=lambda item: -scores[item[1], item[0]])[:keep_top_k]
            found = sorted(found, key=lambda item: (item[0], -scores[item[1], item[0]]))
        rows += [[image, label, scores[index, label]] + list(box) for label, index, box in found]
    if not rows:
        rows = [[image] + [-1] * 6 for image in range(len(loc))]
    return np.array(rows, np.float32)[np.newaxis, np.newaxis]


def decoded(offsets, corners, variance, code_type):
    offsets = offsets * variance
    if code_type == "CORNER":
        return corners + offsets
    size = np.tile(corners[:, 2:] - corners[:, :2], 2)
    if code_type == "CORNER_SIZE":
        return corners + offsets * size
    centre = (corners[:, :2] + corners[:, 2:]) / 2 + offsets[:, :2] * size[:, :2]
    half = np.exp(offsets[:, 2:]) * size[:, 2:] / 2
    return np.concatenate([centre - half, centre + half], axis=1)


def suppressed(boxes, scores, score_threshold, iou_threshold, top_k):
    order = np.argsort(-scores, kind="mergesort")
    if score_threshold is not None:
        order = [index for index in order if scores[index] > score_threshold]
    kept = []
    for index in order[:top_k] if top_k > -1 else order:
        if not kept or overlaps(boxes[index], boxes[kept]).max() <= iou_threshold:
            kept.append(index)
    return kept


def overlaps(box, others):
    """The shares of what a box and each of the others cover together that both cover."""
    size = np.minimum(box[2:], others[:, 2:]) - np.maximum(box[:2], others[:, :2])
    common = np.where((size > 0).all(axis=1), size.prod(axis=1), 0.0)
    return np.divide(common, area(box) + area(others) - common, out=np.zeros_like(common), where=common > 0)


def area(boxes):
    size = boxes[..., 2:] - boxes[..., :2]
    return np.where((size < 0).any(axis=-1), 0.0, size.prod(axis=-1))
