"""Models of one operator: converted, loaded from disk, run in every way, and compared with onnxruntime."""

from __future__ import annotations

import importlib.util
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from onnx import helper, numpy_helper

import paddlify
from paddlify.runtime.model import HELD_AS

OPSET = 21


def model_of(
    op_type: str, inputs: Sequence[np.ndarray | None], attributes: Mapping[str, Any] | None = None, *,
    constants: Sequence[int] = (), dynamic: Mapping[int, Sequence[int]] | None = None,
    outputs: int | Sequence[str] = 1, opset: int = OPSET, domain: str = "",
) -> onnx.ModelProto:
    """A model of one node.

    Args:
        inputs: example values; None for an input that is left out.
        constants: indices of inputs that are initializers; the others are fed.
        dynamic: axes, by index of an input, whose size is not in the model.
        outputs: how many outputs there are, or their names ("" for one that is left out).
        opset: of ai.onnx; another `domain` has its first version.
    """
    names = ["" if value is None else f"x{index}" for index, value in enumerate(inputs)]
    while names and not names[-1]:
        names.pop()
    fed, initializers = [], []
    for index, value in enumerate(inputs):
        if value is None:
            continue
        if index in constants:
            initializers.append(numpy_helper.from_array(value, names[index]))
            continue
        axes = (dynamic or {}).get(index, ())
        shape = [f"d{index}_{axis}" if axis in axes else size for axis, size in enumerate(value.shape)]
        fed.append(helper.make_tensor_value_info(names[index], helper.np_dtype_to_tensor_dtype(value.dtype), shape))
    results = [f"y{index}" for index in range(outputs)] if isinstance(outputs, int) else list(outputs)
    node = helper.make_node(op_type, names, results, domain=domain, **(attributes or {}))
    given = [onnx.ValueInfoProto(name=name) for name in results if name]
    graph = helper.make_graph([node], op_type, fed, given, initializers)
    imports = [helper.make_opsetid("", opset), *([helper.make_opsetid(domain, 1)] if domain else [])]
    return helper.make_model(graph, opset_imports=imports, ir_version=10)


def check(
    op_type: str, inputs: Sequence[np.ndarray | None], attributes: Mapping[str, Any] | None = None, *,
    expected: Sequence[np.ndarray] | None = None, rtol: float = 1e-5, atol: float = 1e-6, **options: Any,
) -> str:
    """Convert a model of one node and compare what it computes with onnxruntime (or with `expected`).

    The predictor as `load` makes it, the predictor without oneDNN (both after a run with other inputs) and `model.py`
    in dynamic mode must all agree in value, shape, dtype and count. Returns the text of `model.py`. `options` are those
    of `model_of`.
    """
    model = model_of(op_type, inputs, attributes, **options)
    constants = options.get("constants", ())
    feeds = {f"x{i}": value for i, value in enumerate(inputs) if value is not None and i not in constants}
    return check_model(model, feeds, expected=expected, rtol=rtol, atol=atol)


def check_model(
    model: onnx.ModelProto, feeds: Mapping[str, np.ndarray], *, expected: Sequence[np.ndarray] | None = None,
    rtol: float = 1e-5, atol: float = 1e-6,
) -> str:
    """`check` for a model that is made already."""
    if expected is None:
        session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
        expected = session.run(None, dict(feeds))
    with tempfile.TemporaryDirectory() as folder:
        source, converted = Path(folder, "model.onnx"), Path(folder, "converted")
        onnx.save(model, source)
        paddlify.convert(source, converted, verify=False)
        for onednn in (None, False):
            loaded = paddlify.load(converted, onednn=onednn)
            loaded.inference(others(feeds))
            same(loaded.inference(feeds), expected, rtol, atol)
        same(run_source(converted, feeds), expected, rtol, atol, held=True)
        return (converted / "model.py").read_text()


def others(feeds: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Inputs for an earlier run, of which nothing may be left: other numbers, but the same shapes, indices and axes."""
    return {name: array / 2 if array.dtype.kind in "fc" else array for name, array in feeds.items()}


def run_source(folder: Path, feeds: Mapping[str, np.ndarray]) -> list[np.ndarray]:
    """What `model.py` computes in Paddle's dynamic mode."""
    import paddle

    spec = importlib.util.spec_from_file_location("converted_model", folder / "model.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    (layer,) = [
        item for item in vars(module).values() if isinstance(item, type) and issubclass(item, paddle.nn.Layer)
    ]
    model = layer()
    if (folder / "inference.pdiparams").exists():
        module.load_weights(model, str(folder / "inference.pdiparams"))
    model.eval()
    arrays = [feeds[spec.name] for spec in module.INPUTS]
    results = model(*(paddle.to_tensor(array.astype(HELD_AS.get(array.dtype.name, array.dtype))) for array in arrays))
    return [result.numpy() for result in (results if isinstance(results, (list, tuple)) else [results])]


def same(
    results: Sequence[np.ndarray], expected: Sequence[np.ndarray], rtol: float, atol: float, *, held: bool = False
) -> None:
    """Assert equality in count, dtype, shape and value; `held` allows the wider dtype that holds an unsigned one."""
    assert len(results) == len(expected)
    for result, want in zip(results, expected, strict=True):
        dtype = HELD_AS.get(want.dtype.name, want.dtype.name) if held else want.dtype.name
        assert result.dtype.name == dtype
        assert result.shape == want.shape
        if want.dtype.kind in "fc":
            np.testing.assert_allclose(result, want, rtol=rtol, atol=atol)
        else:
            np.testing.assert_array_equal(result.astype(want.dtype), want)
