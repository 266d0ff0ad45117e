"""Draws inputs for a model: seeded, of the right dtypes, with sizes for dynamic dimensions that it can run on.

What an input is used for in the graph decides its values: indices stay inside what they index, lengths inside the
sequence, a logarithm gets positive numbers. Each rule is a row of a table below.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx_ir as ir

from paddlify.errors import UsageError
from paddlify.ir.opset import CONTRIB_DOMAIN
from paddlify.report import TensorSpec
from paddlify.runtime.feeds import element_type

Array = np.ndarray[Any, Any]
Range = tuple[float, float]


@dataclass(frozen=True)
class Sizes:
    """Sizes for dynamic dimensions: of axis 0, and in turn of the others, by the rank of the input.

    `images` are for inputs of rank 4 and more, `sequences` for those below; the last one repeats.
    """

    batch: int
    images: tuple[int, ...]
    sequences: tuple[int, ...]


SIZES = (
    Sizes(2, (64, 96, 80), (12, 10, 8)),  # all different, so that no axis can pass for another
    Sizes(1, (64, 96, 80), (12, 10, 8)),
    Sizes(2, (64,), (16,)),
    Sizes(1, (224,), (16,)),
    Sizes(1, (1,), (1,)),
)
"""Tried in this order: the first one on which the source model itself runs is taken."""


@dataclass(frozen=True)
class DrawnInput:
    """One input as it was drawn: the array, and how, in a phrase for the report."""

    spec: TensorSpec
    array: Array
    how: str

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return {
            "name": self.spec.name, "shape": list(self.array.shape), "dtype": self.array.dtype.name, "drawn": self.how,
        }


def draw(graph: ir.Graph, specs: Sequence[TensorSpec], *, seed: int, sizes: Sizes) -> list[DrawnInput]:
    """An array for each spec; `graph` has inputs of the same names, and says how they are used.

    Raises UsageError for an input whose rank is not known, or of strings.
    """
    values = {value.name: value for value in graph.inputs}
    dims = _Dims(sizes)
    shapes = [_shape(values[spec.name], spec, dims) for spec in specs]
    return [
        _draw(values[spec.name], spec, shape, np.random.default_rng((seed, index)))
        for index, (spec, shape) in enumerate(zip(specs, shapes, strict=True))
    ]


class _Dims:
    """Gives each symbol one size, wherever it stands."""

    def __init__(self, sizes: Sizes) -> None:
        self._sizes = sizes
        self._known: dict[Any, int] = {}
        self._used = {"images": 0, "sequences": 0}

    def size(self, symbol: Any, axis: int, rank: int) -> int:
        if symbol not in self._known:
            self._known[symbol] = self._sizes.batch if axis == 0 else self._next("images" if rank >= 4 else "sequences")
        return self._known[symbol]

    def _next(self, kind: str) -> int:
        choices: tuple[int, ...] = getattr(self._sizes, kind)
        index = min(self._used[kind], len(choices) - 1)
        self._used[kind] += 1
        return choices[index]


def _shape(value: ir.Value, spec: TensorSpec, dims: _Dims) -> tuple[int, ...]:
    if spec.shape is None:
        raise UsageError(f"the rank of input '{spec.name}' is not known: give --input-shape {spec.name}:…")
    rank = len(spec.shape)
    declared = list(value.shape) if value.shape is not None and value.shape.rank() == rank else [None] * rank
    return tuple(
        size if size >= 0 else _needed_size(value, axis) or dims.size(_symbol(dim, spec.name, axis), axis, rank)
        for axis, (size, dim) in enumerate(zip(spec.shape, declared, strict=True))
    )


def _symbol(dim: Any, name: str, axis: int) -> Any:
    named = dim.value if isinstance(dim, ir.SymbolicDim) else None
    return named or (name, axis)


def _draw(value: ir.Value, spec: TensorSpec, shape: tuple[int, ...], generator: np.random.Generator) -> DrawnInput:
    dtype = element_type(spec.dtype)
    if dtype.kind in "OSUT":
        raise UsageError(f"input '{spec.name}' takes strings, which cannot be drawn: give your own with --input")
    found = _range(value)
    if dtype.kind == "b" or _is_integer(dtype):
        low, high = (int(bound) for bound in found or _default_integers(dtype))
        how = f"integers from {low} to {high - 1}"
        array: Array = np.asarray(generator.integers(low, high, shape))
    elif found is not None:
        how = f"uniform from {found[0]:g} to {found[1]:g}"
        array = np.asarray(generator.uniform(*found, shape))
    else:
        how = "standard normal"
        array = np.asarray(generator.standard_normal(shape))
        if dtype.kind == "c":
            array = array + 1j * generator.standard_normal(shape)
    return DrawnInput(spec, array.astype(dtype), how)


def _is_integer(dtype: np.dtype[Any]) -> bool:
    return dtype.kind in "iu" or dtype.name.startswith(("int", "uint"))


def _default_integers(dtype: np.dtype[Any]) -> Range:
    """All of an 8-bit type (images, quantised data); small numbers of a wider one."""
    if dtype.itemsize == 1 and dtype.kind in "iu":
        return float(np.iinfo(dtype).min), float(np.iinfo(dtype).max) + 1
    return (0, 10) if dtype.kind in "iu" else (0, 2)


def _range(value: ir.Value) -> Range | None:
    """The half-open interval that all uses of an input allow; None when no rule speaks."""
    found = [allowed for node, index in _uses(value) if (allowed := _allowed(node, index)) is not None]
    if not found:
        return None
    low, high = max(low for low, _ in found), min(high for _, high in found)
    return (low, high) if low < high else (low, low + 1)


def _allowed(node: ir.Node, index: int) -> Range | None:
    rule = _RANGES.get((node.op_type, index))
    if node.domain not in ("", "ai.onnx", CONTRIB_DOMAIN) or rule is None:
        return None
    return rule(node) if callable(rule) else rule


def _uses(value: ir.Value) -> Iterator[tuple[ir.Node, int]]:
    """The uses of a value, and of what is made from it without changing its elements."""
    waiting, seen = [value], {value}
    while waiting:
        for use in waiting.pop().uses():
            yield use.node, use.idx
            if (use.node.op_type, use.idx) in _KEEPS_ELEMENTS or use.node.op_type == "Concat":
                fresh = [output for output in use.node.outputs if output not in seen]
                seen.update(fresh)
                waiting.extend(fresh)


_KEEPS_ELEMENTS = {
    (op_type, 0)
    for op_type in (
        "Cast", "Clip", "Expand", "Flatten", "Identity", "Pad", "Reshape", "Slice", "Split", "Squeeze", "Tile",
        "Transpose", "Unsqueeze",
    )
} | {("Where", 1), ("Where", 2)}


def _dim(value: ir.Value | None, axis: int) -> int | None:
    """A static size of a value's shape; None where it is not known."""
    if value is None:
        return None
    shape = value.shape
    if shape is None and (tensor := ir.convenience.get_const_tensor(value)) is not None:
        shape = ir.Shape(tensor.shape.numpy())
    if shape is None or not -shape.rank() <= axis < shape.rank():
        return None
    size = shape[axis]
    return size if isinstance(size, int) else None


