from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from frontends.tensorflow.ops.expressions import Call, call, const, f32, i32
from frontends.tensorflow.ops.harness import Compare, each

X = f32(4, 5, 6)


def strided(x: np.ndarray, text: str, **options) -> Call:
    """A StridedSlice from NumPy's notation: `strided(x, "1:3,...,None,-1")`; "d" makes begin and end placeholders."""
    masks = dict.fromkeys(("begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask"), 0)
    rows = []
    for index, part in enumerate(text.split(",")):
        bit = 1 << index
        if part == "...":
            masks["ellipsis_mask"] |= bit
            rows.append((0, 0, 1))
        elif part == "None":
            masks["new_axis_mask"] |= bit
            rows.append((0, 0, 1))
        elif ":" in part:
            start, end, step = (*part.split(":"), "", "")[:3]
            masks["begin_mask"] |= bit * (not start)
            masks["end_mask"] |= bit * (not end)
            rows.append((int(start or 0), int(end or 0), int(step or 1)))
        else:
            masks["shrink_axis_mask"] |= bit
            rows.append((int(part), int(part) + 1, 1))
    begin, end, strides = (np.array(column, np.int32) for column in zip(*rows, strict=True))
    if options.get("computed"):
        return call("StridedSlice", x, begin, end, const(strides), **masks)
    return call("StridedSlice", x, const(begin), const(end), const(strides), **masks)


TEXTS = (
    "1:3", "0", "-1", "1,2,3", ":,1:,:-1", "::-1", "::2,::-2,4:1:-1", "...,0", "...,1:3,:", "None,0", "0,None,1",
    "None,...,None", ":,None,2", "None,1:3,None,-2,...", "...,None,-1,None", "1,...,None,2", "-3:-1", "10:20",
    "-10:2,3:100",
    "2:2", "3:1", "-1:-4:-1", "100::-1", ":,:,:", "None", "0,0,0", "None,None,1,...,2,None,None", ":0", "::3,-2::-3",
)  # fmt: skip


@each(*(strided(X, text) for text in TEXTS), *(strided(X, text, computed=True) for text in TEXTS))
def test_strided_slice(compare: Compare, case, dynamic):
    compare(case, dynamic=dynamic)


@each(
    *(
        call("StridedSlice", X, const([1, 0, 2]), const([3, 4, 5]), const([1, 1, 1]), **masks)
        for masks in (
            {"new_axis_mask": 1, "shrink_axis_mask": 1},
            {"new_axis_mask": 2, "shrink_axis_mask": 3},
            {"ellipsis_mask": 2, "new_axis_mask": 2, "shrink_axis_mask": 2},
            {"begin_mask": 7, "shrink_axis_mask": 4},
            {"end_mask": 7, "shrink_axis_mask": 5},
            {"begin_mask": 1, "end_mask": 2, "shrink_axis_mask": 2, "new_axis_mask": 4},
        )
    ),
)
def test_masks_that_meet(compare: Compare, case, dynamic):
    compare(case, dynamic=dynamic)


@st.composite
def indices(draw) -> str:
    """NumPy indices of X in which any mask may meet any other."""
    bound = st.one_of(st.just(""), st.integers(-8, 8).map(str))
    step = st.sampled_from(["", "1", "2", "-1", "-3"])
    part = st.one_of(
        st.tuples(bound, bound, step).map(":".join), st.integers(-4, 3).map(str), st.just("None"), st.just("...")
    )
    parts = draw(st.lists(part, min_size=1, max_size=6))
    while sum(item not in ("None", "...") for item in parts) > X.ndim or parts.count("...") > 1:
        parts.pop()
    return ",".join(parts) or "None"


@settings(derandomize=True, max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=indices(), computed=st.booleans(), dynamic=st.booleans())
def test_strided_slice_of_any_form(compare: Compare, text, computed, dynamic):
    compare(strided(X, text, computed=computed), dynamic=dynamic)


