"""Inference latency of converted models beside onnxruntime on the source, one image, 2 threads.

VGG16 and ResNet-50, and, where the published packages are there (`make oracle-pretrained`), a text detector of many
small operators; on Paddle's own kernels and on the OpenVINO that Paddle brings. Medians of single calls are printed.
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

DETECTOR = Path(__file__).resolve().parent.parent.joinpath(
    ".oracles", "pretrained", "rapidocr_onnxruntime", "models", "ch_PP-OCRv4_det_infer.onnx"
)
BLOCKS = 4
CALLS = 15
WARM_UP = 5
Run = Callable[[np.ndarray], object]


def main() -> None:
    """Convert both models, measure, print the table."""
    folder = Path(tempfile.mkdtemp(prefix="paddlify-bench-"))
    table = Table(title=f"milliseconds for one image, median of {BLOCKS * CALLS}, {THREADS} threads")
    for column in ("model", "onnxruntime", "paddlify", "ratio", "with OpenVINO", "ratio"):
        table.add_column(column, justify="left" if column == "model" else "right")
    try:
        vgg16(folder / "vgg16.onnx")
        onnx.save(seeded("light_resnet50"), folder / "resnet50.onnx")
        names = ["vgg16", "resnet50"]
        if DETECTOR.is_file():
            shutil.copy(DETECTOR, folder / "text_detector.onnx")
            names.append("text_detector")
        for name in names:
            source, own, openvino = _milliseconds(folder / f"{name}.onnx", folder / name)
            ratios = (f"{found / source:.2f}" for found in (own, openvino))
            table.add_row(name, f"{source:.1f}", f"{own:.1f}", next(ratios), f"{openvino:.1f}", next(ratios))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    Console().print(table)


def _milliseconds(source: Path, folder: Path) -> list[float]:
    """Medians of calls of the source, and of the converted model without and with OpenVINO, in blocks by turns.

    Each block loads its model anew and drops it: onnxruntime's threads go on spinning for a while after a call, and two
    runtimes that are there at once would slow each other.
    """
    paddlify.convert(source, folder, verify=False, openvino=True)
    image = np.random.default_rng(0).standard_normal((1, 3, 224, 224)).astype(np.float32)
    found: dict[Callable[[], Run], list[float]] = {
        partial(_source, source): [], partial(_converted, folder, openvino=False): [],
        partial(_converted, folder, openvino=True): [],
    }
    for _ in range(BLOCKS):
        for load, times in found.items():
            run = load()
            for call in range(WARM_UP + CALLS):
                start = time.perf_counter()
                run(image)
                if call >= WARM_UP:
                    times.append(time.perf_counter() - start)
    return [statistics.median(times) * 1e3 for times in found.values()]


def _source(path: Path) -> Run:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = THREADS
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return lambda image: session.run(None, {name: image})


def _converted(folder: Path, openvino: bool) -> Run:
    return paddlify.load(folder, threads=THREADS, openvino=openvino)


if __name__ == "__main__":
    main()
