"""Operators of Paddle 3's `ProgramDesc` in the words of Fluid 1.8, a rule each.

A rule receives the operator and its block and returns what to say instead. Operators that both know by the same name
and with the same meaning need none: attributes that Fluid lacks are checked in `legalise`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Final, TypeAlias

from paddlify.backends.fluid.desc import BOOL, FP32, FP64, INT32, INT64, Block, Op
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


rules.update(
    {
        "affine_grid": neutral(align_corners=True),
        "channel_shuffle": renamed("shuffle_channel", {"groups": "group"}, {"data_format": "NCHW"}),
        "flip": renamed("flip", {"axis": "dims"}),
        "grid_sampler": neutral(mode="bilinear", padding_mode="zeros", align_corners=True),
        "pixel_shuffle": neutral(data_format="NCHW"),
        "prelu": neutral(data_format="NCHW"),
        "roll": renamed("roll", {"axis": "dims"}),
        "silu": renamed("swish"),
        "softmax": with_attributes(use_cudnn=False),
        "softplus": neutral(beta=1.0, threshold=20.0),
        "thresholded_relu": neutral(value=0.0),
    }
)


def _op(op_type: str, inputs: dict[str, str], out: str, attributes: dict[str, Any] | None = None) -> Op:
    """An operator with one variable in each slot and the output Out."""
    return Op(op_type, {slot: [name] for slot, name in inputs.items()}, {"Out": [out]}, attributes or {})


def _known(shape: list[int]) -> bool:
    return all(dim >= 0 for dim in shape)


def _reshape(block: Block, source: str, target: list[int], out: str) -> Op:
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
    return [_reshape(block, x, target, op.output())]


@says("matmul_v2")
def matmul_v2(op: Op, block: Block) -> list[Op]:
    """`matmul`, which broadcasts a matrix on its right only: other batch dimensions are repeated before it."""
    names = {"X": op.input("X"), "Y": op.input("Y")}
    shapes = {slot: block.shape(name) for slot, name in names.items()}
    if min(map(len, shapes.values())) < 2:
        raise Refusal("Fluid's matmul treats a vector otherwise")
    transposed = {slot: bool(op.attributes.get(f"trans_{slot.lower()}")) for slot in names}
    batch = block.shape(op.output())[:-2]
    made: list[Op] = []
    for slot, shape in shapes.items():
        is_matrix_on_the_right = slot == "Y" and len(shape) == 2 and not (batch and transposed["X"])
        if shape[:-2] != batch and not is_matrix_on_the_right:
            more, names[slot] = _repeated(block, names[slot], [*batch, *shape[-2:]])
            made += more
    attributes = {"transpose_X": transposed["X"], "transpose_Y": transposed["Y"], "alpha": 1.0}
    return [*made, _op("matmul", names, op.output(), attributes)]


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
    numbers = [convert(value) for value in values]
    attributes = {"dtype": dtype, "shape": op.attributes["shape"] or [1], slots[dtype]: numbers}
    return [Op("assign_value", {}, {"Out": op.outputs["Out"]}, attributes)]


@says("top_k_v2")
def top_k_v2(op: Op, block: Block) -> list[Op]:
    """`top_k`, which takes the largest along the last axis; another axis is moved there and back."""
    x, rank = op.input("X"), block.rank(op.input("X"))
    axis = int(op.attributes.get("axis", -1)) % rank
    if not op.attributes.get("largest", True) or op.inputs.get("K"):
        raise Refusal("Fluid's top_k takes the k largest, with a constant k")
    attributes = {"k": op.attributes["k"]}
    out, indices = op.output(), op.output("Indices")
    if axis == rank - 1:
        return [Op("top_k", {"X": [x]}, {"Out": [out], "Indices": [indices]}, attributes)]
    swap = [rank - 1 if dim == axis else axis if dim == rank - 1 else dim for dim in range(rank)]
    first, moved = _transposed(block, x, swap)
    values, places = (block.temporary(name, _permuted(block.shape(name), swap)) for name in (out, indices))
    return [
        first,
        Op("top_k", {"X": [moved]}, {"Out": [values], "Indices": [places]}, attributes),
        _transposed(block, values, swap, out)[0],
        _transposed(block, places, swap, indices)[0],
    ]


def _permuted(shape: list[int], axes: list[int]) -> list[int]:
    return [shape[axis] for axis in axes]


def _transposed(block: Block, x: str, axes: list[int], out: str = "") -> tuple[Op, str]:
    shape = block.shape(x)
    out = out or block.temporary(x, _permuted(shape, axes))
    rest = block.temporary(x, [0, *shape])
    return Op("transpose2", {"X": [x]}, {"Out": [out], "XShape": [rest]}, {"axis": axes}), out


@says("expand_v2")
def expand_v2(op: Op, block: Block) -> list[Op]:
    """`expand`, which repeats each axis a number of times."""
    if op.inputs.get("Shape") or op.inputs.get("expand_shapes_tensor"):
        raise Refusal("the shape is computed by the model")
    return _repeated(block, op.input("X"), list(op.attributes["shape"]), op.output())[0]


@says("expand_as_v2")
def expand_as_v2(op: Op, block: Block) -> list[Op]:
    """`expand` where the numbers are known, else `expand_as` of the same rank."""
    x, y = op.input("X"), op.input("Y")
    target = block.shape(y) if y else list(op.attributes["target_shape"])
    if _known(target) or not y:
        return _repeated(block, x, target, op.output())[0]
    if block.rank(x) != len(target):
        raise Refusal("Fluid's expand_as keeps the rank")
    return [_op("expand_as", {"X": x, "target_tensor": y}, op.output())]


def _repeated(block: Block, x: str, target: list[int], out: str = "") -> tuple[list[Op], str]:
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
        made.append(_reshape(block, x, full, wider))
        x = wider
    out = out or block.temporary(x, [old * count for old, count in zip(full, times, strict=True)])
    return [*made, _op("expand", {"X": x}, out, {"expand_times": times})], out


@says("tile")
def tile(op: Op, block: Block) -> list[Op]:
    """`expand` is what Fluid calls it."""
    times = list(op.attributes.get("repeat_times", []))
    if op.inputs.get("RepeatTimes") or op.inputs.get("repeat_times_tensor") or len(times) != block.rank(op.input("X")):
        raise Refusal("the repeats are computed by the model, or do not fit the rank")
    return [Op("expand", {"X": op.inputs["X"]}, {"Out": op.outputs["Out"]}, {"expand_times": times})]


_PADDING: Final = {"constant": "constant", "reflect": "reflect", "replicate": "edge"}


@says("pad3d")
def pad3d(op: Op, block: Block) -> list[Op]:
    """`pad` for a constant; otherwise `pad2d`, to which depth is one more kind of channel."""
    left, right, top, bottom, front, back = op.attributes["paddings"]
    mode, layout = op.attributes.get("mode", "constant"), op.attributes.get("data_format", "NCDHW")
    if layout != "NCDHW" or op.inputs.get("Paddings") or mode not in _PADDING:
        raise Refusal(f"Fluid cannot pad {layout} in mode {mode}, or by computed numbers")
    x, out, value = op.input("X"), op.output(), float(op.attributes.get("value", 0.0))
    if mode == "constant":
        paddings = [0, 0, 0, 0, front, back, top, bottom, left, right]
        return [_op("pad", {"X": x}, out, {"paddings": paddings, "pad_value": value})]
    count, channels, depth, height, width = block.shape(x)
    if front or back or not _known([channels, depth]) or [height, width].count(-1) > 1:
        raise Refusal(f"Fluid pads height and width only in mode {mode}, and their size must be known")
    higher, wider = block.shape(out)[3:]
    flat = block.temporary(x, [count, channels * depth, height, width])
    padded = block.temporary(x, [count, channels * depth, higher, wider])
    attributes = {"paddings": [top, bottom, left, right], "mode": _PADDING[mode], "pad_value": value}
    return [
        _reshape(block, x, [0, channels * depth, height, width], flat),
        _op("pad2d", {"X": flat}, padded, attributes),
        _reshape(block, padded, [0, channels, depth, higher, wider], out),
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


_MIRRORED: Final = {
    "greater_equal": "less_equal", "greater_than": "less_than", "less_equal": "greater_equal",
    "less_than": "greater_than", "equal": "equal", "not_equal": "not_equal",
}  # fmt: skip


@says(*_MIRRORED)
def comparison(op: Op, block: Block) -> list[Op]:
    """The same; Fluid gives the result the shape of its left side, which is repeated to it where it is smaller."""
    x, y, out, op_type = op.input("X"), op.input("Y"), op.output(), op.type
    if block.shape(x) != block.shape(out) and block.shape(y) == block.shape(out):
        x, y, op_type = y, x, _MIRRORED[op.type]
    made: list[Op] = []
    if block.shape(x) != block.shape(out):
        if block.dtype(x) == BOOL:
            raise Refusal("Fluid does not broadcast both sides of a comparison of bool")
        ones, wide = block.temporary(y), block.temporary(x, block.shape(out))
        made.append(_op("fill_any_like", {"X": y}, ones, {"value": 1.0, "dtype": block.dtype(y)}))
        made += elementwise(_op("elementwise_mul", {"X": x, "Y": ones}, wide, {"axis": -1}), block)
        x = wide
    if op_type not in ("equal", "not_equal") or block.dtype(x) not in (FP32, FP64):
        return [*made, _op(op_type, {"X": x, "Y": y}, out, {"axis": -1})]
    same = out if op_type == "equal" else block.temporary(out)
    made += _identical(block, x, y, same)
    return made if op_type == "equal" else [*made, _op("logical_not", {"X": same}, out)]


def _identical(block: Block, x: str, y: str, out: str) -> list[Op]:
    """Whether floating-point numbers are equal: Fluid's own `equal` takes what differs by 1e-8 for the same."""
    less, more = block.temporary(out), block.temporary(out)
    return [
        _op("less_equal", {"X": x, "Y": y}, less, {"axis": -1}),
        _op("greater_equal", {"X": x, "Y": y}, more, {"axis": -1}),
        _op("logical_and", {"X": less, "Y": more}, out),
    ]


