"""The API correspondence table: rows read from the TOML files in ``data/``, and looked up by any of their names.

Nothing here imports TensorFlow, Caffe or Paddle.
"""

from __future__ import annotations

import difflib
import functools
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib  # type: ignore[import-not-found]

Kind = Literal["same", "differs", "compose", "none"]
Code = Literal["default", "order", "layout", "dtype", "shape", "edge", "gradient", "random", "state", "usage"]
KINDS: tuple[Kind, ...] = get_args(Kind)
CODES: tuple[Code, ...] = get_args(Code)
DATA = Path(__file__).parent / "data"


class TableError(ValueError):
    """A row of the table is malformed."""


@dataclass(frozen=True)
class Parameter:
    """One line of a parameter table: a TensorFlow parameter, a Paddle parameter, or a pair of them.

    Written ``"features: tensor -> x"``, ``"alpha=0.2 -> negative_slope=0.01"``, ``"seed=None ->"`` (TensorFlow
    only) or ``"-> axis=-1"`` (Paddle only). ``=>`` in place of ``->`` pairs two parameters that stand at different
    positions, so that the Paddle one must be passed by keyword. Defaults are Python source; None means that there
    is no default. ``: tensor`` marks what TensorFlow would convert to a tensor and Paddle would not. On the right,
    ``{axis}`` means that the parameter is an older name of the TensorFlow parameter ``axis``.
    """

    tf: str | None
    tf_default: str | None
    paddle: str | None
    paddle_default: str | None
    tensor: bool = False
    positional: bool = True
    synonym_of: str | None = None

    @classmethod
    def parse(cls, text: str) -> Parameter:
        """Parse one line; raises TableError when it has no arrow or names no parameter."""
        arrow = "=>" if "=>" in text else "->"
        left, found, right = text.partition(arrow)
        if not found or not (left.strip() or right.strip()):
            raise TableError(f"not a parameter line: {text!r}")
        tf_name, tf_default = _name_and_default(left)
        synonym = right.strip()[1:-1] if right.strip().startswith("{") else None
        paddle_name, paddle_default = (None, None) if synonym else _name_and_default(right)
        tensor = tf_name is not None and tf_name.endswith(": tensor")
        if tf_name is not None and tensor:
            tf_name = tf_name.removesuffix(": tensor")
        return cls(tf_name, tf_default, paddle_name, paddle_default, tensor, arrow == "->", synonym)


def _name_and_default(text: str) -> tuple[str | None, str | None]:
    name, equals, default = text.strip().partition("=")
    return name.strip() or None, default.strip() if equals else None


@dataclass(frozen=True)
class Text:
    """A sentence in English and in Chinese."""

    en: str
    zh: str

    def in_language(self, language: str) -> str:
        return self.zh if language == "zh" else self.en


@dataclass(frozen=True)
class Difference:
    """One stated difference between an API and its Paddle counterpart."""

    code: Code
    text: Text


@dataclass(frozen=True)
class Row:
    """One API, its Paddle counterpart and what is known about the two.

    name: the API as users write it (its TensorFlow 2 name where that is unique), or ``caffe.<layer type>``.
    tf2: the TensorFlow 2 API when ``name`` exists in TensorFlow 1 only.
    aliases, tf1: other names in TensorFlow 2, and the names in TensorFlow 1.
    original: the row numbers in the table of 2019 (fluid 1.4), for the rows that come from it.
    paddle: the counterpart, or several joined by `` + ``, or an empty string.
    params, tf1_params: the parameters side by side; the second for a TensorFlow 1 signature that is not the
    one of TensorFlow 2.
    advice: a template of the Paddle code that agrees (see :mod:`paddlify.apimap.translate`).
    note: a remark on a row that is not about a difference.
    """

    namespace: str
    name: str
    kind: Kind
    paddle: str
    tf2: str | None = None
    aliases: tuple[str, ...] = ()
    tf1: tuple[str, ...] = ()
    original: tuple[int, ...] = ()
    params: tuple[Parameter, ...] = ()
    tf1_params: tuple[Parameter, ...] = ()
    advice: str | None = None
    note: Text | None = None
    differences: tuple[Difference, ...] = ()

    @property
    def paddle_names(self) -> tuple[str, ...]:
        return tuple(self.paddle.split(" + ")) if self.paddle else ()

    @property
    def names(self) -> tuple[str, ...]:
        """Every name that leads to this row, the row's own name first."""
        more = (self.tf2,) if self.tf2 else ()
        return tuple(dict.fromkeys((self.name, *more, *self.aliases, *self.tf1)))

    def parameters(self, name: str, generation: int) -> tuple[Parameter, ...]:
        """The parameter table for a call by the given name in a TensorFlow 1 or TensorFlow 2 program."""
        return self.tf1_params if generation == 1 and self.tf1_params and name in self.tf1 else self.params


