"""Layers that the recorded Caffe lacks, against NumPy."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from frontends.caffe import drawing
from frontends.caffe import fork_reference as forks
from frontends.caffe.nets_on_disk import write_caffemodel
from frontends.caffe.running import check_close, run
from paddlify.errors import UnsupportedModel
from paddlify.frontends import caffe
from paddlify.frontends.base import LoadOptions

IMAGE = (2, 4, 6, 5)
ROIS = np.array(
    [[0, 3, 2, 30, 40], [1, 0, 0, 15, 15], [0, 10.5, 7.5, 10.5, 7.5], [1, -20, -9, 12, 80], [0, 60, 60, 70, 70],
     [1, 20, 30, 10, 10], [0, 33.49, 1.51, 47.5, 22.5]],
    np.float32,
)
MASK = np.stack([drawing.stream("mask", str(index)).permutation(48)[:12] for index in range(6)]).astype(np.float32)
MASK = MASK.reshape(2, 3, 4, 3)


def fork(
    name: str, text: str, shapes: list[Any], expected: Callable[..., Any], blobs: tuple[tuple[int, ...], ...] = ()
) -> Any:
    """A layer's text, its bottoms (a shape, or the numbers), what it gives, and shapes of blobs."""
    return pytest.param(text, shapes, expected, blobs, id=name)


def _positive(shape: tuple[int, ...]) -> np.ndarray:
    return drawing.draw("positive", shape, "positive")


