"""How a rule is written: the register, rules that are a row of a table, and the operators that many rules need."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeAlias

from paddlify.backends.fluid.desc import Block, Op
from paddlify.errors import Refusal

Rule: TypeAlias = Callable[[Op, Block], list[Op]]
rules: Final[dict[str, Rule]] = {}
"""The rules by op type of Paddle 3."""


def says(*types: str) -> Callable[[Rule], Rule]:
    """Decorator: this rule says operators of these types."""

    def register(rule: Rule) -> Rule:
        for name in types:
            if name in rules:
                raise ValueError(f"{name} has two rules")
            rules[name] = rule
        return rule

    return register


def renamed(to: str, attributes: dict[str, str] | None = None, drop: dict[str, Any] | None = None) -> Rule:
    """The same operator under another name; `attributes` maps names, `drop` those that must have a neutral value."""

    def rule(op: Op, _block: Block) -> list[Op]:
        for name, neutral in (drop or {}).items():
            if op.attributes.pop(name, neutral) != neutral:
                raise Refusal(f"Fluid's {to} has no attribute {name}")
        for old, new in (attributes or {}).items():
            if old in op.attributes:
                op.attributes[new] = op.attributes.pop(old)
        op.type = to
        return [op]

    return rule


def neutral(**values: Any) -> Rule:
    """The same operator, without attributes that Fluid lacks and that have these values."""

    def rule(op: Op, _block: Block) -> list[Op]:
        for name, value in values.items():
            if op.attributes.get(name) == value:
                del op.attributes[name]
        return [op]

    return rule


def with_attributes(**values: Any) -> Rule:
    """The same operator with attributes set that Paddle 3 does not write."""

    def rule(op: Op, _block: Block) -> list[Op]:
        op.attributes.update(values)
        return [op]

    return rule


def new_op(op_type: str, inputs: dict[str, str], out: str, attributes: dict[str, Any] | None = None) -> Op:
    """An operator with one variable in each slot and the output Out."""
    return Op(op_type, {slot: [name] for slot, name in inputs.items()}, {"Out": [out]}, attributes or {})


def known(shape: list[int]) -> bool:
    return all(dim >= 0 for dim in shape)


def permuted(shape: list[int], axes: list[int]) -> list[int]:
    return [shape[axis] for axis in axes]


def cast(block: Block, x: str, out: str) -> Op:
    return new_op("cast", {"X": x}, out, {"in_dtype": block.dtype(x), "out_dtype": block.dtype(out)})


def reshape(block: Block, source: str, target: list[int], out: str) -> Op:
    """`reshape2`, whose second output is a shape that only gradients read."""
    return Op(
        "reshape2", {"X": [source]}, {"Out": [out], "XShape": [block.temporary(source, [0, *block.shape(source)])]},
        {"shape": target},
    )


def transposed(block: Block, x: str, axes: list[int], out: str = "") -> tuple[Op, str]:
    shape = block.shape(x)
    out = out or block.temporary(x, permuted(shape, axes))
    rest = block.temporary(x, [0, *shape])
    return Op("transpose2", {"X": [x]}, {"Out": [out], "XShape": [rest]}, {"axis": axes}), out


def broadcast(block: Block, x: str, target: list[int], out: str = "") -> tuple[list[Op], str]:
    """`x` repeated until it has the shape `target`, in which -1 keeps an axis."""
    source = block.shape(x)
    full = [1] * (len(target) - len(source)) + source
    times = []
    for old, new in zip(full, target, strict=True):
        if new in (-1, old) and not (new == -1 and old == 1):
            times.append(1)
        elif old == 1 and new > 0:
            times.append(new)
        else:
            raise Refusal(f"{source} to {target}: how often an axis is repeated is not known")
    made: list[Op] = []
    if len(full) > max(len(source), 1):
        if full.count(-1) > 1:
            raise Refusal("two dynamic dimensions of a broadcast tensor change their place")
        wider = block.temporary(x, full)
        made.append(reshape(block, x, full, wider))
        x = wider
    out = out or block.temporary(x, [old * count for old, count in zip(full, times, strict=True)])
    return [*made, new_op("expand", {"X": x}, out, {"expand_times": times})], out
