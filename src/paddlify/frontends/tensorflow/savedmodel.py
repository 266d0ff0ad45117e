"""SavedModel folders: `saved_model.pb` with one MetaGraphDef for each set of tags, and `variables/`."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from paddlify.errors import LoadError, UsageError
from paddlify.frontends.tensorflow import graphdef
from paddlify.frontends.tensorflow.graph import Endpoint
from paddlify.ir import wire

NAMES: Final = ("saved_model.pb", "saved_model.pbtxt")
DEFAULT_SIGNATURE: Final = "serving_default"
DEFAULT_TAG: Final = "serve"
_INITIALISER = "__saved_model_init_op"


@dataclass(frozen=True)
class Signature:
    """Inputs and outputs of a model under the names by which its users know them, each sorted by name."""

    name: str
    inputs: Mapping[str, Endpoint]
    outputs: Mapping[str, Endpoint]


@dataclass(frozen=True)
class Saver:
    """The node of the graph that restores all variables."""

    restore_op: str


def is_saved_model(folder: Path) -> bool:
    """Whether a folder holds a SavedModel."""
    return any((folder / name).is_file() for name in NAMES)


def is_saved_model_file(path: Path) -> bool:
    """Whether a file is `saved_model.pb`, by name and content (its first field is a version number)."""
    if path.name not in NAMES or not path.is_file():
        return False
    if path.suffix == ".pbtxt":
        return True
    try:
        first = next(wire.fields(path), None)
    except LoadError:
        return False
    return first is not None and first.number in (1, 2)


def read_meta_graph(folder: Path, tag: str | None) -> tuple[Any, Path]:
    """The MetaGraphDef with the tags ("serve", or several joined by commas), and the file that holds it.

    Without `tag` it is the only one, or that which is tagged "serve". Raises UsageError when there is none.
    """
    binary, text = (folder / name for name in NAMES)
    if binary.is_file():
        file, message = binary, graphdef.read_message(binary, "SavedModel")
    else:
        file, message = text, graphdef.read_text_message(text, "SavedModel")
    if not message.meta_graphs:
        raise LoadError(f"{file}: holds no graph")
    wanted = set(tag.split(",")) if tag else {DEFAULT_TAG}
    for meta_graph in message.meta_graphs:
        if set(meta_graph.meta_info_def.tags) == wanted:
            return meta_graph, file
    if tag is None and len(message.meta_graphs) == 1:
        return message.meta_graphs[0], file
    known = "; ".join(",".join(sorted(graph.meta_info_def.tags)) or "(none)" for graph in message.meta_graphs)
    raise UsageError(f"{folder}: has no graph tagged '{','.join(sorted(wanted))}'; there are: {known} (see --tag)")


def choose_signature(meta_graph: Any, name: str | None, path: Path) -> Signature | None:
    """The signature of that name; without a name "serving_default", or the only one; None if there is none.

    Raises UsageError for an unknown name or where several could be meant.
    """
    signatures = {key: value for key, value in meta_graph.signature_def.items() if key != _INITIALISER}
    if name is not None:
        if name not in signatures:
            near = difflib.get_close_matches(name, signatures, n=3) or sorted(signatures)
            there = f"; there are: {', '.join(near)}" if near else "; it has none"
            raise UsageError(f"{path}: has no signature '{name}'{there} (see --signature)")
    elif DEFAULT_SIGNATURE in signatures:
        name = DEFAULT_SIGNATURE
    elif len(signatures) == 1:
        (name,) = signatures
    elif not signatures:
        return None
    else:
        raise UsageError(f"{path}: has several signatures, choose with --signature: {', '.join(sorted(signatures))}")
    found = signatures[name]
    return Signature(name, _endpoints(found.inputs, name), _endpoints(found.outputs, name))


def saver_of(meta_graph: Any) -> Saver | None:
    """How the graph restores its variables; None if it does not say."""
    name = meta_graph.saver_def.restore_op_name
    return Saver(Endpoint.parse(name).node) if name else None


def _endpoints(infos: Mapping[str, Any], signature: str) -> dict[str, Endpoint]:
    endpoints = {}
    for key in sorted(infos):
        if infos[key].WhichOneof("value") != "name":
            raise LoadError(f"signature '{signature}': '{key}' is a sparse or composite tensor, which is not supported")
        endpoints[key] = Endpoint.parse(infos[key].name)
    return endpoints
