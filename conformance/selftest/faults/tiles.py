"""Faults of fast kernels: vectors, tiles and blocks, their borders, and what is left over."""

from typing import Any

import numpy as np

from conformance.selftest.faults.catalogue import fault
from conformance.selftest.faults.geometry import explicit
from reference import cross_correlate
from reference.geometry import Array


@fault("CORR-1")
def rest_of_a_vector_of_eight_repeats_the_last(
    x: Array, filters: Array, bias: Any, **p: Any
) -> Array:
    result = cross_correlate(x, filters, bias, **p).copy()
    rest = result.shape[-1] % 8
    if result.shape[-1] > 8 and rest:
        result[..., -rest:] = result[..., -rest - 1, None]
    return result


@fault("CORR-1")
def rest_of_a_vector_of_sixteen_never_written(
    x: Array, filters: Array, bias: Any, **p: Any
) -> Array:
    result = cross_correlate(x, filters, bias, **p).copy()
    width = result.shape[-1]
    if width > 16:
        result[..., width - width % 16 :] = 0
    return result


@fault("CORR-1")
def second_tile_starts_one_late(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    result = cross_correlate(x, filters, bias, **p).copy()
    result[..., 16:-1] = result[..., 17:]
    return result


@fault("CORR-1")
def tiles_do_not_see_their_neighbours(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    """The input is cut into tiles of 16, and a window that reaches into the next one finds zeros
    there.
    """
    result = cross_correlate(x, filters, bias, **p).copy()
    low = explicit(x, filters, p)[-1][0]
    starts = np.arange(result.shape[-1]) * p["stride"][-1] - low
    for tile in range(0, x.shape[-1], 16):
        alone = np.zeros_like(x)
        alone[..., tile : tile + 16] = x[..., tile : tile + 16]
        mine = (starts >= tile) & (starts < tile + 16)
        result[..., mine] = cross_correlate(alone, filters, bias, **p)[..., mine]
    return result


@fault("CORR-5")
def seams_of_tiles_counted_twice(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    result = cross_correlate(x, filters, bias, **p).copy()
    result[..., 8::8] *= 2
    return result


@fault("CORR-5")
def first_column_never_written(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    result = cross_correlate(x, filters, bias, **p).copy()
    if result.shape[-1] > 1:
        result[..., 0] = 0
    return result


@fault("CORR-1")
def rows_in_pairs_the_odd_one_left_out(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    result = cross_correlate(x, filters, bias, **p).copy()
    if result.ndim > 3 and result.shape[-2] > 1 and result.shape[-2] % 2:
        result[..., -1, :] = 0
    return result


@fault("CORR-1")
def positions_counted_in_eight_bits(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    """The 257th value of a feature map is written over the first."""
    result = cross_correlate(x, filters, bias, **p)
    flat = result.reshape(*result.shape[:2], -1) if result.size else result
    if flat.shape[2] <= 256:
        return result
    wrapped = np.zeros_like(flat)
    for begin in range(0, flat.shape[2], 256):
        part = flat[..., begin : begin + 256]
        wrapped[..., : part.shape[2]] = part
    return wrapped.reshape(result.shape)


@fault("LESSON-1")
def values_beyond_a_million_never_written(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    result = cross_correlate(x, filters, bias, **p).copy()
    result.reshape(-1)[1 << 20 :] = 0
    return result


@fault("LESSON-1")
def items_beyond_1024_never_written(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    result = cross_correlate(x, filters, bias, **p).copy()
    result[1024:] = 0
    return result


@fault("CORR-1")
def taps_beyond_16_left_out(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    bank = filters.copy()
    bank.reshape(*bank.shape[:2], -1)[..., 16:] = 0
    return cross_correlate(x, bank, bias, **p)


@fault("CORR-1")
def taps_in_fours_the_rest_left_out(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    bank = filters.copy()
    width = bank.shape[-1]
    if width > 4:
        bank[..., width - width % 4 :] = 0
    return cross_correlate(x, bank, bias, **p)


@fault("CORR-1")
def middle_tap_of_long_kernels_counted_twice(
    x: Array, filters: Array, bias: Any, **p: Any
) -> Array:
    """A kernel of 5 or more is cut into two halves, and an odd one's middle is in both."""
    bank = filters.copy()
    width = bank.shape[-1]
    if width >= 5 and width % 2:
        bank[..., width // 2] *= 2
    return cross_correlate(x, bank, bias, **p)


@fault("CORR-6")
def centre_tap_left_out(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    bank = filters.copy()
    if bank.shape[-1] > 2:
        bank[..., (bank.shape[-1] - 1) // 2] = 0
    return cross_correlate(x, bank, bias, **p)


@fault("CHAN-1")
def filters_in_eights_the_rest_never_written(
    x: Array, filters: Array, bias: Any, **p: Any
) -> Array:
    result = cross_correlate(x, filters, bias, **p).copy()
    if len(filters) > 8:
        result[:, len(filters) // 8 * 8 :] = 0
    return result


@fault("CHAN-1")
def bias_of_the_first_sixteen_maps_repeated(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    repeated = None if bias is None else bias[np.arange(len(bias)) % 16]
    return cross_correlate(x, filters, repeated, **p)


@fault("CHAN-1")
def maps_shared_by_filters_that_start_alike(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    starts = filters.reshape(len(filters), -1)[:, 0].tolist()
    first = [starts.index(value) for value in starts]
    return cross_correlate(x, filters, bias, **p)[:, first]


@fault("CHAN-2")
def channels_in_eights_the_rest_left_out(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    bank = filters.copy()
    if bank.shape[1] > 8:
        bank[:, bank.shape[1] // 8 * 8 :] = 0
    return cross_correlate(x, bank, bias, **p)


@fault("CHAN-2")
def second_block_of_16_channels_replaces_the_first(
    x: Array, filters: Array, bias: Any, **p: Any
) -> Array:
    bank = filters.copy()
    bank[:, : (bank.shape[1] - 1) // 16 * 16] = 0
    return cross_correlate(x, bank, bias, **p)


@fault("CHAN-2")
def odd_channel_paired_with_itself(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    """Channels are read in pairs, and the last of an odd number counts twice."""
    bank = filters.copy()
    if bank.shape[1] > 1 and bank.shape[1] % 2:
        bank[:, -1] *= 2
    return cross_correlate(x, bank, bias, **p)


@fault("CHAN-2")
def padded_channels_read_beyond_the_end(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    """Channels are rounded up to a multiple of four, and what lies behind the last is the first."""
    result = cross_correlate(x, filters, bias, **p)
    if p["groups"] > 1 or filters.shape[1] % 4 == 0 or filters.shape[1] < 4:
        return result
    return result + cross_correlate(x[:, :1], filters[:, :1], None, **p)


@fault("CHAN-4")
def groups_in_fours_the_rest_never_written(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    result = cross_correlate(x, filters, bias, **p).copy()
    if p["groups"] > 4:
        result[:, p["groups"] // 4 * 4 * (len(filters) // p["groups"]) :] = 0
    return result


@fault("CHAN-5")
def groups_beyond_eight_see_the_first(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    surplus = p["groups"] - 8
    if surplus > 0:
        first = x[:, : filters.shape[1]]
        x = np.concatenate([x[:, : 8 * filters.shape[1]], *[first] * surplus], axis=1)
    return cross_correlate(x, filters, bias, **p)


@fault("CHAN-8")
def last_item_of_an_odd_batch_never_written(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    result = cross_correlate(x, filters, bias, **p).copy()
    if len(x) > 1 and len(x) % 2:
        result[-1] = 0
    return result


@fault("CHAN-8")
def items_in_sixteens_the_rest_never_written(
    x: Array, filters: Array, bias: Any, **p: Any
) -> Array:
    result = cross_correlate(x, filters, bias, **p).copy()
    if len(x) > 16:
        result[len(x) // 16 * 16 :] = 0
    return result


@fault("CORR-1", "float16")
def odd_widths_lose_a_value_in_float16(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    """Numbers of two bytes are written in pairs."""
    result = cross_correlate(x, filters, bias, **p).copy()
    if x.dtype == "float16" and result.shape[-1] % 2:
        result[..., -1] = 0
    return result


@fault("CHAN-2", "float16")
def channels_beyond_eight_left_out_in_float16(
    x: Array, filters: Array, bias: Any, **p: Any
) -> Array:
    bank = filters.copy()
    if x.dtype == "float16":
        bank[:, 8:] = 0
    return cross_correlate(x, bank, bias, **p)
