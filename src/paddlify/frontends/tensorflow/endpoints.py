"""Which values of a graph the converted model takes and gives."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import onnx_ir as ir

from paddlify.errors import UsageError
from paddlify.frontends.base import LoadOptions
from paddlify.frontends.tensorflow import outputs as find_outputs
from paddlify.frontends.tensorflow.graph import Endpoint, Graph, Node
from paddlify.frontends.tensorflow.savedmodel import Signature

PLACEHOLDERS: Final = find_outputs.PLACEHOLDERS


@dataclass(frozen=True)
class Ends:
    """Where the converted model begins and ends.

    Attributes:
        inputs: for each value that is fed, a placeholder node under its name in the converted model.
        found: whether the inputs are all placeholders that the outputs may need, rather than what was asked for.
        outputs: each name in the converted model with its value.
        notes: what was decided for the user.
    """

    inputs: Mapping[Endpoint, Node]
    found: bool
    outputs: Mapping[str, Endpoint]
    notes: Sequence[str]


def choose(graph: Graph, signature: Signature | None, options: LoadOptions) -> Ends:
    """The ends that the user named, else those of the signature, else those that the graph shows.

    Raises UsageError for an unknown name, a shape that does not fit, or where outputs cannot be told.
    """
    notes: list[str] = []
    if options.outputs:
        outputs = {_model_name(name): _find(name, graph, signature, "outputs") for name in options.outputs}
    elif signature is not None and signature.outputs:
        outputs = dict(signature.outputs)
    else:
        outputs = {str(endpoint): endpoint for endpoint in find_outputs.find(graph)}
        notes.append(f"outputs were not given and are taken to be: {', '.join(outputs)}")
    given = _given_inputs(graph, signature, options)
    inputs = given if given is not None else _placeholders(graph, outputs.values(), notes)
    shapes = _shapes(graph, signature, options, inputs)
    return Ends(
        {endpoint: _placeholder(name, endpoint, graph, shapes.get(name)) for name, endpoint in inputs.items()},
        given is None,
        outputs,
        notes,
    )


def _given_inputs(graph: Graph, signature: Signature | None, options: LoadOptions) -> dict[str, Endpoint] | None:
    if options.inputs:
        return {_model_name(name): _find(name, graph, signature, "inputs") for name in options.inputs}
    if signature is not None and (signature.inputs or not options.outputs):
        return dict(signature.inputs)
    return None


def _placeholders(graph: Graph, outputs: Iterable[Endpoint], notes: list[str]) -> dict[str, Endpoint]:
    """The placeholders that some values need, in the order of the graph."""
    needed = find_outputs.ancestors(graph, outputs)
    found = {}
    for node in graph:
        if node.op not in PLACEHOLDERS or node.name not in needed:
            continue
        if node.op == "PlaceholderWithDefault" and find_outputs.is_scalar_constant(graph, node.inputs[0]):
            notes.append(f"'{node.name}' keeps its default value; name it among the inputs to feed it")
        else:
            found[node.name] = Endpoint(node.name)
    return found


def _model_name(text: str) -> str:
    return text.removesuffix(":0")


def _find(text: str, graph: Graph, signature: Signature | None, which: str) -> Endpoint:
    """The value that a user means: a key of the signature, `node` or `node:1`."""
    keys: Mapping[str, Endpoint] = getattr(signature, which) if signature is not None else {}
    if text in keys:
        return keys[text]
    endpoint = Endpoint.parse(text)
    if endpoint.node not in graph:
        near = difflib.get_close_matches(endpoint.node, [*keys, *graph.nodes], n=3, cutoff=0.5)
        hint = f"; did you mean {', '.join(repr(name) for name in near)}?" if near else ""
        raise UsageError(f"the graph has no node '{endpoint.node}'{hint} (see --{which})")
    types = graph[endpoint.node].output_types()
    if types is not None and endpoint.index >= len(types):
        raise UsageError(f"node '{endpoint.node}' has {len(types)} outputs, not one number {endpoint.index}")
    return endpoint


def _shapes(
    graph: Graph, signature: Signature | None, options: LoadOptions, inputs: Mapping[str, Endpoint]
) -> dict[str, tuple[int | None, ...]]:
    """The shapes that the user gave, by name of the input in the converted model."""
    shapes = {}
    for text, dims in options.input_shapes.items():
        name = _model_name(text)
        if name not in inputs:
            endpoint = _find(text, graph, signature, "inputs")
            names = [key for key, value in inputs.items() if value == endpoint]
            if not names:
                there = ", ".join(inputs)
                raise UsageError(f"a shape is given for '{text}', which is not an input; there are: {there}")
            (name,) = names
        shapes[name] = tuple(dim if dim >= 0 else None for dim in dims)
    return shapes


def _placeholder(name: str, endpoint: Endpoint, graph: Graph, given: tuple[int | None, ...] | None) -> Node:
    if endpoint.node not in graph:
        raise UsageError(f"the signature names the node '{endpoint.node}', which the graph does not have")
    node = graph[endpoint.node]
    types = node.output_types()
    if types is None:
        raise UsageError(f"'{name}' cannot be an input: the type of its node ({node.op}) is not known")
    if not isinstance(types[endpoint.index], ir.DataType):
        raise UsageError(f"'{name}' cannot be an input: it is a {types[endpoint.index]}")
    known = _known_shape(node, endpoint.index)
    if given is not None:
        _check_shape(name, given, known, loose=node.op in PLACEHOLDERS)
        known = given if known is None or len(known) != len(given) else _combined(given, known)
    return Node(name, "Placeholder", attributes={"dtype": types[endpoint.index], "shape": known})


def _combined(given: Sequence[int | None], known: Sequence[int | None]) -> tuple[int | None, ...]:
    return tuple(known_dim if dim is None else dim for dim, known_dim in zip(given, known, strict=True))


def _known_shape(node: Node, index: int) -> tuple[int | None, ...] | None:
    shapes: Any = node.attributes.get("_output_shapes", ())
    if node.op in PLACEHOLDERS and node.attributes.get("shape") is not None:
        return node.attributes["shape"]  # type: ignore[no-any-return]
    return shapes[index] if index < len(shapes) else None


def _check_shape(
    name: str, given: Sequence[int | None], known: Sequence[int | None] | None, *, loose: bool
) -> None:
    """A shape must fit what the graph says; the shape [] of a placeholder is how old graphs say "any"."""
    if known is None or (loose and len(known) == 0):
        return
    fits = len(given) == len(known) and all(
        dim is None or other is None or dim == other for dim, other in zip(given, known, strict=True)
    )
    if not fits:
        text = ", ".join("-1" if dim is None else str(dim) for dim in known)
        raise UsageError(f"the shape given for '{name}' does not fit the model's, which is {text}")
