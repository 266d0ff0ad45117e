from __future__ import annotations

import numpy as np
import pytest

from frontends.tensorflow.ops.expressions import boolean, call, const, f32, i32, i64
from frontends.tensorflow.ops.harness import Compare, each
from paddlify.errors import UnsupportedModel

X = f32(2, 3, 4)


@each(
    call("Shape", X),
    call("Shape", X, out_type="int64"),
    call("ShapeN", [X, f32(5)]),
    call("Size", X),
    call("Size", np.float32(1), out_type="int64"),
    call("Rank", X),
    call("Reshape", X, const([4, -1])),
    call("Reshape", X, const([6, 2, 2])),
    call("Reshape", X, np.array([3, -1], np.int64)),
    call("Reshape", f32(0, 3), const([3, 0])),
    call("Reshape", f32(1), const([])),
    call("Reshape", X, call("Pack", [call("Size", f32(6)), const(-1)])),
    call("ExpandDims", X, const(1)),
    call("ExpandDims", X, const(-1)),
    call("ExpandDims", X, const([-4])),
    call("Squeeze", f32(1, 3, 1), squeeze_dims=[-1]),
    call("Squeeze", f32(1, 3, 1), squeeze_dims=[2, 0]),
    call("Transpose", X, const([2, 0, 1])),
    call("Transpose", X, const([0, 1, 2])),
    call("Transpose", i64(2, 3), const([1, 0])),
)
def test_shape(compare: Compare, case, dynamic):
    compare(case, dynamic=dynamic)


NHWC_TO_NCHW = {"src_format": "NHWC", "dst_format": "NCHW"}


@pytest.mark.parametrize(
    "case",
    [
        call("DataFormatVecPermute", i32(4), **NHWC_TO_NCHW),
        call("DataFormatVecPermute", i32(4), src_format="NCHW", dst_format="NHWC"),
        call("DataFormatVecPermute", i64(4, 2), **NHWC_TO_NCHW),
        call("DataFormatVecPermute", i32(2), **NHWC_TO_NCHW),
        call("DataFormatDimMap", const([0, 3, -1, 1]), **NHWC_TO_NCHW),
    ],
    ids=repr,
)
def test_data_format(compare: Compare, case):
    compare(case, dynamic=False)


@pytest.mark.parametrize("shape", [(1, 3, 1), (1, 1), (2, 3)])
def test_squeeze_of_every_axis(compare: Compare, shape):
    compare(call("Squeeze", f32(*shape)), dynamic=False)


def test_squeeze_of_unknown_axes_is_refused(compare: Compare):
    with pytest.raises(UnsupportedModel, match="which axes have size 1"):
        compare(call("Squeeze", f32(1, 3)), dynamic=True)


@each(
    call("Concat", const(1), [X, f32(2, 1, 4)]),
    call("ConcatV2", [X, f32(2, 1, 4)], const(-2)),
    call("ConcatV2", [X, X, X], const(np.int64(0))),
    call("ConcatV2", [boolean(3), boolean(2)], const(0)),
    call("Pack", [X, X], axis=0),
    call("Pack", [X, X, X], axis=-1),
    call("Pack", [X], axis=1),
    call("Pack", [np.int32(3), const(4)]),
    call("Unpack", X, num=3, axis=1),
    call("Unpack", X, num=4, axis=-1),
    call("Unpack", f32(1, 3), num=1, axis=0),
    call("Split", const(1), f32(2, 6), num_split=3),
    call("Split", const(-1), f32(2, 6), num_split=1),
    call("SplitV", f32(2, 6), const([1, 2, 3]), const(1), num_split=3),
    call("SplitV", f32(2, 6), const(np.array([1, -1, 3], np.int64)), const(-1), num_split=3),
    call("SplitV", f32(2, 6), const([6]), const(1), num_split=1),
    call("SplitV", f32(2, 6), np.array([1, 2, 3], np.int32), const(1), num_split=3),
    call("SplitV", f32(2, 6), np.array([1, -1, 3], np.int64), const(-1), num_split=3),
    call("Tile", X, const([2, 1, 3])),
    call("Tile", i32(3), np.array([4], np.int32)),
)
def test_join_and_split(compare: Compare, case, dynamic):
    compare(case, dynamic=dynamic)


