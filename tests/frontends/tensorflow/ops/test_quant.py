from __future__ import annotations

import numpy as np
import pytest
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


RANGES = [(-6.0, 6.0), (-1.3, 2.7), (-3.0, 0.25), (0.0, 3.0), (0.0, 0.0)]


@each(
    *(call("QuantizeAndDequantizeV2", X, const(low), const(high), range_given=True) for low, high in RANGES),
    *(
        call("QuantizeAndDequantizeV4", X, const(low), const(high), range_given=True, num_bits=4, narrow_range=True)
        for low, high in RANGES
    ),
    *(
        call("QuantizeAndDequantizeV2", X, np.float32(low), np.float32(high), range_given=True, round_mode="HALF_UP")
        for low, high in RANGES
    ),
    *(
        call("QuantizeAndDequantizeV2", np.abs(X), const(low), const(high), range_given=True, signed_input=False)
        for low, high in RANGES[3:]
    ),
    call("QuantizeAndDequantizeV2", STEPS, const(-4.0), const(4.0), range_given=True, num_bits=5),
    call("QuantizeAndDequantizeV2", STEPS, const(-4.0), const(4.0), range_given=True, num_bits=5, round_mode="HALF_UP"),
    call("QuantizeAndDequantizeV2", X, const(0.0), const(0.0)),
    call("QuantizeAndDequantizeV4", X, const(0.0), const(0.0), num_bits=6, narrow_range=True),
    call("QuantizeAndDequantizeV2", np.abs(X), const(0.0), const(0.0), signed_input=False),
    call("QuantizeAndDequantizeV3", X, const(-3.0), const(5.0), const(7)),
    call("QuantizeAndDequantizeV3", X, const(0.0), const(0.0), const(8), range_given=False, narrow_range=True),
)
def test_quantize_and_dequantize(compare: Compare, case, dynamic):
    compare(case, dynamic=dynamic, rtol=0, atol=1e-6)


@each(
    call("QuantizeAndDequantizeV3", X, const(LOWS), const(HIGHS), const(8), range_given=False, axis=2),
    call("QuantizeAndDequantizeV4", X, const(LOWS[:2]), const(HIGHS[:2]), axis=0, narrow_range=True),
)
def test_quantize_and_dequantize_along_an_axis(compare: Compare, case, dynamic):
    compare(case, dynamic=dynamic, rtol=0, atol=1e-6)


@pytest.mark.parametrize("bits", [4, 8])
@pytest.mark.parametrize("known", [True, False])
def test_ranges_given_along_an_axis(compare: Compare, known, bits):
    """TensorFlow has no kernel of it for the CPU: each channel is compared with its own range."""
    low, high = (const(side) if known else side for side in (LOWS - 1, HIGHS + 1))
    options = {"range_given": True, "num_bits": bits}
    channels = [
        call("QuantizeAndDequantizeV4", X[..., i : i + 1], const(LOWS[i] - 1), const(HIGHS[i] + 1), **options)
        for i in range(3)
    ]
    case = call("QuantizeAndDequantizeV4", X, low, high, axis=2, **options)
    compare(case, dynamic=False, expected=call("ConcatV2", channels, const(2)), rtol=0, atol=1e-6)
