from __future__ import annotations

import numpy as np

from frontends.tensorflow.ops.expressions import call, const, f32
from frontends.tensorflow.ops.harness import Compare, each

PLACES = np.array([[0, 1], [2, 0], [2, 3]], np.int64)
VALUES = f32(3)
SHAPE = const(np.array([3, 4], np.int64))


def long(*numbers: int) -> object:
    return const(np.array(numbers, np.int64))


@each(
    call("SparseTensorDenseMatMul", PLACES, VALUES, SHAPE, f32(4, 2)),
    call("SparseTensorDenseMatMul", PLACES, VALUES, SHAPE, f32(2, 3), adjoint_a=True, adjoint_b=True),
    call("SparseTensorDenseAdd", PLACES, VALUES, SHAPE, f32(3, 4)),
    call("SparseReshape", PLACES, SHAPE, long(2, 6)),
    call("SparseReshape", PLACES, SHAPE, long(2, -1, 3)),
    call("SparseReshape", PLACES, SHAPE, long(-1)),
    call("SparseFillEmptyRows", PLACES, VALUES, long(5, 4), const(9.0)),
    call("SparseFillEmptyRows", PLACES, VALUES, long(3, 4), np.float32(-1)),
    call("RaggedRange", const([0, 5, 8]), const([3, 5, 4]), const([1, 1, -2])),
    call("RaggedRange", const([2, 5]), np.array([7, 6], np.int32), const(3), Tsplits="int32"),
    call("RaggedRange", const(0), np.array([2, 0, 3], np.int32), const(1)),
)
def test_sparse(compare: Compare, case, dynamic):
    compare(case, dynamic=dynamic)


SPLITS = np.array([0, 2, 2, 5], np.int64)


def to_tensor(*shape: int, values=None):
    types = {"row_partition_types": ["ROW_SPLITS"]}
    wanted = long(*shape) if shape else const(np.int64(-1))
    return call("RaggedTensorToTensor", wanted, f32(5) if values is None else values, const(9.0), [SPLITS], **types)


@each(
    call("RaggedTensorToSparse", [SPLITS], f32(5)),
    call("RaggedTensorToSparse", [SPLITS.astype(np.int32)], f32(5)),
    to_tensor(),
    to_tensor(-1, -1),
    to_tensor(2, 2),
    to_tensor(5, 4),
    to_tensor(-1, 2, 3, values=f32(5, 3)),
)
def test_ragged(compare: Compare, case, dynamic):
    compare(case, dynamic=dynamic)
