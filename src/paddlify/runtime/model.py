"""A converted model, loaded and ready to run."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from paddlify import formats
from paddlify.errors import InputError, LoadError, PaddlifyError, UsageError
from paddlify.report import Report, RuntimeChoice, TensorSpec
from paddlify.runtime import engine
from paddlify.runtime.feeds import Feeds, element_type, ordered_feeds

logger = logging.getLogger("paddlify")

OPENVINO_FORMAT = "pdmodel"
"""The form of a program that Paddle hands to OpenVINO."""

HELD_AS = {"uint16": "int32", "uint32": "int64", "uint64": "int64"}
"""Types without kernels in Paddle, and the type that holds them in a converted program."""


class Model:
    """A converted model on Paddle Inference. Use it from one thread; load it once more for another.

    Attributes:
        format: of the program that was loaded.
        inputs: specs in the source's order, with the source's names.
        outputs: the same of what the model computes.
        runtime: whether oneDNN is used, and the reason where it is not, or OpenVINO.
    """

    def __init__(
        self, folder: Path, *, device: str = "cpu", format: str | None = None,  # noqa: A002 - named like the flag
        onednn: bool | None = None, openvino: bool | None = None, threads: int | None = None,
    ) -> None:
        if threads is not None and threads < 1:
            raise InputError(f"threads={threads}: at least one is needed")
        report = Report.read(folder)
        self.inputs: Sequence[TensorSpec] = list(report.inputs)
        self.outputs: Sequence[TensorSpec] = list(report.outputs)
        takes_openvino = _takes_openvino(openvino, report, device, format, onednn)
        asked_for = OPENVINO_FORMAT if takes_openvino else format
        self.format = formats.choose(folder, asked_for, engine.major_version())
        self._is_fixed = takes_openvino or onednn is not None
        self.runtime = report.runtime_of(self.format)
        if takes_openvino:
            self.runtime = RuntimeChoice(openvino=True)
        elif onednn is not None:
            self.runtime = RuntimeChoice(onednn, "as asked for")
        self._folder, self._device, self._threads = folder, device, threads or engine.default_threads()
        self._predictor = self._start()
        self._plain: engine.Predictor | None = None
        self._check_arity()

    def inference(self, feed_dict: Feeds) -> list[np.ndarray[Any, Any]]:
        """Outputs, in the order of `outputs`, for inputs given by name or spec.

        Each array has the declared dtype. Raises InputError when a feed does not fit its input, and
        PaddlifyError when Paddle cannot run the model on it.
        """
        feeds = ordered_feeds(feed_dict, self.inputs)
        wanted = set(self._predictor.input_names)
        arrays = {name: held(array) for name, array in feeds.items() if name in wanted}
        results = self._run([arrays[name] for name in self._predictor.input_names])
        return [declared(result, spec) for result, spec in zip(results, self.outputs, strict=True)]

    def __call__(self, *arrays: Any) -> list[np.ndarray[Any, Any]]:
        """`inference` with the inputs in the order of `inputs`."""
        if len(arrays) != len(self.inputs):
            raise InputError(f"the model takes {len(self.inputs)} input(s), {len(arrays)} are given")
        return self.inference({spec.name: array for spec, array in zip(self.inputs, arrays, strict=True)})

    def __repr__(self) -> str:
        return f"Model({', '.join(map(str, self.inputs))} -> {', '.join(map(str, self.outputs))})"

    def _start(self) -> engine.Predictor:
        try:
            return self._make(self.runtime.onednn is not False, self.runtime.openvino)
        except engine.errors_of_paddle() as error:
            self._give_up_onednn(error)
            try:
                return self._make(onednn=False)
            except engine.errors_of_paddle() as second:
                raise LoadError(f"{self._folder}: Paddle cannot load the program ({brief(second)})") from second

    def _make(self, onednn: bool, openvino: bool = False) -> engine.Predictor:
        return engine.Predictor(
            self._folder, device=self._device, onednn=onednn, openvino=openvino, threads=self._threads,
            format=self.format,
        )

    def _run(self, arrays: list[np.ndarray[Any, Any]]) -> list[np.ndarray[Any, Any]]:
        try:
            return self._predictor_for(arrays).run(arrays)
        except engine.errors_of_paddle() as error:
            if not self._may_give_up_onednn():
                raise PaddlifyError(f"{self._folder}: Paddle cannot run the model ({brief(error)})") from error
            return self._run_without_onednn(arrays, error)

    def _predictor_for(self, arrays: list[np.ndarray[Any, Any]]) -> engine.Predictor:
        """Sums over no products are what lies in memory with oneDNN: inputs without elements go without it."""
        if not self._may_give_up_onednn() or all(array.size for array in arrays):
            return self._predictor
        self._plain = self._plain or self._make(onednn=False)
        return self._plain

    def _run_without_onednn(
        self, arrays: list[np.ndarray[Any, Any]], cause: Exception
    ) -> list[np.ndarray[Any, Any]]:
        """A failure that is oneDNN's goes away without it; any other says so and changes nothing."""
        plain = self._make(onednn=False)
        try:
            results = plain.run(arrays)
        except engine.errors_of_paddle() as error:
            raise PaddlifyError(f"{self._folder}: Paddle cannot run the model ({brief(error)})") from error
        self._give_up_onednn(cause)
        self._predictor = plain
        return results

    def _may_give_up_onednn(self) -> bool:
        return self._device == "cpu" and not self._is_fixed and self.runtime.onednn is not False

    def _give_up_onednn(self, error: Exception) -> None:
        if not self._may_give_up_onednn():
            raise LoadError(f"{self._folder}: Paddle cannot load the program ({brief(error)})") from error
        self.runtime = RuntimeChoice(False, f"the program does not run with oneDNN: {brief(error)}")
        logger.warning("%s: %s; running without it, which may be slower", self._folder, self.runtime.reason)

    def _check_arity(self) -> None:
        names = [spec.name for spec in self.inputs]
        unknown = [name for name in self._predictor.input_names if name not in names]
        if unknown or self._predictor.output_count != len(self.outputs):
            program = formats.FORMATS[self.format].program
            raise LoadError(f"{self._folder}: report.json and {program} are of different models; convert again")


