"""The errors of an outcome, as fractions of their bound: a small chart, and its words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from reports.records import RATIOS

_STEP, _BASE, _TALLEST = 10, 19.5, 18.0


@dataclass(frozen=True)
class Bin:
    """The errors in one bin; `percent` is the height of its bar."""

    label: str
    count: int
    percent: int
    beyond: bool


@dataclass(frozen=True)
class Strip:
    """A chart in a box of 92 by 20: the outlines of its bars, within the bound and beyond it.

    `exact` is the number of errors if there is none but exact ones, which need no chart.
    """

    words: str
    exact: int
    within: str
    beyond: str
    bins: tuple[Bin, ...]


def strip_of(ratios: Sequence[int]) -> Strip | None:
    """The chart of a tally over the bins of RATIOS; None if nothing was tallied.

    A bar grows with the square root of its number, so that a single error is seen, too.
    """
    if not any(ratios):
        return None
    heights = [math.sqrt(number / max(ratios)) for number in ratios]
    return Strip(
        _words(ratios),
        0 if any(ratios[1:]) else ratios[0],
        "".join(_bar(at, height) for at, height in enumerate(heights[:-1]) if height),
        _point(len(RATIOS), heights[-1]) if heights[-1] else "",
        tuple(
            Bin(label, number, round(62 * height), at == len(RATIOS))
            for at, (label, number, height) in enumerate(
                zip(_labels(), ratios, heights, strict=True)
            )
        ),
    )


def together(tallies: Sequence[Sequence[int]]) -> tuple[int, ...]:
    """The sum of the tallies that there are."""
    return tuple(map(sum, zip(*filter(None, tallies), strict=True)))


def _labels() -> list[str]:
    within = [f"\N{LESS-THAN OR EQUAL TO}\N{NO-BREAK SPACE}{end:g}" for end in RATIOS[1:]]
    return ["exact", *within, "beyond"]


def _words(ratios: Sequence[int]) -> str:
    names = ["exact", *(f"up to {end:g}" for end in RATIOS[1:]), "beyond the bound"]
    parts = (f"{number:,} {name}" for name, number in zip(names, ratios, strict=True) if number)
    return f"Errors as fractions of the bound: {', '.join(parts)}"


def _height(share: float) -> float:
    return max(1.5, round(_TALLEST * share, 1))


def _bar(at: int, share: float) -> str:
    height = _height(share)
    return f"M{1 + _STEP * at} {_BASE}v-{height:g}h8v{height:g}z"


def _point(at: int, share: float) -> str:
    height = max(6.0, _height(share))
    return f"M{3 + _STEP * at} {_BASE}l4-{height:g} 4 {height:g}z"
