"""Short trainings, on which the diagnosis tries its hypotheses."""

from collections.abc import Sequence

import numpy as np

from adapters.dtypes import numpy_dtype
from adapters.operations import WEIGHTS, optimizer_of, weights_of
from conformance.answers.registry import answers
from conformance.judge import Reading
from conformance.lessons import TINY, prediction, request_of
from conformance.makers import makes
from conformance.requests import Request
from conformance.strategies import Dice
from reference.geometry import Array
from reference.network import Weights, described, initial_weights
from reference.optimizers import SGD
from reference.training import predict, train

_APART = 2.0**12  # roundoffs: what explains a failure is told from what does not, not judged


@makes("train")
def _train(dice: Dice, dtype: str, axes: Sequence[int]) -> Request:
    rng = np.random.default_rng(dice.seed())
    images, weights = _small(rng, dtype, 24)
    batches = rng.permutation(24).reshape(dice.one_of((2, 4, 6)), -1)
    labels = rng.integers(0, 10, 24)
    optimizer = dice.one_of((SGD(0.1), SGD(0.05, 0.9), SGD(0.05, 0.5, nesterov=True)))
    return request_of(TINY, weights, images, labels, batches, optimizer)


@makes("predict")
def _predict(dice: Dice, dtype: str, axes: Sequence[int]) -> Request:
    rng = np.random.default_rng(dice.seed())
    images, weights = _small(rng, dtype, 150)
    return prediction(TINY, weights, images)


def _small(rng: np.random.Generator, dtype: str, count: int) -> tuple[Array, Weights]:
    images = rng.standard_normal((count, 1, 8, 8)).astype(numpy_dtype(dtype))
    weights = initial_weights(TINY, int(rng.integers(2**16)))
    return images, {name: array.astype(numpy_dtype(dtype)) for name, array in weights.items()}


@answers("train", "predict")
def _answer(request: Request, promise: str) -> dict[str, Reading]:
    """The reference's, in float64, and a distance from it."""
    images = request.arrays["images"].astype("float64")
    weights = {name: w.astype("float64") for name, w in weights_of(request.arrays).items()}
    network = described(request.parameters["network"])
    if request.operation == "predict":
        return {"result": _near(predict(network, weights, images), request)}
    optimizer = optimizer_of(request.parameters["optimizer"])
    losses = []
    batches, labels = request.arrays["batches"], request.arrays["labels"]
    for step in train(network, weights, images, labels, iter(batches), optimizer):
        losses.append(step.loss)
        weights = step.weights
    found = {"losses": _near(np.array(losses), request)}
    return found | {WEIGHTS + name: _near(array, request) for name, array in weights.items()}


def _near(value: Array, request: Request) -> Reading:
    size = _APART * request.format.unit_roundoff * np.abs(value).max(initial=1.0)
    return Reading(value, np.full(value.shape, size))
