"""Checks of ``data/layers.toml``: dense, activation, merging and attention layers, and models."""

from typing import Any

import numpy as np

from paddlify.apimap.checks.keras import built, fill, same_flatten
from paddlify.apimap.claims import Claim, check
from paddlify.apimap.frameworks import paddle, tf
from paddlify.apimap.grids import random


@check("tf.keras.layers.Dense", "usage")
def dense(claim: Claim) -> None:
    x = random(5, 4)
    expected, (kernel, bias) = built(tf.keras.layers.Dense(3, activation="relu"), x)
    claim.raises(lambda: paddle.nn.Linear(3), TypeError)

    linear = paddle.nn.Linear(4, 3)
    fill(linear.weight, kernel)
    fill(linear.bias, bias)

    claim.agree(expected, paddle.nn.functional.relu(linear(paddle.to_tensor(x))))


@check("tf.keras.layers.Flatten", "layout")
def flatten(claim: Claim) -> None:
    x = random(2, 3, 4, 5)
    same_flatten(claim, tf.keras.layers.Flatten()(x), x)


@check("tf.keras.layers.Reshape", "usage")
def reshape(claim: Claim) -> None:
    x = random(2, 6)
    expected = tf.keras.layers.Reshape([3, 2])(x)
    claim.raises(lambda: paddle.reshape(paddle.to_tensor(x), [3, 2]))
    claim.agree(expected, paddle.reshape(paddle.to_tensor(x), [-1, 3, 2]))


@check("tf.keras.layers.Permute", "usage")
def permute(claim: Claim) -> None:
    x = random(2, 3, 4)
    expected = tf.keras.layers.Permute([2, 1])(x)
    claim.raises(lambda: claim.agree(expected, paddle.transpose(paddle.to_tensor(x), [2, 1])))
    claim.agree(expected, paddle.transpose(paddle.to_tensor(x), [0, 2, 1]))


@check("tf.keras.layers.Embedding", "default")
def embedding(claim: Claim) -> None:
    ids = np.array([[0, 4], [2, 0]])
    layer = tf.keras.layers.Embedding(500, 40)
    layer(ids)
    table = paddle.nn.Embedding(500, 40)
    limits = [float(np.abs(layer.get_weights()[0]).max()), float(table.weight.abs().max())]
    claim.agree([0.05, (6 / 540) ** 0.5], limits, rtol=0.02)
    fill(table.weight, layer.get_weights()[0])
    claim.agree(layer(ids), table(paddle.to_tensor(ids)))
    padded = paddle.nn.Embedding(500, 40, padding_idx=0)
    claim.agree(np.zeros(40, "float32"), padded(paddle.to_tensor(ids))[0, 0])


@check("tf.keras.layers.Concatenate", "default")
def concatenate(claim: Claim) -> None:
    x, y = random(2, 3), random(2, 3, seed=1)
    expected = tf.keras.layers.Concatenate()([x, y])
    claim.differ(expected, paddle.concat([paddle.to_tensor(x), paddle.to_tensor(y)]), "shape")
    claim.agree(expected, paddle.concat([paddle.to_tensor(x), paddle.to_tensor(y)], axis=-1))


@check("tf.keras.layers.Add")
def add(claim: Claim) -> None:
    for shape in ((2, 3), (4,), (2, 1, 3)):
        arrays = [random(*shape, seed=i) for i in range(3)]
        claim.agree(tf.keras.layers.Add()(arrays), paddle.add_n([paddle.to_tensor(a) for a in arrays]))


@check("tf.keras.layers.Multiply", "usage")
def multiply(claim: Claim) -> None:
    x, y = random(2, 3), random(2, 3, seed=1)
    claim.raises(lambda: paddle.multiply([paddle.to_tensor(x), paddle.to_tensor(y)]))
    claim.agree(tf.keras.layers.Multiply()([x, y]), paddle.multiply(paddle.to_tensor(x), paddle.to_tensor(y)))


@check("tf.keras.layers.Average")
def average(claim: Claim) -> None:
    arrays = [random(2, 3, seed=i) for i in range(3)]
    claim.agree(tf.keras.layers.Average()(arrays), paddle.add_n([paddle.to_tensor(a) for a in arrays]) / 3)


@check("tf.keras.layers.Maximum", "usage")
def maximum(claim: Claim) -> None:
    x, y = random(2, 3), random(2, 3, seed=1)
    claim.raises(lambda: paddle.maximum([paddle.to_tensor(x), paddle.to_tensor(y)]))
    claim.agree(tf.keras.layers.Maximum()([x, y]), paddle.maximum(paddle.to_tensor(x), paddle.to_tensor(y)))


