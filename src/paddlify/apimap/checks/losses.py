"""Checks of ``data/losses.toml``."""

import numpy as np

from paddlify.apimap.claims import Claim, check, differs, same
from paddlify.apimap.comparing import Array
from paddlify.apimap.frameworks import paddle, tf
from paddlify.apimap.grids import cases, random


def distribution(*shape: int, seed: int = 0) -> Array:
    """Rows of positive numbers that add up to 1."""
    rows: Array = random(*shape, low=0.05, high=1.0, seed=seed)
    normalised: Array = rows / rows.sum(-1, keepdims=True)
    return normalised


PAIRS = cases(x=[random(4, 3), random(2, 5)], y=[random(4, 3, seed=1), random(2, 5, seed=1)])
BINARY = cases(
    x=[random(4, 3), random(2, 5)], y=[random(4, 3, low=0, high=1, seed=1), random(2, 5, low=0, high=1, seed=1)]
)
SOFT = cases(x=[random(4, 3), random(2, 3, 5)], y=[distribution(4, 3), distribution(2, 3, 5)])


@check("tf.nn.softmax_cross_entropy_with_logits", "default")
def soft_and_hard_labels(claim: Claim) -> None:
    logits = random(4, 3)
    classes = np.array([0, 2, 1, 2])
    soft = np.eye(3, dtype="float32")[classes]
    loss = paddle.nn.functional.softmax_with_cross_entropy
    expected = tf.nn.softmax_cross_entropy_with_logits(labels=soft, logits=logits)

    claim.raises(lambda: loss(paddle.to_tensor(logits), paddle.to_tensor(soft)))
    claim.agree(expected, loss(paddle.to_tensor(logits), paddle.to_tensor(soft), soft_label=True).squeeze(-1))
    claim.agree(expected, loss(paddle.to_tensor(logits), paddle.to_tensor(classes[:, None])).squeeze(-1))

    stable = [
        loss(paddle.to_tensor(logits), paddle.to_tensor(classes[:, None]), numeric_stable_mode=m) for m in (True, False)
    ]
    claim.agree(stable[0], stable[1], rtol=0.0, atol=0.0)
    _, probabilities = loss(paddle.to_tensor(logits), paddle.to_tensor(classes[:, None]), return_softmax=True)
    claim.agree(tf.nn.softmax(logits), probabilities)


_SOFT = "tf.nn.softmax_cross_entropy_with_logits"
same(_SOFT, f"{_SOFT}(y, x)", f"{_SOFT}(labels=y, logits=x, axis=-1)", grid=SOFT, gradient=False)


@check("tf.nn.softmax_cross_entropy_with_logits", "shape")
def class_axis_is_kept(claim: Claim) -> None:
    logits, labels = random(4, 3), distribution(4, 3)
    expected = tf.nn.softmax_cross_entropy_with_logits(labels=labels, logits=logits)
    x, y = paddle.to_tensor(logits), paddle.to_tensor(labels)

    loss = paddle.nn.functional.softmax_with_cross_entropy(x, y, soft_label=True)
    claim.differ(expected, loss, "shape")
    claim.agree(expected, loss.squeeze(-1))

    claim.differ(expected, paddle.nn.functional.cross_entropy(x, y, soft_label=True), "shape")
    claim.agree(expected.numpy().mean(), paddle.nn.functional.cross_entropy(x, y, soft_label=True))
    claim.agree(expected, paddle.nn.functional.cross_entropy(x, y, soft_label=True, reduction="none").squeeze(-1))


@check("tf.nn.softmax_cross_entropy_with_logits", "edge")
def unlikely_class(claim: Claim) -> None:
    logits = np.array([[100.0, -100.0, 0.0]], "float32")
    label = np.array([[0.0, 1.0, 0.0]], "float32")
    expected = tf.nn.softmax_cross_entropy_with_logits(label, logits)
    found = paddle.nn.functional.softmax_with_cross_entropy(
        paddle.to_tensor(logits), paddle.to_tensor(label), soft_label=True
    )
    claim.agree(np.array([200.0], "float32"), expected)
    claim.agree(np.array([64.0], "float32"), found.squeeze(-1))

    shifted = paddle.to_tensor(logits) - paddle.to_tensor(logits).max(-1, keepdim=True)
    log_softmax = shifted - shifted.exp().sum(-1, keepdim=True).log()
    claim.agree(expected, -(paddle.to_tensor(label) * log_softmax).sum(-1))


