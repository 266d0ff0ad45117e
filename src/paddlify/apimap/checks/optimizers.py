"""Checks of ``data/optimizers.toml``."""

from collections.abc import Callable
from typing import Any

import numpy as np

from paddlify.apimap.claims import Claim, check
from paddlify.apimap.comparing import Array
from paddlify.apimap.frameworks import paddle, tf
from paddlify.apimap.grids import random

START = random(4, 3)
GRADIENTS = [random(4, 3, seed=step) for step in range(1, 7)]


def keras_steps(optimizer: Any, scale: float = 1.0) -> Array:
    """The weights after six steps of a Keras optimizer with fixed gradients."""
    w = tf.Variable(START)
    for gradient in GRADIENTS:
        optimizer.apply_gradients([(tf.constant(gradient * scale), w)])
    return np.asarray(w)


def tf1_steps(make: Callable[[], Any]) -> Array:
    """The weights after six steps of a TensorFlow 1 optimizer with fixed gradients, in a graph and a session."""
    v1 = tf.compat.v1
    with tf.Graph().as_default(), v1.Session() as session:
        w = v1.get_variable("w", initializer=START)
        gradient = v1.placeholder(tf.float32, START.shape)
        step = make().apply_gradients([(gradient, w)])
        session.run(v1.global_variables_initializer())
        for value in GRADIENTS:
            session.run(step, {gradient: value})
        return np.asarray(session.run(w))


def paddle_steps(make: Callable[..., Any], scale: float = 1.0, **arguments: Any) -> Array:
    """The weights after six steps of a Paddle optimizer with fixed gradients."""
    w = paddle.create_parameter(START.shape, "float32", default_initializer=paddle.nn.initializer.Assign(START))
    optimizer = make(parameters=[w], **arguments)
    for gradient in GRADIENTS:
        (w * paddle.to_tensor(gradient * scale)).sum().backward()
        optimizer.step()
        optimizer.clear_grad()
    return np.asarray(w.numpy())


@check("tf.keras.optimizers.SGD", "default")
def keras_sgd(claim: Claim) -> None:
    keras, optimizer = tf.keras.optimizers, paddle.optimizer
    claim.differ(keras_steps(keras.SGD()), paddle_steps(optimizer.Momentum))
    claim.agree(keras_steps(keras.SGD()), paddle_steps(optimizer.SGD, learning_rate=0.01))
    for nesterov in (False, True):
        expected = keras_steps(keras.SGD(0.1, momentum=0.9, nesterov=nesterov))
        found = paddle_steps(optimizer.Momentum, learning_rate=0.1, momentum=0.9, use_nesterov=nesterov)
        claim.agree(expected, found, atol=1e-5)


@check("tf.train.GradientDescentOptimizer")
def gradient_descent(claim: Claim) -> None:
    for rate in (0.01, 0.5):
        expected = tf1_steps(lambda: tf.compat.v1.train.GradientDescentOptimizer(rate))  # noqa: B023
        claim.agree(expected, paddle_steps(paddle.optimizer.SGD, learning_rate=rate))


@check("tf.train.MomentumOptimizer")
def momentum(claim: Claim) -> None:
    for nesterov in (False, True):
        make = tf.compat.v1.train.MomentumOptimizer
        expected = tf1_steps(lambda: make(0.1, 0.9, use_nesterov=nesterov))  # noqa: B023
        found = paddle_steps(paddle.optimizer.Momentum, learning_rate=0.1, momentum=0.9, use_nesterov=nesterov)
        claim.agree(expected, found, atol=1e-5)


@check("tf.train.AdamOptimizer", "usage")
def adam_v1(claim: Claim) -> None:
    claim.raises(lambda: paddle.optimizer.Adam(0.1), AttributeError)
    expected = tf1_steps(lambda: tf.compat.v1.train.AdamOptimizer(0.1))
    claim.agree(expected, paddle_steps(paddle.optimizer.Adam, learning_rate=0.1), atol=1e-5)


@check("tf.train.AdagradOptimizer", "default")
def adagrad_v1(claim: Claim) -> None:
    expected = tf1_steps(lambda: tf.compat.v1.train.AdagradOptimizer(0.1))
    claim.differ(expected, paddle_steps(paddle.optimizer.Adagrad, learning_rate=0.1))
    found = paddle_steps(paddle.optimizer.Adagrad, learning_rate=0.1, epsilon=1e-10, initial_accumulator_value=0.1)
    claim.agree(expected, found, atol=1e-5)


