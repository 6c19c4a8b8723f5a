"""How far rounding can carry one step of training: bounds that go forward through a network, back
again, and into the weights.

Beside every value goes a bound on the error of whoever computes it in another order, or in a
narrower format. A layer with weights is bilinear: with a for its input and b for its weights,

    error <= |layer|(error of a, |b| + error of b) + |layer|(|a|, error of b) + its own rounding

where |layer| is the same layer on absolute values. A choice (the sign that a ReLU goes by, the
winner of a pool) is certain where no rival lies within the bounds. Where one does, the gradient
may go either way, and the bound says so.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import prod
from typing import Any

import numpy as np

from reference.activation_bounds import (
    activation_bound,
    activation_gradient_bound,
    carried_through,
    slope_below_zero,
    turned_by,
)
from reference.activations import activation_gradient
from reference.bounds import gamma
from reference.correlation import cross_correlate
from reference.errors import ParameterError
from reference.formats import Format
from reference.geometry import Array
from reference.loss_bounds import gradient_within, loss_within
from reference.network import (
    Activate,
    AveragePool,
    Convolution,
    Dense,
    Flatten,
    Layer,
    MaxPool,
    Network,
    Weights,
    of_layer,
)
from reference.optimizers import SGD
from reference.pooling import (
    average_pool,
    average_pool_gradient,
    max_pool,
    max_pool_gradient,
)
from reference.running_error import Arithmetic, Computed


@dataclass(frozen=True, eq=False)
class Bounded:
    """``value`` (float64), and how far off it may be: infinitely where nothing bounds it."""

    value: Array
    error: Array

    def __post_init__(self) -> None:
        object.__setattr__(self, "error", np.nan_to_num(self.error, nan=np.inf, posinf=np.inf))

    @property
    def size(self) -> Array:
        """The largest absolute value that it may have."""
        return np.abs(self.value) + self.error


@dataclass(frozen=True, eq=False)
class BoundedStep:
    """The loss before a step of training and the weights after it. ``open_choices``: how many
    ReLUs and pools of it rounding may turn another way.
    """

    loss: Bounded
    weights: Mapping[str, Bounded]
    open_choices: int


def bounded_step(
    network: Network,
    weights: Weights,
    images: Array,
    labels: Array,
    optimizer: SGD,
    format_: Format,
) -> BoundedStep:
    """One step of plain gradient descent on the whole batch, from weights and images that the
    format holds exactly.

    Raises ParameterError for a layer or an optimizer that there are no bounds for.
    """
    if optimizer != SGD(optimizer.learning_rate):
        raise ParameterError("only plain gradient descent has bounds")
    walk = _Walk(network, {name: w.astype("float64") for name, w in weights.items()}, format_)
    values = walk.forward(images)
    loss, by_logits = _loss(values[-1], labels, format_)
    gradients = walk.backward(values, by_logits)
    stepped = {
        name: _stepped(walk.weights[name], gradient, optimizer.learning_rate, format_)
        for name, gradient in gradients.items()
    }
    return BoundedStep(loss, stepped, walk.open_choices)


def bounded_logits(network: Network, weights: Weights, images: Array, format_: Format) -> Bounded:
    """The logits of ``images``, (M, classes)."""
    walk = _Walk(network, {name: w.astype("float64") for name, w in weights.items()}, format_)
    return walk.forward(images)[-1]


class _Walk:
    """The way through a network and back."""

    def __init__(self, network: Network, weights: Weights, format_: Format) -> None:
        self.network, self.weights, self.format = network, weights, format_
        self.open_choices = 0

    def forward(self, images: Array) -> list[Bounded]:
        """What every layer is given, and what comes out last."""
        images = images.astype("float64")
        values = [Bounded(images, np.zeros(images.shape))]
        with np.errstate(invalid="ignore", over="ignore"):
            for place, layer in enumerate(self.network):
                values.append(self._through(layer, values[-1], of_layer(self.weights, place)))
        return values

    def backward(self, values: list[Bounded], gradient: Bounded) -> dict[str, Bounded]:
        """The gradients by the weights, by name."""
        gradients = {}
        for place in reversed(range(len(self.network))):
            layer, x, own = self.network[place], values[place], of_layer(self.weights, place)
            for name, by_weight in self._by_weights(layer, x, own, gradient).items():
                gradients[f"{place}.{name}"] = by_weight
            if place:
                gradient = self._by_input(layer, x, own, gradient)
        return gradients

    def _through(self, layer: Layer, x: Bounded, own: Weights) -> Bounded:
        value = layer.forward(x.value, own, cross_correlate)
        match layer:
            case Convolution() | Dense():
                absolute = {name: np.abs(array) for name, array in own.items()}
                size = layer.forward(x.size, absolute, cross_correlate)
                without = {name: a * (name != "bias") for name, a in absolute.items()}
                carried = layer.forward(x.error, without, cross_correlate)
                return Bounded(value, carried + self._rounding(_fan_in(own) + 1, size))
            case Activate("relu"):
                return Bounded(value, carried_through(x.value, x.error, "relu"))
            case Activate():
                carried = carried_through(x.value, x.error, layer.function)
                own_error = activation_bound(-x.size, layer.function, self.format)
                return Bounded(value, carried + own_error + self.format.smallest_normal)
            case MaxPool():
                return Bounded(value, max_pool(x.error, layer.kernel))
            case AveragePool():
                mean = average_pool(x.size, layer.kernel)
                rounding = self._rounding(prod(layer.kernel) + 2, mean)
                return Bounded(value, average_pool(x.error, layer.kernel) + rounding)
            case Flatten():
                return Bounded(value, x.error.reshape(value.shape))
        raise ParameterError(f"there are no bounds for the layer {layer.kind!r}")

    def _by_weights(
        self, layer: Layer, x: Bounded, own: Weights, gradient: Bounded
    ) -> dict[str, Bounded]:
        values = layer.backward(x.value, own, gradient.value, cross_correlate)
        carried = layer.backward(x.size, own, gradient.error, cross_correlate)
        of_input = layer.backward(x.error, own, np.abs(gradient.value), cross_correlate)
        sizes = layer.backward(x.size, own, gradient.size, cross_correlate)
        terms = gradient.value.size // gradient.value.shape[1]
        return {
            name: Bounded(
                value,
                carried[name]
                + (0 if name == "bias" else of_input[name])
                + self._rounding(terms, sizes[name]),
            )
            for name, value in values.items()
        }

    def _by_input(self, layer: Layer, x: Bounded, own: Weights, gradient: Bounded) -> Bounded:
        value = layer.backward_to_input(x.value, own, gradient.value, cross_correlate)
        match layer:
            case Convolution() | Dense():
                absolute = {name: np.abs(array) for name, array in own.items()}
                back = layer.backward_to_input
                carried = back(x.value, absolute, gradient.error, cross_correlate)
                size = back(x.value, absolute, gradient.size, cross_correlate)
                terms = next(iter(own.values())).size // x.value.shape[1]
                return Bounded(value, carried + self._rounding(terms, size))
            case Activate("relu" | "leaky_relu"):
                return self._through_signs(layer.function, x, gradient, value)
            case Activate():
                carried = np.abs(activation_gradient(x.value, gradient.error, layer.function))
                turned = turned_by(x.error, layer.function) * gradient.size
                given = x.size, gradient.size, layer.function, self.format
                return Bounded(value, carried + turned + activation_gradient_bound(*given))
            case MaxPool():
                return self._to_winners(layer, x, gradient, value)
            case AveragePool():
                carried, size = (
                    average_pool_gradient(part, x.value.shape[2:], layer.kernel)
                    for part in (gradient.error, gradient.size)
                )
                return Bounded(value, carried + self._rounding(3, size))
            case _:
                return Bounded(value, gradient.error.reshape(value.shape))

    def _through_signs(self, function: str, x: Bounded, gradient: Bounded, value: Array) -> Bounded:
        """At a corner of a leaky ReLU the gradient may have either slope."""
        below = slope_below_zero(function)
        open_ = (np.abs(x.value) <= x.error) & ((x.error > 0) | (below > 0))
        self.open_choices += int(open_.sum())
        off = below * gradient.error + self._rounding(3, below * gradient.size) * (below > 0)
        on = np.where(x.value > 0, gradient.error, off)
        return Bounded(value, np.where(open_, gradient.size, on))

    def _to_winners(self, layer: MaxPool, x: Bounded, gradient: Bounded, value: Array) -> Bounded:
        """Every value that may be the largest of its window may get the whole gradient."""
        low = max_pool(x.value - x.error, layer.kernel)
        shape = tuple(n * k for n, k in zip(low.shape[2:], layer.kernel, strict=True))
        inside: Any = (..., *map(slice, shape))
        spread = np.ones((1, 1, *layer.kernel))
        threshold, size = np.kron(low, spread), np.kron(gradient.size, spread)
        may_win: Array = np.zeros(x.value.shape, bool)
        may_win[inside] = (x.value + x.error)[inside] >= threshold
        rivals = np.zeros(x.value.shape)
        rivals[inside] = np.kron(_counted(may_win[inside], layer), spread)
        sizes = np.zeros(x.value.shape)
        sizes[inside] = size
        routed = max_pool_gradient(x.value, gradient.error, layer.kernel)
        # Zeros behind ReLUs that are off tie for certain, and their gradient ends there.
        self.open_choices += int(((rivals > 1) & may_win & (x.error > 0)).sum())
        return Bounded(value, np.where(may_win & (rivals > 1), sizes, routed))

    def _rounding(self, terms: int, size: Array) -> Array:
        """The error of a sum of so many terms, whatever the order."""
        growth = gamma(np.array(float(terms)), self.format.unit_roundoff)
        return np.asarray(growth * size + (terms + 1) * self.format.smallest_normal)


def _counted(may_win: Array, layer: MaxPool) -> Array:
    """How many values of each window may be its largest."""
    count, channels, *size = may_win.shape
    split = [part for n, k in zip(size, layer.kernel, strict=True) for part in (n // k, k)]
    windows = may_win.reshape(count, channels, *split)
    return np.asarray(windows.sum(axis=tuple(range(3, windows.ndim, 2))))


def _fan_in(own: Weights) -> int:
    """How many products are summed into a value of the layer."""
    bank = next(array for array in own.values() if array.ndim > 1)
    return int(bank[0].size)


def _loss(logits: Bounded, labels: Array, format_: Format) -> tuple[Bounded, Bounded]:
    """The mean loss, and the gradient by the logits."""
    given = replace(Arithmetic.of(format_).given(logits.value), error=logits.error)
    loss, gradient = loss_within(given, labels), gradient_within(given, labels, np.ones(()))
    return _bounded(loss), _bounded(gradient)


def _bounded(a: Computed) -> Bounded:
    return Bounded(a.value.astype("float64"), a.error.astype("float64"))


def _stepped(weight: Array, gradient: Bounded, rate: float, format_: Format) -> Bounded:
    """w - lr g: the rate is rounded, and the product, and the difference."""
    u = format_.unit_roundoff
    value = weight - rate * gradient.value
    move = rate * gradient.size
    error = rate * gradient.error * (1 + 3 * u) + u * (3 * move + np.abs(value) + move)
    return Bounded(value, error + 3 * format_.smallest_normal)
