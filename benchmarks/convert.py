"""Time and memory of `paddlify convert --no-verify`, beside X2Paddle, a copy of the file and the import of paddle.

Each is a process of its own, all in one run, alternating; medians are printed. `--quick` leaves the 4 GB file out.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from measure import PADDLIFY, Run, alternating, measured, oracle, table
from rich.console import Console

MODELS = Path(__file__).with_name("models.py")
X2PADDLE = (
    "from x2paddle.convert import onnx2paddle; import sys; onnx2paddle(sys.argv[1], sys.argv[2], disable_feedback=True)"
)


def main() -> None:
    """Make the models in a temporary folder, measure, print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="without the file of 4 GB")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="paddlify-bench-"))
    try:
        _convert(folder, options.rounds, options.quick)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _convert(folder: Path, rounds: int, quick: bool) -> None:
    inside, beside = folder / "vgg16.onnx", folder / "vgg16_external.onnx"
    measured([sys.executable, MODELS, "vgg16", inside])
    measured([sys.executable, MODELS, "vgg16", beside, "--external"])
    tasks: dict[str, Callable[[], Run]] = {
        "import paddle": lambda: measured([sys.executable, "-c", "import paddle"]),
        "copy the file (553 MB)": lambda: measured(["cp", inside, folder / "copy"]),
        "paddlify, VGG16, raw_data": partial(_paddlify, inside, folder),
        "paddlify, VGG16, external data": partial(_paddlify, beside, folder),
    }
    if not quick:
        large = folder / "large.onnx"
        measured([sys.executable, MODELS, "large", large, "--gigabytes", "4"])
        tasks["paddlify, 4 GB of weights"] = partial(_paddlify, large, folder)
    python = oracle("x2paddle")
    if python is not None:
        tasks["X2Paddle 1.6.0, VGG16, raw_data"] = partial(_x2paddle, python, inside, folder)
    found = alternating(tasks, rounds)
    console = Console()
    console.print(table(f"conversion without verification, medians of {rounds}", found))
    if python is not None:
        quotient = found["paddlify, VGG16, raw_data"].seconds / found["X2Paddle 1.6.0, VGG16, raw_data"].seconds
        console.print(f"paddlify takes {quotient:.3f} of X2Paddle's time on the same file")
    else:
        console.print("X2Paddle is not there to compare with: make oracle-x2paddle")


def _paddlify(model: Path, folder: Path) -> Run:
    target = folder / "paddlify"
    shutil.rmtree(target, ignore_errors=True)
    return measured([PADDLIFY, "convert", model, "-o", target, "--no-verify", "-q"])


def _x2paddle(python: Path, model: Path, folder: Path) -> Run:
    target = folder / "x2paddle"
    shutil.rmtree(target, ignore_errors=True)
    return measured([python, "-c", X2PADDLE, model, target], cwd=folder)


if __name__ == "__main__":
    main()
