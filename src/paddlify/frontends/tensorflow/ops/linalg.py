# mypy: disable-error-code="no-any-return"

"""Products and inverses of matrices, diagonals and triangles."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import onnx_ir as ir

from paddlify.errors import Refusal
from paddlify.frontends.tensorflow.lowering import lowers
from paddlify.frontends.tensorflow.ops.common import (
    Op,
    Result,
    Value,
    cast,
    int64,
    ints,
    reshape,
    select,
    shape_of,
    size_of,
    sizes,
    slice_axis,
    squeeze,
    unsqueeze,
)
from paddlify.ir.builder import rank_of
from paddlify.ir.inference import known_array
from paddlify.ir.opset import CONTRIB_DOMAIN


@lowers("MatMul")
def mat_mul(op: Op, a: Value, b: Value, *, transpose_a: bool, transpose_b: bool) -> Result:
    return op.MatMul(_adjoint(op, a, transpose_a), _adjoint(op, b, transpose_b))


@lowers("SparseMatMul")
def sparse_mat_mul(
    op: Op, a: Value, b: Value, *, transpose_a: bool, transpose_b: bool, a_is_sparse: bool, b_is_sparse: bool
) -> Result:
    """The matrices are dense: the flags are hints that many elements are 0."""
    left, right = (cast(op, x, ir.DataType.FLOAT) for x in (a, b))
    return op.MatMul(_adjoint(op, left, transpose_a), _adjoint(op, right, transpose_b))


@lowers("BatchMatMul", "BatchMatMulV2")
def batch_mat_mul(op: Op, x: Value, y: Value, *, adj_x: bool, adj_y: bool) -> Result:
    return op.MatMul(_adjoint(op, x, adj_x), _adjoint(op, y, adj_y))


@lowers("BatchMatMulV3")
def batch_mat_mul_v3(op: Op, x: Value, y: Value, *, Tout: ir.DataType, adj_x: bool, adj_y: bool) -> Result:
    left, right = (cast(op, value, Tout) for value in (x, y))
    return op.MatMul(_adjoint(op, left, adj_x), _adjoint(op, right, adj_y))


def _adjoint(op: Op, x: Value, wanted: bool) -> Value:
    if not wanted:
        return x
    last = rank_of(x) - 1
    return op.Transpose(x, perm=[*range(last - 1), last, last - 1])


@lowers("Einsum")
def einsum(op: Op, *inputs: Value, equation: str) -> Result:
    return op.Einsum(*inputs, equation=equation)


@lowers("Cross")
def cross(op: Op, a: Value, b: Value) -> Result:
    """The cross product along the last axis, of size 3."""
    last = rank_of(a) - 1
    forward, backward = op.constant([1, 2, 0]), op.constant([2, 0, 1])
    first = op.Mul(op.Gather(a, forward, axis=last), op.Gather(b, backward, axis=last))
    return op.Sub(first, op.Mul(op.Gather(a, backward, axis=last), op.Gather(b, forward, axis=last)))


@lowers("MatrixDeterminant")
def matrix_determinant(op: Op, x: Value) -> Result:
    return op.Det(x)


@lowers("MatrixInverse")
def matrix_inverse(op: Op, x: Value, *, adjoint: bool) -> Result:
    """onnxruntime's operator: ai.onnx has none."""
    return op.Inverse(_adjoint(op, x, adjoint), domain=CONTRIB_DOMAIN)


@lowers("MatrixBandPart")
def matrix_band_part(op: Op, x: Value, lower: Value, upper: Value) -> Result:
    """Zero below `lower` subdiagonals and above `upper` superdiagonals; a negative number keeps all of them."""
    if known_array(lower) is None or known_array(upper) is None:
        return _computed_band_part(op, x, int64(op, lower), int64(op, upper))
    below, above = ints(lower, "num_lower")[0], ints(upper, "num_upper")[0]
    result = x
    if below >= 0:
        result = op.Trilu(result, op.constant(-below), upper=1)
    if above >= 0:
        result = op.Trilu(result, op.constant(above), upper=0)
    return result if result is not x else op.Identity(x)


def _computed_band_part(op: Op, x: Value, lower: Value, upper: Value) -> Value:
    zero, one = op.constant(0), op.constant(1)
    rows, columns = (
        op.Range(zero, squeeze(op, size_of(op, x, axis), 0), one) for axis in (rank_of(x) - 2, rank_of(x) - 1)
    )
    below = op.Sub(unsqueeze(op, rows, 1), unsqueeze(op, columns, 0))
    kept = [
        op.Or(op.Less(most, zero), op.LessOrEqual(distance, most))
        for most, distance in ((lower, below), (upper, op.Neg(below)))
    ]
    return op.Where(op.And(*kept), x, op.constant_like(x, 0))