_SYMMETRIC: Final = ("elementwise_add", "elementwise_mul", "elementwise_max", "elementwise_min")


@says(*_SYMMETRIC, "elementwise_sub", "elementwise_div", "elementwise_pow")
def elementwise(op: Op, block: Block) -> list[Op]:
    """The same; what is one channel long or so loses its ones and gets the `axis` that Fluid 1.6 needs.

    A right side of shape [1, C, 1, 1] becomes [C] at axis 1. Where the left side is the smaller one, the sides change
    place if that makes no difference.
    """
    x, y = op.input("X"), op.input("Y")
    is_smaller = block.rank(x) < block.rank(y) or (
        block.rank(x) == block.rank(y) and _known(block.shape(x)) and 1 in block.shape(x) and 1 not in block.shape(y)
    )
    if op.type in _SYMMETRIC and is_smaller and op.attributes.get("axis", -1) == -1:
        x, y = y, x
    op.inputs = {"X": [x], "Y": [y]}
    shape, whole = block.shape(y), block.shape(x)
    core = [index for index, dim in enumerate(shape) if dim != 1]
    if not core or not _known(shape) or len(shape) != len(whole) or op.attributes.get("axis", -1) != -1:
        return [op]
    inner = shape[core[0] : core[-1] + 1]
    if len(inner) == len(shape) or 1 in inner:
        return [op]
    narrow = block.temporary(y, inner)
    op.inputs["Y"] = [narrow]
    op.attributes["axis"] = core[0]
    return [_reshape(block, y, inner, narrow), op]


