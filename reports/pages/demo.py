"""The demo: one filter slides over a digit, in the browser of the reader."""

from __future__ import annotations

from collections.abc import Iterator

from reports.pages.report import Report, View


def views(report: Report) -> Iterator[View]:
    """The page."""
    yield View(("demo",), "Try it", "demo.html")
