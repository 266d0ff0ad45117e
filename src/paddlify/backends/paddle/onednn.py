"""Changes to a program without which the predictor with oneDNN computes something else, or does not start.

They are made in the program, not when it is loaded, so that it is right with Paddle's own predictor too. What each
operator computes stays as it is; `model.py` does not show them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

_FUSED_BEHIND_ARITHMETIC = frozenset(
    f"pd_op.{name}"
    for name in (
        "abs", "clip", "gelu", "hardsigmoid", "hardswish", "leaky_relu", "mish", "relu", "relu6", "reshape", "scale",
        "sigmoid", "sqrt", "swish", "tanh", "unsqueeze",
    )
)
_CONVOLUTIONS = frozenset(
    f"pd_op.{name}"
    for name in (
        "conv2d", "depthwise_conv2d", "conv3d", "conv2d_transpose", "depthwise_conv2d_transpose", "conv3d_transpose",
    )
)
_ARITHMETIC = frozenset(f"pd_op.{name}" for name in ("add", "subtract", "multiply", "divide"))
_PLAIN = frozenset(f"pd_op.{name}" for name in ("assign", "flatten", "reshape", "transpose"))
INTERPOLATIONS = frozenset({"pd_op.bilinear_interp", "pd_op.nearest_interp"})


def suit_onednn(block: Any) -> None:
    """Change what oneDNN would run wrong in `block`, and in the blocks inside it."""
    for operator in _operators(block):
        if operator.name() == "pd_op.matmul":
            _multiply_instead(operator)
    _keep_apart(block)
    operators = list(_operators(block))
    _copy_before_overwriting(operators)
    for operator in operators:
        if operator.name() in INTERPOLATIONS:
            _interpolate_in_float64(operator)
        elif has_computed_weights(operator):
            _convolve_in_float64(operator)
        elif operator.name() == "pd_op.concat":
            _concat_in_float64(operator)
        elif operator.name() == "pd_op.slice" and _may_be_empty(operator):
            _slice_in_strides(operator)


def _operators(block: Any) -> Iterator[Any]:
    for operator in list(block.ops):
        yield operator
        for inner in operator.blocks():
            yield from _operators(inner)


def _keep_apart(block: Any, blocked: set[str] | None = None) -> None:
    """Copy what an operator takes where the predictor with oneDNN would otherwise compute something else.

    - These activations, unless in float32: it fuses them with the addition, subtraction or multiplication before them,
      and loses them where oneDNN has no kernel for the dtype: of integers, `(a + b) * 4` gives `a + b`.
    - leaky_relu: fusing it with a convolution ends the process.
    - reshape behind a layer of unknown height: fused, the layer reckons with -1 as a size, and does not start.
    - matmul of what a convolution gave, in oneDNN's blocked layout (`blocked`: ids of such values): its kernel reads
      the memory as if it were plain. So it does with what a slice gave whose inner dimension turns out to be 1, and
      with sums and products of tensors that both broadcast to the other, such as a column and a row.
    """
    import paddle

    blocked = set() if blocked is None else blocked
    for operator in list(block.ops):
        for inner in operator.blocks():
            _keep_apart(inner, blocked)
        name, operands = operator.name(), operator.operands()
        for operand in operands if name == "pd_op.matmul" else operands[:1]:
            value = operand.source()
            if _is_spoilt(name, value, blocked):
                paddle.pir.set_insertion_point(operator)
                operand.set_source(paddle.assign(value))
        if name in _CONVOLUTIONS or _is_outer(operator) or (
            name not in _PLAIN and any(_is_among(operand.source(), blocked) for operand in operands)
        ):
            blocked.update(result.id for result in operator.results())


def _is_spoilt(name: str, value: Any, blocked: set[str]) -> bool:
    import paddle

    if name == "pd_op.matmul":
        return _is_among(value, blocked) or _is_sliced(value)
    if name not in _FUSED_BEHIND_ARITHMETIC:
        return False
    if name == "pd_op.leaky_relu" or (name == "pd_op.reshape" and _is_flat(value)):
        return True
    return value.dtype not in (paddle.float32, paddle.bfloat16, paddle.float16)


def _is_flat(value: Any) -> bool:
    """Whether a value is a matrix of unknown height that arithmetic made, as the bias of a layer does."""
    maker = value.get_defining_op()
    return maker is not None and maker.name() in _ARITHMETIC and len(value.shape) == 2 and value.shape[0] == -1


def _is_outer(operator: Any) -> bool:
    """Whether both operands broadcast to the other, or whether their last two axes may turn out to be such."""
    if operator.name() not in _ARITHMETIC:
        return False
    shapes = [operator.operand_source(index).shape for index in (0, 1)]
    rank = max(map(len, shapes))
    left, right = ([1] * (rank - len(shape)) + shape for shape in shapes)
    if rank < 3:
        return False
    both = ((left, right), (right, left))
    return all(any(a == 1 != b for a, b in zip(one, other, strict=True)) for one, other in both) or any(
        column[-1] in (1, -1) and row[-1] != 1 and row[-2] in (1, -1) and column[-2] != 1 for column, row in both
    )


def _is_sliced(value: Any) -> bool:
    """Whether a slice made a value whose sizes are not all known."""
    maker = value.get_defining_op() if value.initialized() else None
    return maker is not None and maker.name() == "pd_op.slice" and -1 in value.shape


def _is_among(value: Any, ids: set[str]) -> bool:
    """Whether the value is one of these; an input that is left out is none."""
    return value.initialized() and value.id in ids


def _copy_before_overwriting(operators: list[Any]) -> None:
    """Copy a value that an operator could overwrite with its result, though something later needs it.

    Paddle's `inplace_pass` does not see this where oneDNN made the value: with y = exp(x), y - floor(y) would be 0.
    """
    import paddle

    places = {operator.id(): place for place, operator in enumerate(operators)}
    for operator in operators:
        if operator.name() in _NEVER_OVERWRITTEN:
            continue
        for value in operator.results():
            users = {user.id(): user for user in value.all_used_ops()}.values() if value.initialized() else ()
            last = max((places.get(user.id(), 0) for user in users), default=0)
            if any(_may_overwrite(user, value) and places.get(user.id(), 0) < last for user in users):
                paddle.pir.set_insertion_point_after(operator)
                _replace(value, paddle.assign(value))


def _may_overwrite(user: Any, value: Any) -> bool:
    """Whether Paddle has this operator in place, which gives the memory of its first input to the result."""
    import paddle

    name = user.name()
    is_in_place = name.startswith("pd_op.") and hasattr(paddle._C_ops, f"{name.removeprefix('pd_op.')}_")
    return is_in_place and user.operand_source(0).is_same(value)


_NEVER_OVERWRITTEN = frozenset({"builtin.parameter", "pd_op.data", "pd_op.full", "pd_op.full_int_array"})


def _interpolate_in_float64(operator: Any) -> None:
    """oneDNN has this operator in float32, and then cannot read its attribute `scale`, an array of doubles."""
    import paddle

    operand = operator.operands()[0]
    if operand.source().dtype == paddle.float32:
        paddle.pir.set_insertion_point(operator)
        operand.set_source(paddle.cast(operand.source(), "float64"))
        _narrow(operator.result(0))


def _convolve_in_float64(operator: Any) -> None:
    """oneDNN keeps the weights of the first run, as if they were parameters."""
    import paddle

    operands = operator.operands()[:2]
    if operands[0].source().dtype == paddle.float32:
        paddle.pir.set_insertion_point(operator)
        for operand in operands:
            operand.set_source(paddle.cast(operand.source(), "float64"))
        _narrow(operator.result(0))


def has_computed_weights(operator: Any) -> bool:
    """Whether an operator is a convolution whose weights may be others in the next run."""
    return operator.name() in _CONVOLUTIONS and not _is_fixed(operator.operand_source(1))


def _is_fixed(value: Any) -> bool:
    """Whether a value is the same in each run: made of parameters and numbers alone."""
    pending = [value]
    while pending:
        maker = pending.pop().get_defining_op()
        if maker is None or maker.name() == "pd_op.data" or any(True for _ in maker.blocks()):
            return False
        pending += [source for source in maker.operands_source() if source.initialized()]
    return True


def _concat_in_float64(operator: Any) -> None:
    """oneDNN's process dies where an input has no elements, which a size that is not known may mean."""
    import paddle

    joined, axis = operator.operands()[0], operator.operand_source(1).get_defining_op()
    sources = list(joined.source().get_defining_op().operands_source())
    dtype = sources[0].dtype
    if dtype not in (paddle.float32, paddle.bfloat16, paddle.int8) or axis.name() != "pd_op.full":
        return
    place = int(axis.attrs()["value"])
    if all(source.shape[place] > 0 for source in sources):
        return
    paddle.pir.set_insertion_point(operator)
    wide = paddle.concat([paddle.cast(source, "float64") for source in sources], axis=place)
    _replace(operator.result(0), paddle.cast(wide, dtype))
    operator.erase()


