"""TensorFlow 1's control flow, which is woven into the graph, made functional: If and While nodes that call functions.

A loop is a frame of nodes: each variable passes Enter → Merge → Switch, from there through the body to NextIteration
and back to Merge, or out by Exit; LoopCond decides. A conditional sends each value that a branch takes through a
Switch, and joins the branches' results by Merge; only one input of a Merge is alive.

1. Loops first, inner ones before outer ones: `While(initial values, invariants)`, each Exit becomes an output of it.
2. Then the outermost conditionals: `If(predicate, captured values)`, each Merge becomes an output of it. Those inside
   are treated when the branches' functions are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass

from paddlify.errors import LoadError
from paddlify.frontends.tensorflow.graph import Endpoint, Function, FunctionCall, Graph, Node

_ENTER, _EXIT, _NEXT = ("Enter", "RefEnter"), ("Exit", "RefExit"), ("NextIteration", "RefNextIteration")
_SWITCH, _MERGE = ("Switch", "RefSwitch"), ("Merge", "RefMerge")


def functionalised(graph: Graph, functions: MutableMapping[str, Function], outputs: Sequence[Endpoint]) -> Graph:
    """The graph with the control flow that `outputs` need made functional; new functions are added to `functions`.

    Raises LoadError where the nodes do not make up loops and conditionals as TensorFlow builds them.
    """
    if not any(node.op in (*_EXIT, *_MERGE) for node in graph):
        return graph
    result = Graph(graph, graph.functions)
    _Loops(result, functions).convert(outputs)
    _Conditionals(result, functions).convert(outputs)
    return result


class _Extract:
    """Copies what some values need into a function, up to values that become its arguments."""

    def __init__(self, graph: Graph, argument: Callable[[Endpoint], str | None]) -> None:
        self.graph = graph
        self.argument = argument
        self.nodes: dict[str, Node] = {}

    def add(self, endpoint: Endpoint) -> Endpoint:
        """Where a value is in the function."""
        pending = [endpoint]
        while pending:
            item = pending.pop()
            if self.argument(item) is None and item.node not in self.nodes:
                source = self.graph[item.node]
                pivots = pivot_controls(self.graph, source)
                inputs = [self._renamed(value) for value in source.inputs]
                self.nodes[source.name] = Node(source.name, source.op, inputs, pivots, source.attributes)
                pending += [*source.inputs, *map(Endpoint, pivots)]
        return self._renamed(endpoint)

    def _renamed(self, endpoint: Endpoint) -> Endpoint:
        argument = self.argument(endpoint)
        return endpoint if argument is None else Endpoint(argument)


def pivot_controls(graph: Graph, node: Node) -> list[str]:
    """The control dependencies that say in which branch of a conditional a node without inputs is."""
    return [name for name in node.controls if _pivot(graph, name) is not None]


def _pivot(graph: Graph, name: str) -> Endpoint | None:
    """The Switch output that a control dependency leads to through Identity nodes, unless it is a loop's."""
    endpoint = Endpoint(name)
    while (node := graph.nodes.get(endpoint.node)) is not None and node.op == "Identity":
        endpoint = node.inputs[0]
    if node is None or node.op not in _SWITCH or _origin(graph, node.inputs[1]).op == "LoopCond":
        return None
    return endpoint


def _origin(graph: Graph, endpoint: Endpoint) -> Node:
    return graph[_behind_identities(graph, endpoint).node]


def _behind_identities(graph: Graph, endpoint: Endpoint) -> Endpoint:
    while graph[endpoint.node].op == "Identity":
        endpoint = graph[endpoint.node].inputs[0]
    return endpoint


def _needed(graph: Graph, outputs: Iterable[Endpoint]) -> dict[str, None]:
    """The names of the nodes that some values need, pivots included."""
    seen: dict[str, None] = {}
    pending = [endpoint.node for endpoint in outputs]
    while pending:
        name = pending.pop()
        if name in graph and name not in seen:
            seen[name] = None
            pending += [*(item.node for item in graph[name].inputs), *pivot_controls(graph, graph[name])]
    return seen


