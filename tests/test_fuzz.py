"""A short, derandomised run of the random tests; `make fuzz` tries more."""

from __future__ import annotations

import pytest

from tests.fuzz import FAMILIES, fuzz

EXAMPLES = 20


@pytest.mark.parametrize("family", FAMILIES)
def test_computes_what_onnxruntime_computes(family: str) -> None:
    assert fuzz(family, EXAMPLES) >= EXAMPLES // 3
