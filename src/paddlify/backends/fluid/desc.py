"""`ProgramDesc` as Python values: operators with slots and attributes, variables with shape and dtype."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final

INT, FLOAT, STRING, INTS, FLOATS, STRINGS, BOOLEAN, BOOLEANS, BLOCK, LONG, BLOCKS, LONGS = range(12)
_FIELDS: Final = {
    INT: "i", FLOAT: "f", STRING: "s", INTS: "ints", FLOATS: "floats", STRINGS: "strings", BOOLEAN: "b",
    BOOLEANS: "bools", BLOCK: "block_idx", LONG: "l", BLOCKS: "blocks_idx", LONGS: "longs",
}  # fmt: skip
_NEWER: Final = {12: "float64s", 13: "var_name", 14: "vars_name", 15: "float64", 16: "scalar", 17: "scalars"}
LATER: Final = {("flip", "axis"): INTS, ("roll", "axis"): LONGS}
"""Attributes that Fluid passes over and Paddle 2 and 3 need to read its programs, with the number of their type."""
BOOL, INT16, INT32, INT64, FP16, FP32, FP64 = range(7)
UINT8, INT8 = 20, 21
"""Element types of a variable, as `VarType.Type` numbers them."""
DTYPE_NAMES: Final = {
    BOOL: "bool", INT16: "int16", INT32: "int32", INT64: "int64", FP16: "float16", FP32: "float32", FP64: "float64",
    UINT8: "uint8", INT8: "int8",
}  # fmt: skip
_STEP_SCOPES, _TENSOR_ARRAY = 11, 13
"""Kinds of a variable, in the same numbers."""


@dataclass
class Op:
    """One operator: slots name lists of variables, attributes are Python values."""

    type: str
    inputs: dict[str, list[str]]
    outputs: dict[str, list[str]]
    attributes: dict[str, Any] = field(default_factory=dict)

    def input(self, slot: str) -> str:
        """The one variable of an input slot; "" where the slot is empty."""
        names = self.inputs.get(slot) or [""]
        return names[0]

    def output(self, slot: str = "Out") -> str:
        """The one variable of an output slot; "" where the slot is empty."""
        names = self.outputs.get(slot) or [""]
        return names[0]


@dataclass(frozen=True)
class Schema:
    """What an operator of Fluid takes; attributes with the number of their type.

    Attributes:
        kernels: element types that it computes with on a CPU; none for what has no kernels, as `while`.
    """

    inputs: Sequence[str]
    outputs: Sequence[str]
    attributes: Mapping[str, int]
    kernels: Sequence[int]


@cache
def fluid_schemas() -> Mapping[str, Schema]:
    """Fluid 1.8.5's operators by type, as `tools/fluid_ops.py` read them from it."""
    values = json.loads(Path(__file__).with_name("ops.json").read_text(encoding="utf-8"))
    return {name: Schema(**value) for name, value in values.items()}


