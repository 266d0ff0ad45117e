"""The story of a conversion: load, raise to the pinned opset, improve, write, verify."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import onnx_ir as ir

from paddlify import formats, frontends, interruption, passes
from paddlify.errors import UnsupportedError, UsageError, VerificationError
from paddlify.frontends.base import Loaded, LoadOptions, load_options
from paddlify.frontends.onnx.upgrade import upgrade
from paddlify.ir import provenance
from paddlify.output import new_folder
from paddlify.progress import Progress, Silent
from paddlify.report import Report, RuntimeChoice, TensorSpec
from paddlify.runtime import worker
from paddlify.runtime.model import OPENVINO_FORMAT
from paddlify.version import __version__

if TYPE_CHECKING:
    import onnx

    from paddlify.verification import Verification

FLUID_PARAMS = ("combined", "separate")
"""Fluid's parameters: all in `__params__`, or each in a file of its own name."""


@dataclass(frozen=True)
class Conversion:
    """A finished conversion.

    Attributes:
        path: the output folder.
        report: the content of its `report.json`.
        verification: the comparison with the source, or None if it was not asked for.
    """

    path: Path
    report: Report
    verification: Verification | None = None


def convert(
    model: str | Path | onnx.ModelProto | ir.Model, out_dir: str | Path, *,
    inputs: Sequence[str] | None = None, outputs: Sequence[str] | None = None,
    input_shapes: Mapping[str, Sequence[int]] | None = None, input_layout: str = "source",
    source_format: str | None = None, format: Sequence[str] = ("pir",),  # noqa: A002 - named like the flag
    fluid_params: str = "combined", to_lite: Sequence[str] = (), openvino: bool = False,
    verify: bool = True, rtol: float | None = None, atol: float | None = None, seed: int = 0, device: str = "cpu",
    force: bool = False, progress: Progress | None = None, **frontend_options: Any,
) -> Conversion:
    """Convert a model and, unless `verify` is False, compare the saved result with the source.

    Args:
        model: a file or folder, an `onnx.ModelProto` or an `onnx_ir.Model` (which is modified).
        out_dir: folder to write; it appears whole or not at all, and must not exist unless `force`.
        inputs, outputs: names of values at which to cut the graph.
        input_shapes: shape by input name, -1 for a dynamic dimension.
        input_layout: "source", "nchw" or "nhwc": how rank-4 inputs are fed to the converted model.
        source_format: "onnx", "tensorflow" or "caffe"; recognised from the file when not given.
        format: formats to write: "pir", Paddle 3's own, is always there; "pdmodel" (Paddle 2) and "fluid" (Fluid 1.8)
            stand beside it and share its weights.
        fluid_params: "combined" (`__params__`) or "separate" (a file per parameter), of the format "fluid".
        to_lite: targets of Paddle Lite ("arm", "x86", "opencl,arm", …), for each of which its optimiser writes
            `inference.TARGET.nb`; `PADDLIFY_LITE` names the interpreter of an environment that has paddlelite.
        openvino: write "pdmodel" so that the OpenVINO which PaddlePaddle's wheels for x86 bring runs it, and prove it
            there: `paddlify.load` takes it then, which is faster on the CPU for many small operators.
        rtol, atol, seed: of the verification; None takes the defaults of `paddlify.verify`.
        device: "cpu" or "gpu", where the verification runs the converted model.
        frontend_options: options of one source format, named like their flags.

    Raises:
        PaddlifyError: of the class that says whose fault it is. VerificationError carries the finished
            `Conversion` in its attribute `conversion`: the folder is kept.
    """
    format = [format] if isinstance(format, str) else format  # noqa: A001
    to_lite = [to_lite] if isinstance(to_lite, str) else to_lite
    if openvino:
        format = list(dict.fromkeys([*format, OPENVINO_FORMAT]))  # noqa: A001
    _check(format, fluid_params, to_lite, input_layout, device)
    worker.shared().start()
    progress = progress or Silent()
    clock = _Clock(progress)
    options = load_options(
        inputs=inputs, outputs=outputs, input_shapes=input_shapes, input_layout=input_layout, seed=seed,
        extra=frontend_options,
    )
    with new_folder(Path(out_dir), force=force) as folder:
        with clock.stage("read the model"):
            loaded = frontends.load(model, source_format, options)
        report = _begin_report(model, loaded, options, format, to_lite, openvino, seed)
        with clock.stage("improve the graph"):
            upgrade(loaded.model)
            passes.run(loaded.model)
        with clock.stage("write"):
            _write(loaded, folder, format, fluid_params, to_lite, openvino, report, progress)
        report.timings = clock.seconds
        report.write(folder)
        verification = None
        if verify:
            with clock.stage("verify"):
                verification = _verify(model, folder, source_format, options, report, rtol, atol, seed, device)
            report.timings = clock.seconds
            report.write(folder)
    conversion = Conversion(Path(out_dir), report, verification)
    if verification is not None and not verification.passed:
        error = VerificationError(f"{out_dir}: converted, but {verification.summary()}")
        error.conversion = conversion
        raise error
    return conversion


def _check(
    names: Sequence[str], fluid_params: str, to_lite: Sequence[str], input_layout: str, device: str
) -> None:
    formats.check(names)
    if fluid_params not in FLUID_PARAMS:
        raise UsageError(f"unknown parameters {fluid_params} for Fluid; there are {', '.join(FLUID_PARAMS)}")
    if fluid_params == "separate" and "fluid" not in names:
        raise UsageError("separate parameters are for Fluid, which is not among the formats: add --format fluid")
    if input_layout not in ("source", "nchw", "nhwc"):
        raise UsageError(f"unknown input layout {input_layout}; there are source, nchw, nhwc")
    if device != "cpu":
        from paddlify.runtime.engine import check_device

        check_device(device)
    if to_lite:
        from paddlify.backends.paddle import lite

        lite.check(to_lite)


