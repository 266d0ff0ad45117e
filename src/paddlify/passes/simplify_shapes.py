"""Says the sizes that shape arithmetic asks for, in the shortest way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import onnx_ir as ir

from paddlify.ir import inference, provenance
from paddlify.ir.builder import Builder
from paddlify.ir.elements import is_size
from paddlify.ir.inference import Element
from paddlify.ir.opset import IR_OPSET

_ARITHMETIC = {
    "Add", "Cast", "Concat", "Div", "Equal", "Gather", "Identity", "Mul", "Reshape", "Slice", "Squeeze", "Sub",
    "Unsqueeze", "Where",
}


class SimplifyShapes(ir.passes.InPlacePass):
    """Puts short shape arithmetic in the place of long.

    A *size* is a dynamic dimension that has a name. Each is asked for once, of the first tensor that has it, as a
    scalar called after it: `Gather(Shape(image), 2)`. Then

    1. a scalar that is a size is that scalar, whatever it was computed by (`Gather(Cast(Slice(Shape(…))))`, …);
    2. a vector whose elements are numbers and sizes is the `Concat` of them. A scalar that is computed by other
       arithmetic (`height // 2`) counts as a size of its own from there on;
    3. `Resize` is told the sizes of those axes alone that it changes;
    4. what a branch or a loop's body needs is taken from around it where it is known there.

    Outputs of a graph stay what they are. What nothing needs any more is left for `RemoveUnusedNodesPass`.
    """

    def call(self, model: ir.Model) -> ir.passes.PassResult:
        taken = {value.name for graph in model.graphs() for value in _values(graph) if value.name}
        sizes = _Sizes(model.graph, taken)
        sizes.simplify(model.graph)
        return ir.passes.PassResult(model, sizes.modified)


def _values(graph: ir.Graph) -> list[ir.Value]:
    return [*graph.inputs, *graph.initializers.values(), *(value for node in graph for value in node.outputs)]


def _asks_for_one_size(node: ir.Node) -> bool:
    return node.op_type == "Shape" and len(inference.elements_of(node.outputs[0]) or ()) == 1


class _Sizes:
    """The sizes that are known where a graph is being simplified.

    Attributes:
        owners: the tensor and axis that each size is taken from.
        scalars: the scalar that each size is, as far as one was needed.
        vectors: the vectors made, by elements.
    """

    def __init__(self, root: ir.Graph, taken: set[str], outer: _Sizes | None = None) -> None:
        self.root = root
        self.taken = taken
        self.owners: dict[str, tuple[ir.Value, int]] = {} if outer is None else dict(outer.owners)
        self.scalars: dict[str, ir.Value] = {} if outer is None else dict(outer.scalars)
        self.vectors: dict[tuple[Element, ...], ir.Value] = {} if outer is None else dict(outer.vectors)
        self.modified = False

    def simplify(self, graph: ir.Graph) -> None:
        """Simplify the nodes that the graph has now, and those of its subgraphs."""
        for value in graph.inputs:
            self._own(value)
        for node in list(graph):
            for attribute in node.attributes.values():
                if attribute.type == ir.AttributeType.GRAPH:
                    inner = _Sizes(self.root, self.taken, self)
                    inner.simplify(attribute.as_graph())
                    self.modified |= inner.modified
            if not node.domain and (node.op_type in _ARITHMETIC or _asks_for_one_size(node)):
                self._simplify_node(node, graph)
            elif not node.domain and node.op_type == "Resize":
                self._simplify_resize(node, graph)
            for value in node.outputs:
                self._own(value)

    def _own(self, value: ir.Value) -> None:
        for axis, dim in enumerate(value.shape or ()):
            if is_size(dim):
                self.owners.setdefault(str(dim), (value, axis))

    def _simplify_node(self, node: ir.Node, graph: ir.Graph) -> None:
        output = node.outputs[0]
        elements = inference.elements_of(output)
        if elements is None or output.dtype != ir.DataType.INT64 or output.is_graph_output():
            return
        if not any(is_size(element) for element in elements):
            return
        with self._builder(node, graph) as builder:
            if output.shape is not None and output.shape.rank() == 0:
                found = self._scalar(elements[0], builder)
                if found is None:
                    self.scalars[str(elements[0])] = output
            else:
                found = self._vector(elements, builder)
        if found is not None:
            output.replace_all_uses_with(found)
            self.modified = True

    def _simplify_resize(self, node: ir.Node, graph: ir.Graph) -> None:
        source, roi, _, sizes, *_ = [*node.inputs, None, None, None]
        policy = node.attributes.get("keep_aspect_ratio_policy")
        wanted = inference.elements_of(sizes)
        if source is None or source.shape is None or wanted is None or roi is not None or "axes" in node.attributes:
            return
        if (policy is not None and policy.as_string() != "stretch") or not any(is_size(size) for size in wanted):
            return
        axes = [axis for axis, (dim, size) in enumerate(zip(source.shape, wanted, strict=True)) if dim != size]
        with self._builder(node, graph) as builder:
            vector = self._vector([wanted[axis] for axis in axes], builder) if axes else None
        if vector is not None:
            node.replace_input_with(3, vector)
            node.attributes["axes"] = ir.AttrInt64s("axes", axes)
            self.modified = True

    @contextmanager
    def _builder(self, node: ir.Node, graph: ir.Graph) -> Iterator[Builder]:
        """Records nodes in front of another, for the same source operator."""
        builder = Builder(graph, version=IR_OPSET, root=self.root, before=node)
        with builder.source(provenance.source_op(node), provenance.source_name(node)):
            yield builder

    def _scalar(self, size: Element, builder: Builder) -> ir.Value | None:
        key = str(size)
        if key not in self.scalars and key in self.owners:
            owner, axis = self.owners[key]
            scalar: ir.Value = builder.Gather(builder.Shape(owner), builder.constant(axis), axis=0)
            scalar.name = self._name(key)
            self.scalars[key] = scalar
        return self.scalars.get(key)

    def _vector(self, elements: Sequence[Element], builder: Builder) -> ir.Value | None:
        key = tuple(elements)
        if key not in self.vectors:
            made = self._part(key[0], builder) if len(key) == 1 else self._joined(key, builder)
            if made is None:
                return None
            self.vectors[key] = made
        return self.vectors[key]

    def _part(self, element: Element, builder: Builder) -> ir.Value | None:
        if isinstance(element, int):
            return builder.constant([element])
        scalar = self._scalar(element, builder)
        return None if scalar is None else builder.Unsqueeze(scalar, builder.constant([0]))

    def _joined(self, elements: Sequence[Element], builder: Builder) -> ir.Value | None:
        parts = [self._vector([element], builder) for element in elements]
        return None if None in parts else builder.Concat(*parts, axis=0)

    def _name(self, size: str) -> str:
        """A name like the size's own, if the source gave it one."""
        base = size if size.isidentifier() and not size.startswith("_") else "size"
        name, number = base, 1
        while name in self.taken:
            name, number = f"{base}_{number}", number + 1
        self.taken.add(name)
        return name
