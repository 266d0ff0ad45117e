"""Single steps of recurrent cells, and the decoding of what recurrent networks give."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from paddlify.frontends.tensorflow.lowering import lowers
from paddlify.frontends.tensorflow.ops.common import Op, Result, Value, int64, size_of, slice_axis, squeeze, unsqueeze
from paddlify.ir.builder import dtype_of


@lowers("LSTMBlockCell")
def lstm_block_cell(
    op: Op, x: Value, c_prev: Value, h_prev: Value, w: Value, w_ci: Value, w_cf: Value, w_co: Value, b: Value, *,
    forget_bias: float, cell_clip: float, use_peephole: bool,
) -> Result:
    """Gates are in the order input, cell, forget, output. Gives i, c, f, o, tanh'ed candidate, tanh(c), h."""
    gates = op.Add(op.MatMul(op.Concat(x, h_prev, axis=1), w), b)
    i, candidate, f, o = op.Split(gates, axis=1, num_outputs=4, outputs=4)
    f = op.Add(f, op.constant_like(f, forget_bias))
    if use_peephole:
        i, f = op.Add(i, op.Mul(c_prev, w_ci)), op.Add(f, op.Mul(c_prev, w_cf))
    i, f, candidate = op.Sigmoid(i), op.Sigmoid(f), op.Tanh(candidate)
    c = op.Add(op.Mul(candidate, i), op.Mul(c_prev, f))
    if cell_clip > 0:
        c = op.Clip(c, op.constant_like(c, -cell_clip), op.constant_like(c, cell_clip))
    o = op.Sigmoid(op.Add(o, op.Mul(c, w_co)) if use_peephole else o)
    squashed = op.Tanh(c)
    return i, c, f, o, candidate, squashed, op.Mul(squashed, o)


@lowers("GRUBlockCell")
def gru_block_cell(
    op: Op, x: Value, h_prev: Value, w_ru: Value, w_c: Value, b_ru: Value, b_c: Value
) -> Result:
    """Gives reset and update gate, the candidate, and h."""
    gates = op.Sigmoid(op.Add(op.MatMul(op.Concat(x, h_prev, axis=1), w_ru), b_ru))
    r, u = op.Split(gates, axis=1, num_outputs=2, outputs=2)
    joined = op.Concat(x, op.Mul(h_prev, r), axis=1)
    c = op.Tanh(op.Add(op.MatMul(joined, w_c), b_c))
    h = op.Add(op.Mul(u, h_prev), op.Mul(op.Sub(op.constant_like(u, 1), u), c))
    return r, u, c, h


@lowers("CTCGreedyDecoder")
def ctc_greedy_decoder(
    op: Op, logits: Value, lengths: Value, *, merge_repeated: bool, blank_index: int
) -> Result:
    """The best class of each step, without blanks and, if wanted, repetitions; as a sparse [batch, step] tensor.

    Gives coordinates, classes, dense shape, and for each sequence the negative sum of the best logits.
    """
    by_batch = op.Transpose(logits, perm=[1, 0, 2])
    best = op.ArgMax(by_batch, axis=2, keepdims=0)
    step = op.Range(op.constant(0), squeeze(op, size_of(op, by_batch, 1), 0), op.constant(1))
    in_time = op.Less(unsqueeze(op, step, 0), unsqueeze(op, int64(op, lengths), 1))
    blank = op.constant([blank_index])
    if blank_index < 0:
        blank = op.Add(blank, size_of(op, by_batch, 2))
    kept = op.And(in_time, op.Not(op.Equal(best, blank)))
    if merge_repeated:
        before = op.Pad(slice_axis(op, best, 1, 0, -1), op.constant([0, 1, 0, 0]), op.constant(-1), mode="constant")
        kept = op.And(kept, op.Not(op.Equal(best, before)))
    places = op.Transpose(op.NonZero(kept), perm=[1, 0])
    number = op.Cast(kept, to=ir.DataType.INT64)
    column = op.GatherND(op.CumSum(number, op.constant(1), exclusive=1), places)
    indices = op.Concat(slice_axis(op, places, 1, 0, 1), unsqueeze(op, column, 1), axis=1)
    longest = op.ReduceMax(op.ReduceSum(number, op.constant([1]), keepdims=0), op.constant([0]), keepdims=1)
    shape = op.Concat(size_of(op, by_batch, 0), longest, axis=0)
    largest = op.ReduceMax(by_batch, op.constant([2]), keepdims=0)
    zero = op.constant(np.zeros((), dtype_of(logits).numpy()))
    score = op.Neg(op.ReduceSum(op.Where(in_time, largest, zero), op.constant([1]), keepdims=1))
    return indices, op.GatherND(best, places), shape, score
