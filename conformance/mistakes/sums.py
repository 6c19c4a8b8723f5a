"""Mistakes in what is made of the products of a window."""

import numpy as np

from conformance.calls import Call
from conformance.mistakes.catalogue import correlate, mistake, offset
from reference import windows
from reference.geometry import Array


@mistake("the sum of products is divided by their number: a mean, not a sum")
def mean_of_the_window(call: Call) -> Array:
    return np.asarray((correlate(call) - offset(call)) / call.filters[0].size + offset(call))


@mistake("the sum of products is divided by the number of taps of the kernel")
def mean_of_the_taps(call: Call) -> Array:
    return np.asarray((correlate(call) - offset(call)) / call.filters[0, 0].size + offset(call))


@mistake("the result, bias and all, is divided by the number of its terms")
def mean_of_everything(call: Call) -> Array:
    return np.asarray(correlate(call) / call.filters[0].size)


@mistake("the largest product of a window is given, not the sum")
def largest_product(call: Call) -> Array:
    padded = np.pad(call.x.astype("float64"), ((0, 0), (0, 0), *call.padding))
    seen = windows(padded, call.filters.shape[2:], call.stride, call.dilation)
    products = np.moveaxis(seen, 1, -1 - call.axes)[:, None] * call.filters.astype(
        "float64"
    ).reshape(1, len(call.filters), *(1,) * call.axes, *call.filters.shape[1:])
    return np.asarray(products.max(axis=tuple(range(-1 - call.axes, 0))) + offset(call))


@mistake("the input is centred first: its mean is taken off")
def input_centred(call: Call) -> Array:
    return correlate(call, x=call.x - np.rint(call.x.astype("float64").mean()))


@mistake("the filters are normalised first: divided by their largest tap")
def filters_normalised(call: Call) -> Array:
    largest = np.abs(call.filters.astype("float64")).max(initial=1)
    return correlate(call, filters=call.filters.astype("float64") / largest)


@mistake("negative results are set to zero: a ReLU is applied")
def relu_applied(call: Call) -> Array:
    return np.maximum(correlate(call), 0)


@mistake("results lose their sign")
def absolute_values(call: Call) -> Array:
    return np.abs(correlate(call))


@mistake("results have the opposite sign")
def negated(call: Call) -> Array:
    return np.asarray(-correlate(call))


@mistake("results are doubled")
def doubled(call: Call) -> Array:
    return np.asarray(2 * correlate(call))


@mistake("the absolute values of the input are used")
def input_without_sign(call: Call) -> Array:
    return correlate(call, x=np.abs(call.x))


@mistake("the absolute values of the filters are used")
def filters_without_sign(call: Call) -> Array:
    return correlate(call, filters=np.abs(call.filters))


@mistake("results are one too large")
def one_too_large(call: Call) -> Array:
    return np.asarray(correlate(call) + 1)


@mistake("every other result of the last axis has the opposite sign")
def odd_places_negated(call: Call) -> Array:
    result = correlate(call).copy()
    result[..., 1::2] *= -1
    return result
