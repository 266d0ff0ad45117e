"""Operators that give a tensor another shape: its elements stay as they are."""

from __future__ import annotations

import math
from typing import Any

import onnx_ir as ir

from paddlify.backends.paddle.dtypes import paddle_dtype
from paddlify.backends.paddle.expression import Expr, Tensor
from paddlify.backends.paddle.module import Recorder, emits
from paddlify.backends.paddle.ops.common import FLOATS, NUMBERS, cast, computed, normal_axis, size_of, wide
from paddlify.backends.paddle.ops.sizes import floor_divided, sizes_of
from paddlify.errors import Refusal
from paddlify.ir import inference

_EIGHT_BIT_FLOATS = {"float8_e4m3fn", "float8_e5m2"}
_ALL = NUMBERS | {"float16", "bfloat16", "int8", "int16", "uint8", "bool", "complex64", "complex128"}
_UNSQUEEZE = _ALL - {"float16"} | _EIGHT_BIT_FLOATS
_FLATTEN = _ALL - {"float16", "complex64", "complex128"}
_CONCAT = _ALL - {"uint8"}
_TILE = NUMBERS | {"float16", "bool", "complex64", "complex128"}


@emits("Identity")
def identity(paddle: Recorder, x: Tensor) -> Expr:
    return x


@emits("Reshape")
def reshape(paddle: Recorder, x: Tensor, shape: Tensor, *, allowzero: int) -> Expr:
    """A size that is dynamic is copied (0) or inferred (-1) where that can be said, else computed."""
    elements = inference.elements_of(shape.value)
    if elements is None:
        return _reshape_computed(paddle, x, shape, bool(allowzero))
    if allowzero and 0 in elements:
        if x.has_rank and tuple(elements) == x.shape:
            return x
        return paddle.zeros(sizes_of(shape), dtype=paddle.dtype(x.dtype))
    sizes = [_said(x, axis, element) for axis, element in enumerate(elements)]
    unknown = [axis for axis, size in enumerate(sizes) if size is None]
    if len(unknown) == 1 and -1 not in sizes:
        sizes[unknown[0]] = -1
    return paddle.reshape(x, [shape[axis] if size is None else size for axis, size in enumerate(sizes)])


def _said(x: Tensor, axis: int, element: Any) -> int | None:
    """A size as Reshape says it; None if it must be inferred or computed."""
    if isinstance(element, int):
        return element
    dims = x.value.shape
    named = isinstance(element, ir.SymbolicDim) and element.value is not None
    return 0 if named and dims is not None and axis < len(dims) and dims[axis] == element else None


def _reshape_computed(paddle: Recorder, x: Tensor, shape: Tensor, allow_zero: bool) -> Expr:
    """Paddle takes 0 as "copy"; a literal 0 is possible only where there are no elements.

    Of a vector without elements 0 is copied as 0, and beyond its rank Paddle takes 0 literally.
    """
    if not allow_zero or (x.is_static and 0 not in x.shape):
        return paddle.reshape(x, sizes_of(shape))
    if x.is_static:
        return paddle.zeros([paddle.clip(size, min=0) for size in sizes_of(shape)], dtype=paddle.dtype(x.dtype))
    return paddle.reshape(x if x.has_rank and x.rank == 1 else paddle.reshape(x, [-1]), sizes_of(shape))


@emits("Transpose")
def transpose(paddle: Recorder, x: Tensor, *, perm: list[int] | None) -> Expr:
    return paddle.transpose(x, list(reversed(range(x.rank))) if perm is None else perm)


@emits("Flatten")
def flatten(paddle: Recorder, x: Tensor, *, axis: int) -> Any:
    """Two axes: those before `axis`, and those from it on."""
    axis = axis + x.rank if axis < 0 else axis
    if not 0 <= axis <= x.rank:
        raise Refusal(f"axis {axis} is out of range for rank {x.rank}")
    if x.rank == 2 and axis == 1:
        return x

    def flattened(source: Any) -> Any:
        if axis in (0, x.rank):
            return paddle.unsqueeze(paddle.flatten(source) if x.rank != 1 else source, 0 if axis == 0 else 1)
        tail = paddle.flatten(source, axis) if x.rank - axis > 1 else source
        return paddle.flatten(tail, 0, axis - 1) if axis > 1 else tail

    return computed(paddle, _FLATTEN, flattened, x)


@emits("Squeeze")
def squeeze(paddle: Recorder, x: Tensor, axes: Tensor | None = None) -> Expr:
    if axes is not None and axes.is_constant:
        found = axes.ints()
        if not found and x.rank:
            raise Refusal("an empty list of axes is not supported")
    elif axes is None:
        if not x.is_static:
            raise Refusal("axes are missing, and which dimensions are 1 is not known while converting")
        found = [axis for axis, size in enumerate(x.shape) if size == 1]
    else:
        return _to_inferred_shape(paddle, x)
    return paddle.squeeze(x, sorted(normal_axis(axis, x.rank) for axis in found)) if found else x


@emits("Unsqueeze")
def unsqueeze(paddle: Recorder, x: Tensor, axes: Tensor) -> Any:
    """The axes count in the result's shape."""
    if not axes.is_constant:
        return _to_inferred_shape(paddle, x)
    found = axes.ints()
    normal = sorted(normal_axis(axis, x.rank + len(found)) for axis in found)
    if not normal:
        return x
    place = normal[0] if len(normal) == 1 else normal
    return computed(paddle, _UNSQUEEZE, lambda source: paddle.unsqueeze(source, place), x)


