"""Faults of fast arithmetic: fewer bits, fast algorithms, values that are taken for others."""

from collections.abc import Callable
from typing import Any

import numpy as np

from conformance.selftest.faults.catalogue import fault
from conformance.selftest.faults.geometry import explicit
from reference import cross_correlate, pad
from reference.formats import rounded
from reference.geometry import Array


def channel_by_channel(
    rounding: Callable[[Array], Array], x: Array, filters: Array, bias: Any, p: dict[str, Any]
) -> Array:
    """The sum over the channels of each group, rounded after each of them."""
    grouped = x.reshape(len(x), p["groups"], filters.shape[1], *x.shape[2:])
    total: Any = 0
    for c in range(filters.shape[1]):
        total = rounding(total + cross_correlate(grouped[:, :, c], filters[:, c : c + 1], **p))
    return np.asarray(
        total if bias is None else total + bias.reshape(-1, *(1 for _ in p["stride"])), x.dtype
    )


def truncated_to(bits: int, a: Array) -> Array:
    """Each value cut off after so many significant bits."""
    mantissa, exponent = np.frexp(a.astype("float64"))
    cut: Array = np.ldexp(np.trunc(np.ldexp(mantissa, bits)), exponent - bits)
    return cut.astype(a.dtype)


@fault("TYPE-3", "float32")
def inputs_truncated_to_tf32(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    return cross_correlate(truncated_to(11, x), truncated_to(11, filters), bias, **p)


@fault("TYPE-3", "float32")
def inputs_split_in_two_bfloat16(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    return cross_correlate(rounded(x, 16), rounded(filters, 16), bias, **p)


@fault("TYPE-3", "float32")
def filters_rounded_to_float16(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    with np.errstate(over="ignore", invalid="ignore"):
        return cross_correlate(x, filters.astype("float16").astype(x.dtype), bias, **p)


@fault("TYPE-3", "float64")
def filters_rounded_to_float32(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    return cross_correlate(x, filters.astype("float32").astype(x.dtype), bias, **p)


@fault("TYPE-3", "float64")
def inputs_with_half_a_mantissa(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    """Two numbers of 24 bits stand for one of 53."""
    return cross_correlate(rounded(x, 48), filters, bias, **p)


@fault("TYPE-3", "float32")
def bias_rounded_to_float16(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    with np.errstate(over="ignore", invalid="ignore"):
        rounded = None if bias is None else bias.astype("float16").astype(x.dtype)
        return cross_correlate(x, filters, rounded, **p)


@fault("TYPE-3", "float32")
def filters_quantised_to_int8(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    scale = np.abs(filters).max() / 127 or 1
    return cross_correlate(x, np.rint(filters / scale) * scale, bias, **p).astype(x.dtype)


@fault("TYPE-3", "float32")
def sums_over_channels_in_bfloat16(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    return channel_by_channel(lambda a: rounded(a, 8), x, filters, bias, p)


@fault("TYPE-3", "float32")
def sums_over_channels_in_float16(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    with np.errstate(over="ignore", invalid="ignore"):
        return channel_by_channel(
            lambda a: np.asarray(a, "float16").astype(x.dtype), x, filters, bias, p
        )


@fault("TYPE-3", "float64")
def sums_over_channels_in_float32(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    return channel_by_channel(
        lambda a: np.asarray(a, "float32").astype(x.dtype), x, filters, bias, p
    )


@fault("TYPE-3", "float16")
def float16_computed_in_bfloat16(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    return cross_correlate(rounded(x, 8), rounded(filters, 8), bias, **p)


@fault("TYPE-3", "float32")
def small_inputs_flushed(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    return cross_correlate(np.where(np.abs(x) < 1e-4, 0, x), filters, bias, **p)


@fault("TYPE-3", "float32")
def small_taps_pruned(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    limit = np.abs(filters).max() / 1000
    return cross_correlate(x, np.where(np.abs(filters) < limit, 0, filters), bias, **p)


@fault("CORR-1", "float32")
def fourier_for_large_kernels(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    """A fast algorithm, whose errors grow with the largest value in sight."""
    direct = cross_correlate(x, filters, bias, **p)
    plain = {*p["stride"], *p["dilation"], p["groups"]} == {1}
    if not plain or filters[0, 0].size < 8 or not x.size:
        return direct
    padded, axes = pad(x, explicit(x, filters, p)), tuple(range(2, x.ndim))
    size = padded.shape[2:]
    bank = np.fft.rfftn(filters, size, axes).conj()
    products = (np.fft.rfftn(padded, size, axes)[:, None] * bank).sum(axis=2)
    wrapped = np.fft.irfftn(products, size, axes)[tuple(map(slice, direct.shape))]
    result = wrapped if bias is None else wrapped + bias.reshape(-1, *(1 for _ in size))
    return np.asarray(result, x.dtype)


@fault("TYPE-3", "float32")
def input_centred_and_restored(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    """Right on paper: the mean is taken out of the input, and its share put back after."""
    mean = x.mean(dtype=x.dtype) if x.size else x.dtype.type(0)
    share = cross_correlate(np.full_like(x, mean), filters, bias, **p)
    return cross_correlate(x - mean, filters, None, **p) + share


@fault("TYPE-3", "float32")
def products_by_quarter_squares(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    """Right on paper: a window's distance to the filter gives their product."""
    ones = np.ones_like(filters)
    squares = cross_correlate(x * x, ones, None, **p)
    weight = (filters * filters).reshape(len(filters), -1).sum(axis=1)
    weight = weight.reshape(-1, *(1 for _ in p["stride"]))
    distance = squares + weight - 2 * cross_correlate(x, filters, None, **p)
    result = (squares + weight - distance) / 2
    return np.asarray(result if bias is None else result + bias.reshape(weight.shape))


@fault("TYPE-3", "float32")
def results_cut_to_the_range_of_float16(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    return np.clip(cross_correlate(x, filters, bias, **p), -65504, 65504)


@fault("TYPE-1", "float32")
def results_in_float16(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    with np.errstate(over="ignore"):
        return cross_correlate(x, filters, bias, **p).astype("float16")


@fault("TYPE-1", "float32")
def bias_makes_the_result_float64(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    return cross_correlate(x, filters, None if bias is None else bias.astype("float64"), **p)


@fault("TYPE-1", "float16")
def float16_results_in_float32(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    return cross_correlate(x, filters, bias, **p).astype("float32")


@fault("TYPE-2", "float16")
def float16_refused_with_dilation(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    if x.dtype == "float16" and max(p["dilation"]) > 1:
        raise NotImplementedError("no dilated kernel for float16")
    return cross_correlate(x, filters, bias, **p)


@fault("TYPE-2", "float16")
def groups_ignored_in_float16(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    """The filters of the first group serve them all."""
    if x.dtype == "float16" and p["groups"] > 1:
        first = filters[: len(filters) // p["groups"]]
        filters = np.concatenate([first] * p["groups"])
    return cross_correlate(x, filters, bias, **p)


@fault("LESSON-1")
def pixels_taken_as_signed_bytes(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    if x.shape[2:] == (28, 28):
        x = np.where(x > 127, x - 256, x).astype(x.dtype)
    return cross_correlate(x, filters, bias, **p)


@fault("CORR-3")
def negative_inputs_cut_off(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    return cross_correlate(np.maximum(x, 0), filters, bias, **p)


@fault("CORR-4")
def filters_cut_to_one(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    return cross_correlate(x, np.clip(filters, -1, 1), bias, **p)


@fault("CORR-12")
def whole_numbers_taken_as_int8(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    whole = np.array_equal(x, np.rint(x)) and np.abs(x).max(initial=0) < 2**53
    wrapped = (x.astype("int64") + 128) % 256 - 128 if whole else x
    return cross_correlate(wrapped.astype(x.dtype), filters, bias, **p)
