"""Names in `model.py` after those of the source: of layers, of variables, of paragraphs."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import onnx_ir as ir

from paddlify.backends.paddle.expression import Tensor
from paddlify.ir import provenance

LAYER_ATTRIBUTES = (
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

_WEIGHT_ENDINGS = re.compile(
    r"[./_](weight|weights|kernel|gamma|scale|W|w|w_0|depthwise_weights|depthwise_kernel|embeddings|embedding_table)(:0)?$"
)


_BIAS_ENDING = re.compile(r"[./_](bias|biases|beta)(:0)?$")


def layer_name(node: ir.Node, weights: Mapping[str, Any]) -> str:
    """The layer's name in the source: the scope of its weight, or of its bias, else the node's name."""
    for ending in (_WEIGHT_ENDINGS, _BIAS_ENDING):
        for weight in weights.values():
            name = weight.name if isinstance(weight, (Tensor, ir.TensorProtocol)) else None
            if name and ending.search(name):
                return ending.sub("", name)
    return stem_of(node)


def stem_of(node: ir.Node) -> str:
    """The node's name in the source without its op type at the end, for what is made along with it."""
    name = provenance.scoped(node, provenance.source_name(node).removeprefix("node_"))
    name = re.sub(rf"[/._]{re.escape(node.op_type)}(_\d+)?$", "", name)
    return name if name and not name.isdigit() else node.op_type.lower()


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
