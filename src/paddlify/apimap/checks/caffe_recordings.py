"""What the real Caffe computed, as recorded by ``tests/apimap/record_caffe.py``."""

import functools
from pathlib import Path
from typing import Any

import numpy as np

from paddlify.apimap.comparing import Array
from paddlify.apimap.frameworks import paddle

RECORDED = Path(__file__).parent.parent / "caffe_recorded.npz"


@functools.cache
def _recordings() -> dict[str, Array]:
    with np.load(RECORDED) as file:
        return {name: file[name] for name in file.files}


def caffe(case: str, part: str) -> Array:
    """One array of a recorded case: an input (``in0``), a weight (``blob0``) or a result (``out0``)."""
    return _recordings()[f"{case}/{part}"]


def inputs(case: str) -> list[Any]:
    """The recorded inputs of a case, as Paddle tensors."""
    names = sorted(name for name in _recordings() if name.startswith(f"{case}/in"))
    return [paddle.to_tensor(_recordings()[name]) for name in names]


def blobs(case: str) -> list[Any]:
    """The recorded weights of a case, as Paddle tensors."""
    names = sorted(name for name in _recordings() if name.startswith(f"{case}/blob"))
    return [paddle.to_tensor(_recordings()[name]) for name in names]
