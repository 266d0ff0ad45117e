"""Runs folders on one Paddle: `python run_many.py KIND PROGRAM PARAMETERS RESULTS FOLDER…`, Python 3.6 or later.

KIND is a function of `paddlify/runtime/elsewhere_side.py`; PROGRAM and PARAMETERS are files of each folder, which has
`data.npz`, the inputs by name. Its results go into `RESULTS.npz`, or what went wrong into `RESULTS.txt`.
"""

import importlib.util
import sys
import traceback
from pathlib import Path

import numpy as np

SIDE = Path(__file__).resolve().parents[3] / "src/paddlify/runtime/elsewhere_side.py"


def main(kind, program, parameters, stem, *folders):
    spec = importlib.util.spec_from_file_location("elsewhere_side", str(SIDE))
    side = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(side)
    for folder in map(Path, folders):
        request = {
            "folder": str(folder),
            "program": str(folder / program),
            "parameters": str(folder / parameters) if (folder / parameters).exists() else None,
        }
        try:
            _, results = side.KINDS[kind](request, np.load(str(folder / "data.npz")))
            np.savez(str(folder / (stem + ".npz")), *results)
        except Exception:  # noqa: BLE001 - the others are run all the same; the test of this one says what was wrong
            (folder / (stem + ".txt")).write_text(traceback.format_exc())


main(*sys.argv[1:])
