"""Faults in channels, groups, bias and batch that show on some of their paths only."""

from typing import Any

import numpy as np

from conformance.selftest.faults.catalogue import Wrong, fault, fault_with_state
from conformance.selftest.faults.geometry import explicit
from reference import cross_correlate, pad
from reference.geometry import Array


def depthwise(filters: Array, p: dict[str, Any]) -> bool:
    return bool(p["groups"] > 1 and filters.shape[1] == 1)


def wide_groups(filters: Array, groups: int) -> bool:
    """Whether there are several groups, each of eight and more channels and filters."""
    return groups > 1 and filters.shape[1] >= 8 and len(filters) // groups >= 8


@fault("CHAN-5")
def depthwise_multiplier_repeats_the_first(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    if depthwise(filters, p):
        times = len(filters) // p["groups"]
        filters = filters[::times].repeat(times, axis=0)
    return cross_correlate(x, filters, bias, **p)


@fault("CHAN-5")
def depthwise_forgets_the_bias(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    return cross_correlate(x, filters, None if depthwise(filters, p) else bias, **p)


@fault("CHAN-5")
def depthwise_ignores_the_dilation(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    result = cross_correlate(x, filters, bias, **p)
    if not depthwise(filters, p):
        return result
    dense = cross_correlate(x, filters, bias, **p | {"dilation": 1})
    return dense[tuple(map(slice, result.shape))]


@fault("CHAN-5")
def depthwise_flipped(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    bank = np.flip(filters, tuple(range(2, filters.ndim))) if depthwise(filters, p) else filters
    return cross_correlate(x, bank, bias, **p)


@fault("CHAN-4")
def groups_take_the_filters_in_turn(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    """Filter k belongs to group k mod groups, and its map stays at k."""
    order = np.arange(len(filters)).reshape(-1, p["groups"]).T.ravel()
    bank = filters[order]
    back = np.argsort(order)
    result = cross_correlate(x, bank, None if bias is None else bias[order], **p)
    return result[:, back]


@fault("CHAN-4")
def wide_groups_lose_their_last_filter(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    """Groups of eight and more channels and filters go to a kernel of blocks of eight."""
    result = cross_correlate(x, filters, bias, **p)
    if wide_groups(filters, p["groups"]):
        result[:, -1] = 0
    return result


@fault("CHAN-4")
def last_group_sees_every_channel(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    result = cross_correlate(x, filters, bias, **p)
    if p["groups"] == 1:
        return result
    last = len(filters) // p["groups"]
    folded = x.reshape(len(x), p["groups"], filters.shape[1], *x.shape[2:]).sum(axis=1)
    part = cross_correlate(
        folded, filters[-last:], None if bias is None else bias[-last:], **p | {"groups": 1}
    )
    return np.concatenate([result[:, :-last], part], axis=1).astype(x.dtype)


@fault("BIAS-1")
def bias_of_the_first_group_for_all(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    if bias is not None:
        bias = np.tile(bias[: len(bias) // p["groups"]], p["groups"])
    return cross_correlate(x, filters, bias, **p)


@fault("BIAS-1")
def bias_for_the_first_item_only(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    result = cross_correlate(x, filters, bias, **p).copy()
    result[1:] = cross_correlate(x[1:], filters, None, **p)
    return result


@fault("BIAS-1")
def bias_left_out_of_the_last_map(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    if bias is not None and len(bias) > 1:
        bias = np.append(bias[:-1], bias.dtype.type(0))
    return cross_correlate(x, filters, bias, **p)


@fault("BIAS-1")
def no_bias_where_all_is_padding(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    """Windows that lie wholly in the padding are skipped, and so is their bias."""
    result = cross_correlate(x, filters, bias, **p)
    inside = pad(np.ones((1, 1, *x.shape[2:])), explicit(x, filters, p))
    ones = np.ones((1, 1, *filters.shape[2:]))
    seen = cross_correlate(inside, ones, **p | {"padding": 0, "groups": 1})
    return np.where(seen > 0, result, 0).astype(result.dtype)


@fault("BIAS-1")
def bias_along_the_last_axis(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    """Where the maps are as wide as they are many, NumPy adds the bias to the columns."""
    result = cross_correlate(x, filters, None, **p)
    if bias is None or result.shape[-1] != len(bias):
        return cross_correlate(x, filters, bias, **p)
    return np.asarray(result + bias)


@fault("BIAS-2")
def a_bias_of_any_kind_cuts_off_negatives(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    """A layer with a bias is taken to be followed by an activation."""
    result = cross_correlate(x, filters, bias, **p)
    return result if bias is None else np.maximum(result, 0)


@fault("CHAN-3")
def three_channels_turned_to_gray(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    if x.shape[1] == 3:
        gray = x.mean(axis=1, keepdims=True, dtype=x.dtype)
        x = np.broadcast_to(gray, x.shape)
    return cross_correlate(x, filters, bias, **p)


@fault("CHAN-3")
def one_channel_counts_as_three(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    return cross_correlate(x, 3 * filters if x.shape[1] == 1 else filters, bias, **p)


@fault("CHAN-6")
def last_filter_replaced_by_the_first(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    bank = filters.copy()
    if p["groups"] == 1:
        bank[-1] = bank[0]
    return cross_correlate(x, bank, bias, **p)


@fault("CHAN-7")
def channels_added_with_alternating_signs(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    bank = filters.copy()
    bank[:, 1::2] *= -1
    return cross_correlate(x, bank, bias, **p)


@fault("CHAN-8")
def scale_of_the_first_item_for_all(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    """Whole numbers are quantised to a range that the first item sets."""
    limit = np.abs(x[:1]).max(initial=1)
    return cross_correlate(np.clip(x, -limit, limit), filters, bias, **p)


@fault_with_state("CHAN-9")
def activation_fused_when_layers_chain() -> Wrong:
    """What was just returned is cut off at zero before it is used as an input."""
    last: list[Array] = []

    def run(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
        chained = bool(last) and x is last[0]
        result = cross_correlate(np.maximum(x, 0) if chained else x, filters, bias, **p)
        last[:] = [result]
        return result

    return run


@fault("LESSON-2")
def left_and_right_exchanged_in_images(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    mirrored = filters[..., ::-1] if x.shape[2:] == (28, 28) else filters
    return cross_correlate(x, mirrored, bias, **p)


@fault("LESSON-3")
def images_of_three_channels_read_by_pixel(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    """RGB images are taken to lie in memory pixel by pixel."""
    if x.shape[1:] == (3, 28, 28):
        x = np.moveaxis(x.reshape(len(x), 28, 28, 3), -1, 1)
    return cross_correlate(x, filters, bias, **p)
