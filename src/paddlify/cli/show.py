"""What the commands print: inspections, conversions and verifications, as text and tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from paddlify.conversion import Conversion
    from paddlify.inspection import Inspection, OperatorCount
    from paddlify.verification import OutputComparison, Verification


def show_conversion(model: Path, conversion: Conversion) -> None:
    """One line on what was written, and what the verification found."""
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
        show_verification(conversion.verification)


def show_inspection(found: Inspection) -> None:
    """What is in a model, and what of it cannot be converted."""
    opsets = ", ".join(f"{domain or 'ai.onnx'} {version}" for domain, version in found.opsets.items())
    click.echo(f"format      {found.source_format}")
    click.echo(f"opset       {opsets or '-'}")
    click.echo(f"inputs      {'; '.join(map(str, found.inputs)) or '-'}")
    click.echo(f"outputs     {'; '.join(map(str, found.outputs)) or '-'}")
    click.echo(f"parameters  {found.parameters:,} ({_size(found.parameter_bytes)})")
    for note in found.notes:
        click.echo(f"note: {note}")
    click.echo()
    show_table(
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
    show_table([kind, "dtype", "shape", "max abs", "mean abs", "max rel", "cosine", "verdict"], rows)


def show_verification(found: Verification, *, all_values: bool = False) -> None:
    """What was compared, with which inputs and which reference, and the verdict."""
    if all_values and found.bisection is not None:
        _show_comparisons("value", found.bisection.values)
        click.echo()
        if found.bisection.left_out:
            rows = [[item.value, f"{item.op_type} '{item.node}'", item.reason] for item in found.bisection.left_out]
            show_table(["left out", "operator", "why"], rows)
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


def show_table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Columns as wide as their content: nothing is cut, whatever the terminal."""
    lines = [list(headings), *map(list, rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(headings))]
    for line in lines:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def figures(array: Any) -> list[str]:
    """The least, greatest and mean element of an array of numbers."""
    if array.size == 0 or array.dtype.kind in "OSUc":
        return ["-", "-", "-"]
    wide = array.astype("float64")
    return [f"{wide.min():.6g}", f"{wide.max():.6g}", f"{wide.mean():.6g}"]
