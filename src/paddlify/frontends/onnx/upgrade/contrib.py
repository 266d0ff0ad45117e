"""Operators that onnxruntime's optimiser writes into files, said in operators of ai.onnx.

onnx has no schemas for them: the defaults here are those of onnxruntime's documentation of contrib operators.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx_ir as ir

from paddlify.errors import Refusal
from paddlify.frontends.onnx.upgrade.rules import Upgrader
from paddlify.ir import opset
from paddlify.ir.builder import rank_of
from paddlify.registry import Registry, Rule

_EPSILON = 1e-12

CONTRIB = Registry("contrib operator")


def contrib_rule(node: ir.Node, version: int) -> Rule | None:
    """The rule for a contrib operator, or None; what that opset of ai.onnx has itself is none."""
    if node.domain == "" and opset.schema("", node.op_type, version) is not None:
        return None
    return CONTRIB.find(node.domain, node.op_type)


def contrib_rules() -> list[Rule]:
    """All of them."""
    return list(CONTRIB)


# Products and convolutions with what follows them


@CONTRIB("FusedMatMul", "TransposeMatMul", domain=opset.CONTRIB_DOMAIN)
def fused_matmul(
    op: Upgrader, a: ir.Value, b: ir.Value, *, alpha: float = 1.0, transA: int = 0, transB: int = 0,  # noqa: N803
    transBatchA: int = 0, transBatchB: int = 0,  # noqa: N803
) -> Any:
    if transBatchA or transBatchB:
        raise Refusal("transposed batches are not supported")
    product = op.MatMul(_transposed(op, a) if transA else a, _transposed(op, b) if transB else b)
    return product if alpha == 1 else op.Mul(product, op.constant_like(product, alpha))


def _transposed(op: Upgrader, x: ir.Value) -> ir.Value:
    """The last two axes swapped; a vector stays as it is."""
    rank = rank_of(x)
    if rank < 2:
        return x
    return op.Transpose(x, perm=[*range(rank - 2), rank - 1, rank - 2])  # type: ignore[no-any-return]


@CONTRIB("FusedConv", domain=opset.CONTRIB_DOMAIN)
def fused_conv(
    op: Upgrader, x: ir.Value, w: ir.Value, b: ir.Value | None = None, z: ir.Value | None = None, *,
    activation: str | None = None, activation_params: list[float] | None = None, auto_pad: str = "NOTSET",
    dilations: list[int] | None = None, group: int = 1, kernel_shape: list[int] | None = None,
    pads: list[int] | None = None, strides: list[int] | None = None,
) -> Any:
    """`z` is added before the activation."""
    result = op.Conv(
        x, w, b, auto_pad=auto_pad, dilations=dilations, group=group, kernel_shape=kernel_shape, pads=pads,
        strides=strides,
    )
    result = result if z is None else op.Add(result, z)
    return _activated(op, result, activation, list(activation_params or []))


@CONTRIB("FusedGemm", domain=opset.CONTRIB_DOMAIN)
def fused_gemm(
    op: Upgrader, a: ir.Value, b: ir.Value, c: ir.Value | None = None, *, activation: str | None = None,
    activation_alpha: float | None = None, activation_beta: float | None = None, activation_gamma: float | None = None,
    alpha: float = 1.0, beta: float = 1.0, transA: int = 0, transB: int = 0,  # noqa: N803
) -> Any:
    result = op.Gemm(a, b, c, alpha=alpha, beta=beta, transA=transA, transB=transB)
    given = [value for value in (activation_alpha, activation_beta, activation_gamma) if value is not None]
    return _activated(op, result, activation, given)


_ACTIVATIONS: dict[str, tuple[str, ...]] = {
    "Relu": (), "Tanh": (), "Sigmoid": (), "LeakyRelu": ("alpha",), "HardSigmoid": ("alpha", "beta"),
}
"""Activations with the names of the attributes that stand for their parameters."""


def _activated(op: Upgrader, x: ir.Value, activation: str | None, parameters: list[float]) -> Any:
    if not activation:
        return x
    if activation == "Clip" and len(parameters) == 2:
        return op.Clip(x, *(op.constant_like(x, bound) for bound in parameters))
    if activation not in _ACTIVATIONS or len(parameters) not in (0, len(_ACTIVATIONS[activation])):
        raise Refusal(f"activation '{activation}' with {len(parameters)} parameters is not supported")
    return op.node(activation, [x], dict(zip(_ACTIVATIONS[activation], parameters, strict=False)))


# Activations


@CONTRIB("Gelu", domain=opset.CONTRIB_DOMAIN)
def gelu(op: Upgrader, x: ir.Value) -> Any:
    return op.Gelu(x)


@CONTRIB("BiasGelu", domain=opset.CONTRIB_DOMAIN)
def bias_gelu(op: Upgrader, x: ir.Value, bias: ir.Value) -> Any:
    return op.Gelu(op.Add(x, bias))


@CONTRIB("FastGelu", domain=opset.CONTRIB_DOMAIN)
def fast_gelu(op: Upgrader, x: ir.Value, bias: ir.Value | None = None) -> Any:
    return op.Gelu(x if bias is None else op.Add(x, bias), approximate="tanh")


@CONTRIB("QuickGelu", domain=opset.CONTRIB_DOMAIN)
def quick_gelu(op: Upgrader, x: ir.Value, *, alpha: float = 1.702) -> Any:
    return op.Swish(x, alpha=alpha)


# Normalisations


@CONTRIB("SkipLayerNormalization", domain=opset.CONTRIB_DOMAIN)
def skip_layer_normalization(
    op: Upgrader, x: ir.Value, skip: ir.Value, gamma: ir.Value, beta: ir.Value | None = None,
    bias: ir.Value | None = None, *, epsilon: float = _EPSILON,
) -> Any:
    total = _skipped(op, x, skip, bias)
    return op.LayerNormalization(total, gamma, beta, axis=-1, epsilon=epsilon), None, None, total


@CONTRIB("SkipSimplifiedLayerNormalization", domain=opset.CONTRIB_DOMAIN)
def skip_simplified_layer_normalization(
    op: Upgrader, x: ir.Value, skip: ir.Value, gamma: ir.Value, bias: ir.Value | None = None, *,
    epsilon: float = _EPSILON,
) -> Any:
    total = _skipped(op, x, skip, bias)
    return op.RMSNormalization(total, gamma, axis=-1, epsilon=epsilon), None, None, total


def _skipped(op: Upgrader, x: ir.Value, skip: ir.Value, bias: ir.Value | None) -> ir.Value:
    if op.has_output(1) or op.has_output(2):
        raise Refusal("statistics as outputs are not supported")
    total = op.Add(x, skip)
    return total if bias is None else op.Add(total, bias)  # type: ignore[no-any-return]


@CONTRIB("LayerNormalization")
def layer_normalization(
    op: Upgrader, x: ir.Value, scale: ir.Value, bias: ir.Value | None = None, *, axis: int = -1, epsilon: float = 1e-5,
    stash_type: int = 1,
) -> Any:
    """onnxruntime writes it into opsets of ai.onnx below 17, which do not have it."""
    return op.same(x, scale, bias, axis=axis, epsilon=epsilon, stash_type=stash_type)


@CONTRIB("SimplifiedLayerNormalization")
def simplified_layer_normalization(
    op: Upgrader, x: ir.Value, scale: ir.Value, *, axis: int = -1, epsilon: float = 1e-5, stash_type: int = 1
) -> Any:
    """onnxruntime writes it into the domain ai.onnx, which does not have it."""
    return op.RMSNormalization(x, scale, axis=axis, epsilon=epsilon, stash_type=stash_type)


@CONTRIB("EmbedLayerNormalization", domain=opset.CONTRIB_DOMAIN)
def embed_layer_normalization(
    op: Upgrader, input_ids: ir.Value, segment_ids: ir.Value | None = None, word_embedding: ir.Value | None = None,
    position_embedding: ir.Value | None = None, segment_embedding: ir.Value | None = None,
    gamma: ir.Value | None = None, beta: ir.Value | None = None, mask: ir.Value | None = None,
    position_ids: ir.Value | None = None, *, epsilon: float = _EPSILON, mask_index_type: int | None = None,
) -> Any:
    """The sum of a word's, its position's and its segment's vector, normalised; and how long each sequence is."""
    if word_embedding is None or position_embedding is None or gamma is None or beta is None:
        raise Refusal("a table of embeddings, or gamma or beta, is missing")
    total = op.Gather(word_embedding, input_ids, axis=0)
    if position_ids is None:
        length = op.Shape(input_ids, start=1, end=2)
        positions = op.Slice(position_embedding, op.ints([0]), length, op.ints([0]))
    else:
        positions = op.Gather(position_embedding, position_ids, axis=0)
    total = op.Add(total, positions)
    if segment_embedding is not None and segment_ids is not None:
        total = op.Add(total, op.Gather(segment_embedding, segment_ids, axis=0))
    result = op.LayerNormalization(total, gamma, beta, axis=-1, epsilon=epsilon)
    lengths = None
    if op.has_output(1):
        zeros = op.constant(np.zeros((), np.int32)) if mask is None else None
        lengths = op.ReduceSum(mask, op.ints([1]), keepdims=0) if zeros is None else op.Expand(
            zeros, op.Shape(input_ids, start=0, end=1)
        )
    return result, lengths, total


