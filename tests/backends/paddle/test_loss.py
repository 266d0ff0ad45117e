"""Losses over classes, against NumPy: as the standard writes them down."""

from __future__ import annotations

import numpy as np
import pytest
from tests.backends.paddle.single_node import check

RNG = np.random.default_rng(7)


@pytest.mark.parametrize("reduction", ["none", "sum", "mean"])
@pytest.mark.parametrize("has_weight", [False, True])
@pytest.mark.parametrize("ignore_index", [None, 1, -5])
@pytest.mark.parametrize("op_type", ["NegativeLogLikelihoodLoss", "SoftmaxCrossEntropyLoss"])
def test_losses(op_type: str, ignore_index: int | None, has_weight: bool, reduction: str) -> None:
    scores = (RNG.standard_normal((3, 5, 4)) * 60).astype(np.float32)
    target = RNG.integers(0, 5, (3, 4))
    target[0, :2] = 1 if ignore_index is None else ignore_index
    weight = RNG.uniform(0.2, 2, 5).astype(np.float32) if has_weight else np.ones(5, np.float32)

    logs = scores
    if op_type == "SoftmaxCrossEntropyLoss":
        shifted = scores - scores.max(1, keepdims=True)
        logs = shifted - np.log(np.exp(shifted).sum(1, keepdims=True))
    counted = np.ones(target.shape, bool) if ignore_index is None else target != ignore_index
    classes = np.where(counted, target, 0)
    factor = weight[classes] * counted
    loss = -np.take_along_axis(logs, classes[:, None], 1)[:, 0] * factor
    loss = {"none": loss, "sum": loss.sum(), "mean": loss.sum() / factor.sum()}[reduction]

    attributes = {"reduction": reduction} | ({} if ignore_index is None else {"ignore_index": ignore_index})
    inputs = [scores, target, *([weight] if has_weight else [])]
    expected = [np.asarray(loss, np.float32), logs][: 1 if op_type.startswith("Negative") else 2]
    check(op_type, inputs, attributes, outputs=len(expected), expected=expected, rtol=1e-4, atol=1e-4)
