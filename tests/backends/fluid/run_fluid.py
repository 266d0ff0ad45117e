"""Runs a folder on Fluid 1.8.5: `python3.6 run_fluid.py FOLDER DATA.npz`; the results go into FOLDER/results.npz."""

import sys

import numpy as np
from paddle import fluid

folder, data = sys.argv[1:]
feeds = np.load(data)
executor = fluid.Executor(fluid.CPUPlace())
program, names, targets = fluid.io.load_inference_model(folder, executor, "__model__", "__params__")
results = executor.run(program, feed={name: feeds[name] for name in names}, fetch_list=targets)
np.savez(folder + "/results.npz", *results)
