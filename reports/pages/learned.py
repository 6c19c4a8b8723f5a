"""Filters that nobody made: the first layer of a trained network.

Those of the run are shown where it has some; otherwise those of the reference's own training,
which come with the package and are made anew, in about a minute, by

    python -m reports.pages.learned
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from math import prod
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from reference import mnist
from reference.network import (
    Activate,
    Convolution,
    Dense,
    Flatten,
    MaxPool,
    Network,
    initial_weights,
)
from reference.optimizers import SGD
from reference.training import normalised, shuffled_batches, train
from reports.records import Outcome
from reports.results import Results

FILE = Path(__file__).parent.parent / "data" / "learned_filters.json"
CLAUSE, SERIES = "TRAIN-9", "filters after"
COUNT = 8
SHAPE = (COUNT, 1, 3, 3)
LARGEST = 1000  # no filter of a network that works
DIGITS = 2  # after the point: sums of pixels times such weights can be shown without rounding
NETWORK: Network = (
    Convolution(1, COUNT, (3, 3)),
    Activate(),
    MaxPool(),
    Convolution(COUNT, 16, (3, 3)),
    Activate(),
    MaxPool(),
    Flatten(),
    Dense(16 * 5 * 5, 10),
)
QUIET = 0.1  # the first filters start small, so that what they learn is not what they were

Filters = list[list[list[float]]]
FloatArray = NDArray[np.float64]


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


def main() -> None:
    """Train one epoch with the reference, and write the filters of the first layer."""
    digits = mnist.load("train")
    weights = initial_weights(NETWORK, 0, "float32")
    weights["0.filters"] = weights["0.filters"] * np.float32(QUIET)
    batches = shuffled_batches(len(digits.images), 64, seed=0)
    images = normalised(digits.images, "float32")
    optimizer = SGD(0.05, momentum=0.9)
    for step in train(NETWORK, weights, images, digits.labels, batches, optimizer):
        weights = step.weights
    content = {
        "source": "trained by the reference, one epoch over MNIST",
        "filters": _rounded(weights["0.filters"].astype("float64")),
    }
    FILE.write_text(json.dumps(content) + "\n", "utf-8")


def _of(outcome: Outcome) -> Filters | None:
    stored = outcome.series.get(SERIES)
    if outcome.clause != CLAUSE or outcome.outcome != "pass" or stored is None:
        return None
    values = [v for v in stored.values or () if not isinstance(v, str) and abs(v) < LARGEST]
    if stored.shape != SHAPE or len(values) != prod(SHAPE):
        return None
    return _rounded(np.reshape(np.array(values, "float64"), SHAPE))


def _rounded(filters: FloatArray) -> Filters:
    """The one channel of each filter; a zero has no sign."""
    values: Filters = (np.round(filters[:, 0], DIGITS) + 0.0).tolist()
    return values


if __name__ == "__main__":
    main()
