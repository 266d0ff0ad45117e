"""Means of the checks of layers: building a layer, filling its weights, and moving the channels."""

from typing import Any

import numpy as np

from paddlify.apimap.claims import Claim
from paddlify.apimap.comparing import Array
from paddlify.apimap.frameworks import paddle, tf
from paddlify.apimap.grids import random


def fill(parameter: Any, value: Array) -> None:
    """Give a Paddle parameter its values."""
    parameter.set_value(np.ascontiguousarray(value))


def built(layer: Any, x: Array) -> tuple[Array, list[Array]]:
    """A Keras layer's result, and random weights that it has been given."""
    layer(x)
    weights = [random(*w.shape, low=-0.5, high=0.5, seed=i) for i, w in enumerate(layer.get_weights())]
    layer.set_weights(weights)
    return layer(x), weights


def first(x: Array) -> Any:
    """A channels-last array as a channels-first Paddle tensor."""
    return paddle.to_tensor(np.ascontiguousarray(np.moveaxis(x, -1, 1)))


def last(x: Any) -> Array:
    """A channels-first Paddle tensor as a channels-last array."""
    return np.moveaxis(x.numpy(), 1, -1)


def run_v1(build: Any, x: Array, **values: Array) -> tuple[Array, dict[str, Array]]:
    """Run a TensorFlow 1 layer function in a graph; its variables get random values."""
    v1 = tf.compat.v1
    with tf.Graph().as_default(), v1.Session() as session:
        placeholder = v1.placeholder(tf.float32, x.shape)
        result = build(placeholder)
        session.run(v1.global_variables_initializer())
        weights = {}
        for i, variable in enumerate(v1.global_variables()):
            name = variable.name.rsplit("/", 1)[-1].removesuffix(":0")
            weights[name] = values.get(name, random(*variable.shape, low=0.1, high=0.5, seed=i))
            variable.load(weights[name], session)
        return session.run(result, {placeholder: x}), weights


def same_flatten(claim: Claim, expected: Any, x: Array) -> None:
    flatten = paddle.nn.Flatten()
    claim.differ(expected, flatten(first(x)))
    claim.agree(expected, flatten(paddle.to_tensor(x)))
    claim.agree(expected, flatten(first(x).transpose([0, 2, 3, 1])))
