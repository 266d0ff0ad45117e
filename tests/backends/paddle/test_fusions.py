"""What Paddle's predictor fuses with oneDNN must stay what it is."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper
from tests.backends.paddle.single_node import check_model

SECOND = {
    "scaled": [helper.make_node("Mul", ["h", "four"], ["y"])],
    "negated": [helper.make_node("Neg", ["h"], ["y"])],
    "magnitude": [helper.make_node("Abs", ["h"], ["y"])],
    "clipped": [helper.make_node("Clip", ["h", "low", "four"], ["y"])],
}


@pytest.mark.parametrize("dtype", [np.int32, np.int64, np.float32, np.float64])
@pytest.mark.parametrize("second", SECOND)
@pytest.mark.parametrize("first", ["Add", "Sub", "Mul"])
def test_what_follows_arithmetic_is_not_lost(first: str, second: str, dtype: type) -> None:
    kind = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
    nodes = [helper.make_node(first, ["a", "b"], ["h"]), *SECOND[second]]
    inputs = [helper.make_tensor_value_info(name, kind, ["n", 2]) for name in "ab"]
    output = helper.make_tensor_value_info("y", kind, None)
    constants = [numpy_helper.from_array(np.array(value, dtype), name) for name, value in (("four", 4), ("low", -1))]
    graph = helper.make_graph(nodes, "two", inputs, [output], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    feeds = {"a": np.array([[1, 2], [3, 4]], dtype), "b": np.array([[5, -6], [7, 8]], dtype)}
    check_model(model, feeds)


def test_a_branch_keeps_it_too() -> None:
    def branch(op_type: str) -> helper.GraphProto:
        output = helper.make_tensor_value_info(f"out_{op_type}", TensorProto.INT64, [2])
        nodes = [
            helper.make_node(op_type, ["a", "a"], [f"h_{op_type}"]),
            helper.make_node("Mul", [f"h_{op_type}", "four"], [f"out_{op_type}"]),
        ]
        return helper.make_graph(nodes, op_type, [], [output])

    node = helper.make_node("If", ["c"], ["y"], then_branch=branch("Add"), else_branch=branch("Mul"))
    condition = helper.make_tensor_value_info("c", TensorProto.BOOL, [])
    inputs = [condition, helper.make_tensor_value_info("a", TensorProto.INT64, [2])]
    output = helper.make_tensor_value_info("y", TensorProto.INT64, [2])
    four = numpy_helper.from_array(np.array(4, np.int64), "four")
    graph = helper.make_graph([node], "if", inputs, [output], [four])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    for value in (True, False):
        check_model(model, {"c": np.array(value), "a": np.array([3, 5])})
