"""Checks of ``data/math.toml``."""

import numpy as np

from paddlify.apimap.claims import Claim, check, compose, differs, same
from paddlify.apimap.frameworks import paddle, tf
from paddlify.apimap.grids import FLOATS, INTEGERS, binary, cases, random, reduction, unary

FINITE = [g for g in unary(*FLOATS) if np.isfinite(g["x"]).all()]
POSITIVE = cases(x=[random(9, dtype=d, low=0.1, high=40) for d in FLOATS])
COMPLEX = cases(x=[np.array([1 + 2j, 0, -3j, -1]), np.array([[1 - 1j]], "complex64"), np.zeros((0, 2), "complex64")])
BOOLEAN = cases(
    x=[np.array([True, True, False, False]), np.array(True)], y=[np.array([True, False, True, False]), np.array(False)]
)
RATIOS = cases(x=random(3, 4, low=0.1, high=3), y=random(3, 4, low=0.1, high=3, seed=1))

# elementwise, one operand
same("tf.abs", "tf.abs(x)", grid=[*unary(), *COMPLEX])
same("tf.cos", "tf.cos(x)", grid=unary(*FLOATS))
same("tf.exp", "tf.exp(x)", grid=unary(*FLOATS))
same("tf.floor", "tf.floor(x)", grid=unary(*FLOATS))
same("tf.math.is_finite", "tf.math.is_finite(x)", grid=unary(*FLOATS))
same("tf.math.is_nan", "tf.math.is_nan(x)", grid=unary(*FLOATS))
same("tf.math.is_inf", "tf.math.is_inf(x)", grid=unary(*FLOATS))
same("tf.math.log", "tf.math.log(x)", grid=unary(*FLOATS))
same("tf.logical_not", "tf.logical_not(x)", grid=unary("bool"))
same("tf.round", "tf.round(x)", grid=unary())
same("tf.math.rint", "tf.math.rint(x)", grid=unary(*FLOATS))
same("tf.math.rsqrt", "tf.math.rsqrt(x)", grid=unary(*FLOATS))
same("tf.sin", "tf.sin(x)", grid=unary(*FLOATS))
differs("tf.sqrt", "edge", "tf.sqrt(x)", grid=FINITE, shown_on=unary("float32"))
same("tf.square", "tf.square(x)", grid=unary())
same("tf.sign", "tf.sign(x)", grid=unary())
same("tf.negative", "tf.negative(x)", grid=unary())
same("tf.math.reciprocal", "tf.math.reciprocal(x)", grid=unary(*FLOATS))
same("tf.math.ceil", "tf.math.ceil(x)", grid=unary(*FLOATS))
same("tf.math.log1p", "tf.math.log1p(x)", grid=unary(*FLOATS))
same("tf.math.expm1", "tf.math.expm1(x)", grid=unary(*FLOATS))
same("tf.tan", "tf.tan(x)", grid=unary(*FLOATS))
same("tf.asin", "tf.asin(x)", grid=unary(*FLOATS))
same("tf.acos", "tf.acos(x)", grid=unary(*FLOATS))
same("tf.atan", "tf.atan(x)", grid=unary(*FLOATS))
same("tf.sinh", "tf.sinh(x)", grid=unary(*FLOATS))
same("tf.cosh", "tf.cosh(x)", grid=unary(*FLOATS))
same("tf.asinh", "tf.asinh(x)", grid=unary(*FLOATS))
same("tf.acosh", "tf.acosh(x)", grid=unary(*FLOATS), gradient=False)
same("tf.acosh", "tf.acosh(x)", grid=cases(x=[random(9, low=1, high=50), random(9, dtype="float64", low=1, high=50)]))
same("tf.atanh", "tf.atanh(x)", grid=unary(*FLOATS))
differs("tf.math.erf", "edge", "tf.math.erf(x)", grid=FINITE, shown_on=unary("float64"))
differs("tf.math.lgamma", "gradient", "tf.math.lgamma(x)", grid=POSITIVE, shown_on=cases(x=np.zeros(2)), how="gradient")
same("tf.math.lgamma", "tf.math.lgamma(x)", grid=unary(*FLOATS), gradient=False)
differs("tf.math.digamma", "edge", "tf.math.digamma(x)", grid=POSITIVE, shown_on=cases(x=np.zeros(2)))
differs("tf.math.log_sigmoid", "edge", "tf.math.log_sigmoid(x)", grid=FINITE, shown_on=cases(x=np.array([-np.inf])))
same("tf.math.angle", "tf.math.angle(x)", grid=COMPLEX)
differs(
    "tf.math.erfinv",
    "edge",
    "tf.math.erfinv(x)",
    grid=cases(x=random(20, low=-0.99, high=0.99)),
    shown_on=cases(x=np.array([1.5, -2.0], "float32")),
)
compose("tf.math.erfc", "tf.math.erfc(x)", grid=unary("float32", "float64"), atol=1e-7)
differs("tf.math.real", "dtype", "tf.math.real(x)", grid=COMPLEX, shown_on=cases(x=random(3)), how="raises")
differs("tf.math.imag", "dtype", "tf.math.imag(x)", grid=COMPLEX, shown_on=cases(x=random(3)), how="raises")
same("tf.clip_by_value", "tf.clip_by_value(x, -1, 2)", grid=unary())
compose("tf.math.zero_fraction", "tf.math.zero_fraction(x)", grid=[g for g in unary() if g["x"].size])

