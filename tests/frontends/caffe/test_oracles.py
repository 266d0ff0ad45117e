"""The oracles themselves: Caffe says today what is recorded, and OpenCV's reader agrees on detection nets."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest

from frontends.caffe import drawing, nets
from frontends.caffe.running import check_close, run
from frontends.caffe.test_nets import write_net
from oracles import oracle_python
from paddlify.frontends import caffe
from paddlify.frontends.base import LoadOptions

HERE = Path(__file__).parent


@pytest.mark.slow
@pytest.mark.parametrize("script", ["generate.py", "generate_nets.py"])
def test_caffe_still_gives_what_is_recorded(script: str) -> None:
    done = subprocess.run(
        [oracle_python("caffe"), str(HERE / script), "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]


def ask_opencv(prototxt: Path, caffemodel: Path, inputs: dict[str, np.ndarray], names: list[str]) -> list[np.ndarray]:
    folder = prototxt.parent
    np.savez(folder / "in.npz", **inputs)
    command = [oracle_python("opencv"), HERE / "opencv_runner.py", prototxt, caffemodel, folder / "in.npz",
               folder / "out.npz"]
    subprocess.run([*map(str, command), *names], check=True, capture_output=True)
    with np.load(folder / "out.npz") as found:
        return [found[name] for name in names]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["mobilenet_ssd_voc", "ssd300_vgg"])
def test_detection_net_agrees_with_opencv(name: str, tmp_path: Path) -> None:
    """Boxes, scores and what is detected; OpenCV's sums differ in order, so rows may swap where scores are close."""
    prototxt, caffemodel = write_net(name, tmp_path)
    inputs = {"data": drawing.draw("normal", nets.NETS[name].inputs["data"], name, "data")}
    blobs = ["mbox_loc", "mbox_conf", "mbox_priorbox", "detection_out"]
    expected = ask_opencv(prototxt, caffemodel, inputs, blobs)
    loaded = caffe.load(prototxt, LoadOptions(outputs=blobs, extra={"weights": caffemodel}))
    found = run(loaded.model, inputs, tmp_path)
    check_close(found[:3], expected[:3], 1e-5)
    rows, wanted = (array.reshape(-1, 7) for array in (found[3], expected[3]))
    assert rows.shape == wanted.shape
    assert np.array_equal(np.unique(rows[:, 1], return_counts=True), np.unique(wanted[:, 1], return_counts=True))
    order = (np.lexsort((rows[:, 2].round(4), rows[:, 1])), np.lexsort((wanted[:, 2].round(4), wanted[:, 1])))
    check_close([rows[order[0], :3]], [wanted[order[1], :3]], 1e-4)
