"""What TensorFlow's registry says about each operator: arguments and their types, attributes and their defaults.

The table `op_defs.json` is written by `tools/tensorflow_op_defs.py`.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any

from paddlify.errors import LoadError
from paddlify.frontends.tensorflow import dtypes
from paddlify.frontends.tensorflow.dtypes import DType
from paddlify.registry import REQUIRED


@dataclass(frozen=True)
class Argument:
    """One input or output argument, which may stand for several values.

    Attributes:
        name: as the operator's documentation has it.
        type: name of a dtype or of a type attribute; of a list(type) attribute when `is_list`.
        number: name of the attribute that says how many values of that type there are, or "".
    """

    name: str
    type: str
    number: str = ""
    is_list: bool = False

    def types(self, attributes: Mapping[str, Any]) -> list[DType]:
        """The dtype of each value that the argument stands for."""
        if self.is_list:
            return list(attributes[self.type])
        dtype = dtypes.from_name(self.type) if self.type in dtypes.NAMES else attributes[self.type]
        return [dtype] * (attributes[self.number] if self.number else 1)


@dataclass(frozen=True)
class OpDef:
    """The signature of one operator.

    Attributes:
        attributes: names with their defaults: a value as `graph.Node.attributes` has it, or REQUIRED.
        kinds: names with their kinds: "type", "int", "list(shape)", …
        implied: attributes that say no more than the number and types of the inputs do.
    """

    name: str
    inputs: tuple[Argument, ...]
    outputs: tuple[Argument, ...]
    attributes: Mapping[str, Any]
    kinds: Mapping[str, str]
    implied: frozenset[str]

    def input_count(self, attributes: Mapping[str, Any]) -> int:
        """How many data inputs a node with these attributes has."""
        full = {**self.attributes, **attributes}
        return sum(len(argument.types(full)) for argument in self.inputs)

    def output_types(self, attributes: Mapping[str, Any]) -> list[DType]:
        """The dtype of every output of a node with these attributes (defaults included)."""
        full = {**self.attributes, **attributes}
        return [dtype for argument in self.outputs for dtype in argument.types(full)]

    def output_index(self, name: str, index: int, attributes: Mapping[str, Any]) -> int:
        """The flat index of value `index` of output argument `name`, as function bodies refer to it."""
        full = {**self.attributes, **attributes}
        start = 0
        for argument in self.outputs:
            if argument.name == name:
                return start + index
            start += len(argument.types(full))
        raise LoadError(f"operator {self.name} has no output '{name}'")


def find(op_type: str) -> OpDef | None:
    """The signature of an operator, or None for one that TensorFlow's registry does not have."""
    row = _table().get(op_type)
    return _op_def(op_type) if row is not None else None


@functools.cache
def _table() -> Mapping[str, Any]:
    text = resources.files(__package__).joinpath("op_defs.json").read_text(encoding="utf-8")
    return json.loads(text)  # type: ignore[no-any-return]


@functools.cache
def _op_def(op_type: str) -> OpDef:
    inputs, outputs, attributes = _table()[op_type]
    arguments = [_argument(text) for text in inputs]
    implied = {name for argument in arguments for name in (argument.type, argument.number) if name in attributes}
    return OpDef(
        name=op_type,
        inputs=tuple(arguments),
        outputs=tuple(_argument(text) for text in outputs),
        attributes={name: _default(*row) for name, row in attributes.items()},
        kinds={name: row[0] for name, row in attributes.items()},
        implied=frozenset(implied),
    )


def _argument(text: str) -> Argument:
    name, kind = text.split(":")
    number, star, type_ = kind.replace("&", "").rpartition("*")
    return Argument(name, type_, number, is_list=bool(star) and not number)


def _default(kind: str, *default: Any) -> Any:
    if not default:
        return REQUIRED
    (value,) = default
    if kind == "type":
        return dtypes.from_name(value)
    if kind == "list(type)":
        return tuple(map(dtypes.from_name, value))
    if kind == "list(shape)":
        return tuple(tuple(shape) if shape is not None else None for shape in value)
    return tuple(value) if isinstance(value, Sequence) and not isinstance(value, str) else value
