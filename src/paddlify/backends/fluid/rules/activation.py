"""Activations, and the softmax."""

from __future__ import annotations

from paddlify.backends.fluid.desc import Block, Op
from paddlify.backends.fluid.rules.common import neutral, new_op, renamed, rules, says, with_attributes

rules.update(
    {
        "prelu": neutral(data_format="NCHW"),
        "silu": renamed("swish"),
        "softmax": with_attributes(use_cudnn=False),
        "softplus": neutral(beta=1.0, threshold=20.0),
        "thresholded_relu": neutral(value=0.0),
    }
)


@says("log_softmax")
def log_softmax(op: Op, block: Block) -> list[Op]:
    """d - log(sum(exp(d))), where d is x less its maximum."""
    x, out = op.input("X"), op.output()
    axis = int(op.attributes.get("axis", -1)) % block.rank(x)
    shape = block.shape(x)
    narrow = [*shape[:axis], 1, *shape[axis + 1 :]]
    along = {"dim": [axis], "keep_dim": True, "reduce_all": False}
    most, total, log = (block.temporary(x, narrow) for _ in range(3))
    less, grown = block.temporary(x), block.temporary(x)
    return [
        new_op("reduce_max", {"X": x}, most, along),
        new_op("elementwise_sub", {"X": x, "Y": most}, less, {"axis": -1}),
        new_op("exp", {"X": less}, grown),
        new_op("reduce_sum", {"X": grown}, total, along),
        new_op("log", {"X": total}, log),
        new_op("elementwise_sub", {"X": less, "Y": log}, out, {"axis": -1}),
    ]
