"""Layers: pooling, activations, dense, batch normalisation and dropout, and their gradients."""

from functools import partial
from typing import Any

import numpy as np

from adapters.operations import GRADIENTS_OF
from conformance.answers.gradients import reading
from conformance.answers.registry import answers
from conformance.judge import Reading
from conformance.layer_requests import (
    dense_as_cross_correlation,
    dense_gradients_as_cross_correlations,
    windows_of,
)
from conformance.requests import Request
from reference import activations, layers, pooling
from reference.activation_bounds import activation_bound, activation_gradient_bound
from reference.batch_norm_bounds import batch_norm_bounds, batch_norm_gradient_bounds
from reference.bounds import gamma
from reference.correlation import cross_correlate
from reference.formats import FORMATS
from reference.geometry import Array
from reference.gradients import AsCrossCorrelation

_NOTHING = np.zeros(())


def _wide(request: Request) -> dict[str, Any]:
    return {name: array.astype("float64") for name, array in request.arrays.items()}


@answers("max_pool")
def max_pool(request: Request, promise: str) -> dict[str, Reading]:
    value = pooling.max_pool(**_wide(request), **request.parameters)
    return {"result": Reading(value, _flushed(value, request))}


def _flushed(value: Array, request: Request) -> Array:
    """Subnormal numbers may come out as zero."""
    size = np.abs(value)
    return np.where(size < request.format.smallest_normal, size, 0)


@answers(GRADIENTS_OF + "max_pool")
def of_max_pool(request: Request, promise: str) -> dict[str, Reading]:
    """For an input without equal values in a window: as many roundings as windows that a value
    wins, less one.
    """
    x, gradient = _wide(request).values()
    p = request.parameters
    value = pooling.max_pool_gradient(x, gradient, **p)
    if request.exact:
        return {"x": Reading(value, _NOTHING)}
    won = pooling.max_pool_gradient(x, np.ones(gradient.shape), **p)
    size = pooling.max_pool_gradient(x, np.abs(gradient), **p)
    return {"x": Reading(value, _sum_bound(won - 1, won, size, request))}


def _sum_bound(roundings: Array, terms: Array, size: Array, request: Request) -> Array:
    """The error of a backend, and of the truth, for sums of so many terms."""
    counts = np.maximum(roundings, 0)
    units = request.format.unit_roundoff, FORMATS["float64"].unit_roundoff
    growth = sum(gamma(counts, u) for u in units)
    return np.asarray(growth * size + terms * request.format.smallest_normal)


@answers("average_pool")
def average_pool(request: Request, promise: str) -> dict[str, Reading]:
    """A cross-correlation with ones, channel by channel, divided by how many values count."""
    part, counts = _window_sums(request)
    if request.exact:
        value = part.by(cross_correlate)
        return {"result": Reading(value, _of_quotient(value, counts, request))}
    ones = AsCrossCorrelation(np.ones(part.x.shape), part.filters, part.parameters, lambda a: a)
    terms = ones.by(cross_correlate).reshape(*request.arrays["x"].shape[:2], *counts.shape)
    return {"result": reading(part, lambda: terms + 2, request, promise)}


def _of_quotient(value: Array, counts: Array, request: Request) -> Array:
    """Sums of integers are exact; so is their division by a power of two. Other divisions may be
    products with a rounded reciprocal.
    """
    is_power = np.frexp(counts)[0] == 0.5
    units = request.format.unit_roundoff + FORMATS["float64"].unit_roundoff
    return np.where(is_power, 0, 2.0 * gamma(np.asarray(1), units) * np.abs(value))


def _window_sums(request: Request) -> tuple[AsCrossCorrelation, Array]:
    kernel, stride, pads, _, out = windows_of(request)
    x = request.arrays["x"]
    size = x.shape[2:]
    places: Any = tuple(
        (low, max(high, (n - 1) * s + k - length - low))
        for n, s, k, length, (low, high) in zip(out, stride, kernel, size, pads, strict=True)
    )
    parameters: Any = {
        "stride": stride,
        "padding": places,
        "dilation": (1,) * len(size),
        "groups": 1,
    }
    counted = np.ones((1, 1, *size))
    if request.parameters["count_include_pad"]:
        counted = np.pad(counted, ((0, 0), (0, 0), *pads), constant_values=1)
        more = (after - high for (_, after), (_, high) in zip(places, pads, strict=True))
        counting = {**parameters, "padding": tuple((0, m) for m in more)}
    else:
        counting = parameters
    window = np.ones((1, 1, *kernel), x.dtype)
    counts = cross_correlate(counted, window.astype("float64"), **counting)[0, 0]

    def finish(sums: Array) -> Array:
        return np.asarray(sums.reshape(*x.shape[:2], *out) / counts)

    flat = x.reshape(-1, 1, *size)
    wide = request.exact
    part = AsCrossCorrelation(
        flat.astype("float64") if wide else flat,
        window.astype("float64") if wide else window,
        parameters,
        finish,
    )
    return part, counts


