"""The command line: one thin layer over the Python API."""

from __future__ import annotations

import gc
import importlib
import importlib.util
import json
import logging
import os
import sys
import warnings
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from paddlify.errors import InputError, PaddlifyError, VerificationError
from paddlify.version import __version__

if TYPE_CHECKING:
    from paddlify.conversion import Conversion
    from paddlify.inspection import Inspection, OperatorCount
    from paddlify.progress import Progress
    from paddlify.verification import OutputComparison, Verification

F = TypeVar("F", bound=Callable[..., Any])


class _Commands(click.Group):
    """The commands, with `api` of the correspondence tables where that part is installed."""

    def list_commands(self, context: click.Context) -> list[str]:
        return [*super().list_commands(context), *(["api"] if _has_api() else [])]

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name == "api" and _has_api():
            command: click.Command = importlib.import_module("paddlify.apimap.cli").api
            return command
        return super().get_command(context, name)


def _has_api() -> bool:
    return importlib.util.find_spec("paddlify.apimap.cli") is not None


class _Shape(click.ParamType):  # type: ignore[type-arg]
    """NAME:1,3,224,224 with -1 for a dynamic dimension; NAME: alone is a scalar."""

    name = "NAME:DIMS"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        name, colon, dims = str(value).rpartition(":")
        try:
            shape = tuple(int(dim) for dim in dims.split(",")) if dims.strip() else ()
        except ValueError:
            shape = (-2,)
        if not name or not colon or any(dim < -1 for dim in shape):
            self.fail(f"'{value}' is not like NAME:1,3,224,224 (-1 is a dynamic dimension)", param, ctx)
        return name, shape


class _File(click.ParamType):  # type: ignore[type-arg]
    """NAME=FILE.npy."""

    name = "NAME=FILE.npy"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        name, equals, path = str(value).rpartition("=")
        if not name or not equals or not path:
            self.fail(f"'{value}' is not like NAME=FILE.npy", param, ctx)
        return name, Path(path)


def _options(*options: Callable[[F], F]) -> Callable[[F], F]:
    """Several options as one decorator, in the order in which `--help` lists them."""

    def decorate(function: F) -> F:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


def _set_verbosity(_context: click.Context, _param: click.Parameter, count: int) -> int:
    """-v shows what paddlify logs, what Paddle prints, and its warnings."""
    if count:
        logging.getLogger("paddlify").setLevel(logging.INFO if count == 1 else logging.DEBUG)
        warnings.resetwarnings()
        sys.stdout.flush()
        os.dup2(2, 1)
    return count


_VERBOSITY = _options(
    click.option("-q", "--quiet", is_flag=True, help="Say nothing but errors."),
    click.option("-v", "--verbose", count=True, callback=_set_verbosity, help="Say more; twice for everything."),
)
_SOURCE = _options(
    click.option("--from", "source_format", metavar="FORMAT", help="onnx, tensorflow or caffe; else recognised."),
    click.option("--meta", type=Path, help="TensorFlow: the graph of a checkpoint (.meta)."),
    click.option("--ckpt-dir", type=Path, help="TensorFlow: the folder of the checkpoint."),
    click.option("--signature", help="TensorFlow: the signature of a SavedModel."),
    click.option("--tag", help="TensorFlow: the tag of a SavedModel's graph."),
    click.option("--weights", type=Path, help="Caffe: the .caffemodel of a prototxt."),
    click.option("--prototxt", type=Path, help="Caffe: the prototxt of a .caffemodel."),
    click.option("--random-weights", is_flag=True, default=None, help="Caffe: seeded weights; none are at hand."),
    click.option("--proto", type=Path, help="Caffe: the caffe.proto of a fork with layers of its own."),
    click.option(
        "--stages", multiple=True, metavar="NAMES", callback=lambda _context, _param, given: _names(given),
        help="Caffe: stages for include and exclude rules.",
    ),
    click.option("--level", type=int, help="Caffe: the level for include and exclude rules; 0 if not given."),
)
_CUT = _options(
    click.option("--inputs", multiple=True, metavar="NAMES", help="Begin the graph at these values (a,b or repeated)."),
    click.option("--outputs", multiple=True, metavar="NAMES", help="End the graph at these values."),
    click.option("--input-shape", "input_shapes", multiple=True, type=_Shape(), help="Repeatable; -1 is dynamic."),
    click.option(
        "--input-layout", type=click.Choice(["source", "nchw", "nhwc"]), default="source", show_default=True,
        help="How the converted model takes images.",
    ),
)
_TOLERANCE = _options(
    click.option("--rtol", type=float, help="|actual - expected| <= atol + rtol * |expected|."),
    click.option("--atol", type=float, help="Neither given: 1e-4 of the output's scale in float32."),
    click.option("--seed", type=int, default=0, show_default=True, help="Of the inputs drawn."),
)
_DEVICE = click.option("--device", type=click.Choice(["cpu", "gpu"]), default="cpu", show_default=True)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="paddlify")
def cli() -> None:
    """Convert trained models to PaddlePaddle, and prove that they compute the same."""


