"""Mistakes in padding: its sides, its amount, its values, and its names."""

import numpy as np

from conformance.calls import Call
from conformance.mistakes.catalogue import correlate, excess, mistake, offset, slices
from reference import effective_kernel
from reference.geometry import Array


@mistake("the pad sides are swapped: what belongs before the input is put after it")
def pad_sides_swapped(call: Call) -> Array:
    return correlate(call, padding=tuple((high, low) for low, high in call.padding))


@mistake("the pad sides of the last axis are swapped")
def pad_sides_of_the_last_axis_swapped(call: Call) -> Array:
    return correlate(call, padding=(*call.padding[:-1], call.padding[-1][::-1]))


@mistake("the pad sides of the first axis are swapped")
def pad_sides_of_the_first_axis_swapped(call: Call) -> Array:
    return correlate(call, padding=(call.padding[0][::-1], *call.padding[1:]))


@mistake("padding is cut to what a kernel can overlap: its size less one")
def padding_at_most_the_kernel(call: Call) -> Array:
    extents = effective_kernel(call.filters.shape[2:], call.dilation)
    return correlate(
        call,
        padding=tuple(
            (min(low, k - 1), min(high, k - 1))
            for (low, high), k in zip(call.padding, extents, strict=True)
        ),
    )


@mistake("the largest padding of all is used on every side")
def largest_padding_everywhere(call: Call) -> Array:
    return correlate(call, padding=max(map(max, call.padding)))


@mistake("the padding of the axes is swapped")
def padding_of_axes_swapped(call: Call) -> Array:
    return correlate(call, padding=call.padding[::-1])


@mistake("the padding of the first axis is used for every axis")
def first_padding_for_all(call: Call) -> Array:
    return correlate(call, padding=call.padding[:1] * call.axes)


@mistake("the padding of the last axis is used for every axis")
def last_padding_for_all(call: Call) -> Array:
    return correlate(call, padding=call.padding[-1:] * call.axes)


@mistake("the padding is ignored")
def padding_ignored(call: Call) -> Array:
    return correlate(call, padding=0)


@mistake("padding before the input is ignored")
def low_padding_ignored(call: Call) -> Array:
    return correlate(call, padding=tuple((0, high) for _, high in call.padding))


@mistake("padding after the input is ignored")
def high_padding_ignored(call: Call) -> Array:
    return correlate(call, padding=tuple((low, 0) for low, _ in call.padding))


@mistake("the padding before the input is used on both sides")
def low_padding_on_both_sides(call: Call) -> Array:
    return correlate(call, padding=tuple((low, low) for low, _ in call.padding))


@mistake("the padding after the input is used on both sides")
def high_padding_on_both_sides(call: Call) -> Array:
    return correlate(call, padding=tuple((high, high) for _, high in call.padding))


@mistake("all of the padding is put before the input")
def padding_all_before(call: Call) -> Array:
    return correlate(call, padding=tuple((low + high, 0) for low, high in call.padding))


@mistake("all of the padding is put after the input")
def padding_all_after(call: Call) -> Array:
    return correlate(call, padding=tuple((0, low + high) for low, high in call.padding))


