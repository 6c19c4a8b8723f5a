"""Mistakes in stride and dilation, and in the sizes that come of them."""

from typing import Any

import numpy as np

from conformance.calls import Call
from conformance.mistakes.catalogue import (
    correlate,
    mistake,
    slices,
)
from reference import effective_kernel, every
from reference.geometry import Array

# -- Stride and dilation ------------------------------------------------------------------------


def _per_axis(parameter: str) -> None:
    """Mistakes that stride and dilation share."""

    @mistake(f"the {parameter} of the axes is swapped", f"{parameter}_swapped")
    def swapped(call: Call) -> Array:
        return correlate(call, **{parameter: getattr(call, parameter)[::-1]})

    @mistake(
        f"the {parameter} of the first axis is used for every axis", f"first_{parameter}_for_all"
    )
    def first(call: Call) -> Array:
        return correlate(call, **{parameter: getattr(call, parameter)[0]})

    @mistake(
        f"the {parameter} of the last axis is used for every axis", f"last_{parameter}_for_all"
    )
    def last(call: Call) -> Array:
        return correlate(call, **{parameter: getattr(call, parameter)[-1]})

    @mistake(f"the {parameter} is ignored", f"{parameter}_ignored")
    def ignored(call: Call) -> Array:
        return correlate(call, **{parameter: 1})

    @mistake(
        f"the {parameter} of the last axis is ignored", f"{parameter}_of_the_last_axis_ignored"
    )
    def last_ignored(call: Call) -> Array:
        return correlate(call, **{parameter: (*getattr(call, parameter)[:-1], 1)})

    @mistake(
        f"the {parameter} of the first axis is ignored", f"{parameter}_of_the_first_axis_ignored"
    )
    def first_ignored(call: Call) -> Array:
        return correlate(call, **{parameter: (1, *getattr(call, parameter)[1:])})

    @mistake(f"the {parameter} is one too large", f"{parameter}_one_too_large")
    def larger(call: Call) -> Array:
        return correlate(call, **{parameter: tuple(n + 1 for n in getattr(call, parameter))})

    @mistake(
        f"the {parameter} is one too large where it is more than 1",
        f"{parameter}_one_too_large_beyond_1",
    )
    def larger_beyond(call: Call) -> Array:
        values = getattr(call, parameter)
        return correlate(call, **{parameter: tuple(n + (n > 1) for n in values)})

    @mistake(f"the {parameter} is cut to a power of two", f"{parameter}_cut_to_a_power_of_two")
    def power(call: Call) -> Array:
        values = getattr(call, parameter)
        return correlate(call, **{parameter: tuple(1 << n.bit_length() - 1 for n in values)})

    @mistake(f"the largest {parameter} is used for every axis", f"largest_{parameter}_for_all")
    def largest(call: Call) -> Array:
        return correlate(call, **{parameter: max(getattr(call, parameter))})

    def most(limit: int) -> None:
        @mistake(
            f"a {parameter} of more than {limit} counts as {limit}", f"{parameter}_at_most_{limit}"
        )
        def limited(call: Call) -> Array:
            values = getattr(call, parameter)
            return correlate(call, **{parameter: tuple(min(n, limit) for n in values)})

    most(2)
    most(3)


for _parameter in ("stride", "dilation"):
    _per_axis(_parameter)


@mistake("the stride is cut to the size of the kernel")
def stride_at_most_the_kernel(call: Call) -> Array:
    sizes = zip(call.stride, call.filters.shape[2:], strict=True)
    return correlate(call, stride=tuple(map(min, sizes)))


@mistake("with a stride, results are averaged that should be left out")
def stride_averages(call: Call) -> Array:
    right, dense = correlate(call), correlate(call, stride=1)
    spare = [
        (0, n * s - have)
        for n, s, have in zip(right.shape[2:], call.stride, dense.shape[2:], strict=True)
    ]
    if any(more < 0 for _, more in spare):
        dense = dense[slices(*map(slice, np.multiply(right.shape[2:], call.stride)))]
        spare = [(0, max(0, more)) for _, more in spare]
    filled = np.pad(dense, ((0, 0), (0, 0), *spare), constant_values=np.nan)
    shape = [size for n, s in zip(right.shape[2:], call.stride, strict=True) for size in (n, s)]
    blocks = filled.reshape(*right.shape[:2], *shape)
    return np.asarray(np.nanmean(blocks, axis=tuple(range(3, blocks.ndim, 2))))


@mistake("stride and dilation are mistaken for each other")
def stride_and_dilation_exchanged(call: Call) -> Array:
    return correlate(call, stride=call.dilation, dilation=call.stride)


@mistake("with a stride, the windows start stride - 1 places late")
def stride_starts_late(call: Call) -> Array:
    dense = correlate(call, stride=1)
    late = dense[slices(*(slice(step - 1, None, step) for step in call.stride))]
    return _of_size(late, correlate(call))


