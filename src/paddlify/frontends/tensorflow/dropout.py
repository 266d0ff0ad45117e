"""Dropout as TensorFlow writes it into training graphs, recognised and removed: at inference it gives its input.

The forms are, with `noise` uniform in [0, 1):

1. x / keep · floor(keep + noise)                      (TensorFlow up to 1.12)
2. x · scale · cast(noise ≥ rate), scale = 1 / (1 - rate)       (up to 2.8)
3. select(noise ≥ rate, x · scale, 0), scale as above           (since)

Both must hold: the mask comes from such noise, and the scale makes up for it. Otherwise the graph is left as it is.
"""

from __future__ import annotations

import math

import onnx_ir as ir

from paddlify.frontends.tensorflow.graph import TENSORS, Endpoint, Graph, Node

_NOISE = ("RandomUniform", "StatelessRandomUniform", "StatelessRandomUniformV2")
_ADD, _MULTIPLY, _DIVIDE = ("Add", "AddV2"), ("Mul",), ("RealDiv", "Div")


def remove_dropout(graph: Graph) -> list[str]:
    """Make each dropout of a flat graph an Identity of its input; gives their names."""
    removed = []
    for node in list(graph):
        source = _Dropout(graph).source(node)
        if source is not None:
            graph.nodes[node.name] = Node(node.name, "Identity", [source], attributes={"T": node.attribute("T")})
            removed.append(node.name)
    return removed


class _Dropout:
    def __init__(self, graph: Graph) -> None:
        self.graph = graph

    def source(self, node: Node) -> Endpoint | None:
        """What a node drops elements of, or None if it is no dropout."""
        if node.op in _MULTIPLY:
            for scaled, mask in (node.inputs, node.inputs[::-1]):
                found = self._divided(scaled, mask) or self._scaled(scaled, self._cast_of(mask))
                if found is not None:
                    return found
        if node.op == "SelectV2" and self._number(node.inputs[2]) == 0:
            return self._scaled(node.inputs[1], node.inputs[0])
        return None

    def _divided(self, scaled: Endpoint, mask: Endpoint) -> Endpoint | None:
        """The first form: both sides use the same `keep`."""
        division, floor = self.graph[scaled.node], self.graph[mask.node]
        if division.op not in _DIVIDE or floor.op != "Floor":
            return None
        total = self.graph[floor.inputs[0].node]
        keep = division.inputs[1]
        if total.op not in _ADD or keep not in total.inputs:
            return None
        noise = total.inputs[1] if total.inputs[0] == keep else total.inputs[0]
        return division.inputs[0] if self._is_noise(noise) else None

    def _scaled(self, scaled: Endpoint, mask: Endpoint | None) -> Endpoint | None:
        """The second and third form."""
        if mask is None or self.graph[mask.node].op != "GreaterEqual" or self.graph[scaled.node].op not in _MULTIPLY:
            return None
        noise, rate = self.graph[mask.node].inputs
        if not self._is_noise(noise):
            return None
        for source, scale in (self.graph[scaled.node].inputs, self.graph[scaled.node].inputs[::-1]):
            if self._makes_up(scale, rate):
                return source
        return None

    def _cast_of(self, mask: Endpoint) -> Endpoint | None:
        node = self.graph[mask.node]
        return node.inputs[0] if node.op == "Cast" else None

    def _makes_up(self, scale: Endpoint, rate: Endpoint) -> bool:
        """Whether scale is 1 / (1 - rate), as a number or as it is computed."""
        number, rate_number = self._number(scale), self._number(rate)
        if number is not None and rate_number is not None:
            return rate_number < 1 and math.isclose(number, 1 / (1 - rate_number), rel_tol=1e-5)
        division = self.graph[scale.node]
        if division.op not in _DIVIDE or self._number(division.inputs[0]) != 1:
            return False
        keep = self.graph[division.inputs[1].node]
        return keep.op == "Sub" and self._number(keep.inputs[0]) == 1 and keep.inputs[1] == rate

    def _is_noise(self, endpoint: Endpoint) -> bool:
        """RandomUniform, or that times 1 plus 0, as `random_uniform` writes it."""
        node = self.graph[endpoint.node]
        for ops, neutral in ((_ADD, 0), (_MULTIPLY, 1)):
            if node.op in ops:
                values = [item for item in node.inputs if not self._is_neutral(item, neutral)]
                if len(values) != 1:
                    return False
                node = self.graph[values[0].node]
        return node.op in _NOISE

    def _is_neutral(self, endpoint: Endpoint, number: float) -> bool:
        """A constant, or the difference of two, such as maximum - minimum."""
        node = self.graph[endpoint.node]
        if node.op == "Sub":
            left, right = (self._number(item) for item in node.inputs)
            return left is not None and right is not None and left - right == number
        return self._number(endpoint) == number

    def _number(self, endpoint: Endpoint) -> float | None:
        """The value of a scalar constant."""
        node = self.graph[endpoint.node]
        value = node.attributes.get("value") if node.op == "Const" else None
        if not isinstance(value, TENSORS) or value.size != 1 or value.dtype == ir.DataType.STRING:
            return None
        return float(value.numpy().reshape(())[()])
