"""Pooling of regions of interest, and its inverse, against onnxruntime."""

from __future__ import annotations

import numpy as np
import pytest
from tests.backends.paddle.single_node import check

from paddlify.errors import UnsupportedModel

BOXES = np.float32([[0, 0, 7, 7], [1.5, 2.2, 6.3, 9.1], [-3, -2, 3, 4], [5, 5, 30, 40], [4, 4, 4.2, 4.1]])


def images(count: int) -> np.ndarray:
    return np.random.default_rng(1).standard_normal((count, 2, 10, 9)).astype(np.float32)


@pytest.mark.parametrize("mode", ["avg", "max"])
@pytest.mark.parametrize("transformation", ["half_pixel", "output_half_pixel"])
@pytest.mark.parametrize("sampling_ratio", [0, 2])
@pytest.mark.parametrize("batch", [[0, 0, 0, 0, 0], [1, 0, 2, 1, 0]], ids=["one image", "three images"])
@pytest.mark.parametrize("dynamic", [True, False])
def test_roi_align(mode: str, transformation: str, sampling_ratio: int, batch: list[int], dynamic: bool) -> None:
    attributes = {
        "mode": mode, "coordinate_transformation_mode": transformation, "sampling_ratio": sampling_ratio,
        "output_height": 3, "output_width": 2, "spatial_scale": 0.75,
    }
    inputs = [images(max(batch) + 1), BOXES, np.array(batch, np.int64)]
    axes = {0: (0, 2, 3), 1: (0,), 2: (0,)} if dynamic else {}
    if mode == "max" and sampling_ratio == 0:
        with pytest.raises(UnsupportedModel, match="sampling_ratio=0"):
            check("RoiAlign", inputs, attributes, dynamic=axes)
    else:
        check("RoiAlign", inputs, attributes, dynamic=axes, atol=1e-5)


@pytest.mark.parametrize("batch", [[0, 0, 0], [1, 0, 1]])
def test_max_roi_pool(batch: list[int]) -> None:
    boxes = np.float32([[0, 0, 7, 7], [2, 3, 6, 9], [4, 4, 4, 4]])
    rois = np.concatenate([np.float32(batch)[:, None], boxes], axis=1)
    for scale in (1.0, 0.5):
        attributes = {"pooled_shape": [3, 2], "spatial_scale": scale}
        for dynamic in ((0,), (0, 1)):
            check("MaxRoiPool", [images(max(batch) + 1), rois], attributes, dynamic={1: dynamic})


@pytest.mark.parametrize("shape", [None, (1, 2, 5, 6), (1, 2, 4, 6)])
def test_max_unpool(shape: tuple[int, ...] | None) -> None:
    values = np.float32(np.arange(1, 13)).reshape(1, 2, 2, 3)
    size = shape or (1, 2, 4, 6)
    indices = np.random.default_rng(0).permutation(int(np.prod(size)))[:12].reshape(values.shape)
    inputs = [values, indices.astype(np.int64), None if shape is None else np.array(shape, np.int64)]
    check("MaxUnpool", inputs, {"kernel_shape": [2, 2], "strides": [2, 2]}, constants=(2,))


def test_max_unpool_to_a_computed_shape_is_refused() -> None:
    inputs = [np.ones((1, 1, 2, 2), np.float32), np.zeros((1, 1, 2, 2), np.int64), np.array([1, 1, 5, 5], np.int64)]
    with pytest.raises(UnsupportedModel, match="computed output_shape"):
        check("MaxUnpool", inputs, {"kernel_shape": [2, 2], "strides": [2, 2]})
