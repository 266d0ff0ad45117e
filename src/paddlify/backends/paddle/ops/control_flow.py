"""If, Loop and Scan: functions inside `forward`, or the body itself where its course is known while converting."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import onnx_ir as ir

from paddlify.backends.paddle.expression import Expr, Name, Tensor, TensorSequence
from paddlify.backends.paddle.module import Recorder, emits
from paddlify.backends.paddle.ops.common import NUMBERS, cast, size_of, wide
from paddlify.errors import Refusal
from paddlify.ir import inference

MAX_UNROLLED_TRIPS = 16
MAX_UNROLLED_NODES = 400
"""A loop of known length is written out up to so many trips, and nodes in all; a longer one is a `while_loop`."""


@emits("If")
def if_(paddle: Recorder, cond: Tensor, *, then_branch: ir.Graph, else_branch: ir.Graph) -> Any:
    """Both branches are functions without parameters; a condition that is known leaves one branch."""
    if cond.is_constant:
        return paddle.inline(then_branch if bool(cond.item()) else else_branch)
    shapes: list[list[int | None]] = []

    def branch(graph: ir.Graph) -> Callable[[Recorder, list[Expr]], Sequence[Any]]:
        def body(inner: Recorder, _: list[Expr]) -> Sequence[Any]:
            outputs = inner.inline(graph)
            shapes.append([len(item.items) if isinstance(item, TensorSequence) else None for item in outputs])
            return [inner.assign(item) for item in _flat(outputs)]

        return body

    functions = [
        paddle.define(name, [], branch(graph)) for name, graph in (("if_true", then_branch), ("if_false", else_branch))
    ]
    if shapes[0] != shapes[1]:
        raise Refusal("the branches give sequences of different lengths")
    call = paddle.static.nn.cond(cond, *functions)
    count = sum(1 if length is None else length for length in shapes[0])
    flat = [call] if count == 1 else paddle.unpack(call, count)
    return _grouped(flat, shapes[0])


@emits("Loop")
def loop(
    paddle: Recorder,
    trip_count: Tensor | None = None,
    condition: Tensor | None = None,
    *carried: Tensor,
    body: ir.Graph,
) -> Any:
    """Written out if the number of trips is known and small, else `while_loop`; scan outputs grow by a row a trip."""
    goes_on = _always_true(condition, body)
    trips = trip_count.item() if trip_count is not None and trip_count.is_constant else None
    states = [_state(item) for item in carried]
    if condition is not None and condition.is_constant and not bool(condition.item()):
        trips, goes_on = 0, True
    if trips is not None and goes_on and _is_short(max(trips, 0), body):
        return _unrolled(paddle, max(trips, 0), body, states)
    if any(isinstance(state, TensorSequence) for state in states):
        raise Refusal("a sequence is carried by a loop whose number of trips is not known while converting")
    rows = [_empty_rows(paddle, value) for value in body.outputs[1 + len(states) :]]
    keep = [] if goes_on else [condition if condition is not None else paddle.constant(True)]

    def go_on(inner: Recorder, variables: list[Expr]) -> Sequence[Any]:
        tests = [] if trip_count is None else [variables[0] < trip_count.reshape([])]
        tests += [variables[1].reshape([])] if keep else []
        if not tests:
            raise Refusal("a loop without a trip count whose condition is always true never ends")
        return [tests[0] if len(tests) == 1 else inner.logical_and(*tests)]

    def trip(inner: Recorder, variables: list[Expr]) -> Sequence[Any]:
        index, state = variables[0], variables[1 + len(keep) :]
        outputs = inner.inline(body, [index, variables[1] if keep else inner.constant(True), *state[: len(states)]])
        grown = [
            inner.concat([row, inner.unsqueeze(item, 0)], axis=0)
            for row, item in zip(state[len(states) :], outputs[1 + len(states) :], strict=True)
        ]
        return [index + 1, *([outputs[0]] if keep else []), *outputs[1 : 1 + len(states)], *grown]

    results = _while(paddle, [paddle.constant(0), *keep, *states, *rows], go_on, trip)
    return results[1 + len(keep) :]


@emits("Scan")
def scan(
    paddle: Recorder, *inputs: Tensor, body: ir.Graph, num_scan_inputs: int, scan_input_axes: list[int] | None,
    scan_input_directions: list[int] | None, scan_output_axes: list[int] | None,
    scan_output_directions: list[int] | None,
) -> Any:
    """A loop over the slices of the scan inputs."""
    count = len(inputs) - num_scan_inputs
    states, scanned = list(inputs[:count]), inputs[count:]
    outputs = len(body.outputs) - count
    in_axes = [axis % x.rank for axis, x in zip(scan_input_axes or [0] * num_scan_inputs, scanned, strict=True)]
    sources = [
        paddle.let(paddle.flip(x, [axis]), "flipped") if backwards else x
        for x, axis, backwards in zip(scanned, in_axes, scan_input_directions or [0] * num_scan_inputs, strict=True)
    ]
    lengths = [x.shape[axis] for x, axis in zip(scanned, in_axes, strict=True)]
    trips = next((length for length in lengths if length is not None), None)
    if trips is not None and _is_short(trips, body):
        rows = _scan_unrolled(paddle, trips, body, states, sources, in_axes, [x.dtype for x in scanned])
    else:
        rows = _scan_loop(paddle, scanned, body, states, sources, in_axes)
    axes, directions = scan_output_axes or [0] * outputs, scan_output_directions or [0] * outputs
    placed = [
        _placed(paddle, row, axis, value, backwards=bool(backwards))
        for row, axis, backwards, value in zip(rows[count:], axes, directions, body.outputs[count:], strict=True)
    ]
    return [*rows[:count], *placed]


def _scan_unrolled(
    paddle: Recorder, trips: int, body: ir.Graph, states: Sequence[Any], sources: Sequence[Any], axes: Sequence[int],
    dtypes: Sequence[ir.DataType],
) -> list[Any]:
    state, rows = list(states), [[] for _ in body.outputs[len(states) :]]  # type: list[Any], list[list[Any]]
    for trip in range(trips):
        slices = [
            _row(paddle, source, paddle.constant([trip]), axis, dtype)
            for source, axis, dtype in zip(sources, axes, dtypes, strict=True)
        ]
        outputs = paddle.inline(body, [*state, *slices])
        state = outputs[: len(states)]
        for row, item in zip(rows, outputs[len(states) :], strict=True):
            row.append(item)
    return [
        *state,
        *(_stacked(paddle, row, value) for row, value in zip(rows, body.outputs[len(states) :], strict=True)),
    ]


def _scan_loop(
    paddle: Recorder, scanned: Sequence[Tensor], body: ir.Graph, states: Sequence[Any], sources: Sequence[Any],
    axes: Sequence[int],
) -> list[Any]:
    length, dtypes = paddle.let(paddle.shape(scanned[0])[axes[0]], "length"), [x.dtype for x in scanned]
    rows = [_empty_rows(paddle, value, (*states, *scanned)) for value in body.outputs[len(states) :]]

    def go_on(_: Recorder, variables: list[Expr]) -> Sequence[Any]:
        return [variables[0] < length]

    def trip(inner: Recorder, variables: list[Expr]) -> Sequence[Any]:
        index, state = variables[0], variables[1:]
        slices = [
            _row(inner, source, index.reshape([1]), axis, dtype)
            for source, axis, dtype in zip(sources, axes, dtypes, strict=True)
        ]
        outputs = inner.inline(body, [*state[: len(states)], *slices])
        grown = [
            inner.concat([row, inner.unsqueeze(item, 0)], axis=0)
            for row, item in zip(state[len(states) :], outputs[len(states) :], strict=True)
        ]
        return [index + 1, *outputs[: len(states)], *grown]

    return _while(paddle, [paddle.constant(0), *states, *rows], go_on, trip)[1:]


def _row(paddle: Recorder, source: Any, index: Expr, axis: int, dtype: ir.DataType) -> Any:
    """One slice; `source[i]` would have rank 1 instead of 0 with oneDNN."""
    kernel = wide(dtype, NUMBERS)
    own = paddle.dtype(dtype)
    row = paddle.squeeze(paddle.index_select(cast(paddle, source, kernel, of=own), index, axis=axis), axis)
    return cast(paddle, row, own, of=kernel)


def _placed(paddle: Recorder, rows: Any, axis: int, value: ir.Value, *, backwards: bool) -> Any:
    """Scan rows, which lie along axis 0, in their direction and along their axis."""
    if backwards:
        rows = paddle.flip(rows, [0])
    if axis == 0 or value.shape is None:
        return rows
    rank = value.shape.rank() + 1
    order = [*range(1, rank)]
    order.insert(axis % rank, 0)
    return paddle.transpose(rows, order)


def _while(
    paddle: Recorder, variables: Sequence[Any], go_on: Callable[[Recorder, list[Expr]], Sequence[Any]],
    trip: Callable[[Recorder, list[Expr]], Sequence[Any]],
) -> list[Any]:
    def trip_list(inner: Recorder, state: list[Expr]) -> Sequence[Any]:
        return [[inner.assign(item) if _is_passed_on(item, state) else item for item in trip(inner, state)]]

    names = [f"state_{index}" for index in range(len(variables))]
    names[0] = "trip"
    test, body = paddle.define("go_on", names, go_on), paddle.define("body", names, trip_list)
    call = paddle.static.nn.while_loop(test, body, [paddle.assign(item) for item in variables])
    return paddle.unpack(call, len(variables))


def _is_passed_on(item: Any, state: Sequence[Expr]) -> bool:
    """Whether a variable of the loop is returned under another one's place."""
    return isinstance(item, Name) and any(isinstance(other, Name) and other.text == item.text for other in state)


