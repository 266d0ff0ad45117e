from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from frontends.tensorflow.ops.expressions import call, const, f32
from frontends.tensorflow.ops.harness import TensorFlow, drawn
from paddlify.errors import UnsupportedModel

MANY = const([100, 300])


@pytest.mark.parametrize("dynamic", [False, True])
@pytest.mark.parametrize(
    ("case", "mean", "deviation"),
    [
        (call("RandomUniform", MANY, dtype="float32", seed=3), 0.5, 12**-0.5),
        (call("RandomUniform", np.array([100, 300], np.int32), dtype="float32"), 0.5, 12**-0.5),
        (call("RandomStandardNormal", MANY, dtype="float32"), 0.0, 1.0),
        (call("RandomUniformInt", MANY, const(-3), const(6)), 1.0, 60**0.5 / 3),
        (call("Multinomial", np.log(np.array([[0.5, 0.25, 0.25]], np.float32)), const(30000)), 0.75, 0.6875**0.5),
        (call("RandomShuffle", f32(500, 20)), f32(500, 20).mean(), f32(500, 20).std()),
    ],
    ids=repr,
)
def test_distribution(tensorflow: TensorFlow, tmp_path: Path, case, mean, deviation, dynamic):
    """Not the numbers, but their dtype, shape, mean and deviation are TensorFlow's, within six standard errors."""
    found, theirs = drawn(tensorflow, tmp_path, case, dynamic=dynamic)
    assert (found.dtype, found.shape) == (theirs.dtype, theirs.shape)
    for numbers in (found, theirs):
        error = 6 * float(deviation) / numbers.size**0.5
        assert numbers.mean() == pytest.approx(mean, abs=error)
        assert numbers.std() == pytest.approx(deviation, abs=error)
    assert not np.array_equal(found, theirs)


def test_shuffle_keeps_every_row(tensorflow: TensorFlow, tmp_path: Path):
    rows = f32(50, 2)
    found, _ = drawn(tensorflow, tmp_path, call("RandomShuffle", rows), dynamic=False)
    assert sorted(map(tuple, found)) == sorted(map(tuple, rows))


def test_whole_numbers_stay_in_range(tensorflow: TensorFlow, tmp_path: Path):
    found, _ = drawn(tensorflow, tmp_path, call("RandomUniformInt", MANY, const(-3), const(6)), dynamic=False)
    assert set(found.reshape(-1)) == set(range(-3, 6))


def test_numbers_that_follow_from_a_seed_are_refused(tensorflow: TensorFlow, tmp_path: Path):
    case = call("StatelessRandomUniform", const([2]), const(np.array([1, 2], np.int64)))
    with pytest.raises(UnsupportedModel, match="the operator is not supported"):
        drawn(tensorflow, tmp_path, case, dynamic=False)
