"""A backend: its claims, grades, probes, refusals, known issues, worst errors and timing."""

from __future__ import annotations

from collections.abc import Iterator

from reports.pages.report import Report, View


def views(report: Report) -> Iterator[View]:
    """A page for each backend."""
    for backend in report.results.backends:
        yield View(("backend", backend.name), backend.name, "backend.html", {"backend": backend})
