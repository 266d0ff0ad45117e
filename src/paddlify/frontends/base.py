"""What every frontend takes and gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import onnx_ir as ir

from paddlify.errors import UsageError


@dataclass(frozen=True)
class LoadOptions:
    """What the user said about the source model.

    Attributes:
        inputs: names of values at which the graph begins; None for the model's own.
        outputs: names of values at which it ends; None for the model's own.
        input_shapes: shape of an input by name; -1 is a dynamic dimension.
        input_layout: "source" (feed the converted model as the source model was fed), "nchw" or "nhwc".
        extra: options of one frontend only, under the names of their command-line flags (with underscores).
    """

    inputs: Sequence[str] | None = None
    outputs: Sequence[str] | None = None
    input_shapes: Mapping[str, Sequence[int]] = field(default_factory=dict)
    input_layout: str = "source"
    extra: Mapping[str, Any] = field(default_factory=dict)


def load_options(
    *, inputs: Sequence[str] | None, outputs: Sequence[str] | None, input_shapes: Mapping[str, Sequence[int]] | None,
    input_layout: str, seed: int, extra: Mapping[str, Any],
) -> LoadOptions:
    """Options as the public functions take them: an extra that is None was not given, random weights take the seed.

    Raises UsageError when a single name stands where a list of names belongs.
    """
    for flag, names in (("inputs", inputs), ("outputs", outputs)):
        if isinstance(names, str):
            raise UsageError(f"{flag}='{names}': a list of names is expected")
    given = {name: value for name, value in extra.items() if value is not None}
    if given.get("random_weights"):
        given["seed"] = seed
    return LoadOptions(inputs, outputs, dict(input_shapes or {}), input_layout, given)


@dataclass(frozen=True)
class Loaded:
    """A source model as an `onnx_ir` model, at the ai.onnx opset that its imports declare.

    Attributes:
        model: the graph; inputs and outputs bear the source's own names, weights stay on disk.
        source_format: "onnx", "tensorflow", "caffe", …, with a detail such as "tensorflow checkpoint".
        notes: what the user should know about how the source was read, one sentence each.
    """

    model: ir.Model
    source_format: str
    notes: Sequence[str] = ()
