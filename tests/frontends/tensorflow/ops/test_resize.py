from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from frontends.tensorflow.ops.expressions import call, const, f32, i32
from frontends.tensorflow.ops.harness import Compare, each
from paddlify.errors import UnsupportedModel

X = f32(2, 5, 6, 3)
MODES = ({}, {"align_corners": True}, {"half_pixel_centers": True})
SIZES = ([10, 12], [3, 4], [5, 6], [13, 7], [1, 1], [2, 1], [25, 30])


@each(
    *(
        call(name, X, const(size), **mode)
        for name in ("ResizeNearestNeighbor", "ResizeBilinear")
        for size in SIZES
        for mode in MODES
    ),
    call("ResizeBilinear", X, np.array([7, 9], np.int32), half_pixel_centers=True),
    call("ResizeNearestNeighbor", X, np.array([10, 12], np.int32), half_pixel_centers=True),
    call("ResizeNearestNeighbor", i32(1, 3, 4, 2), const([6, 8]), half_pixel_centers=True),
    call("ResizeBilinear", i32(1, 3, 4, 2, low=0, high=255, dtype=np.uint8), const([5, 7])),
)
def test_resize(compare: Compare, case, dynamic):
    compare(case, dynamic=dynamic, atol=4e-6)


@pytest.mark.parametrize(
    "case",
    [
        *(call("ResizeBicubic", X, const(size), **mode) for size in SIZES for mode in MODES),
        *(call("ResizeArea", X, const(size), **mode) for size in SIZES for mode in MODES[:2]),
    ],
    ids=repr,
)
def test_weighted_resize(compare: Compare, case):
    compare(case, dynamic=False, atol=4e-6)


@settings(derandomize=True, max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.sampled_from(["ResizeNearestNeighbor", "ResizeBilinear", "ResizeBicubic", "ResizeArea"]),
    before=st.tuples(st.integers(1, 40), st.integers(1, 40)),
    after=st.tuples(st.integers(1, 60), st.integers(1, 60)),
    mode=st.sampled_from(MODES),
)
def test_resize_of_any_size(compare: Compare, name, before, after, mode):
    mode = {} if name == "ResizeArea" and "half_pixel_centers" in mode else mode
    compare(call(name, f32(1, *before, 1), const(list(after)), **mode), dynamic=False, atol=2e-5)


@pytest.mark.parametrize("name", ["ResizeBicubic", "ResizeArea"])
def test_weights_of_unknown_sizes_are_refused(compare: Compare, name):
    with pytest.raises(UnsupportedModel, match="must be known at conversion time"):
        compare(call(name, X, const([4, 5])), dynamic=True)


KERNELS = ("lanczos1", "lanczos3", "lanczos5", "gaussian", "box", "triangle", "keyscubic", "mitchellcubic")


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("antialias", [True, False])
@pytest.mark.parametrize("size", SIZES)
def test_scale_and_translate(compare: Compare, kernel, antialias, size):
    scale = np.array(size, np.float32) / np.array(X.shape[1:3], np.float32)
    case = call(
        "ScaleAndTranslate", X, const(size), const(scale), const([0.0, 0.0]), kernel_type=kernel, antialias=antialias
    )
    compare(case, dynamic=False, atol=4e-6)


@pytest.mark.parametrize("kernel", ["lanczos3", "triangle"])
def test_scale_that_follows_from_sizes(compare: Compare, kernel):
    """As `tf.image.resize` computes it."""
    sizes = call("StridedSlice", call("Shape", X), const([1]), const([3]), const([1]))
    before, after = (call("Cast", size, DstT="float32") for size in (sizes, const([7, 11])))
    scale = call("RealDiv", after, before)
    compare(
        call("ScaleAndTranslate", X, const([7, 11]), scale, const([0.0, 0.0]), kernel_type=kernel), dynamic=False,
        atol=4e-6,
    )


def test_size_that_keeps_the_proportions(compare: Compare):
    """As `tf.image.resize` computes it with preserve_aspect_ratio."""
    sizes = [
        call("StridedSlice", call("Shape", X), const([axis]), const([axis + 1]), const([1]), shrink_axis_mask=1)
        for axis in (1, 2)
    ]
    before = [call("Cast", size, DstT="float32") for size in sizes]
    factor = call("Minimum", *(call("RealDiv", const(np.float32(12)), size) for size in before))
    after = [call("Cast", call("Round", call("Mul", factor, size)), DstT="int32") for size in before]
    compare(call("ResizeBicubic", X, call("Pack", after), half_pixel_centers=True), dynamic=False, atol=4e-6)


def test_translation(compare: Compare):
    compare(
        call("ScaleAndTranslate", X, const([8, 9]), const([1.5, 0.7]), const([-2.25, 1.5])), dynamic=False, atol=4e-6
    )
