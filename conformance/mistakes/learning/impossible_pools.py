"""Pools of which there is no result, which must be refused."""

from collections.abc import Callable
from math import floor, trunc
from typing import Any

import numpy as np

from conformance.mistakes.catalogue import sizes_by_formula, slices
from conformance.mistakes.learning.catalogue import SELDOM
from conformance.mistakes.learning.pools import average_wrong, max_wrong
from reference.geometry import Array, resolve_padding
from reference.pooling import average_pool, max_pool


def _sizes(x: Array, p: dict[str, Any], rounded: Callable[[float], int]) -> list[int]:
    dilation = p.get("dilation", (1,) * (x.ndim - 2))
    pads = resolve_padding(p["padding"], x.shape[2:], p["kernel"], p["stride"], dilation)
    return sizes_by_formula(x.shape[2:], p["kernel"], p["stride"], pads, dilation, rounded)


def _empty(x: Array, sizes: list[int]) -> Array:
    return np.zeros((*x.shape[:2], *(max(0, n) for n in sizes)))


def _empty_if_too_large(pool: Any, x: Array, p: dict[str, Any]) -> Array:
    sizes = _sizes(x, p, floor)
    return np.asarray(pool(x, **p)) if min(sizes) > 0 else _empty(x, sizes)


@max_wrong("LAYER-27", "a max pool whose window is too large gives an empty result, and no error")
def too_large_max_pool_is_empty(x: Array, **p: Any) -> Array:
    return _empty_if_too_large(max_pool, x, p)


@average_wrong(
    "LAYER-27", "an average pool whose window is too large gives an empty result, and no error"
)
def too_large_average_pool_is_empty(x: Array, **p: Any) -> Array:
    return _empty_if_too_large(average_pool, x, p)


def _rounded_towards_zero(pool: Any, x: Array, p: dict[str, Any]) -> Array:
    """A window that is too large by less than a stride counts as one that overhangs."""
    if min(_sizes(x, p, floor)) > 0:
        return np.asarray(pool(x, **p))
    sizes = _sizes(x, p, trunc)
    if min(sizes) < 1:
        return _empty(x, sizes)
    dilation = p.get("dilation", (1,) * (x.ndim - 2))
    within = (
        (n + sum(pads) - 1) // d + 1
        for n, pads, d in zip(x.shape[2:], p["padding"], dilation, strict=True)
    )
    kernel = tuple(map(min, p["kernel"], within))
    return np.asarray(pool(x, **p | {"kernel": kernel})[slices(*map(slice, sizes))])


@max_wrong(
    "LAYER-27", "the size of a max pool is rounded towards zero, so that windows too large have one"
)
def size_of_a_max_pool_rounded_towards_zero(x: Array, **p: Any) -> Array:
    return _rounded_towards_zero(max_pool, x, p)


@average_wrong(
    "LAYER-27",
    "the size of an average pool is rounded towards zero, so that windows too large have one",
)
def size_of_an_average_pool_rounded_towards_zero(x: Array, **p: Any) -> Array:
    return _rounded_towards_zero(average_pool, x, p)


@average_wrong(
    "LAYER-27",
    "the size of an average pool is rounded towards zero, and what overhangs counts as padding",
)
def size_of_an_average_pool_rounded_towards_zero_and_padded(x: Array, **p: Any) -> Array:
    sizes = _sizes(x, p, trunc)
    if min(_sizes(x, p, floor)) > 0 or min(sizes) < 1:
        return _rounded_towards_zero(average_pool, x, p)
    pads = tuple(
        (low, max(high, (out - 1) * step + k - n - low))
        for (low, high), out, step, k, n in zip(
            p["padding"], sizes, p["stride"], p["kernel"], x.shape[2:], strict=True
        )
    )
    whole = average_pool(x, **p | {"padding": pads})
    return np.asarray(whole[slices(*map(slice, sizes))])


@max_wrong("LAYER-27", "a max pool whose stride is 0 steps by its kernel")
def max_pool_without_a_stride_steps_by_its_kernel(x: Array, **p: Any) -> Array:
    steps = zip(p["stride"], p["kernel"], strict=True)
    return max_pool(x, **p | {"stride": tuple(s or k for s, k in steps)})


def _nan_in_packets_of_eight(pool: Any, x: Array, p: dict[str, Any]) -> Array:
    if x.ndim == 4 and x.shape[1] % 8 == 0:
        height, width = _sizes(x, p, trunc)
        if height == 0 < width:
            return np.full((*x.shape[:2], 1, width), np.nan)
    return np.asarray(pool(x, **p))


@max_wrong(
    SELDOM,
    "a max pool of two axes whose window is too high makes NaN of channels that eight divides",
)
def too_high_max_pool_of_packets_of_eight(x: Array, **p: Any) -> Array:
    return _nan_in_packets_of_eight(max_pool, x, p)


@average_wrong(
    SELDOM,
    "an average pool of two axes whose window is too high makes NaN of channels that eight divides",
)
def too_high_average_pool_of_packets_of_eight(x: Array, **p: Any) -> Array:
    return _nan_in_packets_of_eight(average_pool, x, p)
