"""Sampling at computed positions: GridSample and AffineGrid."""

from __future__ import annotations

from typing import Any

from paddlify.backends.paddle.expression import Expr, Tensor
from paddlify.backends.paddle.module import Recorder, emits
from paddlify.backends.paddle.ops.common import FLOATS, cast, size_of, wide
from paddlify.backends.paddle.ops.sizes import sizes_of
from paddlify.errors import Refusal

CUBIC_COEFFICIENT = -0.75
"""The coefficient a of the cubic kernel that ONNX's GridSample prescribes."""


@emits("GridSample")
def grid_sample(paddle: Recorder, x: Tensor, grid: Tensor, *, align_corners: int, mode: str, padding_mode: str) -> Any:
    """Paddle's own; the cubic mode as a weighted sum of sixteen nearest samples."""
    dtype = wide(x.dtype, FLOATS)
    options = {"padding_mode": padding_mode, "align_corners": bool(align_corners)}
    data, positions = cast(paddle, x, dtype), cast(paddle, grid, dtype)
    if mode == "cubic":
        result = _cubic(paddle, x, data, positions, options)
    elif mode in ("linear", "nearest"):
        how = "bilinear" if mode == "linear" else "nearest"
        result = paddle.nn.functional.grid_sample(data, positions, mode=how, **options)
    else:
        raise Refusal(f"mode={mode} is unknown")
    return cast(paddle, result, x.dtype, of=dtype)


def _cubic(paddle: Recorder, x: Tensor, data: Any, grid: Any, options: dict[str, Any]) -> Expr:
    if x.rank != 4:
        raise Refusal("the cubic mode is for images (rank 4)")
    corner = bool(options["align_corners"])
    reflects_at_pixels = corner and options["padding_mode"] == "reflection"
    options = options | {"align_corners": reflects_at_pixels}
    sizes = [size_of(paddle, x, axis) for axis in (3, 2)]
    pixels = [paddle.let(_pixel(grid[..., index], size, corner), "pixel") for index, size in enumerate(sizes)]
    bases = [paddle.let(paddle.floor(pixel), "base") for pixel in pixels]
    fractions = [paddle.let(pixel - base, "fraction") for pixel, base in zip(pixels, bases, strict=True)]
    weights = [[paddle.let(weight, "weight") for weight in _cubic_weights(fraction)] for fraction in fractions]
    total: Any = None
    for row in range(4):
        for column in range(4):
            at = [
                _normal(paddle, base + (tap - 1), size, reflects_at_pixels)
                for base, tap, size in zip(bases, (column, row), sizes, strict=True)
            ]
            sample = paddle.nn.functional.grid_sample(data, paddle.stack(at, axis=-1), mode="nearest", **options)
            part = sample * paddle.unsqueeze(weights[0][column] * weights[1][row], 1)
            total = part if total is None else total + part
    return total  # type: ignore[no-any-return]


def _pixel(position: Any, size: Any, corner: bool) -> Any:
    """A position in [-1, 1] as one in pixels."""
    return (position + 1) * (size - 1) / 2 if corner else ((position + 1) * size - 1) / 2


def _normal(paddle: Recorder, pixel: Any, size: Any, corner: bool) -> Any:
    """The inverse of `_pixel`; of a single pixel, any number is."""
    if not corner:
        return (pixel * 2 + 1) / size - 1
    return pixel * 2 / (max(size - 1, 1) if isinstance(size, int) else paddle.clip(size - 1, min=1)) - 1


def _cubic_weights(t: Any) -> list[Any]:
    """Keys' kernel at the distances t + 1, t, 1 - t and 2 - t."""
    a = CUBIC_COEFFICIENT

    def far(d: Any) -> Any:
        return ((d - 5) * d + 8) * d * a - 4 * a

    def near(d: Any) -> Any:
        return (d * (a + 2) - (a + 3)) * d * d + 1

    return [far(t + 1), near(t), near(1 - t), far(2 - t)]


@emits("AffineGrid")
def affine_grid(paddle: Recorder, theta: Tensor, size: Tensor, *, align_corners: int) -> Any:
    """Paddle's own, which takes the size as a list or a tensor."""
    dtype = wide(theta.dtype, FLOATS)
    shape, matrices = sizes_of(size), cast(paddle, theta, dtype)
    if align_corners and 1 in (size.elements() or [])[2:]:
        raise Refusal("where the corners of one pixel are is not specified: onnx takes -1, onnxruntime 1")
    if None in theta.shape[1:]:
        if not isinstance(shape, list):
            raise Refusal("whether the grid has two or three axes is not known while converting")
        matrices = paddle.reshape(matrices, [-1, len(shape) - 2, len(shape) - 1])
    grid = paddle.nn.functional.affine_grid(matrices, shape, align_corners=bool(align_corners))
    return cast(paddle, grid, theta.dtype, of=dtype)
