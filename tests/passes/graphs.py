"""Small graphs for tests of passes: built with the recorder, run by onnxruntime before and after."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np
import onnx_ir as ir
import onnxruntime
from onnx_ir.passes.common import CheckerPass, RemoveUnusedNodesPass

from paddlify.ir import private
from paddlify.ir.builder import Builder
from paddlify.ir.opset import IR_OPSET

ORT_OPSET = 24
"""The newest opset in which onnxruntime has a kernel for each operator of these tests."""


def build(record: Callable[..., ir.Value | tuple[ir.Value, ...]], *shapes: Sequence[int | str]) -> ir.Model:
    """A model of float32 inputs x0, x1, … of the given shapes; `record(op, *inputs)` gives its outputs."""
    inputs = [
        ir.Value(name=f"x{index}", type=ir.TensorType(ir.DataType.FLOAT), shape=ir.Shape(shape))
        for index, shape in enumerate(shapes)
    ]
    graph = ir.Graph(inputs, [], nodes=[], opset_imports={"": IR_OPSET}, name="graph")
    outputs = record(Builder(graph, version=IR_OPSET), *inputs)
    graph.outputs.extend(outputs if isinstance(outputs, tuple) else (outputs,))
    for index, value in enumerate(graph.outputs):
        value.name = f"y{index}"
    return ir.Model(graph, ir_version=10)


def run(model: ir.Model, size: int = 2) -> list[np.ndarray]:
    """onnxruntime's outputs for seeded inputs; symbolic dimensions are of `size`."""
    rng = np.random.default_rng(0)
    feeds = {
        value.name: rng.standard_normal([dim if isinstance(dim, int) else size for dim in value.shape]).astype(
            np.float32
        )
        for value in model.graph.inputs
    }
    private.define(model)
    proto = ir.to_proto(model)
    for part in (proto, *proto.functions):
        part.opset_import[0].version = ORT_OPSET
    return onnxruntime.InferenceSession(proto.SerializeToString()).run(None, feeds)


def improved(model: ir.Model, *steps: ir.passes.InPlacePass, exact: bool = False) -> Counter[str]:
    """Run passes, check that the graph is valid and computes the same, and count the op types that are left."""
    before = run(model)
    names = [value.name for value in model.graph.outputs]
    for step in steps:
        step(model)
    RemoveUnusedNodesPass()(model)
    CheckerPass()(model)
    after = run(model)
    assert [value.name for value in model.graph.outputs] == names
    assert len(after) == len(before)
    for old, new in zip(before, after, strict=True):
        assert (old.shape, old.dtype) == (new.shape, new.dtype)
        if exact:
            np.testing.assert_array_equal(new, old)
        else:
            np.testing.assert_allclose(new, old, rtol=1e-5, atol=1e-5)
    return Counter(node.op_type for node in model.graph)
