"""Operators of Paddle 3's `ProgramDesc` in the words of Fluid 1.8, a rule each.

A rule receives the operator and its block and returns what to say instead. Operators that both know by the same name
and with the same meaning need none: attributes that Fluid lacks are checked in `legalise`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Final, TypeAlias

from paddlify.backends.fluid.desc import FP32, INT32, INT64, Block, Op
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


rules.update(
    {
        "silu": renamed("swish"),
        "share_data": renamed("assign"),
    }
)


def _known(shape: list[int]) -> bool:
    return all(dim >= 0 for dim in shape)


def _reshape(op: Op, block: Block, source: str, target: list[int], out: str) -> Op:
    """`reshape2`, whose second output is a shape that only gradients read."""
    return Op(
        "reshape2", {"X": [source]}, {"Out": [out], "XShape": [block.temporary(source, [0, *block.shape(source)])]},
        {"shape": target},
    )


@says("flatten_contiguous_range")
def flatten_contiguous_range(op: Op, block: Block) -> list[Op]:
    """A reshape; it has one -1, so at most one dynamic dimension may stand outside its axis' own place."""
    x, shape = op.input("X"), block.shape(op.input("X"))
    start, stop = (int(op.attributes[name]) % len(shape) for name in ("start_axis", "stop_axis"))
    middle = shape[start : stop + 1]
    target = [0 if dim < 0 else dim for dim in shape[:start]]
    target += [math.prod(middle) if _known(middle) else -1]
    for dim in shape[stop + 1 :]:
        target.append(dim)
    if target.count(-1) > 1:
        raise Refusal("two dynamic dimensions change their place in a flatten")
    return [_reshape(op, block, x, target, op.output())]


@says("matmul_v2")
def matmul_v2(op: Op, block: Block) -> list[Op]:
    """`matmul`, which does not broadcast batch dimensions."""
    x, y = block.shape(op.input("X")), block.shape(op.input("Y"))
    if len(x) < 2 or len(y) < 2:
        raise Refusal("Fluid's matmul treats a vector otherwise")
    if (len(y) > 2 and x[:-2] != y[:-2]) or (len(y) == 2 and len(x) > 2 and op.attributes.get("trans_x")):
        raise Refusal(f"Fluid's matmul does not broadcast batch dimensions ({x} and {y})")
    attributes = {
        "transpose_X": bool(op.attributes.get("trans_x")),
        "transpose_Y": bool(op.attributes.get("trans_y")),
        "alpha": 1.0,
    }
    return [Op("matmul", {"X": op.inputs["X"], "Y": op.inputs["Y"]}, {"Out": op.outputs["Out"]}, attributes)]


@says("assign_value")
def assign_value(op: Op, _block: Block) -> list[Op]:
    """Numbers in the field of their dtype."""
    slots = {0: "bool_values", INT32: "int32_values", INT64: "int64_values", FP32: "fp32_values"}
    dtype = int(op.attributes["dtype"])
    if dtype not in slots:
        raise Refusal("Fluid's assign_value takes bool, int32, int64 and float32 only")
    values: list[Any] = op.attributes.pop("values", None) or next(
        (op.attributes[name] for name in slots.values() if op.attributes.get(name)), []
    )
    convert: Callable[[Any], Any] = float if dtype == FP32 else int
    attributes = {"dtype": dtype, "shape": op.attributes["shape"], slots[dtype]: [convert(value) for value in values]}
    return [Op("assign_value", {}, {"Out": op.outputs["Out"]}, attributes)]


@says("top_k_v2")
def top_k_v2(op: Op, block: Block) -> list[Op]:
    """`top_k`, which takes the largest along the last axis."""
    rank = block.rank(op.input("X"))
    if op.attributes.get("axis", -1) % rank != rank - 1 or not op.attributes.get("largest", True) or op.inputs.get("K"):
        raise Refusal("Fluid's top_k takes the k largest along the last axis, with a constant k")
    return [
        Op(
            "top_k",
            {"X": op.inputs["X"]},
            {"Out": op.outputs["Out"], "Indices": op.outputs["Indices"]},
            {"k": op.attributes["k"]},
        )
    ]