@check("tf.nn.softmax_cross_entropy_with_logits", "gradient")
def gradient_of_labels(claim: Claim) -> None:
    logits, labels = random(2, 3), distribution(2, 3)
    with tf.GradientTape() as tape:
        y, x = tf.Variable(labels), tf.Variable(logits)
        loss = tf.nn.softmax_cross_entropy_with_logits(labels=y, logits=x)
    to_labels, to_logits = tape.gradient(loss, [y, x])

    y = paddle.to_tensor(labels, stop_gradient=False)
    x = paddle.to_tensor(logits, stop_gradient=False)
    loss = paddle.nn.functional.softmax_with_cross_entropy(x, y, soft_label=True)
    loss.sum().backward()

    claim.agree(to_logits, x.grad)
    claim.agree(-tf.nn.log_softmax(logits), to_labels)
    claim.holds(y.grad is None or float(y.grad.abs().max()) == 0.0, "Paddle sends no gradient to the labels")


_CLASSES = cases(
    x=[random(4, 3), random(2, 5, 3)], y=[np.array([0, 2, 1, 2]), np.array([[0, 1, 2, 0, 1], [2, 2, 2, 1, 0]])]
)
differs(
    "tf.nn.sparse_softmax_cross_entropy_with_logits",
    "default",
    "tf.nn.sparse_softmax_cross_entropy_with_logits(y, x)",
    "tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=x)",
    grid=_CLASSES,
    shown="tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=x)",
    how="shape",
)


@check("tf.nn.sparse_softmax_cross_entropy_with_logits", "edge")
def sparse_edges(claim: Claim) -> None:
    logits = np.array([[100.0, -100.0, 0.0]], "float32")
    loss = paddle.nn.functional.cross_entropy
    claim.agree(np.array([200.0], "float32"), tf.nn.sparse_softmax_cross_entropy_with_logits([1], logits))
    claim.agree(np.array([64.0], "float32"), loss(paddle.to_tensor(logits), paddle.to_tensor([1]), reduction="none"))
    claim.agree(np.array([0.0], "float32"), loss(paddle.to_tensor(logits), paddle.to_tensor([-100]), reduction="none"))


_SIGMOID = "tf.nn.sigmoid_cross_entropy_with_logits"
differs(_SIGMOID, "default", f"{_SIGMOID}(labels=y, logits=x)", grid=BINARY, how="shape", gradient=False)
differs(_SIGMOID, "order", f"{_SIGMOID}(y, x)", grid=BINARY, how="shape", gradient=False)
_WEIGHTED = [{**inputs, "w": np.array([2.0], "float32")} for inputs in BINARY]
differs(
    "tf.nn.weighted_cross_entropy_with_logits",
    "default",
    "tf.nn.weighted_cross_entropy_with_logits(y, x, w)",
    shown="tf.nn.weighted_cross_entropy_with_logits(labels=y, logits=x, pos_weight=w)",
    grid=_WEIGHTED,
    how="shape",
    gradient=False,
)

# the losses of TensorFlow 1
_MSE = "tf.compat.v1.losses.mean_squared_error"
same("tf.losses.mean_squared_error", f"{_MSE}(y, x)", f"{_MSE}(labels=y, predictions=x)", grid=PAIRS)


@check("tf.losses.mean_squared_error", "order")
def mean_squared_error_order(claim: Claim) -> None:
    labels, predictions = random(4, 3), random(4, 3, seed=1)
    expected = tf.compat.v1.losses.mean_squared_error(labels, predictions)
    claim.raises(lambda: paddle.nn.functional.mse_loss(labels=labels, predictions=predictions), TypeError)
    claim.agree(expected, paddle.nn.functional.mse_loss(paddle.to_tensor(predictions), paddle.to_tensor(labels)))


