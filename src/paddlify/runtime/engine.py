"""Paddle Inference, quietly: the one place that makes predictors."""

from __future__ import annotations

import os
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from paddlify import formats
from paddlify.errors import MissingDependencyError, UsageError
from paddlify.runtime.feeds import element_type

DEVICES = ("cpu", "gpu")


def import_paddle() -> ModuleType:
    """The paddle module, imported without its warnings about compilers and its log.

    Raises MissingDependencyError when it is not installed.
    """
    os.environ.setdefault("GLOG_minloglevel", "2")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            import paddle
            import paddle.inference
        except ImportError as error:
            raise MissingDependencyError(f"PaddlePaddle is missing ({error}): pip install paddlepaddle") from error
    return paddle  # type: ignore[no-any-return]


def major_version() -> int:
    """The first number of the installed Paddle's version; a build from its sources ("0.0.0") counts as the newest."""
    return int(import_paddle().__version__.split(".")[0]) or 3


def check_device(device: str) -> None:
    """Raise UsageError for a device that there is not."""
    if device not in DEVICES:
        raise UsageError(f"device '{device}' is not one of {', '.join(DEVICES)}")
    if device == "gpu":
        paddle = import_paddle()
        if not paddle.is_compiled_with_cuda():
            raise UsageError("device 'gpu': this PaddlePaddle is built for the CPU; install paddlepaddle-gpu")
        if not paddle.device.cuda.device_count():
            raise UsageError("device 'gpu': this machine has no GPU that PaddlePaddle sees; use cpu")


def check_openvino() -> None:
    """Raise MissingDependencyError when this PaddlePaddle does not bring OpenVINO."""
    paddle = import_paddle()
    config = paddle.inference.Config()
    if hasattr(config, "enable_openvino_engine"):
        config.enable_openvino_engine(paddle.inference.PrecisionType.Float32)
        if config.openvino_engine_enabled():
            return
    raise MissingDependencyError(
        f"this PaddlePaddle ({paddle.__version__}) is built without OpenVINO, which wheels of 3.3 for x86 have; "
        "openvino=False (--no-openvino) runs the model on Paddle's own kernels"
    )


def errors_of_paddle() -> tuple[type[Exception], ...]:
    """What Paddle raises, its C++ side and its checks in Python; it has no common base but Exception."""
    paddle = import_paddle()
    return (
        RuntimeError, ValueError, TypeError, IndexError, MemoryError, ArithmeticError, OSError, KeyError, SystemError,
        AttributeError, AssertionError, paddle.base.core.EnforceNotMet,
    )


def default_threads() -> int:
    """OMP_NUM_THREADS if it is set, else the number of processors that this process may use."""
    given = os.environ.get("OMP_NUM_THREADS", "")
    return int(given) if given.isdigit() and int(given) > 0 else len(os.sched_getaffinity(0))


_FREED_AT_ONCE = "FLAGS_eager_delete_tensor_gb"


@contextmanager
def _freeing_by_and_by(paddle: ModuleType) -> Iterator[None]:
    """Let predictors that run for the first time inside the block free what is no longer needed when it comes to 4 MiB.

    By default they wake a thread after each operator to free its inputs: a third of the time of a network of many small
    operators, on two cores. What the user set, and other predictors, stay as they are.
    """
    before = paddle.get_flags(_FREED_AT_ONCE)
    if before[_FREED_AT_ONCE] == 0:
        paddle.set_flags({_FREED_AT_ONCE: 1 / 256})
    try:
        yield
    finally:
        paddle.set_flags(before)


