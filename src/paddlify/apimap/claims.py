"""The means by which a check proves a row: registration, running both frameworks, comparing.

A check belongs to one row, and to one stated difference of it when the row is of kind ``differs``. Most checks are
one line, a TensorFlow expression and a grid of inputs: the Paddle side of it is what
:mod:`paddlify.apimap.translate` makes of the expression, so a check proves the very code that ``rewrite`` writes.
The others are functions that hold both sides; they get a :class:`Claim` to compare with.
"""

from __future__ import annotations

import ast
import inspect
import math
import textwrap
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from paddlify.apimap import translate
from paddlify.apimap.frameworks import paddle, tf
from paddlify.apimap.table import Parameter, Row, load

Array = npt.NDArray[Any]
Inputs = Mapping[str, Array]
How = Literal["value", "dtype", "shape", "count", "raises", "gradient", "missing"]

#: (rtol, atol) for values; gradients may be ten times as far apart.
_TOLERANCE = {
    "float16": (2e-3, 2e-3), "bfloat16": (2e-2, 2e-2), "float32": (2e-5, 2e-6), "float64": (1e-9, 1e-11),
    "complex64": (2e-5, 2e-6), "complex128": (1e-9, 1e-11),
}  # fmt: skip


class ClaimError(AssertionError):
    """What a row states does not hold on the installed versions."""


@dataclass(frozen=True)
class Measurement:
    """What was measured: the result is a sentence fragment such as ``max difference 64``.

    tensorflow, paddle: the pair of codes, or a label and nothing. line: the line of the check's body that measured.
    """

    tensorflow: str
    paddle: str
    result: str
    line: int = -1


@dataclass
class Claim:
    """Collects what a check measures, and raises ClaimError as soon as a statement does not hold."""

    measurements: list[Measurement] = field(default_factory=list)
    check: Check | None = None

    def _measured(self, label: str, result: str) -> None:
        """Note a result, and the line of the check's body that asked for it."""
        line, frame = -1, inspect.currentframe()
        while frame is not None and self.check is not None:
            if frame.f_code is getattr(self.check.run, "__code__", None):
                line = frame.f_lineno - self.check.first_line
                break
            frame = frame.f_back
        self.measurements.append(Measurement(label, "", result, line))

    def agree(
        self, expected: Any, actual: Any, rtol: float | None = None, atol: float | None = None, label: str = ""
    ) -> None:
        """The two results have the same structure, shapes, dtypes and values (NaN equals NaN)."""
        difference = compare(expected, actual, rtol, atol)
        if difference:
            raise ClaimError(f"expected agreement: {label} {difference.text}".strip())
        self._measured(label, "agrees")

    def differ(self, expected: Any, actual: Any, how: How = "value", by: float | None = None, label: str = "") -> None:
        """The two results differ in the named way; ``by`` is the largest absolute difference, to 2 %."""
        difference = compare(expected, actual)
        if not difference or difference.how != how:
            found = difference.text if difference else "they agree"
            raise ClaimError(f"expected the {how} to differ: {label} {found}".strip())
        if by is not None and not np.isclose(difference.size, by, rtol=0.02):
            raise ClaimError(f"expected a difference of {by}, found {difference.size}")
        self._measured(label, difference.text)

    def raises(self, call: Callable[[], Any], *errors: type[BaseException]) -> None:
        """The call raises one of the named errors; when none is named, any that is not a mistake in a name."""
        accepted = errors or (Exception,)
        try:
            call()
        except accepted as error:
            if not errors and isinstance(error, (NameError, AttributeError, ImportError)):
                raise ClaimError(f"the check itself is wrong: {error}") from error
            self._measured("", f"raises {type(error).__name__}")
        else:
            raise ClaimError("expected an exception")

    def holds(self, statement: bool, label: str) -> None:
        """A statement that is not a comparison of two results."""
        if not statement:
            raise ClaimError(f"does not hold: {label}")
        self._measured(label, "holds")


@dataclass(frozen=True)
class Check:
    """One check: the row, the code of the difference it proves (None for other kinds), and how to run it."""

    row: str
    code: str | None
    run: Callable[[Claim], None]
    source: str
    legacy: bool = False
    first_line: int = 0


CHECKS: list[Check] = []


# -- comparing ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Mismatch:
    how: How
    text: str
    size: float = float("nan")


