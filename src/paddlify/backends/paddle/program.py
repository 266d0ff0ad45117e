"""The program that Paddle deploys, made by running `model.py` itself in static mode.

No parameter is initialised: the program needs names, shapes and dtypes only.
"""

from __future__ import annotations

import contextlib
import importlib.util
import sys
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from paddlify.backends.paddle.onednn import INTERPOLATIONS, has_computed_weights, suit_onednn
from paddlify.errors import PaddlifyError
from paddlify.formats import FORMATS


@dataclass(frozen=True)
class Traced:
    """What running `model.py` in static mode gave.

    Attributes:
        program: Paddle's program (PIR, or ProgramDesc where PIR is switched off).
        model: the instance of the model's class.
        feeds: the program's inputs.
        fetches: its outputs.
        variables: the tensors that `forward` held in variables, by their names; empty unless they were asked for.
    """

    program: Any
    model: Any
    feeds: list[Any]
    fetches: list[Any]
    variables: dict[str, Any]


@contextlib.contextmanager
def traced(folder: Path, class_name: str, *, keep_variables: bool = False) -> Iterator[Traced]:
    """Run `folder/model.py` in static mode; the block runs in that mode too."""
    import paddle

    module = _import(folder / "model.py")
    with _static_mode(), _no_call_paths():
        program = paddle.static.Program()
        with paddle.static.program_guard(program, paddle.static.Program()):
            model = getattr(module, class_name)()
            model.eval()
            feeds = [paddle.static.data(spec.name, spec.shape, spec.dtype) for spec in module.INPUTS]
            with _locals_of(model.forward if keep_variables else None) as found:
                results = model(*feeds)
            fetches = list(results) if isinstance(results, (tuple, list)) else [results]
            variables = {name: value for name, value in found.items() if isinstance(value, paddle.pir.Value)}
            yield Traced(program, model, feeds, fetches, variables)


@contextlib.contextmanager
def _locals_of(function: Any) -> Iterator[dict[str, Any]]:
    """What the local variables of a function were when it returned in the block; nothing for None."""
    found: dict[str, Any] = {}
    if function is None:
        yield found
        return

    def note(frame: FrameType, event: str, _argument: Any) -> None:
        if event == "return" and frame.f_code is function.__code__:
            found.update(frame.f_locals)

    previous = sys.getprofile()
    sys.setprofile(note)
    try:
        yield found
    finally:
        sys.setprofile(previous)


def save_program(folder: Path, class_name: str) -> list[str]:
    """Run `folder/model.py` in static mode and write `folder/inference.json`.

    Returns the names of the program's parameters, sorted: the order in which `inference.pdiparams` holds them.
    """
    with traced(folder, class_name) as trace:
        fetches, names = _finish(trace)
        _serialise(trace, fetches, folder / FORMATS["pir"].program)
    return names


@contextlib.contextmanager
def exposable(folder: Path, class_name: str) -> Iterator[Exposable]:
    """The program of `folder/model.py`, to be written with variables of `forward` as its outputs."""
    with traced(folder, class_name, keep_variables=True) as trace:
        yield Exposable(trace, _finish(trace)[0])


@dataclass(frozen=True)
class Exposable:
    """A program whose outputs are still to be chosen."""

    trace: Traced
    fetches: list[Any]

    def save(self, path: Path, variables: Sequence[str] = ()) -> None:
        """Write the program with the model's own outputs, followed by these variables."""
        import paddle

        paddle.pir.set_insertion_point_to_block_end(self.trace.program.global_block())
        copies = [paddle.assign(self.trace.variables[name]) for name in variables]
        _serialise(self.trace, self.fetches + copies, path)
        for copy in copies:  # they would keep their values from being fused in the next program
            copy.get_defining_op().erase()


def name_in_program(name: str) -> str:
    """The name in the program of a parameter that a layer calls `name`.

    A recurrent layer has an (empty) dropout state in programs only. It comes last among the sorted names, so that
    `model.py` finds its own parameters in their order.
    """
    return f"~{name}" if name.endswith("._dropout_state") else name