@cli.command()
@click.argument("model", type=Path)
@click.option("-o", "--output", "out_dir", type=Path, required=True, metavar="DIR", help="The folder to write.")
@_SOURCE
@_CUT
@click.option(
    "--format", "formats", multiple=True, default=["pir"], show_default=True,
    help="Also write a program for an older Paddle: pdmodel or fluid; repeatable.",
)
@click.option(
    "--to-lite", multiple=True, metavar="TARGET",
    help="Also write a model for Paddle Lite: arm, x86, opencl,arm, …; repeatable.",
)
@click.option(
    "--fluid-params", type=click.Choice(["combined", "separate"]), default="combined", show_default=True,
    help="Of --format fluid: one file of parameters, or one for each.",
)
@click.option("--verify/--no-verify", default=True, show_default=True, help="Compare with the source.")
@_TOLERANCE
@_DEVICE
@click.option("--force", is_flag=True, help="Replace an earlier conversion.")
@_VERBOSITY
def convert(
    model: Path, out_dir: Path, formats: Sequence[str], inputs: Sequence[str], outputs: Sequence[str],
    input_shapes: Sequence[tuple[str, tuple[int, ...]]], quiet: bool, verbose: int, **options: Any,
) -> None:
    """Convert MODEL into the folder DIR, and verify the result.

    DIR gets model.py, inference.json, inference.pdiparams and report.json.
    """
    from paddlify.runtime import worker

    worker.shared().start()  # imports Paddle while this process imports the rest
    import paddlify

    try:
        with _Bars(quiet=quiet, verbose=verbose) as progress:
            conversion = paddlify.convert(
                model, out_dir, format=formats, inputs=_names(inputs), outputs=_names(outputs),
                input_shapes=dict(input_shapes), progress=progress, **options,
            )
    except VerificationError as error:
        if error.conversion is not None and not quiet:
            _show_conversion(model, error.conversion)
        raise
    if not quiet:
        _show_conversion(model, conversion)


def _show_conversion(model: Path, conversion: Conversion) -> None:
    report = conversion.report
    click.echo(
        f"{model} -> {conversion.path}: {sum(report.operators.values())} operators, "
        f"{report.parameters['count']:,} parameters ({_size(report.parameters['bytes'])}), "
        f"{sum(report.timings.values()):.1f} s"
    )
    for note in report.notes:
        click.echo(f"note: {note}")
    if conversion.verification is None:
        click.echo("not verified (--no-verify)")
    else:
        _show_verification(conversion.verification)


@cli.command()
@click.argument("model", type=Path)
@_SOURCE
@_CUT
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@_VERBOSITY
def inspect(
    model: Path, inputs: Sequence[str], outputs: Sequence[str],
    input_shapes: Sequence[tuple[str, tuple[int, ...]]], as_json: bool, quiet: bool, verbose: int, **options: Any,
) -> None:
    """Say what is in MODEL and whether it can be converted; exit code 5 when it cannot."""
    import paddlify

    found = paddlify.inspect(
        model, inputs=_names(inputs), outputs=_names(outputs), input_shapes=dict(input_shapes), **options
    )
    if as_json:
        click.echo(json.dumps(found.to_dict(), indent=2, ensure_ascii=False))
    elif not quiet:
        _show_inspection(found)
    if not found.is_supported:
        raise click.exceptions.Exit(paddlify.UnsupportedError.exit_code)


@cli.command()
@click.argument("folder", type=Path)
@click.option("--input", "inputs", multiple=True, type=_File(), help="An array for an input; repeatable.")
@click.option("--output", type=Path, metavar="FILE.npz", help="Where to write the outputs, under their names.")
@click.option("--format", help="pir, pdmodel or fluid; by default the newest that this Paddle reads.")
@_DEVICE
@click.option("--threads", type=click.IntRange(min=1), help="Of the CPU; all by default.")
@_VERBOSITY
def run(
    folder: Path, inputs: Sequence[tuple[str, Path]], output: Path | None, format: str | None, device: str,  # noqa: A002
    threads: int | None, quiet: bool, verbose: int,
) -> None:
    """Run the converted model in FOLDER."""
    import paddlify
    from paddlify.arrays import write_npz

    model = paddlify.load(folder, device, format=format, threads=threads)
    results = model.inference(_read(inputs, model.inputs))
    named = {spec.name: result for spec, result in zip(model.outputs, results, strict=True)}
    if output is not None:
        write_npz(output, named)
    if not quiet:
        rows = [[name, array.dtype.name, str(list(array.shape)), *_figures(array)] for name, array in named.items()]
        _show_table(["output", "dtype", "shape", "min", "max", "mean"], rows)


