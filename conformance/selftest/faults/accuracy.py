"""Faults that only a measurement of width, or a look at many regimes, brings to light."""

from typing import Any

import numpy as np

from conformance.selftest.faults.catalogue import Wrong, fault, fault_with_state
from reference import cross_correlate
from reference.formats import FORMATS, rounded
from reference.geometry import Array
from reference.tests.algorithms import by_winograd


@fault("PROBE-1", "float32")
def inputs_lose_their_last_bit(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    return cross_correlate(rounded(x, 23), filters, bias, **p)


@fault("PROBE-2", "float64")
def channels_added_up_in_float32(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    if p["groups"] > 1:
        return cross_correlate(x, filters, bias, **p)
    total: Any = 0 if bias is None else bias.reshape(-1, *(1 for _ in p["stride"]))
    for c in range(x.shape[1]):
        part = cross_correlate(x[:, [c]], filters[:, [c]], **p)
        total = np.float32(total) + part.astype("float32")
    return np.asarray(total, x.dtype)


@fault("PROBE-3", "float32")
def subnormal_inputs_become_normal(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    normal = x.dtype.type(FORMATS[x.dtype.name].smallest_normal)
    x = np.where((x != 0) & (np.abs(x) < normal), normal, x)
    return cross_correlate(x, filters, bias, **p)


@fault("PROBE-4", "float32")
def infinity_fills_its_feature_map(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    result = cross_correlate(x, filters, bias, **p).copy()
    deep = x.shape[1] >= 8
    result[np.isinf(result).any(axis=tuple(range(2, result.ndim))) & deep] = np.inf
    return result


@fault_with_state("PROBE-5", "float32")
def every_seventh_call_is_a_bit_off() -> Wrong:
    calls = [0]

    def run(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
        calls[0] += 1
        result = cross_correlate(x, filters, bias, **p)
        return np.nextafter(result, x.dtype.type(np.inf)) if calls[0] % 7 == 0 else result

    return run


@fault("GRADE-1", "float32")
def large_batches_by_winograd_in_1d(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    return winograd_for(2, x, filters, bias, p, axes=1, batch=16)


@fault("GRADE-2", "float32")
def large_batches_by_winograd_in_2d(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    return winograd_for(4, x, filters, bias, p, axes=2, batch=32)


@fault("GRADE-3", "float32")
def deep_pointwise_layers_in_tf32(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    if filters.ndim == 5 and filters.shape[1] >= 32 and filters[0, 0].size == 1:
        x, filters = rounded(x, 11), rounded(filters, 11)
    return cross_correlate(x, filters, bias, **p)


def winograd_for(
    m: int, x: Array, filters: Array, bias: Any, p: dict[str, Any], *, axes: int, batch: int
) -> Array:
    """F(m, 3) for filters of 3 in every axis and batches of at least ``batch``, where it fits."""
    plain = max(p["stride"]) == max(p["dilation"]) == p["groups"] == 1 and bias is None
    fits = filters.ndim == 2 + axes and set(filters.shape[2:]) == {3} and len(x) >= batch
    right = cross_correlate(x, filters, bias, **p)
    if not (plain and fits and not isinstance(p["padding"], str)):
        return right
    padded = np.pad(x, ((0, 0), (0, 0), *p["padding"]))
    if any(size % m for size in right.shape[2:]):
        return right
    return by_winograd(m, padded, filters)
