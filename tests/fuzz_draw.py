"""What random models are made of: a model of one node, and draws of arrays, axes and choices."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from hypothesis import strategies as st
from onnx import helper

from tests.backends.paddle.single_node import model_of

Draw = Callable[[st.SearchStrategy[Any]], Any]
FLOATS = ("float32", "float64")
INTS = ("int32", "int64")
OPSET = 20


@dataclass
class Case:
    """A model of one node.

    Attributes:
        inputs: arrays; None for one that is left out.
        constants: indices of the inputs that are initializers.
        is_dynamic: whether the sizes of inputs that are fed are not in the model; or, by input, axes of such sizes.
        behind: whether the first input goes through a convolution first, which with oneDNN blocks its memory.
        outputs: how many, or their names, "" for one that is left out.
        rtol: relative tolerance; the absolute one is that part of the largest value.
        opset: of ai.onnx; another `domain` has its first version.
        by_reference: whether the oracle is onnx's ReferenceEvaluator, for what onnxruntime has no kernel.
    """

    op_type: str
    inputs: Sequence[np.ndarray | None]
    attributes: dict[str, Any] = field(default_factory=dict)
    constants: Sequence[int] = ()
    is_dynamic: bool | Mapping[int, Sequence[int]] = False
    behind: bool = False
    outputs: int | Sequence[str] = 1
    rtol: float = 1e-4
    opset: int = OPSET
    domain: str = ""
    by_reference: bool = False

    def model(self) -> onnx.ModelProto:
        """The ONNX model; fed inputs are called `x0`, `x1`, …"""
        fed = [i for i, value in enumerate(self.inputs) if value is not None and i not in self.constants]
        dynamic = self.is_dynamic or None
        if dynamic is True:
            dynamic = {i: range(self.inputs[i].ndim) for i in fed}
        model = model_of(
            self.op_type, self.inputs, self.attributes, constants=self.constants, dynamic=dynamic,
            outputs=self.outputs, opset=self.opset, domain=self.domain,
        )
        if self.behind:
            _put_convolution_before(model, self.inputs[0].shape[1])
        return model

    def feeds(self) -> dict[str, np.ndarray]:
        """Inputs by name."""
        return {f"x{i}": v for i, v in enumerate(self.inputs) if v is not None and i not in self.constants}


def _put_convolution_before(model: onnx.ModelProto, channels: int) -> None:
    """Each channel times a power of two, so that it changes no digit."""
    kernel = np.diag(2.0 ** (np.arange(channels) % 3)).astype(np.float32).reshape(channels, channels, 1, 1)
    model.graph.initializer.append(onnx.numpy_helper.from_array(kernel, "kernel"))
    (node,) = model.graph.node
    for index, name in enumerate(node.input):
        if name == "x0":
            node.input[index] = "convolved"
    model.graph.node.insert(0, helper.make_node("Conv", ["x0", "kernel"], ["convolved"]))
    dims = model.graph.input[0].type.tensor_type.shape.dim
    dims[1].Clear()
    dims[1].dim_value = channels


def dims(draw: Draw, low: int = 1, high: int = 4, largest: int = 6) -> list[int]:
    return draw(st.lists(st.integers(1, largest), min_size=low, max_size=high))


def array(draw: Draw, shape: Sequence[int], dtype: str, low: float = -4, high: float = 4) -> np.ndarray:
    """Numbers in a range, in steps that make ties likely."""
    generator = np.random.default_rng(draw(st.integers(0, 2**16)))
    if dtype == "bool":
        return generator.random(shape) < 0.5
    numbers = generator.integers(int(low * 8), int(high * 8) + 1, shape) / 8
    return (numbers if np.dtype(dtype).kind == "f" else np.floor(numbers)).astype(dtype)


def seeds(draw: Draw) -> np.random.Generator:
    """A generator whose numbers follow from the draw."""
    return np.random.default_rng(draw(st.integers(0, 2**16)))


def axis_of(draw: Draw, rank: int) -> int:
    return draw(st.integers(-rank, rank - 1))


def one_of(draw: Draw, *choices: Any) -> Any:
    return draw(st.sampled_from(choices))


def indices(draw: Draw, shape: Sequence[int], size: int) -> np.ndarray:
    return np.random.default_rng(draw(st.integers(0, 2**16))).integers(-size, size, shape).astype(np.int64)
