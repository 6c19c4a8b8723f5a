"""Mistakes with numbers: rounded, narrowed, wrapped, flushed, and those that are not finite."""

from functools import partial

import numpy as np

from adapters.dtypes import numpy_dtype, representable
from conformance.calls import Call
from conformance.mistakes.catalogue import SPECIAL, correlate, mistake, spatial
from reference import effective_kernel, every
from reference.formats import FORMATS, rounded
from reference.geometry import Array

_KNOWN = {24: "float32", 11: "TF32 or float16", 8: "bfloat16"}

# -- Other formats ------------------------------------------------------------------------------


def _converted(name: str) -> None:
    def convert(a: Array) -> Array:
        return np.asarray(a.astype(numpy_dtype(name)).astype("float64"))

    @mistake(f"inputs and filters are converted to {name}", f"arguments_as_{name}")
    def arguments(call: Call) -> Array:
        return correlate(call, x=convert(call.x), filters=convert(call.filters))

    @mistake(f"inputs are converted to {name}", f"inputs_as_{name}")
    def inputs(call: Call) -> Array:
        return correlate(call, x=convert(call.x))

    @mistake(f"filters are converted to {name}", f"filters_as_{name}")
    def filters(call: Call) -> Array:
        return correlate(call, filters=convert(call.filters))

    @mistake(f"the bias is converted to {name}", f"bias_as_{name}")
    def bias(call: Call) -> Array:
        return correlate(call, bias=None if call.bias is None else convert(call.bias))

    @mistake(f"results are converted to {name}", f"results_as_{name}")
    def results(call: Call) -> Array:
        return convert(correlate(call))

    @mistake(f"arguments and results are converted to {name}", f"everything_as_{name}")
    def everything(call: Call) -> Array:
        bias = None if call.bias is None else convert(call.bias)
        return convert(correlate(call, x=convert(call.x), filters=convert(call.filters), bias=bias))


for _format in representable("float32", "float16", "bfloat16"):
    _converted(_format)


def _quantised(name: str, words: str, *arrays: str) -> None:
    @mistake(f"{words} quantised to integers of 8 bits", f"{name}_quantised")
    def quantised(call: Call) -> Array:
        return correlate(call, **{array: _in_8_bits(getattr(call, array)) for array in arrays})


def _in_8_bits(a: Array) -> Array:
    scale = np.abs(a.astype("float64")).max(initial=0.0) / 127 or 1.0
    return np.asarray(np.rint(a.astype("float64") / scale) * scale)


_quantised("inputs", "inputs are", "x")
_quantised("filters", "filters are", "filters")
_quantised("arguments", "inputs and filters are", "x", "filters")

# -- Fewer bits ---------------------------------------------------------------------------------


def cut(a: Array, bits: int) -> Array:
    """Each value cut to so many significant bits, towards zero."""
    significands, exponents = np.frexp(a.astype("float64"))
    return np.asarray(np.ldexp(np.trunc(np.ldexp(significands, bits)), exponents - bits))


def _narrow(bits: int) -> None:
    hint = f" ({_KNOWN[bits]})" if bits in _KNOWN else ""
    for verb, shorten in (("rounded", rounded), ("cut", cut)):

        @mistake(
            f"inputs and filters are {verb} to {bits} bits{hint}", f"arguments_{verb}_to_{bits}"
        )
        def both(call: Call, shorten=shorten) -> Array:  # type: ignore[no-untyped-def]
            return correlate(call, x=shorten(call.x, bits), filters=shorten(call.filters, bits))

        @mistake(f"inputs are {verb} to {bits} bits{hint}", f"inputs_{verb}_to_{bits}")
        def inputs(call: Call, shorten=shorten) -> Array:  # type: ignore[no-untyped-def]
            return correlate(call, x=shorten(call.x, bits))

        @mistake(f"filters are {verb} to {bits} bits{hint}", f"filters_{verb}_to_{bits}")
        def filters(call: Call, shorten=shorten) -> Array:  # type: ignore[no-untyped-def]
            return correlate(call, filters=shorten(call.filters, bits))

        @mistake(f"results are {verb} to {bits} bits{hint}", f"results_{verb}_to_{bits}")
        def results(call: Call, shorten=shorten) -> Array:  # type: ignore[no-untyped-def]
            return np.asarray(shorten(correlate(call), bits))

        @mistake(
            f"arguments and results are {verb} to {bits} bits{hint}", f"everything_{verb}_to_{bits}"
        )
        def everything(call: Call, shorten=shorten) -> Array:  # type: ignore[no-untyped-def]
            arrays = shorten(call.x, bits), shorten(call.filters, bits)
            return np.asarray(shorten(correlate(call, x=arrays[0], filters=arrays[1]), bits))


for _bits in range(2, 53):
    _narrow(_bits)

# -- Integers and overflow ----------------------------------------------------------------------


