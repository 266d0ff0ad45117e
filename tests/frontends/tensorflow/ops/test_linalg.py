from __future__ import annotations

import numpy as np
import pytest

from frontends.tensorflow.ops.expressions import boolean, call, const, f32, f64, i32
from frontends.tensorflow.ops.harness import Compare, each


@each(
    call("MatMul", f32(2, 3), f32(3, 4)),
    call("MatMul", f32(3, 2), const(f32(4, 3)), transpose_a=True, transpose_b=True),
    call("MatMul", i32(2, 3), i32(3, 4)),
    call("MatMul", f64(2, 3), f64(3, 4)),
    call("SparseMatMul", f32(3, 2), f32(4, 3), transpose_a=True, transpose_b=True, a_is_sparse=True),
    call("BatchMatMul", f32(2, 3, 4), f32(2, 4, 5)),
    call("BatchMatMulV2", f32(2, 1, 3, 4), f32(3, 4, 5)),
    call("BatchMatMulV2", f32(2, 4, 3), f32(2, 5, 4), adj_x=True, adj_y=True),
    call("BatchMatMulV3", f32(2, 4, 3), f32(4, 5), adj_x=True, Tout="float32"),
    call("BatchMatMulV3", i32(2, 3).astype(np.int8), i32(3, 4).astype(np.int8), Tout="int32"),
    *(
        call("Einsum", list(inputs), equation=equation)
        for equation, *inputs in (
            ("ij,jk->ik", f32(2, 3), f32(3, 4)),
            ("abc,cde->abde", f32(2, 3, 4), f32(4, 5, 6)),
            ("...ij,...jk->...ik", f32(2, 3, 4), f32(2, 4, 5)),
            ("BTNH,BSNH->BNTS", f32(2, 3, 4, 5), f32(2, 6, 4, 5)),
            ("ij->ji", f32(2, 3)),
            ("ijk->j", f32(2, 3, 4)),
            ("i,j->ij", f32(2), f32(3)),
            ("bi,bi->b", f32(2, 3), f32(2, 3, seed=1)),
            ("ii->i", f32(3, 3)),
        )
    ),
    call("Cross", f32(2, 3), f32(2, 3, seed=1)),
    call("MatrixDeterminant", f32(2, 3, 3)),
)
def test_product(compare: Compare, case, dynamic):
    compare(case, dynamic=dynamic, atol=2e-6)


WELL = f32(2, 3, 3) + 3 * np.eye(3, dtype=np.float32)


@each(
    call("MatrixInverse", WELL),
    call("MatrixInverse", WELL.astype(np.float64), adjoint=True),
    call("MatrixInverse", WELL[0]),
    call("MatrixInverse", const(WELL)),
    call("MatrixInverse", f32(4, 1, 1)),
    call("MatrixInverse", f32(0, 3, 3)),
)
def test_inverse(compare: Compare, case, dynamic):
    compare(case, dynamic=dynamic, atol=2e-6)


@each(
    *(
        call("MatrixBandPart", f32(2, 4, 5), const(low), const(high))
        for low, high in ((1, 2), (-1, 0), (0, -1), (0, 0), (4, 5), (-1, -1))
    ),
    call("MatrixBandPart", i32(3, 3), const(np.int64(1)), const(np.int64(0))),
    *(
        call("MatrixBandPart", f32(2, 4, 5), np.int32(low), np.int32(high))
        for low, high in ((1, 2), (-1, 0), (0, -1), (0, 0), (4, 5), (-1, -1))
    ),
    call("MatrixBandPart", i32(3, 3), const(np.int64(1)), np.int64(0)),
    call("Diag", f32(3)),
    call("Diag", i32(2, 3)),
    call("DiagPart", f32(3, 3)),
    call("DiagPart", f32(2, 3, 2, 3)),
    call("MatrixDiag", f32(2, 3)),
    call("MatrixDiag", boolean(4)),
    call("MatrixDiagPart", f32(2, 3, 4)),
    call("MatrixDiagPart", i32(4, 3)),
    call("MatrixSetDiag", f32(2, 3, 4), f32(2, 3)),
    call("MatrixSetDiag", f32(4, 3), f32(3, seed=1)),
    call("MatrixDiagV3", f32(2, 3), const(0), const(-1), const(-1), const(0.0)),
    call("MatrixDiagPartV3", f32(2, 3, 4), const(0), const(0.0)),
    call("MatrixSetDiagV3", f32(2, 3, 4), f32(2, 3), const(0)),
)
def test_diagonal(compare: Compare, case, dynamic):
    compare(case, dynamic=dynamic)


ALIGNMENTS = ("LEFT_LEFT", "LEFT_RIGHT", "RIGHT_LEFT", "RIGHT_RIGHT")


@pytest.mark.parametrize(
    "case",
    [
        *(call("MatrixDiagPartV3", f32(2, 4, 5), const([-2, 3]), const(9.0), align=align) for align in ALIGNMENTS),
        *(
            call("MatrixDiagV3", f32(2, 4, 3), const([-2, 1]), const(4), const(-1), const(7.0), align=align)
            for align in ALIGNMENTS
        ),
        *(call("MatrixSetDiagV3", f32(2, 4, 5), f32(2, 4, 4), const([-1, 2]), align=align) for align in ALIGNMENTS),
        call("MatrixDiagPartV2", f32(4, 3), const([-1, 1]), const(0.0)),
        call("MatrixDiagPartV3", f32(2, 4, 3), const(-2), const(0.0)),
        call("MatrixDiagPartV3", f32(2, 4, 3), const([1, 1]), const(0.0)),
        call("MatrixDiagV2", f32(2, 3, 4), const([-1, 1]), const(-1), const(-1), const(0.0)),
        call("MatrixDiagV3", f32(2, 3), const(1), const(-1), const(-1), const(0.0)),
        call("MatrixDiagV3", f32(2, 3), const(-1), const(-1), const(3), const(5.0)),
        call("MatrixDiagV3", i32(3), const(2), const(3), const(7), const(1)),
        call("MatrixSetDiagV2", f32(3, 4), f32(3, 3), const([-1, 1])),
        call("MatrixSetDiagV3", f32(2, 3, 4), f32(2, 3, seed=1), const(1)),
    ],
    ids=repr,
)  # fmt: skip
def test_band_of_matrices_of_known_size(compare: Compare, case):
    compare(case, dynamic=False)