@says("logical_and", "logical_or", "logical_xor")
def logical(op: Op, block: Block) -> list[Op]:
    """The same for equal shapes; what has to be broadcast is computed with 0 and 1."""
    if block.shape(op.input("X")) == block.shape(op.input("Y")):
        return [_op(op.type, {"X": op.input("X"), "Y": op.input("Y")}, op.output())]
    made, numbers = [], []
    for name in (op.input("X"), op.input("Y")):
        number = block.temporary(name, dtype=INT32)
        made.append(_cast(block, name, number))
        numbers.append(number)
    if op.type == "logical_xor":
        return made + comparison(_op("not_equal", {"X": numbers[0], "Y": numbers[1]}, op.output()), block)
    combined = block.temporary(op.output(), dtype=INT32)
    name = {"logical_and": "elementwise_mul", "logical_or": "elementwise_max"}[op.type]
    made += elementwise(_op(name, {"X": numbers[0], "Y": numbers[1]}, combined, {"axis": -1}), block)
    return [*made, _cast(block, combined, op.output())]


def _cast(block: Block, x: str, out: str) -> Op:
    return _op("cast", {"X": x}, out, {"in_dtype": block.dtype(x), "out_dtype": block.dtype(out)})


@says("where")
def where(op: Op, block: Block) -> list[Op]:
    """The same for equal shapes; what is smaller is multiplied by ones of the shape of the result."""
    target = block.shape(op.output())
    inputs = {slot: op.input(slot) for slot in ("Condition", "X", "Y")}
    like = next((name for name in inputs.values() if block.shape(name) == target), None)
    made: list[Op] = []
    for slot, name in inputs.items():
        if block.shape(name) == target:
            continue
        if like is None:
            raise Refusal("Fluid's where takes three tensors of one shape")
        more, inputs[slot] = _spread(block, name, like)
        made += more
    return [*made, _op("where", inputs, op.output())]


