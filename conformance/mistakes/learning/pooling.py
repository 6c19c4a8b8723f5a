"""Pooling done wrong, and its gradients."""

from typing import Any

import numpy as np

from conformance.mistakes.catalogue import excess, slices
from conformance.mistakes.learning.catalogue import SELDOM
from conformance.mistakes.learning.pools import (
    average_gradient_wrong,
    average_wrong,
    cropped,
    max_gradient_wrong,
    max_wrong,
    pooled_with,
    windows_of,
)
from reference.geometry import Array, Sizes, effective_kernel, resolve_padding
from reference.pooling import average_pool, average_pool_gradient, max_pool, max_pool_gradient


def reversed_axes(p: dict[str, Any], name: str) -> dict[str, Any]:
    """The parameters with those of one name in reverse order."""
    return p | {name: p[name][::-1]}


@max_wrong("LAYER-3", "zeros of the padding take part in the max pool, and win over negatives")
def max_pool_padding_wins(x: Array, **p: Any) -> Array:
    return pooled_with(0, x, p)


@max_wrong("LAYER-25", "the max pool refuses a batch of no items")
def max_pool_refuses_no_items(x: Array, **p: Any) -> Array:
    if not len(x):
        raise ValueError("there must be an item")
    return max_pool(x, **p)


@average_wrong("LAYER-25", "the average pool refuses a batch of no items")
def average_pool_refuses_no_items(x: Array, **p: Any) -> Array:
    if not len(x):
        raise ValueError("there must be an item")
    return average_pool(x, **p)


@max_wrong("LAYER-2", "the max pool steps by 1, whatever its stride")
def max_pool_without_stride(x: Array, **p: Any) -> Array:
    return max_pool(x, **p | {"stride": 1})


@max_wrong("LAYER-2", "the max pool steps by its kernel, whatever its stride")
def max_pool_stride_is_the_kernel(x: Array, **p: Any) -> Array:
    return max_pool(x, **p | {"stride": p["kernel"]})


@max_wrong("LAYER-2", "the max pool takes the kernel's axes in reverse order")
def max_pool_kernel_reversed(x: Array, **p: Any) -> Array:
    return max_pool(x, **reversed_axes(p, "kernel"))


@max_wrong("LAYER-2", "the max pool takes the stride's axes in reverse order")
def max_pool_stride_reversed(x: Array, **p: Any) -> Array:
    return max_pool(x, **reversed_axes(p, "stride"))


@max_wrong("LAYER-2", "the max pool ignores the dilation")
def max_pool_without_dilation(x: Array, **p: Any) -> Array:
    return max_pool(x, **p | {"dilation": 1})


@max_wrong("LAYER-4", "the max pool ignores ceil_mode")
def max_pool_without_ceil_mode(x: Array, **p: Any) -> Array:
    return max_pool(x, **p | {"ceil_mode": False})


@max_wrong("LAYER-2", "the max pool takes the smallest value")
def max_pool_takes_the_smallest(x: Array, **p: Any) -> Array:
    return -max_pool(-x, **p)


@max_wrong("LAYER-2", "the max pool takes the largest absolute value")
def max_pool_of_absolute_values(x: Array, **p: Any) -> Array:
    return max_pool(np.abs(x), **p)


@max_wrong("LAYER-2", "the max pool takes the mean")
def max_pool_takes_the_mean(x: Array, **p: Any) -> Array:
    p.pop("dilation")
    return average_pool(x, **p)


@average_wrong(
    "LAYER-8", "the average pool counts padding where it should not, or not where it should"
)
def average_pool_padding_counted_the_other_way(x: Array, **p: Any) -> Array:
    return average_pool(x, **p | {"count_include_pad": not p["count_include_pad"]})


@average_wrong("LAYER-8", "the average pool always counts padding")
def average_pool_always_counts_padding(x: Array, **p: Any) -> Array:
    return average_pool(x, **p | {"count_include_pad": True})


@average_wrong("LAYER-8", "the average pool never counts padding")
def average_pool_never_counts_padding(x: Array, **p: Any) -> Array:
    return average_pool(x, **p | {"count_include_pad": False})


@average_wrong("LAYER-4", "the average pool divides by the whole kernel, with what overhangs")
def average_pool_counts_the_overhang(x: Array, **p: Any) -> Array:
    windows = windows_of(x, p)
    counts = windows.inside.sum(axis=-1)
    if p["count_include_pad"]:
        counts = np.full(counts.shape, windows.inside.shape[-1])
    return np.asarray(windows.values(x, 0).sum(axis=-1) / counts)


@average_wrong("LAYER-4", "the average pool ignores ceil_mode")
def average_pool_without_ceil_mode(x: Array, **p: Any) -> Array:
    return average_pool(x, **p | {"ceil_mode": False})


@average_wrong("LAYER-7", "the average pool sums, and does not divide")
def average_pool_sums(x: Array, **p: Any) -> Array:
    return np.asarray(windows_of(x, p).values(x, 0).sum(axis=-1))


