"""Caffe's messages as classes of the protobuf library, made from the tables in `fields`.

`MessageSet` also takes a user's `.proto` text, whose messages and fields join the ones known here.
"""

from __future__ import annotations

import functools
import importlib.util
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, text_format
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import DecodeError

from paddlify.errors import LoadError, MissingDependencyError
from paddlify.frontends.caffe import fields
from paddlify.registry import REQUIRED

_Field: Final = descriptor_pb2.FieldDescriptorProto
_PACKAGE: Final = "caffe"
_SCALARS: Final = {
    "bool": _Field.TYPE_BOOL,
    "double": _Field.TYPE_DOUBLE,
    "float": _Field.TYPE_FLOAT,
    "int32": _Field.TYPE_INT32,
    "int64": _Field.TYPE_INT64,
    "string": _Field.TYPE_STRING,
    "uint32": _Field.TYPE_UINT32,
    "uint64": _Field.TYPE_UINT64,
}
_LINE: Final = re.compile(
    r"  (?P<name>\w+) (?P<number>\d+) (?:\*(?P<packed>packed)? |)"
    r"(?:enum\((?P<values>[^)]*)\)|(?P<type>\w+))(?: = (?P<default>\S+))?(?P<required> !)?$"
)


class MessageSet:
    """A pool of message types.

    Args:
        table: in the form of `fields`.
        extension: text of a user's `.proto` file. Raises LoadError when it cannot be compiled and
            MissingDependencyError without the package grpcio-tools.
    """

    def __init__(self, table: str, extension: str = "") -> None:
        self._required: set[tuple[str, str]] = set()
        file = descriptor_pb2.FileDescriptorProto(name="caffe.proto", package=_PACKAGE, syntax="proto2")
        file.message_type.extend(self._messages(table))
        if extension:
            _join(file, _compiled(extension))
        self._pool = descriptor_pool.DescriptorPool()
        try:
            self._pool.Add(file)
        except TypeError as error:
            raise LoadError(f"the messages given by --proto do not fit Caffe's: {error}") from error

    def new(self, name: str) -> Any:
        """An empty message of a type."""
        return message_factory.GetMessageClass(self._pool.FindMessageTypeByName(f"{_PACKAGE}.{name}"))()

    def parse_text(self, text: str, name: str, path: str) -> Any:
        """A message from protobuf's text format; unknown fields are skipped (see `unknown_fields`).

        Raises LoadError with the line where the text is wrong.
        """
        message = self.new(name)
        try:
            text_format.Parse(text, message, allow_unknown_field=True, descriptor_pool=self._pool)
        except RecursionError as error:
            raise LoadError(f"{path}: not a prototxt: messages are nested too deep") from error
        except (text_format.ParseError, UnicodeError, ValueError) as error:
            raise LoadError(f"{path}: not a prototxt: line {error}") from error
        return message

    def parse_binary(self, data: bytes, name: str, path: str) -> Any:
        """A message from its binary form; raises LoadError when it is damaged."""
        message = self.new(name)
        try:
            message.MergeFromString(data)
        except DecodeError as error:
            raise LoadError(f"{path}: not a caffemodel, or damaged: {error}") from error
        return message

    def defaults(self, descriptor: Descriptor) -> Mapping[str, Any]:
        """Field names of a message type with what an unset field means: a default, None, or REQUIRED."""
        return {field.name: self._default(field) for field in descriptor.fields}

    def _default(self, field: FieldDescriptor) -> Any:
        if field.containing_type is not None and (field.containing_type.name, field.name) in self._required:
            return REQUIRED
        if field.is_repeated:
            return []
        if not field.has_default_value:
            return None
        if field.enum_type is not None:
            return field.enum_type.values_by_number[field.default_value].name
        return field.default_value

    def _messages(self, table: str) -> Iterator[descriptor_pb2.DescriptorProto]:
        message = None
        for line in _logical_lines(table):
            if not line.startswith(" "):
                if message is not None:
                    yield message
                message = descriptor_pb2.DescriptorProto(name=line)
                continue
            found = _LINE.match(line)
            if found is None or message is None:
                raise ValueError(f"not a field: {line}")
            _add_field(message, found)
            if found["required"]:
                self._required.add((message.name, found["name"]))
        if message is not None:
            yield message


@functools.cache
def standard() -> MessageSet:
    """The messages of prototxt files without any user's additions."""
    return MessageSet(fields.NET)


@functools.cache
def weights() -> MessageSet:
    """The few messages that are read of a caffemodel."""
    return MessageSet(fields.WEIGHTS)


def plain_value(message: Any, field: FieldDescriptor) -> Any:
    """The value of a field: enums by name, repeated fields as lists, messages as they are."""
    value = getattr(message, field.name)
    if field.enum_type is not None:
        names = field.enum_type.values_by_number
        return [names[item].name for item in value] if field.is_repeated else names[value].name
    return list(value) if field.is_repeated else value


