"""Checks of ``data/linalg.toml``."""

import numpy as np

from paddlify.apimap.claims import Claim, check, compose, differs, same
from paddlify.apimap.frameworks import paddle, tf
from paddlify.apimap.grids import cases, random

GENERAL = cases(x=[random(3, 3) + 3 * np.eye(3, dtype="float32"), random(2, 4, 4, dtype="float64") + 4 * np.eye(4)])
_DEFINITE = [random(3, 3), random(2, 4, 4, dtype="float64")]
DEFINITE = cases(x=[a @ np.swapaxes(a, -1, -2) + np.eye(a.shape[-1], dtype=a.dtype) for a in _DEFINITE])
TALL = cases(x=[random(4, 3), random(2, 5, 3, dtype="float64")])
SYSTEM = cases(x=GENERAL[0]["x"], y=random(3, 2)) + cases(x=GENERAL[1]["x"], y=random(2, 4, 1, dtype="float64"))
BATCH = cases(x=[random(3, 4), random(2, 3, 4), random(2, 4, 4, dtype="float64"), random(3, 3, dtype="int32")])

same(
    "tf.einsum",
    "tf.einsum('ij,jk->ik', x, y)",
    "tf.einsum('ij,jk->', x, y)",
    grid=cases(x=[random(2, 3), random(2, 3, dtype="float64")], y=[random(3, 4), random(3, 4, dtype="float64")]),
)
same(
    "tf.tensordot",
    "tf.tensordot(x, y, 1)",
    "tf.tensordot(x, y, [[1], [0]])",
    grid=cases(x=[random(2, 3), random(2, 3, dtype="float64")], y=[random(3, 4), random(3, 4, dtype="float64")]),
)
differs(
    "tf.norm",
    "gradient",
    "tf.norm(x)",
    "tf.norm(x, ord=1, axis=1)",
    "tf.norm(x, axis=0, keepdims=True)",
    "tf.norm(x, np.inf, 1)",
    grid=cases(x=[random(3, 4), random(2, 2, dtype="float64"), np.array([[np.inf, 1], [2, -np.inf]], "float32")]),
    how="gradient",
    shown_on=cases(x=np.zeros(3, "float32")),
)
differs(
    "tf.math.reduce_euclidean_norm",
    "gradient",
    "tf.math.reduce_euclidean_norm(x)",
    "tf.math.reduce_euclidean_norm(x, 1, True)",
    grid=cases(x=[random(3, 4), random(2, 2, dtype="float64"), np.array([[np.inf, 1], [np.nan, 2]], "float32")]),
    how="gradient",
    shown_on=cases(x=np.zeros(3, "float32")),
)
same("tf.linalg.inv", "tf.linalg.inv(x)", grid=GENERAL)
same("tf.linalg.det", "tf.linalg.det(x)", grid=GENERAL)
differs(
    "tf.linalg.cholesky",
    "edge",
    "tf.linalg.cholesky(x)",
    grid=DEFINITE,
    how="raises",
    shown_on=cases(x=np.array([[1, 2], [2, 1]], "float32")),
    gradient=False,
)
same("tf.linalg.solve", "tf.linalg.solve(x, y)", grid=SYSTEM, rtol=1e-4)
same("tf.linalg.qr", "tf.linalg.qr(x)", grid=TALL)
_RANK_ONE = cases(x=np.array([[1, 2], [1, 2 + 2e-7], [3, 6]], "float32"))
differs(
    "tf.linalg.pinv",
    "default",
    "tf.linalg.pinv(x)",
    grid=[*TALL, *_RANK_ONE],
    shown_on=_RANK_ONE,
    gradient=False,
    rtol=1e-4,
    atol=1e-5,
)
same(
    "tf.linalg.expm",
    "tf.linalg.expm(x)",
    grid=cases(x=[random(3, 3), random(2, 2, 2, dtype="float64")]),
)
same("tf.linalg.matrix_transpose", "tf.linalg.matrix_transpose(x)", grid=BATCH)
differs(
    "tf.linalg.diag",
    "gradient",
    "tf.linalg.diag(x)",
    grid=cases(x=[random(3), random(2, 3), random(3, dtype="int32")]),
    how="gradient",
)
differs("tf.linalg.triangular_solve", "default", "tf.linalg.triangular_solve(x, y)", grid=SYSTEM, rtol=1e-4)
differs(
    "tf.linalg.lstsq",
    "shape",
    "tf.linalg.lstsq(x, y)",
    grid=cases(x=random(5, 3), y=random(5, 2)),
    how="count",
    gradient=False,
    rtol=1e-4,
    atol=1e-5,
)
differs(
    "tf.linalg.trace",
    "default",
    "tf.linalg.trace(x)",
    grid=cases(x=[random(2, 3, 3), random(4, 2, 2, dtype="float64")]),
    how="shape",
)
differs(
    "tf.linalg.diag_part",
    "default",
    "tf.linalg.diag_part(x)",
    "tf.linalg.diag_part(x, k=1)",
    grid=cases(x=[random(4, 2, 3), random(2, 3, 3, dtype="float64")]),
    how="shape",
)
compose("tf.linalg.band_part", "tf.linalg.band_part(x, 1, 0)", "tf.linalg.band_part(x, 0, 2)", grid=BATCH)
differs("tf.linalg.cross", "default", "tf.linalg.cross(x, y)", grid=cases(x=random(3, 2, 3), y=random(3, 2, 3, seed=1)))
differs(
    "tf.linalg.matrix_rank",
    "dtype",
    "tf.linalg.matrix_rank(x)",
    grid=cases(x=[random(3, 4), np.ones((3, 3))]),
    how="dtype",
)
differs(
    "tf.linalg.matvec",
    "shape",
    "tf.linalg.matvec(x, y)",
    grid=cases(x=[random(2, 3, 4), random(3, 4)], y=[random(2, 4), random(4)]),
    how="raises",
)


