"""Families of attention, normalisation, half precision and onnxruntime's own operators; see `tests.fuzz`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import ml_dtypes
import numpy as np
from hypothesis import strategies as st

from tests.fuzz_draw import FLOATS, Case, Draw, array, axis_of, dims, indices, one_of, seeds

CONTRIB = "com.microsoft"


def attending(draw: Draw) -> Case:
    """Attention of opset 23 to 25: heads, masks, caches, soft caps, scales, outputs."""
    generator = seeds(draw)
    batch, queries, keys = (draw(st.integers(1, 4)) for _ in range(3))
    kv_heads, size, v_size = draw(st.integers(1, 3)), one_of(draw, 1, 2, 4), one_of(draw, 1, 3, 4)
    heads = kv_heads * draw(st.integers(1, 3))
    opset, is_flat = one_of(draw, 23, 24, 25), draw(st.booleans())
    past = draw(st.integers(1, 3)) if draw(st.booleans()) else 0
    attributes: dict[str, Any] = {"is_causal": draw(st.integers(0, 1))}
    if is_flat:
        attributes |= {"q_num_heads": heads, "kv_num_heads": kv_heads}
    if draw(st.booleans()):
        attributes["softcap"] = one_of(draw, 0.5, 2.0)
    if draw(st.booleans()):
        attributes["scale"] = one_of(draw, 0.25, 1.5)
    dtype = one_of(draw, *FLOATS)

    def normal(*shape: int) -> np.ndarray:
        return generator.normal(size=shape).astype(dtype)

    q, k, v = (
        normal(batch, heads, queries, size),
        normal(batch, kv_heads, keys, size),
        normal(batch, kv_heads, keys, v_size),
    )
    if is_flat:
        q, k, v = (x.transpose(0, 2, 1, 3).reshape(batch, x.shape[2], -1).copy() for x in (q, k, v))
    inputs: list[np.ndarray | None] = [q, k, v]
    total = keys + past
    if draw(st.booleans()):
        kept = [size if draw(st.booleans()) else 1 for size in (batch, heads)]
        shape = [*kept[draw(st.integers(0, 2)) :], queries, total]
        mask = generator.random(shape) < 0.7
        inputs.append(mask if draw(st.booleans()) else np.where(mask, normal(*shape), -np.inf).astype(dtype))
    else:
        inputs.append(None)
    if past:
        inputs += [normal(batch, kv_heads, past, size), normal(batch, kv_heads, past, v_size)]
    elif opset > 23 and draw(st.booleans()):
        inputs += [None, None, generator.integers(min(queries, keys), keys + 1, batch)]
    while inputs[-1] is None:
        inputs.pop()
    outputs = 1 if len(inputs) == 7 else one_of(draw, 3, 4) if past else one_of(draw, 1, 3, 4)
    if outputs == 4:
        attributes["qk_matmul_output_mode"] = draw(st.integers(0, 3))
    if attributes["is_causal"] and (queries == 1 or outputs == 4):
        # Before, onnxruntime lets a single query see all keys behind the past, and shows the lowest float for -inf.
        opset = 25
    axes = {i: (0, 1 if is_flat and i < 3 else 2) for i, value in enumerate(inputs) if value is not None and i != 3}
    dynamic = axes | ({3: range(inputs[3].ndim)} if inputs[3:] and inputs[3] is not None else {})
    return Case("Attention", inputs, attributes, (), draw(st.booleans()) and dynamic, outputs=outputs, opset=opset)


def rotating(draw: Draw) -> Case:
    """RotaryEmbedding of rank 3 and 4, with and without positions, of a part of each head."""
    generator = seeds(draw)
    batch, heads, time, half = (draw(st.integers(1, 4)) for _ in range(4))
    size = 2 * half + one_of(draw, 0, 2)
    attributes: dict[str, Any] = {"interleaved": draw(st.integers(0, 1))}
    if size != 2 * half:
        attributes["rotary_embedding_dim"] = 2 * half
    shape = [batch, heads, time, size]
    if draw(st.booleans()):
        shape, attributes["num_heads"] = [batch, time, heads * size], heads
    has_positions = draw(st.booleans())
    caches = [[9, half] if has_positions else [batch, time, half]] * 2
    x, cos, sin = (generator.normal(size=part).astype(np.float32) for part in (shape, *caches))
    positions = generator.integers(0, 9, (batch, time)) if has_positions else None
    constants = one_of(draw, (), (1, 2)) if has_positions else ()
    return Case("RotaryEmbedding", [x, cos, sin, positions], attributes, constants, draw(st.booleans()), opset=23)


def normalising(draw: Draw) -> Case:
    """Over groups, over the last axes, over chosen ones; of every rank, with statistics."""
    op_type = one_of(
        draw,
        "RMSNormalization",
        "GroupNormalization",
        "LayerNormalization",
        "InstanceNormalization",
        "MeanVarianceNormalization",
        "LpNormalization",
        "LRN",
        "BatchNormalization",
    )
    is_dynamic = draw(st.booleans())
    if op_type in ("RMSNormalization", "LayerNormalization"):
        x = array(draw, dims(draw, 1, 4, 5), "float32")
        axis = draw(st.integers(-x.ndim, x.ndim - 1))
        shape = list(x.shape[axis:])
        if draw(st.booleans()):
            shape = [size if draw(st.booleans()) else 1 for size in shape][draw(st.integers(0, len(shape) - 1)) :]
        weights = [array(draw, shape, "float32") for _ in range(draw(st.integers(1, 2)))]
        weights = weights[:1] if op_type == "RMSNormalization" else weights
        outputs = 1 if op_type == "RMSNormalization" else one_of(draw, 1, 3)
        attributes = {"axis": axis, "epsilon": one_of(draw, 1e-5, 0.1)}
        return Case(op_type, [x, *weights], attributes, one_of(draw, (), (1, 2)), is_dynamic, outputs=outputs, opset=23)
    groups, each = draw(st.integers(1, 3)), draw(st.integers(1, 2))
    x = array(draw, [draw(st.integers(1, 3)), groups * each, *dims(draw, 1, 3, 5)], "float32")
    scale, bias, mean, variance = (array(draw, [groups * each], "float32", 1, 3) for _ in range(4))
    constants = one_of(draw, (), (1, 2, 3, 4))
    if op_type == "GroupNormalization":
        return Case(op_type, [x, scale, bias], {"num_groups": groups}, constants, is_dynamic, opset=21)
    if op_type == "InstanceNormalization":
        return Case(op_type, [x, scale, bias], {"epsilon": one_of(draw, 1e-5, 0.1)}, constants, is_dynamic)
    if op_type == "BatchNormalization":
        inputs = [x, scale, bias, mean, variance]
        if draw(st.booleans()):
            return Case(op_type, inputs, {"training_mode": 1, "momentum": 0.75}, constants, is_dynamic, outputs=3)
        return Case(op_type, inputs, {"epsilon": one_of(draw, 1e-5, 0.1)}, constants, is_dynamic)
    if op_type == "MeanVarianceNormalization":
        x = seeds(draw).normal(size=(*x.shape, 3)).astype(np.float32)  # of equal numbers, onnxruntime makes NaN
        return Case(op_type, [x], {"axes": sorted({draw(st.integers(0, x.ndim - 1)), x.ndim - 1})}, (), is_dynamic)
    if op_type == "LpNormalization":
        return Case(op_type, [x], {"axis": draw(st.integers(-x.ndim, x.ndim - 1)), "p": draw(st.integers(1, 2))})
    attributes = {"size": one_of(draw, 1, 3, 5), "alpha": 0.5, "beta": one_of(draw, 0.75, 0.5), "bias": 2.0}
    return Case(op_type, [x], attributes, (), is_dynamic)


_HALVES: dict[str, Callable[[Draw, Callable[..., np.ndarray], list[int]], tuple[Any, ...]]] = {
    **dict.fromkeys(
        ("Relu", "Sigmoid", "Tanh", "Exp", "Abs", "Neg", "Floor", "Erf", "Gelu", "Identity", "Transpose", "Flatten"),
        lambda draw, number, shape: ([number(shape)],),
    ),
    "Sqrt": lambda draw, number, shape: ([number(shape, 1)],),
    **dict.fromkeys(
        ("Add", "Sub", "Mul", "Max", "Min", "Less", "Equal"),
        lambda draw, number, shape: ([number(shape), number(shape[-1:])],),
    ),
    **dict.fromkeys(("Div", "Pow"), lambda draw, number, shape: ([number(shape, 1), number(shape, 1)],)),
    "Where": lambda draw, number, shape: ([array(draw, shape, "bool"), number(shape), number(shape)],),
    **dict.fromkeys(
        ("MatMul", "Gemm"), lambda draw, number, shape: ([number([3, shape[0]]), number([shape[0], shape[-1]])],)
    ),
    **dict.fromkeys(
        ("ReduceSum", "ReduceMean", "ReduceMax", "Unsqueeze", "CumSum"),
        lambda draw, number, shape: ([number(shape), np.array([axis_of(draw, len(shape))])], {}, (1,)),
    ),
    "Clip": lambda draw, number, shape: ([number(shape), number([], -2), number([], 1)],),
    "Concat": lambda draw, number, shape: ([number(shape)] * 2, {"axis": axis_of(draw, len(shape))}),
    **dict.fromkeys(
        ("Softmax", "ArgMax"), lambda draw, number, shape: ([number(shape)], {"axis": axis_of(draw, len(shape))})
    ),
    "LayerNormalization": lambda draw, number, shape: ([number(shape), number(shape[-1:])], {"axis": -1}, ()),
    "Reshape": lambda draw, number, shape: ([number(shape), np.array([-1])], {}, (1,)),
    "Expand": lambda draw, number, shape: ([number(shape), np.array([2, *shape])], {}, (1,)),
    "Tile": lambda draw, number, shape: ([number(shape), np.array([2] * len(shape))], {}, (1,)),
    "Squeeze": lambda draw, number, shape: ([number([1, *shape]), np.array([0])], {}, (1,)),
    "Gather": lambda draw, number, shape: ([number(shape), indices(draw, dims(draw, 0, 2, 3), shape[0])],),
    "Slice": lambda draw, number, shape: (
        [number(shape), *(np.array([part]) for part in (draw(st.integers(-3, 3)), 99, 0, one_of(draw, 1, 2)))],
        {}, (1, 2, 3, 4),
    ),
    "Pad": lambda draw, number, shape: (
        [number(shape), np.array([draw(st.integers(0, 2)) for _ in shape * 2])], {}, (1,)
    ),
    "Split": lambda draw, number, shape: ([number(shape)], {"num_outputs": shape[0]}, (), shape[0]),
    "TopK": lambda draw, number, shape: ([number(shape), np.array([draw(st.integers(1, shape[-1]))])], {}, (1,), 2),
    "Trilu": lambda draw, number, shape: ([number([2, *shape])],),
}
"""Inputs of operators in half precision; attributes, constants and the number of outputs where there are any."""


def halves(draw: Draw) -> Case:
    """float16 against onnxruntime, bfloat16 against onnx's reference: arithmetic, products, reductions, moves."""
    op_type, by_reference = one_of(draw, *_HALVES), draw(st.booleans())

    def number(shape: Sequence[int], low: float = -4) -> np.ndarray:
        return array(draw, shape, "float32", low).astype(ml_dtypes.bfloat16 if by_reference else np.float16)

    found = _HALVES[op_type](draw, number, dims(draw, 1, 3, 4))
    inputs, attributes, constants, outputs = (*found, *({}, one_of(draw, (), (1,)), 1)[len(found) - 1 :])
    if op_type == "CumSum":
        inputs[1] = inputs[1].reshape(())
    return Case(
        op_type, inputs, attributes, constants, draw(st.booleans()), outputs=outputs,
        rtol=2.0**-6 if by_reference else 2.0**-9, opset=22, by_reference=by_reference,
    )