def unknown_fields(text: str, descriptor: Descriptor) -> Iterator[str]:
    """The dotted path of each field in a text message that its type does not have."""
    stack: list[tuple[Descriptor | None, str]] = [(descriptor, "")]
    pending: str | None = None
    for token in _TOKEN.finditer(text):
        kind, word = token.lastgroup, token[0]
        current, path = stack[-1]
        if kind == "name":
            pending = word
        elif kind == "open":
            field = current.fields_by_name.get(pending) if current is not None and pending else None
            if current is not None and pending and field is None:
                yield path + pending
            inner = field.message_type if field is not None else None
            stack.append((inner, f"{path}{pending}."))
            pending = None
        elif kind == "close":
            if len(stack) > 1:
                stack.pop()
            pending = None
        elif kind == "colon" and pending is not None:
            after = text[token.end() : token.end() + 64].lstrip()[:1]
            if after not in ("{", "<"):
                if current is not None and pending not in current.fields_by_name:
                    yield path + pending
                pending = None


_TOKEN: Final = re.compile(
    r"""#[^\n]*|"[^"\\\n]*(?:\\.[^"\\\n]*)*"|'[^'\\\n]*(?:\\.[^'\\\n]*)*'|(?P<open>[{<])|(?P<close>[}>])|(?P<colon>:)"""
    r"""|(?P<name>[A-Za-z_]\w*)|[-+.\d][\w.+-]*"""
)


def _logical_lines(table: str) -> Iterator[str]:
    """Lines of a table; one that is indented deeper than a field continues the line before."""
    line = ""
    for part in table.splitlines():
        if part.startswith("   "):
            line += " " + part.strip()
            continue
        if line:
            yield line
        line = part.rstrip()
    if line:
        yield line


def _add_field(message: descriptor_pb2.DescriptorProto, found: re.Match[str]) -> None:
    field = message.field.add(name=found["name"], number=int(found["number"]))
    repeated = re.search(r" \d+ \*", found[0]) is not None
    field.label = _Field.LABEL_REPEATED if repeated else _Field.LABEL_OPTIONAL
    if found["packed"]:
        field.options.packed = True
    if found["values"] is not None:
        enum = message.enum_type.add(name=f"{found['name'].title().replace('_', '')}Value")
        number = -1
        for item in found["values"].split():
            name, _, given = item.partition("=")
            number = int(given) if given else number + 1
            enum.value.add(name=name, number=number)
        field.type = _Field.TYPE_ENUM
        field.type_name = f".{_PACKAGE}.{message.name}.{enum.name}"
    elif found["type"] in _SCALARS:
        field.type = _SCALARS[found["type"]]
    else:
        field.type = _Field.TYPE_MESSAGE
        field.type_name = f".{_PACKAGE}.{found['type']}"
    if found["default"] is not None:
        field.default_value = found["default"]


def _compiled(text: str) -> Sequence[descriptor_pb2.FileDescriptorProto]:
    """A user's `.proto` text, compiled by protoc; raises LoadError with protoc's words.

    protoc runs in a process of its own: beside it in one process, paddle cannot be imported.
    """
    if importlib.util.find_spec("grpc_tools") is None:
        raise MissingDependencyError("--proto needs the package grpcio-tools: pip install 'paddlify[caffe]'")
    if not re.search(r"^\s*syntax\s*=", text, re.MULTILINE):
        text = 'syntax = "proto2";\n' + text
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "user.proto"), Path(folder, "user.desc")
        source.write_text(text, encoding="utf-8")
        command = [sys.executable, "-m", "grpc_tools.protoc", f"-I{folder}", f"--descriptor_set_out={target}",
                   str(source)]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise LoadError(f"the file given by --proto does not compile: {done.stderr.strip()[:500]}")
        return descriptor_pb2.FileDescriptorSet.FromString(target.read_bytes()).file


def _join(known: descriptor_pb2.FileDescriptorProto, files: Sequence[descriptor_pb2.FileDescriptorProto]) -> None:
    """Add messages, and fields of known messages, that are not known yet; what is known stays as it is."""
    for file in files:
        prefix = f".{file.package}." if file.package else "."
        for message in file.message_type:
            _relocate(message, prefix)
        for enum in file.enum_type:
            if enum.name not in {other.name for other in known.enum_type}:
                known.enum_type.append(enum)
        for message in file.message_type:
            mine = {other.name: other for other in known.message_type}.get(message.name)
            if mine is None:
                known.message_type.append(message)
            else:
                _add_unknown_fields(mine, message)


def _add_unknown_fields(mine: descriptor_pb2.DescriptorProto, theirs: descriptor_pb2.DescriptorProto) -> None:
    """Fields that `mine` lacks, with the types inside `theirs` that they use. A number that is taken is replaced."""
    names = {field.name for field in mine.field}
    numbers = {field.number for field in mine.field}
    added = [field for field in theirs.field if field.name not in names]
    for number, field in enumerate(added, _FIRST_FREE):
        copy = mine.field.add()
        copy.CopyFrom(field)
        if copy.number in numbers:
            copy.number = number
    used = {field.type_name.rpartition(".")[2] for field in added}
    mine.enum_type.extend(enum for enum in theirs.enum_type if enum.name in used)
    mine.nested_type.extend(inner for inner in theirs.nested_type if inner.name in used)


_FIRST_FREE: Final = 30000


def _relocate(message: descriptor_pb2.DescriptorProto, prefix: str) -> None:
    """Point type names into the package of this module."""
    for field in message.field:
        if field.type_name.startswith(prefix):
            field.type_name = f".{_PACKAGE}." + field.type_name[len(prefix) :]
    for inner in message.nested_type:
        _relocate(inner, prefix)