# elementwise, two operands
same("tf.add", "tf.add(x, y)", grid=binary())
same("tf.subtract", "tf.subtract(x, y)", grid=binary())
same("tf.multiply", "tf.multiply(x, y)", grid=binary())
differs(
    "tf.equal",
    "edge",
    "tf.equal(x, y)",
    grid=[
        *binary(*INTEGERS),
        *BOOLEAN,
        *cases(x=np.array([0.5, np.nan, np.inf, -0.0]), y=np.array([0.5, np.nan, np.inf, 0.0])),
    ],
    shown_on=cases(x=np.zeros(1), y=np.array([1e-16])),
)
differs(
    "tf.not_equal",
    "edge",
    "tf.not_equal(x, y)",
    grid=[
        *binary(*INTEGERS),
        *BOOLEAN,
        *cases(x=np.array([0.5, np.nan, np.inf, -0.0]), y=np.array([0.5, np.nan, np.inf, 0.0])),
    ],
    shown_on=cases(x=np.zeros(1), y=np.array([1e-16])),
)
same("tf.greater", "tf.greater(x, y)", grid=binary())
same("tf.greater_equal", "tf.greater_equal(x, y)", grid=binary())
same("tf.less", "tf.less(x, y)", grid=binary())
same("tf.less_equal", "tf.less_equal(x, y)", grid=binary())
same("tf.logical_and", "tf.logical_and(x, y)", grid=BOOLEAN)
same("tf.logical_or", "tf.logical_or(x, y)", grid=BOOLEAN)
same("tf.math.logical_xor", "tf.math.logical_xor(x, y)", grid=BOOLEAN)
differs(
    "tf.math.floordiv",
    "edge",
    "tf.math.floordiv(x, y)",
    grid=[g for g in binary() if np.isfinite(g["x"]).all() and np.all(g["y"] != 0)],
    shown_on=cases(x=np.array([np.inf]), y=np.array([1.0])),
    gradient=False,
)
same("tf.math.floormod", "tf.math.floormod(x, y)", "tf.math.mod(x, y)", grid=binary())
same("tf.atan2", "tf.atan2(x, y)", grid=binary(*FLOATS))
differs(
    "tf.math.igamma",
    "edge",
    "tf.math.igamma(x, y)",
    grid=RATIOS,
    how="raises",
    shown_on=cases(x=np.array([1, np.nan], "float32"), y=np.array([1, 1], "float32")),
    gradient=False,
)
same("tf.bitwise.bitwise_and", "tf.bitwise.bitwise_and(x, y)", grid=binary(*INTEGERS))
same("tf.bitwise.bitwise_or", "tf.bitwise.bitwise_or(x, y)", grid=binary(*INTEGERS))
differs(
    "tf.maximum",
    "gradient",
    "tf.maximum(x, y)",
    grid=binary(*INTEGERS),
    shown_on=cases(x=np.ones(2, "float32"), y=np.ones(2, "float32")),
    how="gradient",
)
differs(
    "tf.minimum",
    "gradient",
    "tf.minimum(x, y)",
    grid=binary(*INTEGERS),
    shown_on=cases(x=np.ones(2, "float32"), y=np.ones(2, "float32")),
    how="gradient",
)
differs("tf.divide", "dtype", "tf.divide(x, y)", grid=binary(*FLOATS), shown_on=binary("int32"), how="dtype")
differs("tf.truediv", "dtype", "tf.truediv(x, y)", grid=binary(*FLOATS), shown_on=binary("int32"), how="dtype")
differs(
    "tf.div",
    "dtype",
    "tf.compat.v1.div(x, y)",
    grid=binary(*FLOATS),
    shown_on=cases(x=np.array([7, -7], "int32"), y=np.array([2, 2], "int32")),
)
_POWERS = cases(x=[random(3, low=0.1), np.array([2, -3, 0])], y=[random(3, seed=1), np.array([3, 2, 1])])
differs(
    "tf.pow", "gradient", "tf.pow(x, y)", grid=_POWERS, shown_on=cases(x=np.zeros(1), y=np.zeros(1)), how="gradient"
)
same("tf.pow", "tf.pow(x, y)", grid=binary(*FLOATS), gradient=False)
compose("tf.math.squared_difference", "tf.math.squared_difference(x, y)", grid=binary())
compose("tf.truncatediv", "tf.truncatediv(x, y)", grid=binary(*INTEGERS))
compose("tf.truncatemod", "tf.truncatemod(x, y)", grid=binary(*INTEGERS))
compose(
    "tf.math.xlogy",
    "tf.math.xlogy(x, y)",
    grid=RATIOS + cases(x=np.array([0, 0, 2], "float32"), y=np.array([0, 2, 0.5], "float32")),
)
compose("tf.math.divide_no_nan", "tf.math.divide_no_nan(x, y)", grid=binary(*FLOATS))
differs("tf.math.scalar_mul", "order", "tf.math.scalar_mul(2.5, x)", grid=unary(*FLOATS), how="raises")
same("tf.complex", "tf.complex(x, y)", grid=binary(*FLOATS), gradient=False)
same(
    "tf.add_n", "tf.add_n([x, y])", grid=cases(x=[random(2, 3), random(2)], y=[random(2, 3, seed=1), random(2, seed=1)])
)
same("tf.math.accumulate_n", "tf.math.accumulate_n([x, y])", grid=cases(x=random(2, 3), y=random(2, 3, seed=1)))