def _narrow(result: Any) -> None:
    """Give the result of an operator, whose input was made float64, that dtype, and all that takes it float32."""
    import paddle

    paddle.pir.set_insertion_point_after(result.get_defining_op())
    typed = paddle.cast(result, "float64")
    result.set_type(typed.type())
    narrowed = paddle.cast(result, "float32")
    _replace(result, narrowed)
    typed.get_defining_op().erase()


def _multiply_instead(operator: Any) -> None:
    """A product whose inner dimension is 1 is a multiplication that broadcasts: behind a slice, oneDNN's is garbage."""
    import paddle

    attributes = operator.attrs()
    sides = [operator.operand_source(index) for index in (0, 1)]
    flips = [attributes["transpose_x"], attributes["transpose_y"]]
    if min(len(side.shape) for side in sides) < 2 or sides[0].dtype != paddle.float32:
        return
    if 1 not in (sides[0].shape[-2 if flips[0] else -1], sides[1].shape[-1 if flips[1] else -2]):
        return
    paddle.pir.set_insertion_point(operator)
    sides = [paddle.transpose(x, _swapped(len(x.shape))) if flip else x for x, flip in zip(sides, flips, strict=True)]
    _replace(operator.result(0), paddle.multiply(*sides))
    operator.erase()


def _swapped(rank: int) -> list[int]:
    return [*range(rank - 2), rank - 1, rank - 2]


