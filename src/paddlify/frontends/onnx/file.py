"""ONNX files as protocol messages whose large tensors stay on disk.

`read` gives a ModelProto in which each large tensor, wherever it was kept, is external data with an absolute
location, an offset and a length that were checked against the file.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import onnx
import onnx_ir as ir
from google.protobuf import text_format
from google.protobuf.message import DecodeError

from paddlify.errors import LoadError
from paddlify.ir import wire

_TEXT: Final = {".onnxtxt": "onnxtxt", ".textproto": "textproto", ".onnx_text": "onnxtxt"}

_MODEL_FIELDS: Final = {
    descriptor.number: wire.VARINT if descriptor.cpp_type == descriptor.CPPTYPE_INT64 else wire.LENGTH_DELIMITED
    for descriptor in onnx.ModelProto.DESCRIPTOR.fields
}
_GRAPH_FIELD: Final = onnx.ModelProto.GRAPH_FIELD_NUMBER

_LARGEST_MODEL: Final = 1 << 62
"""More elements than any tensor has; keeps products of dimensions from a damaged file small."""


def recognises(path: str | os.PathLike[str]) -> bool:
    """Whether a file is an ONNX model (it may still be damaged), from the fields at its top level."""
    path = Path(path)
    if not path.is_file():
        return False
    if path.suffix in _TEXT:
        with path.open("rb") as file:
            start = file.read(4096)
        return start.lstrip().startswith(b"<") or b"ir_version" in start
    try:
        for field in wire.fields(path):
            if _MODEL_FIELDS.get(field.number) != field.wire_type:
                return False
            if field.number == _GRAPH_FIELD:
                return True
    except LoadError:
        return False
    return False


def read(path: str | os.PathLike[str]) -> onnx.ModelProto:
    """The message of a file, large tensors as checked external data; raises LoadError that names the file."""
    path = Path(path)
    if not path.is_file():
        raise LoadError(f"{path}: no such file" if not path.exists() else f"{path}: is not a file")
    proto = _parsed(path)
    if proto.ir_version < _TYPED_ATTRIBUTES:
        _add_attribute_types(proto.graph)
    locations = _Locations(path)
    for tensor in _tensors(proto):
        _insist(tensor)
        if tensor.data_location == onnx.TensorProto.EXTERNAL:
            locations.check(tensor)
        else:
            check_inline(tensor, str(path))
    return proto


def check_in_memory(proto: onnx.ModelProto) -> None:
    """Raise LoadError when a message's tensors are damaged or not in memory."""
    for tensor in _tensors(proto):
        if tensor.data_location == onnx.TensorProto.EXTERNAL:
            raise LoadError(
                f"the model: tensor '{tensor.name}' is kept in another file; give the path of the model instead"
            )
        check_inline(tensor, "the model")


def check_external(tensor: ir.ExternalTensor) -> None:
    """Raise LoadError unless a tensor lies inside its file, and the file inside its base folder (if it has one)."""
    path = Path(tensor.path).resolve()
    if tensor.base_dir and not path.is_relative_to(Path(tensor.base_dir).resolve()):
        raise LoadError(f"{path}: tensor '{tensor.name}' is kept outside the model's folder; copy that file into it")
    if not path.is_file():
        raise LoadError(f"{path}: no such file; tensor '{tensor.name}' is kept in it")
    start, end = tensor.offset or 0, (tensor.offset or 0) + tensor.nbytes
    if start < 0 or end > path.stat().st_size or tensor.length not in (None, 0, tensor.nbytes):
        raise LoadError(f"{path}: tensor '{tensor.name}' does not fit at {start} to {end}; fetch the file again")


