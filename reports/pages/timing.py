"""Where the time of a run went: by chapter, and how much of it the backend took to answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from reports.records import Clause, Outcome


@dataclass(frozen=True)
class Spent:
    """The time of a chapter: `answering` is the backend's own part of the `seconds`; both have
    the length of their bars in percent.
    """

    chapter: str
    seconds: float
    answering: float
    bar: float
    answering_bar: float


def timing(outcomes: Iterable[Outcome], clauses: Mapping[str, Clause]) -> tuple[Spent, ...]:
    """The time of each chapter, on a scale on which the longest is 100 percent."""
    sums: dict[str, list[float]] = {}
    for outcome in outcomes:
        of_chapter = sums.setdefault(clauses[outcome.clause].chapter, [0.0, 0.0])
        of_chapter[0] += outcome.seconds
        of_chapter[1] += min(outcome.calling, outcome.seconds)
    longest = max((seconds for seconds, _ in sums.values()), default=0.0) or 1.0
    return tuple(
        Spent(
            chapter,
            seconds,
            answering,
            round(100 * (seconds / longest), 1),
            round(100 * (answering / longest), 1),
        )
        for chapter, (seconds, answering) in sums.items()
    )