@answers(GRADIENTS_OF + "average_pool")
def of_average_pool(request: Request, promise: str) -> dict[str, Reading]:
    """Every value sums its windows' shares: a quotient for each, whose divisor may be a rounded
    reciprocal, and the sums.
    """
    arrays, p = _wide(request), request.parameters
    gradient, size = arrays["gradient"], arrays["x"].shape[2:]
    value = pooling.average_pool_gradient(gradient, size, **p)
    _, counts = _window_sums(request)
    if request.exact and (np.frexp(counts)[0] == 0.5).all():
        return {"x": Reading(value, _NOTHING)}
    met = pooling.average_pool_gradient(np.broadcast_to(counts, gradient.shape), size, **p)
    sizes = pooling.average_pool_gradient(np.abs(gradient), size, **p)
    return {"x": Reading(value, _sum_bound(met + 1, met, sizes, request))}


@answers("activation")
def activation(request: Request, promise: str) -> dict[str, Reading]:
    kind, x = request.parameters["kind"], request.arrays["x"].astype("float64")
    bound = activation_bound(x, kind, request.format)
    return {"result": Reading(activations.activate(x, kind), bound)}


@answers(GRADIENTS_OF + "activation")
def of_activation(request: Request, promise: str) -> dict[str, Reading]:
    arrays, kind = _wide(request), request.parameters["kind"]
    bound = activation_gradient_bound(**arrays, kind=kind, format_=request.format)
    return {"x": Reading(activations.activation_gradient(**arrays, kind=kind), bound)}


@answers("dense")
def dense(request: Request, promise: str) -> dict[str, Reading]:
    x, weights = request.arrays["x"], request.arrays["weights"]
    part = dense_as_cross_correlation(x, weights)
    bias = request.arrays.get("bias")
    return {"result": reading(part, lambda: np.asarray(x.shape[1]), request, promise, bias)}


@answers(GRADIENTS_OF + "dense")
def of_dense(request: Request, promise: str) -> dict[str, Reading]:
    x, weights, gradient = (request.arrays[name] for name in ("x", "weights", "gradient"))
    parts = dense_gradients_as_cross_correlations(x, weights, gradient)
    return {
        name: reading(part, partial(np.asarray, part.x.shape[1]), request, promise)
        for name, part in parts.items()
        if name in request.arrays
    }


@answers("batch_norm")
def batch_norm(request: Request, promise: str) -> dict[str, Reading]:
    arrays = _wide(request)
    value = layers.batch_norm(**arrays, **request.parameters)
    bounds = batch_norm_bounds(**arrays, **request.parameters, format_=request.format)
    return {name: Reading(array, bounds[name]) for name, array in value.items()}


@answers(GRADIENTS_OF + "batch_norm")
def of_batch_norm(request: Request, promise: str) -> dict[str, Reading]:
    arrays = {name: array for name, array in _wide(request).items() if name != "shift"}
    how = {name: request.parameters[name] for name in ("training", "epsilon")}
    value = layers.batch_norm_gradients(**arrays, **how)
    bounds = batch_norm_gradient_bounds(**arrays, **how, format_=request.format)
    return {name: Reading(array, bounds[name]) for name, array in value.items()}


@answers("dropout", GRADIENTS_OF + "dropout")
def dropout(request: Request, promise: str) -> dict[str, Reading]:
    """In training nothing is required of a value by itself: which ones are dropped is the
    backend's own choice.
    """
    of_gradient = request.operation != "dropout"
    value = _wide(request)["gradient" if of_gradient else "x"]
    open_ = request.parameters["training"]
    bound = np.full(value.shape, np.inf) if open_ else _flushed(value, request)
    return {"x" if of_gradient else "result": Reading(value, bound)}
