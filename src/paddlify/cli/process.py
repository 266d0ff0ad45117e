"""The process of the command: its streams and its exit code."""

from __future__ import annotations

import atexit
import contextlib
import gc
import logging
import os
import signal
import sys
import warnings
from collections.abc import Sequence
from typing import NoReturn

import click

from paddlify import interruption
from paddlify.cli.commands import cli
from paddlify.errors import PaddlifyError


def keep_stdout() -> None:
    """Keep stdout for results: what Paddle's C++ side prints there goes nowhere (to stderr with -v)."""
    sys.stdout.flush()
    results = os.dup(1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)
    sys.stdout = os.fdopen(results, "w", encoding=sys.stdout.encoding, errors=sys.stdout.errors)


def main() -> None:
    """Entry point of the script `paddlify`; ends the process with the exit code of the error, if there is one."""
    os.environ.setdefault("GLOG_minloglevel", "2")
    warnings.simplefilter("ignore")
    gc.set_threshold(200_000)  # imports and conversions make many objects and drop few: collections find little
    keep_stdout()
    logging.basicConfig(format="paddlify: %(message)s", level=logging.WARNING)
    _end(run_command())


def _end(code: int) -> NoReturn:
    """End the process without taking the interpreter apart, which takes it a sixth of a second (with Paddle, half)."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # all is done
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError):
            stream.flush()
    os._exit(code)


def run_command(arguments: Sequence[str] | None = None) -> int:
    """Run the command with these arguments (default: the process's own) and return its exit code."""
    try:
        with interruption.signals_raise(interruption.OF_A_COMMAND):
            code = cli.main(arguments, prog_name="paddlify", standalone_mode=False)
            sys.stdout.flush()
    except click.exceptions.Exit as exit_:
        return exit_.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except interruption.Terminated as ending:
        click.echo("paddlify: interrupted", err=True)
        return int(str(ending))
    except PaddlifyError as error:
        click.echo(f"paddlify: {error}", err=True)
        return error.exit_code
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return code if isinstance(code, int) else 0
