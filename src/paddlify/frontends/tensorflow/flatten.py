"""Cutting a graph to what some of its values need, with function calls inlined and pass-through nodes removed.

The walk goes from the wanted values to their inputs, so that nothing of a training graph is met that the outputs do
not need. It sees through

1. calls of functions: an output of a call is the result of its body, an argument is the caller's input;
2. nodes that give their inputs as they are, such as Identity, StopGradient and Print;
3. control dependencies, which are dropped, but a variable that is assigned before it is read is refused.

Names of inlined nodes are kept, and prefixed with the caller's where they would clash.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from paddlify.errors import LoadError, UnsupportedModel, UnsupportedNode
from paddlify.frontends.tensorflow.graph import Endpoint, Function, FunctionCall, Graph, Node, TypeParameter

CALLS: Final = frozenset({"PartitionedCall", "StatefulPartitionedCall"})
PASS_THROUGH: Final = frozenset({
    "Identity", "RefIdentity", "StopGradient", "PreventGradient", "CheckNumerics", "CheckNumericsV2", "Print",
    "Snapshot", "PlaceholderWithDefault", "DebugIdentity", "DebugIdentityV2", "DeepCopy", "Copy", "CopyHost",
})  # fmt: skip
"""Operators whose output is their first input."""
PASS_ALL: Final = frozenset({"IdentityN"})
"""Operators whose outputs are their inputs."""
READS: Final = frozenset({"ReadVariableOp", "ResourceGather", "ResourceGatherNd"})
ASSIGNMENTS: Final = ("Assign", "Scatter", "ResourceScatter", "ResourceApply", "Apply", "ResourceStridedSliceAssign")
"""How the names of operators begin that change a variable."""
MAX_DEPTH: Final = 200


class Frame:
    """One graph while it is flattened: the main one, or a function's body for one call."""

    def __init__(self, graph: Graph, caller: Frame | None = None, call: Node | None = None) -> None:
        self.graph = graph
        self.caller = caller
        self.call = call
        self.attributes: Mapping[str, Any] = {}
        self.depth: int = caller.depth + 1 if caller is not None else 0
        self.calls: dict[str, Frame] = {}
        self.names: dict[str, str] = {}