CASES = [
    fork("relu6", 'type: "ReLU6"', [np.linspace(-3, 9, 24, dtype=np.float32).reshape(2, 12)], forks.relu6),
    fork("crelu", 'type: "CReLU"', [IMAGE], forks.crelu),
    fork("clip", 'type: "Clip" clip_param { min: -0.5 max: 0.25 }', [IMAGE], lambda x: forks.clip(x, -0.5, 0.25)),
    fork("permute", 'type: "Permute" permute_param { order: 0 order: 2 order: 3 order: 1 }', [IMAGE],
         lambda x: forks.permute(x, (0, 2, 3, 1))),
    fork("shuffle_channel", 'type: "ShuffleChannel" shuffle_channel_param { group: 3 }', [(2, 12, 4, 3)],
         lambda x: forks.shuffle_channel(x, 3)),
    fork("shuffle_channel_2", 'type: "ShuffleChannel" shuffle_channel_param { group: 2 }', [(1, 8, 2, 2)],
         lambda x: forks.shuffle_channel(x, 2)),
    fork("axpy", 'type: "Axpy"', [(2, 4, 1, 1), IMAGE, IMAGE], forks.axpy),
    fork("axpy_matrix", 'type: "Axpy"', [(2, 4), IMAGE, IMAGE], forks.axpy),
    fork("reorg", 'type: "Reorg" reorg_param { stride: 2 }', [(2, 8, 4, 6)], lambda x: forks.reorg(x, 2)),
    fork("reorg_3", 'type: "Reorg" reorg_param { stride: 3 }', [(1, 9, 6, 3)], lambda x: forks.reorg(x, 3)),
    fork("reorg_reverse", 'type: "Reorg" reorg_param { stride: 2 reverse: true }', [(2, 8, 3, 5)],
         lambda x: forks.reorg(x, 2, reverse=True)),
    fork("normalize", 'type: "Normalize" norm_param { across_spatial: false channel_shared: false }', [IMAGE],
         lambda x, scale: forks.normalize(x, scale, across_spatial=False), ((4,),)),
    fork("normalize_shared", 'type: "Normalize" norm_param { across_spatial: false }', [IMAGE],
         lambda x, scale: forks.normalize(x, scale, across_spatial=False), ((),)),
    fork("normalize_across", 'type: "Normalize" norm_param { eps: 0.5 channel_shared: false }', [IMAGE],
         lambda x, scale: forks.normalize(x, scale, eps=0.5), ((4,),)),
    fork("bn_inference", 'type: "BN" bn_param { bn_mode: INFERENCE }', [IMAGE], forks.bn_inference,
         ((1, 4, 1, 1), (1, 4, 1, 1))),
    fork("bn_learn", 'type: "BN"', [IMAGE],
         lambda x, scale, shift: forks.batch_statistics(x, 1e-9) * scale + shift, ((1, 4, 1, 1), (1, 4, 1, 1))),
    fork("batch_norm_of_batch", 'type: "BatchNorm" batch_norm_param { use_global_stats: false eps: 0.01 }', [IMAGE],
         lambda x, *_: forks.batch_statistics(x, 0.01), ((4,), (4,), (1,))),
    fork("upsample_mask", 'type: "Upsample" upsample_param { scale: 2 }', [(2, 3, 4, 3), MASK],
         lambda x, mask: forks.unpool(x, mask, 8, 6)),
    fork("upsample_mask_pad_out", 'type: "Upsample" upsample_param { scale: 2 pad_out_w: true }',
         [(2, 3, 4, 3), np.minimum(MASK, 39)], lambda x, mask: forks.unpool(x, mask, 8, 5)),
    fork("upsample_mask_size", 'type: "Upsample" upsample_param { upsample_h: 7 upsample_w: 8 }',
         [(2, 3, 4, 3), MASK], lambda x, mask: forks.unpool(x, mask, 7, 8)),
    fork("upsample_mask_scales", 'type: "Upsample" upsample_param { scale_h: 2 scale_w: 3 }',
         [(2, 3, 4, 3), MASK], lambda x, mask: forks.unpool(x, mask, 8, 9)),
    fork("upsample_nearest", 'type: "Upsample" upsample_param { scale: 3 }', [IMAGE],
         lambda x: forks.upsample_nearest(x, 3)),
    fork("unpooling", 'type: "Unpooling" unpooling_param { unpool: MAX kernel_size: 2 stride: 2 }',
         [(2, 3, 4, 3), MASK], lambda x, mask: forks.unpool(x, mask, 9, 7)),
    fork("unpooling_size", 'type: "Unpooling" unpooling_param { kernel_size: 2 stride: 2 unpool_h: 8 unpool_w: 6 }',
         [(2, 3, 4, 3), MASK], lambda x, mask: forks.unpool(x, mask, 8, 6)),
    fork("pooling_floor", 'type: "Pooling" pooling_param { pool: MAX kernel_size: 2 stride: 2 ceil_mode: false }',
         [(1, 1, 5, 5)], lambda x: x[:, :, :4, :4].reshape(1, 1, 2, 2, 2, 2).max(axis=(3, 5))),
    fork("stochastic", 'type: "Pooling" pooling_param { pool: STOCHASTIC kernel_size: 3 stride: 2 }',
         [np.where(_positive((2, 3, 8, 7)) > 0.5, _positive((2, 3, 8, 7)), 0).astype(np.float32)],
         lambda x: forks.stochastic_pool(x, 3, 2)),
    fork("stochastic_zero", 'type: "Pooling" pooling_param { pool: STOCHASTIC kernel_size: 2 stride: 2 }',
         [np.zeros((1, 1, 4, 4), np.float32)], lambda x: forks.stochastic_pool(x, 2, 2)),
    fork("interp_size", 'type: "Interp" interp_param { height: 11 width: 9 }', [IMAGE],
         lambda x: forks.interp(x, 11, 9)),
    fork("interp_smaller", 'type: "Interp" interp_param { height: 3 width: 1 }', [IMAGE],
         lambda x: forks.interp(x, 3, 1)),
    fork("interp_zoom", 'type: "Interp" interp_param { zoom_factor: 3 }', [IMAGE], lambda x: forks.interp(x, 16, 13)),
    fork("interp_shrink", 'type: "Interp" interp_param { shrink_factor: 2 }', [(1, 2, 9, 8)],
         lambda x: forks.interp(x, 5, 4)),
    fork("interp_both", 'type: "Interp" interp_param { shrink_factor: 2 zoom_factor: 4 }', [(1, 2, 9, 8)],
         lambda x: forks.interp(x, 17, 13)),
    fork("interp_crop", 'type: "Interp" interp_param { height: 7 width: 6 pad_beg: -1 pad_end: -2 }', [(1, 2, 9, 8)],
         lambda x: forks.interp(x, 7, 6, -1, -2)),
    fork("interp_same", 'type: "Interp" interp_param { height: 6 width: 5 }', [IMAGE], lambda x: x),
    fork("roi_pooling", 'type: "ROIPooling" roi_pooling_param { pooled_h: 3 pooled_w: 2 spatial_scale: 0.25 }',
         [(2, 3, 12, 14), ROIS], lambda x, rois: forks.roi_pool(x, rois, 3, 2, 0.25)),
    fork("roi_pooling_four_axes", 'type: "ROIPooling" roi_pooling_param { pooled_h: 4 pooled_w: 4 spatial_scale: 0.2 }',
         [(2, 3, 12, 14), ROIS.reshape(-1, 5, 1, 1)], lambda x, rois: forks.roi_pool(x, rois, 4, 4, 0.2)),
    fork("psroi_pooling",
         'type: "PSROIPooling" psroi_pooling_param { spatial_scale: 0.25 output_dim: 2 group_size: 3 }',
         [(2, 18, 12, 14), ROIS], lambda x, rois: forks.psroi_pool(x, rois, 0.25, 2, 3)),
    fork("psroi_pooling_fine",
         'type: "PSROIPooling" psroi_pooling_param { spatial_scale: 0.0625 output_dim: 3 group_size: 2 }',
         [(2, 12, 5, 6), ROIS], lambda x, rois: forks.psroi_pool(x, rois, 0.0625, 3, 2)),
    fork("depthwise",
         'type: "DepthwiseConvolution" convolution_param { num_output: 4 kernel_size: 1 bias_term: false }',
         [IMAGE], lambda x, w: x * w.reshape(1, 4, 1, 1), ((4, 1, 1, 1),)),
    fork("depthwise_window",
         'type: "DepthwiseConvolution" convolution_param { num_output: 4 kernel_size: 3 stride: 2 pad: 1 }', [IMAGE],
         lambda x, w, b: forks.depthwise(x, w, 2, 1) + b.reshape(1, 4, 1, 1), ((4, 1, 3, 3), (4,))),
    fork("depthwise_ssd", 'type: "ConvolutionDepthwise" convolution_param { num_output: 4 kernel_size: 1 group: 4 }',
         [IMAGE], lambda x, w, b: x * w.reshape(1, 4, 1, 1) + b.reshape(1, 4, 1, 1), ((4, 1, 1, 1), (4,))),
    fork("dropout_scaled", 'type: "Dropout" dropout_param { dropout_ratio: 0.25 scale_train: false }', [IMAGE],
         lambda x: x * np.float32(0.75)),
    fork("spatial_dropout",
         'type: "Python" python_param { module: "spatial_dropout" layer: "SpatialDropoutLayer"'
         ' param_str: "{\'phase\': \'TEST\', \'p\': \'0.2\'}" }', [IMAGE], lambda x: x * np.float32(1.25)),
    fork("l2_normalization", 'type: "L2Normalization"', [(3, 7)],
         lambda x: x / np.sqrt((x * x).sum(axis=1, keepdims=True))),
]


