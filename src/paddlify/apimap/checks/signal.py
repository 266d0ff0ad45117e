"""Checks of ``data/signal.toml``."""

import numpy as np

from paddlify.apimap.claims import Claim, check, differs, same
from paddlify.apimap.frameworks import paddle, tf
from paddlify.apimap.grids import cases, random

differs(
    "tf.signal.rfft",
    "edge",
    "tf.signal.rfft(x)",
    how="shape",
    shown_on=cases(x=np.zeros(0, "float32")),
    grid=cases(x=[random(8), random(2, 6), random(3, 5, dtype="float64")]),
    gradient=False,
    atol=1e-5,
)
same(
    "tf.signal.fft",
    "tf.signal.fft(x)",
    grid=cases(
        x=[
            random(8).astype("complex64"),
            (random(2, 6) + 1j * random(2, 6, seed=1)).astype("complex64"),
            random(5) + 1j * random(5, dtype="float64"),
        ]
    ),
    gradient=False,
    atol=1e-5,
)


@check("tf.signal.stft", "default")
def stft(claim: Claim) -> None:
    x = random(1, 64)
    expected = tf.signal.stft(x, frame_length=16, frame_step=8)
    claim.differ(expected, paddle.signal.stft(paddle.to_tensor(x), n_fft=16, hop_length=8), "shape")

    window = paddle.to_tensor((0.5 - 0.5 * np.cos(2 * np.pi * np.arange(16) / 16)).astype("float32"))
    found = paddle.signal.stft(paddle.to_tensor(x), n_fft=16, hop_length=8, window=window, center=False)

    claim.agree(expected, found.transpose([0, 2, 1]), atol=1e-5)