def _unrolled(paddle: Recorder, trips: int, body: ir.Graph, states: Sequence[Any]) -> list[Any]:
    state, rows = list(states), [[] for _ in body.outputs[1 + len(states) :]]  # type: list[Any], list[list[Any]]
    for trip in range(trips):
        outputs = paddle.inline(body, [paddle.constant(trip), paddle.constant(True), *state])
        state = outputs[1 : 1 + len(states)]
        for row, item in zip(rows, outputs[1 + len(states) :], strict=True):
            row.append(item)
    values = body.outputs[1 + len(states) :]
    return [*state, *(_stacked(paddle, row, value) for row, value in zip(rows, values, strict=True))]


def _stacked(paddle: Recorder, rows: Sequence[Any], value: ir.Value) -> Any:
    return paddle.stack(list(rows), axis=0) if rows else _empty_rows(paddle, value)


def _empty_rows(paddle: Recorder, value: ir.Value, entering: Sequence[Any] = ()) -> Any:
    """No rows yet, of the shape of `value`; a size that is not known is that of the same name in what is `entering`."""
    sizes: dict[str | None, tuple[Tensor, int]] = {
        dim.value: (x, axis)
        for x in entering
        if isinstance(x, Tensor) and x.has_rank
        for axis, dim in enumerate(x.value.shape or ())
        if not isinstance(dim, int) and dim.value is not None
    }
    dims: list[Any] = [dim if isinstance(dim, int) else sizes.get(dim.value) for dim in value.shape or ()]
    if value.dtype is None or value.shape is None or None in dims:
        raise Refusal(f"the shape of the scan output '{value.name}' is not known while converting")
    shape = [size_of(paddle, *dim) if isinstance(dim, tuple) else dim for dim in dims]
    return paddle.zeros([0, *shape], dtype=paddle.dtype(value.dtype))


