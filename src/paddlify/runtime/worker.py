"""Paddle in a process of its own, which builds the programs of converted models and runs them.

Some programs end the process when Paddle builds or runs them (a segmentation fault inside oneDNN, say): a conversion
must survive that, name it, and verification try without oneDNN. And Paddle takes a second to be imported, in which the
parent reads the model. The process is started once, kept, and started anew after a crash.

Protocol, on the child's stdin and stdout: a line of JSON, followed by the arrays it lists as raw bytes.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import gc
import json
import logging
import math
import os
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np

from paddlify import errors
from paddlify.errors import PaddlifyError
from paddlify.runtime.feeds import element_type


class ModelCrashError(PaddlifyError):
    """The process that built or ran the model ended before it answered."""


class BuildError(PaddlifyError):
    """Paddle refused to build a program; the message is Paddle's."""


class Worker:
    """A child process that builds, loads and runs programs."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()

    def run(
        self, folder: Path, feeds: Mapping[str, np.ndarray[Any, Any]], *, onednn: bool, openvino: bool = False,
        device: str = "cpu", format: str | None = None,  # noqa: A002 - named like the flag
    ) -> list[np.ndarray[Any, Any]]:
        """Outputs of the model in `folder`, which is loaded afresh for each call, at its second run: a kernel of Paddle
        may keep something of an earlier one, which had other inputs.

        Raises ModelCrashError when the process ends, PaddlifyError with the model's own message when it refuses.
        """
        request = {
            "names": list(feeds), "onednn": onednn, "openvino": openvino, "device": device, "format": format,
        }
        return self._ask("run", folder, request, list(feeds.values()))[1]

    def save_program(self, folder: Path, class_name: str) -> list[str]:
        """`backends.paddle.program.save_program`: make the program of `folder/model.py`, and name its parameters.

        Raises ModelCrashError when the process ends, BuildError when Paddle refuses, OSError when the program cannot
        be written, MissingDependencyError without PaddlePaddle.
        """
        names: list[str] = self._ask("save_program", folder, {"class_name": class_name}, [])[0]["names"]
        return names

    def load_on_openvino(self, folder: Path) -> None:
        """Make a predictor with OpenVINO of the program in `folder`, which need not have a report yet.

        Raises ModelCrashError when the process ends, BuildError when it refuses, MissingDependencyError without it.
        """
        self._ask("load_on_openvino", folder, {}, [])

    def paddle_version(self) -> str:
        """The version of PaddlePaddle; raises MissingDependencyError without it."""
        return str(self._ask("paddle_version", Path(), {}, [])[0]["version"])

    def start(self) -> subprocess.Popen[bytes]:
        """Begin to import Paddle, unless that was done before."""
        if self._process is None or self._process.poll() is not None:
            is_verbose = logging.getLogger("paddlify").isEnabledFor(logging.INFO)
            self._process = subprocess.Popen(
                [sys.executable, "-m", "paddlify.runtime.worker"],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=None if is_verbose else subprocess.DEVNULL,
                env=environment(), cwd=PACKAGES,
            )
        return self._process

    def close(self) -> None:
        """End the child process, whatever it does; it is started again when it is asked for something."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.communicate()

    def _ask(
        self, action: str, folder: Path, request: Mapping[str, Any], arrays: Sequence[np.ndarray[Any, Any]]
    ) -> tuple[dict[str, Any], list[np.ndarray[Any, Any]]]:
        with self._lock:
            process = self.start()
            try:
                _send(process.stdin, {"action": action, "folder": str(folder.resolve()), **request}, arrays)
                answer, results = _receive(process.stdout)
            except (EOFError, BrokenPipeError):
                self._process = None
                verb = "ran" if action == "run" else "built"
                raise ModelCrashError(f"{folder}: {_ending(process.wait())} while Paddle {verb} the model") from None
            except BaseException:  # Ctrl-C, say: an answer that nobody read must not be taken for the next one
                self.close()
                raise
        if "errno" in answer:
            raise OSError(answer["errno"], answer["error"], answer["file"])
        if "error" in answer:
            raise _ERRORS.get(answer["class"], PaddlifyError)(answer["error"])
        return answer, results


_ERRORS: dict[str, type[PaddlifyError]] = {
    "BuildError": BuildError, "MissingDependencyError": errors.MissingDependencyError,
}


@functools.cache
def shared() -> Worker:
    """The worker of this process."""
    worker = Worker()
    atexit.register(worker.close)
    return worker


