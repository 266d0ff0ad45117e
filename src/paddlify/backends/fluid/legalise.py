"""Rewrites a `ProgramDesc` of Paddle 3 into one of Fluid 1.8, or refuses it with a list of what Fluid lacks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from paddlify.backends.fluid.desc import (
    BOOL,
    DTYPE_NAMES,
    FP32,
    FP64,
    INT8,
    INT16,
    INT32,
    INT64,
    LATER,
    UINT8,
    Block,
    Op,
    fluid_schemas,
    read_op,
    write_op,
)  # fmt: skip
from paddlify.backends.fluid.rules import rules
from paddlify.backends.fluid.rules.common import cast
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
    "force_fp32_output": False,
    "is_test": True,
    "mkldnn_data_type": "float32",
    "onednn_data_type": "",
    "output_padding": [],
    "place_type": -1,
    "slot": 0,
    "use_addto": False,
    "use_cudnn": False,
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
    _forget_dropout_states(desc)
    refused: list[UnsupportedNode] = []
    blocks: list[Block] = []
    for proto in list(desc.blocks):
        parent = blocks[proto.parent_idx] if proto.parent_idx >= 0 and proto.idx else None
        block = Block(desc, proto, parent)
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
    for proto in desc.blocks:
        _give_scalars_an_axis(proto)
    if refused:
        raise UnsupportedModel(refused, _REMEDY)


def _forget_dropout_states(desc: Any) -> None:
    """Take the empty states of recurrent layers from the branches and loops around them, which list all they touch."""
    slots = [slot for block in desc.blocks for op in block.ops for slot in (*op.inputs, *op.outputs)]
    states = {name for slot in slots if slot.parameter == "DropoutState" for name in slot.arguments}
    for slot in slots:
        slot.arguments[:] = [name for name in slot.arguments if name not in states]


def _said(op: Op, block: Block) -> list[Op]:
    _check_variables(op, block)
    rule = rules.get(op.type)
    made = [op] if rule is None else rule(op, block)
    return [_checked(item, block) for made_one in made for item in _widened(made_one, block)]


_MOVES: Final = frozenset(
    {"concat", "expand", "expand_as", "gather", "index_sample", "index_select", "reshape2", "roll", "slice", "split",
     "squeeze2", "stack", "strided_slice", "transpose2", "tril_triu", "unsqueeze2", "unstack"}
)  # fmt: skip
"""Operators that only move elements."""


def _widened(op: Op, block: Block) -> list[Op]:
    """Bool and uint8 are moved as int32 by what has no kernel for them."""
    slot = "Input" if op.type == "slice" else "X"
    names = op.inputs.get(slot, [])
    dtype = block.dtype(names[0]) if op.type in _MOVES and names else FP32
    if dtype not in (BOOL, UINT8) or dtype in fluid_schemas()[op.type].kernels:
        return [op]
    after = []
    numbers = [block.temporary(name, dtype=INT32) for name in names]
    before = [cast(block, name, number) for name, number in zip(names, numbers, strict=True)]
    op.inputs[slot] = numbers
    out_slot = "Out" if "Out" in op.outputs else "Y"
    for index, name in enumerate(op.outputs[out_slot]):
        number = block.temporary(name, dtype=INT32)
        after.append(cast(block, number, name))
        op.outputs[out_slot][index] = number
    return [*before, op, *after]


_DTYPES: Final = frozenset({BOOL, INT16, INT32, INT64, FP32, FP64, UINT8, INT8})
"""What Fluid 1.8 computes with on a CPU as Paddle 3 does; its float16 rounds otherwise."""

_TAKES_SCALARS: Final = frozenset(
    {
        "abs", "arg_max", "arg_min", "assign", "assign_value", "batch_norm", "cast", "ceil", "clip", "concat",
        "conditional_block",
        "cos", "equal", "exp", "expand_as_v2", "expand_v2", "fill_any_like", "fill_constant", "floor", "gather",
        "greater_equal", "greater_than", "increment", "less_equal", "less_than", "log", "logical_and", "logical_not",
        "logical_or", "logical_xor", "not_equal", "pow", "range", "reduce_all", "reduce_any", "reduce_max",
        "reduce_mean", "reduce_min", "reduce_prod", "reduce_sum", "relu", "reshape2", "round", "rsqrt", "scale",
        "select_input", "sigmoid", "sign", "sin", "size", "slice", "sqrt", "square", "squeeze2", "stack",
        "tanh", "unsqueeze2", "where", "while", "elementwise_add", "elementwise_div", "elementwise_floordiv",
        "elementwise_max", "elementwise_min", "elementwise_mod", "elementwise_mul", "elementwise_pow",
        "elementwise_sub",
    }
)  # fmt: skip
"""Operators to which it is the same whether a scalar has no axis, as in Paddle 3, or one, as in Fluid."""


def _check_variables(op: Op, block: Block) -> None:
    """Raises Refusal for a dtype that Fluid lacks, for a tensor of no elements, and for scalars where they matter."""
    ignored = ("Reserve", "ReserveSpace")  # what only gradients read
    slots = [names for slot, names in (*op.inputs.items(), *op.outputs.items()) if slot not in ignored]
    for names in slots:
        for name in [name for name in names if block.is_tensor(name)]:
            if op.type not in ("feed", "fetch") and block.dtype(name) not in _DTYPES:
                dtype = DTYPE_NAMES.get(block.dtype(name), "of another dtype")
                raise Refusal(f"Fluid does not compute with {dtype} ('{name}')")
            shape = block.shape(name)
            if 0 in shape and "XShape" not in op.outputs:
                raise Refusal(f"Fluid has no tensors of no elements, as '{name}' of shape {shape}")
            if not shape and (op.type not in _TAKES_SCALARS or block.is_persistable(name)):
                raise Refusal(f"Fluid has no scalars: '{name}' would be a vector of one element")


def _give_scalars_an_axis(proto: Any) -> None:
    for variable in proto.vars:
        if variable.type.HasField("dense_tensor") and not variable.type.dense_tensor.tensor.dims:
            variable.type.dense_tensor.tensor.dims.append(1)


def _checked(op: Op, block: Block) -> Op:
    """The operator without what says nothing; raises Refusal for anything else that Fluid's does not take."""
    schema = fluid_schemas().get(op.type)
    if schema is None:
        raise Refusal("Fluid 1.8 has no such operator, and there is no rule to say it with others")
    for slots, known, kind in ((op.inputs, schema.inputs, "input"), (op.outputs, schema.outputs, "output")):
        for name in [name for name in slots if name not in known]:
            if slots[name]:
                raise Refusal(f"Fluid's {op.type} has no {kind} {name}")
            del slots[name]
    for name in [name for name in op.attributes if name not in schema.attributes and (op.type, name) not in LATER]:
        value = op.attributes.pop(name)
        if name in _ALWAYS_DROPPED or (name in _NEUTRAL and value == _NEUTRAL[name]):
            continue
        raise Refusal(f"Fluid's {op.type} has no attribute {name} (here {value!r})")
    for name in _ALWAYS_DROPPED & op.attributes.keys():
        del op.attributes[name]
    _check_kernel(op, block, schema.kernels)
    return op


