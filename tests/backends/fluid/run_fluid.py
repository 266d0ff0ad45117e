"""Runs folders on Fluid 1.8 or 1.6: `python3.6 run_fluid.py FOLDER…`.

Each folder has `data.npz`, the inputs by name. Its results go into `fluid.npz`, or what went wrong into `fluid.txt`.
"""

import sys
import traceback
from pathlib import Path

import numpy as np
from paddle import fluid


def run(folder):
    feeds = np.load(folder + "/data.npz")
    executor = fluid.Executor(fluid.CPUPlace())
    params = "__params__" if Path(folder, "__params__").exists() else None
    with fluid.scope_guard(fluid.Scope()):
        program, names, targets = fluid.io.load_inference_model(folder, executor, "__model__", params)
        results = executor.run(program, feed={name: feeds[name] for name in names}, fetch_list=targets)
    np.savez(folder + "/fluid.npz", *results)


for path in sys.argv[1:]:
    try:
        run(path)
    except Exception:  # noqa: BLE001 - the others are run all the same; the test of this one says what was wrong
        Path(path, "fluid.txt").write_text(traceback.format_exc())
