"""From a graph to the statements of `model.py`: runs the emission of every node and gathers layers and parameters."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx_ir as ir

from paddlify.backends.paddle.dtypes import HELD_WIDER, paddle_dtype
from paddlify.backends.paddle.expression import Call, Expr, Name, Tensor, TensorSequence, Unpacked
from paddlify.backends.paddle.program import name_in_program
from paddlify.backends.paddle.source import Assign, Comment, Define, Names
from paddlify.backends.paddle.unused import names_in, needed
from paddlify.errors import Refusal, UnsupportedNode
from paddlify.ir import inference, provenance
from paddlify.ir.opset import attribute_defaults
from paddlify.ir.tensors import Cast, static_dims
from paddlify.registry import Registry

emits = Registry("emission to Paddle")
"""ONNX operators as Paddle calls: `@emits("Softmax") def softmax(paddle, x, *, axis)`."""

MAX_DEPTH = 5
"""Calls and operators that are nested more deeply get variables of their own."""

INLINE_ELEMENTS = 16
"""Constants up to this size are written into `model.py`; larger ones are parameters."""


@dataclass(frozen=True)
class Parameter:
    """A tensor of `inference.pdiparams`.

    Attributes:
        name: its key in the model's `state_dict()`, and its name in the program.
        tensor: the content, possibly lazy.
        dtype: Paddle's name of its dtype.
    """

    name: str
    tensor: ir.TensorProtocol
    dtype: str


@dataclass
class Module:
    """What is printed as `model.py`: the layers of `__init__` and the statements of `forward`.

    `variables` says in which variable of `forward` a value of the graph is, as far as it has one.
    """

    name: str
    inputs: list[ir.Value]
    outputs: list[ir.Value]
    parameters: list[Parameter] = field(default_factory=list)
    layers: list[Any] = field(default_factory=list)
    arguments: list[str] = field(default_factory=list)
    body: list[Any] = field(default_factory=list)
    returns: list[Any] = field(default_factory=list)
    refused: list[UnsupportedNode] = field(default_factory=list)
    variables: dict[str, str] = field(default_factory=dict)


def build_module(
    graph: ir.Graph, name: str, rules: Registry = emits, progress: Callable[[int], None] = lambda count: None
) -> Module:
    """Emit every node of `graph`. Refused nodes are gathered in `Module.refused`, never skipped in silence."""
    scope = Scope(graph, name, rules, progress)
    scope.emit_main()
    return scope.module


class Scope:
    """The names and parameters of one `model.py`, and the emission of graphs into it."""

    def __init__(self, graph: ir.Graph, name: str, rules: Registry, progress: Callable[[int], None]) -> None:
        self.module = Module(name, list(graph.inputs), list(graph.outputs))
        self.graph = graph
        self.rules = rules
        self.progress = progress
        self.variables = Names()
        self.attributes = Names(reserved=_LAYER_ATTRIBUTES)
        self._rendered: dict[ir.Value, str] = {}
        self._tainted: set[ir.Value] = set()
        self._sequences: dict[ir.Value, TensorSequence] = {}
        self._headings = headings(graph)
        self._heading = ""

    def emit_main(self) -> None:
        """Emit the main graph as `forward`."""
        self.module.arguments = [self.variable(value) for value in self.graph.inputs]
        self._refuse_what_is_no_tensor()
        recorder = Recorder(self, self.module.body)
        outputs = recorder.inline(self.graph)
        own = {value for value in self.graph.outputs if value.producer() is not None}
        try:
            self.module.returns = [
                output if value in own else recorder.assign(output)
                for value, output in zip(self.graph.outputs, outputs, strict=True)
            ]
        except Refusal as refusal:
            self.module.refused.append(UnsupportedNode("Output", "", refusal.reason))
        self.module.variables = {
            value.name: self._rendered[value]
            for node in self.graph
            for value in node.outputs
            if value.name and self._rendered.get(value, "").isidentifier()
        }
        self._leave_out_unused()

    def _refuse_what_is_no_tensor(self) -> None:
        for kind, values in (("input", self.graph.inputs), ("output", self.graph.outputs)):
            for value in values:
                if isinstance(value.type, (ir.SequenceType, ir.OptionalType)):
                    word = "a sequence" if isinstance(value.type, ir.SequenceType) else "an optional"
                    reason = f"a converted model takes and gives tensors, and this {kind} is {word}"
                    self.module.refused.append(UnsupportedNode(f"model {kind}", value.name or "", reason))
                    self.taint([value])

    def _leave_out_unused(self) -> None:
        """Forget statements, layers and parameters that no output needs."""
        module = self.module
        if module.refused:
            return
        used = names_in(module.returns)
        module.body[:] = needed(module.body, used)
        unused = [layer for layer in module.layers if not used.intersection(layer.targets)]
        owners = {target.removeprefix("self.") for layer in unused for target in layer.targets}
        module.layers = [layer for layer in module.layers if layer not in unused]
        module.parameters = [p for p in module.parameters if p.name.removeprefix("~").partition(".")[0] not in owners]

    def variable(self, value: ir.Value) -> str:
        """Give `value` a variable of its own and return the variable's name."""
        producer, name = value.producer(), value.name or "x"
        if producer is not None and not value.is_graph_output():
            name = provenance.scoped(producer, name)
        name = self.variables.take(name)
        self._rendered[value] = name
        return name

    def alias(self, value: ir.Value, text: str) -> None:
        """Say that `value` is printed as `text`."""
        self._rendered[value] = text

    def bind_sequence(self, value: ir.Value, sequence: TensorSequence) -> None:
        """Say that `value` is a sequence of these items."""
        self._sequences[value] = sequence

    def sequence(self, value: ir.Value) -> TensorSequence:
        """The items of a sequence; raises Refusal where its length is not known while converting."""
        if value not in self._sequences:
            raise Refusal(f"the length of the sequence '{value.name}' is not known while converting")
        return self._sequences[value]

    def is_sequence(self, value: ir.Value) -> bool:
        """Whether `value` is a sequence of known length."""
        return value in self._sequences

    def render(self, value: ir.Value) -> str:
        """The variable of a value; for a constant, a literal if it is small and otherwise a parameter."""
        if value not in self._rendered:
            tensor = value.const_value
            if tensor is None:
                array = inference.known_array(value)
                if array is None:
                    raise Refusal(f"'{value.name}' is not computed before it is used")
                tensor = ir.tensor(array)
            if is_literal(tensor):
                return literal(tensor)
            self._rendered[value] = self.parameter(tensor, value.name or "constant")
        return self._rendered[value]

    def parameter(self, tensor: ir.TensorProtocol, name: str) -> str:
        """Add a parameter that no layer owns; returns `self.<name>`."""
        dtype = paddle_dtype(tensor.dtype)
        tensor = Cast(tensor, ir.DataType[dtype.upper()]) if tensor.dtype in HELD_WIDER else tensor
        attribute = self.attributes.take(name)
        call = Name("parameter")(Name("self"), static_dims(tensor), dtype)
        self.module.layers.append(Assign([f"self.{attribute}"], call))
        self.module.parameters.append(Parameter(attribute, tensor, dtype))
        return f"self.{attribute}"

    def head(self, node: ir.Node, body: list[Any]) -> None:
        """Begin a paragraph where the source's scope changes."""
        heading = self._headings.get(node, "")
        if heading and heading != self._heading:
            body.append(Comment(heading))
            self._heading = heading

    def refuse(self, node: ir.Node, reason: str) -> None:
        """Note that `node` cannot be said, and go on so that all such nodes are listed."""
        self.module.refused.append(
            UnsupportedNode(provenance.source_op(node), provenance.source_name(node), reason)
        )

    def taint(self, values: Iterable[ir.Value]) -> None:
        """Note that values come from something refused: what needs them cannot be judged."""
        for value in values:
            self.alias(value, "refused")
            self._tainted.add(value)

    def is_tainted(self, node: ir.Node) -> bool:
        """Whether an input of `node`, or anything that its subgraphs take, comes from something refused."""
        if not self._tainted:
            return False
        inner = (
            value
            for attribute in node.attributes.values()
            if attribute.type == ir.AttributeType.GRAPH
            for item in ir.traversal.RecursiveGraphIterator(attribute.as_graph())
            for value in item.inputs
        )
        return any(value in self._tainted for value in itertools.chain(node.inputs, inner))


