"""The options that several commands share."""

from __future__ import annotations

import logging
import os
import sys
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])


class InputShape(click.ParamType):  # type: ignore[type-arg]
    """NAME:1,3,224,224 with -1 for a dynamic dimension; NAME: alone is a scalar."""

    name = "NAME:DIMS"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        name, colon, dims = str(value).rpartition(":")
        try:
            shape = tuple(int(dim) for dim in dims.split(",")) if dims.strip() else ()
        except ValueError:
            shape = (-2,)
        if not name or not colon or any(dim < -1 for dim in shape):
            self.fail(f"'{value}' is not like NAME:1,3,224,224 (-1 is a dynamic dimension)", param, ctx)
        return name, shape


class ArrayFile(click.ParamType):  # type: ignore[type-arg]
    """NAME=FILE.npy."""

    name = "NAME=FILE.npy"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        name, equals, path = str(value).rpartition("=")
        if not name or not equals or not path:
            self.fail(f"'{value}' is not like NAME=FILE.npy", param, ctx)
        return name, Path(path)


def split_names(given: Sequence[str]) -> list[str] | None:
    """Names given as `a,b` or by repeating the option; None for no names."""
    names = [name for item in given for name in item.split(",") if name]
    return names or None


def _options(*options: Callable[[F], F]) -> Callable[[F], F]:
    """Several options as one decorator, in the order in which `--help` lists them."""

    def decorate(function: F) -> F:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


def _set_verbosity(_context: click.Context, _param: click.Parameter, count: int) -> int:
    """-v shows what paddlify logs, what Paddle prints, and its warnings."""
    if count:
        logging.getLogger("paddlify").setLevel(logging.INFO if count == 1 else logging.DEBUG)
        warnings.resetwarnings()
        sys.stdout.flush()
        os.dup2(2, 1)
    return count


VERBOSITY = _options(
    click.option("-q", "--quiet", is_flag=True, help="Say nothing but errors."),
    click.option("-v", "--verbose", count=True, callback=_set_verbosity, help="Say more; twice for everything."),
)
SOURCE = _options(
    click.option("--from", "source_format", metavar="FORMAT", help="onnx, tensorflow or caffe; else recognised."),
    click.option("--meta", type=Path, help="TensorFlow: the graph of a checkpoint (.meta)."),
    click.option("--ckpt-dir", type=Path, help="TensorFlow: the folder of the checkpoint."),
    click.option("--signature", help="TensorFlow: the signature of a SavedModel."),
    click.option("--tag", help="TensorFlow: the tag of a SavedModel's graph."),
    click.option("--weights", type=Path, help="Caffe: the .caffemodel of a prototxt."),
    click.option("--prototxt", type=Path, help="Caffe: the prototxt of a .caffemodel."),
    click.option("--random-weights", is_flag=True, default=None, help="Caffe: seeded weights; none are at hand."),
    click.option("--proto", type=Path, help="Caffe: the caffe.proto of a fork with layers of its own."),
    click.option(
        "--stages", multiple=True, metavar="NAMES", callback=lambda _context, _param, given: split_names(given),
        help="Caffe: stages for include and exclude rules.",
    ),
    click.option("--level", type=int, help="Caffe: the level for include and exclude rules; 0 if not given."),
)
CUT = _options(
    click.option("--inputs", multiple=True, metavar="NAMES", help="Begin the graph at these values (a,b or repeated)."),
    click.option("--outputs", multiple=True, metavar="NAMES", help="End the graph at these values."),
    click.option("--input-shape", "input_shapes", multiple=True, type=InputShape(), help="Repeatable; -1 is dynamic."),
    click.option(
        "--input-layout", type=click.Choice(["source", "nchw", "nhwc"]), default="source", show_default=True,
        help="How the converted model takes images.",
    ),
)
TOLERANCE = _options(
    click.option("--rtol", type=float, help="|actual - expected| <= atol + rtol * |expected|."),
    click.option("--atol", type=float, help="Neither given: 1e-4 of the output's scale in float32."),
    click.option("--seed", type=int, default=0, show_default=True, help="Of the inputs drawn."),
)
DEVICE = click.option("--device", type=click.Choice(["cpu", "gpu"]), default="cpu", show_default=True)
