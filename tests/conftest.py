"""Fixtures that several folders of tests share."""

from __future__ import annotations

from pathlib import Path

import pytest

import onnx_models
import paddlify


@pytest.fixture(scope="session")
def net_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny ONNX model on disk."""
    return onnx_models.save(onnx_models.net(), tmp_path_factory.mktemp("source") / "net.onnx")


@pytest.fixture(scope="session")
def converted(net_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, converted and verified; tests must not change it."""
    return paddlify.convert(net_file, tmp_path_factory.mktemp("converted") / "net").path