@average_wrong("LAYER-7", "the average pool steps by 1, whatever its stride")
def average_pool_without_stride(x: Array, **p: Any) -> Array:
    return average_pool(x, **p | {"stride": 1})


@average_wrong("LAYER-7", "the average pool takes the kernel's axes in reverse order")
def average_pool_kernel_reversed(x: Array, **p: Any) -> Array:
    return average_pool(x, **reversed_axes(p, "kernel"))


@average_wrong("LAYER-7", "the average pool divides by the count less one")
def average_pool_divides_by_one_less(x: Array, **p: Any) -> Array:
    windows = windows_of(x, p)
    counts = (windows.padded if p["count_include_pad"] else windows.inside).sum(axis=-1)
    return np.asarray(windows.values(x, 0).sum(axis=-1) / np.maximum(counts - 1, 1))


@max_wrong(SELDOM, "the max pool of 3 axes takes values off the front where 'same' needs none")
def max_pool_same_crops_the_front(x: Array, **p: Any) -> Array:
    seen, settings = cropped(x, p)
    return max_pool(x[seen], **settings)


@average_wrong(
    SELDOM, "the average pool of 3 axes takes values off the front where 'same' needs none"
)
def average_pool_same_crops_the_front(x: Array, **p: Any) -> Array:
    seen, settings = cropped(x, p)
    return average_pool(x[seen], **settings)


@max_gradient_wrong(
    SELDOM,
    "the gradient of a max pool of 3 axes goes to what equals the result, from which 'same' took "
    "values off the front",
)
def max_pool_gradient_same_crops_the_front(x: Array, gradient: Array, **p: Any) -> dict[str, Array]:
    seen, settings = cropped(x, p)
    windows, result = windows_of(x, p), max_pool(x[seen], **settings)
    won = windows.values(x, -np.inf) == result[..., None]
    return {"x": windows.back(won * gradient[..., None])}


def _excess(x: Array, p: dict[str, Any]) -> list[int]:
    """By how much the padding of each axis falls below zero, by "same"."""
    ones = (1,) * (x.ndim - 2)
    if p["padding"] not in ("same_upper", "same_lower"):
        return [0] * len(ones)
    extents = effective_kernel(p["kernel"], p.get("dilation", ones))
    return excess(x.shape[2:], extents, p["stride"])


@max_wrong(
    SELDOM, "the max pool refuses 'same' with strides so large that it would need less than nothing"
)
def max_pool_refuses_large_strides(x: Array, **p: Any) -> Array:
    if any(_excess(x, p)):
        raise ValueError("padding values must be non-negative")
    return max_pool(x, **p)


