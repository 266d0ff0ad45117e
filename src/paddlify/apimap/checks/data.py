"""Checks of ``data/data.toml``."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from paddlify.apimap.claims import Claim, check
from paddlify.apimap.comparing import Array
from paddlify.apimap.frameworks import paddle, tf
from paddlify.apimap.grids import random

ROWS = random(5, 3)


def tensors(dataset: Any) -> list[Array]:
    """What a TensorFlow dataset yields."""
    return [np.asarray(item) for item in dataset]


def batches(dataset: Any, **options: Any) -> list[Array]:
    """What a Paddle DataLoader yields: the first field of each batch."""
    return [
        np.asarray(batch[0] if isinstance(batch, (list, tuple)) else batch)
        for batch in paddle.io.DataLoader(dataset, **options)
    ]


@check("tf.data.Dataset", "usage")
def dataset(claim: Claim) -> None:
    class Rows(paddle.io.Dataset):  # type: ignore[misc]
        def __getitem__(self, index: int) -> Any:
            return ROWS[index]

        def __len__(self) -> int:
            return len(ROWS)

    claim.raises(lambda: paddle.io.Dataset.from_tensor_slices(ROWS), AttributeError)
    claim.agree(tensors(tf.data.Dataset.from_tensor_slices(ROWS).batch(2)), batches(Rows(), batch_size=2))


@check("tf.data.Dataset.from_tensor_slices", "usage")
def from_tensor_slices(claim: Claim) -> None:
    features, labels = ROWS, np.arange(5)
    expected = list(tf.data.Dataset.from_tensor_slices({"x": features, "y": labels}))
    claim.raises(lambda: paddle.io.TensorDataset({"x": paddle.to_tensor(features)})[0], AttributeError)
    found = paddle.io.TensorDataset([paddle.to_tensor(features), paddle.to_tensor(labels)])
    for item, (x, y) in zip(expected, (found[i] for i in range(len(found))), strict=True):
        claim.agree([item["x"], item["y"]], [x, y])


@check("tf.data.Dataset.batch", "usage")
def batch(claim: Claim) -> None:
    ours = paddle.io.TensorDataset([paddle.to_tensor(ROWS)])
    claim.raises(lambda: ours.batch(2), AttributeError)
    expected = tf.data.Dataset.from_tensor_slices(ROWS)
    claim.agree(tensors(expected.batch(2)), batches(ours, batch_size=2))
    claim.agree(tensors(expected.batch(2, drop_remainder=True)), batches(ours, batch_size=2, drop_last=True))


@check("tf.data.Dataset.shuffle", "random")
def shuffle(claim: Claim) -> None:
    numbers = np.arange(1000)
    ours = paddle.io.TensorDataset([paddle.to_tensor(numbers)])
    expected = np.array(tensors(tf.data.Dataset.from_tensor_slices(numbers).shuffle(10, seed=1)))
    found = np.concatenate(batches(ours, batch_size=100, shuffle=True))
    claim.agree(np.sort(expected), np.sort(found))
    claim.holds(
        int((expected - numbers).max()) < 10 < int(np.abs(found - numbers).max()), "TensorFlow within its buffer"
    )


@check("tf.data.Dataset.map")
def mapped(claim: Claim) -> None:
    class Doubled(paddle.io.Dataset):  # type: ignore[misc]
        def __getitem__(self, index: int) -> Any:
            return ROWS[index] * 2

        def __len__(self) -> int:
            return len(ROWS)

    expected = tf.data.Dataset.from_tensor_slices(ROWS).map(lambda row: row * 2)
    claim.agree(tensors(expected.batch(5)), batches(Doubled(), batch_size=5))


@check("tf.data.Dataset.repeat")
def repeat(claim: Claim) -> None:
    ours = paddle.io.TensorDataset([paddle.to_tensor(ROWS)])
    expected = tensors(tf.data.Dataset.from_tensor_slices(ROWS).batch(2).repeat(3))
    claim.agree(expected, [rows for _ in range(3) for rows in batches(ours, batch_size=2)])


@check("tf.data.Dataset.prefetch", "usage")
def prefetch(claim: Claim) -> None:
    ours = paddle.io.TensorDataset([paddle.to_tensor(ROWS)])
    claim.raises(lambda: ours.prefetch(2), AttributeError)
    expected = tensors(tf.data.Dataset.from_tensor_slices(ROWS).batch(2).prefetch(2))
    claim.agree(expected, batches(ours, batch_size=2, prefetch_factor=2))


@check("tf.data.Dataset.from_generator", "usage")
def from_generator(claim: Claim) -> None:
    def rows() -> Iterator[Array]:
        yield from ROWS

    class Rows(paddle.io.IterableDataset):  # type: ignore[misc]
        def __iter__(self) -> Iterator[Array]:
            return rows()

    signature = tf.TensorSpec([3], tf.float32)
    expected = tf.data.Dataset.from_generator(rows, output_signature=signature)
    claim.raises(lambda: next(iter(paddle.io.IterableDataset(rows))), TypeError)
    claim.agree(tensors(expected.batch(2)), batches(Rows(), batch_size=2))


@check("tf.data.Dataset.concatenate", "usage")
def concatenate(claim: Claim) -> None:
    one, two = (paddle.io.TensorDataset([paddle.to_tensor(rows)]) for rows in (ROWS, ROWS * 2))
    claim.raises(lambda: one.concatenate(two), AttributeError)
    from_slices = tf.data.Dataset.from_tensor_slices
    expected = from_slices(ROWS).concatenate(from_slices(ROWS * 2))
    claim.agree(tensors(expected.batch(3)), batches(paddle.io.ConcatDataset([one, two]), batch_size=3))
