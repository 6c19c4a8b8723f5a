"""Faults in networks, and in steps of their training, that are small: the bounds must tell them."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from adapters.operations import weights_of
from conformance.mistakes.learning.training import Loop
from conformance.selftest.faults.catalogue import fault
from conformance.selftest.faults.learning import Answer, trained
from reference.correlation import cross_correlate
from reference.formats import rounded
from reference.geometry import Array
from reference.network import Weights, described, of_layer

in_networks = partial(fault, "TRAIN-11", "float32", operation="predict")


def _predicted(
    network: Any, images: Array, narrowed: Callable[[Array], Array], **a: Array
) -> Array:
    """Layer by layer, the input of each being narrowed."""
    x, own = images, weights_of(a)
    for place, layer in enumerate(described(network)):
        x = layer.forward(narrowed(x), of_layer(own, place), cross_correlate)
    return x


@in_networks()
def logits_are_off_by_a_thousandth(**a: Any) -> Array:
    return _predicted(**a, narrowed=lambda x: x) * np.float32(1.001)


@in_networks()
def layers_hand_on_bfloat16(**a: Any) -> Array:
    return _predicted(**a, narrowed=partial(rounded, bits=8))


@in_networks()
def layers_hand_on_tf32(**a: Any) -> Array:
    return _predicted(**a, narrowed=partial(rounded, bits=11))


in_steps = partial(fault, "TRAIN-12", "float32", operation="train")


@in_steps()
def steps_are_off_by_a_thousandth(optimizer: Any, **a: Any) -> Answer:
    rate = 1.001 * optimizer["learning_rate"]
    return trained(optimizer={**optimizer, "learning_rate": rate}, **a)


@in_steps()
def gradients_of_a_network_in_bfloat16(**a: Any) -> Answer:
    loop = Loop.of(**a)

    def narrowed(gradients: Weights) -> Weights:
        return {name: rounded(gradient, 8) for name, gradient in gradients.items()}

    found = replace(loop, of_gradients=narrowed).run()
    return {name: array.astype(a["images"].dtype) for name, array in found.items()}
