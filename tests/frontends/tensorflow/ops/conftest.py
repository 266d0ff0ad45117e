from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from frontends.tensorflow.ops.harness import Compare, TensorFlow, compare_with
from oracles import oracle_python


@pytest.fixture(scope="session")
def tensorflow() -> Iterator[TensorFlow]:
    oracle = TensorFlow(oracle_python("tensorflow"))
    yield oracle
    oracle.close()


@pytest.fixture
def compare(tensorflow: TensorFlow, tmp_path: Path) -> Compare:
    return compare_with(tensorflow, tmp_path)