# Attention


@CONTRIB("Attention", domain=opset.CONTRIB_DOMAIN)
def attention(
    op: Upgrader, x: ir.Value, weights: ir.Value, bias: ir.Value | None = None, mask_index: ir.Value | None = None,
    past: ir.Value | None = None, attention_bias: ir.Value | None = None, *, do_rotary: int = 0,
    mask_filter_value: float = -10000.0, num_heads: int, past_present_share_buffer: int = 0,
    qkv_hidden_sizes: list[int] | None = None, rotary_embedding_dim: int = 0, scale: float = 0.0,
    unidirectional: int = 0,
) -> Any:
    """Queries, keys and values are one product of the input; the past holds keys and values as one tensor."""
    if do_rotary or past_present_share_buffer or rotary_embedding_dim:
        raise Refusal("rotary embeddings and shared buffers inside Attention are not supported")
    product = op.MatMul(x, weights)
    product = product if bias is None else op.Add(product, bias)
    if qkv_hidden_sizes:
        parts = op.Split(product, op.ints(qkv_hidden_sizes), axis=-1, outputs=3)
    else:
        parts = op.Split(product, axis=-1, num_outputs=3, outputs=3)
    mask = _with_bias(op, _key_mask(op, mask_index, x, mask_filter_value), attention_bias)
    pasts = [] if past is None else [op.Gather(past, op.constant(index), axis=0) for index in (0, 1)]
    results = _attended(op, parts, mask, pasts, num_heads, scale, unidirectional, op.has_output(1))
    if not op.has_output(1):
        return results[0]
    present = [op.Unsqueeze(item, op.ints([0])) for item in results[1:]]
    return results[0], op.Concat(*present, axis=0)