@says("expand_v2")
def expand_v2(op: Op, block: Block) -> list[Op]:
    """`expand`, which repeats each axis a number of times."""
    if op.inputs.get("Shape") or op.inputs.get("expand_shapes_tensor"):
        raise Refusal("the shape is computed by the model")
    source, target = block.shape(op.input("X")), list(op.attributes["shape"])
    return _repeated(op, block, source, target)


def _repeated(op: Op, block: Block, source: list[int], target: list[int]) -> list[Op]:
    full = [1] * (len(target) - len(source)) + source
    times = []
    for old, new in zip(full, target, strict=True):
        if new in (-1, old):
            times.append(1)
        elif old == 1 and new > 0:
            times.append(new)
        else:
            raise Refusal(f"{source} to {target}: how often an axis is repeated is not known")
    made: list[Op] = []
    x = op.input("X")
    if len(full) > len(source):
        wider = block.temporary(x, full)
        made.append(
            _reshape(
                op,
                block,
                x,
                [1] * (len(full) - len(source)) + [0 if d < 0 else d for d in source]
                if _known(source)
                else _lead(full),
                wider,
            )
        )
        x = wider
    made.append(Op("expand", {"X": [x]}, {"Out": op.outputs["Out"]}, {"expand_times": times}))
    return made


def _lead(full: list[int]) -> list[int]:
    if full.count(-1) > 1:
        raise Refusal("two dynamic dimensions of a broadcast tensor change their place")
    return full


@says("tile")
def tile(op: Op, block: Block) -> list[Op]:
    """`expand` is what Fluid calls it."""
    times = list(op.attributes.get("repeat_times", []))
    if op.inputs.get("RepeatTimes") or op.inputs.get("repeat_times_tensor") or len(times) != block.rank(op.input("X")):
        raise Refusal("the repeats are computed by the model, or do not fit the rank")
    return [Op("expand", {"X": op.inputs["X"]}, {"Out": op.outputs["Out"]}, {"expand_times": times})]


@says("pad3d")
def pad3d(op: Op, block: Block) -> list[Op]:
    """`pad` for a constant in any layout; a depth of no padding otherwise becomes `pad2d`."""
    left, right, top, bottom, front, back = op.attributes["paddings"]
    mode, layout = op.attributes.get("mode", "constant"), op.attributes.get("data_format", "NCDHW")
    if mode != "constant" or layout != "NCDHW" or op.inputs.get("Paddings"):
        raise Refusal(f"Fluid pads three dimensions with a constant only, here mode {mode}")
    paddings = [0, 0, 0, 0, front, back, top, bottom, left, right]
    return [
        Op(
            "pad",
            {"X": op.inputs["X"]},
            {"Out": op.outputs["Out"]},
            {"paddings": paddings, "pad_value": float(op.attributes.get("value", 0.0))},
        )
    ]


_INTERPOLATION = {"nearest_interp_v2": "nearest_interp", "bilinear_interp_v2": "bilinear_interp",
                  "trilinear_interp_v2": "trilinear_interp", "bicubic_interp_v2": "bicubic_interp"}


@says(*_INTERPOLATION)
def interpolation(op: Op, block: Block) -> list[Op]:
    """One scale for all axes, or a constant size."""
    scales = list(op.attributes.get("scale") or [])
    if op.inputs.get("Scale") or op.inputs.get("SizeTensor") or op.inputs.get("OutSize"):
        raise Refusal("the size is computed by the model")
    if len(set(scales)) > 1 and min(op.attributes.get(name, -1) for name in ("out_h", "out_w")) <= 0:
        raise Refusal(f"Fluid's interpolation has one scale for all axes, here {scales}")
    attributes = {name: value for name, value in op.attributes.items() if name != "scale"}
    attributes["scale"] = float(scales[0]) if len(set(scales)) == 1 else 0.0
    slots = {name: value for name, value in op.inputs.items() if value}
    return [Op(_INTERPOLATION[op.type], slots, op.outputs, attributes)]


@says("greater_equal", "greater_than", "less_equal", "less_than", "equal", "not_equal")
def comparison(op: Op, _block: Block) -> list[Op]:
    """The same; Fluid has an attribute more."""
    op.attributes.pop("axis", None)
    op.attributes["axis"] = -1
    return [op]
