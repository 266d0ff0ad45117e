"""The protocol messages of TensorFlow that are read here, as far as they are read, from their public field numbers.

They are built for the protobuf library at run time, in a pool of their own, so that nothing clashes with an installed
TensorFlow. Fields that are not listed are skipped by the parser. `Location` is no TensorFlow message: it stands in the
place of content that was left on disk (see `graphdef`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from paddlify.frontends.tensorflow import dtypes

_SCHEMA = """
GraphDef:        repeated NodeDef node = 1; FunctionDefLibrary library = 2
NodeDef:         string name = 1; string op = 2; repeated string input = 3; map<string, AttrValue> attr = 5

AttrValue:       oneof ListValue list = 1; oneof bytes s = 2; oneof int64 i = 3; oneof float f = 4; oneof bool b = 5;
                 oneof DataType type = 6; oneof TensorShapeProto shape = 7; oneof TensorProto tensor = 8;
                 oneof string placeholder = 9; oneof NameAttrList func = 10
ListValue:       repeated bytes s = 2; repeated int64 i = 3; repeated float f = 4; repeated bool b = 5;
                 repeated DataType type = 6; repeated TensorShapeProto shape = 7; repeated TensorProto tensor = 8;
                 repeated NameAttrList func = 9
NameAttrList:    string name = 1; map<string, AttrValue> attr = 2

TensorShapeProto: repeated Dim dim = 2; bool unknown_rank = 3
Dim:             int64 size = 1; string name = 2
TensorProto:     DataType dtype = 1; TensorShapeProto tensor_shape = 2; bytes tensor_content = 4;
                 repeated float float_val = 5; repeated double double_val = 6; repeated int32 int_val = 7;
                 repeated bytes string_val = 8; repeated float scomplex_val = 9; repeated int64 int64_val = 10;
                 repeated bool bool_val = 11; repeated double dcomplex_val = 12; repeated int32 half_val = 13;
                 repeated uint32 uint32_val = 16; repeated uint64 uint64_val = 17; bytes float8_val = 18;
                 repeated Location location = 100000
Location:        int32 field = 1; int64 offset = 2; int64 length = 3

FunctionDefLibrary: repeated FunctionDef function = 1
FunctionDef:     OpDef signature = 1; repeated NodeDef node_def = 3; map<string, string> ret = 4;
                 map<string, AttrValue> attr = 5; map<string, string> control_ret = 6
OpDef:           string name = 1; repeated ArgDef input_arg = 2; repeated ArgDef output_arg = 3
ArgDef:          string name = 1; DataType type = 3; string type_attr = 4; string number_attr = 5;
                 string type_list_attr = 6; bool is_ref = 16

SavedModel:      int64 saved_model_schema_version = 1; repeated MetaGraphDef meta_graphs = 2
MetaGraphDef:    MetaInfoDef meta_info_def = 1; GraphDef graph_def = 2; SaverDef saver_def = 3;
                 map<string, SignatureDef> signature_def = 5
MetaInfoDef:     repeated string tags = 4; string tensorflow_version = 5
SaverDef:        string filename_tensor_name = 1; string save_tensor_name = 2; string restore_op_name = 3
SignatureDef:    map<string, TensorInfo> inputs = 1; map<string, TensorInfo> outputs = 2; string method_name = 3
TensorInfo:      oneof string name = 1; DataType dtype = 2; TensorShapeProto tensor_shape = 3;
                 oneof CooSparse coo_sparse = 4; oneof CompositeTensor composite_tensor = 5
CooSparse:       string values_tensor_name = 1; string indices_tensor_name = 2; string dense_shape_tensor_name = 3
CompositeTensor: repeated TensorInfo components = 2

BundleHeaderProto: int32 num_shards = 1; Endianness endianness = 2
BundleEntryProto: DataType dtype = 1; TensorShapeProto shape = 2; int32 shard_id = 3; int64 offset = 4; int64 size = 5;
                 fixed32 crc32c = 6; repeated TensorSliceProto slices = 7
TensorSliceProto: repeated Extent extent = 1
Extent:          int64 start = 1; oneof int64 length = 2

CheckpointState: string model_checkpoint_path = 1; repeated string all_model_checkpoint_paths = 2
"""

_ENUMS = {
    "DataType": {"DT_INVALID": 0}
    | {f"DT_{name.upper()}": number for number, name in dtypes.numbers()}
    | {f"DT_{name.upper()}_REF": number + dtypes.REFERENCE for number, name in dtypes.numbers()},
    "Endianness": {"LITTLE": 0, "BIG": 1},
}

_FIELD = re.compile(
    r"(?P<label>repeated|oneof)?\s*(?P<type>map<string, \w+>|\w+)\s+(?P<name>\w+)\s*=\s*(?P<number>\d+)"
)
_SCALARS = {
    name: getattr(descriptor_pb2.FieldDescriptorProto, f"TYPE_{name.upper()}")
    for name in ("string", "bytes", "int32", "int64", "uint32", "uint64", "fixed32", "float", "double", "bool")
}
_PACKAGE = "paddlify.tensorflow"


def _messages() -> Iterator[tuple[str, str]]:
    for block in re.split(r"\n(?=\w)", _SCHEMA.strip()):
        name, _, fields = block.partition(":")
        yield name, fields


def _describe() -> descriptor_pb2.FileDescriptorProto:
    file = descriptor_pb2.FileDescriptorProto(name="paddlify/tensorflow.proto", package=_PACKAGE, syntax="proto3")
    for name, members in _ENUMS.items():
        enum = file.enum_type.add(name=name)
        for member, number in members.items():
            enum.value.add(name=member, number=number)
    for name, fields in _messages():
        message = file.message_type.add(name=name)
        for text in fields.split(";"):
            match = _FIELD.fullmatch(text.strip())
            if match is None:
                raise ValueError(f"not a field of {name}: {text!r}")
            _add_field(message, **match.groupdict())
    return file


def _add_field(
    message: descriptor_pb2.DescriptorProto, label: str | None, type: str, name: str, number: str  # noqa: A002
) -> None:
    field = message.field.add(name=name, number=int(number), label=descriptor_pb2.FieldDescriptorProto.LABEL_OPTIONAL)
    if type.startswith("map<"):
        entry = message.nested_type.add(name=f"{name.title().replace('_', '')}Entry")
        entry.options.map_entry = True
        _add_field(entry, None, "string", "key", "1")
        _add_field(entry, None, type.removeprefix("map<string, ").removesuffix(">"), "value", "2")
        type, label = f"{message.name}.{entry.name}", "repeated"  # noqa: A001
    if label == "repeated":
        field.label = descriptor_pb2.FieldDescriptorProto.LABEL_REPEATED
    if label == "oneof":
        if not message.oneof_decl:
            message.oneof_decl.add(name="value")
        field.oneof_index = 0
    if type in _SCALARS:
        field.type = _SCALARS[type]
    else:
        kind = descriptor_pb2.FieldDescriptorProto
        field.type = kind.TYPE_ENUM if type in _ENUMS else kind.TYPE_MESSAGE
        field.type_name = f".{_PACKAGE}.{type}"


def _classes() -> dict[str, Any]:
    pool = descriptor_pool.DescriptorPool()
    pool.Add(_describe())
    return {
        name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{_PACKAGE}.{name}"))
        for name, _ in _messages()
    }


_CLASSES = _classes()


def __getattr__(name: str) -> Any:
    if name in _CLASSES:
        return _CLASSES[name]
    raise AttributeError(name)
