"""The matrix of a page: what each clause came to on each backend."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from reports.records import OUTCOMES, Clause, Outcome
from reports.results import Results, count
from reports.words import FAILURES, dtype_order, plural


@dataclass(frozen=True)
class Tested:
    """A dtype of a cell, with the failure that tells more about it, if there is one."""

    dtype: str
    failure: int | None


@dataclass(frozen=True)
class Entry:
    """One outcome in a cell of the matrix, and all that came to it."""

    outcome: str
    tested: tuple[Tested, ...]
    measured: tuple[str, ...]


def chapters(clauses: Iterable[Clause]) -> dict[str, list[Clause]]:
    chapters: dict[str, list[Clause]] = {}
    for clause in clauses:
        chapters.setdefault(clause.chapter, []).append(clause)
    return chapters


def totals(results: Results) -> dict[str, dict[str, int]]:
    outcomes: dict[str, list[Outcome]] = {backend.name: [] for backend in results.backends}
    for outcome in results.outcomes:
        outcomes[outcome.backend].append(outcome)
    return {name: count(of_backend) for name, of_backend in outcomes.items()}


def cells(
    outcomes: Iterable[Outcome], numbers: dict[tuple[str, str, str], int]
) -> dict[tuple[str, str], list[Entry]]:
    """For each clause and backend its outcomes, never folded into each other, failures first."""
    grouped: dict[tuple[str, str], dict[str, list[Outcome]]] = {}
    for outcome in outcomes:
        cell = grouped.setdefault((outcome.clause, outcome.backend), {})
        cell.setdefault(outcome.outcome, []).append(outcome)
    order = sorted(OUTCOMES, key=lambda name: name not in FAILURES)
    return {
        at: [_entry(name, cell[name], numbers) for name in order if name in cell]
        for at, cell in grouped.items()
    }


def _entry(name: str, outcomes: list[Outcome], numbers: dict[tuple[str, str, str], int]) -> Entry:
    ordered = sorted(outcomes, key=lambda outcome: dtype_order(outcome.dtype))
    tested = tuple(Tested(outcome.dtype, numbers.get(outcome.key)) for outcome in ordered)
    return Entry(name, tested, measured(name, outcomes))


def measured(name: str, outcomes: list[Outcome]) -> tuple[str, ...]:
    examples = sum(outcome.examples for outcome in outcomes)
    declined = sum(outcome.declined for outcome in outcomes)
    errors = [outcome.worst for outcome in outcomes if outcome.worst is not None]
    parts = []
    # That a pass rests on no example must be seen; that what did not run has none goes unsaid.
    if examples or name in ("pass", *FAILURES):
        parts.append(plural(examples, "example"))
    if declined:
        parts.append(f"{declined:,} declined")
    if errors:
        parts.append("exact" if name == "pass" and not any(errors) else _worst(max(errors)))
    return tuple(parts)


def _worst(fraction: float) -> str:
    """The worst error, rounded so that what is within its bound looks it, and what is not, not."""
    if math.isinf(fraction):
        return "worst beyond any bound"
    if 0 < fraction < 0.01:
        return "worst under 0.01 of bound"
    if fraction <= 1:
        return f"worst {math.floor(fraction * 100) / 100:.2f} of bound"
    if fraction < 100:
        return f"worst {math.ceil(fraction * 100) / 100:.2f} of bound"
    return f"worst {fraction:.3g} of bound"
