"""Faults in channels, filters, groups, batches and bias."""

from typing import Any

import numpy as np

from conformance.selftest.faults.catalogue import fault
from reference import cross_correlate
from reference.geometry import Array


@fault("CHAN-1")
def feature_maps_reversed(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    return cross_correlate(x, filters, bias, **p)[:, ::-1]


@fault("CHAN-1")
def filters_in_blocks_of_four(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    result = cross_correlate(x, filters, bias, **p).copy()
    tail = result.shape[1] % 4
    if result.shape[1] > 4 and tail:
        result[:, -tail:] = result[:, :1]
    return result


@fault("CHAN-1")
def filters_beyond_32_not_computed(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    result = cross_correlate(x, filters, bias, **p).copy()
    result[:, 32:] = 0
    return result


@fault("CHAN-2")
def last_input_channel_left_out(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    bank = filters.copy()
    if bank.shape[1] > 1:
        bank[:, -1] = 0
    return cross_correlate(x, bank, bias, **p)


@fault("CHAN-2")
def mean_over_the_channels(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    return cross_correlate(x, filters / filters.shape[1], bias, **p).astype(x.dtype)


@fault("CHAN-2")
def channels_beyond_16_left_out(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    bank = filters.copy()
    bank[:, 16:] = 0
    return cross_correlate(x, bank, bias, **p)


@fault("CHAN-2")
def channels_beyond_32_left_out(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    bank = filters.copy()
    bank[:, 32:] = 0
    return cross_correlate(x, bank, bias, **p)


@fault("CHAN-2")
def channels_of_the_filters_reversed(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    return cross_correlate(x, filters[:, ::-1], bias, **p)


@fault("CHAN-2")
def every_channel_with_the_first_slice(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    return cross_correlate(x, np.broadcast_to(filters[:, :1], filters.shape), bias, **p)


@fault("CHAN-3")
def rgb_taken_as_bgr(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    return cross_correlate(x[:, ::-1] if x.shape[1] == 3 else x, filters, bias, **p)


@fault("CHAN-4")
def groups_interleaved_in_the_input(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    groups = p["groups"]
    order = np.arange(x.shape[1]).reshape(-1, groups).T.ravel()
    return cross_correlate(x[:, order], filters, bias, **p)


@fault("CHAN-4")
def groups_interleaved_in_the_output(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    order = np.arange(len(filters)).reshape(p["groups"], -1).T.ravel()
    return cross_correlate(x, filters, bias, **p)[:, order]


@fault("CHAN-4")
def every_group_sees_the_first(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    return cross_correlate(x[:, : filters.shape[1]], filters, bias, **p | {"groups": 1})


@fault("CHAN-4")
def groups_in_reverse_order(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    shape = (len(x), p["groups"], -1, *x.shape[2:]) if len(x) else None
    turned = x.reshape(shape)[:, ::-1].reshape(x.shape) if shape else x
    return cross_correlate(turned, filters, bias, **p)


@fault("CHAN-5")
def depthwise_with_the_first_filter(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    if filters.shape[1] == 1 and p["groups"] > 1:
        filters = np.broadcast_to(filters[:1], filters.shape)
    return cross_correlate(x, filters, bias, **p)


@fault("CHAN-5")
def depthwise_multiplier_interleaved(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    result = cross_correlate(x, filters, bias, **p)
    if filters.shape[1] > 1 or p["groups"] == 1:
        return result
    return result[:, np.arange(len(filters)).reshape(p["groups"], -1).T.ravel()]


@fault("CHAN-6")
def filters_sorted_first(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    order = np.argsort(filters.reshape(len(filters), -1).sum(axis=1), kind="stable")
    return cross_correlate(x, filters[order], bias, **p)


@fault("CHAN-7")
def first_channel_counts_twice(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    bank = filters.copy()
    if bank.shape[1] > 1:
        bank[:, 0] *= 2
    return cross_correlate(x, bank, bias, **p)


@fault("CHAN-8")
def batch_reversed(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    return cross_correlate(x, filters, bias, **p)[::-1]


@fault("CHAN-8")
def items_beyond_16_repeat_the_first(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    result = cross_correlate(x, filters, bias, **p).copy()
    result[16:] = result[:1]
    return result


@fault("CHAN-8")
def items_leak_into_each_other(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    result = cross_correlate(x, filters, bias, **p).copy()
    result[1:] += result[:-1]
    return result


@fault("CHAN-9")
def four_input_channels_reversed(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    pointwise = filters[0, 0].size == 1 and filters.shape[1] > 1
    return cross_correlate(x[:, ::-1] if pointwise else x, filters, bias, **p)


@fault("BIAS-1")
def bias_ignored(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    return cross_correlate(x, filters, None, **p)


@fault("BIAS-1")
def bias_added_twice(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    return cross_correlate(x, filters, None if bias is None else 2 * bias, **p)


@fault("BIAS-1")
def bias_subtracted(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    return cross_correlate(x, filters, None if bias is None else -bias, **p)


@fault("BIAS-1")
def first_bias_for_every_map(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    first = None if bias is None else np.full_like(bias, bias[0])
    return cross_correlate(x, filters, first, **p)


@fault("BIAS-1")
def bias_once_for_each_channel(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    return cross_correlate(x, filters, None if bias is None else bias * x.shape[1], **p)


@fault("BIAS-1")
def bias_reversed_with_groups(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    turned = bias[::-1] if bias is not None and p["groups"] > 1 else bias
    return cross_correlate(x, filters, turned, **p)


@fault("BIAS-1")
def bias_left_out_of_the_first_column(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    result = cross_correlate(x, filters, bias, **p).copy()
    result[..., 0] = cross_correlate(x, filters, None, **p)[..., 0]
    return result


@fault("BIAS-2")
def bias_of_zeros_taken_as_ones(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    if bias is not None and not bias.any():
        bias = np.ones_like(bias)
    return cross_correlate(x, filters, bias, **p)


@fault("LESSON-1")
def images_of_28_by_28_transposed(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    return cross_correlate(x.swapaxes(2, 3) if x.shape[2:] == (28, 28) else x, filters, bias, **p)


@fault("LESSON-2")
def top_finds_bottom_edges(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    upside_down = filters[:, :, ::-1] if x.shape[2:] == (28, 28) else filters
    return cross_correlate(x, upside_down, bias, **p)


@fault("LESSON-3")
def colours_of_images_exchanged(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    turned = x[:, [0, 2, 1]] if x.shape[1:] == (3, 28, 28) else x
    return cross_correlate(turned, filters, bias, **p)


@fault("LESSON-5")
def every_colour_is_the_first(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    if x.shape[1:] == (3, 28, 28) and p["groups"] == 3:
        x = np.broadcast_to(x[:, :1], x.shape)
    return cross_correlate(x, filters, bias, **p)


@fault("LESSON-4")
def second_layer_sees_one_map(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    if x.shape[1:] == (4, 26, 26):
        x = np.broadcast_to(x[:, :1], x.shape)
    return cross_correlate(x, filters, bias, **p)


@fault("CHAN-10")
def no_channels_give_nan(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    """The sum of no products is divided by their number."""
    result = cross_correlate(x, filters, bias, **p)
    return result if x.shape[1] else result * np.nan


@fault("CHAN-10", "float32")
def no_channels_give_no_values(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    result = cross_correlate(x, filters, bias, **p)
    return result if x.shape[1] else result[:, :, :0]


@fault("CHAN-10")
def no_channels_leave_the_bias_out(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    return cross_correlate(x, filters, bias if x.shape[1] else None, **p)
