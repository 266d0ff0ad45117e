"""The layers that take part in inference, in which order, and what goes in and comes out."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from paddlify.errors import LoadError, UsageError

SINKS: Final = frozenset({"HDF5Output", "Silence"})
"""Layers that swallow blobs."""

MEASURES: Final = frozenset({"Accuracy", "SoftmaxWithLoss", "SoftmaxLoss"})
"""Layers of training and evaluation beside those whose type ends in "Loss"; left out unless asked for."""


MAX_NAME: Final = 1000
"""Longest name of a layer or blob."""


@dataclass(frozen=True)
class State:
    """The state of inference beside its phase, TEST. As in Caffe, a level in the file itself does not count."""

    level: int = 0
    stages: Sequence[str] = ()


@dataclass(frozen=True)
class InputBlob:
    """An input of the net: its name, and its shape unless the file does not tell; -1 is dynamic."""

    name: str
    shape: tuple[int, ...] | None
    reason: str = ""
    """Why the shape is not known."""


@dataclass
class Network:
    """What is to be lowered.

    Attributes:
        layers: in order; each one's bottoms are inputs or tops of layers before it.
        inputs: by name, in the order of the file.
        outputs: names of blobs.
        notes: one sentence each on what was left out.
    """

    layers: list[Any]
    inputs: dict[str, InputBlob]
    outputs: list[str]
    notes: list[str] = field(default_factory=list)


def build(
    layers: Iterable[Any], state: State, *, outputs: Sequence[str] | None, stops: Iterable[str]
) -> Network:
    """Choose the layers of the TEST phase that the outputs need.

    Args:
        layers: LayerParameter messages.
        state: what include and exclude rules are held against.
        outputs: blobs to compute; None for those that no layer takes, as in Caffe (in alphabetical order).
        stops: blobs whose value the user feeds, so that what computes them is not needed.

    Raises LoadError for a bottom that no earlier layer gives, and UsageError for an output that does not exist.
    """
    layers = list(layers)
    for layer in layers:
        check_names(layer)
    included = [layer for layer in layers if _is_included(layer, state)]
    inputs: dict[str, InputBlob] = {}
    for layer in filter(is_input, included):
        for blob in _input_blobs(layer):
            if blob.name in inputs:
                raise LoadError(f"layer '{layer.name}' ({layer.type}): its top '{blob.name}' is given by two layers")
            inputs[blob.name] = blob
    computing = [layer for layer in included if not is_input(layer)]
    check_order(computing, inputs)
    measures = [layer for layer in computing if is_measure(layer)]
    notes: list[str] = []
    if outputs is None:
        kept = _without(computing, measures)
        outputs = _unconsumed(kept)
        dropped = [layer for layer in computing if all(layer is not other for other in kept)]
        if dropped:
            notes.append("Left out, as only training needs them: " + _listed(dropped) + ".")
        if not outputs:
            names = ", ".join(top for layer in dropped for top in layer.top)
            remedy = f"; ask for one of its outputs (--outputs): {names}" if names else ""
            raise LoadError("no layer is left for inference" + remedy)
    else:
        kept = computing
        _check_names(outputs, kept, inputs)
    needed = _needed(kept, outputs, set(stops))
    taken = {bottom for layer in needed for bottom in layer.bottom} | set(outputs)
    unused = [name for name in inputs if name not in taken]
    if unused:
        notes.append("Inputs that no output needs were left out: " + ", ".join(unused) + ".")
    return Network(needed, {name: blob for name, blob in inputs.items() if name in taken}, list(outputs), notes)


def is_input(layer: Any) -> bool:
    """Whether a layer brings data into the net rather than computing it."""
    if layer.bottom or not layer.top:
        return False
    return layer.type in ("Input", "Python") or (layer.type.endswith("Data") and layer.type != "DummyData")


def is_measure(layer: Any) -> bool:
    """Whether a layer measures a net for training or evaluation."""
    return layer.type in MEASURES or layer.type.endswith("Loss")


def check_names(layer: Any) -> None:
    """Raise LoadError for names that no message can show, and blobs without a name."""
    for kind, names in (("name", [layer.name]), ("type", [layer.type]), ("blob", [*layer.bottom, *layer.top])):
        for name in names:
            if len(name) > MAX_NAME or not (name.isprintable() or not name):
                raise LoadError(f"layer {_shown(layer.name)}: a {kind} is called {_shown(name)}")
            if not name and kind != "name":
                raise LoadError(f"layer '{layer.name}': {'a blob has no name' if kind == 'blob' else 'it has no type'}")


def _shown(name: str) -> str:
    return repr(name[:40]) + ("…" if len(name) > 40 else "")


def check_order(layers: Sequence[Any], inputs: Mapping[str, InputBlob]) -> None:
    """Raise LoadError unless every bottom is an input or a top of an earlier layer, as Caffe demands."""
    available = set(inputs)
    for position, layer in enumerate(layers):
        for bottom in layer.bottom:
            if bottom in available:
                continue
            where = f"layer '{layer.name}' ({layer.type}): its bottom '{bottom}'"
            if bottom in layer.top:
                raise LoadError(f"{where} is its own top, and nothing gives it before: the net is cyclic")
            later = next((other for other in layers[position + 1 :] if bottom in other.top), None)
            if later is not None:
                raise LoadError(
                    f"{where} is given only later, by layer '{later.name}': the net is cyclic or out of order"
                )
            raise LoadError(f"{where} is neither an input nor the top of any layer{_hint(bottom, available)}")
        for index, top in enumerate(layer.top):
            is_in_place = index < len(layer.bottom) and layer.bottom[index] == top
            if top in available and not is_in_place:
                where = f"layer '{layer.name}' ({layer.type})"
                raise LoadError(f"{where}: its top '{top}' is given by an earlier layer too")
            available.add(top)


def _is_included(layer: Any, state: State) -> bool:
    if layer.include and layer.exclude:
        raise LoadError(f"layer '{layer.name}' ({layer.type}): has both include and exclude rules")
    if layer.include:
        return any(_meets(rule, state) for rule in layer.include)
    return not any(_meets(rule, state) for rule in layer.exclude)


def _meets(rule: Any, state: State) -> bool:
    """Whether the state of inference (phase TEST) meets a rule."""
    test = rule.DESCRIPTOR.fields_by_name["phase"].enum_type.values_by_name["TEST"].number
    return (
        (not rule.HasField("phase") or rule.phase == test)
        and (not rule.HasField("min_level") or state.level >= rule.min_level)
        and (not rule.HasField("max_level") or state.level <= rule.max_level)
        and all(stage in state.stages for stage in rule.stage)
        and not any(stage in state.stages for stage in rule.not_stage)
    )


def _input_blobs(layer: Any) -> list[InputBlob]:
    if layer.type == "Input":
        shapes = layer.input_param.shape
        if len(shapes) not in (0, 1, len(layer.top)):
            raise LoadError(f"layer '{layer.name}' (Input): {len(layer.top)} tops, but {len(shapes)} shapes")
        if not shapes:
            return [InputBlob(top, None, "the prototxt gives none") for top in layer.top]
        return [
            InputBlob(top, tuple(shapes[index if len(shapes) > 1 else 0].dim)) for index, top in enumerate(layer.top)
        ]
    data = _data_shape(layer)
    reason = f"layer '{layer.name}' ({layer.type}) reads it from a file"
    batch = data[0] if data else _batch(layer)
    blobs = [InputBlob(layer.top[0], data, reason)]
    if len(layer.top) > 1:
        is_label = layer.type in ("Data", "ImageData", "MemoryData", "WindowData") and batch
        blobs.append(InputBlob(layer.top[1], (batch,) if is_label else None, reason))
    return blobs + [InputBlob(top, None, reason) for top in layer.top[2:]]


def _data_shape(layer: Any) -> tuple[int, ...] | None:
    """The shape of a data layer's first top, where its settings tell."""
    if layer.type == "MemoryData":
        settings = layer.memory_data_param
        return (settings.batch_size, settings.channels, settings.height, settings.width)
    if layer.type == "ImageData":
        settings = layer.image_data_param
        crop = layer.transform_param.crop_size or settings.crop_size
        size = (crop, crop) if crop else (settings.new_height, settings.new_width)
        return (settings.batch_size, 3 if settings.is_color else 1, *size) if all(size) else None
    if layer.type == "WindowData":
        settings = layer.window_data_param
        crop = layer.transform_param.crop_size or settings.crop_size
        return (settings.batch_size, 3, crop, crop) if crop else None
    return None


