# mypy: disable-error-code="no-any-return"

"""Resizing of images.

TensorFlow computes coordinates in float32 by a multiplication (y · scale), ONNX by a division (y / scale). Where a
pixel is chosen by rounding, one unit in the last place may decide; where a weight is looked up in a table of 1024
steps, as bicubic does, the weight itself is rounded. So for sizes known at conversion time TensorFlow's own
coordinates are computed here, and ONNX's Resize is used where it says the same. Elsewhere the choice is a Gather,
and the weighted sum a product with a matrix for each axis.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import onnx_ir as ir

from paddlify.errors import DynamicValue, Refusal
from paddlify.frontends.tensorflow.lowering import lowers
from paddlify.frontends.tensorflow.ops.common import Op, Result, Value, cast, int64, joined, sizes
from paddlify.frontends.tensorflow.ops.layout import channels_first, channels_last
from paddlify.ir.builder import constant_of
from paddlify.ir.inference import known_array

F = np.float32
_UNKNOWN = "sizes before and after must be known at conversion time, but the model computes them"


@dataclass(frozen=True)
class Axis:
    """One axis of an image that is resized.

    Attributes:
        before: its size.
        after: the size wanted.
        align_corners: the first and last pixels keep their places.
        half_pixel_centers: a pixel's place is its centre, at y + 0.5; else its corner.
    """

    before: int
    after: int
    align_corners: bool
    half_pixel_centers: bool

    @property
    def scale(self) -> np.float32:
        if self.align_corners and self.after > 1:
            return F(self.before - 1) / F(self.after - 1)
        return F(self.before) / F(self.after)

    @property
    def places(self) -> np.ndarray:
        """Where each new pixel lies among the old ones, as TensorFlow computes it in float32."""
        new = np.arange(self.after, dtype=F)
        return (new + F(0.5)) * self.scale - F(0.5) if self.half_pixel_centers else new * self.scale

    @property
    def nearest(self) -> np.ndarray:
        """Which old pixel each new one is (`resize_nearest_neighbor_op`)."""
        new = np.arange(self.after, dtype=F)
        places = (new + F(0.5)) * self.scale if self.half_pixel_centers else new * self.scale
        rounded = np.floor(places + F(0.5)) if self.align_corners else np.floor(places)
        return np.clip(rounded.astype(np.int64), 0, self.before - 1)


def _coordinates(*, align_corners: bool, half_pixel_centers: bool) -> str:
    return "align_corners" if align_corners else "half_pixel" if half_pixel_centers else "asymmetric"


def _axes(
    image: Value, size: Value, *, align_corners: bool, half_pixel_centers: bool
) -> tuple[Axis, Axis] | None:
    """Height and width of an NCHW image and what they become; None where a size is not known."""
    before, after = sizes(image)[2:], known_array(size)
    if None in before or after is None:
        return None
    height, width = (
        Axis(old or 0, int(new), align_corners, half_pixel_centers) for old, new in zip(before, after, strict=True)
    )
    return height, width


def _onnx_resize(op: Op, image: Value, size: Value, **attributes: object) -> Value:
    """ONNX's Resize of the last two axes of an NCHW image."""
    known = sizes(image)[:2]
    leading = [dim for dim in known if dim is not None]
    pair = int64(op, size) if sizes(size) == [2] else op.Reshape(int64(op, size), op.constant([2]))
    wanted = joined(op, leading if len(leading) == 2 else op.Shape(image, end=2), pair)
    resized = op.Resize(image, None, None, wanted, **attributes)
    if resized.shape is None:
        resized.shape = ir.Shape([*known, None, None])
    return resized


