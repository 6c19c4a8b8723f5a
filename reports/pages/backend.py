"""A backend: its claims, grades, probes, refusals, known issues, worst errors and timing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from reports.pages.cases import ShownCase, shown
from reports.pages.claims import claims_of
from reports.pages.disagreements import disagreements
from reports.pages.facts import facts_of, grades_of, is_probe
from reports.pages.matrix import Entry, chapters, counted
from reports.pages.report import Report, View
from reports.pages.timing import timing
from reports.records import OUTCOMES, Outcome
from reports.words import FAILURES

_WORST = 8


@dataclass(frozen=True)
class Refusal:
    """A reason for which calls were declined, how many, and on which clauses."""

    reason: str
    calls: int
    clauses: tuple[str, ...]


@dataclass(frozen=True)
class OfRemark:
    """The case that a clause came to for a dtype."""

    clause: str
    dtype: str
    case: ShownCase


@dataclass(frozen=True)
class Remark:
    """Clauses that came to one outcome for one reason, on the same dtypes."""

    outcome: str
    dtypes: tuple[str, ...]
    clauses: tuple[str, ...]
    reason: str
    cases: tuple[OfRemark, ...]


@dataclass(frozen=True)
class Done:
    """What a chapter came to."""

    title: str
    entries: tuple[Entry, ...]


def views(report: Report) -> Iterator[View]:
    """A page for each backend."""
    clauses = report.results.clauses
    probes = [clause for clause in clauses if is_probe(clause)]
    for backend in report.results.backends:
        outcomes = report.of_backend[backend.name]
        context = {
            "backend": backend,
            "counts": counted(outcomes),
            "chapters": list(_chapters(report, outcomes)),
            "disagreements": disagreements(outcomes),
            "claims": claims_of(report, backend),
            "grades": grades_of(report, backend),
            "probes": facts_of(report, probes, [backend]),
            "refusals": refusals(outcomes),
            "remarks": remarks(outcomes),
            "worst": worst(outcomes),
            "timing": timing(outcomes, report.clauses),
        }
        title = backend.name or "A backend without a name"
        yield View(("backend", backend.name), title, "backend.html", context)


def refusals(outcomes: Iterable[Outcome]) -> tuple[Refusal, ...]:
    """The reasons for declining, the most frequent first."""
    calls: Counter[str] = Counter()
    clauses: dict[str, dict[str, None]] = {}
    for outcome in outcomes:
        for reason, number in outcome.refusals.items():
            calls[reason] += number
            clauses.setdefault(reason, {})[outcome.clause] = None
    return tuple(Refusal(reason, n, tuple(clauses[reason])) for reason, n in calls.most_common())


def remarks(outcomes: Iterable[Outcome]) -> tuple[Remark, ...]:
    """All that is no failure and has something said about it, or that is no pass."""
    same: dict[tuple[str, str, str], list[Outcome]] = {}
    for outcome in outcomes:
        if outcome.outcome not in FAILURES and (outcome.outcome != "pass" or outcome.reason):
            key = (outcome.outcome, outcome.reason, outcome.clause)
            same.setdefault(key, []).append(outcome)
    grouped: dict[tuple[str, str, tuple[str, ...]], list[Outcome]] = {}
    for (name, reason, _), of_clause in same.items():
        dtypes = tuple(outcome.dtype for outcome in of_clause)
        grouped.setdefault((name, reason, dtypes), []).extend(of_clause)
    found = [
        Remark(
            name,
            dtypes,
            tuple(dict.fromkeys(outcome.clause for outcome in of_remark)),
            reason,
            tuple(OfRemark(o.clause, o.dtype, case) for o in of_remark if (case := shown(o.case))),
        )
        for (name, reason, dtypes), of_remark in grouped.items()
    ]
    # What is known to be wrong is read first.
    order = ("known", *(name for name in OUTCOMES if name != "known"))
    return tuple(sorted(found, key=lambda remark: order.index(remark.outcome)))


def worst(outcomes: Iterable[Outcome]) -> tuple[Outcome, ...]:
    """The outcomes with the largest errors, as fractions of their bounds; no exact one."""
    found = [outcome for outcome in outcomes if outcome.worst]
    return tuple(sorted(found, key=lambda o: -(o.worst or 0.0))[:_WORST])


def _chapters(report: Report, outcomes: Iterable[Outcome]) -> Iterator[Done]:
    of_clause: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        of_clause.setdefault(outcome.clause, []).append(outcome)
    for title, clauses in chapters(report.results.clauses).items():
        yield Done(title, counted(o for c in clauses for o in of_clause.get(c.id, ())))
