"""Faults in how arrays lie in memory: those of the filters and the bias, and rarer ones of the
input.
"""

from typing import Any

import numpy as np

from conformance.selftest.faults.catalogue import fault
from conformance.selftest.faults.geometry import explicit
from reference import cross_correlate
from reference.geometry import Array


def as_it_lies(array: Array) -> Array:
    """The values in the order of memory."""
    if min(array.strides, default=0) <= 0:
        return array
    return array.ravel(order="K").reshape(array.shape)


def backwards(array: Array) -> bool:
    return min(array.strides, default=0) < 0


@fault("MEM-1")
def input_wiped_when_padded(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    """The last column is borrowed for the padding."""
    result = cross_correlate(x, filters, bias, **p)
    if x.flags.writeable and explicit(x, filters, p)[-1][1]:
        x[..., -1] = 0
    return result


@fault("MEM-1")
def filters_packed_in_place(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    """Channels are moved to the end, in the memory of the caller."""
    result = cross_correlate(x, filters, bias, **p)
    if filters.flags.writeable:
        filters[...] = np.moveaxis(filters, 1, -1).reshape(filters.shape).copy()
    return result


@fault("MEM-2")
def order_of_the_filters_ignored(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    return cross_correlate(x, as_it_lies(filters), bias, **p)


@fault("MEM-2")
def channels_last_taken_as_channels_first(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    if x.shape[1] > 1 and x.strides[1] == x.itemsize and x.strides[0] == max(x.strides):
        x = as_it_lies(x)
    return cross_correlate(x, filters, bias, **p)


@fault("MEM-2")
def column_order_refused(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    if filters.flags.f_contiguous and not filters.flags.c_contiguous:
        raise ValueError("filters must be C-contiguous")
    return cross_correlate(x, filters, bias, **p)


@fault("MEM-2")
def gaps_in_the_bias_ignored(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    if bias is not None and bias.base is not None and bias.strides[0] == 2 * bias.itemsize:
        bias = bias.base.ravel()[: len(bias)]
    return cross_correlate(x, filters, bias, **p)


@fault("MEM-3")
def backwards_filters_taken_forwards(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    bank = np.flip(filters) if backwards(filters) else filters
    return cross_correlate(x, bank, bias, **p)


@fault("MEM-3")
def backwards_bias_taken_forwards(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    turned = bias is not None and backwards(bias)
    return cross_correlate(x, filters, bias[::-1] if turned else bias, **p)


@fault("MEM-3")
def backwards_batch_taken_forwards(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    return cross_correlate(x[::-1] if x.strides[0] < 0 else x, filters, bias, **p)


@fault("MEM-4")
def read_only_filters_refused(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    if not filters.flags.writeable:
        raise ValueError("buffer source array is read-only")
    return cross_correlate(x, filters, bias, **p)


@fault("MEM-4")
def read_only_bias_ignored(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    if bias is not None and not bias.flags.writeable:
        bias = None
    return cross_correlate(x, filters, bias, **p)


@fault("MEM-4")
def read_only_input_padded_in_place(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    """Where the copy that padding makes is not needed, the input itself is written to."""
    if not np.any(explicit(x, filters, p)) and x.size:
        x[..., 0] = x[..., 0]
    return cross_correlate(x, filters, bias, **p)


@fault("MEM-5")
def empty_batch_keeps_the_input_channels(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    result = cross_correlate(x, filters, bias, **p)
    return result if len(x) else np.zeros((0, x.shape[1], *result.shape[2:]), x.dtype)


@fault("MEM-5")
def empty_batch_keeps_the_input_size(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    result = cross_correlate(x, filters, bias, **p)
    return result if len(x) else np.zeros((0, len(filters), *x.shape[2:]), x.dtype)


@fault("MEM-5")
def empty_batch_gives_a_flat_array(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    return cross_correlate(x, filters, bias, **p) if len(x) else np.zeros((0,), x.dtype)
