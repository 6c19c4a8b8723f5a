"""Trends told: as text, as Markdown, as JSON, and as a page with small charts."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from reports.differences import Differences
from reports.records import OUTCOMES
from reports.standalone import render
from reports.tables import Table, as_markdown, as_text
from reports.telling import changes, ratio
from reports.trend import Point, Trend
from reports.words import first_line, plural

# A chart's size in its own units, and the margin that keeps its marks inside.
_WIDTH, _HEIGHT, _MARGIN = 240, 72, 6
_SMALLEST = 1e-4  # the error at the foot of its chart


@dataclass(frozen=True)
class Mark:
    """A run in a chart: where it is, and whether it is whole."""

    x: float
    y: float
    whole: bool


@dataclass(frozen=True)
class Chart:
    """One number over the runs; `path` joins the marks of neighbouring runs that have it."""

    title: str
    now: str
    path: str
    marks: tuple[Mark, ...]
    words: str


def text(trends: Sequence[Trend]) -> Iterator[str]:
    """The lines of a report for a terminal."""
    yield from list(as_text(map(table, trends)))[1:]


def markdown(trends: Sequence[Trend]) -> Iterator[str]:
    """The lines of a report for a job summary on GitHub."""
    yield from ("## How backends fared", *as_markdown(map(table, trends)))


def page(trends: Sequence[Trend]) -> str:
    """The report as a page."""
    runs = {point.source for trend in trends for point in trend.points}
    summary = f"{plural(len(trends), 'backend')} over {plural(len(runs), 'run')}."
    drawn = [(trend, table(trend), charts(trend)) for trend in trends]
    return render("trend.html", title="How backends fared", summary=summary, trends=drawn)


def plain(trends: Sequence[Trend]) -> dict[str, Any]:
    """The report as JSON takes it."""
    return {
        "format": 1,
        "backends": [
            {"backend": trend.backend, "runs": [_plain(point) for point in trend.points]}
            for trend in trends
        ],
    }


def table(trend: Trend) -> Table:
    """A row for each run; a column for each outcome that any of them has."""
    met = [name for name in OUTCOMES if any(point.counts.get(name) for point in trend.points)]
    rows = (
        (
            point.started + (f" ({point.shortcoming})" if point.shortcoming else ""),
            point.version,
            point.profile,
            *("" if point.not_run is not None else str(point.counts.get(n, 0)) for n in met),
            "" if point.worst is None else ratio(point.worst),
            "" if point.not_run is not None else _seconds(point.seconds),
            _changed(point),
        )
        for point in trend.points
    )
    heads = ("run", "version", "profile", *met, "largest error", "seconds", "since the run before")
    remark = "the largest error is that of a pass, as a fraction of its bound"
    return Table(trend.backend, remark, heads, tuple(rows))


def charts(trend: Trend) -> tuple[Chart, ...]:
    """What can be drawn of a trend, each with a scale of its own."""
    points = trend.points
    return (
        _chart("Passes", points, lambda p: p.passes, str),
        _chart("Failures", points, lambda p: p.failures, str),
        _chart("Largest error", points, lambda p: p.worst, ratio, logarithmic=True),
        _chart("Seconds", points, lambda p: p.seconds, _seconds),
    )


def _chart(
    title: str,
    points: Sequence[Point],
    value: Callable[[Point], float | None],
    words: Callable[[Any], str],
    *,
    logarithmic: bool = False,
) -> Chart:
    values = [None if point.not_run is not None else value(point) for point in points]
    known = [number for number in values if number is not None]
    marks: list[Mark] = []
    path = ""
    for at, (point, number) in enumerate(zip(points, values, strict=True)):
        if number is None:
            continue
        share = _logarithmic(number) if logarithmic else number / (max(known) or 1)
        x = _MARGIN + (_WIDTH - 2 * _MARGIN) * (at / max(len(points) - 1, 1))
        y = _HEIGHT - _MARGIN - (_HEIGHT - 2 * _MARGIN) * share
        path += f"{'L' if at and values[at - 1] is not None else 'M'}{x:.1f} {y:.1f}"
        marks.append(Mark(round(x, 1), round(y, 1), not point.shortcoming))
    now = "none" if values[-1] is None else words(values[-1])
    span = f"from {words(min(known))} to {words(max(known))}" if known else "never measured"
    described = f"{title} over {plural(len(points), 'run')}: {span}, now {now}"
    return Chart(title, now, path, tuple(marks), described)


def _logarithmic(error: float) -> float:
    """How high an error stands: its bound at the top, and what exceeds it no higher."""
    return 1 - math.log10(min(max(error, _SMALLEST), 1)) / math.log10(_SMALLEST)


def _seconds(seconds: float) -> str:
    return f"{seconds:,.0f}" if seconds >= 10 else f"{seconds:.1f}"


def _changed(point: Point) -> str:
    if point.not_run is not None:
        return f"did not run: {first_line(point.not_run)}"
    if point.changed is None:
        return "the first run"
    return _words(point.changed) or "nothing"


def _words(found: Differences) -> str:
    moved = [
        f"grade of {shift.clause} in {shift.dtype or 'any dtype'}: {shift.old} -> {shift.new}"
        for shift in found.grades
    ]
    versions = [
        f"version {setting.old} -> {setting.new}"
        for setting in found.settings
        if setting.name == "version" and setting.where != "the run"
    ]
    grew = sum(shift.worse is True for shift in found.errors)
    errors = [f"{plural(grew, 'error')} grew"] if grew else []
    return "; ".join([*filter(None, [changes(found)]), *versions, *moved, *errors])


def _plain(point: Point) -> dict[str, Any]:
    told = vars(point) | {"changed": None if point.changed is None else _words(point.changed)}
    infinite = point.worst is not None and math.isinf(point.worst)
    return told | {"worst": "inf" if infinite else point.worst}
