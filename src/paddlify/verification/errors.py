"""Why a comparison could not be made; these end as the verdict "not verified", not as exceptions of the API."""

from __future__ import annotations

from paddlify.errors import PaddlifyError


class SourceError(PaddlifyError):
    """The source model cannot be run: by its runtime at all, or on these inputs."""


class UnsuitableError(PaddlifyError):
    """This runtime is not the one to ask about this model; the next one is."""


class ConvertedError(PaddlifyError):
    """The converted model does not run."""
