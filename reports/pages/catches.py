"""What the suite catches: its faults, and the clauses that catch them."""

from __future__ import annotations

from collections.abc import Iterator

from reports.pages.report import Report, View


def views(report: Report) -> Iterator[View]:
    """The page."""
    yield View(("catches",), "What the suite catches", "catches.html")
