from __future__ import annotations

import numpy as np

from frontends.tensorflow.ops.expressions import boolean, call, const, f32, f64, i32, i64
from frontends.tensorflow.ops.harness import Compare, each

UNARY = [
    "Abs",
    "Atan",
    "Ceil",
    "Cos",
    "Erf",
    "Erfc",
    "Exp",
    "Expm1",
    "Floor",
    "Inv",
    "IsFinite",
    "IsInf",
    "IsNan",
    "Neg",
    "Reciprocal",
    "Rint",
    "Round",
    "Sigmoid",
    "Sign",
    "Sin",
    "Sinh",
    "Cosh",
    "Asinh",
    "Square",
    "Tan",
    "Tanh",
]
SPECIAL = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 0.5, 1.5, 2.5, -0.5, -1.5, 1e-8, -1e-7, 3e-4], np.float32)
POSITIVE = f32(2, 3, low=0.1, high=9.0)
A, B = f32(2, 3), f32(2, 3, seed=1)
M, N = i32(3, 4), np.where(i32(4, seed=1) == 0, 3, i32(4, seed=1)).astype(np.int32)


@each(
    *(call(name, A) for name in UNARY),
    *(call(name, POSITIVE) for name in ("Log", "Log1p", "Sqrt", "Rsqrt", "Acosh")),
    *(call(name, f32(2, 3, low=-0.99, high=0.99)) for name in ("Acos", "Asin", "Atanh", "Log1p")),
    *(call(name, f64(2, 3)) for name in ("Abs", "Exp", "Expm1", "Square", "Sigmoid", "Tanh")),
    *(call(name, SPECIAL) for name in ("IsFinite", "IsInf", "IsNan", "Round", "Rint", "Expm1", "Log1p", "Floor")),
    *(call(name, M) for name in ("Abs", "Neg", "Sign", "Square", "Invert")),
    call("LogicalNot", boolean(2, 3)),
)
def test_unary(compare: Compare, case, dynamic):
    compare(case, dynamic=dynamic, atol=2e-7)


@each(
    *(
        call(name, *inputs)
        for name in [
            "Add",
            "AddV2",
            "Sub",
            "Mul",
            "Maximum",
            "Minimum",
            "SquaredDifference",
            "Greater",
            "GreaterEqual",
            "Less",
            "LessEqual",
        ]
        for inputs in [(A, B), (f32(2, 1, 3), f32(4, 1)), (M, N)]
    ),
    *(call(name, A, B) for name in ("Div", "RealDiv", "FloorDiv", "FloorMod", "Mod", "DivNoNan", "MulNoNan", "Atan2")),
    *(call(name, M, N) for name in ("Div", "TruncateDiv", "FloorDiv", "FloorMod", "Mod", "TruncateMod")),
    *(call(name, i64(3, 4), N.astype(np.int64)) for name in ("FloorDiv", "FloorMod", "Mod", "Mul")),
    call(
        "FloorMod",
        np.array([5.5, -5.5, 5.5, -5.5, 4.0, -4.0, 0.0], np.float32),
        np.array([3, 3, -3, -3, 2, 2, 2], np.float32),
    ),
    call("FloorDiv", np.array([-(2**31), 2**31 - 1, -7], np.int32), const([3, -3, 7])),
    call("Pow", POSITIVE, B),
    call("Pow", M, const(3)),
    call("Equal", M, const(i32(3, 1))),
    call("NotEqual", M, const(i32(3, 1)), incompatible_shape_error=False),
    call("Equal", boolean(5), boolean(5, seed=1)),
    call("LogicalAnd", boolean(2, 3), boolean(3, seed=1)),
    call("LogicalOr", boolean(2, 3), boolean(3, seed=1)),
    *(call(name, M, i32(3, 4, seed=2)) for name in ("BitwiseAnd", "BitwiseOr", "BitwiseXor")),
    call("ApproximateEqual", A, const(A + np.float32(3e-6)), tolerance=1e-5),
)
def test_binary(compare: Compare, case, dynamic):
    compare(case, dynamic=dynamic)


ZEROS = np.array([0, 0, 1, -2, 0, np.inf], np.float32)
OTHERS = np.array([0, 3, 0, 0, -1, 0], np.float32)


@each(
    call("DivNoNan", OTHERS, ZEROS),
    call("DivNoNan", f32(3, 2), const(np.array([0, 2], np.float32))),
    call("MulNoNan", np.array([np.nan, np.inf, 2, 3], np.float32), np.array([0, 0, 0, 2], np.float32)),
    call("Xdivy", OTHERS, ZEROS),
    call("Xlogy", np.array([0, 0, 2, 3], np.float32), np.array([0, np.inf, 3, 0.5], np.float32)),
    call("Xlog1py", np.array([0, 0, 2, 3], np.float32), np.array([-1, np.inf, 3e-5, 0.5], np.float32)),
    call(
        "Atan2",
        np.array([0, 0, -0.0, -0.0, 1, -1, 1, np.inf, -np.inf, np.inf, 2, -2], np.float32),
        np.array([1, -1, 1, -1, 0, 0, -0.0, np.inf, -np.inf, -np.inf, -np.inf, -2], np.float32),
    ),
)
def test_where_the_plain_formula_fails(compare: Compare, case, dynamic):
    compare(case, dynamic=dynamic)


SHIFTS = np.array([0, 1, 3, 7, 15, 31, 33, -1], np.int64)


@each(
    *(
        call(name, (i64(8, low=-(2**31), high=2**31 - 1) // 2**22).astype(dtype), SHIFTS.astype(dtype))
        for name in ("LeftShift", "RightShift")
        for dtype in (np.int32, np.int64, np.int8, np.int16)
    ),
    call("RightShift", np.array([-1, -(2**62), 2**62], np.int64), const(np.array([63, 61, 60], np.int64))),
    call("LeftShift", np.array([1, 255, 7], np.uint8), const(np.array([7, 1, 3], np.uint8))),
    call("RightShift", np.array([128, 255, 7], np.uint8), const(np.array([7, 1, 3], np.uint8))),
)
def test_shifts(compare: Compare, case, dynamic):
    compare(case, dynamic=dynamic)


@each(
    call("AddN", [A, B, A]),
    call("AddN", [M, M]),
    call("AddN", [A]),
    call("ClipByValue", A, const(-0.5), const(1.0)),
    call("ClipByValue", M, const(-3), const(5)),
    call("ClipByValue", A, const(f32(2, 3, low=-1, high=0)), const(f32(2, 3, low=0, high=1))),
)
def test_several_inputs(compare: Compare, case, dynamic):
    compare(case, dynamic=dynamic)


FRACTIONS = np.array([-2.9, -1.5, -0.5, 0.0, 0.5, 1.5, 2.9, 100.7], np.float32)


@each(
    *(call("Cast", FRACTIONS, DstT=to) for to in ("int32", "int64", "bool", "float64", "float32", "int8", "float16")),
    *(call("Cast", i32(5, low=-300, high=300), DstT=to) for to in ("float32", "bool", "int64", "uint8", "int8")),
    *(call("Cast", boolean(5), DstT=to) for to in ("float32", "int32", "uint8")),
    call("Cast", np.array([2**40 + 5, -(2**33) - 1], np.int64), DstT="int32"),
)
def test_cast(compare: Compare, case, dynamic):
    compare(case, dynamic=dynamic)