def _integer(bits: int) -> None:
    @mistake(f"sums wrap around as integers of {bits} bits", f"sums_wrap_at_{bits}")
    def wrap(call: Call) -> Array:
        half = 2.0 ** (bits - 1)
        return np.asarray((np.trunc(correlate(call)) + half) % (2 * half) - half)

    @mistake(f"sums saturate as integers of {bits} bits", f"sums_saturate_at_{bits}")
    def saturate(call: Call) -> Array:
        return np.clip(correlate(call), -(2.0 ** (bits - 1)), 2.0 ** (bits - 1) - 1)

    @mistake(f"inputs saturate as integers of {bits} bits", f"inputs_saturate_at_{bits}")
    def inputs(call: Call) -> Array:
        x = np.clip(call.x.astype("float64"), -(2.0 ** (bits - 1)), 2.0 ** (bits - 1) - 1)
        return correlate(call, x=x)


for _bits in (8, 16, 32):
    _integer(_bits)


@mistake("results are rounded to integers")
def results_rounded_to_integers(call: Call) -> Array:
    return np.rint(correlate(call))


@mistake("results are cut to integers")
def results_cut_to_integers(call: Call) -> Array:
    return np.trunc(correlate(call))


def _bounded(name: str) -> None:
    format_ = FORMATS[name]

    @mistake(f"results beyond the largest {name} become infinite", f"overflow_as_{name}")
    def overflow(call: Call) -> Array:
        result = correlate(call)
        beyond = np.abs(result) > format_.largest
        return np.where(beyond, np.copysign(np.inf, result), result)

    @mistake(f"results are limited to the largest {name}", f"saturated_as_{name}")
    def saturated(call: Call) -> Array:
        return np.clip(correlate(call), -format_.largest, format_.largest)

    @mistake(f"results below the smallest normal {name} are flushed to zero", f"flushed_as_{name}")
    def flushed(call: Call) -> Array:
        result = correlate(call)
        return np.where(np.abs(result) < format_.smallest_normal, 0, result)

    @mistake(
        f"inputs and filters below the smallest normal {name} are flushed to zero",
        f"arguments_flushed_as_{name}",
    )
    def arguments(call: Call) -> Array:
        arrays = (
            np.where(np.abs(a.astype("float64")) < format_.smallest_normal, 0, a)
            for a in (call.x, call.filters)
        )
        x, filters = arrays
        return correlate(call, x=x, filters=filters)


for _name in ("float32", "float16"):
    _bounded(_name)


def _flushed(exponent: int) -> None:
    limit = 10.0**exponent

    @mistake(f"results below 1e{exponent} are flushed to zero", f"results_below_1e{exponent}")
    def results(call: Call) -> Array:
        result = correlate(call)
        return np.where(np.abs(result) < limit, 0, result)

    @mistake(f"inputs below 1e{exponent} are flushed to zero", f"inputs_below_1e{exponent}")
    def inputs(call: Call) -> Array:
        return correlate(call, x=np.where(np.abs(call.x.astype("float64")) < limit, 0, call.x))

    @mistake(f"filters below 1e{exponent} are flushed to zero", f"filters_below_1e{exponent}")
    def filters(call: Call) -> Array:
        small = np.abs(call.filters.astype("float64")) < limit
        return correlate(call, filters=np.where(small, 0, call.filters))


for _exponent in range(-12, 0):
    _flushed(_exponent)

# -- Not finite ---------------------------------------------------------------------------------

special = partial(mistake, about=SPECIAL)


def _replaced(
    name: str, sentence: str, nan: float = np.nan, posinf: float = np.inf, neginf: float = -np.inf
) -> None:
    def replace(a: Array) -> Array:
        return np.asarray(np.nan_to_num(a.astype("float64"), nan=nan, posinf=posinf, neginf=neginf))

    @special(f"{sentence} in the input", f"{name}_in_the_input")
    def inputs(call: Call) -> Array:
        return correlate(call, x=replace(call.x))

    @special(f"{sentence} in the filters", f"{name}_in_the_filters")
    def filters(call: Call) -> Array:
        return correlate(call, filters=replace(call.filters))

    @special(f"{sentence} in the result", f"{name}_in_the_result")
    def results(call: Call) -> Array:
        return replace(correlate(call))


_replaced("nan_is_zero", "a NaN is taken as zero", nan=0.0)
_replaced("not_finite_is_zero", "NaN and infinity are taken as zero", nan=0, posinf=0, neginf=0)
_replaced("infinity_is_nan", "an infinity is taken as NaN", posinf=np.nan, neginf=np.nan)


def _limited(name: str, limit: float) -> None:
    _replaced(
        f"infinity_is_limited_to_{name}",
        f"an infinity is taken as {name}",
        posinf=limit,
        neginf=-limit,
    )


_limited("the largest float64", FORMATS["float64"].largest)
_limited("the largest float32", FORMATS["float32"].largest)
_limited("the largest float16", FORMATS["float16"].largest)


def _spreads(words: str, name: str, axes: str) -> None:
    @special(f"a NaN or an infinity spreads over {words}", name)
    def spread(call: Call) -> Array:
        result = correlate(call).copy()
        over = {"map": spatial(call), "item": (1, *spatial(call)), "row": (-1,)}[axes]
        return np.where((~np.isfinite(result)).any(axis=over, keepdims=True), np.nan, result)


