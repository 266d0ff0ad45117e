"""Small TensorFlow graphs as expressions: `call("AddV2", x, const(y))`, with inputs and attributes as in the OpDef.

A NumPy array is a placeholder that is fed with it, `const(array)` a constant, a list an input that takes several
tensors, and a call may be an input of another.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias
from zlib import crc32

import numpy as np


@dataclass(frozen=True, eq=False)
class Constant:
    """An input that is part of the graph."""

    array: np.ndarray


@dataclass(frozen=True, eq=False)
class Call:
    """One operator; `call[1]` is its second output, a call by itself its first (or, as a whole case, all of them)."""

    op: str
    inputs: tuple[Input, ...]
    attributes: Mapping[str, Any]
    position: int | None = None

    def __getitem__(self, position: int) -> Call:
        return replace(self, position=position)

    def __repr__(self) -> str:
        inputs = [_short(item) for item in self.inputs]
        attributes = [f"{name}={value}" for name, value in self.attributes.items()]
        return f"{self.op}({', '.join(inputs + attributes)})".replace(" ", "")


Input: TypeAlias = "np.ndarray | Constant | Call | Sequence[Input]"


def call(op: str, *inputs: Input, **attributes: Any) -> Call:
    """An operator applied to inputs."""
    return Call(op, tuple(map(_plain, inputs)), attributes)


def _plain(item: Any) -> Input:
    """NumPy's scalars as arrays of rank 0."""
    if isinstance(item, (list, tuple)):
        return [_plain(part) for part in item]
    return np.asarray(item) if isinstance(item, np.generic) else item


def const(data: Any, dtype: Any = None) -> Constant:
    """A constant; whole numbers are int32 unless `dtype` is given, fractions float32, as in TensorFlow."""
    array = np.asarray(data, dtype)
    if dtype is None and not isinstance(data, (np.ndarray, np.generic)):
        array = array.astype({"i": np.int32, "f": np.float32}.get(array.dtype.kind, array.dtype))
        array = array.astype(np.int32) if array.size == 0 else array
    return Constant(array)


def f32(*shape: int, low: float = -2.0, high: float = 2.0, seed: int = 0, dtype: Any = np.float32) -> np.ndarray:
    """Random floats, always the same ones for the same arguments."""
    rng = np.random.default_rng(crc32(repr((shape, low, high, seed)).encode()))
    return rng.uniform(low, high, shape).astype(dtype)


def f64(*shape: int, **options: Any) -> np.ndarray:
    """`f32` in double precision."""
    return f32(*shape, dtype=np.float64, **options)


def i32(*shape: int, low: int = -9, high: int = 9, seed: int = 0, dtype: Any = np.int32) -> np.ndarray:
    """Random whole numbers of low … high, both included."""
    rng = np.random.default_rng(crc32(repr((shape, low, high, seed)).encode()))
    return rng.integers(low, high, shape, endpoint=True).astype(dtype)


def i64(*shape: int, **options: Any) -> np.ndarray:
    """`i32` with 64 bits."""
    return i32(*shape, dtype=np.int64, **options)


def boolean(*shape: int, seed: int = 0) -> np.ndarray:
    """Random truth values."""
    return i32(*shape, low=0, high=1, seed=seed).astype(bool)


def write(case: Call, folder: Path, *, dynamic: bool, expected: Call | None = None) -> dict[str, np.ndarray]:
    """Write `graph.json` and `inputs.npz` for the server; returns the arrays to feed by placeholder name.

    With `dynamic`, placeholders have a rank but no sizes. `expected` is run in place of the case.
    """
    writer = _Writer(dynamic)
    outputs = writer.add(case, whole=True)
    expected_outputs = writer.add(expected, whole=True) if expected is not None else outputs
    description = {"nodes": writer.nodes, "outputs": outputs, "expected": expected_outputs}
    (folder / "graph.json").write_text(json.dumps(description))
    np.savez(folder / "inputs.npz", **writer.arrays)
    return {node["name"]: writer.arrays[node["name"]] for node in writer.nodes if node["op"] == "Placeholder"}


class _Writer:
    def __init__(self, dynamic: bool) -> None:
        self.dynamic = dynamic
        self.nodes: list[dict[str, Any]] = []
        self.arrays: dict[str, np.ndarray] = {}
        self._seen: dict[Any, int] = {}

    def add(self, item: Any, *, whole: bool = False) -> tuple[int, int | None]:
        """Add an input with what it needs; returns its node's index and the number of the output that is meant."""
        key = (id(item.inputs), item.op) if isinstance(item, Call) else id(item)
        if key not in self._seen:
            description = self._node(item)
            description["name"] = f"{description['op'].lower()}{len(self.nodes)}"
            if isinstance(item, (np.ndarray, Constant)):
                self.arrays[description["name"]] = item if isinstance(item, np.ndarray) else item.array
            self.nodes.append(description)
            self._seen[key] = len(self.nodes) - 1
        position = item.position if isinstance(item, Call) else 0
        return self._seen[key], position if whole or position is not None else 0

    def _node(self, item: Any) -> dict[str, Any]:
        if isinstance(item, Constant):
            return {"op": "Const"}
        if isinstance(item, np.ndarray):
            return {"op": "Placeholder", "shape": [None if self.dynamic else size for size in item.shape]}
        inputs = [self._reference(part) for part in item.inputs]
        return {"op": item.op, "inputs": inputs, "attributes": dict(item.attributes)}

    def _reference(self, part: Any) -> list[Any]:
        if isinstance(part, (list, tuple)):
            return [self._reference(item) for item in part]
        return ["ref", *self.add(part)]


def _short(item: Any) -> str:
    if isinstance(item, Constant):
        text = np.array2string(item.array, separator=",", threshold=8).replace("\n", "")
        return text if len(text) < 30 else f"{item.array.dtype}{list(item.array.shape)}"
    if isinstance(item, np.ndarray):
        return f"{item.dtype}{list(item.shape)}"
    if isinstance(item, (list, tuple)):
        return f"[{','.join(map(_short, item))}]"
    return repr(item)
