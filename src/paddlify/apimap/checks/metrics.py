"""Checks of ``data/metrics.toml``."""

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from paddlify.apimap.claims import Claim, check
from paddlify.apimap.frameworks import paddle, tf
from paddlify.apimap.grids import random

SCORES = np.array([[0.1, 0.7, 0.2], [0.6, 0.3, 0.1], [0.2, 0.3, 0.5], [0.4, 0.5, 0.1]], "float32")
LABELS = np.array([1, 0, 1, 1])


@check("tf.metrics.accuracy", "usage")
def accuracy_v1(claim: Claim) -> None:
    v1 = tf.compat.v1
    with tf.Graph().as_default(), v1.Session() as session:
        value, update = v1.metrics.accuracy(LABELS, SCORES.argmax(1))
        session.run(v1.local_variables_initializer())
        session.run(update)
        expected = session.run(value)
    metric = paddle.metric.Accuracy()
    claim.raises(lambda: metric(LABELS, SCORES.argmax(1)), TypeError)
    metric.update(metric.compute(paddle.to_tensor(SCORES), paddle.to_tensor(LABELS[:, None])))
    claim.agree(float(expected), float(metric.accumulate()), rtol=1e-6)


@check("tf.metrics.mean", "state")
def mean_v1(claim: Claim) -> None:
    v1 = tf.compat.v1
    batches = [random(4), random(4, seed=1)]
    with tf.Graph().as_default(), v1.Session() as session:
        values = v1.placeholder(tf.float32, [4])
        value, update = v1.metrics.mean(values)
        session.run(v1.local_variables_initializer())
        for batch in batches:
            session.run(update, {values: batch})
        expected = session.run(value)
    claim.differ(expected, paddle.mean(paddle.to_tensor(batches[-1])))
    claim.agree(expected, paddle.mean(paddle.concat([paddle.to_tensor(b) for b in batches])))


@check("tf.keras.metrics.SparseCategoricalAccuracy", "usage")
def sparse_categorical_accuracy(claim: Claim) -> None:
    keras, ours = tf.keras.metrics.SparseCategoricalAccuracy(), paddle.metric.Accuracy()
    claim.raises(lambda: ours.update_state(LABELS, SCORES), AttributeError)
    for rows in (slice(0, 2), slice(2, 4)):
        keras.update_state(LABELS[rows], SCORES[rows])
        ours.update(ours.compute(paddle.to_tensor(SCORES[rows]), paddle.to_tensor(LABELS[rows, None])))
    claim.agree(float(keras.result()), float(ours.accumulate()), rtol=1e-6)


@check("tf.keras.metrics.AUC", "default")
def auc(claim: Claim) -> None:
    generator = np.random.default_rng(0)
    labels = (generator.random(500) > 0.5).astype("float32")
    scores = np.clip(labels * 0.3 + generator.random(500) * 0.7, 0, 1).astype("float32")
    keras = tf.keras.metrics.AUC()
    keras.update_state(labels, scores)
    ours = paddle.metric.Auc()
    claim.raises(lambda: ours.update(scores, labels))
    ours.update(np.stack([1 - scores, scores], 1), labels[:, None])
    claim.differ(float(keras.result()), float(ours.accumulate()))
    claim.agree(float(keras.result()), float(ours.accumulate()), atol=5e-3)


@check("tf.keras.metrics.Precision", "edge")
def precision(claim: Claim) -> None:
    for scores, agrees in ((np.array([0.9, 0.6, 0.2]), True), (np.array([0.9, 0.5, 0.2]), False)):
        labels = np.array([1, 0, 1])
        keras, ours = tf.keras.metrics.Precision(), paddle.metric.Precision()
        keras.update_state(labels, scores)
        ours.update(scores, labels)
        compare = claim.agree if agrees else claim.differ
        compare(float(keras.result()), float(ours.accumulate()))


@check("tf.keras.metrics.Recall", "usage")
def recall(claim: Claim) -> None:
    claim.raises(lambda: paddle.metric.Recall().update_state([1], [0.5]), AttributeError)
    for scores in (np.array([0.9, 0.6, 0.2]), np.array([0.9, 0.4, 0.7])):
        labels = np.array([1, 0, 1])
        keras, ours = tf.keras.metrics.Recall(), paddle.metric.Recall()
        keras.update_state(labels, scores)
        ours.update(scores, labels)
        claim.agree(float(keras.result()), float(ours.accumulate()), rtol=1e-6)


