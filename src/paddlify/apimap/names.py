"""Finds the TensorFlow APIs that a Python file uses, through its imports, aliases and rebindings.

Only names are resolved: what an object's method is (``model.fit``, ``sess.run``) cannot be known without types.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from paddlify.apimap.table import Row, Table, load
from paddlify.errors import MissingDependencyError, UsageError

if TYPE_CHECKING:
    import libcst as cst

_V1, _V2 = "tensorflow.compat.v1.", "tensorflow.compat.v2."


@dataclass(frozen=True)
class Reference:
    """One use of an API: as the file writes it, by its TensorFlow name, and the row that it means, if any."""

    written: str
    name: str
    generation: int
    row: Row | None
    line: int
    column: int


def libcst_or_hint() -> None:
    """Raise a MissingDependencyError that says what to install when LibCST is missing."""
    try:
        import libcst  # noqa: F401
    except ImportError as error:
        raise MissingDependencyError("reading Python files needs LibCST: pip install 'paddlify[api]'") from error


def dotted(node: cst.BaseExpression) -> str | None:
    """The dotted name that an expression is, or None."""
    import libcst as cst

    if isinstance(node, cst.Name):
        return str(node.value)
    if isinstance(node, cst.Attribute):
        left = dotted(node.value)
        return f"{left}.{node.attr.value}" if left else None
    return None


class Names:
    """The names of one parsed file."""

    def __init__(self, source: str, table: Table | None = None) -> None:
        libcst_or_hint()
        import libcst as cst
        from libcst.metadata import (
            MetadataWrapper,
            ParentNodeProvider,
            PositionProvider,
            QualifiedNameProvider,
            ScopeProvider,
        )

        self.table = table or load()
        try:
            module = cst.parse_module(source)
        except cst.ParserSyntaxError as error:
            raise UsageError(f"not Python that LibCST can read: {error.message} (line {error.raw_line})") from error
        self.wrapper = MetadataWrapper(module)
        self.module = self.wrapper.module
        self.qualified = self.wrapper.resolve(QualifiedNameProvider)
        self.positions = self.wrapper.resolve(PositionProvider)
        self.parents = self.wrapper.resolve(ParentNodeProvider)
        self.scopes = self.wrapper.resolve(ScopeProvider)
        self._rebound = self._rebindings()
        self.generation = self._detect_generation()

    def full_name(self, node: cst.BaseExpression) -> str | None:
        """The absolute dotted name (``tensorflow.nn.relu``) of a name or attribute that comes from an import."""
        from libcst.metadata import QualifiedNameSource

        text = dotted(node)
        if text is None:
            return None
        found = self.qualified.get(node, set())
        names = found() if callable(found) else found
        for name in names:
            if name.source is QualifiedNameSource.IMPORT:
                return str(name.name)
        first, _, rest = text.partition(".")
        if first in self._rebound and self._is_load(node):
            return f"{self._rebound[first]}.{rest}" if rest else self._rebound[first]
        return None

    def _rebindings(self) -> dict[str, str]:
        """Names assigned once in the file, to nothing but a dotted name of TensorFlow: ``K = tf.keras.layers``."""
        import libcst.matchers as m

        self._rebound = {}
        assigned: dict[str, int] = {}
        candidates: dict[str, str] = {}
        for node in m.findall(self.module, m.AssignTarget(target=m.Name())):
            assigned[node.target.value] = assigned.get(node.target.value, 0) + 1
        for node in m.findall(self.module, m.Assign(targets=[m.AssignTarget(target=m.Name())])):
            full = self.full_name(node.value)
            if full and self.api_name(full)[0]:
                candidates[node.targets[0].target.value] = full
        return {name: full for name, full in candidates.items() if assigned[name] == 1}

    def _is_load(self, node: cst.CSTNode) -> bool:
        """False for the target of an assignment, a parameter, and the keyword of an argument."""
        import libcst as cst

        parent = self.parents.get(node)
        is_keyword = isinstance(parent, cst.Arg) and parent.keyword is node
        return not isinstance(parent, (cst.AssignTarget, cst.Param)) and not is_keyword

    @staticmethod
    def api_name(full: str) -> tuple[str | None, int | None]:
        """``tf.…`` for an absolute name, and the generation if the name says it; None if it is not TensorFlow's."""
        for prefix, generation in ((_V1, 1), (_V2, 2)):
            if full.startswith(prefix):
                return "tf." + full.removeprefix(prefix), generation
        if full.startswith("tensorflow."):
            return "tf." + full.removeprefix("tensorflow."), None
        if full.startswith("keras."):
            return "tf." + full, 2
        return None, None

    @property
    def has_rebindings(self) -> bool:
        """Whether a name of the file is bound to a module or function of TensorFlow."""
        return bool(self._rebound)

    def _detect_generation(self) -> int:
        """1 when the file uses a name that only TensorFlow 1 has, 2 otherwise."""
        for _, name, generation in self._uses():
            if generation == 1 or self._only_in_tf1(name):
                return 1
        return 2

    def _only_in_tf1(self, name: str) -> bool:
        row = self.table.find(name, 1)
        if row is None or self.table.find(name, 2) is not row:
            return False
        return name in row.tf1 and name not in (*row.aliases, row.name if not row.tf2 else "")

    def _uses(self) -> Iterator[tuple[cst.BaseExpression, str, int | None]]:
        import libcst as cst
        import libcst.matchers as m

        for node in m.findall(self.module, m.Name() | m.Attribute()):
            parent = self.parents.get(node)
            if isinstance(parent, cst.Attribute) or not self.is_use(node):
                continue
            full = self.full_name(node)
            name, generation = self.api_name(full) if full else (None, None)
            if name:
                yield node, name, generation

    def is_use(self, node: cst.CSTNode) -> bool:
        """False for the names in import statements, and for the right side of a rebinding."""
        import libcst as cst

        parent: cst.CSTNode | None = self.parents.get(node)
        if isinstance(parent, cst.Assign) and parent.value is node:
            target = parent.targets[0].target
            return not (isinstance(target, cst.Name) and target.value in self._rebound)
        while parent is not None:
            if isinstance(parent, (cst.Import, cst.ImportFrom)):
                return False
            if isinstance(parent, cst.BaseSmallStatement):
                return True
            parent = self.parents.get(parent)
        return True

    def lookup(self, node: cst.BaseExpression) -> tuple[str, int, Row | None] | None:
        """Name, generation and row of a name or attribute, or None when it is not TensorFlow's."""
        full = self.full_name(node)
        name, generation = self.api_name(full) if full else (None, None)
        if name is None:
            return None
        generation = generation or self.generation
        return name, generation, self.table.find(name, generation)

    def references(self) -> list[Reference]:
        """Every use of TensorFlow in the file, in order of position."""
        found = []
        for node, name, said in self._uses():
            generation = said or self.generation
            position = self.positions[node].start
            row, shown = self._row_or_prefix(name, generation)
            text = dotted(node) or name
            found.append(Reference(text, shown, generation, row, position.line, position.column + 1))
        return sorted(found, key=lambda reference: (reference.line, reference.column))

    def _row_or_prefix(self, name: str, generation: int) -> tuple[Row | None, str]:
        """The row of a name, or of the API whose attribute it is (``tf.float32.max``)."""
        prefix = name
        while prefix.count(".") >= 1:
            row = self.table.find(prefix, generation)
            if row:
                return row, prefix
            prefix = prefix.rsplit(".", 1)[0]
        return None, name