_DECIDES: Final = ("X", "Input", "W", "Theta", "Condition", "Start")
"""Slots whose dtype chooses the kernel, the first that is there; what has none of them is chosen by its output."""

_AT_MOST_SIX_AXES: Final = frozenset(
    {"arg_max", "arg_min", "argsort", "expand", "expand_as", "pad", "reduce_all", "reduce_any", "reduce_max",
     "reduce_mean", "reduce_min", "reduce_prod", "reduce_sum", "slice", "squeeze2", "strided_slice", "transpose2",
     "unsqueeze2"}
)  # fmt: skip


def _check_kernel(op: Op, block: Block, kernels: Sequence[int]) -> None:
    """Raises Refusal where an operator has no kernel for the dtype or the number of axes."""
    slots = [names for slot, names in (*op.inputs.items(), *op.outputs.items()) if slot != "XShape"]
    tensors = [name for names in slots for name in names if block.is_tensor(name)]
    decisive = next((op.input(slot) for slot in _DECIDES if op.inputs.get(slot)), op.output(next(iter(op.outputs))))
    if kernels and block.is_tensor(decisive) and block.dtype(decisive) not in kernels:
        raise Refusal(f"Fluid's {op.type} does not take {DTYPE_NAMES[block.dtype(decisive)]}")
    if op.type in _AT_MOST_SIX_AXES and max(map(block.rank, tensors)) > 6:
        raise Refusal(f"Fluid's {op.type} takes at most six axes")