def _begin_report(
    model: Any, loaded: Loaded, options: LoadOptions, names: Sequence[str], to_lite: Sequence[str], openvino: bool,
    seed: int,
) -> Report:
    graph = loaded.model.graph
    operators = Counter(provenance.source_op(node) for node in ir.traversal.RecursiveGraphIterator(graph))
    return Report(
        version=__version__,
        source={
            "format": loaded.source_format,
            "file": Path(model).name if isinstance(model, (str, Path)) else None,
            "opset": dict(graph.opset_imports),
        },
        options={
            "inputs": options.inputs, "outputs": options.outputs, "input_shapes": dict(options.input_shapes),
            "input_layout": options.input_layout, "format": list(names), "to_lite": list(to_lite),
            "openvino": openvino,
            **{name: str(value) for name, value in options.extra.items()}, "seed": seed,
        },
        operators=dict(sorted(operators.items())),
        notes=list(loaded.notes),
    )


def _write(
    loaded: Loaded, folder: Path, names: Sequence[str], fluid_params: str, to_lite: Sequence[str], openvino: bool,
    report: Report, progress: Progress,
) -> None:
    from paddlify.backends.paddle.write import write

    graph = loaded.model.graph
    title = f"{graph.name or 'A model'}, converted from {loaded.source_format}."
    try:
        written = write(
            loaded.model, folder, title=title, version=__version__, formats=names, fluid_params=fluid_params,
            to_lite=to_lite, openvino=openvino, progress=progress,
        )
    except (worker.BuildError, worker.ModelCrashError) as error:
        unknown = _of_unknown_rank(graph)
        if unknown is not None:
            raise UnsupportedError(
                f"Paddle cannot build the program ({error}); the rank of '{unknown.name}' is not known while "
                "converting: if that is why, --input-shape of the inputs helps"
            ) from error
        message = f"Paddle cannot build the program ({error}); please report this with the model"
        raise UnsupportedError(message) from error
    report.inputs = [tensor_spec(value) for value in graph.inputs]
    report.outputs = [tensor_spec(value) for value in graph.outputs]
    if openvino:
        _check_openvino(folder, [*report.inputs, *report.outputs])
    report.computes_in = _computes_in(graph)
    report.parameters = {"count": written.parameters, "bytes": written.parameter_bytes}


def _check_openvino(folder: Path, specs: Sequence[TensorSpec]) -> None:
    wide = [spec for spec in specs if spec.dtype in ("uint32", "uint64")]
    if wide:
        raise UnsupportedError(f"{wide[0]}: OpenVINO has signed integers of 32 bits alone; convert without --openvino")
    try:
        worker.shared().load_on_openvino(folder)
    except (worker.BuildError, worker.ModelCrashError) as error:
        raise UnsupportedError(f"OpenVINO cannot run the model ({error}); convert without --openvino") from error


def _computes_in(graph: ir.Graph) -> list[str]:
    """The types to which the nodes of a graph round what they compute: floating-point, and quantised ones."""
    return sorted({
        value.dtype.numpy().name
        for node in ir.traversal.RecursiveGraphIterator(graph)
        for value in node.outputs
        if value.dtype is not None and (value.dtype.is_floating_point() or node.op_type in _QUANTISING)
    })


_QUANTISING = {"QuantizeLinear", "DynamicQuantizeLinear", "QLinearConv", "QLinearMatMul"}


def _of_unknown_rank(graph: ir.Graph) -> ir.Value | None:
    """The first computed tensor whose rank the graph does not say."""
    values = (value for node in ir.traversal.RecursiveGraphIterator(graph) for value in node.outputs if value.name)
    return next((value for value in values if value.shape is None and isinstance(value.type, ir.TensorType)), None)


def tensor_spec(value: ir.Value) -> TensorSpec:
    """Name, shape and dtype of a graph's input or output; a sequence has the dtype and shape of no tensor."""
    shape = None if value.shape is None else tuple(dim if isinstance(dim, int) else -1 for dim in value.shape)
    dtype = value.dtype.numpy().name if value.dtype is not None else "unknown"
    return TensorSpec(value.name or "", shape, dtype)


def _verify(
    model: Any, folder: Path, source_format: str | None, options: LoadOptions, report: Report, rtol: float | None,
    atol: float | None, seed: int, device: str,
) -> Verification:
    from paddlify.verification import verify_conversion

    verification = verify_conversion(
        model, folder, source_format=source_format, options=options, rtol=rtol, atol=atol, seed=seed, device=device
    )
    report.verification = verification.to_dict()
    report.runtime = RuntimeChoice(verification.runtime.onednn, verification.runtime.reason)
    label = verification.proofs[0].runtime if verification.proofs else ""
    report.runtimes = {
        proof.format: proof.choice for proof in verification.proofs[1:] if proof.runtime == label
    }
    return verification


@dataclass
class _Clock:
    """Tells the progress of each stage and keeps its seconds."""

    progress: Progress
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        interruption.check()
        self.progress.stage(name)
        start = time.perf_counter()
        yield
        self.seconds[name] = round(time.perf_counter() - start, 4)
