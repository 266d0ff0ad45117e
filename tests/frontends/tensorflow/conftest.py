from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from oracles import oracle_python

SCRIPT = Path(__file__).with_name("make_models.py")
Models = Callable[[str], Path]


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Models:
    """Gives the folder of a group of models, made by TensorFlow when it is first asked for."""
    folders: dict[str, Path] = {}

    def made(group: str) -> Path:
        if group not in folders:
            folder = tmp_path_factory.mktemp(group)
            command = [oracle_python("tensorflow"), str(SCRIPT), str(folder), group]
            run = subprocess.run(command, capture_output=True, text=True, check=False)
            assert run.returncode == 0, run.stderr[-4000:]
            folders[group] = folder
        return folders[group]

    return made


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
def pipelines(models: Models) -> Path:
    return models("pipelines")
