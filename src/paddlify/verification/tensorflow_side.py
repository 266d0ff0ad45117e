"""Runs a TensorFlow model with TensorFlow itself, in a process of its own: `python - REQUEST.json`, this file on stdin.

Needs tensorflow and numpy only, so that it runs in any environment that has them. The request says how the model is
read, which tensors are fed (from an .npz file, as `0`, `1`, …) and which are wanted. The answer is an .npz file with
these as `0`, `1`, …, TensorFlow's `version`, and `is_random`: whether a second run on the same feeds gave something
else (a dropout that was left in, say).
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np


def main(request: Mapping[str, Any]) -> None:
    """Answer one request; raises whatever TensorFlow raises."""
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    os.environ["CUDA_VISIBLE_DEVICES"] = ""
    import tensorflow as tf

    with np.load(request["feeds"]) as archive:
        feeds = {tensor: archive[str(index)] for index, tensor in enumerate(request["inputs"])}
    session = _KINDS[request["kind"]](tf, request)
    first, second = (session.run(request["outputs"], feeds) for _ in range(2))
    is_same = all(_equal(np.asarray(a), np.asarray(b)) for a, b in zip(first, second, strict=True))
    answer: dict[str, Any] = {str(index): np.asarray(array) for index, array in enumerate(first)}
    np.savez(request["answer"], version=np.array(tf.__version__), is_random=np.array(not is_same), **answer)


def _equal(first: Any, second: Any) -> bool:
    return np.array_equal(first, second, equal_nan=first.dtype.kind in "fc")


def _frozen_graph(tf: Any, request: Mapping[str, Any]) -> Any:
    graph_def = tf.compat.v1.GraphDef()
    content = Path(request["path"]).read_bytes()
    try:
        graph_def.ParseFromString(content)
    except Exception:  # noqa: BLE001 - protobuf's DecodeError has moved between its versions; the text is tried instead
        from google.protobuf import text_format

        text_format.Parse(content.decode(), graph_def)
    session = tf.compat.v1.Session(graph=tf.Graph())
    with session.graph.as_default():
        tf.import_graph_def(graph_def, name="")
    return session


def _checkpoint(tf: Any, request: Mapping[str, Any]) -> Any:
    session = tf.compat.v1.Session(graph=tf.Graph())
    with session.graph.as_default():
        saver = tf.compat.v1.train.import_meta_graph(request["meta"], clear_devices=True)
        saver.restore(session, request["prefix"])
    return session


def _saved_model(tf: Any, request: Mapping[str, Any]) -> Any:
    """TensorFlow 1's loader reads SavedModels of TensorFlow 2 as well."""
    session = tf.compat.v1.Session(graph=tf.Graph())
    tf.compat.v1.saved_model.load(session, request["tags"], request["path"])
    return session


_KINDS: dict[str, Callable[[Any, Mapping[str, Any]], Any]] = {
    "tensorflow frozen graph": _frozen_graph,
    "tensorflow checkpoint": _checkpoint,
    "tensorflow SavedModel": _saved_model,
}


if __name__ == "__main__":
    main(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