def check_inline(tensor: onnx.TensorProto, where: str) -> None:
    """Raise LoadError unless the data in a tensor's message fill its shape and type."""
    dtype, size, nbytes = _extent(tensor, where)
    if tensor.HasField("raw_data"):
        found, expected = len(tensor.raw_data), nbytes
    else:
        found, expected = len(getattr(tensor, _data_field(dtype))), _entries(dtype, size)
    if found != expected:
        raise LoadError(
            f"{where}: tensor '{tensor.name}' has data for {found} instead of {expected} "
            f"{'bytes' if tensor.HasField('raw_data') else 'entries'}; the model is damaged"
        )


def _parsed(path: Path) -> onnx.ModelProto:
    try:
        if path.suffix in _TEXT:
            return _parsed_text(path)
        return onnx.ModelProto.FromString(wire.skeleton(path, _schema(str(path.resolve()))))
    except DecodeError as error:
        raise LoadError(f"{path}: not an ONNX model, or damaged ({error}); fetch the file again") from error


def _add_attribute_types(graph: onnx.GraphProto) -> None:
    """IR versions 1 and 2 let an attribute say its type by the field that it fills."""
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.type == onnx.AttributeProto.UNDEFINED:
                filled = {descriptor.name for descriptor, _ in attribute.ListFields()} & _FIELD_OF_TYPE.keys()
                if len(filled) == 1:
                    attribute.type = _FIELD_OF_TYPE[filled.pop()]


_TYPED_ATTRIBUTES: Final = 3
_FIELD_OF_TYPE: Final = {
    "f": onnx.AttributeProto.FLOAT,
    "i": onnx.AttributeProto.INT,
    "s": onnx.AttributeProto.STRING,
    "t": onnx.AttributeProto.TENSOR,
    "floats": onnx.AttributeProto.FLOATS,
    "ints": onnx.AttributeProto.INTS,
    "strings": onnx.AttributeProto.STRINGS,
    "tensors": onnx.AttributeProto.TENSORS,
}


def _parsed_text(path: Path) -> onnx.ModelProto:
    try:
        text = path.read_text(encoding="utf-8")
        if text.lstrip().startswith("<"):
            return onnx.parser.parse_model(text)
        return text_format.Parse(text, onnx.ModelProto())
    except (UnicodeDecodeError, onnx.parser.ParseError, text_format.ParseError) as error:
        reason = str(error).strip().splitlines()[0]
        raise LoadError(f"{path}: not a textual ONNX model ({reason})") from error


def _schema(location: str) -> wire.Message:
    """Where an ONNX file keeps tensors; each becomes external data that points into the file itself."""

    def raw(offset: int, length: int) -> bytes:
        return _external(location, offset, length, "raw_data")

    def floats(offset: int, length: int) -> bytes:
        return _external(location, offset, length, "float_data")

    def doubles(offset: int, length: int) -> bytes:
        return _external(location, offset, length, "double_data")

    tensor = wire.Message(_numbers(onnx.TensorProto, raw_data=raw, float_data=floats, double_data=doubles))
    sparse = wire.Message(_numbers(onnx.SparseTensorProto, values=tensor, indices=tensor))
    graph, node = wire.Message(), wire.Message()
    attribute = wire.Message(
        _numbers(
            onnx.AttributeProto, t=tensor, tensors=tensor, g=graph, graphs=graph, sparse_tensor=sparse,
            sparse_tensors=sparse,
        )
    )
    node.fields = _numbers(onnx.NodeProto, attribute=attribute)
    graph.fields = _numbers(onnx.GraphProto, node=node, initializer=tensor, sparse_initializer=sparse)
    function = wire.Message(_numbers(onnx.FunctionProto, node=node))
    return wire.Message(_numbers(onnx.ModelProto, graph=graph, functions=function, training_info=_left_out))


def _numbers(message: type, **fields: wire.Message | wire.Replacement) -> dict[int, wire.Message | wire.Replacement]:
    by_name = message.DESCRIPTOR.fields_by_name  # type: ignore[attr-defined]
    return {by_name[name].number: field for name, field in fields.items()}


def _left_out(offset: int, length: int) -> bytes:
    """Training information is no part of inference."""
    return b""