@check("tf.train.RMSPropOptimizer", "default")
def rmsprop_v1(claim: Claim) -> None:
    expected = tf1_steps(lambda: tf.compat.v1.train.RMSPropOptimizer(0.1))
    claim.differ(expected, paddle_steps(paddle.optimizer.RMSProp, learning_rate=0.1, rho=0.9, epsilon=1e-10))

    w, square = START.copy(), np.ones_like(START)
    for gradient in GRADIENTS:
        square = 0.9 * square + 0.1 * gradient**2
        w = w - 0.1 * gradient / np.sqrt(square + 1e-10)

    claim.agree(expected, w, atol=1e-5)


@check("tf.keras.optimizers.Adam", "default")
def keras_adam(claim: Claim) -> None:
    keras, optimizer = tf.keras.optimizers, paddle.optimizer
    expected = keras_steps(keras.Adam(0.1), 1e-6)
    claim.differ(expected, paddle_steps(optimizer.Adam, 1e-6, learning_rate=0.1))
    claim.differ(expected, paddle_steps(optimizer.Adam, 1e-6, learning_rate=0.1, epsilon=1e-7))
    expected = keras_steps(keras.Adam(0.1, beta_1=0.8, beta_2=0.9))
    claim.agree(
        expected, paddle_steps(optimizer.Adam, learning_rate=0.1, beta1=0.8, beta2=0.9, epsilon=1e-7), atol=1e-5
    )


@check("tf.keras.optimizers.AdamW", "default")
def keras_adamw(claim: Claim) -> None:
    expected = keras_steps(tf.keras.optimizers.AdamW(0.1))
    claim.differ(expected, paddle_steps(paddle.optimizer.AdamW, learning_rate=0.1))
    found = paddle_steps(paddle.optimizer.AdamW, learning_rate=0.1, weight_decay=0.004, epsilon=1e-7)
    claim.agree(expected, found, atol=1e-5)


@check("tf.keras.optimizers.RMSprop", "default")
def keras_rmsprop(claim: Claim) -> None:
    expected = keras_steps(tf.keras.optimizers.RMSprop(0.1))
    claim.differ(expected, paddle_steps(paddle.optimizer.RMSProp, learning_rate=0.1))
    found = paddle_steps(paddle.optimizer.RMSProp, learning_rate=0.1, rho=0.9, epsilon=1e-7)
    claim.agree(expected, found, atol=1e-5)


@check("tf.keras.optimizers.Adagrad", "default")
def keras_adagrad(claim: Claim) -> None:
    expected = keras_steps(tf.keras.optimizers.Adagrad(0.1))
    claim.differ(expected, paddle_steps(paddle.optimizer.Adagrad, learning_rate=0.1))
    found = paddle_steps(paddle.optimizer.Adagrad, learning_rate=0.1, epsilon=1e-7, initial_accumulator_value=0.1)
    claim.agree(expected, found, atol=1e-5)


@check("tf.keras.optimizers.Adadelta", "default")
def keras_adadelta(claim: Claim) -> None:
    expected = keras_steps(tf.keras.optimizers.Adadelta(1.0))
    claim.differ(expected, paddle_steps(paddle.optimizer.Adadelta, learning_rate=1.0))
    claim.agree(expected, paddle_steps(paddle.optimizer.Adadelta, learning_rate=1.0, epsilon=1e-7), atol=1e-5)


@check("tf.keras.optimizers.Adamax", "default")
def keras_adamax(claim: Claim) -> None:
    expected = keras_steps(tf.keras.optimizers.Adamax(0.1), 1e-6)
    claim.differ(expected, paddle_steps(paddle.optimizer.Adamax, 1e-6, learning_rate=0.1))
    expected = keras_steps(tf.keras.optimizers.Adamax(0.1))
    claim.agree(expected, paddle_steps(paddle.optimizer.Adamax, learning_rate=0.1, epsilon=1e-7), atol=1e-5)


@check("tf.keras.optimizers.Nadam", "default")
def keras_nadam(claim: Claim) -> None:
    expected = keras_steps(tf.keras.optimizers.Nadam())
    claim.differ(expected, paddle_steps(paddle.optimizer.NAdam))
    found = paddle_steps(paddle.optimizer.NAdam, learning_rate=0.001, epsilon=1e-7)
    claim.differ(expected, found)
    claim.agree(expected, found, atol=2e-3)


