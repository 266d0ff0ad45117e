"""Scans Python files for TensorFlow APIs and reports their counterparts, as text, Markdown, JSON or SARIF."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from paddlify.apimap.names import Names, Reference
from paddlify.apimap.table import KINDS
from paddlify.errors import UsageError

Format = Literal["text", "markdown", "json", "sarif"]
_LEVELS = {"same": "note", "differs": "warning", "compose": "warning", "none": "error", "unknown": "error"}


@dataclass(frozen=True)
class FileScan:
    """The TensorFlow APIs of one file; ``error`` says why a file could not be read."""

    path: Path
    references: tuple[Reference, ...]
    error: str = ""


@dataclass(frozen=True)
class Scan:
    """The result for all files."""

    files: tuple[FileScan, ...]

    @property
    def references(self) -> list[tuple[Path, Reference]]:
        return [(file.path, reference) for file in self.files for reference in file.references]

    def counts(self) -> dict[str, tuple[int, int]]:
        """For each kind, and for unknown names: the number of uses, and of distinct APIs."""
        uses: Counter[str] = Counter()
        apis: dict[str, set[str]] = {}
        for _, reference in self.references:
            kind = kind_of(reference)
            uses[kind] += 1
            apis.setdefault(kind, set()).add(reference.row.name if reference.row else reference.name)
        return {kind: (uses[kind], len(apis.get(kind, ()))) for kind in (*KINDS, "unknown")}


def kind_of(reference: Reference) -> str:
    """The kind of the row that a reference means, or ``unknown``."""
    return reference.row.kind if reference.row else "unknown"


def python_files(paths: Iterable[Path]) -> list[Path]:
    """The given files, and all ``*.py`` files below the given folders; raises UsageError for a path that is missing."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found += sorted(path.rglob("*.py"))
        elif path.is_file():
            found.append(path)
        else:
            raise UsageError(f"{path}: no such file or folder")
    return found


def scan(paths: Iterable[Path]) -> Scan:
    """Scan files and folders; a file that cannot be read as Python is reported, not skipped silently."""
    files = []
    for path in python_files(paths):
        try:
            references = Names(path.read_text(encoding="utf-8")).references()
            files.append(FileScan(path, tuple(references)))
        except (UsageError, UnicodeDecodeError) as error:
            files.append(FileScan(path, (), str(error)))
    return Scan(tuple(files))


def _by_api(result: Scan) -> list[tuple[str, list[tuple[Path, Reference]]]]:
    grouped: dict[str, list[tuple[Path, Reference]]] = {}
    for path, reference in result.references:
        grouped.setdefault(reference.name, []).append((path, reference))
    order = ["unknown", "none", "differs", "compose", "same"]
    return sorted(grouped.items(), key=lambda item: (order.index(kind_of(item[1][0][1])), -len(item[1]), item[0]))


def _codes(reference: Reference) -> str:
    return ", ".join(difference.code for difference in reference.row.differences) if reference.row else ""


def _places(uses: Sequence[tuple[Path, Reference]], limit: int) -> str:
    shown = [f"{path}:{reference.line}" for path, reference in uses[:limit]]
    return ", ".join(shown) + (f" and {len(uses) - limit} more" if len(uses) > limit else "")


def to_text(result: Scan) -> str:
    """A table of the APIs, those without a counterpart first, and totals."""
    rows = [("API", "uses", "kind", "Paddle", "differs in", "where")]
    for name, uses in _by_api(result):
        reference = uses[0][1]
        paddle = reference.row.paddle if reference.row else ""
        rows.append(
            (name, str(len(uses)), kind_of(reference), paddle or "-", _codes(reference) or "-", _places(uses, 3))
        )
    widths = [max(len(row[i]) for row in rows) for i in range(5)]
    lines = [
        "  ".join((*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[5])) for row in rows
    ]
    return "\n".join([*(lines if len(rows) > 1 else ["no TensorFlow API found"]), "", *_totals(result)])


def _totals(result: Scan) -> list[str]:
    lines = [f"{kind}: {uses} uses of {apis} APIs" for kind, (uses, apis) in result.counts().items()]
    return lines + [f"not read: {file.path}: {file.error}" for file in result.files if file.error]


def to_markdown(result: Scan) -> str:
    """The same table in Markdown."""
    lines = ["| API | uses | kind | Paddle | differs in | where |", "|---|---|---|---|---|---|"]
    for name, uses in _by_api(result):
        reference = uses[0][1]
        paddle = f"`{reference.row.paddle}`" if reference.row and reference.row.paddle else ""
        cells = (f"`{name}`", str(len(uses)), kind_of(reference), paddle, _codes(reference), _places(uses, 3))
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join([*lines, "", *(f"- {line}" for line in _totals(result))])


def to_json(result: Scan) -> str:
    """Every use with its place, and the totals."""
    document = {
        "references": [
            {
                "path": str(path),
                "line": reference.line,
                "column": reference.column,
                "written": reference.written,
                "name": reference.name,
                "kind": kind_of(reference),
                "row": reference.row.name if reference.row else None,
                "paddle": reference.row.paddle if reference.row else None,
                "differs": [difference.code for difference in reference.row.differences] if reference.row else [],
            }
            for path, reference in result.references
        ],
        "totals": {kind: {"uses": uses, "apis": apis} for kind, (uses, apis) in result.counts().items()},
        "errors": {str(file.path): file.error for file in result.files if file.error},
    }
    return json.dumps(document, indent=2, ensure_ascii=False)


def to_sarif(result: Scan) -> str:
    """SARIF 2.1.0: one rule for each API, one result for each use."""
    rules: dict[str, dict[str, Any]] = {}
    results = []
    for path, reference in result.references:
        kind = kind_of(reference)
        row = reference.row
        text = " ".join(d.text.en for d in row.differences) or (row.note.en if row.note else "") if row else ""
        message = f"{reference.name}: {kind}" + (f", {row.paddle}" if row and row.paddle else "") + f". {text}"
        rule = row.name if row else "unknown"
        rules.setdefault(rule, {"id": rule, "shortDescription": {"text": f"{rule}: {kind}"}})
        region = {"startLine": reference.line, "startColumn": reference.column}
        location = {"artifactLocation": {"uri": path.as_posix()}, "region": region}
        results.append(
            {
                "ruleId": rule,
                "level": _LEVELS[kind],
                "message": {"text": message.strip()},
                "locations": [{"physicalLocation": location}],
            }
        )
    run = {"tool": {"driver": {"name": "paddlify", "rules": list(rules.values())}}, "results": results}
    schema = "https://json.schemastore.org/sarif-2.1.0.json"
    return json.dumps({"$schema": schema, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False)


RENDERERS = {"text": to_text, "markdown": to_markdown, "json": to_json, "sarif": to_sarif}
