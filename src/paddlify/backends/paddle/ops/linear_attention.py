"""State-space neighbours of attention: linear attention and the causal convolution before it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from paddlify.backends.paddle.expression import Tensor
from paddlify.backends.paddle.module import Recorder, emits
from paddlify.backends.paddle.ops.common import FLOATS, cast, size_of, wide
from paddlify.backends.paddle.ops.control_flow import _while as while_loop
from paddlify.errors import Refusal

MAX_UNROLLED_STEPS = 32


@emits("CausalConvWithState")
def causal_conv_with_state(
    paddle: Recorder, x: Tensor, weight: Tensor, bias: Tensor | None = None, past_state: Tensor | None = None, *,
    activation: str,
) -> list[Any]:
    """A depthwise convolution over the past state (or zeros) and the input; the state is what comes last."""
    if activation not in ("none", "silu", "swish"):
        raise Refusal(f"attribute activation='{activation}' is not supported")
    channels, size = weight.shape[0], weight.shape[2]
    if channels is None or size is None:
        raise Refusal("the kernel's shape is not known while converting")
    work = wide(x.dtype, FLOATS)
    whole = cast(paddle, x, work)
    if size > 1 and past_state is not None:
        whole = paddle.concat([cast(paddle, past_state, work), whole], axis=-1)
    elif size > 1:
        whole = paddle.concat([paddle.zeros([size_of(paddle, x, 0), channels, size - 1], dtype=work), whole], axis=-1)
    whole = paddle.let(whole, "whole")
    biases = [] if bias is None else [cast(paddle, bias, work)]
    result = paddle.nn.functional.conv1d(whole, cast(paddle, weight, work), *biases, groups=channels)
    result = result if activation == "none" else paddle.nn.functional.silu(result)
    state = whole[:, :, 1 - size :] if size > 1 else whole[:, :, 0:0]
    return [cast(paddle, item, x.dtype, of=work) for item in (result, state)]


@emits("LinearAttention")
def linear_attention(
    paddle: Recorder, query: Tensor, key: Tensor, value: Tensor, past_state: Tensor | None = None,
    decay: Tensor | None = None, beta: Tensor | None = None, *, chunk_size: int, kv_num_heads: int, q_num_heads: int,
    scale: float, update_rule: str,
) -> list[Any]:
    """The recurrence over time, step by step (`chunk_size` is a hint for other ways to compute the same)."""
    if update_rule not in ("linear", "gated", "delta", "gated_delta"):
        raise Refusal(f"attribute update_rule='{update_rule}' is not supported")
    if ("gated" in update_rule and decay is None) or ("delta" in update_rule and beta is None):
        raise Refusal(f"update_rule='{update_rule}' needs inputs that are missing")
    if query.shape[2] is None or value.shape[2] is None:
        raise Refusal("the size of the heads is not known while converting")
    work = wide(query.dtype, FLOATS)
    size, width = query.shape[2] // q_num_heads, value.shape[2] // kv_num_heads
    factor = scale or 1 / math.sqrt(size)

    def heads(x: Tensor, name: str, *shape: int) -> Any:
        """[time, batch, heads, …]."""
        rank = 2 + len(shape)
        parts = paddle.reshape(cast(paddle, x, work), [0, 0, *shape])
        return paddle.let(paddle.transpose(parts, [1, 0, *range(2, rank)]), name)

    queries = heads(query, "queries", kv_num_heads, q_num_heads // kv_num_heads, size)
    inputs = [queries, heads(key, "keys", kv_num_heads, size), heads(value, "values", kv_num_heads, width)]
    if "gated" in update_rule and decay is not None:
        inputs.append(heads(decay, "decays", kv_num_heads, -1, 1))
    if "delta" in update_rule and beta is not None:
        inputs.append(heads(beta, "betas", -1, 1))
    if past_state is None:
        state: Any = paddle.zeros([size_of(paddle, query, 0), kv_num_heads, size, width], dtype=work)
    else:
        state = cast(paddle, past_state, work)

    def body(inner: Recorder, arguments: list[Any]) -> list[Any]:
        state, q, k, v, *rest = arguments
        state = inner.let(state * inner.exp(rest[0]), "state") if "gated" in update_rule else state
        if "delta" in update_rule:
            known = inner.squeeze(inner.sum(inner.unsqueeze(k, -1) * state, axis=-2, keepdim=True), -2)
            v = (v - known) * rest[-1]
        state = inner.let(state + inner.unsqueeze(k, -1) * inner.unsqueeze(v, -2), "state")
        return [state, inner.flatten(inner.matmul(q * factor, state), start_axis=1)]

    names = ["state", "q", "k", "v", "decay", "beta"]
    names = [name for name in names if not (name == "decay" and "gated" not in update_rule)]
    names = [name for name in names if not (name == "beta" and "delta" not in update_rule)]
    step = paddle.define("attention_step", names, body)
    rows, state = _run(paddle, step, inputs, paddle.let(state, "state"), query.shape[1], q_num_heads * width)
    result = paddle.transpose(rows, [1, 0, 2])
    state_dtype = paddle.outputs[1].dtype if paddle.wants(1) else query.dtype
    return [cast(paddle, result, query.dtype, of=work), cast(paddle, state, state_dtype, of=work)]


def _run(
    paddle: Recorder, step: Any, inputs: Sequence[Any], state: Any, time: int | None, width: int
) -> tuple[Any, Any]:
    """All steps after one another: the outputs [time, batch, width], and the final state."""
    if time is not None and 0 < time <= MAX_UNROLLED_STEPS:
        rows = []
        for index in range(time):
            results = paddle.let(step(state, *(item[index] for item in inputs)), "results")
            state = results[0]
            rows.append(results[1])
        return paddle.stack(rows, axis=0), state

    def trip(inner: Recorder, variables: list[Any]) -> list[Any]:
        index, state, rows = variables
        results = inner.let(step(state, *(item[index] for item in inputs)), "results")
        return [index + 1, results[0], inner.concat([rows, inner.unsqueeze(results[1], 0)], axis=0)]

    length = paddle.let(paddle.shape(inputs[0])[0], "length")
    empty = paddle.zeros([0, paddle.shape(inputs[0])[1], width], dtype="float32")
    _, state, rows = while_loop(
        paddle, [paddle.constant(0), state, empty], lambda inner, variables: [variables[0] < length], trip
    )
    return rows, state