def _to_inferred_shape(paddle: Recorder, x: Tensor) -> Expr:
    """Axes of size 1 that are computed: the result's shape says where they are."""
    output = paddle.outputs[0]
    if not output.has_rank or output.shape.count(None) > 1 or 0 in output.shape:
        raise Refusal("the axes must be known at conversion time, but the model computes them")
    return paddle.reshape(x, [-1 if size is None else size for size in output.shape])


@emits("Concat")
def concat(paddle: Recorder, *inputs: Tensor, axis: int) -> Any:
    if len(inputs) == 1:
        return inputs[0]
    return computed(paddle, _CONCAT, lambda *parts: paddle.concat(list(parts), axis=axis), *inputs)


@emits("Expand")
def expand(paddle: Recorder, x: Tensor, shape: Tensor) -> Any:
    """Broadcasting in both directions: an axis of `x` stays where `shape` has 1."""
    length = shape.shape[0]
    if length is None:
        raise Refusal("the rank of the result is not known while converting")
    elements = inference.elements_of(shape.value) or [None] * length
    dims: list[Any] = list(x.value.shape) if x.has_rank and x.value.shape is not None else []
    rank = max(length, len(dims))
    dims = [1] * (rank - len(dims)) + dims
    targets = [1] * (rank - length) + list(elements)
    sizes = [_broadcast(paddle, x, shape, axis, dims[axis], targets[axis], rank) for axis in range(rank)]
    if sizes == [-1] * x.rank:
        return x
    return computed(paddle, _ALL, lambda source: paddle.expand(source, sizes), x)


def _broadcast(paddle: Recorder, x: Tensor, shape: Tensor, axis: int, dim: Any, target: Any, rank: int) -> Any:
    """What Paddle's expand is told for one axis: -1 keeps an axis of `x`."""
    added = axis < rank - x.rank
    here = axis - (rank - (shape.shape[0] or 0))
    if not added and (target == 1 or (isinstance(dim, int) and dim != 1)):
        return -1
    if not added and isinstance(dim, ir.SymbolicDim) and dim.value is not None and dim == target:
        return -1
    if isinstance(target, int):
        return target
    if dim == 1:
        return shape[here]
    own, wanted = paddle.shape(x)[axis - (rank - x.rank)], cast(paddle, shape, "int64")[here]
    return paddle.where((own > 1) | (own < 1), own, wanted)


@emits("Tile")
def tile(paddle: Recorder, x: Tensor, repeats: Tensor) -> Any:
    times: Any = repeats.ints() if repeats.is_constant else repeats
    if isinstance(times, list) and set(times) <= {1}:
        return x
    return computed(paddle, _TILE, lambda source: paddle.tile(source, times), x)


@emits("Shape")
def shape(paddle: Recorder, x: Tensor, *, start: int, end: int | None) -> Expr:
    source = cast(paddle, x, wide(x.dtype, _ALL - {"int16"} | _EIGHT_BIT_FLOATS))
    if start == 0 and end is None:
        return paddle.shape(source)
    first, last, _ = slice(start, end).indices(x.rank)
    if first >= last:
        return paddle.constant([], "int64")
    return paddle.shape(source)[first:last]


@emits("Size")
def size(paddle: Recorder, x: Tensor) -> Expr:
    if x.is_static:
        return paddle.constant(math.prod(dim or 0 for dim in x.shape), "int64")
    return paddle.numel(x)


@emits("DepthToSpace")
def depth_to_space(paddle: Recorder, x: Tensor, *, blocksize: int, mode: str) -> Expr:
    """CRD is Paddle's pixel shuffle; DCR has the channels in another order before it."""
    functional = paddle.nn.functional
    if _shuffles(x):
        source = functional.channel_shuffle(x, blocksize**2) if mode == "DCR" and x.shape[1] != blocksize**2 else x
        return functional.pixel_shuffle(source, blocksize)
    batch, channels, *spatial = (size_of(paddle, x, axis) for axis in range(x.rank))
    blocks = [blocksize] * len(spatial)
    depth = floor_divided(paddle, channels, blocksize ** len(spatial))
    count = len(spatial)
    split = paddle.reshape(x, [batch, *blocks, depth, *spatial] if mode == "DCR" else [batch, depth, *blocks, *spatial])
    first, block = (count + 1, 1) if mode == "DCR" else (1, 2)
    perm = [0, first, *(axis for i in range(count) for axis in (count + 2 + i, block + i))]
    return paddle.reshape(paddle.transpose(split, perm), [batch, depth, *(size * blocksize for size in spatial)])


@emits("SpaceToDepth")
def space_to_depth(paddle: Recorder, x: Tensor, *, blocksize: int, mode: str) -> Expr:
    """DCR has the block's elements outside, the channels inside; CRD is Paddle's pixel unshuffle."""
    functional = paddle.nn.functional
    if _shuffles(x) and None not in x.shape[2:]:
        result = functional.pixel_unshuffle(x, blocksize)
        return functional.channel_shuffle(result, x.shape[1]) if mode == "DCR" and x.shape[1] != 1 else result
    batch, channels, *spatial = (size_of(paddle, x, axis) for axis in range(x.rank))
    count = len(spatial)
    sizes = [floor_divided(paddle, size, blocksize) for size in spatial]
    split = paddle.reshape(x, [batch, channels, *(part for size in sizes for part in (size, blocksize))])
    outer, inner = [2 + 2 * i for i in range(count)], [3 + 2 * i for i in range(count)]
    perm = [0, *inner, 1, *outer] if mode == "DCR" else [0, 1, *inner, *outer]
    return paddle.reshape(paddle.transpose(split, perm), [batch, channels * blocksize**count, *sizes])


def _shuffles(x: Tensor) -> bool:
    """Whether Paddle's shuffles have a kernel: two spatial axes, float32 or float64, known channels."""
    return x.rank == 4 and x.shape[1] is not None and paddle_dtype(x.dtype) in FLOATS