class Block:
    """The variables of a block, with room for new ones, and for blocks inside it.

    Args:
        program: the message of the whole program, which new blocks are added to.
        proto: the block's message, which new variables are added to.
        parent: the block around it, whose variables are seen too.
    """

    def __init__(self, program: Any, proto: Any, parent: Block | None = None) -> None:
        self.proto = proto
        self._program = program
        self._parent = parent
        self._variables = {variable.name: variable for variable in proto.vars}

    def child(self) -> Block:
        """A new and empty block inside this one."""
        blocks = self._program.blocks
        return Block(self._program, blocks.add(idx=len(blocks), parent_idx=self.proto.idx), self)

    def declares(self, name: str) -> bool:
        """Whether a variable is one of this block's own."""
        return name in self._variables

    def shape(self, name: str) -> list[int]:
        """Dimensions of a variable, -1 where dynamic."""
        return list(self._tensor(name).dims)

    def rank(self, name: str) -> int:
        """Number of dimensions of a variable."""
        return len(self.shape(name))

    def dtype(self, name: str) -> int:
        """Element type of a variable, as `VarType.Type` numbers it."""
        return int(self._tensor(name).data_type)

    def is_tensor(self, name: str) -> bool:
        """Whether a variable is a tensor, not a scope or a list of tensors."""
        return bool(name) and bool(self._find(name).type.HasField("dense_tensor"))

    def is_persistable(self, name: str) -> bool:
        """Whether a variable is a parameter."""
        return bool(self._find(name).persistable)

    def temporary(self, like: str, shape: Sequence[int] | None = None, dtype: int | None = None) -> str:
        """A new variable with the shape and dtype of another one, where none is given; returns its name."""
        known = self._find(like)
        variable = self._new(like)
        name = str(variable.name)
        variable.CopyFrom(known)
        variable.name, variable.persistable = name, False
        tensor = variable.type.dense_tensor.tensor
        if shape is not None:
            tensor.dims[:] = shape
        if dtype is not None:
            tensor.data_type = dtype
        return name

    def tensor_array(self, like: str) -> str:
        """A new list of tensors that have the shape and dtype of another one; returns its name."""
        known = self._tensor(like)
        variable = self._new(like)
        variable.type.type = _TENSOR_ARRAY
        variable.type.tensor_array.tensor.CopyFrom(known)
        return str(variable.name)

    def step_scopes(self) -> str:
        """A new variable that holds what the steps of a loop leave behind; returns its name."""
        variable = self._new("step_scopes")
        variable.type.type = _STEP_SCOPES
        return str(variable.name)

    def _new(self, like: str) -> Any:
        name = f"{like}.{len(self._variables)}"
        while self._sees(name):
            name += "_"
        self._variables[name] = self.proto.vars.add(name=name)
        return self._variables[name]

    def _sees(self, name: str) -> bool:
        return name in self._variables or (self._parent is not None and self._parent._sees(name))

    def _tensor(self, name: str) -> Any:
        return self._find(name).type.dense_tensor.tensor

    def _find(self, name: str) -> Any:
        if name in self._variables:
            return self._variables[name]
        if self._parent is None:
            raise KeyError(f"the program has no variable '{name}'")
        return self._parent._find(name)


def read_op(proto: Any) -> Op:
    """An operator from its message."""
    return Op(
        proto.type,
        {slot.parameter: list(slot.arguments) for slot in proto.inputs},
        {slot.parameter: list(slot.arguments) for slot in proto.outputs},
        {attribute.name: _value(attribute) for attribute in proto.attrs},
    )


def write_op(op: Op, proto: Any) -> None:
    """Fill a new message with an operator whose slots and attributes are all Fluid's, or in `LATER`."""
    schema = fluid_schemas()[op.type]
    proto.type = op.type
    for slots, names in ((proto.inputs, op.inputs), (proto.outputs, op.outputs)):
        for parameter, arguments in names.items():
            slot = slots.add()
            slot.parameter = parameter
            slot.arguments.extend(arguments)
    for name, value in op.attributes.items():
        attribute = proto.attrs.add()
        attribute.name = name
        attribute.type = LATER[op.type, name] if (op.type, name) in LATER else schema.attributes[name]
        target = _FIELDS[attribute.type]
        if isinstance(value, list):
            getattr(attribute, target).extend(value)
        else:
            setattr(attribute, target, value)


def _value(attribute: Any) -> Any:
    kind = int(attribute.type)
    value = getattr(attribute, _FIELDS.get(kind) or _NEWER.get(kind, "name"))
    if kind == 16:
        return _scalar(value)
    if kind == 17:
        return [_scalar(item) for item in value]
    return list(value) if kind in (INTS, FLOATS, STRINGS, BOOLEANS, BLOCKS, LONGS, 12, 14) else value


def _scalar(value: Any) -> Any:
    """A number of the message Scalar, whose type says which field holds it: 1 bool, 2 long, 3 float64."""
    return {1: value.b, 2: value.i, 3: value.r}.get(int(value.type))
