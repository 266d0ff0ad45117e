"""One row as Markdown: for ``paddlify api show`` and for the generated pages."""

from __future__ import annotations

import functools
import json
import re
from pathlib import Path
from typing import Any, Literal

from paddlify.apimap.checks import load_checks
from paddlify.apimap.table import Parameter, Row

Language = Literal["en", "zh"]
EVIDENCE = Path(__file__).parent / "evidence.json"

_WORDS = {
    "same": ("same", "功能一致"),
    "differs": ("differs", "差异对比"),
    "compose": ("compose", "组合实现"),
    "none": ("none", "无对应接口"),
    "default": ("default", "默认值"),
    "order": ("order", "顺序"),
    "layout": ("layout", "数据布局"),
    "dtype": ("dtype", "数据类型"),
    "shape": ("shape", "形状"),
    "edge": ("edge", "边界情形"),
    "gradient": ("gradient", "梯度"),
    "random": ("random", "随机"),
    "state": ("state", "状态"),
    "usage": ("usage", "用法"),
    "verdict": ("Verdict", "结论"),
    "counterpart": ("In Paddle", "Paddle 对应接口"),
    "also": ("Also known as", "其他名称"),
    "original": ("In the table of 2019", "2019 年对照表中的序号"),
    "parameters": ("Parameters", "参数对照"),
    "tf1_parameters": ("Parameters in TensorFlow 1", "TensorFlow 1 的参数"),
    "differences": ("Differences", "差异"),
    "advice": ("Written in Paddle", "Paddle 写法"),
    "example": ("Example, run by the check", "示例（由检查执行）"),
    "measured": ("Measured", "实测"),
    "note": ("Note", "说明"),
    "required": ("required", "必填"),
    "synonym": ("older name of", "旧名，即"),
    "renamed": ("renamed only", "仅改名"),
    "advised": ("advised", "建议写法"),
}


def word(key: str, language: Language) -> str:
    """A fixed word or heading in a language."""
    return _WORDS[key][language == "zh"]


@functools.cache
def evidence() -> dict[str, Any]:
    """What the checks measured when they were last recorded; empty when they never were."""
    if not EVIDENCE.exists():
        return {"versions": {}, "rows": {}}
    found: dict[str, Any] = json.loads(EVIDENCE.read_text(encoding="utf-8"))
    return found


_CHINESE = (
    (r"agrees on (\d+) inputs", r"在 \1 组输入上一致"),
    (r", (\d+) with gradients", r"，其中 \1 组比较了梯度"),
    (r", no difference", "，无差别"),
    (r", max difference below (\S+)", r"，最大差小于 \1"),
    (r",? ?max difference (\S+)", r"，最大差 \1"),
    (r"gradient with respect to (\w+):", r"对 \1 的梯度"),
    (r"shape (\[.*?\]) instead of (\[.*?\])", r"形状为 \1 而不是 \2"),
    (r"(\w+) results instead of (\w+)", r"\1 个结果而不是 \2 个"),
    (r"(\w+) instead of (\w+)", r"\1 而不是 \2"),
    (r"raises (\w+)", r"抛出 \1"),
    (r"argument (\w+) has no counterpart", r"参数 \1 没有对应"),
)


def measured_in(result: str, language: Language) -> str:
    """A measured result in a language; the checks write them in English."""
    if language == "zh":
        for pattern, replacement in _CHINESE:
            result = re.sub(pattern, replacement, result)
        result = result.removeprefix("，")
    return result


def code(text: str) -> str:
    """Inline code, safe inside a table."""
    return f"`{text}`".replace("|", "\\|") if text else ""


def _cell(name: str | None, default: str | None, language: Language) -> str:
    if name is None:
        return ""
    return code(name if default is None else f"{name}={default}")


def parameter_table(parameters: tuple[Parameter, ...], left: str, language: Language) -> list[str]:
    """The parameters side by side; those of Paddle alone come last."""
    lines = [f"| {left} | Paddle |", "|---|---|"]
    for parameter in parameters:
        right = _cell(parameter.paddle, parameter.paddle_default, language)
        if parameter.synonym_of:
            right = f"{word('synonym', language)} {code(parameter.synonym_of)}"
        lines.append(f"| {_cell(parameter.tf, parameter.tf_default, language)} | {right} |")
    return lines


def _example(row: Row, difference: str | None, language: Language) -> list[str]:
    """What the checks of a row (or of one difference) run: a function's body, or expressions with their results."""
    measured = evidence()["rows"].get(row.name, {}).get(difference or "", [])
    lines: list[str] = []
    for check in load_checks():
        if check.row == row.name and check.code == difference and check.first_line:
            lines += ["```python", *_annotated(check.source, measured, language), "```", ""]
    pairs = [
        item
        for item in measured
        if ("line" not in item and "paddle" in item) or item.get("tensorflow", "").startswith("tf.")
    ]
    if pairs:
        lines += [f"| TensorFlow | Paddle | {word('measured', language)} |", "|---|---|---|"]
        lines += [
            f"| {code(i['tensorflow'])} | {code(i.get('paddle', ''))} | {measured_in(i['result'], language)} |"
            for i in pairs
        ]
        lines.append("")
    return lines


def _annotated(source: str, measured: list[dict[str, Any]], language: Language) -> list[str]:
    """The body of a check, with what was measured behind the lines that show a difference."""
    results: dict[int, list[str]] = {}
    for item in measured:
        if "line" in item and item["result"] not in ("agrees", "holds"):
            results.setdefault(item["line"], []).append(measured_in(item["result"], language))
    return [
        f"{line}  # {'; '.join(dict.fromkeys(results[number]))}" if number in results else line
        for number, line in enumerate(source.rstrip().splitlines())
    ]


def show(row: Row, language: Language = "en", level: int = 1, example: bool = True) -> str:
    """The whole row as Markdown, headings from the given level on."""
    mark, sub = "#" * level, "#" * (level + 1)
    left = "Caffe" if row.name.startswith("caffe.") else "TensorFlow"
    lines = [f"{mark} {row.name}", ""]
    lines.append(f"- {word('verdict', language)}: **{word(row.kind, language)}**")
    if row.paddle:
        lines.append(f"- {word('counterpart', language)}: " + " + ".join(code(name) for name in row.paddle_names))
    others = [name for name in row.names if name != row.name]
    if others:
        lines.append(f"- {word('also', language)}: " + ", ".join(code(name) for name in others))
    if row.original:
        lines.append(f"- {word('original', language)}: {', '.join(map(str, row.original))}")
    if row.advice:
        lines += ["", f"{word('advice', language)}:", "", "```python", row.advice, "```"]
    if row.note:
        lines += ["", row.note.in_language(language)]
    if row.params:
        lines += ["", f"{sub} {word('parameters', language)}", "", *parameter_table(row.params, left, language)]
    if row.tf1_params:
        table = parameter_table(row.tf1_params, "TensorFlow 1", language)
        lines += ["", f"{sub} {word('tf1_parameters', language)}", "", *table]
    if row.differences:
        lines += ["", f"{sub} {word('differences', language)}", ""]
        for difference in row.differences:
            lines.append(f"**{word(difference.code, language)}**: {difference.text.in_language(language)}")
            lines += ["", *(_example(row, difference.code, language) if example else [])]
    if example and (not row.differences or any(c.row == row.name and c.code is None for c in load_checks())):
        found = _example(row, None, language)
        if found:
            lines += ["", f"{sub} {word('example', language)}", "", *found]
    return "\n".join(lines).rstrip() + "\n"
