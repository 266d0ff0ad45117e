"""The operators of the private domain: what ONNX has no word for, each defined by ONNX's own operators.

Their definitions are functions, so a graph that uses them runs on any ONNX engine once they are added to it.
"""

from __future__ import annotations

import onnx_ir as ir
from onnx import parser

from paddlify.ir.opset import PRIVATE_DOMAIN

_ATTENTION = """
    {name}ScaledDotProductAttention <scale> ({operands}) => (y) {{
        q = Transpose <perm = [0, 2, 1, 3]> (query)
        k = Transpose <perm = [0, 2, 3, 1]> (key)
        v = Transpose <perm = [0, 2, 1, 3]> (value)
        number = Constant <value_float: float = @scale> ()
        factor = CastLike (number, query)
        scaled = Mul (q, factor)
        scores = MatMul (scaled, k)
        {masked}
        weights = Softmax <axis = -1> (seen)
        context = MatMul (weights, v)
        y = Transpose <perm = [0, 2, 1, 3]> (context)
    }}
    """

_DEFINITIONS = (
    # A fully connected layer: x [..., inputs], weight [inputs, outputs], bias broadcast to [..., outputs].
    """
    Linear (x, weight, bias) => (y) {
        product = MatMul (x, weight)
        y = Add (product, bias)
    }
    """,
    # Attention: query [batch, queries, heads, size], key and value [batch, keys, heads, size] give
    # softmax(scale * query key^T + mask) value; the mask broadcasts to [batch, heads, queries, keys].
    _ATTENTION.format(name="", operands="query, key, value", masked="seen = Identity (scores)"),
    _ATTENTION.format(name="Masked", operands="query, key, value, mask", masked="seen = Add (scores, mask)"),
)


def define(model: ir.Model) -> None:
    """Add the definitions of the private operators, at the model's own opset, to a model, in place."""
    for text in _DEFINITIONS:
        header = f'<domain: "{PRIVATE_DOMAIN}", opset_import: ["" : {model.opset_imports[""]}]>'
        function = ir.serde.deserialize_function(parser.parse_function(header + text))
        model.functions[function.identifier()] = function
    model.graph.opset_imports[PRIVATE_DOMAIN] = 1
