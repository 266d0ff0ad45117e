"""The inputs of the checks: edge values, several dtypes, tensors without elements or axes."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from typing import Any

import numpy as np

from paddlify.apimap.comparing import Array
from paddlify.apimap.running import Inputs

FLOATS = ("float32", "float64")
INTEGERS = ("int32", "int64")
REALS = (*FLOATS, *INTEGERS)
_SPECIAL = [np.nan, np.inf, -np.inf]
_EDGES = [0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 1.5, 2.5, -1.5, -2.5, 1e-30, -1e-30, 20.5, -20.5, 6.0, 3.0, 80.0, -80.0]


def random(*shape: int, dtype: str = "float32", low: float = -2.0, high: float = 2.0, seed: int = 0) -> Array:
    """Repeatable values: uniform floats, or integers from low to high."""
    generator = np.random.default_rng(zlib.crc32(repr((shape, dtype, seed)).encode()))
    if dtype == "bool":
        return generator.random(shape) > 0.5
    if np.dtype(dtype).kind in "iu":
        return np.asarray(generator.integers(int(low), int(high) + 1, shape)).astype(dtype)
    return np.asarray(generator.uniform(low, high, shape)).astype(dtype)


def _edges(dtype: str, special: bool) -> Array:
    if np.dtype(dtype).kind == "i":
        return np.array([0, 1, -1, 2, 3, -3, 7, 100], dtype)
    if dtype == "bool":
        return np.array([True, False])
    return np.array(_SPECIAL + _EDGES if special else _EDGES, dtype)


def unary(*dtypes: str) -> list[Inputs]:
    """Inputs ``x`` for elementwise functions: edge values, a matrix, 0-d and 0-size, in each dtype."""
    grid: list[Inputs] = []
    for dtype in dtypes or REALS:
        grid += [{"x": _edges(dtype, special)} for special in (True, False)]
        grid += [{"x": random(*shape, dtype=dtype)} for shape in ((2, 3), (), (0, 3))]
    return grid


def binary(*dtypes: str) -> list[Inputs]:
    """Inputs ``x`` and ``y``: every pair of edge values, broadcasting, 0-d and 0-size, in each dtype."""
    grid: list[Inputs] = []
    for dtype in dtypes or REALS:
        for special in (True, False):
            edges = _edges(dtype, special)
            x, y = np.meshgrid(edges, edges, indexing="ij")
            grid.append({"x": x.ravel(), "y": y.ravel()})
        for left, right in (((2, 3), (3,)), ((2, 1), (1, 3)), ((), (2,)), ((), ()), ((0, 3), (1, 3))):
            grid.append({"x": random(*left, dtype=dtype), "y": random(*right, dtype=dtype, seed=1)})
    return grid


def reduction(*dtypes: str, empty: bool = True) -> list[Inputs]:
    """Inputs ``x`` of rank 2 for reductions: ties, one row, NaN and infinities, and 0-size."""
    grid: list[Inputs] = []
    for dtype in dtypes or REALS:
        ties = np.array([[1, 3, 3, -2], [0, 0, 0, 0], [5, -1, 5, 2]], dtype)
        grid += [{"x": ties}, {"x": random(3, 4, dtype=dtype)}, {"x": random(1, 5, dtype=dtype)}]
        if np.dtype(dtype).kind == "f":
            special = np.array([[1, np.nan, 2], [np.inf, 1, 2], [-np.inf, 1, np.inf], [-np.inf] * 3], dtype)
            grid.append({"x": special})
        if empty:
            grid.append({"x": random(0, 4, dtype=dtype)})
    return grid


def cases(**arrays: Iterable[Any] | Any) -> list[Inputs]:
    """Inputs spelled out: each keyword is an array, or a list of as many arrays as the others have."""
    columns = {name: value if isinstance(value, list) else [value] for name, value in arrays.items()}
    count = max(len(column) for column in columns.values())
    return [
        {name: np.asarray(column[index if len(column) > 1 else 0]) for name, column in columns.items()}
        for index in range(count)
    ]
