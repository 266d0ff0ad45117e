"""Runs the code of a check with TensorFlow and with Paddle, and compares values and gradients."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from paddlify.apimap.comparing import Array, ClaimError, How, Mismatch, compare, distance, to_arrays
from paddlify.apimap.frameworks import paddle, tf

Inputs = Mapping[str, Array]


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


def gradient_mismatch(
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


def agreement(
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
            mismatch = gradient_mismatch(gradients, paddle_gradients, rtol, atol)
            with_gradient += 1
        if mismatch:
            raise ClaimError(f"{expression} and {code} on {described}: {mismatch.text}")
        ran += 1
        for a, b in zip(to_arrays(expected), to_arrays(actual), strict=True):
            size, _ = distance(a, b, rtol, atol, 1.0)
            worst = max(worst, size)
    if not ran:
        raise ClaimError(f"TensorFlow accepts none of the inputs of {expression}")
    gradients_text = f", {with_gradient} with gradients" if with_gradient else ""
    return f"agrees on {ran} inputs{gradients_text}, {_bound(worst)}"


def _bound(difference: float) -> str:
    """The next power of ten, since the digits below it change with the processor."""
    return f"max difference below 1e{math.floor(math.log10(difference)) + 1:+03d}" if difference else "no difference"


def shows(how: How, expression: str, code: str, inputs: Inputs) -> Mismatch | None:
    """The mismatch of the named kind on one input, if there is one."""
    expected, gradients = run_tensorflow(expression, inputs, how == "gradient")
    try:
        actual, paddle_gradients = run_paddle(code, inputs, gradients is not None)
    except Exception as error:  # noqa: BLE001
        return Mismatch("raises", f"raises {type(error).__name__}") if how == "raises" else None
    mismatch = compare(expected, actual)
    if how == "gradient" and not mismatch and gradients is not None:
        mismatch = gradient_mismatch(gradients, paddle_gradients)
    return mismatch if mismatch and mismatch.how == how else None
