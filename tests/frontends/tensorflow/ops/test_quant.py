from __future__ import annotations

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from frontends.tensorflow.ops.expressions import call, const, f32
from frontends.tensorflow.ops.harness import Compare, each

X = f32(2, 50, 3, low=-8, high=8)
LOWS, HIGHS = np.array([-1.3, -6.0, 0.0], np.float32), np.array([2.1, -0.5, 0.0], np.float32)
STEPS = np.arange(-8, 8, 0.125, np.float32)
PARAMETERS = [(low, high) for low, high in ((-6, 6), (0, 6), (-1.3, 2.7), (0.5, 3), (-3, -0.25))]


@each(
    *(
        call("FakeQuantWithMinMaxArgs", STEPS, min=low, max=high, num_bits=bits, narrow_range=narrow)
        for low, high in PARAMETERS
        for bits, narrow in ((8, False), (8, True), (4, False))
    ),
    *(call("FakeQuantWithMinMaxVars", X, const(float(low)), const(float(high))) for low, high in PARAMETERS),
    *(call("FakeQuantWithMinMaxVars", X, np.float32(low), np.float32(high), num_bits=4) for low, high in PARAMETERS),
    call("FakeQuantWithMinMaxVars", X, const(0.0), const(0.0)),
    call("FakeQuantWithMinMaxVars", X, np.float32(0), np.float32(0)),
    call("FakeQuantWithMinMaxVarsPerChannel", X, const(LOWS), const(HIGHS)),
    call("FakeQuantWithMinMaxVarsPerChannel", X, LOWS, HIGHS, narrow_range=True),
)
def test_fake_quant(compare: Compare, case, dynamic):
    compare(case, dynamic=dynamic, rtol=0, atol=1e-7)


@settings(derandomize=True, max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    low=st.floats(-9, 3, width=32),
    width=st.floats(0.015625, 9, width=32),
    bits=st.integers(2, 16),
    narrow=st.booleans(),
)
def test_fake_quant_of_any_range(compare: Compare, low, width, bits, narrow):
    high = np.float32(low) + np.float32(width)
    case = call("FakeQuantWithMinMaxVars", X, const(float(low)), const(float(high)), num_bits=bits, narrow_range=narrow)
    compare(case, dynamic=False, rtol=0, atol=1e-6)