class Recorder:
    """What an emission calls `paddle`: `paddle.nn.functional.relu(x)` records that call.

    Attributes:
        node: the ONNX node that is being emitted.
        outputs: its outputs, whose inferred dtype and shape may be asked for (None where unused).
    """

    def __init__(self, scope: Scope, body: list[Any], node: ir.Node | None = None) -> None:
        self._scope = scope
        self._body = body
        self._node = node

    def __getattr__(self, name: str) -> Name:
        if name.startswith("_"):
            raise AttributeError(name)
        return Name(f"paddle.{name}")

    @property
    def node(self) -> ir.Node:
        """The node being emitted."""
        if self._node is None:
            raise AttributeError("no node is being emitted")
        return self._node

    @property
    def outputs(self) -> list[Tensor]:
        """The node's outputs, for their inferred dtype and shape."""
        return [Tensor(value, self._scope) for value in self.node.outputs]

    def wants(self, index: int) -> bool:
        """Whether output `index` of the node exists and is used."""
        outputs = self.node.outputs
        return index < len(outputs) and _is_used(outputs[index])

    def unpack(self, call: Expr, count: int) -> list[Expr]:
        """The values of a call that returns several."""
        return [Unpacked(call, index, count) for index in range(count)]

    def let(self, expression: Expr, name: str) -> Expr:
        """Give an expression a variable of its own, called `name` as far as that is free."""
        variable = self._scope.variables.take(name)
        self._body.append(Assign([variable], self._settled(expression)))
        return Name(variable)

    def constant(self, data: Any, dtype: ir.DataType | str = "") -> Expr:
        """A constant from an array or a number: a literal if it is small, else a parameter.

        `dtype` is an ONNX dtype or Paddle's name of one; without it the array's own is taken (lists and numbers:
        int64, float32 or bool).
        """
        array = data if isinstance(data, np.ndarray) else _array(data)
        if isinstance(dtype, ir.DataType):
            array = array.astype(dtype.numpy())
        elif dtype:
            array = array.astype(ir.DataType[_DTYPE_NAMES.get(dtype, dtype.upper())].numpy())
        tensor = ir.tensor(array)
        if is_literal(tensor):
            return Name(literal(tensor))
        return Name(self._scope.parameter(tensor, f"{_stem(self.node)}_constant"))

    def dtype(self, dtype: ir.DataType) -> str:
        """Paddle's name of the dtype that holds `dtype`; raises Refusal if there is none."""
        return paddle_dtype(dtype)

    def layer(self, call: Expr, **weights: Tensor | ir.TensorProtocol | None) -> Expr:
        """Create a layer in `__init__` whose parameters (by attribute name, such as weight and bias) are `weights`."""
        tensors = {name: _tensor(weight) for name, weight in weights.items() if weight is not None}
        for tensor in tensors.values():
            paddle_dtype(tensor.dtype)
        attribute = self._scope.attributes.take(_layer_name(self.node, weights))
        self._scope.module.layers.append(Assign([f"self.{attribute}"], call))
        self._scope.module.parameters += [
            Parameter(name_in_program(f"{attribute}.{name}"), tensor, paddle_dtype(tensor.dtype))
            for name, tensor in tensors.items()
        ]
        return Name(f"self.{attribute}")

    def define(
        self, name: str, parameters: Sequence[ir.Value | str], body: Callable[[Recorder, list[Expr]], Sequence[Any]]
    ) -> Expr:
        """Define a function inside `forward` (a branch, a loop body).

        `body` receives a recorder for the function and its parameters, and gives what is returned.
        """
        taken = [
            self._scope.variable(item) if isinstance(item, ir.Value) else self._scope.variables.take(item)
            for item in parameters
        ]
        function = Define(self._scope.variables.take(name), taken)
        recorder = Recorder(self._scope, function.body, self._node)
        function.returns = [recorder._settled(value) for value in body(recorder, [Name(item) for item in taken])]
        self._body.append(function)
        return Name(function.name)

    def inline(self, graph: ir.Graph, inputs: Sequence[Any] = ()) -> list[Any]:
        """Emit the nodes of a graph here, its inputs bound to `inputs`; returns its outputs.

        The same graph may be emitted several times: an output is what this emission made of it.
        """
        for value, bound in zip(graph.inputs, inputs, strict=False):
            if isinstance(bound, TensorSequence):
                self._scope.bind_sequence(value, bound)
                continue
            settled = self._settled(bound)
            if not isinstance(settled, Name):
                settled = self.let(settled, value.name or "x")
                assert isinstance(settled, Name)
            self._scope.alias(value, settled.text)
        for node in graph:
            self._scope.head(node, self._body)
            Recorder(self._scope, self._body, node)._emit()
            if graph is self._scope.graph:
                self._scope.progress(1)
        if graph is self._scope.graph:
            return [Tensor(value, self._scope) for value in graph.outputs]
        return [
            self._scope.sequence(value) if self._scope.is_sequence(value) else Name(self._scope.render(value))
            for value in graph.outputs
        ]

    def _emit(self) -> None:
        node, scope = self.node, self._scope
        rule = scope.rules.find(node.domain, node.op_type)
        before = len(self._body)
        try:
            if rule is None:
                raise Refusal("no such operator in the support table")  # noqa: TRY301 - like any other refusal
            inputs = [None if value is None else Tensor(value, scope) for value in node.inputs]
            schema = attribute_defaults(node.domain, node.op_type)
            result = rule(self, inputs, _attributes(node), schema)
            self._assign(result)
        except Refusal as refusal:
            del self._body[before:]
            if rule is None or not scope.is_tainted(node):
                scope.refuse(node, refusal.reason)
            scope.taint(node.outputs)

    def _assign(self, result: Any) -> None:
        """Give the node's used outputs the variables (or the items of a sequence) that hold them."""
        outputs = list(self.node.outputs)
        while outputs and not _is_used(outputs[-1]):
            outputs.pop()
        if isinstance(result, Expr) and len(self.node.outputs) > 1:
            result = self.unpack(result, len(self.node.outputs))
        results = [result] if isinstance(result, (Expr, TensorSequence)) else list(result)
        if len(results) < len(outputs):
            raise Refusal(f"output {len(results)} of {self.node.op_type} is not supported")
        unpacked = [item for item in results if isinstance(item, Unpacked)]
        if unpacked and len(unpacked) == len(results) and len({id(item.source) for item in unpacked}) == 1:
            self._assign_call(outputs, unpacked)
            return
        settled = self._settle([item for item in results[: len(outputs)] if item is not None])
        for value in outputs:
            self._bind(value, settled.pop(0))

    def _assign_call(self, outputs: list[ir.Value], results: list[Unpacked]) -> None:
        """One statement for a call all of whose values are outputs."""
        settled = self._settled(results[0].source)
        targets = ["_"] * results[0].count
        for value, unpacked in zip(outputs, results, strict=False):
            if _is_used(value):
                targets[unpacked.index] = self._scope.variable(value)
        self._body.append(Assign(targets, settled))

    def _bind(self, value: ir.Value, settled: Any) -> None:
        if isinstance(settled, TensorSequence):
            self._scope.bind_sequence(value, settled)
        elif _is_used(value):
            if isinstance(settled, Name) and value.is_graph_output():
                self._body.append(Assign([self._scope.variable(value)], Name("paddle.assign")(settled)))
            elif isinstance(settled, Name):
                self._scope.alias(value, settled.text)
            else:
                self._body.append(Assign([self._scope.variable(value)], settled))

    def _settled(self, expression: Any) -> Any:
        return self._settle([expression])[0]

    def _settle(self, expressions: list[Any]) -> list[Any]:
        """Give variables to what occurs twice, to calls that return several values, and to what is nested deeply."""
        counts: dict[int, int] = {}
        for expression in expressions:
            _count(expression, counts)
        done: dict[int, Any] = {}
        stem = _stem(self.node) if self._node is not None else "x"
        return [self._rewrite(expression, counts, done, stem) for expression in expressions]

    def _rewrite(
        self, item: Any, counts: Mapping[int, int], done: dict[int, Any], stem: str, *, top: bool = True
    ) -> Any:
        if isinstance(item, (list, tuple)):
            return type(item)(self._rewrite(part, counts, done, stem, top=False) for part in item)
        if isinstance(item, TensorSequence):
            return TensorSequence([self._named(self._rewrite(part, counts, done, stem), stem) for part in item.items])
        if isinstance(item, slice):
            return slice(
                *(self._rewrite(part, counts, done, stem, top=False) for part in (item.start, item.stop, item.step))
            )
        if not isinstance(item, Expr) or isinstance(item, Name):
            return item
        if isinstance(item, Tensor):  # its variable as of now: a loop's body may be emitted again under other names
            return Name(item.render())
        if id(item) in done:
            return done[id(item)]
        if isinstance(item, Unpacked):
            return self._unpacked(item, counts, done, stem)
        changed = type(item)(
            **{
                name: {key: self._rewrite(v, counts, done, stem, top=False) for key, v in part.items()}
                if isinstance(part, dict)
                else self._rewrite(part, counts, done, stem, top=False)
                for name, part in vars(item).items()
            }
        )
        if counts[id(item)] > 1 or (not top and _depth(changed) >= MAX_DEPTH):
            changed = self._named_part(changed, stem)
        done[id(item)] = changed
        return changed

    def _named_part(self, settled: Expr, stem: str) -> Expr:
        variable = self._scope.variables.take(f"{stem}_part")
        self._body.append(Assign([variable], settled))
        return Name(variable)

    def _named(self, item: Any, stem: str) -> Any:
        return item if isinstance(item, (Name, Tensor)) else self.let(item, stem)

    def _unpacked(self, item: Unpacked, counts: Mapping[int, int], done: dict[int, Any], stem: str) -> Any:
        key = id(item.source)
        if key not in done or not isinstance(done[key], list):
            source = self._rewrite_call(item.source, counts, done, stem)
            names = [self._scope.variables.take(f"{stem}_part") for _ in range(item.count)]
            self._body.append(Assign(names, source))
            done[key] = [Name(name) for name in names]
        return done[key][item.index]

    def _rewrite_call(self, call: Expr, counts: Mapping[int, int], done: dict[int, Any], stem: str) -> Expr:
        assert isinstance(call, Call)
        return Call(
            self._rewrite(call.function, counts, done, stem, top=False),
            [self._rewrite(argument, counts, done, stem, top=False) for argument in call.args],
            {key: self._rewrite(argument, counts, done, stem, top=False) for key, argument in call.kwargs.items()},
        )


