"""Faults where arrays lie in memory differently from each other, and where many values lie in one
place.
"""

from typing import Any

import numpy as np

from adapters.operations import GRADIENTS_OF
from adapters.reference_adapter import Reference
from conformance.mistakes.learning.gradients import right
from conformance.selftest.faults.catalogue import Wrong, fault, fault_with_state
from reference import cross_correlate, layers, pooling
from reference.geometry import Array

Answer = Array | dict[str, Array]

_REFERENCE = Reference()
_TRANSPOSED = "transposed_cross_correlate"


def read_on(array: Array) -> Array:
    """The values as they are found where an axis without a step is read on: the first, then 0."""
    kept = array
    for axis, step in enumerate(array.strides):
        if not step:
            shape = [n if i == axis else 1 for i, n in enumerate(array.shape)]
            kept = kept * (np.arange(array.shape[axis]) == 0).reshape(shape).astype(array.dtype)
    return kept


def laid_as(other: Array, array: Array) -> Array:
    """The values as they are found where the order of another array's axes is taken for its own."""
    if array.strides == other.strides or min(array.strides, default=0) < 0:
        return array
    if 0 in array.strides:
        return read_on(array)
    axes = sorted(range(array.ndim), key=lambda i: -other.strides[i])
    found = array.ravel(order="K").reshape([array.shape[i] for i in axes])
    return found.transpose(np.argsort(axes))


@fault("MEM-2")
def filters_taken_to_lie_as_the_input(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    return cross_correlate(x, laid_as(x, filters), bias, **p)


@fault("MEM-2")
def expanded_filters_read_on(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    """What lies behind the values is read where one stands for many."""
    return cross_correlate(x, read_on(filters), bias, **p)


@fault("MEM-2", "float16")
def expanded_input_refused(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    if 0 in x.strides:
        raise ValueError("the input has a stride of 0")
    return cross_correlate(x, filters, bias, **p)


@fault("GRAD-12", operation=GRADIENTS_OF + "cross_correlate")
def gradient_taken_to_lie_as_the_input(x: Array, gradient: Array, **a: Any) -> Answer:
    return right(x=x, gradient=laid_as(x, gradient), **a)


@fault("GRAD-12", operation=GRADIENTS_OF + "cross_correlate")
def gradient_by_expanded_filters_summed(filters: Array, **a: Any) -> Answer:
    """One value stands for many, and gets the gradients of all of them."""
    found = right(filters=filters, **a)
    for axis, step in enumerate(filters.strides):
        if not step:
            total = found["filters"].sum(axis=axis, keepdims=True)
            found["filters"] = np.broadcast_to(total, filters.shape)
    return found


@fault("GRAD-15", operation=_TRANSPOSED)
def transpose_takes_filters_to_lie_as_the_input(
    x: Array, filters: Array, bias: Any = None, **p: Any
) -> Answer:
    return _REFERENCE.transposed_cross_correlate(x, laid_as(x, filters), bias, **p)


@fault("GRAD-15", operation=_TRANSPOSED)
def transpose_turns_the_filters_in_place(
    x: Array, filters: Array, bias: Any = None, **p: Any
) -> Answer:
    result = _REFERENCE.transposed_cross_correlate(x, filters, bias, **p)
    if filters.flags.writeable:
        filters[...] = np.flip(filters, -1).copy()
    return result


@fault_with_state("GRAD-15", operation=_TRANSPOSED)
def transposes_of_equal_shapes_are_kept() -> Wrong:
    kept: dict[Any, Array] = {}

    def run(x: Array, filters: Array, bias: Any = None, **p: Any) -> Answer:
        key = x.shape, filters.shape, bias is None, str(p)
        if key not in kept:
            kept[key] = _REFERENCE.transposed_cross_correlate(x, filters, bias, **p)
        return kept[key].copy()

    return run


@fault("GRAD-15", operation=GRADIENTS_OF + _TRANSPOSED)
def gradient_of_the_transpose_taken_to_lie_as_the_input(
    x: Array, gradient: Array, **a: Any
) -> Answer:
    names = [name for name in ("filters", "bias") if name in a]
    arrays = {"x": x} | {name: a.pop(name) for name in names}
    return _REFERENCE.gradients(_TRANSPOSED, arrays, laid_as(x, gradient), a)


@fault("LAYER-23", operation=GRADIENTS_OF + "average_pool")
def average_pool_gradient_taken_to_lie_as_the_input(x: Array, gradient: Array, **p: Any) -> Answer:
    return {"x": pooling.average_pool_gradient(laid_as(x, gradient), x.shape[2:], **p)}


@fault("LAYER-23", operation=GRADIENTS_OF + "batch_norm")
def norm_gradient_taken_to_lie_as_the_input(x: Array, gradient: Array, **a: Any) -> Answer:
    settings = {name: a[name] for name in ("scale", "mean", "variance", "training", "epsilon")}
    return layers.batch_norm_gradients(x, gradient=laid_as(x, gradient), **settings)


@fault("LAYER-23", operation="dense")
def dense_of_expanded_arrays_reads_on(
    x: Array, weights: Array, bias: Array | None = None
) -> Answer:
    return layers.dense(read_on(x), read_on(weights), bias)