# reductions
_REDUCTIONS = ("{}(x)", "{}(x, axis=0)", "{}(x, 1, True)", "{}(x, axis=[0, 1])")
for _name, _grid in (
    ("tf.reduce_mean", [*reduction(*FLOATS), *reduction(*INTEGERS, empty=False)]),
    ("tf.reduce_all", reduction("bool")),
    ("tf.reduce_any", reduction("bool")),
):
    same(_name, *(form.format(_name) for form in _REDUCTIONS), grid=_grid)
for _name in ("tf.reduce_max", "tf.reduce_min"):
    differs(
        _name,
        "edge",
        *(form.format(_name) for form in _REDUCTIONS),
        grid=reduction(empty=False),
        how="raises",
        shown_on=cases(x=np.zeros((0, 4), "float32")),
    )
_AXES = ("{}(x, axis=1)", "{}(x)", "{}(x, [0, 1], keepdims=True)", "{}(x, axis=0)")
differs(
    "tf.reduce_sum",
    "dtype",
    *(a.format("tf.reduce_sum") for a in _AXES),
    grid=reduction(*FLOATS, "int64"),
    shown_on=reduction("int32"),
    how="dtype",
)
differs(
    "tf.reduce_prod",
    "gradient",
    *(a.format("tf.reduce_prod") for a in _AXES),
    grid=[*cases(x=[random(3, 4), random(0, 3)]), *reduction(*INTEGERS)],
    shown_on=cases(x=np.array([[0.0, 2.0]])),
    how="gradient",
)
differs(
    "tf.reduce_logsumexp",
    "edge",
    "tf.reduce_logsumexp(x, axis=1)",
    grid=cases(x=random(3, 4)),
    shown_on=cases(x=np.array([[-np.inf, -np.inf], [np.inf, 1.0]], "float32")),
)
differs(
    "tf.math.reduce_std",
    "default",
    *(a.format("tf.math.reduce_std") for a in _AXES),
    grid=cases(x=[random(3, 4), random(2, 5, dtype="float64")]),
)
differs(
    "tf.math.reduce_variance",
    "default",
    *(a.format("tf.math.reduce_variance") for a in _AXES),
    grid=cases(x=[random(3, 4), random(2, 5, dtype="float64")]),
)
same(
    "tf.math.count_nonzero",
    "tf.math.count_nonzero(x)",
    "tf.math.count_nonzero(x, axis=1, keepdims=True)",
    grid=reduction(),
)
differs(
    "tf.math.cumulative_logsumexp",
    "default",
    "tf.math.cumulative_logsumexp(x)",
    "tf.math.cumulative_logsumexp(x, 1)",
    grid=cases(x=[random(3, 4), random(2, 2, dtype="float64")]),
    how="shape",
)
differs(
    "tf.math.l2_normalize",
    "default",
    "tf.math.l2_normalize(x, axis=1)",
    "tf.math.l2_normalize(x, -1)",
    shown="tf.math.l2_normalize(x)",
    grid=cases(x=[random(3, 4), np.full((1, 2), 1e-8, "float32")]),
    gradient=False,
)

