"""Checks of ``data/random.toml``: the distributions are compared, never the numbers."""

import numpy as np

from paddlify.apimap.claims import Claim, check
from paddlify.apimap.comparing import Array
from paddlify.apimap.frameworks import paddle, tf

COUNT = 100_000


def seed() -> None:
    """Make both frameworks repeatable."""
    tf.random.set_seed(7)
    paddle.seed(7)


def same_moments(claim: Claim, *samples: Array, tolerance: float) -> None:
    """All samples have nearly the same mean and deviation."""
    arrays = [np.asarray(sample, "float64") for sample in samples]
    for statistic in (np.mean, np.std):
        values = [float(statistic(array)) for array in arrays]
        claim.holds(max(values) - min(values) < tolerance, f"{statistic.__name__}: {values[0]:.2g}, {values[-1]:.2g}")


@check("tf.random.normal", "order")
def normal(claim: Claim) -> None:
    seed()
    claim.raises(lambda: paddle.normal([2, 3], 1.0, 2.0), AttributeError)
    expected, found = tf.random.normal([COUNT], 1.0, 2.0), paddle.normal(1.0, 2.0, [COUNT])
    claim.differ(expected, found)
    same_moments(claim, expected, found, tolerance=0.05)


@check("tf.random.uniform", "default")
def uniform(claim: Claim) -> None:
    seed()
    claim.raises(lambda: paddle.uniform([4], 2.0, 5.0))
    for expected, found in (
        (tf.random.uniform([COUNT]), paddle.uniform([COUNT])),
        (tf.random.uniform([COUNT], 2.0, 5.0), paddle.uniform([COUNT], min=2.0, max=5.0)),
        (tf.random.uniform([COUNT], 0, 6, tf.int32), paddle.randint(0, 6, [COUNT], "int32")),
    ):
        same_moments(claim, expected, found, tolerance=0.03)
        claim.agree(np.floor(np.asarray(expected).min()), np.floor(np.asarray(found).min()))
        claim.holds(str(found.dtype).split(".")[-1] == expected.dtype.name, "equal dtypes")


@check("tf.random.truncated_normal", "usage")
def truncated_normal(claim: Claim) -> None:
    seed()
    initializer = paddle.nn.initializer.TruncatedNormal(1.0, 2.0)
    claim.holds(not paddle.is_tensor(initializer), "paddle.nn.initializer.TruncatedNormal(1.0, 2.0) is an initialiser")
    expected = tf.random.truncated_normal([COUNT], 1.0, 2.0)
    plain = paddle.create_parameter([COUNT], "float32", default_initializer=initializer)
    claim.holds(
        float(plain.min()) >= -2.001 and float(plain.max()) <= 2.001, "Paddle cuts at -2 and 2, not at deviations"
    )

    initializer = paddle.nn.initializer.TruncatedNormal(1.0, 2.0, a=-3.0, b=5.0)
    found = paddle.create_parameter([COUNT], "float32", default_initializer=initializer)
    same_moments(claim, expected, found, tolerance=0.03)
    for sample in (np.asarray(expected), np.asarray(found)):
        claim.holds(-3.001 <= sample.min() < -2.9 and 4.9 < sample.max() <= 5.001, "cut at two deviations")


@check("tf.random.shuffle")
def shuffle(claim: Claim) -> None:
    x = np.arange(12, dtype="int32").reshape(6, 2)
    shuffled = paddle.gather(paddle.to_tensor(x), paddle.randperm(6))
    claim.agree(np.sort(tf.random.shuffle(x), axis=0), paddle.sort(shuffled, axis=0))
    claim.agree(np.asarray(shuffled)[:, 0] + 1, shuffled[:, 1])


@check("tf.random.categorical", "usage")
def categorical(claim: Claim) -> None:
    seed()
    logits = np.log(np.array([[0.1, 0.6, 0.3]], "float32"))
    claim.raises(lambda: paddle.multinomial(paddle.to_tensor(logits), 5))
    expected = tf.random.categorical(logits, COUNT)
    found = paddle.multinomial(paddle.nn.functional.softmax(paddle.to_tensor(logits)), COUNT, replacement=True)
    claim.agree(np.asarray(expected).shape, found.shape)
    for sample in (np.asarray(expected), np.asarray(found)):
        frequencies = np.bincount(sample.ravel(), minlength=3) / COUNT
        claim.holds(bool(np.allclose(frequencies, [0.1, 0.6, 0.3], atol=0.01)), "frequencies 0.1, 0.6, 0.3")


@check("tf.random.set_seed", "random")
def set_seed(claim: Claim) -> None:
    def draw() -> tuple[Array, Array]:
        tf.random.set_seed(3)
        paddle.seed(3)
        return np.asarray(tf.random.uniform([4])), np.asarray(paddle.uniform([4]))

    first, second = draw(), draw()
    claim.agree(first, second)
    claim.differ(first[0], first[1])


@check("tf.random.poisson", "shape")
def poisson(claim: Claim) -> None:
    seed()
    rates = np.array([2.0, 7.0], "float32")
    expected = tf.random.poisson([COUNT], rates)
    claim.differ(expected, paddle.poisson(paddle.to_tensor(rates)), "shape")
    found = paddle.poisson(paddle.expand(paddle.to_tensor(rates), [COUNT, 2]))
    same_moments(claim, expected, found, tolerance=0.05)
