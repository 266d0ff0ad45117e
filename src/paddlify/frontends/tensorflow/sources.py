"""From what the user points at (a file, a folder, a checkpoint's prefix) to a graph, signature and variables."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from paddlify.errors import LoadError, UsageError
from paddlify.frontends.tensorflow import graphdef, keras_file, savedmodel
from paddlify.frontends.tensorflow.checkpoint import Checkpoint, find_prefix
from paddlify.frontends.tensorflow.graph import Graph
from paddlify.frontends.tensorflow.savedmodel import Saver, Signature
from paddlify.frontends.tensorflow.table import is_table
from paddlify.ir import wire


@dataclass(frozen=True)
class Source:
    """A TensorFlow model as it was read.

    Attributes:
        kind: "tensorflow frozen graph", "tensorflow checkpoint", "tensorflow SavedModel" or "keras file".
        signature: names of inputs and outputs, where the model says them.
        saver: how variables are restored, where the model says it.
        checkpoint: the values of variables; None for a frozen graph.
        temporary: a folder that must be there as long as the weights are read from it.
    """

    graph: Graph
    kind: str
    signature: Signature | None = None
    saver: Saver | None = None
    checkpoint: Checkpoint | None = None
    temporary: object | None = None


_FROZEN, _CHECKPOINT = "tensorflow frozen graph", "tensorflow checkpoint"
_SAVED_MODEL, _KERAS_FILE = "tensorflow SavedModel", "keras file"
_EXTRAS = {
    _FROZEN: (),
    _CHECKPOINT: ("meta", "ckpt_dir", "signature"),
    _SAVED_MODEL: ("signature", "tag"),
    _KERAS_FILE: ("signature", "tag"),
}
"""The options of each kind, beside those that all formats have."""

_TEXT_GRAPH = re.compile(rb"\s*(#[^\n]*\s*)*(node|library|versions)\s*:?\s*\{")
_GRAPH_FIELDS = {1: wire.LENGTH_DELIMITED, 2: wire.LENGTH_DELIMITED, 3: wire.VARINT, 4: wire.LENGTH_DELIMITED}
_GRAPH_FIELDS[5] = wire.LENGTH_DELIMITED
_NODE_FIELDS = 7


def recognises(path: Path) -> bool:
    """Whether a path leads to a TensorFlow graph, checkpoint or SavedModel, judged by content."""
    if path.is_dir():
        return savedmodel.is_saved_model(path) or find_meta(path) is not None
    if find_prefix(path) is not None:
        return path.name.endswith((".meta", ".index")) or not path.exists()
    return path.is_file() and any(
        test(path)
        for test in (_is_graph, _is_text_graph, savedmodel.is_saved_model_file, keras_file.is_keras_file, is_table)
    )


def read(path: Path, extra: Mapping[str, Any]) -> Source:
    """Read a model; `extra` holds the options meta, ckpt_dir, signature and tag, each perhaps None.

    Raises LoadError when it cannot be read, UsageError when an option does not fit it.
    """
    if savedmodel.is_saved_model_file(path):
        path = path.parent
    kind = _kind(path, extra)
    if kind == _FROZEN and not path.exists():
        raise LoadError(f"{path}: does not exist, nor does {path}.index")
    unknown = sorted(name for name, value in extra.items() if value is not None and name not in _EXTRAS[kind])
    if unknown:
        known = f"there are {', '.join(_EXTRAS[kind])}" if _EXTRAS[kind] else "there are none"
        raise UsageError(f"{', '.join(unknown)}: no option for a {kind}, which {path} is; {known}")
    if kind == _SAVED_MODEL:
        return _saved_model(path, extra)
    if kind == _KERAS_FILE:
        folder = keras_file.export(path)
        return replace(_saved_model(Path(folder.name), extra), kind=kind, temporary=folder)
    if kind == _CHECKPOINT:
        return _checkpoint(path, extra)
    if is_table(path):
        raise LoadError(
            f"{path}: a checkpoint in TensorFlow's first format, which is one file; restore it and save it again, "
            "which gives .index, .data-* and .meta files"
        )
    if _is_text_graph(path):
        return Source(graphdef.graph_of(graphdef.read_text_message(path, "GraphDef"), path), kind)
    return Source(graphdef.graph_of(graphdef.read_message(path, "GraphDef"), path), kind)


def _saved_model(path: Path, extra: Mapping[str, Any]) -> Source:
    meta_graph, file = savedmodel.read_meta_graph(path, extra.get("tag"))
    prefix = path / "variables" / "variables"
    return Source(
        graph=graphdef.graph_of(meta_graph.graph_def, file),
        kind=_SAVED_MODEL,
        signature=savedmodel.choose_signature(meta_graph, extra.get("signature"), path),
        saver=savedmodel.saver_of(meta_graph),
        checkpoint=Checkpoint(prefix) if prefix.parent.is_dir() and any(prefix.parent.iterdir()) else None,
    )


def _kind(path: Path, extra: Mapping[str, Any]) -> str:
    if path.is_dir() and savedmodel.is_saved_model(path):
        return _SAVED_MODEL
    if keras_file.is_keras_file(path):
        return _KERAS_FILE
    is_checkpoint = extra.get("meta") or extra.get("ckpt_dir") or path.is_dir() or find_prefix(path) is not None
    return _CHECKPOINT if is_checkpoint else _FROZEN


def _checkpoint(path: Path, extra: Mapping[str, Any]) -> Source:
    folder = Path(extra["ckpt_dir"]) if extra.get("ckpt_dir") else path
    prefix = find_prefix(folder)
    if prefix is None:
        raise LoadError(f"{folder}: holds no checkpoint (PREFIX.index and PREFIX.data-*)")
    meta = Path(extra["meta"]) if extra.get("meta") else find_meta(path) or find_meta(prefix)
    if meta is None or not meta.is_file():
        expected = meta or prefix.with_name(prefix.name + ".meta")
        raise LoadError(f"{expected}: does not exist; a checkpoint holds variables only, give the graph with --meta")
    meta_graph = graphdef.read_message(meta, "MetaGraphDef")
    signature = None
    if meta_graph.signature_def or extra.get("signature"):
        signature = savedmodel.choose_signature(meta_graph, extra.get("signature"), meta)
    return Source(
        graph=graphdef.graph_of(meta_graph.graph_def, meta),
        kind=_CHECKPOINT,
        signature=signature,
        saver=savedmodel.saver_of(meta_graph),
        checkpoint=Checkpoint(prefix),
    )


def find_meta(path: Path) -> Path | None:
    """The `.meta` file that belongs to a path: itself, beside its prefix, or the only one of a folder."""
    if path.name.endswith(".meta") and path.is_file():
        return path
    try:
        prefix = find_prefix(path)
    except LoadError:
        return None
    if prefix is not None and prefix.with_name(prefix.name + ".meta").is_file():
        return prefix.with_name(prefix.name + ".meta")
    folder = path if path.is_dir() else path.parent
    found = sorted(folder.glob("*.meta")) if prefix is not None else []
    return found[0] if len(found) == 1 else None


def _is_text_graph(path: Path) -> bool:
    with path.open("rb") as file:
        return _TEXT_GRAPH.match(file.read(4096)) is not None


def _is_graph(path: Path) -> bool:
    """A GraphDef begins with a node (name, op, inputs, …), and has no field that GraphDef has not."""
    try:
        first = None
        for count, item in enumerate(wire.fields(path)):
            if _GRAPH_FIELDS.get(item.number) != item.wire_type:
                return False
            first = first or (item if item.number == 1 else None)
            if count >= 100:
                break
        if first is None:
            return False
        with path.open("rb") as file:
            file.seek(first.payload)
            node = file.read(min(first.end - first.payload, 1 << 16))
        return _is_node(node)
    except LoadError:
        return False


def _is_node(data: bytes) -> bool:
    """A NodeDef has fields 1 to 7, all length-delimited, and an op type that is an identifier."""
    op = None
    try:
        for item in wire.fields(data):
            if item.wire_type != wire.LENGTH_DELIMITED or item.number > _NODE_FIELDS:
                return False
            if item.number == 2:
                op = data[item.payload : item.end]
    except LoadError:
        pass  # the window may end inside the node
    return op is not None and re.fullmatch(rb"[A-Za-z0-9_>]+", op) is not None
