"""Runs all cases and writes `expected.toml` and `docs/conformance.md`: `python -m tests.conformance.update`.

Review the difference before committing it: each new reason must be right, and nothing may be wrong or fail.
"""

from __future__ import annotations

import sys

from tests.conformance import expected
from tests.conformance.cases import all_cases
from tests.conformance.run import run_cases


def main() -> int:
    """Exit code 1 when a case is wrong or fails."""
    cases = all_cases()
    outcomes = dict(run_cases(list(cases)))
    expected.write(outcomes)
    expected.DOCS.write_text(expected.document(cases, outcomes), encoding="utf-8")
    bad = {name: outcome for name, outcome in outcomes.items() if outcome.status not in ("passed", "refused")}
    for name, outcome in sorted(bad.items()):
        print(f"{outcome.status} {name}: {outcome.detail}")
    return int(bool(bad))


if __name__ == "__main__":
    sys.exit(main())
