"""Finding the outputs of a graph whose user and signature do not name them.

In a frozen graph they are the sinks: values that nothing takes. In a training graph, where a loss compares
predictions with labels, the predictions are what the labels are compared with.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import Final

from paddlify.errors import UsageError
from paddlify.frontends.tensorflow.control_flow.functional import pivot_controls
from paddlify.frontends.tensorflow.graph import Endpoint, Graph, Node

_TRAINING: Final = re.compile(
    r"(Resource)?(Sparse)?Apply|Assign|(Resource)?Scatter(Add|Sub|Update|Nd(Add|Sub|Update))$|Save|Restore"
    r"|Merge.*Checkpoints|ShardedFilename|.*Summary|.*Queue|.*Barrier|NoOp$|Assert$|Print|VarIsInitialized"
    r"|IsVariableInitialized|ControlTrigger|DestroyResource|.*Grad(V\d)?$|BroadcastGradientArgs$"
    r"|.*BackpropFilter(V\d)?$|InvertPermutation$|ConcatOffset$"
)
"""Operators (matched at the beginning of the name) that train or tell: what only they take counts as not taken."""
_SOURCES: Final = re.compile(
    r"Const$|VariableV2$|Variable$|VarHandleOp$|ReadVariableOp$|.*Reader|.*Iterator|.*Dataset|Random|Truncated|Stateless"
    r"|Placeholder"
)
"""Operators that are no results by themselves."""
_GRADIENTS: Final = re.compile(r"(^|/)gradients(_\d+)?/")
_LOSSES: Final = ("SoftmaxCrossEntropyWithLogits", "SparseSoftmaxCrossEntropyWithLogits")
_VIEWS: Final = frozenset({
    "Reshape", "Squeeze", "ExpandDims", "Cast", "ArgMax", "Identity", "StopGradient", "Shape", "Slice", "StridedSlice",
    "Sub", "Pack", "ConcatV2", "Rank", "Transpose", "TopKV2",
})  # fmt: skip
"""Operators by which a prediction is made comparable with labels."""
PLACEHOLDERS: Final = ("Placeholder", "PlaceholderV2", "PlaceholderWithDefault")


def find(graph: Graph) -> list[Endpoint]:
    """The values that a user would want; raises UsageError where there are none."""
    forward = [node for node in graph if not _TRAINING.match(node.op) and not _GRADIENTS.search(node.name)]
    fed = _dependants(graph, {node.name for node in graph if node.op in PLACEHOLDERS})
    labels = _labels(graph, forward)
    if labels:
        found = _predictions(graph, forward, fed, labels)
    else:
        taken = {item.node for node in forward for item in node.inputs}
        found = [node for node in forward if node.name not in taken and node.name in fed]
        found = _outside_control_flow(graph, found)
    found = [node for node in found if not _SOURCES.match(node.op)]
    if not found:
        raise UsageError("no outputs can be found in the graph: name them with --outputs")
    return [Endpoint(node.name, index) for node in found for index in range(len(node.output_types() or "1"))]


def ancestors(graph: Graph, outputs: Iterable[Endpoint]) -> set[str]:
    """The names of the nodes that some values need, their own included."""
    seen: set[str] = set()
    pending = [endpoint.node for endpoint in outputs]
    while pending:
        name = pending.pop()
        if name not in seen and name in graph:
            seen.add(name)
            pending += [item.node for item in graph[name].inputs]
    return seen


def is_scalar_constant(graph: Graph, endpoint: Endpoint) -> bool:
    """Whether a value is a constant of rank 0."""
    node = graph.nodes.get(endpoint.node)
    return node is not None and node.op == "Const" and node.attribute("value").shape.rank() == 0


def _outside_control_flow(graph: Graph, sinks: list[Node]) -> list[Node]:
    """The sinks that can be fetched: not inside a loop or branch, and not what a loop merely leaves behind."""
    depths = _depths(graph, [node.name for node in sinks])
    fetchable = [node for node in sinks if depths[node.name] <= 0]
    return [node for node in fetchable if node.op != "Exit"] or fetchable


def _depths(graph: Graph, names: Iterable[str]) -> dict[str, int]:
    """For each node that some nodes need, how many loops (TensorFlow 1's) and branches it is inside of."""
    depths: dict[str, int] = {}
    stack = [(name, False) for name in names]
    while stack:
        name, expanded = stack.pop()
        if expanded:
            node = graph[name]
            depths[name] = max((depths.get(item, 0) for item in _forward(graph, node)), default=0) + _step(graph, node)
        elif name in graph and name not in depths:
            depths[name] = 0
            stack.append((name, True))
            stack += [(item, False) for item in _forward(graph, graph[name]) if item not in depths]
    return depths


def _forward(graph: Graph, node: Node) -> list[str]:
    """The names of a node's inputs, but for the way back from the end of a loop to its beginning."""
    return [item.node for item in node.inputs if graph[item.node].op != "NextIteration"]


def _step(graph: Graph, node: Node) -> int:
    """By how much a node's outputs are deeper inside control flow than its inputs."""
    if node.op == "Enter":
        return 1
    if node.op == "Exit":
        return -1
    if node.op == "Switch":
        return 0 if graph[node.inputs[1].node].op == "LoopCond" else 1
    if node.op == "Merge":
        return 0 if any(graph[item.node].op == "NextIteration" for item in node.inputs) else -1
    return 0


def _labels(graph: Graph, forward: Collection[Node]) -> set[str]:
    """Placeholders that reach a loss as labels only."""
    labels: set[str] = set()
    predictions: set[str] = set()
    for node in forward:
        if node.op in _LOSSES:
            predictions |= ancestors(graph, node.inputs[:1])
            labels |= ancestors(graph, node.inputs[1:2])
    return {name for name in labels - predictions if graph[name].op in PLACEHOLDERS}


def _predictions(graph: Graph, forward: Collection[Node], fed: set[str], labels: set[str]) -> list[Node]:
    """What meets the labels, before it was made comparable with them; the last ones if one leads to another."""
    compared = _dependants(graph, labels)
    heads = {
        _origin(graph, graph[item.node], fed).name: None
        for node in forward
        if node.name in compared
        for item in node.inputs
        if item.node in fed and item.node not in compared
    }
    inner = {name for head in heads for name in ancestors(graph, graph[head].inputs)}
    return [node for node in forward if node.name in heads and node.name not in inner]


def _origin(graph: Graph, node: Node, fed: set[str]) -> Node:
    while node.op in _VIEWS:
        sources = [item.node for item in node.inputs if item.node in fed]
        if not sources:
            break
        node = graph[sources[0]]
    return node


def _dependants(graph: Graph, names: set[str]) -> set[str]:
    """The names of the nodes that need one of some nodes, their own included."""
    takers: dict[str, list[str]] = {}
    for node in graph:
        for name in (*(item.node for item in node.inputs), *pivot_controls(graph, node)):
            takers.setdefault(name, []).append(node.name)
    seen: set[str] = set()
    pending = list(names)
    while pending:
        name = pending.pop()
        if name not in seen:
            seen.add(name)
            pending += takers.get(name, [])
    return seen
