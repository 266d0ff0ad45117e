"""What the documentation shows is true: its commands run, its code is the code."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

import numpy as np
import pytest

import onnx_models
from paddlify.cli import run_command

ROOT = Path(__file__).resolve().parent.parent
READMES = ("README.md", "README.zh-CN.md")


def blocks(name: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", (ROOT / name).read_text(encoding="utf-8"), re.M | re.S)


@pytest.fixture
def example(tmp_path, monkeypatch):
    """A folder with the files that the README speaks of."""
    monkeypatch.chdir(tmp_path)
    onnx_models.save(onnx_models.net(), tmp_path / "model.onnx")
    np.save(tmp_path / "image.npy", np.ones((1, 3, 8, 8), np.float32))
    return tmp_path


@pytest.mark.parametrize("readme", READMES)
def test_the_commands_and_the_code_of_the_readme_run(readme, example, capsys):
    commands = [line.split(" #")[0] for block in blocks(readme, "sh") for line in block.splitlines()]
    ours = [shlex.split(line)[1:] for line in commands if line.startswith("paddlify ")]
    assert {arguments[0] for arguments in ours} == {"inspect", "convert", "run", "verify", "ops"}
    for arguments in ours:
        assert run_command(arguments) == 0, (arguments, capsys.readouterr())
    (code,) = blocks(readme, "python")
    names: dict[str, object] = {"__name__": "readme"}
    exec(compile(code.replace('"out"', '"python_out"'), readme, "exec"), names)  # noqa: S102 - our own documentation
    assert (example / "python_out" / "model.py").exists()


@pytest.mark.parametrize("name", [*READMES, "CONTRIBUTING.md"])
def test_make_targets_and_files_exist(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"\bmake ([a-z]+)\b", "\n".join(blocks(name, "sh"))):
        assert re.search(rf"^{target}:", makefile, re.M), target
    links, paths = r"\]\((?!https?:)([^)#]+)", r"`((?:src|tests|docs|examples)/[^`* ]*)`"
    for path in [*re.findall(links, text), *re.findall(paths, text)]:
        assert (ROOT / path).exists(), path


@pytest.mark.parametrize("name", ["CONTRIBUTING.md"])
def test_code_shown_with_its_file_stands_there(name):
    shown = [block for block in blocks(name, "python") if block.startswith("# src/")]
    assert len(shown) >= 2
    for block in shown:
        path, code = block.removeprefix("# ").split("\n", 1)
        assert code in (ROOT / path).read_text(encoding="utf-8"), path


def test_both_readmes_show_the_same_commands():
    assert blocks(READMES[0], "sh") == blocks(READMES[1], "sh")


def test_the_documented_targets_of_make_are_known_to_make():
    result = subprocess.run(["make", "-n", "-C", str(ROOT), "test", "lint"], capture_output=True, text=True, check=True)
    assert "pytest" in result.stdout