def _spread(block: Block, x: str, like: str) -> tuple[list[Op], str]:
    """`x` broadcast to the shape of `like`: 1 times x is x, whatever x is."""
    made: list[Op] = []
    is_bool = block.dtype(x) == BOOL
    if is_bool:
        number = block.temporary(x, dtype=INT32)
        made.append(_cast(block, x, number))
        x = number
    ones, out = (block.temporary(x, block.shape(like)) for _ in range(2))
    made.append(_op("fill_any_like", {"X": like}, ones, {"value": 1.0, "dtype": block.dtype(x)}))
    made += elementwise(_op("elementwise_mul", {"X": ones, "Y": x}, out, {"axis": -1}), block)
    if is_bool:
        truth = block.temporary(out, dtype=BOOL)
        made.append(_cast(block, out, truth))
        out = truth
    return made, out


@says("isnan_v2", "isinf_v2", "isfinite_v2")
def number_tests(op: Op, block: Block) -> list[Op]:
    """Fluid's own see the whole tensor. A number is at most itself, NaN is not; x - x is NaN where x is infinite."""
    x, out = op.input("X"), op.output()
    number, finite, nought = block.temporary(out), block.temporary(out), block.temporary(x)
    is_number = _op("less_equal", {"X": x, "Y": x}, number, {"axis": -1})
    if op.type == "isnan_v2":
        return [is_number, _op("logical_not", {"X": number}, out)]
    made = [_op("elementwise_sub", {"X": x, "Y": x}, nought, {"axis": -1})]
    if op.type == "isfinite_v2":
        return [*made, _op("less_equal", {"X": nought, "Y": nought}, out, {"axis": -1})]
    return [
        *made,
        is_number,
        _op("less_equal", {"X": nought, "Y": nought}, finite, {"axis": -1}),
        _op("logical_xor", {"X": number, "Y": finite}, out),
    ]


@says("arg_max", "arg_min")
def best(op: Op, block: Block) -> list[Op]:
    """The same along an axis; of all elements, those are put in a row first."""
    x, attributes = op.input("X"), dict(op.attributes)
    is_flat = attributes.pop("flatten", False)
    if not is_flat:
        return [_op(op.type, {"X": x}, op.output(), attributes)]
    if attributes.get("keepdims"):
        raise Refusal("the best of all elements, with its dimensions kept")
    row = block.temporary(x, [math.prod(block.shape(x)) if _known(block.shape(x)) else -1])
    return [_reshape(block, x, [-1], row), _op(op.type, {"X": row}, op.output(), {**attributes, "axis": 0})]


