"""Conversion of slim's VGG16 from TensorFlow, as checkpoint and as frozen graph, beside OpenVINO and tf2onnx.

Each is a process of its own, all in one run, alternating; medians are printed. The comparison needs the environments
`make oracle-tensorflow oracle-openvino oracle-tf2onnx`.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from measure import PADDLIFY, ROOT, Run, alternating, measured, oracle, table
from rich.console import Console

OUTPUT = "vgg_16/fc8/squeezed"
FREEZE = """
import sys
import tensorflow as tf
tf1 = tf.compat.v1
with tf1.Graph().as_default(), tf1.Session() as session:
    saver = tf1.train.import_meta_graph(sys.argv[1] + ".meta")
    saver.restore(session, sys.argv[1])
    frozen = tf1.graph_util.convert_variables_to_constants(session, session.graph_def, [sys.argv[3]])
open(sys.argv[2], "wb").write(frozen.SerializeToString())
"""
OPENVINO = """
import sys
import openvino
source, target, output = sys.argv[1:]
if source.endswith(".pb"):
    model = openvino.convert_model(source)
else:
    model = openvino.convert_model([source + ".meta"])
openvino.save_model(model, target, compress_to_fp16=False)
"""


def main() -> None:
    """Make the model in a temporary folder, measure, print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path, help="keeps the model for further runs")
    options = parser.parse_args()
    python = oracle("tensorflow")
    if python is None:
        sys.exit("the models are made with TensorFlow: make oracle-tensorflow")
    folder = options.folder or Path(tempfile.mkdtemp(prefix="paddlify-bench-"))
    try:
        checkpoint, frozen = folder / "checkpoint" / "model", folder / "frozen.pb"
        if not frozen.exists():
            measured([python, ROOT / "examples" / "vgg16_checkpoint" / "make_checkpoint.py", folder])
            measured([python, "-c", FREEZE, checkpoint, frozen, OUTPUT])
        _report(alternating(_tasks(folder, checkpoint, frozen), options.rounds), options.rounds)
    finally:
        if options.folder is None:
            shutil.rmtree(folder, ignore_errors=True)


def _tasks(folder: Path, checkpoint: Path, frozen: Path) -> dict[str, Callable[[], Run]]:
    tasks: dict[str, Callable[[], Run]] = {
        "import paddle": lambda: measured([sys.executable, "-c", "import paddle"]),
        "paddlify, checkpoint": partial(_paddlify, checkpoint.parent, folder),
        "paddlify, frozen graph": partial(_paddlify, frozen, folder),
    }
    openvino, tf2onnx = oracle("openvino"), oracle("tf2onnx")
    if openvino is not None:
        target = folder / "openvino.xml"
        for name, source in (("checkpoint", checkpoint), ("frozen graph", frozen)):
            tasks[f"OpenVINO, {name}"] = partial(measured, [openvino, "-c", OPENVINO, source, target, OUTPUT])
    if tf2onnx is not None:
        base = [tf2onnx, "-m", "tf2onnx.convert", "--output", folder / "tf2onnx.onnx", "--opset", "18"]
        ends = ["--inputs", "inputs:0", "--outputs", f"{OUTPUT}:0"]
        tasks["tf2onnx 1.17, checkpoint"] = partial(measured, [*base, "--checkpoint", f"{checkpoint}.meta", *ends])
        tasks["tf2onnx 1.17, frozen graph"] = partial(measured, [*base, "--graphdef", frozen, *ends])
    return tasks


def _paddlify(source: Path, folder: Path) -> Run:
    ends = ["--inputs", "inputs", "--outputs", OUTPUT]
    return measured([PADDLIFY, "convert", source, "-o", folder / "out", *ends, "--no-verify", "--force", "-q"])


def _report(found: dict[str, Run], rounds: int) -> None:
    Console().print(table(f"VGG16 from TensorFlow, without verification, medians of {rounds}", found))


if __name__ == "__main__":
    main()
