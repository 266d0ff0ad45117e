"""Evaluates small TensorFlow graphs; runs in an environment that has TensorFlow.

Each line on standard input is a folder holding `graph.json` (see `expressions.py`) and `inputs.npz`. The graph is
built from operators by their OpDef names, written as `graph.pb`, run, and its outputs written as `outputs.npz`.
Each answer is one line: "ok", or TensorFlow's error.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"

import numpy as np
import tensorflow as tf
from tensorflow.core.framework import attr_value_pb2, op_def_pb2
from tensorflow.python.framework import op_def_library, op_def_registry

tf.compat.v1.disable_eager_execution()


def build(description: dict, arrays: dict[str, np.ndarray]) -> list[list[tf.Tensor]]:
    """Add the described nodes to the default graph; returns the outputs of each."""
    values: list[list] = []

    def refer(reference: object) -> object:
        if isinstance(reference, list) and reference[:1] == ["ref"]:
            return values[reference[1]][reference[2]]
        return [refer(item) for item in reference]

    for node in description["nodes"]:
        if node["op"] == "Placeholder":
            array = arrays[node["name"]]
            values.append([tf.compat.v1.placeholder(array.dtype, node["shape"], node["name"])])
        elif node["op"] == "Const":
            values.append([tf.constant(arrays[node["name"]], name=node["name"])])
        else:
            definition = op_def_registry.get(node["op"])
            names = [argument.name for argument in definition.input_arg]
            inputs = dict(zip(names, map(refer, node["inputs"]), strict=True))
            attributes = {**defaults(definition), **node["attributes"]}
            values.append(flat(op_def_library.apply_op(node["op"], name=node["name"], **inputs, **attributes)))
    return values


def defaults(definition: op_def_pb2.OpDef) -> dict:
    """Attributes with their defaults, save those that the inputs imply."""
    implied = {
        name for item in definition.input_arg for name in (item.type_attr, item.number_attr, item.type_list_attr)
    }
    return {
        attribute.name: plain(attribute.default_value)
        for attribute in definition.attr
        if attribute.HasField("default_value") and attribute.name not in implied
    }


def plain(value: attr_value_pb2.AttrValue) -> object:
    """The Python form of an attribute's value."""
    kind = value.WhichOneof("value")
    if kind != "list":
        return getattr(value, kind)
    return [item for field, items in value.list.ListFields() for item in items]


def chosen(values: list[list], index: int, position: int | None) -> list[tf.Tensor]:
    """One output of a node, or all of them when no position is given."""
    return values[index] if position is None else [values[index][position]]


def flat(found: object) -> list:
    """The tensors in what an operator returned: a tensor, a list, or a named tuple of both."""
    if isinstance(found, tf.Tensor):
        return [found]
    return [tensor for item in found for tensor in flat(item)]


def evaluate(folder: Path) -> None:
    """Write `graph.pb`, `outputs.json` (names) and `outputs.npz` (arrays in order) beside the description."""
    description = json.loads((folder / "graph.json").read_text())
    with np.load(folder / "inputs.npz") as stored:
        arrays = dict(stored)
    with tf.Graph().as_default() as graph:
        values = build(description, arrays)
        outputs, expected = (chosen(values, *description[what]) for what in ("outputs", "expected"))
    definition = graph.as_graph_def()
    (folder / "graph.pb").write_bytes(definition.SerializeToString())
    (folder / "outputs.json").write_text(json.dumps([tensor.name for tensor in outputs]))
    results = run(definition, expected, arrays)
    np.savez(folder / "outputs.npz", **{f"output{index}": result for index, result in enumerate(results)})


def run(definition: tf.compat.v1.GraphDef, outputs: list[tf.Tensor], arrays: dict[str, np.ndarray]) -> list:
    """Run that part of a graph which the outputs need; TensorFlow has no CPU kernel for some of the others."""
    part = tf.compat.v1.graph_util.extract_sub_graph(definition, [tensor.op.name for tensor in outputs])
    fed = {f"{node.name}:0": arrays[node.name] for node in part.node if node.op == "Placeholder"}
    config = tf.compat.v1.ConfigProto(intra_op_parallelism_threads=1, inter_op_parallelism_threads=1)
    config.graph_options.rewrite_options.disable_meta_optimizer = True
    with tf.Graph().as_default():
        tf.import_graph_def(part, name="")
        with tf.compat.v1.Session(config=config) as session:
            return session.run([tensor.name for tensor in outputs], fed)


def main() -> None:
    """Answer requests until standard input ends."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for line in sys.stdin:
        try:
            evaluate(Path(line.strip()))
            answer = "ok"
        except Exception as error:  # noqa: BLE001 - every error is the answer
            answer = f"{type(error).__name__}: {error}".replace("\n", " ")
        answers.write(answer + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
