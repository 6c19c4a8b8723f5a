"""The summary: what holds, what disagrees, what did not run; the matrix; the environment."""

from __future__ import annotations

from collections.abc import Iterator

from reports.pages.report import Report, View


def views(report: Report) -> Iterator[View]:
    """The page."""
    yield View(("index",), "Summary", "index.html")
