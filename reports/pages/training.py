"""Training: losses, divergence, accuracy, confusion, and the filters before and after."""

from __future__ import annotations

from collections.abc import Iterator

from reports.pages.report import Report, View


def views(report: Report) -> Iterator[View]:
    """The page."""
    yield View(("training",), "Training on MNIST", "training.html")
