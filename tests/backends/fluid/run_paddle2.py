"""Runs a folder on Paddle 2.6: `python run_paddle2.py FOLDER DATA.npz`; the results go into FOLDER/results.npz."""

import sys

import numpy as np
from paddle import inference

folder, data = sys.argv[1:]
feeds = np.load(data)
config = inference.Config(folder + "/inference.pdmodel", folder + "/inference.pdiparams")
config.disable_glog_info()
predictor = inference.create_predictor(config)
for name in predictor.get_input_names():
    predictor.get_input_handle(name).copy_from_cpu(feeds[name])
predictor.run()
results = [predictor.get_output_handle(name).copy_to_cpu() for name in predictor.get_output_names()]
np.savez(folder + "/results.npz", *results)
