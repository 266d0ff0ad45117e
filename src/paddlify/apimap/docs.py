"""The generated pages in ``docs/api``: an index in each language, and a page for each file of rows."""

from __future__ import annotations

from pathlib import Path

from paddlify.apimap.show import Language, code, evidence, show, word
from paddlify.apimap.table import Row, Table, load

_TITLE = {
    "en": (
        "APIs of TensorFlow and Caffe, and their counterparts in Paddle",
        "Every row is proved by running both sides",
    ),
    "zh": ("TensorFlow、Caffe 与 Paddle 的接口对照", "每一行都由同时运行两边的检查证明"),
}
_INTRODUCTION = {
    "en": (
        "A row is **same** when, after a fixed change of names, values, shapes, dtypes and gradients agree on the "
        "inputs of its check, edge cases included. It **differs** when there is one counterpart with at least one "
        "difference; its check shows that the plain change of names does differ, and that the advised form agrees. "
        "**compose** takes several calls; for **none** there is nothing. All numbers were measured on a CPU.\n\n"
        "The examples are the bodies of the checks: `claim.agree` states that two results have equal values, "
        "shapes and dtypes, `claim.differ` that they differ and `claim.raises` that a call fails; the comment "
        "behind such a line is what was measured. `random` makes an array with a seed. Where an expression stands "
        "in a table, `x`, `y` and the like are the inputs of the check."
    ),
    "zh": (
        "**功能一致**：只做固定的改名后，在检查所用的输入（含边界情形）上，数值、形状、数据类型和梯度都一致。"
        "**差异对比**：有一个对应接口，但至少有一处差异；检查既证明仅改名确有差异，也证明建议写法一致。"
        "**组合实现**：需要几个调用；**无对应接口**：没有。所有数字都在 CPU 上测得。\n\n"
        "示例就是检查的函数体：`claim.agree` 表示两个结果的数值、形状和数据类型都相等，`claim.differ` 表示"
        "两者不同，`claim.raises` 表示调用会失败；行尾的注释是实测结果。`random` 用固定种子生成数组。"
        "表格中的表达式里，`x`、`y` 等是检查的输入。"
    ),
}


def pages(table: Table | None = None) -> dict[str, str]:
    """The text of every generated page by its path below ``docs/api``."""
    table = table or load()
    found: dict[str, str] = {}
    languages: tuple[Language, Language] = ("en", "zh")
    for language in languages:
        found[f"{language}/README.md"] = _index(table, language)
        for namespace in table.namespaces:
            rows = [row for row in table if row.namespace == namespace]
            found[f"{language}/{namespace}.md"] = _page(namespace, rows, language)
    return found


def _versions() -> str:
    names = {"tensorflow": "TensorFlow", "paddle": "Paddle"}
    return ", ".join(f"{names.get(key, key)} {value}" for key, value in evidence()["versions"].items())


def anchor(row: Row) -> str:
    """The anchor of a row's heading, as GitHub makes it."""
    return "".join(c for c in row.name.lower() if c.isalnum() or c in "_-")


def _index(table: Table, language: Language) -> str:
    title, subtitle = _TITLE[language]
    lines = [f"# {title}", "", f"{subtitle}: {_versions()}.", "", _INTRODUCTION[language], ""]
    heads = ("#", "API", "Paddle", word("verdict", language), word("differences", language))
    originals = {number: row for row in table for number in row.original}
    for heading, rows in (
        ("2019", [(str(number), originals[number]) for number in sorted(originals)]),
        ("TensorFlow", [(str(i), row) for i, row in enumerate((r for r in table if not _is_caffe(r)), 1)]),
        ("Caffe", [(str(i), row) for i, row in enumerate((r for r in table if _is_caffe(r)), 1)]),
    ):
        name = {"2019": {"en": "The table of 2019", "zh": "2019 年的对照表"}[language]}.get(heading, heading)
        lines += [f"## {name} ({len(rows)})", "", f"| {' | '.join(heads)} |", "|---|---|---|---|---|"]
        lines += [_index_line(number, row, language) for number, row in rows]
        lines.append("")
    return "\n".join(lines)


def _is_caffe(row: Row) -> bool:
    return row.name.startswith("caffe.")


def _index_line(number: str, row: Row, language: Language) -> str:
    name = code(row.name) if row.kind == "same" else f"[{code(row.name)}]({row.namespace}.md#{anchor(row)})"
    paddle = " + ".join(code(p) for p in row.paddle_names)
    differs = ", ".join(word(d.code, language) for d in row.differences)
    return f"| {number} | {name} | {paddle} | {word(row.kind, language)} | {differs} |"


def _page(namespace: str, rows: list[Row], language: Language) -> str:
    same = [row for row in rows if row.kind == "same"]
    other = [row for row in rows if row.kind != "same"]
    lines = [f"# {namespace}", "", f"{_TITLE[language][1]}: {_versions()}. [{_TITLE[language][0]}](README.md)", ""]
    if same:
        lines += [f"## {word('same', language)} ({len(same)})", "", "| API | Paddle | |", "|---|---|---|"]
        for row in same:
            note = row.note.in_language(language) if row.note else ""
            lines.append(f"| {code(row.name)} | {code(row.advice or row.paddle)} | {note} |")
        lines.append("")
    for row in other:
        lines += [show(row, language, level=2), ""]
    return "\n".join(lines).rstrip() + "\n"


def write(folder: Path) -> int:
    """Write all pages, and remove those that are no longer made; returns their number."""
    found = pages()
    for path, text in found.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    for language in ("en", "zh"):
        for file in (folder / language).glob("*.md"):
            if f"{language}/{file.name}" not in found:
                file.unlink()
    return len(found)


def stale(folder: Path) -> list[str]:
    """The pages that are missing, differ from what would be written, or should not be there."""
    found = pages()
    different = [
        path
        for path, text in found.items()
        if not (folder / path).exists() or (folder / path).read_text(encoding="utf-8") != text
    ]
    extra = [
        f"{language}/{path.name}"
        for language in ("en", "zh")
        for path in sorted((folder / language).glob("*.md"))
        if f"{language}/{path.name}" not in found
    ]
    return different + extra
