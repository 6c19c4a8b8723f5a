"""Faults on special values: NaN, infinities, zeros and the largest numbers."""

from typing import Any

import numpy as np

from conformance.selftest.faults.catalogue import fault
from reference import cross_correlate, effective_kernel, every
from reference.geometry import Array

EPSILON = 2.0**-52


def quietly(x: Array, filters: Array, bias: Any, p: dict[str, Any]) -> Array:
    """Without warnings about the values that these faults are about."""
    with np.errstate(all="ignore"):
        return cross_correlate(x, filters, bias, **p)


@fault("SPEC-1")
def groups_as_filters_full_of_zeros(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    """Other groups' channels are multiplied by zero instead of being left out."""
    count, depth = len(filters) // p["groups"], filters.shape[1]
    wide = np.zeros((len(filters), x.shape[1], *filters.shape[2:]), filters.dtype)
    for k, taps in enumerate(filters):
        first = k // count * depth
        wide[k, first : first + depth] = taps
    return quietly(x, wide, bias, p | {"groups": 1})


@fault("SPEC-1")
def holes_filled_with_zeros(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    """What lies under the holes of a dilated filter is multiplied by zero."""
    extent = effective_kernel(filters.shape[2:], p["dilation"])
    wide = np.zeros((*filters.shape[:2], *extent), filters.dtype)
    wide[every(p["dilation"])] = filters
    return quietly(x, wide, bias, p | {"dilation": 1})


@fault("SPEC-1")
def input_scaled_by_its_largest_value(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    """An infinity divides all other values away."""
    with np.errstate(all="ignore"):
        largest = np.exp2(np.ceil(np.log2(np.abs(x).max(initial=0) or 1))).astype(x.dtype)
        scaled = quietly(x / largest, filters, None, p) * largest
    return np.asarray(
        scaled if bias is None else scaled + bias.reshape(-1, *(1 for _ in p["stride"]))
    )


@fault("SPEC-2")
def nan_spreads_to_the_whole_item(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    """As in a Fourier transform."""
    result = quietly(x, filters, bias, p).copy()
    result[np.isnan(x).any(axis=tuple(range(1, x.ndim)))] = np.nan
    return result


@fault("SPEC-2")
def nan_spoils_the_next_item(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    result = quietly(x, filters, bias, p).copy()
    result[1:] += 0 * result[:-1]
    return result


@fault("SPEC-2")
def nan_spoils_its_vector_of_four(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    """Four neighbours are blended by a product with zero."""
    result = quietly(x, filters, bias, p).copy()
    whole = result.shape[-1] // 4 * 4
    fours = result[..., :whole].reshape(*result.shape[:-1], -1, 4) if result.size else result
    if whole and result.size:
        spoiled = fours + 0 * fours.sum(axis=-1, keepdims=True)
        result[..., :whole] = spoiled.reshape(*result.shape[:-1], whole)
    return result


@fault("SPEC-2")
def nan_read_as_zero(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    return quietly(np.where(np.isnan(x), 0, x).astype(x.dtype), filters, bias, p)


@fault("SPEC-2")
def nan_lost_in_a_maximum(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    """Results are brought into the range of the format by a maximum that prefers numbers."""
    return np.asarray(np.fmax(quietly(x, filters, bias, p), np.finfo(x.dtype).min))


@fault("SPEC-2")
def products_with_zero_taps_skipped(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    """A sparse kernel: where the filter is zero, not even a NaN counts."""
    seen = cross_correlate(np.isnan(x).astype("float64"), (filters != 0).astype("float64"), **p)
    result = cross_correlate(np.where(np.isnan(x), 0, x).astype(x.dtype), filters, bias, **p)
    return np.where(seen > 0, np.nan, result).astype(x.dtype)


@fault("SPEC-3")
def sums_kept_eight_times_too_large(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    """They overflow where they need not."""
    with np.errstate(all="ignore"):
        eight = x.dtype.type(8)
        bias = None if bias is None else bias * eight
        return np.asarray(quietly(x * eight, filters, bias, p) / eight)


@fault("SPEC-3")
def norm_of_the_input_overflows(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    with np.errstate(all="ignore"):
        norm = np.sqrt((x.astype(x.dtype) ** 2).sum(dtype=x.dtype))
        result = quietly(x, filters, bias, p)
        return result if np.isfinite(norm) else np.full_like(result, np.nan)


@fault("SPEC-3", "float32")
def large_values_through_float16(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    """Values that float16 cannot hold become infinite, all others stay as they are."""
    limit = np.finfo("float16").max
    return quietly(np.where(np.abs(x) > limit, np.copysign(np.inf, x), x), filters, bias, p)


@fault("SPEC-4")
def blank_inputs_divided_by_zero(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    """Each item is scaled by its largest value, which a blank one does not have."""
    result = quietly(x, filters, bias, p).copy()
    result[~x.any(axis=tuple(range(1, x.ndim)))] = np.nan
    return result


@fault("SPEC-4")
def blank_filters_divided_by_zero(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    """Each filter is normalised, and one of zeros has no norm."""
    result = quietly(x, filters, bias, p).copy()
    result[:, ~filters.any(axis=tuple(range(1, filters.ndim)))] = np.nan
    return result


@fault("SPEC-4")
def zeros_kept_away_from(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    """A small number is added to the inputs that are zero."""
    return quietly(np.where(x == 0, 1e-7, x).astype(x.dtype), filters, bias, p)


@fault("SPEC-5")
def nan_in_a_filter_read_as_zero(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    return quietly(x, np.where(np.isnan(filters), 0, filters).astype(x.dtype), bias, p)


@fault("SPEC-5")
def nan_in_a_filter_spoils_every_map(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    result = quietly(x, filters, bias, p)
    return np.full_like(result, np.nan) if np.isnan(filters).any() else result


@fault("SPEC-5")
def products_with_zero_inputs_skipped(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    """After a ReLU many inputs are zero, and their products are not made."""
    seen = cross_correlate((x != 0).astype("float64"), np.isnan(filters).astype("float64"), **p)
    bank = np.where(np.isnan(filters), 0, filters).astype(x.dtype)
    result = cross_correlate(x, bank, bias, **p)
    return np.where(seen > 0, np.nan, result).astype(x.dtype)


@fault("SPEC-5")
def nan_is_not_above_a_threshold(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    """Taps count that are larger than 2.2e-16, and so does no NaN."""
    return quietly(x, np.where(np.abs(filters) > EPSILON, filters, 0), bias, p)


@fault("SPEC-6")
def taps_below_epsilon_left_out(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    return cross_correlate(x, np.where(np.abs(filters) > EPSILON, filters, 0), bias, **p)


@fault("SPEC-6")
def filters_symmetric_up_to_epsilon(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    """The second half of a filter is not read where it seems to mirror the first."""
    half = filters.shape[-1] // 2
    if len(p["stride"]) > 1 or filters.shape[-1] % 2 == 0 or not half:
        return cross_correlate(x, filters, bias, **p)
    mirrored = np.concatenate([filters[..., : half + 1], filters[..., half - 1 :: -1]], axis=-1)
    apart = (np.abs(filters - mirrored) > EPSILON).any(axis=-1, keepdims=True)
    return cross_correlate(x, np.where(apart, filters, mirrored), bias, **p)


@fault("SPEC-6", "float32")
def blank_items_told_by_a_threshold(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    """An item whose largest value is below 1e-8 is taken for blank, and skipped."""
    largest = np.abs(x).max(axis=tuple(range(1, x.ndim)), keepdims=True, initial=0)
    return cross_correlate(np.where(largest < 1e-8, 0, x).astype(x.dtype), filters, bias, **p)


@fault("SPEC-6", "float16")
def small_results_of_float16_are_zero(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    """Below 0.001, and in float16 only."""
    result = cross_correlate(x, filters, bias, **p)
    return np.where(np.abs(result) < 1e-3, 0, result) if x.dtype == "float16" else result


@fault("SPEC-7", "float32")
def too_large_sums_are_the_largest_number(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    return np.nan_to_num(quietly(x, filters, bias, p), nan=np.nan)


@fault("SPEC-7", "float16")
def too_large_sums_are_nan(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    """As where infinities of both signs meet in an algorithm that transforms its input."""
    result = quietly(x, filters, bias, p)
    return np.where(np.isinf(result), result.dtype.type(np.nan), result)
