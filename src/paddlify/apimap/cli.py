"""``paddlify api``: the API correspondence tables on the command line."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from pathlib import Path

import click

from paddlify.apimap.scan import RENDERERS, kind_of, scan
from paddlify.apimap.show import EVIDENCE, Language, show, word
from paddlify.apimap.table import KINDS, Row, load
from paddlify.errors import MissingDependencyError, OutputError, UsageError, VerificationError

LANGUAGE = click.option("--lang", "language", type=click.Choice(["en", "zh"]), default="en", help="English or Chinese.")


@click.group()
def api() -> None:
    """APIs of TensorFlow and Caffe, and their counterparts in Paddle."""


def find(name: str) -> Row:
    """The row of a name, with ``tf.`` left out or not; raises UsageError with suggestions when there is none."""
    table = load()
    name = name.replace("tensorflow.", "tf.", 1).replace("tf.compat.v1.", "tf.", 1)
    row = table.find(name) or table.find(f"tf.{name}") or table.find(f"caffe.{name}")
    if row is None:
        close = table.suggestions(name)
        hint = f"; did you mean {', '.join(close)}?" if close else ""
        raise UsageError(f"'{name}' is not in the table{hint}")
    return row


@api.command("show")
@click.argument("name")
@LANGUAGE
@click.option("--example/--no-example", default=True, help="Show what the check runs.")
def show_command(name: str, language: Language, example: bool) -> None:
    """Show the row of NAME: a TensorFlow 1 or 2 API, or a Caffe layer."""
    from rich.console import Console
    from rich.markdown import Markdown

    text = show(find(name), language, example=example)
    console = Console()
    if console.is_terminal:
        console.print(Markdown(text))
    else:
        click.echo(text, nl=False)


@api.command("list")
@click.option("--kind", type=click.Choice(KINDS), help="Only rows of this kind.")
@click.option("--namespace", help="Only APIs below this name, such as tf.nn or caffe.")
@LANGUAGE
def list_command(kind: str | None, namespace: str | None, language: Language) -> None:
    """List rows: API, kind, counterpart and the codes of its differences, separated by tabs."""
    prefix = f"{namespace.rstrip('.')}." if namespace else ""
    rows = [
        row
        for row in load()
        if (kind is None or row.kind == kind) and any(name.startswith(prefix) for name in row.names)
    ]
    if not rows:
        raise UsageError("no row fits; namespaces start with tf. or caffe.")
    for row in rows:
        codes = ", ".join(word(difference.code, language) for difference in row.differences)
        click.echo("\t".join((row.name, word(row.kind, language), row.paddle or "-", codes or "-")))


@api.command("scan")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--format", "form", type=click.Choice(sorted(RENDERERS)), default="text", help="Form of the report.")
@click.option(
    "--fail-on", type=click.Choice(["unknown", "none"]), multiple=True, help="Exit with 3 when there is such a use."
)
def scan_command(paths: Sequence[Path], form: str, fail_on: Sequence[str]) -> None:
    """Find every TensorFlow API that the Python files in PATHS use, and say what its counterpart is."""
    result = scan(paths)
    click.echo(RENDERERS[form](result))
    bad = [reference for _, reference in result.references if kind_of(reference) in fail_on]
    if bad:
        raise VerificationError(f"{len(bad)} uses are of a kind that --fail-on names")


@api.command("rewrite")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Where to write; by default to standard output.")
@click.option("--diff", is_flag=True, help="Show a unified diff in place of the file.")
def rewrite_command(file: Path, output: Path | None, diff: bool) -> None:
    """Rewrite FILE to Paddle where that is provably local; the rest gets a TODO comment above it."""
    from paddlify.apimap.names import libcst_or_hint

    libcst_or_hint()
    from paddlify.apimap.rewrite import rewrite

    before = file.read_text(encoding="utf-8")
    result = rewrite(before)
    text = result.source
    if diff:
        lines = difflib.unified_diff(
            before.splitlines(True), text.splitlines(True), str(file), str(output or file.with_suffix(".paddle.py"))
        )
        text = "".join(lines)
    if output is None:
        click.echo(text, nl=False)
    else:
        try:
            output.write_text(text, encoding="utf-8")
        except OSError as error:
            raise OutputError(f"{output}: {error.strerror}") from error
    click.echo(f"{result.rewritten} uses rewritten, {len(result.left)} left", err=True)
    for line, name, reason in result.left:
        click.echo(f"{file}:{line}: {name}: {reason}", err=True)


@api.command("check")
@click.argument("names", nargs=-1)
@click.option("--record", is_flag=True, help="Write what was measured beside the data, for the docs.")
def check_command(names: Sequence[str], record: bool) -> None:
    """Run the checks of the named rows, or all, on the installed versions of TensorFlow and Paddle."""
    import importlib.util

    if importlib.util.find_spec("tensorflow") is None:
        raise MissingDependencyError("the checks run TensorFlow: pip install tensorflow tf_keras")
    from paddlify.apimap import runner

    rows = tuple(find(name).name for name in names)
    outcomes = runner.run(rows)
    failed = [outcome for outcome in outcomes if outcome.error]
    for outcome in failed:
        click.echo(f"{outcome.row} ({outcome.code or 'same'}): {outcome.error}")
    drift = [] if names else runner.signatures()
    for problem in drift:
        click.echo(problem)
    versions = ", ".join(f"{name} {version}" for name, version in runner.versions().items())
    click.echo(f"{len(outcomes)} checks of {len({o.row for o in outcomes})} rows, {len(failed)} failed; {versions}")
    if record and not failed and not names:
        EVIDENCE.write_text(runner.as_text(runner.evidence(outcomes)), encoding="utf-8")
    if failed or drift:
        raise VerificationError(f"{len(failed)} checks and {len(drift)} signatures no longer hold")


@api.command("docs")
@click.option("--check", "only_check", is_flag=True, help="Change nothing; fail when a page is stale.")
@click.option("--folder", type=click.Path(path_type=Path), default=Path("docs/api"), help="Where the pages are.")
def docs_command(only_check: bool, folder: Path) -> None:
    """Write the generated pages."""
    from paddlify.apimap import docs

    if only_check:
        stale = docs.stale(folder)
        if stale:
            raise VerificationError(f"stale pages, run 'paddlify api docs': {', '.join(stale)}")
        return
    click.echo(f"{docs.write(folder)} pages in {folder}")