def contrib(draw: Draw) -> Case:
    """The operators of com.microsoft, but for attention."""
    op_type = one_of(
        draw,
        "FusedMatMul",
        "FusedConv",
        "FusedGemm",
        "Gelu",
        "FastGelu",
        "BiasGelu",
        "QuickGelu",
        "SkipLayerNormalization",
        "SkipSimplifiedLayerNormalization",
        "EmbedLayerNormalization",
    )
    generator, is_dynamic = seeds(draw), draw(st.booleans())

    def normal(*shape: int) -> np.ndarray:
        return generator.normal(size=shape).astype(np.float32)

    def case(
        inputs: Sequence[np.ndarray | None], constants: Sequence[int] = (), outputs: Any = 1, **attributes: Any
    ) -> Case:
        return Case(op_type, inputs, attributes, constants, is_dynamic, outputs=outputs, domain=CONTRIB)

    n, k, m = (draw(st.integers(1, 4)) for _ in range(3))
    activations = (
        ("Relu", []),
        ("Tanh", []),
        ("Sigmoid", []),
        ("LeakyRelu", [0.3]),
        ("HardSigmoid", [0.3, 0.4]),
        ("Clip", [-0.5, 0.5]),
    )
    if op_type == "FusedMatMul":
        batch = dims(draw, 0, 2, 3)
        flip_a, flip_b = draw(st.integers(0, 1)), draw(st.integers(0, 1))
        a, b = normal(*batch, *((k, n) if flip_a else (n, k))), normal(*batch, *((m, k) if flip_b else (k, m)))
        return case([a, b], one_of(draw, (), (1,)), transA=flip_a, transB=flip_b, alpha=one_of(draw, 1.0, 0.25))
    if op_type == "FusedGemm":
        name, parameters = one_of(draw, *activations[:4])
        given = {"activation_alpha": parameters[0]} if parameters else {}
        c = normal(m) if draw(st.booleans()) else None
        return case([normal(n, k), normal(k, m), c], (1, 2), activation=name, alpha=one_of(draw, 1.0, 0.5), **given)
    if op_type == "FusedConv":
        name, parameters = one_of(draw, *activations)
        x, w = normal(1, 2, 5, 4), normal(3, 2, 3, 2)
        pads = [draw(st.integers(0, 1)) for _ in range(4)]
        rows, columns = 5 - 2 + pads[0] + pads[2], 4 - 1 + pads[1] + pads[3]
        inputs = [x, w, normal(3) if draw(st.booleans()) else None]
        if draw(st.booleans()) and inputs[2] is not None:
            inputs.append(normal(1, 3, rows, columns))
        given = {"activation_params": parameters} if parameters else {}
        return case(inputs, (1, 2), activation=name, pads=pads, kernel_shape=[3, 2], **given)
    width = draw(st.integers(1, 6))
    shape = [draw(st.integers(1, 3)), draw(st.integers(1, 4)), width]
    if op_type in ("Gelu", "QuickGelu"):
        return case([normal(*shape)], **({"alpha": one_of(draw, 1.0, 1.5)} if op_type == "QuickGelu" else {}))
    if op_type in ("BiasGelu", "FastGelu"):
        has_bias = op_type == "BiasGelu" or draw(st.booleans())
        return case([normal(*shape), normal(width) if has_bias else None], one_of(draw, (), (1,)))
    if op_type.startswith("Skip"):
        skip = shape if draw(st.booleans()) else one_of(draw, [1, *shape[1:]], shape[1:])
        outputs = one_of(draw, 1, ("y0", "", "", "y3"))
        extra = [normal(width) if draw(st.booleans()) else None for _ in range(1 if "Simplified" in op_type else 2)]
        inputs = [normal(*shape), normal(*skip), normal(width), *extra]
        return case(inputs, one_of(draw, (), (2, 3, 4)), outputs=outputs, epsilon=one_of(draw, 1e-5, 0.1))
    batch, time = shape[:2]
    has_segments, has_mask, has_positions = (draw(st.booleans()) for _ in range(3))

    def ids(size: int) -> np.ndarray:
        return generator.integers(0, size, (batch, time)).astype(np.int32)

    mask = (generator.random((batch, time)) < 0.7).astype(np.int32) if has_mask else None
    inputs = [
        ids(11),
        ids(2) if has_segments else None,
        normal(11, width),
        normal(9, width),
        normal(2, width) if has_segments else None,
        normal(width),
        normal(width),
        mask,
        ids(9) if has_positions else None,
    ]
    return case(inputs, (2, 3, 4, 5, 6), outputs=one_of(draw, 2, 3))


