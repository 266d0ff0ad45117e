"""Checks of ``data/core.toml``: dtypes, making tensors, shapes."""

import numpy as np

from paddlify.apimap.claims import Claim, check, differs, same
from paddlify.apimap.frameworks import paddle, tf
from paddlify.apimap.grids import REALS, cases, random, reduction, unary

MATRIX = cases(x=[random(2, 3, dtype=dtype) for dtype in (*REALS, "bool")] + [random(0, 3)])
ANY = [*unary(), *unary("bool")]
_DTYPES = ("float16", "bfloat16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "bool")
for _dtype in (*_DTYPES, "complex64", "complex128"):

    @check(f"tf.{_dtype}")
    def dtype(claim: Claim, name: str = _dtype) -> None:
        expected = tf.zeros([2], getattr(tf, name))
        claim.agree(tf.cast(expected, tf.complex128), paddle.zeros([2], getattr(paddle, name)).astype("complex128"))
        claim.holds(
            getattr(tf, name).name == str(paddle.zeros([2], getattr(paddle, name)).dtype).split(".")[-1], "names agree"
        )


# making tensors
same("tf.zeros", "tf.zeros([2, 3])", "tf.zeros([], tf.int32)", "tf.zeros([0, 3], dtype=tf.bool)", grid=[{}])
same("tf.ones", "tf.ones([2, 3])", "tf.ones([], tf.int64)", "tf.ones([0, 3], dtype=tf.float64)", grid=[{}])
same("tf.zeros_like", "tf.zeros_like(x)", "tf.zeros_like(x, tf.int32)", grid=ANY)
same("tf.ones_like", "tf.ones_like(x)", "tf.ones_like(x, dtype=tf.float64)", grid=ANY)
same("tf.eye", "tf.eye(3)", "tf.eye(2, 4)", "tf.eye(2, num_columns=1, dtype=tf.float64)", "tf.eye(0)", grid=[{}])
# shapes
same(
    "tf.cast",
    *(f"tf.cast(x, tf.{d})" for d in (*REALS, "bool")),
    grid=[
        *cases(x=[random(4, dtype=d, low=-3, high=3) for d in (*REALS, "bool")]),
        *cases(x=[np.array([1.7, -1.7, 0.5, -0.5]), np.zeros((0, 2)), np.array(2.5, "float32")]),
    ],
)
same("tf.concat", "tf.concat([x, x], 0)", "tf.concat([x, x, x], axis=-1)", grid=MATRIX)
same("tf.stack", "tf.stack([x, x])", "tf.stack([x, x, x], axis=-1)", "tf.stack([x, x], 1)", grid=MATRIX)
differs(
    "tf.unstack", "dtype", "tf.unstack(x)", "tf.unstack(x, axis=1)", grid=MATRIX[:4], shown_on=MATRIX[4:5], how="raises"
)
same("tf.split", "tf.split(x, 3, axis=1)", "tf.split(x, [1, 2], 1)", "tf.split(x, [2, -1], axis=1)", grid=MATRIX)
same("tf.tile", "tf.tile(x, [2, 1])", "tf.tile(x, [1, 3])", grid=MATRIX)
same("tf.expand_dims", "tf.expand_dims(x, 0)", "tf.expand_dims(x, axis=-1)", grid=ANY)
same("tf.reverse", "tf.reverse(x, [0])", "tf.reverse(x, axis=[0, 1])", "tf.reverse(x, [-1])", grid=MATRIX)
same("tf.roll", "tf.roll(x, 1, 0)", "tf.roll(x, [1, -2], [0, 1])", grid=MATRIX)
differs(
    "tf.repeat",
    "dtype",
    "tf.repeat(x, 2, axis=1)",
    "tf.repeat(x, 3)",
    grid=MATRIX[:4],
    shown_on=MATRIX[4:5],
    how="raises",
)
same("tf.broadcast_to", "tf.broadcast_to(x, [4, 2, 3])", grid=MATRIX[:-1])
same("tf.rank", "tf.rank(x)", grid=ANY)
same("tf.identity", "tf.identity(x)", grid=ANY)
same("tf.stop_gradient", "tf.stop_gradient(x)", grid=ANY)
differs(
    "tf.sort",
    "edge",
    "tf.sort(x)",
    "tf.sort(x, axis=0)",
    grid=[g for g in reduction() if not np.isnan(g["x"]).any()],
    shown_on=cases(x=np.array([3, np.nan, -np.inf, 1], "float32")),
)
same(
    "tf.reshape",
    "tf.reshape(x, [3, -1])",
    "tf.reshape(x, [-1])",
    grid=cases(x=[random(2, 3), random(2, 6, dtype="bool")]),
)
differs("tf.shape", "dtype", "tf.shape(x)", grid=ANY, how="dtype")
differs("tf.size", "dtype", "tf.size(x)", grid=ANY, how="dtype")
same(
    "tf.squeeze",
    "tf.squeeze(x, 0)",
    "tf.squeeze(x)",
    "tf.squeeze(x, [0, 2])",
    grid=cases(x=[random(1, 3, 1), random(1, 1, 1, dtype="int32")]),
)
differs(
    "tf.transpose",
    "usage",
    "tf.transpose(x, [1, 0])",
    "tf.transpose(x, perm=[0, 1])",
    shown="tf.transpose(x)",
    grid=MATRIX,
    how="raises",
)
differs(
    "tf.boolean_mask",
    "shape",
    "tf.boolean_mask(x, y)",
    grid=cases(x=[random(3, 2), random(3, dtype="int64")], y=np.array([True, False, True])),
    how="raises",
)
differs(
    "tf.where",
    "shape",
    "tf.where(y, x, -x)",
    shown="tf.where(y)",
    grid=cases(x=[random(2, 3), random(2, 1, dtype="int32")], y=random(2, 3, dtype="bool")),
    how="count",
)
differs(
    "tf.sequence_mask",
    "dtype",
    "tf.sequence_mask(x)",
    "tf.sequence_mask(x, 5)",
    "tf.sequence_mask(x, 4, tf.float32)",
    grid=cases(x=[np.array([1, 0, 3], "int32"), np.array([[2], [1]], "int64")]),
    how="dtype",
)
# positions
differs(
    "tf.argmax",
    "default",
    "tf.argmax(x)",
    "tf.argmax(x, 1)",
    "tf.argmax(x, axis=-1, output_type=tf.int32)",
    grid=[g for g in reduction(empty=False) if np.isfinite(g["x"]).all()],
    how="shape",
)
differs(
    "tf.argmin",
    "default",
    "tf.argmin(x)",
    "tf.argmin(x, 1)",
    "tf.argmin(x, axis=-1, output_type=tf.int32)",
    grid=[g for g in reduction(empty=False) if np.isfinite(g["x"]).all()],
    how="shape",
)
_DISTINCT = cases(x=[np.array([[3.0, 1.0, 2.0], [0.5, 0.1, 0.9]], "float32"), np.array([5, 3, 4], "int32")])
_TIED = cases(x=np.tile(np.array([[1, 1, 0, 0]], "int32"), (1, 40)))
differs("tf.argsort", "dtype", "tf.argsort(x)", "tf.argsort(x, axis=0)", grid=_DISTINCT, how="dtype")
differs(
    "tf.argsort", "usage", "tf.argsort(x)", shown="tf.argsort(x, direction='DESCENDING')", grid=_DISTINCT, how="missing"
)
_SORTED = cases(
    x=[np.array([1.0, 2.0, 2.0, 4.0], "float32"), np.array([1, 2, 2, 4], "int64")],
    y=[np.array([2.0, 0.0, 9.0], "float32"), np.array([2, 0, 9], "int64")],
)
differs("tf.searchsorted", "dtype", "tf.searchsorted(x, y)", grid=_SORTED, how="dtype")
differs(
    "tf.searchsorted",
    "usage",
    "tf.searchsorted(x, y)",
    shown="tf.searchsorted(x, y, side='right')",
    grid=_SORTED,
    how="missing",
)
_ROWS = cases(x=[random(4, 3), random(4, 3, dtype="float64"), random(4, dtype="int32")], y=np.array([2, 0, 0]))
differs(
    "tf.gather",
    "usage",
    "tf.gather(x, y)",
    "tf.gather(x, y, axis=0)",
    shown="tf.gather(x, y, batch_dims=1)",
    grid=_ROWS,
    how="missing",
)
same(
    "tf.gather_nd",
    "tf.gather_nd(x, y)",
    grid=cases(
        x=[random(4, 3), random(4, 3, 2, dtype="int64")], y=[np.array([[2, 0], [0, 1]]), np.array([[3], [1]], "int32")]
    ),
)
same(
    "tf.scatter_nd",
    "tf.scatter_nd(y, x, [5, 3])",
    grid=cases(x=[random(3, 3), random(3, 3, dtype="float64")], y=np.array([[1], [4], [1]])),
)
same(
    "tf.tensor_scatter_nd_add",
    "tf.tensor_scatter_nd_add(x, y, u)",
    grid=cases(
        x=[random(5, 2), random(5, 2, dtype="float64")],
        y=np.array([[1], [4], [1]]),
        u=[random(3, 2), random(3, 2, dtype="float64", seed=1)],
    ),
)
same("tf.is_tensor", "tf.is_tensor(x)", "tf.is_tensor(3.0)", grid=cases(x=random(2)))
_SMALL = cases(x=[random(3, 4), random(3, 2, dtype="float64"), random(3, 4, dtype="int32")])
differs("tf.cumsum", "default", "tf.cumsum(x)", "tf.cumsum(x, 1)", grid=_SMALL, how="shape")
differs("tf.cumsum", "dtype", "tf.cumsum(x, 1)", grid=_SMALL, how="dtype")
differs("tf.cumsum", "usage", "tf.cumsum(x, 1)", shown="tf.cumsum(x, reverse=True)", grid=_SMALL, how="missing")
differs("tf.math.cumprod", "default", "tf.math.cumprod(x)", "tf.math.cumprod(x, 1)", grid=_SMALL, how="shape")
differs(
    "tf.math.cumprod",
    "usage",
    "tf.math.cumprod(x, 1)",
    shown="tf.math.cumprod(x, reverse=True)",
    grid=_SMALL,
    how="missing",
)


for _name in ("tf.constant", "tf.convert_to_tensor"):
    same(
        _name,
        *(f"{_name}({value})" for value in ("3", "[1, -2]", "[[1.5, 2], [3, 4]]", "(True, False)", "2.5")),
        f"{_name}([1, 2], tf.float32)",
        f"{_name}([1, 2], dtype=tf.int64)",
        grid=[{}],
    )


@check("tf.constant", "dtype")
def constant_dtype(claim: Claim) -> None:
    claim.differ(tf.constant([1, 2]), paddle.to_tensor([1, 2]), "dtype")
    claim.agree(tf.constant([1, 2]), paddle.to_tensor([1, 2], dtype="int32"))
    claim.agree(tf.constant([1.0, 2.0]), paddle.to_tensor([1.0, 2.0]))
    claim.agree(tf.constant(True), paddle.to_tensor(True))


@check("tf.constant", "usage")
def constant_shape(claim: Claim) -> None:
    claim.raises(lambda: paddle.to_tensor(0.5, shape=[2, 3]), TypeError)
    claim.agree(tf.constant(0.5, shape=[2, 3]), paddle.full([2, 3], 0.5))
    claim.agree(tf.constant([1.0, 2.0, 3.0, 4.0], shape=[2, 2]), paddle.to_tensor([1.0, 2.0, 3.0, 4.0]).reshape([2, 2]))


@check("tf.convert_to_tensor", "dtype")
def convert_to_tensor(claim: Claim) -> None:
    claim.differ(tf.convert_to_tensor([1, 2]), paddle.to_tensor([1, 2]), "dtype")
    claim.agree(tf.convert_to_tensor([1, 2]), paddle.to_tensor([1, 2], dtype="int32"))
    for array in (np.arange(3), np.arange(3.0), np.float32(2)):
        claim.agree(tf.convert_to_tensor(array), paddle.to_tensor(array))


@check("tf.fill", "dtype")
def fill(claim: Claim) -> None:
    claim.differ(tf.fill([2], 7), paddle.full([2], 7), "dtype")
    claim.agree(tf.fill([2], 7), paddle.full([2], 7, dtype="int32"))
    claim.agree(tf.fill([0, 3], 0.5), paddle.full([0, 3], 0.5))
    claim.differ(tf.fill([2], np.float64(0.5)), paddle.full([2], np.float64(0.5)), "dtype")


@check("tf.range", "dtype")
def arange(claim: Claim) -> None:
    claim.differ(tf.range(2, 9, 3), paddle.arange(2, 9, 3), "dtype")
    claim.agree(tf.range(2, 9, 3), paddle.arange(2, 9, 3, dtype="int32"))
    claim.agree(tf.range(3), paddle.arange(3, dtype="int32"))
    claim.agree(tf.range(1.0, 2.0, 0.25), paddle.arange(1.0, 2.0, 0.25))


@check("tf.linspace", "dtype")
def linspace(claim: Claim) -> None:
    claim.differ(tf.linspace(0, 9, 4), paddle.linspace(0, 9, 4), "dtype")
    claim.agree(tf.linspace(0, 9, 4), paddle.linspace(0, 9, 4, dtype="float64"))
    claim.agree(tf.linspace(-1.0, 1.0, 5), paddle.linspace(-1.0, 1.0, 5))


@check("tf.reshape", "edge")
def reshape_zero(claim: Claim) -> None:
    x = random(2, 3)
    claim.raises(lambda: tf.reshape(x, [0, -1]), tf.errors.InvalidArgumentError)
    claim.agree(x, paddle.reshape(paddle.to_tensor(x), [0, -1]))


@check("tf.transpose", "edge")
def transpose_short_perm(claim: Claim) -> None:
    x = random(2, 3, 4)
    claim.raises(lambda: tf.transpose(x, [2, 1]), tf.errors.InvalidArgumentError)
    claim.agree([4, 3, 4], list(paddle.transpose(paddle.to_tensor(x), [2, 1]).shape))


@check("tf.squeeze", "edge")
def squeeze_larger_axis(claim: Claim) -> None:
    x = random(2, 3)
    claim.raises(lambda: tf.squeeze(x, 0), tf.errors.InvalidArgumentError)
    claim.agree(x, paddle.squeeze(paddle.to_tensor(x), 0))


@check("tf.pad", "order")
def pad_order(claim: Claim) -> None:
    x = random(1, 2, 3, 4)
    paddings = [[0, 0], [0, 0], [1, 2], [3, 4]]
    expected = tf.pad(x, paddings, constant_values=9.0)
    claim.raises(lambda: paddle.nn.functional.pad(paddle.to_tensor(x), paddings))
    claim.differ(expected, paddle.nn.functional.pad(paddle.to_tensor(x), [1, 2, 3, 4], value=9.0), "shape")

    flat = [number for pair in paddings for number in pair]
    claim.agree(expected, paddle.nn.functional.pad(paddle.to_tensor(x), flat, value=9.0))
    claim.agree(expected, paddle.nn.functional.pad(paddle.to_tensor(x), [3, 4, 1, 2], value=9.0))


@check("tf.pad", "usage")
def pad_modes(claim: Claim) -> None:
    x = random(1, 1, 4, 5)
    claim.raises(lambda: paddle.nn.functional.pad(paddle.to_tensor(x), [1, 1, 1, 1], mode="symmetric"))
    claim.raises(lambda: paddle.nn.functional.pad(paddle.to_tensor(x[0, 0]), [1, 1], mode="reflect"))
    expected = tf.pad(x, [[0, 0], [0, 0], [1, 2], [2, 1]], mode="REFLECT")
    claim.agree(expected, paddle.nn.functional.pad(paddle.to_tensor(x), [2, 1, 1, 2], mode="reflect"))


@check("tf.Variable", "usage")
def variable(claim: Claim) -> None:
    value = random(2, 3)
    claim.raises(lambda: paddle.create_parameter(value), TypeError)

    w = paddle.create_parameter([2, 3], "float32", default_initializer=paddle.nn.initializer.Assign(value))
    leaf = paddle.to_tensor(value, stop_gradient=False)

    claim.agree(tf.Variable(value), w)
    claim.agree(tf.Variable(value), leaf)
    claim.holds(not w.stop_gradient and not leaf.stop_gradient, "both take part in gradients")


@check("tf.assign", "order")
def assign(claim: Claim) -> None:
    old, new = np.zeros(2, "float32"), np.ones(2, "float32")
    variable = tf.Variable(old)
    tf.compat.v1.assign(variable, new)

    x = paddle.to_tensor(old)
    paddle.assign(x, paddle.to_tensor(new))
    claim.differ(variable, x)
    paddle.assign(paddle.to_tensor(new), output=x)
    claim.agree(variable, x)


@check("tf.assign_add", "shape")
def assign_add(claim: Claim) -> None:
    old, step = np.zeros(2, "float32"), np.array([1.0, 2.0], "float32")
    variable = tf.Variable(old)
    tf.compat.v1.assign_add(variable, step)

    x = paddle.to_tensor(old)
    claim.raises(lambda: paddle.increment(x, paddle.to_tensor(step)))
    x.add_(paddle.to_tensor(step))
    claim.agree(variable, x)


@check("tf.meshgrid", "default")
def meshgrid(claim: Claim) -> None:
    x, y = random(2), random(3)
    expected = tf.meshgrid(x, y)
    claim.differ(expected, paddle.meshgrid(paddle.to_tensor(x), paddle.to_tensor(y)), "shape")
    claim.agree(expected, paddle.meshgrid(paddle.to_tensor(x), paddle.to_tensor(y), indexing="xy"))
