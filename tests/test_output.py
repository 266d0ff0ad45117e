"""The output folder appears complete or not at all."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys

import pytest

from paddlify.errors import OutputError
from paddlify.output import new_folder


def fill(folder, text="new"):
    (folder / "report.json").write_text(text)


def listing(folder):
    return sorted(path.name for path in folder.iterdir())


def test_appears_when_the_block_ends(tmp_path):
    target = tmp_path / "deep" / "model"
    with new_folder(target) as folder:
        fill(folder)
        assert not target.exists()
    assert (target / "report.json").read_text() == "new"
    assert listing(target.parent) == ["model"]
    assert target.stat().st_mode & 0o777 == 0o777 & ~_umask()


def _umask():
    mask = os.umask(0)
    os.umask(mask)
    return mask


@pytest.mark.parametrize("error", [ValueError("no"), KeyboardInterrupt(), SystemExit(3)])
def test_an_error_leaves_nothing(tmp_path, error):
    def interrupted():
        with new_folder(tmp_path / "model") as folder:
            fill(folder)
            raise error

    with pytest.raises(type(error)):
        interrupted()
    assert listing(tmp_path) == []


def test_keeps_an_existing_result_unless_forced(tmp_path):
    target = tmp_path / "model"
    target.mkdir()
    fill(target, "old")
    with pytest.raises(OutputError, match="use --force"), new_folder(target):
        pytest.fail("the block must not begin")
    assert (target / "report.json").read_text() == "old"
    with pytest.raises(ValueError, match="half way"), new_folder(target, force=True):
        raise ValueError("half way")
    assert (target / "report.json").read_text() == "old"
    with new_folder(target, force=True) as folder:
        fill(folder)
    assert (target / "report.json").read_text() == "new"
    assert listing(tmp_path) == ["model"]


def test_never_removes_what_is_not_a_converted_model(tmp_path):
    target = tmp_path / "thesis"
    target.mkdir()
    (target / "chapter1.tex").write_text("…")
    with pytest.raises(OutputError, match="remove it yourself"), new_folder(target, force=True):
        pytest.fail("the block must not begin")
    assert listing(target) == ["chapter1.tex"]
    with pytest.raises(OutputError, match="not a folder"), new_folder(target / "chapter1.tex", force=True):
        pytest.fail("the block must not begin")


def test_an_empty_folder_is_taken(tmp_path):
    (tmp_path / "model").mkdir()
    with new_folder(tmp_path / "model") as folder:
        fill(folder)
    assert listing(tmp_path / "model") == ["report.json"]


def test_a_full_disk_is_an_output_error(tmp_path):
    with pytest.raises(OutputError, match="model: cannot be written"), new_folder(tmp_path / "model"):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert listing(tmp_path) == []


def test_a_parent_that_is_a_file_is_an_output_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written"), new_folder(tmp_path / "file" / "model"):
        pytest.fail("the block must not begin")


WAITS = """
import sys, time
from pathlib import Path
from paddlify.output import new_folder
with new_folder(Path(sys.argv[1])) as folder:
    (folder / "weights").write_bytes(b"1")
    print("inside", flush=True)
    time.sleep(60)
"""


def begin(target):
    process = subprocess.Popen([sys.executable, "-c", WAITS, str(target)], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "inside\n"
    return process


def end(process, number):
    process.send_signal(number)
    process.communicate(timeout=30)
    return process.returncode


def test_a_terminated_process_leaves_nothing(tmp_path):
    assert end(begin(tmp_path / "model"), signal.SIGTERM) == 128 + signal.SIGTERM
    assert listing(tmp_path) == []


def test_what_a_killed_process_leaves_goes_with_the_next_conversion(tmp_path):
    running = begin(tmp_path / "model")
    killed = begin(tmp_path / "model")
    end(killed, signal.SIGKILL)
    assert not (tmp_path / "model").exists()
    assert len(listing(tmp_path)) == 2
    with new_folder(tmp_path / "model") as folder:
        fill(folder)
    assert len(listing(tmp_path)) == 2, "the running process keeps its folder"
    end(running, signal.SIGTERM)
    assert listing(tmp_path) == ["model"]
