"""Runs the two sides of a comparison: the source, on the runtime that says what is right, and the saved folder."""

from __future__ import annotations

import ctypes
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Protocol, TypeAlias

import numpy as np
import onnx
import onnx_ir as ir
from onnx_ir.passes.common import LiftConstantsToInitializersPass

from paddlify.errors import PaddlifyError
from paddlify.frontends.base import LoadOptions
from paddlify.frontends.tensorflow import installed
from paddlify.report import RuntimeChoice
from paddlify.runtime import worker
from paddlify.runtime.feeds import element_type
from paddlify.runtime.worker import ModelCrashError
from paddlify.verification import tensorflow
from paddlify.verification.errors import ConvertedError, SourceError, UnsuitableError

Array = np.ndarray[Any, Any]


class OnnxRuntime:
    """onnxruntime on a file or on bytes, operator by operator as the specification says (no fusions).

    Raises SourceError when onnxruntime cannot load the model.
    """

    def __init__(self, model: Path | bytes, what: str) -> None:
        import onnxruntime

        self.label = f"onnxruntime {onnxruntime.__version__} on {what}"
        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        options.log_severity_level = 4
        options.intra_op_num_threads = len(os.sched_getaffinity(0))
        content = model if isinstance(model, bytes) else str(model)
        try:
            self._session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        except _onnxruntime_errors() as error:
            raise SourceError(f"onnxruntime cannot load the source: {_line(error)}") from error
        self.input_shapes = {value.name: value.shape for value in self._session.get_inputs()}
        self.output_names = [value.name for value in self._session.get_outputs()]

    def run(self, feeds: Mapping[str, Array], outputs: Sequence[str]) -> list[Array]:
        """The named outputs; raises SourceError when the model refuses the feeds."""
        given = {name: _to_value(array) for name, array in feeds.items() if name in self.input_shapes}
        try:
            return [_from_value(value) for value in self._session.run_with_ort_values(list(outputs), given)]
        except _onnxruntime_errors() as error:
            raise SourceError(f"the source does not run on these inputs: {_line(error)}") from error


Source: TypeAlias = "str | os.PathLike[str] | onnx.ModelProto | ir.Model"


class Runner(Protocol):
    """Something that runs the source; `label` says what it is, with its version."""

    label: str

    def run(self, feeds: Mapping[str, Array], outputs: Sequence[str]) -> list[Array]:
        """The named outputs; raises SourceError, and UnsuitableError when another runner should be asked."""


@contextmanager
def _source_file(model: Source, graph: ir.Model, options: LoadOptions) -> Iterator[Runner]:
    """An ONNX model as the user gave it; a cut, other shapes or another layout are only in the graph."""
    if isinstance(model, ir.Model) or options.inputs or options.outputs or options.input_layout != "source":
        raise UnsuitableError("the source was cut or changed")
    content = model.SerializeToString() if isinstance(model, onnx.ModelProto) else Path(model)
    runner = OnnxRuntime(content, "the source itself")
    if not _accepts(runner, options):
        raise UnsuitableError("the shapes of the source were changed")
    yield runner


@contextmanager
def _tensorflow(model: Source, graph: ir.Model, options: LoadOptions) -> Iterator[Runner]:
    python = installed.interpreter()
    if python is None or not isinstance(model, (str, os.PathLike)):
        raise UnsuitableError("TensorFlow is not installed")
    yield tensorflow.TensorFlow(python, Path(model), options)


@contextmanager
def _graph(model: Source, graph: ir.Model, options: LoadOptions) -> Iterator[Runner]:
    with graph_runner(graph, "the graph that was read from the source") as runner:
        yield runner


_ROADS: dict[str, tuple[Callable[[Source, ir.Model, LoadOptions], AbstractContextManager[Runner]], ...]] = {
    "onnx": (_source_file, _graph),
    "tensorflow": (_tensorflow, _graph),
}


def source_runners(
    model: Source, source_format: str, graph: ir.Model, options: LoadOptions
) -> Iterator[AbstractContextManager[Runner]]:
    """What can say what is right, the best first; entering or running one may raise UnsuitableError.

    Args:
        model: the source as the user gave it.
        source_format: as the frontend calls it.
        graph: what the frontend made of it, with the same options.
        options: a cut, another layout or other shapes.
    """
    for road in _ROADS.get(source_format.split(maxsplit=1)[0], (_graph,)):
        yield road(model, graph, options)


