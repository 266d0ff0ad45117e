"""The package as a whole: its public names, its layers, its wheel."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import paddlify

ROOT = Path(__file__).resolve().parent.parent


def test_every_public_name_is_there_and_stays_what_it_is():
    for name in paddlify.__all__:
        assert getattr(paddlify, name) is not None
    assert set(paddlify.__all__) <= set(dir(paddlify))
    for module in ("conversion", "verification", "inspection", "runtime", "cli"):
        importlib.import_module(f"paddlify.{module}")
    assert callable(paddlify.convert) and callable(paddlify.verify) and callable(paddlify.inspect)
    with pytest.raises(AttributeError, match="no attribute 'frobnicate'"):
        paddlify.frobnicate  # noqa: B018


def test_importing_the_package_imports_nothing_heavy():
    heavy = ("numpy", "onnx", "onnx_ir", "paddle", "click")
    script = f"import sys, paddlify; print([name for name in {heavy} if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True).stdout == "[]\n"


def test_the_errors_have_exit_codes_of_their_own():
    errors = [getattr(paddlify, name) for name in paddlify.__all__ if name.endswith("Error")]
    codes = [error.exit_code for error in errors]
    assert len(set(codes)) == len(codes)
    assert 0 not in codes


def test_layers_are_kept():
    """The contracts stand in pyproject.toml."""
    result = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()", "--no-cache"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )
    assert result.returncode == 0, result.stdout


def test_the_wheel_is_complete_and_runs_from_anywhere(tmp_path):
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=ROOT, check=True, capture_output=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    assert wheel.name == f"paddlify-{paddlify.__version__}-py3-none-any.whl"
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        archive.extractall(tmp_path / "site")
    sources = {
        path.relative_to(ROOT / "src").as_posix()
        for path in (ROOT / "src" / "paddlify").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert sources <= names
    assert not {name for name in names if not name.startswith("paddlify")}
    assert any(name.endswith("licenses/LICENSE") for name in names)
    result = subprocess.run(
        [sys.executable, "-c", "import paddlify, paddlify.cli as c; print(paddlify.__file__); c.main()", "ops"],
        env={**os.environ, "PYTHONPATH": str(tmp_path / "site")}, cwd=tmp_path, capture_output=True, text=True,
        check=True,
    )
    assert result.stdout.splitlines()[0] == str(tmp_path / "site" / "paddlify" / "__init__.py")
    assert "are supported" in result.stdout
