"""Mistakes in the taps of a kernel, and in the order of the axes."""

import numpy as np

from conformance.calls import Call
from conformance.mistakes.catalogue import correlate, mistake, spatial
from reference.geometry import Array

# -- Taps ---------------------------------------------------------------------------------------


@mistake("the kernel is flipped: this backend computes a true convolution, not a cross-correlation")
def flipped(call: Call) -> Array:
    return correlate(call, filters=np.flip(call.filters, spatial(call)))


@mistake("the kernel is flipped on its last axis")
def flipped_on_the_last_axis(call: Call) -> Array:
    return correlate(call, filters=call.filters[..., ::-1])


@mistake("the kernel is flipped on its first axis")
def flipped_on_the_first_axis(call: Call) -> Array:
    return correlate(call, filters=call.filters[:, :, ::-1])


@mistake("the kernel is transposed: its first and its last axis are exchanged")
def transposed(call: Call) -> Array:
    return correlate(call, filters=_exchanged(call.filters))


@mistake("the taps are read in column order: the kernel's memory is transposed, not its shape")
def taps_in_column_order(call: Call) -> Array:
    turned = call.filters.transpose(0, 1, *reversed(spatial(call)))
    return correlate(call, filters=turned.reshape(call.filters.shape))


@mistake("the first axis of the kernel is read as its last")
def first_axis_of_taps_last(call: Call) -> Array:
    return correlate(call, filters=np.moveaxis(call.filters, 2, -1).reshape(call.filters.shape))


@mistake("the kernel is turned by 90 degrees")
def turned_by_90_degrees(call: Call) -> Array:
    turned = np.rot90(call.filters, axes=(-2, -1)) if call.axes > 1 else call.filters
    return correlate(call, filters=_if_it_fits(turned, call.filters))


@mistake("the taps of the kernel are shifted by one, the last coming first")
def taps_shifted(call: Call) -> Array:
    return correlate(call, filters=np.roll(call.filters, 1, axis=-1))


@mistake("the last tap of the kernel is left out")
def last_tap_left_out(call: Call) -> Array:
    return correlate(call, filters=_without(call.filters, -1))


@mistake("the first tap of the kernel is left out")
def first_tap_left_out(call: Call) -> Array:
    return correlate(call, filters=_without(call.filters, 0))


@mistake("the last column of the kernel is left out")
def last_column_left_out(call: Call) -> Array:
    filters = call.filters.copy()
    filters[..., -1] = 0
    return correlate(call, filters=filters)


@mistake("the last row of the kernel is left out")
def last_row_left_out(call: Call) -> Array:
    filters = call.filters.copy()
    filters[:, :, -1] = 0
    return correlate(call, filters=filters)


def _cut(limit: int) -> None:
    @mistake(f"taps beyond the first {limit} of an axis are left out", f"taps_beyond_{limit}")
    def cut(call: Call) -> Array:
        filters = call.filters.copy()
        for axis in spatial(call):
            np.moveaxis(filters, axis, 0)[limit:] = 0
        return correlate(call, filters=filters)

    @mistake(
        f"taps beyond the first {limit} of the last axis are left out",
        f"taps_beyond_{limit}_of_the_last_axis",
    )
    def cut_last(call: Call) -> Array:
        filters = call.filters.copy()
        filters[..., limit:] = 0
        return correlate(call, filters=filters)


for _limit in (3, 4, 5, 7, 8, 11, 16):
    _cut(_limit)


def _exchanged(a: Array) -> Array:
    return _if_it_fits(a.swapaxes(2, -1), a)


def _if_it_fits(turned: Array, a: Array) -> Array:
    return turned if turned.shape == a.shape else a


def _without(filters: Array, tap: int) -> Array:
    filters = filters.copy()
    filters.reshape(*filters.shape[:2], -1)[..., tap] = 0
    return filters


# -- Axes ---------------------------------------------------------------------------------------


@mistake("the spatial axes of the input are exchanged")
def input_transposed(call: Call) -> Array:
    return correlate(call, x=_exchanged(call.x))


@mistake("the spatial axes of the result are exchanged")
def result_transposed(call: Call) -> Array:
    return correlate(call).swapaxes(2, -1)


@mistake("the feature maps run backwards on their first axis")
def result_backwards_on_the_first_axis(call: Call) -> Array:
    return correlate(call)[:, :, ::-1]


@mistake("the feature maps run backwards on their last axis")
def result_backwards_on_the_last_axis(call: Call) -> Array:
    return correlate(call)[..., ::-1]


@mistake("the feature maps are turned round: they run backwards on every axis")
def result_backwards(call: Call) -> Array:
    return np.flip(correlate(call), spatial(call))


@mistake("the feature maps are shifted by one place on the last axis")
def result_shifted(call: Call) -> Array:
    return np.roll(correlate(call), 1, axis=-1)


@mistake("the feature maps are written in column order: their memory is transposed")
def result_in_column_order(call: Call) -> Array:
    result = correlate(call)
    return result.transpose(0, 1, *reversed(spatial(call))).reshape(result.shape)


@mistake("a batch of one item loses its axis")
def batch_of_one_squeezed(call: Call) -> Array:
    result = correlate(call)
    return result[0] if len(result) == 1 else result


@mistake("axes of size 1 are dropped from the result")
def axes_squeezed(call: Call) -> Array:
    result = correlate(call)
    ones = tuple(axis for axis in spatial(call) if result.shape[axis] == 1)
    return result.squeeze(ones)


@mistake("a last axis of size 1 is dropped from the result")
def last_axis_squeezed(call: Call) -> Array:
    result = correlate(call)
    return result[..., 0] if result.shape[-1] == 1 else result
