"""Single-operator models of any opset, run by onnxruntime before and after they are upgraded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnx_ir as ir
import onnxruntime
from onnx import helper, numpy_helper

from paddlify.frontends.onnx import load
from paddlify.frontends.onnx.upgrade import upgrade
from paddlify.frontends.onnx.upgrade.rules import bumps
from paddlify.frontends.onnx.upgrade.unchanged import UNCHANGED
from paddlify.ir import opset as opsets

Arrays = Mapping[str, np.ndarray]


def model(
    op_type: str, opset: int, inputs: Arrays, *, constants: Arrays | None = None, outputs: int = 1,
    order: Sequence[str] | None = None, shapes: Mapping[str, Sequence[Any]] | None = None, **attributes: Any,
) -> onnx.ModelProto:
    """A model of one node; `order` names its inputs ("" for one that is left out), `shapes` makes inputs dynamic."""
    constants = constants or {}
    node = helper.make_node(
        op_type, list(order or [*inputs, *constants]), [f"out_{index}" for index in range(outputs)], **attributes
    )
    graph = helper.make_graph(
        [node], "g", [value_info(name, array, (shapes or {}).get(name, array.shape)) for name, array in inputs.items()],
        [onnx.ValueInfoProto(name=name) for name in node.output],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    return versioned(graph, opset)


def value_info(name: str, array: np.ndarray, shape: Sequence[Any] | None = None) -> onnx.ValueInfoProto:
    dtype = helper.np_dtype_to_tensor_dtype(array.dtype)
    return helper.make_tensor_value_info(name, dtype, array.shape if shape is None else shape)


def versioned(graph: onnx.GraphProto, opset: int) -> onnx.ModelProto:
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=4 if opset < 13 else 10)
    return onnx.shape_inference.infer_shapes(proto)


def run(proto: onnx.ModelProto, inputs: Arrays) -> list[np.ndarray]:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(proto.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return session.run(None, dict(inputs))


def upgraded(proto: onnx.ModelProto | Path) -> ir.Model:
    loaded = load(proto).model
    upgrade(loaded)
    assert loaded.opset_imports[""] == opsets.IR_OPSET
    for node in loaded.graph.all_nodes():
        assert opsets.schema(node.domain, node.op_type) is not None
    return loaded


def run_upgraded(upgraded_model: ir.Model, inputs: Arrays) -> list[np.ndarray]:
    """Run at the pinned opset, or at the newest for which onnxruntime has kernels if the nodes mean the same there."""
    proto = ir.to_proto(upgraded_model)
    names = {node.op_type for node in upgraded_model.graph.all_nodes() if node.domain == ""}
    for version in range(opsets.IR_OPSET, 12, -1):
        changed = {name for name in names if not set(bumps(name, version)) <= UNCHANGED.get(name, frozenset())}
        if changed:
            break
        proto.opset_import[0].version = version
        try:
            return run(proto, inputs)
        except onnxruntime.capi.onnxruntime_pybind11_state.NotImplemented:
            continue
    raise AssertionError(f"onnxruntime has no kernel for one of {sorted(names)}")


def check(proto: onnx.ModelProto, inputs: Arrays, expected: Sequence[np.ndarray] | None = None) -> ir.Model:
    """The upgraded model gives what the original gives (or `expected`): count, dtype, shape and every element."""
    after_model = upgraded(proto)
    before = run(proto, inputs) if expected is None else list(expected)
    after = run_upgraded(after_model, inputs)
    assert len(after) == len(before)
    for ours, theirs, value in zip(after, before, after_model.graph.outputs, strict=True):
        assert ours.dtype == theirs.dtype
        assert ours.shape == theirs.shape
        np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=1e-7)
        assert value.dtype == ir.DataType.from_numpy(theirs.dtype)
        assert value.shape is not None
        assert value.shape.rank() == theirs.ndim
        for known, size in zip(value.shape, theirs.shape, strict=True):
            assert known == size or not isinstance(known, int)
    return after_model
