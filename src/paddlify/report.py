"""`report.json`: what a converted model is, how it was made, and how it was proved."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from paddlify.errors import LoadError

FILE_NAME = "report.json"
MAX_BYTES = 64 << 20
"""A report larger than this was not written by this package."""


@dataclass(frozen=True)
class TensorSpec:
    """Name, shape and dtype of an input or output, as the source model declares them.

    Attributes:
        name: the source's own name.
        shape: one entry a dimension, -1 where it is dynamic; None when even the rank is not known.
        dtype: NumPy's name of the element type ("float32", "bool", "bfloat16", …).
    """

    name: str
    shape: tuple[int, ...] | None
    dtype: str

    def __str__(self) -> str:
        dims = "?" if self.shape is None else ", ".join("?" if dim < 0 else str(dim) for dim in self.shape)
        return f"{self.name}: {self.dtype}[{dims}]"


@dataclass(frozen=True)
class RuntimeChoice:
    """Whether the model runs with oneDNN: yes, no (with the reason), or not tried (None); or on OpenVINO instead."""

    onednn: bool | None = None
    reason: str = ""
    openvino: bool = False


@dataclass
class Report:
    """The content of `report.json`; the keys are those of the attributes, `version` excepted ("paddlify").

    `computes_in` are the types to which the model rounds what it computes: floating-point, and quantised ones.
    """

    version: str
    source: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    inputs: Sequence[TensorSpec] = ()
    outputs: Sequence[TensorSpec] = ()
    operators: Mapping[str, int] = field(default_factory=dict)
    computes_in: Sequence[str] = ()
    parameters: Mapping[str, int] = field(default_factory=dict)
    timings: Mapping[str, float] = field(default_factory=dict)
    runtime: RuntimeChoice = field(default_factory=RuntimeChoice)
    runtimes: Mapping[str, RuntimeChoice] = field(default_factory=dict)
    verification: Mapping[str, Any] = field(default_factory=lambda: {"skipped": True})
    notes: Sequence[str] = ()

    def runtime_of(self, format: str) -> RuntimeChoice:  # noqa: A002 - named like the flag
        """What is known of running the program of a format: `runtime` is that of "pir"."""
        return self.runtime if format == "pir" else self.runtimes.get(format, RuntimeChoice())

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        values = asdict(self)
        return {"paddlify": values.pop("version"), **values}

    def write(self, folder: Path) -> None:
        """Write `report.json` into the folder; raises OSError."""
        text = json.dumps(self.to_dict(), indent=2, ensure_ascii=False)
        (folder / FILE_NAME).write_text(text + "\n", encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> Report:
        """The report of a converted model; raises LoadError when it is missing or is not one."""
        path = folder / FILE_NAME
        try:
            if path.stat().st_size > MAX_BYTES:
                raise LoadError(f"{path}: larger than {MAX_BYTES >> 20} MiB, so not a report of paddlify")
            values = json.loads(path.read_text(encoding="utf-8"))
            return _report(values)
        except FileNotFoundError:
            raise LoadError(f"{folder}: no {FILE_NAME}, so not a model that paddlify converted") from None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise LoadError(f"{path}: not a report of paddlify ({error})") from error


def _report(values: dict[str, Any]) -> Report:
    values = dict(values)
    return Report(
        version=str(values.pop("paddlify")),
        inputs=[_spec(item) for item in values.pop("inputs")],
        outputs=[_spec(item) for item in values.pop("outputs")],
        runtime=RuntimeChoice(**values.pop("runtime")),
        runtimes={name: RuntimeChoice(**choice) for name, choice in values.pop("runtimes", {}).items()},
        **values,
    )


def _spec(item: Mapping[str, Any]) -> TensorSpec:
    shape = None if item["shape"] is None else tuple(int(dim) for dim in item["shape"])
    return TensorSpec(str(item["name"]), shape, str(item["dtype"]))