def _external(location: str, offset: int, length: int, field: str) -> bytes:
    """External data in place of a tensor's `field`: packed floats lie in the file as raw data do."""
    tensor = onnx.TensorProto(data_location=onnx.TensorProto.EXTERNAL)
    for key, value in (("location", location), ("offset", offset), ("length", length), (_FIELD, field)):
        tensor.external_data.add(key=key, value=str(value))
    return tensor.SerializeToString()


def _insist(tensor: onnx.TensorProto) -> None:
    """Let what took the place of a tensor's data hold against what the file says behind it: that its data is inside.

    `onnx.load` writes that of every tensor that was external before, and old versions leave its old place there, too.
    """
    keys = [entry.key for entry in tensor.external_data]
    if _FIELD in keys and tensor.data_location == onnx.TensorProto.DEFAULT:
        end = keys.index(_FIELD) + 1
        own = tensor.external_data[end - 4 : end]
        del tensor.external_data[:]
        tensor.external_data.extend(own)
        tensor.data_location = onnx.TensorProto.EXTERNAL


_FIELD: Final = "paddlify.field"
_FIELD_TYPES: Final = {
    "float_data": {ir.DataType.FLOAT, ir.DataType.COMPLEX64},
    "double_data": {ir.DataType.DOUBLE, ir.DataType.COMPLEX128},
}


class _Locations:
    """Checks of external data: inside the model's folder, and inside the file."""

    def __init__(self, model: Path) -> None:
        self.model = model
        self.folder = model.parent.resolve()
        self.own = str(model.resolve())
        self._checked: dict[str, tuple[str, int]] = {}

    def check(self, tensor: onnx.TensorProto) -> None:
        """Make the location absolute, and offset and length explicit; raises LoadError."""
        entries = {entry.key: entry.value for entry in tensor.external_data}
        if len(entries) != len(tensor.external_data) or "location" not in entries:
            raise self._damaged(tensor, "does not say once where its data is")
        dtype, _, nbytes = _extent(tensor, str(self.model))
        if dtype == ir.DataType.STRING:
            raise self._damaged(tensor, "keeps strings outside the model, which ONNX forbids")
        if dtype not in _FIELD_TYPES.get(entries.get(_FIELD, ""), {dtype}):
            raise self._damaged(tensor, f"of {dtype.name} has data of another type")
        path, size = self._file(entries["location"], tensor.name)
        offset = self._number(entries.get("offset", "0"), tensor)
        length = self._number(entries["length"], tensor) if "length" in entries else nbytes
        if length != nbytes:
            raise self._damaged(tensor, f"needs {nbytes} bytes but has {length}")
        if offset + length > size:
            raise LoadError(
                f"{path}: ends at byte {size}, but tensor '{tensor.name}' of {self.model.name} lies at "
                f"{offset} to {offset + length}; fetch the file again"
            )
        del tensor.external_data[:]
        for key, value in (("location", path), ("offset", offset), ("length", length)):
            tensor.external_data.add(key=key, value=str(value))

    def _file(self, location: str, name: str) -> tuple[str, int]:
        if location not in self._checked:
            path = Path(location if location == self.own else self._inside(location, name))
            try:
                size = path.stat().st_size
            except OSError as error:
                raise LoadError(
                    f"{self.folder / location}: {error.strerror}; tensor '{name}' of {self.model.name} is kept in "
                    f"that file, put it beside the model"
                ) from error
            if not path.is_file():
                raise LoadError(f"{path}: is not a file, but tensor '{name}' of {self.model.name} is said to be in it")
            self._checked[location] = str(path), size
        return self._checked[location]

    def _inside(self, location: str, name: str) -> Path:
        """The file of a location, which must be relative and inside the folder when links are followed."""
        path = (self.folder / location).resolve()
        if not location or Path(location).is_absolute() or not path.is_relative_to(self.folder):
            raise LoadError(
                f"{self.model}: tensor '{name}' is kept in '{location}', outside the model's folder; "
                "copy that file into the folder and correct the location, if you trust the model"
            )
        return path

    def _number(self, text: str, tensor: onnx.TensorProto) -> int:
        if not (text.isascii() and text.isdigit() and len(text) < 20):
            raise self._damaged(tensor, f"has offset or length '{text}'")
        return int(text)

    def _damaged(self, tensor: onnx.TensorProto, reason: str) -> LoadError:
        return LoadError(f"{self.model}: tensor '{tensor.name}' {reason}; the model is damaged")