def contrib_attending(draw: Draw) -> Case:
    """Attention and MultiHeadAttention of com.microsoft; each query sees a key, for else onnxruntime is alone."""
    op_type, generator = one_of(draw, "Attention", "MultiHeadAttention"), seeds(draw)
    batch, queries, heads, size = (draw(st.integers(1, 4)) for _ in range(4))
    width, past = heads * size, draw(st.integers(1, 3)) if draw(st.booleans()) else 0

    def normal(*shape: int) -> np.ndarray:
        return generator.normal(size=shape).astype(np.float32)

    attributes: dict[str, Any] = {"num_heads": heads, "unidirectional": draw(st.integers(0, 1))}
    if draw(st.booleans()):
        attributes["scale"] = one_of(draw, 0.25, 1.5)
    if draw(st.booleans()):
        attributes["mask_filter_value"] = one_of(draw, -1000.0, -1.0)
    is_self = op_type == "Attention"
    keys = queries if is_self or attributes["unidirectional"] else draw(st.integers(1, 4))
    v_width = width if past else heads * draw(st.integers(1, 4))
    if is_self and v_width != width:
        attributes["qkv_hidden_sizes"] = [width, width, v_width]
    total = keys + past
    mask = None
    if draw(st.booleans()):
        mask = (generator.random(one_of(draw, (batch, total), (batch, queries, total))) < 0.7).astype(np.int32)
        mask[..., 0] = 1
    bias = normal(one_of(draw, 1, batch), one_of(draw, 1, heads), queries, total) if draw(st.booleans()) else None
    vectors = normal(2 * width + v_width)
    if is_self:
        pasts = normal(2, batch, heads, past, size) if past else None
        inputs = [normal(batch, queries, 3), normal(3, 2 * width + v_width), vectors, mask, pasts]
        inputs += [] if past else [bias]
        axes = draw(st.booleans()) and {0: (0, 1), 4: (1, 3)}
        return Case(op_type, inputs, attributes, (1, 2), axes, outputs=2 if past else 1, domain=CONTRIB)
    pasts = [normal(batch, heads, past, size) if past else None for _ in range(2)]
    inputs = [
        normal(batch, queries, width),
        normal(batch, keys, width),
        normal(batch, keys, v_width),
        vectors if draw(st.booleans()) else None,
        mask,
        bias,
        *pasts,
    ]
    axes = draw(st.booleans()) and {0: (0, 1), 1: (0, 1), 2: (0, 1), 6: (0, 2), 7: (0, 2)}
    return Case(op_type, inputs, attributes, (3,), axes, outputs=3 if past else one_of(draw, 1, 3), domain=CONTRIB)


FAMILIES = (attending, rotating, normalising, halves, contrib, contrib_attending)
