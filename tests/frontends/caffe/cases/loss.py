"""Losses and measures."""

from .base import single


def _loss(name, kind, shapes, settings="", tops=1, draw=None):
    names = ["top", "top2"][:tops]
    return single(name, shapes, 'type: "%s" %s' % (kind, settings), tops, draw, outputs=names)


_SCORES = [(4, 5), (4,)]
_MAPS = [(2, 3, 4, 5), (2, 1, 4, 5)]
LOSS = [
    _loss("softmax", "SoftmaxWithLoss", _SCORES, draw={"b": "int:5"}),
    _loss("softmax_map", "SoftmaxWithLoss", _MAPS, draw={"b": "int:3"}),
    _loss("softmax_ignore", "SoftmaxWithLoss", _MAPS, "loss_param { ignore_label: 1 }", draw={"b": "int:3"}),
    _loss("softmax_all_ignored", "SoftmaxWithLoss", [(2, 3), (2,)], "loss_param { ignore_label: 1 }",
          draw={"b": [1, 1]}),
    _loss("softmax_full", "SoftmaxWithLoss", _MAPS, "loss_param { ignore_label: 1 normalization: FULL }",
          draw={"b": "int:3"}),
    _loss("softmax_batch", "SoftmaxWithLoss", _MAPS, "loss_param { normalization: BATCH_SIZE }", draw={"b": "int:3"}),
    _loss("softmax_none", "SoftmaxWithLoss", _MAPS, "loss_param { normalization: NONE }", draw={"b": "int:3"}),
    _loss("softmax_normalize", "SoftmaxWithLoss", _MAPS, "loss_param { normalize: false }", draw={"b": "int:3"}),
    _loss("softmax_axis", "SoftmaxWithLoss", [(2, 3, 4), (2, 3)], "softmax_param { axis: 2 }", draw={"b": "int:4"}),
    _loss("softmax_floor", "SoftmaxWithLoss", [(1, 2), (1,)], draw={"a": [0, 200], "b": [0]}),
    _loss("softmax_weight", "SoftmaxWithLoss", _SCORES, "loss_weight: 3", draw={"b": "int:5"}),
    _loss("multinomial", "MultinomialLogisticLoss", _SCORES, draw={"a": "positive", "b": "int:5"}),
    _loss("multinomial_floor", "MultinomialLogisticLoss", [(1, 2), (1,)], draw={"a": [0, 1], "b": [0]}),
    _loss("infogain", "InfogainLoss", [(4, 5), (4,), (1, 1, 5, 5)], draw={"b": "int:5", "c": "positive"}),
    _loss("euclidean", "EuclideanLoss", [(4, 5), (4, 5)]),
    _loss("euclidean_image", "EuclideanLoss", [(2, 3, 4, 5), (2, 3, 4, 5)]),
    _loss("sigmoid", "SigmoidCrossEntropyLoss", [(4, 5), (4, 5)], draw={"b": "bits"}),
    _loss("sigmoid_large", "SigmoidCrossEntropyLoss", [(1, 4), (1, 4)],
          draw={"a": [-60, 60, -3, 3], "b": [1, 0, 0, 1]}),
    _loss("sigmoid_ignore", "SigmoidCrossEntropyLoss", [(4, 5), (4, 5)],
          "loss_param { ignore_label: 1 normalization: VALID }", draw={"b": "int:3"}),
    _loss("sigmoid_full", "SigmoidCrossEntropyLoss", [(4, 5), (4, 5)], "loss_param { normalization: FULL }",
          draw={"b": "bits"}),
    _loss("hinge", "HingeLoss", _SCORES, draw={"b": "int:5"}),
    _loss("hinge_l2", "HingeLoss", _SCORES, "hinge_loss_param { norm: L2 }", draw={"b": "int:5"}),
    _loss("contrastive", "ContrastiveLoss", [(6, 4), (6, 4), (6,)], "contrastive_loss_param { margin: 4 }",
          draw={"c": "bits"}),
    _loss("contrastive_legacy", "ContrastiveLoss", [(6, 4), (6, 4), (6,)],
          "contrastive_loss_param { margin: 8 legacy_version: true }", draw={"c": "bits"}),
    _loss("accuracy", "Accuracy", [(40, 5), (40,)], draw={"b": "int:5"}),
    _loss("accuracy_top_3", "Accuracy", [(40, 5), (40,)], "accuracy_param { top_k: 3 }", draw={"b": "int:5"}),
    _loss("accuracy_ties", "Accuracy", [(4, 3), (4,)],
          draw={"a": [1, 1, 0, 0, 1, 1, 2, 1, 0, 0, 0, 0], "b": [0, 2, 0, 1]}),
    _loss("accuracy_ties_top_2", "Accuracy", [(4, 3), (4,)], "accuracy_param { top_k: 2 }",
          draw={"a": [1, 1, 0, 0, 1, 1, 2, 1, 0, 0, 0, 0], "b": [0, 2, 0, 1]}),
    _loss("accuracy_ignore", "Accuracy", [(40, 5), (40,)], "accuracy_param { ignore_label: 2 }", draw={"b": "int:5"}),
    _loss("accuracy_map", "Accuracy", _MAPS, "accuracy_param { axis: 1 }", draw={"b": "int:3"}),
    _loss("accuracy_by_class", "Accuracy", [(40, 5), (40,)], tops=2, draw={"b": "int:4"}),
]
