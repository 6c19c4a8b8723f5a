"""What outcomes hold as series, read with care: a name, a shape and the values may be anything."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reports.records import Outcome, brief
from reports.results import Results
from reports.words import dtype_order, first_line, listed

LARGEST = 100_000

Values = NDArray[np.float64]


class SeriesError(ValueError):
    """A series cannot be shown; the message is a clause that says why."""


def measured(outcome: Outcome, name: str, *axes: int | None) -> Values:
    """The series as float64, of as many axes as are given, each as long as it says, if it does.

    Raises SeriesError where it is not there, or not so.
    """
    if not outcome.series and outcome.reason:
        raise SeriesError(first_line(outcome.reason))
    if name not in outcome.series:
        raise SeriesError(f"there are no {name}")
    array = outcome.series[name]
    if array.values is None:
        raise SeriesError(f"the {name} were too many to store")
    if len(array.shape) != len(axes) or any(
        wanted not in (None, size) for wanted, size in zip(axes, array.shape, strict=True)
    ):
        wanted = ", ".join("any" if size is None else str(size) for size in axes)
        raise SeriesError(f"the {name} have the shape {brief(array.shape)}, and not ({wanted})")
    if not 0 < len(array.values) <= LARGEST:
        raise SeriesError(f"the {name} are {len(array.values):,} values")
    try:
        values = np.array(array.values, np.float64)
    except OverflowError:
        raise SeriesError(f"the {name} hold an integer of more than 308 digits") from None
    return values.reshape(array.shape)


@dataclass(frozen=True)
class Whose:
    """Backends that share something in the same dtypes."""

    backends: tuple[str, ...]
    dtypes: tuple[str, ...]

    @property
    def where(self) -> str:
        """The dtypes in words, with the space before them; nothing where no dtype has a part."""
        return f" in {listed(list(self.dtypes))}" if any(self.dtypes) else ""


def whose(outcomes: Iterable[Outcome]) -> tuple[Whose, ...]:
    """The backends and dtypes of the outcomes, in few words."""
    dtypes: dict[str, list[str]] = {}
    for outcome in outcomes:
        dtypes.setdefault(outcome.backend, []).append(outcome.dtype)
    alike: dict[tuple[str, ...], list[str]] = {}
    for backend, found in dtypes.items():
        alike.setdefault(tuple(sorted(set(found), key=dtype_order)), []).append(backend)
    return tuple(Whose(tuple(backends), shared) for shared, backends in alike.items())


@dataclass(frozen=True)
class LeftOut:
    """Outcomes of which nothing is shown, for one reason."""

    whose: tuple[Whose, ...]
    outcome: str
    reason: str


def left_out(reasons: Iterable[tuple[Outcome, str]]) -> tuple[LeftOut, ...]:
    """The outcomes of which nothing is shown, those of one verdict and reason together."""
    alike: dict[tuple[str, str], list[Outcome]] = {}
    for outcome, reason in reasons:
        alike.setdefault((outcome.outcome, reason), []).append(outcome)
    return tuple(LeftOut(whose(members), *key) for key, members in alike.items())


def of_clause(results: Results, clause: str) -> Iterator[Outcome]:
    """The outcomes of a clause, by dtype and then as in the results."""
    found = [outcome for outcome in results.outcomes if outcome.clause == clause]
    yield from sorted(found, key=lambda outcome: dtype_order(outcome.dtype))