@check("tf.keras.layers.Dot")
def dot(claim: Claim) -> None:
    x, y = random(2, 3, 4), random(2, 5, 4)
    expected = tf.keras.layers.Dot(axes=(2, 2))([x, y])
    claim.agree(expected, paddle.bmm(paddle.to_tensor(x), paddle.to_tensor(y).transpose([0, 2, 1])))


@check("tf.keras.layers.Activation", "usage")
def activation(claim: Claim) -> None:
    x = random(2, 3)
    claim.raises(lambda: paddle.nn.functional("relu"), TypeError)
    for name in ("relu", "tanh", "softplus", "elu", "sigmoid"):
        claim.agree(tf.keras.layers.Activation(name)(x), getattr(paddle.nn.functional, name)(paddle.to_tensor(x)))


@check("tf.keras.layers.ReLU", "usage")
def relu(claim: Claim) -> None:
    x = random(2, 3) * 5
    claim.raises(lambda: paddle.nn.ReLU(max_value=6.0), TypeError)
    for keras, layer in (
        (tf.keras.layers.ReLU(), paddle.nn.ReLU()),
        (tf.keras.layers.ReLU(max_value=6.0), paddle.nn.ReLU6()),
        (tf.keras.layers.ReLU(negative_slope=0.1), paddle.nn.LeakyReLU(0.1)),
        (tf.keras.layers.ReLU(threshold=1.0), paddle.nn.ThresholdedReLU(1.0)),
    ):
        claim.agree(keras(x), layer(paddle.to_tensor(x)))


@check("tf.keras.layers.LeakyReLU", "default")
def leaky_relu(claim: Claim) -> None:
    x = random(2, 3)
    expected = tf.keras.layers.LeakyReLU()(x)
    claim.differ(expected, paddle.nn.LeakyReLU()(paddle.to_tensor(x)))
    claim.agree(expected, paddle.nn.LeakyReLU(0.3)(paddle.to_tensor(x)))


@check("tf.keras.layers.PReLU", "default")
def prelu(claim: Claim) -> None:
    x = random(2, 3)
    layer = tf.keras.layers.PReLU()
    expected = layer(x)
    claim.agree([3], list(layer.get_weights()[0].shape))
    claim.differ(expected, paddle.nn.PReLU()(paddle.to_tensor(x)))
    claim.agree(expected, paddle.nn.PReLU(3, init=0.0)(paddle.to_tensor(x)))
    expected, (slopes,) = built(layer, x)
    ours = paddle.nn.PReLU(3)
    fill(ours._weight, slopes)
    claim.agree(expected, ours(paddle.to_tensor(x)))


@check("tf.keras.layers.ELU")
def elu(claim: Claim) -> None:
    for alpha in (1.0, 0.5):
        for x in (random(2, 3), random(0, 3), np.array([0.0, -0.0, -90.0, np.inf, -np.inf, np.nan], "float32")):
            claim.agree(tf.keras.layers.ELU(alpha)(x), paddle.nn.ELU(alpha)(paddle.to_tensor(x)))


@check("tf.keras.layers.Softmax", "edge")
def softmax(claim: Claim) -> None:
    x = random(2, 3)
    claim.agree(tf.keras.layers.Softmax()(x), paddle.nn.Softmax()(paddle.to_tensor(x)))
    masked = np.array([[0.0, -np.inf]], "float32")
    claim.holds(float(tf.keras.layers.Softmax()(masked)[0, 1]) == 0.0, "Keras's probability is 0")
    claim.agree(np.float32(1.6038e-28), paddle.nn.Softmax()(paddle.to_tensor(masked))[0, 1], rtol=1e-3, atol=0.0)


@check("tf.keras.layers.MultiHeadAttention", "layout")
def multi_head_attention(claim: Claim) -> None:
    x, heads, width = random(2, 5, 8), 2, 4
    layer = tf.keras.layers.MultiHeadAttention(heads, width)
    layer(x, x)
    weights = [random(*w.shape, low=-0.5, high=0.5, seed=i) for i, w in enumerate(layer.get_weights())]
    layer.set_weights(weights)
    ours = paddle.nn.MultiHeadAttention(heads * width, heads)
    claim.raises(lambda: fill(ours.q_proj.weight, weights[0]))
    projections = (ours.q_proj, ours.k_proj, ours.v_proj)
    for projection, kernel, bias in zip(projections, weights[0:6:2], weights[1:6:2], strict=True):
        fill(projection.weight, kernel.reshape(8, 8))
        fill(projection.bias, bias.reshape(8))
    fill(ours.out_proj.weight, weights[6].reshape(8, 8))
    fill(ours.out_proj.bias, weights[7])
    claim.agree(layer(x, x), ours(paddle.to_tensor(x)), atol=1e-5)


