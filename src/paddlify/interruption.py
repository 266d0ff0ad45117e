"""Ctrl-C and SIGTERM as exceptions, so that what is half-made is removed on the way out.

Python drops an exception that is raised inside the callback of a weak reference or a finalizer ("Exception ignored
in"), and each import has such a callback; a native module that is interrupted raises ImportError. A signal is
remembered, therefore, and `check` raises it again.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import FrameType


class Terminated(SystemExit):
    """A signal ends the process, with the exit code that shells give it: 128 and the signal's number."""


def _terminated(number: int) -> BaseException:
    return Terminated(128 + number)


def _keyboard_interrupt(_number: int) -> BaseException:
    return KeyboardInterrupt()


_Errors = Mapping[int, Callable[[int], BaseException]]

OF_A_CALL: _Errors = {signal.SIGTERM: _terminated, signal.SIGINT: _keyboard_interrupt}
"""What a program that calls us sees."""

OF_A_COMMAND: _Errors = {signal.SIGTERM: _terminated, signal.SIGINT: _terminated}
"""What our own process sees. A KeyboardInterrupt would not do: raised while `exec` runs a string (as dataclasses do),
it makes Python kill the process at its end, though it was caught."""

_UNTOUCHED: Mapping[int, signal.Handlers | Callable[[int, FrameType | None], object]] = {
    signal.SIGTERM: signal.SIG_DFL, signal.SIGINT: signal.default_int_handler,
}

_caught: list[BaseException] = []


@contextmanager
def signals_raise(errors: _Errors = OF_A_CALL) -> Iterator[None]:
    """Turn these signals into exceptions inside the block, but for those that the program handles itself."""
    is_main = threading.current_thread() is threading.main_thread()
    ours = [number for number, handler in _UNTOUCHED.items() if is_main and signal.getsignal(number) == handler]
    if not ours:
        yield
        return

    def handle(number: int, _frame: FrameType | None) -> None:
        _caught.append(errors[number](number))
        raise _caught[-1]

    for number in ours:
        signal.signal(number, handle)
    try:
        yield
        check()
    except Exception:  # native modules turn it into an error of their own
        check()
        raise
    finally:
        _caught.clear()
        for number in ours:
            signal.signal(number, _UNTOUCHED[number])


def check() -> None:
    """Raise what a signal raised before and Python dropped."""
    if _caught:
        raise _caught[-1]
