from __future__ import annotations

import numpy as np

from frontends.tensorflow.ops.expressions import call, const, f32
from frontends.tensorflow.ops.harness import Compare, each

X, C, H = f32(3, 4), f32(3, 5), f32(3, 5, seed=1)
PEEPHOLES = [f32(5, seed=seed) for seed in range(3)]
LOGITS = f32(7, 2, 4)
LENGTHS = np.array([7, 4], np.int32)
REPEATS = np.eye(4, dtype=np.float32)[np.array([[1, 1, 3, 1, 0, 0, 2], [2, 3, 3, 2, 2, 1, 1]]).T]


@each(
    *(
        call("LSTMBlockCell", X, C, H, const(f32(9, 20)), *map(const, PEEPHOLES), const(f32(20)), **options)
        for options in ({}, {"forget_bias": 0.5, "cell_clip": 0.7}, {"use_peephole": True})
    ),
    call("GRUBlockCell", X, H, const(f32(9, 10)), const(f32(9, 5)), const(f32(10)), const(f32(5))),
)
def test_cell(compare: Compare, case, dynamic):
    compare(case, dynamic=dynamic)


@each(
    *(
        call("CTCGreedyDecoder", logits, LENGTHS, merge_repeated=merge, blank_index=blank)
        for logits in (LOGITS, REPEATS)
        for merge in (False, True)
        for blank in (-1, 0)
    ),
)
def test_ctc_greedy_decoder(compare: Compare, case, dynamic):
    compare(case, dynamic=dynamic)
