"""Poolings that follow their rules for some windows only: what counts, where padding goes, and what
becomes of it under a dilation.
"""

from typing import Any

import numpy as np

from conformance.mistakes.learning.catalogue import SELDOM
from conformance.mistakes.learning.pooling import average_pool_counts_the_overhang
from conformance.mistakes.learning.pools import average_wrong, max_wrong, pooled_with
from reference.geometry import Array, resolve_padding
from reference.pooling import average_pool, max_pool


@average_wrong(
    SELDOM,
    "where there is padding, the average pool divides by the whole kernel, with what overhangs",
)
def average_pool_counts_the_overhang_beside_padding(x: Array, **p: Any) -> Array:
    padded = not isinstance(p["padding"], str) and any(map(any, p["padding"]))
    return average_pool_counts_the_overhang(x, **p) if padded else average_pool(x, **p)


@max_wrong(
    "LAYER-3",
    "under a dilation, zeros of 'same' take part in the max pool, and amounts of padding are "
    "ignored",
)
def max_pool_dilated_by_rearrangement(x: Array, **p: Any) -> Array:
    if max(p["dilation"]) == 1 or p["padding"] == "valid":
        return max_pool(x, **p)
    if isinstance(p["padding"], str):
        return pooled_with(0, x, p)
    return max_pool(x, **p | {"padding": "valid"})


@max_wrong(SELDOM, "the max pool of 3 axes puts the odd zero of 'same' behind on the first of them")
def max_pool_pads_the_first_axis_behind(x: Array, **p: Any) -> Array:
    return max_pool(x, **_first_behind(x, p))


@average_wrong(
    "LAYER-8",
    "the average pool counts the padding of 'same' (and with 3 axes puts the odd zero of the first "
    "behind)",
)
def average_pool_counts_the_padding_of_same(x: Array, **p: Any) -> Array:
    named = p["padding"] in ("same_upper", "same_lower")
    return average_pool(x, **_first_behind(x, p) | ({"count_include_pad": True} if named else {}))


def _first_behind(x: Array, p: dict[str, Any]) -> dict[str, Any]:
    if p["padding"] != "same_lower" or x.ndim < 5:
        return p
    ones = (1,) * (x.ndim - 2)
    pads = resolve_padding("same_lower", x.shape[2:], p["kernel"], p["stride"], ones)
    return p | {"padding": (pads[0][::-1], *pads[1:])}


@average_wrong(SELDOM, "of 2 axes, an average pool of a NaN is minus infinity")
def average_pool_of_nan_is_minus_infinity(x: Array, **p: Any) -> Array:
    found = average_pool(x, **p)
    return np.where(np.isnan(found), -np.inf, found) if x.ndim == 4 else found