@cli.command()
@click.argument("model", type=Path)
@click.argument("folder", type=Path)
@click.option("--input", "inputs", multiple=True, type=_File(), help="An array for an input, instead of a drawn one.")
@click.option("--npz", type=Path, metavar="REF.npz", help="Expected outputs by name, instead of running the source.")
@click.option("--format", "formats", multiple=True, help="pir, pdmodel, fluid, lite; repeatable; all by default.")
@_SOURCE
@_TOLERANCE
@_DEVICE
@click.option("--bisect", is_flag=True, help="When it fails, find the first operator that differs.")
@click.option("--all-values", is_flag=True, help="Compare what is between the operators too, value by value.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@_VERBOSITY
def verify(
    model: Path, folder: Path, inputs: Sequence[tuple[str, Path]], npz: Path | None, formats: Sequence[str],
    as_json: bool, quiet: bool, verbose: int, **options: Any,
) -> None:
    """Compare the conversion in FOLDER with its source MODEL; exit code 3 when they differ."""
    import paddlify
    from paddlify.arrays import read_npz

    given = _read(inputs, paddlify.Report.read(folder).inputs) if inputs else None
    with _Bars(quiet=quiet or as_json, verbose=verbose) as progress:
        found = paddlify.verify(
            model, folder, inputs=given, reference=None if npz is None else read_npz(npz), format=formats or None,
            progress=progress, **options
        )
    if as_json:
        click.echo(json.dumps(found.to_dict(), indent=2, ensure_ascii=False))
    elif not quiet:
        _show_verification(found, all_values=options["all_values"])
    found.raise_if_failed()


@cli.command()
@click.option("--from", "source_format", metavar="FORMAT", default="onnx", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def ops(source_format: str, as_json: bool) -> None:
    """List the operators of a source format that can be converted."""
    from dataclasses import asdict

    from paddlify.support import operators

    rows = operators(source_format)
    if as_json:
        click.echo(json.dumps([asdict(row) for row in rows], indent=2))
        return
    _show_table(
        ["operator", "domain", "supported"],
        [[row.op_type, row.domain or "-", "yes" if row.is_supported else "no"] for row in rows],
    )
    click.echo(f"{sum(row.is_supported for row in rows)} of {len(rows)} are supported")


def _names(given: Sequence[str]) -> list[str] | None:
    names = [name for item in given for name in item.split(",") if name]
    return names or None


def _read(files: Sequence[tuple[str, Path]], specs: Sequence[Any]) -> dict[str, Any]:
    from paddlify.arrays import read_npy

    known = {spec.name: spec for spec in specs}
    unknown = [name for name, _ in files if name not in known]
    if unknown:
        raise InputError(f"the model has no input '{unknown[0]}'; its inputs are {', '.join(known)}")
    return {name: read_npy(path, known[name]) for name, path in files}


def _figures(array: Any) -> list[str]:
    if array.size == 0 or array.dtype.kind in "OSUc":
        return ["-", "-", "-"]
    wide = array.astype("float64")
    return [f"{wide.min():.6g}", f"{wide.max():.6g}", f"{wide.mean():.6g}"]


def _show_inspection(found: Inspection) -> None:
    opsets = ", ".join(f"{domain or 'ai.onnx'} {version}" for domain, version in found.opsets.items())
    click.echo(f"format      {found.source_format}")
    click.echo(f"opset       {opsets or '-'}")
    click.echo(f"inputs      {'; '.join(map(str, found.inputs)) or '-'}")
    click.echo(f"outputs     {'; '.join(map(str, found.outputs)) or '-'}")
    click.echo(f"parameters  {found.parameters:,} ({_size(found.parameter_bytes)})")
    for note in found.notes:
        click.echo(f"note: {note}")
    click.echo()
    _show_table(
        ["operator", "count", "supported"],
        [
            [item.op_type, str(item.count), "yes" if item.is_supported else _refusal(item)] for item in found.operators
        ],
    )
    verdict = "can be converted" if found.is_supported else f"cannot be converted: {len(found.refused)} node(s) refused"
    click.echo(f"\n{verdict}")


def _refusal(item: OperatorCount) -> str:
    share = f" ({item.refused} of them)" if 0 < item.refused < item.count else ""
    more = f" (and {len(item.reasons) - 1} more reasons: --json)" if len(item.reasons) > 1 else ""
    return f"no{share}: {item.reasons[0]}{more}"


def _show_comparisons(kind: str, comparisons: Sequence[OutputComparison]) -> None:
    rows = [
        [item.name, item.dtype, str(list(item.shape)), *map(_number, (item.max_abs, item.mean_abs)),
         *map(_number, (item.max_rel, item.cosine)), "ok" if item.passed else f"WRONG: {item.reason}"]
        for item in comparisons
    ]
    _show_table([kind, "dtype", "shape", "max abs", "mean abs", "max rel", "cosine", "verdict"], rows)


def _show_verification(found: Verification, *, all_values: bool = False) -> None:
    if all_values and found.bisection is not None:
        _show_comparisons("value", found.bisection.values)
        click.echo()
        if found.bisection.left_out:
            rows = [[item.value, f"{item.op_type} '{item.node}'", item.reason] for item in found.bisection.left_out]
            _show_table(["left out", "operator", "why"], rows)
            click.echo()
    if found.outputs:
        _show_comparisons("output", found.outputs)
    drawn = "; ".join(f"{item.spec.name} {list(item.array.shape)} {item.how}" for item in found.inputs)
    for proof in found.proofs if len(found.proofs) > 1 else ():
        click.echo(f"{proof.format} on {proof.runtime}: {_VERDICTS[proof.passed]}{proof.summary()}")
    click.echo(f"inputs: {drawn or '-'} (seed {found.seed})")
    click.echo(f"compared with {found.oracle or 'nothing'}")
    if found.runtime.reason:
        click.echo(f"note: {found.runtime.reason}")
    if found.bisection is not None:
        click.echo(f"bisection: {found.bisection.conclusion}")
    click.echo(f"{'verified' if found.passed else 'FAILED'}: {found.summary()}")


_VERDICTS = {True: "", False: "WRONG: ", None: ""}


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3g}"


def _size(count: float) -> str:
    for unit in ("bytes", "kB", "MB"):
        if count < 1000:
            return f"{count:.3g} {unit}"
        count /= 1000
    return f"{count:.3g} GB"


def _show_table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Columns as wide as their content: nothing is cut, whatever the terminal."""
    lines = [list(headings), *map(list, rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(headings))]
    for line in lines:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


class _Bars:
    """Progress on the terminal; lines with -v where there is none; otherwise nothing."""

    def __init__(self, *, quiet: bool, verbose: int) -> None:
        self._is_shown = not quiet and sys.stderr.isatty()
        self._is_told = bool(verbose) and not self._is_shown
        self._bars: Any = None

    def __enter__(self) -> Progress:
        if self._is_shown:
            from rich.console import Console
            from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

            self._bars = Progress(
                TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[count]}"), TimeElapsedColumn(),
                console=Console(stderr=True), transient=True,
            )
            self._bars.start()
        return self

    def __exit__(self, *error: object) -> None:
        if self._bars is not None:
            self._bars.stop()

    def stage(self, name: str, total: int | None = None) -> None:
        if self._is_told:
            click.echo(f"{name} …", err=True)
        if self._bars is not None:
            for task in self._bars.tasks:
                self._bars.update(task.id, visible=False)
            self._task = self._bars.add_task(name, total=total, count="")

    def advance(self, n: int = 1) -> None:
        if self._bars is not None and self._bars.tasks:
            self._bars.advance(self._task, n)
            task = self._bars.tasks[-1]
            self._bars.update(self._task, count=f"{task.completed:,.0f} of {task.total:,.0f}" if task.total else "")


def keep_stdout() -> None:
    """Keep stdout for results: what Paddle's C++ side prints there goes nowhere (to stderr with -v)."""
    sys.stdout.flush()
    results = os.dup(1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)
    sys.stdout = os.fdopen(results, "w", encoding=sys.stdout.encoding, errors=sys.stdout.errors)


def main() -> None:
    """Entry point of the script `paddlify`; ends the process with the exit code of the error, if there is one."""
    os.environ.setdefault("GLOG_minloglevel", "2")
    warnings.simplefilter("ignore")
    gc.set_threshold(200_000)  # imports and conversions make many objects and drop few: collections find little
    keep_stdout()
    logging.basicConfig(format="paddlify: %(message)s", level=logging.WARNING)
    sys.exit(run_command())


def run_command(arguments: Sequence[str] | None = None) -> int:
    """Run the command with these arguments (default: the process's own) and return its exit code."""
    try:
        code = cli.main(arguments, prog_name="paddlify", standalone_mode=False)
        sys.stdout.flush()
    except click.exceptions.Exit as exit_:
        return exit_.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except click.Abort:
        click.echo("paddlify: interrupted", err=True)
        return 130
    except PaddlifyError as error:
        click.echo(f"paddlify: {error}", err=True)
        return error.exit_code
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return code if isinstance(code, int) else 0
