"""The layout in which the converted model takes images, where it shall not be the source's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from paddlify.errors import UsageError
from paddlify.frontends.tensorflow.graph import Node


def perms(nodes: Iterable[Node], inputs: Iterable[Node], wanted: str) -> Mapping[str, Sequence[int]]:
    """For each input of rank 4 or 5 whose layout is to change, the permutation from the wanted layout to the source's.

    Args:
        nodes: the graph, whose operators tell the source's layout.
        inputs: the placeholders.
        wanted: "source", "nchw" or "nhwc".

    Raises UsageError where the source's layout cannot be told, or no input has a layout.
    """
    if wanted == "source":
        return {}
    images = [node for node in inputs if node.attribute("shape") is not None and len(node.attribute("shape")) in (4, 5)]
    if not images:
        raise UsageError("--input-layout is given, but no input has rank 4 or 5")
    if _source_layout(nodes) == wanted:
        return {}
    return {node.name: _perm(len(node.attribute("shape")), wanted) for node in images}


def _perm(rank: int, wanted: str) -> Sequence[int]:
    spatial = range(2, rank) if wanted == "nchw" else range(1, rank - 1)
    return (0, *spatial, 1) if wanted == "nchw" else (0, rank - 1, *spatial)


def _source_layout(nodes: Iterable[Node]) -> str:
    """The layout of the operators that have one; TensorFlow's default is channels last."""
    formats = {str(node.attributes["data_format"]).lower() for node in nodes if "data_format" in node.attributes}
    first = {"nchw" if text.startswith("nc") else "nhwc" for text in formats}
    if len(first) > 1:
        raise UsageError("the model uses both layouts, so --input-layout can only be 'source'")
    return first.pop() if first else "nhwc"