def _takes_openvino(
    openvino: bool | None, report: Report, device: str, format: str | None, onednn: bool | None  # noqa: A002
) -> bool:
    """As asked for; else as the model was converted for, where nothing is asked for that is not OpenVINO's."""
    is_possible = device == "cpu" and not onednn and format in (None, OPENVINO_FORMAT)
    if openvino and not is_possible:
        raise UsageError(f"OpenVINO runs the format {OPENVINO_FORMAT} on the CPU, and without oneDNN")
    if openvino is None:
        return is_possible and onednn is None and bool(report.options.get("openvino"))
    return openvino


def brief(error: BaseException, limit: int = 240) -> str:
    """The line of a C++ error that says what happened, without its stack."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    telling = [line for line in lines if line.startswith("(") or "Error:" in line] or lines[-1:]
    text = telling[-1] if telling else type(error).__name__
    return text if len(text) <= limit else text[: limit - 1] + "…"


def held(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """An input in the dtype in which the program takes it."""
    held = HELD_AS.get(array.dtype.name)
    return array if held is None else array.astype(held)


def declared(array: np.ndarray[Any, Any], spec: TensorSpec) -> np.ndarray[Any, Any]:
    """The result in the dtype that the source declares, when Paddle holds that type in another one."""
    if HELD_AS.get(spec.dtype) == array.dtype.name:
        array = array.astype(element_type(spec.dtype))
    if array.dtype != element_type(spec.dtype):
        raise PaddlifyError(f"output {spec} came as {array.dtype.name}: please report this as a bug")
    return array