def _replace(value: Any, by: Any) -> None:
    """Let all take `by` that take `value`, but for what makes `by`."""
    maker = by.get_defining_op()
    for user in value.all_used_ops():
        if user.id() == maker.id():
            continue
        for operand in user.operands():
            if operand.source().initialized() and operand.source().is_same(value):
                operand.set_source(by)


def _may_be_empty(operator: Any) -> bool:
    """Whether a slice in float32 has a sliced axis whose length is known only when it runs."""
    import paddle

    source = operator.operand_source(0)
    if source.dtype != paddle.float32 or len(source.shape) > _STRIDED_RANK:
        return False
    attributes = operator.attrs()
    kept = [axis for axis in range(len(source.shape)) if axis not in attributes["decrease_axis"]]
    lengths = dict(zip(kept, operator.result(0).shape, strict=False))
    return any(lengths.get(axis) == -1 for axis in attributes["axes"])


_STRIDED_RANK = 6


def _slice_in_strides(operator: Any) -> None:
    """oneDNN gives an empty slice a shape of its own; strided_slice it does not have."""
    import paddle

    attributes = operator.attrs()
    bounds = [_numbers(operator.operand_source(index)) for index in (1, 2)]
    axes = attributes["axes"]
    paddle.pir.set_insertion_point(operator)
    cut = paddle.strided_slice(operator.operand_source(0), axes, *bounds, [1] * len(axes))
    if attributes["decrease_axis"]:
        cut = paddle.squeeze(cut, attributes["decrease_axis"])
    operator.result(0).replace_all_uses_with(cut)
    operator.erase()


def _numbers(bound: Any) -> Any:
    """The numbers of a slice's bound: the values that were combined, or the tensor itself."""
    maker = bound.get_defining_op()
    if maker.name() == "builtin.combine":
        return list(maker.operands_source())
    if maker.name() == "pd_op.full_int_array":
        return list(maker.attrs()["value"])
    return bound
