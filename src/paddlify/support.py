"""Which operators of each source format can be converted, from the registries themselves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from paddlify.errors import UsageError
from paddlify.registry import Registry, Rule


@dataclass(frozen=True)
class Operator:
    """A row of the support table: the operator as its owner spells it, and its domain ("" for the format's own).

    Attributes:
        family: the file that says what it means ("" if it is not supported).
        versions: ONNX's opsets whose form of a standard operator can be converted.
    """

    op_type: str
    domain: str
    is_supported: bool
    family: str = ""
    versions: tuple[int, ...] = ()


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
    """The standard's operators, those of onnxruntime that are raised to them, and any that a user has added."""
    import paddlify.backends.paddle.ops  # noqa: F401 - registers the emissions
    from paddlify.backends.paddle.module import emits
    from paddlify.frontends.onnx.upgrade import contrib_rules
    from paddlify.ir.opset import PRIVATE_DOMAIN

    others = [rule for rule in (*emits, *contrib_rules()) if rule.domain not in ("", PRIVATE_DOMAIN)]
    return [*_standard(), *_rows(others)]


def _standard() -> list[Operator]:
    """Operators of ai.onnx; one that newer opsets replace by another is supported in the opsets that have it."""
    import onnx.defs

    from paddlify.backends.paddle.module import emits
    from paddlify.frontends.onnx.upgrade import can_raise

    schemas: dict[str, list[int]] = {}
    for schema in onnx.defs.get_all_schemas_with_history():
        if schema.domain == "" and not schema.deprecated:
            schemas.setdefault(schema.name, []).append(schema.since_version)
    rows = []
    for op_type, history in schemas.items():
        rule = emits.find("", op_type)
        versions = tuple(version for version in sorted(history) if can_raise(op_type, version, rule is not None))
        family = _family(rule) if rule is not None else "replaced" if versions else ""
        rows.append(Operator(op_type, "", bool(versions), family, versions))
    return rows


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
    return [Operator(rule.op_type, rule.domain, True, _family(rule)) for rule in rules]


def _family(rule: Rule) -> str:
    return rule.function.__module__.rpartition(".")[2]


_TABLES: dict[str, Callable[[], list[Operator]]] = {"onnx": _onnx, "tensorflow": _tensorflow, "caffe": _caffe}