_FIELDS = {
    "name", "kind", "paddle", "tf2", "aliases", "tf1", "original", "params", "tf1_params", "advice", "note",
    "differs",
}  # fmt: skip


def _text(value: Mapping[str, Any], where: str) -> Text:
    try:
        return Text(en=value["en"], zh=value["zh"])
    except KeyError as error:
        raise TableError(f"{where}: a text needs 'en' and 'zh'") from error


def _row(namespace: str, entry: Mapping[str, Any]) -> Row:
    name = entry.get("name", "<no name>")
    unknown = set(entry) - _FIELDS
    if unknown or not {"name", "kind", "paddle"} <= set(entry):
        raise TableError(f"{namespace}: {name}: unknown fields {sorted(unknown)} or missing name, kind, paddle")
    if entry["kind"] not in KINDS:
        raise TableError(f"{name}: kind {entry['kind']!r} is not one of {', '.join(KINDS)}")
    differences = []
    for item in entry.get("differs", ()):
        if item.get("code") not in CODES:
            raise TableError(f"{name}: difference code {item.get('code')!r} is not one of {', '.join(CODES)}")
        differences.append(Difference(item["code"], _text(item, name)))
    if (entry["kind"] == "differs") != bool(differences):
        raise TableError(f"{name}: a row states differences exactly when its kind is 'differs'")
    return Row(
        namespace=namespace,
        name=name,
        kind=entry["kind"],
        paddle=entry["paddle"],
        tf2=entry.get("tf2"),
        aliases=tuple(entry.get("aliases", ())),
        tf1=tuple(entry.get("tf1", ())),
        original=tuple(entry.get("original", ())),
        params=tuple(map(Parameter.parse, entry.get("params", ()))),
        tf1_params=tuple(map(Parameter.parse, entry.get("tf1_params", ()))),
        advice=entry.get("advice"),
        note=_text(entry["note"], name) if "note" in entry else None,
        differences=tuple(differences),
    )


class Table:
    """All rows, in the order of their files, with lookup by name."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self.rows = tuple(rows)
        self._by_name: dict[int, dict[str, Row]] = {1: {}, 2: {}}
        for row in self.rows:
            for generation, names in ((1, row.tf1), (2, (row.name, *row.aliases))):
                for name in names:
                    other = self._by_name[generation].setdefault(name, row)
                    if other is not row:
                        raise TableError(f"{name} (TensorFlow {generation}) names both {other.name} and {row.name}")

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def find(self, name: str, generation: int = 2) -> Row | None:
        """The row that a name means in TensorFlow 1 or 2; a name of the other generation is accepted too."""
        return self._by_name[generation].get(name) or self._by_name[3 - generation].get(name)

    def suggestions(self, name: str) -> list[str]:
        """Known names close to a name that is not in the table, best first."""
        names = {known.lower(): known for by_name in self._by_name.values() for known in by_name}
        last = name.rsplit(".", 1)[-1].lower()
        same_last = [known for low, known in names.items() if low.rsplit(".", 1)[-1] == last]
        close = [names[low] for low in difflib.get_close_matches(name.lower(), names, n=5, cutoff=0.75)]
        return list(dict.fromkeys((*same_last, *close)))[:5]

    @property
    def namespaces(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(row.namespace for row in self.rows))


@functools.cache
def load() -> Table:
    """Read the table that comes with the package; raises TableError when a row is malformed."""
    rows = []
    for path in sorted(DATA.glob("*.toml")):
        with path.open("rb") as file:
            rows += [_row(path.stem, entry) for entry in tomllib.load(file)["api"]]
    return Table(rows)