def _function(
    name: str, extract: _Extract, arguments: Sequence[str], types: Sequence[object], results: Sequence[Endpoint]
) -> Function:
    nodes = [Node(argument, "_Arg", attributes={"T": dtype}) for argument, dtype in zip(arguments, types, strict=True)]
    return Function(
        name,
        [*nodes, *extract.nodes.values()],
        arguments=arguments,
        results={f"result_{index}": endpoint for index, endpoint in enumerate(results)},
    )


def _argument_names(graph: Graph, count: int) -> list[str]:
    """Names for arguments that no node of the graph has."""
    prefix = "argument"
    while any(f"{prefix}_{index}" in graph for index in range(count)):
        prefix += "_"
    return [f"{prefix}_{index}" for index in range(count)]


def _free_name(graph: Graph, functions: MutableMapping[str, Function], base: str) -> str:
    name, suffix = base, 0
    while name in graph or f"{name}/body" in functions or f"{name}/then" in functions:
        suffix += 1
        name = f"{base}_{suffix}"
    return name


# Loops


@dataclass
class _Variable:
    enter: Node
    merge: Node
    switch: Node
    next: Node
    exits: list[Node]


@dataclass
class _Loop:
    frame: str
    condition: Endpoint
    variables: list[_Variable]
    invariants: list[Node]


class _Loops:
    def __init__(self, graph: Graph, functions: MutableMapping[str, Function]) -> None:
        self.graph = graph
        self.functions = functions
        self.by_exit: dict[str, _Loop] = {}
        takers: dict[str, list[Node]] = {}
        for node in graph:
            for name in dict.fromkeys(item.node for item in node.inputs):
                takers.setdefault(name, []).append(node)
        for node in graph:
            if node.op == "LoopCond":
                self._collect(node, takers)

    def convert(self, outputs: Sequence[Endpoint]) -> None:
        """Replace the loops that some values need."""
        for name in _needed(self.graph, outputs):
            if self.graph[name].op in _EXIT:
                self._convert(self._loop_of(name))

    def _loop_of(self, exit_name: str) -> _Loop:
        if exit_name not in self.by_exit:
            raise LoadError(f"node '{exit_name}' leaves a loop that is not complete; the graph is damaged")
        return self.by_exit[exit_name]

    def _collect(self, loop_cond: Node, takers: Mapping[str, Sequence[Node]]) -> None:
        variables = []
        for switch in takers.get(loop_cond.name, []):
            merge = self.graph[switch.inputs[0].node]
            if switch.op not in _SWITCH or merge.op not in _MERGE or len(merge.inputs) != 2:
                continue
            enter, back = (self.graph[item.node] for item in merge.inputs)
            if enter.op in _NEXT:
                enter, back = back, enter
            if enter.op not in _ENTER or back.op not in _NEXT:
                raise LoadError(f"node '{merge.name}' is not the beginning of a loop's variable; the graph is damaged")
            exits = [node for node in takers.get(switch.name, []) if node.op in _EXIT]
            variables.append(_Variable(enter, merge, switch, back, exits))
        if not variables:
            return
        frame = variables[0].enter.attribute("frame_name")
        entered = {variable.enter.name for variable in variables}
        invariants = [
            node
            for node in self.graph
            if node.op in _ENTER and node.attribute("frame_name") == frame and node.name not in entered
        ]
        loop = _Loop(frame, loop_cond.inputs[0], variables, invariants)
        self.by_exit.update({node.name: loop for variable in variables for node in variable.exits})

    def _convert(self, loop: _Loop) -> None:
        if all(self.graph[node.name].op == "Identity" for variable in loop.variables for node in variable.exits):
            return  # it was converted already, as part of another
        count = len(loop.variables)
        names = _argument_names(self.graph, count + len(loop.invariants))
        invariant_names = {node.name: name for node, name in zip(loop.invariants, names[count:], strict=True)}
        merges = {variable.merge.name: name for variable, name in zip(loop.variables, names[:count], strict=True)}
        switches = {variable.switch.name: name for variable, name in zip(loop.variables, names[:count], strict=True)}
        types = [node.attribute("T") for node in (*(variable.enter for variable in loop.variables), *loop.invariants)]

        def in_condition(endpoint: Endpoint) -> str | None:
            return invariant_names.get(endpoint.node) or merges.get(endpoint.node)

        def in_body(endpoint: Endpoint) -> str | None:
            return invariant_names.get(endpoint.node) or (switches.get(endpoint.node) if endpoint.index == 1 else None)

        condition, condition_end = self._extract(in_condition, [loop.condition])
        body, body_ends = self._extract(in_body, [variable.next.inputs[0] for variable in loop.variables])
        name = _free_name(self.graph, self.functions, str(loop.frame).removesuffix("/while_context"))
        self.functions[f"{name}/cond"] = _function(f"{name}/cond", condition, names, types, condition_end)
        self.functions[f"{name}/body"] = _function(
            f"{name}/body", body, names, types, [*body_ends, *map(Endpoint, invariant_names.values())]
        )
        initial = [variable.enter.inputs[0] for variable in loop.variables]
        attributes = {
            "T": tuple(types), "cond": FunctionCall(f"{name}/cond", {}), "body": FunctionCall(f"{name}/body", {}),
        }  # fmt: skip
        self.graph.add(
            Node(name, "While", [*initial, *(node.inputs[0] for node in loop.invariants)], attributes=attributes)
        )
        for index, variable in enumerate(loop.variables):
            for node in variable.exits:
                self.graph.nodes[node.name] = Node(
                    node.name, "Identity", [Endpoint(name, index)], attributes={"T": types[index]}
                )

    def _extract(
        self, argument: Callable[[Endpoint], str | None], ends: Sequence[Endpoint]
    ) -> tuple[_Extract, list[Endpoint]]:
        """What some values inside a loop need, after the loops inside it have been converted."""
        while True:
            extract = _Extract(self.graph, argument)
            found = [extract.add(end) for end in ends]
            inner = [name for name, node in extract.nodes.items() if node.op in _EXIT]
            if not inner:
                return extract, found
            for name in inner:
                self._convert(self._loop_of(name))