@check("tf.losses.mean_squared_error", "usage")
def mean_squared_error_weights(claim: Claim) -> None:
    labels, predictions = random(4, 3), random(4, 3, seed=1)
    weights = np.array([[1.0], [0.0], [2.0], [1.0]], "float32")
    expected = tf.compat.v1.losses.mean_squared_error(labels, predictions, weights)
    mse_loss = paddle.nn.functional.mse_loss
    claim.raises(lambda: mse_loss(paddle.to_tensor(predictions), paddle.to_tensor(labels), weights=weights), TypeError)

    each = mse_loss(paddle.to_tensor(predictions), paddle.to_tensor(labels), reduction="none")
    weighted = each * paddle.to_tensor(weights)

    claim.agree(expected, weighted.sum() / (3 * np.count_nonzero(weights)))


_SIGMOID_V1 = "tf.compat.v1.losses.sigmoid_cross_entropy"
differs("tf.losses.sigmoid_cross_entropy", "order", f"{_SIGMOID_V1}(y, x)", grid=BINARY, gradient=False)


@check("tf.losses.sigmoid_cross_entropy", "usage")
def sigmoid_label_smoothing(claim: Claim) -> None:
    labels, logits = np.array([[1.0, 0.0]], "float32"), random(1, 2)
    expected = tf.compat.v1.losses.sigmoid_cross_entropy(labels, logits, label_smoothing=0.2)
    loss = paddle.nn.functional.binary_cross_entropy_with_logits
    claim.differ(expected, loss(paddle.to_tensor(logits), paddle.to_tensor(labels)))
    claim.agree(expected, loss(paddle.to_tensor(logits), paddle.to_tensor(labels * 0.8 + 0.1)))


_SOFTMAX_V1 = "tf.compat.v1.losses.softmax_cross_entropy"
differs(
    "tf.losses.softmax_cross_entropy",
    "default",
    f"{_SOFTMAX_V1}(y, x)",
    f"{_SOFTMAX_V1}(onehot_labels=y, logits=x)",
    shown=f"{_SOFTMAX_V1}(onehot_labels=y, logits=x)",
    grid=SOFT[:1],
    how="raises",
    gradient=False,
)


@check("tf.losses.softmax_cross_entropy", "edge")
def softmax_cap(claim: Claim) -> None:
    logits, label = np.array([[100.0, -100.0]], "float32"), np.array([[0.0, 1.0]], "float32")
    claim.agree(np.float32(200.0), tf.compat.v1.losses.softmax_cross_entropy(label, logits))
    claim.agree(
        np.float32(64.0),
        paddle.nn.functional.cross_entropy(paddle.to_tensor(logits), paddle.to_tensor(label), soft_label=True),
    )


_HUBER = "tf.compat.v1.losses.huber_loss"
differs(
    "tf.losses.huber_loss",
    "edge",
    f"{_HUBER}(y, x)",
    f"{_HUBER}(labels=y, predictions=x, delta=0.5)",
    grid=PAIRS,
    shown_on=cases(x=np.zeros((0, 3), "float32"), y=np.zeros((0, 3), "float32")),
)


@check("tf.losses.log_loss", "shape")
def log_loss_shape(claim: Claim) -> None:
    labels, predictions = np.array([[1.0], [0.0], [1.0]], "float32"), random(3, 1, low=0.1, high=0.9)
    expected = tf.compat.v1.losses.log_loss(labels, predictions)
    each = paddle.nn.functional.log_loss(paddle.to_tensor(predictions), paddle.to_tensor(labels), epsilon=1e-7)
    claim.differ(expected, each, "shape")
    claim.agree(expected, each.mean())
    claim.raises(lambda: paddle.nn.functional.log_loss(paddle.to_tensor(random(3, 2)), paddle.to_tensor(random(3, 2))))