@check("tf.keras.optimizers.Lamb", "default")
def keras_lamb(claim: Claim) -> None:
    expected = keras_steps(tf.keras.optimizers.Lamb(0.1))
    claim.differ(expected, paddle_steps(paddle.optimizer.Lamb, learning_rate=0.1))
    found = paddle_steps(
        paddle.optimizer.Lamb, learning_rate=0.1, lamb_weight_decay=0.0, epsilon=1e-7, always_adapt=True
    )
    claim.agree(expected, found, atol=1e-4)


# schedules


def keras_rates(schedule: Any, steps: int) -> Array:
    return np.array([float(schedule(step)) for step in range(steps)])


def paddle_rates(schedule: Any, steps: int) -> Array:
    rates = []
    for _ in range(steps):
        rates.append(float(schedule()))
        schedule.step()
    return np.array(rates)


@check("tf.keras.optimizers.schedules.ExponentialDecay", "usage")
def exponential_decay(claim: Claim) -> None:
    schedules, lr = tf.keras.optimizers.schedules, paddle.optimizer.lr
    expected = keras_rates(schedules.ExponentialDecay(0.5, decay_steps=10, decay_rate=0.9), 25)
    claim.differ(expected, paddle_rates(lr.ExponentialDecay(0.5, 0.9), 25))
    claim.agree(expected, paddle_rates(lr.ExponentialDecay(0.5, 0.9 ** (1 / 10)), 25), rtol=1e-5)
    expected = keras_rates(schedules.ExponentialDecay(0.5, 10, 0.9, staircase=True), 25)
    claim.agree(expected, paddle_rates(lr.StepDecay(0.5, 10, 0.9), 25), rtol=1e-5)


@check("tf.keras.optimizers.schedules.PolynomialDecay")
def polynomial_decay(claim: Claim) -> None:
    for arguments in ({}, {"power": 2.0}, {"cycle": True}):
        expected = keras_rates(tf.keras.optimizers.schedules.PolynomialDecay(0.5, 10, 0.01, **arguments), 25)
        found = paddle_rates(paddle.optimizer.lr.PolynomialDecay(0.5, 10, end_lr=0.01, **arguments), 25)
        claim.agree(expected, found, rtol=1e-5)


@check("tf.keras.optimizers.schedules.PiecewiseConstantDecay", "edge")
def piecewise_decay(claim: Claim) -> None:
    expected = keras_rates(tf.keras.optimizers.schedules.PiecewiseConstantDecay([3, 6], [0.5, 0.2, 0.1]), 10)
    claim.differ(expected, paddle_rates(paddle.optimizer.lr.PiecewiseDecay([3, 6], [0.5, 0.2, 0.1]), 10))
    found = paddle_rates(paddle.optimizer.lr.PiecewiseDecay([3 + 1, 6 + 1], [0.5, 0.2, 0.1]), 10)
    claim.agree(expected, found, rtol=1e-6)


@check("tf.keras.optimizers.schedules.CosineDecay", "edge")
def cosine_decay(claim: Claim) -> None:
    expected = keras_rates(tf.keras.optimizers.schedules.CosineDecay(0.5, 10, alpha=0.1), 16)
    found = paddle_rates(paddle.optimizer.lr.CosineAnnealingDecay(0.5, 10, eta_min=0.1 * 0.5), 16)
    claim.differ(expected, found)
    claim.agree(expected[:11], found[:11], rtol=1e-5)
    claim.holds(expected[15] == expected[10] and found[15] > found[10], "TensorFlow stays at the floor, Paddle rises")


@check("tf.keras.optimizers.schedules.CosineDecayRestarts", "default")
def cosine_restarts(claim: Claim) -> None:
    expected = keras_rates(tf.keras.optimizers.schedules.CosineDecayRestarts(0.5, 4), 25)
    restarts = paddle.optimizer.lr.CosineAnnealingWarmRestarts
    claim.differ(expected, paddle_rates(restarts(0.5, 4), 25))
    claim.agree(expected, paddle_rates(restarts(0.5, 4, T_mult=2), 25), rtol=1e-5)


@check("tf.keras.optimizers.schedules.InverseTimeDecay", "usage")
def inverse_time_decay(claim: Claim) -> None:
    expected = keras_rates(tf.keras.optimizers.schedules.InverseTimeDecay(0.5, 10, 0.9), 25)
    claim.differ(expected, paddle_rates(paddle.optimizer.lr.InverseTimeDecay(0.5, 0.9), 25))
    claim.agree(expected, paddle_rates(paddle.optimizer.lr.InverseTimeDecay(0.5, 0.9 / 10), 25), rtol=1e-5)