@pytest.mark.parametrize(("text", "bottoms", "expected", "blobs"), CASES)
def test_fork_layer_agrees_with_numpy(
    text: str, bottoms: list[Any], expected: Callable[..., Any], blobs: tuple[tuple[int, ...], ...], tmp_path: Path
) -> None:
    inputs, weights = drawn(bottoms, blobs)
    loaded = load(text, inputs, weights, tmp_path)
    check_close(run(loaded.model, inputs, tmp_path), [np.asarray(expected(*inputs.values(), *weights))])


def drawn(
    bottoms: list[Any], blobs: tuple[tuple[int, ...], ...]
) -> tuple[dict[str, np.ndarray], list[np.ndarray]]:
    """Inputs and weights of a case."""
    inputs = {
        name: item if isinstance(item, np.ndarray) else drawing.draw("normal", item, "forks", name)
        for name, item in zip("abc", bottoms, strict=False)
    }
    return inputs, [np.abs(drawing.draw("normal", shape, "blob", str(index))) for index, shape in enumerate(blobs)]


def load(
    text: str, inputs: dict[str, np.ndarray], weights: list[np.ndarray], folder: Path, outputs: list[str] | None = None
) -> Any:
    prototxt, caffemodel = write(text, inputs, weights, folder)
    return caffe.load(prototxt, LoadOptions(outputs=outputs, extra={"weights": caffemodel}))