@each(
    call("Fill", const([2, 3]), const(1.5)),
    call("Fill", np.array([2, 3], np.int32), const(7)),
    call("Fill", const([2, 3]), np.float32(1.5)),
    call("Fill", const([]), const(True)),
    call("ZerosLike", X),
    call("ZerosLike", boolean(2)),
    call("OnesLike", i32(2, 3)),
    call("BroadcastTo", f32(3, 1), const([2, 3, 4])),
    call("BroadcastTo", f32(3, 1), np.array([2, 3, 4], np.int64)),
    call("BroadcastArgs", const([1, 0]), const([5, 1])),
    call("Range", const(1), const(10), const(3)),
    call("Range", np.int32(5), np.int32(-2), const(-2)),
    call("Range", const(0.0), const(1.0), const(0.25)),
    call("LinSpace", const(1.0), const(2.0), const(7)),
    call("LinSpace", np.float32(-1), np.float32(5), np.int32(4)),
    call("LinSpace", const(3.0), const(9.0), const(1)),
)
def test_fill(compare: Compare, case, dynamic):
    compare(case, dynamic=dynamic)


def test_broadcast_of_computed_shapes(compare: Compare):
    compare(call("BroadcastArgs", np.array([3, 1], np.int32), const([2, 1, 4])), dynamic=False)


INDICES = np.array([[0, 2, -1], [3, 1, 2]], np.int64)


@each(
    *(call("OneHot", INDICES, const(3), const(5.0), const(-1.0), axis=axis) for axis in (-1, 0, 1, 2)),
    call("OneHot", INDICES.astype(np.int32), np.int32(4), const(1), const(0)),
    call("OneHot", const(2), const(4), const(True), const(False)),
    call("OneHot", INDICES[0].astype(np.uint8), const(4), const(1.0), const(0.0)),
)
def test_one_hot(compare: Compare, case, dynamic):
    compare(case, dynamic=dynamic)


@each(
    call("Select", boolean(2, 3, 4), X, f32(2, 3, 4, seed=1)),
    call("Select", np.bool_(True), X, f32(2, 3, 4, seed=1)),
    call("Select", boolean(2), X, f32(2, 3, 4, seed=1)),
    call("Select", boolean(4), i32(4), i32(4, seed=1)),
    call("SelectV2", boolean(3, 1), X, const(0.5)),
    call("SelectV2", boolean(4), X, f32(2, 1, 1)),
    call("SelectV2", boolean(2, 3), boolean(3, seed=1), boolean(2, 1, seed=2)),
    *(call("Where", x) for x in (boolean(3, 4), i32(3, 4, low=-1, high=1), np.round(X), boolean(5).astype(np.float64))),
    call("Where", i32(2, 3, low=0, high=1, dtype=np.int8)),
)
def test_select(compare: Compare, case, dynamic):
    compare(case, dynamic=dynamic)


LENGTHS = np.array([1, 3], np.int32)


@each(
    call("Reverse", X, const([True, False, True])),
    call("ReverseV2", X, const([0, -1])),
    call("ReverseV2", X, const([])),
    call("ReverseV2", i32(5), const(np.array([0], np.int64))),
    call("ReverseSequence", X, LENGTHS, seq_dim=1, batch_dim=0),
    call("ReverseSequence", f32(3, 2, 4), LENGTHS, seq_dim=0, batch_dim=1),
    call("ReverseSequence", f32(4, 2, 3), const(LENGTHS.astype(np.int64)), seq_dim=2, batch_dim=1),
    call("ReverseSequence", f32(4, 3, 2), LENGTHS, seq_dim=1, batch_dim=2),
    call("ReverseSequence", f32(3, 5, 2), LENGTHS, seq_dim=0, batch_dim=2),
    call("Roll", X, const([1]), const([1])),
    call("Roll", X, const([-1, 7, 2]), const([0, 2, 2])),
    call("Roll", i32(5), const(13), const(0)),
    call("Roll", X, const([0]), const([1])),
    call("Roll", X, const([3]), const([-2])),
    call("Roll", X, np.int32(-8), const(1)),
    call("Roll", X, np.array([-1, 7, 2], np.int64), const([0, 2, 2])),
    call("InvertPermutation", const([2, 0, 3, 1])),
    call("InvertPermutation", np.array([2, 0, 3, 1], np.int64)),
)
def test_order(compare: Compare, case, dynamic):
    compare(case, dynamic=dynamic)
