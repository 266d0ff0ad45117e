"""The layout in which a TensorFlow model takes images."""

from __future__ import annotations

from collections.abc import Iterable

from paddlify.errors import UsageError
from paddlify.frontends.tensorflow.graph import Node


def source_layout(nodes: Iterable[Node]) -> str:
    """What the operators say that have a layout, "nhwc" or "nchw"; TensorFlow's default is the first.

    Raises UsageError where they do not agree.
    """
    formats = {str(node.attributes["data_format"]).lower() for node in nodes if "data_format" in node.attributes}
    layouts = {"nchw" if text.startswith("nc") else "nhwc" for text in formats}
    if len(layouts) > 1:
        raise UsageError("the model uses both layouts, so --input-layout can only be 'source'")
    return layouts.pop() if layouts else "nhwc"