@says("reduce_all", "reduce_any", "reduce_max", "reduce_mean", "reduce_min", "reduce_prod", "reduce_sum")
def reduction(op: Op, block: Block) -> list[Op]:
    """The same, with the axes as a list; of more than four axes, which Fluid reduces to 0, neighbours become one."""
    dims = op.attributes.get("dim")
    dims = [dims] if isinstance(dims, int) else list(dims or [])
    is_all = bool(op.attributes.get("reduce_all")) or not dims or len(dims) == block.rank(op.input("X"))
    attributes = {"dim": dims or [0], "keep_dim": bool(op.attributes.get("keep_dim")), "reduce_all": is_all}
    x, out = op.input("X"), op.output()
    shape = block.shape(x)
    if is_all or len(shape) <= 4:
        return [_op(op.type, {"X": x}, out, attributes)]
    axes = sorted(int(dim) % len(shape) for dim in dims)
    before, inside, after = shape[: axes[0]], shape[axes[0] : axes[-1] + 1], shape[axes[-1] + 1 :]
    target = block.shape(out)
    if len(inside) != len(axes) or not _known([*inside, *after]) or target.count(-1) > 1:
        raise Refusal("Fluid reduces more than four axes only where they are neighbours of known size")
    merged = [math.prod(before) if _known(before) else -1, math.prod(inside), math.prod(after)]
    three, two = block.temporary(x, merged), block.temporary(out, [merged[0], merged[2]])
    attributes = {"dim": [1], "keep_dim": False, "reduce_all": False}
    return [
        _reshape(block, x, [-1, *merged[1:]], three),
        _op(op.type, {"X": three}, two, attributes),
        _reshape(block, two, target, out),
    ]


@says("log_softmax")
def log_softmax(op: Op, block: Block) -> list[Op]:
    """d - log(sum(exp(d))), where d is x less its maximum."""
    x, out = op.input("X"), op.output()
    axis = int(op.attributes.get("axis", -1)) % block.rank(x)
    shape = block.shape(x)
    narrow = [*shape[:axis], 1, *shape[axis + 1 :]]
    along = {"dim": [axis], "keep_dim": True, "reduce_all": False}
    most, total, log = (block.temporary(x, narrow) for _ in range(3))
    less, grown = block.temporary(x), block.temporary(x)
    return [
        _op("reduce_max", {"X": x}, most, along),
        _op("elementwise_sub", {"X": x, "Y": most}, less, {"axis": -1}),
        _op("exp", {"X": less}, grown),
        _op("reduce_sum", {"X": grown}, total, along),
        _op("log", {"X": total}, log),
        _op("elementwise_sub", {"X": less, "Y": log}, out, {"axis": -1}),
    ]


@says("gather")
def gather(op: Op, block: Block) -> list[Op]:
    """`gather` along the first axis, `index_select` along another; a scalar index loses its axis afterwards."""
    if op.inputs.get("Axis"):
        raise Refusal("the axis is computed by the model")
    x, index, out = op.input("X"), op.input("Index"), op.output()
    axis = int(op.attributes.get("axis", 0)) % block.rank(x)
    before, index = _from_the_front(block, index, block.shape(x)[axis])
    made: list[Op] = []
    target = block.shape(out)
    if not block.rank(index):
        if target.count(-1) > 1:
            raise Refusal("two dynamic dimensions change their place behind a scalar index")
        shape = block.shape(x)
        taken = block.temporary(out, [*shape[:axis], 1, *shape[axis + 1 :]])
        made = [_reshape(block, taken, target or [1], out)]
        out = taken
    if axis == 0:
        return [*before, _op("gather", {"X": x, "Index": index}, out), *made]
    return [*before, _op("index_select", {"X": x, "Index": index}, out, {"dim": axis}), *made]


def _from_the_front(block: Block, index: str, size: int) -> tuple[list[Op], str]:
    """Indices with those from the end, which Fluid does not know, counted from the front."""
    if size < 0:
        raise Refusal("Fluid takes no indices from the end, and the size of the axis is not known")
    below, added, out = block.temporary(index, dtype=BOOL), block.temporary(index), block.temporary(index)
    nought, shift = (block.temporary(index) for _ in range(2))
    return [
        _op("fill_any_like", {"X": index}, nought, {"value": 0.0, "dtype": block.dtype(index)}),
        _op("less_than", {"X": index, "Y": nought}, below, {"axis": -1}),
        _cast(block, below, added),
        _op("scale", {"X": added}, shift, {"scale": float(size), "bias": 0.0, "bias_after_scale": True}),
        _op("elementwise_add", {"X": index, "Y": shift}, out, {"axis": -1}),
    ], out