@lowers("ResizeNearestNeighbor")
def resize_nearest_neighbor(
    op: Op, x: Value, size: Value, *, align_corners: bool, half_pixel_centers: bool
) -> Result:
    image = channels_first(op, x, "NHWC")
    coordinates = _coordinates(align_corners=align_corners, half_pixel_centers=half_pixel_centers)
    rounding = "floor" if coordinates == "asymmetric" else "round_prefer_ceil"
    axes = _axes(image, size, align_corners=align_corners, half_pixel_centers=half_pixel_centers)
    if axes is not None:
        if all(np.array_equal(axis.nearest, np.arange(axis.after) * axis.before // axis.after) for axis in axes):
            coordinates, rounding = "asymmetric", "floor"
        if not all(_is_safe(axis, coordinates) for axis in axes):
            rows = op.Gather(image, op.constant(axes[0].nearest), axis=2)
            return channels_last(op, op.Gather(rows, op.constant(axes[1].nearest), axis=3), "NHWC")
    resized = _onnx_resize(
        op, image, size, mode="nearest", coordinate_transformation_mode=coordinates, nearest_mode=rounding
    )
    return channels_last(op, resized, "NHWC")


def _is_safe(axis: Axis, coordinates: str) -> bool:
    """Whether the chosen pixels are the same however the coordinates are rounded."""
    new = np.arange(axis.after)
    if coordinates == "asymmetric":
        numerator, denominator = new * axis.before, axis.after
    elif coordinates == "half_pixel":
        numerator, denominator = (2 * new + 1) * axis.before, 2 * axis.after
    else:
        below = max(axis.after - 1, 1)
        numerator, denominator = 2 * new * (axis.before - 1) + below, 2 * below
    exact = np.minimum(numerator // denominator, axis.before - 1)
    on_edge = (numerator % denominator == 0) & (numerator > 0)
    divided = np.floor(new.astype(F) / (F(axis.after) / F(axis.before)))
    same_quotient = coordinates == "asymmetric" and np.array_equal(divided, exact)
    is_whole = axis.after % axis.before == 0 or axis.before % axis.after == 0
    return np.array_equal(exact, axis.nearest) and (not on_edge.any() or (is_whole and bool(same_quotient)))


@lowers("ResizeBilinear")
def resize_bilinear(op: Op, x: Value, size: Value, *, align_corners: bool, half_pixel_centers: bool) -> Result:
    """The weights are continuous in the coordinates, so ONNX's are as good as TensorFlow's."""
    image = channels_first(op, cast(op, x, ir.DataType.FLOAT), "NHWC")
    coordinates = _coordinates(align_corners=align_corners, half_pixel_centers=half_pixel_centers)
    resized = _onnx_resize(op, image, size, mode="linear", coordinate_transformation_mode=coordinates)
    return channels_last(op, resized, "NHWC")


_TABLE = 1024
"""Steps between two pixels at which TensorFlow knows its cubic weights."""


@lowers("ResizeBicubic")
def resize_bicubic(op: Op, x: Value, size: Value, *, align_corners: bool, half_pixel_centers: bool) -> Result:
    """With half-pixel centres Keys' kernel (a = -0.5) and no pixel from outside, else a = -0.75 and edges repeated."""
    image = channels_first(op, cast(op, x, ir.DataType.FLOAT), "NHWC")
    axes = _axes(image, size, align_corners=align_corners, half_pixel_centers=half_pixel_centers)
    if axes is None:
        raise DynamicValue(_UNKNOWN)
    if all(_is_in_table(axis) for axis in axes):
        resized = _onnx_resize(
            op, image, size, mode="cubic", cubic_coeff_a=-0.5 if half_pixel_centers else -0.75,
            exclude_outside=int(half_pixel_centers),
            coordinate_transformation_mode=_coordinates(
                align_corners=align_corners, half_pixel_centers=half_pixel_centers
            ),
        )
    else:
        resized = _weighted(op, image, *(_cubic_weights(axis) for axis in axes))
    return channels_last(op, resized, "NHWC")


def _is_in_table(axis: Axis) -> bool:
    """Whether TensorFlow's rounding of weights changes none; onnxruntime takes no axis that is 1 or keeps its size."""
    steps = axis.places * _TABLE
    return axis.before != axis.after and min(axis.before, axis.after) > 1 and np.array_equal(steps, np.rint(steps))


def _cubic_weights(axis: Axis) -> np.ndarray:
    """Weight of each old pixel in each new one: a matrix (after, before) of float32."""
    a = -0.5 if axis.half_pixel_centers else -0.75
    left = np.floor(axis.places).astype(np.int64)
    step = np.rint((axis.places - left.astype(F)) * F(_TABLE)) / _TABLE
    weights = np.zeros((axis.after, axis.before))
    rows = np.arange(axis.after)
    taken = np.zeros(axis.after)
    for offset in (-1, 0, 1, 2):
        place, share = left + offset, _cubic(np.abs(step - offset), a)
        if axis.half_pixel_centers:
            share = np.where((place >= 0) & (place < axis.before), share, 0)
        np.add.at(weights, (rows, np.clip(place, 0, axis.before - 1)), share)
        taken += share
    return (weights / taken[:, None] if axis.half_pixel_centers else weights).astype(F)


def _cubic(distance: np.ndarray, a: float) -> np.ndarray:
    """Keys' cubic convolution kernel."""
    near = ((a + 2) * distance - (a + 3)) * distance * distance + 1
    far = ((a * distance - 5 * a) * distance + 8 * a) * distance - 4 * a
    return np.where(distance <= 1, near, np.where(distance < 2, far, 0))


@lowers("ResizeArea")
def resize_area(op: Op, x: Value, size: Value, *, align_corners: bool) -> Result:
    """Each new pixel is the mean over the area of the old ones that it covers."""
    image = channels_first(op, cast(op, x, ir.DataType.FLOAT), "NHWC")
    axes = _axes(image, size, align_corners=align_corners, half_pixel_centers=False)
    if axes is None:
        raise DynamicValue(_UNKNOWN)
    return channels_last(op, _weighted(op, image, *(_area_weights(axis) for axis in axes)), "NHWC")


def _area_weights(axis: Axis) -> np.ndarray:
    """Weight of each old pixel in each new one: the overlap of both; beyond the image its last pixel counts."""
    scale = float(axis.scale)
    weights = np.zeros((axis.after, axis.before))
    for new in range(axis.after):
        start, end = new * scale, (new + 1) * scale
        for old in range(int(np.floor(start)), int(np.ceil(end))):
            overlap = min(old + 1, end) - max(old, start)
            weights[new, min(max(old, 0), axis.before - 1)] += overlap / scale
    return weights.astype(F)


def _weighted(op: Op, image: Value, down: np.ndarray, across: np.ndarray) -> Value:
    """Sums of the rows and columns of NCHW images, weighted by a matrix (after, before) for each."""
    return op.MatMul(op.MatMul(op.constant(down), image), op.constant(across.T))


def _lanczos(radius: int) -> Callable[[np.ndarray], np.ndarray]:
    return lambda x: np.where(x <= radius, np.sinc(x) * np.sinc(x / radius), 0)


def _mitchell(x: np.ndarray) -> np.ndarray:
    near = (7 / 6 * x - 2) * x * x + 8 / 9
    far = ((-7 / 18 * x + 2) * x - 10 / 3) * x + 16 / 9
    return np.where(x < 1, near, np.where(x < 2, far, 0))


_KERNELS: dict[str, tuple[float, Callable[[np.ndarray], np.ndarray]]] = {
    "lanczos1": (1, _lanczos(1)),
    "lanczos3": (3, _lanczos(3)),
    "lanczos5": (5, _lanczos(5)),
    "gaussian": (1.5, lambda x: np.where(x < 1.5, np.exp(-2 * x * x), 0)),
    "box": (1, lambda x: np.where(x < 0.5, 1, np.where(x == 0.5, 0.5, 0))),
    "triangle": (1, lambda x: np.maximum(1 - x, 0)),
    "keyscubic": (2, lambda x: _cubic(x, -0.5)),
    "mitchellcubic": (2, _mitchell),
}
"""Radius and value at a distance, by TensorFlow's name. The Gaussian's sigma is a third of its radius."""


@lowers("ScaleAndTranslate")
def scale_and_translate(
    op: Op, x: Value, size: Value, scale: Value, translation: Value, *, kernel_type: str, antialias: bool
) -> Result:
    """What `tf.image.resize` does with antialias, and with Lanczos, Gaussian and Mitchell kernels."""
    image = channels_first(op, cast(op, x, ir.DataType.FLOAT), "NHWC")
    before, after = sizes(image)[2:], known_array(size)
    scales, shifts = constant_of(scale, "scale"), constant_of(translation, "translation")
    if None in before or after is None:
        raise DynamicValue(_UNKNOWN)
    if kernel_type not in _KERNELS:
        raise Refusal(f"attribute kernel_type={kernel_type} is not supported")
    down, across = (
        _kernel_weights(old or 0, int(new), F(factor), F(shift), kernel_type, antialias=antialias)
        for old, new, factor, shift in zip(before, after, scales, shifts, strict=True)
    )
    return channels_last(op, _weighted(op, image, down, across), "NHWC")


def _kernel_weights(
    before: int, after: int, scale: np.float32, shift: np.float32, kernel_type: str, *, antialias: bool
) -> np.ndarray:
    """Weight of each old pixel in each new one; a kernel that shrinks an image is widened so as to smooth it."""
    radius, kernel = _KERNELS[kernel_type]
    inverse = F(1) / scale
    width = max(inverse, F(1)) if antialias else F(1)
    place = (np.arange(after, dtype=F) + F(0.5)) * inverse - inverse * shift
    reach = F(radius) * width
    first = np.clip(np.ceil(place - reach - F(0.5)), 0, before - 1)[:, None]
    last = np.clip(np.floor(place + reach - F(0.5)), 0, before - 1)[:, None]
    old = np.arange(before, dtype=F)
    shares = kernel(np.abs((old + F(0.5) - place[:, None]) / width))
    inside = (old >= first) & (old <= last) & ((place >= 0) & (place <= before))[:, None]
    shares = np.where(inside, shares, 0)
    total = shares.sum(axis=1, keepdims=True)
    return np.divide(shares, total, out=np.zeros_like(shares), where=total != 0).astype(F)
