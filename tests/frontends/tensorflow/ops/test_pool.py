from __future__ import annotations

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from frontends.tensorflow.ops.expressions import call, const, f32
from frontends.tensorflow.ops.harness import Compare, each

X = f32(2, 9, 10, 3)


@each(
    *(
        call(name, X, ksize=[1, *kernel, 1], strides=[1, *strides, 1], padding=padding)
        for name in ("MaxPool", "AvgPool")
        for kernel, strides in (((2, 2), (2, 2)), ((3, 2), (2, 3)), ((3, 3), (1, 1)), ((2, 2), (3, 4)))
        for padding in ("SAME", "VALID")
    ),
    call(
        "MaxPool",
        X,
        ksize=[1, 3, 3, 1],
        strides=[1, 2, 2, 1],
        padding="EXPLICIT",
        explicit_paddings=[0, 0, 1, 0, 2, 1, 0, 0],
    ),
    call("MaxPoolV2", X, const([1, 2, 3, 1]), const([1, 2, 2, 1]), padding="SAME"),
    *(
        call(name, f32(1, 5, 6, 7, 2), ksize=[1, 2, 3, 2, 1], strides=[1, 2, 1, 3, 1], padding=padding)
        for name in ("MaxPool3D", "AvgPool3D")
        for padding in ("SAME", "VALID")
    ),
    *(
        call(
            "MaxPoolWithArgmax",
            X,
            ksize=[1, 2, 3, 1],
            strides=[1, 2, 2, 1],
            padding=padding,
            include_batch_in_index=batch,
            Targmax=index,
        )
        for padding, batch, index in (("SAME", False, "int64"), ("VALID", True, "int32"), ("SAME", True, "int64"))
    ),
)
def test_pool(compare: Compare, case, dynamic):
    compare(case, dynamic=dynamic)


@pytest.mark.parametrize("name", ["MaxPool", "AvgPool"])
@pytest.mark.parametrize("dynamic", [False, True])
def test_channels_first(compare: Compare, name, dynamic):
    x = f32(2, 3, 9, 10)
    nhwc = call("Transpose", x, const([0, 2, 3, 1]))
    last = call(name, nhwc, ksize=[1, 3, 2, 1], strides=[1, 2, 3, 1], padding="SAME")
    case = call(name, x, ksize=[1, 1, 3, 2], strides=[1, 1, 2, 3], padding="SAME", data_format="NCHW")
    compare(case, expected=call("Transpose", last, const([0, 3, 1, 2])), dynamic=dynamic)


@settings(derandomize=True, max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.sampled_from(["MaxPool", "AvgPool"]),
    size=st.tuples(st.integers(1, 12), st.integers(1, 12)),
    kernel=st.tuples(st.integers(1, 5), st.integers(1, 5)),
    strides=st.tuples(st.integers(1, 4), st.integers(1, 4)),
    padding=st.sampled_from(["SAME", "VALID"]),
    dynamic=st.booleans(),
)
def test_pool_of_any_size(compare: Compare, name, size, kernel, strides, padding, dynamic):
    assume(padding == "SAME" or all(k <= s for k, s in zip(kernel, size, strict=True)))
    x = f32(1, *size, 2)
    compare(call(name, x, ksize=[1, *kernel, 1], strides=[1, *strides, 1], padding=padding), dynamic=dynamic)
