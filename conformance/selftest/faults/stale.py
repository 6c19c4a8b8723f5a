"""Faults in what a backend remembers, and in arrays other than the input."""

from typing import Any

import numpy as np

from conformance.selftest.faults.catalogue import Wrong, fault_with_state
from conformance.selftest.faults.geometry import explicit
from reference import cross_correlate, pad
from reference.geometry import Array


@fault_with_state("MEM-6")
def results_add_up_in_the_workspace() -> Wrong:
    """The accumulator of a shape is not cleared between two calls."""
    sums: dict[Any, Array] = {}

    def run(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
        result = cross_correlate(x, filters, bias, **p)
        total = sums.setdefault((result.shape, str(result.dtype)), np.zeros_like(result))
        total += result
        return total.copy()

    return run


@fault_with_state("CORR-9")
def padding_not_cleared() -> Wrong:
    """Only the inside of a buffer is written: its border keeps what an earlier call left."""
    buffer = np.zeros(1 << 20)

    def run(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
        pads = explicit(x, filters, p)
        padded = pad(x, pads)
        if padded.size > buffer.size:
            return cross_correlate(x, filters, bias, **p)
        kept = buffer[: padded.size].reshape(padded.shape)
        inside: Any = (
            ...,
            *(slice(low, low + n) for (low, _), n in zip(pads, x.shape[2:], strict=True)),
        )
        kept[inside] = x
        return cross_correlate(kept.astype(x.dtype), filters, bias, **p | {"padding": 0})

    return run


@fault_with_state("CORR-7")
def plan_kept_without_the_stride() -> Wrong:
    """The plan of a call is found again by the shapes of its arrays alone."""
    plans: dict[Any, Any] = {}

    def run(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
        stride = plans.setdefault((x.shape, filters.shape), p["stride"])
        return cross_correlate(x, filters, bias, **p | {"stride": stride})

    return run


@fault_with_state("BIAS-1")
def plan_kept_without_the_bias() -> Wrong:
    plans: dict[Any, bool] = {}

    def run(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
        with_bias = plans.setdefault((x.shape, filters.shape, str(p)), bias is not None)
        return cross_correlate(x, filters, bias if with_bias else None, **p)

    return run


@fault_with_state("MEM-7")
def bias_cached_by_shape() -> Wrong:
    cache: dict[Any, Array] = {}

    def run(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
        if bias is not None:
            bias = cache.setdefault((bias.shape, str(bias.dtype)), bias.copy())
        return cross_correlate(x, filters, bias, **p)

    return run


@fault_with_state("MEM-7")
def input_cached_by_its_first_value() -> Wrong:
    cache: dict[Any, Array] = {}

    def run(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
        key = x.shape, x.ravel()[:1].tobytes()
        return cross_correlate(cache.setdefault(key, x.copy()), filters, bias, **p)

    return run


@fault_with_state("MEM-7")
def filters_cached_by_address() -> Wrong:
    """Filters packed once are found again by the id of their array, which a later one can have."""
    packed: dict[Any, Array] = {}

    def run(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
        key = id(filters), filters.shape
        return cross_correlate(x, packed.setdefault(key, filters.copy()), bias, **p)

    return run


@fault_with_state("MEM-6")
def first_call_of_a_shape_gives_zeros() -> Wrong:
    """A kernel is compiled at its first use, and that one does not wait for it."""
    met: set[Any] = set()

    def run(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
        result = cross_correlate(x, filters, bias, **p)
        key = x.shape, filters.shape
        if key in met:
            return result
        met.add(key)
        return np.zeros_like(result)

    return run


@fault_with_state("MEM-6")
def every_tenth_call_wrong() -> Wrong:
    calls = [0]

    def run(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
        calls[0] += 1
        result = cross_correlate(x, filters, bias, **p)
        return result if calls[0] % 10 else np.asarray(result * 2)

    return run


@fault_with_state("MEM-6")
def a_value_lost_now_and_then() -> Wrong:
    """Two threads write one value, and now and then neither wins."""
    rng = np.random.default_rng(1)

    def run(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
        result = cross_correlate(x, filters, bias, **p).copy()
        if result.size and rng.random() < 0.2:
            result.reshape(-1)[rng.integers(result.size)] = 0
        return result

    return run


@fault_with_state("MEM-6", "float32")
def channels_summed_in_any_order() -> Wrong:
    """Channels are added in the order in which their threads finish."""
    rng = np.random.default_rng(2)

    def run(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
        order = rng.permutation(filters.shape[1])
        mixed = x.reshape(len(x), p["groups"], filters.shape[1], *x.shape[2:])[:, :, order]
        return cross_correlate(mixed.reshape(x.shape), filters[:, order], bias, **p)

    return run


@fault_with_state("MEM-6")
def garbage_where_no_tap_reaches() -> Wrong:
    """Values whose windows lie wholly in the padding are never written: memory shows as it is."""
    rng = np.random.default_rng(3)

    def run(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
        result = cross_correlate(x, filters, bias, **p)
        inside = pad(np.ones((1, 1, *x.shape[2:])), explicit(x, filters, p))
        ones = np.ones((1, 1, *filters.shape[2:]))
        seen = cross_correlate(inside, ones, **p | {"padding": 0, "groups": 1})
        return np.where(seen > 0, result, rng.standard_normal(result.shape)).astype(x.dtype)

    return run


@fault_with_state("MEM-7")
def last_result_overwritten_by_the_next() -> Wrong:
    """One buffer serves all results: each is a view of its beginning."""
    buffer = np.zeros(1 << 16)

    def run(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
        result = cross_correlate(x, filters, bias, **p)
        if result.size > buffer.size or result.dtype != buffer.dtype:
            return result
        view = buffer[: result.size].reshape(result.shape)
        view[...] = result
        return view

    return run


@fault_with_state("GEOM-5")
def broken_after_mismatched_channels() -> Wrong:
    broken: list[bool] = []

    def run(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
        if x.shape[1] != p["groups"] * filters.shape[1]:
            broken.append(True)
        result = cross_correlate(x, filters, bias, **p)
        return -result if broken else result

    return run


@fault_with_state("MEM-7")
def wrong_from_the_hundredth_call_on() -> Wrong:
    calls = [0]

    def run(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
        calls[0] += 1
        result = cross_correlate(x, filters, bias, **p)
        return result if calls[0] < 100 else np.asarray(result * 2)

    return run
