from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

Models = Callable[[str], Path]


@pytest.fixture(scope="session")
def graphs(models: Models) -> Path:
    return models("graphs")


@pytest.fixture(scope="session")
def modules(models: Models) -> Path:
    return models("modules")


@pytest.fixture(scope="session")
def layers(models: Models) -> Path:
    return models("layers")


@pytest.fixture(scope="session")
def masks(models: Models) -> Path:
    return models("masks")


@pytest.fixture(scope="session")
def pipelines(models: Models) -> Path:
    return models("pipelines")
