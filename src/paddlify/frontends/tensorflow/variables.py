"""The values of variables: from the graph's own saver, which names each variable's tensor in the checkpoint."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import onnx_ir as ir

from paddlify.errors import LoadError
from paddlify.frontends.tensorflow.checkpoint import Checkpoint, did_you_mean, wanted_box
from paddlify.frontends.tensorflow.flatten import CALLS
from paddlify.frontends.tensorflow.graph import TENSORS, Endpoint, Function, Graph, Node
from paddlify.frontends.tensorflow.savedmodel import Saver

VARIABLES: Final = ("VarHandleOp", "VariableV2", "Variable")
_PASSED = ("Identity", "Cast")


class Saved(NamedTuple):
    """The name of a tensor in the checkpoint, and which part of it is meant ("" for all)."""

    key: str
    part: str


class Variables:
    """The variables of a model.

    Args:
        graph: the main graph, with the saver's nodes.
        saver: which node restores the variables; without it they are looked up by their own names.
        checkpoint: the values, or None when the model has none.
    """

    def __init__(self, graph: Graph, saver: Saver | None, checkpoint: Checkpoint | None) -> None:
        self._checkpoint = checkpoint
        self._saved = _restored(graph, saver.restore_op) if saver is not None else {}

    def tensor(self, node: Node) -> ir.TensorProtocol:
        """The value of the variable that a node (VariableV2, VarHandleOp) is, with its type and shape checked.

        Raises LoadError when it is missing or does not fit.
        """
        if self._checkpoint is None:
            raise LoadError(f"the variable '{node.name}' has no value: the model has no checkpoint")
        saved = self._saved_as(node)
        if saved.key not in self._checkpoint:
            hint = did_you_mean(self._checkpoint.suggestions(saved.key))
            raise LoadError(f"{self._checkpoint.prefix}: has no value for the variable '{saved.key}'{hint}")
        tensor = self._checkpoint.tensor(saved.key, saved.part)
        dtype, shape = node.attribute("dtype"), node.attribute("shape")
        if tensor.dtype != dtype:
            raise LoadError(f"'{saved.key}' is {_text(tensor.dtype)} in the checkpoint and {_text(dtype)} in the graph")
        if shape is not None and not _fits(tensor.shape.numpy(), shape):
            found = list(tensor.shape.numpy())
            raise LoadError(f"'{saved.key}' has the shape {found} in the checkpoint and {list(shape)} in the graph")
        return tensor

    def merge_partitions(self, graph: Graph) -> None:
        """In a flat graph, make each concatenation of all the parts of one variable the variable that they are."""
        for node in list(graph):
            if node.op != "ConcatV2":
                continue
            parts = [_handle(graph, item) for item in node.inputs[:-1]]
            saved = [self._saved.get(part.name) if part is not None else None for part in parts]
            key = saved[0].key if saved[0] is not None else None
            if any(item is None or item.key != key or not item.part for item in saved) or parts[0] is None:
                continue
            shape = _joined([item.part for item in saved if item is not None], _axis(graph, node.inputs[-1]))
            if shape is not None and key is not None:
                attributes = {"dtype": parts[0].attribute("dtype"), "shape": shape, "shared_name": key}
                graph.nodes[node.name] = Node(node.name, "VariableV2", attributes=attributes)
                self._saved[node.name] = Saved(key, "")

    def _saved_as(self, node: Node) -> Saved:
        if node.name in self._saved:
            return self._saved[node.name]
        shared = node.attributes.get("shared_name", "")
        names = [name for name in (node.name, shared) if name]
        known = [name for name in names if self._checkpoint is not None and name in self._checkpoint]
        return Saved((known or names)[0], "")


def name_of(node: Node) -> str:
    """The name that a variable's user gave it."""
    shared = node.attributes.get("shared_name")
    return shared if isinstance(shared, str) and shared else node.name


def _handle(graph: Graph, endpoint: Endpoint) -> Node | None:
    """The variable that a value of a flat graph is read from."""
    node = graph[endpoint.node]
    if node.op == "ReadVariableOp":
        node = graph[node.inputs[0].node]
    return node if node.op in VARIABLES else None


def _axis(graph: Graph, endpoint: Endpoint) -> int | None:
    """The axis of a concatenation, if it is a constant."""
    value = graph[endpoint.node].attributes.get("value")
    return int(value.numpy()) if isinstance(value, TENSORS) and value.shape.rank() == 0 else None