class Flattener:
    """Walks from values of a graph to what they need, into one flat graph.

    Args:
        graph: the graph, or a function's body, whose `_Arg` nodes are kept.
        functions: the library.
        inputs: values at which the walk ends, with the placeholder nodes that take their place.
    """

    def __init__(
        self, graph: Graph, functions: Mapping[str, Function], inputs: Mapping[Endpoint, Node] | None = None
    ) -> None:
        self.flat = Graph()
        self.functions = functions
        self.inputs = inputs or {}
        self.main = Frame(graph)
        self._pending: list[tuple[Frame, Node]] = []

    def add(self, endpoint: Endpoint) -> Endpoint:
        """Make a value part of the flat graph, with all that it needs; returns where it is there.

        Raises LoadError when a node or function is missing.
        """
        result = self._resolve(endpoint, self.main)
        while self._pending:
            frame, source = self._pending.pop()
            node = self.flat[frame.names[source.name]]
            node.inputs = [self._resolve(item, frame) for item in source.inputs]
            if source.op in READS:
                self._check_read(source, frame)
        return result

    def changed(self) -> list[str]:
        """The names of the variables that what was added reads, and that a function which it calls changes."""
        read = dict.fromkeys(node.inputs[0] for node in self.flat if node.op in READS)
        changed = set()
        frames = list(self.main.calls.values())
        while frames:
            frame = frames.pop()
            frames += frame.calls.values()
            written = [node.inputs[0] for node in frame.graph if node.op.startswith(ASSIGNMENTS) and node.inputs]
            changed |= {handle for handle in read for item in written if self._leads_to(item, frame, handle)}
        return [handle.node for handle in read if handle in changed]

    def _resolve(self, endpoint: Endpoint, frame: Frame) -> Endpoint:
        """Follow a value through calls and pass-through nodes to the flat node that computes it."""
        while True:
            if frame is self.main and endpoint in self.inputs:
                placeholder = self.inputs[endpoint]
                self.flat.nodes.setdefault(placeholder.name, placeholder)
                return Endpoint(placeholder.name)
            node = frame.graph.nodes.get(endpoint.node)
            if node is None:
                raise LoadError(f"node '{endpoint.node}' is used but not there; the graph is damaged")
            if node.op == "_Arg" and frame.caller is not None and frame.call is not None:
                index = frame.graph.arguments.index(node.name)  # type: ignore[attr-defined]
                endpoint, frame = frame.call.inputs[index], frame.caller
            elif node.op in PASS_THROUGH:
                endpoint = node.inputs[0]
            elif node.op in PASS_ALL:
                endpoint = node.inputs[endpoint.index]
            elif node.op in CALLS or node.op in self.functions:
                frame = self._called(node, frame)
                endpoint = list(frame.graph.results.values())[endpoint.index]  # type: ignore[attr-defined]
            else:
                return Endpoint(self._emit(node, frame), endpoint.index)

    def _called(self, node: Node, frame: Frame) -> Frame:
        if node.name not in frame.calls:
            call = node.attribute("f") if node.op in CALLS else FunctionCall(node.op, node.attributes)
            if call.name not in self.functions:
                raise LoadError(f"node '{node.name}' calls the function '{call.name}', which the model does not have")
            if frame.depth >= MAX_DEPTH:
                raise LoadError(f"function '{call.name}' calls itself, or calls are nested too deep")
            function = self.functions[call.name]
            if len(function.arguments) != len(node.inputs):
                raise LoadError(f"node '{node.name}' calls '{call.name}' with {len(node.inputs)} arguments")
            inner = Frame(function, frame, node)
            inner.attributes = {name: _substituted(value, frame) for name, value in call.attributes.items()}
            frame.calls[node.name] = inner
        return frame.calls[node.name]

    def _emit(self, node: Node, frame: Frame) -> str:
        if node.name not in frame.names:
            name = self._free_name(node.name, frame)
            attributes = {key: _substituted(value, frame) for key, value in node.attributes.items()}
            self.flat.add(Node(name, node.op, attributes=attributes))
            frame.names[node.name] = name
            self._pending.append((frame, node))
        return frame.names[node.name]

    def _free_name(self, name: str, frame: Frame) -> str:
        def taken(candidate: str) -> bool:
            return candidate in self.flat or (frame is not self.main and candidate in self.main.graph)

        base, scope = name, frame
        while taken(base) and scope.call is not None and scope.caller is not None:
            base, scope = f"{scope.call.name}/{base}", scope.caller
        unique, suffix = base, 0
        while taken(unique):
            suffix += 1
            unique = f"{base}_{suffix}"
        return unique

    # Variables that are assigned before they are read

    def _check_read(self, read: Node, frame: Frame) -> None:
        """Raise UnsupportedModel when something that runs before a read changes the variable."""
        handle = self._resolve(read.inputs[0], frame)
        seen = {read.name}
        pending = list(read.controls)
        while pending:
            name = pending.pop()
            if name in seen or name not in frame.graph:
                continue
            seen.add(name)
            node = frame.graph[name]
            if self._assigns(node, frame, handle):
                reason = f"the variable '{handle.node}' is assigned by '{name}' before it is read"
                raise UnsupportedModel([UnsupportedNode(read.op, read.name, reason)])
            pending += [*node.controls, *(item.node for item in node.inputs)]

    def _assigns(self, node: Node, frame: Frame, handle: Endpoint) -> bool:
        if not changes_state(node, self.functions):
            return False
        types = node.output_types()
        return types is None or any(self._leads_to(item, frame, handle) for item in node.inputs)

    def _leads_to(self, endpoint: Endpoint, frame: Frame, handle: Endpoint) -> bool:
        node = frame.graph.nodes.get(endpoint.node)
        if node is None or node.op not in ("VarHandleOp", "_Arg", "Identity", "VariableV2"):
            return False
        return self._resolve(endpoint, frame) == handle


def changes_state(node: Node, functions: Mapping[str, Function]) -> bool:
    """Whether a node, or a function that it calls, may change a variable."""
    return _changes(node, functions, set())


def _changes(node: Node, functions: Mapping[str, Function], seen: set[str]) -> bool:
    if node.op.startswith(ASSIGNMENTS):
        return True
    names = [node.op, *(value.name for value in node.attributes.values() if isinstance(value, FunctionCall))]
    for name in names:
        if name in functions and name not in seen:
            seen.add(name)
            if any(_changes(inner, functions, seen) for inner in functions[name]):
                return True
    return False


def _substituted(value: Any, frame: Frame) -> Any:
    """An attribute's value with the type parameters of a polymorphic function replaced by the caller's types."""
    if isinstance(value, TypeParameter):
        if value.name not in frame.attributes:
            raise LoadError(f"the attribute '{value.name}' of a function is not given by its caller")
        return frame.attributes[value.name]
    if isinstance(value, tuple) and any(isinstance(item, TypeParameter) for item in value):
        return tuple(_substituted(item, frame) for item in value)
    return value


def topological(graph: Graph, outputs: Sequence[Endpoint], on_cycle: Callable[[Node], Exception]) -> list[Node]:
    """The nodes that `outputs` need, each after its inputs; raises what `on_cycle` makes where there is a cycle."""
    order: list[Node] = []
    state: dict[str, bool] = {}
    for output in outputs:
        stack = [(output.node, False)]
        while stack:
            name, expanded = stack.pop()
            if expanded:
                state[name] = True
                order.append(graph[name])
                continue
            if name in state:
                if not state[name]:
                    raise on_cycle(graph[name])
                continue
            state[name] = False
            stack.append((name, True))
            stack += [(item.node, False) for item in reversed(graph[name].inputs) if not state.get(item.node)]
    return order
