"""Products of matrices."""

from __future__ import annotations

from paddlify.backends.fluid.desc import Block, Op
from paddlify.backends.fluid.rules.common import broadcast, new_op, says
from paddlify.errors import Refusal


@says("matmul_v2")
def matmul_v2(op: Op, block: Block) -> list[Op]:
    """`matmul`, which broadcasts a matrix on its right only: other batch dimensions are repeated before it."""
    names = {"X": op.input("X"), "Y": op.input("Y")}
    shapes = {slot: block.shape(name) for slot, name in names.items()}
    if min(map(len, shapes.values())) < 2:
        raise Refusal("Fluid's matmul treats a vector otherwise")
    transposed = {slot: bool(op.attributes.get(f"trans_{slot.lower()}")) for slot in names}
    batch = block.shape(op.output())[:-2]
    made: list[Op] = []
    for slot, shape in shapes.items():
        is_matrix_on_the_right = slot == "Y" and len(shape) == 2 and not (batch and transposed["X"])
        if shape[:-2] != batch and not is_matrix_on_the_right:
            more, names[slot] = broadcast(block, names[slot], [*batch, *shape[-2:]])
            made += more
    attributes = {"transpose_X": transposed["X"], "transpose_Y": transposed["Y"], "alpha": 1.0}
    return [*made, new_op("matmul", names, op.output(), attributes)]
