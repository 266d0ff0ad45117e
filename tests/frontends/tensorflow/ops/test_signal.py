from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from frontends.tensorflow.ops.expressions import Call, call, const, f32, f64
from frontends.tensorflow.ops.harness import Compare, each
from paddlify.errors import UnsupportedModel

A = call("Complex", f32(2, 6, 8), f32(2, 6, 8, seed=1))
B = call("Complex", f32(2, 6, 8, seed=2), f32(1, 6, 8, seed=3))
CONSTANT = const((f32(8) + 1j * f32(8, seed=1)).astype(np.complex64))


def pair(z: Call) -> Call:
    """Both parts of a complex result: real numbers, as a model's outputs must be."""
    return call("Pack", [call("Real", z), call("Imag", z)])


@each(
    call("ComplexAbs", A),
    call("ComplexAbs", call("Complex", f32(2, 1), const(np.array([np.inf, 1, 2], np.float32)))),
    call("Angle", A),
    *(pair(call(name, A)) for name in ("Conj", "Neg", "Exp", "Square")),
    *(pair(call(name, A, B)) for name in ("Add", "AddV2", "Sub", "Mul", "RealDiv")),
    pair(call("Mul", A, CONSTANT)),
    pair(call("Reshape", A, const([4, -1]))),
    pair(call("Transpose", A, const([2, 0, 1]))),
    pair(call("StridedSlice", A, const([0, 1]), const([0, 5]), const([1, 2]), begin_mask=1, end_mask=1)),
    pair(call("ConcatV2", [A, A], const(1))),
    pair(call("Sum", A, const([1]), keep_dims=True)),
    pair(call("Unpack", A, num=2, axis=0)[1]),
    pair(call("Cast", f32(3), DstT="complex64")),
    call("Cast", A, DstT="float32"),
    call("Shape", A),
)
def test_complex_arithmetic(compare: Compare, case, dynamic):
    compare(case, dynamic=dynamic)


@each(
    *(pair(call(name, A)) for name in ("FFT", "IFFT", "FFT2D", "IFFT2D", "FFT3D", "IFFT3D")),
    pair(call("FFT", call("Complex", f32(8), f32(8, seed=1)))),
    call("ComplexAbs", call("FFT", call("Complex", f64(3, 7), f64(3, 7, seed=1), Tout="complex128")), Tout="float64"),
    *(pair(call("RFFT", f32(3, 8), const([n]))) for n in (8, 5, 1)),
    pair(call("RFFT", f32(9), const([9]))),
    *(pair(call("RFFT2D", f32(2, 6, 8), const(n))) for n in ([6, 8], [5, 7])),
    pair(call("RFFT3D", f32(2, 6, 8), const([2, 4, 8]))),
    *(call("IRFFT", call("Complex", f32(3, 5), f32(3, 5, seed=1)), const([n])) for n in (8, 9, 6, 1, 2)),
    *(call("IRFFT2D", call("Complex", f32(3, 5), f32(3, 5, seed=1)), const(n)) for n in ([3, 8], [2, 7])),
    call("IRFFT3D", call("Complex", f32(2, 3, 5), f32(2, 3, 5, seed=1)), const([2, 3, 8])),
    call("ComplexAbs", call("RFFT", f32(2, 5, 16), const([16]))),
)
def test_transform(compare: Compare, case, dynamic):
    compare(case, dynamic=dynamic, atol=2e-6)


@settings(derandomize=True, max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(size=st.integers(1, 70), length=st.integers(1, 70), dynamic=st.booleans())
def test_transform_of_any_length(compare: Compare, size, length, dynamic):
    """onnxruntime's transform of lengths other than powers of 2 has an error of about 1e-5 of the scale."""
    assume(length <= size)
    spectrum = call("RFFT", f32(2, size), const([length]))
    compare(pair(spectrum), dynamic=dynamic, atol=2e-5)
    compare(call("IRFFT", spectrum, const([length])), dynamic=dynamic, atol=2e-5)


def test_complex_numbers_are_refused_where_they_are_not_known(compare: Compare):
    with pytest.raises(UnsupportedModel, match="complex numbers are not supported"):
        compare(call("ComplexAbs", call("Tanh", A)), dynamic=False)
