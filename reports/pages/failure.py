"""A failure: its smallest case, what it should have been, and why it is not."""

from __future__ import annotations

from collections.abc import Iterator

from reports.pages.report import Report, View
from reports.words import FAILURES


def views(report: Report) -> Iterator[View]:
    """A page for each failure."""
    for outcome in report.results.outcomes:
        if outcome.outcome in FAILURES:
            title = f"{outcome.clause} on {outcome.backend}"
            yield View(("failure", *outcome.key), title, "failure.html", {"outcome": outcome})