def _integer(node: ir.Node, name: str, default: int) -> int:
    attribute = node.attributes.get(name)
    return default if attribute is None else attribute.as_int()


def _of_axis(node: ir.Node) -> Range:
    """Indices into an axis; only 0 is safe where its size is not known."""
    return 0, _dim(node.inputs[0], _integer(node, "axis", 0)) or 1


def _of_all_axes(node: ir.Node) -> Range:
    shape = node.inputs[0].shape if node.inputs[0] is not None else None
    return 0, min((size if isinstance(size, int) else 1 for size in shape), default=1) if shape is not None else 1


def _of_depth(node: ir.Node) -> Range | None:
    depth = ir.convenience.get_const_tensor(node.inputs[1]) if node.inputs[1] is not None else None
    return None if depth is None else (0, float(depth.numpy().reshape(-1)[0]))


def _of_length(node: ir.Node) -> Range:
    """Lengths of sequences, [time, batch, …]."""
    return 1, (_dim(node.inputs[0], 0) or 1) + 1


def _of_count(node: ir.Node) -> Range:
    return 1, (_dim(node.inputs[0], _integer(node, "axis", -1)) or 1) + 1


def _of_mask(node: ir.Node) -> Range | None:
    """`1 - x`: x is a mask of 0 and 1."""
    one = ir.convenience.get_const_tensor(node.inputs[0]) if node.inputs[0] is not None else None
    return (0, 2) if one is not None and one.size == 1 and one.numpy().reshape(-1)[0] == 1 else None


