"""A signal ends the work, even where Python drops the exception that it became."""

import os
import signal
import subprocess
import sys

import pytest

from paddlify import interruption

DROPPED = """
import os, sys, weakref
from pathlib import Path
from paddlify import interruption
from paddlify.output import new_folder

class Thing: pass

def callback(_):
    os.kill(os.getpid(), int(sys.argv[2]))
    for _ in range(1000): pass

with new_folder(Path(sys.argv[1])):
    thing = Thing()
    reference = weakref.ref(thing, callback)
    del thing
    print("went on", flush=True)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_what_a_callback_drops_is_raised_again(tmp_path, number):
    command = [sys.executable, "-c", DROPPED, str(tmp_path / "out"), str(int(number))]
    command = ["env", "--default-signal", *command]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert "Exception ignored in" in done.stderr and done.stdout == "went on\n"
    assert done.returncode in (128 + number, -number)  # Python ends itself with SIGINT after a KeyboardInterrupt
    assert os.listdir(tmp_path) == []


@pytest.fixture
def own_handlers():
    """Python's own, whatever the test runner was started with."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize(("errors", "error"), [
    (interruption.OF_A_CALL, KeyboardInterrupt), (interruption.OF_A_COMMAND, interruption.Terminated),
])
def test_ctrl_c(own_handlers, errors, error):
    with pytest.raises(error), interruption.signals_raise(errors):
        signal.raise_signal(signal.SIGINT)
    interruption.check()  # nothing is left of it
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_handlers_of_the_program_are_left_alone(own_handlers):
    seen = []
    signal.signal(signal.SIGINT, lambda number, _frame: seen.append(number))
    with interruption.signals_raise():
        signal.raise_signal(signal.SIGINT)
    assert seen == [signal.SIGINT]


def test_the_outer_block_decides(own_handlers):
    outer = interruption.signals_raise(interruption.OF_A_COMMAND)
    with pytest.raises(interruption.Terminated), outer, interruption.signals_raise():
        signal.raise_signal(signal.SIGINT)


def interrupted_import():
    """As a native module does that is interrupted while it is imported."""
    try:
        signal.raise_signal(signal.SIGINT)
    except SystemExit as error:
        raise ImportError("initialization failed") from error


def test_another_error_does_not_hide_it(own_handlers):
    with pytest.raises(interruption.Terminated), interruption.signals_raise(interruption.OF_A_COMMAND):
        interrupted_import()
