from __future__ import annotations

import numpy as np

from frontends.tensorflow.ops.expressions import boolean, call, const, f32, f64, i32, i64
from frontends.tensorflow.ops.harness import Compare, each

X = f32(2, 3, 4)


@each(
    *(call(name, X, const(axes)) for name in ("Sum", "Mean", "Max", "Min", "Prod") for axes in ([0], [1, 2], [-1, 0])),
    *(call(name, X, const(1), keep_dims=True) for name in ("Sum", "Mean", "Max", "Min", "Prod", "EuclideanNorm")),
    *(call(name, X, const([])) for name in ("Sum", "Mean", "Max", "EuclideanNorm")),
    *(call(name, X, const([0, 1, 2])) for name in ("Sum", "Mean", "Max")),
    *(call(name, i32(2, 3, 4), const([1])) for name in ("Sum", "Mean", "Max", "Min", "Prod")),
    *(call(name, i64(2, 3, 4), const([1, 2])) for name in ("Sum", "Mean", "Max")),
    *(call(name, f64(2, 3), const([1])) for name in ("Sum", "Mean", "Prod")),
    *(call(name, boolean(2, 3, 4), const(axes)) for name in ("All", "Any") for axes in ([1], [0, 2], [])),
    call("Any", boolean(2, 3, 4), const([-1]), keep_dims=True),
    call("Sum", np.float32(3.5), const([])),
    call("Mean", X, np.array([1, 2], np.int32)),
    call("Sum", X, np.array([], np.int32)),
)
def test_reduction(compare: Compare, case, dynamic):
    compare(case, dynamic=dynamic)


TIES = np.array([[1, 5, 5, 2], [7, 7, 7, 7], [0, -1, -1, 3]], np.float32)


@each(
    *(
        call(name, x, const(axis))
        for name in ("ArgMax", "ArgMin")
        for x in (TIES, TIES.astype(np.int32))
        for axis in (0, 1, -1)
    ),
    call("ArgMax", X, const(1), output_type="int32"),
    call("ArgMin", X, const(np.int64(2)), output_type="int32"),
    call("ArgMax", boolean(3, 4), const(1)),
)
def test_place_of_the_extremum(compare: Compare, case, dynamic):
    compare(case, dynamic=dynamic)


MODES = [{"exclusive": exclusive, "reverse": reverse} for exclusive in (False, True) for reverse in (False, True)]


@each(
    *(call("Cumsum", X, const(axis), **mode) for axis in (0, -1) for mode in MODES),
    *(call("Cumprod", X, const(axis), **mode) for axis in (1, -1) for mode in MODES),
    *(call("CumulativeLogsumexp", X * 30, const(axis), **mode) for axis in (1, -1) for mode in MODES),
    call("Cumsum", i32(5), const(0)),
    call("Cumprod", i32(5), const(0), exclusive=True),
    call("Cumsum", i64(2, 3), np.array(1, np.int32)),
)
def test_cumulative(compare: Compare, case, dynamic):
    compare(case, dynamic=dynamic)
