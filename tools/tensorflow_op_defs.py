"""Write the table of TensorFlow's operators, `op_defs.json`, from TensorFlow's own registry.

Run with an interpreter that has TensorFlow:

    .oracles/tensorflow/bin/python tools/tensorflow_op_defs.py

One line for each operator: [inputs, outputs, attributes]. An argument is written `name:type`, where the type is a
dtype, the name of a type attribute, `*attribute` (a list of types) or `number*type` (a list of one type); a `&`
before the type marks a reference. An attribute is [type] or [type, default].
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tensorflow.core.framework import attr_value_pb2, op_def_pb2, types_pb2
from tensorflow.python.client import pywrap_tf_session

TARGET = Path(__file__).parent.parent / "src" / "paddlify" / "frontends" / "tensorflow" / "op_defs.json"


def main() -> None:
    """Write the table, sorted by operator."""
    found = op_def_pb2.OpList()
    found.ParseFromString(pywrap_tf_session.TF_GetBuffer(pywrap_tf_session.TF_GetAllOpList()))
    lines = [
        f"{json.dumps(op.name)}: {json.dumps(_row(op), separators=(',', ':'))}"
        for op in sorted(found.op, key=lambda op: op.name)
    ]
    TARGET.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def _row(op: op_def_pb2.OpDef) -> list[Any]:
    attributes = {
        attr.name: [attr.type, _value(attr.default_value)] if attr.HasField("default_value") else [attr.type]
        for attr in op.attr
    }
    return [[_argument(arg) for arg in op.input_arg], [_argument(arg) for arg in op.output_arg], attributes]


def _argument(arg: op_def_pb2.OpDef.ArgDef) -> str:
    kind = f"*{arg.type_list_attr}" if arg.type_list_attr else arg.type_attr or _type_name(arg.type)
    if arg.number_attr:
        kind = f"{arg.number_attr}*{kind}"
    return f"{arg.name}:{'&' if arg.is_ref else ''}{kind}"


def _type_name(number: int) -> str:
    return types_pb2.DataType.Name(number).removeprefix("DT_").lower()


def _value(value: attr_value_pb2.AttrValue) -> Any:
    kind = value.WhichOneof("value")
    if kind == "list":
        for name in ("s", "i", "f", "b", "type", "shape"):
            items = getattr(value.list, name)
            if items:
                return [_scalar(name, item) for item in items]
        return []
    return _scalar(kind, getattr(value, kind))


def _scalar(kind: str, item: Any) -> Any:
    if kind == "s":
        return item.decode("utf-8")
    if kind == "type":
        return _type_name(item)
    if kind == "shape":
        return None if item.unknown_rank else [None if dim.size < 0 else dim.size for dim in item.dim]
    return None if kind == "tensor" else item


if __name__ == "__main__":
    main()
