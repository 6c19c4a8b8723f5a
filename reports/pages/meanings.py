"""What the words, symbols and grades mean."""

from __future__ import annotations

from collections.abc import Iterator

from reports.pages.report import Report, View


def views(report: Report) -> Iterator[View]:
    """The page."""
    yield View(("meanings",), "What the words and symbols mean", "meanings.html")
