"""Proof: the source on its own runtime against the saved folder on Paddle, on the same inputs."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from paddlify import formats, frontends
from paddlify.errors import LoadError, UsageError
from paddlify.frontends.base import Loaded, LoadOptions, load_options
from paddlify.progress import Progress, Silent
from paddlify.report import Report, RuntimeChoice
from paddlify.runtime import worker
from paddlify.runtime.engine import check_device
from paddlify.runtime.feeds import Feeds, ordered_feeds
from paddlify.runtime.model import OPENVINO_FORMAT
from paddlify.verification import proofs, runners
from paddlify.verification.bisect import Bisection, Difference, Tolerance
from paddlify.verification.bisect import bisect as find_first_difference
from paddlify.verification.compare import OutputComparison, compare, describe
from paddlify.verification.errors import ConvertedError, SourceError, UnsuitableError
from paddlify.verification.inputs import SIZES, DrawnInput, draw
from paddlify.verification.proofs import Proof
from paddlify.verification.result import Verification

if TYPE_CHECKING:
    import onnx
    import onnx_ir as ir

__all__ = [
    "Verification", "OutputComparison", "DrawnInput", "Bisection", "Difference", "Proof",
    "verify", "verify_conversion", "compare",
]

Array = np.ndarray[Any, Any]


def verify(
    model: str | os.PathLike[str] | onnx.ModelProto | ir.Model, folder: str | os.PathLike[str], *,
    inputs: Feeds | None = None, reference: Mapping[str, Array] | None = None,
    format: Sequence[str] | None = None,  # noqa: A002 - named like the flag
    rtol: float | None = None, atol: float | None = None, seed: int = 0, device: str = "cpu",
    bisect: bool = False, all_values: bool = False, source_format: str | None = None, progress: Progress | None = None,
    **frontend_options: Any,
) -> Verification:
    """Compare a converted folder with its source.

    Args:
        model: the source, as it was given to `convert`; how it was cut and shaped then is read from the report.
        folder: what `convert` wrote.
        inputs: arrays by input name; None to draw them.
        reference: expected outputs by name, instead of running the source; it may hold the inputs too.
        format: what to compare: "pir", "pdmodel", "fluid" and "lite"; None for all that the folder has. Each but the
            last runs on this Paddle, and those of older Paddles also there, where an environment variable names an
            interpreter that has it (`PADDLIFY_PADDLE2`, `PADDLIFY_FLUID`, `PADDLIFY_LITE`).
        rtol, atol: |actual - expected| <= atol + rtol * |expected|; None for the default of `verification.compare`.
        seed: of the drawn inputs.
        device: where the converted model runs.
        bisect: when it fails, look for the first operator that differs.
        all_values: compare the values between the operators too, whether it fails or not.
        source_format: recognised from the file when not given.
        frontend_options: as for `convert`.

    Raises:
        InputError: the given inputs do not fit.
        UsageError: the reference lacks an output, inputs cannot be drawn, or there is no such format or device.
        LoadError: the source or the folder cannot be read.
    """
    report = Report.read(Path(folder))
    check_device(device)
    chosen = _formats(Path(folder), format)
    options = _options_of(report, frontend_options)
    source = _Source(model, frontends.load(model, source_format, options), options)
    feeds = None if inputs is None else ordered_feeds(inputs, report.inputs)
    progress = progress or Silent()
    progress.stage("verify")
    verification = _verify(
        source, Path(folder), report, _Settings(rtol, atol, seed, device, chosen), feeds=feeds,
        reference=reference,
    )
    differs = any(not output.passed for output in verification.outputs)
    if not verification.error and (all_values or (bisect and differs)):
        try:
            verification.bisection = find_first_difference(
                source.loaded.model, Path(folder), {item.spec.name: item.array for item in verification.inputs},
                Tolerance(rtol, atol, report.computes_in), differs=differs,
                onednn=verification.runtime.onednn is not False, device=device, all_values=all_values,
                progress=progress,
            )
        except (SourceError, ConvertedError) as error:
            verification.bisection = Bisection((), None, f"the values cannot be compared: {error}")
    return verification


def verify_conversion(
    model: str | os.PathLike[str] | onnx.ModelProto | ir.Model, folder: Path, *, options: LoadOptions,
    source_format: str | None = None, rtol: float | None = None, atol: float | None = None, seed: int = 0,
    device: str = "cpu",
) -> Verification:
    """`verify` as the last step of a conversion; the source is read again, since the passes changed the graph."""
    fresh = frontends.load(model, source_format, options)
    settings = _Settings(rtol, atol, seed, device, _formats(folder, None))
    return _verify(_Source(model, fresh, options), folder, Report.read(folder), settings)


def _formats(folder: Path, names: Sequence[str] | None) -> Sequence[str]:
    """The formats to compare; raises UsageError for one that is none, LoadError for one that is not in the folder."""
    if not names:
        return [*formats.written(folder), *(["lite"] if formats.lite_targets(folder) else [])]
    for name in dict.fromkeys(names):
        if name != "lite":
            formats.choose(folder, name, formats.FORMATS["pir"].since)
        elif not formats.lite_targets(folder):
            raise LoadError(f"{folder}: no {formats.LITE_FILES.format('*')}; convert again with --to-lite")
    return list(dict.fromkeys(names))


@dataclass(frozen=True)
class _Source:
    """The source as the user gave it, and as its frontend read it."""

    model: str | os.PathLike[str] | onnx.ModelProto | ir.Model
    loaded: Loaded
    options: LoadOptions


@dataclass(frozen=True)
class _Settings:
    rtol: float | None
    atol: float | None
    seed: int
    device: str
    formats: Sequence[str]


def _verify(
    source: _Source, folder: Path, report: Report, settings: _Settings, *, feeds: Mapping[str, Array] | None = None,
    reference: Mapping[str, Array] | None = None,
) -> Verification:
    """The verdict; when one side does not run, that is the verdict, not an exception."""
    verification = Verification("", seed=settings.seed, rtol=settings.rtol, atol=settings.atol)
    try:
        if reference is None:
            expected = _run_source(verification, source, report, feeds)
        else:
            expected = _from_reference(verification, reference, report, feeds)
        _run_converted(verification, folder, report, expected, settings)
    except (SourceError, ConvertedError) as error:
        verification.error = str(error)
    return verification


def _run_source(
    verification: Verification, source: _Source, report: Report, feeds: Mapping[str, Array] | None
) -> list[Array]:
    """Outputs of the source on the given feeds, or on the first drawn ones on which it runs."""
    loaded = source.loaded
    for entered in runners.source_runners(source.model, loaded.source_format, loaded.model, source.options):
        try:
            with entered as runner:
                return _first_run(runner, verification, loaded, report, feeds)
        except UnsuitableError:
            continue
    raise SourceError("nothing here can run the source")


def _first_run(
    runner: runners.Runner, verification: Verification, loaded: Loaded, report: Report,
    feeds: Mapping[str, Array] | None,
) -> list[Array]:
    names = [spec.name for spec in report.outputs]
    refusals: dict[str, None] = {}
    for inputs in _candidates(loaded.model.graph, report, verification.seed, feeds):
        try:
            expected = runner.run({item.spec.name: item.array for item in inputs}, names)
        except SourceError as error:
            refusals[str(error)] = None
            continue
        verification.inputs, verification.oracle = inputs, runner.label
        return expected
    remedy = "" if feeds is not None else "; give your own: paddlify verify MODEL DIR --input NAME=FILE.npy"
    raise SourceError("; ".join(refusals) + remedy)


def _candidates(
    graph: ir.Graph, report: Report, seed: int, feeds: Mapping[str, Array] | None
) -> Iterator[list[DrawnInput]]:
    if feeds is not None:
        yield [DrawnInput(spec, feeds[spec.name], "given") for spec in report.inputs]
        return
    is_fixed = all(spec.shape is not None and min(spec.shape, default=0) >= 0 for spec in report.inputs)
    for sizes in SIZES[:1] if is_fixed else SIZES:
        try:
            yield draw(graph, report.inputs, seed=seed, sizes=sizes)
        except UsageError as error:
            raise SourceError(str(error)) from error


def _from_reference(
    verification: Verification, reference: Mapping[str, Array], report: Report, feeds: Mapping[str, Array] | None
) -> list[Array]:
    verification.oracle = "the reference outputs given"
    missing = [spec.name for spec in report.outputs if spec.name not in reference]
    if missing:
        raise UsageError(f"the reference lacks {', '.join(missing)}; it has {', '.join(reference) or 'nothing'}")
    if feeds is None:
        absent = [spec.name for spec in report.inputs if spec.name not in reference]
        if absent:
            raise UsageError(f"the reference outputs belong to inputs that are not given: {', '.join(absent)}")
        feeds = ordered_feeds({spec.name: reference[spec.name] for spec in report.inputs}, report.inputs)
    verification.inputs = [DrawnInput(spec, feeds[spec.name], "given") for spec in report.inputs]
    return [reference[spec.name] for spec in report.outputs]


def _run_converted(
    verification: Verification, folder: Path, report: Report, expected: list[Array], settings: _Settings
) -> None:
    """Compare each format, on this Paddle in the configuration that the loader takes, and on the older ones."""
    feeds = {item.spec.name: item.array for item in verification.inputs}
    names = [spec.name for spec in report.outputs]

    def comparison(actual: list[Array]) -> list[OutputComparison]:
        return compare(
            names, expected, actual, rtol=settings.rtol, atol=settings.atol, computes_in=report.computes_in
        )

    found: list[Proof] = []
    verification.proofs = found
    for name in settings.formats:
        if name != "lite":
            found.append(_here(folder, name, report.runtime_of(name), feeds, comparison, settings.device))
        if name == OPENVINO_FORMAT and report.options.get("openvino"):
            found.append(_on_openvino(folder, feeds, comparison))
        found.extend(proofs.elsewhere(folder, name, feeds, report.outputs, comparison))
    first = next((proof for proof in found if not proof.missing), found[0])
    verification.outputs, verification.runtime, verification.error = first.outputs, first.choice, first.error
    if first.missing:
        verification.error = first.summary()


def _here(
    folder: Path, name: str, known: RuntimeChoice, feeds: Mapping[str, Array], comparison: proofs.Comparison,
    device: str,
) -> Proof:
    """The proof on this Paddle; finds its configuration when the report does not know it yet.

    oneDNN is given up only for a model that does not run, or is wrong, with it and is right without.
    """
    label = f"PaddlePaddle {worker.shared().paddle_version()}"
    try:
        if known.onednn is not None:
            actual = runners.run_converted(folder, feeds, device, onednn=known.onednn, format=name)
            return Proof(name, label, comparison(actual), choice=known)
        actual, choice = runners.choose_runtime(folder, feeds, device, name)
        outputs = comparison(actual)
        if choice.onednn and not all(output.passed for output in outputs):
            plain = comparison(runners.run_converted(folder, feeds, device, onednn=False, format=name))
            if all(output.passed for output in plain):
                reason = f"its numbers are wrong with oneDNN ({describe(outputs)})"
                return Proof(name, label, plain, choice=RuntimeChoice(False, reason))
    except ConvertedError as error:
        return Proof(name, label, error=str(error))
    return Proof(name, label, outputs, choice=choice)


def _on_openvino(folder: Path, feeds: Mapping[str, Array], comparison: proofs.Comparison) -> Proof:
    """The proof on the OpenVINO that this Paddle brings, of a model that was converted for it."""
    label, choice = f"PaddlePaddle {worker.shared().paddle_version()} with OpenVINO", RuntimeChoice(openvino=True)
    try:
        actual = runners.run_converted(folder, feeds, "cpu", onednn=False, openvino=True, format=OPENVINO_FORMAT)
    except ConvertedError as error:
        return Proof(OPENVINO_FORMAT, label, error=str(error))
    return Proof(OPENVINO_FORMAT, label, comparison(actual), choice=choice)


def _options_of(report: Report, frontend_options: Mapping[str, Any]) -> LoadOptions:
    """How the source was cut and shaped when it was converted, with the options of its format as given now."""
    options = report.options
    return load_options(
        inputs=options.get("inputs"), outputs=options.get("outputs"), input_shapes=options.get("input_shapes"),
        input_layout=options.get("input_layout", "source"), seed=options.get("seed", 0), extra=frontend_options,
    )
