"""Max pools that go wrong on special values: minus infinity, and NaN."""

from math import prod
from typing import Any

import numpy as np

from conformance.mistakes.learning.catalogue import SELDOM
from conformance.mistakes.learning.pools import (
    cropped,
    max_gradient_wrong,
    max_wrong,
    pooled_with,
    windows_of,
)
from conformance.windows import Windows
from reference.formats import FORMATS
from reference.geometry import Array
from reference.pooling import max_pool, max_pool_gradient


def without_nan(x: Array, **p: Any) -> Array:
    """The max pool that leaves every NaN out."""
    return max_pool(np.where(np.isnan(x), -np.inf, x), **p)


def _with_a_number(x: Array, p: dict[str, Any]) -> Array:
    """Whether a window holds anything above minus infinity."""
    return pooled_with(-np.inf, x, p) > -np.inf


@max_wrong("LAYER-24", "the max pool begins with the lowest finite number")
def max_pool_begins_with_the_lowest_number(x: Array, **p: Any) -> Array:
    return np.asarray(np.maximum(max_pool(x, **p), x.dtype.type(_lowest(x))))


@max_wrong("LAYER-24", "the max pool takes the lowest finite number for padding")
def max_pool_pads_with_the_lowest_number(x: Array, **p: Any) -> Array:
    return pooled_with(_lowest(x), x, p)


@max_wrong(SELDOM, "the max pool takes the lowest finite number for padding on its last axis")
def max_pool_pads_the_last_axis_with_the_lowest_number(x: Array, **p: Any) -> Array:
    last: dict[str, Any] = {k: v if isinstance(v, str | bool) else v[-1:] for k, v in p.items()}
    result, whole = max_pool(x, **p), Windows.of(x.shape[-1:], **last).inside.all(axis=-1)
    return np.where(whole, result, np.maximum(result, x.dtype.type(_lowest(x))))


@max_wrong(
    SELDOM,
    "with padding 'same' the max pool of three axes takes values off the front, and takes the "
    "lowest finite number for padding",
)
def max_pool_same_crops_and_pads_with_the_lowest_number(x: Array, **p: Any) -> Array:
    seen, settings = cropped(x, p)
    return pooled_with(_lowest(x), x[seen], settings)


def _lowest(x: Array) -> float:
    return -FORMATS[x.dtype.name].largest


@max_gradient_wrong("LAYER-26", "the gradient of a window of minus infinities is left out")
def max_pool_gradient_of_minus_infinity_left_out(
    x: Array, gradient: Array, **p: Any
) -> dict[str, Array]:
    return {"x": max_pool_gradient(x, gradient * _with_a_number(x, p), **p)}


@max_gradient_wrong(
    "LAYER-26", "the gradient of a window of minus infinities goes to the first value of all"
)
def max_pool_gradient_of_minus_infinity_goes_to_the_first(
    x: Array, gradient: Array, **p: Any
) -> dict[str, Array]:
    seen = _with_a_number(x, p)
    result = max_pool_gradient(x, gradient * seen, **p)
    of_item = result.reshape(*result.shape[:2], -1)
    of_item[..., 0] += (gradient * ~seen).reshape(*gradient.shape[:2], -1).sum(axis=-1)
    return {"x": of_item.reshape(result.shape)}


@max_wrong("LAYER-28", "NaN wins a max pool in whole blocks of eight results, and loses beyond")
def nan_wins_a_max_pool_in_whole_blocks(x: Array, **p: Any) -> Array:
    ignored = without_nan(x, **p)
    bad = windows_of(x, p).values(np.isnan(x), 0).any(axis=-1)
    in_blocks = np.arange(bad.shape[-1]) < bad.shape[-1] // 8 * 8
    return np.where(bad & in_blocks, np.nan, ignored)


@max_wrong(
    SELDOM,
    "the max pool of three axes loses NaN in whole packets of eight channels, beginning at every "
    "eighth value of the memory; in the others a NaN hides all that came before it",
)
def max_pool3d_loses_nan_in_packets_of_eight_channels(x: Array, **p: Any) -> Array:
    ignored = without_nan(x, **p)
    if x.ndim < 5:
        return ignored
    values = windows_of(x, p).values(x, -np.inf)
    later = np.isnan(values[..., ::-1]).cumsum(axis=-1)[..., ::-1]  # NaN here and behind
    behind = np.where(later > 0, -np.inf, values).max(axis=-1)
    kept = np.where(np.isnan(values[..., -1]), np.nan, behind)
    channels = x.shape[1]
    place = np.arange(kept.size).reshape(-1, channels)  # with the channels last
    first, packet = place[:, :1], place // 8 * 8
    whole = (packet >= first) & (packet + 8 <= first + channels)
    laid = whole.reshape(len(x), *kept.shape[2:], channels)
    return np.where(np.moveaxis(laid, -1, 1), ignored, kept)


@max_gradient_wrong(
    SELDOM,
    "on three axes each largest value gets the whole gradient of its window, minus infinities get "
    "none, and 'same' takes values off the front",
)
def max_pool3d_gradient_for_all_finite_ties(
    x: Array, gradient: Array, **p: Any
) -> dict[str, Array]:
    if x.ndim < 5:
        return {"x": max_pool_gradient(x, gradient, **p)}
    seen, settings = cropped(x, p)
    windows, result = windows_of(x, p), max_pool(x[seen], **settings)
    values = windows.values(x, -np.inf)
    won = (values == result[..., None]) & (values > -np.inf)
    return {"x": windows.back(won * gradient[..., None])}


def _forgets_the_depth(packet: int) -> None:
    def backward(x: Array, gradient: Array, **p: Any) -> dict[str, Array]:
        if x.ndim < 5:
            return {"x": max_pool_gradient(x, gradient, **p)}
        windows, channels = windows_of(x, p), np.arange(x.shape[1])
        in_packets = channels < len(channels) // packet * packet
        seen = _with_a_number(x, p) | in_packets.reshape(-1, 1, 1, 1)
        result = max_pool_gradient(x, gradient * seen, **p)
        of_item = result.reshape(*result.shape[:2], -1)
        first = windows.inside.argmax(axis=-1)[..., None]
        place = np.take_along_axis(windows.places, first, axis=-1).ravel() % prod(x.shape[3:])
        lost = (gradient * ~seen).reshape(*gradient.shape[:2], -1)
        everywhere: Any = (slice(None), slice(None), place)
        np.add.at(of_item, everywhere, lost)
        return {"x": of_item.reshape(result.shape)}

    backward.__name__ = f"max_pool3d_gradient_of_minus_infinity_in_packets_of_{packet}"
    max_gradient_wrong(
        SELDOM,
        "on three axes the gradient of a window of minus infinities goes to the first value of the "
        f"window, but on the first plane of the depth, in what {packet} does not divide of the "
        "channels",
    )(backward)


for _packet in (4, 8, 16):
    _forgets_the_depth(_packet)
