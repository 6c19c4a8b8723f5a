"""Filters that nobody made: the first layer of a trained network.

Those of the run are shown where it has some; otherwise those that come with the package, which
`reports.learn` makes.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from math import prod
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from reports.records import Outcome
from reports.results import Results

FILE = Path(__file__).parent.parent / "data" / "learned_filters.json"
CLAUSE, SERIES = "TRAIN-9", "filters after"
COUNT = 8
SHAPE = (COUNT, 1, 3, 3)
LARGEST = 1000  # no filter of a network that works
DIGITS = 2  # after the point: sums of pixels times such weights can be shown without rounding

Filters = list[list[list[float]]]


@dataclass(frozen=True)
class Learned:
    """Filters (K, 3, 3), rounded, and where they are from."""

    filters: Filters
    source: str


def learned(results: Results) -> Learned:
    """The first layer that the run trained, or else the one that comes with the package."""
    for outcome in results.outcomes:
        found = _of(outcome)
        if found is not None:
            return Learned(found, f"trained by {outcome.backend} in this run, clause {CLAUSE}")
    published = json.loads(FILE.read_text("utf-8"))
    return Learned(published["filters"], published["source"])


def rounded(filters: NDArray[np.float64]) -> Filters:
    """The one channel of each filter (K, 1, 3, 3); a zero has no sign."""
    values: Filters = (np.round(filters[:, 0], DIGITS) + 0.0).tolist()
    return values


def _of(outcome: Outcome) -> Filters | None:
    stored = outcome.series.get(SERIES)
    if outcome.clause != CLAUSE or outcome.outcome != "pass" or stored is None:
        return None
    values = [v for v in stored.values or () if not isinstance(v, str) and abs(v) < LARGEST]
    if stored.shape != SHAPE or len(values) != prod(SHAPE):
        return None
    return rounded(np.reshape(np.array(values, "float64"), SHAPE))
