"""Slice, Split, Pad and CenterCropPad against onnxruntime."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from tests.backends.paddle.single_node import check

from paddlify.backends.paddle.ops import crop

BIG = 2**63 - 1


def numbers(*shape: int, dtype: type = np.float32) -> np.ndarray:
    return np.arange(1, 1 + int(np.prod(shape))).reshape(shape).astype(dtype)


def ints(*values: int) -> np.ndarray:
    return np.array(values, np.int64)


BOUNDS = [
    (0, BIG, 1), (1, -1, 1), (-3, BIG, 1), (-BIG, 3, 1), (2, 100, 2), (-1, -BIG, -1), (BIG, -BIG, -2), (4, 1, -2),
    (3, 2, 1), (-2, -9, -1), (0, 5, 2**31 - 1),
]


@pytest.mark.parametrize(("start", "end", "step"), BOUNDS)
@pytest.mark.parametrize("dynamic", [True, False])
def test_slice(start: int, end: int, step: int, dynamic: bool) -> None:
    inputs = [numbers(2, 6, 3), ints(start), ints(end), ints(1), ints(step)]
    axes = {0: (1,)} if dynamic else {}
    check("Slice", inputs, constants=(1, 2, 3, 4), dynamic=axes)
    check("Slice", inputs, constants=(3, 4), dynamic=axes)
    check("Slice", inputs, constants=(3,), dynamic=axes)


def test_slices_are_numpy_slices() -> None:
    text = check("Slice", [numbers(2, 6, 3), ints(1), ints(BIG), ints(1)], constants=(1, 2, 3), dynamic={0: (1,)})
    assert "x0[:, 1:]" in text
    text = check("Slice", [numbers(2, 6, 3), ints(0), ints(-1), ints(2)], constants=(1, 2, 3))
    assert "x0[..., :2]" in text


def test_slice_of_computed_axes() -> None:
    check("Slice", [numbers(3, 6, 4), ints(1, -1), ints(3, -BIG), ints(-1, 0), ints(1, -1)])
    check("Slice", [numbers(3, 6, 4), ints(1, 2), ints(3, BIG)])


@pytest.mark.parametrize("dynamic", [(1,), (2,), (1, 2)], ids=str)
def test_slice_whose_bounds_do_not_say_how_many_they_are(dynamic: tuple[int, ...]) -> None:
    inputs = [numbers(3, 6, 4), ints(1, 0), ints(3, -1), ints(-1, 1)]
    check("Slice", inputs, constants=(3,), dynamic=dict.fromkeys(dynamic, (0,)))


@pytest.mark.parametrize("dtype", [np.float16, np.int8, np.uint8, np.int16, bool, np.int64, np.float64])
def test_dtypes(dtype: type) -> None:
    x = numbers(2, 4, dtype=dtype)
    check("Slice", [x, ints(1), ints(3), ints(1)], constants=(1, 2, 3))
    check("Split", [x], {"num_outputs": 2, "axis": 1}, outputs=2)
    padded = np.pad(x, [(1, 0), (0, 2)])
    check("Pad", [x, ints(1, 0, 0, 2)], constants=(1,), expected=[padded])
    check("Pad", [x, ints(1, 0, 0, 2)], expected=[padded])
    for mode in ("edge", "wrap"):
        expected = np.pad(x, [(1, 0), (0, 2)], mode=mode)
        check("Pad", [x, ints(1, 0, 0, 2)], {"mode": mode}, constants=(1,), expected=[expected])


@pytest.mark.parametrize("dynamic", [True, False])
def test_split(dynamic: bool) -> None:
    axes = {0: (1,)} if dynamic else {}
    x = numbers(2, 7)
    check("Split", [x, ints(2, 0, 5)], {"axis": 1}, constants=(1,), outputs=3, dynamic=axes)
    check("Split", [x, ints(2, 1, 4)], {"axis": -1}, constants=(1,), outputs=3, dynamic=axes)
    check("Split", [x, ints(2, 1, 4)], {"axis": 1}, outputs=3, dynamic=axes)
    check("Split", [x], {"axis": 1, "num_outputs": 3}, outputs=3, dynamic=axes)
    check("Split", [x], {"num_outputs": 2}, outputs=2, dynamic=axes)


PADS = [(0, 1, 0, 2), (1, 0, 2, 0), (0, -1, 0, 2), (-1, 1, 0, -2)]


@pytest.mark.parametrize("pads", PADS)
@pytest.mark.parametrize(("constant", "dynamic"), itertools.product([True, False], repeat=2))
def test_pad_with_a_number(pads: tuple[int, ...], constant: bool, dynamic: bool) -> None:
    inputs = [numbers(3, 4), ints(*pads), np.array(7.5, np.float32)]
    check("Pad", inputs, constants=(1, 2) if constant else (), dynamic={0: (0, 1)} if dynamic else {})


@pytest.mark.parametrize("shape", [(5,), (2, 5), (1, 2, 5), (1, 2, 3, 5), (1, 1, 2, 3, 5), (1, 1, 1, 2, 3, 5)])
@pytest.mark.parametrize("first", [False, True], ids=["last axis", "first axis"])
def test_pad_of_each_rank(shape: tuple[int, ...], first: bool) -> None:
    """Paddle's kernel for any axes corrupts memory with oneDNN in float32."""
    pads = np.zeros((2, len(shape)), np.int64)
    pads[:, 0 if first else -1] = (2, 1)
    check("Pad", [numbers(*shape), pads.reshape(-1)], constants=(1,))


