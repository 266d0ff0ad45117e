"""Runs a program on an older Paddle, in a process of its own: `python - REQUEST.json`, this file on stdin.

Needs Python 3.6, numpy and one of paddlepaddle 2, Paddle Fluid and paddlelite. The request names the files, the inputs
(an .npz file that has them as `0`, `1`, …, with their names beside it) and where the answer goes: an .npz file with the
results as `0`, `1`, … and the runtime's `version`.
"""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np


def paddle2(request: Any, feeds: Any) -> Any:
    """Paddle Inference on `program` and `parameters` (None where the model has none)."""
    import paddle
    from paddle import inference

    if request["parameters"] is None and Path(request["program"]).name == "__model__":
        config = inference.Config(request["folder"])
    else:
        config = inference.Config(request["program"], request["parameters"] or "")
    config.disable_glog_info()
    predictor = inference.create_predictor(config)
    for name in predictor.get_input_names():
        predictor.get_input_handle(name).copy_from_cpu(feeds[name])
    predictor.run()
    results = [predictor.get_output_handle(name).copy_to_cpu() for name in predictor.get_output_names()]
    return paddle.__version__, results


def fluid(request: Any, feeds: Any) -> Any:
    """Fluid's executor on `__model__` and `__params__`, or one file per parameter."""
    import paddle
    from paddle import fluid

    executor = fluid.Executor(fluid.CPUPlace())
    names = [request[key] and Path(request[key]).name for key in ("program", "parameters")]
    with fluid.scope_guard(fluid.Scope()):
        program, inputs, outputs = fluid.io.load_inference_model(request["folder"], executor, *names)
        results = executor.run(program, feed={name: feeds[name] for name in inputs}, fetch_list=outputs)
    return paddle.__version__, results


def lite(request: Any, feeds: Any) -> Any:
    """Paddle Lite's predictor on an optimised model."""
    from paddlelite import lite

    config = lite.MobileConfig()
    config.set_model_from_file(request["program"])
    predictor = lite.create_paddle_predictor(config)
    for name in predictor.get_input_names():
        predictor.get_input_by_name(name).from_numpy(feeds[name])
    predictor.run()
    # Copies: these arrays are views of memory that goes with the predictor.
    outputs = [predictor.get_output(index) for index in range(len(predictor.get_output_names()))]
    return predictor.get_version(), [np.array(output.numpy()) for output in outputs]


def optimise(request: Any, feeds: Any) -> Any:
    """Paddle Lite's optimiser on `program` and `parameters`, for the targets; it writes `optimised` and ".nb"."""
    from paddlelite import lite

    if request["parameters"] is None:  # the optimiser wants a file
        Path("none").touch()
        request["parameters"] = "none"
    opt = lite.Opt()
    opt.set_model_file(request["program"])
    opt.set_param_file(request["parameters"])
    opt.set_valid_places(request["targets"])
    opt.set_model_type("naive_buffer")
    opt.set_optimize_out(request["optimised"])
    opt.run()
    return opt.version(), []


KINDS = {"paddle2": paddle2, "fluid": fluid, "lite": lite, "optimise": optimise}


def main(path: str) -> None:
    """Answer one request; raises whatever the runtime raises."""
    request = json.loads(Path(path).read_text(encoding="utf-8"))
    with np.load(request["feeds"]) as archive:
        feeds = {name: archive[str(index)] for index, name in enumerate(request["names"])}
    version, results = KINDS[request["kind"]](request, feeds)
    arrays: Any = {str(index): np.asarray(result) for index, result in enumerate(results)}
    np.savez(request["answer"], version=np.array(version), **arrays)


if __name__ == "__main__":
    main(sys.argv[1])