def _joined(parts: Sequence[str], axis: int | None) -> tuple[int, ...] | None:
    """The full shape, if the parts ("100 20 0,50:-") are all of a variable, in order along the axis."""
    shapes = {part.rpartition(" ")[0] for part in parts}
    if len(shapes) != 1:
        return None
    shape = tuple(int(dim) for dim in shapes.pop().split(" "))
    boxes = [wanted_box(part, shape, "variable") for part in parts]
    cut = [index for index, dim in enumerate(shape) if any(box[index] != (0, dim) for box in boxes)]
    if axis is None or cut != [axis % len(shape)]:
        return None
    position = 0
    for start, length in (box[axis] for box in boxes):
        if start != position:
            return None
        position += length
    return shape if position == shape[axis] else None


def _fits(found: Sequence[int], shape: Sequence[int | None]) -> bool:
    return len(found) == len(shape) and all(b is None or a == b for a, b in zip(found, shape, strict=True))


def _text(dtype: object) -> str:
    return dtype.name.lower() if isinstance(dtype, ir.DataType) else str(dtype)


# Reading the saver's nodes: Assign(variable, Restore(file, names, parts)), perhaps inside a function


def _restored(graph: Graph, restore_op: str) -> dict[str, Saved]:
    """For each variable's node name, what the saver restores it from."""
    found: dict[str, Saved] = {}
    if restore_op in graph:
        _collect(graph, [restore_op], {}, graph.functions, found, depth=0)
    return found


def _collect(
    graph: Graph, roots: list[str], handles: Mapping[str, str | None], functions: Mapping[str, Function],
    found: dict[str, Saved], depth: int,
) -> None:
    """Add what the assignments among the ancestors of `roots` restore; `handles` says which variable an argument is."""
    seen: set[str] = set()
    restores: dict[str, list[Saved]] = {}
    pending = list(roots)
    while pending:
        name = pending.pop()
        if name in seen or name not in graph:
            continue
        seen.add(name)
        node = graph[name]
        pending += [*node.controls, *(item.node for item in node.inputs)]
        if node.op in ("Assign", "AssignVariableOp"):
            variable = _variable(graph, node.inputs[0], handles)
            saved = _saved(graph, node.inputs[1], restores)
            if variable is not None and saved is not None:
                found[variable] = saved
        elif node.op in CALLS and depth < 10:
            function = functions.get(node.attribute("f").name)
            if function is not None:
                inner = {
                    argument: _variable(graph, item, handles)
                    for argument, item in zip(function.arguments, node.inputs, strict=True)
                }
                results = [item.node for item in function.results.values()]
                _collect(function, [*results, *function.controls], inner, functions, found, depth + 1)


def _variable(graph: Graph, endpoint: Endpoint, handles: Mapping[str, str | None]) -> str | None:
    node = graph.nodes.get(endpoint.node)
    while node is not None and node.op in _PASSED:
        node = graph.nodes.get(node.inputs[0].node)
    if node is None:
        return None
    if node.op == "_Arg":
        return handles.get(node.name)
    return node.name if node.op in VARIABLES else None


def _saved(graph: Graph, endpoint: Endpoint, restores: dict[str, list[Saved]]) -> Saved | None:
    """What a value is restored from; `restores` keeps the outputs of each node that restores."""
    node = graph.nodes.get(endpoint.node)
    index = endpoint.index
    while node is not None and node.op in _PASSED:
        index = node.inputs[0].index
        node = graph.nodes.get(node.inputs[0].node)
    if node is None or node.op != "RestoreV2":
        return None
    if node.name not in restores:
        keys, parts = (_strings(graph, item) for item in node.inputs[1:3])
        restores[node.name] = [Saved(key, part) for key, part in zip(keys, parts, strict=False)]
    outputs = restores[node.name]
    return outputs[index] if index < len(outputs) else None


def _strings(graph: Graph, endpoint: Endpoint) -> list[str]:
    """The content of a constant of strings; nothing if it is none."""
    node = graph.nodes.get(endpoint.node)
    if node is None or node.op != "Const" or not isinstance(node.attribute("value"), ir.StringTensor):
        return []
    return [item.decode("utf-8", "replace") for item in node.attribute("value").string_data()]
