"""How long one training step takes, beside PyTorch's, on one thread each:

OMP_NUM_THREADS=1 python -m reference.tests.benchmark_training [dtype]

The two take turns in one run, so that whatever else the machine does slows both of them.
"""

import os
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from reference.network import (
    Activate,
    Convolution,
    Dense,
    Flatten,
    MaxPool,
    Network,
    Weights,
    initial_weights,
)
from reference.optimizers import SGD
from reference.tests.side_by_side import show
from reference.training import train

NETWORK: Network = (
    Convolution(1, 8, (3, 3)),
    Activate(),
    MaxPool(),
    Convolution(8, 16, (3, 3)),
    Activate(),
    MaxPool(),
    Flatten(),
    Dense(400, 10),
)
BATCH = 64
ROUNDS = 200
LEARNING_RATE = 0.05


def step_of_reference(weights: Weights, images: Any, labels: Any) -> Callable[[], object]:
    """One step of training, from the same weights each time."""
    batch, optimizer = np.arange(len(images)), SGD(LEARNING_RATE)
    return lambda: list(train(NETWORK, weights, images, labels, [batch], optimizer))


def step_of_torch(weights: Weights, images: Any, labels: Any) -> Callable[[], object]:
    """The same step by PyTorch."""
    import torch
    from torch.nn import functional

    torch.set_num_threads(1)
    x, y = torch.tensor(images), torch.tensor(labels)
    parameters = [torch.tensor(weight, requires_grad=True) for weight in weights.values()]
    optimizer = torch.optim.SGD(parameters, lr=LEARNING_RATE)

    def step() -> object:
        filters, bias, more_filters, more_bias, dense, dense_bias = parameters
        optimizer.zero_grad()
        hidden = functional.max_pool2d(functional.conv2d(x, filters, bias).relu(), 2)
        hidden = functional.max_pool2d(functional.conv2d(hidden, more_filters, more_bias).relu(), 2)
        logits = functional.linear(hidden.flatten(1), dense, dense_bias)
        functional.cross_entropy(logits, y).backward()
        return optimizer.step()

    return step


def main(dtype: str = "float64") -> None:
    if os.environ.get("OMP_NUM_THREADS") != "1":
        sys.exit("Set OMP_NUM_THREADS=1: how many threads NumPy has is settled as it is imported.")
    rng = np.random.default_rng(0)
    images = rng.standard_normal((BATCH, 1, 28, 28)).astype(dtype)
    labels = rng.integers(0, 10, BATCH)
    weights = initial_weights(NETWORK, 0, dtype)
    steps = {
        "reference": step_of_reference(weights, images, labels),
        "PyTorch": step_of_torch(weights, images, labels),
    }
    show(f"one step, batch {BATCH}, {dtype}, one thread", steps, ROUNDS)


if __name__ == "__main__":
    main(*sys.argv[1:])
