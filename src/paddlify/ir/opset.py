"""The pinned opsets, and operator schemas as the registries need them."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx.defs

from paddlify.registry import REQUIRED, normal_domain

IR_OPSET = 28
"""The opset of ai.onnx that passes and backends see. Older models are raised to it on load."""

LOWERING_OPSET = 23
"""The opset in which frontends other than ONNX write: onnxruntime has a kernel for each of its operators."""

PRIVATE_DOMAIN = "paddlify"
"""The domain for operators that ONNX lacks; `ir/private.py` says what each means."""

CONTRIB_DOMAIN = "com.microsoft"
"""The domain of onnxruntime's own operators."""

_VERSIONS = {"": IR_OPSET}


@functools.cache
def schema(domain: str, op_type: str, version: int | None = None) -> onnx.defs.OpSchema | None:
    """The schema in force at an opset version of the domain (default: the pinned one), or None if there is none."""
    domain = normal_domain(domain)
    version = version or _VERSIONS.get(domain)
    try:
        if version is None:
            return onnx.defs.get_schema(op_type, domain)
        return onnx.defs.get_schema(op_type, version, domain)
    except onnx.defs.SchemaError:
        return None


@functools.cache
def attribute_defaults(domain: str, op_type: str, version: int | None = None) -> Mapping[str, Any] | None:
    """Attribute names of an operator with their defaults: a value, REQUIRED, or None (optional without default).

    None when the operator has no schema (a user's own domain).
    """
    found = schema(domain, op_type, version)
    if found is None:
        return None
    return {name: _default(attribute) for name, attribute in found.attributes.items()}


def _default(attribute: Any) -> Any:
    if attribute.required:
        return REQUIRED
    proto = attribute.default_value
    if not proto.type:
        return None
    value = onnx.helper.get_attribute_value(proto)
    if isinstance(value, float):  # as it was written before it became a float32: 1e-5 rather than 9.999999747e-06
        return float(str(np.float32(value)))
    if isinstance(value, list):
        return [item.decode() if isinstance(item, bytes) else item for item in value]
    return value.decode() if isinstance(value, bytes) else value
