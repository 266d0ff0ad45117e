"""Tensor lists and TensorArrays as loops use them: a list is one tensor, its items stacked along the first axis.

1. A list made from a tensor is that tensor; GetItem is Gather, Stack is nothing.
2. A reserved list, whose items have no shape yet, is made of zeros by its first write. In a loop it must be written at
   a counter that begins at 0 (its items are then the loop's scan output, with zeros behind them for what was not
   written), or always at the item 0 of a list of one item (then it is the last item of the scan output), or the shape
   of what is written must be known outside.
3. A list that grows has zeros for the items between its end and what is written behind it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import onnx_ir as ir

from paddlify.errors import Refusal
from paddlify.frontends.tensorflow.lowering import Handle, TensorFlowBuilder, lowers, takes_handles
from paddlify.ir.builder import rank_of
from paddlify.ir.inference import elements_of, known_array

takes_handles |= {
    "TensorListGetItem", "TensorListSetItem", "TensorListStack", "TensorListLength", "TensorListElementShape",
    "TensorListConcatV2", "TensorListGather", "TensorListResize", "TensorArrayConcatV3", "TensorArrayGatherV3",
    "TensorArrayReadV3", "TensorArrayScatterV3", "TensorArraySizeV3", "TensorArrayWriteV3",
}  # fmt: skip


@dataclass(frozen=True)
class Stacked(Handle):
    """A list with all its items in one tensor [items, …]; `grows` where every write may lengthen it."""

    value: ir.Value
    grows: bool = False


@dataclass(frozen=True)
class Allocated(Stacked):
    """The same inside a loop that writes it at its counter: zeros at first, and as long as it ever gets."""


@dataclass(frozen=True)
class Reserved(Handle):
    """A list of `size` items (a scalar), none of which has been written; `shape` is what is known of an item."""

    size: ir.Value
    dtype: ir.DataType
    shape: tuple[int | None, ...] | None
    grows: bool = False


@dataclass(frozen=True)
class Open(Handle):
    """A reserved list as the body of a loop sees it, before it writes into it; `lengths` are what it was asked for."""

    reserved: Reserved
    lengths: list[ir.Value] = field(default_factory=list)


@dataclass(frozen=True)
class Written(Handle):
    """The same after `item` was written at `index`, where it `grows` if it has no such item."""

    before: Open
    index: ir.Value
    item: ir.Value
    grows: bool


@dataclass(frozen=True)
class Write:
    """What a loop does to a reserved list: one item in each iteration, at its counter, at 0, or anywhere."""

    reserved: Reserved
    item: ir.Value
    only_last: bool
    grows: bool
    anywhere: bool = False

    def collected(self, op: TensorFlowBuilder, scanned: ir.Value) -> Stacked:
        """The list behind the loop, from the stack of the items of all iterations."""
        if self.only_last:
            return Stacked(op.Gather(scanned, op.constant([-1]), axis=0), self.reserved.grows)
        size = op.Unsqueeze(op.Cast(self.reserved.size, to=ir.DataType.INT64), op.constant([0]))
        count = op.Shape(scanned, start=0, end=1)
        is_all = elements_of(size) is not None and elements_of(size) == elements_of(count)
        if is_all or (self.grows and elements_of(size) == (0,)):
            return Stacked(scanned, self.reserved.grows)
        return Stacked(_lengthened(op, scanned, op.Sub(size, count)), self.reserved.grows)

    def allocated(self, op: TensorFlowBuilder, known: Sequence[ir.Value], trips: ir.Value | None) -> Allocated | None:
        """The list with all items zero, where every dimension of an item is a number or one of a known value's.

        One that grows is as long as the loop has `trips`, or more; None where these are not known.
        """
        if self.item.shape is None or (self.grows and trips is None):
            return None
        size = op.Cast(self.reserved.size, to=ir.DataType.INT64)
        sizes = [op.Unsqueeze(op.Max(size, trips) if self.grows else size, op.constant([0]))]
        for dim in self.item.shape:
            size = op.constant([dim]) if isinstance(dim, int) else _dimension(op, dim, known)
            if size is None:
                return None
            sizes.append(size)
        zero = ir.tensor(np.zeros(1, self.reserved.dtype.numpy()))
        return Allocated(op.ConstantOfShape(op.Concat(*sizes, axis=0), value=zero), self.reserved.grows)


def _dimension(op: TensorFlowBuilder, dim: ir.SymbolicDim, known: Sequence[ir.Value]) -> ir.Value | None:
    """A dimension by name as a tensor [1], read from a value that has it."""
    for value in known:
        for axis, other in enumerate(value.shape or ()):
            if dim.value is not None and not isinstance(other, int) and other.value == dim.value:
                return op.Shape(value, start=axis, end=axis + 1)  # type: ignore[no-any-return]
    return None


def is_reserved(value: Any) -> bool:
    """Whether a loop's variable is a list whose items have no shape yet."""
    return isinstance(value, Reserved)


