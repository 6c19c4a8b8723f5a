"""The gradients of cross-correlation, and its transpose: cross-correlations, and judged as such."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np

from adapters.operations import GRADIENTS_OF
from conformance.answers.registry import answers
from conformance.judge import Reading, bits_of
from conformance.requests import Request, as_cross_correlations, call_of
from conformance.requests import of_transposed as parts_of_transposed
from reference.bounds import flushable, lemma, magnitude, normwise
from reference.correlation import cross_correlate
from reference.exact import truth
from reference.formats import Format
from reference.geometry import Array, Parameters, Sizes
from reference.gradients import (
    AsCrossCorrelation,
    input_gradient_as_cross_correlation,
    transposed_padding,
    transposed_size,
)


@answers(GRADIENTS_OF + "cross_correlate")
def gradients(request: Request, promise: str) -> dict[str, Reading]:
    call, gradient = call_of(request), request.arrays["gradient"]
    if not len(call.x):
        return {
            name: Reading(np.zeros(array.shape), np.zeros(()))
            for name, array in request.arrays.items()
            if name != "gradient"
        }
    bias = None if call.bias is None else np.ones(call.bias.shape)
    ones = call.but(x=np.ones(call.x.shape), filters=np.ones(call.filters.shape), bias=bias)
    counted = as_cross_correlations(ones, np.ones(gradient.shape))
    return {
        name: reading(part, partial(counted[name].by, cross_correlate), request, promise)
        for name, part in as_cross_correlations(call, gradient).items()
    }


@answers("transposed_cross_correlate")
def transposed(request: Request, promise: str) -> dict[str, Reading]:
    arrays, parameters, size = _transposed(request)
    x, filters, bias = arrays["x"], arrays["filters"], arrays.get("bias")
    part = input_gradient_as_cross_correlation(x, filters, size, parameters)
    ones = np.ones(x.shape), np.ones(filters.shape)
    counted = input_gradient_as_cross_correlation(*ones, size, parameters)
    return {"result": reading(part, partial(counted.by, cross_correlate), request, promise, bias)}


@answers(GRADIENTS_OF + "transposed_cross_correlate")
def of_transposed(request: Request, promise: str) -> dict[str, Reading]:
    arrays, parameters, _ = _transposed(request)
    x, filters, gradient = arrays["x"], arrays["filters"], arrays["gradient"]
    ones_x, ones, by_result = (np.ones(a.shape) for a in (x, filters, gradient))
    counted = parts_of_transposed(ones_x, ones, parameters, by_result)
    return {
        name: reading(part, partial(counted[name].by, cross_correlate), request, promise)
        for name, part in parts_of_transposed(x, filters, parameters, gradient).items()
        if name in arrays
    }


def _transposed(request: Request) -> tuple[Mapping[str, Array], Parameters, Sizes]:
    settings: Any = dict(request.parameters)
    more, arrays = settings.pop("output_padding"), request.arrays
    size, kernel = arrays["x"].shape[2:], arrays["filters"].shape[2:]
    stride, dilation = settings["stride"], settings["dilation"]
    pads, more = transposed_padding(settings["padding"], size, kernel, stride, more, dilation)
    settings["padding"] = pads
    return arrays, settings, transposed_size(size, kernel, stride, pads, more, dilation)


def reading(
    part: AsCrossCorrelation,
    count: Callable[[], Array],
    request: Request,
    promise: str,
    bias: Array | None = None,
) -> Reading:
    """What a cross-correlation comes to, which adds a ``bias``, if that needs no finish; ``count``
    tells how many numbers are summed into each of its values. Integers must be exact where full
    accuracy is promised.
    """
    if request.exact and promise == "A":
        wide = AsCrossCorrelation(
            part.x.astype("float64"), part.filters.astype("float64"), part.parameters, part.finish
        )
        value = wide.by(cross_correlate)
        if bias is not None:
            value = value + bias.astype("float64").reshape(-1, *(1,) * (value.ndim - 2))
        return Reading(value, np.zeros(()))
    if not part.filters.size:  # there is nothing to sum, or no sum
        return Reading(part.by(cross_correlate), np.zeros(()))
    arrays = part.x, part.filters, bias, part.parameters
    terms = count() if bias is None else count() + 1
    high, low = (part.finish(half) for half in truth(*arrays))
    return Reading(high, _bound(part, bias, terms, request.format, promise), low)


def _bound(
    part: AsCrossCorrelation, bias: Array | None, terms: Array, format_: Format, promise: str
) -> Array:
    arrays = part.x, part.filters, bias, part.parameters
    size = magnitude(*arrays)

    def finished(a: Array) -> Array:
        return part.finish(np.broadcast_to(a, size.shape))

    if promise == "B":
        return finished(normwise(*arrays, format_))
    bits = bits_of(promise)
    return lemma(
        terms,
        finished(size),
        finished(size),
        result=format_,
        accumulator=format_,
        input_roundoff=0.0 if bits is None else 2.0 ** (1 - bits),
        flushable=finished(flushable(*arrays)),
    )