@check("tf.losses.log_loss", "default")
def log_loss_epsilon(claim: Claim) -> None:
    label, prediction = np.ones((1, 1), "float32"), np.zeros((1, 1), "float32")
    claim.agree(np.float32(-np.log(1e-7)), tf.compat.v1.losses.log_loss(label, prediction))
    found = paddle.nn.functional.log_loss(paddle.to_tensor(prediction), paddle.to_tensor(label))
    claim.agree(np.float32(-np.log(1e-4)), found.reshape([]))


# the losses of Keras
@check("tf.keras.losses.BinaryCrossentropy", "edge")
def binary_crossentropy_clip(claim: Claim) -> None:
    label, probability = np.array([[1.0]], "float32"), np.array([[0.0]], "float32")
    claim.agree(np.float32(16.1181), tf.keras.losses.BinaryCrossentropy()(label, probability), rtol=1e-4)
    claim.agree(np.float32(100.0), paddle.nn.BCELoss()(paddle.to_tensor(probability), paddle.to_tensor(label)))


@check("tf.keras.losses.BinaryCrossentropy", "order")
def binary_crossentropy_order(claim: Claim) -> None:
    labels, probabilities = np.array([[1.0, 0.0]], "float32"), np.array([[0.8, 0.3]], "float32")
    expected = tf.keras.losses.BinaryCrossentropy()(labels, probabilities)
    claim.differ(expected, paddle.nn.BCELoss()(paddle.to_tensor(labels), paddle.to_tensor(probabilities)))
    claim.agree(expected, paddle.nn.BCELoss()(paddle.to_tensor(probabilities), paddle.to_tensor(labels)))


@check("tf.keras.losses.CategoricalCrossentropy", "default")
def categorical_crossentropy(claim: Claim) -> None:
    logits, labels = random(4, 3), distribution(4, 3)
    expected = tf.keras.losses.CategoricalCrossentropy(from_logits=True)(labels, logits)
    paddle_loss = paddle.nn.CrossEntropyLoss(soft_label=True)
    claim.agree(expected, paddle_loss(paddle.to_tensor(logits), paddle.to_tensor(labels)))
    probabilities = distribution(4, 3, seed=1)
    expected = tf.keras.losses.CategoricalCrossentropy()(labels, probabilities)
    claim.differ(expected, paddle_loss(paddle.to_tensor(probabilities), paddle.to_tensor(labels)))
    from_probabilities = paddle.nn.CrossEntropyLoss(soft_label=True, use_softmax=False)
    claim.agree(expected, from_probabilities(paddle.to_tensor(probabilities), paddle.to_tensor(labels)))


@check("tf.keras.losses.SparseCategoricalCrossentropy", "default")
def sparse_categorical_crossentropy(claim: Claim) -> None:
    labels, probabilities, logits = np.array([0, 2, 1]), distribution(3, 3), random(3, 3)
    paddle_loss = paddle.nn.CrossEntropyLoss()
    expected = tf.keras.losses.SparseCategoricalCrossentropy()(labels, probabilities)
    claim.differ(expected, paddle_loss(paddle.to_tensor(probabilities), paddle.to_tensor(labels)))
    expected = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)(labels, logits)
    claim.agree(expected, paddle_loss(paddle.to_tensor(logits), paddle.to_tensor(labels)))


for _loss in ("MeanSquaredError", "MeanAbsoluteError", "Huber"):

    @check(f"tf.keras.losses.{_loss}")
    def symmetric_loss(claim: Claim, name: str = _loss) -> None:
        paddle_loss = {"MeanSquaredError": "MSELoss", "MeanAbsoluteError": "L1Loss", "Huber": "SmoothL1Loss"}[name]
        for labels, predictions in (
            (random(4, 3), random(4, 3, seed=1)),
            (random(2, 5) * 9, random(2, 5, seed=1)),
            (random(6), random(6, seed=1)),
        ):
            with tf.GradientTape() as tape:
                p = tf.Variable(predictions)
                expected = getattr(tf.keras.losses, name)()(labels, p)
            q = paddle.to_tensor(predictions, stop_gradient=False)
            found = getattr(paddle.nn, paddle_loss)()(q, paddle.to_tensor(labels))
            claim.agree(expected, found)
            claim.agree(tape.gradient(expected, p), paddle.grad(found, q)[0])


