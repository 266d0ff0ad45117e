"""Inference latency of converted models beside onnxruntime on the source: VGG16 and ResNet-50, one image, 2 threads.

The medians of single calls are printed.
"""

from __future__ import annotations

import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
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

BLOCKS = 4
CALLS = 15
WARM_UP = 5
Run = Callable[[np.ndarray], object]


def main() -> None:
    """Convert both models, measure, print the table."""
    folder = Path(tempfile.mkdtemp(prefix="paddlify-bench-"))
    table = Table(title=f"milliseconds for one image, median of {BLOCKS * CALLS}, {THREADS} threads")
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
    """Medians of the source's and the converted model's calls, in blocks by turns.

    Each block loads its model anew and drops it: onnxruntime's threads go on spinning for a while after a call, and two
    runtimes that are there at once would slow each other.
    """
    paddlify.convert(source, folder, verify=False)
    image = np.random.default_rng(0).standard_normal((1, 3, 224, 224)).astype(np.float32)
    found: dict[Callable[[], Run], list[float]] = {partial(_source, source): [], partial(_converted, folder): []}
    for _ in range(BLOCKS):
        for load, times in found.items():
            run = load()
            for call in range(WARM_UP + CALLS):
                start = time.perf_counter()
                run(image)
                if call >= WARM_UP:
                    times.append(time.perf_counter() - start)
    by_source, by_paddle = found.values()
    return statistics.median(by_source) * 1e3, statistics.median(by_paddle) * 1e3


def _source(path: Path) -> Run:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = THREADS
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return lambda image: session.run(None, {name: image})


def _converted(folder: Path) -> Run:
    return paddlify.load(folder, threads=THREADS)


if __name__ == "__main__":
    main()
