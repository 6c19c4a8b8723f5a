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
from conformance.small_networks import EXACT, REAL, any_network, filled
from conformance.strategies import Dice
from reference.geometry import Array
from reference.network import Weights, described, initial_weights
from reference.optimizers import SGD
from reference.propagation import BoundedStep, bounded_logits, bounded_step
from reference.training import predict, train

_AT_ONCE = 500  # images
_OF_BOUNDED = ("value", "error")
_RATES = (1.0, 0.5, 0.25)
_APART = 2.0**12  # roundoffs: what explains a failure is told from what does not, not judged


@makes("train")
def _train(dice: Dice, dtype: str, axes: Sequence[int]) -> Request:
    """Every second is a single step, of any small network."""
    if dice.one_of(range(2)):
        return any_step(dice, dtype, axes)
    rng = np.random.default_rng(dice.seed())
    images, weights = _small(rng, dtype, 24)
    batches = rng.permutation(24).reshape(dice.one_of((2, 4, 6)), -1)
    labels = rng.integers(0, 10, 24)
    optimizer = dice.one_of((SGD(0.1), SGD(0.05, 0.9), SGD(0.05, 0.5, nesterov=True)))
    return request_of(TINY, weights, images, labels, batches, optimizer)


@makes("predict")
def _predict(dice: Dice, dtype: str, axes: Sequence[int]) -> Request:
    """Every fourth is of so many images that they are taken in several parts."""
    if dice.one_of(range(4)):
        return any_prediction(dice, dtype, axes)
    rng = np.random.default_rng(dice.seed())
    images, weights = _small(rng, dtype, 150)
    return prediction(TINY, weights, images)


def any_prediction(dice: Dice, dtype: str, axes: Sequence[int]) -> Request:
    """The logits of any small network; integers are drawn where all its layers are exact."""
    drawn = any_network(dice, dtype)
    kind = dice.kind((*EXACT, *EXACT, *EXACT, *EXACT, *REAL) if drawn.exact else REAL)
    seed = dice.seed()
    request = prediction(drawn.network, *filled(drawn, kind, seed, dtype))
    return request.but(data=kind, seed=seed)


def any_step(dice: Dice, dtype: str, axes: Sequence[int]) -> Request:
    """A step of training of any small network, on all of its images; real numbers."""
    drawn = any_network(dice, dtype)
    kind, rate, seed = dice.kind(REAL), dice.one_of(_RATES), dice.seed()
    weights, images = filled(drawn, kind, seed, dtype)
    labels = np.random.default_rng((seed, 1)).integers(0, drawn.classes, len(images))
    everything = np.arange(len(images))[None]
    request = request_of(drawn.network, weights, images, labels, everything, SGD(rate))
    return request.but(data=kind, seed=seed)


def _small(rng: np.random.Generator, dtype: str, count: int) -> tuple[Array, Weights]:
    images = rng.standard_normal((count, 1, 8, 8)).astype(numpy_dtype(dtype))
    weights = initial_weights(TINY, int(rng.integers(2**16)))
    return images, {name: array.astype(numpy_dtype(dtype)) for name, array in weights.items()}


@answers("predict")
def _logits(request: Request, promise: str) -> dict[str, Reading]:
    """Integers must be exact."""
    network, weights = described(request.parameters["network"]), weights_of(request.arrays)
    images = request.arrays["images"]
    if request.exact:
        wide = {name: w.astype("float64") for name, w in weights.items()}
        return {"result": Reading(predict(network, wide, images.astype("float64")), np.zeros(()))}
    parts = [
        bounded_logits(network, weights, images[start : start + _AT_ONCE], request.format)
        for start in range(0, len(images), _AT_ONCE)
    ]
    value, error = (np.concatenate([getattr(p, name) for p in parts]) for name in _OF_BOUNDED)
    twice = 2 if request.dtype == "float64" else 1  # the reference rounds there, too
    return {"result": Reading(value, twice * error)}


@answers("train")
def _trained(request: Request, promise: str) -> dict[str, Reading]:
    """The reference's, in float64, and a distance from it; or, for a step on all images in their
    order, by plain gradient descent, the bounds of its rounding errors.
    """
    if request.data in REAL:
        return readings_of(one_step(request), request.dtype)
    images = request.arrays["images"].astype("float64")
    weights = {name: w.astype("float64") for name, w in weights_of(request.arrays).items()}
    network = described(request.parameters["network"])
    optimizer = optimizer_of(request.parameters["optimizer"])
    losses = []
    batches, labels = request.arrays["batches"], request.arrays["labels"]
    for step in train(network, weights, images, labels, iter(batches), optimizer):
        losses.append(step.loss)
        weights = step.weights
    found = {"losses": _near(np.array(losses), request)}
    return found | {WEIGHTS + name: _near(array, request) for name, array in weights.items()}


def one_step(request: Request) -> BoundedStep:
    """The only step of a training, which sees all images in their order, within its bounds."""
    optimizer = optimizer_of(request.parameters["optimizer"])
    assert isinstance(optimizer, SGD)
    return bounded_step(
        described(request.parameters["network"]),
        weights_of(request.arrays),
        request.arrays["images"],
        request.arrays["labels"],
        optimizer,
        request.format,
    )


def readings_of(step: BoundedStep, dtype: str) -> dict[str, Reading]:
    """What a step of training should give, by name."""
    twice = 2 if dtype == "float64" else 1  # the reference rounds there, too
    losses = Reading(step.loss.value.reshape(1), twice * step.loss.error.reshape(1))
    return {"losses": losses} | {
        WEIGHTS + name: Reading(w.value, twice * w.error) for name, w in step.weights.items()
    }


def _near(value: Array, request: Request) -> Reading:
    size = _APART * request.format.unit_roundoff * np.abs(value).max(initial=1.0)
    return Reading(value, np.full(value.shape, size))