@says("take_along_axis")
def take_along_axis(op: Op, block: Block) -> list[Op]:
    """`index_sample` takes along the second axis of a matrix: the other axes become its first."""
    x, index, out = op.input("Input"), op.input("Index"), op.output("Result")
    shape, places = block.shape(x), block.shape(index)
    axis = int(op.attributes.get("Axis", 0)) % len(shape)
    order = [dim for dim in range(len(shape)) if dim != axis] + [axis]
    shape, places = _permuted(shape, order), _permuted(places, order)
    if shape[:-1] != places[:-1] or not _known([*shape[1:], *places[1:]]):
        raise Refusal("Fluid takes along an axis only where the other axes are equal and their sizes known")
    made, index = _from_the_front(block, index, shape[-1])
    matrices = []
    for name, dims in ((x, shape), (index, places)):
        first, moved = _transposed(block, name, order)
        rows = math.prod(dims[:-1]) if _known(dims) else -1
        matrix = block.temporary(name, [rows, dims[-1]])
        made += [first, _reshape(block, moved, [-1, dims[-1]], matrix)]
        matrices.append(matrix)
    taken = block.temporary(out, [-1, places[-1]])
    moved = block.temporary(out, places)
    back = [order.index(dim) for dim in range(len(order))]
    return [
        *made,
        _op("index_sample", {"X": matrices[0], "Index": matrices[1]}, taken),
        _reshape(block, taken, [-1, *places[1:]], moved),
        _transposed(block, moved, back, out)[0],
    ]


@says("fill_constant")
def fill_constant(op: Op, block: Block) -> list[Op]:
    """The same; what Paddle 3 calls a scalar is one element, and infinity is a number: Fluid reads its text as 0."""
    if not math.isfinite(op.attributes.get("value", 0.0)):
        op.attributes["str_value"] = ""
    if not any(op.inputs.values()) and not op.attributes.get("shape"):
        op.attributes["shape"] = [1]
    return [op]


@says("fill_any_like")
def fill_any_like(op: Op, block: Block) -> list[Op]:
    """The same; infinity, which it refuses, is a constant times ones."""
    x, value, dtype = op.input("X"), float(op.attributes.get("value", 0.0)), block.dtype(op.output())
    if math.isfinite(value):
        return [_op("fill_any_like", {"X": x}, op.output(), {"value": value, "dtype": dtype})]
    ones, one = block.temporary(op.output()), block.temporary(op.output(), [1])
    attributes = {"shape": [1], "dtype": dtype, "value": value, "str_value": ""}
    return [
        _op("fill_any_like", {"X": x}, ones, {"value": 1.0, "dtype": dtype}),
        Op("fill_constant", {}, {"Out": [one]}, attributes),
        _op("elementwise_mul", {"X": ones, "Y": one}, op.output(), {"axis": -1}),
    ]


@says("reshape2")
def reshape2(op: Op, block: Block) -> list[Op]:
    """The same; what Paddle 3 calls a scalar is one element."""
    if not op.inputs.get("Shape") and not op.inputs.get("ShapeTensor") and not op.attributes.get("shape"):
        op.attributes["shape"] = [1]
    return [op]


@says("unsqueeze2", "squeeze2")
def axes_of_one(op: Op, block: Block) -> list[Op]:
    """The same; between a scalar and what has axes it is a reshape."""
    x, target = op.input("X"), block.shape(op.output())
    if block.rank(x) and target:
        return [op]
    return [_reshape(block, x, target or [1], op.output())]


@says("stack")
def stack(op: Op, block: Block) -> list[Op]:
    """The same; scalars, which are one element each, are joined."""
    if any(block.rank(name) for name in op.inputs["X"]):
        return [op]
    return [Op("concat", {"X": op.inputs["X"]}, {"Out": op.outputs["Y"]}, {"axis": 0})]