@contextmanager
def graph_runner(model: ir.Model, what: str = "a graph") -> Iterator[OnnxRuntime]:
    """onnxruntime on a graph, which is written to a temporary file with its weights beside it.

    Weights that are Constant nodes become initializers, since onnxruntime takes data from no other folder.
    """
    with tempfile.TemporaryDirectory(prefix="paddlify-") as folder:
        path = Path(folder) / "graph.onnx"
        copy = model.clone()
        LiftConstantsToInitializersPass(lift_all_constants=True)(copy)
        ir.save(copy, path, external_data="graph.weights")
        yield OnnxRuntime(path, what)


def _accepts(runner: OnnxRuntime, options: LoadOptions) -> bool:
    """Whether the source's declared shapes allow the ones that the user set."""
    return all(_allows(runner.input_shapes.get(name, []), shape) for name, shape in options.input_shapes.items())


def _allows(declared: Sequence[int | str | None], shape: Sequence[int]) -> bool:
    return len(declared) == len(shape) and all(
        not isinstance(old, int) or old == new for old, new in zip(declared, shape, strict=True)
    )


def run_converted(
    folder: Path, feeds: Mapping[str, Array], device: str, *, onednn: bool, openvino: bool = False,
    format: str = "pir",  # noqa: A002 - named like the flag
) -> list[Array]:
    """What the saved folder computes, in a process of its own; raises ConvertedError when it does not run."""
    try:
        return worker.shared().run(folder, feeds, onednn=onednn, openvino=openvino, device=device, format=format)
    except PaddlifyError as error:
        what = "ends the process" if isinstance(error, ModelCrashError) else "does not run"
        raise ConvertedError(f"the converted model {what}: {error}") from error


def choose_runtime(
    folder: Path, feeds: Mapping[str, Array], device: str, format: str = "pir",  # noqa: A002 - named like the flag
) -> tuple[list[Array], RuntimeChoice]:
    """Run with oneDNN, and only when that fails without it; raises ConvertedError when neither runs."""
    if device != "cpu":
        return run_converted(folder, feeds, device, onednn=False, format=format), RuntimeChoice(None, "not on the CPU")
    try:
        return run_converted(folder, feeds, device, onednn=True, format=format), RuntimeChoice(True)
    except ConvertedError as error:
        results = run_converted(folder, feeds, device, onednn=False, format=format)
        return results, RuntimeChoice(False, f"with oneDNN {error}")


def _onnxruntime_errors() -> tuple[type[Exception], ...]:
    from onnxruntime.capi import onnxruntime_pybind11_state as state

    names = (
        "Fail", "InvalidArgument", "NoSuchFile", "NoModel", "EngineError", "RuntimeException", "InvalidProtobuf",
        "NotImplemented", "InvalidGraph", "EPFail",
    )
    return (RuntimeError, ValueError, *(getattr(state, name) for name in names))


def _line(error: Exception) -> str:
    text = " ".join(str(error).split())
    return text if len(text) <= 300 else text[:299] + "…"


def _to_value(array: Array) -> Any:
    """An OrtValue; the types of ml_dtypes go in as their bits."""
    from onnxruntime import OrtValue

    if array.dtype.kind != "V" and array.dtype.isbuiltin == 1:
        return OrtValue.ortvalue_from_numpy(np.require(array, requirements=["C", "W"]).reshape(array.shape))
    bits = np.array(array).view(f"uint{array.dtype.itemsize * 8}")
    return OrtValue.ortvalue_from_numpy_with_onnx_type(bits, ir.DataType.from_numpy(array.dtype).value)


def _from_value(value: Any) -> Array:
    """A NumPy array; raises SourceError for what is not a tensor."""
    if not value.is_tensor():
        raise SourceError(f"an output is a {value.data_type()}, not a tensor")
    name = _SPECIAL.get(value.data_type())
    if name is None:
        return value.numpy()  # type: ignore[no-any-return]
    dtype, shape = element_type(name), tuple(value.shape())
    buffer = (ctypes.c_char * value.tensor_size_in_bytes()).from_address(value.data_ptr())
    return np.frombuffer(bytes(buffer), dtype=dtype).reshape(shape)


_SPECIAL = {
    "tensor(bfloat16)": "bfloat16",
    "tensor(float8e4m3fn)": "float8_e4m3fn",
    "tensor(float8e5m2)": "float8_e5m2",
}
"""onnxruntime's types that NumPy does not know by itself."""
