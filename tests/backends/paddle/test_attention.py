"""Attention and its neighbours against onnxruntime, in the forms that the conformance tests leave out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.backends.paddle.single_node import check

RNG = np.random.default_rng(8)


def rand(*shape: int) -> np.ndarray:
    return RNG.standard_normal(shape).astype(np.float32)


@pytest.mark.parametrize("rank", [3, 4])
@pytest.mark.parametrize("kv_heads", [1, 2, 4])
@pytest.mark.parametrize("mask", [None, "bool", "float"])
@pytest.mark.parametrize("causal", [0, 1])
def test_attention(rank: int, kv_heads: int, mask: str | None, causal: int) -> None:
    heads, size = 4, 8
    q, k, v = rand(2, heads, 5, size), rand(2, kv_heads, 7, size), rand(2, kv_heads, 7, size)
    attributes: dict[str, Any] = {"is_causal": causal}
    if rank == 3:
        attributes |= {"q_num_heads": heads, "kv_num_heads": kv_heads}
        q, k, v = (x.transpose(0, 2, 1, 3).reshape(2, x.shape[2], -1).copy() for x in (q, k, v))
    inputs = [q, k, v]
    if mask is not None:
        seen = RNG.random((5, 7)) > 0.3
        seen[:, 0] = True
        inputs.append(seen if mask == "bool" else rand(5, 7))
    dynamic = {0: (0, 1 if rank == 3 else 2), 1: (0, 1 if rank == 3 else 2), 2: (0, 1 if rank == 3 else 2)}
    check("Attention", inputs, attributes, opset=23, dynamic=dynamic, atol=1e-5)


@pytest.mark.parametrize("interleaved", [0, 1])
@pytest.mark.parametrize("rank", [3, 4])
def test_rotary_embedding(interleaved: int, rank: int) -> None:
    x = rand(2, 3, 5, 8) if rank == 4 else rand(2, 5, 24)
    positions = np.array([[0, 1, 2, 3, 4], [4, 3, 2, 1, 0]])
    attributes = {"interleaved": interleaved} | ({} if rank == 4 else {"num_heads": 3})
    inputs = [x, rand(9, 4), rand(9, 4), positions]
    for dynamic in ({0: (0,)}, {index: range(value.ndim) for index, value in enumerate(inputs)}):
        check("RotaryEmbedding", inputs, attributes, opset=23, dynamic=dynamic, atol=1e-5)


@pytest.mark.parametrize("size", [1, 4])
@pytest.mark.parametrize("has_past", [False, True])
def test_causal_convolution(size: int, has_past: bool) -> None:
    x, weight, bias, past = rand(2, 3, 6), rand(3, 1, size), rand(3), rand(2, 3, size - 1)
    before = past if has_past else np.zeros_like(past)
    whole = np.concatenate([before, x], axis=-1)
    result = sum(whole[:, :, i : i + 6] * weight[:, 0, i][:, None] for i in range(size)) + bias[:, None]
    expected = [result, whole[:, :, 6:]]
    inputs = [x, weight, bias, *([past] if has_past else [])]
    check("CausalConvWithState", inputs, constants=(1, 2), opset=27, outputs=2, expected=expected, dynamic={0: (0, 2)})


@pytest.mark.parametrize("time", [3, 40])
@pytest.mark.parametrize("dynamic", [None, {0: (1,), 1: (1,), 2: (1,)}], ids=["static", "dynamic"])
def test_linear_attention(time: int, dynamic: dict | None) -> None:
    q, k, v = rand(2, time, 8), rand(2, time, 4) * 0.3, rand(2, time, 6)
    state, rows = np.zeros((2, 1, 4, 6), np.float32), []
    for step in range(time):
        state = state + k[:, step].reshape(2, 1, 4, 1) * v[:, step].reshape(2, 1, 1, 6)
        rows.append(np.matmul(q[:, step].reshape(2, 1, 2, 4) * 0.5, state).reshape(2, 12))
    attributes = {"q_num_heads": 2, "kv_num_heads": 1, "update_rule": "linear"}
    expected = [np.stack(rows, axis=1), state]
    check("LinearAttention", [q, k, v], attributes, opset=27, outputs=2, expected=expected, dynamic=dynamic, atol=1e-4)
