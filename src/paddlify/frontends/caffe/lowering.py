"""How a Caffe layer is said in ONNX operators: the registry of lowerings, and the recorder that they write into.

A lowering is registered in `ops`:

    @lowers("LRN", param="lrn_param")
    def lrn(op, x, *, local_size, alpha, beta, norm_region, k): ...

- `op` records ONNX nodes (`Recorder`, an `ir.builder.Builder`); `op.blob` gives the layer's weights.
- Positional parameters are the bottoms; `*xs` takes any number.
- Keyword-only parameters are fields of the layer's parameter message(s): enums as their names, repeated fields as
  lists, messages as they are; an unset field arrives as its default in Caffe, or None where there is none.
- A field that the net sets to anything but its default and the function does not name refuses the layer, save those
  that do not touch the numbers (`WITHOUT_EFFECT`).
- It returns one value, or a tuple with a value for each top.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

import onnx_ir as ir

from paddlify.errors import LoadError, Refusal
from paddlify.frontends.caffe.messages import MessageSet, plain_value
from paddlify.frontends.caffe.weights import MAX_ELEMENTS, Weights
from paddlify.ir.builder import Builder
from paddlify.registry import Registry, Rule

F = TypeVar("F", bound=Callable[..., Any])

WITHOUT_EFFECT: Final = frozenset({
    "bias_filler", "debug_info", "engine", "filler", "force_nd_im2col", "momentum", "moving_average_fraction",
    "prefetch", "save_output_param", "scale_filler", "share_in_parallel", "shift_filler", "slope_filler",
    "stable_prod_grad", "visualize", "visualize_threshold", "weight_filler",
})
"""Fields that choose an implementation, initial values, training or files, never the result of inference."""

MAX_TABLE: Final = 1 << 24
"""Largest constant that a lowering makes in memory, in numbers."""

MAX_RANK: Final = 32
"""Caffe's limit for the axes of a blob."""

_registry: Final = Registry("lowering of Caffe")
_params: Final[dict[str, tuple[str, ...]]] = {}


def lowers(*layer_types: str, param: str | Sequence[str] = (), replace: bool = False) -> Callable[[F], F]:
    """Decorator: register a function as the meaning of layer types.

    Args:
        layer_types: as a prototxt spells them.
        param: the field(s) of LayerParameter whose message holds the layer's settings.
        replace: allow a type that is registered already; ValueError otherwise.
    """
    params = (param,) if isinstance(param, str) else tuple(param)

    def register(function: F) -> F:
        for layer_type in layer_types:
            _registry.add("", layer_type, function, replace=replace)
            _params[layer_type] = params
        return function

    return register


def forget(layer_type: str) -> None:
    """Remove what `lowers` registered; KeyError when there is nothing."""
    _registry.remove("", layer_type)
    del _params[layer_type]


def is_known(layer_type: str) -> bool:
    """Whether there is a lowering for a layer type."""
    return _registry.find("", layer_type) is not None


def rules() -> list[Rule]:
    """All lowerings, by layer type."""
    return list(_registry)


def params_of(layer_type: str) -> tuple[str, ...]:
    """The parameter messages that a layer type reads."""
    return _params[layer_type]


