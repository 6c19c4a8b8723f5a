"""The bounds of a step of training hold for whoever computes it in another order or format, and
for nobody who computes something else.
"""

from collections.abc import Callable, Iterator

import numpy as np
import pytest

from reference import ParameterError, cross_correlate
from reference.formats import FORMATS
from reference.geometry import Array
from reference.gradients import Correlate
from reference.network import (
    Activate,
    AveragePool,
    Convolution,
    Dense,
    Flatten,
    MaxPool,
    Network,
    Weights,
    initial_weights,
)
from reference.optimizers import SGD
from reference.propagation import BoundedStep, bounded_logits, bounded_step
from reference.training import Step, predict, train

CNN: Network = (
    Convolution(1, 4, (3, 3)),
    Activate("relu"),
    MaxPool(),
    Convolution(4, 6, (3, 3)),
    Activate("relu"),
    Flatten(),
    Dense(54, 10),
)
POOLED: Network = (
    Convolution(1, 4, (3, 3), padding=((1, 0), (0, 2))),
    Activate("leaky_relu"),
    AveragePool((2, 3)),
    Convolution(4, 4, (2, 2), groups=4),
    Activate("gelu"),
    MaxPool((2, 1)),
    Activate("sigmoid"),
    Flatten(),
    Dense(24, 8),
    Activate("tanh"),
    Dense(8, 7),
    Activate("gelu_tanh"),
    Dense(7, 10),
)
TINY: Network = (Convolution(1, 2, (3, 3)), Activate("relu"), MaxPool(), Flatten(), Dense(18, 10))


class Doubling:
    """A layer that nothing is known of."""

    kind = "doubling"

    def shapes(self) -> dict[str, tuple[int, ...]]:
        return {}

    def forward(self, x: Array, weights: Weights, correlate: Correlate) -> Array:
        return 2 * x


def data(network: Network, seed: int, dtype: str, count: int = 4) -> tuple[Weights, Array, Array]:
    rng = np.random.default_rng(seed)
    size = 8 if network is TINY else 12
    images = rng.standard_normal((count, 1, size, size)).astype(dtype)
    return initial_weights(network, seed, dtype), images, rng.integers(0, 10, count)


def step(
    network: Network,
    weights: Weights,
    images: Array,
    labels: Array,
    optimizer: SGD,
    correlate: Correlate = cross_correlate,
) -> Step:
    everything = iter([np.arange(len(images))])
    (taken,) = train(network, weights, images, labels, everything, optimizer, correlate)
    return taken


def excess(taken: Step, right: BoundedStep) -> float:
    """The largest error as a share of its bound."""
    shares = [abs(taken.loss - float(right.loss.value)) / float(right.loss.error)]
    for name, bounded in right.weights.items():
        off = np.abs(taken.weights[name].astype("float64") - bounded.value)
        shares.append(float((off / bounded.error).max()))
    return max(shares)


def channels_last_first(
    x: Array, filters: Array, bias: Array | None = None, **parameters: object
) -> Array:
    """A sum over the channels one by one, from the last."""
    total = None
    if parameters.get("groups", 1) != 1:
        return cross_correlate(x, filters, bias, **parameters)  # type: ignore[arg-type]
    for c in reversed(range(x.shape[1])):
        part = cross_correlate(x[:, [c]], filters[:, [c]], **parameters)  # type: ignore[arg-type]
        total = part if total is None else total + part
    assert total is not None
    return total if bias is None else total + bias.reshape(-1, *(1,) * (x.ndim - 2))


@pytest.mark.parametrize("correlate", [cross_correlate, channels_last_first])
@pytest.mark.parametrize(
    ("network", "dtype"),
    [
        (CNN, "float64"),
        (CNN, "float32"),
        (TINY, "float32"),
        (TINY, "float16"),
        (POOLED, "float64"),
        (POOLED, "float32"),
    ],
)
def test_every_order_and_format_is_within(
    network: Network, dtype: str, correlate: Callable[..., Array]
) -> None:
    for seed in range(12):
        weights, images, labels = data(network, seed, dtype)
        right = bounded_step(network, weights, images, labels, SGD(0.1), FORMATS[dtype])
        taken = step(network, weights, images, labels, SGD(0.1), correlate)
        twice = 2 if dtype == "float64" else 1
        assert excess(taken, right) <= twice
        logits = bounded_logits(network, weights, images, FORMATS[dtype])
        off = np.abs(predict(network, weights, images, correlate) - logits.value)
        assert (off <= twice * logits.error).all()


def wrong_steps(seed: int) -> Iterator[Step]:
    weights, images, labels = data(CNN, seed, "float32")
    yield step(CNN, weights, images, labels, SGD(0.101))
    yield step(CNN, weights, images, (labels + 1) % 10, SGD(0.1))
    yield step(CNN, weights, images * np.float32(1.001), labels, SGD(0.1))
    yield step(CNN, weights, images, labels, SGD(0.1, weight_decay=1e-3))


def test_other_steps_are_not() -> None:
    weights, images, labels = data(CNN, 0, "float32")
    right = bounded_step(CNN, weights, images, labels, SGD(0.1), FORMATS["float32"])
    assert [excess(taken, right) > 1 for taken in wrong_steps(0)] == [True] * 4


def test_open_choices_are_counted_and_allowed() -> None:
    """On a blank ground all values of a window tie: whoever wins is right."""
    network: Network = (Convolution(1, 2, (1, 1)), MaxPool(), Flatten(), Dense(8, 10))
    weights = initial_weights(network, 0)
    weights["0.bias"] += 1
    images = np.ones((1, 1, 4, 4)) / 3
    labels = np.array([3])
    right = bounded_step(network, weights, images, labels, SGD(0.1), FORMATS["float32"])
    assert right.open_choices == 2 * 16
    narrow = {name: w.astype("float32") for name, w in weights.items()}
    exact = bounded_step(network, narrow, images, labels, SGD(0.1), FORMATS["float32"])
    turned = images[:, :, ::-1, ::-1].astype("float32")
    assert excess(step(network, narrow, turned, labels, SGD(0.1)), exact) <= 1


def test_what_has_no_bounds_is_refused() -> None:
    weights, images, labels = data(CNN, 0, "float64")
    with pytest.raises(ParameterError, match="plain gradient descent"):
        bounded_step(CNN, weights, images, labels, SGD(0.1, momentum=0.9), FORMATS["float64"])
    strange: Network = (Doubling(), Flatten(), Dense(144, 10))  # type: ignore[assignment]
    with pytest.raises(ParameterError, match="layer 'doubling'"):
        bounded_logits(strange, initial_weights(strange, 0), images, FORMATS["float64"])
