"""Finds the operator at which a converted model first differs from its source.

The values between the operators are made outputs on both sides: onnxruntime computes them on the graph as it was read,
Paddle with the very weights of the folder. The first that differs while all before it agree names the operator. To be
an output keeps a value from being fused; where that heals the model, the fusion is to blame, and is looked for by
making ever fewer values outputs.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx_ir as ir

from paddlify import passes
from paddlify.errors import PaddlifyError
from paddlify.formats import FORMATS
from paddlify.frontends.onnx.upgrade import upgrade
from paddlify.ir import inference, provenance
from paddlify.progress import Progress, Silent
from paddlify.report import Report, TensorSpec
from paddlify.verification import runners
from paddlify.verification.compare import OutputComparison, compare_output

Array = np.ndarray[Any, Any]

PIR = FORMATS["pir"]
BATCH = 256
"""Values that are made outputs at once."""


@dataclass(frozen=True)
class Difference:
    """The first value that differs, and the operator that computes it.

    Attributes:
        op_type, node: the operator, as its source calls it.
        value: the name of its output in the graph.
        reason: how it differs.
        unseen: op type and name of each operator since the last value that agrees, whose own value the converted model
            does not have: it was joined with another. One of them may be to blame as well.
    """

    op_type: str
    node: str
    value: str
    reason: str
    unseen: tuple[str, ...] = ()

    def __str__(self) -> str:
        unseen = f" (or what was joined with it: {_listed(self.unseen)})" if self.unseen else ""
        return f"{self.op_type} '{self.node}' is the first that differs, in '{self.value}': {self.reason}{unseen}"


@dataclass(frozen=True)
class LeftOut:
    """A value of the source's graph that cannot be compared.

    Attributes:
        op_type, node: the operator that computes it, as its source calls it.
        value: its name in the graph.
        reason: why the converted model does not give it.
    """

    op_type: str
    node: str
    value: str
    reason: str


@dataclass(frozen=True)
class Bisection:
    """What the search found.

    Attributes:
        values: the comparison of each value that both sides have, in the order of computation; unless all were asked
            for they end with the batch in which the first difference was found.
        difference: the first operator that differs; None when each computes what it should.
        conclusion: the finding in a sentence.
        left_out: the values that one side alone has, or cannot give, as far as they were looked at.
    """

    values: Sequence[OutputComparison]
    difference: Difference | None
    conclusion: str
    left_out: Sequence[LeftOut] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return {
            "conclusion": self.conclusion,
            "first_difference": None if self.difference is None else asdict(self.difference),
            "values": [item.to_dict() for item in self.values],
            "left_out": [asdict(item) for item in self.left_out],
        }


@dataclass(frozen=True)
class Tolerance:
    """rtol and atol as they were given; None for the defaults of `compare_output`, which depend on `computes_in`."""

    rtol: float | None = None
    atol: float | None = None
    computes_in: Sequence[str] = ()

    def compared(self, name: str, expected: Array, actual: Array) -> OutputComparison:
        """The comparison of one value."""
        return compare_output(
            name, expected, actual, rtol=self.rtol, atol=self.atol, computes_in=self.computes_in
        )


def bisect(
    model: ir.Model, folder: Path, feeds: Mapping[str, Array], tolerance: Tolerance, *, differs: bool, onednn: bool,
    device: str = "cpu", all_values: bool = False, progress: Progress | None = None,
) -> Bisection:
    """Look for the first operator of a converted model that computes something else than its source.

    Args:
        model: the source's graph as it was read.
        folder: what `convert` wrote. Its weights are used; its program must be what this version makes of the graph.
        feeds: the inputs to look at.
        differs: whether an output of the model is wrong on them.
        onednn, device: how the converted model runs.
        all_values: go on behind the first difference.

    Raises SourceError or ConvertedError when a side does not run.
    """
    progress = progress or Silent()
    inference.infer_graph(model.graph, model.graph.opset_imports.get("", 1))
    with _exposable(model, folder) as converted:
        if not converted.is_current:
            return Bisection(
                (), None, f"{folder} is not what this version of paddlify makes of the source; convert it again"
            )
        computed = [value for node in model.graph if node.op_type != "Constant" for value in node.outputs if value.name]
        reasons = {value: _why_not(value, converted) for value in computed}
        values = [value for value, reason in reasons.items() if not reason]
        left_out = [_left_out(value, reason) for value, reason in reasons.items() if reason]
        progress.stage("compare values", len(values))
        search = _Search(model, values, converted, feeds, tolerance, (device, onednn), left_out)
        with runners.graph_runner(_with_outputs(model, [*model.graph.outputs, *values])) as runner:
            return search.run(runner, progress, differs=differs, all_values=all_values)


def _why_not(value: ir.Value, converted: _Exposed) -> str:
    """Why a value cannot be compared; empty if it can, as far as is known before it is tried."""
    if not isinstance(value.type, ir.TensorType):
        return "it is no tensor of a dtype that is known"
    return "" if value.name in converted.variables else "the converted model does not compute it by itself"


def _left_out(value: ir.Value, reason: str) -> LeftOut:
    node = value.producer()
    assert node is not None
    return LeftOut(provenance.source_op(node), provenance.source_name(node), str(value.name), reason)


class _Exposed:
    """The folder's program, any of whose values can be made outputs."""

    def __init__(
        self, folder: Path, scratch: Path, program: Any, variables: Mapping[str, str], layouts: Mapping[str, Any]
    ) -> None:
        self.report = Report.read(folder)
        self._scratch, self._program, self._layouts = scratch, program, layouts
        self.variables = {value: name for value, name in variables.items() if name in program.trace.variables}
        weights = folder / PIR.parameters
        if weights.is_file():
            (scratch / PIR.parameters).symlink_to(weights.resolve())
        program.save(scratch / PIR.program)
        self.is_current = (scratch / PIR.program).read_bytes() == (folder / PIR.program).read_bytes()

    def run(
        self, values: Sequence[ir.Value], feeds: Mapping[str, Array], device: str, *, onednn: bool
    ) -> tuple[list[Array], list[Array]]:
        """The model's own outputs, and these values in the source's layout.

        Raises ConvertedError when the program does not run so.
        """
        own = [spec.name for spec in self.report.outputs]
        exposed = [value for value in values if value.name not in own]
        self._program.save(self._scratch / PIR.program, [self.variables[str(value.name)] for value in exposed])
        specs = [_spec(value) for value in exposed]
        replace(self.report, outputs=[*self.report.outputs, *specs]).write(self._scratch)
        results = runners.run_converted(self._scratch, feeds, device, onednn=onednn)
        found = dict(zip(own, results, strict=False))
        for spec, array in zip(specs, results[len(own) :], strict=True):
            found[spec.name] = _laid_out(array, self._layouts[spec.name])
        return results[: len(own)], [found[str(value.name)] for value in values]