def to_arrays(value: Any) -> list[Array]:
    """Flatten a result (tensor, number, list, tuple or dict of them) to arrays."""
    if isinstance(value, (list, tuple)):
        return [array for item in value for array in to_arrays(item)]
    if isinstance(value, dict):
        return [array for key in sorted(value) for array in to_arrays(value[key])]
    if hasattr(value, "numpy"):
        value = value.numpy()
    return [np.asarray(value)]


def compare(
    expected: Any, actual: Any, rtol: float | None = None, atol: float | None = None, factor: float = 1.0
) -> Mismatch | None:
    """The first mismatch of two results: in their number, shape, dtype or values; None when there is none."""
    left, right = to_arrays(expected), to_arrays(actual)
    if len(left) != len(right):
        return Mismatch("count", f"{len(right)} results instead of {len(left)}")
    for a, b in zip(left, right, strict=True):
        if a.shape != b.shape:
            return Mismatch("shape", f"shape {list(b.shape)} instead of {list(a.shape)}")
    for a, b in zip(left, right, strict=True):
        size, equal = _distance(a, b, rtol, atol, factor)
        if not equal:
            return Mismatch("value", f"max difference {size:.2g}", size)
    for a, b in zip(left, right, strict=True):
        if a.dtype != b.dtype:
            return Mismatch("dtype", f"{b.dtype} instead of {a.dtype}")
    return None


def _distance(a: Array, b: Array, rtol: float | None, atol: float | None, factor: float) -> tuple[float, bool]:
    default = _TOLERANCE.get(str(b.dtype), _TOLERANCE.get(str(a.dtype), (0.0, 0.0)))
    rtol = (default[0] if rtol is None else rtol) * factor
    atol = (default[1] if atol is None else atol) * factor
    if a.dtype.kind not in "biufc" or b.dtype.kind not in "biufc":
        a, b = _numeric(a), _numeric(b)
    if object in (a.dtype, b.dtype):
        return float("nan"), bool(np.array_equal(a, b))
    wide = np.complex128 if "c" in (a.dtype.kind, b.dtype.kind) else np.float64
    if a.dtype.kind in "biu" and b.dtype.kind in "biu":
        gap = np.abs(a.astype(object) - b.astype(object)) if a.size else np.zeros(0)
        return float(max(gap.ravel(), default=0)), bool(np.array_equal(a, b))
    x, y = a.astype(wide), b.astype(wide)
    with np.errstate(all="ignore"):
        gap = np.abs(x - y)
    both_special = (np.isnan(x) & np.isnan(y)) | (x == y)
    gap = np.where(both_special, 0.0, gap)
    with np.errstate(all="ignore"):
        close = gap <= atol + rtol * np.abs(x)
    close |= both_special
    worst = float(np.max(np.where(np.isnan(gap), np.inf, gap), initial=0.0))
    return worst, bool(np.all(close))


def _numeric(array: Array) -> Array:
    try:
        return array.astype(np.float64)
    except (TypeError, ValueError):
        return array.astype(object)


# -- running -----------------------------------------------------------------------------------------------