def _depth(item: Any) -> int:
    """How deeply calls are nested in an expression whose parts are settled (so at most MAX_DEPTH)."""
    if isinstance(item, Name) or not isinstance(item, (Expr, list, tuple, dict)):
        return 0
    parts = vars(item).values() if isinstance(item, Expr) else item.values() if isinstance(item, dict) else item
    return int(isinstance(item, Expr)) + max(map(_depth, parts), default=0)


def headings(graph: ir.Graph) -> dict[ir.Node, str]:
    """The outermost scope of each node's source name that not all nodes share, where at least three nodes share it."""
    scopes = {node: provenance.scope(node) for node in graph}
    named = [scope for scope in scopes.values() if scope]
    if not named:
        return {}
    shared = _shared_prefix(named)
    found = {node: "/".join(scope[: shared + 1]) for node, scope in scopes.items() if len(scope) > shared}
    sizes = Counter(found.values())
    return {node: name for node, name in found.items() if sizes[name] > 2} if len(sizes) > 1 else {}


def _shared_prefix(scopes: Sequence[Sequence[str]]) -> int:
    """How many leading parts all scopes have in common."""
    levels = zip(*scopes, strict=False)
    return sum(1 for _ in itertools.takewhile(lambda parts: len(set(parts)) == 1, levels))