def write(
    text: str, inputs: dict[str, np.ndarray], weights: list[np.ndarray], folder: Path
) -> tuple[Path, Path]:
    """A net of one layer with the given text, as prototxt and caffemodel."""
    prototxt, caffemodel = folder / "net.prototxt", folder / "net.caffemodel"
    declared = "".join(
        f'layer {{ name: "{name}" type: "Input" top: "{name}" input_param {{ shape {{ '
        + " ".join(f"dim: {dim}" for dim in array.shape) + " } } }\n"
        for name, array in inputs.items()
    )
    bottoms = " ".join(f'bottom: "{name}"' for name in inputs)
    prototxt.write_text(f'{declared}layer {{ name: "layer" {bottoms} top: "top" {text} }}\n')
    write_caffemodel(caffemodel, {"layer": weights})
    return prototxt, caffemodel


def test_bn_with_statistics(tmp_path: Path) -> None:
    x = drawing.draw("normal", IMAGE, "bn")
    blobs = [drawing.draw("positive", (1, 4, 1, 1), "bn", str(index)) for index in range(4)]
    loaded = load('type: "BN" bn_param { eps: 0.001 }', {"a": x}, blobs, tmp_path)
    check_close(run(loaded.model, {"a": x}, tmp_path), [forks.bn_statistics(x, *blobs, 0.001)])


PRIOR = {
    "plain": ("min_size: 4 max_size: 8 aspect_ratio: 2 variance: 0.1 variance: 0.1 variance: 0.2 variance: 0.2",
              {"min_size": [4], "max_size": [8], "aspect_ratio": [2], "variance": [0.1, 0.1, 0.2, 0.2]}),
    "ratios": ("min_size: 4 aspect_ratio: 2 aspect_ratio: 3 aspect_ratio: 1 aspect_ratio: 2 flip: false",
               {"min_size": [4], "aspect_ratio": [2, 3, 1, 2], "flip": False}),
    "clip": ("min_size: 30 max_size: 50 clip: true step: 8 offset: 0.25 variance: 0.3",
             {"min_size": [30], "max_size": [50], "clip": True, "step": 8, "offset": 0.25, "variance": [0.3]}),
    "two_sizes": ("min_size: 4 min_size: 9 max_size: 8 max_size: 12 aspect_ratio: 2",
                  {"min_size": [4, 9], "max_size": [8, 12], "aspect_ratio": [2]}),
}


@pytest.mark.parametrize("name", PRIOR)
def test_prior_box(name: str, tmp_path: Path) -> None:
    text, settings = PRIOR[name]
    inputs = {"a": np.zeros((1, 3, 4, 5), np.float32), "b": np.zeros((1, 3, 32, 37), np.float32)}
    loaded = load(f'type: "PriorBox" prior_box_param {{ {text} }}', inputs, [], tmp_path)
    check_close(run(loaded.model, inputs, tmp_path), [forks.prior_box((4, 5), (32, 37), **settings)])