@CONTRIB("MultiHeadAttention", domain=opset.CONTRIB_DOMAIN)
def multi_head_attention(
    op: Upgrader, query: ir.Value, key: ir.Value | None = None, value: ir.Value | None = None,
    bias: ir.Value | None = None, key_padding_mask: ir.Value | None = None, attention_bias: ir.Value | None = None,
    past_key: ir.Value | None = None, past_value: ir.Value | None = None, *, mask_filter_value: float = -10000.0,
    num_heads: int, scale: float = 0.0, unidirectional: int = 0,
) -> Any:
    if key is None or value is None or any(rank_of(item) != 3 for item in (query, key, value)):
        raise Refusal("queries, keys and values packed into one tensor, or split into heads, are not supported")
    parts = [query, key, value]
    if bias is not None:
        size = rank_size(query)
        sizes = [size, size, rank_size(value)]
        biases = op.Split(bias, op.ints(sizes), axis=0, outputs=3)
        parts = [op.Add(part, item) for part, item in zip(parts, biases, strict=True)]
    mask = _with_bias(op, _key_mask(op, key_padding_mask, query, mask_filter_value), attention_bias)
    pasts = [] if past_key is None or past_value is None else [past_key, past_value]
    has_present = op.has_output(1) or op.has_output(2)
    if pasts and not has_present:
        raise Refusal("past keys and values are without present ones, and so onnxruntime leaves them out")
    results = _attended(op, parts, mask, pasts, num_heads, scale, unidirectional, has_present)
    return tuple(results)


def rank_size(x: ir.Value) -> int:
    """The size of the last axis; raises Refusal if it is not known."""
    size = None if x.shape is None else x.shape[-1]
    if not isinstance(size, int):
        raise Refusal(f"the size of the last axis of '{x.name}' is not known")
    return size


def _key_mask(op: Upgrader, mask: ir.Value | None, x: ir.Value, filter_value: float) -> ir.Value | None:
    """What is added to the scores, from a mask of 1 and 0 over keys [batch, keys] or [batch, queries, keys]."""
    if mask is None:
        return None
    rank = rank_of(mask)
    if rank not in (2, 3):
        raise Refusal(f"a mask of rank {rank} is not supported")
    kept = op.Cast(op.Cast(mask, to=ir.DataType.BOOL.value), to=x.dtype.value)  # type: ignore[union-attr]
    added = op.Mul(op.Sub(op.constant_like(x, 1), kept), op.constant_like(x, filter_value))
    return op.Unsqueeze(added, op.ints([1, 2] if rank == 2 else [1]))  # type: ignore[no-any-return]


def _with_bias(op: Upgrader, mask: ir.Value | None, bias: ir.Value | None) -> ir.Value | None:
    if mask is None or bias is None:
        return bias if mask is None else mask
    return op.Add(mask, bias)  # type: ignore[no-any-return]


def _attended(
    op: Upgrader, parts: Any, mask: ir.Value | None, past: list[ir.Value], heads: int, scale: float,
    unidirectional: int, has_present: bool,
) -> list[ir.Value]:
    past_key, past_value = past or (None, None)
    results = op.node(
        "Attention", [*parts, mask, past_key, past_value],
        {"q_num_heads": heads, "kv_num_heads": heads, "scale": scale or None, "is_causal": unidirectional},
        outputs=3 if has_present else 1,
    )
    return list(results) if has_present else [results]
