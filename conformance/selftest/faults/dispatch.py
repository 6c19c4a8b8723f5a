"""Faults in the choice of an algorithm: wrong for some parameters and shapes, right for others."""

from typing import Any

import numpy as np

from conformance.selftest.faults.catalogue import fault
from conformance.selftest.faults.geometry import explicit
from reference import SizeError, cross_correlate, effective_kernel, pad
from reference.geometry import Array


def with_stride(stride: Any, x: Array, filters: Array, bias: Any, p: dict[str, Any]) -> Array:
    """The windows of another stride, at most the right one, in a result of the right size."""
    result = cross_correlate(x, filters, bias, **p)
    other = cross_correlate(x, filters, bias, **p | {"stride": stride})
    return other[tuple(map(slice, result.shape))]


def with_dilation(dilation: Any, x: Array, filters: Array, bias: Any, p: dict[str, Any]) -> Array:
    """The same for another dilation."""
    result = cross_correlate(x, filters, bias, **p)
    other = cross_correlate(x, filters, bias, **p | {"dilation": dilation})
    return other[tuple(map(slice, result.shape))]


def swapped(pads: Any, axis: int) -> Any:
    """(low, high) exchanged on one axis."""
    return tuple(pair[::-1] if i == axis % len(pads) else pair for i, pair in enumerate(pads))


