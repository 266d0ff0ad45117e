"""Operators of Paddle 3's `ProgramDesc` in the words of Fluid 1.8, a rule each, by family.

A rule receives the operator and its block and returns what to say instead. Operators that both know by the same name
and with the same meaning need none: attributes that Fluid lacks are checked in `legalise`. Importing this package
registers all rules.
"""

from paddlify.backends.fluid.rules import (
    activation,
    arithmetic,
    fill,
    image,
    index,
    linalg,
    logic,
    normalise,
    recurrent,
    reduce,
    shape,
    sorting,
)
from paddlify.backends.fluid.rules.common import rules

__all__ = [
    "activation", "arithmetic", "fill", "image", "index", "linalg", "logic", "normalise", "recurrent", "reduce",
    "rules", "shape", "sorting",
]  # fmt: skip
