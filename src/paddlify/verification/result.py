"""The result of a verification."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from paddlify.errors import VerificationError
from paddlify.report import RuntimeChoice
from paddlify.verification.bisect import Bisection, Difference
from paddlify.verification.compare import OutputComparison, describe
from paddlify.verification.inputs import DrawnInput
from paddlify.verification.proofs import Proof


@dataclass
class Verification:
    """Whether a converted model computes what its source computes.

    Attributes:
        oracle: what said what is right.
        seed: of the drawn inputs.
        inputs: what was fed, and how each was drawn.
        outputs: one comparison each, in order, of the first format on the first runtime that was asked.
        proofs: what each runtime says of each format, the first one included.
        runtime: the configuration in which the converted model ran.
        rtol, atol: as given; None for the default of `verification.compare`.
        error: why nothing could be compared (one side did not run); empty otherwise.
        bisection: what the search for the first operator that differs found, if there was one.
    """

    oracle: str
    seed: int = 0
    inputs: Sequence[DrawnInput] = ()
    outputs: Sequence[OutputComparison] = ()
    proofs: Sequence[Proof] = ()
    runtime: RuntimeChoice = field(default_factory=RuntimeChoice)
    rtol: float | None = None
    atol: float | None = None
    error: str = ""
    bisection: Bisection | None = None

    @property
    def first_difference(self) -> Difference | None:
        """The first operator that differs, if it was looked for and found."""
        return None if self.bisection is None else self.bisection.difference

    @property
    def passed(self) -> bool:
        """True when both sides ran and every output is right, of each format on each runtime that was asked."""
        is_right = not self.error and bool(self.outputs) and all(output.passed for output in self.outputs)
        return is_right and not any(proof.passed is False for proof in self.proofs)

    def summary(self) -> str:
        """The verdict in one line."""
        if self.error:
            return f"not verified: {self.error}"
        wrong = [proof for proof in self.proofs if proof.passed is False]
        if wrong and wrong[0].outputs is not self.outputs:
            return f"{wrong[0].format} on {wrong[0].runtime}: {wrong[0].summary()}"
        return describe(self.outputs) if self.outputs else "nothing was compared"

    def raise_if_failed(self) -> None:
        """Raise VerificationError unless it passed."""
        if not self.passed:
            raise VerificationError(self.summary())

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return {
            "passed": self.passed, "summary": self.summary(), "oracle": self.oracle, "seed": self.seed,
            "rtol": self.rtol, "atol": self.atol,
            "inputs": [item.to_dict() for item in self.inputs],
            "outputs": [output.to_dict() for output in self.outputs],
            "formats": [proof.to_dict() for proof in self.proofs],
            **({"error": self.error} if self.error else {}),
            **({"bisection": self.bisection.to_dict()} if self.bisection else {}),
        }