@lowers("Diag")
def diag(op: Op, diagonal: Value) -> Result:
    """Shape [d1, …, dk] becomes [d1, …, dk, d1, …, dk]."""
    shape = shape_of(op, diagonal)
    return reshape(op, op.lower("MatrixDiag", reshape(op, diagonal, [-1])), shape, shape)


@lowers("DiagPart")
def diag_part(op: Op, x: Value) -> Result:
    """Shape [d1, …, dk, d1, …, dk] becomes [d1, …, dk]."""
    shape = shape_of(op, x)
    half = slice_axis(op, shape, 0, 0, rank_of(x) // 2)
    known = known_array(shape)
    half = op.constant(known[: rank_of(x) // 2]) if known is not None else half
    count = op.ReduceProd(half, op.constant([0]), keepdims=1)
    return reshape(op, op.lower("MatrixDiagPart", reshape(op, x, count, count)), half)


@lowers("MatrixDiag")
def matrix_diag(op: Op, diagonal: Value) -> Result:
    """Vectors become the main diagonals of square matrices."""
    last = rank_of(diagonal) - 1
    count = size_of(op, diagonal, last)
    return select(op, _on_diagonal(op, count, count), unsqueeze(op, diagonal, last), op.constant_like(diagonal, 0))


@lowers("MatrixDiagPart")
def matrix_diag_part(op: Op, x: Value) -> Result:
    """The main diagonals of matrices, which need not be square."""
    rank = rank_of(x)
    rows, columns = size_of(op, x, rank - 2), size_of(op, x, rank - 1)
    count = op.Min(rows, columns)
    place = op.Range(op.constant(0), squeeze(op, count, 0), op.constant(1))
    flat = reshape(op, x, *([op.Shape(x, end=rank - 2)] if rank > 2 else []), op.Mul(rows, columns))
    return op.Gather(flat, op.Mul(place, op.Add(columns, op.constant([1]))), axis=rank - 2)


@lowers("MatrixSetDiag")
def matrix_set_diag(op: Op, x: Value, diagonal: Value) -> Result:
    """The main diagonal of each matrix is replaced."""
    rank = rank_of(x)
    rows, columns = size_of(op, x, rank - 2), size_of(op, x, rank - 1)
    count = op.Min(rows, columns)
    room = op.Sub(columns, count)
    pads = op.Concat(op.constant([0] * (2 * rank - 3)), room, axis=0)
    wide = op.Pad(diagonal, pads, mode="constant")
    return select(op, _on_diagonal(op, rows, columns), unsqueeze(op, wide, rank - 2), x)


def _on_diagonal(op: Op, rows: Value, columns: Value) -> Value:
    """A matrix of truth values: row number equals column number."""
    down, across = (op.Range(op.constant(0), squeeze(op, count, 0), op.constant(1)) for count in (rows, columns))
    return op.Equal(unsqueeze(op, down, 1), unsqueeze(op, across, 0))


@dataclass(frozen=True)
class _Band:
    """Diagonals `low` … `high` of matrices of a known size, stored as rows from the highest to the lowest.

    Attributes:
        left: sub- or superdiagonals that begin at the left of their row, "sub" and "super"; the others end at its
            right (TensorFlow's attribute `align`).
    """

    low: int
    high: int
    rows: int
    columns: int
    left: frozenset[str]

    def length(self, offset: int) -> int:
        return min(self.rows + min(offset, 0), self.columns - max(offset, 0))

    @property
    def longest(self) -> int:
        return max(self.length(offset) for offset in range(self.low, self.high + 1))

    def cells(self) -> list[tuple[int, int, int]]:
        """(index among the stored elements, row, column) of each element of the band."""
        found = []
        for index, offset in enumerate(range(self.high, self.low - 1, -1)):
            side = "super" if offset >= 0 else "sub"
            start = 0 if side in self.left else self.longest - self.length(offset)
            row, column = max(-offset, 0), max(offset, 0)
            found += [
                (index * self.longest + start + step, row + step, column + step)
                for step in range(self.length(offset))
            ]
        return found


_ALIGN = {
    "LEFT_LEFT": frozenset({"super", "sub"}), "LEFT_RIGHT": frozenset({"super"}),
    "RIGHT_LEFT": frozenset({"sub"}), "RIGHT_RIGHT": frozenset(),
}  # fmt: skip
"""For superdiagonals, then for subdiagonals."""


def _band(k: Value, rows: int | None, columns: int | None, align: str) -> _Band:
    offsets = ints(k, "k")
    if rows is None or columns is None:
        raise Refusal("the size of its matrices is not known at conversion time")
    if align not in _ALIGN:
        raise Refusal(f"attribute align={align} is not known")
    low, high = offsets[0], offsets[-1]
    if not -rows < low <= high < columns and (rows, columns, low, high) != (0, 0, 0, 0):
        raise Refusal(f"diagonals {low} … {high} do not exist in a matrix of shape {rows} × {columns}")
    return _Band(low, high, rows, columns, _ALIGN[align])


@lowers("MatrixDiagV2")
def matrix_diag_v2(op: Op, diagonal: Value, k: Value, rows: Value, columns: Value, padding: Value) -> Result:
    return op.lower("MatrixDiagV3", diagonal, k, rows, columns, padding, align="LEFT_LEFT")


@lowers("MatrixDiagV3")
def matrix_diag_v3(
    op: Op, diagonal: Value, k: Value, rows: Value, columns: Value, padding: Value, *, align: str
) -> Result:
    """The smallest matrix that holds the diagonals, where its size is not given."""
    offsets, height, width = ints(k, "k"), ints(rows, "num_rows")[0], ints(columns, "num_cols")[0]
    low, high = offsets[0], offsets[-1]
    blank = known_array(padding)
    if low == high == 0 and height == width == -1 and blank is not None and not blank.any():
        return op.lower("MatrixDiag", diagonal)
    longest = sizes(diagonal)[-1]
    if longest is None:
        raise Refusal("the length of its diagonals is not known at conversion time")
    least_height, least_width = longest - min(high, 0), longest + max(low, 0)
    if height == width == -1:
        height = width = max(least_height, least_width)
    height = least_height if height == -1 else height
    width = least_width if width == -1 else width
    band = _band(k, height, width, align)
    return _spread(op, diagonal, band, padding)


def _spread(op: Op, diagonal: Value, band: _Band, rest: Value) -> Value:
    """Matrices with the elements of a band where they belong, `rest` elsewhere."""
    source = np.zeros((band.rows, band.columns), np.int64)
    inside = np.zeros((band.rows, band.columns), bool)
    for index, row, column in band.cells():
        source[row, column], inside[row, column] = index, True
    leading = rank_of(diagonal) - (1 if band.low == band.high else 2)
    flat = diagonal if band.low == band.high else _merged_last(op, diagonal, leading)
    return select(op, op.constant(inside), op.Gather(flat, op.constant(source), axis=leading), rest)


def _merged_last(op: Op, x: Value, leading: int) -> Value:
    """`x` with all axes from `leading` on made one."""
    known = sizes(x)[leading:]
    tail = op.constant([-1]) if None in known else op.constant([int(np.prod([s or 0 for s in known], dtype=np.int64))])
    return reshape(op, x, *([op.Shape(x, end=leading)] if leading else []), tail)


@lowers("MatrixDiagPartV2")
def matrix_diag_part_v2(op: Op, x: Value, k: Value, padding: Value) -> Result:
    return op.lower("MatrixDiagPartV3", x, k, padding, align="LEFT_LEFT")


@lowers("MatrixDiagPartV3")
def matrix_diag_part_v3(op: Op, x: Value, k: Value, padding: Value, *, align: str) -> Result:
    """Diagonals of several offsets are stored as rows, padded to the longest."""
    if ints(k, "k") in ([0], [0, 0]):
        return op.lower("MatrixDiagPart", x)
    leading = rank_of(x) - 2
    height, width = sizes(x)[-2:]
    band = _band(k, height, width, align)
    count = band.high - band.low + 1
    source, inside = np.zeros(count * band.longest, np.int64), np.zeros(count * band.longest, bool)
    for index, row, column in band.cells():
        source[index], inside[index] = row * band.columns + column, True
    shape = (count, band.longest) if count > 1 else (band.longest,)
    found = op.Gather(_merged_last(op, x, leading), op.constant(source.reshape(shape)), axis=leading)
    return found if inside.all() else select(op, op.constant(inside.reshape(shape)), found, padding)


@lowers("MatrixSetDiagV2")
def matrix_set_diag_v2(op: Op, x: Value, diagonal: Value, k: Value) -> Result:
    return op.lower("MatrixSetDiagV3", x, diagonal, k, align="LEFT_LEFT")


@lowers("MatrixSetDiagV3")
def matrix_set_diag_v3(op: Op, x: Value, diagonal: Value, k: Value, *, align: str) -> Result:
    if ints(k, "k") == [0]:
        return op.lower("MatrixSetDiag", x, diagonal)
    height, width = sizes(x)[-2:]
    return _spread(op, diagonal, _band(k, height, width, align), x)