@fault("CORR-2")
def one_dimension_flipped(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    return cross_correlate(x, filters[..., ::-1] if x.ndim == 3 else filters, bias, **p)


@fault("CORR-2")
def even_kernels_flipped(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    bank = filters if filters.shape[-1] % 2 else filters[..., ::-1]
    return cross_correlate(x, bank, bias, **p)


@fault("CORR-2")
def single_filters_flipped(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    bank = filters[..., ::-1] if filters.shape[:2] == (1, 1) else filters
    return cross_correlate(x, bank, bias, **p)


@fault("CORR-7")
def stride_cut_to_the_kernel(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    stride = tuple(map(min, p["stride"], filters.shape[2:]))
    return with_stride(stride, x, filters, bias, p)


@fault("CORR-7")
def stride_cut_to_a_power_of_two(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    stride = tuple(1 << s.bit_length() - 1 for s in p["stride"])
    return with_stride(stride, x, filters, bias, p)


@fault("CORR-7")
def kernels_of_three_ignore_the_stride(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    """A fast algorithm for kernels of 3 that exists for stride 1 only."""
    *others, last = p["stride"]
    stride = (*others, 1 if filters.shape[-1] == 3 else last)
    return with_stride(stride, x, filters, bias, p)


@fault("CORR-7")
def stride_ignored_on_the_last_axis(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    return with_stride((*p["stride"][:-1], 1), x, filters, bias, p)


@fault("CORR-7")
def unequal_strides_refused(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    if len(set(p["stride"])) > 1:
        raise NotImplementedError("strides must be equal in all dimensions")
    return cross_correlate(x, filters, bias, **p)


@fault("CORR-8")
def first_dilation_for_every_axis(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    try:
        return cross_correlate(x, filters, bias, **p | {"dilation": p["dilation"][0]})
    except SizeError:
        return cross_correlate(x, filters, bias, **p)


@fault("CORR-8")
def dilation_ignored_on_the_last_axis(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    return with_dilation((*p["dilation"][:-1], 1), x, filters, bias, p)


@fault("CORR-8")
def dilation_of_three_taken_as_two(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    return with_dilation(tuple(min(d, 2) for d in p["dilation"]), x, filters, bias, p)


@fault("CORR-8")
def dilation_ignored_by_the_strided_kernel(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    if max(p["stride"]) == 1:
        return cross_correlate(x, filters, bias, **p)
    return with_dilation(1, x, filters, bias, p)


@fault("CORR-9")
def pad_sides_swapped_on_the_last_axis(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    pads = swapped(explicit(x, filters, p), -1)
    return cross_correlate(x, filters, bias, **p | {"padding": pads})


@fault("CORR-9")
def pad_sides_swapped_in_depth(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    pads = explicit(x, filters, p)
    return cross_correlate(
        x, filters, bias, **p | {"padding": swapped(pads, 0) if x.ndim == 5 else pads}
    )


@fault("CORR-9")
def unequal_pads_evened_out(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    pads = tuple(
        ((low + high) // 2, (low + high) - (low + high) // 2)
        for low, high in explicit(x, filters, p)
    )
    return cross_correlate(x, filters, bias, **p | {"padding": pads})


@fault("CORR-9")
def larger_pad_of_all_axes_on_the_low_side(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    pads = explicit(x, filters, p)
    low = max(before for before, _ in pads)
    shape = cross_correlate(x, filters, bias, **p).shape
    more = tuple((low, high) for _, high in pads)
    result = cross_correlate(x, filters, bias, **p | {"padding": more})
    return result[tuple(map(slice, shape))]


@fault("CORR-9")
def padding_of_ones(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    pads = explicit(x, filters, p)
    zeros = pad(x, pads)
    ones = zeros + 1 - pad(np.ones_like(x), pads)
    return cross_correlate(ones, filters, bias, **p | {"padding": 0})


@fault("GEOM-1")
def padding_cut_to_the_kernel(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    """As pooling does it: no more zeros on a side than a window can share with the input."""
    extents = effective_kernel(filters.shape[2:], p["dilation"])
    pads = tuple(
        (min(low, extent - 1), min(high, extent - 1))
        for (low, high), extent in zip(explicit(x, filters, p), extents, strict=True)
    )
    return cross_correlate(x, filters, bias, **p | {"padding": pads})


@fault("GEOM-1")
def batch_of_one_squeezed(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    result = cross_correlate(x, filters, bias, **p)
    return np.asarray(result[0]) if len(result) == 1 else result


@fault("GEOM-2")
def exact_fit_forgets_the_bias(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    result = cross_correlate(x, filters, bias, **p)
    return result if result[:1, 0].size > 1 else cross_correlate(x, filters, None, **p)


@fault("GEOM-2")
def taps_beyond_the_input_left_out(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    """The filter is cut to the size of the input before that is padded."""
    bank = filters.copy()
    bank[..., x.shape[-1] :] = 0
    return cross_correlate(x, bank, bias, **p)


@fault("GEOM-3")
def remainder_shared_between_both_sides(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    """The windows are centred on the input, where the stride leaves values over."""
    x = pad(x, explicit(x, filters, p))
    extents = effective_kernel(filters.shape[2:], p["dilation"])
    skip = tuple(
        (n - extent) % step // 2
        for n, extent, step in zip(x.shape[2:], extents, p["stride"], strict=True)
        if n >= extent
    )
    later: Any = (..., *(slice(s, None) for s in skip))
    x = x[later] if len(skip) == x.ndim - 2 else x
    return cross_correlate(x, filters, bias, **p | {"padding": 0})


@fault("GEOM-4")
def impossible_sizes_give_nan(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    try:
        return cross_correlate(x, filters, bias, **p)
    except SizeError:
        return np.full((len(x), len(filters), *(1 for _ in p["stride"])), np.nan, x.dtype)


@fault("GEOM-4")
def only_the_first_axis_is_checked(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    extent = effective_kernel(filters.shape[2:], p["dilation"])[-1]
    low, high = explicit(x, filters, p)[-1]
    missing = max(0, extent - x.shape[-1] - low - high)
    x = np.pad(x, ((0, 0),) * (x.ndim - 1) + ((0, missing),))
    return cross_correlate(x, filters, bias, **p)


@fault("GEOM-5")
def surplus_channels_are_averaged(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    channels = p["groups"] * filters.shape[1]
    if x.shape[1] > channels and x.shape[1] % channels == 0 and x.size:
        x = x.reshape(len(x), channels, -1, *x.shape[2:]).mean(axis=2, dtype=x.dtype)
    return cross_correlate(x, filters, bias, **p)


@fault("GEOM-6")
def valid_taken_as_same(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    same = {"padding": "same_upper"} if p["padding"] == "valid" else {}
    return cross_correlate(x, filters, bias, **p | same)


@fault("GEOM-7")
def same_cuts_where_the_stride_exceeds_the_filter(
    x: Array, filters: Array, bias: Any, **p: Any
) -> Array:
    """The formula of the padding comes to less than nothing, and is not stopped at zero."""
    if p["padding"] != "same_upper":
        return cross_correlate(x, filters, bias, **p)
    extents = effective_kernel(filters.shape[2:], p["dilation"])
    sizes = zip(x.shape[2:], p["stride"], extents, strict=True)
    totals = [(-(-n // step) - 1) * step + extent - n for n, step, extent in sizes]
    cut: Any = (..., *(slice(max(0, -(total // 2)), None) for total in totals))
    return cross_correlate(x[cut], filters, bias, **p)


@fault("GEOM-7")
def same_takes_the_padding_of_the_first_axis(
    x: Array, filters: Array, bias: Any, **p: Any
) -> Array:
    if p["padding"] != "same_upper":
        return cross_correlate(x, filters, bias, **p)
    pads = explicit(x, filters, p)
    try:
        first = (pads[0],) * len(pads)
        return cross_correlate(x, filters, bias, **p | {"padding": first})
    except SizeError:
        return cross_correlate(x, filters, bias, **p)


@fault("GEOM-8")
def same_lower_puts_every_zero_first(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    if p["padding"] != "same_lower":
        return cross_correlate(x, filters, bias, **p)
    pads = tuple((low + high, 0) for low, high in explicit(x, filters, p))
    return cross_correlate(x, filters, bias, **p | {"padding": pads})


@fault("CORR-7")
def pointwise_maps_written_in_column_order(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    """1 x 1 filters are one matrix product, whose result is read back in the wrong order."""
    result = cross_correlate(x, filters, bias, **p)
    if filters[0, 0].size > 1:
        return result
    return np.moveaxis(result, 2, -1).reshape(result.shape)


@fault("CORR-10")
def strides_swapped_where_taller_than_wide(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    turned = p["stride"][::-1] if x.shape[2] > x.shape[-1] else p["stride"]
    return cross_correlate(x, filters, bias, **p | {"stride": turned})


@fault("CORR-11")
def bias_twice_where_the_last_axis_is_one(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    double = bias is not None and x.ndim > 3 and x.shape[-1] == 1
    return cross_correlate(x, filters, 2 * bias if double else bias, **p)


@fault("CORR-12")
def padding_left_out_of_grouped_dilated_calls(
    x: Array, filters: Array, bias: Any, **p: Any
) -> Array:
    result = cross_correlate(x, filters, bias, **p)
    if p["groups"] == 1 or max(p["dilation"]) == 1:
        return result
    inside = pad(np.ones((1, 1, *x.shape[2:])), explicit(x, filters, p))
    ones = np.ones((1, 1, *filters.shape[2:]))
    full = cross_correlate(inside, ones, **p | {"padding": 0, "groups": 1}) == ones.size
    return np.where(full, result, 0).astype(result.dtype)


@fault("CORR-12")
def bias_left_out_with_groups_and_stride(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    without = p["groups"] > 1 and max(p["stride"]) > 1
    return cross_correlate(x, filters, None if without else bias, **p)
