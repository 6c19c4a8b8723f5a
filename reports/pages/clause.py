"""A clause: what it says, what it catches, and what it came to on each backend."""

from __future__ import annotations

from collections.abc import Iterator

from reports.pages.report import Report, View


def views(report: Report) -> Iterator[View]:
    """A page for each clause."""
    for clause in report.results.clauses:
        yield View(("clause", clause.id), clause.id, "clause.html", {"clause": clause})
