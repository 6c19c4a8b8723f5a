"""Faults in the operation itself: taps, windows, stride, dilation, padding, axes."""

from typing import Any

import numpy as np

from conformance.selftest.faults.catalogue import fault
from conformance.selftest.faults.geometry import explicit
from reference import SizeError, convolve, cross_correlate
from reference.geometry import Array


@fault("CORR-2")
def true_convolution(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    return convolve(x, filters, bias, **p)


@fault("CORR-2")
def flipped_on_the_last_axis(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    return cross_correlate(x, filters[..., ::-1], bias, **p)


@fault("CORR-2")
def flipped_on_the_first_axis(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    return cross_correlate(x, filters[:, :, ::-1], bias, **p)


@fault("CORR-1")
def square_kernels_transposed(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    turned = filters.swapaxes(2, -1)
    return cross_correlate(x, turned if turned.shape == filters.shape else filters, bias, **p)


@fault("CORR-1")
def last_tap_left_out(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    bank = filters.copy()
    bank.reshape(*bank.shape[:2], -1)[..., -1] = 0
    return cross_correlate(x, bank, bias, **p)


@fault("CORR-1")
def kernels_beyond_seven_cut_off(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    bank = filters.copy()
    bank[..., 7:] = 0
    return cross_correlate(x, bank, bias, **p)


@fault("CORR-1")
def last_window_never_written(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    result = cross_correlate(x, filters, bias, **p).copy()
    result[..., -1] = 0
    return result


@fault("CORR-1")
def windows_of_a_vector_width_only(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    result = cross_correlate(x, filters, bias, **p).copy()
    tail = result.shape[-1] % 4
    if tail and result.shape[-1] > 4:
        result[..., -tail:] = 0
    return result


@fault("CORR-1")
def values_beyond_64_never_written(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    result = cross_correlate(x, filters, bias, **p).copy()
    result[..., 64:] = 0
    return result


@fault("CORR-1")
def mean_instead_of_sum(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    return cross_correlate(x, filters / filters[0].size, bias, **p).astype(x.dtype)


@fault("CORR-3")
def negative_results_cut_off(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    return np.maximum(cross_correlate(x, filters, bias, **p), 0)


@fault("CORR-3")
def input_centred_first(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    x = x - np.rint(x.mean()).astype(x.dtype) if x.size else x
    return cross_correlate(x, filters, bias, **p)


@fault("CORR-4")
def filters_normalised(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    return cross_correlate(x, filters / np.abs(filters).max(initial=1), bias, **p).astype(x.dtype)


@fault("CORR-5")
def odd_positions_negated(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    result = cross_correlate(x, filters, bias, **p).copy()
    result[..., 1::2] *= -1
    return result


@fault("CORR-6")
def even_kernels_off_by_one(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    if filters.shape[-1] % 2:
        return cross_correlate(x, filters, bias, **p)
    return cross_correlate(x, np.roll(filters, 1, axis=-1), bias, **p)


@fault("CORR-7")
def strides_of_axes_swapped(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    return cross_correlate(x, filters, bias, **p | {"stride": p["stride"][::-1]})


@fault("CORR-7")
def first_stride_for_every_axis(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    return cross_correlate(x, filters, bias, **p | {"stride": p["stride"][0]})


@fault("CORR-7")
def stride_starts_late(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    result = cross_correlate(x, filters, bias, **p)
    *others, step = p["stride"]
    dense = cross_correlate(x, filters, bias, **p | {"stride": (*others, 1)})
    late = dense[..., step - 1 :: step]
    return late if late.shape == result.shape else result


@fault("CORR-7")
def pointwise_filters_ignore_the_stride(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    result = cross_correlate(x, filters, bias, **p)
    if filters[0, 0].size > 1:
        return result
    dense = cross_correlate(x, filters, bias, **p | {"stride": 1})
    return dense[tuple(map(slice, result.shape))]


@fault("CORR-7")
def stride_averages(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    result = cross_correlate(x, filters, bias, **p).copy()
    if p["stride"][-1] > 1:
        result[..., 1:] = (result[..., 1:] + result[..., :-1]) / 2
    return result


@fault("CORR-8")
def dilation_ignored(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    result = cross_correlate(x, filters, bias, **p)
    dense = cross_correlate(x, filters, bias, **p | {"dilation": 1})
    return dense[tuple(map(slice, result.shape))]


@fault("CORR-8")
def dilations_of_axes_swapped(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    return cross_correlate(x, filters, bias, **p | {"dilation": p["dilation"][::-1]})


@fault("CORR-8")
def dilation_is_the_number_of_holes(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    more = tuple(d + 1 if d > 1 else 1 for d in p["dilation"])
    return cross_correlate(x, filters, bias, **p | {"dilation": more})


@fault("CORR-8")
def holes_repeat_the_taps(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    d = p["dilation"][-1]
    taps = filters.repeat(d, axis=-1)[..., : (filters.shape[-1] - 1) * d + 1]
    return cross_correlate(x, taps, bias, **p | {"dilation": (*p["dilation"][:-1], 1)})


@fault("CORR-9")
def pad_sides_swapped(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    pads = tuple((high, low) for low, high in explicit(x, filters, p))
    return cross_correlate(x, filters, bias, **p | {"padding": pads})


@fault("CORR-9")
def pads_of_axes_swapped(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    return cross_correlate(x, filters, bias, **p | {"padding": explicit(x, filters, p)[::-1]})


@fault("CORR-9")
def low_padding_on_both_sides(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    pads = tuple((low, low) for low, _ in explicit(x, filters, p))
    return cross_correlate(x, filters, bias, **p | {"padding": pads})


def padded_by(mode: str, x: Array, filters: Array, bias: Any, p: dict[str, Any]) -> Array:
    pads = explicit(x, filters, p)
    if 0 in x.shape:
        return cross_correlate(x, filters, bias, **p)
    x = np.pad(x, ((0, 0), (0, 0), *pads), mode)  # type: ignore[call-overload]
    return cross_correlate(x, filters, bias, **p | {"padding": 0})


@fault("CORR-9")
def padding_repeats_the_edge(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    return padded_by("edge", x, filters, bias, p)


@fault("CORR-9")
def padding_reflects(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    return padded_by("reflect", x, filters, bias, p)


@fault("CORR-9")
def padding_wraps_around(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    return padded_by("wrap", x, filters, bias, p)


@fault("CORR-9")
def windows_in_the_padding_left_zero(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    result = cross_correlate(x, filters, bias, **p).copy()
    if explicit(x, filters, p)[0][0] >= 2:
        result[:, :, 0] = 0
    return result


@fault("CORR-9")
def padding_left_out_when_dilated(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    if max(p["dilation"]) == 1:
        return cross_correlate(x, filters, bias, **p)
    try:
        return cross_correlate(x, filters, bias, **p | {"padding": 0})
    except SizeError:
        return cross_correlate(x, filters, bias, **p)


@fault("CORR-10")
def first_axis_runs_backwards(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    result = cross_correlate(x, filters, bias, **p)
    return result[:, :, ::-1] if result.ndim == 5 else result


@fault("CORR-10")
def kernel_axes_exchanged_in_3d(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    turned = filters.swapaxes(2, -1) if filters.ndim == 5 else filters
    return cross_correlate(x, turned if turned.shape == filters.shape else filters, bias, **p)


@fault("CORR-11")
def axes_of_one_squeezed(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    result: Array = cross_correlate(x, filters, bias, **p)
    if result.ndim == 3 or result.shape[-1] > 1:
        return result
    return np.asarray(result[..., 0])


@fault("CORR-12")
def wrong_only_with_stride_dilation_and_groups(
    x: Array, filters: Array, bias: Any, **p: Any
) -> Array:
    result = cross_correlate(x, filters, bias, **p)
    if p["groups"] > 1 and max(p["stride"]) > 1 and max(p["dilation"]) > 1:
        return np.asarray(result + result.dtype.type(1))
    return result
