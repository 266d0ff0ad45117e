from __future__ import annotations

import numpy as np

from frontends.tensorflow.ops.expressions import call, f32, f64
from frontends.tensorflow.ops.harness import Compare, each

EDGES = np.array([1, 2, 0.5, 0.4999, 1.0001, 1e-6, -0.5, -1.5, -2.0001, 40, 1e5], np.float32)


@each(
    *(
        call(name, x)
        for name in ("Lgamma", "Digamma")
        for x in (EDGES, f32(40, low=-6, high=12), f64(40, low=-6, high=12))
    ),
    call("Lgamma", np.array([0, -1, -2, np.inf, -np.inf, 1e30], np.float32)),
    call("Digamma", np.array([np.inf, 1e30], np.float32)),
)
def test_gamma(compare: Compare, case, dynamic):
    compare(case, dynamic=dynamic)