@says("conv2d_transpose", "depthwise_conv2d_transpose")
def conv2d_transpose(op: Op, block: Block) -> list[Op]:
    """The same; padding of the output is said by its size."""
    if any(op.attributes.pop("output_padding", None) or []):
        size = block.shape(op.output("Output"))[2:]
        if not _known(size) or op.attributes.get("data_format", "NCHW") not in ("NCHW", "AnyLayout"):
            raise Refusal("Fluid pads the output of a transposed convolution only to a known size")
        op.attributes["output_size"] = size
    return [op]


@says("repeat_interleave")
def repeat_interleave(op: Op, block: Block) -> list[Op]:
    """Each element gets an axis of its own, is repeated along it, and loses the axis again."""
    x, out, times = op.input("X"), op.output(), int(op.attributes.get("Repeats", 0))
    axis = int(op.attributes.get("dim", 0)) % block.rank(x)
    shape, target = block.shape(x), block.shape(out)
    if op.inputs.get("RepeatsTensor") or times < 1 or shape.count(-1) > 1 or target.count(-1) > 1:
        raise Refusal("the repeats are computed by the model, or two dynamic dimensions change their place")
    apart = block.temporary(x, [*shape[: axis + 1], 1, *shape[axis + 1 :]])
    repeated = block.temporary(x, [*shape[: axis + 1], times, *shape[axis + 1 :]])
    times_each = [times if index == axis + 1 else 1 for index in range(len(shape) + 1)]
    return [
        _reshape(block, x, block.shape(apart), apart),
        _op("expand", {"X": apart}, repeated, {"expand_times": times_each}),
        _reshape(block, repeated, target, out),
    ]


@says("elementwise_mod", "elementwise_floordiv")
def division(op: Op, block: Block) -> list[Op]:
    """Of whole numbers, rounded down: Fluid rounds to 0, so its remainder r becomes (r + y) mod y."""
    x, y, out = op.input("X"), op.input("Y"), op.output()
    if block.dtype(x) not in (INT32, INT64) or op.attributes.get("axis", -1) != -1:
        raise Refusal(f"Fluid's {op.type} of floating-point numbers rounds otherwise")
    if block.rank(x) < block.rank(y):
        raise Refusal(f"Fluid's {op.type} does not broadcast its left side")
    first, more, whole = (block.temporary(x, block.shape(out)) for _ in range(3))
    remainder = out if op.type == "elementwise_mod" else block.temporary(x, block.shape(out))
    steps = [("mod", x, y, first), ("add", first, y, more), ("mod", more, y, remainder)]
    if op.type == "elementwise_floordiv":
        steps += [("sub", x, remainder, whole), ("floordiv", whole, y, out)]
    return [_op(f"elementwise_{name}", {"X": a, "Y": b}, c, {"axis": -1}) for name, a, b, c in steps]


@says("round")
def rounded(_op: Op, _block: Block) -> list[Op]:
    """Not the same: halves go away from 0 in Fluid, to the even number in Paddle 3."""
    raise Refusal("Fluid rounds halves away from 0")


@says("strided_slice")
def strided_slice(op: Op, _block: Block) -> list[Op]:
    """The same forwards; backwards Fluid counts the end otherwise."""
    if any(op.inputs.get(slot) for slot in ("StridesTensor", "StridesTensorList")) or min(op.attributes["strides"]) < 0:
        raise Refusal("Fluid slices backwards otherwise")
    return [op]


@says("clip")
def clip(op: Op, block: Block) -> list[Op]:
    """The same for floating-point numbers; whole numbers are compared with their bounds."""
    x, dtype = op.input("X"), block.dtype(op.input("X"))
    if dtype in (FP32, FP64):
        return [op]
    if op.inputs.get("Min") or op.inputs.get("Max"):
        raise Refusal("Fluid does not clip whole numbers to computed bounds")
    low, high, raised = block.temporary(x, [1]), block.temporary(x, [1]), block.temporary(x)
    bounds = [
        Op("fill_constant", {}, {"Out": [name]}, {"shape": [1], "dtype": dtype, "value": float(op.attributes[bound])})
        for name, bound in ((low, "min"), (high, "max"))
    ]
    return [
        *bounds,
        _op("elementwise_max", {"X": x, "Y": low}, raised, {"axis": -1}),
        _op("elementwise_min", {"X": raised, "Y": high}, op.output(), {"axis": -1}),
    ]
