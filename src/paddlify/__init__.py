"""paddlify converts trained models to PaddlePaddle, and proves that they compute the same.

    conversion = paddlify.convert("model.onnx", "out")
    model = paddlify.load("out")
    (result,) = model.inference({model.inputs[0]: data})

Names are imported when they are first used, so that `import paddlify` takes no time.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from paddlify.backends.paddle.module import emits
    from paddlify.conversion import Conversion, convert
    from paddlify.errors import (
        InputError,
        LoadError,
        MissingDependencyError,
        OutputError,
        PaddlifyError,
        Refusal,
        UnsupportedError,
        UnsupportedModel,
        UsageError,
        VerificationError,
    )
    from paddlify.inspection import Inspection, inspect
    from paddlify.progress import Progress
    from paddlify.report import Report, TensorSpec
    from paddlify.runtime import Model, load
    from paddlify.verification import Verification, verify
    from paddlify.version import __version__

_HOMES = {
    "paddlify.backends.paddle.module": ("emits",),
    "paddlify.conversion": ("convert", "Conversion"),
    "paddlify.errors": (
        "PaddlifyError", "UsageError", "VerificationError", "LoadError", "UnsupportedError", "UnsupportedModel",
        "OutputError", "InputError", "MissingDependencyError", "Refusal",
    ),
    "paddlify.inspection": ("inspect", "Inspection"),
    "paddlify.progress": ("Progress",),
    "paddlify.report": ("Report", "TensorSpec"),
    "paddlify.runtime": ("load", "Model"),
    "paddlify.verification": ("verify", "Verification"),
    "paddlify.version": ("__version__",),
}
_HOME = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    # the road
    "convert", "inspect", "verify", "load",
    # what it gives
    "Conversion", "Inspection", "Verification", "Model", "Report", "TensorSpec",
    # operators of one's own
    "emits", "Refusal",
    # errors
    "PaddlifyError", "UsageError", "VerificationError", "LoadError", "UnsupportedError", "UnsupportedModel",
    "OutputError", "InputError", "MissingDependencyError",
    # the rest
    "Progress", "__version__",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'paddlify' has no attribute '{name}'")
    value = getattr(importlib.import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
