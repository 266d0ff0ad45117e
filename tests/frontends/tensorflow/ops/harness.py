"""Compares lowered operators, run by onnxruntime, with TensorFlow itself."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnx_ir as ir
import onnxruntime
import pytest

from frontends.tensorflow.ops.expressions import Call, write
from paddlify.frontends.base import LoadOptions
from paddlify.frontends.tensorflow import load
from paddlify.ir.opset import LOWERING_OPSET

SERVER = Path(__file__).with_name("tensorflow_server.py")
Compare = Callable[..., None]


class TensorFlow:
    """The oracle: one process for all tests, because importing TensorFlow takes seconds."""

    def __init__(self, python: str) -> None:
        command = [python, str(SERVER)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )

    def evaluate(self, folder: Path) -> None:
        """Have the graph described in the folder built and run; fails the test with TensorFlow's error."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{folder}\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline().strip()
        if answer != "ok":
            pytest.fail(f"TensorFlow: {answer or 'the process died'}")

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(timeout=30)


def each(*cases: Call) -> Callable[[Any], Any]:
    """Parametrise a test with `case` and `dynamic`: each case with known and with unknown sizes."""

    def decorate(function: Any) -> Any:
        function = pytest.mark.parametrize("case", cases, ids=repr)(function)
        return pytest.mark.parametrize("dynamic", [False, True], ids=["static", "dynamic"])(function)

    return decorate


def lowered(folder: Path, outputs: list[str]) -> ir.Model:
    """The ONNX model that `graph.pb` in the folder is lowered to."""
    return load(folder / "graph.pb", LoadOptions(outputs=outputs)).model


def run(model: ir.Model, arrays: dict[str, np.ndarray]) -> list[np.ndarray]:
    """Check the model strictly and run it."""
    proto = ir.to_proto(model)
    onnx.checker.check_model(proto, full_check=True)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(proto.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return session.run(None, {value.name: arrays[value.name] for value in session.get_inputs()})


def compare_with(tensorflow: TensorFlow, folder: Path) -> Compare:
    """A function that compares one case: count, dtype, shape and value of its outputs."""

    def compare(
        case: Call,
        *,
        dynamic: bool,
        expected: Call | None = None,
        rtol: float = 2e-6,
        atol: float = 1e-6,
        operators: Collection[str] | None = None,
    ) -> None:
        """Compare one case.

        `expected` says the numbers where TensorFlow cannot run the case itself; `atol` is relative to the scale;
        `operators` are the ONNX operators that what the outputs need must be made of.
        """
        actual, wanted = both(tensorflow, folder, case, dynamic=dynamic, expected=expected)
        if operators is not None:
            made_of = {node.op_type for node in ir.load(folder / "lowered.onnx").graph}
            assert made_of == set(operators)
        for index, (result, target) in enumerate(zip(actual, wanted, strict=True)):
            assert_same(result, target, f"output {index}", rtol, atol)

    return compare


def both(
    tensorflow: TensorFlow,
    folder: Path,
    case: Call,
    *,
    dynamic: bool,
    expected: Call | None = None,
    opset: int = LOWERING_OPSET,
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """The outputs of the lowered case, and TensorFlow's."""
    arrays = write(case, folder, dynamic=dynamic, expected=expected)
    tensorflow.evaluate(folder)
    names = json.loads((folder / "outputs.json").read_text())
    with np.load(folder / "outputs.npz") as stored:
        wanted = [stored[f"output{index}"] for index in range(len(stored))]
    model = lowered(folder, names)
    for value, target in zip(model.graph.outputs, wanted, strict=True):
        check_inferred_shape(value, target.shape)
    model.opset_imports[""] = opset
    ir.save(model, folder / "lowered.onnx")
    return run(model, arrays), wanted


def drawn(tensorflow: TensorFlow, folder: Path, case: Call, *, dynamic: bool) -> tuple[np.ndarray, np.ndarray]:
    """The only output of a case whose numbers are random, and TensorFlow's.

    onnxruntime's kernels of random numbers are registered up to opset 21, which says the same of them.
    """
    (actual,), (wanted,) = both(tensorflow, folder, case, dynamic=dynamic, opset=21)
    return actual, wanted


def check_inferred_shape(value: ir.Value, shape: tuple[int, ...]) -> None:
    """What was inferred of a shape is true; a rank that depends on the data is filled in, as the checker wants one."""
    if value.shape is None:
        value.shape = ir.Shape([None] * len(shape))
    assert value.shape.rank() == len(shape)
    known = [(dim, size) for dim, size in zip(value.shape, shape, strict=True) if isinstance(dim, int)]
    assert all(dim == size for dim, size in known), f"inferred {value.shape}, found {shape}"


def assert_same(actual: np.ndarray, expected: np.ndarray, what: str, rtol: float, atol: float) -> None:
    """Same dtype, shape and value; `atol` is relative to the largest expected value (or 1 if that is larger)."""
    assert actual.dtype == expected.dtype, what
    assert actual.shape == expected.shape, what
    if expected.dtype.kind != "f":
        np.testing.assert_array_equal(actual, expected, what)
        return
    finite = np.abs(expected[np.isfinite(expected)])
    scale = max(1.0, float(finite.max())) if finite.size else 1.0
    np.testing.assert_allclose(actual, expected, rtol=rtol, atol=atol * scale, err_msg=what)
