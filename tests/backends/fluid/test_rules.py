"""Each rule: Paddle 3 on `model.py` and Fluid 1.8 on `__model__`, with the same input."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from backends.fluid import cases
from backends.fluid.running import convert_many, results, run
from paddlify.backends.fluid.rules import rules

NAMES = (
    *cases.NODE_TESTS,
    *cases.TEXTS,
    *(f"paddle_{name}" for name in cases.PADDLE),
    *(f"layer_{name}" for name in cases.LAYERS),
)
NOT_ON_PADDLE_3 = {
    "paddle_bicubic", "paddle_padded", "paddle_trilinear", "trilinear",  # it has no such operators any more
    "paddle_constants",  # its `assign_value` reads no numbers from Fluid's
}  # fmt: skip
REFUSED = tuple(f"refused_{name}" for name in cases.REFUSED)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All cases, converted in one process and run by Fluid in another."""
    root = tmp_path_factory.mktemp("rules")
    for name in (*NAMES, *REFUSED):
        (root / name).mkdir()
        cases.write(name, root / name)
    convert_many({root / name / "model.onnx": root / name for name in (*NAMES, *REFUSED)})
    run("fluid", [root / name for name in NAMES if (root / name / "__model__").exists()])
    return root


@pytest.mark.parametrize("name", NAMES)
def test_fluid_agrees_with_paddle_3(folders: Path, name: str) -> None:
    refused = folders / name / "refused.txt"
    assert not refused.exists(), refused.read_text()
    _compare(folders / name, results("fluid", folders / name))


@pytest.mark.parametrize("name", cases.REFUSED)
def test_what_fluid_lacks_is_refused(folders: Path, name: str) -> None:
    refused = (folders / f"refused_{name}" / "refused.txt").read_text()
    assert cases.REFUSED[name][1] in refused


def test_recurrent_layers_run_on_fluid_1_6(folders: Path) -> None:
    layers = [folders / f"layer_{name}" for name in cases.LAYERS]
    run("fluid16", layers)
    for folder in layers:
        _compare(folder, results("fluid16", folder))


def test_paddle_3_reads_the_programs_too(folders: Path) -> None:
    read = [name for name in NAMES if name not in NOT_ON_PADDLE_3]
    run("paddle3", [folders / name for name in read])
    for name in read:
        _compare(folders / name, results("paddle3", folders / name))


def _compare(folder: Path, found: Sequence[np.ndarray]) -> None:
    """What Paddle 3 computes in the folder, and what another one found."""
    expected = np.load(folder / "paddle.npz")
    assert len(found) == len(expected.files)
    for index, got in enumerate(found):
        want = expected[f"arr_{index}"]
        assert (got.shape, got.dtype) == (want.shape, want.dtype)
        scale = np.abs(want[np.isfinite(want)]).max(initial=0) if want.dtype.kind == "f" else 0
        np.testing.assert_allclose(got, want, rtol=0, atol=2e-6 * scale)


def test_every_rule_has_a_case(folders: Path) -> None:
    used = set().union(*(json.loads((folders / name / "ops.json").read_text()) for name in NAMES))
    assert set(rules) - used == {"round"}, "a rule that only refuses"
