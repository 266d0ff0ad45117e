"""Sequences and optionals whose structure is known while converting: nothing of them is left in `model.py`."""

from __future__ import annotations

from typing import Any

import onnx_ir as ir

from paddlify.backends.paddle.expression import Tensor, TensorSequence
from paddlify.backends.paddle.module import Recorder, emits
from paddlify.errors import Refusal


@emits("SequenceEmpty")
def sequence_empty(paddle: Recorder, *, dtype: int | None) -> TensorSequence:
    return TensorSequence([])


@emits("SequenceConstruct")
def sequence_construct(paddle: Recorder, *inputs: Tensor) -> TensorSequence:
    return TensorSequence(list(inputs))


@emits("SequenceAt")
def sequence_at(paddle: Recorder, sequence: Tensor, position: Tensor) -> Any:
    items = sequence.items()
    return items[_position(position, len(items))]


@emits("SequenceErase")
def sequence_erase(paddle: Recorder, sequence: Tensor, position: Tensor | None = None) -> TensorSequence:
    items = sequence.items()
    del items[-1 if position is None else _position(position, len(items))]
    return TensorSequence(items)


@emits("SequenceInsert")
def sequence_insert(
    paddle: Recorder, sequence: Tensor, tensor: Tensor, position: Tensor | None = None
) -> TensorSequence:
    items = sequence.items()
    index = len(items) if position is None else int(position.item())
    if not -len(items) <= index <= len(items):
        raise Refusal(f"position {index} is outside of a sequence of {len(items)}")
    items.insert(index, tensor)
    return TensorSequence(items)


@emits("SequenceLength")
def sequence_length(paddle: Recorder, sequence: Tensor) -> Any:
    return paddle.constant(len(sequence.items()))


@emits("ConcatFromSequence")
def concat_from_sequence(paddle: Recorder, sequence: Tensor, *, axis: int, new_axis: int) -> Any:
    join = paddle.stack if new_axis else paddle.concat
    return join(sequence.items(), axis=axis)


@emits("SplitToSequence")
def split_to_sequence(
    paddle: Recorder, x: Tensor, split: Tensor | None = None, *, axis: int, keepdims: int
) -> TensorSequence:
    """Parts of the given size (the last one may be smaller), or of the given sizes, or of one each."""
    size = x.shape[axis]
    if size is None:
        raise Refusal(f"the size of axis {axis}, and so the number of parts, is not known while converting")
    if split is None:
        parts = [1] * size
    elif split.rank == 0:
        whole, rest = divmod(size, split.item())
        parts = [split.item()] * whole + ([rest] if rest else [])
    else:
        parts = split.ints()
    pieces = [x] if len(parts) == 1 else paddle.unpack(paddle.split(x, parts, axis=axis), len(parts))
    if split is None and not keepdims:
        return TensorSequence([paddle.squeeze(piece, axis) for piece in pieces])
    return TensorSequence(pieces)


@emits("SequenceMap")
def sequence_map(paddle: Recorder, sequence: Tensor, *others: Tensor, body: ir.Graph) -> list[TensorSequence]:
    """The body once for each item; tensors among the other inputs are the same for all."""
    inputs = [other.items() if isinstance(other.value.type, ir.SequenceType) else other for other in others]
    results = [
        paddle.inline(body, [item, *(other[index] if isinstance(other, list) else other for other in inputs)])
        for index, item in enumerate(sequence.items())
    ]
    return [TensorSequence([result[index] for result in results]) for index in range(len(body.outputs))]


@emits("Optional")
def optional(paddle: Recorder, x: Tensor | None = None, *, type: Any) -> Any:  # noqa: A002 - the attribute's name
    if x is None:
        return TensorSequence([])
    return TensorSequence(x.items()) if isinstance(x.value.type, ir.SequenceType) else TensorSequence([x])


@emits("OptionalHasElement")
def optional_has_element(paddle: Recorder, x: Tensor | None = None) -> Any:
    if x is None:
        return paddle.constant(False)
    kind = x.value.type
    if not isinstance(kind, ir.OptionalType):
        return paddle.constant(True)
    if isinstance(kind.elem_type, ir.SequenceType) and not x.items():
        raise Refusal("an optional without a sequence and one of an empty sequence are not told apart")
    return paddle.constant(bool(x.items()))


@emits("OptionalGetElement")
def optional_get_element(paddle: Recorder, x: Tensor) -> Any:
    if not isinstance(x.value.type, ir.OptionalType):
        return TensorSequence(x.items()) if isinstance(x.value.type, ir.SequenceType) else x
    items = x.items()
    if isinstance(x.value.type.elem_type, ir.SequenceType):
        return TensorSequence(items)
    if not items:
        raise Refusal("the optional value is empty")
    return items[0]


def _position(position: Tensor, count: int) -> int:
    index = int(position.item())
    if not -count <= index < count:
        raise Refusal(f"position {index} is outside of a sequence of {count}")
    return index % count
