"""Finds the operator at which a converted model first differs from its source.

The values between the operators are made outputs, a batch at a time in the order of computation: onnxruntime
computes them on the graph as it was read, and a conversion of that same graph on Paddle. The first that differs while
all before it agree names the operator.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx_ir as ir

from paddlify.errors import PaddlifyError
from paddlify.ir import inference, provenance
from paddlify.progress import Progress, Silent
from paddlify.verification import runners
from paddlify.verification.compare import compare_output

BATCH = 64
"""Values that are made outputs at once."""


@dataclass(frozen=True)
class Difference:
    """The first value that differs, and the operator that computes it.

    Attributes:
        op_type, node: the operator, as its source calls it.
        value: the name of its output in the graph.
        reason: how it differs.
        unseen: values before it that could not be compared, because one side cannot make them outputs.
    """

    op_type: str
    node: str
    value: str
    reason: str
    unseen: tuple[str, ...] = ()

    def __str__(self) -> str:
        unseen = f" ({len(self.unseen)} value(s) before it could not be seen)" if self.unseen else ""
        return f"{self.op_type} '{self.node}' is the first that differs, in '{self.value}': {self.reason}{unseen}"

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return asdict(self)


def first_difference(
    model: ir.Model, feeds: Mapping[str, np.ndarray[Any, Any]], *, rtol: float | None = None,
    atol: float | None = None, device: str = "cpu", progress: Progress | None = None,
) -> Difference | None:
    """The first operator of a graph that computes something else in Paddle; None when all agree.

    None for a model whose outputs do differ means that a pass over several operators is to blame.
    """
    progress = progress or Silent()
    inference.infer_graph(model.graph, model.graph.opset_imports.get("", 1))
    names = [value.name for node in model.graph for value in node.outputs if value.name and value.dtype is not None]
    progress.stage("compare values", len(names))
    unseen: list[str] = []
    for start in range(0, len(names), BATCH):
        batch = names[start : start + BATCH]
        found = _first_of(model, batch, feeds, _Options(rtol, atol, device), unseen)
        if found is not None:
            return found
        progress.advance(len(batch))
    return None


@dataclass(frozen=True)
class _Options:
    rtol: float | None
    atol: float | None
    device: str


def _first_of(
    model: ir.Model, names: Sequence[str], feeds: Mapping[str, Any], options: _Options, unseen: list[str]
) -> Difference | None:
    try:
        expected, actual = _both_sides(_with_outputs(model, names), names, feeds, options.device)
    except PaddlifyError:
        if len(names) == 1:
            unseen.append(names[0])
            return None
        half = len(names) // 2
        return _first_of(model, names[:half], feeds, options, unseen) or _first_of(
            model, names[half:], feeds, options, unseen
        )
    for name, wanted, got in zip(names, expected, actual, strict=True):
        result = compare_output(name, wanted, got, rtol=options.rtol, atol=options.atol)
        if not result.passed:
            return _difference(model, name, result.reason, unseen)
    return None


def _with_outputs(model: ir.Model, names: Sequence[str]) -> ir.Model:
    exposed = model.clone()
    values = {value.name: value for node in exposed.graph for value in node.outputs}
    exposed.graph.outputs[:] = [values[name] for name in names]
    return exposed


def _both_sides(
    model: ir.Model, names: Sequence[str], feeds: Mapping[str, Any], device: str
) -> tuple[list[np.ndarray[Any, Any]], list[np.ndarray[Any, Any]]]:
    from paddlify.conversion import convert

    with tempfile.TemporaryDirectory(prefix="paddlify-") as folder:
        with runners.graph_runner(model) as runner:
            expected = runner.run(feeds, names)
        converted = convert(model, Path(folder) / "converted", verify=False)
        used = {spec.name: feeds[spec.name] for spec in converted.report.inputs}
        actual, _ = runners.choose_runtime(converted.path, used, device)
    return expected, actual


def _difference(model: ir.Model, name: str, reason: str, unseen: Sequence[str]) -> Difference:
    node = next(node for node in model.graph for value in node.outputs if value.name == name)
    return Difference(provenance.source_op(node), provenance.source_name(node), name, reason, tuple(unseen))
