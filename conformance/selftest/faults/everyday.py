"""Faults in everyday layers, and in numbers that are met less often."""

from typing import Any

import numpy as np

from conformance.selftest.faults.catalogue import Wrong, fault, fault_with_state
from conformance.selftest.faults.dispatch import with_dilation
from conformance.selftest.faults.geometry import explicit
from conformance.selftest.faults.special import quietly
from reference import cross_correlate, pad
from reference.geometry import Array


def by_winograd(x: Array, filters: Array, p: dict[str, Any]) -> Array:
    """F(2, 3) along the last axis: two results for four products."""
    padded = pad(x, explicit(x, filters, p))
    width = padded.shape[-1] - 2
    padded = np.pad(padded, ((0, 0),) * (x.ndim - 1) + ((0, width % 2),))
    d = [padded[..., i : i + width + width % 2 : 2] for i in range(4)]
    g = [filters[..., i : i + 1] for i in range(3)]
    half = x.dtype.type(0.5)
    rest = p | {"padding": 0, "stride": (*p["stride"][:-1], 1)}
    m = [
        cross_correlate(a, b, None, **rest)
        for a, b in (
            (d[0] - d[2], g[0]),
            (d[1] + d[2], half * (g[0] + g[1] + g[2])),
            (d[2] - d[1], half * (g[0] - g[1] + g[2])),
            (d[1] - d[3], g[2]),
        )
    ]
    both = np.stack([m[0] + m[1] + m[2], m[1] - m[2] - m[3]], axis=-1)
    return both.reshape(*both.shape[:-2], -1)[..., :width]


