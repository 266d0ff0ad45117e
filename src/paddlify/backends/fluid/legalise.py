"""Rewrites a `ProgramDesc` of Paddle 3 into one of Fluid 1.8, or refuses it with a list of what Fluid lacks."""

from __future__ import annotations

from typing import Any, Final

from paddlify.backends.fluid.desc import Block, Op, fluid_schemas, read_op, write_op
from paddlify.backends.fluid.rules import rules
from paddlify.errors import Refusal, UnsupportedModel, UnsupportedNode

_REMEDY = (
    "Fluid 1.8 cannot say them; --format pir or --format pdmodel can, or cut the graph with --outputs so that they "
    "are computed outside."
)

_NEUTRAL: Final[dict[str, Any]] = {
    "Scale_out": 1.0,
    "Scale_x": 1.0,
    "Scale_y": 1.0,
    "flatten": False,
    "mkldnn_data_type": "float32",
    "onednn_data_type": "",
    "output_padding": [],
    "place_type": -1,
    "use_addto": False,
    "use_mkldnn": False,
    "use_onednn": False,
    "use_quantizer": False,
    "with_quant_attr": False,
}
"""Attributes that Fluid's operators do not have, with the value at which they say nothing."""

_ALWAYS_DROPPED: Final = frozenset(
    {"op_callstack", "op_namescope", "op_role", "op_role_var", "op_device", "struct_name"}
)
"""Attributes that say where an operator came from, not what it computes."""


def legalise(desc: Any) -> None:
    """Rewrite all blocks of a `ProgramDesc` message in place.

    Raises UnsupportedModel that lists every operator Fluid cannot say.
    """
    refused: list[UnsupportedNode] = []
    blocks: list[Block] = []
    for proto in desc.blocks:
        parent = blocks[proto.parent_idx] if proto.parent_idx >= 0 and proto.idx else None
        block = Block(proto, parent)
        blocks.append(block)
        said: list[Op] = []
        for op in map(read_op, proto.ops):
            try:
                said += _said(op, block)
            except Refusal as refusal:
                refused.append(UnsupportedNode(op.type, next(iter(op.outputs.values()), [""])[0], refusal.reason))
        del proto.ops[:]
        for op in said:
            write_op(op, proto.ops.add())
    if refused:
        raise UnsupportedModel(refused, _REMEDY)


def _said(op: Op, block: Block) -> list[Op]:
    rule = rules.get(op.type)
    made = [op] if rule is None else rule(op, block)
    return [_checked(item) for item in made]


def _checked(op: Op) -> Op:
    """The operator without what says nothing; raises Refusal for anything else that Fluid's does not take."""
    schema = fluid_schemas().get(op.type)
    if schema is None:
        raise Refusal("Fluid 1.8 has no such operator, and there is no rule to say it with others")
    for slots, known, kind in ((op.inputs, schema.inputs, "input"), (op.outputs, schema.outputs, "output")):
        for name in [name for name in slots if name not in known]:
            if slots[name]:
                raise Refusal(f"Fluid's {op.type} has no {kind} {name}")
            del slots[name]
    for name in [name for name in op.attributes if name not in schema.attributes]:
        value = op.attributes.pop(name)
        if name in _ALWAYS_DROPPED or (name in _NEUTRAL and value == _NEUTRAL[name]):
            continue
        raise Refusal(f"Fluid's {op.type} has no attribute {name} (here {value!r})")
    for name in _ALWAYS_DROPPED & op.attributes.keys():
        del op.attributes[name]
    return op
