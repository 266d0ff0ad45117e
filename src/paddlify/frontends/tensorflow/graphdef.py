"""GraphDef files and the messages that hold them, read with their large tensors left on disk.

A frozen graph of half a gigabyte is a few hundred kilobytes of nodes; the rest is the content of Const nodes. These
are located by the wire format and replaced by a note of where they lie, so that protobuf parses the nodes alone.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnx_ir as ir
from google.protobuf import text_format
from google.protobuf.message import DecodeError

from paddlify.errors import LoadError
from paddlify.frontends.tensorflow import dtypes, messages, op_defs
from paddlify.frontends.tensorflow.check import check
from paddlify.frontends.tensorflow.graph import Endpoint, Function, FunctionCall, Graph, Node, TypeParameter, Unreadable
from paddlify.ir import wire
from paddlify.ir.tensors import tensor_in_file

_ENDPOINT = re.compile(r"(?P<node>[^:]+)(:(?P<output>[A-Za-z_]\w*))?(:(?P<index>\d{1,6}))?")
MAX_ELEMENTS: Final = 1 << 31
"""A constant of more elements is refused: no TensorFlow graph holds one."""


# From files to messages


def read_message(path: Path, kind: str) -> Any:
    """A GraphDef, MetaGraphDef or SavedModel from a binary file, large tensors replaced by their locations.

    Raises LoadError when the file is missing, truncated or not such a message.
    """
    try:
        return getattr(messages, kind).FromString(wire.skeleton(path, _LARGE[kind]))
    except DecodeError as error:
        raise LoadError(f"{path}: not a TensorFlow {kind}, or damaged") from error


def read_text_message(path: Path, kind: str) -> Any:
    """A message from its text form; raises LoadError when it cannot be parsed."""
    try:
        text = path.read_text(encoding="utf-8")
        return text_format.Parse(text, getattr(messages, kind)(), allow_unknown_field=True)
    except (OSError, UnicodeDecodeError, text_format.ParseError) as error:
        raise LoadError(f"{path}: not a TensorFlow {kind} in text form ({error})") from error


def _location(field: int) -> Callable[[int, int], bytes]:
    def replace(offset: int, length: int) -> bytes:
        location = messages.Location(field=field, offset=offset, length=length)
        number = messages.TensorProto.DESCRIPTOR.fields_by_name["location"].number
        return wire.delimited(number, location.SerializeToString())

    return replace


def _large_fields() -> dict[str, wire.Message]:
    """Where tensors with many elements live in each kind of message."""
    tensor = wire.Message({4: _location(4), 5: _location(5), 6: _location(6)})
    values = wire.Message()
    function_call = wire.Message({2: wire.Message({2: values})})
    values.fields.update({8: tensor, 10: function_call, 1: wire.Message({8: tensor, 9: function_call})})
    node = wire.Message({5: wire.Message({2: values})})
    graph = wire.Message({1: node, 2: wire.Message({1: wire.Message({3: node})})})
    meta_graph = wire.Message({2: graph})
    return {"GraphDef": graph, "MetaGraphDef": meta_graph, "SavedModel": wire.Message({2: meta_graph})}


_LARGE = _large_fields()


# From messages to graphs


def graph_of(proto: Any, path: Path) -> Graph:
    """The graph of a GraphDef message; `path` is where its large tensors lie."""
    graph = Graph(functions=_Functions(proto.library, path))
    for node in proto.node:
        graph.add(_node(node, path, [Endpoint.parse(text) for text in _data_inputs(node)]))
    check(graph, path)
    return graph


def _node(proto: Any, path: Path, inputs: Sequence[Endpoint] = ()) -> Node:
    attributes = {name: _attribute(value, path) for name, value in proto.attr.items()}
    controls = [text[1:] for text in proto.input if text.startswith("^")]
    return Node(proto.name, proto.op, list(inputs), controls, attributes)


def _data_inputs(proto: Any) -> list[str]:
    return [text for text in proto.input if not text.startswith("^")]


def _attribute(value: Any, path: Path) -> Any:
    kind = value.WhichOneof("value")
    if kind is None:
        return ()
    if kind == "list":
        fields = value.list.ListFields()
        return tuple(_scalar(fields[0][0].name, item, path) for item in fields[0][1]) if fields else ()
    return _scalar(kind, getattr(value, kind), path)


def _scalar(kind: str, item: Any, path: Path) -> Any:
    if kind in ("i", "f", "b"):
        return item
    return _DECODERS[kind](item, path)


def _string(item: bytes, path: Path) -> str | bytes:
    try:
        return item.decode("utf-8")
    except UnicodeDecodeError:
        return item


def _shape(item: Any, path: Path) -> tuple[int | None, ...] | None:
    if item.unknown_rank:
        return None
    return tuple(dim.size if dim.size >= 0 else None for dim in item.dim)


def _function_call(item: Any, path: Path) -> FunctionCall:
    return FunctionCall(item.name, {name: _attribute(value, path) for name, value in item.attr.items()})


def _tensor(item: Any, path: Path) -> ir.TensorProtocol | Unreadable:
    try:
        return tensor_of(item, path)
    except LoadError as error:
        return Unreadable(str(error))


_DECODERS: Mapping[str, Callable[[Any, Path], Any]] = {
    "s": _string,
    "type": lambda item, path: dtypes.from_number(item),
    "shape": _shape,
    "tensor": _tensor,
    "func": _function_call,
    "placeholder": lambda item, path: TypeParameter(item),
}


class _Functions(Mapping[str, Function]):
    """The functions of a library, decoded when they are asked for: most are for training."""

    def __init__(self, library: Any, path: Path) -> None:
        self._protos = {proto.signature.name: proto for proto in library.function}
        self._path = path
        self._decoded: dict[str, Function] = {}

    def __getitem__(self, name: str) -> Function:
        if name not in self._decoded:
            self._decoded[name] = self._function(self._protos[name])
        return self._decoded[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._protos)

    def __len__(self) -> int:
        return len(self._protos)

    def _function(self, proto: Any) -> Function:
        signature = proto.signature
        for argument in (*signature.input_arg, *signature.output_arg):
            if argument.number_attr or argument.type_list_attr:
                raise LoadError(f"function '{signature.name}' has an argument that is a list, which is not supported")
        arguments = [
            Node(argument.name, "_Arg", attributes={
                "T": TypeParameter(argument.type_attr) if argument.type_attr else dtypes.from_number(argument.type),
                "index": index,
            })
            for index, argument in enumerate(signature.input_arg)
        ]  # fmt: skip
        nodes = [_node(node, self._path) for node in proto.node_def]
        by_name = {node.name: node for node in (*arguments, *nodes)}
        missing = [argument.name for argument in signature.output_arg if argument.name not in proto.ret]
        if missing:
            raise LoadError(f"function '{signature.name}' does not say what its result '{missing[0]}' is")
        for node, source in zip(nodes, proto.node_def, strict=True):
            node.inputs = [self._endpoint(text, by_name, signature.name) for text in _data_inputs(source)]
        function = Function(
            signature.name,
            (*arguments, *nodes),
            arguments=[argument.name for argument in signature.input_arg],
            results={
                argument.name: self._endpoint(proto.ret[argument.name], by_name, signature.name)
                for argument in signature.output_arg
            },
            controls=list(proto.control_ret.values()),
        )
        check(function, self._path)
        return function

    def _endpoint(self, text: str, nodes: Mapping[str, Node], function: str) -> Endpoint:
        """From `argument` or `node:output name:index`, as function bodies refer to values."""
        match = _ENDPOINT.fullmatch(text)
        node = nodes.get(match["node"]) if match is not None else None
        if match is None or node is None:
            raise LoadError(f"function '{function}' refers to '{text}', which it does not have")
        index = int(match["index"] or 0)
        if match["output"] is None or node.op == "_Arg":
            return Endpoint(node.name, 0 if node.op == "_Arg" else index)
        found = op_defs.find(node.op)
        if found is not None:
            return Endpoint(node.name, found.output_index(match["output"], index, node.attributes))
        if node.op in self._protos:
            outputs = [argument.name for argument in self._protos[node.op].signature.output_arg]
            if match["output"] in outputs:
                return Endpoint(node.name, outputs.index(match["output"]) + index)
        return Endpoint(node.name, index)


# Tensors

_VALUES = {
    ir.DataType.FLOAT: "float_val",
    ir.DataType.DOUBLE: "double_val",
    ir.DataType.INT32: "int_val",
    ir.DataType.INT16: "int_val",
    ir.DataType.INT8: "int_val",
    ir.DataType.UINT16: "int_val",
    ir.DataType.UINT8: "int_val",
    ir.DataType.INT64: "int64_val",
    ir.DataType.BOOL: "bool_val",
    ir.DataType.UINT32: "uint32_val",
    ir.DataType.UINT64: "uint64_val",
    ir.DataType.FLOAT16: "half_val",
    ir.DataType.BFLOAT16: "half_val",
    ir.DataType.COMPLEX64: "scomplex_val",
    ir.DataType.COMPLEX128: "dcomplex_val",
    ir.DataType.STRING: "string_val",
}
_LOCATED_TYPES = {5: ir.DataType.FLOAT, 6: ir.DataType.DOUBLE}


def tensor_of(proto: Any, path: Path) -> ir.TensorProtocol:
    """The tensor of a TensorProto, on disk if it is large.

    A TensorProto may hold fewer elements than its shape has: the last one stands for the rest, no element for zeros.
    Raises LoadError when the content does not fit the shape or the type.
    """
    dtype = dtypes.from_number(proto.dtype)
    shape = tuple(dim.size for dim in proto.tensor_shape.dim)
    if not isinstance(dtype, ir.DataType):
        raise LoadError(f"a constant of type {dtype} is not supported")
    if proto.tensor_shape.unknown_rank or min(shape, default=0) < 0 or math.prod(shape) > MAX_ELEMENTS:
        raise LoadError(f"a constant has the shape {list(shape)}, which is not valid")
    if proto.location:
        return _located(proto.location, dtype, shape, path)
    if proto.tensor_content:
        return _from_bytes(proto.tensor_content, dtype, shape)
    if dtype not in _VALUES:
        raise LoadError(f"a constant of type {dtype.name.lower()} has no content")
    values = getattr(proto, _VALUES[dtype])
    if dtype == ir.DataType.STRING:
        return ir.StringTensor(_filled_strings(values, shape), shape=ir.Shape(shape))
    return ir.Tensor(_filled(_elements(values, dtype), shape), dtype=dtype)


def _located(locations: Sequence[Any], dtype: ir.DataType, shape: tuple[int, ...], path: Path) -> ir.TensorProtocol:
    if len(locations) != 1:
        raise LoadError(f"{path}: a constant is stored in {len(locations)} parts")
    (location,) = locations
    if _LOCATED_TYPES.get(location.field, dtype) != dtype or dtype == ir.DataType.STRING:
        raise LoadError(f"{path}: a constant of type {dtype.name.lower()} holds values of another type")
    expected = math.prod(shape) * dtype.itemsize
    if location.length != expected:
        if location.field not in _LOCATED_TYPES or location.length > expected or location.length % dtype.itemsize:
            raise LoadError(f"{path}: a constant of shape {list(shape)} has {location.length} bytes of content")
        with path.open("rb") as file:
            file.seek(location.offset)
            return ir.Tensor(_filled(np.frombuffer(file.read(location.length), dtype.numpy()), shape), dtype=dtype)
    return tensor_in_file(path, location.offset, location.length, dtype, shape)


def _from_bytes(content: bytes, dtype: ir.DataType, shape: tuple[int, ...]) -> ir.TensorProtocol:
    if dtype == ir.DataType.STRING:
        raise LoadError("a constant of strings in packed form is not supported")
    if len(content) != math.prod(shape) * dtype.itemsize:
        raise LoadError(f"a constant of shape {list(shape)} has {len(content)} bytes of content")
    return ir.Tensor(np.frombuffer(content, dtype.numpy()).reshape(shape), dtype=dtype)


def _elements(values: Sequence[Any], dtype: ir.DataType) -> np.ndarray:
    if dtype in (ir.DataType.FLOAT16, ir.DataType.BFLOAT16):
        return np.array(values, dtype=np.uint16).view(dtype.numpy())
    if dtype in (ir.DataType.COMPLEX64, ir.DataType.COMPLEX128):
        part = np.float32 if dtype == ir.DataType.COMPLEX64 else np.float64
        return np.array(values, dtype=part).view(dtype.numpy())
    wide = np.int64 if dtype.is_integer() and dtype != ir.DataType.UINT64 else None
    return np.array(values, dtype=wide).astype(dtype.numpy())


def _filled(values: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    size = math.prod(shape)
    if values.size > size:
        raise LoadError(f"a constant of shape {list(shape)} has {values.size} elements")
    if values.size == size:
        return values.reshape(shape)
    if values.size <= 1:
        return np.broadcast_to(values.reshape(-1)[0] if values.size else np.zeros((), values.dtype), shape)
    result = np.full(size, values[-1])
    result[: values.size] = values
    return result.reshape(shape)


def _filled_strings(values: Sequence[bytes], shape: tuple[int, ...]) -> list[bytes]:
    size = math.prod(shape)
    if len(values) > size or size > (1 << 24):
        raise LoadError(f"a constant of shape {list(shape)} has {len(values)} strings")
    return [*values, *([values[-1] if values else b""] * (size - len(values)))]
