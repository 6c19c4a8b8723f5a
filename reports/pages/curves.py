"""The courses of training: losses step by step, and how far from the reference's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from reports.pages.charts import Band, Chart, Curve, chart, linear_axis, log_axis
from reports.pages.pictures import number
from reports.pages.report import Report, Thing
from reports.pages.series import (
    LeftOut,
    SeriesError,
    Values,
    Whose,
    left_out,
    measured,
    of_clause,
    whose,
)
from reports.records import Outcome
from reports.words import plural

LINES = 6  # of backends, in one chart; the others share a band
COURSES = 4  # of one clause that are drawn
_MOST_LINKS = 3
_LINE_WIDTH = 1 / 150  # of the height of a chart


@dataclass(frozen=True)
class Row:
    """Backends whose losses are equal to the bit, in numbers."""

    whose: tuple[Whose, ...]
    outcome: str
    failures: tuple[Thing, ...]
    last: str
    farthest: str
    leaves: str


@dataclass(frozen=True)
class Course:
    """All that trained on the same course: their charts, and a row for each that differs.

    `limit` is the farthest that the ensemble gets from the reference, "" where there is none.
    """

    steps: int
    limit: str
    losses: Chart
    divergence: Chart
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Courses:
    """The courses of one clause; `more` are those that are not drawn."""

    clause: str
    courses: tuple[Course, ...]
    more: int
    left_out: tuple[LeftOut, ...]


@dataclass(frozen=True, eq=False)
class _Ensemble:
    """Between what correct runs go, at each step, and how far they get from the reference."""

    lowest: Values
    highest: Values
    divergence: Values


@dataclass(frozen=True, eq=False)
class _Run:
    outcome: Outcome
    losses: Values
    reference: Values
    ensemble: _Ensemble | None

    @property
    def course(self) -> bytes:
        """Equal for runs that are compared with the same."""
        band = self.ensemble
        parts = [] if band is None else [band.lowest, band.highest, band.divergence]
        return b"".join(part.tobytes() for part in [self.reference, *parts])

    @property
    def gaps(self) -> Values:
        with np.errstate(all="ignore"):
            return np.abs(self.losses - self.reference)

    @property
    def farthest(self) -> float:
        """The largest difference to the reference, inf where there is no saying."""
        return float(np.where(np.isnan(self.gaps), np.inf, self.gaps).max())


def courses(report: Report, clause: str) -> Courses:
    """What the results hold of the training of this clause."""
    runs: dict[bytes, list[_Run]] = {}
    missing = []
    for outcome in of_clause(report.results, clause):
        try:
            run = _run(outcome)
            runs.setdefault(run.course, []).append(run)
        except SeriesError as error:
            missing.append((outcome, str(error)))
    groups = sorted(runs.values(), key=lambda group: -len(group))
    drawn = tuple(_course(report, group) for group in groups[:COURSES])
    return Courses(clause, drawn, len(runs) - len(drawn), left_out(missing))


def _run(outcome: Outcome) -> _Run:
    losses = measured(outcome, "losses", None)
    reference = measured(outcome, "reference losses", len(losses))
    try:
        ensemble = _Ensemble(
            measured(outcome, "ensemble lowest", len(losses)),
            measured(outcome, "ensemble highest", len(losses)),
            measured(outcome, "ensemble divergence", len(losses)),
        )
    except SeriesError:
        ensemble = None  # the losses are worth a chart without it
    return _Run(outcome, losses, reference, ensemble)


def _course(report: Report, runs: list[_Run]) -> Course:
    alike: dict[tuple[bytes, str], list[_Run]] = {}
    for run in runs:
        alike.setdefault((run.losses.tobytes(), run.outcome.outcome), []).append(run)
    groups = sorted(alike.values(), key=lambda group: -group[0].farthest)
    band = runs[0].ensemble
    limit = None if band is None else float(np.nan_to_num(band.divergence, nan=0.0).max())
    return Course(
        len(runs[0].losses),
        "" if limit is None else number(limit, 2),
        _losses(groups),
        _divergence(groups, limit),
        tuple(_row(report, group, limit) for group in groups),
    )


def _row(report: Report, group: list[_Run], limit: float | None) -> Row:
    run = group[0]
    keys = [("failure", *member.outcome.key) for member in group]
    beyond = np.flatnonzero(~(run.gaps <= limit)) if limit is not None else np.zeros(0)
    return Row(
        whose(member.outcome for member in group),
        run.outcome.outcome,
        tuple(key for key in keys if report.has(*key))[:_MOST_LINKS],
        number(float(run.losses[-1]), 5),
        number(run.farthest, 2),
        f"at step {int(beyond[0]) + 1}" if beyond.size else "never",
    )


def _losses(groups: list[list[_Run]]) -> Chart:
    reference, band = groups[0][0].reference, groups[0][0].ensemble
    compared = [reference] if band is None else [reference, band.lowest, band.highest]
    highest = 1.5 * max(float(np.nan_to_num(one, posinf=0, neginf=0).max()) for one in compared)
    every = [*compared, *(group[0].losses.clip(0, highest) for group in groups)]
    axis = linear_axis(every)
    near = _LINE_WIDTH * (axis.high - axis.low)
    apart = [group for group in groups if not group[0].farthest <= near]
    on_it = [run for group in groups if group[0].farthest <= near for run in group]
    curves = [Curve("the reference", reference)]
    if on_it:
        words = "nearer to it than a line is wide"
        curves.append(Curve(words, on_it[0].losses, 0, whose(run.outcome for run in on_it)))
    curves += _curves(apart, [group[0].losses for group in apart], len(curves) - 1)
    bands = (
        []
        if band is None
        else [Band("runs of the reference that round otherwise", band.highest, band.lowest)]
    )
    bands += _rest([group[0].losses for group in apart])
    description = (
        f"The reference begins at {number(float(reference[0]), 3)} and ends at "
        f"{number(float(reference[-1]), 3)}. {plural(len(on_it), 'run')} of backends cannot be "
        f"told from it here, {sum(map(len, apart))} can."
    )
    return chart("The loss at each step", description, axis, curves, bands)


def _divergence(groups: list[list[_Run]], limit: float | None) -> Chart:
    band = groups[0][0].ensemble
    gaps = [group[0].gaps for group in groups]
    steps = len(gaps[0])
    curves = _curves(groups, gaps, 0)
    bands = _rest(gaps)
    axis = log_axis([*gaps, *([] if band is None else [band.divergence])])
    if band is not None and limit is not None:
        curves.insert(0, Curve("the limit", np.full(steps, limit)))
        bands.insert(0, Band("up to where correct runs get, step by step", band.divergence))
    description = (
        f"The farthest of the backends gets {number(groups[0][0].farthest, 2)} from the reference, "
        f"the nearest {number(groups[-1][0].farthest, 2)}"
        + ("." if limit is None else f", runs that round otherwise {number(limit, 2)}.")
    )
    title = "How far the loss is from the reference's"
    return chart(title, description, axis, curves, bands)


def _curves(groups: Sequence[list[_Run]], values: Sequence[Values], taken: int) -> list[Curve]:
    """A line for each of the first groups, in a style that is not taken."""
    return [
        Curve("", one, style, whose(run.outcome for run in group))
        for style, (group, one) in enumerate(zip(groups, values, strict=True), start=taken)
        if style < LINES + taken
    ]


def _rest(values: Sequence[Values]) -> list[Band]:
    """What has no line of its own, as a band."""
    rest = values[LINES:]
    if not rest:
        return []
    together = np.stack(rest)
    lowest, highest = (together.min(axis=0), together.max(axis=0))
    return [Band(f"{len(rest)} others, told below", highest, lowest, has_outline=True)]