def _count(item: Any, counts: dict[int, int]) -> None:
    if isinstance(item, (list, tuple)):
        for part in item:
            _count(part, counts)
    elif isinstance(item, TensorSequence):
        _count(item.items, counts)
    elif isinstance(item, slice):
        _count((item.start, item.stop, item.step), counts)
    elif isinstance(item, dict):
        _count(tuple(item.values()), counts)
    elif isinstance(item, Expr) and not isinstance(item, (Name, Tensor)):
        counts[id(item)] = counts.get(id(item), 0) + 1
        if counts[id(item)] == 1:
            _count(tuple(vars(item).values()), counts)


def is_literal(tensor: ir.TensorProtocol) -> bool:
    """Whether a constant may stand in `model.py`: it is small, and Paddle's static mode gives its very numbers.

    (There, float64 goes through float32, a large int64 through float64, -0.0 is 0.0, and a NaN makes a program that
    cannot be read.)
    """
    dtype = paddle_dtype(tensor.dtype)
    if tensor.size > INLINE_ELEMENTS or dtype not in _LITERAL_DTYPES:
        return False
    array = tensor.numpy()
    if array.dtype.kind == "f" and (np.isnan(array).any() or np.signbit(array[array == 0]).any()):
        return False
    if dtype == "float64":
        return bool(np.array_equal(array.astype(np.float32), array))
    return dtype != "int64" or all(abs(int(item)) <= 2**53 for item in array.reshape(-1))