def _laid_out(array: Array, perm: Sequence[int] | None) -> Array:
    return array if perm is None or len(perm) != array.ndim else array.transpose(perm)


def _spec(value: ir.Value) -> TensorSpec:
    if value.dtype is None:
        raise ValueError(f"'{value.name}' has no dtype")
    return TensorSpec(str(value.name), None, value.dtype.numpy().name)


@contextmanager
def _exposable(model: ir.Model, folder: Path) -> Iterator[_Exposed]:
    from paddlify.backends.paddle.program import exposable
    from paddlify.backends.paddle.write import write_code

    improved = model.clone()
    upgrade(improved)
    passes.run(improved)
    layouts = {str(value.name): provenance.layout(value) for node in improved.graph for value in node.outputs}
    with tempfile.TemporaryDirectory(prefix="paddlify-") as scratch:
        module = write_code(improved, Path(scratch))
        with exposable(Path(scratch), module.name) as program:
            yield _Exposed(folder, Path(scratch), program, module.variables, layouts)


def _with_outputs(model: ir.Model, outputs: Sequence[ir.Value]) -> ir.Model:
    names = list(dict.fromkeys(value.name for value in outputs))
    exposed = model.clone()
    values = {value.name: value for value in exposed.graph.inputs}
    values.update((value.name, value) for node in exposed.graph for value in node.outputs)
    values.update(exposed.graph.initializers)
    exposed.graph.outputs[:] = [values[name] for name in names]
    return exposed


