"""Faults of layers that are given a batch of no items."""

from typing import Any

import numpy as np

from adapters.operations import GRADIENTS_OF
from adapters.reference_adapter import Reference
from conformance.selftest.faults.catalogue import fault
from reference import activations, layers, pooling
from reference.geometry import Array

Answer = Array | dict[str, Array]

_REFERENCE = Reference()


@fault("LAYER-25", operation="average_pool")
def average_pool_of_an_empty_batch_keeps_its_size(x: Array, **p: Any) -> Answer:
    """What is empty is returned as it is."""
    return pooling.average_pool(x, **p) if x.size else x.copy()


@fault("LAYER-25", "float32", operation="activation")
def activation_of_an_empty_batch_in_float64(x: Array, kind: str) -> Answer:
    return activations.activate(x, kind) if x.size else np.zeros(x.shape)


@fault("LAYER-25", operation=GRADIENTS_OF + "dense")
def dense_gradients_of_an_empty_batch_not_written(
    x: Array, weights: Array, gradient: Array, bias: Array | None = None
) -> Answer:
    """A product over no items leaves memory as it was."""
    found = layers.dense_gradients(x, weights, gradient)
    return found if len(x) else found | {"weights": found["weights"] + 7}


@fault("LAYER-25", operation=GRADIENTS_OF + "batch_norm")
def norm_gradients_of_an_empty_batch_are_nan(x: Array, gradient: Array, **a: Any) -> Answer:
    """They are means over no values."""
    settings = {name: a[name] for name in ("scale", "mean", "variance", "training", "epsilon")}
    found = layers.batch_norm_gradients(x, gradient=gradient, **settings)
    return found if len(x) else found | {"scale": found["scale"] * np.nan}


@fault("LAYER-25", operation="transposed_cross_correlate")
def transpose_of_an_empty_batch_gets_an_item(x: Array, filters: Array, *a: Any, **p: Any) -> Answer:
    x = x if len(x) else np.zeros((1, *x.shape[1:]), x.dtype)
    return _REFERENCE.transposed_cross_correlate(x, filters, *a, **p)