def literal(tensor: ir.TensorProtocol) -> str:
    """A small constant as the text of a `paddle.to_tensor` call."""
    from paddlify.backends.paddle.source import text

    dtype = paddle_dtype(tensor.dtype)
    array = tensor.numpy()
    if array.size == 0:
        return text(Name("paddle.zeros")(static_dims(tensor), dtype=dtype))
    data = array.astype(np.float32 if dtype in ("bfloat16", "float16") else dtype)
    if dtype == "float32" and array.ndim <= 1:
        return (
            text(Name("paddle.to_tensor")(data, dtype=dtype))
            if array.ndim
            else text(Name("paddle.to_tensor")(data[()]))
        )
    return text(Name("paddle.to_tensor")(data, dtype=dtype))


_LITERAL_DTYPES = {"float32", "float64", "float16", "bfloat16", "int32", "int64", "bool", "int8", "uint8", "int16"}
_DTYPE_NAMES = {"float32": "FLOAT", "float64": "DOUBLE"}
_LAYER_ATTRIBUTES = (
    "add_module", "add_parameter", "add_sublayer", "apply", "astype", "backward", "bfloat16", "buffers",
    "children", "clear_gradients", "cpu", "create_parameter", "create_tensor", "create_variable", "cuda",
    "double", "eval", "extra_repr", "float", "float16", "forward", "full", "full_name", "get_buffer",
    "get_extra_state", "get_parameter", "get_sublayer", "get_submodule", "half", "load_dict",
    "load_state_dict", "modules", "named_buffers", "named_children", "named_modules", "named_parameters",
    "named_sublayers", "parameters", "register_buffer", "register_forward_hook", "register_forward_post_hook",
    "register_forward_pre_hook", "register_module", "register_parameter", "register_state_dict_hook",
    "requires_grad_", "set_dict", "set_state_dict", "set_sublayer", "set_submodule", "sharded_state_dict",
    "state_dict", "sublayers", "to", "to_static_state_dict", "train", "training", "type", "xpu", "zero_grad",
)
"""The public names of `paddle.nn.Layer`, which no parameter may hide."""


