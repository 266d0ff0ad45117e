"""Checks of ``data/core.toml``: reading and writing by position, sorting and counting."""

import numpy as np

from paddlify.apimap.claims import Claim, check
from paddlify.apimap.frameworks import paddle, tf
from paddlify.apimap.grids import random


@check("tf.gather", "shape")
def gather_rank(claim: Claim) -> None:
    x, index = random(4, 3), np.array([[0, 1], [3, 3]])
    claim.raises(lambda: paddle.gather(paddle.to_tensor(x), paddle.to_tensor(index)))
    claim.agree(tf.gather(x, index), paddle.to_tensor(x)[paddle.to_tensor(index)])
    claim.agree(tf.gather(x, index[0]), paddle.gather(paddle.to_tensor(x), paddle.to_tensor(index[0])))


@check("tf.gather", "edge")
def gather_negative(claim: Claim) -> None:
    x = random(4, 3)
    claim.raises(lambda: tf.gather(x, [-1]), tf.errors.InvalidArgumentError)
    claim.agree(x[[-1]], paddle.gather(paddle.to_tensor(x), paddle.to_tensor([-1])))


@check("tf.one_hot", "edge")
def one_hot_out_of_range(claim: Claim) -> None:
    ids, depth = np.array([1, -1, 3]), 3
    claim.raises(lambda: paddle.nn.functional.one_hot(paddle.to_tensor(ids), depth))

    x = paddle.to_tensor(ids)
    inside = (x >= 0) & (x < depth)
    rows = paddle.nn.functional.one_hot(x.clip(0, depth - 1), depth) * inside.unsqueeze(-1).astype("float32")

    claim.agree(tf.one_hot(ids, depth), rows)


@check("tf.one_hot", "usage")
def one_hot_values(claim: Claim) -> None:
    ids = np.array([0, 2])
    claim.raises(lambda: paddle.nn.functional.one_hot(paddle.to_tensor(ids), 3, on_value=5.0), TypeError)
    plain = paddle.nn.functional.one_hot(paddle.to_tensor(ids), 3)
    claim.agree(tf.one_hot(ids, 3), plain)
    claim.agree(tf.one_hot(ids, 3, on_value=5.0, off_value=-1.0), plain * 6.0 - 1.0)
    claim.agree(tf.one_hot(ids, 3, axis=0, dtype=tf.int32), plain.T.astype("int32"))


@check("tf.contrib.layers.one_hot_encoding", "edge")
def one_hot_encoding(claim: Claim) -> None:
    labels = np.array([1, 3])
    claim.raises(lambda: paddle.nn.functional.one_hot(paddle.to_tensor(labels), 3))
    claim.agree(tf.one_hot(labels[:1], 3), paddle.nn.functional.one_hot(paddle.to_tensor(labels[:1]), 3))


@check("tf.scatter_update", "state")
def scatter_update_state(claim: Claim) -> None:
    start, rows = np.zeros((3, 2), "float32"), np.ones((1, 2), "float32")
    variable = tf.Variable(start)
    tf.compat.v1.scatter_update(variable, [1], rows)

    x = paddle.to_tensor(start)
    result = paddle.scatter(x, paddle.to_tensor([1]), paddle.to_tensor(rows))
    claim.differ(variable, x)
    claim.agree(variable, result)
    paddle.scatter_(x, paddle.to_tensor([1]), paddle.to_tensor(rows))
    claim.agree(variable, x)


@check("tf.scatter_update", "edge")
def scatter_update_repeated(claim: Claim) -> None:
    start, rows = np.zeros((2, 1), "float32"), np.array([[1.0], [2.0]], "float32")
    repeated = paddle.to_tensor([0, 0])
    added = paddle.scatter(paddle.to_tensor(start), repeated, paddle.to_tensor(rows), overwrite=False)
    claim.agree(np.array([[3.0], [0.0]], "float32"), added)
    last = paddle.scatter(paddle.to_tensor(start), repeated, paddle.to_tensor(rows))
    claim.agree(np.array([[2.0], [0.0]], "float32"), last)
    variable = tf.Variable(start)
    tf.compat.v1.scatter_update(variable, [0, 0], rows)
    claim.differ(variable, added)
    claim.agree(variable, last)


@check("tf.slice", "usage")
def slice_size(claim: Claim) -> None:
    x = random(4, 5)
    claim.raises(lambda: paddle.slice(paddle.to_tensor(x), [1, 2], [2, -1]), TypeError)
    expected = tf.slice(x, begin=[1, 2], size=[2, -1])
    claim.agree(expected, paddle.slice(paddle.to_tensor(x), axes=[0, 1], starts=[1, 2], ends=[3, 5]))
    claim.agree(expected, paddle.to_tensor(x)[1:3, 2:])


