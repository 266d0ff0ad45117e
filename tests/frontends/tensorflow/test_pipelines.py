"""Graphs that stand before and behind networks: preprocessing, and what follows an object detector."""

from __future__ import annotations

from pathlib import Path

import pytest

from frontends.tensorflow.compare import assert_same, expected, loaded, names
from frontends.tensorflow.test_converted import Record, check

CASES = {
    "preprocessing_wide": "saved", "preprocessing_tall": "saved", "preprocessing_batch": "saved",
    "detection": "saved", "detection_combined": "saved",
    "detection_switches_nothing": "frozen.pb", "detection_switches_some": "frozen.pb",
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_lowered(pipelines: Path, tmp_path: Path, name: str) -> None:
    found = loaded(pipelines / name / CASES[name])
    assert set(names(found)[1]) == set(expected(pipelines / name)[1])
    assert_same(found, pipelines / name, tmp_path, tolerance=1e-5)


@pytest.mark.parametrize("name", CASES)
def test_converted(pipelines: Path, tmp_path: Path, record_property: Record, name: str) -> None:
    model = check(pipelines / name / CASES[name], pipelines / name, tmp_path, record_property)
    assert model.runtime.onednn is not False, model.runtime.reason
