from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from frontends.tensorflow.ops.expressions import Call, call, const, f32
from frontends.tensorflow.ops.harness import Compare, each

X = f32(2, 9, 10, 4)


def conv(x: np.ndarray, kernel: np.ndarray, *strides: int, dilations=(1, 1), padding="SAME", **options) -> Call:
    return call(
        "Conv2D", x, const(kernel), strides=[1, *strides, 1], dilations=[1, *dilations, 1], padding=padding, **options
    )


def transposed(x, *perm: int) -> Call:
    return call("Transpose", x, const(list(perm)))


def first(explicit: list[int]) -> list[int]:
    return [*explicit[:2], *explicit[6:], *explicit[2:6]]


@each(
    conv(X, f32(3, 3, 4, 5), 1, 1),
    conv(X, f32(3, 3, 4, 5), 2, 2),
    conv(X, f32(4, 2, 4, 5), 2, 3),
    conv(X, f32(1, 1, 4, 5), 2, 2),
    conv(X, f32(2, 2, 4, 5), 3, 3),
    conv(X, f32(3, 3, 4, 5), 1, 1, padding="VALID"),
    conv(X, f32(3, 3, 4, 5), 2, 3, padding="VALID"),
    conv(X, f32(3, 3, 4, 5), 1, 1, dilations=(2, 3)),
    conv(X, f32(3, 3, 4, 5), 2, 2, dilations=(2, 2)),
    conv(X, f32(3, 3, 4, 5), 1, 1, dilations=(2, 1), padding="VALID"),
    conv(X, f32(3, 3, 4, 5), 1, 1, padding="EXPLICIT", explicit_paddings=[0, 0, 1, 2, 3, 0, 0, 0]),
    conv(X, f32(3, 3, 4, 5), 2, 1, padding="EXPLICIT", explicit_paddings=[0, 0, 0, 0, 0, 0, 0, 0]),
)
def test_conv_2d(compare: Compare, case, dynamic):
    compare(case, dynamic=dynamic, atol=2e-6)


def test_conv_with_a_computed_kernel(compare: Compare):
    case = call("Conv2D", X, f32(3, 2, 4, 5), strides=[1, 1, 1, 1], padding="SAME", use_cudnn_on_gpu=False)
    compare(case, dynamic=False, atol=2e-6)


def test_grouped_conv(compare: Compare):
    compare(conv(X, f32(3, 3, 2, 6), 1, 1), dynamic=False, atol=2e-6)


def test_grouped_conv_that_is_dilated_by_way_of_the_batch(compare: Compare):
    """As Keras has it where the image's size is not known: the padding is computed, the channels are known."""
    moved = call("SpaceToBatchND", f32(2, 7, 9, 4), const([2, 3]), np.array([[2, 3], [3, 3]], np.int32))
    case = call("Conv2D", moved, const(f32(3, 3, 2, 6)), strides=[1, 1, 1, 1], padding="VALID")
    compare(case, dynamic=False, atol=2e-6)


@pytest.mark.parametrize("dynamic", [False, True])
@pytest.mark.parametrize(
    ("strides", "padding", "explicit"),
    [((1, 1), "SAME", []), ((2, 3), "SAME", []), ((1, 2), "EXPLICIT", [0, 0, 1, 2, 3, 0, 0, 0])],
)
def test_channels_first(compare: Compare, strides, padding, explicit, dynamic):
    """TensorFlow runs NCHW on a GPU only: the oracle is its NHWC convolution of the transposed data."""
    x, kernel = f32(2, 4, 9, 10), const(f32(3, 3, 4, 5))
    last = call(
        "Conv2D",
        transposed(x, 0, 2, 3, 1),
        kernel,
        strides=[1, *strides, 1],
        padding=padding,
        explicit_paddings=explicit,
    )
    case = call(
        "Conv2D",
        x,
        kernel,
        strides=[1, 1, *strides],
        padding=padding,
        explicit_paddings=first(explicit),
        data_format="NCHW",
    )
    compare(case, expected=transposed(last, 0, 3, 1, 2), dynamic=dynamic, atol=2e-6)


@settings(derandomize=True, max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    size=st.tuples(st.integers(1, 12), st.integers(1, 12)),
    kernel=st.tuples(st.integers(1, 5), st.integers(1, 5)),
    strides=st.tuples(st.integers(1, 4), st.integers(1, 4)),
    dilations=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    padding=st.sampled_from(["SAME", "VALID"]),
    dynamic=st.booleans(),
)
def test_conv_2d_of_any_size(compare: Compare, size, kernel, strides, dilations, padding, dynamic):
    extents = [(k - 1) * d + 1 for k, d in zip(kernel, dilations, strict=True)]
    assume(padding == "SAME" or all(e <= s for e, s in zip(extents, size, strict=True)))
    case = conv(f32(1, *size, 2), f32(*kernel, 2, 3), *strides, dilations=dilations, padding=padding)
    compare(case, dynamic=dynamic, atol=2e-6)


