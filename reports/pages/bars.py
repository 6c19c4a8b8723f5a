"""Small horizontal bar charts: counts with a name each, which stand beside their bars as text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

_ROW = 10  # how high a row of a chart is, in its own units; its bar leaves one free on both sides
_THINNEST = 0.6  # per cent of the longest bar, so that whatever occurs is seen


@dataclass(frozen=True)
class Bar:
    """One row of a chart: `share` is the part of the whole, in words."""

    label: str
    count: int
    share: str

    @property
    def number(self) -> str:
        """The count in words, which fits beside a bar on a phone, however large it is."""
        return f"{self.count:,}" if self.count < 10**12 else f"{self.count:.3g}"


@dataclass(frozen=True)
class Chart:
    """A chart; `note` says what is counted where the title alone does not."""

    title: str
    bars: tuple[Bar, ...]
    note: str = ""

    @cached_property
    def path(self) -> str:
        """All bars as the path of an SVG of the width 100, the longest as wide as that."""
        longest = max((bar.count for bar in self.bars), default=0)
        drawn = (
            f"M0 {row * _ROW + 1}h{max(100 * bar.count / longest, _THINNEST):.3g}v{_ROW - 2}H0"
            for row, bar in enumerate(self.bars)
            if bar.count
        )
        return "".join(drawn)

    @property
    def height(self) -> int:
        return _ROW * len(self.bars)


def charted(title: str, counts: Iterable[tuple[str, int]], note: str = "") -> Chart:
    """The chart of counts with their labels."""
    counts = list(counts)
    total = sum(count for _, count in counts)
    bars = (Bar(label, count, percent(count, total)) for label, count in counts)
    return Chart(title, tuple(bars), note)


def in_bins(ends: Sequence[int], tally: Sequence[int]) -> list[tuple[str, int]]:
    """The counts of a tally, labelled with what its bins hold, without empty ones at the ends.

    >>> in_bins((0, 1, 2, 3), (0, 5, 0, 7, 0))
    [('1', 5), ('2', 0), ('3', 7)]
    """
    starts = (ends[0], *(end + 1 for end in ends[:-1]))
    labels = [
        str(end) if start == end else f"{start}\N{EN DASH}{end}"
        for start, end in zip(starts, ends, strict=True)
    ]
    counts = list(zip([*labels, f"over {ends[-1]}"], tally, strict=True))
    held = [at for at, (_, count) in enumerate(counts) if count]
    return counts[held[0] : held[-1] + 1] if held else []


def percent(part: int, whole: int) -> str:
    """A part of a whole in words; neither all nor nothing is said of what is only near to it.

    >>> percent(2, 3), percent(1, 1000), percent(999, 1000), percent(1, 1), percent(0, 0)
    ('67\\xa0%', 'under 1\\xa0%', 'over 99\\xa0%', '100\\xa0%', '0\\xa0%')
    """
    if 0 < 100 * part < whole:
        return "under 1\N{NO-BREAK SPACE}%"
    if 99 * whole < 100 * part < 100 * whole:
        return "over 99\N{NO-BREAK SPACE}%"
    return f"{round(100 * part / whole) if whole else 0}\N{NO-BREAK SPACE}%"
