"""Normalisation by the statistics of the input itself."""

from __future__ import annotations

from paddlify.backends.fluid.desc import Block, Op
from paddlify.backends.fluid.rules.common import new_op, reshape, says
from paddlify.errors import Refusal


@says("instance_norm")
def instance_norm(op: Op, block: Block) -> list[Op]:
    """The same with scale and bias, without which Fluid crashes, and an epsilon up to 1e-3; else by its definition."""
    x, out, epsilon = op.input("X"), op.output("Y"), float(op.attributes.get("epsilon", 1e-5))
    factors = [(name, op.input(slot)) for name, slot in (("mul", "Scale"), ("add", "Bias")) if op.input(slot)]
    if len(factors) == 2 and epsilon <= 1e-3:
        return [op]
    shape = block.shape(x)
    narrow = [*shape[:2], *[1] * (len(shape) - 2)]
    mean, variance, shifted, scale = (block.temporary(x, narrow) for _ in range(4))
    less, square, result = (block.temporary(x) for _ in range(3))
    along = {"dim": list(range(2, len(shape))), "keep_dim": True, "reduce_all": False}
    made = [
        new_op("reduce_mean", {"X": x}, mean, along),
        new_op("elementwise_sub", {"X": x, "Y": mean}, less, {"axis": -1}),
        new_op("square", {"X": less}, square),
        new_op("reduce_mean", {"X": square}, variance, along),
        new_op("scale", {"X": variance}, shifted, {"scale": 1.0, "bias": epsilon, "bias_after_scale": True}),
        new_op("rsqrt", {"X": shifted}, scale),
        new_op("elementwise_mul", {"X": less, "Y": scale}, result, {"axis": -1}),
    ]
    for name, factor in factors:
        following = block.temporary(x)
        made.append(new_op(f"elementwise_{name}", {"X": result, "Y": factor}, following, {"axis": 1}))
        result = following
    made[-1].outputs["Out"] = [out]
    return made


@says("group_norm")
def group_norm(op: Op, block: Block) -> list[Op]:
    """The same for images, to which others are reshaped: Fluid reads four sizes however many there are."""
    x, out, shape = op.input("X"), op.output("Y"), block.shape(op.input("X"))
    if len(shape) == 4:
        return [op]
    if shape[1] < 0 or shape[2:].count(-1) > 1 or op.attributes.get("data_layout", "NCHW") not in ("NCHW", "AnyLayout"):
        raise Refusal("Fluid normalises groups of images only, and the sizes of others are not known")
    rows = [0, shape[1], -1, 1]
    image, normalised = (block.temporary(x, [shape[0], shape[1], -1, 1]) for _ in range(2))
    op.inputs["X"], op.outputs["Y"] = [image], [normalised]
    return [reshape(block, x, rows, image), op, reshape(block, normalised, [0, *shape[1:]], out)]