@each(
    *(
        call("DepthwiseConv2dNative", X, const(f32(3, 3, 4, m)), strides=[1, s, s, 1], padding=padding)
        for m in (1, 3)
        for s in (1, 2)
        for padding in ("SAME", "VALID")
    ),
    call(
        "DepthwiseConv2dNative", X, const(f32(3, 3, 4, 2)), strides=[1, 1, 1, 1], dilations=[1, 2, 3, 1], padding="SAME"
    ),
    call(
        "DepthwiseConv2dNative",
        X,
        const(f32(3, 3, 4, 2)),
        strides=[1, 1, 1, 1],
        padding="EXPLICIT",
        explicit_paddings=[0, 0, 2, 1, 0, 3, 0, 0],
    ),
)
def test_depthwise(compare: Compare, case, dynamic):
    compare(case, dynamic=dynamic, atol=2e-6)


V = f32(2, 5, 6, 7, 3)


@each(
    *(
        call("Conv3D", V, const(f32(3, 2, 3, 3, 4)), strides=[1, *strides, 1], padding=padding)
        for strides in ([1, 1, 1], [2, 1, 3])
        for padding in ("SAME", "VALID")
    ),
    call("Conv3D", V, const(f32(2, 2, 2, 3, 4)), strides=[1] * 5, dilations=[1, 2, 1, 3, 1], padding="VALID"),
)
def test_conv_3d(compare: Compare, case, dynamic):
    compare(case, dynamic=dynamic, atol=2e-6)


def backprop(
    shape: tuple[int, ...], kernel: tuple[int, int], stride: int, padding="SAME", computed=False, **options
) -> Call:
    """The transposed convolution whose result has `shape`."""
    explicit = options.get("explicit_paddings") or [0] * 8
    extents = [k + (k - 1) * (d - 1) for k, d in zip(kernel, options.get("dilations", [1] * 4)[1:3], strict=True)]
    if padding == "SAME":
        small = [-(-size // stride) for size in shape[1:3]]
    else:
        totals = [explicit[2] + explicit[3], explicit[4] + explicit[5]]
        small = [(n + t - k) // stride + 1 for n, t, k in zip(shape[1:3], totals, extents, strict=True)]
    sizes = np.array(shape, np.int32)
    x = f32(shape[0], *small, 5)
    return call(
        "Conv2DBackpropInput",
        sizes if computed else const(sizes),
        const(f32(*kernel, shape[-1], 5)),
        x,
        strides=[1, stride, stride, 1],
        padding=padding,
        **options,
    )


SETTINGS = [
    ((2, 8, 10, 3), (3, 3), 2), ((2, 9, 11, 3), (3, 3), 2), ((2, 9, 10, 3), (4, 4), 2), ((1, 7, 7, 3), (2, 2), 3),
    ((1, 9, 8, 3), (1, 1), 2), ((2, 6, 6, 3), (5, 3), 1), ((1, 10, 11, 3), (2, 3), 4), ((1, 12, 11, 3), (3, 3), 3),
]  # fmt: skip


@each(
    *(
        backprop(*setting, padding=padding, computed=computed)
        for setting in SETTINGS
        for padding in ("SAME", "VALID")
        for computed in (False, True)
    ),
    backprop((1, 9, 9, 2), (3, 3), 2, "EXPLICIT", explicit_paddings=[0, 0, 1, 1, 0, 2, 0, 0]),
    backprop((1, 9, 9, 2), (3, 3), 2, "EXPLICIT", computed=True, explicit_paddings=[0, 0, 1, 1, 0, 2, 0, 0]),
)
def test_conv_2d_backprop_input(compare: Compare, case, dynamic):
    compare(case, dynamic=dynamic, atol=2e-6)


def test_transposed_conv_whose_size_is_arithmetic(compare: Compare):
    """[batch, 2·height, 2·width, 3] is known to fit the input, so nothing is left of the arithmetic."""
    x = f32(2, 4, 5, 6)
    shape = call("Mul", call("Shape", x), const([1, 2, 2, 1]))
    sizes = call("ConcatV2", [call("Slice", shape, const([0]), const([3])), const([3])], const(0))
    case = call("Conv2DBackpropInput", sizes, const(f32(3, 3, 3, 6)), x, strides=[1, 2, 2, 1], padding="SAME")
    compare(case, dynamic=True, atol=2e-6, operators={"Transpose", "ConvTranspose"})


@each(
    *(
        call(
            "Conv3DBackpropInputV2",
            const([1, 5, 6, 7, 2]),
            const(f32(3, 3, 2, 2, 4)),
            f32(1, 3, 3, 4, 4),
            strides=[1, 2, 2, 2, 1],
            padding="SAME",
        ),
        call(
            "Conv3DBackpropInputV2",
            const([1, 5, 6, 7, 2]),
            const(f32(3, 3, 2, 2, 4)),
            f32(1, 2, 2, 3, 4),
            strides=[1, 2, 2, 2, 1],
            padding="VALID",
        ),
    ),
)
def test_conv_3d_backprop_input(compare: Compare, case, dynamic):
    compare(case, dynamic=dynamic, atol=2e-6)
