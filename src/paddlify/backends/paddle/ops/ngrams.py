"""Counts of n-grams in sequences of integers."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx_ir as ir

from paddlify.backends.paddle.expression import Expr, Tensor
from paddlify.backends.paddle.module import Recorder, emits
from paddlify.backends.paddle.ops.common import cast
from paddlify.errors import Refusal

_MOST = 2**24
"""More columns than this are no model's."""


@emits("TfIdfVectorizer")
def tf_idf_vectorizer(
    paddle: Recorder, x: Tensor, *, max_gram_length: int, max_skip_count: int, min_gram_length: int, mode: str,
    ngram_counts: list[int], ngram_indexes: list[int], pool_int64s: list[int] | None,
    pool_strings: list[str] | None, weights: list[float] | None,
) -> Any:
    """float32 of shape [C] or [N, C] becomes counts [K] or [N, K], where K is the largest of `ngram_indexes` + 1.

    A window of an n-gram takes every element, every second one and so on up to `max_skip_count` left out between two.
    """
    length = x.shape[-1]
    if pool_strings is not None or pool_int64s is None:
        raise Refusal("Paddle has no strings")
    if length is None:
        raise Refusal("the length of the sequences is not known while converting")
    if len(set(ngram_indexes)) != len(ngram_indexes) or not set(ngram_indexes) <= set(range(_MOST)):
        raise Refusal("ngram_indexes that occur twice, or are no indices, are not supported")
    is_weighted = mode != "TF" and weights is not None
    if is_weighted and ngram_indexes != sorted(ngram_indexes):
        raise Refusal("onnx and onnxruntime disagree on which weight is whose where ngram_indexes are not sorted")
    numbers = cast(paddle, x, "int64")
    columns = [
        _counts(paddle, numbers, length, grams, max_skip_count)
        if min_gram_length <= grams.shape[1] <= max_gram_length else _none(paddle, numbers, len(grams))
        for grams in _grams(pool_int64s, ngram_counts)
    ]
    counts: Any = paddle.concat([*columns, _none(paddle, numbers, 1)], axis=-1)
    places = np.full(max(ngram_indexes) + 1, len(ngram_indexes), np.int64)
    places[ngram_indexes] = range(len(ngram_indexes))
    found: Any = paddle.index_select(counts, paddle.constant(places), axis=-1).astype("float32")
    if mode == "IDF":
        found = paddle.clip(found, max=1.0)
    if not is_weighted:
        return found
    factors = np.zeros(len(places), np.float32)
    factors[ngram_indexes] = weights
    return found * paddle.constant(factors, ir.DataType.FLOAT)


def _grams(pool: list[int], starts: list[int]) -> list[np.ndarray]:
    """The n-grams of the pool, those of each length as a matrix [count, n]; `starts` says where each length begins."""
    ends = [*starts[1:], len(pool)]
    parts = [np.array(pool[start:end], np.int64) for start, end in zip(starts, ends, strict=True)]
    if any(part.size % size for size, part in enumerate(parts, 1)):
        raise Refusal("the pool does not hold whole n-grams")
    return [part.reshape(-1, size) for size, part in enumerate(parts, 1) if part.size]


def _counts(paddle: Recorder, x: Any, length: int, grams: np.ndarray, skips: int) -> Expr:
    """How often each n-gram occurs: [..., count]."""
    size = grams.shape[1]
    total: Any = None
    for step in range(1, (skips if size > 1 else 0) + 2):
        windows = length - (size - 1) * step
        if windows < 1:
            break
        found: Any = None
        for index in range(size):
            start = index * step
            part = paddle.unsqueeze(x[..., start : start + windows], -1)
            same = paddle.equal(part, paddle.constant(grams[:, index]))
            found = same if found is None else found & same
        sums = paddle.sum(found.astype("int64"), axis=-2)
        total = sums if total is None else total + sums
    return _none(paddle, x, len(grams)) if total is None else total


def _none(paddle: Recorder, x: Any, count: int) -> Expr:
    """Zeros [..., count]."""
    zero = paddle.sum(paddle.zeros_like(x), axis=-1, keepdim=True)
    return zero if count == 1 else paddle.concat([zero] * count, axis=-1)