class Recorder(Builder):
    """Records the ONNX nodes of one net.

    Attributes:
        layer: the LayerParameter being lowered.
        weights: where blobs come from.
    """

    def __init__(self, graph: ir.Graph, weights: Weights, messages: MessageSet) -> None:
        super().__init__(graph)
        self.layer: Any = None
        self.weights = weights
        self._messages = messages
        self._owners: dict[str, tuple[str, int]] = {}
        self._blobs: dict[tuple[str, int], ir.Value] = {}

    @property
    def top_count(self) -> int:
        """How many tops the layer has."""
        return len(self.layer.top)

    @property
    def blob_count(self) -> int | None:
        """How many blobs are stored for the layer; None with random weights."""
        return self.weights.count(self.layer.name)

    def blob(self, index: int, shape: Sequence[int], role: str) -> ir.Value:
        """Blob `index` of the layer, which must have `shape`; `role` names it in the graph and in errors.

        Blobs that are shared by name (`param { name: … }`) are one value. Raises LoadError when the blob is missing
        or has another shape.
        """
        if any(dim < 1 for dim in shape) or math.prod(shape) > MAX_ELEMENTS:
            raise LoadError(f"its {role} would have the impossible shape {list(shape)}")
        specs = self.layer.param
        shared = specs[index].name if index < len(specs) else ""
        name, number = self._owners.setdefault(shared, (self.layer.name, index)) if shared else (self.layer.name, index)
        if (name, number) in self._blobs:
            self.weights.check_shared((name, number), (self.layer.name, index))
            return self._shared(self._blobs[name, number], specs[index], shape, role)
        value = self.initializer(self.weights.find(name, number, shape, role), f"{name}/{role}")
        self._blobs[name, number] = value
        return value

    def call(self, layer: Any, bottoms: Sequence[ir.Value]) -> tuple[ir.Value, ...]:
        """Lower one layer; raises Refusal or LoadError."""
        self.layer = layer
        rule = _registry.find("", layer.type)
        if rule is None:
            raise Refusal("the layer type is not known")
        settings, defaults = self._settings(layer, rule)
        with self.source(layer.type, layer.name):
            result = rule(self, bottoms, settings, defaults)
        values = result if isinstance(result, tuple) else (result,)
        if len(values) < len(layer.top):
            raise LoadError(f"it has {len(layer.top)} tops, where {len(values)} are possible")
        return values

    def _settings(self, layer: Any, rule: Rule) -> tuple[dict[str, Any], dict[str, Any]]:
        settings: dict[str, Any] = {}
        defaults: dict[str, Any] = {}
        for name in _params[layer.type]:
            if name not in layer.DESCRIPTOR.fields_by_name:
                raise Refusal(f"the message '{name}' is not known; give the fork's messages with --proto")
            message = getattr(layer, name)
            defaults.update(self._messages.defaults(message.DESCRIPTOR))
            for field, _ in message.ListFields():
                if field.name in rule.attributes or field.name not in WITHOUT_EFFECT:
                    settings[field.name] = plain_value(message, field)
        return settings, defaults

    def _shared(self, value: ir.Value, spec: Any, shape: Sequence[int], role: str) -> ir.Value:
        stored = list(value.shape.numpy()) if value.shape is not None else []
        if stored == list(shape):
            return value
        permissive = spec.DESCRIPTOR.fields_by_name["share_mode"].enum_type.values_by_name["PERMISSIVE"].number
        if spec.share_mode == permissive and math.prod(stored) == math.prod(shape):
            return self.Reshape(value, self.constant(list(shape)))  # type: ignore[no-any-return]
        raise LoadError(f"its {role} of shape {list(shape)} is shared with one of shape {stored}")


def dims_of(x: ir.Value) -> list[int | None]:
    """The dimensions of a value, None where they are dynamic; raises Refusal when the rank is not known."""
    if x.shape is None:
        raise Refusal(f"the shape of '{x.name}' is not known")
    return [dim if isinstance(dim, int) else None for dim in x.shape]


def static_dims(x: ir.Value, start: int = 0, end: int | None = None) -> list[int]:
    """Dimensions [start, end) of a value, all of which must be known; raises Refusal otherwise."""
    dims = dims_of(x)[start:end]
    known = [dim for dim in dims if dim is not None]
    if len(known) != len(dims):
        raise Refusal(f"the size of '{x.name}' must be known (it is {x.shape}); give a fixed input shape")
    return known


def canonical(axis: int, rank: int) -> int:
    """An axis counted from the front; raises LoadError when it is out of range."""
    if not -rank <= axis < rank:
        raise LoadError(f"axis {axis} is out of range for {rank} axes")
    return axis % rank