class Predictor:
    """A program and its parameters, ready to run with one configuration; used from one thread.

    `input_names` are the program's inputs in its order: those of the model's that it uses.

    Args:
        folder: holds the program and, when the model has any, its parameters.
        format: of the program; None for the newest in the folder that this Paddle reads.
        device: "cpu" or "gpu".
        onednn: whether oneDNN's kernels are used (on the CPU).
        openvino: whether OpenVINO runs the whole program (on the CPU, of the format "pdmodel").
        threads: of the mathematics on the CPU.

    Raises LoadError when the folder has no program for this Paddle, UsageError for a device that there is not,
    MissingDependencyError without OpenVINO.
    """

    def __init__(
        self, folder: Path, *, device: str, onednn: bool, threads: int, openvino: bool = False,
        format: str | None = None,  # noqa: A002 - named like the flag
    ) -> None:
        self._paddle = import_paddle()
        check_device(device)
        self.format = formats.choose(folder, format, major_version())
        self._place = self._paddle.CPUPlace() if device == "cpu" else self._paddle.CUDAPlace(0)
        config = self._config(folder, device, onednn, threads, openvino)
        with tempfile.TemporaryDirectory(prefix="paddlify-") if openvino else nullcontext() as cache:
            if cache is not None:  # OpenVINO writes what it compiled, by default into the current folder
                config.set_optim_cache_dir(cache)
            self._predictor = self._paddle.inference.create_predictor(config)
        self._has_run = False
        self.input_names: list[str] = self._predictor.get_input_names()
        self.output_count = len(self._predictor.get_output_names())

    def _config(self, folder: Path, device: str, onednn: bool, threads: int, openvino: bool) -> Any:
        files = formats.FORMATS[self.format]
        program, parameters = folder / files.program, folder / files.parameters
        if self.format == "fluid" and not parameters.is_file():  # one file per parameter, if there are any
            config = self._paddle.inference.Config(str(folder))
        else:
            config = self._paddle.inference.Config(str(program), str(parameters) if parameters.is_file() else "")
        config.disable_glog_info()
        if device == "gpu":
            config.enable_use_gpu(256, 0)
        else:
            config.disable_gpu()
            config.set_cpu_math_library_num_threads(threads)
        if openvino:
            check_openvino()
            config.enable_openvino_engine(self._paddle.inference.PrecisionType.Float32)
        elif device == "cpu" and onednn:
            _switch(config, "enable")
            # It reuses the memory of a value that oneDNN made and another operator still needs: exp(x) - floor(exp(x))
            # gives 0.
            config.delete_pass("inplace_pass")
        else:
            _switch(config, "disable")
        return config

    def run(self, arrays: Sequence[np.ndarray[Any, Any]]) -> list[np.ndarray[Any, Any]]:
        """Outputs for inputs in the program's order and in its own dtypes; raises what Paddle raises."""
        if major_version() < 3:
            return self._run_handles(arrays)
        # Tensors rather than copy_from_cpu: that refuses int16, bfloat16 and complex numbers.
        with self._paddle.base.dygraph.guard(self._place):
            tensors = [self._tensor(array) for array in arrays]
            with nullcontext() if self._has_run else _freeing_by_and_by(self._paddle):
                results = self._predictor.run(tensors)
        self._has_run = True
        return [self._array(result) for result in results]

    def _run_handles(self, arrays: Sequence[np.ndarray[Any, Any]]) -> list[np.ndarray[Any, Any]]:
        """Paddle 2 ends the process when `run` is given tensors."""
        predictor = self._predictor
        for name, array in zip(self.input_names, arrays, strict=True):
            predictor.get_input_handle(name).copy_from_cpu(array)
        predictor.run()
        return [predictor.get_output_handle(name).copy_to_cpu() for name in predictor.get_output_names()]

    def _tensor(self, array: np.ndarray[Any, Any]) -> Any:
        name = array.dtype.name
        if name in _BIT_CASTS:
            return self._paddle.to_tensor(array.view(_BIT_CASTS[name])).view(name)
        return self._paddle.to_tensor(array)

    def _array(self, tensor: Any) -> np.ndarray[Any, Any]:
        name = str(tensor.dtype).removeprefix("paddle.")
        array: np.ndarray[Any, Any] = tensor.numpy()
        return array.view(element_type(name)) if name in _BIT_CASTS else array


def _switch(config: Any, verb: str) -> None:
    """`enable` or `disable` oneDNN, which Paddle 2 calls by its old name; it cannot disable what is off."""
    for name in (f"{verb}_onednn", f"{verb}_mkldnn"):
        if hasattr(config, name):
            getattr(config, name)()
            return


_BIT_CASTS = {"bfloat16": "int16", "float8_e4m3fn": "int8", "float8_e5m2": "int8"}
"""Types that NumPy knows only through ml_dtypes, and the integers of the same size that carry their bits."""
