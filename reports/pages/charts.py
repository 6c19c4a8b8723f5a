"""Line charts: from numbers to the ticks, paths and marks that a template draws as SVG.

A chart is told apart without colours: each line has its dashes and its mark.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reports.pages.pictures import number
from reports.pages.series import Whose

WIDTH, HEIGHT = 560, 300
LEFT, RIGHT, TOP, BOTTOM = 66, 546, 14, 248
STYLES = 8  # ways to draw a line, each with dashes and a mark of its own
_DASHES = ("", "7 3", "2 3", "9 3 2 3", "5 5", "12 4", "1 4", "9 3 2 3 2 3")
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_POINTS = 240  # of a line, at most: as many as there are places to see
_MARKS = 5
_DECADES = 20
_HUGE = 1e300  # beyond it, and below its reciprocal, nothing is told apart
_FLOOR = 0.12  # of the height of a logarithmic axis, for zero and the way to it

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Axis:
    """From `low` to `high`; if it `is_log`, from 10**low to 10**high, with zero below if asked."""

    low: float
    high: float
    is_log: bool = False
    has_zero: bool = False

    def share(self, value: float) -> float | None:
        """Where the value is, from 0 to 1, at the edge if it is beyond; None if it is nan."""
        if math.isnan(value):
            return None
        if not self.is_log:
            return _within((value - self.low) / (self.high - self.low))
        floor = _FLOOR if self.has_zero else 0.0
        if value <= 0:
            return 0.0
        at = math.inf if math.isinf(value) else math.log10(value)
        return floor + (1 - floor) * _within((at - self.low) / (self.high - self.low))

    def ticks(self, most: int = 6) -> tuple[tuple[float, str], ...]:
        """Round values on the axis, and how they are written."""
        if not self.is_log:
            return tuple((value, number(value)) for value in _round(self.low, self.high, most))
        step = max(1, math.ceil((self.high - self.low) / (most - 1)))
        powers = range(int(self.low), int(self.high) + 1, step)
        zero = [(0.0, "0")] if self.has_zero else []
        return (*zero, *((10.0**power, power_of_ten(power)) for power in powers))


def power_of_ten(power: int) -> str:
    """
    >>> power_of_ten(-12) == "10\N{SUPERSCRIPT MINUS}\N{SUPERSCRIPT ONE}\N{SUPERSCRIPT TWO}"
    True
    """
    return "1" if power == 0 else "10" + str(power).translate(_SUPERSCRIPTS)


def linear_axis(values: Iterable[Values]) -> Axis:
    """From zero, or the smallest value if that is less, to a little above the largest."""
    found = _finite(values)
    low, high = float(found.min(initial=0.0)), float(found.max(initial=0.0))
    return Axis(low, high + 0.04 * (high - low) if high - low > 1 / _HUGE else low + 1)


def log_axis(values: Iterable[Values]) -> Axis:
    """Over whole powers of ten that hold all positive values, twenty of them at most."""
    found = _finite(values)
    positive = found[found > 1 / _HUGE]
    if not positive.size:
        return Axis(-17, -15, is_log=True, has_zero=True)
    high = math.ceil(math.log10(positive.max()))
    low = max(math.floor(math.log10(positive.min())), high - _DECADES)
    return Axis(min(low, high - 1), high, is_log=True, has_zero=positive.size < found.size)


@dataclass(frozen=True, eq=False)
class Curve:
    """A value for each step, from 1 on; `style` tells how it is drawn, and None that it is what
    the others are compared with.
    """

    label: str
    values: Values
    style: int | None = None
    whose: tuple[Whose, ...] = ()


@dataclass(frozen=True, eq=False)
class Band:
    """All between two values for each step; `highest` alone is a band from the bottom on.

    One that `has_outline` stands for many lines.
    """

    label: str
    highest: Values
    lowest: Values | None = None
    has_outline: bool = False


@dataclass(frozen=True)
class Tick:
    """A place on an axis, in the units of the drawing."""

    at: float
    label: str


@dataclass(frozen=True)
class Drawn:
    """A line, or a band, as it is drawn; `kind` is its class, its name in the legend the label, or
    those whose it is.
    """

    kind: str
    label: str
    whose: tuple[Whose, ...]
    path: str
    marks: str = ""
    dash: str = ""
    sample: str = ""


@dataclass(frozen=True)
class Chart:
    """A line chart of values by steps: its words, its ticks, its bands and lines."""

    title: str
    description: str
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    bands: tuple[Drawn, ...]
    lines: tuple[Drawn, ...]


def chart(
    title: str,
    description: str,
    axis: Axis,
    curves: Sequence[Curve],
    bands: Sequence[Band] = (),
) -> Chart:
    """The chart of values by steps, with this axis for the values."""
    steps = max((len(curve.values) for curve in curves), default=0)
    across = Axis(1, max(2, steps))
    # Of steps, which are whole numbers, no fraction is a tick.
    x_ticks = [(at, text) for at, text in across.ticks() if float(at).is_integer()]
    return Chart(
        title,
        description,
        tuple(Tick(_x(across, at), text) for at, text in x_ticks),
        tuple(Tick(_y(axis, at) or 0.0, text) for at, text in axis.ticks()),
        tuple(_band(band, across, axis) for band in bands),
        tuple(_line(curve, across, axis) for curve in curves),
    )


def _line(curve: Curve, across: Axis, axis: Axis) -> Drawn:
    points = list(_points(curve.values, across, axis))
    if curve.style is None:
        return Drawn("chart-compared", curve.label, curve.whose, _path(points))
    style = curve.style % STYLES
    seen = [point for point in points if point is not None]
    every = max(1, len(seen) // _MARKS)
    # Each style begins elsewhere, so that lines on top of each other show all of their marks.
    marked = seen[style * every // STYLES :: every]
    marks = "".join(_mark(style, *point) for point in marked)
    kind, dash = f"chart-{style}", _DASHES[style]
    return Drawn(kind, curve.label, curve.whose, _path(points), marks, dash, _mark(style, 20, 6))


def _band(band: Band, across: Axis, axis: Axis) -> Drawn:
    above = [point for point in _points(band.highest, across, axis) if point is not None]
    if band.lowest is None:
        below = [(x, float(BOTTOM)) for x, _ in above]
    else:
        below = [point for point in _points(band.lowest, across, axis) if point is not None]
    outline = [*above, *reversed(below)]
    kind = "chart-others" if band.has_outline else "chart-band"
    return Drawn(kind, band.label, (), _path(outline) + "Z" if outline else "")


def _points(values: Values, across: Axis, axis: Axis) -> Iterator[tuple[float, float] | None]:
    """Where the values are drawn; None where the line is interrupted."""
    for at in thinned(values):
        y = _y(axis, float(values[at]))
        yield None if y is None else (_x(across, at + 1), y)


def thinned(values: Values, most: int = _POINTS) -> list[int]:
    """Places of values enough to draw them by: of many, the lowest and the highest of each part,
    and the first that is no number.

    >>> thinned(np.array([3.0, 1.0, 2.0, 2.0, 2.0, 5.0]), most=4)
    [0, 1, 3, 5]
    """
    if len(values) <= most:
        return list(range(len(values)))
    kept: list[int] = []
    start = 0
    for part in np.array_split(values, most // 2):
        lost = np.flatnonzero(np.isnan(part))
        found = {int(lost[0])} if lost.size else set()
        if lost.size < part.size:
            found |= {int(np.nanargmin(part)), int(np.nanargmax(part))}
        kept += sorted(start + at for at in found)
        start += len(part)
    return kept


def _path(points: Sequence[tuple[float, float] | None]) -> str:
    """An SVG path through the points, lifted where there is none."""
    path, is_down = [], False
    for point in points:
        if point is not None:
            path.append(f"{'' if is_down else 'M'}{point[0]:g} {point[1]:g}")
        is_down = point is not None
    return " ".join(path)


def _mark(style: int, x: float, y: float) -> str:
    """A small shape about a point, as a part of an SVG path."""
    return (
        f"M{x - 4:g} {y:g}a4 4 0 1 0 8 0a4 4 0 1 0 -8 0Z",
        f"M{x - 3.5:g} {y - 3.5:g}h7v7h-7Z",
        f"M{x:g} {y - 5:g}l4.5 8h-9Z",
        f"M{x:g} {y - 5:g}l5 5l-5 5l-5 -5Z",
        f"M{x:g} {y + 5:g}l4.5 -8h-9Z",
        f"M{x - 1.5:g} {y - 5:g}h3v10h-3Z",
        f"M{x - 5:g} {y - 1.5:g}h10v3h-10Z",
        f"M{x - 5:g} {y - 1.5:g}h3.5v-3.5h3v3.5h3.5v3h-3.5v3.5h-3v-3.5h-3.5Z",
    )[style]


def _x(axis: Axis, value: float) -> float:
    return round(LEFT + (RIGHT - LEFT) * (axis.share(value) or 0.0), 1)


def _y(axis: Axis, value: float) -> float | None:
    share = axis.share(value)
    return None if share is None else round(BOTTOM - (BOTTOM - TOP) * share, 1)


def _within(share: float) -> float:
    return min(1.0, max(0.0, share))


def _round(low: float, high: float, most: int) -> list[float]:
    """Multiples of 1, 2 or 5 times a power of ten, `most` of them at most.

    >>> _round(0, 2.4, 6)
    [0.0, 0.5, 1.0, 1.5, 2.0]
    """
    power = 10.0 ** math.floor(math.log10((high - low) / most))
    step = next(
        m * power for m in (1, 2, 5, 10, 20) if math.floor((high - low) / (m * power)) < most
    )
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [float(f"{at * step:.12g}") for at in range(first, last + 1)]


def _finite(values: Iterable[Values]) -> Values:
    joined = np.concatenate([np.zeros(0), *(np.ravel(one) for one in values)])
    return np.asarray(joined[np.isfinite(joined)].clip(-_HUGE, _HUGE))
