"""A clause: what it says, what it catches, and what it came to on each backend."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from reports.pages.facts import facts_of
from reports.pages.report import Report, View
from reports.pages.sources import source_of
from reports.pages.strips import together
from reports.records import Backend, Clause, Outcome
from reports.sharpness import Fault, Sharpness

_MOST = 10  # faults that other clauses are expected to catch


@dataclass(frozen=True)
class Tested:
    """A backend, and what the clause came to on it in each dtype."""

    backend: Backend
    place: str
    outcomes: tuple[Outcome, ...]


@dataclass(frozen=True)
class Catch:
    """A fault that the clause catches, and after how many examples."""

    fault: Fault
    examples: int
    is_expected: bool


def views(report: Report) -> Iterator[View]:
    """A page for each clause."""
    clauses = report.results.clauses
    shown_at: dict[str, str] = {}  # the clause that shows the source of a function
    for at, clause in enumerate(clauses):
        context = {
            "clause": clause,
            "before": clauses[at - 1] if at else None,
            "after": clauses[at + 1] if at + 1 < len(clauses) else None,
            "tested": list(_tested(report, clause)),
            "ratios": together([outcome.ratios for outcome in report.of_clause[clause.id]]),
            "facts": facts_of(report, [clause]),
            "source": source_of(clause.reference),
            "source_at": shown_at.setdefault(clause.reference, clause.id),
            "most": _MOST,
            "remarked": any(
                outcome.reason or outcome.refusals or report.has("failure", *outcome.key)
                for outcome in report.of_clause[clause.id]
            ),
            "also": [
                (label, field)
                for label, field in (("Declined", "declined"), ("Thrown away", "invalid"))
                if any(getattr(outcome, field) for outcome in report.of_clause[clause.id])
            ],
            "catches": catches(report.sharpness, clause.id),
        }
        yield View(("clause", clause.id), clause.id, "clause.html", context, ())


def catches(sharpness: Sharpness | None, clause: str) -> tuple[Catch, ...]:
    """The faults that the clause catches: first those that it is expected to, soonest first."""
    found = [
        Catch(fault, fault.catches[clause], fault.clause == clause)
        for fault in (sharpness.faults if sharpness else ())
        if clause in fault.catches
    ]
    return tuple(sorted(found, key=lambda catch: (not catch.is_expected, catch.examples)))


def _tested(report: Report, clause: Clause) -> Iterator[Tested]:
    outcomes: dict[str, list[Outcome]] = {name: [] for name in report.backends}
    for outcome in report.of_clause[clause.id]:
        outcomes[outcome.backend].append(outcome)
    for name, of_backend in outcomes.items():
        yield Tested(report.backends[name], report.place(name), tuple(of_backend))
