"""Steps of training whose gradients take a wrong way back through a network: some of its layers are
replaced by others that do one thing otherwise.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import wraps
from math import prod
from typing import Any

import numpy as np

from conformance.mistakes.learning.activations import (
    activation_constants_in_float32,
    activation_gradient_constants_in_float32,
)
from conformance.mistakes.learning.catalogue import Operation, wrong
from conformance.mistakes.learning.training import Loop
from reference.activations import activate, activation_gradient
from reference.geometry import Array
from reference.gradients import Correlate
from reference.network import Activate, AveragePool, Convolution, Layer, MaxPool

Given = Mapping[str, Array]


def step_wrong(sentence: str) -> Callable[[Callable[[Layer], Layer]], Operation]:
    """The decorated function gives what stands in the place of each layer."""

    def enter(instead: Callable[[Layer], Layer]) -> Operation:
        @wraps(instead)
        def train(**a: Any) -> dict[str, Array]:
            return replace(Loop.of(**a), made_of=lambda network: tuple(map(instead, network))).run()

        return wrong("train", "TRAIN-12", sentence)(train)

    return enter


class _UndividedPool(AveragePool):
    def backward_to_input(self, x: Array, w: Given, gradient: Array, correlate: Correlate) -> Array:
        return prod(self.kernel) * super().backward_to_input(x, w, gradient, correlate)


@step_wrong("the gradient of an average pool is not divided by the size of its window")
def gradient_of_average_pools_not_divided(layer: Layer) -> Layer:
    return _UndividedPool(layer.kernel) if isinstance(layer, AveragePool) else layer


class _SpreadingPool(MaxPool):
    def backward_to_input(self, x: Array, w: Given, gradient: Array, correlate: Correlate) -> Array:
        return AveragePool(self.kernel).backward_to_input(x, w, gradient, correlate)


@step_wrong("the gradient of a max pool is spread over its window")
def gradient_of_max_pools_spread(layer: Layer) -> Layer:
    return _SpreadingPool(layer.kernel) if isinstance(layer, MaxPool) else layer


class _OverwritingActivation(Activate):
    def backward_to_input(self, x: Array, w: Given, gradient: Array, correlate: Correlate) -> Array:
        return activation_gradient(activate(x, self.function), gradient, self.function)


@step_wrong("an activation writes over its input, and its gradient is taken there")
def activations_write_over_their_input(layer: Layer) -> Layer:
    return _OverwritingActivation(layer.function) if isinstance(layer, Activate) else layer


class _NarrowActivation(Activate):
    def forward(self, x: Array, weights: Given, correlate: Correlate) -> Array:
        return np.asarray(activation_constants_in_float32(x, self.function))

    def backward_to_input(self, x: Array, w: Given, gradient: Array, correlate: Correlate) -> Array:
        return np.asarray(activation_gradient_constants_in_float32(x, gradient, self.function)["x"])


@step_wrong("the constants of gelu and leaky_relu in training are rounded to float32")
def training_constants_in_float32(layer: Layer) -> Layer:
    return _NarrowActivation(layer.function) if isinstance(layer, Activate) else layer


class _TurnedPadding(Convolution):
    def backward_to_input(self, x: Array, w: Given, gradient: Array, correlate: Correlate) -> Array:
        settings = self.parameters | {"padding": tuple((high, low) for low, high in self.padding)}
        turned = Convolution(self.channels, self.filters, self.kernel, **settings)
        return turned.backward_to_input(x, w, gradient, correlate)


@step_wrong("gradients go back through the padding of the other side")
def gradients_through_the_padding_of_the_other_side(layer: Layer) -> Layer:
    return _like(_TurnedPadding, layer)


class _FirstGroupLearns(Convolution):
    def backward(
        self, x: Array, w: Given, gradient: Array, correlate: Correlate
    ) -> dict[str, Array]:
        found = super().backward(x, w, gradient, correlate)
        found["filters"][self.filters // self.groups :] = 0
        return found


@step_wrong("only the filters of the first group learn")
def only_the_first_group_learns(layer: Layer) -> Layer:
    return _like(_FirstGroupLearns, layer)


class _OneItemLearns(Convolution):
    def backward(
        self, x: Array, w: Given, gradient: Array, correlate: Correlate
    ) -> dict[str, Array]:
        depthwise = self.groups == self.channels > 1
        items = slice(None, 1) if depthwise else slice(None)
        return super().backward(x[items], w, gradient[items], correlate)


@step_wrong("depthwise filters learn from the first image of a batch only")
def depthwise_filters_learn_from_one_image(layer: Layer) -> Layer:
    return _like(_OneItemLearns, layer)


def _like(kind: type[Convolution], layer: Layer) -> Layer:
    """A convolution of another kind with the settings of the layer; any other layer as it is."""
    if not isinstance(layer, Convolution):
        return layer
    return kind(layer.channels, layer.filters, layer.kernel, **layer.parameters)
