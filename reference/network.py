"""A network: a plain sequence of layers. The output of each is the input of the next.

A layer is a frozen description. It holds no weights: these are arrays in a dict, by the layer's
place and their own name, "0.filters", "0.bias", "7.weights". Forward, each layer gives its result;
backward, it turns the gradient by its result into that by its input, and gives those by its
weights. Nothing else is needed to learn.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from math import prod
from typing import Any, Protocol

import numpy as np

from reference.activations import activate, activation_gradient
from reference.correlation import cross_correlate
from reference.errors import ParameterError
from reference.geometry import Array, Pads, Sizes
from reference.gradients import Correlate, bias_gradient, filter_gradient, input_gradient
from reference.layers import dense, dense_gradients
from reference.pooling import average_pool, average_pool_gradient, max_pool, max_pool_gradient

Weights = dict[str, Array]


class Layer(Protocol):
    """``kind`` is its name in a description. ``fan_in``: how many terms are summed into a value.
    ``correlate`` is what layers that cross-correlate do it with.
    """

    kind: str

    def shapes(self) -> dict[str, Sizes]:
        """The shapes of its weights, by name."""

    def forward(self, x: Array, weights: Mapping[str, Array], correlate: Correlate) -> Array: ...

    def backward(
        self, x: Array, weights: Mapping[str, Array], gradient: Array, correlate: Correlate
    ) -> dict[str, Array]:
        """The gradients by its weights, by name."""

    def backward_to_input(
        self, x: Array, weights: Mapping[str, Array], gradient: Array, correlate: Correlate
    ) -> Array:
        """The gradient by its input."""


@dataclass(frozen=True)
class Convolution:
    """A convolutional layer: ``filters`` filters of this ``kernel`` take ``channels`` input
    channels to as many output channels as there are filters.
    """

    channels: int
    filters: int
    kernel: Sizes
    stride: Sizes = (1, 1)
    padding: Pads = ((0, 0), (0, 0))
    dilation: Sizes = (1, 1)
    groups: int = 1
    kind = "convolution"

    def shapes(self) -> dict[str, Sizes]:
        return {
            "filters": (self.filters, self.channels // self.groups, *self.kernel),
            "bias": (self.filters,),
        }

    @property
    def parameters(self) -> dict[str, Any]:
        return {
            "stride": self.stride,
            "padding": self.padding,
            "dilation": self.dilation,
            "groups": self.groups,
        }

    def forward(self, x: Array, weights: Mapping[str, Array], correlate: Correlate) -> Array:
        return correlate(x, weights["filters"], weights["bias"], **self.parameters)

    def backward(
        self, x: Array, weights: Mapping[str, Array], gradient: Array, correlate: Correlate
    ) -> dict[str, Array]:
        by_filters = filter_gradient(
            x, gradient, self.kernel, **self.parameters, correlate=correlate
        )
        return {"filters": by_filters, "bias": bias_gradient(gradient)}

    def backward_to_input(
        self, x: Array, weights: Mapping[str, Array], gradient: Array, correlate: Correlate
    ) -> Array:
        return input_gradient(
            gradient, weights["filters"], x.shape[2:], **self.parameters, correlate=correlate
        )


@dataclass(frozen=True)
class Dense:
    inputs: int
    outputs: int
    kind = "dense"

    def shapes(self) -> dict[str, Sizes]:
        return {"weights": (self.outputs, self.inputs), "bias": (self.outputs,)}

    def forward(self, x: Array, weights: Mapping[str, Array], correlate: Correlate) -> Array:
        return dense(x, weights["weights"], weights["bias"])

    def backward(
        self, x: Array, weights: Mapping[str, Array], gradient: Array, correlate: Correlate
    ) -> dict[str, Array]:
        gradients = dense_gradients(x, weights["weights"], gradient)
        return {"weights": gradients["weights"], "bias": gradients["bias"]}

    def backward_to_input(
        self, x: Array, weights: Mapping[str, Array], gradient: Array, correlate: Correlate
    ) -> Array:
        return np.asarray(np.dot(gradient, weights["weights"]))


class _WithoutWeights:
    def shapes(self) -> dict[str, Sizes]:
        return {}

    def backward(
        self, x: Array, weights: Mapping[str, Array], gradient: Array, correlate: Correlate
    ) -> dict[str, Array]:
        return {}


@dataclass(frozen=True)
class Activate(_WithoutWeights):
    function: str = "relu"
    kind = "activation"

    def forward(self, x: Array, weights: Mapping[str, Array], correlate: Correlate) -> Array:
        return activate(x, self.function)

    def backward_to_input(
        self, x: Array, weights: Mapping[str, Array], gradient: Array, correlate: Correlate
    ) -> Array:
        return activation_gradient(x, gradient, self.function)


@dataclass(frozen=True)
class MaxPool(_WithoutWeights):
    kernel: Sizes = (2, 2)
    kind = "max pool"

    def forward(self, x: Array, weights: Mapping[str, Array], correlate: Correlate) -> Array:
        return max_pool(x, self.kernel)

    def backward_to_input(
        self, x: Array, weights: Mapping[str, Array], gradient: Array, correlate: Correlate
    ) -> Array:
        return max_pool_gradient(x, gradient, self.kernel)


@dataclass(frozen=True)
class AveragePool(_WithoutWeights):
    kernel: Sizes = (2, 2)
    kind = "average pool"

    def forward(self, x: Array, weights: Mapping[str, Array], correlate: Correlate) -> Array:
        return average_pool(x, self.kernel)

    def backward_to_input(
        self, x: Array, weights: Mapping[str, Array], gradient: Array, correlate: Correlate
    ) -> Array:
        return average_pool_gradient(gradient, x.shape[2:], self.kernel)


@dataclass(frozen=True)
class Flatten(_WithoutWeights):
    """(N, C, \\*size) to (N, C * size), in the order of memory."""

    kind = "flatten"

    def forward(self, x: Array, weights: Mapping[str, Array], correlate: Correlate) -> Array:
        return x.reshape(len(x), prod(x.shape[1:]))

    def backward_to_input(
        self, x: Array, weights: Mapping[str, Array], gradient: Array, correlate: Correlate
    ) -> Array:
        return gradient.reshape(x.shape)


Network = tuple[Layer, ...]

KINDS: dict[str, type[Any]] = {
    layer.kind: layer for layer in (Convolution, Dense, Activate, MaxPool, AveragePool, Flatten)
}


def of_layer(arrays: Mapping[str, Array], place: int) -> Weights:
    """The weights of the layer at this place, by their own names."""
    prefix = f"{place}."
    return {name[len(prefix) :]: a for name, a in arrays.items() if name.startswith(prefix)}


def forward(
    network: Network, weights: Weights, x: Array, correlate: Correlate = cross_correlate
) -> list[Array]:
    """The input of every layer, and last the result of the network, (N, classes): ``x`` itself
    comes first.
    """
    values = [x]
    for place, layer in enumerate(network):
        values.append(layer.forward(values[-1], of_layer(weights, place), correlate))
    return values


def backward(
    network: Network,
    weights: Weights,
    values: Sequence[Array],
    gradient: Array,
    correlate: Correlate = cross_correlate,
) -> Weights:
    """The gradients by every weight, by name, from the ``values`` of :func:`forward` and the
    ``gradient`` by the last of them.
    """
    gradients = {}
    for place in reversed(range(len(network))):
        layer, x, own = network[place], values[place], of_layer(weights, place)
        for name, by_weight in layer.backward(x, own, gradient, correlate).items():
            gradients[f"{place}.{name}"] = by_weight
        if place:  # nothing learns from the gradient by the images
            gradient = layer.backward_to_input(x, own, gradient, correlate)
    return gradients


def initial_weights(network: Network, seed: int, dtype: str = "float64") -> Weights:
    """Random weights from a seed: normal, with the variance 2 / fan-in; biases 0.

    Source: He et al., Delving Deep into Rectifiers (2015).

    >>> sorted(initial_weights((Dense(2, 3),), seed=0))
    ['0.bias', '0.weights']
    """
    rng = np.random.default_rng(seed)
    weights = {}
    for place, layer in enumerate(network):
        for name, shape in layer.shapes().items():
            fan_in = prod(shape[1:])
            spread = (2 / fan_in) ** 0.5 if len(shape) > 1 else 0.0
            weights[f"{place}.{name}"] = (rng.standard_normal(shape) * spread).astype(dtype)
    return weights


def describe(network: Network) -> list[dict[str, Any]]:
    """The network as plain values.

    >>> describe((Flatten(), Dense(2, 3)))
    [{'layer': 'flatten'}, {'layer': 'dense', 'inputs': 2, 'outputs': 3}]
    """
    return [{"layer": layer.kind, **asdict(layer)} for layer in network]  # type: ignore[call-overload]


def described(description: Sequence[Mapping[str, Any]]) -> Network:
    """The network that :func:`describe` tells of; lists, as JSON has them, stand for tuples.

    Raises ParameterError for a layer, or a setting of it, that there is not.
    """
    network = []
    for entry in description:
        if entry.get("layer") not in KINDS:
            raise ParameterError(f"there is no layer {entry.get('layer')!r}")
        settings = {name: _tuples(value) for name, value in entry.items() if name != "layer"}
        try:
            network.append(KINDS[entry["layer"]](**settings))
        except TypeError as error:
            raise ParameterError(f"the layer {entry['layer']!r}: {error}") from None
    return tuple(network)


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list | tuple) else value