def _of_cast(node: ir.Node) -> Range | None:
    return (0, 2) if _integer(node, "to", 0) == ir.DataType.BOOL else None


_POSITIVE: Range = (0.1, 2)
_SMALL_COUNT: Range = (1, 3)

_RANGES: dict[tuple[str, int], Range | Callable[[ir.Node], Range | None]] = {
    # indices, lengths and counts
    ("Gather", 1): _of_axis,
    ("GatherElements", 1): _of_axis,
    ("ScatterElements", 1): _of_axis,
    ("Scatter", 1): _of_axis,
    ("GatherND", 1): _of_all_axes,
    ("ScatterND", 1): _of_all_axes,
    ("OneHot", 0): _of_depth,
    ("TopK", 1): _of_count,
    ("RNN", 4): _of_length,
    ("LSTM", 4): _of_length,
    ("GRU", 4): _of_length,
    ("ReverseSequence", 1): (1, 2),
    ("ConstantOfShape", 0): _SMALL_COUNT,
    ("Expand", 1): _SMALL_COUNT,
    ("Tile", 1): _SMALL_COUNT,
    ("Range", 1): (3, 8),
    ("NonMaxSuppression", 2): (1, 5),
    # masks and switches
    ("Cast", 0): _of_cast,
    ("Sub", 1): _of_mask,
    ("Dropout", 2): (0, 1),
    # domains of functions
    ("Log", 0): _POSITIVE,
    ("Sqrt", 0): _POSITIVE,
    ("Reciprocal", 0): _POSITIVE,
    ("Div", 1): _POSITIVE,
    ("Acos", 0): (-1, 1),
    ("Asin", 0): (-1, 1),
    ("Atanh", 0): (-0.9, 0.9),
    ("Acosh", 0): (1, 3),
    ("BatchNormalization", 4): _POSITIVE,
    ("Dropout", 1): (0, 0.5),
    ("NonMaxSuppression", 3): (0, 1),
    ("NonMaxSuppression", 4): (0, 1),
    ("Resize", 2): (1, 2),
    ("Upsample", 1): (1, 2),
}
"""What an operator's input may hold: a half-open interval, or a function of the node that gives one."""


def _needed_size(value: ir.Value, axis: int) -> int | None:
    """The size that a weight forces on a dimension which the model leaves open."""
    for use in value.uses():
        rule = _NEEDED_SIZES.get((use.node.op_type, use.idx))
        size = rule(use.node, axis, value.shape.rank() if value.shape is not None else 0) if rule is not None else None
        if size is not None:
            return size
    return None


def _of_conv(node: ir.Node, axis: int, _rank: int) -> int | None:
    channels = _dim(node.inputs[1], 1)
    return channels * _integer(node, "group", 1) if axis == 1 and channels is not None else None


def _of_matmul(node: ir.Node, axis: int, rank: int) -> int | None:
    return _dim(node.inputs[1], -2) if axis == rank - 1 else None


def _of_gemm(node: ir.Node, axis: int, _rank: int) -> int | None:
    is_inner = axis == (0 if _integer(node, "transA", 0) else 1)
    return _dim(node.inputs[1], 1 if _integer(node, "transB", 0) else 0) if is_inner else None


_NEEDED_SIZES: dict[tuple[str, int], Callable[[ir.Node, int, int], int | None]] = {
    ("Conv", 0): _of_conv,
    ("MatMul", 0): _of_matmul,
    ("Gemm", 0): _of_gemm,
}