@check("tf.keras.losses.Huber")
def huber_delta(claim: Claim) -> None:
    labels, predictions = random(4, 3) * 3, random(4, 3, seed=1)
    for delta in (0.5, 1.0, 2.5):
        expected = tf.keras.losses.Huber(delta=delta)(labels, predictions)
        found = paddle.nn.SmoothL1Loss(delta=delta)(paddle.to_tensor(predictions), paddle.to_tensor(labels))
        claim.agree(expected, found)


@check("tf.keras.losses.KLDivergence", "usage")
def kl_divergence(claim: Claim) -> None:
    labels, predictions = distribution(4, 3), distribution(4, 3, seed=1)
    expected = tf.keras.losses.KLDivergence()(labels, predictions)
    claim.differ(expected, paddle.nn.KLDivLoss()(paddle.to_tensor(predictions), paddle.to_tensor(labels)))
    batch_mean = paddle.nn.KLDivLoss(reduction="batchmean")
    claim.agree(expected, batch_mean(paddle.to_tensor(predictions).log(), paddle.to_tensor(labels)), rtol=1e-4)


@check("tf.keras.losses.CosineSimilarity", "usage")
def cosine_similarity(claim: Claim) -> None:
    labels, predictions = random(4, 3), random(4, 3, seed=1)
    expected = tf.keras.losses.CosineSimilarity()(labels, predictions)
    each = paddle.nn.functional.cosine_similarity(paddle.to_tensor(labels), paddle.to_tensor(predictions), axis=-1)
    claim.differ(expected, each, "shape")
    claim.agree(expected, -each.mean())


@check("tf.keras.losses.Hinge")
def hinge(claim: Claim) -> None:
    labels, predictions = np.array([[1.0, 0.0], [0.0, 1.0]], "float32"), random(2, 2)
    expected = tf.keras.losses.Hinge()(labels, predictions)

    signs = paddle.to_tensor(np.where(labels == 0, -1, labels).astype("float32"))

    claim.agree(expected, paddle.nn.functional.relu(1.0 - signs * paddle.to_tensor(predictions)).mean())


@check("tf.keras.losses.Poisson", "default")
def poisson(claim: Claim) -> None:
    labels, predictions = random(4, 3, low=0, high=4), random(4, 3, low=0.1, high=3, seed=1)
    expected = tf.keras.losses.Poisson()(labels, predictions)
    claim.differ(expected, paddle.nn.PoissonNLLLoss()(paddle.to_tensor(predictions), paddle.to_tensor(labels)))
    rate_loss = paddle.nn.PoissonNLLLoss(log_input=False)
    claim.agree(expected, rate_loss(paddle.to_tensor(predictions), paddle.to_tensor(labels)))


@check("tf.keras.losses.LogCosh")
def log_cosh(claim: Claim) -> None:
    labels, predictions = random(4, 3), random(4, 3, seed=1) * 20
    expected = tf.keras.losses.LogCosh()(labels, predictions)

    d = paddle.to_tensor(predictions) - paddle.to_tensor(labels)
    each = d + paddle.nn.functional.softplus(-2.0 * d) - float(np.log(2.0))

    claim.agree(expected, each.mean())


@check("tf.keras.losses.BinaryFocalCrossentropy", "usage")
def binary_focal_crossentropy(claim: Claim) -> None:
    labels, logits = np.array([[1.0, 0.0, 1.0]], "float32"), random(1, 3)
    loss = tf.keras.losses.BinaryFocalCrossentropy(from_logits=True, apply_class_balancing=True)
    expected = loss(labels, logits)
    arguments = paddle.to_tensor(logits), paddle.to_tensor(labels)
    claim.differ(expected, paddle.nn.functional.sigmoid_focal_loss(*arguments))
    claim.agree(expected, paddle.nn.functional.sigmoid_focal_loss(*arguments, reduction="mean"))