@check("tf.keras.layers.Attention", "usage")
def attention(claim: Claim) -> None:
    query, value, key = random(2, 3, 4), random(2, 5, 4, seed=1), random(2, 5, 4, seed=2)
    expected = tf.keras.layers.Attention()([query, value, key])
    q, k, v = (paddle.to_tensor(a).unsqueeze(2) for a in (query, key, value))
    attend = paddle.nn.functional.scaled_dot_product_attention
    claim.differ(expected, attend(q, k, v).squeeze(2))
    claim.agree(expected, attend(q * 4**0.5, k, v).squeeze(2), atol=1e-5)


@check("tf.keras.layers.Lambda")
def lambda_layer(claim: Claim) -> None:
    class Square(paddle.nn.Layer):  # type: ignore[misc]
        def forward(self, x: Any) -> Any:
            return x * x

    x = random(2, 3)
    claim.agree(tf.keras.layers.Lambda(lambda t: t * t)(x), Square()(paddle.to_tensor(x)))


@check("tf.keras.Input", "usage")
def keras_input(claim: Claim) -> None:
    symbol = tf.keras.Input([3])
    spec = paddle.static.InputSpec([None, 3], "float32")
    claim.agree([-1 if size is None else size for size in symbol.shape], list(spec.shape))
    claim.raises(lambda: spec + 1, TypeError)
    model = tf.keras.Model(symbol, symbol * 2.0)
    ours = paddle.jit.to_static(lambda x: x * 2.0, input_spec=[spec])
    claim.agree(model(random(2, 3)), ours(paddle.to_tensor(random(2, 3))))


@check("tf.keras.layers.Rescaling")
def rescaling(claim: Claim) -> None:
    for x in (random(2, 3), random(0, 3), random(2, 2, 2)):
        claim.agree(tf.keras.layers.Rescaling(1 / 255.0, 0.5)(x), paddle.scale(paddle.to_tensor(x), 1 / 255.0, 0.5))


@check("tf.keras.Sequential", "usage")
def sequential(claim: Claim) -> None:
    x = random(2, 3)
    keras = tf.keras.Sequential([tf.keras.layers.Dense(4, activation="relu"), tf.keras.layers.Dense(2)])
    expected, weights = built(keras, x)
    layers = [paddle.nn.Linear(3, 4), paddle.nn.ReLU(), paddle.nn.Linear(4, 2)]
    claim.raises(lambda: paddle.nn.Sequential(layers))
    ours = paddle.nn.Sequential(*layers)
    for parameter, value in zip(ours.parameters(), weights, strict=True):
        fill(parameter, value)
    claim.agree(expected, ours(paddle.to_tensor(x)))


@check("tf.keras.Model", "usage")
def model(claim: Claim) -> None:
    class Keras(tf.keras.Model):  # type: ignore[misc]
        def call(self, x: Any) -> Any:
            return x * 3.0

    class Ours(paddle.nn.Layer):  # type: ignore[misc]
        def forward(self, x: Any) -> Any:
            return x * 3.0

    x = random(2, 3)
    claim.raises(lambda: Ours().compile(), AttributeError)
    claim.agree(Keras()(x), Ours()(paddle.to_tensor(x)))
    claim.agree([Keras().predict(x, verbose=0)], paddle.Model(Ours()).predict_batch(x))


@check("tf.keras.layers.Layer", "usage")
def layer(claim: Claim) -> None:
    class Keras(tf.keras.layers.Layer):  # type: ignore[misc]
        def build(self, input_shape: Any) -> None:
            self.w = self.add_weight(shape=(input_shape[-1],), initializer="ones", name="w")

        def call(self, x: Any) -> Any:
            return x * self.w

    class Ours(paddle.nn.Layer):  # type: ignore[misc]
        def __init__(self, width: int) -> None:
            super().__init__()
            self.w = self.create_parameter([width], default_initializer=paddle.nn.initializer.Constant(1.0))

        def forward(self, x: Any) -> Any:
            return x * self.w

    x = random(2, 3)
    claim.raises(lambda: paddle.nn.Layer().add_weight(shape=[3]), AttributeError)
    claim.agree(Keras()(x), Ours(3)(paddle.to_tensor(x)))