@pytest.mark.parametrize("mode", ["reflect", "edge", "wrap"])
@pytest.mark.parametrize("pads", [(0, 1, 0, 2), (2, 3, 1, 3), (0, -1, 0, 2)])
@pytest.mark.parametrize(("constant", "dynamic"), itertools.product([True, False], repeat=2))
def test_pad_with_its_own(mode: str, pads: tuple[int, ...], constant: bool, dynamic: bool) -> None:
    x = numbers(3, 4)
    cut = x[:, 1:] if min(pads) < 0 else x
    expected = np.pad(cut, [(max(pads[i], 0), max(pads[i + 2], 0)) for i in range(2)], mode=mode)
    if min(pads) < 0:
        expected = None
        if mode == "wrap":
            pytest.skip("onnxruntime and NumPy differ on what a negative amount leaves to wrap")
    check(
        "Pad", [x, ints(*pads)], {"mode": mode}, constants=(1,) if constant else (),
        dynamic={0: (0, 1)} if dynamic else {}, expected=None if expected is None else [expected],
    )


@pytest.mark.parametrize("constants", [(), (1, 3)])
def test_pad_of_some_axes(constants: tuple[int, ...]) -> None:
    check("Pad", [numbers(2, 3, 4), ints(1, 2, 0, 1), None, ints(-1, 0)], constants=constants)


@pytest.mark.parametrize(
    ("dtype", "value"),
    [(np.int64, 2**62 + 1), (np.int64, 2**24 + 1), (np.int32, 2**24 + 1), (np.float64, 0.1), (np.float32, np.nan)],
)
@pytest.mark.parametrize("shape", [(2, 3), (1, 1, 2, 3)])
def test_pad_with_what_an_attribute_does_not_hold(dtype: type, value: float, shape: tuple[int, ...]) -> None:
    """Paddle's attribute is a float32, and a NaN cannot be saved in one."""
    pads = np.zeros((2, len(shape)), np.int64)
    pads[:, -1] = 1
    inputs = [numbers(*shape, dtype=dtype), pads.reshape(-1), np.array(value, dtype)]
    check("Pad", inputs, constants=(1, 2), rtol=0, atol=0)


@pytest.mark.parametrize("target", [(4, 9), (3, 6), (8, 5), (5, 4)])
@pytest.mark.parametrize("constant", [True, False])
def test_center_crop_pad(target: tuple[int, ...], constant: bool) -> None:
    check("CenterCropPad", [numbers(5, 7), ints(*target)], constants=(1,) if constant else ())
    check("CenterCropPad", [numbers(2, 7, 5), ints(*target)], {"axes": [-1, 1]}, constants=(1,) if constant else ())


def test_a_whole_slice_is_the_tensor_itself() -> None:
    assert crop.indexed("x", [slice(None)] * 3) == "x"  # type: ignore[arg-type, comparison-overlap]


@pytest.mark.parametrize(("start", "end", "step"), [(-8, -8, 1), (-8, -8, -1), (3, 3, 1), (-9, 0, -2)])
def test_slice_from_before_the_first_element(start: int, end: int, step: int) -> None:
    """Backward, it begins at the first element, unlike Python's; forward it is empty, and keeps the other axis."""
    bounds = [np.array([number]) for number in (start, end, 0, step)]
    check("Slice", [np.ones((1, 1), np.float32), *bounds], constants=[1, 2, 3, 4])


def test_backward_slice_of_a_dynamic_axis_from_before_the_first_element() -> None:
    bounds = [np.array([number]) for number in (-8, -9, 0, -1)]
    check("Slice", [np.ones((3, 2), np.float32), *bounds], constants=[1, 2, 3, 4], dynamic={0: (0, 1)})


@pytest.mark.parametrize("dynamic", [True, False])
@pytest.mark.parametrize("constants", [(3, 4), (3,), ()], ids=["computed bounds", "and step", "and axes"])
def test_computed_slice_from_before_the_first_element(constants: tuple[int, ...], dynamic: bool) -> None:
    axes = {0: (0, 1)} if dynamic else {}
    for start, end, step in ((-8, -9, -1), (-9, -(2**62), -2), (-9, 2, 1), (-(2**62), 2, 1)):
        bounds = [ints(number) for number in (start, end, 0, step)]
        check("Slice", [numbers(3, 2), *bounds], constants=constants, dynamic=axes)