def _batch(layer: Any) -> int:
    param = {"Data": "data_param", "HDF5Data": "hdf5_data_param"}.get(layer.type)
    return getattr(layer, param).batch_size if param else 0


def _without(layers: Sequence[Any], measures: Sequence[Any]) -> list[Any]:
    """The layers that do not measure, and those measures whose result another layer computes with."""
    dropped = {id(layer) for layer in measures}
    needed: set[str] = set()
    kept = []
    for layer in reversed(layers):
        if id(layer) in dropped and not needed.intersection(layer.top):
            continue
        needed.update(layer.bottom)
        kept.append(layer)
    return kept[::-1]


def _unconsumed(layers: Sequence[Any]) -> list[str]:
    available: set[str] = set()
    for layer in layers:
        available.difference_update(layer.bottom)
        if layer.type not in SINKS:
            available.update(layer.top)
    return sorted(available)


def _check_names(outputs: Sequence[str], layers: Sequence[Any], inputs: Mapping[str, InputBlob]) -> None:
    known = set(inputs) | {top for layer in layers for top in layer.top}
    for name in outputs:
        if name not in known:
            raise UsageError(f"the net has no blob '{name}'{_hint(name, known)}")


def _needed(layers: Sequence[Any], outputs: Sequence[str], stops: set[str]) -> list[Any]:
    """Layers on which the outputs depend. A blob written in place is needed in all its versions."""
    wanted = set(outputs) - stops
    needed = []
    for layer in reversed(layers):
        if layer.type in SINKS or not wanted.intersection(layer.top):
            continue
        needed.append(layer)
        wanted.difference_update(set(layer.top) - set(layer.bottom))
        wanted.update(bottom for bottom in layer.bottom if bottom not in stops)
    return needed[::-1]


def _hint(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, sorted(known), n=1)
    return f"; did you mean '{close[0]}'?" if close else ""


def _listed(layers: Sequence[Any]) -> str:
    return ", ".join(f"'{layer.name}' ({layer.type})" for layer in layers)
