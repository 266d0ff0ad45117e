"""Checks of ``data/caffe.toml``: losses and accuracy."""

import numpy as np

from paddlify.apimap.checks.caffe_recordings import caffe, inputs
from paddlify.apimap.claims import Claim, check
from paddlify.apimap.frameworks import paddle


@check("caffe.Accuracy", "dtype")
def accuracy(claim: Claim) -> None:
    for case, k in (("Accuracy", 1), ("Accuracy_top2", 2)):
        scores, labels = inputs(case)
        claim.raises(lambda: paddle.metric.accuracy(scores, labels, k=k))  # noqa: B023
        found = paddle.metric.accuracy(scores, labels.astype("int64").unsqueeze(1), k=k)
        claim.agree(caffe(case, "out0"), found.reshape([]))


@check("caffe.Accuracy", "edge")
def accuracy_tied(claim: Claim) -> None:
    scores, labels = inputs("Accuracy_tied")
    found = paddle.metric.accuracy(scores, labels.astype("int64").unsqueeze(1))
    claim.differ(caffe("Accuracy_tied", "out0"), found.reshape([]))
    own = paddle.take_along_axis(scores, labels.astype("int64").unsqueeze(1), 1)
    correct = (scores >= own).sum(1) == 1
    claim.agree(caffe("Accuracy_tied", "out0"), correct.astype("float32").mean())


@check("caffe.EuclideanLoss", "default")
def euclidean_loss(claim: Claim) -> None:
    a, b = inputs("EuclideanLoss")
    expected = caffe("EuclideanLoss", "out0")
    claim.differ(expected, paddle.nn.functional.mse_loss(a, b))
    claim.agree(expected, paddle.nn.functional.mse_loss(a, b, reduction="sum") / (2 * a.shape[0]))


@check("caffe.SigmoidCrossEntropyLoss", "default")
def sigmoid_cross_entropy_loss(claim: Claim) -> None:
    logits, labels = inputs("SigmoidCrossEntropyLoss")
    expected = caffe("SigmoidCrossEntropyLoss", "out0")
    loss = paddle.nn.functional.binary_cross_entropy_with_logits
    claim.differ(expected, loss(logits, labels))
    claim.agree(expected, loss(logits, labels, reduction="sum") / logits.shape[0])


@check("caffe.SoftmaxWithLoss")
def softmax_with_loss(claim: Claim) -> None:
    cross_entropy = paddle.nn.functional.cross_entropy
    scores, labels = inputs("SoftmaxWithLoss")
    claim.agree(caffe("SoftmaxWithLoss", "out0"), cross_entropy(scores, labels))
    found = cross_entropy(scores, labels.astype("int64"), ignore_index=2)
    claim.agree(caffe("SoftmaxWithLoss_ignore", "out0"), found)


@check("caffe.SoftmaxWithLoss", "edge")
def softmax_with_loss_far(claim: Claim) -> None:
    scores, label = inputs("SoftmaxWithLoss_far")
    claim.agree(np.float32(87.3365), caffe("SoftmaxWithLoss_far", "out0"))
    claim.agree(np.float32(64.0), paddle.nn.functional.cross_entropy(scores, label.astype("int64")))


@check("caffe.HingeLoss")
def hinge_loss(claim: Claim) -> None:
    scores, labels = inputs("HingeLoss")
    one_hot = paddle.nn.functional.one_hot(labels.astype("int64"), 3)

    each = paddle.nn.functional.relu(1 - (2 * one_hot - 1) * scores)

    claim.agree(caffe("HingeLoss", "out0"), each.sum() / scores.shape[0])
    claim.agree(caffe("HingeLoss_l2", "out0"), paddle.square(each).sum() / scores.shape[0])


@check("caffe.ContrastiveLoss")
def contrastive_loss(claim: Claim) -> None:
    a, b, similar = inputs("ContrastiveLoss")

    distance = paddle.linalg.norm(a - b, axis=1)
    other = paddle.square(paddle.nn.functional.relu(2.0 - distance))

    claim.agree(caffe("ContrastiveLoss", "out0"), (similar * distance**2 + (1 - similar) * other).mean() / 2)


@check("caffe.MultinomialLogisticLoss", "usage")
def multinomial_logistic_loss(claim: Claim) -> None:
    probabilities, labels = inputs("MultinomialLogisticLoss")
    expected = caffe("MultinomialLogisticLoss", "out0")
    nll_loss = paddle.nn.functional.nll_loss
    claim.differ(expected, nll_loss(probabilities, labels.astype("int64")))
    claim.agree(expected, nll_loss(paddle.log(probabilities), labels.astype("int64")))


@check("caffe.InfogainLoss")
def infogain_loss(claim: Claim) -> None:
    scores, labels, matrix = inputs("InfogainLoss")

    weights = paddle.gather(matrix.reshape([3, 3]), labels.astype("int64"))
    logarithms = paddle.nn.functional.log_softmax(scores)

    claim.agree(caffe("InfogainLoss", "out0"), -(weights * logarithms).sum() / scores.shape[0])