@each(
    call("Slice", X, const([1, 0, 2]), const([2, -1, 3])),
    call("Slice", X, const([0, 0, 0]), const([-1, -1, -1])),
    call("Slice", X, const([0, 0, 0]), const([4, 5, 6])),
    call("Slice", X, const([1, 1, 1]), const([0, 1, 2])),
    call("Slice", X, np.array([1, 0, 2], np.int32), const([2, -1, 3])),
    call("Slice", X, np.array([1, 0, 2], np.int64), np.array([2, -1, 3], np.int64)),
    call("Slice", X, const([1, 0, 2]), np.array([-1, 2, 3], np.int32)),
)
def test_slice(compare: Compare, case, dynamic):
    compare(case, dynamic=dynamic)


@each(
    call("Pad", X, const([[0, 0], [1, 2], [3, 0]])),
    call("Pad", i32(3), const([[2, 1]])),
    call("Pad", X, np.array([[0, 0], [1, 2], [3, 0]], np.int32)),
    call("PadV2", X, const([[0, 0], [1, 2], [3, 0]]), const(-1.5)),
    call("PadV2", i32(3, 2), const(np.array([[0, 0], [1, 2]], np.int64)), const(7)),
    call("MirrorPad", X, const([[0, 0], [1, 2], [3, 0]]), mode="REFLECT"),
    call("MirrorPad", X, const([[0, 0], [1, 2], [3, 0]]), mode="SYMMETRIC"),
    call("MirrorPad", X, const([[4, 4], [5, 0], [0, 6]]), mode="SYMMETRIC"),
    call("MirrorPad", X, const([[3, 3], [4, 0], [0, 5]]), mode="REFLECT"),
    call("MirrorPad", X, const([[0, 0], [0, 0], [0, 0]]), mode="SYMMETRIC"),
    call("MirrorPad", i32(5), const([[2, 1]]), mode="SYMMETRIC"),
)
def test_pad(compare: Compare, case, dynamic):
    compare(case, dynamic=dynamic)


@each(
    call("SpaceToBatchND", f32(2, 4, 6, 3), const([2, 3]), const([[0, 0], [0, 0]])),
    call("SpaceToBatchND", f32(2, 5, 6, 3), const([2, 2]), const([[1, 0], [2, 2]])),
    call("SpaceToBatchND", f32(2, 5, 6, 3), const([2, 2]), np.array([[1, 0], [2, 2]], np.int32)),
    call("SpaceToBatchND", f32(2, 6, 3), const([3]), const([[0, 3]])),
    call("SpaceToBatchND", f32(2, 6), const([3]), const([[1, 2]])),
    call("SpaceToBatch", f32(2, 4, 6, 3), const([[1, 1], [0, 0]]), block_size=2),
    call("BatchToSpaceND", f32(12, 2, 3, 3), const([2, 3]), const([[0, 0], [0, 0]])),
    call("BatchToSpaceND", f32(12, 2, 3, 3), const([2, 3]), const([[1, 0], [2, 3]])),
    call("BatchToSpaceND", f32(12, 2, 3, 3), const([2, 3]), np.array([[1, 0], [2, 3]], np.int32)),
    call("BatchToSpaceND", f32(6, 4, 3), const([3]), const([[1, 1]])),
    call("BatchToSpace", f32(8, 2, 3, 3), const([[1, 0], [0, 1]]), block_size=2),
)
def test_space_and_batch(compare: Compare, case, dynamic):
    compare(case, dynamic=dynamic)


@each(
    call("DepthToSpace", f32(2, 3, 4, 12), block_size=2),
    call("DepthToSpace", f32(1, 2, 2, 18), block_size=3),
    call("SpaceToDepth", f32(2, 4, 6, 3), block_size=2),
    call("SpaceToDepth", f32(1, 6, 3, 2), block_size=3),
)
def test_space_and_depth(compare: Compare, case, dynamic):
    compare(case, dynamic=dynamic)


def transposed(x: Call | np.ndarray, *perm: int) -> Call:
    return call("Transpose", x, const(list(perm)))


@pytest.mark.parametrize("name", ["DepthToSpace", "SpaceToDepth"])
@pytest.mark.parametrize("dynamic", [False, True])
def test_space_and_depth_channels_first(compare: Compare, name, dynamic):
    """TensorFlow itself runs NCHW on a GPU only; the documentation says that it is the transposed NHWC."""
    x = f32(2, 12, 4, 6)
    last = call(name, transposed(x, 0, 2, 3, 1), block_size=2)
    compare(call(name, x, block_size=2, data_format="NCHW"), expected=transposed(last, 0, 3, 1, 2), dynamic=dynamic)
