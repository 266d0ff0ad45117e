"""onnx's own backend tests as cases: a model and data sets of inputs and expected outputs."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import numpy_helper

DATA = Path(onnx.__file__).parent / "backend" / "test" / "data"


@dataclass(frozen=True)
class Case:
    """One backend test.

    Attributes:
        name: as onnx names it; light models are called `light_…`, and `light_…_seeded` with random weights.
        kind: node, simple, pytorch-converted, pytorch-operator or light.
        model: the model.
        data_sets: pairs of inputs and expected outputs, in the order of the graph's.
        rtol, atol: the test's own tolerances.
    """

    name: str
    kind: str
    model: onnx.ModelProto
    data_sets: Sequence[tuple[Sequence[Any], Sequence[Any]]]
    rtol: float
    atol: float


@functools.cache
def all_cases() -> dict[str, Case]:
    """All cases by name, in a fixed order."""
    found: dict[str, Case] = {}
    for case in [
        *_generated(),
        *_stored("simple"),
        *_stored("pytorch-converted"),
        *_stored("pytorch-operator"),
        *_light(),
    ]:
        found.setdefault(case.name, case)
    return dict(sorted(found.items()))


def op_types(case: Case) -> set[str]:
    """Op types in the main graph of a case."""
    return {node.op_type for node in case.model.graph.node}


def is_on_plain_tensors(case: Case) -> bool:
    """Whether a case takes and gives tensors alone, no strings and no types of 2 or 4 bits nor floats of 8.

    Cases of `ai.onnx.ml` and of the preview and training domains are not counted among them.
    """
    graph = case.model.graph
    nodes = [*_nodes(graph), *(node for function in case.model.functions for node in function.node)]
    types = [value.type for value in (*graph.input, *graph.output, *graph.value_info)]
    attributes = [attribute for node in nodes for attribute in node.attribute]
    elements = {
        *(kind.tensor_type.elem_type for kind in types), *(tensor.data_type for tensor in graph.initializer),
        *(attribute.t.data_type for attribute in attributes if attribute.HasField("t")),
        *(attribute.i for attribute in attributes if attribute.name in ("to", "dtype", "output_dtype")),
    }  # fmt: skip
    return (
        all(kind.HasField("tensor_type") for kind in types)
        and not elements & _NOT_PLAIN
        and not any(node.domain.startswith(("ai.onnx.ml", "ai.onnx.preview", "ai.onnx.training")) for node in nodes)
    )


_NOT_PLAIN = {
    number
    for name, number in onnx.TensorProto.DataType.items()
    if name.startswith(("FLOAT8", "FLOAT4", "INT4", "UINT4", "INT2", "UINT2", "STRING"))
}


def _nodes(graph: onnx.GraphProto) -> Iterator[onnx.NodeProto]:
    for node in graph.node:
        yield node
        for attribute in node.attribute:
            for inner in (*([attribute.g] if attribute.HasField("g") else []), *attribute.graphs):
                yield from _nodes(inner)


def _generated() -> Iterator[Case]:
    from onnx.backend.test.case import model, node

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        cases = [*node.collect_testcases(None), *(c for c in model.collect_testcases() if c.kind == "simple")]
    for case in cases:
        yield Case(case.name, case.kind, case.model, case.data_sets, case.rtol, case.atol)


def _stored(kind: str) -> Iterator[Case]:
    for folder in sorted((DATA / kind).iterdir()):
        model = onnx.load(folder / "model.onnx")
        sets = []
        for data in sorted(folder.glob("test_data_set_*")):
            inputs = [_read(data / f"input_{i}.pb", value.type) for i, value in enumerate(_fed(model))]
            outputs = [_read(data / f"output_{i}.pb", value.type) for i, value in enumerate(model.graph.output)]
            sets.append((inputs, outputs))
        yield Case(folder.name, kind, model, sets, 1e-3, 1e-7)


def _fed(model: onnx.ModelProto) -> list[onnx.ValueInfoProto]:
    initializers = {tensor.name for tensor in model.graph.initializer}
    return [value for value in model.graph.input if value.name not in initializers]


def _read(path: Path, kind: onnx.TypeProto) -> Any:
    content = path.read_bytes()
    if kind.HasField("sequence_type"):
        return numpy_helper.to_list(onnx.SequenceProto.FromString(content))
    if kind.HasField("optional_type"):
        return numpy_helper.to_optional(onnx.OptionalProto.FromString(content))
    return numpy_helper.to_array(onnx.TensorProto.FromString(content))


def _light() -> Iterator[Case]:
    """As shipped (all weights of one layer equal), with the output that onnx ships; tolerances as onnx's own."""
    for path in sorted((DATA / "light").glob("*.onnx")):
        model = onnx.load(path)
        shape = [dim.dim_value for dim in _fed(model)[0].type.tensor_type.shape.dim]
        count = int(np.prod(shape))
        data = (np.arange(count).reshape(shape) / np.float64(count)).astype(np.float32)
        expected = numpy_helper.to_array(
            onnx.TensorProto.FromString(path.with_name(f"{path.stem}_output_0.pb").read_bytes())
        )
        yield Case(path.stem, "light", model, [([data], [expected])], 1e-3, 1e-6)