# initialisers and regularisers


def drawn(initializer: Any, *shape: int) -> Array:
    """A Paddle parameter started by an initialiser."""
    paddle.seed(5)
    return np.asarray(paddle.create_parameter(list(shape), "float32", default_initializer=initializer).numpy())


def same_distribution(claim: Claim, expected: Array, found: Array) -> None:
    """Mean, deviation and extremes agree to a few per cent of the deviation."""
    expected, found = np.asarray(expected, "float64"), np.asarray(found, "float64")
    scale = expected.std()
    for statistic in (np.mean, np.std, np.min, np.max):
        gap = abs(float(statistic(expected)) - float(statistic(found))) / scale
        limit = 0.03 if statistic in (np.mean, np.std) else 0.25
        claim.holds(
            gap < limit, f"{statistic.__name__}: {float(statistic(expected)):.2g}, {float(statistic(found)):.2g}"
        )


@check("tf.random_normal_initializer", "default")
def random_normal_initializer(claim: Claim) -> None:
    expected, found = tf.random_normal_initializer()([300, 300]), drawn(paddle.nn.initializer.Normal(), 300, 300)
    claim.agree([0.05, 1.0], [float(np.std(expected)), float(np.std(found))], rtol=0.02)
    claim.agree(1.0, float(np.std(tf.compat.v1.random_normal_initializer()([300, 300]))), rtol=0.02)
    expected, found = (
        tf.random_normal_initializer(1.0, 0.5)([300, 300]),
        drawn(paddle.nn.initializer.Normal(1.0, 0.5), 300, 300),
    )
    claim.agree(
        [float(np.mean(expected)), float(np.std(expected))], [float(found.mean()), float(found.std())], rtol=0.02
    )


@check("tf.random_uniform_initializer", "default")
def random_uniform_initializer(claim: Claim) -> None:
    expected, found = tf.random_uniform_initializer()([300, 300]), drawn(paddle.nn.initializer.Uniform(), 300, 300)
    claim.agree([0.05, 1.0], [float(np.max(expected)), float(np.max(found))], rtol=0.01)
    same_distribution(claim, np.asarray(expected), drawn(paddle.nn.initializer.Uniform(-0.05, 0.05), 300, 300))


@check("tf.keras.initializers.TruncatedNormal", "default")
def truncated_normal_initializer(claim: Claim) -> None:
    expected = np.asarray(tf.keras.initializers.TruncatedNormal(seed=1)([300, 300]))
    uncut = drawn(paddle.nn.initializer.TruncatedNormal(0.0, 0.05), 300, 300)
    claim.holds(np.abs(expected).max() <= 0.1001, "TensorFlow cuts at two deviations")
    claim.holds(np.abs(uncut).max() > 0.15, "Paddle does not, without bounds")
    same_distribution(claim, expected, drawn(paddle.nn.initializer.TruncatedNormal(0.0, 0.05, -0.1, 0.1), 300, 300))


@check("tf.keras.initializers.Ones")
def ones(claim: Claim) -> None:
    claim.agree(tf.keras.initializers.Ones()([2, 3]), drawn(paddle.nn.initializer.Constant(1.0), 2, 3))


@check("tf.zeros_initializer")
def zeros(claim: Claim) -> None:
    claim.agree(tf.zeros_initializer()([2, 3]), drawn(paddle.nn.initializer.Constant(0.0), 2, 3))


@check("tf.constant_initializer", "usage")
def constant_initializer(claim: Claim) -> None:
    values = [[1.0, 2.0], [3.0, 4.0]]
    claim.agree(tf.constant_initializer(0.5)([2, 2]), drawn(paddle.nn.initializer.Constant(0.5), 2, 2))
    claim.raises(lambda: drawn(paddle.nn.initializer.Constant(values), 2, 2))
    claim.agree(tf.compat.v1.constant_initializer(values)([2, 2]), drawn(paddle.nn.initializer.Assign(values), 2, 2))


@check("tf.keras.initializers.GlorotUniform")
def glorot_uniform(claim: Claim) -> None:
    for shape in ((300, 200), (3, 3, 50, 60)):
        expected = np.asarray(tf.keras.initializers.GlorotUniform(seed=1)(shape))
        paddle_shape = shape if len(shape) == 2 else (shape[3], shape[2], *shape[:2])
        same_distribution(claim, expected, drawn(paddle.nn.initializer.XavierUniform(), *paddle_shape))


