"""``python -m paddlify.apimap``: the same as ``paddlify api``, where the rest of paddlify is not installed."""

from __future__ import annotations

import sys

import click

from paddlify.apimap.cli import api
from paddlify.errors import PaddlifyError


def main() -> None:
    """Run the command; an error that is the user's to act on is one line and an exit code."""
    try:
        api(prog_name="paddlify api")
    except PaddlifyError as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
