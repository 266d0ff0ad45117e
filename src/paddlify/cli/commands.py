"""The commands and their own options."""

from __future__ import annotations

import importlib
import importlib.util
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from paddlify.cli.bars import Bars
from paddlify.cli.options import CUT, DEVICE, SOURCE, TOLERANCE, VERBOSITY, ArrayFile, split_names
from paddlify.cli.show import figures, show_conversion, show_inspection, show_table, show_verification
from paddlify.errors import InputError, VerificationError
from paddlify.version import __version__


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


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="paddlify")
def cli() -> None:
    """Convert trained models to PaddlePaddle, and prove that they compute the same."""


@cli.command()
@click.argument("model", type=Path)
@click.option("-o", "--output", "out_dir", type=Path, required=True, metavar="DIR", help="The folder to write.")
@SOURCE
@CUT
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
@click.option(
    "--openvino", is_flag=True,
    help="Also write pdmodel for the OpenVINO that PaddlePaddle brings, prove it there, and let load take it: faster.",
)
@click.option("--verify/--no-verify", default=True, show_default=True, help="Compare with the source.")
@TOLERANCE
@DEVICE
@click.option("--force", is_flag=True, help="Replace an earlier conversion.")
@VERBOSITY
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
        with Bars(quiet=quiet, verbose=verbose) as progress:
            conversion = paddlify.convert(
                model, out_dir, format=formats, inputs=split_names(inputs), outputs=split_names(outputs),
                input_shapes=dict(input_shapes), progress=progress, **options,
            )
    except VerificationError as error:
        if error.conversion is not None and not quiet:
            show_conversion(model, error.conversion)
        raise
    if not quiet:
        show_conversion(model, conversion)


@cli.command()
@click.argument("model", type=Path)
@SOURCE
@CUT
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@VERBOSITY
def inspect(
    model: Path, inputs: Sequence[str], outputs: Sequence[str],
    input_shapes: Sequence[tuple[str, tuple[int, ...]]], as_json: bool, quiet: bool, verbose: int, **options: Any,
) -> None:
    """Say what is in MODEL and whether it can be converted; exit code 5 when it cannot."""
    import paddlify

    found = paddlify.inspect(
        model, inputs=split_names(inputs), outputs=split_names(outputs), input_shapes=dict(input_shapes), **options
    )
    if as_json:
        click.echo(json.dumps(found.to_dict(), indent=2, ensure_ascii=False))
    elif not quiet:
        show_inspection(found)
    if not found.is_supported:
        raise click.exceptions.Exit(paddlify.UnsupportedError.exit_code)


@cli.command()
@click.argument("folder", type=Path)
@click.option("--input", "inputs", multiple=True, type=ArrayFile(), help="An array for an input; repeatable.")
@click.option("--output", type=Path, metavar="FILE.npz", help="Where to write the outputs, under their names.")
@click.option("--format", help="pir, pdmodel or fluid; by default the newest that this Paddle reads.")
@DEVICE
@click.option("--openvino/--no-openvino", default=None, help="On the OpenVINO that PaddlePaddle brings, or not.")
@click.option("--threads", type=click.IntRange(min=1), help="Of the CPU; all by default.")
@VERBOSITY
def run(
    folder: Path, inputs: Sequence[tuple[str, Path]], output: Path | None, format: str | None, device: str,  # noqa: A002
    openvino: bool | None, threads: int | None, quiet: bool, verbose: int,
) -> None:
    """Run the converted model in FOLDER."""
    import paddlify
    from paddlify.arrays import write_npz

    model = paddlify.load(folder, device, format=format, openvino=openvino, threads=threads)
    results = model.inference(_read(inputs, model.inputs))
    named = {spec.name: result for spec, result in zip(model.outputs, results, strict=True)}
    if output is not None:
        write_npz(output, named)
    if not quiet:
        rows = [[name, array.dtype.name, str(list(array.shape)), *figures(array)] for name, array in named.items()]
        show_table(["output", "dtype", "shape", "min", "max", "mean"], rows)


@cli.command()
@click.argument("model", type=Path)
@click.argument("folder", type=Path)
@click.option(
    "--input", "inputs", multiple=True, type=ArrayFile(), help="An array for an input, instead of a drawn one."
)
@click.option("--npz", type=Path, metavar="REF.npz", help="Expected outputs by name, instead of running the source.")
@click.option("--format", "formats", multiple=True, help="pir, pdmodel, fluid, lite; repeatable; all by default.")
@SOURCE
@TOLERANCE
@DEVICE
@click.option("--bisect", is_flag=True, help="When it fails, find the first operator that differs.")
@click.option("--all-values", is_flag=True, help="Compare what is between the operators too, value by value.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@VERBOSITY
def verify(
    model: Path, folder: Path, inputs: Sequence[tuple[str, Path]], npz: Path | None, formats: Sequence[str],
    as_json: bool, quiet: bool, verbose: int, **options: Any,
) -> None:
    """Compare the conversion in FOLDER with its source MODEL; exit code 3 when they differ."""
    import paddlify
    from paddlify.arrays import read_npz

    given = _read(inputs, paddlify.Report.read(folder).inputs) if inputs else None
    with Bars(quiet=quiet or as_json, verbose=verbose) as progress:
        found = paddlify.verify(
            model, folder, inputs=given, reference=None if npz is None else read_npz(npz), format=formats or None,
            progress=progress, **options
        )
    if as_json:
        click.echo(json.dumps(found.to_dict(), indent=2, ensure_ascii=False))
    elif not quiet:
        show_verification(found, all_values=options["all_values"])
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
    show_table(
        ["operator", "domain", "supported"],
        [[row.op_type, row.domain or "-", "yes" if row.is_supported else "no"] for row in rows],
    )
    click.echo(f"{sum(row.is_supported for row in rows)} of {len(rows)} are supported")


def _read(files: Sequence[tuple[str, Path]], specs: Sequence[Any]) -> dict[str, Any]:
    from paddlify.arrays import read_npy

    known = {spec.name: spec for spec in specs}
    unknown = [name for name, _ in files if name not in known]
    if unknown:
        raise InputError(f"the model has no input '{unknown[0]}'; its inputs are {', '.join(known)}")
    return {name: read_npy(path, known[name]) for name, path in files}
