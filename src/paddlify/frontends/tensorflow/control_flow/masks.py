"""Loops in which a step counts only where a mask says so, as Keras writes recurrent layers behind a mask.

Where the mask [time, batch, 1] is false, such a body keeps each state, and gives what it gave before or a value from
outside (zeros):

    state' = mask ? new state : state,    output' = mask ? h' : output  or  mask ? h' : zeros

The mask may have holes, so it is no length. But steps without effect may as well come last: the steps of each row are
arranged so that those which count come first, in their order, and the operator is told how many these are. What is
given at a step is the output of the last step so far which counts; the cumulative sum of the mask is its number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import onnx_ir as ir

from paddlify.frontends.tensorflow.control_flow.recorded import Recorded, behind_identity, computed_by
from paddlify.frontends.tensorflow.lowering import TensorFlowBuilder
from paddlify.ir.inference import known_array


@dataclass(frozen=True)
class Rest:
    """What is given where a step does not count.

    Attributes:
        value: [batch, units], outside of the loop.
        is_first: whether it is given only until the first step that counts, and then the output of the last such step.
    """

    value: ir.Value
    is_first: bool


@dataclass(frozen=True)
class Masked:
    """A loop whose steps count only where a mask is true.

    Attributes:
        mask: [time, batch, 1], bool, outside of the loop.
        body: the loop as if every step counted.
        states: the indices of the variables that are kept where a step does not count.
        outputs: the indices of the other variables, each with what it is where a step does not count.
        written: the same for each written list.
    """

    mask: ir.Value
    body: Recorded
    states: Sequence[int]
    outputs: Mapping[int, Rest]
    written: Sequence[Rest]


@dataclass(frozen=True)
class Arrangement:
    """The steps of each row in the order in which they are run: those that count come first.

    Attributes:
        mask: [time, batch, 1], bool.
        count: [time, batch, 1], int64, how many steps count so far, this one included.
        total: [1, batch, 1], int64, how many do in all.
    """

    mask: ir.Value
    count: ir.Value
    total: ir.Value

    @classmethod
    def of(cls, op: TensorFlowBuilder, mask: ir.Value) -> Arrangement:
        number = op.Cast(mask, to=ir.DataType.INT64)
        total = op.ReduceSum(number, op.constant([0]), keepdims=1)
        return cls(mask, op.CumSum(number, op.constant(0)), total)

    def lengths(self, op: TensorFlowBuilder) -> ir.Value:
        """How many steps count, int32 [batch]."""
        return op.Cast(op.Reshape(self.total, op.constant([-1])), to=ir.DataType.INT32)  # type: ignore[no-any-return]

    def arranged(self, op: TensorFlowBuilder, sequence: ir.Value, features: int) -> ir.Value:
        """The items [time, batch, features] of the steps as they are run."""
        others = op.CumSum(op.Cast(op.Not(self.mask), to=ir.DataType.INT64), op.constant(0))
        number = op.Where(self.mask, self.count, op.Add(self.total, others))
        places = op.Expand(op.Sub(number, op.constant(1)), op.constant([1, 1, features]))
        return op.ScatterElements(sequence, places, sequence, axis=0)  # type: ignore[no-any-return]

    def given(self, op: TensorFlowBuilder, outputs: ir.Value, units: int, rest: Rest) -> ir.Value:
        """What is given at each step, from the outputs [time, batch, units] of the steps as they were run."""
        number = self.count if rest.is_first else op.Where(self.mask, self.count, op.constant(0))
        numbers = op.Expand(number, op.constant([1, 1, units]))
        return op.GatherElements(self.behind(op, rest.value, outputs), numbers, axis=0)  # type: ignore[no-any-return]

    def behind(self, op: TensorFlowBuilder, first: ir.Value, sequence: ir.Value) -> ir.Value:
        """A sequence [time, batch, units] behind another item, [batch, units] or broadcast to it."""
        item = op.Expand(first, op.Shape(self.total))
        return op.Concat(item, sequence, axis=0)  # type: ignore[no-any-return]

    def final(self, op: TensorFlowBuilder, state: ir.Value, initial: ir.Value) -> ir.Value:
        """A final state [batch, units]: engines differ in what it is where no step counts."""
        any_counts = op.Greater(op.Squeeze(self.total, op.constant([0])), op.constant(0))
        return op.Where(any_counts, state, initial)  # type: ignore[no-any-return]


def aligned(
    op: TensorFlowBuilder, mask: ir.Value, x: ir.Value, states: Sequence[ir.Value]
) -> tuple[ir.Value, ir.Value, list[ir.Value]]:
    """Mask and x [time, batch, …] and the states [batch, units] with one batch: TensorFlow's choice broadcasts them."""
    batches = [shape[-2] for shape in (mask.shape, x.shape, *(state.shape for state in states)) if shape is not None]
    if len({str(size) for size in batches}) == 1 and len(batches) == 2 + len(states):
        return mask, x, list(states)
    mask = op.Slice(op.Expand(mask, op.Shape(x)), op.constant([0]), op.constant([1]), op.constant([2]))
    return mask, op.Expand(x, op.Shape(mask)), [op.Expand(state, op.Shape(mask, start=1)) for state in states]