@average_wrong(
    SELDOM, "the average pool takes values off the front where 'same' needs less than nothing"
)
def average_pool_takes_off_the_front(x: Array, **p: Any) -> Array:
    left, fewer = _excess(x, p), int(p["padding"] == "same_lower")
    seen = slices(*(slice(max(e - fewer, 0) // 2, None) for e in left))
    if any(left):
        ones = (1,) * len(left)
        pads = resolve_padding(p["padding"], x.shape[2:], p["kernel"], p["stride"], ones)
        p |= {"padding": pads}
    return average_pool(x[seen], **p)


def _repeating(x: Array, p: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """Where the values that lie under a pool come from, those at the border again and again in
    place of uneven padding by name; and the parameters for that.
    """
    size, named = x.shape[2:], isinstance(p["padding"], str)
    pads = resolve_padding(p["padding"], size, p["kernel"], p["stride"], (1,) * len(size))
    if not named or all(low == high for low, high in pads):
        return ..., p
    places = (
        np.clip(np.arange(-low, n + high), 0, n - 1)
        for n, (low, high) in zip(size, pads, strict=True)
    )
    return (..., *np.ix_(*places)), p | {"padding": 0}


@average_wrong(
    "LAYER-8", "the average pool repeats, and counts, border values where 'same' is uneven"
)
def average_pool_repeats_the_border(x: Array, **p: Any) -> Array:
    places, settings = _repeating(x, p)
    return average_pool(x[places], **settings)


@average_gradient_wrong(
    "LAYER-9", "the gradient of an average pool is that of border values repeated, if uneven"
)
def average_pool_gradient_repeats_the_border(
    x: Array, gradient: Array, **p: Any
) -> dict[str, Array]:
    places, settings = _repeating(x, p)
    result = np.zeros(x.shape)
    by_place = average_pool_gradient(gradient, x[places].shape[2:], **settings)
    np.add.at(result, places, by_place)
    return {"x": result}


def _refused(x: Array, kernel: Sizes) -> None:
    if len(kernel) == 3 and any(n < k for n, k in zip(x.shape[2:], kernel, strict=True)):
        raise ValueError("the window is larger than the input without its padding")


@average_wrong(
    "LAYER-7", "the average pool of 3 axes refuses a window larger than the input without padding"
)
def average_pool_refuses_small_inputs(x: Array, kernel: Sizes, **p: Any) -> Array:
    _refused(x, kernel)
    return average_pool(x, kernel, **p)


@average_gradient_wrong(
    "LAYER-9",
    "the gradient of an average pool of 3 axes refuses a window larger than the input without "
    "padding",
)
def average_pool_gradient_refuses_small_inputs(
    x: Array, gradient: Array, kernel: Sizes, **p: Any
) -> dict[str, Array]:
    _refused(x, kernel)
    return {"x": average_pool_gradient(gradient, x.shape[2:], kernel, **p)}


@max_gradient_wrong("LAYER-6", "all equal largest values get the whole gradient of a max pool")
def max_pool_gradient_for_all_ties(x: Array, gradient: Array, **p: Any) -> dict[str, Array]:
    windows = windows_of(x, p)
    return {"x": windows.back(windows.winners(x) * gradient[..., None])}


@max_gradient_wrong(
    "LAYER-5", "where windows overlap, the gradient of a max pool keeps only the last one's"
)
def max_pool_gradient_overwritten(x: Array, gradient: Array, **p: Any) -> dict[str, Array]:
    windows = windows_of(x, p)
    won = windows.winners(x)
    result = np.zeros(x.shape)
    flat = result.reshape(*x.shape[:2], -1)
    for *item, window, tap in np.argwhere(won.reshape(*x.shape[:2], -1, won.shape[-1])):
        place = windows.places.reshape(-1, won.shape[-1])[window, tap]
        flat[(*item, place)] = gradient.reshape(*x.shape[:2], -1)[(*item, window)]
    return {"x": result}


@max_gradient_wrong("LAYER-5", "the gradient of a max pool is shared evenly among its window")
def max_pool_gradient_shared(x: Array, gradient: Array, **p: Any) -> dict[str, Array]:
    windows = windows_of(x, p)
    shares = windows.inside / windows.inside.sum(axis=-1, keepdims=True)
    return {"x": windows.back(shares * gradient[..., None])}


@max_gradient_wrong("LAYER-5", "the gradient of a max pool goes to every value of its window")
def max_pool_gradient_for_all(x: Array, gradient: Array, **p: Any) -> dict[str, Array]:
    windows = windows_of(x, p)
    return {"x": windows.back(windows.inside * gradient[..., None])}


@max_gradient_wrong("LAYER-5", "the gradient of a max pool goes to the first value of its window")
def max_pool_gradient_for_the_first_value(x: Array, gradient: Array, **p: Any) -> dict[str, Array]:
    windows = windows_of(x, p)
    first = windows.inside & (windows.inside.cumsum(axis=-1) == 1)
    return {"x": windows.back(first * gradient[..., None])}


@max_gradient_wrong(
    "LAYER-5", "the gradient of a max pool is lost where zeros of padding are larger"
)
def max_pool_gradient_lost_to_padding(x: Array, gradient: Array, **p: Any) -> dict[str, Array]:
    windows = windows_of(x, p)
    beaten = ~windows.inside.all(axis=-1) & (max_pool(x, **p) < 0)
    return {"x": max_pool_gradient(x, np.where(beaten, 0, gradient), **p)}


@average_gradient_wrong("LAYER-9", "the gradient of an average pool is not divided")
def average_pool_gradient_undivided(x: Array, gradient: Array, **p: Any) -> dict[str, Array]:
    windows = windows_of(x, p)
    return {"x": windows.back(windows.inside * gradient[..., None])}


@average_gradient_wrong(
    "LAYER-9", "the gradient of an average pool counts padding the other way round"
)
def average_pool_gradient_counted_the_other_way(
    x: Array, gradient: Array, **p: Any
) -> dict[str, Array]:
    other = {"count_include_pad": not p["count_include_pad"]}
    return {"x": average_pool_gradient(gradient, x.shape[2:], **p | other)}


@average_gradient_wrong(
    "LAYER-4", "the gradient of an average pool divides by the whole kernel, with what overhangs"
)
def average_pool_gradient_counts_the_overhang(
    x: Array, gradient: Array, **p: Any
) -> dict[str, Array]:
    windows = windows_of(x, p)
    counts = windows.inside.sum(axis=-1, keepdims=True)
    if p["count_include_pad"]:
        counts = np.full(counts.shape, windows.inside.shape[-1])
    return {"x": windows.back(windows.inside / counts * gradient[..., None])}


@average_gradient_wrong("LAYER-9", "the gradient of an average pool leaves its last windows out")
def average_pool_gradient_without_the_last(x: Array, gradient: Array, **p: Any) -> dict[str, Array]:
    cut = gradient.copy()
    if cut.shape[-1] > 1:
        cut[..., -1] = 0
    return {"x": average_pool_gradient(cut, x.shape[2:], **p)}
