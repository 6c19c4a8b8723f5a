"""Networks whose layers go wrong together: what compilers do when they fuse layers, or move one
past another. Each goes through a network layer by layer, and does one thing otherwise.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import wraps
from typing import Any

import numpy as np

from adapters.operations import weights_of
from conformance.mistakes.learning.activations import activation_constants_in_float32
from conformance.mistakes.learning.catalogue import Operation, wrong
from reference.activations import activate
from reference.correlation import cross_correlate
from reference.geometry import Array
from reference.network import (
    Activate,
    AveragePool,
    Convolution,
    Dense,
    Layer,
    MaxPool,
    Network,
    Weights,
    described,
    of_layer,
)

_BLOCK = 8  # channels that are computed at once


@dataclass(frozen=True, eq=False)
class Place:
    """A layer of a network, the ``values`` so far, the last of which is its input, and its right
    ``result``.
    """

    network: Network
    weights: Weights
    number: int
    values: Sequence[Array]
    result: Array

    @property
    def layer(self) -> Layer:
        return self.network[self.number]

    @property
    def x(self) -> Array:
        return self.values[-1]

    @property
    def own(self) -> Weights:
        return of_layer(self.weights, self.number)

    def before(self, back: int = 1) -> Layer | None:
        """The layer so many places before, if there is one."""
        return self.network[self.number - back] if self.number >= back else None

    def bias_before(self, back: int = 1) -> Array:
        """That of a convolution so many places before, as it is added to feature maps."""
        bias = self.weights[f"{self.number - back}.bias"]
        return bias.reshape(-1, *(1,) * (self.x.ndim - 2))


def network_wrong(sentence: str) -> Callable[[Callable[[Place], Array]], Operation]:
    """The decorated function gives the result of each layer of a network, wrong or right."""

    def enter(step: Callable[[Place], Array]) -> Operation:
        @wraps(step)
        def predict(network: Sequence[Mapping[str, Any]], images: Array, **weights: Array) -> Array:
            layers, own, values = described(network), weights_of(weights), [images]
            for number, layer in enumerate(layers):
                right = layer.forward(values[-1], of_layer(own, number), cross_correlate)
                values.append(step(Place(layers, own, number, values, right)))
            return values[-1]

        return wrong("predict", "TRAIN-11", sentence)(predict)

    return enter


def _fused(at: Place) -> Convolution | None:
    """The convolution that an activation comes right after."""
    before = at.before()
    fits = isinstance(at.layer, Activate) and isinstance(before, Convolution)
    return before if fits else None  # type: ignore[return-value]


@network_wrong("an activation after a grouped convolution is applied to the first group only")
def activation_of_the_first_group_only(at: Place) -> Array:
    before = _fused(at)
    if before is None:
        return at.result
    first = before.filters // before.groups
    return np.concatenate([at.result[:, :first], at.x[:, first:]], axis=1)


@network_wrong("an activation after a convolution is applied before the bias is added")
def activation_before_the_bias(at: Place) -> Array:
    if _fused(at) is None:
        return at.result
    bias = at.bias_before()
    return at.layer.forward(at.x - bias, {}, cross_correlate) + bias


@network_wrong("an activation after a depthwise convolution is left out")
def activation_left_out_after_depthwise(at: Place) -> Array:
    before = _fused(at)
    depthwise = before is not None and before.groups == before.channels > 1
    return at.x if depthwise else at.result


@network_wrong("an activation skips the channels beyond a multiple of eight")
def activation_skips_the_last_channels(at: Place) -> Array:
    before = _fused(at)
    if before is None or before.filters < _BLOCK:
        return at.result
    whole = before.filters // _BLOCK * _BLOCK
    return np.concatenate([at.result[:, :whole], at.x[:, whole:]], axis=1)


@network_wrong("an activation between two dense layers is left out")
def activation_between_dense_layers_left_out(at: Place) -> Array:
    fused = isinstance(at.layer, Activate) and isinstance(at.before(), Dense)
    return at.x if fused else at.result


@network_wrong("gelu in a network is its approximation by tanh")
def gelu_of_a_network_is_approximate(at: Place) -> Array:
    return activate(at.x, "gelu_tanh") if at.layer == Activate("gelu") else at.result


@network_wrong("leaky_relu after a convolution is relu")
def leaky_relu_of_a_convolution_is_relu(at: Place) -> Array:
    leaky = _fused(at) is not None and at.layer == Activate("leaky_relu")
    return np.maximum(at.x, 0) if leaky else at.result


@network_wrong("the constants of gelu and leaky_relu in a network are rounded to float32")
def network_constants_in_float32(at: Place) -> Array:
    if not isinstance(at.layer, Activate):
        return at.result
    return np.asarray(activation_constants_in_float32(at.x, at.layer.function))


@network_wrong("the bias of a convolution right before a pool is left out")
def bias_left_out_before_a_pool(at: Place) -> Array:
    if isinstance(at.layer, MaxPool | AveragePool) and isinstance(at.before(), Convolution):
        return at.result - at.bias_before()
    return at.result


@network_wrong("the rest that a pool has no window for is cut from the start of the input")
def pool_windows_end_with_the_input(at: Place) -> Array:
    if not isinstance(at.layer, MaxPool | AveragePool):
        return at.result
    turned = np.flip(at.x, (2, 3))
    return np.flip(at.layer.forward(turned, {}, cross_correlate), (2, 3))


@network_wrong("an average pool is moved before the activation that its input comes from")
def average_pool_before_the_activation(at: Place) -> Array:
    before = at.before()
    if not (isinstance(at.layer, AveragePool) and isinstance(before, Activate)):
        return at.result
    return activate(at.layer.forward(at.values[-2], {}, cross_correlate), before.function)


def _later(at: Place) -> bool:
    return at.number > 0 and isinstance(at.layer, Convolution)


@network_wrong("all convolutions but the first have the padding of either side on the other")
def padding_of_later_convolutions_is_turned(at: Place) -> Array:
    if not (_later(at) and isinstance(at.layer, Convolution)):
        return at.result
    turned = tuple((high, low) for low, high in at.layer.padding)
    return replace(at.layer, padding=turned).forward(at.x, at.own, cross_correlate)


@network_wrong("padding is added before the convolution that comes first, and so holds its bias")
def padding_holds_the_bias_of_the_layer_before(at: Place) -> Array:
    before = at.before()
    if not (isinstance(at.layer, Convolution) and isinstance(before, Convolution)):
        return at.result
    return _padded_by(at, at.bias_before())


@network_wrong("padding is added before the activation and the convolution that come first")
def padding_holds_the_activated_bias(at: Place) -> Array:
    before = at.before()
    if not (isinstance(at.layer, Convolution) and isinstance(before, Activate)):
        return at.result
    if not isinstance(at.before(2), Convolution):
        return at.result
    return _padded_by(at, activate(at.bias_before(2), before.function))


def _padded_by(at: Place, value: Array) -> Array:
    """The result of a convolution whose padding holds a value for each channel."""
    assert isinstance(at.layer, Convolution)
    pads = ((0, 0), (0, 0), *at.layer.padding)
    inside = np.pad(np.ones_like(at.x), pads)
    padded = np.where(inside > 0, np.pad(at.x, pads), value)
    bare = replace(at.layer, padding=((0, 0),) * len(at.layer.kernel))
    return bare.forward(padded, at.own, cross_correlate)


@network_wrong("every group of a later convolution sees the channels of the first group")
def later_groups_see_the_first_channels(at: Place) -> Array:
    if not (_later(at) and isinstance(at.layer, Convolution)):
        return at.result
    groups = at.layer.groups
    first = at.x[:, : at.x.shape[1] // groups]
    repeated = np.concatenate([first] * groups, axis=1)
    return at.layer.forward(repeated, at.own, cross_correlate)


@network_wrong("the logits of a single image have no axis for the batch")
def logits_of_one_image_squeezed(at: Place) -> Array:
    last = at.number == len(at.network) - 1
    return at.result[0] if last and len(at.x) == 1 else at.result
