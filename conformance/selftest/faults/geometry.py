"""Faults in sizes and padding rules."""

from typing import Any

import numpy as np

from conformance.selftest.faults.catalogue import fault
from reference import SizeError, cross_correlate, effective_kernel, resolve_padding
from reference.geometry import Array


@fault("GEOM-1")
def output_size_by_ceil(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    pads = explicit(x, filters, p)
    kernel = effective_kernel(filters.shape[2:], p["dilation"])
    sizes = zip(x.shape[2:], pads, kernel, p["stride"], strict=True)
    more = tuple((low, high + -(n + low + high - k) % s) for n, (low, high), k, s in sizes)
    return cross_correlate(x, filters, bias, **p | {"padding": more})


@fault("GEOM-1")
def last_window_left_out(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    result = cross_correlate(x, filters, bias, **p)
    return result[..., :-1] if result.shape[-1] > 1 else result


@fault("GEOM-1")
def output_size_forgets_dilation(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    right = cross_correlate(x, filters, bias, **p)
    shape = cross_correlate(x, filters, bias, **p | {"dilation": 1}).shape
    result = np.zeros(shape, x.dtype)
    result[tuple(map(slice, right.shape))] = right
    return result


@fault("GEOM-2")
def exact_fit_in_column_order(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    result = cross_correlate(x, filters, bias, **p)
    if result[:1, 0].size == 1:
        return cross_correlate(x, np.moveaxis(filters, 2, -1).reshape(filters.shape), bias, **p)
    return result


@fault("GEOM-3")
def remainder_is_added_to_the_last_value(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    result = cross_correlate(x, filters, bias, **p).copy()
    extent = effective_kernel(filters.shape[2:], p["dilation"])[-1]
    low, high = explicit(x, filters, p)[-1]
    reach = (result.shape[-1] - 1) * p["stride"][-1] + extent - low
    if high == 0 and x.shape[-1] > reach:
        result[..., -1] += x[..., reach:].sum(dtype=x.dtype)
    return result


@fault("GEOM-4")
def impossible_sizes_give_zeros(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    try:
        return cross_correlate(x, filters, bias, **p)
    except SizeError:
        return np.zeros((len(x), len(filters), *(1 for _ in p["stride"])), x.dtype)


@fault("GEOM-4")
def impossible_sizes_give_nothing(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    """Each axis gets the size of the formula, none where that is negative."""
    try:
        return cross_correlate(x, filters, bias, **p)
    except SizeError:
        kernel = effective_kernel(filters.shape[2:], p["dilation"])
        axes = zip(x.shape[2:], explicit(x, filters, p), kernel, p["stride"], strict=True)
        sizes = (max(0, (n + low + high - k) // s + 1) for n, (low, high), k, s in axes)
        return np.zeros((len(x), len(filters), *sizes), x.dtype)


@fault("GEOM-4")
def impossible_sizes_give_no_values(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    try:
        return cross_correlate(x, filters, bias, **p)
    except SizeError:
        return np.zeros((len(x), len(filters), *(0 for _ in p["stride"])), x.dtype)


@fault("GEOM-4")
def negative_sizes_pass_for_sizes(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    """Only a size of zero is refused."""
    kernel = effective_kernel(filters.shape[2:], p["dilation"])
    axes = zip(x.shape[2:], explicit(x, filters, p), kernel, p["stride"], strict=True)
    sizes = [(n + low + high - k) // s + 1 for n, (low, high), k, s in axes]
    if min(sizes) >= 0 or 0 in sizes:
        return cross_correlate(x, filters, bias, **p)
    return np.zeros((len(x), len(filters), *map(abs, sizes)), x.dtype)


@fault("GEOM-4")
def operands_swapped_when_the_filter_is_larger(
    x: Array, filters: Array, bias: Any, **p: Any
) -> Array:
    try:
        return cross_correlate(x, filters, bias, **p)
    except SizeError:
        return cross_correlate(filters[:1], x[:1, : filters.shape[1]])


@fault("GEOM-5")
def surplus_channels_are_ignored(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    return cross_correlate(x[:, : p["groups"] * filters.shape[1]], filters, bias, **p)


@fault("GEOM-5")
def groups_inferred_from_the_channels(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    groups = x.shape[1] // filters.shape[1]
    bank = filters.repeat(groups // p["groups"], axis=0)
    return cross_correlate(x, bank, None, **p | {"groups": groups})[:, : len(filters)] + (
        0 if bias is None else bias.reshape(-1, *(1 for _ in p["stride"]))
    )


@fault("GEOM-6")
def valid_pads_one_zero(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    return cross_correlate(x, filters, bias, **p | _if(p, "valid", ((0, 1),) * len(p["stride"])))


@fault("GEOM-7")
def same_puts_the_odd_zero_first(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    return cross_correlate(x, filters, bias, **p | _if(p, "same_upper", "same_lower"))


@fault("GEOM-7")
def same_ignores_the_stride(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    pads = resolve_padding(
        p["padding"], x.shape[2:], filters.shape[2:], (1,) * len(p["stride"]), p["dilation"]
    )
    return cross_correlate(x, filters, bias, **p | _if(p, "same_upper", pads))


@fault("GEOM-7")
def same_ignores_the_dilation(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    pads = resolve_padding(
        p["padding"], x.shape[2:], filters.shape[2:], p["stride"], (1,) * len(p["stride"])
    )
    try:
        return cross_correlate(x, filters, bias, **p | _if(p, "same_upper", pads))
    except SizeError:
        return cross_correlate(x, filters, bias, **p)


@fault("GEOM-8")
def same_lower_puts_the_odd_zero_last(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    return cross_correlate(x, filters, bias, **p | _if(p, "same_lower", "same_upper"))


def explicit(x: Array, filters: Array, p: dict[str, Any]) -> tuple[tuple[int, int], ...]:
    return resolve_padding(p["padding"], x.shape[2:], filters.shape[2:], p["stride"], p["dilation"])


def _if(p: dict[str, Any], name: str, padding: Any) -> dict[str, Any]:
    return {"padding": padding} if p["padding"] == name else {}


@fault("GEOM-10")
def strides_of_zero_count_as_one(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    return cross_correlate(x, filters, bias, **p | {"stride": tuple(s or 1 for s in p["stride"])})


@fault("GEOM-10")
def dilations_of_zero_put_taps_on_each_other(
    x: Array, filters: Array, bias: Any, **p: Any
) -> Array:
    for axis, dilation in enumerate(p["dilation"], start=2):
        if dilation == 0:
            filters = filters.sum(axis=axis, keepdims=True)
    return cross_correlate(
        x, filters, bias, **p | {"dilation": tuple(d or 1 for d in p["dilation"])}
    )


@fault("GEOM-11")
def items_beyond_65535_left_out(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    """As where a grid of threads has no more places."""
    result = cross_correlate(x, filters, bias, **p)
    result[65535:] = 0
    return result


@fault("GEOM-11")
def maps_beyond_65535_left_out(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    result = cross_correlate(x, filters, bias, **p)
    result[:, 65535:] = 0
    return result


@fault("GEOM-11")
def channels_beyond_1024_left_out(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    bank = filters.copy()
    bank[:, 1024:] = 0
    return cross_correlate(x, bank, bias, **p)


@fault("GEOM-11")
def groups_beyond_1024_see_the_first(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    parts = np.arange(p["groups"])
    parts[1024:] = 0
    groups = x.reshape(len(x), p["groups"], -1, *x.shape[2:])[:, parts]
    return cross_correlate(groups.reshape(x.shape), filters, bias, **p)


@fault("GEOM-11")
def positions_in_sixteen_bits(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    """Beyond 2^15 values, an axis is read from its end backwards."""
    for axis in range(2, x.ndim):
        x = x.take(np.arange(x.shape[axis]).astype("int16") % x.shape[axis], axis)
    return cross_correlate(x, filters, bias, **p)


@fault("GEOM-11")
def taps_beyond_512_left_out(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    bank = filters.reshape(*filters.shape[:2], -1).copy()
    bank[..., 512:] = 0
    return cross_correlate(x, bank.reshape(filters.shape), bias, **p)


@fault("GEOM-11")
def dilation_in_eight_bits(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    result = cross_correlate(x, filters, bias, **p)
    short = cross_correlate(
        x, filters, bias, **p | {"dilation": [d % 256 or 1 for d in p["dilation"]]}
    )
    return short[tuple(map(slice, result.shape))]
