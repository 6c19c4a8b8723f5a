"""Training: forward, loss, backward, step; and again.

The whole of it is :func:`train`. Everything else here prepares its data or looks at what came out.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from reference.correlation import cross_correlate
from reference.geometry import Array
from reference.gradients import Correlate
from reference.loss import softmax_cross_entropy, softmax_cross_entropy_gradient
from reference.network import Network, Weights, backward, forward
from reference.optimizers import Optimizer, State

_MEAN, _DEVIATION = 0.1307, 0.3081  # of all pixels of the training set, white being 1


class Images(Protocol):
    """An array of images, or what gives those of a batch when it is indexed as one."""

    def __getitem__(self, batch: Array, /) -> Array: ...


@dataclass(frozen=True, eq=False)
class Step:
    """One step of training: its number from 0, the loss before it, and the weights after it."""

    number: int
    loss: float
    weights: Weights


def train(
    network: Network,
    weights: Weights,
    images: Images,
    labels: Array,
    batches: Iterable[Array],
    optimizer: Optimizer | Callable[[int], Optimizer],
    correlate: Correlate = cross_correlate,
) -> Iterator[Step]:
    """One step for each of the ``batches``, which are indices into ``images`` (M, C, \\*size) and
    ``labels`` (M,). All is computed in the dtype of the weights.

    A function as ``optimizer`` gives the one for each step, by its number from 0: so a learning
    rate falls, say, and what was kept of earlier gradients stays.
    """
    states: dict[str, State] = dict.fromkeys(weights)
    dtype = np.result_type(*weights.values())
    for number, batch in enumerate(batches):
        now = optimizer(number) if callable(optimizer) else optimizer
        x = images[batch].astype(dtype, copy=False)
        values = forward(network, weights, x, correlate)
        loss = softmax_cross_entropy(values[-1], labels[batch])
        by_logits = softmax_cross_entropy_gradient(values[-1], labels[batch])
        gradients = backward(network, weights, values, by_logits, correlate)
        stepped = {}
        for name, weight in weights.items():
            stepped[name], states[name] = now.step(weight, gradients[name], states[name])
        weights = stepped
        yield Step(number, float(loss), weights)


def predict(
    network: Network,
    weights: Weights,
    images: Array,
    correlate: Correlate = cross_correlate,
    at_once: int = 500,
) -> Array:
    """The logits of ``images`` (M, C, \\*size), (M, classes), ``at_once`` of them at a time."""
    parts = [
        forward(network, weights, images[start : start + at_once], correlate)[-1]
        for start in range(0, max(len(images), 1), at_once)
    ]
    return np.concatenate(parts)


def accuracy(logits: Array, labels: Array) -> float:
    """The share of the ``logits`` (M, classes) whose largest value is that of the label.

    >>> accuracy(np.array([[1, 2], [4, 3]]), np.array([1, 1]))
    0.5
    """
    return float((logits.argmax(axis=1) == labels).mean())


def normalised(images: Array, dtype: str = "float64") -> Array:
    """MNIST's images (M, 28, 28), ints of 0 to 255, as the input of a network, (M, 1, 28, 28), with
    mean 0 and variance 1 over the training set.
    """
    levels = ((np.arange(256) / 255 - _MEAN) / _DEVIATION).astype(dtype)
    return np.asarray(levels[images[:, None]])


def shuffled_batches(count: int, size: int, seed: int, epochs: int = 1) -> Iterator[Array]:
    """Batches of this ``size``, as indices below ``count``: each epoch in another order, all of
    them from the seed. A rest that fills no batch is left out.

    >>> [len(batch) for batch in shuffled_batches(10, 4, seed=0)]
    [4, 4]
    """
    rng = np.random.default_rng(seed)
    for _ in range(epochs):
        order = rng.permutation(count)
        for start in range(0, count - size + 1, size):
            yield order[start : start + size]