# Conditionals

_Condition = tuple[Endpoint, int]
"""A predicate and the branch (0 or 1) that it must choose for a value to be alive."""


class _Groups:
    """Merges that belong to one conditional: of the same predicate and scope, and none needs another, even by way of
    other groups.
    """

    def __init__(self) -> None:
        self.members: list[list[str]] = []
        self._keys: list[object] = []
        self._needs: list[set[int]] = []
        self._group_of: dict[str, int] = {}

    def add(self, name: str, key: object, needed: Iterable[str]) -> None:
        """Put a Merge into a group of its key, or a new one; `needed` are the nodes that it needs."""
        needs = {self._group_of[other] for other in needed if other in self._group_of}
        behind = self._reached(needs)
        index = next((i for i, known in enumerate(self._keys) if known == key and i not in behind), len(self.members))
        if index == len(self.members):
            self.members.append([])
            self._keys.append(key)
            self._needs.append(set())
        self.members[index].append(name)
        self._needs[index] |= needs
        self._group_of[name] = index

    def _reached(self, groups: Iterable[int]) -> set[int]:
        """The groups and all that they need."""
        seen: set[int] = set()
        pending = list(groups)
        while pending:
            group = pending.pop()
            if group not in seen:
                seen.add(group)
                pending += self._needs[group]
        return seen