PACKAGES = Path(__file__).resolve().parents[2]
"""The folder from which this package was imported.

A child that is started there finds no modules in the user's own folder, where a `code.py` would end Paddle's import.
"""


def environment() -> dict[str, str]:
    """The parent's, with `PACKAGES` first on the path."""
    paths = [str(Path(path).absolute()) for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(PACKAGES), *paths])}


def _ending(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit with code {code}"


def _send(stream: IO[bytes] | None, message: Mapping[str, Any], arrays: Sequence[np.ndarray[Any, Any]]) -> None:
    if stream is None:
        raise EOFError
    listed = [{"dtype": array.dtype.name, "shape": list(array.shape)} for array in arrays]
    stream.write(json.dumps({**message, "arrays": listed}).encode() + b"\n")
    for array in arrays:
        stream.write(array.tobytes())
    stream.flush()


def _receive(stream: IO[bytes] | None) -> tuple[dict[str, Any], list[np.ndarray[Any, Any]]]:
    line = stream.readline() if stream is not None else b""
    if not line:
        raise EOFError
    message = json.loads(line)
    return message, [_array(stream, **item) for item in message.pop("arrays")]


def _array(stream: IO[bytes] | None, dtype: str, shape: Sequence[int]) -> np.ndarray[Any, Any]:
    kind = element_type(dtype)
    size = math.prod(shape) * kind.itemsize
    data = stream.read(size) if stream is not None else b""
    if len(data) != size:
        raise EOFError
    return np.frombuffer(data, dtype=kind).reshape(shape)


def _serve(requests: IO[bytes], answers: IO[bytes]) -> None:
    while True:
        try:
            request, arrays = _receive(requests)
        except EOFError:
            return
        try:
            answer, results = _ACTIONS[request["action"]](Path(request["folder"]), request, arrays)
        except OSError as error:
            answer, results = {"errno": error.errno, "error": error.strerror, "file": error.filename}, []
        except PaddlifyError as error:
            answer, results = {"error": str(error), "class": type(error).__name__}, []
        _send(answers, answer, results)


def _run(folder: Path, request: Mapping[str, Any], arrays: Sequence[Any]) -> tuple[dict[str, Any], list[Any]]:
    from paddlify.runtime.model import Model

    model = Model(folder, **{name: request[name] for name in ("device", "format", "onednn", "openvino")})
    feeds = dict(zip(request["names"], arrays, strict=True))
    others = {name: array / 2 if array.dtype.kind in "fc" else array for name, array in feeds.items()}
    with contextlib.suppress(PaddlifyError):  # the other inputs need not be fit for the model
        model.inference(others)
    return {}, model.inference(feeds)


def _save_program(folder: Path, request: Mapping[str, Any], _arrays: Sequence[Any]) -> tuple[dict[str, Any], list[Any]]:
    from paddlify.backends.paddle.program import save_program
    from paddlify.runtime.engine import errors_of_paddle
    from paddlify.runtime.model import brief

    try:
        return {"names": save_program(folder, request["class_name"])}, []
    except errors_of_paddle() as error:
        if isinstance(error, OSError):
            raise
        raise BuildError(brief(error)) from error


def _load_on_openvino(
    folder: Path, _request: Mapping[str, Any], _arrays: Sequence[Any]
) -> tuple[dict[str, Any], list[Any]]:
    from paddlify.runtime.engine import Predictor, errors_of_paddle
    from paddlify.runtime.model import OPENVINO_FORMAT, brief

    try:
        Predictor(folder, device="cpu", onednn=False, openvino=True, threads=1, format=OPENVINO_FORMAT)
    except errors_of_paddle() as error:
        raise BuildError(brief(error)) from error
    return {}, []


def _paddle_version(
    _folder: Path, _request: Mapping[str, Any], _arrays: Sequence[Any]
) -> tuple[dict[str, Any], list[Any]]:
    from paddlify.runtime.engine import import_paddle

    return {"version": import_paddle().__version__}, []


_ACTIONS = {
    "run": _run, "save_program": _save_program, "load_on_openvino": _load_on_openvino,
    "paddle_version": _paddle_version,
}


def _main() -> None:
    from paddlify.runtime.engine import import_paddle

    gc.set_threshold(200_000)  # the import of Paddle makes many objects and drops few
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what Paddle's C++ side prints must not mix with the answers
    with contextlib.suppress(PaddlifyError):  # what needs Paddle says again that it is missing
        import_paddle()
    _serve(sys.stdin.buffer, answers)
    os._exit(0)  # Paddle takes half a second to be taken apart


if __name__ == "__main__":
    _main()
