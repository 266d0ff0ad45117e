"""Conversion of VGG16 from Caffe, beside X2Paddle, a copy of the file and the import of paddle.

Each is a process of its own, all in one run, alternating; medians are printed. The comparison needs the environment
`make oracle-x2paddle`.
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
X2PADDLE = """
import sys
from x2paddle.convert import caffe2paddle
prototxt, caffemodel, target = sys.argv[1:]
caffe2paddle(prototxt, caffemodel, target, None, disable_feedback=True)
"""
OURS, THEIRS = "paddlify", "X2Paddle 1.6.0"


def main() -> None:
    """Make the net in a temporary folder, measure, print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="paddlify-bench-"))
    console = Console()
    try:
        found = alternating(_tasks(folder), options.rounds)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    console.print(table(f"VGG16 from Caffe, without verification, medians of {options.rounds}", found))
    if THEIRS in found:
        quotient = found[OURS].seconds / found[THEIRS].seconds
        console.print(f"paddlify takes {quotient:.3f} of X2Paddle's time on the same file")
    else:
        console.print("X2Paddle is not there to compare with: make oracle-x2paddle")


def _tasks(folder: Path) -> dict[str, Callable[[], Run]]:
    caffemodel, prototxt = folder / "vgg16.caffemodel", folder / "vgg16.prototxt"
    measured([sys.executable, MODELS, "caffe", caffemodel])
    tasks: dict[str, Callable[[], Run]] = {
        "import paddle": partial(measured, [sys.executable, "-c", "import paddle"]),
        "copy the file (553 MB)": partial(measured, ["cp", caffemodel, folder / "copy"]),
        OURS: partial(_paddlify, prototxt, caffemodel, folder / "paddlify"),
    }
    python = oracle("x2paddle")
    if python is not None:
        tasks[THEIRS] = partial(_x2paddle, python, prototxt, caffemodel, folder / "x2paddle")
    return tasks


def _paddlify(prototxt: Path, caffemodel: Path, target: Path) -> Run:
    shutil.rmtree(target, ignore_errors=True)
    return measured([PADDLIFY, "convert", prototxt, "--weights", caffemodel, "-o", target, "--no-verify", "-q"])


def _x2paddle(python: Path, prototxt: Path, caffemodel: Path, target: Path) -> Run:
    shutil.rmtree(target, ignore_errors=True)
    run = measured([python, "-c", X2PADDLE, prototxt, caffemodel, target], cwd=target.parent)
    if not any(target.rglob("*.pdiparams")):
        sys.exit("X2Paddle wrote no model")
    return run


if __name__ == "__main__":
    main()
