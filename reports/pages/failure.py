"""A failure: its smallest case, what it should have been, and why it is not."""

from __future__ import annotations

from collections.abc import Iterator

from reports.pages.cases import shown
from reports.pages.report import Report, View
from reports.pages.window import window_of
from reports.records import Outcome


def views(report: Report) -> Iterator[View]:
    """A page for each failure."""
    failures = report.failures
    for at, outcome in enumerate(failures):
        context = {
            "outcome": outcome,
            "clause": report.clauses[outcome.clause],
            "backend": report.backends[outcome.backend],
            "case": shown(outcome.case),
            "window": window_of(outcome.case),
            "before": failures[at - 1] if at else None,
            "after": failures[at + 1] if at + 1 < len(failures) else None,
        }
        yield View(("failure", *outcome.key), title_of(outcome), "failure.html", context)


def title_of(outcome: Outcome) -> str:
    """What failed, where and in what."""
    dtype = f", {outcome.dtype}" if outcome.dtype else ""
    return f"{outcome.clause} on {outcome.backend}{dtype}"
