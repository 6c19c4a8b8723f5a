"""Filters that nobody made, for the pages of a run that trained none:

python -m reports.learn

trains a small network with the reference, for some seconds, and writes the filters of its first
layer into the data of this package.
"""

from __future__ import annotations

import json

import numpy as np

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
from reports.pages.learned import COUNT, FILE, rounded

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


def main() -> None:
    """Train for one epoch, and write the filters."""
    digits = mnist.load("train")
    weights = initial_weights(NETWORK, 0, "float32")
    weights["0.filters"] = weights["0.filters"] * np.float32(QUIET)
    batches = shuffled_batches(len(digits.images), 64, seed=0)
    images = normalised(digits.images, "float32")
    for step in train(NETWORK, weights, images, digits.labels, batches, SGD(0.05, momentum=0.9)):
        weights = step.weights
    content = {
        "source": "trained by the reference, one epoch over MNIST",
        "filters": rounded(weights["0.filters"].astype("float64")),
    }
    FILE.write_text(json.dumps(content) + "\n", "utf-8")


if __name__ == "__main__":
    main()
