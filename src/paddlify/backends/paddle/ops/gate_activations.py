"""Activation functions of recurrent operators' gates, with the parameters that their node gives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from paddlify.backends.paddle.module import Recorder
from paddlify.errors import Refusal


@dataclass(frozen=True)
class Activation:
    """One activation function; `alpha` and `beta` are None where it has no such parameter."""

    name: str
    alpha: float | None
    beta: float | None

    def __call__(self, paddle: Recorder, x: Any) -> Any:
        """The function of `x`."""
        return _FUNCTIONS[self.name].emit(paddle, x, self.alpha, self.beta)


@dataclass(frozen=True)
class _Function:
    """How a function is said, and the defaults of its parameters."""

    emit: Callable[[Recorder, Any, Any, Any], Any]
    alpha: float | None = None
    beta: float | None = None


def _thresholded_relu(paddle: Recorder, x: Any, alpha: float, beta: float | None) -> Any:
    return paddle.where(x >= alpha, x, paddle.zeros_like(x))


_FUNCTIONS = {
    "Relu": _Function(lambda paddle, x, alpha, beta: paddle.nn.functional.relu(x)),
    "Tanh": _Function(lambda paddle, x, alpha, beta: paddle.tanh(x)),
    "Sigmoid": _Function(lambda paddle, x, alpha, beta: paddle.nn.functional.sigmoid(x)),
    "Softsign": _Function(lambda paddle, x, alpha, beta: paddle.nn.functional.softsign(x)),
    "Softplus": _Function(lambda paddle, x, alpha, beta: paddle.nn.functional.softplus(x)),
    "Affine": _Function(lambda paddle, x, alpha, beta: x * alpha + beta, 1.0, 0.0),
    "LeakyRelu": _Function(lambda paddle, x, alpha, beta: paddle.nn.functional.leaky_relu(x, alpha), 0.01),
    "ThresholdedRelu": _Function(_thresholded_relu, 1.0),
    "ScaledTanh": _Function(lambda paddle, x, alpha, beta: paddle.tanh(x * beta) * alpha, 1.0, 1.0),
    "HardSigmoid": _Function(lambda paddle, x, alpha, beta: paddle.nn.functional.hardsigmoid(x, alpha, beta), 0.2, 0.5),
    "Elu": _Function(lambda paddle, x, alpha, beta: paddle.nn.functional.elu(x, alpha), 1.0),
}
_BY_LOWER_NAME = {name.lower(): name for name in _FUNCTIONS}


def activations_of(
    given: Sequence[str] | None, defaults: Sequence[str], direction: str, alphas: Sequence[float] | None,
    betas: Sequence[float] | None,
) -> list[Activation]:
    """The functions of all directions in turn.

    `alphas` and `betas` are consumed in order by the functions that have such a parameter. Raises Refusal for an
    unknown function or a wrong number of them.
    """
    count = len(defaults) * (2 if direction == "bidirectional" else 1)
    names = list(given) if given else list(defaults) * (count // len(defaults))
    if len(names) != count:
        raise Refusal(f"{len(names)} activations are given where {count} are needed")
    left_alphas, left_betas = list(alphas or []), list(betas or [])
    found = []
    for written in names:
        name = _BY_LOWER_NAME.get(written.lower())
        if name is None:
            raise Refusal(f"activation '{written}' is not supported")
        function = _FUNCTIONS[name]
        alpha = left_alphas.pop(0) if function.alpha is not None and left_alphas else function.alpha
        beta = left_betas.pop(0) if function.beta is not None and left_betas else function.beta
        found.append(Activation(name, alpha, beta))
    return found
