"""Inference latency of converted models beside onnxruntime on the source: VGG16 and ResNet-50, one image, 2 threads.

Both run in this process, in turn; the medians of single calls are printed.
"""

from __future__ import annotations

import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

THREADS = 2
os.environ.setdefault("OMP_NUM_THREADS", str(THREADS))

import numpy as np  # noqa: E402 - the number of threads is read when these are imported
import onnx  # noqa: E402
import onnxruntime  # noqa: E402
from rich.console import Console  # noqa: E402
from rich.table import Table  # noqa: E402

import paddlify  # noqa: E402

sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parent.parent)]

from tests.models.test_onnx_models import seeded  # noqa: E402

from models import vgg16  # noqa: E402

ROUNDS = 40
WARM_UP = 5


def main() -> None:
    """Convert both models, measure, print the table."""
    folder = Path(tempfile.mkdtemp(prefix="paddlify-bench-"))
    table = Table(title=f"milliseconds for one image, median of {ROUNDS}, {THREADS} threads")
    for column in ("model", "onnxruntime", "paddlify", "paddlify / onnxruntime"):
        table.add_column(column, justify="left" if column == "model" else "right")
    try:
        vgg16(folder / "vgg16.onnx")
        onnx.save(seeded("light_resnet50"), folder / "resnet50.onnx")
        for name in ("vgg16", "resnet50"):
            source, converted = _milliseconds(folder / f"{name}.onnx", folder / name)
            table.add_row(name, f"{source:.1f}", f"{converted:.1f}", f"{converted / source:.2f}")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    Console().print(table)


def _milliseconds(source: Path, folder: Path) -> tuple[float, float]:
    paddlify.convert(source, folder, verify=False)
    model = paddlify.load(folder, threads=THREADS)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = THREADS
    session = onnxruntime.InferenceSession(str(source), options, providers=["CPUExecutionProvider"])
    image = np.random.default_rng(0).standard_normal((1, 3, 224, 224)).astype(np.float32)
    name = model.inputs[0].name

    def by_source() -> None:
        session.run(None, {name: image})

    def by_paddle() -> None:
        model.inference({name: image})

    times: dict[Callable[[], None], list[float]] = {by_source: [], by_paddle: []}
    for round_ in range(WARM_UP + ROUNDS):
        for call, found in times.items():
            start = time.perf_counter()
            call()
            if round_ >= WARM_UP:
                found.append(time.perf_counter() - start)
    return statistics.median(times[by_source]) * 1e3, statistics.median(times[by_paddle]) * 1e3


if __name__ == "__main__":
    main()