# counting, segments
_LABELS = cases(x=np.array([0, 2, 2, 5], "int32"))
differs("tf.math.bincount", "dtype", "tf.math.bincount(x)", grid=_LABELS, how="dtype")
differs(
    "tf.math.bincount",
    "usage",
    "tf.math.bincount(x)",
    shown="tf.math.bincount(x, maxlength=3)",
    grid=_LABELS,
    how="missing",
)
_SEGMENTS = cases(
    x=[random(5, 3), random(5), random(5, 2, dtype="float64"), random(5, dtype="int32")],
    y=np.array([0, 0, 1, 3, 3], "int32"),
)
same("tf.math.segment_sum", "tf.math.segment_sum(x, y)", grid=_SEGMENTS)
same("tf.math.segment_mean", "tf.math.segment_mean(x, y)", grid=_SEGMENTS)
differs(
    "tf.math.segment_max",
    "gradient",
    "tf.math.segment_max(x, y)",
    grid=_SEGMENTS,
    how="gradient",
    shown_on=cases(x=np.array([1, 1, 0], "float32"), y=np.array([0, 0, 1], "int32")),
)


@check("tf.math.confusion_matrix")
def confusion_matrix(claim: Claim) -> None:
    labels, predictions, classes = np.array([0, 1, 2, 2]), np.array([0, 2, 2, 1]), 3
    expected = tf.math.confusion_matrix(labels, predictions, classes)

    index = paddle.to_tensor(labels) * classes + paddle.to_tensor(predictions)
    counts = paddle.bincount(index, minlength=classes * classes).reshape([classes, classes])

    claim.agree(expected, counts.astype("int32"))