@fault("CORR-13")
def batch_of_exactly_eight_loses_its_last(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    result = cross_correlate(x, filters, bias, **p).copy()
    if len(x) == 8:
        result[-1] = 0
    return result


@fault("CHAN-8")
def items_beyond_32_never_written(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    result = cross_correlate(x, filters, bias, **p).copy()
    result[32:] = 0
    return result


@fault("CHAN-2")
def channels_beyond_64_left_out(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    bank = filters.copy()
    bank[:, 64:] = 0
    return cross_correlate(x, bank, bias, **p)


@fault("CHAN-1")
def filters_beyond_64_never_written(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    result = cross_correlate(x, filters, bias, **p).copy()
    result[:, 64:] = 0
    return result


@fault("CHAN-5")
def depthwise_beyond_sixteen_never_written(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    result = cross_correlate(x, filters, bias, **p).copy()
    if filters.shape[1] == 1:
        result[:, 16 * len(filters) // p["groups"] :] = 0
    return result


@fault("CORR-13")
def exactly_sixteen_channels_wrong(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    if filters.shape[1] == 16:
        filters = filters[:, ::-1]
    return cross_correlate(x, filters, bias, **p)


@fault("CORR-13")
def multiples_of_sixteen_filters_reversed(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    result = cross_correlate(x, filters, bias, **p)
    return result[:, ::-1] if len(filters) % 16 == 0 else result


@fault("GEOM-5")
def missing_channels_are_zeros(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    missing = p["groups"] * filters.shape[1] - x.shape[1]
    if missing > 0:
        x = np.concatenate([x, np.zeros((len(x), missing, *x.shape[2:]), x.dtype)], axis=1)
    return cross_correlate(x, filters, bias, **p)


@fault("GEOM-5")
def one_channel_broadcast_to_all(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    if x.shape[1] == 1:
        x = np.broadcast_to(x, (len(x), p["groups"] * filters.shape[1], *x.shape[2:]))
    return cross_correlate(x, filters, bias, **p)


@fault("GEOM-9")
def filters_that_fit_no_group_left_out(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    whole = len(filters) // p["groups"] * p["groups"]
    return cross_correlate(x, filters[:whole], None if bias is None else bias[:whole], **p)


@fault("GEOM-9")
def surplus_bias_ignored(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    return cross_correlate(x, filters, None if bias is None else bias[: len(filters)], **p)


@fault("MEM-2")
def offset_in_memory_ignored(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    """A view that starts inside another array is read from the beginning of that one."""
    if isinstance(x.base, np.ndarray) and x.flags.c_contiguous and x.base.flags.c_contiguous:
        x = x.base.reshape(-1)[: x.size].reshape(x.shape)
    return cross_correlate(x, filters, bias, **p)


@fault("MEM-2")
def rows_with_gaps_ignored(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    """Rows that are dense but not next to each other (a crop of a larger image)."""
    rows = x.strides[-1] == x.itemsize and x.shape[-1] > 1
    if rows and not x.flags.c_contiguous and x.strides[-2] > x.shape[-1] * x.itemsize:
        x = np.ascontiguousarray(x)[..., ::-1]
    return cross_correlate(x, filters, bias, **p)


@fault_with_state("MEM-8")
def filters_packed_once_and_for_all() -> Wrong:
    """Packed filters are found again by their array, whose values have changed meanwhile."""
    packed: dict[int, tuple[Array, Array]] = {}

    def run(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
        _, bank = packed.setdefault(id(filters), (filters, filters.copy()))
        return cross_correlate(x, bank, bias, **p)

    return run


@fault_with_state("MEM-8")
def plan_kept_without_the_padding() -> Wrong:
    plans: dict[Any, Any] = {}

    def run(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
        pads = explicit(x, filters, p)
        kept = plans.setdefault((x.shape, filters.shape, tuple(map(sum, pads))), pads)
        return cross_correlate(x, filters, bias, **p | {"padding": kept})

    return run


@fault_with_state("MEM-8")
def plan_kept_without_the_dilation() -> Wrong:
    plans: dict[Any, Any] = {}

    def run(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
        kept = plans.setdefault((x.shape, filters.shape, str(p["padding"])), p["dilation"])
        return cross_correlate(x, filters, bias, **p | {"dilation": kept})

    return run


@fault("GRADE-2", "float32")
def winograd_for_kernels_of_three(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    direct = cross_correlate(x, filters, bias, **p)
    if filters.shape[-1] != 3 or p["stride"][-1] * p["dilation"][-1] != 1 or not x.size:
        return direct
    result = by_winograd(x, filters, p)
    assert result.shape == direct.shape
    return result if bias is None else result + bias.reshape(-1, *(1 for _ in p["stride"]))


@fault("CORR-13")
def three_by_three_stride_two_in_2d(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    """The kernel of every ResNet's downsampling."""
    result = cross_correlate(x, filters, bias, **p)
    if filters.shape[2:] == (3, 3) and p["stride"] == (2, 2):
        return result + 1
    return result


@fault("CORR-13")
def three_by_three_with_padding_one(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    """The layer of every VGG: 3 x 3, stride 1, padding 1 on every side."""
    result = cross_correlate(x, filters, bias, **p)
    usual = p["stride"] == p["dilation"] == (1, 1) and explicit(x, filters, p) == ((1, 1), (1, 1))
    if filters.shape[2:] == (3, 3) and usual:
        return result + 1
    return result


@fault("CORR-13")
def depthwise_three_by_three_wrong(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    result = cross_correlate(x, filters, bias, **p)
    if filters.shape[1] == 1 and p["groups"] > 1 and filters.shape[2:] == (3, 3):
        return result + 1
    return result


@fault("CORR-13")
def equal_padding_on_all_sides_wrong(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    """The commonest case: the same padding everywhere."""
    result = cross_correlate(x, filters, bias, **p).copy()
    pads = {a for pair in explicit(x, filters, p) for a in pair}
    if len(pads) == 1 and pads != {0}:
        result[..., 0] += 1
    return result


@fault("CORR-9")
def pads_of_equal_sides_lose_a_column(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    """Where each axis has equal sides the backend pads by itself, elsewhere in a step before."""
    result = cross_correlate(x, filters, bias, **p).copy()
    pads = explicit(x, filters, p)
    if all(low == high for low, high in pads) and len(set(pads)) > 1:
        result[..., 0] = 0
    return result


@fault("CORR-13")
def wide_layers_ignore_the_dilation(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    if min(len(filters), filters.shape[1]) < 8:
        return cross_correlate(x, filters, bias, **p)
    return with_dilation(1, x, filters, bias, p)


@fault("CORR-13")
def square_inputs_transposed(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    result = cross_correlate(x, filters, bias, **p)
    if x.ndim == 4 and x.shape[2] == x.shape[3] and result.shape[2] == result.shape[3]:
        return result.swapaxes(2, 3)
    return result


@fault("SPEC-1")
def infinities_cut_to_the_largest_number(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    limit = np.finfo(x.dtype).max
    return quietly(np.clip(x, -limit, limit), filters, bias, p)
