"""Which operators of each source format can be converted, from the registries themselves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from paddlify.errors import UsageError
from paddlify.registry import Registry, Rule


@dataclass(frozen=True)
class Operator:
    """A row of the support table: the operator as its owner spells it, and its domain ("" for the format's own)."""

    op_type: str
    domain: str
    is_supported: bool


def operators(source_format: str) -> list[Operator]:
    """The table of one source format, sorted; raises UsageError for a format that is not known.

    For ONNX the standard's operators without an emission are listed too, as not supported.
    """
    if source_format not in _TABLES:
        raise UsageError(f"no source format '{source_format}'; there are {', '.join(_TABLES)}")
    return sorted(_TABLES[source_format](), key=lambda row: (row.domain, row.op_type.lower()))


def formats() -> list[str]:
    """The source formats that have a table."""
    return list(_TABLES)


def _onnx() -> list[Operator]:
    import onnx.defs

    import paddlify.backends.paddle.ops  # noqa: F401 - registers the emissions
    from paddlify.backends.paddle.module import emits
    from paddlify.ir.opset import PRIVATE_DOMAIN

    supported = {(rule.domain, rule.op_type) for rule in emits if rule.domain != PRIVATE_DOMAIN}
    standard = {("", schema.name) for schema in onnx.defs.get_all_schemas() if schema.domain == ""}
    return [Operator(op_type, domain, (domain, op_type) in supported) for domain, op_type in supported | standard]


def _tensorflow() -> list[Operator]:
    import paddlify.frontends.tensorflow.load  # noqa: F401 - registers the lowerings
    from paddlify.frontends.tensorflow.lowering import lowers

    return _rows(lowers)


def _caffe() -> list[Operator]:
    from paddlify.frontends.caffe import ops
    from paddlify.frontends.caffe.lowering import rules

    ops.register_all()
    return _rows(rules())


def _rows(rules: Registry | Sequence[Rule]) -> list[Operator]:
    return [Operator(rule.op_type, rule.domain, True) for rule in rules]


_TABLES: dict[str, Callable[[], list[Operator]]] = {"onnx": _onnx, "tensorflow": _tensorflow, "caffe": _caffe}
