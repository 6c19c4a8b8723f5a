"""Mistakes in channels, filters, groups and batches."""

import numpy as np

from conformance.calls import Call
from conformance.mistakes.catalogue import correlate, mistake, offset
from reference.geometry import Array

# -- Groups -------------------------------------------------------------------------------------


@mistake("groups are interleaved: the input channels are dealt out to them in turn")
def groups_interleaved_in_the_input(call: Call) -> Array:
    return correlate(call, x=call.x[:, _dealt(call.x.shape[1], call.groups)])


@mistake("groups are interleaved the other way: channels are gathered from them in turn")
def groups_gathered_in_the_input(call: Call) -> Array:
    return correlate(call, x=call.x[:, np.argsort(_dealt(call.x.shape[1], call.groups))])


@mistake("groups are interleaved in the result: the feature maps are dealt out in turn")
def groups_interleaved_in_the_result(call: Call) -> Array:
    return correlate(call)[:, _dealt(len(call.filters), call.groups)]


@mistake("groups are interleaved in the result: the feature maps are gathered in turn")
def groups_gathered_in_the_result(call: Call) -> Array:
    return correlate(call)[:, np.argsort(_dealt(len(call.filters), call.groups))]


@mistake("groups are interleaved in the filters")
def groups_interleaved_in_the_filters(call: Call) -> Array:
    return correlate(call, filters=call.filters[_dealt(len(call.filters), call.groups)])


@mistake("groups are interleaved in the filters the other way")
def groups_gathered_in_the_filters(call: Call) -> Array:
    order = np.argsort(_dealt(len(call.filters), call.groups))
    return correlate(call, filters=call.filters[order])


@mistake("within each group the first filter is used for every feature map")
def first_filter_of_each_group(call: Call) -> Array:
    per_group = len(call.filters) // call.groups
    first = np.arange(len(call.filters)) // per_group * per_group
    return correlate(call, filters=call.filters[first])


@mistake("every group sees the channels of the first")
def every_group_sees_the_first(call: Call) -> Array:
    return correlate(call, x=call.x[:, : call.filters.shape[1]], groups=1)


@mistake("every group sees the channels of the last")
def every_group_sees_the_last(call: Call) -> Array:
    return correlate(call, x=call.x[:, -call.filters.shape[1] :], groups=1)


@mistake("groups see the channels of each other, in reverse order")
def groups_reversed(call: Call) -> Array:
    parts = np.split(call.x, call.groups, axis=1)
    return correlate(call, x=np.concatenate(parts[::-1], axis=1))


@mistake("groups are shifted: each sees the channels of the next")
def groups_shifted(call: Call) -> Array:
    return correlate(call, x=np.roll(call.x, -call.filters.shape[1], axis=1))


