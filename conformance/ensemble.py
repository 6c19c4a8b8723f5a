"""How far do correct runs of training part? An ensemble of the reference's own, in each of which
every operation errs at random, as much as rounding makes sums of its length err.

The limit is what the widest of them reaches: it is found for the network at hand, and no constant.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from conformance.lessons import Course, Run, reference_run, training_set
from conformance.remembered import remembered
from reference.correlation import cross_correlate
from reference.formats import FORMATS
from reference.geometry import Array
from reference.loss import softmax_cross_entropy, softmax_cross_entropy_gradient
from reference.network import Weights, of_layer
from reference.optimizers import State

_RUNS, _LONG_RUNS, _LONG = 4, 2, 1000
_NORMWISE = 40.0  # the constant of an FFT of the lengths met here, in reference.bounds.normwise


@dataclass(frozen=True)
class Apart:
    """How far a run is from the reference: the largest difference of a loss, and the distance of
    the last weights, relative to their norm.
    """

    losses: float
    weights: float

    @classmethod
    def between(cls, run: Run, right: Run) -> "Apart":
        gaps = [run.weights[name] - right.weights[name] for name in right.weights]
        norm = math.sqrt(sum(float((w**2).sum()) for w in right.weights.values()))
        gap = math.sqrt(sum(float((g.astype("float64") ** 2).sum()) for g in gaps))
        return cls(float(np.abs(run.losses - right.losses).max()), gap / norm)


@lru_cache(maxsize=16)
def limit(lesson: Course, dtype: str = "float64", fast: bool = False) -> Apart:
    """The farthest that any run of the ensemble gets. ``fast``: where products err by norms only,
    as those of an FFT.
    """
    right = reference_run(lesson)
    found = [Apart.between(run, right) for run in ensemble(lesson, dtype, fast)]
    return Apart(max(a.losses for a in found), max(a.weights for a in found))


@dataclass(frozen=True, eq=False)
class Band:
    """At each step the smallest and the largest loss of the ensemble, and how far the farthest of
    them is from the reference.
    """

    lowest: Array
    highest: Array
    divergence: Array


def band(lesson: Course, dtype: str = "float64", fast: bool = False) -> Band:
    """Between which losses the ensemble lies."""
    losses = np.array([run.losses for run in ensemble(lesson, dtype, fast)])
    gaps = np.abs(losses - reference_run(lesson).losses)
    return Band(losses.min(axis=0), losses.max(axis=0), gaps.max(axis=0))


@lru_cache(maxsize=16)
def ensemble(lesson: Course, dtype: str, fast: bool = False) -> tuple[Run, ...]:
    """The runs, each with errors of its own."""
    members = range(_LONG_RUNS if lesson.steps > _LONG else _RUNS)
    return tuple(Run.of(_member(lesson, dtype, fast, member)) for member in members)


@remembered
def _member(lesson: Course, dtype: str, fast: bool, member: int) -> dict[str, Array]:
    return _Erring(lesson, FORMATS[dtype].unit_roundoff, fast, member).run().arrays()


class _Erring:
    """One run whose every operation errs."""

    def __init__(self, lesson: Course, roundoff: float, fast: bool, member: int) -> None:
        self.lesson, self.u, self.fast = lesson, roundoff, fast
        self.rng = np.random.default_rng((lesson.seed, member))

    def run(self) -> Run:
        lesson = self.lesson
        images, labels = training_set("float64", lesson.images)
        weights = lesson.weights()
        states: dict[str, State] = dict.fromkeys(weights)
        losses = []
        for batch in lesson.batches:
            loss, gradients = self._gradients(weights, images[batch], labels[batch])
            losses.append(loss)
            for name, weight in weights.items():
                stepped, states[name] = lesson.optimizer.step(weight, gradients[name], states[name])
                weights[name] = self._off(stepped, 1, np.abs(stepped))
        return Run(np.array(losses), weights)

    def _gradients(self, weights: Weights, x: Array, labels: Array) -> tuple[float, Weights]:
        values = [x]
        for place, layer in enumerate(self.lesson.network):
            own = of_layer(weights, place)
            value = layer.forward(values[-1], own, cross_correlate)
            if own:
                size = layer.forward(np.abs(values[-1]), _absolute(own), cross_correlate)
                value = self._off(value, _terms(own), size)
            values.append(value)
        loss = softmax_cross_entropy(values[-1], labels)
        gradient = softmax_cross_entropy_gradient(values[-1], labels)
        gradient = self._off(gradient, 10, np.abs(gradient).max(axis=1, keepdims=True))
        gradients: Weights = {}
        for place in reversed(range(len(self.lesson.network))):
            layer, x, own = self.lesson.network[place], values[place], of_layer(weights, place)
            by_own = layer.backward(x, own, gradient, cross_correlate)
            if own:
                sizes = layer.backward(np.abs(x), own, np.abs(gradient), cross_correlate)
                terms = gradient.size // gradient.shape[1]
                by_own = {k: self._off(g, terms, sizes[k]) for k, g in by_own.items()}
            gradients |= {f"{place}.{name}": g for name, g in by_own.items()}
            if place:
                size = np.abs(gradient)
                gradient = layer.backward_to_input(x, own, gradient, cross_correlate)
                if own:
                    size = layer.backward_to_input(x, _absolute(own), size, cross_correlate)
                    gradient = self._off(gradient, _terms(own), size)
        off = self._off(np.asarray(loss), 2 * len(labels), np.abs(np.asarray(loss)))
        return float(off), gradients

    def _off(self, value: Array, terms: int, size: Array) -> Array:
        """The value, off by as much as a sum of so many terms is, up or down."""
        if self.fast and value.ndim > 1:
            size = np.full(value.shape, _NORMWISE * size.max(initial=0.0))
        signs = self.rng.choice([-1.0, 1.0], value.shape)
        return np.asarray(value + signs * self.u * math.sqrt(terms) * size)


def _absolute(own: Weights) -> Weights:
    return {name: np.abs(array) for name, array in own.items()}


def _terms(own: Weights) -> int:
    return next(int(array[0].size) for array in own.values() if array.ndim > 1)