def _extent(tensor: onnx.TensorProto, where: str) -> tuple[ir.DataType, int, int]:
    """Dtype, number of elements and number of bytes."""
    try:
        dtype = ir.DataType(tensor.data_type)
    except ValueError:
        dtype = ir.DataType.UNDEFINED
    if dtype == ir.DataType.UNDEFINED:
        raise LoadError(f"{where}: tensor '{tensor.name}' has element type {tensor.data_type}, which does not exist")
    size = 1
    for dim in tensor.dims:
        size *= dim
        if not 0 <= size < _LARGEST_MODEL:
            raise LoadError(f"{where}: tensor '{tensor.name}' has shape {list(tensor.dims)}; the model is damaged")
    bits = 0 if dtype == ir.DataType.STRING else dtype.bitwidth
    return dtype, size, (size * bits + 7) // 8


_DATA_FIELDS: Final = {
    ir.DataType.FLOAT: "float_data",
    ir.DataType.COMPLEX64: "float_data",
    ir.DataType.DOUBLE: "double_data",
    ir.DataType.COMPLEX128: "double_data",
    ir.DataType.INT64: "int64_data",
    ir.DataType.UINT32: "uint64_data",
    ir.DataType.UINT64: "uint64_data",
    ir.DataType.STRING: "string_data",
}


def _data_field(dtype: ir.DataType) -> str:
    return _DATA_FIELDS.get(dtype, "int32_data")


def _entries(dtype: ir.DataType, size: int) -> int:
    """How many entries of its field a tensor has: complex numbers take two, elements below a byte are packed."""
    if dtype in (ir.DataType.COMPLEX64, ir.DataType.COMPLEX128):
        return 2 * size
    if dtype != ir.DataType.STRING and dtype.bitwidth in (2, 4):
        return (size * dtype.bitwidth + 7) // 8
    return size


def _tensors(proto: onnx.ModelProto) -> Iterator[onnx.TensorProto]:
    """All tensors of a model: initializers and attributes, of subgraphs and functions also."""
    yield from _graph_tensors(proto.graph)
    for function in proto.functions:
        for node in function.node:
            yield from _node_tensors(node)


def _graph_tensors(graph: onnx.GraphProto) -> Iterator[onnx.TensorProto]:
    yield from graph.initializer
    for sparse in graph.sparse_initializer:
        yield sparse.values
        yield sparse.indices
    for node in graph.node:
        yield from _node_tensors(node)


def _node_tensors(node: onnx.NodeProto) -> Iterator[onnx.TensorProto]:
    for attribute in node.attribute:
        kind = attribute.type
        if kind == onnx.AttributeProto.TENSOR and not attribute.ref_attr_name:
            yield attribute.t
        elif kind == onnx.AttributeProto.GRAPH and not attribute.ref_attr_name:
            yield from _graph_tensors(attribute.g)
        elif kind == onnx.AttributeProto.TENSORS:
            yield from attribute.tensors
        elif kind == onnx.AttributeProto.GRAPHS:
            for graph in attribute.graphs:
                yield from _graph_tensors(graph)
        elif kind == onnx.AttributeProto.SPARSE_TENSOR and not attribute.ref_attr_name:
            yield attribute.sparse_tensor.values
            yield attribute.sparse_tensor.indices
