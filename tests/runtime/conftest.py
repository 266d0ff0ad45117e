"""Small Paddle programs, saved by Paddle itself, with a report beside them."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from paddlify.report import Report, RuntimeChoice, TensorSpec

SAVE = """
import sys, paddle
paddle.enable_static()
program, startup = paddle.static.Program(), paddle.static.Program()
with paddle.static.program_guard(program, startup):
    def data(name, shape, dtype):
        return paddle.static.data(name, shape, dtype)
{body}
    executor = paddle.static.Executor()
    executor.run(startup)
    paddle.static.save_inference_model(sys.argv[1] + "/inference", feeds, fetches, executor, program=program)
"""


@pytest.fixture(scope="session")
def save(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """`save(body, inputs, outputs, onednn=None)`: `body` defines `feeds` and `fetches`; returns the folder."""

    def make(body: str, inputs: list[TensorSpec], outputs: list[TensorSpec], onednn: bool | None = None) -> Path:
        folder = tmp_path_factory.mktemp("saved")
        script = SAVE.format(body=textwrap.indent(textwrap.dedent(body), "    "))
        subprocess.run([sys.executable, "-W", "ignore", "-c", script, str(folder)], check=True, capture_output=True)
        Report("0", inputs=inputs, outputs=outputs, runtime=RuntimeChoice(onednn)).write(folder)
        return folder

    return make