def carried(value: Any) -> ir.Value:
    """The tensor that a loop carries for one of its variables."""
    if isinstance(value, Stacked):
        return value.value
    if isinstance(value, Handle):
        raise Refusal("a loop changes a resource or a list in a way that is not supported")
    return value  # type: ignore[no-any-return]


def resumed(before: Any, value: ir.Value) -> Any:
    """The variable of a loop that carries a tensor; `before` is what it was outside."""
    return replace(before, value=value) if isinstance(before, Stacked) else value


def finished(before: Any, value: ir.Value) -> Any:
    """The same behind the loop."""
    return Stacked(value, before.grows) if isinstance(before, Stacked) else value


def written(found: Any, before: Any, counters: Mapping[int, np.ndarray | None]) -> Write:
    """What the body does to an open list; `counters` are the loop's counters and where they begin."""
    if not isinstance(found, Written) or found.before is not before:
        raise Refusal("a loop does not write its list exactly once in each iteration")
    reserved = found.before.reserved
    if found.grows and before.lengths:
        raise Refusal("a loop asks for the length of a list that it lengthens")
    start = counters.get(id(found.index))
    if start is not None and int(start) == 0:
        return Write(reserved, found.item, only_last=False, grows=found.grows)
    index, size = known_array(found.index), known_array(reserved.size)
    if index is not None and int(index) == 0 and size is not None and int(size) == 1:
        return Write(reserved, found.item, only_last=True, grows=found.grows)
    return Write(reserved, found.item, only_last=False, grows=found.grows, anywhere=True)


# TensorFlow 2's lists


@lowers("TensorListFromTensor")
def tensor_list_from_tensor(op: TensorFlowBuilder, tensor: ir.Value, element_shape: ir.Value) -> Stacked:
    return Stacked(tensor)


@lowers("TensorListReserve")
def tensor_list_reserve(
    op: TensorFlowBuilder, element_shape: ir.Value, num_elements: ir.Value, *, element_dtype: Any
) -> Handle:
    return _reserve(num_elements, element_dtype, _shape(element_shape))


@lowers("TensorListGetItem")
def tensor_list_get_item(
    op: TensorFlowBuilder, input_handle: Any, index: ir.Value, element_shape: ir.Value, *, element_dtype: Any
) -> ir.Value:
    return op.Gather(_stacked(input_handle), index, axis=0)  # type: ignore[no-any-return]


@lowers("TensorListSetItem")
def tensor_list_set_item(
    op: TensorFlowBuilder, input_handle: Any, index: ir.Value, item: ir.Value, *, resize_if_index_out_of_bounds: bool
) -> Handle:
    return _set(op, input_handle, index, item, resize_if_index_out_of_bounds)