def _finish(trace: Traced) -> tuple[list[Any], list[str]]:
    """Keep Paddle's predictor from what it does wrong, and give the parameters their names.

    Returns the values to be fetched, and the names, sorted.
    """
    copies = [_kept(value) for value in trace.fetches]
    suit_onednn(trace.program.global_block())
    fetches = _distinct(copies, trace.program.global_block())
    # Not state_dict(), in which a recurrent layer has its parameters twice.
    parameters = {name_in_program(name): parameter for name, parameter in trace.model.named_parameters()}
    for name, parameter in parameters.items():
        parameter.name = name
    return fetches, sorted(parameters)


def _serialise(trace: Traced, fetches: Sequence[Any], path: Path) -> None:
    import paddle

    # Pruning would refuse an input that nothing needs; the program keeps all of the model's inputs.
    complete = paddle.static.normalize_program(trace.program, trace.feeds, list(fetches), skip_prune_program=True)
    _remove_unused_parameters(complete)
    paddle.core.serialize_pir_program(complete, str(path), True, False, True)


def _remove_unused_parameters(program: Any) -> None:
    """A recurrent layer makes one parameter more, of all its weights, that nothing uses."""
    block = program.global_block()
    for operation in block.ops:
        if operation.name() == "builtin.parameter" and operation.result(0).use_empty():
            block.remove_op(operation)


def _kept(value: Any) -> Any:
    """A copy where the output itself would not do.

    `normalize_program` takes `input + number` for the input itself, and an output that something else needs too may be
    changed afterwards.
    """
    import paddle

    maker = value.get_defining_op()
    is_taken_away = maker.name() in _TAKEN_AWAY or has_computed_weights(maker)
    return paddle.assign(value) if is_taken_away or not value.use_empty() else value


def _distinct(fetches: Sequence[Any], block: Any) -> list[Any]:
    """The predictor makes one of two copies of the same value, and then misses an output: one copies the other."""
    import paddle

    paddle.pir.set_insertion_point_to_block_end(block)
    found: list[Any] = []
    for value in fetches:
        twin = next((other for other in found if _copies_the_same(other, value)), None)
        found.append(value if twin is None else paddle.assign(twin))
    return found


def _copies_the_same(one: Any, other: Any) -> bool:
    makers = [one.get_defining_op(), other.get_defining_op()]
    are_copies = all(maker.name() == "pd_op.assign" for maker in makers)
    return are_copies and bool(makers[0].operand_source(0).is_same(makers[1].operand_source(0)))


_TAKEN_AWAY = frozenset({"pd_op.concat", "pd_op.matmul", "pd_op.scale", "pd_op.slice", *INTERPOLATIONS})


def _import(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location("_paddlify_model", path)
    if spec is None or spec.loader is None:
        raise PaddlifyError(f"{path}: cannot be imported")
    module = importlib.util.module_from_spec(spec)
    writes, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        spec.loader.exec_module(module)
    finally:
        sys.dont_write_bytecode = writes
    return module


@contextlib.contextmanager
def _no_call_paths() -> Iterator[None]:
    """Paddle notes for each operator what nobody reads here, and takes longer for it than for all the rest.

    These are Python's call stack, and the layers around the operator: to note these it lists all operators so far
    after every layer, and it counts the instances of each class since the process began.
    """
    from paddle.nn.layer import layers

    with (
        _replaced(traceback, "extract_stack", lambda *_, **__: traceback.StackSummary()),
        _replaced(layers, "name_struct", lambda _name: contextlib.nullcontext()),
    ):
        yield


@contextlib.contextmanager
def _replaced(owner: Any, name: str, replacement: Any) -> Iterator[None]:
    original = getattr(owner, name)
    setattr(owner, name, replacement)
    try:
        yield
    finally:
        setattr(owner, name, original)


@contextlib.contextmanager
def _static_mode() -> Iterator[None]:
    import paddle

    was_dynamic = paddle.in_dynamic_mode()
    paddle.enable_static()
    try:
        with paddle.utils.unique_name.guard():
            yield
    finally:
        if was_dynamic:
            paddle.disable_static()
