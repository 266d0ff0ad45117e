"""Sparse tensors of ONNX models, made dense when they are written."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

import numpy as np
import onnx
import onnx_ir as ir
from onnx_ir import serde

from paddlify.errors import LoadError
from paddlify.ir.tensors import Computed

MAX_ELEMENTS: Final = 1 << 31
"""A sparse tensor with more elements than this is refused."""

_SPARSE: Final = (onnx.AttributeProto.SPARSE_TENSOR, onnx.AttributeProto.SPARSE_TENSORS)
_PLACEHOLDER: Final = "paddlify.sparse:"


def is_in(proto: onnx.ModelProto) -> bool:
    """Whether a model holds a sparse tensor."""
    return any(
        (graph is not None and graph.sparse_initializer)
        or any(attribute.type in _SPARSE for node in nodes for attribute in node.attribute)
        for graph, nodes in _graphs(proto)
    )


def take_out(proto: onnx.ModelProto, where: str) -> list[Computed]:
    """Put a dense tensor without data in the place of each sparse one; `put_back` fills it.

    Changes `proto`. Raises LoadError for indices that are damaged or an attribute that only a sparse tensor can fill.
    """
    taken: list[Computed] = []
    for graph, nodes in _graphs(proto):
        for sparse in graph.sparse_initializer if graph is not None else ():
            graph.initializer.append(_placeholder(sparse, where, taken))  # type: ignore[union-attr]
        if graph is not None:
            del graph.sparse_initializer[:]
        for node in nodes:
            for attribute in node.attribute:
                if attribute.type in _SPARSE:
                    _replace(node, attribute, where, taken)
    return taken


def put_back(model: ir.Model, taken: list[Computed]) -> None:
    """Fill the places that `take_out` kept."""
    if not taken:
        return
    graphs = [*model.graphs(), *(function.graph for function in model.functions.values())]
    for graph in graphs:
        for value in graph.initializers.values():
            if (index := _index(value.const_value)) is not None:
                value.const_value = taken[index]
    for graph in graphs:
        for node in graph:
            if node.op_type == "Constant" and "value" in node.attributes:
                index = _index(node.attributes["value"].value)
                if index is not None:
                    node.attributes["value"] = ir.AttrTensor("value", taken[index])


def _replace(node: onnx.NodeProto, attribute: onnx.AttributeProto, where: str, taken: list[Computed]) -> None:
    if node.op_type != "Constant" or attribute.type != onnx.AttributeProto.SPARSE_TENSOR:
        raise LoadError(f"{where}: attribute '{attribute.name}' of {node.op_type} is sparse, which has no meaning")
    dense = _placeholder(attribute.sparse_tensor, where, taken)
    attribute.Clear()
    attribute.name, attribute.type = "value", onnx.AttributeProto.TENSOR
    attribute.t.CopyFrom(dense)


def _graphs(proto: onnx.ModelProto) -> Iterator[tuple[onnx.GraphProto | None, list[onnx.NodeProto]]]:
    """All graphs with their nodes; the bodies of functions come without a graph."""
    pending: list[tuple[onnx.GraphProto | None, list[onnx.NodeProto]]] = [(proto.graph, list(proto.graph.node))]
    pending += [(None, list(function.node)) for function in proto.functions]
    while pending:
        graph, nodes = pending.pop()
        yield graph, nodes
        for node in nodes:
            for attribute in node.attribute:
                pending += [(inner, list(inner.node)) for inner in (*attribute.graphs, attribute.g) if inner.node]


def _placeholder(sparse: onnx.SparseTensorProto, where: str, taken: list[Computed]) -> onnx.TensorProto:
    dense = _dense(sparse, where)
    placeholder = onnx.TensorProto(
        name=sparse.values.name, dims=sparse.dims, data_type=sparse.values.data_type,
        data_location=onnx.TensorProto.EXTERNAL,
    )
    placeholder.external_data.add(key="location", value=f"{_PLACEHOLDER}{len(taken)}")
    taken.append(dense)
    return placeholder


def _index(tensor: object) -> int | None:
    location = str(tensor.location) if isinstance(tensor, ir.ExternalTensor) else ""
    return int(location.removeprefix(_PLACEHOLDER)) if location.startswith(_PLACEHOLDER) else None


def _dense(sparse: onnx.SparseTensorProto, where: str) -> Computed:
    """The dense tensor: indices are of shape [NNZ] into the flattened tensor, or [NNZ, rank]."""
    name, dims = sparse.values.name, [int(dim) for dim in sparse.dims]
    size = math.prod(dims)
    if any(dim < 0 for dim in dims) or size > MAX_ELEMENTS:
        raise LoadError(f"{where}: sparse tensor '{name}' of shape {dims} is too large; store it as a dense tensor")
    values = serde.deserialize_tensor(sparse.values).numpy().reshape(-1)
    indices = serde.deserialize_tensor(sparse.indices).numpy()
    places = _places(indices, values.size, dims)
    if places is None or np.unique(places).size != values.size:
        raise LoadError(f"{where}: sparse tensor '{name}' has indices that do not fit its shape; the model is damaged")
    order = np.argsort(places)
    places, values = places[order], values[order]
    row = math.prod(dims[1:])

    def rows(start: int, stop: int) -> np.ndarray:
        block = np.zeros((stop - start) * row, dtype=values.dtype)
        first, last = np.searchsorted(places, [start * row, stop * row])
        block[places[first:last] - start * row] = values[first:last]
        return block

    return Computed(ir.DataType(sparse.values.data_type), dims, rows, name)


def _places(indices: np.ndarray, count: int, dims: list[int]) -> np.ndarray | None:
    """Indices into the flattened tensor, or None when they do not fit."""
    if indices.ndim == 1 and indices.size == count:
        inside = (indices >= 0) & (indices < math.prod(dims))
        return indices if inside.all() else None
    if indices.shape != (count, len(dims)) or not ((indices >= 0) & (indices < np.array(dims))).all():
        return None
    strides = np.array([math.prod(dims[axis + 1 :]) for axis in range(len(dims))], dtype=np.int64)
    return np.asarray(indices @ strides)
