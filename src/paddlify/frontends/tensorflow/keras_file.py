"""Keras's own files (`.keras`, `.h5`): Keras itself, in a process of its own, exports them as a SavedModel.

Code inside such a file (Lambda layers) is not run: Keras loads it in its safe mode.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from paddlify.errors import LoadError, MissingDependencyError
from paddlify.frontends.tensorflow import installed

_HDF5 = b"\x89HDF\r\n\x1a\n"
_MISSING = 3
_EXPORT = f"""
import os, sys
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["KERAS_BACKEND"] = "tensorflow"
try:
    import keras, tensorflow
except ImportError as error:
    sys.exit(print(error, file=sys.stderr) or {_MISSING})
model = keras.models.load_model(sys.argv[1], compile=False, safe_mode=True)
model.export(sys.argv[2])
"""


def is_keras_file(path: Path) -> bool:
    """Whether a file is a Keras archive or an HDF5 file, by content."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        if file.read(len(_HDF5)) == _HDF5:
            return True
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        return {"config.json", "metadata.json"} <= set(archive.namelist())


def export(path: Path) -> tempfile.TemporaryDirectory[str]:
    """A folder that holds the file's model as a SavedModel; it is removed when the object is.

    Raises MissingDependencyError when Keras with TensorFlow is not installed, LoadError when Keras cannot load it.
    """
    folder = tempfile.TemporaryDirectory(prefix="paddlify-")
    python = installed.interpreter() or sys.executable
    command = [python, "-c", _EXPORT, str(path.resolve()), folder.name]
    try:
        run = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        raise MissingDependencyError(f"{installed.INTERPRETER}={python} cannot be run ({error.strerror})") from error
    lines = [line for line in run.stderr.splitlines() if line.strip()]
    if run.returncode == _MISSING:
        raise MissingDependencyError(
            f"{path}: a Keras file is read by Keras itself; install tensorflow and keras, or set "
            f"{installed.INTERPRETER} to an interpreter that has them ({lines[-1] if lines else 'no reason given'})"
        )
    if run.returncode:
        raise LoadError(f"{path}: Keras cannot load it: {lines[-1] if lines else f'exit code {run.returncode}'}")
    return folder
