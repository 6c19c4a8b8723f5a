"""Mistakes with calls that fit no result, and must be refused."""

from functools import partial

import numpy as np

from conformance.calls import Call
from conformance.mistakes.catalogue import (
    IMPOSSIBLE,
    correlate,
    mistake,
    offset,
    sizes_by_formula,
    slices,
)
from reference import SizeError, effective_kernel
from reference.geometry import Array

refusal = partial(mistake, about=IMPOSSIBLE)


def fits(call: Call) -> bool:
    """Whether the filter fits into the padded input."""
    extents = effective_kernel(call.filters.shape[2:], call.dilation)
    return all(
        n + low + high >= extent
        for n, (low, high), extent in zip(call.x.shape[2:], call.padding, extents, strict=True)
    )


def _sizes(call: Call) -> list[int]:
    sizes = call.x.shape[2:], call.filters.shape[2:]
    return sizes_by_formula(*sizes, call.stride, call.padding, call.dilation)


@refusal("where the filter is too large, an empty result is given and no error")
def too_large_gives_nothing(call: Call) -> Array:
    if fits(call):
        return correlate(call)
    return np.zeros((len(call.x), len(call.filters), *(max(0, n) for n in _sizes(call))))


@refusal("where the filter is too large, a result without any values is given and no error")
def too_large_gives_no_values(call: Call) -> Array:
    if fits(call):
        return correlate(call)
    return np.zeros((len(call.x), len(call.filters), *(0 for _ in call.stride)))


@refusal("where the filter is too large, zeros are given and no error")
def too_large_gives_zeros(call: Call) -> Array:
    if fits(call):
        return correlate(call)
    sizes = (max(1, n) for n in _sizes(call))
    return np.zeros((len(call.x), len(call.filters), *sizes)) + offset(call)


@refusal("where the filter is too large, NaN is given and no error")
def too_large_gives_nan(call: Call) -> Array:
    return too_large_gives_zeros(call) * (1.0 if fits(call) else np.nan)


@refusal("where the filter is too large, the input is padded until it fits")
def too_large_is_padded(call: Call) -> Array:
    return correlate(call, padding=_until_it_fits(call))


@refusal("where the filter is too large, the taps that do not fit are left out")
def too_large_is_cut(call: Call) -> Array:
    if fits(call):
        return correlate(call)
    sizes = [
        min(k, (n + low + high - 1) // d + 1)
        for k, n, (low, high), d in zip(
            call.filters.shape[2:], call.x.shape[2:], call.padding, call.dilation, strict=True
        )
    ]
    if min(sizes) < 1:
        raise SizeError("nothing is left of the filter")
    return correlate(call, filters=call.filters[slices(*map(slice, sizes))])


@refusal("where the filter is larger than the input, the two are exchanged")
def operands_exchanged(call: Call) -> Array:
    if fits(call):
        return correlate(call)
    x = call.x[:1, : call.filters.shape[1]]
    return correlate(
        call, x=call.filters[:1], filters=x, bias=None, groups=1, padding=0, stride=1, dilation=1
    )


def _until_it_fits(call: Call) -> tuple[tuple[int, int], ...]:
    extents = effective_kernel(call.filters.shape[2:], call.dilation)
    return tuple(
        (low, high + max(0, extent - n - low - high))
        for n, (low, high), extent in zip(call.x.shape[2:], call.padding, extents, strict=True)
    )


@refusal("input channels that no filter has a slice for are ignored, and no error is raised")
def surplus_channels_ignored(call: Call) -> Array:
    return correlate(call, x=call.x[:, : call.groups * call.filters.shape[1]])


@refusal("the last input channels are used where there are too many, and no error is raised")
def first_channels_ignored(call: Call) -> Array:
    return correlate(call, x=call.x[:, -call.groups * call.filters.shape[1] :])


@refusal("the groups are inferred from the channels, and what was asked for is ignored")
def groups_inferred(call: Call) -> Array:
    groups = call.x.shape[1] // call.filters.shape[1]
    more = groups // call.groups
    bank = call.filters.repeat(more, axis=0)
    result = correlate(call, filters=bank, groups=groups, bias=None)[:, : len(call.filters)]
    return np.asarray(result + offset(call))


@refusal("one slice of a filter is used for several channels, and no error is raised")
def slices_repeated(call: Call) -> Array:
    times = call.x.shape[1] // (call.groups * call.filters.shape[1])
    bank = np.tile(call.filters, (1, times, *(1,) * call.axes))
    return correlate(call, filters=bank)


@refusal("channels that are too many are averaged, and no error is raised")
def surplus_channels_averaged(call: Call) -> Array:
    channels = call.groups * call.filters.shape[1]
    parts = call.x.astype("float64").reshape(len(call.x), -1, channels, *call.x.shape[2:])
    return correlate(call, x=parts.mean(axis=1))


@refusal("all channels are added up first, and no error is raised")
def channels_added_up(call: Call) -> Array:
    if call.filters.shape[1] != 1 or call.groups != 1:
        return correlate(call)
    return correlate(call, x=call.x.astype("float64").sum(axis=1, keepdims=True))


@refusal("a stride or a dilation of 0 counts as 1, and no error is raised")
def steps_of_zero_are_one(call: Call) -> Array:
    stride, dilation = (tuple(n or 1 for n in a) for a in (call.stride, call.dilation))
    return correlate(call, stride=stride, dilation=dilation)


@refusal("with a dilation of 0, all taps of a row lie on one value, and no error is raised")
def taps_lie_on_each_other(call: Call) -> Array:
    filters = call.filters.astype("float64")
    for axis, dilation in enumerate(call.dilation, start=2):
        if dilation == 0:
            filters = filters.sum(axis=axis, keepdims=True)
    return correlate(call, filters=filters, dilation=tuple(d or 1 for d in call.dilation))
