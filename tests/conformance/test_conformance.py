"""All of ONNX's backend tests, through the full road. `CONFORMANCE_SHARD=0/2` takes every second one."""

from __future__ import annotations

import os

import pytest

from tests.conformance import expected
from tests.conformance.cases import all_cases
from tests.conformance.harness import Outcome
from tests.conformance.run import run_cases

_index, _count = (int(part) for part in os.environ.get("CONFORMANCE_SHARD", "0/1").split("/"))
NAMES = list(all_cases())[_index::_count]
EXPECTED = expected.read()


@pytest.fixture(scope="session")
def outcomes() -> dict[str, Outcome]:
    """All of them at once: two worker processes, replaced when a case kills one."""
    return dict(run_cases(NAMES))


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("name", NAMES)
def test_backend_case(name: str, outcomes: dict[str, Outcome]) -> None:
    problem = expected.judge(outcomes[name], EXPECTED.get(name))
    assert not problem, problem


def test_expected_names_exist() -> None:
    assert set(EXPECTED) <= set(all_cases())


def test_documentation_is_current(outcomes: dict[str, Outcome]) -> None:
    if _count > 1:
        pytest.skip("needs all cases: no CONFORMANCE_SHARD")
    text = expected.document(all_cases(), outcomes)
    assert expected.DOCS.read_text(encoding="utf-8") == text, "run python -m tests.conformance.update"
