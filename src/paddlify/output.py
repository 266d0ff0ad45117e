"""The output folder appears complete or not at all."""

from __future__ import annotations

import errno
import glob
import os
import secrets
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from paddlify import interruption
from paddlify.errors import OutputError


@contextmanager
def new_folder(target: Path, *, force: bool = False) -> Iterator[Path]:
    """A temporary folder beside `target` that takes its place when the block ends without an error.

    On an error, Ctrl-C or SIGTERM the temporary folder is removed, and what stood at `target` stays as it was.

    Raises OutputError when `target` exists (unless `force`), when its parent cannot be written, and when writing
    inside the block fails because of the disk: full, quota, read-only.
    """
    target = Path(target)
    _check(target, force)
    temporary = target.parent / f"{_owned(target)}{os.getpid()}.{secrets.token_hex(4)}.partial"
    with interruption.signals_raise():
        try:
            _make(temporary, target)
            yield temporary
            interruption.check()
            _replace(temporary, target, force)
        except OSError as error:
            if error.errno in _OF_THE_DISK:
                raise _refused(target, error) from error
            raise
        finally:
            shutil.rmtree(temporary, ignore_errors=True)


def _make(temporary: Path, target: Path) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _remove_leftovers(target)
        temporary.mkdir()
    except OSError as error:
        raise _refused(target, error) from error


_OF_THE_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG)


def _check(target: Path, force: bool) -> None:
    if not os.path.lexists(target):
        return
    if not target.is_dir() or target.is_symlink():
        raise OutputError(f"{target}: exists and is not a folder; name another one")
    if any(target.iterdir()):
        if not force:
            raise OutputError(f"{target}: exists; use --force (force=True) to replace it")
        if not _is_ours(target):
            raise OutputError(f"{target}: holds files that are not a converted model; remove it yourself")


def _is_ours(folder: Path) -> bool:
    """Whether replacing the folder loses nothing but an earlier conversion."""
    return (folder / "report.json").is_file()


def _owned(target: Path) -> str:
    return f".{target.name}.{socket.gethostname()}."


def _remove_leftovers(target: Path) -> None:
    """Remove what a process of this machine left here that was killed before it could (SIGKILL, a crash)."""
    for folder in target.parent.glob(f"{glob.escape(_owned(target))}*"):
        pid = folder.name.removeprefix(_owned(target)).split(".")[0]
        is_leftover = folder.suffix == ".partial" or (folder.suffix == ".old" and target.exists())
        if is_leftover and pid.isdigit() and not _is_alive(int(pid)):
            shutil.rmtree(folder, ignore_errors=True)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _replace(temporary: Path, target: Path, force: bool) -> None:
    if not target.exists():
        temporary.rename(target)
        return
    _check(target, force)
    old = temporary.with_suffix(".old")
    target.rename(old)
    try:
        temporary.rename(target)
    except BaseException:
        if not target.exists():
            old.rename(target)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _refused(target: Path, error: OSError) -> OutputError:
    remedy = "; make room there or name another folder" if error.errno in _OF_THE_DISK else ""
    return OutputError(f"{target}: cannot be written ({error.strerror or error}){remedy}")