class _Conditionals:
    def __init__(self, graph: Graph, functions: MutableMapping[str, Function]) -> None:
        self.graph = graph
        self.functions = functions
        self.conditions: dict[str, frozenset[_Condition]] = {}
        self.predicates: dict[str, tuple[Endpoint, int]] = {}

    def convert(self, outputs: Sequence[Endpoint]) -> None:
        """Replace the outermost conditionals that some values need."""
        order = self._order(outputs)
        for name in order:
            self.conditions[name] = self._conditions_of(self.graph[name])
        groups = _Groups()
        for name in order:
            if name in self.predicates and not self.conditions[name]:
                key = (self.predicates[name][0], name.rpartition("/")[0])
                groups.add(name, key, _needed(self.graph, self.graph[name].inputs))
        for group in groups.members:
            self._convert(group)

    def _order(self, outputs: Sequence[Endpoint]) -> list[str]:
        """The nodes that some values need, pivots included, each after its inputs."""
        order: list[str] = []
        done: dict[str, bool] = {}
        stack = [(endpoint.node, False) for endpoint in outputs]
        while stack:
            name, expanded = stack.pop()
            if expanded:
                done[name] = True
                order.append(name)
            elif name not in done and name in self.graph:
                done[name] = False
                node = self.graph[name]
                stack.append((name, True))
                inputs = [*(item.node for item in node.inputs), *pivot_controls(self.graph, node)]
                stack += [(item, False) for item in inputs if item not in done]
        return order

    def _edge(self, endpoint: Endpoint) -> frozenset[_Condition]:
        """Under which conditions a value is alive."""
        node = self.graph.nodes.get(endpoint.node)
        conditions = self.conditions.get(endpoint.node, frozenset())
        if node is not None and node.op in _SWITCH:
            return conditions | {(_behind_identities(self.graph, node.inputs[1]), endpoint.index)}
        return conditions

    def _conditions_of(self, node: Node) -> frozenset[_Condition]:
        pivots = [pivot for name in node.controls if (pivot := _pivot(self.graph, name)) is not None]
        edges = [self._edge(item) for item in (*node.inputs, *pivots)]
        if node.op not in _MERGE:
            return frozenset().union(*edges)
        if len(edges) < 2:
            raise LoadError(f"node '{node.name}' joins {len(edges)} values; the graph is damaged")
        first, second = edges[:2]
        opposite = second & {(predicate, 1 - branch) for predicate, branch in first}
        if not opposite:  # one branch gives a value from outside the conditional
            opposite = (second - first) or frozenset((predicate, 1 - branch) for predicate, branch in first - second)
        if len(opposite) != 1:
            raise LoadError(f"node '{node.name}' joins values of branches that cannot be told apart")
        ((predicate, branch),) = opposite
        self.predicates[node.name] = (predicate, branch)
        return (first | second) - {(predicate, 0), (predicate, 1)}

    def _convert(self, group: Sequence[str]) -> None:
        predicate, _ = self.predicates[group[0]]
        captured: dict[Endpoint, str] = {}
        branches = [self._branch(group, predicate, branch, captured) for branch in (0, 1)]
        name = _free_name(self.graph, self.functions, group[0].rpartition("/")[0] or group[0])
        types = [self._type(endpoint) for endpoint in captured]
        for label, (extract, ends) in zip(("else", "then"), branches, strict=True):
            arguments = list(captured.values())
            self.functions[f"{name}/{label}"] = _function(f"{name}/{label}", extract, arguments, types, ends)
        attributes = {
            "Tin": tuple(types), "Tout": tuple(self.graph[merge].attribute("T") for merge in group),
            "then_branch": FunctionCall(f"{name}/then", {}), "else_branch": FunctionCall(f"{name}/else", {}),
        }  # fmt: skip
        self.graph.add(Node(name, "If", [predicate, *captured], attributes=attributes))
        for index, merge in enumerate(group):
            dtype = self.graph[merge].attribute("T")
            self.graph.nodes[merge] = Node(merge, "Identity", [Endpoint(name, index)], attributes={"T": dtype})

    def _branch(
        self, group: Sequence[str], predicate: Endpoint, branch: int, captured: dict[Endpoint, str]
    ) -> tuple[_Extract, list[Endpoint]]:
        def argument(endpoint: Endpoint) -> str | None:
            source = self._outside(endpoint, predicate, branch)
            if source is None:
                return None
            if source not in captured:
                captured[source] = f"{prefix}_{len(captured)}"
            return captured[source]

        prefix = _argument_names(self.graph, 1)[0].rpartition("_")[0]
        extract = _Extract(self.graph, argument)
        ends = []
        for merge in group:
            _, second_branch = self.predicates[merge]
            chosen = self.graph[merge].inputs[1 if second_branch == branch else 0]
            ends.append(extract.add(chosen))
        return extract, ends

    def _outside(self, endpoint: Endpoint, predicate: Endpoint, branch: int) -> Endpoint | None:
        """The value outside the conditional that a value inside a branch is, or None if the branch computes it."""
        if (predicate, branch) not in self._edge(endpoint):
            return endpoint
        node = self.graph[endpoint.node]
        is_entry = node.op in _SWITCH and _behind_identities(self.graph, node.inputs[1]) == predicate
        return node.inputs[0] if is_entry else None

    def _type(self, endpoint: Endpoint) -> object:
        types = self.graph[endpoint.node].output_types()
        if types is None:
            raise LoadError(f"the type of '{endpoint}' is not known")
        return types[endpoint.index]