@check("tf.contrib.layers.xavier_initializer")
def xavier(claim: Claim) -> None:
    found = drawn(paddle.nn.initializer.XavierUniform(), 300, 200)
    bound = (6 / (300 + 200)) ** 0.5
    claim.agree([-bound, bound], [float(found.min()), float(found.max())], rtol=0.01)
    same_distribution(claim, np.asarray(tf.keras.initializers.GlorotUniform(seed=1)([300, 200])), found)


@check("tf.keras.initializers.GlorotNormal", "random")
def glorot_normal(claim: Claim) -> None:
    expected = np.asarray(tf.keras.initializers.GlorotNormal(seed=1)([300, 200]))
    found = drawn(paddle.nn.initializer.XavierNormal(), 300, 200)
    claim.agree(float(expected.std()), float(found.std()), rtol=0.02)
    claim.holds(abs(expected).max() / expected.std() < 2.3, "TensorFlow cuts")
    claim.holds(abs(found).max() / found.std() > 3.5, "Paddle does not")
    deviation = (2 / 500) ** 0.5 / 0.87962566
    cut = paddle.nn.initializer.TruncatedNormal(0.0, deviation, -2 * deviation, 2 * deviation)
    same_distribution(claim, expected, drawn(cut, 300, 200))


@check("tf.keras.initializers.HeNormal", "random")
def he_normal(claim: Claim) -> None:
    expected = np.asarray(tf.keras.initializers.HeNormal(seed=1)([300, 200]))
    found = drawn(paddle.nn.initializer.KaimingNormal(), 300, 200)
    claim.agree(float(expected.std()), float(found.std()), rtol=0.02)
    claim.holds(abs(expected).max() / expected.std() < 2.3, "TensorFlow cuts")
    claim.holds(abs(found).max() / found.std() > 3.5, "Paddle does not")
    deviation = (2 / 300) ** 0.5 / 0.87962566
    cut = paddle.nn.initializer.TruncatedNormal(0.0, deviation, -2 * deviation, 2 * deviation)
    same_distribution(claim, expected, drawn(cut, 300, 200))


@check("tf.keras.initializers.HeUniform")
def he_uniform(claim: Claim) -> None:
    expected = np.asarray(tf.keras.initializers.HeUniform(seed=1)([300, 200]))
    same_distribution(claim, expected, drawn(paddle.nn.initializer.KaimingUniform(), 300, 200))


@check("tf.keras.initializers.Orthogonal")
def orthogonal(claim: Claim) -> None:
    for gain in (1.0, 2.0):
        expected = np.asarray(tf.keras.initializers.Orthogonal(gain, seed=1)([6, 4]))
        found = drawn(paddle.nn.initializer.Orthogonal(gain), 6, 4)
        for weight in (expected, found):
            claim.agree(np.eye(4, dtype="float32") * gain**2, weight.T @ weight, atol=1e-5)


@check("tf.keras.initializers.VarianceScaling")
def variance_scaling(claim: Claim) -> None:
    expected = np.asarray(tf.keras.initializers.VarianceScaling(2.0, seed=1)([300, 200]))

    deviation = (2.0 / 300) ** 0.5 / 0.87962566
    initializer = paddle.nn.initializer.TruncatedNormal(0.0, deviation, -2 * deviation, 2 * deviation)

    same_distribution(claim, expected, drawn(initializer, 300, 200))


def _decayed(regularizer: Any) -> Array:
    return paddle_steps(paddle.optimizer.SGD, 0.0, learning_rate=0.1, weight_decay=regularizer)


def _penalised(regularizer: Any) -> Array:
    w = tf.Variable(START)
    for _ in GRADIENTS:
        with tf.GradientTape() as tape:
            penalty = regularizer(w)
        w.assign_sub(0.1 * tape.gradient(penalty, w))
    return np.asarray(w)


@check("tf.keras.regularizers.L2", "usage")
def l2(claim: Claim) -> None:
    expected = _penalised(tf.keras.regularizers.L2(0.05))
    claim.differ(expected, _decayed(paddle.regularizer.L2Decay(0.05)))
    claim.agree(expected, _decayed(paddle.regularizer.L2Decay(2 * 0.05)), atol=1e-6)


@check("tf.keras.regularizers.L1")
def l1(claim: Claim) -> None:
    expected = _penalised(tf.keras.regularizers.L1(0.05))
    claim.agree(expected, _decayed(paddle.regularizer.L1Decay(0.05)), atol=1e-6)