@lowers("TensorListResize")
def tensor_list_resize(op: TensorFlowBuilder, input_handle: Any, size: ir.Value) -> Handle:
    """Items are cut off at the end, or zeros added."""
    if isinstance(input_handle, Reserved):
        return replace(input_handle, size=size)
    if not isinstance(input_handle, Stacked):
        raise Refusal("a loop changes the length of a list that it writes")
    items, end = input_handle.value, op.Unsqueeze(op.Cast(size, to=ir.DataType.INT64), op.constant([0]))
    longer = _lengthened(op, items, op.Sub(end, op.Shape(items, start=0, end=1)))
    return replace(input_handle, value=op.Slice(longer, op.constant([0]), end, op.constant([0])))


@lowers("TensorListStack")
def tensor_list_stack(
    op: TensorFlowBuilder, input_handle: Any, element_shape: ir.Value, *, element_dtype: Any, num_elements: int
) -> ir.Value:
    """`num_elements` is a check that TensorFlow makes."""
    return _stacked(input_handle)


@lowers("TensorListGather")
def tensor_list_gather(
    op: TensorFlowBuilder, input_handle: Any, indices: ir.Value, element_shape: ir.Value, *, element_dtype: Any
) -> ir.Value:
    return op.Gather(_stacked(input_handle), indices, axis=0)  # type: ignore[no-any-return]


@lowers("TensorListConcatV2")
def tensor_list_concat(
    op: TensorFlowBuilder, input_handle: Any, element_shape: ir.Value, leading_dims: ir.Value, *, element_dtype: Any
) -> tuple[ir.Value, ir.Value]:
    return _concatenated(op, _stacked(input_handle))


@lowers("TensorListLength")
def tensor_list_length(op: TensorFlowBuilder, input_handle: Any) -> ir.Value:
    return _length(op, input_handle)


# TensorFlow 1's arrays: what flows is the list, and the handle says nothing more


@lowers("TensorArrayV3")
def tensor_array(
    op: TensorFlowBuilder, size: ir.Value, *, dtype: Any, element_shape: Any, dynamic_size: bool,
    clear_after_read: bool, identical_element_shapes: bool, tensor_array_name: str,
) -> tuple[Handle, Handle]:
    reserved = _reserve(size, dtype, element_shape, dynamic_size)
    return reserved, reserved


@lowers("TensorArrayScatterV3")
def tensor_array_scatter(
    op: TensorFlowBuilder, handle: Any, indices: ir.Value, value: ir.Value, flow_in: Any
) -> Handle:
    """Only all items at once, in order: that is how a tensor is unstacked."""
    if not isinstance(flow_in, Reserved):
        raise Refusal("it writes into an array that was written before")
    if not _is_range(indices):
        raise Refusal("it scatters at indices that are not 0, 1, 2, …")
    return Stacked(value, flow_in.grows)


@lowers("TensorArrayReadV3")
def tensor_array_read(op: TensorFlowBuilder, handle: Any, index: ir.Value, flow_in: Any, *, dtype: Any) -> ir.Value:
    return op.Gather(_stacked(flow_in), index, axis=0)  # type: ignore[no-any-return]


@lowers("TensorArrayWriteV3")
def tensor_array_write(op: TensorFlowBuilder, handle: Any, index: ir.Value, value: ir.Value, flow_in: Any) -> Handle:
    return _set(op, flow_in, index, value)


@lowers("TensorArrayGatherV3")
def tensor_array_gather(
    op: TensorFlowBuilder, handle: Any, indices: ir.Value, flow_in: Any, *, dtype: Any, element_shape: Any
) -> ir.Value:
    return op.Gather(_stacked(flow_in), indices, axis=0)  # type: ignore[no-any-return]


@lowers("TensorArrayConcatV3")
def tensor_array_concat(
    op: TensorFlowBuilder, handle: Any, flow_in: Any, *, dtype: Any, element_shape_except0: Any
) -> tuple[ir.Value, ir.Value]:
    return _concatenated(op, _stacked(flow_in))


@lowers("TensorArraySizeV3")
def tensor_array_size(op: TensorFlowBuilder, handle: Any, flow_in: Any) -> ir.Value:
    return _length(op, flow_in)


