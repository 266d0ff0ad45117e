"""Selection of boxes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from paddlify.backends.paddle.expression import Expr, Tensor
from paddlify.backends.paddle.module import Recorder, emits
from paddlify.backends.paddle.ops.common import FLOATS, cast, size_of, wide


@emits("NonMaxSuppression")
def non_max_suppression(
    paddle: Recorder, boxes: Tensor, scores: Tensor, max_output_boxes_per_class: Tensor | None = None,
    iou_threshold: Tensor | None = None, score_threshold: Tensor | None = None, *, center_point_box: int,
) -> Expr:
    """The greedy algorithm for all batches and classes at once: a trip of the loop takes the best box of each.

    Rows (batch, class, box) come in the order of batch and class, and within a class as they were taken. Of equal
    scores the first box is taken. A box without area overlaps with nothing.
    """
    if max_output_boxes_per_class is None:
        return paddle.zeros([0, 3], dtype="int64")
    dtype = wide(scores.dtype, FLOATS)
    values = paddle.let(cast(paddle, scores, dtype), "scores")
    sides = _sides(paddle, cast(paddle, boxes, dtype), bool(center_point_box), values)
    area = paddle.let((sides[2] - sides[0]) * (sides[3] - sides[1]), "area")
    overlap_limit = _number(paddle, iou_threshold, dtype)
    alive = paddle.ones_like(values).astype("bool")
    if score_threshold is not None:
        alive = values > _number(paddle, score_threshold, dtype)
    position = paddle.let(paddle.arange(0, size_of(paddle, scores, 2), 1, dtype="int64"), "position")
    limit = max_output_boxes_per_class.astype("int64").reshape([])

    def go_on(inner: Recorder, state: list[Expr]) -> Sequence[Any]:
        return [inner.logical_and(state[0] < limit, inner.any(state[1]))]

    def trip(inner: Recorder, state: list[Expr]) -> Sequence[Any]:
        count, living, taken, found = state
        ranked = inner.let(inner.where(living, values, inner.full_like(values, float("-inf"))), "ranked")
        best = inner.let(inner.argmax(ranked, axis=2, keepdim=True), "best")
        top, left, bottom, right = (inner.take_along_axis(side, best, 2) for side in sides)
        height = inner.clip(inner.minimum(sides[2], bottom) - inner.maximum(sides[0], top), min=0.0)
        width = inner.clip(inner.minimum(sides[3], right) - inner.maximum(sides[1], left), min=0.0)
        common = inner.let(height * width, "common")
        union = area + inner.take_along_axis(area, best, 2) - common
        overlaps = inner.logical_and(common > 0.0, common / union > overlap_limit)
        left_over = inner.logical_not(inner.logical_or(overlaps, inner.equal(position, best)))
        return [
            [
                count + 1,
                inner.logical_and(living, left_over),
                inner.concat([taken, best.reshape([-1])]),
                inner.concat([found, inner.any(living, axis=2).reshape([-1])]),
            ]
        ]

    names = ["count", "alive", "taken", "found"]
    start = [paddle.constant(0), alive, paddle.zeros([0], dtype="int64"), paddle.zeros([0], dtype="bool")]
    loop = paddle.static.nn.while_loop(
        paddle.define("go_on", names, go_on), paddle.define("suppress", names, trip), start
    )
    count, _, taken, found = paddle.unpack(loop, 4)
    classes = size_of(paddle, scores, 1)
    columns = paddle.let(paddle.shape(scores)[0].astype("int64") * classes, "columns")
    rows = paddle.let(paddle.transpose(taken.reshape([count, columns]), [1, 0]), "rows")
    picked = paddle.let(paddle.nonzero(paddle.transpose(found.reshape([count, columns]), [1, 0])), "picked")
    batch_and_class = paddle.let(picked[:, 0], "batch_and_class")
    per_batch = paddle.constant(classes) if isinstance(classes, int) else classes.astype("int64")
    return paddle.stack(
        [
            paddle.floor_divide(batch_and_class, per_batch),
            paddle.remainder(batch_and_class, per_batch),
            paddle.gather_nd(rows, picked),
        ],
        axis=1,
    )


def _sides(paddle: Recorder, boxes: Any, centred: bool, scores: Any) -> list[Expr]:
    """The lower and upper sides of both axes, each [batch, class, box]."""
    columns = [paddle.unsqueeze(boxes[:, :, index], 1) for index in range(4)]
    zeros = paddle.zeros_like(scores)
    if centred:
        x, y, width, height = columns
        pairs = [(y - height / 2, y + height / 2), (x - width / 2, x + width / 2)]
    else:
        pairs = [(columns[0], columns[2]), (columns[1], columns[3])]
    lower = [paddle.minimum(a, b) + zeros for a, b in pairs]
    upper = [paddle.maximum(a, b) + zeros for a, b in pairs]
    return [paddle.let(side, "side") for side in (*lower, *upper)]


def _number(paddle: Recorder, value: Tensor | None, dtype: str) -> Any:
    if value is None:
        return 0.0
    return value.item() if value.is_constant else cast(paddle, value, dtype).reshape([])
