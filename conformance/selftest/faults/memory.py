"""Faults in memory: layouts, arguments that change, results that are shared or stale."""

from typing import Any

import numpy as np

from conformance.selftest.faults.catalogue import Wrong, fault, fault_with_state
from reference import SizeError, cross_correlate
from reference.geometry import Array


@fault("MEM-1")
def input_overwritten(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    result = cross_correlate(x, filters, bias, **p)
    if x.flags.writeable:
        x *= 2
    return result


@fault("MEM-1")
def filters_flipped_in_place(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    result = cross_correlate(x, filters, bias, **p)
    if filters.flags.writeable:
        filters[...] = filters[..., ::-1].copy()
    return result


@fault("MEM-1")
def bias_used_as_accumulator(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    result = cross_correlate(x, filters, bias, **p)
    if bias is not None and bias.flags.writeable:
        bias += 1
    return result


@fault("MEM-2")
def order_in_memory_ignored(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    if min(x.strides, default=0) > 0:
        x = x.ravel(order="K").reshape(x.shape)
    return cross_correlate(x, filters, bias, **p)


@fault("MEM-2")
def gaps_in_memory_ignored(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    if x.size and x.base is not None and x.strides[-1] == 2 * x.itemsize:
        x = x.base.ravel()[: x.size].reshape(x.shape)
    return cross_correlate(x, filters, bias, **p)


@fault("MEM-3")
def negative_strides_taken_as_positive(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    if min(x.strides, default=0) < 0:
        x = np.flip(x)
    return cross_correlate(x, filters, bias, **p)


@fault("MEM-3")
def negative_strides_refused(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    if min(x.strides, default=0) < 0:
        raise ValueError("negative strides are not supported")
    return cross_correlate(x, filters, bias, **p)


@fault("MEM-4")
def read_only_refused(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    if not x.flags.writeable:
        raise ValueError("buffer source array is read-only")
    return cross_correlate(x, filters, bias, **p)


@fault("MEM-5")
def empty_batch_refused(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    if not len(x):
        raise ValueError("expected a batch")
    return cross_correlate(x, filters, bias, **p)


@fault("MEM-5")
def empty_batch_gives_one_item(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    x = x if len(x) else np.zeros((1, *x.shape[1:]), x.dtype)
    return cross_correlate(x, filters, bias, **p)


@fault_with_state("MEM-6")
def last_bit_at_random() -> Wrong:
    rng = np.random.default_rng(0)

    def run(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
        result = cross_correlate(x, filters, bias, **p)
        return np.where(rng.random(result.shape) < 0.1, np.nextafter(result, np.inf), result)

    return run


@fault_with_state("MEM-6")
def every_second_call_sums_backwards() -> Wrong:
    calls = [0]

    def run(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
        calls[0] += 1
        if calls[0] % 2:
            return cross_correlate(x, filters, bias, **p)
        order = slice(None, None, -1)
        backwards = x.reshape(len(x), p["groups"], filters.shape[1], *x.shape[2:])[:, :, order]
        return cross_correlate(backwards.reshape(x.shape), filters[:, order], bias, **p)

    return run


@fault_with_state("GEOM-4")
def broken_after_an_impossible_call() -> Wrong:
    broken: list[bool] = []

    def run(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
        try:
            result = cross_correlate(x, filters, bias, **p)
        except SizeError:
            broken.append(True)
            raise
        return result * 2 if broken else result

    return run


@fault_with_state("MEM-7")
def result_cached_by_shape() -> Wrong:
    cache: dict[Any, Array] = {}

    def run(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
        key = x.shape, filters.shape, bias is None, str(p)
        if key not in cache:
            cache[key] = cross_correlate(x, filters, bias, **p)
        return cache[key].copy()

    return run


@fault_with_state("MEM-7")
def filters_cached_by_shape() -> Wrong:
    cache: dict[Any, Array] = {}

    def run(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
        return cross_correlate(x, cache.setdefault(filters.shape, filters.copy()), bias, **p)

    return run


@fault_with_state("MEM-7")
def output_buffer_reused() -> Wrong:
    buffers: dict[Any, Array] = {}

    def run(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
        result = cross_correlate(x, filters, bias, **p)
        buffer = buffers.setdefault((result.shape, result.dtype), np.empty_like(result))
        buffer[...] = result
        return buffer

    return run
