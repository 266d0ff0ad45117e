"""Recorded Python expressions: what an emission says in Paddle, before it is printed as `model.py`.

`paddle.nn.functional.relu(x) * 2` records a tree of `Expr`. An expression that is used twice is printed once, as a
variable of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx_ir as ir

from paddlify.errors import DynamicValue, Refusal
from paddlify.ir import inference

if TYPE_CHECKING:
    from paddlify.backends.paddle.scope import Scope


class Expr:
    """A Python expression: operators, calls, indexing and attributes on it are recorded too."""

    def __add__(self, other: Any) -> Expr:
        return Binary("-", self, -other) if _is_negative(other) else Binary("+", self, other)

    def __radd__(self, other: Any) -> Expr:
        return Binary("+", other, self)

    def __sub__(self, other: Any) -> Expr:
        return Binary("+", self, -other) if _is_negative(other) else Binary("-", self, other)

    def __rsub__(self, other: Any) -> Expr:
        return Binary("-", other, self)

    def __mul__(self, other: Any) -> Expr:
        return Binary("*", self, other)

    def __rmul__(self, other: Any) -> Expr:
        return Binary("*", other, self)

    def __truediv__(self, other: Any) -> Expr:
        return Binary("/", self, other)

    def __rtruediv__(self, other: Any) -> Expr:
        return Binary("/", other, self)

    def __floordiv__(self, other: Any) -> Expr:
        return Binary("//", self, other)

    def __mod__(self, other: Any) -> Expr:
        return Binary("%", self, other)

    def __pow__(self, other: Any) -> Expr:
        return Binary("**", self, other)

    def __and__(self, other: Any) -> Expr:
        return Binary("&", self, other)

    def __or__(self, other: Any) -> Expr:
        return Binary("|", self, other)

    def __lt__(self, other: Any) -> Expr:
        return Binary("<", self, other)

    def __le__(self, other: Any) -> Expr:
        return Binary("<=", self, other)

    def __gt__(self, other: Any) -> Expr:
        return Binary(">", self, other)

    def __ge__(self, other: Any) -> Expr:
        return Binary(">=", self, other)

    def __neg__(self) -> Expr:
        return Unary("-", self)

    def __invert__(self) -> Expr:
        return Unary("~", self)

    def __getitem__(self, key: Any) -> Expr:
        return Index(self, key)

    def __getattr__(self, name: str) -> Expr:
        if name.startswith("_") or name in ("shape", "dtype", "rank"):
            raise AttributeError(f"{name} of an intermediate expression is not known while emitting")
        return Attribute(self, name)

    def __call__(self, *args: Any, **kwargs: Any) -> Expr:
        return Call(self, args, kwargs)

    def __iter__(self) -> Any:
        raise TypeError("an expression cannot be iterated: use paddle.unpack(expression, count)")

    def __bool__(self) -> bool:
        raise TypeError("an expression has no truth value while emitting")


def _is_negative(value: Any) -> bool:
    """Whether a number is negative, and its opposite is one of every dtype that has it."""
    return isinstance(value, (int, float)) and -(2**31) < value < 0


@dataclass(frozen=True, eq=False)
class Name(Expr):
    """A variable, parameter or module path; `text` is printed as it is."""

    text: str

    def __getattr__(self, name: str) -> Expr:
        if name.startswith("_"):
            raise AttributeError(name)
        return Name(f"{self.text}.{name}")


@dataclass(frozen=True, eq=False)
class Literal(Name):
    """A small constant, which counts as one word: `call` makes it."""

    call: Call


@dataclass(frozen=True, eq=False)
class Attribute(Expr):
    """`owner.attribute`."""

    owner: Expr
    attribute: str


@dataclass(frozen=True, eq=False)
class Call(Expr):
    """`function(*args, **kwargs)`."""

    function: Expr
    args: Sequence[Any]
    kwargs: dict[str, Any]


@dataclass(frozen=True, eq=False)
class Binary(Expr):
    """`left operator right`."""

    operator: str
    left: Any
    right: Any


@dataclass(frozen=True, eq=False)
class Unary(Expr):
    """`operator operand`."""

    operator: str
    operand: Any


@dataclass(frozen=True, eq=False)
class Index(Expr):
    """`owner[key]`; `key` may hold slices, ellipses, None and expressions."""

    owner: Expr
    key: Any


@dataclass(frozen=True, eq=False)
class Unpacked(Expr):
    """One of the values that a call returns; printed by assigning all of them at once."""

    source: Expr
    index: int
    count: int


@dataclass(frozen=True, eq=False)
class TensorSequence:
    """A sequence whose length is known while converting: the expressions of its items.

    An optional value is a sequence of one item or of none.
    """

    items: list[Any]


class Tensor(Expr):
    """A value of the graph as an emission sees it: an expression whose dtype and shape are known.

    Attributes:
        value: the `onnx_ir` value.
        name: its name in the source.
    """

    def __init__(self, value: ir.Value, scope: Scope) -> None:
        self.value = value
        self.name = value.name or ""
        self._scope = scope

    @property
    def dtype(self) -> ir.DataType:
        """Element type; raises Refusal if it is not known."""
        if self.value.dtype is None:
            raise Refusal(f"the dtype of '{self.name}' is not known")
        return self.value.dtype

    @property
    def shape(self) -> tuple[int | None, ...]:
        """Dimensions, None where dynamic; raises Refusal if the rank is not known."""
        if self.value.shape is None:
            raise Refusal(f"the rank of '{self.name}' is not known")
        return tuple(dim if isinstance(dim, int) else None for dim in self.value.shape)

    @property
    def has_rank(self) -> bool:
        """Whether the rank is known."""
        return self.value.shape is not None

    @property
    def rank(self) -> int:
        """Number of dimensions; raises Refusal if it is not known."""
        return len(self.shape)

    @property
    def is_static(self) -> bool:
        """Whether every dimension is known."""
        return self.has_rank and None not in self.shape

    @property
    def is_constant(self) -> bool:
        """Whether the content is known at conversion time."""
        return self.value.const_value is not None or inference.known_array(self.value) is not None

    @property
    def is_initializer(self) -> bool:
        """Whether the value is a weight of the model (it may be large: see `tensor`)."""
        return self.value.const_value is not None

    @property
    def tensor(self) -> ir.TensorProtocol:
        """The weight itself, possibly lazy; only for initializers."""
        if self.value.const_value is None:
            raise DynamicValue(f"'{self.name}' must be known at conversion time, but the model computes it")
        return self.value.const_value

    def numpy(self) -> np.ndarray:
        """The content; raises DynamicValue if the model computes it."""
        array = inference.known_array(self.value)
        if array is None:
            raise DynamicValue(f"'{self.name}' must be known at conversion time, but the model computes it")
        return array

    def ints(self) -> list[int]:
        """The content as a flat list of ints; raises DynamicValue if the model computes it."""
        return [int(item) for item in self.numpy().reshape(-1)]

    def item(self) -> Any:
        """The content of a one-element constant as a Python number; raises DynamicValue if the model computes it."""
        return self.numpy().reshape(-1)[0].item()

    def elements(self) -> list[int | None] | None:
        """The elements of shape arithmetic, None where dynamic; None as a whole if nothing is known."""
        found = inference.elements_of(self.value)
        return None if found is None else [item if isinstance(item, int) else None for item in found]

    def items(self) -> list[Any]:
        """The items of a sequence; raises Refusal where its length is not known while converting."""
        return list(self._scope.sequence(self.value).items)

    @property
    def only_use(self) -> bool:
        """Whether one node alone uses this value (so that a layer may own it as its parameter)."""
        return len(self.value.uses()) == 1 and not self.value.is_graph_output()

    def __getattr__(self, name: str) -> Expr:
        if name.startswith("_"):
            raise AttributeError(name)
        return Attribute(self, name)

    def __getitem__(self, key: Any) -> Expr:
        """An element of shape arithmetic is that size itself, not the place of it in a vector."""
        size = self._size(self.value, key) if isinstance(key, int) and key >= 0 else None
        return Index(self, key) if size is None else size

    def _size(self, value: ir.Value, position: int) -> Expr | None:
        """An element of a vector that is a shape, or is joined from scalars; None if the vector is something else."""
        node, rank = value.producer(), value.shape.rank() if value.shape is not None else None
        if node is None or node.domain or value.dtype != ir.DataType.INT64 or rank != 1:
            return None
        source = node.inputs[0] if node.inputs else None
        if node.op_type == "Unsqueeze" and source is not None:
            return Tensor(source, self._scope)
        if node.op_type == "Shape" and source is not None and source.dtype in _SHAPED and not node.attributes:
            return Name("paddle.shape")(Tensor(source, self._scope))[position]
        for part in node.inputs if node.op_type == "Concat" else ():
            length = part.shape[0] if part is not None and part.shape is not None else None
            if part is None or not isinstance(length, int):
                return None
            if position < length:
                return self._size(part, position)
            position -= length
        return None

    def written(self) -> Name:
        """The variable, parameter or literal that stands for this value."""
        return self._scope.written(self.value)

    def render(self) -> str:
        """The text of it."""
        return self.written().text


_SHAPED = {ir.DataType.FLOAT, ir.DataType.DOUBLE, ir.DataType.INT32, ir.DataType.INT64, ir.DataType.BOOL}
"""Dtypes of which `paddle.shape` has a kernel."""