def _reserve(size: ir.Value, dtype: Any, shape: tuple[int | None, ...] | None, grows: bool = False) -> Handle:
    if not isinstance(dtype, ir.DataType):
        raise Refusal(f"a list of {dtype} is not supported")
    return Reserved(size, dtype, shape, grows)


def _set(op: TensorFlowBuilder, before: Any, index: ir.Value, item: ir.Value, grows: bool = False) -> Handle:
    if isinstance(before, Open):
        return Written(before, index, item, grows or before.reserved.grows)
    if isinstance(before, Reserved):
        size = op.Unsqueeze(op.Cast(before.size, to=ir.DataType.INT64), op.constant([0]))
        zero = ir.tensor(np.zeros(1, before.dtype.numpy()))
        shape = op.Concat(size, op.Shape(item), axis=0)
        before = Stacked(op.ConstantOfShape(shape, value=zero), before.grows)
    if isinstance(before, Stacked):
        place = op.Reshape(op.Cast(index, to=ir.DataType.INT64), op.constant([1, 1]))
        items = before.value
        if (grows or before.grows) and not isinstance(before, Allocated):
            count = op.Add(op.Squeeze(place, op.constant([0])), op.constant(1))
            items = _lengthened(op, items, op.Sub(count, op.Shape(items, start=0, end=1)))
        return replace(before, value=op.ScatterND(items, place, op.Unsqueeze(item, op.constant([0]))))
    raise Refusal("it writes into a list twice in one iteration")


def _lengthened(op: TensorFlowBuilder, items: ir.Value, count: ir.Value) -> ir.Value:
    """Items with so many zeros, [1], behind them; none where the count is negative."""
    rank = rank_of(items)
    before, after = op.constant(np.zeros(rank, np.int64)), op.constant(np.zeros(rank - 1, np.int64))
    pads = op.Concat(before, op.Max(count, op.constant([0])), after, axis=0)
    return op.Pad(items, pads, op.constant_like(items, 0))  # type: ignore[no-any-return]


def _concatenated(op: TensorFlowBuilder, items: ir.Value) -> tuple[ir.Value, ir.Value]:
    """The items one behind the other along their first axis, and how long each of them is there: all are the same."""
    count, length = (op.Shape(items, start=axis, end=axis + 1) for axis in (0, 1))
    shape = op.Concat(op.Mul(count, length), op.Shape(items, start=2), axis=0)
    return op.Reshape(items, shape, allowzero=1), op.Expand(length, count)


def _stacked(value: Any) -> ir.Value:
    if isinstance(value, Stacked):
        return value.value
    if isinstance(value, (Open, Written)):
        raise Refusal("a loop reads a list that it writes")
    raise Refusal("it reads a list that was not written")


def _length(op: TensorFlowBuilder, value: Any) -> ir.Value:
    if isinstance(value, Stacked):
        count = op.Shape(value.value, start=0, end=1)
        return op.Cast(op.Squeeze(count, op.constant([0])), to=ir.DataType.INT32)  # type: ignore[no-any-return]
    if isinstance(value, Written):
        if value.grows:
            raise Refusal("a loop asks for the length of a list that it lengthens")
        value = value.before
    if isinstance(value, Open):
        value.lengths.append(value.reserved.size)
        value = value.reserved
    return value.size  # type: ignore[no-any-return]


def _shape(value: ir.Value) -> tuple[int | None, ...] | None:
    """An element shape; a scalar -1 says that nothing is known."""
    known = known_array(value)
    if known is None or known.ndim == 0:
        return None
    return tuple(int(dim) if dim >= 0 else None for dim in known)


def _is_range(indices: ir.Value) -> bool:
    known = known_array(indices)
    if known is not None:
        return bool(np.array_equal(known, np.arange(known.size)))
    node = indices.producer()
    if node is None or node.op_type != "Range":
        return False
    start, _, step = (known_array(item) for item in node.inputs)
    return start is not None and step is not None and int(start) == 0 and int(step) == 1