def _array(data: Any) -> np.ndarray:
    array = np.asarray(data)
    return array.astype(np.float32) if array.dtype.kind == "f" else array


def _is_used(value: ir.Value) -> bool:
    return bool(value.name) and (bool(value.uses()) or value.is_graph_output())


def _tensor(weight: Tensor | ir.TensorProtocol) -> ir.TensorProtocol:
    return weight.tensor if isinstance(weight, Tensor) else weight


def _attributes(node: ir.Node) -> dict[str, Any]:
    """Attributes as Python values; floats in the shortest form that gives the same float32."""
    exact = any(value is not None and value.dtype == ir.DataType.DOUBLE for value in node.inputs)
    found: dict[str, Any] = {}
    for name, attribute in node.attributes.items():
        value = attribute.value
        if isinstance(value, float) and not exact:
            value = float(str(np.float32(value)))
        elif isinstance(value, tuple):
            value = list(value)
            if value and isinstance(value[0], float) and not exact:
                value = [float(str(np.float32(item))) for item in value]
        found[name] = value
    return found


_WEIGHT_ENDINGS = re.compile(
    r"[./_](weight|weights|kernel|gamma|scale|W|w|w_0|depthwise_weights|depthwise_kernel|embeddings|embedding_table)(:0)?$"
)


def _layer_name(node: ir.Node, weights: Mapping[str, Any]) -> str:
    """The layer's name in the source: the scope of its weight, else the node's name."""
    for weight in weights.values():
        name = weight.name if isinstance(weight, (Tensor, ir.TensorProtocol)) else None
        if name and _WEIGHT_ENDINGS.search(name):
            return _WEIGHT_ENDINGS.sub("", name)
    return _stem(node)


def _stem(node: ir.Node) -> str:
    name = provenance.scoped(node, provenance.source_name(node).removeprefix("node_"))
    name = re.sub(rf"[/._]{re.escape(node.op_type)}(_\d+)?$", "", name)
    return name if name and not name.isdigit() else node.op_type.lower()
