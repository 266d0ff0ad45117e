"""Runs converted models in a process of its own, which may crash without harm.

Some programs end the process when Paddle runs them (a segmentation fault inside oneDNN, say): verification must
survive that, name it, and try without oneDNN. The process is started once, kept, and started anew after a crash.

Protocol, on the child's stdin and stdout: a line of JSON, followed by the arrays it lists as raw bytes.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np

from paddlify.errors import PaddlifyError
from paddlify.runtime.feeds import element_type


class ModelCrashError(PaddlifyError):
    """The process that ran the model ended before it answered."""


class Worker:
    """A child process that loads and runs models."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()

    def run(
        self, folder: Path, feeds: Mapping[str, np.ndarray[Any, Any]], *, onednn: bool, device: str = "cpu"
    ) -> list[np.ndarray[Any, Any]]:
        """Outputs of the model in `folder`; a model is loaded afresh for each call.

        Raises ModelCrashError when the process ends, PaddlifyError with the model's own message when it refuses.
        """
        request = {"folder": str(folder.resolve()), "names": list(feeds), "onednn": onednn, "device": device}
        with self._lock:
            process = self._start()
            try:
                _send(process.stdin, request, list(feeds.values()))
                answer, arrays = _receive(process.stdout)
            except (EOFError, BrokenPipeError):
                self._process = None
                raise ModelCrashError(f"{folder}: {_ending(process.wait())} while Paddle ran the model") from None
            except BaseException:  # Ctrl-C, say: an answer that nobody read must not be taken for the next one
                self._process = None
                process.kill()
                process.wait()
                raise
        if "error" in answer:
            raise PaddlifyError(answer["error"])
        return arrays

    def close(self) -> None:
        """End the child process; a later `run` starts another."""
        process, self._process = self._process, None
        if process is not None and process.stdin is not None:
            process.stdin.close()
            process.wait()

    def _start(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "paddlify.runtime.worker"],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=_environment(),
            )
        return self._process


def _environment() -> dict[str, str]:
    """The parent's, with the folder from which it imported this package first on the path."""
    here = str(Path(__file__).resolve().parents[2])
    paths = [here, *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}


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
    from paddlify.runtime.model import Model

    while True:
        try:
            request, arrays = _receive(requests)
        except EOFError:
            return
        try:
            model = Model(Path(request["folder"]), device=request["device"], onednn=request["onednn"])
            results = model.inference(dict(zip(request["names"], arrays, strict=True)))
        except PaddlifyError as error:
            _send(answers, {"error": str(error)}, [])
        else:
            _send(answers, {}, results)


def _main() -> None:
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what Paddle's C++ side prints must not mix with the answers
    _serve(sys.stdin.buffer, answers)


if __name__ == "__main__":
    _main()
