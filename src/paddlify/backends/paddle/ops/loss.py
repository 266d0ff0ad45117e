"""Losses over classes."""

from __future__ import annotations

from typing import Any

from paddlify.backends.paddle.expression import Tensor
from paddlify.backends.paddle.module import Recorder, emits
from paddlify.backends.paddle.ops.activation import exact_log_softmax
from paddlify.backends.paddle.ops.common import FLOATS, cast, wide
from paddlify.errors import Refusal


@emits("NegativeLogLikelihoodLoss")
def negative_log_likelihood_loss(
    paddle: Recorder, x: Tensor, target: Tensor, weight: Tensor | None = None, *, ignore_index: int | None,
    reduction: str,
) -> Any:
    work = wide(x.dtype, FLOATS)
    loss = _loss(paddle, cast(paddle, x, work), target, weight, work, ignore_index, reduction)
    return cast(paddle, loss, x.dtype, of=work)


@emits("SoftmaxCrossEntropyLoss")
def softmax_cross_entropy_loss(
    paddle: Recorder, scores: Tensor, labels: Tensor, weights: Tensor | None = None, *, ignore_index: int | None,
    reduction: str,
) -> list[Any]:
    """Paddle's own cross entropy gives nothing above about 64."""
    work = wide(scores.dtype, FLOATS)
    log_probabilities = paddle.let(exact_log_softmax(paddle, cast(paddle, scores, work), 1), "log_prob")
    loss = _loss(paddle, log_probabilities, labels, weights, work, ignore_index, reduction)
    return [cast(paddle, item, scores.dtype, of=work) for item in (loss, log_probabilities)]


def _loss(
    paddle: Recorder, x: Any, target: Tensor, weight: Tensor | None, work: str, ignore_index: int | None, reduction: str
) -> Any:
    """-weight[target] * x[:, target]; nothing where the target is `ignore_index`. A mean is weighted."""
    if reduction not in ("none", "sum", "mean"):
        raise Refusal(f"attribute reduction='{reduction}' is not supported")
    classes = cast(paddle, target, "int64")
    factor = None
    if ignore_index is not None:
        counts = paddle.let(paddle.not_equal(classes, paddle.full_like(classes, ignore_index)), "counts")
        classes = paddle.let(paddle.where(counts, classes, paddle.zeros_like(classes)), "classes")
        factor = counts.astype(work)
    if weight is not None:
        of_class = cast(paddle, weight, work)[classes]
        factor = of_class if factor is None else of_class * factor
    picked = -paddle.squeeze(paddle.take_along_axis(x, paddle.unsqueeze(classes, 1), 1, broadcast=False), 1)
    loss = picked if factor is None else picked * factor
    if reduction == "none":
        return loss
    if reduction == "sum" or factor is None:
        return paddle.sum(loss) if reduction == "sum" else paddle.mean(loss)
    return paddle.sum(loss) / paddle.sum(factor)