@mistake("with a stride, the windows of the last axis start stride - 1 places late")
def stride_of_the_last_axis_starts_late(call: Call) -> Array:
    *others, step = call.stride
    late = correlate(call, stride=(*others, 1))[..., step - 1 :: step]
    return _of_size(late, correlate(call))


@mistake("with a stride, the first values of the result with stride 1 are kept, not every s-th")
def stride_crops(call: Call) -> Array:
    right, dense = correlate(call), correlate(call, stride=1)
    return dense[tuple(map(slice, right.shape))]


@mistake("the input is subsampled by the stride before the filter is applied")
def input_subsampled(call: Call) -> Array:
    padded = np.pad(call.x, ((0, 0), (0, 0), *call.padding))
    return _of_size(
        correlate(call, x=padded[every(call.stride)], stride=1, padding=0), correlate(call)
    )


@mistake("dilated taps meet the right windows but start one place late")
def dilation_starts_late(call: Call) -> Array:
    shifted = np.roll(call.x, -1, axis=-1)
    return correlate(call, x=shifted if max(call.dilation) > 1 else call.x)


@mistake("the dilation spreads the input and not the filter")
def dilation_of_the_input(call: Call) -> Array:
    size = effective_kernel(call.x.shape[2:], call.dilation)
    spread = np.zeros((*call.x.shape[:2], *size))
    spread[every(call.dilation)] = call.x
    return correlate(call, x=spread, dilation=1)


def _of_size(result: Array, right: Array) -> Array:
    """The result, if it has the right shape; else the right one."""
    return result if result.shape == right.shape else right


# -- Sizes --------------------------------------------------------------------------------------


@mistake("the output size is computed as if the dilation were 1, and what is left is zero")
def size_forgets_the_dilation(call: Call) -> Array:
    right = correlate(call)
    return into(right, correlate(call, dilation=1).shape)


@mistake("windows are centred: what no window reaches is shared between both ends")
def remainder_shared(call: Call) -> Array:
    extents = effective_kernel(call.filters.shape[2:], call.dilation)
    left = [
        (n + low + high - extent) % step
        for n, (low, high), extent, step in zip(
            call.x.shape[2:], call.padding, extents, call.stride, strict=True
        )
    ]
    padded = np.pad(call.x, ((0, 0), (0, 0), *call.padding))
    return correlate(call, x=padded[slices(*(slice(n // 2, None) for n in left))], padding=0)


@mistake("values beyond the last window that fits are looked at, and not those before the first")
def windows_from_the_end(call: Call) -> Array:
    extents = effective_kernel(call.filters.shape[2:], call.dilation)
    left = [
        (n + low + high - extent) % step
        for n, (low, high), extent, step in zip(
            call.x.shape[2:], call.padding, extents, call.stride, strict=True
        )
    ]
    padded = np.pad(call.x, ((0, 0), (0, 0), *call.padding))
    return correlate(call, x=padded[slices(*(slice(n, None) for n in left))], padding=0)


def into(result: Array, shape: tuple[int, ...]) -> Array:
    """The result cut to a shape, with zeros where it has no value."""
    filled = np.zeros(shape)
    common: Any = tuple(slice(min(a, b)) for a, b in zip(shape, result.shape, strict=True))
    filled[common] = result[common]
    return filled


@mistake("the output size is rounded up (ceil) where it must be rounded down")
def size_by_ceil(call: Call) -> Array:
    extents = effective_kernel(call.filters.shape[2:], call.dilation)
    more = tuple(
        (low, high + -(n + low + high - extent) % step)
        for n, (low, high), extent, step in zip(
            call.x.shape[2:], call.padding, extents, call.stride, strict=True
        )
    )
    return correlate(call, padding=more)


@mistake("the last window of the last axis is left out")
def last_window_left_out(call: Call) -> Array:
    result = correlate(call)
    return result[..., :-1] if result.shape[-1] > 1 else result


@mistake("the last window of every axis is left out")
def last_windows_left_out(call: Call) -> Array:
    result = correlate(call)
    kept = (slice(0, max(1, n - 1)) for n in result.shape[2:])
    return np.asarray(result[slices(*kept)])


@mistake("there is one window too many on the last axis")
def one_window_too_many(call: Call) -> Array:
    *others, (low, high) = call.padding
    return correlate(call, padding=(*others, (low, high + call.stride[-1])))


@mistake("values beyond the last window that fits are added to the last result")
def remainder_added(call: Call) -> Array:
    result = correlate(call).copy()
    extent = effective_kernel(call.filters.shape[2:], call.dilation)[-1]
    reach = (result.shape[-1] - 1) * call.stride[-1] + extent - call.padding[-1][0]
    result[..., -1] += call.x[..., reach:].sum()
    return result
