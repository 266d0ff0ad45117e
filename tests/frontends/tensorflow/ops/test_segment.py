from __future__ import annotations

import numpy as np

from frontends.tensorflow.ops.expressions import call, const, f32, i32
from frontends.tensorflow.ops.harness import Compare, each

X = f32(6, 3)
SORTED = np.array([0, 0, 1, 3, 3, 3], np.int32)
UNSORTED = np.array([2, 0, -1, 2, 4, 0], np.int32)
ROWS = np.array([5, 0, 2, 2, 1, 3], np.int32)


@each(
    *(call(f"Segment{name}", X, SORTED) for name in ("Sum", "Mean", "Max", "Min", "Prod")),
    *(call(f"Segment{name}", i32(6), const(SORTED.astype(np.int64))) for name in ("Sum", "Max", "Prod")),
    *(call(f"UnsortedSegment{name}", X, UNSORTED, const(6)) for name in ("Sum", "Max", "Min", "Prod")),
    *(call(f"UnsortedSegment{name}", i32(6), UNSORTED, np.int32(5)) for name in ("Sum", "Max", "Min", "Prod")),
    call("UnsortedSegmentSum", f32(2, 3, 4), i32(2, 3, low=0, high=3), const(4)),
    *(call(f"SparseSegment{name}", X, ROWS, SORTED) for name in ("Sum", "Mean", "SqrtN")),
    *(call(f"SparseSegment{name}WithNumSegments", X, ROWS, SORTED, const(6)) for name in ("Sum", "Mean", "SqrtN")),
)
def test_segments(compare: Compare, case, dynamic):
    compare(case, dynamic=dynamic)