@check("tf.math.in_top_k")
def in_top_k(claim: Claim) -> None:
    scores = np.array([[0.1, 0.8, 0.1], [0.5, 0.2, 0.3], [0.4, 0.4, 0.2]], "float32")
    targets, k = np.array([1, 1, 1]), 2
    expected = tf.math.in_top_k(targets, scores, k)

    own = paddle.take_along_axis(paddle.to_tensor(scores), paddle.to_tensor(targets[:, None]), 1)
    better = (paddle.to_tensor(scores) > own).sum(1)

    claim.agree(expected, better < k)


@check("tf.math.unsorted_segment_sum")
def unsorted_segment_sum(claim: Claim) -> None:
    data, ids, count = random(5, 2), np.array([3, 0, 3, 1, 0]), 4
    expected = tf.math.unsorted_segment_sum(data, ids, count)

    zeros = paddle.zeros([count, 2])
    actual = paddle.scatter_nd_add(zeros, paddle.to_tensor(ids[:, None]), paddle.to_tensor(data))

    claim.agree(expected, actual)


@check("tf.pow", "edge")
def pow_negative(claim: Claim) -> None:
    base, power = np.array([2, 3], "int32"), np.array([-1, 2], "int32")
    claim.raises(lambda: tf.pow(base, power), tf.errors.InvalidArgumentError)
    claim.agree(np.array([0, 9], "int32"), paddle.pow(paddle.to_tensor(base), paddle.to_tensor(power)))


@check("tf.math.polyval")
def polyval(claim: Claim) -> None:
    coefficients, x = [2.0, -1.0, 0.5], random(4)
    expected = tf.math.polyval(coefficients, x)

    value = paddle.zeros([4])
    for coefficient in coefficients:
        value = value * paddle.to_tensor(x) + coefficient

    claim.agree(expected, value)


@check("tf.math.l2_normalize", "edge")
def l2_normalize(claim: Claim) -> None:
    tiny = np.full((1, 2), 1e-8, "float32")
    claim.differ(tf.math.l2_normalize(tiny, axis=1), paddle.nn.functional.normalize(paddle.to_tensor(tiny)), by=0.697)

    for x in (tiny, random(3, 4)):
        expected = tf.math.l2_normalize(x, axis=1)
        claim.agree(expected, paddle.nn.functional.normalize(paddle.to_tensor(x), axis=1, epsilon=1e-6))


@check("tf.clip_by_global_norm", "usage")
def clip_by_global_norm(claim: Claim) -> None:
    gradients = [random(2, 3), random(4, seed=1)]
    claim.raises(
        lambda: paddle.nn.ClipGradByGlobalNorm([paddle.to_tensor(g) for g in gradients], 1.0)([]), TypeError, ValueError
    )
    expected, norm = tf.clip_by_global_norm(gradients, 1.0)

    parameters = [paddle.to_tensor(np.zeros_like(g), stop_gradient=False) for g in gradients]
    pairs = [(p, paddle.to_tensor(g)) for p, g in zip(parameters, gradients, strict=True)]
    clipped = [g for _, g in paddle.nn.ClipGradByGlobalNorm(1.0)(pairs)]

    claim.agree(expected, clipped)
    claim.agree(norm, paddle.linalg.norm(paddle.concat([paddle.to_tensor(g).flatten() for g in gradients])))


@check("tf.clip_by_norm", "usage")
def clip_by_norm(claim: Claim) -> None:
    x = random(2, 3)
    claim.holds(not paddle.is_tensor(paddle.nn.ClipGradByNorm(1.0)), "paddle.nn.ClipGradByNorm(1.0) is an object")
    for clip_norm in (1.0, 100.0):
        norm = paddle.linalg.norm(paddle.to_tensor(x))
        clipped = paddle.to_tensor(x) * (clip_norm / paddle.clip(norm, min=clip_norm))
        claim.agree(tf.clip_by_norm(x, clip_norm), clipped)