@mistake("the filters of the first group are repeated for every group")
def first_group_repeated(call: Call) -> Array:
    bank = call.filters[: len(call.filters) // call.groups]
    return correlate(call, filters=np.concatenate([bank] * call.groups))


@mistake("the filter of the first group is used for every group")
def first_filter_for_every_group(call: Call) -> Array:
    several = call.groups > 1
    return correlate(call, filters=_all_like_the_first(call.filters) if several else call.filters)


@mistake("groups are ignored: every filter is spread over all channels")
def groups_ignored(call: Call) -> Array:
    return correlate(
        call, filters=np.tile(call.filters, (1, call.groups, *(1,) * call.axes)), groups=1
    )


def _dealt(count: int, groups: int) -> Array:
    return np.arange(count).reshape(-1, groups).T.ravel()


def _all_like_the_first(a: Array) -> Array:
    return np.broadcast_to(a[:1], a.shape)


# -- Channels and filters -----------------------------------------------------------------------


@mistake("the input channels are in reverse order")
def input_channels_reversed(call: Call) -> Array:
    return correlate(call, x=call.x[:, ::-1])


@mistake("the channels of each filter are in reverse order")
def channels_of_filters_reversed(call: Call) -> Array:
    return correlate(call, filters=call.filters[:, ::-1])


@mistake("the first and the last input channel are exchanged")
def outer_channels_exchanged(call: Call) -> Array:
    order = np.arange(call.x.shape[1])
    order[[0, -1]] = order[[-1, 0]]
    return correlate(call, x=call.x[:, order])


@mistake("the last two input channels are exchanged")
def last_channels_exchanged(call: Call) -> Array:
    order = np.arange(call.x.shape[1])
    order[-2:] = order[-2:][::-1]
    return correlate(call, x=call.x[:, order])


@mistake("only the first input channel of each group counts")
def first_channel_only(call: Call) -> Array:
    return correlate(call, filters=_kept(call.filters, slice(0, 1)))


@mistake("the last input channel is left out")
def last_channel_left_out(call: Call) -> Array:
    several = call.filters.shape[1] > 1
    return correlate(call, filters=_kept(call.filters, slice(0, -1)) if several else call.filters)


@mistake("the first input channel is left out")
def first_channel_left_out(call: Call) -> Array:
    several = call.filters.shape[1] > 1
    return correlate(call, filters=_kept(call.filters, slice(1, None)) if several else call.filters)


@mistake("the first input channel counts twice")
def first_channel_counts_twice(call: Call) -> Array:
    filters = call.filters.copy()
    if filters.shape[1] > 1:
        filters[:, 0] *= 2
    return correlate(call, filters=filters)


@mistake("the last input channel counts twice")
def last_channel_counts_twice(call: Call) -> Array:
    filters = call.filters.copy()
    if filters.shape[1] > 1:
        filters[:, -1] *= 2
    return correlate(call, filters=filters)


@mistake("every channel is used with the first slice of a filter")
def first_slice_for_every_channel(call: Call) -> Array:
    return correlate(call, filters=np.broadcast_to(call.filters[:, :1], call.filters.shape))


@mistake("channels are averaged before the filters are applied")
def channels_averaged_first(call: Call) -> Array:
    mean = call.x.astype("float64").mean(axis=1, keepdims=True)
    return correlate(call, x=np.broadcast_to(mean, call.x.shape))


@mistake("channels are added up with alternating signs")
def channels_with_alternating_signs(call: Call) -> Array:
    signs = (-1.0) ** np.arange(call.filters.shape[1]).reshape(-1, *(1,) * call.axes)
    return correlate(call, filters=call.filters * signs)


@mistake("the last filter is replaced by the first")
def last_filter_replaced_by_the_first(call: Call) -> Array:
    return correlate(call, filters=np.concatenate([call.filters[:-1], call.filters[:1]]))


@mistake("the sum over the channels is divided by their number: a mean, not a sum")
def mean_over_the_channels(call: Call) -> Array:
    return np.asarray((correlate(call) - offset(call)) / call.filters.shape[1] + offset(call))


@mistake("the feature maps are in reverse order")
def feature_maps_reversed(call: Call) -> Array:
    return correlate(call)[:, ::-1]


@mistake("the feature maps are shifted by one: the last comes first")
def feature_maps_shifted(call: Call) -> Array:
    return np.roll(correlate(call), 1, axis=1)


@mistake("the filters are in reverse order, and the bias is not")
def filters_reversed(call: Call) -> Array:
    return correlate(call, filters=call.filters[::-1])


@mistake("the first filter is used for every feature map")
def first_filter_for_every_map(call: Call) -> Array:
    return correlate(call, filters=_all_like_the_first(call.filters))


@mistake("the first feature map is repeated in place of the others")
def first_map_repeated(call: Call) -> Array:
    result = correlate(call)
    return np.broadcast_to(result[:, :1], result.shape)


@mistake("filters are sorted by their sum first")
def filters_sorted(call: Call) -> Array:
    sums = call.filters.astype("float64").reshape(len(call.filters), -1).sum(axis=1)
    return correlate(call, filters=call.filters[np.argsort(sums, kind="stable")])


@mistake("input channels and filters are exchanged: the first two axes of the filters")
def filter_axes_exchanged(call: Call) -> Array:
    turned = call.filters.swapaxes(0, 1)
    return correlate(call, filters=turned if turned.shape == call.filters.shape else call.filters)


def _kept(filters: Array, channels: slice) -> Array:
    bank = np.zeros_like(filters)
    bank[:, channels] = filters[:, channels]
    return bank


def _limited(limit: int) -> None:
    @mistake(f"input channels beyond {limit} are left out", f"channels_beyond_{limit}_left_out")
    def channels(call: Call) -> Array:
        return correlate(call, filters=_kept(call.filters, slice(0, limit)))

    @mistake(
        f"input channels are taken in blocks of {limit}, and those left over are left out",
        f"channels_in_blocks_of_{limit}",
    )
    def blocks(call: Call) -> Array:
        count = call.filters.shape[1]
        whole = count // limit * limit
        return correlate(call, filters=_kept(call.filters, slice(0, whole or count)))

    @mistake(
        f"input channels beyond {limit} repeat those before them",
        f"channels_beyond_{limit}_repeat",
    )
    def repeat(call: Call) -> Array:
        order = np.arange(call.x.shape[1]) % limit
        return correlate(call, x=call.x[:, order])

    @mistake(
        f"feature maps beyond {limit} repeat the first",
        f"maps_beyond_{limit}_repeat_the_first",
    )
    def maps(call: Call) -> Array:
        result = correlate(call).copy()
        result[:, limit:] = result[:, :1]
        return result

    @mistake(
        f"feature maps beyond {limit} repeat those before them",
        f"maps_beyond_{limit}_repeat",
    )
    def maps_again(call: Call) -> Array:
        return correlate(call)[:, np.arange(len(call.filters)) % limit]

    @mistake(f"items beyond {limit} of a batch repeat the first", f"items_beyond_{limit}_first")
    def items(call: Call) -> Array:
        result = correlate(call).copy()
        result[limit:] = result[:1]
        return result

    @mistake(
        f"items beyond {limit} of a batch repeat those before them", f"items_beyond_{limit}_repeat"
    )
    def items_again(call: Call) -> Array:
        return correlate(call)[np.arange(len(call.x)) % limit]


for _limit in (2, 4, 8, 16, 32, 64, 128):
    _limited(_limit)


@mistake("the feature maps left over after blocks of 4 repeat the first")
def maps_after_blocks_repeat_the_first(call: Call) -> Array:
    result = correlate(call).copy()
    tail = result.shape[1] % 4
    if result.shape[1] > 4 and tail:
        result[:, -tail:] = result[:, :1]
    return result


# -- Batches ------------------------------------------------------------------------------------


@mistake("the items of a batch are in reverse order")
def batch_reversed(call: Call) -> Array:
    return correlate(call)[::-1]


@mistake("the items of a batch are shifted by one")
def batch_shifted(call: Call) -> Array:
    return np.roll(correlate(call), 1, axis=0)


@mistake("the items of a batch are shifted by one, the other way")
def batch_shifted_back(call: Call) -> Array:
    return np.roll(correlate(call), -1, axis=0)


@mistake("every item of a batch has the result of the first")
def first_item_repeated(call: Call) -> Array:
    result = correlate(call)
    return np.broadcast_to(result[:1], result.shape)


@mistake("every item of a batch has the result of the last")
def last_item_repeated(call: Call) -> Array:
    result = correlate(call)
    return np.broadcast_to(result[-1:], result.shape)


@mistake("items of a batch leak: each adds to the result of the next")
def items_leak(call: Call) -> Array:
    result = correlate(call)
    return np.concatenate([result[:1], result[1:] + result[:-1]])


@mistake("items of a batch pile up: each result holds the sum of those before it")
def items_pile_up(call: Call) -> Array:
    return np.cumsum(correlate(call), axis=0)


@mistake("results are averaged over the batch")
def mean_over_the_batch(call: Call) -> Array:
    result = correlate(call)
    return np.broadcast_to(result.mean(axis=0, keepdims=True), result.shape)


@mistake("the axes of batch and channels of the result are exchanged")
def batch_and_maps_exchanged(call: Call) -> Array:
    return correlate(call).swapaxes(0, 1)


@mistake("an empty batch is taken as one item of zeros")
def empty_batch_is_one_item(call: Call) -> Array:
    if len(call.x):
        return correlate(call)
    return correlate(call, x=np.zeros((1, *call.x.shape[1:])))


@mistake("an input without channels gives a result without channels")
def no_channels_give_no_feature_maps(call: Call) -> Array:
    right = correlate(call)
    return right if call.x.shape[1] else right[:, :0]