@dataclass
class _Search:
    model: ir.Model
    values: Sequence[ir.Value]
    converted: _Exposed
    feeds: Mapping[str, Array]
    tolerance: Tolerance
    place: tuple[str, bool]
    left_out: list[LeftOut]

    def run(self, runner: runners.OnnxRuntime, progress: Progress, *, differs: bool, all_values: bool) -> Bisection:
        compared: list[OutputComparison] = []
        failed: OutputComparison | None = None
        for start in range(0, len(self.values), BATCH):
            batch = self.values[start : start + BATCH]
            for value, expected, actual in self._both(runner, batch):
                compared.append(self.tolerance.compared(str(value.name), expected, actual))
            progress.advance(len(batch))
            failed = next((item for item in compared if not item.passed), None)
            if failed is not None and not all_values:
                break
        names = [item.name for item in compared]
        if failed is None:
            agree = f"all {len(names)} values that can be compared agree"
            agree += f" ({len(self.left_out)} are left out)" if self.left_out else ""
            cause = self._other_cause(runner, names) if differs else ""
            return Bisection(compared, None, agree + cause, self.left_out)
        difference = self._difference(failed, names)
        return Bisection(compared, difference, str(difference), self.left_out)

    def _both(
        self, runner: runners.OnnxRuntime, values: Sequence[ir.Value]
    ) -> Iterator[tuple[ir.Value, Array, Array]]:
        """Both sides' values; those that Paddle cannot make outputs are noted as left out."""
        try:
            actual = self._actual(values)[1]
        except PaddlifyError as error:
            if len(values) == 1:
                self.left_out.append(_left_out(values[0], f"Paddle cannot make it an output: {error}"))
                return
            half = len(values) // 2
            yield from self._both(runner, values[:half])
            yield from self._both(runner, values[half:])
            return
        expected = runner.run(self.feeds, [str(value.name) for value in values])
        yield from zip(values, expected, actual, strict=True)

    def _actual(self, values: Sequence[ir.Value]) -> tuple[list[Array], list[Array]]:
        device, onednn = self.place
        return self.converted.run(values, self.feeds, device, onednn=onednn)

    def _difference(self, failed: OutputComparison, seen: Sequence[str]) -> Difference:
        """The operator of a value, and those before it, since the last value that was seen, that it needs."""
        before = set(seen[: seen.index(failed.name)])
        blamed = next(node for node in self.model.graph if any(value.name == failed.name for value in node.outputs))
        unseen, waiting = [], [blamed]
        while waiting:
            for value in waiting.pop().inputs:
                maker = value.producer() if value is not None and value.name not in before else None
                if maker is not None and maker not in unseen and maker.op_type != "Constant":
                    unseen.append(maker)
                    waiting.append(maker)
        return Difference(
            provenance.source_op(blamed), provenance.source_name(blamed), failed.name, failed.reason,
            tuple(f"{provenance.source_op(node)} '{provenance.source_name(node)}'" for node in unseen),
        )

    def _other_cause(self, runner: runners.OnnxRuntime, names: Sequence[str]) -> str:
        """Why a model whose values all agree may differ nevertheless."""
        expected = runner.run(self.feeds, [spec.name for spec in self.converted.report.outputs])
        if self._is_right(expected, []):
            return (
                ", and Paddle computes what the graph says that was read: the source, or the reference, is what "
                "differs from that graph"
            )
        seen = [value for value in self.values if value.name in set(names)]
        if not self._is_right(expected, seen):
            return ", and the outputs differ nevertheless"
        few, many = 0, len(seen)
        while many - few > 1:
            middle = (few + many) // 2
            few, many = (few, middle) if self._is_right(expected, seen[:middle]) else (middle, many)
        node = seen[many - 1].producer()
        assert node is not None
        return (
            " when they are made outputs, and then the model is right: Paddle joins "
            f"{provenance.source_op(node)} '{provenance.source_name(node)}' with what follows it, and then computes "
            "something else"
        )

    def _is_right(self, expected: Sequence[Array], exposed: Sequence[ir.Value]) -> bool:
        """Whether the outputs are right while these values are outputs too."""
        actual = self._actual(exposed)[0]
        names = [spec.name for spec in self.converted.report.outputs]
        compared = map(self.tolerance.compared, names, expected, actual)
        return all(item.passed for item in compared)


def _listed(names: Sequence[str], most: int = 5) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