def _paddle_model(width: int = 2) -> Any:
    network = paddle.nn.Linear(width, 1)
    model = paddle.Model(network)
    model.prepare(paddle.optimizer.SGD(0.0, parameters=network.parameters()), paddle.nn.MSELoss())
    return model


def _dataset(width: int = 2) -> Any:
    return paddle.io.TensorDataset([paddle.to_tensor(random(4, width)), paddle.to_tensor(random(4, 1))])


@check("tf.keras.callbacks.EarlyStopping", "default")
def early_stopping(claim: Claim) -> None:
    keras, ours = tf.keras.callbacks.EarlyStopping(), paddle.callbacks.EarlyStopping()
    claim.agree(["val_loss", "loss"], [keras.monitor, ours.monitor])
    x, y = random(4, 2), random(4, 1)
    model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
    model.compile(tf.keras.optimizers.SGD(0.0), "mse")
    stopping = tf.keras.callbacks.EarlyStopping(patience=2)
    history = model.fit(x, y, epochs=9, validation_data=(x, y), callbacks=[stopping], verbose=0)

    epochs: list[int] = []

    class Count(paddle.callbacks.Callback):  # type: ignore[misc]
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            epochs.append(epoch)

    stop = paddle.callbacks.EarlyStopping("loss", patience=2, verbose=0, save_best_model=False)
    _paddle_model().fit(_dataset(), _dataset(), epochs=9, verbose=0, callbacks=[stop, Count()])
    claim.holds(len(history.history["loss"]) == 3 and len(epochs) in (3, 4), "both stop once the loss no longer falls")


@check("tf.keras.callbacks.ModelCheckpoint", "usage")
def model_checkpoint(claim: Claim) -> None:
    claim.raises(lambda: paddle.callbacks.ModelCheckpoint(monitor="loss"), TypeError)
    with tempfile.TemporaryDirectory() as folder:
        checkpoint = paddle.callbacks.ModelCheckpoint(save_freq=2, save_dir=folder)
        _paddle_model().fit(_dataset(), epochs=3, verbose=0, callbacks=[checkpoint])
        names = {path.name for path in Path(folder).iterdir()}
    claim.holds({"0.pdparams", "2.pdparams", "final.pdparams"} <= names, "a file for every second epoch, and the last")


@check("tf.keras.callbacks.TensorBoard", "usage")
def tensorboard(claim: Claim) -> None:
    claim.agree("logs", tf.keras.callbacks.TensorBoard().log_dir)
    claim.raises(paddle.callbacks.VisualDL, TypeError)
    claim.holds(isinstance(paddle.callbacks.VisualDL("logs"), paddle.callbacks.Callback), "a callback for fit")


@check("tf.keras.metrics.Mean", "state")
def keras_mean(claim: Claim) -> None:
    batches = [random(4), random(2, seed=1)]
    metric = tf.keras.metrics.Mean()
    for batch in batches:
        metric.update_state(batch)
    means = paddle.stack([paddle.mean(paddle.to_tensor(batch)) for batch in batches])
    claim.differ(metric.result(), paddle.mean(means))

    total = paddle.add_n([paddle.to_tensor(batch).sum() for batch in batches])

    claim.agree(metric.result(), total / sum(batch.size for batch in batches))


@check("tf.keras.metrics.Accuracy")
def keras_accuracy(claim: Claim) -> None:
    labels = [np.array([1, 2, 0, 2]), np.array([1, 1])]
    predicted = [np.array([1, 0, 0, 2]), np.array([0, 1])]
    metric = tf.keras.metrics.Accuracy()
    for y, z in zip(labels, predicted, strict=True):
        metric.update_state(y, z)

    hits = [paddle.equal(paddle.to_tensor(y), paddle.to_tensor(z)) for y, z in zip(labels, predicted, strict=True)]

    claim.agree(metric.result(), paddle.mean(paddle.concat(hits).astype("float32")))