DETECTION = {
    "centre_size": {"code_type": "CENTER_SIZE", "confidence_threshold": 0.3, "top_k": 20, "keep_top_k": 10},
    "corner": {"code_type": "CORNER", "confidence_threshold": 0.3, "top_k": 20, "keep_top_k": 8},
    "corner_size": {"code_type": "CORNER_SIZE", "confidence_threshold": 0.3, "keep_top_k": 15},
    "no_limits": {"code_type": "CENTER_SIZE"},
    "default_suppression": {"code_type": "CENTER_SIZE", "confidence_threshold": 0.3},
    "no_threshold": {"code_type": "CENTER_SIZE", "top_k": 7, "keep_top_k": 5},
    "own_boxes": {"code_type": "CENTER_SIZE", "confidence_threshold": 0.2, "share_location": False, "keep_top_k": 12},
    "no_background": {"code_type": "CENTER_SIZE", "confidence_threshold": 0.4, "background_label_id": -1},
    "last_is_background": {"code_type": "CENTER_SIZE", "confidence_threshold": 0.4, "background_label_id": 3},
    "variance_encoded": {"code_type": "CENTER_SIZE", "confidence_threshold": 0.3, "variance_encoded_in_target": True},
    "clip": {"code_type": "CENTER_SIZE", "confidence_threshold": 0.3, "clip": True},
    "nothing": {"code_type": "CENTER_SIZE", "confidence_threshold": 1.5, "keep_top_k": 10},
}


@pytest.mark.parametrize("name", DETECTION)
def test_detection_output(name: str, tmp_path: Path) -> None:
    text, inputs, expected = detection_case(name)
    loaded = load(text, inputs, [], tmp_path)
    check_close(run(loaded.model, inputs, tmp_path), [expected])


def detection_case(name: str) -> tuple[str, dict[str, np.ndarray], np.ndarray]:
    """A DetectionOutput layer's text, its bottoms and what it gives."""
    settings = DETECTION[name]
    classes, boxes, images = 4, 30, 2
    groups = classes if settings.get("share_location") is False else 1
    random = drawing.stream("detection", name)
    low = random.random_sample((boxes, 2)) * 0.6
    corners = np.concatenate([low, low + 0.1 + 0.3 * random.random_sample((boxes, 2))], axis=1)
    variances = np.tile([0.1, 0.1, 0.2, 0.2], boxes)
    scores = random.permutation(images * boxes * classes).reshape(images, -1) / (images * boxes * classes)
    inputs = {
        "a": random.standard_normal((images, boxes * groups * 4)).astype(np.float32) * np.float32(0.3),
        "b": scores.astype(np.float32),
        "c": np.stack([corners.reshape(-1), variances])[None].astype(np.float32),
    }
    threshold = 0.3 if name == "default_suppression" else 0.45
    limit = f"top_k: {settings['top_k']}" if "top_k" in settings else ""
    text = "" if name == "default_suppression" else f"nms_param {{ nms_threshold: {threshold} {limit} }} "
    text += " ".join(
        f"{key}: {str(value).lower() if isinstance(value, bool) else value}"
        for key, value in settings.items() if key != "top_k"
    )
    text = f'type: "DetectionOutput" detection_output_param {{ num_classes: {classes} {text} }}'
    expected = forks.detection_output(*inputs.values(), num_classes=classes, nms_threshold=threshold, **settings)
    return text, inputs, expected


@pytest.mark.parametrize(
    ("text", "shapes", "reason"),
    [
        ('type: "L2Normalization"', [IMAGE], "forks disagree"),
        ('type: "Unpooling" unpooling_param { unpool: TILE kernel_size: 2 }', [(1, 1, 2, 2), (1, 1, 2, 2)],
         "unpool=TILE"),
        ('type: "Pooling" pooling_param { pool: AVE kernel_size: 1 stride: 2 }', [(1, 1, 8, 8)], "beyond the bottom"),
        ('type: "Python" python_param { module: "m" layer: "L" }', [IMAGE], "'m.L' is not known"),
        ('type: "Convolution" convolution_param { num_output: 2 kernel_size: 1 axis: 2 }', [IMAGE], "axis=2"),
        ('type: "InfogainLoss" infogain_loss_param { source: "h.binaryproto" }', [(2, 3), (2,)], "h.binaryproto"),
    ],
)
def test_refused(text: str, shapes: list[tuple[int, ...]], reason: str, tmp_path: Path) -> None:
    inputs = {name: np.zeros(shape, np.float32) for name, shape in zip("ab", shapes, strict=False)}
    with pytest.raises(UnsupportedModel, match=reason) as refused:
        load(text, inputs, [np.zeros(1, np.float32)], tmp_path, outputs=["top"])
    assert "layer" in str(refused.value)
