"""Convolution, padding, resizing and sampling of images."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from paddlify.backends.fluid.desc import Block, Op
from paddlify.backends.fluid.rules.common import known, neutral, new_op, renamed, reshape, rules, says
from paddlify.backends.fluid.rules.fill import fill_any_like
from paddlify.errors import Refusal

rules.update(
    {
        "channel_shuffle": renamed("shuffle_channel", {"groups": "group"}, {"data_format": "NCHW"}),
        "pixel_shuffle": neutral(data_format="NCHW"),
    }
)


_SAMPLING: Final = {"mode": "bilinear", "padding_mode": "zeros", "align_corners": True}


@says("grid_sampler")
def grid_sampler(op: Op, block: Block) -> list[Op]:
    """The same for images that keep their size."""
    size, sampled = block.shape(op.input("X"))[2:], block.shape(op.output("Output"))[2:]
    if len(size) != 2 or size != sampled or not known(size):
        raise Refusal(f"Fluid samples images to their own size, which must be known, not {size} to {sampled}")
    return neutral(**_SAMPLING)(op, block)


@says("affine_grid")
def affine_grid(op: Op, block: Block) -> list[Op]:
    """The same for images."""
    if block.shape(op.input("Theta"))[1:] != [2, 3]:
        raise Refusal("Fluid's affine_grid takes 2 by 3 matrices only")
    return neutral(align_corners=True)(op, block)


@says("conv2d_transpose", "depthwise_conv2d_transpose")
def conv2d_transpose(op: Op, block: Block) -> list[Op]:
    """The same; padding of the output is said by its size."""
    if any(op.attributes.pop("output_padding", None) or []):
        size = block.shape(op.output("Output"))[2:]
        if not known(size) or op.attributes.get("data_format", "NCHW") not in ("NCHW", "AnyLayout"):
            raise Refusal("Fluid pads the output of a transposed convolution only to a known size")
        op.attributes["output_size"] = size
    return [op]


_PADDING: Final = {"constant": "constant", "reflect": "reflect", "replicate": "edge"}


@says("pad3d")
def pad3d(op: Op, block: Block) -> list[Op]:
    """Constants are concatenated; otherwise it is `pad2d`, to which depth is one more kind of channel."""
    left, right, top, bottom, front, back = op.attributes["paddings"]
    mode, layout = op.attributes.get("mode", "constant"), op.attributes.get("data_format", "NCDHW")
    if layout != "NCDHW" or op.inputs.get("Paddings") or mode not in _PADDING:
        raise Refusal(f"Fluid cannot pad {layout} in mode {mode}, or by computed numbers")
    x, out, value = op.input("X"), op.output(), float(op.attributes.get("value", 0.0))
    if mode == "constant":
        return _surrounded(block, x, {2: (front, back), 3: (top, bottom), 4: (left, right)}, value, out)
    count, channels, depth, height, width = block.shape(x)
    if front or back or not known([channels, depth]) or [height, width].count(-1) > 1:
        raise Refusal(f"Fluid pads height and width only in mode {mode}, and their size must be known")
    higher, wider = block.shape(out)[3:]
    flat = block.temporary(x, [count, channels * depth, height, width])
    padded = block.temporary(x, [count, channels * depth, higher, wider])
    attributes = {"paddings": [top, bottom, left, right], "mode": _PADDING[mode], "pad_value": value}
    return [
        reshape(block, x, [0, channels * depth, height, width], flat),
        new_op("pad2d", {"X": flat}, padded, attributes),
        reshape(block, padded, [0, channels, depth, higher, wider], out),
    ]


def _surrounded(block: Block, x: str, widths: Mapping[int, tuple[int, int]], value: float, out: str) -> list[Op]:
    """`x` between constants along axes; Fluid's `pad` would write outside its memory on Paddle 3 with oneDNN."""
    if min(map(min, widths.values())) < 0:
        raise Refusal("Fluid does not cut by padding")
    made: list[Op] = []
    for axis, (before, after) in {axis: both for axis, both in widths.items() if any(both)}.items():
        shape = block.shape(x)
        first, filler = (block.temporary(x, [*shape[:axis], 1, *shape[axis + 1 :]]) for _ in range(2))
        attributes = {"axes": [axis], "starts": [0], "ends": [1], "decrease_axis": []}
        made.append(new_op("slice", {"Input": x}, first, attributes))
        made += fill_any_like(new_op("fill_any_like", {"X": first}, filler, {"value": value}), block)
        size = -1 if shape[axis] < 0 else shape[axis] + before + after
        wider = block.temporary(x, [*shape[:axis], size, *shape[axis + 1 :]])
        parts = [filler] * before + [x] + [filler] * after
        made.append(Op("concat", {"X": parts}, {"Out": [wider]}, {"axis": axis}))
        x = wider
    return [*made, new_op("assign", {"X": x}, out)]


_INTERPOLATION = {"nearest_interp_v2": "nearest_interp", "bilinear_interp_v2": "bilinear_interp",
                  "trilinear_interp_v2": "trilinear_interp", "bicubic_interp_v2": "bicubic_interp"}


@says(*_INTERPOLATION)
def interpolation(op: Op, block: Block) -> list[Op]:
    """One scale for all axes, or a constant size."""
    scales = list(op.attributes.get("scale") or [])
    if op.inputs.get("Scale") or op.inputs.get("SizeTensor") or op.inputs.get("OutSize"):
        raise Refusal("the size is computed by the model")
    if len(set(scales)) > 1 and min(op.attributes.get(name, -1) for name in ("out_h", "out_w")) <= 0:
        raise Refusal(f"Fluid's interpolation has one scale for all axes, here {scales}")
    attributes = {name: value for name, value in op.attributes.items() if name != "scale"}
    attributes["scale"] = float(scales[0]) if len(set(scales)) == 1 else 0.0
    slots = {name: value for name, value in op.inputs.items() if value}
    return [Op(_INTERPOLATION[op.type], slots, op.outputs, attributes)]
