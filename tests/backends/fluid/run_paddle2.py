"""Runs folders on Paddle 2.6: `python run_paddle2.py FOLDER…`.

Each folder has `data.npz`, the inputs by name. Results go into `paddle2.npz`, or what went wrong into `paddle2.txt`.
"""

import sys
import traceback
from pathlib import Path

import numpy as np
from paddle import inference


def run(folder):
    feeds = np.load(folder + "/data.npz")
    config = inference.Config(folder + "/inference.pdmodel", folder + "/inference.pdiparams")
    config.disable_glog_info()
    predictor = inference.create_predictor(config)
    for name in predictor.get_input_names():
        predictor.get_input_handle(name).copy_from_cpu(feeds[name])
    predictor.run()
    results = [predictor.get_output_handle(name).copy_to_cpu() for name in predictor.get_output_names()]
    np.savez(folder + "/paddle2.npz", *results)


for path in sys.argv[1:]:
    try:
        run(path)
    except Exception:  # noqa: BLE001 - the others are run all the same; the test of this one says what was wrong
        Path(path, "paddle2.txt").write_text(traceback.format_exc())
