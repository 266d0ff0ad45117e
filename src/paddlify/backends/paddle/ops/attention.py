"""Attention, rotary embeddings and caches of keys and values."""

from __future__ import annotations

import functools
import math
from typing import Any

import onnx_ir as ir

from paddlify.backends.paddle.expression import Tensor
from paddlify.backends.paddle.module import Recorder, emits
from paddlify.backends.paddle.ops.common import FLOATS, NUMBERS, cast, normal_axis, size_of, wide
from paddlify.errors import Refusal
from paddlify.ir.opset import PRIVATE_DOMAIN

_D = ir.DataType


def split_heads(paddle: Recorder, x: Any, heads: int | None, width: int | None) -> Any:
    """[batch, time, heads * size] as [batch, heads, time, size]."""
    if heads is None:
        raise Refusal("the number of heads is not given, though an input has rank 3")
    size = -1 if width is None else width // heads
    return paddle.transpose(paddle.reshape(x, [0, 0, heads, size]), [0, 2, 1, 3])


def merged_heads(paddle: Recorder, x: Any) -> Any:
    """The other way round."""
    return paddle.flatten(paddle.transpose(x, [0, 2, 1, 3]), start_axis=2)


@emits("Attention")
def attention(
    paddle: Recorder, q: Tensor, k: Tensor, v: Tensor, attn_mask: Tensor | None = None, past_key: Tensor | None = None,
    past_value: Tensor | None = None, nonpad_kv_seqlen: Tensor | None = None, *, is_causal: int,
    kv_num_heads: int | None, left_window_size: int, q_num_heads: int | None, qk_matmul_output_mode: int,
    right_window_size: int, scale: float | None, softcap: float, softmax_precision: int | None,
) -> list[Any]:
    """A query that may see no key at all gives zeros."""
    work = wide(q.dtype, FLOATS)
    query, key, value = (cast(paddle, x, work) for x in (q, k, v))
    heads, kv_heads = (q_num_heads, kv_num_heads) if q.rank == 3 else (q.shape[1], k.shape[1])
    width = q.shape[2] if q.rank == 3 else q.shape[3]
    if heads is None or kv_heads is None or width is None:
        raise Refusal("the number of heads and their size must be known")
    if q.rank == 3:
        query = split_heads(paddle, query, heads, width)
        key, value = split_heads(paddle, key, kv_heads, k.shape[2]), split_heads(paddle, value, kv_heads, v.shape[2])
        width //= heads
    if past_key is not None and past_value is not None:
        key = paddle.concat([cast(paddle, past_key, work), key], axis=2)
        value = paddle.concat([cast(paddle, past_value, work), value], axis=2)
    key, value = paddle.let(key, "key"), paddle.let(value, "value")
    present = [cast(paddle, item, x.dtype, of=work) for item, x in ((key, k), (value, v))]
    if heads != kv_heads:
        key, value = (paddle.repeat_interleave(item, heads // kv_heads, axis=1) for item in (key, value))

    factor = 1 / math.sqrt(width) if scale is None else scale
    if width == 1:  # batches of such products are garbage with oneDNN
        scores = query * factor * paddle.transpose(key, [0, 1, 3, 2])
    else:
        scores = paddle.matmul(query * factor, key, transpose_y=True)
    scores = paddle.let(scores, "scores")
    stages = [scores]
    if softcap:
        scores = paddle.tanh(scores / softcap) * softcap
    stages.append(scores)
    is_windowed = left_window_size >= 0 or right_window_size >= 0
    bias = None if attn_mask is None else _mask_bias(paddle, attn_mask, scores, work)
    if is_causal or is_windowed or nonpad_kv_seqlen is not None:
        seen = _seen_by_position(
            paddle, scores, past_key, nonpad_kv_seqlen, bool(is_causal), left_window_size, right_window_size
        )
        bias = _bias(paddle, seen, work) if bias is None else paddle.where(seen, bias, paddle.full([], -math.inf, work))
    if bias is not None:
        scores = paddle.let(scores + bias, "scores")
    stages.append(scores)
    weights = _weights(paddle, scores, work, softmax_precision, is_masked=bias is not None)
    stages.append(weights)
    result = paddle.matmul(weights, value)
    result = merged_heads(paddle, result) if q.rank == 3 else result
    outputs = [result, *present, stages[qk_matmul_output_mode]]
    dtypes = [q.dtype, None, None, q.dtype]
    return [
        item if dtype is None else cast(paddle, item, dtype, of=work)
        for item, dtype in zip(outputs, dtypes, strict=True)
    ]


@emits("ScaledDotProductAttention", "MaskedScaledDotProductAttention", domain=PRIVATE_DOMAIN)
def scaled_dot_product_attention(
    paddle: Recorder, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None, *, scale: float
) -> Any:
    """The scale is always said: in a program Paddle may not know the size from which it would follow."""
    options: dict[str, Any] = {} if mask is None else {"attn_mask": mask}
    return paddle.nn.functional.scaled_dot_product_attention(query, key, value, **options, scale=scale)


def _bias(paddle: Recorder, seen: Any, work: str) -> Any:
    """0 where a key is seen and -inf where it is not."""
    return paddle.where(seen, paddle.full([], 0.0, work), paddle.full([], -math.inf, work))


def _mask_bias(paddle: Recorder, mask: Tensor, scores: Any, work: str) -> Any:
    """What is added to the scores; keys beyond the mask's end are not seen."""
    bias = _bias(paddle, mask, work) if mask.dtype == _D.BOOL else cast(paddle, mask, work)
    total = paddle.outputs[3].shape[3] if paddle.outputs[3:] and paddle.outputs[3].has_rank else None
    if total is None or mask.shape[-1] != total:
        shape = paddle.shape(mask)
        missing = paddle.shape(scores)[3] - shape[mask.rank - 1]
        sizes = [size_of(paddle, mask, axis) for axis in range(mask.rank - 1)]
        rest = paddle.full([*sizes, missing], -math.inf, dtype=work)
        bias = paddle.concat([bias, rest], axis=-1)
    return bias


def _seen_by_position(
    paddle: Recorder, scores: Any, past: Tensor | None, lengths: Tensor | None, is_causal: bool, left: int, right: int
) -> Any:
    """Which keys a query sees by their positions: [queries, keys], or [batch, 1, queries, keys] with `lengths`."""
    shape = paddle.shape(scores)
    keys = paddle.let(paddle.arange(shape[3], dtype="int64"), "keys")
    queries = paddle.unsqueeze(paddle.arange(shape[2], dtype="int64"), 1)
    if past is not None:
        queries = queries + size_of(paddle, past, 2)
    elif lengths is not None:
        before = cast(paddle, lengths, "int64") - shape[2].astype("int64")
        queries = queries + paddle.reshape(before, [-1, 1, 1, 1])
    queries = paddle.let(queries, "queries")
    tests = []
    if lengths is not None:
        tests.append(keys < paddle.reshape(cast(paddle, lengths, "int64"), [-1, 1, 1, 1]))
    if is_causal:
        tests.append(keys <= queries)
    if left >= 0:
        tests.append(keys >= queries - left)
    if right >= 0:
        tests.append(keys <= queries + right)
    return functools.reduce(paddle.logical_and, tests)


def _weights(paddle: Recorder, scores: Any, work: str, precision: int | None, *, is_masked: bool) -> Any:
    """Softmax over the keys; a row of -inf gives zeros."""
    is_wider = precision == _D.DOUBLE and work != "float64"
    weights = paddle.nn.functional.softmax(scores.astype("float64") if is_wider else scores, axis=-1)
    weights = weights.astype(work) if is_wider else weights
    if not is_masked:
        return weights
    sees_any = paddle.amax(scores, axis=-1, keepdim=True) > -math.inf
    return paddle.where(sees_any, weights, paddle.zeros_like(weights))


@emits("RotaryEmbedding")
def rotary_embedding(
    paddle: Recorder, x: Tensor, cos_cache: Tensor, sin_cache: Tensor, position_ids: Tensor | None = None, *,
    interleaved: int, num_heads: int | None, rotary_embedding_dim: int,
) -> Any:
    """Pairs of elements are rotated by angles that depend on the position."""
    work = wide(x.dtype, FLOATS)
    source = cast(paddle, x, work)
    if x.rank == 3:
        if not num_heads:
            raise Refusal("attribute num_heads is needed for an input of rank 3")
        source = paddle.reshape(source, [0, 0, num_heads, -1])
    cos, sin = (
        paddle.unsqueeze(cache if position_ids is None else cache[position_ids], 1 if x.rank == 4 else 2)
        for cache in (cast(paddle, cos_cache, work), cast(paddle, sin_cache, work))
    )
    rotated = source[..., :rotary_embedding_dim] if rotary_embedding_dim else source
    if interleaved:
        first, second = rotated[..., 0::2], rotated[..., 1::2]
    else:
        first, second = paddle.unpack(paddle.chunk(rotated, 2, axis=-1), 2)
    pair = [cos * first - sin * second, sin * first + cos * second]
    result = paddle.flatten(paddle.stack(pair, axis=-1), start_axis=-2) if interleaved else paddle.concat(pair, axis=-1)
    if rotary_embedding_dim:
        result = paddle.concat([result, source[..., rotary_embedding_dim:]], axis=-1)
    result = paddle.flatten(result, start_axis=2) if x.rank == 3 else result
    return cast(paddle, result, x.dtype, of=work)


@emits("TensorScatter")
def tensor_scatter(
    paddle: Recorder, cache: Tensor, update: Tensor, write_indices: Tensor | None = None, *, axis: int, mode: str
) -> Any:
    """Each sample's update is written into its cache from its index on; a circular cache goes on at its start."""
    if mode not in ("linear", "circular"):
        raise Refusal(f"attribute mode='{mode}' is not supported")
    axis = normal_axis(axis, cache.rank)
    work = wide(cache.dtype, NUMBERS)
    source, new = cast(paddle, cache, work), cast(paddle, update, work)
    along = [1] * axis + [-1] + [1] * (cache.rank - axis - 1)
    place = paddle.reshape(paddle.arange(size_of(paddle, cache, axis), dtype="int64"), along)
    if write_indices is not None:
        place = place - paddle.reshape(cast(paddle, write_indices, "int64"), [-1] + [1] * (cache.rank - 1))
    if mode == "circular":
        place = place % size_of(paddle, cache, axis)
    place, count = paddle.let(place, "place"), size_of(paddle, update, axis)
    is_written = paddle.logical_and(place >= 0, place < count)
    index = paddle.expand(paddle.clip(place, min=0, max=count - 1), paddle.shape(source))
    written = paddle.take_along_axis(new, index, axis, broadcast=False)
    return cast(paddle, paddle.where(is_written, written, source), cache.dtype, of=work)