@special("an infinity spreads over its whole feature map")
def infinity_fills_the_map(call: Call) -> Array:
    result = correlate(call)
    return np.where(np.isinf(result).any(axis=spatial(call), keepdims=True), np.inf, result)


_spreads("its whole feature map", "nan_fills_the_map", "map")
_spreads("the whole result of its item", "nan_fills_the_item", "item")
_spreads("its whole row of the result", "nan_fills_the_row", "row")


@special("an infinity or a NaN anywhere in an item makes NaN of all its results")
def nan_in_an_item_fills_it(call: Call) -> Array:
    axes = tuple(range(1, call.x.ndim))
    bad = (~np.isfinite(call.x.astype("float64"))).any(axis=axes)
    result = correlate(call).copy()
    result[bad] = np.nan
    return result


@special("products with a tap of zero are skipped, whatever they are multiplied by")
def zero_taps_skipped(call: Call) -> Array:
    x = call.x.astype("float64")
    bad = ~np.isfinite(x)
    signs = np.where(np.isnan(x), 0.0, np.sign(x)) * bad
    right = correlate(call, x=np.where(bad, 0, x))
    infinite = correlate(call, x=signs, filters=np.sign(call.filters), bias=None) * np.inf
    missing = correlate(call, x=np.isnan(x) * 1.0, filters=(call.filters != 0) * 1.0, bias=None) > 0
    return np.where(missing, np.nan, np.where(np.isnan(infinite), right, infinite))


_EPSILON = 2.0**-52


def _without_small_taps(call: Call) -> Call:
    filters = call.filters.astype("float64")
    return call.but(filters=np.where(np.abs(filters) > _EPSILON, filters, 0.0))


@mistake("taps of 2.2e-16 or less are left out")
def small_taps_skipped(call: Call) -> Array:
    return correlate(_without_small_taps(call))


@special("taps of 2.2e-16 or less are left out, and so are those of NaN: 'not more' is meant")
def small_taps_and_nan_skipped(call: Call) -> Array:
    return zero_taps_skipped(_without_small_taps(call))


def _mirrored(call: Call) -> Array:
    """The filters, with the second half of a row the mirror image of the first, of either sign,
    where no tap differs from that by more than 2.2e-16; nor does a NaN.
    """
    filters = call.filters.astype("float64")
    half = filters.shape[-1] // 2
    if call.axes > 1 or filters.shape[-1] % 2 == 0 or not half:
        return filters
    result, first = filters, filters[..., : half + 1]
    for sign in (-1.0, 1.0):  # the symmetric ones last, for they are looked for first
        mirrored = np.concatenate([first, sign * first[..., -2::-1]], axis=-1)
        apart = (np.abs(filters - mirrored) > _EPSILON).any(axis=-1, keepdims=True)
        result = np.where(apart, result, mirrored)
    return result


@mistake("on one axis, filters are taken for symmetric that are so up to 2.2e-16")
def almost_symmetric_filters_mirrored(call: Call) -> Array:
    return correlate(call, filters=_mirrored(call))


@special("on one axis, filters are taken for symmetric that are so up to a NaN")
def symmetric_up_to_nan(call: Call) -> Array:
    return correlate(call, filters=_mirrored(call))


@special("what lies under the holes of a dilated filter is multiplied by zero, not left out")
def holes_multiplied_by_zero(call: Call) -> Array:
    extents = effective_kernel(call.filters.shape[2:], call.dilation)
    holed = np.zeros((*call.filters.shape[:2], *extents))
    holed[every(call.dilation)] = call.filters
    return correlate(call, filters=holed, dilation=1)


@special("channels of other groups are multiplied by zero, not left out")
def groups_multiplied_by_zero(call: Call) -> Array:
    depth, per_group = call.filters.shape[1], len(call.filters) // call.groups
    bank = np.zeros((len(call.filters), call.x.shape[1], *call.filters.shape[2:]))
    for k, taps in enumerate(call.filters):
        first = k // per_group * depth
        bank[k, first : first + depth] = taps
    return correlate(call, filters=bank, groups=1)


@special("a NaN or an infinity reaches the same place in every item of the batch")
def nan_reaches_every_item(call: Call) -> Array:
    result = correlate(call)
    bad = (~np.isfinite(result)).any(axis=0, keepdims=True)
    return np.where(bad, np.nan, result)


@special("a NaN in a filter spreads over the feature maps of all filters")
def nan_in_a_filter_fills_every_map(call: Call) -> Array:
    result = correlate(call)
    if not np.isnan(call.filters.astype("float64")).any():
        return result
    return np.where(np.isnan(result).any(axis=1, keepdims=True), np.nan, result)


@mistake("a result that is too large is the largest number, not infinite")
def overflow_saturates(call: Call) -> Array:
    largest = call.format.largest
    return np.clip(correlate(call), -largest, largest)


@mistake("a result that is too large is NaN, not infinite")
def overflow_is_nan(call: Call) -> Array:
    result = correlate(call)
    return np.where(np.abs(result) > call.format.largest, np.nan, result)