def masked(recorded: Recorded) -> Masked | None:
    """The loop as a masked one, or None if it is none."""
    choices: list[_Choice] = []
    for value in (*(recorded.after[index] for index in recorded.carried), *(write.item for write in recorded.writes)):
        choice = _choice(recorded, value)
        if choice is None or (choices and choice.mask is not choices[0].mask):
            return None
        choices.append(choice)
    carried = dict(zip(recorded.carried, choices, strict=False))
    states = [index for index in carried if not _is_output(recorded.variables[index])]
    if not states or any(carried[index].old is not recorded.variables[index] for index in states):
        return None
    outputs = [index for index in carried if index not in states]
    written = choices[len(carried) :]
    rests = [_rest(recorded, carried, choice) for choice in (*(carried[index] for index in outputs), *written)]
    known = [rest for rest in rests if rest is not None]
    if len(known) < len(rests):
        return None
    body = replace(
        recorded,
        after=[carried[index].new if index in carried else value for index, value in enumerate(recorded.after)],
        writes=[replace(write, item=choice.new) for write, choice in zip(recorded.writes, written, strict=True)],
    )
    return Masked(choices[0].mask, body, states, dict(zip(outputs, known, strict=False)), known[len(outputs) :])


@dataclass(frozen=True)
class _Choice:
    """A value of the body that is `new` where the mask is true, else `old`."""

    mask: ir.Value
    new: ir.Value
    old: ir.Value


def _choice(recorded: Recorded, value: ir.Value) -> _Choice | None:
    node = computed_by(behind_identity(value), "Where")
    if node is None:
        return None
    condition, new, old = (recorded.input(node, index) for index in range(3))
    mask = recorded.sequence_of(_untiled(condition))
    if mask is None or mask.shape is None or mask.shape[2] != 1:
        return None
    return _Choice(mask, new, old)


def _untiled(value: ir.Value) -> ir.Value:
    """What was repeated along the last of two axes, or the value itself."""
    node = computed_by(value, "Tile")
    repeats = known_array(node.inputs[1]) if node is not None and node.inputs[1] is not None else None
    if node is None or node.inputs[0] is None or repeats is None or repeats.shape != (2,) or repeats[0] != 1:
        return value
    return node.inputs[0]


def _is_output(variable: ir.Value) -> bool:
    """Whether a body does nothing with a variable but to give it once more."""
    return all(usage.node.op_type == "Where" and usage.idx == 2 for usage in variable.uses())


def _rest(recorded: Recorded, carried: Mapping[int, _Choice], choice: _Choice) -> Rest | None:
    """What is given where a step does not count, if it is from outside or an output's own last value."""
    old, new = choice.old.shape, choice.new.shape
    if old is None or new is None or old.rank() != 2 or old[1] != new[1]:
        return None
    if recorded.is_outside(choice.old):
        return Rest(choice.old, is_first=False)
    for index, kept in carried.items():
        if choice.old is recorded.variables[index] and choice.old is kept.old and choice.new is kept.new:
            return Rest(recorded.initial[index], is_first=True)
    return None
