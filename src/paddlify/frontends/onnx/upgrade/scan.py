"""Scan of opset 8, which scanned every sample of a batch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import onnx_ir as ir

from paddlify.errors import Refusal
from paddlify.frontends.onnx.upgrade.rules import Upgrader, upgrades
from paddlify.ir.builder import Builder


@upgrades("Scan", below=9)
def scan(
    op: Upgrader, sequence_lens: ir.Value | None = None, *values: ir.Value, body: ir.Graph, num_scan_inputs: int,
    directions: Sequence[int] | None,
) -> Any:
    """The first axis of every input is the batch, the second that of the sequences.

    A scan over the batch runs a scan over the sequences for each sample.
    """
    if sequence_lens is not None:
        raise Refusal("input sequence_lens of opset 8 is not supported")
    outputs, count = len(op.origin.outputs), len(values)

    def samples(inner: Builder) -> Sequence[ir.Value]:
        results = inner.node(
            "Scan", sample, {"body": body, "num_scan_inputs": num_scan_inputs, "scan_input_directions": directions},
            outputs=outputs,
        )
        return [results] if outputs == 1 else list(results)

    sample = [
        ir.Value(name=f"{op.origin.name or 'scan'}/sample_{index}", type=value.type, shape=_without_batch(value))
        for index, value in enumerate(values)
    ]
    batch = op.subgraph(f"{op.origin.name or 'scan'}/batch", sample, samples)
    return op.node("Scan", values, {"body": batch, "num_scan_inputs": count}, outputs=outputs)


def _without_batch(value: ir.Value) -> ir.Shape | None:
    return None if value.shape is None else ir.Shape(list(value.shape)[1:])
