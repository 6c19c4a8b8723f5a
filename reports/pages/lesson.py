"""The lesson on real data: feature maps of sevens, of colours, and of a trained network."""

from __future__ import annotations

from collections.abc import Iterator

from reports.pages.report import Report, View


def views(report: Report) -> Iterator[View]:
    """The page."""
    yield View(("lesson",), "The lesson on real data", "lesson.html")