def _is_short(trips: int, body: ir.Graph) -> bool:
    return trips <= MAX_UNROLLED_TRIPS and trips * len(body) <= MAX_UNROLLED_NODES


def _always_true(condition: Tensor | None, body: ir.Graph) -> bool:
    """Whether a loop's condition never ends it: it starts true, and the body returns it or a constant true."""
    if condition is not None and not (condition.is_constant and bool(condition.item())):
        return False
    value: ir.Value | None = body.outputs[0]
    while value is not None and (node := value.producer()) is not None and node.op_type == "Identity":
        value = node.inputs[0]
    known = inference.known_array(value)
    return value is body.inputs[1] or (known is not None and bool(known.reshape(-1)[0]))


def _state(item: Tensor) -> Any:
    return TensorSequence(item.items()) if isinstance(item.value.type, ir.SequenceType) else item


def _flat(outputs: Sequence[Any]) -> list[Any]:
    return [part for item in outputs for part in (item.items if isinstance(item, TensorSequence) else [item])]


def _grouped(flat: Sequence[Any], lengths: Sequence[int | None]) -> list[Any]:
    grouped: list[Any] = []
    rest = list(flat)
    for length in lengths:
        if length is None:
            grouped.append(rest.pop(0))
        else:
            grouped.append(TensorSequence([rest.pop(0) for _ in range(length)]))
    return grouped
