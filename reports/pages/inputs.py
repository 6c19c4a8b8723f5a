"""What the backends were asked: the distributions of the inputs."""

from __future__ import annotations

from collections.abc import Iterator

from reports.pages.report import Report, View


def views(report: Report) -> Iterator[View]:
    """The page."""
    yield View(("inputs",), "What was asked", "inputs.html")