def _weights(shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    count = int(np.prod(shape))
    return np.linspace(0.5, 1.5, count).reshape(shape).astype(dtype)


def _is_float(array: Array) -> bool:
    return str(array.dtype) in ("float16", "float32", "float64", "bfloat16")


def _flat(value: Any) -> list[Any]:
    if isinstance(value, (list, tuple)):
        return [leaf for item in value for leaf in _flat(item)]
    return [value]


def run_tensorflow(code: str, inputs: Inputs, gradient: bool) -> tuple[Any, dict[str, Array] | None]:
    """Evaluate code with TensorFlow; the gradients are those of a weighted sum of the float results."""
    tensors = {name: tf.constant(value) for name, value in inputs.items()}
    sources = {name: tensor for name, tensor in tensors.items() if _is_float(inputs[name])}
    with tf.GradientTape() as tape:
        for tensor in sources.values():
            tape.watch(tensor)
        value = eval(code, {"tf": tf, "np": np, **tensors})  # noqa: S307  code of this package's own checks
        targets = [t for t in _flat(value) if tf.is_tensor(t) and t.dtype.is_floating]
    if not (gradient and sources and targets):
        return value, None
    seeds = [tf.constant(_weights(tuple(t.shape), t.dtype.as_numpy_dtype)) for t in targets]
    found = tape.gradient(targets, list(sources.values()), output_gradients=seeds)
    if all(g is None for g in found):
        return value, None
    return value, {
        name: np.zeros_like(inputs[name]) if g is None else tf.convert_to_tensor(g).numpy()
        for name, g in zip(sources, found, strict=True)
    }


def run_paddle(code: str, inputs: Inputs, gradient: bool) -> tuple[Any, dict[str, Array] | None]:
    """Evaluate code with Paddle; the gradients are those of a weighted sum of the float results."""
    tensors = {name: paddle.to_tensor(value) for name, value in inputs.items()}
    sources = {name: tensor for name, tensor in tensors.items() if gradient and _is_float(inputs[name])}
    for tensor in sources.values():
        tensor.stop_gradient = False
    value = eval(code, {"paddle": paddle, "np": np, **tensors})  # noqa: S307  code of this package's own table
    if not sources:
        return value, None
    floats = (paddle.float16, paddle.float32, paddle.float64)
    targets = [t for t in _flat(value) if paddle.is_tensor(t) and t.dtype in floats and not t.stop_gradient]
    if not targets:
        return value, {name: np.zeros_like(inputs[name]) for name in sources}
    seeds = [paddle.to_tensor(_weights(tuple(t.shape), t.numpy().dtype)) for t in targets]
    found = paddle.grad(targets, list(sources.values()), seeds, allow_unused=True)
    return value, {
        name: np.zeros_like(inputs[name]) if g is None else g.numpy() for name, g in zip(sources, found, strict=True)
    }


def _gradient_mismatch(
    expected: dict[str, Array],
    actual: dict[str, Array] | None,
    rtol: float | None = None,
    atol: float | None = None,
) -> Mismatch | None:
    for name, gradient in expected.items():
        other = np.zeros_like(gradient) if actual is None else actual[name]
        mismatch = compare(gradient, other, rtol, atol, factor=10.0)
        if mismatch:
            return Mismatch("gradient", f"gradient with respect to {name}: {mismatch.text}", mismatch.size)
    return None


def _finite(inputs: Inputs) -> bool:
    return all(not _is_float(a) or bool(np.isfinite(a.astype(np.float64)).all()) for a in inputs.values())


def _call_arguments(expression: str) -> tuple[str, list[translate.Argument]]:
    call = ast.parse(expression, mode="eval").body
    if not isinstance(call, ast.Call):
        raise ClaimError(f"not a call: {expression}")
    arguments = [translate.Argument(None, ast.unparse(a)) for a in call.args]
    arguments += [translate.Argument(k.arg, ast.unparse(k.value)) for k in call.keywords]
    return ast.unparse(call.func), arguments


def _row_and_arguments(name: str, expression: str) -> tuple[Row, tuple[Parameter, ...], list[translate.Argument]]:
    row = load().find(name)
    if row is None:
        raise ClaimError(f"no row {name}")
    function, arguments = _call_arguments(expression)
    generation = 1 if function.startswith("tf.compat.v1.") else 2
    called = function.replace("tf.compat.v1.", "tf.")
    if called not in row.names:
        raise ClaimError(f"{function} is not a name of the row {name}")
    return row, row.parameters(called, generation), arguments


def advised_code(name: str, expression: str) -> str:
    """What the row advises for a TensorFlow expression that is one call."""
    return _tensorflow_free(translate.advised(*_row_and_arguments(name, expression)))


def renamed_code(name: str, expression: str) -> str:
    """The TensorFlow expression with only its names changed."""
    return _tensorflow_free(translate.renamed(*_row_and_arguments(name, expression)))


def reordered_code(name: str, expression: str) -> str:
    """The TensorFlow expression with only the function's name changed."""
    row, _, arguments = _row_and_arguments(name, expression)
    written = (f"{a.keyword}={a.code}" if a.keyword else a.code for a in arguments)
    return _tensorflow_free(f"{row.paddle}({', '.join(written)})")


def _tensorflow_free(code: str) -> str:
    """Dtypes inside arguments have the same names in both frameworks."""
    return code.replace("tf.", "paddle.")


def _agreement(
    expression: str, code: str, grid: Sequence[Inputs], gradient: bool, rtol: float | None, atol: float | None
) -> str:
    """Run both sides on the whole grid; returns how close they came, raises ClaimError where they do not agree."""
    ran, with_gradient, worst = 0, 0, 0.0
    for inputs in grid:
        described = ", ".join(f"{k}: {v.dtype}{list(v.shape)}" for k, v in inputs.items())
        wants_gradient = gradient and _finite(inputs)
        try:
            expected, gradients = run_tensorflow(expression, inputs, wants_gradient)
        except Exception:  # noqa: BLE001  what TensorFlow does not accept, Paddle need not accept
            continue
        try:
            actual, paddle_gradients = run_paddle(code, inputs, gradients is not None)
        except Exception as error:
            raise ClaimError(f"{code} raises {type(error).__name__} on {described}: {str(error)[-200:]}") from error
        mismatch = compare(expected, actual, rtol, atol)
        if not mismatch and gradients is not None:
            mismatch = _gradient_mismatch(gradients, paddle_gradients, rtol, atol)
            with_gradient += 1
        if mismatch:
            raise ClaimError(f"{expression} and {code} on {described}: {mismatch.text}")
        ran += 1
        for a, b in zip(to_arrays(expected), to_arrays(actual), strict=True):
            size, _ = _distance(a, b, rtol, atol, 1.0)
            worst = max(worst, size)
    if not ran:
        raise ClaimError(f"TensorFlow accepts none of the inputs of {expression}")
    gradients_text = f", {with_gradient} with gradients" if with_gradient else ""
    return f"agrees on {ran} inputs{gradients_text}, {_bound(worst)}"


def _bound(difference: float) -> str:
    """The next power of ten, since the digits below it change with the processor."""
    return f"max difference below 1e{math.floor(math.log10(difference)) + 1:+03d}" if difference else "no difference"


def _shows(how: How, expression: str, code: str, inputs: Inputs) -> Mismatch | None:
    """The mismatch of the named kind on one input, if there is one."""
    expected, gradients = run_tensorflow(expression, inputs, how == "gradient")
    try:
        actual, paddle_gradients = run_paddle(code, inputs, gradients is not None)
    except Exception as error:  # noqa: BLE001
        return Mismatch("raises", f"raises {type(error).__name__}") if how == "raises" else None
    mismatch = compare(expected, actual)
    if how == "gradient" and not mismatch and gradients is not None:
        mismatch = _gradient_mismatch(gradients, paddle_gradients)
    return mismatch if mismatch and mismatch.how == how else None


# -- registering -------------------------------------------------------------------------------------------


def same(
    row: str,
    *expressions: str,
    grid: Sequence[Inputs],
    gradient: bool = True,
    rtol: float | None = None,
    atol: float | None = None,
) -> None:
    """The advised form of each expression agrees on the whole grid: values, shapes, dtypes and gradients.

    Inputs that TensorFlow refuses are left out; at least one must remain for each expression.
    """

    def run(claim: Claim) -> None:
        for expression in expressions:
            code = advised_code(row, expression)
            result = _agreement(expression, code, grid, gradient, rtol, atol)
            claim.measurements.append(Measurement(expression, code, result))

    CHECKS.append(Check(row, None, run, "\n".join(expressions)))


compose = same


def differs(
    row: str,
    code: str,
    *expressions: str,
    grid: Sequence[Inputs],
    how: How = "value",
    shown: str | None = None,
    shown_on: Sequence[Inputs] | None = None,
    gradient: bool = True,
    rtol: float | None = None,
    atol: float | None = None,
) -> None:
    """The expression ``shown``, plainly renamed, differs in the named way; the advised form of the others agrees.

    ``shown`` is the first expression when it is not given, and the difference must show on some input of
    ``shown_on`` (of ``grid`` when it is not given); the agreement must hold on the whole grid. For a difference in
    order the renamed call keeps its arguments as they are. ``how="missing"`` states that the renamed call cannot
    be written, because the counterpart has no such parameter.
    """

    def run(claim: Claim) -> None:
        expression = shown or expressions[0]
        if how == "missing":
            try:
                code_renamed = renamed_code(row, expression)
            except translate.Untranslatable as error:
                claim.measurements.append(Measurement(expression, "", str(error)))
            else:
                raise ClaimError(f"{expression} can be renamed to {code_renamed}")
        else:
            code_renamed = reordered_code(row, expression) if code == "order" else renamed_code(row, expression)
            shown_here = (_shows(how, expression, code_renamed, inputs) for inputs in shown_on or grid)
            mismatch = next((m for m in shown_here if m), None)
            if not mismatch:
                raise ClaimError(f"{expression} and {code_renamed} do not differ in {how}")
            claim.measurements.append(Measurement(expression, code_renamed, mismatch.text))
        for expression in expressions:
            code_advised = advised_code(row, expression)
            result = _agreement(expression, code_advised, grid, gradient, rtol, atol)
            claim.measurements.append(Measurement(expression, code_advised, result))

    CHECKS.append(Check(row, code, run, "\n".join(filter(None, (shown, *expressions)))))


def check(row: str, code: str | None = None, legacy: bool = False) -> Callable[[Callable[[Claim], None]], None]:
    """Register a function as the check of a row, or of one difference; its body is the example in the docs.

    legacy: the check runs in a process where ``tf.keras`` is Keras 2, which has ``tf.compat.v1.layers``.
    """

    def register(function: Callable[[Claim], None]) -> None:
        lines = inspect.getsource(function).splitlines()
        first = next(i for i, line in enumerate(lines) if line.lstrip().startswith("def ")) + 1
        source = textwrap.dedent("\n".join(lines[first:]))
        CHECKS.append(Check(row, code, function, source, legacy, function.__code__.co_firstlineno + first))

    return register


# -- grids -------------------------------------------------------------------------------------------------

FLOATS = ("float32", "float64")
INTEGERS = ("int32", "int64")
REALS = (*FLOATS, *INTEGERS)

_SPECIAL = [np.nan, np.inf, -np.inf]
_EDGES = [0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 1.5, 2.5, -1.5, -2.5, 1e-30, -1e-30, 20.5, -20.5, 6.0, 3.0, 80.0, -80.0]


def random(*shape: int, dtype: str = "float32", low: float = -2.0, high: float = 2.0, seed: int = 0) -> Array:
    """Repeatable values: uniform floats, or integers from low to high."""
    generator = np.random.default_rng(zlib.crc32(repr((shape, dtype, seed)).encode()))
    if dtype == "bool":
        return generator.random(shape) > 0.5
    if np.dtype(dtype).kind in "iu":
        return np.asarray(generator.integers(int(low), int(high) + 1, shape)).astype(dtype)
    return np.asarray(generator.uniform(low, high, shape)).astype(dtype)


def _edges(dtype: str, special: bool) -> Array:
    if np.dtype(dtype).kind == "i":
        return np.array([0, 1, -1, 2, 3, -3, 7, 100], dtype)
    if dtype == "bool":
        return np.array([True, False])
    return np.array(_SPECIAL + _EDGES if special else _EDGES, dtype)


def unary(*dtypes: str) -> list[Inputs]:
    """Inputs ``x`` for elementwise functions: edge values, a matrix, 0-d and 0-size, in each dtype."""
    grid: list[Inputs] = []
    for dtype in dtypes or REALS:
        grid += [{"x": _edges(dtype, special)} for special in (True, False)]
        grid += [{"x": random(*shape, dtype=dtype)} for shape in ((2, 3), (), (0, 3))]
    return grid


def binary(*dtypes: str) -> list[Inputs]:
    """Inputs ``x`` and ``y``: every pair of edge values, broadcasting, 0-d and 0-size, in each dtype."""
    grid: list[Inputs] = []
    for dtype in dtypes or REALS:
        for special in (True, False):
            edges = _edges(dtype, special)
            x, y = np.meshgrid(edges, edges, indexing="ij")
            grid.append({"x": x.ravel(), "y": y.ravel()})
        for left, right in (((2, 3), (3,)), ((2, 1), (1, 3)), ((), (2,)), ((), ()), ((0, 3), (1, 3))):
            grid.append({"x": random(*left, dtype=dtype), "y": random(*right, dtype=dtype, seed=1)})
    return grid


def reduction(*dtypes: str, empty: bool = True) -> list[Inputs]:
    """Inputs ``x`` of rank 2 for reductions: ties, one row, NaN and infinities, and 0-size."""
    grid: list[Inputs] = []
    for dtype in dtypes or REALS:
        ties = np.array([[1, 3, 3, -2], [0, 0, 0, 0], [5, -1, 5, 2]], dtype)
        grid += [{"x": ties}, {"x": random(3, 4, dtype=dtype)}, {"x": random(1, 5, dtype=dtype)}]
        if np.dtype(dtype).kind == "f":
            special = np.array([[1, np.nan, 2], [np.inf, 1, 2], [-np.inf, 1, np.inf], [-np.inf] * 3], dtype)
            grid.append({"x": special})
        if empty:
            grid.append({"x": random(0, 4, dtype=dtype)})
    return grid


def cases(**arrays: Iterable[Any] | Any) -> list[Inputs]:
    """Inputs spelled out: each keyword is an array, or a list of as many arrays as the others have."""
    columns = {name: value if isinstance(value, list) else [value] for name, value in arrays.items()}
    count = max(len(column) for column in columns.values())
    return [
        {name: np.asarray(column[index if len(column) > 1 else 0]) for name, column in columns.items()}
        for index in range(count)
    ]