@check("tf.linalg.svd", "order")
def svd(claim: Claim) -> None:
    x = random(4, 3)
    s, u, v = tf.linalg.svd(x)
    paddle_u, paddle_s, paddle_vh = paddle.linalg.svd(paddle.to_tensor(x))
    claim.differ(s, paddle_u, "shape")
    claim.agree(s, paddle_s)
    claim.agree(x, paddle_u @ paddle.diag(paddle_s) @ paddle_vh, atol=1e-5)
    claim.agree(np.abs(u), paddle_u.abs(), atol=1e-5)
    claim.agree(np.abs(v), paddle_vh.T.abs(), atol=1e-5)


@check("tf.linalg.eigh")
def eigh(claim: Claim) -> None:
    for x in (DEFINITE[0]["x"], DEFINITE[1]["x"]):
        values, vectors = tf.linalg.eigh(x)
        paddle_values, paddle_vectors = paddle.linalg.eigh(paddle.to_tensor(x))
        claim.agree(values, paddle_values, rtol=1e-5)
        claim.agree(np.abs(vectors), paddle_vectors.abs(), rtol=1e-4, atol=1e-5)


@check("tf.linalg.slogdet", "shape")
def slogdet(claim: Claim) -> None:
    x = GENERAL[0]["x"]
    sign, log = tf.linalg.slogdet(x)
    stacked = paddle.linalg.slogdet(paddle.to_tensor(x))
    claim.differ([sign, log], stacked, "count")
    claim.agree([sign, log], list(stacked))


@check("tf.linalg.global_norm")
def global_norm(claim: Claim) -> None:
    tensors = [random(2, 3), random(4, seed=1)]
    expected = tf.linalg.global_norm(tensors)

    norms = [paddle.linalg.norm(paddle.to_tensor(t)) for t in tensors]

    claim.agree(expected, paddle.linalg.norm(paddle.stack(norms)))


_PRODUCTS = cases(
    x=[random(2, 3), random(2, 2, 3, dtype="float64"), random(0, 3)],
    y=[random(3, 4), random(2, 3, 2, dtype="float64"), random(3, 4)],
)
differs(
    "tf.matmul",
    "usage",
    "tf.matmul(x, y)",
    "tf.matmul(y, x, transpose_a=True, transpose_b=True)",
    shown="tf.matmul(x, y, adjoint_a=True)",
    grid=_PRODUCTS,
    how="missing",
)