@check("tf.strided_slice", "usage")
def strided_slice(claim: Claim) -> None:
    x = random(4, 5)
    claim.raises(
        lambda: paddle.strided_slice(paddle.to_tensor(x), starts=[0, 4], ends=[4, 0], strides=[2, -1]), TypeError
    )
    expected = tf.strided_slice(x, [0, 4], [4, 0], [2, -1])
    claim.agree(
        expected, paddle.strided_slice(paddle.to_tensor(x), axes=[0, 1], starts=[0, 4], ends=[4, 0], strides=[2, -1])
    )
    claim.agree(expected, paddle.to_tensor(x)[0:4:2, 4:0:-1])


@check("tf.math.top_k", "dtype")
def top_k_dtype(claim: Claim) -> None:
    x = np.array([[3.0, 1.0, 2.0], [0.0, 5.0, 4.0]], "float32")
    values, indices = tf.math.top_k(x, k=2)
    paddle_values, paddle_indices = paddle.topk(paddle.to_tensor(x), k=2)
    claim.differ(indices, paddle_indices, "dtype")
    claim.agree([values, indices], [paddle_values, paddle_indices.astype("int32")])


@check("tf.math.top_k", "edge")
def top_k_ties(claim: Claim) -> None:
    x = np.ones(4, "float32")
    claim.agree(np.array([0, 1], "int32"), tf.math.top_k(x, k=2).indices)
    claim.agree(np.array([2, 3]), paddle.topk(paddle.to_tensor(x), k=2)[1])

    order = paddle.argsort(paddle.to_tensor(x), descending=True, stable=True)[:2]

    claim.agree(tf.math.top_k(x, k=2).indices, order.astype("int32"))


@check("tf.reverse_sequence")
def reverse_sequence(claim: Claim) -> None:
    x, lengths = random(2, 4), np.array([3, 2])
    expected = tf.reverse_sequence(x, lengths, seq_axis=1, batch_axis=0)

    position = paddle.arange(4).unsqueeze(0)
    length = paddle.to_tensor(lengths).unsqueeze(1)
    mirrored = paddle.where(position < length, length - 1 - position, position)

    claim.agree(expected, paddle.take_along_axis(paddle.to_tensor(x), mirrored, axis=1))


@check("tf.tensor_scatter_nd_update", "usage")
def tensor_scatter_nd_update(claim: Claim) -> None:
    x, index, updates = random(3, 4), np.array([[0, 1], [2, 3]]), np.array([8.0, 9.0], "float32")
    expected = tf.tensor_scatter_nd_update(x, index, updates)
    claim.raises(lambda: paddle.index_put(paddle.to_tensor(x), paddle.to_tensor(index), paddle.to_tensor(updates)))

    axes = tuple(paddle.to_tensor(index).unbind(axis=-1))

    claim.agree(expected, paddle.index_put(paddle.to_tensor(x), axes, paddle.to_tensor(updates)))


@check("tf.unique", "order")
def unique(claim: Claim) -> None:
    x = np.array([3, 1, 3, 2], "int32")
    values, positions = tf.unique(x)
    claim.differ(values, paddle.unique(paddle.to_tensor(x)))

    _, first, inverse = paddle.unique(paddle.to_tensor(x), return_index=True, return_inverse=True)
    order = paddle.argsort(first)

    claim.agree(values, paddle.to_tensor(x)[first[order]])
    claim.agree(positions, paddle.argsort(order)[inverse].astype("int32"))


@check("tf.unique_with_counts", "order")
def unique_with_counts(claim: Claim) -> None:
    x = np.array([3, 1, 3, 2], "int32")
    values, _, counts = tf.unique_with_counts(x)
    _, first, paddle_counts = paddle.unique(paddle.to_tensor(x), return_index=True, return_counts=True)
    claim.differ(counts, paddle_counts)

    order = paddle.argsort(first)

    claim.agree(values, paddle.to_tensor(x)[first[order]])
    claim.agree(counts, paddle_counts[order].astype("int32"))


@check("tf.argsort", "edge")
def argsort_ties(claim: Claim) -> None:
    x = np.tile(np.array([1.0, 0.0], "float32"), 200)
    expected = tf.argsort(x)
    claim.differ(expected, paddle.argsort(paddle.to_tensor(x)).astype("int32"))
    claim.agree(expected, paddle.argsort(paddle.to_tensor(x), stable=True).astype("int32"))


@check("tf.histogram_fixed_width", "edge")
def histogram_outliers(claim: Claim) -> None:
    x = np.array([-5.0, 0.5, 1.5, 9.0], "float32")
    expected = tf.histogram_fixed_width(x, [0.0, 2.0], nbins=2)
    claim.differ(expected, paddle.histogram(paddle.to_tensor(x), bins=2, min=0, max=2))
    inside = paddle.clip(paddle.to_tensor(x), 0, 2)
    claim.agree(expected, paddle.histogram(inside, bins=2, min=0, max=2).astype("int32"))


@check("tf.histogram_fixed_width", "dtype")
def histogram_dtype(claim: Claim) -> None:
    x = np.array([0.5, 1.5], "float32")
    expected = tf.histogram_fixed_width(x, [0.0, 2.0], nbins=2)
    found = paddle.histogram(paddle.to_tensor(x), bins=2, min=0, max=2)
    claim.differ(expected, found, "dtype")
    claim.agree(expected, found.astype("int32"))
