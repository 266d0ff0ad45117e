"""The command line: one thin layer over the Python API."""

from paddlify.cli.process import keep_stdout, main, run_command

__all__ = ["keep_stdout", "main", "run_command"]
