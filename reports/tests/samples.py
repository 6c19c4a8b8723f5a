"""Results to test with."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from reports.results import (
    FORMAT,
    OUTCOMES,
    Array,
    Backend,
    Case,
    Clause,
    End,
    Outcome,
    Record,
    Results,
    Run,
    Writer,
    count,
    read,
)

RUN = Run(
    FORMAT, "0.1.0", "2025-11-22T15:42:10Z", "standard", 7, {"python": "3.11.9"}, None, "5eed"
)
CLAUSES = [
    Clause("CORR-1", "Cross-correlation", "The filter is not flipped.", "the definition"),
    Clause("CORR-2", "Cross-correlation", "The bias is added.", "the definition"),
    Clause("POOL-1", "Pooling", "Padding is never the maximum.", "ONNX"),
]
CASE = Case(
    {"stride": [1, 2], "data": "integers", "seed": 3},
    {
        "x": Array.of(np.arange(12.0).reshape(1, 2, 2, 3)),
        "expected": Array.of(np.array([1.0, 2.0, np.nan])),
        "got": Array.of(np.array([1.0, -2.0, np.inf], np.float32)),
    },
    "The bias is left out.",
    "# This was run.\nimport numpy\n",
)


def backend(name: str = "acme", not_run: str | None = None) -> Backend:
    return Backend(name, f"{name}:Acme", "1.2", ("float32",), {"float32": "B"}, {}, not_run)


def outcome(
    verdict: str = "pass",
    dtype: str = "float32",
    *,
    clause: str = "CORR-1",
    backend: str = "acme",
    examples: int = 10,
    declined: int = 0,
    worst: float | None = None,
    reason: str = "",
    case: Case | None = None,
    facts: dict[str, str] | None = None,
) -> Outcome:
    return Outcome(
        clause, backend, dtype, verdict, examples, declined, worst, 0.25, reason, case, facts or {}
    )


def of_each() -> list[Outcome]:
    """One outcome of each kind, all on one backend."""
    return [
        outcome(
            verdict,
            clause=CLAUSES[at % 3].id,
            dtype=f"float{16 << at // 3}",
            reason=f"why {verdict}",
            case=CASE if verdict in ("fail", "known") else None,
            facts={"grade": "F", "width": "11 bits"} if verdict == "fail" else {},
        )
        for at, verdict in enumerate(OUTCOMES)
    ]


def records(outcomes: list[Outcome] | None = None) -> list[Record]:
    """A whole run; of each outcome one when none are given."""
    outcomes = of_each() if outcomes is None else outcomes
    end = End("2025-11-22T15:47:55Z", 1, count(outcomes))
    return [RUN, *CLAUSES, backend(), backend("absent", "no such device"), *outcomes, end]


def written(path: Path, written_records: list[Record]) -> Path:
    with Writer(path) as writer:
        for record in written_records:
            writer.write(record)
    return path


def results(path: Path, outcomes: list[Outcome] | None = None) -> Results:
    return read(written(path / "results.jsonl", records(outcomes)))
