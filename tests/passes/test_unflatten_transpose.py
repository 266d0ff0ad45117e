"""A transposition of the last two axes, between reshapes: equality in onnxruntime, and what is left."""

from __future__ import annotations

import pytest

from paddlify.passes.unflatten_transpose import UnflattenTranspose
from tests.passes.graphs import build, improved


def asked(op, x, axis):
    return op.Shape(x, start=axis, end=axis + 1)


def flattened(op, x, perm=(0, 2, 1), swapped=True):
    """As PyTorch's dynamo exporter writes the keys of attention."""
    batch, length = asked(op, x, 0), asked(op, x, 2)
    flat = op.Reshape(x, op.Concat(op.constant([-1]), length, op.constant([8]), axis=0))
    ends = [op.constant([8]), length] if swapped else [length, op.constant([8])]
    return op.Reshape(op.Transpose(flat, perm=perm), op.Concat(batch, op.constant([4]), *ends, axis=0))


@pytest.mark.parametrize(
    ("record", "shape", "is_one"),
    [
        (flattened, ["N", 4, "L", 8], True),
        (lambda op, x: op.Relu(flattened(op, x)), ["N", 4, 5, 8], True),
        (lambda op, x: flattened(op, x, perm=(0, 1, 2), swapped=False), ["N", 4, "L", 8], False),
        (lambda op, x: flattened(op, x, swapped=False), ["N", 4, "L", 8], False),
        (
            lambda op, x: op.Reshape(
                op.Transpose(op.Reshape(x, op.constant([-1, 3, 8])), perm=(0, 2, 1)), op.constant([-1, 2, 8, 6])
            ),
            ["N", 2, 6, 8],
            False,
        ),
    ],
)
def test_what_is_left(record, shape, is_one) -> None:
    left = improved(build(record, shape), UnflattenTranspose(), exact=True)
    assert left["Transpose"] == 1
    assert left["Reshape"] == (0 if is_one else 2)
