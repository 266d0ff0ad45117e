"""SavedModels of TensorFlow 2: functions, variables, functional control flow, tensor lists."""

from __future__ import annotations

from pathlib import Path

import pytest

from frontends.tensorflow.compare import assert_same, loaded, names
from paddlify.errors import UnsupportedModel


@pytest.mark.parametrize("count", [0, 2, 5])
def test_functions_and_control_flow(modules: Path, tmp_path: Path, count: int) -> None:
    found = loaded(modules / f"functions_{count}" / "saved")
    assert names(found) == (["count", "x"], ["chosen", "total", "y"])
    assert {"weights", "table"} <= set(found.model.graph.initializers)
    assert_same(found, modules / f"functions_{count}", tmp_path)


@pytest.mark.parametrize("name", ["lists", "growing", "anywhere", "anywhere_known"])
def test_tensor_lists(modules: Path, tmp_path: Path, name: str) -> None:
    assert_same(loaded(modules / name / "saved"), modules / name, tmp_path)


def test_a_growing_list_that_is_asked_for_its_length_is_refused(modules: Path) -> None:
    with pytest.raises(UnsupportedModel, match="a loop asks for the length of a list that it lengthens"):
        loaded(modules / "appending" / "saved")


def test_a_variable_that_is_assigned_is_refused(modules: Path) -> None:
    with pytest.raises(UnsupportedModel, match=r"the variable 'counter' is assigned by '.*' before it is read"):
        loaded(modules / "mutating" / "saved")
