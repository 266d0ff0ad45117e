"""A recorder of ONNX nodes: `op.Add(x, y)`, `op.Softmax(x, axis=-1)`.

Every recorded node is inferred at once, so that a lowering can ask each value for its dtype, shape and, where it
is shape arithmetic, its elements (see `ir.inference`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import onnx_ir as ir

from paddlify.errors import DynamicValue, Refusal
from paddlify.ir import inference, opset, provenance
from paddlify.ir.tensors import static_dims


class Builder:
    """Records nodes into a graph.

    Args:
        graph: receives the nodes at its end; constants become initializers of `root`.
        version: opset of ai.onnx that the nodes are written in.
        root: the main graph when `graph` is a subgraph (constants are kept there).
        before: insert in front of this node of the graph rather than at its end.
    """

    def __init__(
        self, graph: ir.Graph, *, version: int = opset.LOWERING_OPSET, root: ir.Graph | None = None,
        before: ir.Node | None = None,
    ) -> None:
        self.graph = graph
        self.version = version
        self.root = root if root is not None else graph
        self.before = before
        self._source: tuple[str, str] | None = None

    @contextmanager
    def source(self, op_type: str, name: str) -> Iterator[None]:
        """Nodes recorded inside say that they were made for this source operator."""
        previous, self._source = self._source, (op_type, name)
        try:
            yield
        finally:
            self._source = previous

    def __getattr__(self, op_type: str) -> Callable[..., Any]:
        if not op_type[:1].isupper():
            raise AttributeError(op_type)

        def record(*inputs: ir.Value | None, outputs: int = 1, domain: str = "", **attributes: Any) -> Any:
            return self.node(op_type, inputs, attributes, outputs=outputs, domain=domain)

        return record

    def node(
        self, op_type: str, inputs: Sequence[ir.Value | None], attributes: dict[str, Any], *, outputs: int = 1,
        domain: str = "",
    ) -> Any:
        """Record one node; returns its output, or a tuple when `outputs` is not 1.

        Attributes given as None are left out. An `ir.Graph` or an `ir.Attr` may be a value.
        Raises ValueError for an operator that the opset does not have.
        """
        found = opset.schema(domain, op_type, None if domain else self.version)
        if found is None and domain in ("", opset.PRIVATE_DOMAIN):
            raise ValueError(f"operator {op_type} does not exist in opset {self.version} of domain '{domain}'")
        if domain not in ("", opset.PRIVATE_DOMAIN):
            self.root.opset_imports.setdefault(domain, 1)
        given = {name: value for name, value in attributes.items() if value is not None}
        node = ir.node(op_type, list(inputs), attributes=given, domain=domain, num_outputs=outputs)
        if self._source is not None:
            provenance.set_source(node, *self._source)
        for value in node.outputs:
            value.name = self._fresh(op_type)
        if self.before is None:
            self.graph.append(node)
        else:
            self.graph.insert_before(self.before, node)
        inference.infer_node(node, self.version)
        return node.outputs[0] if outputs == 1 else tuple(node.outputs)

    def constant(self, array: Any, dtype: ir.DataType | Any = None, name: str | None = None) -> ir.Value:
        """A constant from an array, a number or a list (ints become int64, floats float32 unless `dtype` is given)."""
        if not isinstance(dtype, ir.DataType) and dtype is not None:
            dtype = ir.DataType.from_numpy(np.dtype(dtype))
        if not isinstance(array, np.ndarray):
            array = _plain_array(array, dtype)
        elif dtype is not None:
            array = array.astype(dtype.numpy())
        return self.initializer(ir.tensor(np.asarray(array, order="C")), name)

    def initializer(self, tensor: ir.TensorProtocol, name: str | None = None) -> ir.Value:
        """A constant from an `onnx_ir` tensor, which may be lazy; the name is made unique in the graph."""
        initializers = self.root.initializers
        base = name or self._fresh("constant")
        unique, suffix = base, 1
        while unique in initializers:
            unique, suffix = f"{base}_{suffix}", suffix + 1
        value = ir.Value(
            name=unique, type=ir.TensorType(tensor.dtype), shape=ir.Shape(static_dims(tensor)), const_value=tensor
        )
        initializers.add(value)
        return value

    def constant_like(self, x: ir.Value, number: Any) -> ir.Value:
        """A 0-d constant of the dtype of `x`."""
        return self.constant(np.asarray(number), dtype=dtype_of(x))

    def subgraph(
        self, name: str, inputs: Sequence[ir.Value], body: Callable[[Builder], Sequence[ir.Value]]
    ) -> ir.Graph:
        """A graph for If, Loop or Scan: `body` records into the builder it is given and returns the outputs."""
        graph = ir.Graph(list(inputs), [], nodes=[], name=name, opset_imports={"": self.version})
        inner = Builder(graph, version=self.version, root=self.root)
        inner._source = self._source
        graph.outputs.extend(body(inner))
        return graph

    def _fresh(self, op_type: str) -> str:
        counters = self.root.meta.setdefault("paddlify.names", {})
        base = f"{self._source[1]}/{op_type}" if self._source else f"paddlify/{op_type}"
        counters[base] = counters.get(base, -1) + 1
        return f"{base}_{counters[base]}" if counters[base] else base


def dtype_of(value: ir.Value) -> ir.DataType:
    """The element type of a value; raises Refusal when inference does not know it."""
    if value.dtype is None:
        raise Refusal(f"the dtype of '{value.name}' is not known")
    return value.dtype


def rank_of(value: ir.Value) -> int:
    """The rank of a value; raises Refusal when inference does not know it."""
    if value.shape is None:
        raise Refusal(f"the rank of '{value.name}' is not known")
    return value.shape.rank()


def constant_of(value: ir.Value, name: str) -> np.ndarray:
    """The content of a value that must be known at conversion time; raises DynamicValue when it is computed."""
    array = inference.known_array(value)
    if array is None:
        raise DynamicValue(f"input '{name}' must be known at conversion time, but the model computes it")
    return array


def _plain_array(data: Any, dtype: ir.DataType | None) -> np.ndarray:
    array = np.asarray(data)
    if dtype is not None:
        return array.astype(dtype.numpy())
    if array.dtype.kind in "iu" or array.size == 0:
        return array.astype(np.int64)
    return array.astype(np.float32) if array.dtype.kind == "f" else array
