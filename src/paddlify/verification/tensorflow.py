"""TensorFlow itself as the source side, where it is installed; see `tensorflow_side` for the other process."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from paddlify.frontends.base import LoadOptions
from paddlify.frontends.tensorflow import savedmodel, sources
from paddlify.frontends.tensorflow.checkpoint import find_prefix
from paddlify.verification.errors import SourceError, UnsuitableError

Array = np.ndarray[Any, Any]

SCRIPT = Path(__file__).with_name("tensorflow_side.py")


class TensorFlow:
    """TensorFlow on the source as the user gave it: a frozen graph, a checkpoint or a SavedModel.

    Raises UnsuitableError for what this road does not take: another layout of the inputs, Keras files.
    """

    def __init__(self, python: str, model: Path, options: LoadOptions) -> None:
        if options.input_layout != "source":
            raise UnsuitableError("the inputs are fed in another layout than TensorFlow takes")
        self._python = python
        self._request, self._tensors = _request(model, options.extra)
        self.label = "TensorFlow on the source itself"

    def run(self, feeds: Mapping[str, Array], outputs: Sequence[str]) -> list[Array]:
        """The named outputs; raises SourceError when the model refuses the feeds, UnsuitableError when it is random."""
        with tempfile.TemporaryDirectory(prefix="paddlify-") as folder:
            paths = {name: str(Path(folder) / f"{name}.npz") for name in ("feeds", "answer")}
            arrays: dict[str, Any] = {str(index): array for index, array in enumerate(feeds.values())}
            np.savez(paths["feeds"], **arrays)
            request = {
                **self._request, **paths, "inputs": [self._tensor(name, "inputs") for name in feeds],
                "outputs": [self._tensor(name, "outputs") for name in outputs],
            }
            return self._answer(request, Path(folder), len(outputs))

    def _answer(self, request: Mapping[str, Any], folder: Path, count: int) -> list[Array]:
        file = folder / "request.json"
        file.write_text(json.dumps(request), encoding="utf-8")
        # From stdin, in a folder of its own: beside the script, this very module would pass for TensorFlow.
        done = subprocess.run(
            [self._python, "-", str(file)], input=SCRIPT.read_text(encoding="utf-8"), cwd=folder, capture_output=True,
            text=True, check=False,
        )
        if done.returncode:
            last = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
            raise SourceError(f"TensorFlow does not run the source on these inputs: {last[:300]}")
        with np.load(request["answer"]) as archive:
            if archive["is_random"]:
                raise UnsuitableError("TensorFlow's own results differ from run to run")
            self.label = f"TensorFlow {archive['version']} on the source itself"
            return [archive[str(index)] for index in range(count)]

    def _tensor(self, name: str, which: str) -> str:
        found = self._tensors[which].get(name, name)
        return found if ":" in found else f"{found}:0"


def _request(model: Path, extra: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, dict[str, str]]]:
    """How the other process reads the model, and the tensors that its signature's names stand for."""
    source = sources.read(model, extra)
    path = model.parent if savedmodel.is_saved_model_file(model) else model
    request: dict[str, Any] = {"kind": source.kind, "path": str(path.resolve())}
    if source.kind == "tensorflow SavedModel":
        request["tags"] = list(savedmodel.read_meta_graph(path, extra.get("tag"))[0].meta_info_def.tags)
    elif source.kind == "tensorflow checkpoint":
        prefix = find_prefix(Path(extra["ckpt_dir"]) if extra.get("ckpt_dir") else path)
        meta = extra.get("meta") or sources.find_meta(path) or sources.find_meta(prefix or path)
        request.update({key: str(Path(file).resolve()) for key, file in (("prefix", prefix), ("meta", meta)) if file})
    elif source.kind != "tensorflow frozen graph":
        raise UnsuitableError(f"a {source.kind} is not run by TensorFlow here")
    signature = source.signature
    names = {"inputs": signature.inputs, "outputs": signature.outputs} if signature else {"inputs": {}, "outputs": {}}
    return request, {
        which: {key: f"{end.node}:{end.index}" for key, end in found.items()} for which, found in names.items()
    }
