"""The operators of the private domain: what ONNX has no word for, each defined by ONNX's own operators.

Their definitions are functions, so a graph that uses them runs on any ONNX engine once they are added to it.
"""

from __future__ import annotations

import onnx_ir as ir
from onnx import parser

from paddlify.ir.opset import LOWERING_OPSET, PRIVATE_DOMAIN

_DEFINITIONS = (
    # A fully connected layer: x [..., inputs], weight [inputs, outputs], bias broadcast to [..., outputs].
    """
    Linear (x, weight, bias) => (y) {
        product = MatMul (x, weight)
        y = Add (product, bias)
    }
    """,
)


def define(model: ir.Model) -> None:
    """Add the definitions of the private operators to a model, in place."""
    for text in _DEFINITIONS:
        header = f'<domain: "{PRIVATE_DOMAIN}", opset_import: ["" : {LOWERING_OPSET}]>'
        function = ir.serde.deserialize_function(parser.parse_function(header + text))
        model.functions[function.identifier()] = function
    model.graph.opset_imports[PRIVATE_DOMAIN] = 1