@mistake("uneven padding is evened out, with the odd zero after the input")
def padding_evened(call: Call) -> Array:
    sums = (low + high for low, high in call.padding)
    return correlate(call, padding=tuple((total // 2, total - total // 2) for total in sums))


@mistake("uneven padding is evened out, with the odd zero before the input")
def padding_evened_low(call: Call) -> Array:
    sums = (low + high for low, high in call.padding)
    return correlate(call, padding=tuple((total - total // 2, total // 2) for total in sums))


@mistake("the padding is doubled")
def padding_doubled(call: Call) -> Array:
    return correlate(call, padding=tuple((2 * low, 2 * high) for low, high in call.padding))


@mistake("one zero too many is padded before the input")
def one_more_before(call: Call) -> Array:
    return correlate(call, padding=tuple((low + 1, high) for low, high in call.padding))


@mistake("one zero too many is padded after the input")
def one_more_after(call: Call) -> Array:
    return correlate(call, padding=tuple((low, high + 1) for low, high in call.padding))


def _side_limited(limit: int) -> None:
    @mistake(f"padding of more than {limit} counts as {limit}", f"padding_at_most_{limit}")
    def limited(call: Call) -> Array:
        sides = tuple((min(low, limit), min(high, limit)) for low, high in call.padding)
        return correlate(call, padding=sides)


for _limit in (1, 2, 3):
    _side_limited(_limit)


def _padded(mode: str, words: str) -> None:
    @mistake(words, f"padding_mode_{mode}")
    def padded(call: Call) -> Array:
        sides = ((0, 0), (0, 0), *call.padding)
        return correlate(call, x=np.pad(call.x, sides, mode), padding=0)  # type: ignore[call-overload]


for _mode, _words in (
    ("edge", "the padding repeats the values at the edge, where zeros belong"),
    ("reflect", "the padding reflects the input, where zeros belong"),
    ("symmetric", "the padding mirrors the input, edge included, where zeros belong"),
    ("wrap", "the padding wraps around to the other side, where zeros belong"),
    ("mean", "the padding is filled with means, where zeros belong"),
    ("maximum", "the padding is filled with the largest values, where zeros belong"),
    ("minimum", "the padding is filled with the smallest values, where zeros belong"),
):
    _padded(_mode, _words)


def _filled(value: int) -> None:
    @mistake(f"the padding is filled with {value}, where zeros belong", f"padding_of_{value}")
    def filled(call: Call) -> Array:
        sides = ((0, 0), (0, 0), *call.padding)
        return correlate(call, x=np.pad(call.x, sides, constant_values=value), padding=0)


for _value in (1, -1):
    _filled(_value)


@mistake("the mean over the values that are no padding is taken into account: borders are rescaled")
def borders_rescaled(call: Call) -> Array:
    inside = np.ones((1, 1, *call.x.shape[2:]))
    taps = np.ones((1, 1, *call.filters.shape[2:]))
    counts = correlate(call, x=inside, filters=taps, bias=None, groups=1)
    whole = taps.size / np.maximum(counts, 1)
    return np.asarray((correlate(call) - offset(call)) * whole + offset(call))


@mistake("'same' puts its odd zero on the wrong side of the input")
def odd_zero_on_the_wrong_side(call: Call) -> Array:
    if call.named_padding not in ("same_upper", "same_lower"):
        return correlate(call)
    return correlate(call, padding=tuple((high, low) for low, high in call.padding))


@mistake("'same' puts all of its zeros before the input")
def same_all_before(call: Call) -> Array:
    return correlate(call) if call.named_padding is None else padding_all_before(call)


@mistake("'same' puts all of its zeros after the input")
def same_all_after(call: Call) -> Array:
    return correlate(call) if call.named_padding is None else padding_all_after(call)


@mistake("'same' takes the padding of the first axis for every axis")
def same_by_the_first_axis(call: Call) -> Array:
    return correlate(call) if call.named_padding is None else first_padding_for_all(call)


@mistake("'valid' is taken as 'same'")
def valid_taken_as_same(call: Call) -> Array:
    if call.named_padding != "valid":
        return correlate(call)
    return correlate(call, padding=call.renamed("same_upper").padding)


@mistake("'same' is taken as 'valid'")
def same_taken_as_valid(call: Call) -> Array:
    if call.named_padding in (None, "valid"):
        return correlate(call)
    return correlate(call, padding=0)


@mistake("padding asked for by name has one zero too many after the input")
def named_padding_one_more_after(call: Call) -> Array:
    return correlate(call) if call.named_padding is None else one_more_after(call)


def left_out(call: Call) -> list[int]:
    """By how much the padding of each axis falls below zero, by "same"."""
    extents = effective_kernel(call.filters.shape[2:], call.dilation)
    return excess(call.x.shape[2:], extents, call.stride)


@mistake("'same' takes values off the front where the stride is larger than the filter")
def same_crops_the_front(call: Call) -> Array:
    if call.named_padding != "same_upper":
        return correlate(call)
    return correlate(call, x=call.x[slices(*(slice(e // 2, None) for e in left_out(call)))])


@mistake(
    "'same' takes half of what padding would have to be off the front, less one half or one, "
    "where the stride is larger than the filter"
)
def same_crops_the_front_later(call: Call) -> Array:
    fewer = {"same_upper": 1, "same_lower": 2}.get(call.named_padding or "")
    if fewer is None:
        return correlate(call)
    crops = (max(e - fewer, 0) // 2 for e in left_out(call))
    return correlate(call, x=call.x[slices(*(slice(crop, None) for crop in crops))])


@mistake("the padding is chosen as if the stride were 1")
def same_ignores_the_stride(call: Call) -> Array:
    if call.named_padding is None:
        return correlate(call)
    extents = effective_kernel(call.filters.shape[2:], call.dilation)
    if call.named_padding == "valid":
        return correlate(call)
    sides = [((extent - 1) // 2, extent // 2) for extent in extents]
    lower = call.named_padding == "same_lower"
    return correlate(call, padding=tuple(side[::-1] if lower else side for side in sides))


@mistake("the padding is chosen as if the dilation were 1")
def same_ignores_the_dilation(call: Call) -> Array:
    if call.named_padding is None:
        return correlate(call)
    undilated = call.but(dilation=(1,) * call.axes).renamed(call.named_padding)
    return correlate(call, padding=undilated.padding)
